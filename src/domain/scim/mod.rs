//! The SCIM side of a value: its place in a resource, and when two values are equal.
//!
//! `path` reads the attribute paths of a mapping and finds their place in a resource (RFC 7644, 3.5.2). `value` compares the values of both
//! sides. Modules above use these two types instead of raw JSON.

pub mod path;
pub mod value;

//! The SCIM side of a value: where it stands in a resource, and when two of them are equal.
//!
//! `path` reads the attribute paths of a mapping and finds their place in a resource (RFC 7644, 3.5.2); `value` compares what both sides hold.
//! Everything above uses these two types instead of raw JSON.

pub mod path;
pub mod value;

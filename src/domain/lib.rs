//! The pure part of the program. It decides, and does not read or write.
//!
//! It is a crate of its own, so it cannot use other modules. No async, clock, file, network or logging: the same input gives the same
//! output.
//!
//! From the bottom: [`scim`], [`model`], then [`mapping`] and [`listing`], [`plan`], [`state`], [`planning`], [`groups`], and at the top
//! [`targeted`] and [`explain`]. No module imports from a higher one.

pub mod explain;
pub mod groups;
pub mod listing;
pub mod mapping;
pub mod model;
pub mod plan;
pub mod planning;
pub mod scim;
pub mod state;
pub mod targeted;

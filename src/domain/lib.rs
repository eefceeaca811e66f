//! The pure part: what is decided, apart from how it is read and written.
//!
//! A crate of its own, so it can name no other module. No async, clock, file, network or logging: the same input gives the same output.
//!
//! From the bottom: [`scim`], [`model`], then [`mapping`] and [`listing`], [`plan`], [`state`], [`planning`], [`groups`], and at the top
//! [`targeted`] and [`explain`]. No import runs up.

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

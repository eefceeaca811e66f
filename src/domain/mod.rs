//! The pure part: what is decided, apart from how it is read and written.
//!
//! Names no other module of the crate. No async, clock, file, network or logging: the same input gives the same output.

pub mod account;
pub mod acquaintances;
pub mod assignment;
pub mod attribute;
pub mod backdrop;
pub mod correlate;
pub mod decision;
pub mod draft;
pub mod explanation;
pub mod external_ids;
pub mod few;
pub mod groups;
pub mod guard;
pub mod held;
pub mod hints;
pub mod identity;
pub mod ids;
pub mod journal;
pub mod known;
pub mod leaver;
pub mod leavers;
pub mod link;
pub mod mapping;
pub mod memory;
pub mod noticed;
pub mod operation;
pub mod owners;
pub mod person;
pub mod plan;
pub mod policy;
pub mod polling;
pub(crate) mod positions;
pub mod references;
pub mod requests;
pub mod sides;
pub mod snapshot;
pub mod target;
mod trail;
pub mod value;
pub mod walk;
pub mod write_probe;

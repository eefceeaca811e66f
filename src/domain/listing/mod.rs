//! Listings that were read to their end.
//!
//! Pages of either side flow in, a snapshot flows out once the last page was read. A listing that failed, was cut short or repeats itself
//! never becomes a snapshot, so no plan is made from it.

pub mod cursor_guard;
pub mod pager;
pub mod snapshot;

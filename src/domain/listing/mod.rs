//! Listings that were read completely.
//!
//! The pages of either side come in, and a snapshot comes out after the last page. A listing that failed, stopped early or repeats itself
//! never becomes a snapshot, so no plan is made from it.

pub mod cursor_guard;
pub mod pager;
pub mod snapshot;

//! The deciding about people: which account belongs to whom, what changes, what becomes of leavers, and whether a limit blocks the plan.
//!
//! In: both snapshots, the state of the store, the policy and the mapping. Out: a plan, and what the limits say about it.

pub mod candidates;
pub mod correlate;
pub mod diff;
pub mod input;
pub mod leaver_decision;
pub mod limits;
pub mod linked_accounts;
pub mod mapping_edits;
pub mod operator;
pub mod record;
pub mod references;
pub mod write_probe;

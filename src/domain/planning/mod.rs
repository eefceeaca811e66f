//! Decides about people: which account belongs to which person, what changes, what happens to leavers, and whether a limit blocks the plan.
//!
//! Input: both snapshots, the state of the store, the policy and the mapping. Output: a plan, and the result of checking the limits.

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

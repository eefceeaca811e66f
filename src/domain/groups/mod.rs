//! Decides about groups of the intranet: chosen groups of Okta become groups of Haiilo, with the members that both sides know.
//!
//! It runs after the plan about people. It reads that plan and never changes it.

pub mod batches;
pub mod diff;
pub mod limits;
pub mod matching;
pub mod member_index;

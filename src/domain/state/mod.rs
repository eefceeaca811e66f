//! What the store remembers between cycles, as values: links and leavers, the journal, and the position in Okta's System Log.
//!
//! The store builds these values at the start of a cycle and writes the changes that follow from a plan and its operations.

pub mod journal;
pub mod log_cursor;
pub mod run_history;
pub mod sync_state;

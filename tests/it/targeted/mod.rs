//! Polls: between two full cycles the program follows Okta's log and syncs the people that it names.
//!
//! `polls` tests what a poll does and what it costs, `uncertain` tests which people it leaves to the next full cycle. `equivalence` compares polls
//! with full cycles over random days. `program` runs the built program with `schedule.changes`.

mod equivalence;
mod polls;
mod program;
mod uncertain;

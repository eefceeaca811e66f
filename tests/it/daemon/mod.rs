//! The daemon `run`: schedule, endpoint, signals, alerts.
//!
//! `main_loop` runs its loop in this process with a simulated clock, so that days take seconds. `program` runs the built program as systemd does.

mod main_loop;
mod program;

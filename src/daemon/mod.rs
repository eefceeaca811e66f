//! The daemon runs cycles on a schedule, for months.
//!
//! Knows the engine and no adapter: the command line hands it a [`JobFactory`].

mod alerts;
mod backoff;
mod cycle_result;
mod job;
mod main_loop;
mod metrics;
mod polls;
pub mod schedule;
mod status;
mod systemd;
mod web;

pub use cycle_result::{CycleFailure, CycleSummary, FailureClass, RunError};
pub use job::{Job, JobFactory, LoadedJob, PollOutcome};
pub use main_loop::{Daemon, Signals};
pub use metrics::install as install_metrics;
pub use status::{Readiness, readiness};
pub use systemd::Systemd;

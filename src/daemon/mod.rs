//! The daemon runs cycles on a schedule, for months, and survives what they meet.
//!
//! In: a [`JobFactory`] from the command line, which reads the configuration and makes a [`Job`], and the [`Signals`] of the process. The
//! daemon itself names no adapter.
//!
//! The loop (`main_loop`) waits until a full cycle or a poll of Okta's log is due (`schedule`, `backoff`, `polls`) and runs it through the
//! job, one at a time. A `Watchdog` observes it. The loop records how it ended (`cycle_result`) in the status of the daemon (`status`).
//!
//! Out: the HTTP endpoint with its status page (`web`) and the `metrics`, both made from that status; alerts and the heartbeat (`alerts`);
//! notifications to `systemd`; log events.

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

//! The daemon: cycles by themselves, on a schedule, for months. Knows the engine and no adapter: what a cycle is put together from is
//! handed in by the command line.

mod caller;
mod callout;
mod cycle_summary;
mod endpoint;
mod health;
mod job;
mod metrics;
mod pace;
mod page;
mod polls;
mod run;
pub mod schedule;
mod status;
mod systemd;
mod trouble;
mod watchdog;

pub use cycle_summary::CycleSummary;
pub use health::{Readiness, readiness};
pub use job::{CycleResult, FullCycleTiming, Job, JobFactory, LoadedJob, PollEnd};
pub use metrics::install as install_metrics;
pub use run::{Daemon, Signal};
pub use systemd::Systemd;
pub use trouble::{Class, Trouble};

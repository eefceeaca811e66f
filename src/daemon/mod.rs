//! The daemon: cycles by themselves, on a schedule, for months. Knows the engine and no adapter: what a cycle is put together from is
//! handed in by the command line.

mod board;
mod caller;
mod callout;
mod digest;
mod endpoint;
mod health;
mod job;
mod metrics;
mod pace;
mod page;
mod polls;
mod pulse;
mod run;
pub mod schedule;
mod supervisor;
mod trouble;

pub use digest::CycleSummary;
pub use health::{Readiness, readiness};
pub use job::{CycleResult, FullCycleTiming, Job, JobFactory, LoadedJob, PollEnd};
pub use metrics::install as install_metrics;
pub use run::{Daemon, Signal};
pub use supervisor::Systemd;
pub use trouble::{Class, Trouble};

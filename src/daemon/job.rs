//! What the daemon runs. The command line implements these traits, so the daemon names no adapter.
//!
//! A [`JobFactory`] reads the configuration, at the start and on SIGHUP. The [`Job`] that it makes runs cycles and polls, and reads and
//! saves what the daemon needs from the store.

use std::future::Future;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::config::settings::{ListenSettings, NotifySettings};
use crate::daemon::cycle_result::{CycleFailure, CycleSummary, RunError};
use crate::daemon::schedule::Schedule;
use crate::domain::state::run_history::RunHistory;
use crate::engine::{FullCycleReason, Observer};
use crate::http::HttpClient;
use crate::ports::StoreFailure;

/// Makes jobs from the configuration.
pub trait JobFactory: Sync {
    /// What it makes.
    type Job: Job;

    /// Reads configuration, mapping and secrets; the error has every problem, a line each.
    fn load(&self) -> Result<LoadedJob<Self::Job>, Vec<String>>;
}

/// The configuration, as far as the daemon uses it.
#[derive(Debug)]
pub struct LoadedJob<J> {
    /// Runs cycles.
    pub job: J,
    /// When full cycles run.
    pub schedule: Schedule,
    /// When Okta's log is polled between them; `None` turns polls off.
    pub changes: Option<Schedule>,
    /// The address of the endpoint, and what its page shows.
    pub listen: ListenSettings,
    /// The webhook and the heartbeat.
    pub notify: NotifySettings,
    /// The client for both.
    pub http: HttpClient,
}

/// Runs cycles, each with clients and a store of its own.
pub trait Job: Send + Sync + 'static {
    /// Runs one full cycle and logs it. May be dropped at any time: the next cycle looks up what was under way.
    fn cycle(
        &self,
        observer: &impl Observer,
        cancel: CancellationToken,
    ) -> impl Future<Output = Result<CycleSummary, RunError>>;

    /// Polls Okta's log once and logs the result. May be dropped like a cycle.
    fn poll(
        &self,
        observer: &impl Observer,
        cancel: CancellationToken,
    ) -> impl Future<Output = Result<PollOutcome, RunError>>;

    /// What the store knows about the last cycles, so many of them, and about approvals that are needed.
    fn run_history(
        &self,
        now: DateTime<Utc>,
        cycles: u32,
    ) -> impl Future<Output = Result<RunHistory, StoreFailure>> + Send;

    /// The alerts that were sent, as [`save_alert_log`](Self::save_alert_log) saved them.
    fn alert_log(&self) -> impl Future<Output = Result<Option<String>, StoreFailure>> + Send;

    /// Saves which alerts were sent, so a restart does not repeat them.
    fn save_alert_log(&self, log: &str) -> impl Future<Output = Result<(), StoreFailure>> + Send;
}

/// What a poll found.
#[derive(Clone, Debug)]
pub enum PollOutcome {
    /// The log names no person.
    Quiet,
    /// People were read again.
    Handled {
        /// Why a full cycle is needed besides, if it is.
        full_cycle: Option<FullCycleReason>,
    },
    /// Nothing was done: a full cycle must run first.
    FullCycle(FullCycleReason),
    /// Okta forbids to read the log.
    Forbidden(CycleFailure),
}

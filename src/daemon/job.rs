//! What the daemon runs, as a function from the configuration: on SIGHUP it is made anew. The daemon itself names no adapter.

use std::future::Future;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::config::settings::{ListenSettings, NotifySettings};
use crate::daemon::cycle_result::{CycleResult, Trouble};
use crate::daemon::schedule::Schedule;
use crate::domain::state::run_history::RunHistory;
use crate::engine::Observer;
use crate::http::HttpClient;
use crate::ports::StoreFailure;

/// Makes jobs from the configuration.
pub trait JobFactory: Sync {
    /// What it makes.
    type Job: Job;

    /// Reads configuration, mapping and secrets; the error has every problem, a line each.
    fn load(&self) -> Result<LoadedJob<Self::Job>, Vec<String>>;
}

/// What follows from one reading of the configuration.
#[derive(Debug)]
pub struct LoadedJob<J> {
    /// Runs cycles.
    pub job: J,
    /// When full cycles are.
    pub schedule: Schedule,
    /// When Okta's log is polled between them; without it never.
    pub changes: Option<Schedule>,
    /// How the daemon is looked at.
    pub listen: ListenSettings,
    /// Whom it calls.
    pub notify: NotifySettings,
    /// Sends what it calls.
    pub http: HttpClient,
}

/// Runs cycles, each with clients and a store of its own making.
pub trait Job: Send + Sync + 'static {
    /// Runs one full cycle and logs it. May be dropped at any moment: what it had begun is looked up by the next one.
    fn cycle(&self, observer: &impl Observer, cancel: CancellationToken) -> impl Future<Output = CycleResult>;

    /// Follows Okta's log once and logs what came of it. May be dropped like a cycle.
    fn poll(&self, observer: &impl Observer, cancel: CancellationToken) -> impl Future<Output = PollEnd>;

    /// How things stand by the store, with this many of the last cycles.
    fn standing(
        &self,
        now: DateTime<Utc>,
        cycles: u32,
    ) -> impl Future<Output = Result<RunHistory, StoreFailure>> + Send;

    /// What was kept of earlier calls to the webhook.
    fn called(&self) -> impl Future<Output = Result<Option<String>, StoreFailure>> + Send;

    /// Keeps what was called, so that a new start does not call it again.
    fn keep_called(&self, called: &str) -> impl Future<Output = Result<(), StoreFailure>> + Send;
}

/// How a poll ended.
#[derive(Clone, Debug)]
pub enum PollEnd {
    /// The log named nobody.
    Quiet,
    /// People were looked at.
    Handled {
        /// Why a full cycle shall come soon, if so.
        full_cycle_reason: Option<String>,
    },
    /// Nobody was looked at: a full cycle must come first.
    FullCycle {
        /// Why.
        why: String,
        /// When.
        haste: FullCycleTiming,
    },
    /// The log may not be read.
    Barred(Trouble),
    /// It could not be read this time, or somebody could not.
    Failed(Trouble),
    /// Somebody else runs a cycle, and is named.
    Busy(String),
}

impl PollEnd {
    /// The word for metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Handled { .. } => "handled",
            Self::FullCycle { .. } => "full_cycle",
            Self::Barred(_) => "barred",
            Self::Failed(_) => "failed",
            Self::Busy(_) => "busy",
        }
    }
}

/// When a full cycle shall be that a poll wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullCycleTiming {
    /// As soon as may be.
    Soon,
    /// The schedule is soon enough.
    OnSchedule,
}

//! What a cycle asks of the store. Reading and writing are different traits.

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::Person;
use crate::domain::model::ids::{ApprovalId, Fingerprint, OktaUserId, RunId};
use crate::domain::model::link::{Counted, Link};
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::plan::sync_state_update::{LeaverUpdate, SyncStateUpdate};
use crate::domain::planning::limits::Violation;
use crate::domain::planning::operator::LinkChange;
use crate::domain::state::journal::{EntryId, Intent, JournalEntry, JournalFilter, RunContext};
use crate::domain::state::log_cursor::LogCursor;
use crate::domain::state::run_history::CycleResult;
use crate::domain::state::sync_state::{AcceptedMapping, FirstRun, Pause, SyncState, Tenant, Watch};
use crate::domain::targeted::baseline::Baseline;

/// Reads the store.
pub trait StoreReader: Send + Sync {
    /// All that a plan depends on.
    fn sync_state(&self, now: DateTime<Utc>) -> impl Future<Output = Result<SyncState, StoreFailure>> + Send;

    /// What was learnt of Haiilo's endpoint, this one or another.
    fn target(&self) -> impl Future<Output = Result<Option<TargetProfile>, StoreFailure>> + Send;

    /// How far Okta's log was followed; `None` where a full cycle must come first.
    fn log_cursor(&self) -> impl Future<Output = Result<Option<LogCursor>, StoreFailure>> + Send;

    /// What the last full cycle left behind for targeted cycles.
    fn baseline(&self) -> impl Future<Output = Result<Option<Baseline>, StoreFailure>> + Send;

    /// Entries of the journal, the oldest first.
    fn journal(&self, filter: &JournalFilter) -> impl Future<Output = Result<Vec<JournalEntry>, StoreFailure>> + Send;
}

/// Writes the store. No dry run has one. Its holder has the lock of the cycle.
pub trait StoreWriter: StoreReader {
    /// Records the tenants.
    fn settle_tenant(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records what a plan noticed, all at once.
    fn save_update(
        &self,
        update: &SyncStateUpdate,
        acceptance: &Acceptance,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records what protects people who are gone from the listing: that they came back, and that their grace periods do not run.
    fn save_leaver_update(&self, update: &LeaverUpdate) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Writes down accounts that are adopted, with everything about it at once, since nothing is sent.
    fn adopt(
        &self,
        run_context: &RunContext,
        adopted: &[(&Operation, Link)],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Writes down what will be sent, before it is.
    fn intend(&self, intent: &Intent<'_>) -> impl Future<Output = Result<EntryId, StoreFailure>> + Send;

    /// Writes down how an operation ended, and what follows from it, all at once.
    fn conclude(
        &self,
        entry: EntryId,
        outcome: &Outcome,
        effects: &[Effect],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Keeps a blocked plan, for an approval.
    fn block(&self, blocked: &BlockedPlan) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records that the canary of this kind and set of paths was seen under this configuration.
    fn see_canary(
        &self,
        configuration: &Fingerprint,
        kind: &str,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records the end of a cycle.
    fn finish(&self, end: &CycleEnd) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records how far the log was followed; without it, that a full cycle must come first.
    fn keep_log_cursor(&self, cursor: Option<&LogCursor>) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Keeps what a full cycle leaves behind.
    fn keep_baseline(&self, baseline: &Baseline) -> impl Future<Output = Result<(), StoreFailure>> + Send;
}

/// Writes what an operator decides. Each call writes the act and what follows from it in one transaction.
pub trait ActWriter: StoreWriter {
    /// Approves a blocked plan until a time; the number of its entries, or `None` where no plan has this id.
    fn approve(
        &self,
        id: &ApprovalId,
        until: DateTime<Utc>,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<usize>, StoreFailure>> + Send;

    /// Stops all writes to Haiilo. It replaces an earlier pause.
    fn pause(&self, pause: &Pause) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Ends the pause.
    fn resume(&self) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Links a person and an account, and ends the links that conflict.
    fn link(
        &self,
        change: &LinkChange,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Ends a link. The account is unmanaged after that, and this program never deletes it.
    fn unlink(
        &self,
        link: &Link,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records that a person is new, whatever they share with others.
    fn confirm_new(
        &self,
        person: &Person,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records that people are not leavers until they were assigned once.
    fn mark_recreated(
        &self,
        people: &[&OktaUserId],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;
}

/// What permitted a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Whether people who are gone from Okta's listing count towards the limits of the day.
    pub leavers: Counted,
    /// Whether accounts that are gone from Haiilo's listing count towards the limits of the day.
    pub missing: Counted,
    /// The mapping that the plan was made with.
    pub mapping: AcceptedMapping,
    /// Whether the first run is done with it.
    pub first_run: FirstRun,
}

/// A blocked plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedPlan {
    /// Its id.
    pub id: ApprovalId,
    /// The cycle.
    pub run: RunId,
    /// When.
    pub at: DateTime<Utc>,
    /// The things.
    pub items: BTreeSet<String>,
    /// The broken limits, for commands that show what waits.
    pub violations: Vec<Violation>,
}

/// The end of a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleEnd {
    /// The cycle.
    pub run: RunId,
    /// Its start.
    pub started: DateTime<Utc>,
    /// Its end.
    pub ended: DateTime<Utc>,
    /// How it ended.
    pub result: CycleResult,
    /// The watch over leavers, after a complete full cycle.
    pub watch: Option<Watch>,
    /// Entries of the journal that are older go, apart from those whose outcome is not known.
    pub journal_from: DateTime<Utc>,
}

/// A store that did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreFailure {
    /// What happened and what to do.
    pub message: String,
    /// Why.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

//! What a cycle asks about people and accounts, and of the store.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::future::Future;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::{AccountPage, PageRequest};
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::assignment::{Assignment, EmbeddedUser};
use crate::domain::model::ids::{ApprovalId, Fingerprint, HaiiloId, OktaGroupId, OktaUserId, RunId, UserName};
use crate::domain::model::link::{Counted, Link};
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::operation::{Change, Operation};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::plan::sync_state_update::{LeaverUpdate, SyncStateUpdate};
use crate::domain::planning::limits::Violation;
use crate::domain::state::journal::{EntryId, GroupIntent, Intent, ProbeIntent, RunContext};
use crate::domain::state::log_cursor::{LogCursor, LogEvent, LogPosition};
use crate::domain::state::sync_state::{AcceptedMapping, FirstRun, SyncState, Tenant, Watch};
use crate::domain::targeted::baseline::Baseline;

/// Where assignments come from: Okta's Apps and Users API.
pub trait AssignmentSource: Send + Sync {
    /// The application itself.
    fn application(&self) -> impl Future<Output = Result<Application, Failure>> + Send;

    /// One page of the assignments as it arrived: the first one, or the one behind a cursor.
    fn page(&self, cursor: Option<&Cursor>) -> impl Future<Output = Result<AssignmentPage, Failure>> + Send;

    /// The rows of a page, which are read while the next page is on its way. Each row has its user, as far as Okta can be made to show it.
    fn rows(&self, body: Bytes) -> impl Future<Output = Result<AssignmentRows, Failure>> + Send;

    /// One assignment by id; `None` is Okta's own word that the user is not assigned.
    fn assignment(&self, id: &OktaUserId) -> impl Future<Output = Result<Option<Assignment>, Failure>> + Send;

    /// One user by id; `None` is Okta's own word that there is no such user.
    fn user(&self, id: &OktaUserId) -> impl Future<Output = Result<Option<EmbeddedUser>, Failure>> + Send;

    /// The id of the organization; `None` where it cannot be learnt.
    fn organization(&self) -> impl Future<Output = Result<Option<String>, Failure>> + Send;
}

/// Where hints come from: Okta's System Log, which tells that something happened and never what is true now.
pub trait ChangeLog: Send + Sync {
    /// The page of the log behind this position. An empty page has a position behind it, too.
    fn log(&self, from: &LogPosition) -> impl Future<Output = Result<LogPage, Failure>> + Send;

    /// The groups that are assigned to the application.
    fn groups(&self) -> impl Future<Output = Result<BTreeSet<OktaGroupId>, Failure>> + Send;
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// Its entries, in the order in which Okta has them.
    pub events: Vec<LogEvent>,
    /// The position behind it.
    pub next: LogPosition,
    /// Whether there may be more entries behind it at this moment.
    pub fill: PageFill,
    /// Okta's `Date` header.
    pub server_time: Option<DateTime<Utc>>,
}

/// How full a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFill {
    /// As full as a page can be: more may follow.
    Full,
    /// Not full: the log was followed to its end.
    Room,
}

/// The application that people are assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The name that administrators see.
    pub label: String,
    /// Okta's word for its status; anything but ACTIVE ends the cycle.
    pub status: String,
    /// Okta's own features that write to Haiilo, such as PUSH_NEW_USERS.
    pub push_features: Vec<String>,
    /// Okta's `Date` header.
    pub server_time: Option<DateTime<Utc>>,
}

/// An opaque cursor: the address of the next page as the server gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A cursor is long and means nothing to a reader.
impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(…)")
    }
}

/// One page of assignments, not yet read.
#[derive(Clone)]
pub struct AssignmentPage {
    /// What the server sent.
    pub body: Bytes,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

/// A body holds people: Debug shows its length alone.
impl fmt::Debug for AssignmentPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, next } = self;
        f.debug_struct("AssignmentPage").field("bytes", &body.len()).field("next", next).finish()
    }
}

/// The rows of a page.
#[derive(Clone, Debug, Default)]
pub struct AssignmentRows {
    /// Those that name a user.
    pub assignments: Vec<Assignment>,
    /// How many named nobody.
    pub unreadable: usize,
}

/// Reads accounts: Haiilo's SCIM endpoint.
pub trait AccountReader: Send + Sync {
    /// One page of the listing.
    fn list(&self, request: PageRequest) -> impl Future<Output = Result<AccountPage, Failure>> + Send;

    /// One account by id; `None` when the server says that it does not exist.
    fn get(&self, id: &HaiiloId) -> impl Future<Output = Result<Option<WholeAccount>, Failure>> + Send;

    /// The accounts that carry this userName. Each of them was compared by us, so that a server which ignores the filter fools nobody; that none
    /// is found proves nothing.
    fn find(&self, name: &UserName) -> impl Future<Output = Result<Vec<WholeAccount>, Failure>> + Send;
}

/// A call that did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// What follows from it.
    pub kind: FailureKind,
    /// Method and route, such as `GET /api/v1/apps/{id}/users`; never an address with names in it.
    pub call: &'static str,
    /// What happened, with its causes.
    pub error: Box<dyn Error + Send + Sync>,
}

/// What follows from a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The credentials are refused, or lack a right.
    CredentialsRefused,
    /// 403 about one account: the credentials may do other things.
    Forbidden,
    /// 404 where something must be.
    NotFound,
    /// 400 of a listing: the server does not like the question.
    BadRequest,
    /// 409: somebody has this userName.
    Conflict,
    /// Advocacy's "400.76 Group does not exist".
    NoSuchGroup,
    /// All seats are taken.
    NoSeats,
    /// 412: the account changed since it was read.
    Changed,
    /// Any other refusal, with its status: nothing was done.
    Refused(u16),
    /// The connection could not be made, or a rate limit did not let us in: nothing was done.
    NotSent,
    /// The answer was lost, or says nothing about what was done: a look must tell.
    Unknown,
    /// The answer cannot be understood.
    Unreadable,
}

impl FailureKind {
    /// Whether the server understood the question and did not like the values in it.
    pub fn is_about_values(self) -> bool {
        matches!(self, Self::BadRequest | Self::Refused(422))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.error)?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Failure {}

/// Writes accounts: Haiilo's SCIM endpoint. No dry run has one.
pub trait AccountWriter: Send + Sync {
    /// Makes an account with these values; the answer as far as it shows the account.
    fn create(&self, changes: &[Change]) -> impl Future<Output = Result<Created, Failure>> + Send;

    /// Changes an account; what the answer shows of it afterwards, if anything.
    fn update(
        &self,
        id: &HaiiloId,
        changes: &[Change],
        fallback: Fallback,
    ) -> impl Future<Output = Result<Option<WholeAccount>, Failure>> + Send;

    /// Deletes an account. The caller has read it just before, so that nothing is waited for: what cannot be done now is not done.
    fn delete(&self, id: &HaiiloId) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Makes an account active or inactive, and nothing else. The caller reads the account afterwards.
    fn set_activity(&self, id: &HaiiloId, activity: Activity) -> impl Future<Output = Result<(), Failure>> + Send;

    /// How updates are sent by now.
    fn manner(&self) -> Manner;

    /// Sends updates in this manner from now on, because it is known already what the server takes.
    fn take_for_granted(&self, manner: Manner);
}

/// Whether an update may be sent in another manner when the server does not know the configured one. Only a write whose account is read
/// back may find that out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// It may.
    Allowed,
    /// It may not.
    Forbidden,
}

/// How updates are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As the configuration says.
    Configured,
    /// In another manner, since the server does not know the configured one.
    Substitute,
}

/// What the answer to a create says.
#[derive(Clone, Debug)]
pub enum Created {
    /// It shows the account.
    Shown(Box<WholeAccount>),
    /// It gives the id alone.
    Named(HaiiloId),
    /// It says that the account was made and nothing more.
    Silent,
}

/// Reads the store.
pub trait StoreReader: Send + Sync {
    /// All that a plan depends on.
    fn remember(&self, now: DateTime<Utc>) -> impl Future<Output = Result<SyncState, StoreFailure>> + Send;

    /// What was learnt of Haiilo's endpoint, be it this one or another.
    fn target(&self) -> impl Future<Output = Result<Option<TargetProfile>, StoreFailure>> + Send;

    /// How far Okta's log was followed; `None` where a full cycle must come first.
    fn polling(&self) -> impl Future<Output = Result<Option<LogCursor>, StoreFailure>> + Send;

    /// What the last full cycle left behind for looks at few people.
    fn backdrop(&self) -> impl Future<Output = Result<Option<Baseline>, StoreFailure>> + Send;
}

/// Writes the store. No dry run has one. Whoever holds it holds the lock of the cycle.
pub trait StoreWriter: StoreReader {
    /// Records whose people these are.
    fn settle_tenant(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records what a plan noticed, all at once.
    fn note(
        &self,
        notes: &SyncStateUpdate,
        acceptance: &Acceptance,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records what protects people who are gone from the listing: that they came back, and that their clocks stand.
    fn note_leavers(&self, notes: &LeaverUpdate) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Writes down accounts that become people's, with everything about it at once, since nothing is sent.
    fn adopt(
        &self,
        mandate: &RunContext,
        adopted: &[(&Operation, Link)],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Writes down an operation before it is sent.
    fn intend(&self, intent: &Intent<'_>) -> impl Future<Output = Result<EntryId, StoreFailure>> + Send;

    /// Writes down a request of an operation on a group before it is sent.
    fn intend_group(&self, intent: &GroupIntent<'_>) -> impl Future<Output = Result<EntryId, StoreFailure>> + Send;

    /// Writes down a step of a write probe before it is sent.
    fn intend_probe(&self, intent: &ProbeIntent<'_>) -> impl Future<Output = Result<EntryId, StoreFailure>> + Send;

    /// Writes down how an operation ended, and what follows from it, all at once.
    fn conclude(
        &self,
        entry: EntryId,
        outcome: &Outcome,
        effects: &[Effect],
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Keeps what was refused, for an approval.
    fn refuse(&self, refusal: &BlockedPlan) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Lets a refused set pass, from the first time until the second; the number of things in it, or nothing when there is no such set.
    fn approve(
        &self,
        id: &ApprovalId,
        times: (DateTime<Utc>, DateTime<Utc>),
        by: &str,
        reason: Option<&str>,
    ) -> impl Future<Output = Result<Option<usize>, StoreFailure>> + Send;

    /// Records that the canary of this kind and set of paths was seen under this configuration.
    fn see_canary(
        &self,
        configuration: &Fingerprint,
        kind: &str,
    ) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records the end of a cycle.
    fn finish(&self, end: &CycleEnd) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Records how far the log was followed; without it, that a full cycle must come first.
    fn keep_polling(&self, polling: Option<&LogCursor>) -> impl Future<Output = Result<(), StoreFailure>> + Send;

    /// Keeps what a full cycle leaves behind.
    fn keep_backdrop(&self, backdrop: &Baseline) -> impl Future<Output = Result<(), StoreFailure>> + Send;
}

/// Under what a plan was let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Whether people who are gone from Okta's listing count towards the limits of the day.
    pub vanished: Counted,
    /// Whether accounts that are gone from Haiilo's listing count towards the limits of the day.
    pub missing: Counted,
    /// The mapping that the plan was made with.
    pub mapping: AcceptedMapping,
    /// Whether the first run is done with it.
    pub first_run: FirstRun,
}

/// A refused set of operations.
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
    /// The broken limits, for whoever asks what waits.
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
    /// A word for how it ended.
    pub result: &'static str,
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

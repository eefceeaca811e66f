//! The run of one plan: its time, its failures, and when it stops.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::OperationKind;
use crate::domain::plan::outcome::Outcome;
use crate::engine::settings::WRITING_TIME;
use crate::ports::{Failure, FailureKind, StoreFailure};

/// Transport failures in a row that stop a run.
const TRANSPORT_FAILURES: u32 = 5;
/// Equal refusals in a row that stop a kind of operations.
const EQUAL_REFUSALS: u32 = 10;

/// Why a run, or a kind of operations in it, stopped before all was done.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Stop {
    /// Haiilo refuses our credentials.
    CredentialsRefused(String),
    /// Haiilo cannot be reached.
    Unreachable(String),
    /// Haiilo refuses the same thing again and again.
    Refused(OperationKind, String),
    /// All seats are in use.
    NoSeats,
    /// The writing time is over.
    TimeIsUp,
    /// A write changed what nobody sent.
    Canary {
        /// What was done.
        what: String,
        /// What changed besides.
        also_changed: Vec<String>,
        /// The id by which the change can be approved.
        approval_id: ApprovalId,
    },
    /// An account was gone after its deactivation, though the configuration says that deactivations delete nothing.
    DeactivationDeletes(HaiiloId),
    /// The store failed, so nothing can be written down.
    Store(String),
    /// The program was asked to stop.
    Cancelled,
}

impl Stop {
    /// The reason in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::CredentialsRefused(why) => format!("haiilo refuses our credentials: {why}"),
            Self::Unreachable(why) => format!("{TRANSPORT_FAILURES} calls in a row did not get through: {why}"),
            Self::Refused(kind, why) => {
                format!("{EQUAL_REFUSALS} times in a row haiilo refused to {}: {why}", kind.as_str())
            }
            Self::NoSeats => {
                "all seats of haiilo are taken, so that no more accounts are created: free some, or extend the licence"
                    .to_owned()
            }
            Self::TimeIsUp => {
                "30 minutes have passed since both sides were read; the rest belongs to the next cycle".to_owned()
            }
            Self::Canary { what, also_changed, approval_id } => format!(
                "the first {what} also changed {}, which nobody sent; look at the account, and if that is as it shall be: approve {approval_id}",
                also_changed.join(", ")
            ),
            Self::DeactivationDeletes(id) => format!(
                "account {id} was gone after its deactivation: this directory deletes whoever is deactivated; restore it in Haiilo, and set \
                 haiilo.deprovision_policy = \"delete\" or change the directory's policy"
            ),
            Self::Store(why) => format!("nothing can be written down: {why}"),
            Self::Cancelled => "the program was asked to end; the rest belongs to the next cycle".to_owned(),
        }
    }

    /// The id by which the reason can be approved, where it can.
    pub fn approval_id(&self) -> Option<&ApprovalId> {
        match self {
            Self::Canary { approval_id, .. } => Some(approval_id),
            _ => None,
        }
    }

    /// Whether the rest is only left for later: nothing is wrong with either side.
    pub fn is_postponement(&self) -> bool {
        match self {
            Self::NoSeats | Self::TimeIsUp | Self::Cancelled => true,
            Self::CredentialsRefused(_)
            | Self::Unreachable(_)
            | Self::Refused(..)
            | Self::Canary { .. }
            | Self::DeactivationDeletes(_)
            | Self::Store(_) => false,
        }
    }

    /// Records that the end of a run could not be written down, unless the run was stopped by the store.
    pub(crate) fn push_store(stops: &mut Vec<Self>, failure: &StoreFailure) {
        if !stops.iter().any(|stop| matches!(stop, Self::Store(_))) {
            stops.push(Self::Store(failure.to_string()));
        }
    }

    /// Whether the stop concerns this kind of operations.
    fn concerns(&self, kind: OperationKind) -> bool {
        match self {
            Self::Refused(refused, _) => *refused == kind,
            Self::NoSeats => kind == OperationKind::Create,
            Self::CredentialsRefused(_)
            | Self::Unreachable(_)
            | Self::TimeIsUp
            | Self::Canary { .. }
            | Self::DeactivationDeletes(_)
            | Self::Store(_)
            | Self::Cancelled => true,
        }
    }
}

/// The state of a run, shared by the operations that are under way.
#[derive(Debug)]
pub(crate) struct RunState {
    /// Okta's time when the snapshot was taken.
    now: DateTime<Utc>,
    /// The monotonic time of the same moment.
    origin: Duration,
    cancel: CancellationToken,
    state: Mutex<RunTally>,
}

#[derive(Debug, Default)]
struct RunTally {
    stops: Vec<Stop>,
    transport_failures: u32,
    refusals: BTreeMap<OperationKind, (String, u32)>,
    /// Links made in this run, which the plan could not know.
    linked: BTreeMap<HaiiloId, OktaUserId>,
    /// The same, by person.
    accounts: BTreeMap<OktaUserId, HaiiloId>,
    /// Accounts whose rename succeeded and whose old name is free.
    renamed: BTreeSet<HaiiloId>,
    /// An answer to a write showed what the account did not have: from now on each account is read back.
    answers_lie: bool,
}

impl RunState {
    /// A run on a snapshot that was begun at this time, by Okta's clock and by ours.
    pub(crate) fn new(now: DateTime<Utc>, origin: Duration) -> Self {
        Self { now, origin, cancel: CancellationToken::default(), state: Mutex::default() }
    }

    /// A run beside this one: with the same time and the same request to stop, and with failures of its own.
    pub(crate) fn beside(&self) -> Self {
        Self { now: self.now, origin: self.origin, cancel: self.cancel.clone(), state: Mutex::default() }
    }

    /// The same run, which stops early on request.
    pub(crate) fn cancelled_by(self, cancel: CancellationToken) -> Self {
        Self { cancel, ..self }
    }

    /// Okta's time, as far as it is known now.
    pub(crate) fn now(&self, clock: &impl Clock) -> DateTime<Utc> {
        let passed = clock.monotonic().saturating_sub(self.origin);
        self.now + TimeDelta::from_std(passed).unwrap_or(TimeDelta::zero())
    }

    /// Whether an operation of this kind may begin now.
    pub(crate) fn may_begin(&self, clock: &impl Clock, kind: OperationKind) -> Result<(), Outcome> {
        self.stopped(clock, kind).map_or(Ok(()), |stop| Err(Outcome::NotAttempted(stop.reason())))
    }

    fn stopped(&self, clock: &impl Clock, kind: OperationKind) -> Option<Stop> {
        let mut state = self.state.lock();
        if let Some(stop) = state.stops.iter().find(|stop| stop.concerns(kind)) {
            return Some(stop.clone());
        }
        let stop = if self.cancel.is_cancelled() {
            Stop::Cancelled
        } else if clock.monotonic().saturating_sub(self.origin) >= WRITING_TIME {
            Stop::TimeIsUp
        } else {
            return None;
        };
        state.stops.push(stop.clone());
        Some(stop)
    }

    /// Stops the run, or a kind of operations.
    pub(crate) fn stop(&self, stop: Stop) {
        self.state.lock().stops.push(stop);
    }

    /// Nothing can be written down any more, and so nothing more is sent; this operation was not.
    pub(crate) fn cannot_intend(&self, failure: &StoreFailure) -> Outcome {
        self.stop(Stop::Store(failure.to_string()));
        Outcome::NotAttempted(failure.to_string())
    }

    /// Nothing can be written down any more; this operation was sent, and its entry stays open.
    pub(crate) fn cannot_conclude(&self, failure: &StoreFailure) -> Outcome {
        self.stop(Stop::Store(failure.to_string()));
        Outcome::Unknown(failure.to_string())
    }

    /// All stops, in the order in which they came.
    pub(crate) fn stops(&self) -> Vec<Stop> {
        self.state.lock().stops.clone()
    }

    /// A call got through.
    pub(crate) fn succeeded(&self, kind: OperationKind) {
        let mut state = self.state.lock();
        state.transport_failures = 0;
        state.refusals.remove(&kind);
    }

    /// Records how a call ended.
    pub(crate) fn ended<T>(&self, kind: OperationKind, answer: &Result<T, Failure>) {
        match answer {
            Ok(_) => self.succeeded(kind),
            Err(failure) => drop(self.failed(kind, failure)),
        }
    }

    /// A call failed: counts it, and stops what must stop. Returns the outcome of an operation that ends by it.
    pub(crate) fn failed(&self, kind: OperationKind, failure: &Failure) -> Outcome {
        let why = failure.to_string();
        let outcome = Outcome::Failed(why.clone());
        let mut state = self.state.lock();
        match failure.kind {
            FailureKind::CredentialsRefused => state.stops.push(Stop::CredentialsRefused(why)),
            FailureKind::NoSeats => state.stops.push(Stop::NoSeats),
            FailureKind::NotSent | FailureKind::Unknown => {
                state.transport_failures += 1;
                if state.transport_failures == TRANSPORT_FAILURES {
                    state.stops.push(Stop::Unreachable(why));
                }
            }
            FailureKind::Refused(_) | FailureKind::BadRequest | FailureKind::Forbidden | FailureKind::Unreadable => {
                state.transport_failures = 0;
                let entry = state.refusals.entry(kind).or_default();
                if entry.0 == why {
                    entry.1 += 1;
                } else {
                    *entry = (why.clone(), 1);
                }
                if entry.1 == EQUAL_REFUSALS {
                    state.stops.push(Stop::Refused(kind, why));
                }
            }
            // These concern one account, and say nothing about the next one.
            FailureKind::NotFound | FailureKind::Conflict | FailureKind::NoSuchGroup | FailureKind::Changed => {
                state.transport_failures = 0;
            }
        }
        outcome
    }

    /// Records a link that the plan could not know.
    pub(crate) fn linked(&self, haiilo_id: &HaiiloId, okta_id: &OktaUserId) {
        let mut state = self.state.lock();
        state.linked.insert(haiilo_id.clone(), okta_id.clone());
        state.accounts.insert(okta_id.clone(), haiilo_id.clone());
    }

    /// Whose account this became in this run.
    pub(crate) fn owner(&self, haiilo_id: &HaiiloId) -> Option<OktaUserId> {
        self.state.lock().linked.get(haiilo_id).cloned()
    }

    /// The account that became a person's in this run.
    pub(crate) fn account_of(&self, okta_id: &OktaUserId) -> Option<HaiiloId> {
        self.state.lock().accounts.get(okta_id).cloned()
    }

    /// Records a rename that frees a name.
    pub(crate) fn renamed(&self, haiilo_id: &HaiiloId) {
        self.state.lock().renamed.insert(haiilo_id.clone());
    }

    /// Whether an account was renamed in this run.
    pub(crate) fn was_renamed(&self, haiilo_id: &HaiiloId) -> bool {
        self.state.lock().renamed.contains(haiilo_id)
    }

    /// Records that an answer showed what was not kept.
    pub(crate) fn distrust_answers(&self) {
        self.state.lock().answers_lie = true;
    }

    /// Whether an answer showed what was not kept.
    pub(crate) fn answers_lie(&self) -> bool {
        self.state.lock().answers_lie
    }
}

//! One poll: follows Okta's log from where it was left, reads all people that it names again, and does what a full cycle would do about
//! them, by the same mapping, plan, limits and writes. The log is a source of hints and of nothing else. The full cycle stays the
//! authority: a poll deletes nobody and changes no grace period, and people who cannot be settled without reading all people wait for it.
//!
//! How far the log was followed is kept only once everything that follows from it is durable.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;

use crate::clock::Clock as _;
use crate::domain::model::ids::{OktaGroupId, OktaUserId};
use crate::domain::plan::operation::OperationKind;
use crate::domain::planning::input::Clocks;
use crate::domain::state::log_cursor::{LogCursor, LogEvent, LogPosition, Stale};
use crate::domain::state::sync_state::{FirstRun, SyncState};
use crate::domain::targeted::baseline::{Baseline, SettledPeople};
use crate::domain::targeted::log_events::{ChangedPeople, LogScope};
use crate::engine::cycle::{self, CycleReport};
use crate::engine::error::CycleError;
use crate::engine::executor::run_state::Stop;
use crate::engine::prepared::Collected;
use crate::engine::settings::{CycleSettings, Observer};
use crate::engine::targeted::{Settled, TargetedCycle, TargetedRequest, TargetedResult};
use crate::ports::{
    AccountWriter, Adapters, ChangeLog, Failure, FailureKind, LogPage, PageFill, StoreFailure, StoreReader as _,
    StoreWriter,
};

/// Pages of the log that one poll reads; with more entries than that a full cycle is cheaper.
const MOST_PAGES: usize = 20;
/// How often a position is kept at which nothing happened.
const KEPT_AT_LEAST: TimeDelta = TimeDelta::hours(1);

/// The result of a poll.
#[must_use = "a poll may want a full cycle"]
#[derive(Debug)]
pub enum PollResult {
    /// The log names nobody.
    Quiet,
    /// People were read again, and what followed was done.
    Handled(Box<PollReport>),
    /// Nothing was done about anybody: a full cycle must come first.
    FullCycle(FullCycleReason),
    /// Okta does not let us read the log.
    Barred(Failure),
}

/// What a poll did about the people that the log names.
#[derive(Debug)]
pub struct PollReport {
    /// The plan about them and what became of it.
    pub report: CycleReport,
    /// How many people were read.
    pub people: usize,
    /// Why the next full cycle comes soon, if so.
    pub full_cycle_reason: Option<FullCycleReason>,
}

/// Why a poll is not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FullCycleReason {
    /// No full cycle under these rules has ended well yet.
    NotYet,
    /// The configuration is another.
    Configuration,
    /// Okta may no longer have the entries.
    TooOld,
    /// Okta does not know the position any more.
    PositionLost,
    /// More people are named than a full cycle has pages.
    ManyPeople,
    /// Something happened that concerns more than single people.
    Event(CompactString),
    /// Writes are paused.
    Paused,
    /// A limit is broken, which the full cycle reports.
    Blocked,
    /// The writes were stopped.
    Stopped,
    /// A person cannot be settled without seeing all people.
    Unsettled,
}

impl FullCycleReason {
    /// The reason in words.
    pub fn reason(&self) -> String {
        match self {
            Self::NotYet => "no full cycle has ended well yet".to_owned(),
            Self::Configuration => "the configuration has changed".to_owned(),
            Self::TooOld => "okta's log was not followed for too long".to_owned(),
            Self::PositionLost => "okta does not know any more how far its log was followed".to_owned(),
            Self::ManyPeople => "okta's log names more people than a full cycle has pages".to_owned(),
            Self::Event(kind) => format!("okta's log has {kind}"),
            Self::Paused => "all writes are paused".to_owned(),
            Self::Blocked => "a limit is broken".to_owned(),
            Self::Stopped => "the writes were stopped".to_owned(),
            Self::Unsettled => "somebody cannot be settled without seeing everybody".to_owned(),
        }
    }

    /// Whether the full cycle comes soon. Where one has just ended badly, or nothing may be written, the schedule is soon enough.
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::NotYet | Self::Paused | Self::Stopped => false,
            Self::Configuration
            | Self::TooOld
            | Self::PositionLost
            | Self::ManyPeople
            | Self::Event(_)
            | Self::Blocked
            | Self::Unsettled => true,
        }
    }
}

/// After a full cycle: from here on the log is followed, if the cycle ended well; else no poll reads anybody until one does.
pub async fn follow<W: Adapters<Source: ChangeLog, Store: StoreWriter>>(
    adapters: &W,
    settings: &CycleSettings,
    report: &CycleReport,
) -> Result<(), CycleError> {
    let CycleReport { prepared, concluded, stops, pause, groups: _ } = report;
    if report.is_blocked() || pause.is_some() || !stops.iter().all(Stop::is_postponement) {
        return Ok(adapters.store().keep_log_cursor(None).await?);
    }
    let groups = adapters.source().groups().await.map_err(CycleError::Okta)?;
    let done = || concluded.iter().filter(|concluded| concluded.outcome.is_done());
    let settled = SettledPeople {
        people: done().map(|concluded| &concluded.operation.okta_id).collect(),
        accounts: done()
            .filter(|concluded| concluded.operation.kind() == OperationKind::Adopt)
            .filter_map(|concluded| concluded.operation.haiilo_id())
            .collect(),
    };
    let baseline = Baseline::of(&prepared.input(settings), &settled);
    if adapters.store().baseline().await?.as_ref() != Some(&baseline) {
        adapters.store().keep_baseline(&baseline).await?;
    }
    let Collected { now, people, accounts, .. } = &prepared.collected;
    let pages = people.pages() + accounts.pages();
    let before = adapters.store().log_cursor().await?;
    let log_cursor = LogCursor::after_full_cycle(before, *now, settings.polling_rules(), groups, pages);
    Ok(adapters.store().keep_log_cursor(Some(&log_cursor)).await?)
}

/// Why a poll ends before people are read.
enum PollEnd {
    /// An error, after which the next poll begins where this one did.
    Error(CycleError),
    /// Okta does not let us read the log with these credentials, or in this way.
    Barred(Failure),
    /// The log is followed no further before a full cycle.
    Lost(FullCycleReason),
}

impl From<StoreFailure> for PollEnd {
    fn from(failure: StoreFailure) -> Self {
        Self::Error(failure.into())
    }
}

/// One poll. The caller holds the lock of the cycle.
pub async fn poll<W: Adapters<Source: ChangeLog, Store: StoreWriter>>(
    adapters: &W,
    writer: &impl AccountWriter,
    request: TargetedRequest<'_>,
    observer: &impl Observer,
) -> Result<PollResult, CycleError> {
    let Some(log_cursor) = adapters.store().log_cursor().await? else {
        return Ok(PollResult::FullCycle(FullCycleReason::NotYet));
    };
    let local_time = adapters.clock().now();
    let poll = Poll { adapters, writer, request, observer, local_time };
    match Box::pin(poll.follow_from(log_cursor)).await {
        Ok(result) => Ok(result),
        Err(PollEnd::Error(error)) => Err(error),
        Err(PollEnd::Barred(failure)) => Ok(PollResult::Barred(failure)),
        Err(PollEnd::Lost(why)) => {
            adapters.store().keep_log_cursor(None).await?;
            Ok(PollResult::FullCycle(why))
        }
    }
}

/// A poll that is under way.
struct Poll<'a, W, A, O> {
    adapters: &'a W,
    writer: &'a A,
    request: TargetedRequest<'a>,
    observer: &'a O,
    /// The local time when the poll began.
    local_time: DateTime<Utc>,
}

impl<W: Adapters<Source: ChangeLog, Store: StoreWriter>, A: AccountWriter, O: Observer> Poll<'_, W, A, O> {
    /// Follows the log from where it was left.
    async fn follow_from(&self, mut log_cursor: LogCursor) -> Result<PollResult, PollEnd> {
        let (store, settings) = (self.adapters.store(), self.request.settings);
        match log_cursor.stale(&settings.polling_rules(), self.local_time) {
            Some(Stale::Configuration) => return Err(PollEnd::Lost(FullCycleReason::Configuration)),
            Some(Stale::TooOld) => return Err(PollEnd::Lost(FullCycleReason::TooOld)),
            None => {}
        }
        let is_first = matches!(log_cursor.position, LogPosition::Since(_));
        let LogEntries { events, server_time } = read_log(self.adapters.source(), &mut log_cursor).await?;
        let now = server_time.unwrap_or(self.local_time);
        let due = log_cursor.due(now);
        if events.is_empty() && due.is_empty() {
            // An older link leads to the same entries, so it is enough to keep a new one now and then.
            if is_first || log_cursor.at + KEPT_AT_LEAST < now {
                log_cursor.at = now;
                store.keep_log_cursor(Some(&log_cursor)).await?;
            }
            return Ok(PollResult::Quiet);
        }
        let changes = self.changes(&events, &due, &log_cursor, now).await?;
        (log_cursor.at, log_cursor.failures) = (now, 0);
        log_cursor.check_again(&changes.named, now);
        if changes.people.is_empty() {
            store.keep_log_cursor(Some(&log_cursor)).await?;
            return Ok(changes.full_cycle_reason.map_or(PollResult::Quiet, PollResult::FullCycle));
        }
        let Self { adapters, writer, request, local_time, .. } = *self;
        let clocks = Clocks::compare(local_time, server_time);
        let targeted = TargetedCycle { adapters, writer, request, now, clocks, started: local_time };
        self.handle(&targeted, changes, &log_cursor).await
    }

    /// What the entries change, and what they are compared with.
    async fn changes(
        &self,
        events: &[LogEvent],
        due: &BTreeSet<OktaUserId>,
        log_cursor: &LogCursor,
        now: DateTime<Utc>,
    ) -> Result<Changes, PollEnd> {
        let (store, settings) = (self.adapters.store(), self.request.settings);
        let state = store.sync_state(now).await?;
        let baseline = store.baseline().await?.ok_or(PollEnd::Lost(FullCycleReason::NotYet))?;
        may_follow(&state, settings, now)?;
        let scope = ApplicationScope {
            app_id: &settings.tenant.app_id,
            groups: &log_cursor.groups,
            state: &state,
            baseline: &baseline,
        };
        let mut changed = ChangedPeople::default();
        for event in events {
            changed.take(event, &scope);
        }
        let ChangedPeople { people: named, full_cycle_reason } = changed;
        let full_cycle_reason = full_cycle_reason.map(FullCycleReason::Event);
        let people: BTreeSet<OktaUserId> = named.union(due).cloned().collect();
        match full_cycle_reason {
            // Changes of the application itself are left to a full cycle.
            Some(FullCycleReason::Event(kind)) if kind.starts_with("application.lifecycle.") => {
                Err(PollEnd::Lost(FullCycleReason::Event(kind)))
            }
            // So many people are cheaper to find in the listing.
            _ if people.len() > log_cursor.pages => Err(PollEnd::Lost(FullCycleReason::ManyPeople)),
            full_cycle_reason => Ok(Changes { state, baseline, named, people, full_cycle_reason }),
        }
    }

    /// Does what follows about the people, and keeps how far the log was followed.
    async fn handle(
        &self,
        targeted: &TargetedCycle<'_, W, A>,
        changes: Changes,
        log_cursor: &LogCursor,
    ) -> Result<PollResult, PollEnd> {
        let store = self.adapters.store();
        let Changes { state, baseline, named: _, people, full_cycle_reason } = changes;
        let result = Box::pin(targeted.at(&people, state, baseline, self.observer)).await;
        let TargetedResult { report, settled } = match result {
            Ok(result) => result,
            Err(error) => {
                // What is kept is still where this poll began.
                let kept = store.log_cursor().await?;
                store.keep_log_cursor(kept.and_then(LogCursor::failed).as_ref()).await?;
                return Err(PollEnd::Error(error));
            }
        };
        let full_cycle_reason = match after(&report) {
            CursorMove::Lost(why) => {
                store.keep_log_cursor(None).await?;
                Some(why)
            }
            CursorMove::Repeated => full_cycle_reason,
            CursorMove::Kept => {
                store.keep_log_cursor(Some(log_cursor)).await?;
                full_cycle_reason.or_else(|| (settled == Settled::InPart).then_some(FullCycleReason::Unsettled))
            }
        };
        Ok(PollResult::Handled(Box::new(PollReport { report, people: people.len(), full_cycle_reason })))
    }
}

/// What the entries of the log change.
struct Changes {
    state: SyncState,
    baseline: Baseline,
    /// People that the entries name.
    named: BTreeSet<OktaUserId>,
    /// The same, and people who are due to be read once more.
    people: BTreeSet<OktaUserId>,
    full_cycle_reason: Option<FullCycleReason>,
}

/// What a targeted cycle means for how far the log was followed.
enum CursorMove {
    /// Everything that follows from it is done, or is the full cycle's.
    Kept,
    /// The rest is done by the next poll, which begins where this one did.
    Repeated,
    /// Something is wrong: the next full cycle reads all people.
    Lost(FullCycleReason),
}

fn after(report: &CycleReport) -> CursorMove {
    if report.is_blocked() {
        CursorMove::Lost(FullCycleReason::Blocked)
    } else if !report.stops.iter().all(Stop::is_postponement) {
        CursorMove::Lost(FullCycleReason::Stopped)
    } else if report.stops.iter().any(|stop| matches!(stop, Stop::Cancelled | Stop::TimeIsUp)) {
        CursorMove::Repeated
    } else {
        CursorMove::Kept
    }
}

/// Whether anything may be done about anybody now.
fn may_follow(state: &SyncState, settings: &CycleSettings, now: DateTime<Utc>) -> Result<(), PollEnd> {
    let tenant = state.tenant.as_ref().ok_or(PollEnd::Lost(FullCycleReason::NotYet))?;
    cycle::same_tenant(tenant, &settings.tenant).map_err(PollEnd::Error)?;
    let is_accepted =
        state.mapping.as_ref().is_some_and(|accepted| accepted.fingerprint == settings.mapping_fingerprint());
    if state.pause_at(now).is_some() {
        Err(PollEnd::Lost(FullCycleReason::Paused))
    } else if state.first_run == FirstRun::Due || !is_accepted {
        Err(PollEnd::Lost(FullCycleReason::NotYet))
    } else {
        Ok(())
    }
}

/// What was read of the log.
struct LogEntries {
    events: Vec<LogEvent>,
    server_time: Option<DateTime<Utc>>,
}

/// Follows the log to its end.
async fn read_log(source: &impl ChangeLog, log_cursor: &mut LogCursor) -> Result<LogEntries, PollEnd> {
    let mut entries = LogEntries { events: Vec::new(), server_time: None };
    for _ in 0..MOST_PAGES {
        let LogPage { events, next, fill, server_time } = source.log(&log_cursor.position).await.map_err(|failure| {
            match (failure.kind, &log_cursor.position) {
                (FailureKind::CredentialsRefused | FailureKind::Forbidden, _)
                // A question without a link can only be wrong in itself.
                | (FailureKind::BadRequest | FailureKind::NotFound, LogPosition::Since(_)) => PollEnd::Barred(failure),
                (FailureKind::BadRequest | FailureKind::NotFound, LogPosition::Next(_)) => PollEnd::Lost(FullCycleReason::PositionLost),
                _ => PollEnd::Error(CycleError::Okta(failure)),
            }
        })?;
        entries.events.extend(log_cursor.take_new(events));
        entries.server_time = server_time;
        log_cursor.position = next;
        if fill == PageFill::Room {
            return Ok(entries);
        }
    }
    Err(PollEnd::Lost(FullCycleReason::ManyPeople))
}

/// What is known of the application.
struct ApplicationScope<'a> {
    app_id: &'a str,
    groups: &'a BTreeSet<OktaGroupId>,
    state: &'a SyncState,
    baseline: &'a Baseline,
}

impl LogScope for ApplicationScope<'_> {
    fn is_ours(&self, app_id: &str) -> bool {
        self.app_id == app_id
    }

    fn is_assigned(&self, group: &OktaGroupId) -> bool {
        self.groups.contains(group)
    }

    fn is_known(&self, person: &OktaUserId) -> bool {
        self.state.links.of_person(person).is_some() || self.baseline.unsettled.contains_key(person)
    }
}

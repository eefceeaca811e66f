//! One poll: follows Okta's log from where it was left, reads everybody whom it names again, and does what a full cycle would do about them,
//! by the same mapping, plan, limits and writes. The log is a source of hints and of nothing else; the full cycle stays the authority: a
//! poll deletes nobody and moves no leaver's clock, and whoever cannot be settled without seeing everybody waits for it.
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
use crate::engine::settings::{CycleSettings, Observer};
use crate::engine::targeted::{Settled, TargetedCycle, TargetedRequest, TargetedResult};
use crate::ports::{
    AccountWriter, Adapters, ChangeLog, Failure, FailureKind, LogPage, PageFill, StoreReader as _, StoreWriter,
};

/// Pages of the log that one poll reads; with more entries than that a full cycle is cheaper.
const MOST_PAGES: usize = 20;
/// How often a position is kept at which nothing happened.
const KEPT_AT_LEAST: TimeDelta = TimeDelta::hours(1);

/// What a poll came to.
#[must_use = "a poll may want a full cycle"]
#[derive(Debug)]
pub enum PollResult {
    /// The log names nobody.
    Quiet,
    /// People were looked at.
    Handled(Box<PollReport>),
    /// Nothing was done about anybody: a full cycle must come first.
    FullCycle(FullCycleReason),
    /// Okta does not let us read the log.
    Barred(Failure),
}

/// A look at some people.
#[derive(Debug)]
pub struct PollReport {
    /// The plan about them and what became of it.
    pub report: CycleReport,
    /// How many people were read.
    pub people: usize,
    /// Why the next full cycle shall come soon, if so.
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
    /// A limit is broken, which the full cycle tells.
    Blocked,
    /// The writes were stopped.
    Stopped,
    /// Somebody cannot be settled without seeing everybody.
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

    /// Whether the full cycle shall come soon. Where one has just ended badly, or nothing may be written, the schedule is soon enough.
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

/// After a full cycle: from here on the log is followed, if the cycle ended well; else nobody is looked at until one does.
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
    let pages = prepared.people.pages() + prepared.accounts.pages();
    let before = adapters.store().log_cursor().await?;
    let log_cursor = LogCursor::after_full_cycle(before, prepared.now, settings.polling_rules(), (groups, pages));
    Ok(adapters.store().keep_log_cursor(Some(&log_cursor)).await?)
}

/// One poll. The caller holds the lock of the cycle.
pub async fn poll<W: Adapters<Source: ChangeLog, Store: StoreWriter>>(
    adapters: &W,
    writer: &impl AccountWriter,
    request: TargetedRequest<'_>,
    observer: &impl Observer,
) -> Result<PollResult, CycleError> {
    let (store, settings, local_time) = (adapters.store(), request.settings, adapters.clock().now());
    let Some(mut log_cursor) = store.log_cursor().await? else {
        return Ok(PollResult::FullCycle(FullCycleReason::NotYet));
    };
    match log_cursor.stale(&settings.polling_rules(), local_time) {
        Some(Stale::Configuration) => return lose(adapters, FullCycleReason::Configuration).await,
        Some(Stale::TooOld) => return lose(adapters, FullCycleReason::TooOld).await,
        None => {}
    }
    let is_first = matches!(log_cursor.position, LogPosition::Since(_));
    let LogEntries { events, server_time } = match read_log(adapters.source(), &mut log_cursor).await {
        Ok(entries) => entries,
        Err(LogUnreadable::Failed(failure)) => return Err(CycleError::Okta(failure)),
        Err(LogUnreadable::Barred(failure)) => return Ok(PollResult::Barred(failure)),
        Err(LogUnreadable::Lost(why)) => return lose(adapters, why).await,
    };
    let now = server_time.unwrap_or(local_time);
    let due = log_cursor.due(now);
    if events.is_empty() && due.is_empty() {
        // An older link leads to the same entries, so that it is enough to keep a new one now and then.
        if is_first || log_cursor.at + KEPT_AT_LEAST < now {
            log_cursor.at = now;
            store.keep_log_cursor(Some(&log_cursor)).await?;
        }
        return Ok(PollResult::Quiet);
    }
    let state = store.sync_state(now).await?;
    let Some(baseline) = store.baseline().await? else { return lose(adapters, FullCycleReason::NotYet).await };
    if let Some(why) = barred(&state, settings, now)? {
        return lose(adapters, why).await;
    }
    let ChangedPeople { people: named, full_cycle_reason } =
        changed_people(&events, &log_cursor, settings, (&state, &baseline));
    let people: BTreeSet<OktaUserId> = named.union(&due).cloned().collect();
    // What became of the application itself only a full cycle looks at; so many people are cheaper to find in the listing.
    if let Some(kind) = full_cycle_reason.as_ref().filter(|kind| kind.starts_with("application.lifecycle.")) {
        return lose(adapters, FullCycleReason::Event(kind.clone())).await;
    }
    if people.len() > log_cursor.pages {
        return lose(adapters, FullCycleReason::ManyPeople).await;
    }
    (log_cursor.at, log_cursor.failures) = (now, 0);
    log_cursor.check_again(&named, now);
    let full_cycle_reason = full_cycle_reason.map(FullCycleReason::Event);
    if people.is_empty() {
        store.keep_log_cursor(Some(&log_cursor)).await?;
        return Ok(full_cycle_reason.map_or(PollResult::Quiet, PollResult::FullCycle));
    }
    let look = TargetedCycle {
        adapters,
        writer,
        request,
        now,
        clocks: Clocks::compare(local_time, server_time),
        started: local_time,
    };
    let TargetedResult { report, settled } = match Box::pin(look.at(&people, state, baseline, observer)).await {
        Ok(seen) => seen,
        Err(error) => {
            // What is kept is still where this poll began.
            let kept = store.log_cursor().await?;
            store.keep_log_cursor(kept.and_then(LogCursor::failed).as_ref()).await?;
            return Err(error);
        }
    };
    let full_cycle_reason = match after(&report) {
        CursorMove::Lost(why) => {
            store.keep_log_cursor(None).await?;
            Some(why)
        }
        CursorMove::Repeated => full_cycle_reason,
        CursorMove::Kept => {
            store.keep_log_cursor(Some(&log_cursor)).await?;
            full_cycle_reason.or_else(|| (settled == Settled::InPart).then_some(FullCycleReason::Unsettled))
        }
    };
    Ok(PollResult::Handled(Box::new(PollReport { report, people: people.len(), full_cycle_reason })))
}

/// What a look means for how far the log was followed.
enum CursorMove {
    /// Everything that follows from it is done, or is the full cycle's.
    Kept,
    /// The rest is done by the next poll, which begins where this one did.
    Repeated,
    /// Something is wrong: the next full cycle looks at everybody.
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

/// The log is followed no further before a full cycle.
async fn lose<W: Adapters<Store: StoreWriter>>(adapters: &W, why: FullCycleReason) -> Result<PollResult, CycleError> {
    adapters.store().keep_log_cursor(None).await?;
    Ok(PollResult::FullCycle(why))
}

/// Why nothing may be done about anybody now, if so.
fn barred(
    state: &SyncState,
    settings: &CycleSettings,
    now: DateTime<Utc>,
) -> Result<Option<FullCycleReason>, CycleError> {
    let Some(tenant) = &state.tenant else { return Ok(Some(FullCycleReason::NotYet)) };
    cycle::same_tenant(tenant, &settings.tenant)?;
    let is_accepted =
        state.mapping.as_ref().is_some_and(|accepted| accepted.fingerprint == settings.mapping_fingerprint());
    Ok(if state.pause_at(now).is_some() {
        Some(FullCycleReason::Paused)
    } else if state.first_run == FirstRun::Due || !is_accepted {
        Some(FullCycleReason::NotYet)
    } else {
        None
    })
}

/// What was read of the log.
struct LogEntries {
    events: Vec<LogEvent>,
    server_time: Option<DateTime<Utc>>,
}

/// Why the log could not be read.
enum LogUnreadable {
    /// This time.
    Failed(Failure),
    /// Not with these credentials, or not in this way.
    Barred(Failure),
    /// Not from this position.
    Lost(FullCycleReason),
}

/// Follows the log to its end.
async fn read_log(source: &impl ChangeLog, log_cursor: &mut LogCursor) -> Result<LogEntries, LogUnreadable> {
    let mut entries = LogEntries { events: Vec::new(), server_time: None };
    for _ in 0..MOST_PAGES {
        let LogPage { events, next, fill, server_time } = source.log(&log_cursor.position).await.map_err(|failure| {
            match (failure.kind, &log_cursor.position) {
                (FailureKind::CredentialsRefused | FailureKind::Forbidden, _)
                // A question without a link can only be wrong in itself.
                | (FailureKind::BadRequest | FailureKind::NotFound, LogPosition::Since(_)) => LogUnreadable::Barred(failure),
                (FailureKind::BadRequest | FailureKind::NotFound, LogPosition::Next(_)) => LogUnreadable::Lost(FullCycleReason::PositionLost),
                _ => LogUnreadable::Failed(failure),
            }
        })?;
        entries.events.extend(log_cursor.take_new(events));
        entries.server_time = server_time;
        log_cursor.position = next;
        if fill == PageFill::Room {
            return Ok(entries);
        }
    }
    Err(LogUnreadable::Lost(FullCycleReason::ManyPeople))
}

/// Whom the entries name, by what is known of the application.
fn changed_people(
    events: &[LogEvent],
    log_cursor: &LogCursor,
    settings: &CycleSettings,
    (state, baseline): (&SyncState, &Baseline),
) -> ChangedPeople {
    let known = ApplicationScope { app_id: &settings.tenant.app_id, groups: &log_cursor.groups, state, baseline };
    let mut changed_people = ChangedPeople::default();
    for event in events {
        changed_people.take(event, &known);
    }
    changed_people
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

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
use crate::domain::planning::leaver_decision::ClockAgreement;
use crate::domain::state::log_cursor::{LogCursor, LogEvent, LogPosition, Stale};
use crate::domain::state::sync_state::{FirstRun, SyncState};
use crate::domain::targeted::baseline::{Baseline, SettledPeople};
use crate::domain::targeted::log_events::{ChangedPeople, LogScope};
use crate::engine::cycle::{self, CycleReport};
use crate::engine::error::CycleError;
use crate::engine::look::{Errand, Look, Seen, Settled};
use crate::engine::run::Stop;
use crate::engine::settings::{CycleSettings, Observer};
use crate::ports::{
    AccountWriter, ChangeLog, Failure, FailureKind, LogPage, PageFill, StoreReader as _, StoreWriter, World,
};

/// Pages of the log that one poll reads; with more entries than that a full cycle is cheaper.
const MOST_PAGES: usize = 20;
/// How often a position is kept at which nothing happened.
const KEPT_AT_LEAST: TimeDelta = TimeDelta::hours(1);

/// What a poll came to.
#[must_use = "a poll may want a full cycle"]
#[derive(Debug)]
pub enum Polled {
    /// The log names nobody.
    Quiet,
    /// People were looked at.
    Looked(Box<Looked>),
    /// Nothing was done about anybody: a full cycle must come first.
    FullCycle(NoPoll),
    /// Okta does not let us read the log.
    Barred(Failure),
}

/// A look at some people.
#[derive(Debug)]
pub struct Looked {
    /// The plan about them and what became of it.
    pub report: CycleReport,
    /// How many people were read.
    pub people: usize,
    /// Why the next full cycle shall come soon, if so.
    pub wants_full: Option<NoPoll>,
}

/// Why a poll is not enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoPoll {
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
    Refused,
    /// The writes were stopped.
    Stopped,
    /// Somebody cannot be settled without seeing everybody.
    Unsettled,
}

impl NoPoll {
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
            Self::Refused => "a limit is broken".to_owned(),
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
            | Self::Refused
            | Self::Unsettled => true,
        }
    }
}

/// After a full cycle: from here on the log is followed, if the cycle ended well; else nobody is looked at until one does.
pub async fn follow<W: World<Source: ChangeLog, Store: StoreWriter>>(
    world: &W,
    settings: &CycleSettings,
    report: &CycleReport,
) -> Result<(), CycleError> {
    let CycleReport { prepared, concluded, stops, pause, groups: _ } = report;
    if report.is_refused() || pause.is_some() || !stops.iter().all(Stop::is_postponement) {
        return Ok(world.store().keep_polling(None).await?);
    }
    let groups = world.source().groups().await.map_err(CycleError::Okta)?;
    let done = || concluded.iter().filter(|concluded| concluded.outcome.is_done());
    let settled = SettledPeople {
        people: done().map(|concluded| &concluded.operation.okta_id).collect(),
        accounts: done()
            .filter(|concluded| concluded.operation.kind() == OperationKind::Link)
            .filter_map(|concluded| concluded.operation.haiilo_id())
            .collect(),
    };
    let sides = (&prepared.people, &prepared.accounts);
    let names = (&settings.mapping, &settings.policy);
    let backdrop = Baseline::of(sides, &prepared.memory.links, names, &settled);
    if world.store().backdrop().await?.as_ref() != Some(&backdrop) {
        world.store().keep_backdrop(&backdrop).await?;
    }
    let pages = prepared.people.pages() + prepared.accounts.pages();
    let before = world.store().polling().await?;
    let polling = LogCursor::after_full_cycle(before, prepared.now, settings.polling_rules(), (groups, pages));
    Ok(world.store().keep_polling(Some(&polling)).await?)
}

/// One poll. The caller holds the lock of the cycle.
pub async fn poll<W: World<Source: ChangeLog, Store: StoreWriter>>(
    world: &W,
    writer: &impl AccountWriter,
    errand: Errand<'_>,
    observer: &impl Observer,
) -> Result<Polled, CycleError> {
    let (store, settings, local_time) = (world.store(), errand.settings, world.clock().now());
    let Some(mut polling) = store.polling().await? else { return Ok(Polled::FullCycle(NoPoll::NotYet)) };
    match polling.stale(&settings.polling_rules(), local_time) {
        Some(Stale::Configuration) => return lose(world, NoPoll::Configuration).await,
        Some(Stale::TooOld) => return lose(world, NoPoll::TooOld).await,
        None => {}
    }
    let is_first = matches!(polling.position, LogPosition::Since(_));
    let Entries { events, server_time } = match read_log(world.source(), &mut polling).await {
        Ok(entries) => entries,
        Err(NoLog::Failed(failure)) => return Err(CycleError::Okta(failure)),
        Err(NoLog::Barred(failure)) => return Ok(Polled::Barred(failure)),
        Err(NoLog::Lost(why)) => return lose(world, why).await,
    };
    let now = server_time.unwrap_or(local_time);
    let due = polling.due(now);
    if events.is_empty() && due.is_empty() {
        // An older link leads to the same entries, so that it is enough to keep a new one now and then.
        if is_first || polling.at + KEPT_AT_LEAST < now {
            polling.at = now;
            store.keep_polling(Some(&polling)).await?;
        }
        return Ok(Polled::Quiet);
    }
    let memory = store.remember(now).await?;
    let Some(backdrop) = store.backdrop().await? else { return lose(world, NoPoll::NotYet).await };
    if let Some(why) = barred(&memory, settings, now)? {
        return lose(world, why).await;
    }
    let ChangedPeople { people: named, wants_full } = hints(&events, &polling, settings, (&memory, &backdrop));
    let people: BTreeSet<OktaUserId> = named.union(&due).cloned().collect();
    // What became of the application itself only a full cycle looks at; so many people are cheaper to find in the listing.
    if let Some(kind) = wants_full.as_ref().filter(|kind| kind.starts_with("application.lifecycle.")) {
        return lose(world, NoPoll::Event(kind.clone())).await;
    }
    if people.len() > polling.pages {
        return lose(world, NoPoll::ManyPeople).await;
    }
    (polling.at, polling.failures) = (now, 0);
    polling.look_again(&named, now);
    let wants_full = wants_full.map(NoPoll::Event);
    if people.is_empty() {
        store.keep_polling(Some(&polling)).await?;
        return Ok(wants_full.map_or(Polled::Quiet, Polled::FullCycle));
    }
    let look =
        Look { world, writer, errand, times: (now, ClockAgreement::of(local_time, server_time)), started: local_time };
    let Seen { report, settled } = match Box::pin(look.at(&people, memory, backdrop, observer)).await {
        Ok(seen) => seen,
        Err(error) => {
            // What is kept is still where this poll began.
            let kept = store.polling().await?;
            store.keep_polling(kept.and_then(LogCursor::failed).as_ref()).await?;
            return Err(error);
        }
    };
    let wants_full = match after(&report) {
        After::Lost(why) => {
            store.keep_polling(None).await?;
            Some(why)
        }
        After::Repeated => wants_full,
        After::Kept => {
            store.keep_polling(Some(&polling)).await?;
            wants_full.or_else(|| (settled == Settled::InPart).then_some(NoPoll::Unsettled))
        }
    };
    Ok(Polled::Looked(Box::new(Looked { report, people: people.len(), wants_full })))
}

/// What a look means for how far the log was followed.
enum After {
    /// Everything that follows from it is done, or is the full cycle's.
    Kept,
    /// The rest is done by the next poll, which begins where this one did.
    Repeated,
    /// Something is wrong: the next full cycle looks at everybody.
    Lost(NoPoll),
}

fn after(report: &CycleReport) -> After {
    if report.is_refused() {
        After::Lost(NoPoll::Refused)
    } else if !report.stops.iter().all(Stop::is_postponement) {
        After::Lost(NoPoll::Stopped)
    } else if report.stops.iter().any(|stop| matches!(stop, Stop::Halted | Stop::TimeIsUp)) {
        After::Repeated
    } else {
        After::Kept
    }
}

/// The log is followed no further before a full cycle.
async fn lose<W: World<Store: StoreWriter>>(world: &W, why: NoPoll) -> Result<Polled, CycleError> {
    world.store().keep_polling(None).await?;
    Ok(Polled::FullCycle(why))
}

/// Why nothing may be done about anybody now, if so.
fn barred(memory: &SyncState, settings: &CycleSettings, now: DateTime<Utc>) -> Result<Option<NoPoll>, CycleError> {
    let Some(tenant) = &memory.tenant else { return Ok(Some(NoPoll::NotYet)) };
    cycle::same_tenant(tenant, &settings.tenant)?;
    let is_accepted =
        memory.mapping.as_ref().is_some_and(|accepted| accepted.fingerprint == settings.mapping_fingerprint());
    Ok(if memory.pause_at(now).is_some() {
        Some(NoPoll::Paused)
    } else if memory.first_run == FirstRun::Due || !is_accepted {
        Some(NoPoll::NotYet)
    } else {
        None
    })
}

/// What was read of the log.
struct Entries {
    events: Vec<LogEvent>,
    server_time: Option<DateTime<Utc>>,
}

/// Why the log could not be read.
enum NoLog {
    /// This time.
    Failed(Failure),
    /// Not with these credentials, or not in this way.
    Barred(Failure),
    /// Not from this position.
    Lost(NoPoll),
}

/// Follows the log to its end.
async fn read_log(source: &impl ChangeLog, polling: &mut LogCursor) -> Result<Entries, NoLog> {
    let mut entries = Entries { events: Vec::new(), server_time: None };
    for _ in 0..MOST_PAGES {
        let LogPage { events, next, fill, server_time } = source.log(&polling.position).await.map_err(|failure| {
            match (failure.kind, &polling.position) {
                (FailureKind::CredentialsRefused | FailureKind::Forbidden, _)
                // A question without a link can only be wrong in itself.
                | (FailureKind::BadRequest | FailureKind::NotFound, LogPosition::Since(_)) => NoLog::Barred(failure),
                (FailureKind::BadRequest | FailureKind::NotFound, LogPosition::Next(_)) => NoLog::Lost(NoPoll::PositionLost),
                _ => NoLog::Failed(failure),
            }
        })?;
        entries.events.extend(polling.take_new(events));
        entries.server_time = server_time;
        polling.position = next;
        if fill == PageFill::Room {
            return Ok(entries);
        }
    }
    Err(NoLog::Lost(NoPoll::ManyPeople))
}

/// Whom the entries name, by what is known of the application.
fn hints(
    events: &[LogEvent],
    polling: &LogCursor,
    settings: &CycleSettings,
    (memory, backdrop): (&SyncState, &Baseline),
) -> ChangedPeople {
    let known = Known { app_id: &settings.tenant.app_id, groups: &polling.groups, memory, backdrop };
    let mut hints = ChangedPeople::default();
    for event in events {
        hints.take(event, &known);
    }
    hints
}

/// What is known of the application.
struct Known<'a> {
    app_id: &'a str,
    groups: &'a BTreeSet<OktaGroupId>,
    memory: &'a SyncState,
    backdrop: &'a Baseline,
}

impl LogScope for Known<'_> {
    fn is_ours(&self, app_id: &str) -> bool {
        self.app_id == app_id
    }

    fn is_assigned(&self, group: &OktaGroupId) -> bool {
        self.groups.contains(group)
    }

    fn is_known(&self, person: &OktaUserId) -> bool {
        self.memory.links.of_person(person).is_some() || self.backdrop.unsettled.contains_key(person)
    }
}

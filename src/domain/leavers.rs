//! Leavers: people who are linked and no longer assigned. They lose their account last, and only on independent evidence.
//!
//! The listing alone never makes a leaver: Okta is asked for the user and for the assignment by id. The clock of the grace runs only over
//! time that complete cycles covered under the same rules; time is Okta's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::assignment::{AssignmentMeaning, AssignmentStatus, StatusRules, SuspendedRule, UserStatus};
use crate::domain::held::{Held, HeldReason};
use crate::domain::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::leaver::{
    DeletesBlocked, Evidence, Fate, KeptBecause, Leaver, LeaverClock, LeaverNotes, LeaverRecord, Sighting,
};
use crate::domain::link::{Absence, Counted, Link, Origin};
use crate::domain::memory::{Fingerprint, Memory, Watch};
use crate::domain::policy::{AdoptedRule, LeaverAction, Policy};
use crate::domain::snapshot::{AccountSnapshot, AssignmentSnapshot, PersonState, Proof};

/// The longest gap between complete cycles over which a clock goes on.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(24);
/// The most that the local clock may be off before nothing is deleted.
const LARGEST_SKEW: TimeDelta = TimeDelta::minutes(5);
/// How many people are asked for by id in one cycle.
const LOOKS_A_CYCLE: usize = 200;

/// All that is decided about people who are gone from the listing.
#[derive(Clone, Debug, Default)]
pub struct Leaving {
    /// Leavers.
    pub leavers: Vec<Leaver>,
    /// People about whom nothing is certain.
    pub held: Vec<Held>,
    /// What shall be remembered.
    pub notes: LeaverNotes,
}

/// What a decision about leavers depends on.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The complete listing of assignments.
    pub people: &'a AssignmentSnapshot,
    /// The listing of accounts.
    pub accounts: &'a AccountSnapshot,
    /// What the store remembers.
    pub memory: &'a Memory,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The rules that clocks depend on.
    pub rules: &'a Fingerprint,
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// Whether the local clock agrees with it.
    pub agreement: ClockAgreement,
}

/// Whether the local clock agrees with Okta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockAgreement {
    /// Within five minutes.
    Agrees,
    /// Not, or there was nothing to compare with.
    Off,
}

impl ClockAgreement {
    /// Compares the local time with Okta's.
    pub fn of(local: DateTime<Utc>, server: Option<DateTime<Utc>>) -> Self {
        match server {
            Some(server) if (local - server).abs() <= LARGEST_SKEW => Self::Agrees,
            _ => Self::Off,
        }
    }
}

/// What the answers about one person mean: the user's status, then, unless that settles it, the assignment.
///
/// `None` in place of a status or an assignment is Okta's own word that there is none.
pub fn sighting(
    rules: StatusRules,
    user: Option<&UserStatus>,
    assignment: Option<Option<&AssignmentStatus>>,
) -> Option<Sighting> {
    let unclear = |what: &str| Some(Sighting::Unclear(what.into()));
    match (user, assignment) {
        (None, _) => unclear("Okta has no such user"),
        (Some(UserStatus::Deactivated), _) => Some(Sighting::Gone(Evidence::Deactivated)),
        (Some(UserStatus::Unclear(status)), _) => unclear(&format!("the Okta user has the unknown status {status}")),
        (Some(UserStatus::Suspended), _) if rules.suspended == SuspendedRule::Leaver => {
            Some(Sighting::Gone(Evidence::Deactivated))
        }
        (Some(UserStatus::Working | UserStatus::Staged | UserStatus::Suspended), None) => None,
        (Some(_), Some(None)) => Some(Sighting::Gone(Evidence::Unassigned)),
        (Some(_), Some(Some(status))) => match status.meaning() {
            AssignmentMeaning::Usable => Some(Sighting::StillAssigned),
            AssignmentMeaning::Ended => Some(Sighting::Gone(Evidence::Unassigned)),
            AssignmentMeaning::Unclear => unclear(&format!("the assignment has the status {}", status.as_str())),
        },
    }
}

/// The linked people who are not assigned any more, as far as the listing tells.
pub fn vanished<'a>(links: impl IntoIterator<Item = &'a Link>, people: &AssignmentSnapshot) -> Vec<&'a Link> {
    links
        .into_iter()
        .filter(|link| match people.get(&link.okta_id) {
            None => true,
            Some(person) => person.state == PersonState::Left,
        })
        .collect()
}

/// Whom to ask for by id in this cycle: everybody who is new among the vanished, then the others in turn.
pub fn to_look_at<'a>(vanished: &[&'a Link], memory: &Memory) -> Vec<&'a OktaUserId> {
    let (known, new): (Vec<&Link>, Vec<&Link>) =
        vanished.iter().partition(|link| memory.leavers.contains_key(&link.okta_id));
    let turn = usize::try_from(memory.cycles).unwrap_or(0).wrapping_mul(LOOKS_A_CYCLE);
    let start = if known.is_empty() { 0 } else { turn % known.len() };
    let in_turn = known.iter().cycle().skip(start).take(known.len());
    new.iter().chain(in_turn).take(LOOKS_A_CYCLE).map(|link| &link.okta_id).collect()
}

/// The watch after this complete cycle.
pub fn watch(memory: &Memory, rules: &Fingerprint, now: DateTime<Utc>) -> Watch {
    let since = match &memory.watch {
        Some(Watch { since, last, rules: before }) if before == rules && *last <= now && now - *last <= LONGEST_GAP => {
            *since
        }
        _ => now,
    };
    Watch { since, last: now, rules: rules.clone() }
}

/// Decides about everybody who is gone from the listing.
pub fn decide(here: Circumstances<'_>, vanished: &[&Link], sightings: &BTreeMap<OktaUserId, Sighting>) -> Leaving {
    let mut leaving = Leaving::default();
    let watched_since = watch(here.memory, here.rules, here.now).since;
    for link in vanished {
        let before = here.memory.leavers.get(&link.okta_id);
        let sighting = sightings.get(&link.okta_id);
        let clock = clock(here, link, before, sighting);
        let absence = before.map_or(Absence { since: here.now, counted: Counted::Yes }, |record| record.absence);
        let record = LeaverRecord { absence, clock };
        if before != Some(&record) {
            leaving.notes.records.insert(link.okta_id.clone(), record);
        }
        let held = |reason| Held {
            okta_id: link.okta_id.clone(),
            haiilo_id: Some(link.haiilo_id.clone()),
            user_name: Some(link.user_name.clone()),
            reason,
        };
        match (clock, sighting) {
            (_, Some(Sighting::StillAssigned)) => leaving.held.push(held(HeldReason::StillAssigned)),
            (_, Some(Sighting::Unclear(what))) => leaving.held.push(held(HeldReason::NoEvidence(what.clone()))),
            (None, _) => leaving.held.push(held(HeldReason::EvidenceDue)),
            (Some(clock), _) => {
                let fate = fate(here, link, clock, watched_since);
                leaving.leavers.push(Leaver {
                    okta_id: link.okta_id.clone(),
                    haiilo_id: link.haiilo_id.clone(),
                    user_name: link.user_name.clone(),
                    evidence: clock.evidence,
                    since: absence.since,
                    fate,
                });
            }
        }
    }
    let gone: BTreeSet<&OktaUserId> = vanished.iter().map(|link| &link.okta_id).collect();
    leaving.notes.returned = here.memory.leavers.keys().filter(|id| !gone.contains(id)).cloned().collect();
    spend_budget(here, &mut leaving.leavers);
    leaving
}

/// The clock of one person: kept as long as evidence and action stay the same, started again when either changes, stopped by doubt.
fn clock(
    here: Circumstances<'_>,
    link: &Link,
    before: Option<&LeaverRecord>,
    sighting: Option<&Sighting>,
) -> Option<LeaverClock> {
    let known = before.and_then(|record| record.clock);
    let evidence = match (sighting, known) {
        (Some(Sighting::Gone(evidence)), _) => *evidence,
        (None, Some(known)) => known.evidence,
        (Some(Sighting::StillAssigned | Sighting::Unclear(_)), _) | (None, None) => return None,
    };
    let action = configured(here.policy, link, evidence);
    match known {
        Some(known) if known.action == action && known.evidence == evidence => Some(known),
        _ => Some(LeaverClock { evidence, action, from: here.now }),
    }
}

/// What the configuration says about this account.
fn configured(policy: &Policy, link: &Link, evidence: Evidence) -> LeaverAction {
    let action = match evidence {
        Evidence::Deactivated => policy.leavers.deactivated,
        Evidence::Unassigned => policy.leavers.unassigned,
    };
    match (link.origin, policy.leavers.adopted) {
        (Origin::Adopted, AdoptedRule::Keep) => LeaverAction::Keep,
        (Origin::Adopted, AdoptedRule::Same) | (Origin::Created, _) => action,
    }
}

fn fate(here: Circumstances<'_>, link: &Link, clock: LeaverClock, watched_since: DateTime<Utc>) -> Fate {
    let account = here.accounts.position(&link.haiilo_id).map(|at| &here.accounts.accounts()[at]);
    let names = [Some(&link.user_name), account.and_then(|account| account.user_name.as_ref())];
    if names.iter().flatten().any(|name| name.same_as(&here.policy.token_owner)) {
        return Fate::Kept(KeptBecause::TokenOwner);
    }
    if let Some(pattern) = protection(here.policy, here.memory, &link.haiilo_id, names.into_iter().flatten()) {
        return Fate::Kept(KeptBecause::Protected(pattern));
    }
    if clock.action == LeaverAction::Keep {
        let adopted = link.origin == Origin::Adopted && here.policy.leavers.adopted == AdoptedRule::Keep;
        return Fate::Kept(if adopted { KeptBecause::Adopted } else { KeptBecause::Configured });
    }
    if account.is_none() {
        return Fate::Kept(KeptBecause::AlreadyGone);
    }
    let due = clock.from.max(watched_since) + here.policy.leavers.grace;
    match deletes_blocked(here) {
        _ if due > here.now => Fate::Waiting(due),
        Some(why) => Fate::Blocked(due, why),
        None => Fate::Due(due),
    }
}

/// The pattern that protects an account, by its id, by a name that it carries, or because it once did.
pub fn protection<'a>(
    policy: &Policy,
    memory: &Memory,
    id: &HaiiloId,
    names: impl IntoIterator<Item = &'a UserName>,
) -> Option<String> {
    let remembered = memory.protected.get(id).filter(|pattern| policy.protected.has(pattern));
    let by_id = policy.protected.by_id(id).map(str::to_owned);
    let by_name = || names.into_iter().find_map(|name| policy.protected.by_name(name)).map(str::to_owned);
    remembered.cloned().or(by_id).or_else(by_name)
}

/// What forbids all deletes of this cycle.
pub fn deletes_blocked(here: Circumstances<'_>) -> Option<DeletesBlocked> {
    if here.accounts.named(&here.policy.token_owner).is_empty() {
        Some(DeletesBlocked::OwnerNotFound)
    } else if here.agreement == ClockAgreement::Off {
        Some(DeletesBlocked::ClockOff)
    } else if matches!(here.accounts.proof(), Proof::Doubtful(_)) {
        Some(DeletesBlocked::ListingDoubtful)
    } else {
        None
    }
}

/// Postpones what the budget of the day does not cover: who is due first goes first.
fn spend_budget(here: Circumstances<'_>, leavers: &mut [Leaver]) {
    let Some(limit) = here.policy.limits.deletes else { return };
    let base = here.memory.links.len().max(here.people.people().len()) as u64;
    let mut left = limit.allowed(base).saturating_sub(here.memory.recent.deletes);
    let mut due: Vec<(DateTime<Utc>, usize)> = leavers
        .iter()
        .enumerate()
        .filter_map(|(at, leaver)| match leaver.fate {
            Fate::Due(due) => Some((due, at)),
            Fate::Kept(_) | Fate::Waiting(_) | Fate::Postponed(_) | Fate::Blocked(..) => None,
        })
        .collect();
    // Equal times are put in the order of the ids, in which the leavers stand.
    due.sort_unstable();
    for (time, at) in due {
        if left == 0 {
            leavers[at].fate = Fate::Postponed(time);
        } else {
            left -= 1;
        }
    }
}

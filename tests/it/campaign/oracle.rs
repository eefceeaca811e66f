//! What no cycle may do, whatever happens: judged by the simulators' own state and journal, with none of the planner's code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use okta_haiilo_sim::Logged;
use okta_haiilo_sim::haiilo::{Account, By, Deleted, Did, OWNER, Origin, Write};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::model::policy::{AdoptedRule, LeaverAction, LeaverRules};
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use okta_haiilo_sync::engine::CycleError;

use crate::campaign::actions::{Life, PROTECTED};
use crate::campaign::ground_truth::{Standing, Truth};
use crate::setup::world::Ran;

/// How much later than the cycle began something in it may have happened: calls that are tried again wait.
const SLACK: TimeDelta = TimeDelta::minutes(90);
const DAY: TimeDelta = TimeDelta::hours(24);

/// A rule is broken, and how.
pub(super) type Verdict = Result<(), String>;

/// Breaks off with a sentence, unless something holds.
macro_rules! ensure {
    ($holds:expr, $($why:tt)*) => {
        if !$holds {
            return Err(format!($($why)*));
        }
    };
}
pub(super) use ensure;

/// What the oracle remembers of the cycles before.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Whose account it is, by Haiilo id, ever since it was first linked.
    owners: BTreeMap<String, String>,
    /// For whom a request made it, by Haiilo id.
    made_for: BTreeMap<String, String>,
    /// How people who are gone stood in the last cycles that looked, and since which of them.
    gone: BTreeMap<String, (Standing, DateTime<Utc>)>,
    /// Since when complete cycles followed each other under the same rules; the last one; the rules.
    watch: Option<(DateTime<Utc>, DateTime<Utc>, String)>,
    /// When accounts were deleted.
    deletes: Vec<DateTime<Utc>>,
    /// What was seen at all, so that a campaign in which nothing happens is noticed.
    pub(super) tally: Tally,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) cycles: u64,
    pub(super) created: u64,
    pub(super) deleted: u64,
    pub(super) blocked: u64,
    pub(super) failed: u64,
    pub(super) as_wanted: u64,
    pub(super) excused: u64,
}

impl Tally {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            cycles: self.cycles + other.cycles,
            created: self.created + other.created,
            deleted: self.deleted + other.deleted,
            blocked: self.blocked + other.blocked,
            failed: self.failed + other.failed,
            as_wanted: self.as_wanted + other.as_wanted,
            excused: self.excused + other.excused,
        }
    }
}

impl Oracle {
    /// Judges one cycle by the world before and after it. `turned` is whom Okta changed meanwhile, with the number of the call.
    pub(super) fn judge(
        &mut self,
        life: &Life,
        (before, after): (&Truth, &Truth),
        came: &Result<Ran, CycleError>,
        turned: Option<&(u64, String)>,
    ) -> Verdict {
        self.tally.cycles += 1;
        let writes = life.world.haiilo.state().writes().split_off(before.writes);
        let destroyed = life.world.haiilo.state().deleted().split_off(before.destroyed);
        match came {
            Err(error) => {
                self.tally.failed += 1;
                ensure!(writes.is_empty(), "a cycle that failed ({error}) wrote {writes:?}");
            }
            Ok(report) if report.prepared.limit_check.decision == LimitDecision::Blocked => {
                self.tally.blocked += 1;
                ensure!(writes.is_empty(), "a blocked cycle wrote {writes:?}");
                self.look(before, turned, after);
            }
            Ok(_) => {
                self.look(before, turned, after);
                self.watched(before.at, rules(life));
            }
        }
        for side in [life.world.okta.violations(), life.world.haiilo.violations()] {
            let real: Vec<_> = side.iter().filter(|violation| !violation.contains("planted")).collect();
            ensure!(real.is_empty(), "{real:?}");
        }
        self.links(life, before, after)?;
        self.creates(before, after, life, &writes)?;
        Self::changes(before, after, &writes)?;
        for gone in &destroyed {
            self.delete(life, (before, after), gone, turned)?;
        }
        Ok(())
    }

    /// Takes note of how everybody stands when a cycle looks.
    fn look(&mut self, before: &Truth, turned: Option<&(u64, String)>, after: &Truth) {
        for (id, standing) in &before.standing {
            let is_turned = turned.is_some_and(|(_, who)| who == id);
            let standing = if is_turned { &after.standing[id] } else { standing };
            match (standing, self.gone.get(id)) {
                (Standing::Deactivated | Standing::Unassigned, Some((known, _))) if known == standing => {}
                (Standing::Deactivated | Standing::Unassigned, _) => {
                    self.gone.insert(id.clone(), (*standing, before.at));
                }
                (Standing::Assigned | Standing::Unclear, _) => {
                    self.gone.remove(id);
                }
            }
        }
    }

    fn watched(&mut self, now: DateTime<Utc>, rules: String) {
        let since = match &self.watch {
            Some((since, last, before)) if *before == rules && now - *last <= DAY + SLACK => *since,
            _ => now,
        };
        self.watch = Some((since, now, rules));
    }

    /// A link stays that of the same person, and leads to the account that was made for them or carries a name of theirs.
    fn links(&mut self, life: &Life, before: &Truth, after: &Truth) -> Verdict {
        for (account, person) in &after.links {
            if let Some(owner) = self.owners.insert(account.clone(), person.clone()) {
                ensure!(owner == *person, "account {account} of {owner} became that of {person}");
                continue;
            }
            if let Some(made_for) = self.made_for.get(account) {
                ensure!(made_for == person, "account {account}, made for {made_for}, became that of {person}");
            }
            ensure!(!life.unmanaged.contains(account), "a stranger's account {account} became that of {person}");
            let named = after.accounts.get(account).or(before.accounts.get(account));
            let fits = named.is_none_or(|named| life.names[person].contains(&named.user_name.to_lowercase()));
            ensure!(fits, "{person} was linked to {named:?}, whose name they never had");
        }
        let mut people = BTreeSet::new();
        for person in after.links.values() {
            ensure!(people.insert(person), "{person} has two links");
        }
        // A link is lost only with its account.
        for (account, person) in &before.links {
            let is_kept = after.links.contains_key(account) || !after.accounts.contains_key(account);
            ensure!(is_kept, "the link of {person} to {account} was lost");
        }
        Ok(())
    }

    /// Whoever gets an account is somebody who shall have one, and has none.
    fn creates(&mut self, before: &Truth, after: &Truth, life: &Life, writes: &[Write]) -> Verdict {
        let created = |write: &&Write| matches!(write.did, Did::Created | Did::Queued);
        for write in writes.iter().filter(created) {
            self.tally.created += 1;
            let name = write.body["userName"].as_str().unwrap_or_default();
            let Some(person) = before.who_wants(name).or_else(|| after.who_wants(name)) else {
                return Err(format!("an account was made for {name}, which nobody shall have"));
            };
            let id = write.id.clone().unwrap_or_default();
            let is_so_named = |other: &&Account| other.user_name.eq_ignore_ascii_case(name);
            let namesake =
                before.accounts.values().filter(|other| after.accounts.contains_key(&other.id)).find(is_so_named);
            let is_still = namesake.is_none_or(|other| after.accounts[&other.id].user_name != other.user_name);
            ensure!(is_still, "account {id} was made beside {namesake:?}, which carries the same name");
            let is_theirs = |other: &String| {
                *other != id
                    && [self.made_for.get(other), self.owners.get(other)].into_iter().flatten().any(|of| of == person)
                    // What somebody renamed by hand before it was ever linked is nobody's by its name.
                    && (before.links.contains_key(other) || !life.renamed_by_hand.contains(other))
            };
            let twin = after.accounts.keys().find(|other| is_theirs(other));
            ensure!(twin.is_none(), "{person} got account {id} besides {twin:?}");
            self.made_for.insert(id, person.clone());
        }
        Ok(())
    }

    /// What is changed or deleted is linked, and a protected account keeps its name.
    fn changes(before: &Truth, after: &Truth, writes: &[Write]) -> Verdict {
        for write in writes.iter().filter(|write| !matches!(write.did, Did::Nothing | Did::Created | Did::Queued)) {
            let id = write.id.clone().unwrap_or_default();
            let is_ours = before.links.contains_key(&id) || after.links.contains_key(&id);
            ensure!(is_ours, "account {id}, which is not ours, was written: {write:?}");
            let is_protected = before.accounts.get(&id).is_some_and(|account| is_protected(&account.user_name));
            let is_renamed = match &write.did {
                Did::Changed(changes) => changes.iter().any(|change| change.path.eq_ignore_ascii_case("userName")),
                _ => false,
            };
            ensure!(!(is_protected && is_renamed), "protected account {id} was renamed: {write:?}");
        }
        Ok(())
    }

    /// An account is destroyed only if everything speaks for it.
    fn delete(
        &mut self,
        life: &Life,
        (before, after): (&Truth, &Truth),
        gone: &Deleted,
        turned: Option<&(u64, String)>,
    ) -> Verdict {
        if gone.by == By::Mishap {
            return Ok(());
        }
        self.tally.deleted += 1;
        let id = &gone.id;
        ensure!(gone.by == By::Delete, "{gone:?} was destroyed by another request");
        let Some(person) = before.links.get(id) else { return Err(format!("{gone:?} was deleted without a link")) };
        ensure!(!gone.user_name.eq_ignore_ascii_case(OWNER), "the owner of the token was deleted");
        ensure!(!is_protected(&gone.user_name), "protected account {gone:?} was deleted");
        let rules = &life.world.settings.policy.leavers;
        let Some((standing, since)) = self.gone.get(person) else {
            return Err(format!("{gone:?} of {person} was deleted, who is {:?}", before.standing.get(person)));
        };
        let action = if *standing == Standing::Deactivated { rules.deactivated } else { rules.unassigned };
        ensure!(action == LeaverAction::Delete, "{gone:?} of {person} was deleted, and {standing:?} means keep");
        let is_adopted = before.accounts.get(id).is_none_or(|account| account.origin == Origin::Hand);
        ensure!(
            !is_adopted || rules.adopted == AdoptedRule::Same,
            "{gone:?}, which somebody made by hand, was deleted"
        );
        let watched = self.watch.as_ref().map_or(before.at, |(since, _, _)| *since);
        let counted_from = watched.max(*since);
        ensure!(
            after.at - counted_from + SLACK >= rules.grace,
            "{gone:?} of {person} was deleted at {}, counted from {counted_from}, with a grace of {}",
            after.at,
            rules.grace
        );
        self.deletes.push(after.at);
        let recent = self.deletes.iter().filter(|at| after.at - **at < DAY - SLACK).count() as u64;
        let base = before.links.len().max(before.wanted.len()) as u64;
        let allowed =
            life.world.settings.policy.limits.of(LimitName::Deletes).map_or(u64::MAX, |limit| limit.allowed(base));
        ensure!(recent <= allowed, "{recent} accounts were deleted within a day, and {allowed} may be");
        let is_faulty = life.world.haiilo.calls().iter().any(|call| call.faulty);
        ensure!(is_faulty || !after.links.contains_key(id), "{gone:?} was deleted, and is still linked to {person}");
        evidence(life, id, person, turned)
    }
}

/// Okta's last word before a delete was about this very person, was asked for after everything else was written, and was not that they are
/// assigned.
fn evidence(life: &Life, id: &str, person: &str, turned: Option<&(u64, String)>) -> Verdict {
    let (okta, haiilo) = (life.world.okta.calls(), life.world.haiilo.calls());
    let is_delete = |call: &&Logged| call.route.starts_with("DELETE") && call.target.contains(id);
    let delete = haiilo.iter().find(is_delete).ok_or("a delete without a call")?.order;
    let look = okta.iter().rfind(|call| call.order < delete).ok_or("a delete without a call to Okta")?;
    ensure!(look.target.contains(person), "before {id} was deleted, Okta was last asked for {}", look.target);
    let between =
        haiilo.iter().find(|call| (look.order..delete).contains(&call.order) && !call.route.starts_with("GET "));
    ensure!(between.is_none(), "between the evidence and the delete of {id} came {between:?}");
    if let Some((n, who)) = turned.filter(|(_, who)| who == person)
        && life.world.okta.state().is_assigned(who)
    {
        let turn = okta.iter().find(|call| call.n == *n).map_or(u64::MAX, |call| call.order);
        ensure!(turn > look.order, "{id} was deleted after Okta had said that {who} is assigned");
    }
    Ok(())
}

pub(super) fn is_protected(name: &str) -> bool {
    name.eq_ignore_ascii_case(&person(PROTECTED).email)
}

/// What a change of starts all clocks again.
fn rules(life: &Life) -> String {
    let LeaverRules { deactivated, unassigned, adopted, grace: _ } = &life.world.settings.policy.leavers;
    format!("{deactivated:?} {unassigned:?} {adopted:?} {}", life.teams_of_departments)
}

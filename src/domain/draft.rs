//! Making the plan: from everybody's account and everybody's wishes to operations, and to reasons where there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;

use crate::domain::account::Account;
use crate::domain::attribute::AttributePath;
use crate::domain::correlate::{self, Correlation, Found, Matched, Sides};
use crate::domain::held::{Held, HeldReason};
use crate::domain::identity::{Identity, Want};
use crate::domain::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::leaver::{Evidence, Fate, KeptBecause, Leaver};
use crate::domain::leavers::Leaving;
use crate::domain::link::{Absence, Counted, Link, Listed};
use crate::domain::mapping::{Mapping, On};
use crate::domain::memory::ParkedValue;
use crate::domain::operation::{Action, Change, Element, Kind, Nature, Operation};
use crate::domain::plan::{Counts, Missing, Parked, Plan, Unmanaged, Waits, parked_form};
use crate::domain::snapshot::{AccountSnapshot, PersonState, Proof};
use crate::domain::value::{self, Value};

/// How long a userName that Haiilo refused is not tried again.
const REFUSED_NAME: TimeDelta = TimeDelta::hours(24);
/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Both sides, the memory, the policy and the mapping.
    pub sides: Sides<'a>,
    /// Okta's time.
    pub now: DateTime<Utc>,
}

/// Makes the plan. `leaving` is what was decided about people who are gone from the listing.
pub fn assemble(basis: Basis<'_>, correlation: Correlation<'_>, leaving: Leaving) -> Plan {
    let Correlation { matched, held, out_of_scope, staged } = correlation;
    let Leaving { mut leavers, held: held_leavers, gone: _, notes } = leaving;
    keep_for_whoever_may_come_back(&mut leavers, &held);
    let mut draft = Draft { basis, plan: Plan::default(), wishes: BTreeMap::new() };
    draft.plan.held = held;
    draft.plan.held.extend(held_leavers);
    draft.plan.notes.leavers = notes;
    for matched in &matched {
        draft.person(matched);
    }
    draft.trials();
    draft.deletes(&leavers);
    draft.remember();
    let Draft { basis, mut plan, wishes: _ } = draft;
    let Sides { people, accounts, owners: _, memory, policy: _, mapping: _ } = basis.sides;
    plan.counts = Counts {
        assigned: people.people().len(),
        linked: memory.links.len(),
        accounts: accounts.accounts().len(),
        out_of_scope,
        staged,
        ..plan.counts
    };
    plan.leavers = leavers;
    plan.unmanaged = unmanaged(basis, &plan.operations);
    plan.findings = findings(basis);
    plan.held.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
    plan.parked.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
    order(&mut plan.operations);
    plan
}

/// The account of somebody who may have come back as another Okta user stays until an administrator has decided.
fn keep_for_whoever_may_come_back(leavers: &mut [Leaver], held: &[Held]) {
    let suspects: BTreeMap<&OktaUserId, &OktaUserId> = held
        .iter()
        .filter_map(|held| match &held.reason {
            HeldReason::PerhapsRehired(leaver, _) => Some((leaver, &held.okta_id)),
            _ => None,
        })
        .collect();
    for leaver in leavers.iter_mut().filter(|leaver| !matches!(leaver.fate, Fate::Kept(_))) {
        if let Some(joiner) = suspects.get(&leaver.okta_id) {
            leaver.fate = Fate::Kept(KeptBecause::PerhapsOf((*joiner).clone()));
        }
    }
}

/// A plan in the making.
struct Draft<'a> {
    basis: Basis<'a>,
    plan: Plan,
    /// Operations that wait for a group which Haiilo did not have, by group.
    wishes: BTreeMap<CompactString, Vec<Operation>>,
}

/// What an account needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Settled {
    /// Nothing.
    AsItShallBe,
    /// Nothing that could be sent.
    Waits,
    /// Changes.
    Changes,
}

impl Draft<'_> {
    fn person(&mut self, matched: &Matched<'_>) {
        let Matched { okta_id, identity, found } = matched;
        match found {
            Found::Linked { account, link: _, waits_for } => {
                if self.update(okta_id, identity, account, waits_for.cloned()) == Settled::AsItShallBe {
                    self.plan.counts.unchanged += 1;
                }
            }
            Found::Unowned { account, origin } => {
                self.plan.operations.push(Operation {
                    okta_id: (*okta_id).clone(),
                    user_name: account.user_name.as_ref().unwrap_or(&identity.user_name).clone(),
                    action: Action::Link { haiilo_id: account.id.clone(), origin: *origin },
                });
                self.update(okta_id, identity, account, None);
            }
            Found::Nothing { replaces, waits_for } => {
                self.create(okta_id, identity, replaces.cloned(), waits_for.cloned());
            }
        }
    }

    fn update(
        &mut self,
        okta_id: &OktaUserId,
        identity: &Identity,
        account: &Account,
        waits_for: Option<HaiiloId>,
    ) -> Settled {
        let current = account.user_name.as_ref().unwrap_or(&identity.user_name);
        let mut changes = Vec::new();
        let parked_before = self.plan.parked.len();
        let rule = self.basis.sides.mapping.user_name();
        if correlate::renames(self.basis.sides.mapping, account, identity) {
            let change = Change {
                path: Arc::clone(&rule.path),
                nature: Nature::Rename,
                from: account.user_name.as_ref().and_then(|name| Value::text(name.as_str())),
                to: Value::text(identity.user_name.as_str()),
                element: Element::There,
            };
            self.keep_or_park(okta_id, account, current, change, &mut changes);
        } else {
            self.unpark(okta_id, &rule.path);
        }
        for (slot, rule) in self.basis.sides.mapping.rules().iter().enumerate() {
            let from = account.values[slot].as_ref();
            let to = match (&identity.wants[slot], rule.on) {
                (Want::Leave, _) | (_, On::Create) => from,
                (Want::Clear, On::CreateAndUpdate) => None,
                (Want::Set(value), On::CreateAndUpdate) => Some(value),
            };
            if value::same(from, to, rule.compare) {
                self.unpark(okta_id, &rule.path);
                continue;
            }
            let element = if account.without_element >> slot & 1 == 1 { Element::ToBeAdded } else { Element::There };
            let nature = nature(self.basis.sides.mapping, slot);
            let change = Change { path: Arc::clone(&rule.path), nature, from: from.cloned(), to: to.cloned(), element };
            self.keep_or_park(okta_id, account, current, change, &mut changes);
        }
        if !changes.is_empty() {
            let action = Action::Update { haiilo_id: account.id.clone(), changes, waits_for };
            self.plan.operations.push(Operation { okta_id: okta_id.clone(), user_name: current.clone(), action });
            return Settled::Changes;
        }
        if self.plan.parked.len() == parked_before { Settled::AsItShallBe } else { Settled::Waits }
    }

    /// A change goes into the operation, unless its value is parked.
    fn keep_or_park(
        &mut self,
        okta_id: &OktaUserId,
        account: &Account,
        current: &UserName,
        change: Change,
        changes: &mut Vec<Change>,
    ) {
        let memory = self.basis.sides.memory;
        let key = (okta_id.clone(), CompactString::from(change.path.to_string()));
        let parked = memory.parked.get(&key);
        let group = parked_group(self.basis, &change);
        let reason = match (parked, &group) {
            (_, Some(group)) => no_such_group(group),
            (Some(parked), None)
                if parked.value == parked_form(change.to.as_ref()) && self.still_refused(&change, parked) =>
            {
                parked.reason.clone()
            }
            (Some(_), None) => {
                self.plan.notes.unparked.insert(key);
                return changes.push(change);
            }
            (None, None) => return changes.push(change),
        };
        self.plan.parked.push(Parked {
            okta_id: okta_id.clone(),
            haiilo_id: Some(account.id.clone()),
            user_name: current.clone(),
            path: Arc::clone(&change.path),
            value: change.to.clone(),
            reason,
            waits: Waits::Attribute,
        });
        if let Some(group) = group {
            let action = Action::Update { haiilo_id: account.id.clone(), changes: vec![change], waits_for: None };
            let wish = Operation { okta_id: okta_id.clone(), user_name: current.clone(), action };
            self.wishes.entry(group).or_default().push(wish);
        }
    }

    /// A value that Haiilo did not keep stays parked. A userName may have become free, so that it is tried again after a day.
    fn still_refused(&self, change: &Change, parked: &ParkedValue) -> bool {
        change.nature != Nature::Rename || self.basis.now - parked.since < REFUSED_NAME
    }

    fn unpark(&mut self, okta_id: &OktaUserId, path: &AttributePath) {
        if self.basis.sides.memory.parked.is_empty() {
            return;
        }
        let key = (okta_id.clone(), CompactString::from(path.to_string()));
        if self.basis.sides.memory.parked.contains_key(&key) {
            self.plan.notes.unparked.insert(key);
        }
    }

    fn create(
        &mut self,
        okta_id: &OktaUserId,
        identity: &Identity,
        replaces: Option<HaiiloId>,
        waits_for: Option<HaiiloId>,
    ) {
        let mapping = self.basis.sides.mapping;
        let held = |reason| Held {
            okta_id: okta_id.clone(),
            haiilo_id: None,
            user_name: Some(identity.user_name.clone()),
            reason,
        };
        if let Some(slot) = mapping.group_slot()
            && !matches!(identity.wants[slot], Want::Set(_))
        {
            return self.plan.held.push(held(HeldReason::NoGroup));
        }
        let changes = changes_of_new(mapping, &identity.user_name, |slot| identity.value(slot).cloned());
        if let Some(refused) = refused_create(self.basis, okta_id, identity) {
            return self.plan.held.push(held(HeldReason::CreateRefused(refused)));
        }
        let group = changes.iter().find_map(|change| Some((parked_group(self.basis, change)?, change.clone())));
        let operation = Operation {
            okta_id: okta_id.clone(),
            user_name: identity.user_name.clone(),
            action: Action::Create { changes, replaces: replaces.clone(), waits_for },
        };
        match group {
            None => self.plan.operations.push(operation),
            Some((group, change)) => {
                self.plan.parked.push(Parked {
                    okta_id: okta_id.clone(),
                    haiilo_id: replaces,
                    user_name: identity.user_name.clone(),
                    path: change.path,
                    value: change.to,
                    reason: no_such_group(&group),
                    waits: Waits::Account,
                });
                self.wishes.entry(group).or_default().push(operation);
            }
        }
    }

    /// One person a cycle tries each group that Haiilo did not have; in turn, so that nobody's trouble keeps all others waiting.
    fn trials(&mut self) {
        let turn = usize::try_from(self.basis.sides.memory.cycles).unwrap_or(0);
        for wishes in self.wishes.values() {
            let free: Vec<&Operation> = wishes.iter().filter(|wish| wish.waits_for().is_none()).collect();
            if !free.is_empty() {
                self.plan.trials.push(free[turn % free.len()].clone());
            }
        }
        let parked = self.basis.sides.memory.parked_groups.keys();
        self.plan.notes.groups_released = parked.filter(|group| !self.wishes.contains_key(*group)).cloned().collect();
    }

    fn deletes(&mut self, leavers: &[Leaver]) {
        for Leaver { okta_id, haiilo_id, user_name, evidence, since: _, fate } in leavers {
            if let Fate::Due(_) = fate {
                let (haiilo_id, evidence): (HaiiloId, Evidence) = (haiilo_id.clone(), *evidence);
                let action = Action::Delete { haiilo_id, evidence };
                let (okta_id, user_name) = (okta_id.clone(), user_name.clone());
                self.plan.operations.push(Operation { okta_id, user_name, action });
            }
        }
    }

    /// What changed in what the store knows about links and protected accounts.
    fn remember(&mut self) {
        let Sides { people: _, accounts, owners, memory, policy, mapping: _ } = self.basis.sides;
        for (link, account) in owners.pairs() {
            match account {
                Some(account) => self.remember_shown(link, account),
                None => self.remember_unseen(link),
            }
        }
        for account in accounts.accounts() {
            let by_name = account.user_name.as_ref().and_then(|name| policy.protected.by_name(name));
            if let Some(pattern) = by_name
                && memory.protected.get(&account.id).is_none_or(|known| known != pattern)
            {
                self.plan.notes.protected.insert(account.id.clone(), pattern.to_owned());
            }
        }
    }

    fn remember_shown(&mut self, link: &Link, account: &Account) {
        let notes = &mut self.plan.notes;
        if link.listed == Listed::Never {
            notes.listed.insert(link.okta_id.clone());
        }
        if link.missing.is_some() {
            notes.found.insert(link.okta_id.clone());
        }
        if let Some(name) = &account.user_name
            && *name != link.user_name
            && wanted_name(self.basis, &link.okta_id).is_some_and(|wanted| wanted.same_as(name))
        {
            notes.names.insert(link.okta_id.clone(), name.clone());
        }
    }

    /// An account that was shown once and is not any more is missing, whatever became of the person: it is a sign about the listing.
    fn remember_unseen(&mut self, link: &Link) {
        let since = match (self.basis.sides.accounts.proof(), link.listed) {
            (_, Listed::Never) => None,
            (Proof::Doubtful(_), Listed::Seen) => return,
            (Proof::Agreed, Listed::Seen) => {
                let absence = link.missing.unwrap_or(Absence { since: self.basis.now, counted: Counted::Yes });
                if link.missing.is_none() {
                    self.plan.notes.missing.insert(link.okta_id.clone(), absence);
                }
                Some(absence.since)
            }
        };
        self.plan.missing.push(Missing {
            okta_id: link.okta_id.clone(),
            haiilo_id: link.haiilo_id.clone(),
            user_name: link.user_name.clone(),
            since,
        });
    }
}

/// What makes a new account: the userName, and a value for each slot that has one.
pub fn changes_of_new(mapping: &Mapping, user_name: &UserName, value: impl Fn(usize) -> Option<Value>) -> Vec<Change> {
    let name = Change {
        path: Arc::clone(&mapping.user_name().path),
        nature: Nature::Plain,
        from: None,
        to: Value::text(user_name.as_str()),
        element: Element::There,
    };
    let others = mapping.rules().iter().enumerate().filter_map(|(slot, rule)| {
        let to = Some(value(slot)?);
        let path = Arc::clone(&rule.path);
        Some(Change { path, nature: nature(mapping, slot), from: None, to, element: Element::ToBeAdded })
    });
    std::iter::once(name).chain(others).collect()
}

fn nature(mapping: &Mapping, slot: usize) -> Nature {
    if mapping.group_slot() == Some(slot) { Nature::Group } else { Nature::Plain }
}

/// The userName that a person shall have, where that is certain.
fn wanted_name<'a>(basis: Basis<'a>, okta_id: &OktaUserId) -> Option<&'a UserName> {
    match &basis.sides.people.get(okta_id)?.state {
        PersonState::Wanted(identity) => Some(&identity.user_name),
        _ => None,
    }
}

/// The group that a change asks for, if Haiilo did not have it.
fn parked_group(basis: Basis<'_>, change: &Change) -> Option<CompactString> {
    match (change.nature, &change.to) {
        (Nature::Group, Some(Value::Text(group))) if basis.sides.memory.parked_groups.contains_key(group) => {
            Some(group.clone())
        }
        _ => None,
    }
}

fn no_such_group(group: &str) -> String {
    format!("Haiilo has no group {group:?}; make it there, letter by letter, or correct the mapping")
}

/// Why Haiilo refused to make this very account within the last day.
fn refused_create(basis: Basis<'_>, okta_id: &OktaUserId, identity: &Identity) -> Option<String> {
    let parked = basis.sides.memory.parked.get(&(okta_id.clone(), "userName".into()))?;
    let same = parked.value == parked_form(Value::text(identity.user_name.as_str()).as_ref());
    (same && basis.now - parked.since < REFUSED_NAME).then(|| parked.reason.clone())
}

fn unmanaged(basis: Basis<'_>, operations: &[Operation]) -> Vec<Unmanaged> {
    let adopted: BTreeSet<&HaiiloId> =
        operations.iter().filter(|operation| operation.kind() == Kind::Link).filter_map(Operation::haiilo_id).collect();
    let foreign = basis.sides.owners.unlinked().filter(|account| !adopted.contains(&account.id));
    foreign.map(|account| Unmanaged { haiilo_id: account.id.clone(), user_name: account.user_name.clone() }).collect()
}

fn findings(basis: Basis<'_>) -> Vec<String> {
    let Sides { people, accounts, owners: _, memory: _, policy, mapping: _ } = basis.sides;
    let mut findings = Vec::new();
    if people.unreadable() > 0 {
        findings.push(format!("{} rows of Okta's listing name nobody and were passed over", people.unreadable()));
    }
    if let Proof::Doubtful(why) = accounts.proof() {
        findings.push(format!("nobody is created, adopted or deleted in this cycle: {why}"));
    }
    if owner_is_missing(accounts, &policy.token_owner) {
        findings.push(format!(
            "the owner of our token, {}, was not found in Haiilo: nobody is deleted; correct haiilo.auth.token_owner",
            policy.token_owner
        ));
    }
    findings
}

fn owner_is_missing(accounts: &AccountSnapshot, owner: &UserName) -> bool {
    accounts.named(owner).is_empty()
}

/// Puts operations in the order in which they are applied.
fn order(operations: &mut [Operation]) {
    operations.sort_by(|left, right| (left.kind(), &left.okta_id).cmp(&(right.kind(), &right.okta_id)));
}

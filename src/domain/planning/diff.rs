//! Making the plan: from everybody's account and everybody's wishes to operations, and to reasons where there is none.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use compact_str::CompactString;

use crate::domain::listing::snapshot::Proof;
use crate::domain::mapping::{AttributeKind, Mapping, On, Rule};
use crate::domain::model::account::{Account, Activity};
use crate::domain::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::model::link::Origin;
use crate::domain::model::person::{DesiredAccount, DesiredValue};
use crate::domain::model::policy::{LeaverAction, RemovalEffect};
use crate::domain::plan::hold::{Hold, HoldReason};
use crate::domain::plan::leaver::{Evidence, KeptBecause, Leaver, LeaverStatus};
use crate::domain::plan::operation::{Action, Change, ChangeKind, Element, Operation, OperationKind, RemovalMethod};
use crate::domain::plan::people_plan::{Parked, Plan, PlanCounts, Unmanaged, Waits, parked_form};
use crate::domain::planning::correlate::{self, AccountMatch, Correlation, MatchedPerson};
use crate::domain::planning::input::PlanInput;
use crate::domain::planning::leaver_decision::LeaverDecisions;
use crate::domain::planning::record;
use crate::domain::planning::references::References;
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::{self, Value};
use crate::domain::state::sync_state::RememberedRejection;

/// How long a userName that Haiilo refused is not tried again.
const REFUSED_NAME: TimeDelta = TimeDelta::hours(24);

/// Makes the plan. `leaving` is what was decided about people who are gone from the listing.
pub fn assemble(input: &PlanInput<'_>, correlation: Correlation<'_>, leaving: LeaverDecisions) -> Plan {
    let Correlation { matched, held, out_of_scope, staged } = correlation;
    let LeaverDecisions { mut leavers, held: held_leavers, gone: _, notes } = leaving;
    keep_for_whoever_may_come_back(&mut leavers, &held);
    let mut draft = PlanBuilder {
        input,
        plan: Plan::default(),
        wishes: BTreeMap::new(),
        references: OnceCell::new(),
        unresolved: 0,
    };
    draft.plan.held = held;
    draft.plan.held.extend(held_leavers);
    draft.plan.notes.leavers = notes;
    for matched in &matched {
        draft.person(matched);
    }
    draft.trials();
    draft.departures(&leavers);
    let PlanBuilder { input, mut plan, wishes: _, references: _, unresolved } = draft;
    record::remember(input, &mut plan);
    let PlanInput { people, accounts, state, .. } = input;
    plan.counts = PlanCounts {
        assigned: people.people().len(),
        linked: state.links.len(),
        accounts: accounts.accounts().len(),
        out_of_scope,
        staged,
        ..plan.counts
    };
    plan.leavers = leavers;
    plan.unmanaged = unmanaged(input, &plan.operations);
    plan.findings = findings(input);
    if unresolved > 0 {
        plan.findings.push(format!(
            "{unresolved} references to other people, such as managers, name nobody who has an account by now; they stay as they are"
        ));
    }
    plan.held.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
    plan.parked.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
    order(&mut plan.operations);
    plan
}

/// The account of somebody who may have come back as another Okta user stays until an administrator has decided.
fn keep_for_whoever_may_come_back(leavers: &mut [Leaver], held: &[Hold]) {
    let suspects: BTreeMap<&OktaUserId, &OktaUserId> = held
        .iter()
        .filter_map(|held| match &held.reason {
            HoldReason::PerhapsRehired(leaver, _) => Some((leaver, &held.okta_id)),
            _ => None,
        })
        .collect();
    for leaver in leavers.iter_mut().filter(|leaver| !matches!(leaver.fate, LeaverStatus::Kept(_))) {
        if let Some(joiner) = suspects.get(&leaver.okta_id) {
            leaver.fate = LeaverStatus::Kept(KeptBecause::PerhapsOf((*joiner).clone()));
        }
    }
}

/// A plan in the making.
struct PlanBuilder<'a> {
    input: &'a PlanInput<'a>,
    plan: Plan,
    /// Where no attribute names other people, nobody is looked for.
    references: OnceCell<References<'a>>,
    /// Values that name nobody who has an account.
    unresolved: usize,
    /// Operations that wait for a group which Haiilo did not have, by group.
    wishes: BTreeMap<CompactString, Vec<Operation>>,
}

/// What an account needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AccountState {
    /// Nothing.
    AsItShallBe,
    /// Nothing that could be sent.
    Waits,
    /// Changes.
    Changes,
}

impl PlanBuilder<'_> {
    fn person(&mut self, matched: &MatchedPerson<'_>) {
        let MatchedPerson { okta_id, desired, found } = matched;
        match found {
            AccountMatch::Linked { account, link: _, waits_for } => {
                let activity = self.activate(okta_id, account, &desired.user_name);
                let attributes = self.update(okta_id, desired, account, waits_for.cloned());
                if (activity, attributes) == (AccountState::AsItShallBe, AccountState::AsItShallBe) {
                    self.plan.counts.unchanged += 1;
                }
            }
            AccountMatch::Unowned { account, origin } => {
                self.plan.operations.push(Operation {
                    okta_id: (*okta_id).clone(),
                    user_name: account.user_name.as_ref().unwrap_or(&desired.user_name).clone(),
                    action: Action::Link { haiilo_id: account.id.clone(), origin: *origin },
                });
                // An account that was there under another name is renamed once the link stands, by the rules of every rename.
                let is_renamed = account.user_name.as_ref().is_some_and(|name| !name.same_as(&desired.user_name));
                if *origin == Origin::Created || !is_renamed {
                    self.update(okta_id, desired, account, None);
                }
            }
            AccountMatch::Nothing { replaces, waits_for } => {
                self.create(okta_id, desired, replaces.cloned(), waits_for.cloned());
            }
        }
    }

    fn update(
        &mut self,
        okta_id: &OktaUserId,
        desired: &DesiredAccount,
        account: &Account,
        waits_for: Option<HaiiloId>,
    ) -> AccountState {
        let current = account.user_name.as_ref().unwrap_or(&desired.user_name);
        let mut changes = Vec::new();
        let parked_before = self.plan.parked.len();
        let rule = self.input.mapping.user_name();
        if correlate::renames(self.input.mapping, account, desired) {
            let change = Change {
                path: Arc::clone(&rule.path),
                nature: ChangeKind::Rename,
                from: account.user_name.as_ref().and_then(|name| Value::text(name.as_str())),
                to: Value::text(desired.user_name.as_str()),
                element: Element::There,
            };
            self.keep_or_park(okta_id, account, current, change, &mut changes);
        } else {
            self.unpark(okta_id, &rule.path);
        }
        for (slot, rule) in self.input.mapping.rules().iter().enumerate() {
            let from = account.values[slot].as_ref();
            let to = match (&desired.values[slot], rule.on) {
                (DesiredValue::Leave, _) | (_, On::Create) => from.map(Cow::Borrowed),
                (DesiredValue::Clear, On::CreateAndUpdate) => None,
                (DesiredValue::Set(value), On::CreateAndUpdate) => self.meant(rule, value).or(from.map(Cow::Borrowed)),
            };
            if value::same(from, to.as_deref(), rule.compare) {
                self.unpark(okta_id, &rule.path);
                continue;
            }
            let element = if account.without_element >> slot & 1 == 1 { Element::ToBeAdded } else { Element::There };
            let nature = nature(self.input.mapping, slot);
            let change = Change {
                path: Arc::clone(&rule.path),
                nature,
                from: from.cloned(),
                to: to.map(Cow::into_owned),
                element,
            };
            self.keep_or_park(okta_id, account, current, change, &mut changes);
        }
        if !changes.is_empty() {
            let action = Action::Update { haiilo_id: account.id.clone(), changes, waits_for };
            self.plan.operations.push(Operation { okta_id: okta_id.clone(), user_name: current.clone(), action });
            return AccountState::Changes;
        }
        if self.plan.parked.len() == parked_before { AccountState::AsItShallBe } else { AccountState::Waits }
    }

    /// An account that we deactivated becomes active again. Whoever else made one inactive, be it the directory's policy, had a reason.
    fn activate(&mut self, okta_id: &OktaUserId, account: &Account, wanted: &UserName) -> AccountState {
        if account.activity == Activity::Active {
            return AccountState::AsItShallBe;
        }
        let user_name = account.user_name.as_ref().unwrap_or(wanted).clone();
        if self.input.state.deactivated(okta_id, &account.id) {
            let action = Action::Reactivate { haiilo_id: account.id.clone() };
            self.plan.operations.push(Operation { okta_id: okta_id.clone(), user_name, action });
            return AccountState::Changes;
        }
        self.plan.parked.push(Parked {
            okta_id: okta_id.clone(),
            haiilo_id: Some(account.id.clone()),
            user_name,
            path: Arc::clone(&ACTIVE),
            value: Some(Value::Flag(true)),
            reason: INACTIVE.to_owned(),
            waits: Waits::Attribute,
        });
        AccountState::Waits
    }

    /// What a rule sends: its value, or the Haiilo id of whoever the value names. Somebody without an account is named by a later cycle.
    fn meant<'v>(&mut self, rule: &Rule, value: &'v Value) -> Option<Cow<'v, Value>> {
        if rule.kind != AttributeKind::Person {
            return Some(Cow::Borrowed(value));
        }
        let references = self.references.get_or_init(|| References::of(self.input));
        let id = references.account(&value.shown());
        if id.is_none() {
            self.unresolved += 1;
        }
        id.and_then(|id| Value::text(id.as_str())).map(Cow::Owned)
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
        let state = self.input.state;
        let key = (okta_id.clone(), CompactString::from(change.path.to_string()));
        let parked = state.parked.get(&key);
        let group = parked_group(self.input, &change);
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
    fn still_refused(&self, change: &Change, parked: &RememberedRejection) -> bool {
        change.nature != ChangeKind::Rename || self.input.now - parked.since < REFUSED_NAME
    }

    fn unpark(&mut self, okta_id: &OktaUserId, path: &AttributePath) {
        if self.input.state.parked.is_empty() {
            return;
        }
        let key = (okta_id.clone(), CompactString::from(path.to_string()));
        if self.input.state.parked.contains_key(&key) {
            self.plan.notes.unparked.insert(key);
        }
    }

    fn create(
        &mut self,
        okta_id: &OktaUserId,
        desired: &DesiredAccount,
        replaces: Option<HaiiloId>,
        waits_for: Option<HaiiloId>,
    ) {
        let mapping = self.input.mapping;
        let held = |reason| Hold {
            okta_id: okta_id.clone(),
            haiilo_id: None,
            user_name: Some(desired.user_name.clone()),
            reason,
        };
        if let Some(slot) = mapping.group_slot()
            && !matches!(desired.values[slot], DesiredValue::Set(_))
        {
            return self.plan.held.push(held(HoldReason::NoGroup));
        }
        let changes = changes_of_new(mapping, &desired.user_name, |slot| {
            self.meant(&mapping.rules()[slot], desired.value(slot)?).map(Cow::into_owned)
        });
        if let Some(refused) = refused_create(self.input, okta_id, desired) {
            return self.plan.held.push(held(HoldReason::CreateRefused(refused)));
        }
        let group = changes.iter().find_map(|change| Some((parked_group(self.input, change)?, change.clone())));
        let operation = Operation {
            okta_id: okta_id.clone(),
            user_name: desired.user_name.clone(),
            action: Action::Create { changes, replaces: replaces.clone(), waits_for },
        };
        match group {
            None => self.plan.operations.push(operation),
            Some((group, change)) => {
                self.plan.parked.push(Parked {
                    okta_id: okta_id.clone(),
                    haiilo_id: replaces,
                    user_name: desired.user_name.clone(),
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
        let turn = usize::try_from(self.input.state.cycles).unwrap_or(0);
        for wishes in self.wishes.values() {
            let free: Vec<&Operation> = wishes.iter().filter(|wish| wish.waits_for().is_none()).collect();
            if !free.is_empty() {
                self.plan.trials.push(free[turn % free.len()].clone());
            }
        }
        let parked = self.input.state.parked_groups.keys();
        self.plan.notes.groups_released = parked.filter(|group| !self.wishes.contains_key(*group)).cloned().collect();
    }

    fn departures(&mut self, leavers: &[Leaver]) {
        for Leaver { okta_id, haiilo_id, user_name, evidence, since: _, action, departure, fate } in leavers {
            if let LeaverStatus::Due(_) = fate {
                let (haiilo_id, evidence): (HaiiloId, Evidence) = (haiilo_id.clone(), *evidence);
                let action = match (action, departure) {
                    // A leaver who is kept is never due.
                    (LeaverAction::Keep, _) => continue,
                    (_, RemovalEffect::Deactivated) => Action::Deactivate { haiilo_id, evidence },
                    (LeaverAction::Deactivate, RemovalEffect::Deleted) => {
                        Action::Delete { haiilo_id, evidence, means: RemovalMethod::Deactivation }
                    }
                    (LeaverAction::Delete, RemovalEffect::Deleted) => {
                        Action::Delete { haiilo_id, evidence, means: RemovalMethod::Delete }
                    }
                };
                let (okta_id, user_name) = (okta_id.clone(), user_name.clone());
                self.plan.operations.push(Operation { okta_id, user_name, action });
            }
        }
    }
}

/// What is said of an account that is inactive, though we did not deactivate it.
const INACTIVE: &str = "the account is inactive, by the directory's policy or by somebody's hand; activate it in Haiilo if its person shall use it";

/// The attribute that says whether somebody can log in.
static ACTIVE: LazyLock<Arc<AttributePath>> =
    LazyLock::new(|| Arc::new(AttributePath::parse("active").expect("the name of an attribute is a path")));

/// What makes a new account: the userName, and a value for each slot that has one.
pub fn changes_of_new(
    mapping: &Mapping,
    user_name: &UserName,
    mut value: impl FnMut(usize) -> Option<Value>,
) -> Vec<Change> {
    let name = Change {
        path: Arc::clone(&mapping.user_name().path),
        nature: ChangeKind::Plain,
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

fn nature(mapping: &Mapping, slot: usize) -> ChangeKind {
    if mapping.group_slot() == Some(slot) { ChangeKind::Group } else { ChangeKind::Plain }
}

/// The group that a change asks for, if Haiilo did not have it.
fn parked_group(input: &PlanInput<'_>, change: &Change) -> Option<CompactString> {
    match (change.nature, &change.to) {
        (ChangeKind::Group, Some(Value::Text(group))) if input.state.parked_groups.contains_key(group) => {
            Some(group.clone())
        }
        _ => None,
    }
}

fn no_such_group(group: &str) -> String {
    format!("Haiilo has no group {group:?}; make it there, letter by letter, or correct the mapping")
}

/// Why Haiilo refused to make this very account within the last day.
fn refused_create(input: &PlanInput<'_>, okta_id: &OktaUserId, desired: &DesiredAccount) -> Option<String> {
    let parked = input.state.parked.get(&(okta_id.clone(), "userName".into()))?;
    let same = parked.value == parked_form(Value::text(desired.user_name.as_str()).as_ref());
    (same && input.now - parked.since < REFUSED_NAME).then(|| parked.reason.clone())
}

fn unmanaged(input: &PlanInput<'_>, operations: &[Operation]) -> Vec<Unmanaged> {
    let adopted: BTreeSet<&HaiiloId> = operations
        .iter()
        .filter(|operation| operation.kind() == OperationKind::Link)
        .filter_map(Operation::haiilo_id)
        .collect();
    let foreign = input.linked.unlinked().filter(|account| !adopted.contains(&account.id));
    foreign.map(|account| Unmanaged { haiilo_id: account.id.clone(), user_name: account.user_name.clone() }).collect()
}

fn findings(input: &PlanInput<'_>) -> Vec<String> {
    let PlanInput { people, accounts, policy, .. } = input;
    let mut findings = Vec::new();
    if people.unreadable() > 0 {
        findings.push(format!("{} rows of Okta's listing name nobody and were passed over", people.unreadable()));
    }
    if let Proof::Doubtful(why) = accounts.proof() {
        findings.push(format!("nobody is created, adopted or deleted in this cycle: {why}"));
    }
    if let Some(owner) = &policy.token_owner
        && accounts.named(owner).is_empty()
    {
        findings.push(format!(
            "the owner of our token, {owner}, was not found in Haiilo: nobody is deleted; correct haiilo.auth.token_owner"
        ));
    }
    findings
}

/// Puts operations in the order in which they are applied.
fn order(operations: &mut [Operation]) {
    operations.sort_by(|left, right| (left.kind(), &left.okta_id).cmp(&(right.kind(), &right.okta_id)));
}

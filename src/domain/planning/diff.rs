//! The difference between each person's account and the desired account, as operations or as reasons why there is no operation.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use compact_str::CompactString;

use crate::listing::snapshot::Proof;
use crate::mapping::{AttributeKind, Mapping, On, Rule};
use crate::model::account::{Account, Activity};
use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::Origin;
use crate::model::person::{DesiredAccount, DesiredValue};
use crate::model::policy::{LeaverAction, RemovalEffect};
use crate::plan::cycle_plan::{Blocks, Plan, PlanCounts, Unmanaged, UnsentValue, remembered_value};
use crate::plan::hold::{Hold, HoldReason};
use crate::plan::leaver::{KeptBecause, Leaver, LeaverStatus};
use crate::plan::operation::{Action, Change, ChangeKind, Element, Operation, OperationKind, RemovalMethod};
use crate::plan::warning::Warning;
use crate::planning::correlate::{self, AccountMatch, Correlation, MatchedPerson};
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision::LeaverDecisions;
use crate::planning::record;
use crate::planning::references::References;
use crate::scim::path::AttributePath;
use crate::scim::value::{self, Value};

/// How long a userName that Haiilo refused is not tried again.
const REFUSED_NAME: TimeDelta = TimeDelta::hours(24);

/// Makes the plan. `leaving` has the decisions about people who are no longer assigned.
pub fn assemble(input: &PlanInput<'_>, correlation: Correlation<'_>, leaving: LeaverDecisions) -> Plan {
    let Correlation { matched, held, out_of_scope, staged } = correlation;
    let LeaverDecisions { mut leavers, held: held_leavers, unlisted: _, update } = leaving;
    keep_for_possible_rehires(&mut leavers, &held);
    let mut builder = PlanBuilder {
        input,
        plan: Plan::default(),
        references: OnceCell::new(),
        unresolved: 0,
        waiting: BTreeMap::new(),
    };
    builder.plan.findings.held = [held, held_leavers].concat();
    builder.plan.update.leavers = update;
    for matched in &matched {
        builder.person(matched);
    }
    builder.trials();
    builder.removals(&leavers);
    let PlanBuilder { mut plan, unresolved, .. } = builder;
    record::remember(input, &mut plan);
    let findings = &mut plan.findings;
    findings.counts = PlanCounts {
        assigned: input.people.people().len(),
        linked: input.state.links.len(),
        accounts: input.accounts.accounts().len(),
        out_of_scope,
        staged,
        ..findings.counts
    };
    findings.leavers = leavers;
    findings.unmanaged = unmanaged(input, &plan.operations);
    findings.warnings = warnings(input);
    findings.warnings.extend((unresolved > 0).then_some(Warning::UnresolvedReferences(unresolved)));
    plan.sort();
    plan
}

/// The account of a leaver who may be back as another Okta user stays until an administrator decides.
fn keep_for_possible_rehires(leavers: &mut [Leaver], held: &[Hold]) {
    let suspects: BTreeMap<&OktaUserId, &OktaUserId> = held
        .iter()
        .filter_map(|held| match &held.reason {
            HoldReason::PerhapsRehired(leaver, _) => Some((leaver, &held.okta_id)),
            _ => None,
        })
        .collect();
    for leaver in leavers.iter_mut().filter(|leaver| !matches!(leaver.status, LeaverStatus::Kept(_))) {
        if let Some(joiner) = suspects.get(&leaver.okta_id) {
            leaver.status = LeaverStatus::Kept(KeptBecause::PerhapsOf((*joiner).clone()));
        }
    }
}

/// A plan while it is built.
struct PlanBuilder<'a> {
    input: &'a PlanInput<'a>,
    plan: Plan,
    /// Made only if an attribute names other people.
    references: OnceCell<References<'a>>,
    /// Number of values that do not name a person with an account.
    unresolved: usize,
    /// Operations that wait for a group which Haiilo did not have, by group.
    waiting: BTreeMap<CompactString, Vec<Operation>>,
}

/// One person and the account whose attributes are compared.
#[derive(Clone, Copy)]
struct Compared<'c> {
    okta_id: &'c OktaUserId,
    desired: &'c DesiredAccount,
    account: &'c Account,
}

impl Compared<'_> {
    /// The userName of the account.
    fn current_name(&self) -> &UserName {
        self.account.user_name.as_ref().unwrap_or(&self.desired.user_name)
    }

    fn operation(&self, action: Action) -> Operation {
        Operation { okta_id: self.okta_id.clone(), user_name: self.current_name().clone(), action }
    }

    fn unsent(&self, path: &Arc<AttributePath>, value: Option<Value>, reason: String) -> UnsentValue {
        UnsentValue {
            okta_id: self.okta_id.clone(),
            haiilo_id: Some(self.account.id.clone()),
            user_name: self.current_name().clone(),
            path: Arc::clone(path),
            value,
            reason,
            blocks: Blocks::Attribute,
        }
    }
}

/// What an account needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AccountNeed {
    /// Nothing.
    Nothing,
    /// Only values that cannot be sent.
    Unsent,
    /// Changes.
    Changes,
}

impl PlanBuilder<'_> {
    fn person(&mut self, matched: &MatchedPerson<'_>) {
        let MatchedPerson { okta_id, desired, found, waits_for } = matched;
        match found {
            AccountMatch::Linked(account) => {
                let compared = Compared { okta_id, desired, account };
                let activity = self.activate(compared);
                let attributes = self.update(compared, waits_for.cloned());
                if (activity, attributes) == (AccountNeed::Nothing, AccountNeed::Nothing) {
                    self.plan.findings.counts.unchanged += 1;
                }
            }
            AccountMatch::Unowned { account, origin } => {
                let compared = Compared { okta_id, desired, account };
                let action = Action::Adopt { haiilo_id: account.id.clone(), origin: *origin };
                self.plan.operations.push(compared.operation(action));
                // An existing account with another name is renamed after it is linked, by the same rules as each rename.
                let is_renamed = account.user_name.as_ref().is_some_and(|name| !name.same_as(&desired.user_name));
                if *origin == Origin::Created || !is_renamed {
                    self.update(compared, None);
                }
            }
            AccountMatch::Nothing { replaces } => {
                self.create(okta_id, desired, replaces.cloned(), waits_for.cloned());
            }
        }
    }

    fn update(&mut self, compared: Compared<'_>, waits_for: Option<HaiiloId>) -> AccountNeed {
        let unsent = |plan: &Plan| plan.findings.waiting.len() + plan.findings.rejected.len();
        let (mapping, before) = (self.input.mapping, unsent(&self.plan));
        let mut changes = Vec::new();
        self.compare_name(compared, &mut changes);
        for slot in 0..mapping.rules().len() {
            self.compare_slot(compared, slot, &mut changes);
        }
        if !changes.is_empty() {
            let action = Action::Update { haiilo_id: compared.account.id.clone(), changes, waits_for };
            self.plan.operations.push(compared.operation(action));
            return AccountNeed::Changes;
        }
        if unsent(&self.plan) == before { AccountNeed::Nothing } else { AccountNeed::Unsent }
    }

    fn compare_name(&mut self, compared: Compared<'_>, changes: &mut Vec<Change>) {
        let Compared { okta_id, desired, account } = compared;
        let rule = self.input.mapping.user_name();
        if !correlate::renames(self.input.mapping, account, desired) {
            return self.no_longer_rejected(okta_id, &rule.path);
        }
        let change = Change {
            path: Arc::clone(&rule.path),
            kind: ChangeKind::Rename,
            from: account.user_name.as_ref().and_then(|name| Value::text(name.as_str())),
            to: Value::text(desired.user_name.as_str()),
            element: Element::There,
        };
        self.send_or_withhold(compared, change, changes);
    }

    fn compare_slot(&mut self, compared: Compared<'_>, slot: usize, changes: &mut Vec<Change>) {
        let Compared { okta_id, desired, account } = compared;
        let rule = &self.input.mapping.rules()[slot];
        let from = account.values[slot].as_ref();
        let to = match (&desired.values[slot], rule.on) {
            (DesiredValue::Leave, _) | (_, On::Create) => from.map(Cow::Borrowed),
            (DesiredValue::Clear, On::CreateAndUpdate) => None,
            (DesiredValue::Set(value), On::CreateAndUpdate) => self.resolve(rule, value).or(from.map(Cow::Borrowed)),
        };
        if value::same(from, to.as_deref(), rule.compare) {
            return self.no_longer_rejected(okta_id, &rule.path);
        }
        let change = Change {
            path: Arc::clone(&rule.path),
            kind: change_kind(self.input.mapping, slot),
            from: from.cloned(),
            to: to.map(Cow::into_owned),
            element: if account.without_element >> slot & 1 == 1 { Element::ToBeAdded } else { Element::There },
        };
        self.send_or_withhold(compared, change, changes);
    }

    /// Activates an account that we deactivated. An account that is inactive for another reason, such as the directory's policy, stays
    /// inactive.
    fn activate(&mut self, compared: Compared<'_>) -> AccountNeed {
        let Compared { okta_id, desired: _, account } = compared;
        if account.activity == Activity::Active {
            return AccountNeed::Nothing;
        }
        if self.input.state.deactivated(okta_id, &account.id) {
            let action = Action::Reactivate { haiilo_id: account.id.clone() };
            self.plan.operations.push(compared.operation(action));
            return AccountNeed::Changes;
        }
        let inactive = compared.unsent(&ACTIVE, Some(Value::Flag(true)), INACTIVE.to_owned());
        self.plan.findings.waiting.push(inactive);
        AccountNeed::Unsent
    }

    /// The value that a rule sends: its own value, or the Haiilo id of the person that the value names. If that person has no account yet,
    /// a later cycle sends the id.
    fn resolve<'v>(&mut self, rule: &Rule, value: &'v Value) -> Option<Cow<'v, Value>> {
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

    /// Adds a change to the operation, unless its value waits or was rejected.
    fn send_or_withhold(&mut self, compared: Compared<'_>, change: Change, changes: &mut Vec<Change>) {
        if let Some(group) = missing_group(self.input, &change) {
            let waits = compared.unsent(&change.path, change.to.clone(), no_such_group(&group));
            self.plan.findings.waiting.push(waits);
            let haiilo_id = compared.account.id.clone();
            let action = Action::Update { haiilo_id, changes: vec![change], waits_for: None };
            return self.waiting.entry(group).or_default().push(compared.operation(action));
        }
        let key = (compared.okta_id.clone(), CompactString::from(change.path.to_string()));
        let Some(rejected) = self.input.state.rejected.get(&key) else { return changes.push(change) };
        let same = rejected.value == remembered_value(change.to.as_ref());
        // A userName may be free by now, so it is tried again after a day.
        let lasts = change.kind != ChangeKind::Rename || self.input.now - rejected.since < REFUSED_NAME;
        if same && lasts {
            let unsent = compared.unsent(&change.path, change.to, rejected.reason.clone());
            return self.plan.findings.rejected.push(unsent);
        }
        self.plan.update.no_longer_rejected.insert(key);
        changes.push(change);
    }

    fn no_longer_rejected(&mut self, okta_id: &OktaUserId, path: &AttributePath) {
        if self.input.state.rejected.is_empty() {
            return;
        }
        let key = (okta_id.clone(), CompactString::from(path.to_string()));
        if self.input.state.rejected.contains_key(&key) {
            self.plan.update.no_longer_rejected.insert(key);
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
        let (okta_id, user_name) = (okta_id.clone(), desired.user_name.clone());
        let held =
            |reason| Hold { okta_id: okta_id.clone(), haiilo_id: None, name: Some(desired.user_name.clone()), reason };
        let is_set = |slot: usize| matches!(desired.values[slot], DesiredValue::Set(_));
        if mapping.group_slot().is_some_and(|slot| !is_set(slot)) {
            return self.plan.findings.held.push(held(HoldReason::NoGroup));
        }
        let changes = changes_of_new(mapping, &user_name, |slot| {
            self.resolve(&mapping.rules()[slot], desired.value(slot)?).map(Cow::into_owned)
        });
        if let Some(refused) = refused_create(self.input, &okta_id, desired) {
            return self.plan.findings.held.push(held(HoldReason::CreateRefused(refused)));
        }
        let missing = changes.iter().find_map(|change| Some((missing_group(self.input, change)?, change.clone())));
        let action = Action::Create { changes, replaces: replaces.clone(), waits_for };
        let operation = Operation { okta_id: okta_id.clone(), user_name: user_name.clone(), action };
        let Some((group, change)) = missing else { return self.plan.operations.push(operation) };
        self.plan.findings.waiting.push(UnsentValue {
            okta_id,
            haiilo_id: replaces,
            user_name,
            path: change.path,
            value: change.to,
            reason: no_such_group(&group),
            blocks: Blocks::Account,
        });
        self.waiting.entry(group).or_default().push(operation);
    }

    /// In each cycle, one person tries each group that Haiilo did not have. The people take turns, so one person's problem does not block
    /// the others.
    fn trials(&mut self) {
        let turn = usize::try_from(self.input.state.cycles).unwrap_or(0);
        for waiting in self.waiting.values() {
            let free: Vec<&Operation> = waiting.iter().filter(|operation| operation.waits_for().is_none()).collect();
            if !free.is_empty() {
                self.plan.trials.push(free[turn % free.len()].clone());
            }
        }
        let missing = self.input.state.missing_groups.keys();
        self.plan.update.groups_no_longer_wanted =
            missing.filter(|group| !self.waiting.contains_key(*group)).cloned().collect();
    }

    fn removals(&mut self, leavers: &[Leaver]) {
        for Leaver { okta_id, haiilo_id, user_name, evidence, since: _, action, effect, status } in leavers {
            if let LeaverStatus::Due(_) = status {
                let (haiilo_id, evidence) = (haiilo_id.clone(), *evidence);
                let action = match (action, effect) {
                    // A kept leaver is never due.
                    (LeaverAction::Keep, _) => continue,
                    (_, RemovalEffect::Deactivated) => Action::Deactivate { haiilo_id, evidence },
                    (LeaverAction::Deactivate, RemovalEffect::Deleted) => {
                        Action::Delete { haiilo_id, evidence, method: RemovalMethod::Deactivation }
                    }
                    (LeaverAction::Delete, RemovalEffect::Deleted) => {
                        Action::Delete { haiilo_id, evidence, method: RemovalMethod::Delete }
                    }
                };
                let (okta_id, user_name) = (okta_id.clone(), user_name.clone());
                self.plan.operations.push(Operation { okta_id, user_name, action });
            }
        }
    }
}

/// The message for an account that is inactive although we did not deactivate it.
const INACTIVE: &str = "the account is inactive, by the directory's policy or by somebody's hand; activate it in Haiilo if its person shall use it";

/// The attribute that controls whether a person can log in.
static ACTIVE: LazyLock<Arc<AttributePath>> =
    LazyLock::new(|| Arc::new(AttributePath::parse("active").expect("the name of an attribute is a path")));

/// The attributes of a new account: the userName, and a value for each slot that has one.
pub fn changes_of_new(
    mapping: &Mapping,
    user_name: &UserName,
    mut value: impl FnMut(usize) -> Option<Value>,
) -> Vec<Change> {
    let name = Change {
        path: Arc::clone(&mapping.user_name().path),
        kind: ChangeKind::Plain,
        from: None,
        to: Value::text(user_name.as_str()),
        element: Element::There,
    };
    let others = mapping.rules().iter().enumerate().filter_map(|(slot, rule)| {
        let to = Some(value(slot)?);
        let path = Arc::clone(&rule.path);
        Some(Change { path, kind: change_kind(mapping, slot), from: None, to, element: Element::ToBeAdded })
    });
    std::iter::once(name).chain(others).collect()
}

fn change_kind(mapping: &Mapping, slot: usize) -> ChangeKind {
    if mapping.group_slot() == Some(slot) { ChangeKind::Group } else { ChangeKind::Plain }
}

/// The group that a change needs, if Haiilo did not have it.
fn missing_group(input: &PlanInput<'_>, change: &Change) -> Option<CompactString> {
    match (change.kind, &change.to) {
        (ChangeKind::Group, Some(Value::Text(group))) if input.state.missing_groups.contains_key(group) => {
            Some(group.clone())
        }
        _ => None,
    }
}

fn no_such_group(group: &str) -> String {
    format!("Haiilo has no group {group:?}; make it there, letter by letter, or correct the mapping")
}

/// Why Haiilo refused to make exactly this account within the last day.
fn refused_create(input: &PlanInput<'_>, okta_id: &OktaUserId, desired: &DesiredAccount) -> Option<String> {
    let rejected = input.state.rejected.get(&(okta_id.clone(), "userName".into()))?;
    let same = rejected.value == remembered_value(Value::text(desired.user_name.as_str()).as_ref());
    (same && input.now - rejected.since < REFUSED_NAME).then(|| rejected.reason.clone())
}

fn unmanaged(input: &PlanInput<'_>, operations: &[Operation]) -> Vec<Unmanaged> {
    let adopted: BTreeSet<&HaiiloId> = operations
        .iter()
        .filter(|operation| operation.kind() == OperationKind::Adopt)
        .filter_map(Operation::haiilo_id)
        .collect();
    let foreign = input.linked.unlinked().filter(|account| !adopted.contains(&account.id));
    foreign.map(|account| Unmanaged { haiilo_id: account.id.clone(), user_name: account.user_name.clone() }).collect()
}

fn warnings(input: &PlanInput<'_>) -> Vec<Warning> {
    let PlanInput { people, accounts, policy, .. } = input;
    let mut warnings = Vec::new();
    warnings.extend((people.unreadable() > 0).then(|| Warning::UnreadableRows(people.unreadable())));
    if let Proof::Doubtful(why) = accounts.proof() {
        warnings.push(Warning::ListingInDoubt(why.clone()));
    }
    let owner = policy.token_owner.as_ref().filter(|owner| accounts.named(owner).is_empty());
    warnings.extend(owner.cloned().map(Warning::TokenOwnerNotFound));
    warnings
}

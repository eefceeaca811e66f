//! The planner as a whole, over worlds in memory: what is planned, applied and planned again. No network, no store, no time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use okta_haiilo_sync::domain::listing::snapshot::{
    AccountPage, AccountPager, AccountSnapshot, AssignmentPager, AssignmentSnapshot, Person, PersonState,
};
use okta_haiilo_sync::domain::mapping::{AttributeKind, Mapping, MappingSpec, On, RuleSpec, WhenEmpty};
use okta_haiilo_sync::domain::model::account::{Account, AccountRow, Activity};
use okta_haiilo_sync::domain::model::assignment::{EligibilityDoubt, StagedRule, StatusRules, SuspendedRule};
use okta_haiilo_sync::domain::model::ids::{Fingerprint, HaiiloId, OktaUserId, UserName};
use okta_haiilo_sync::domain::model::limit::{Limit, LimitName, Limits};
use okta_haiilo_sync::domain::model::link::{Link, Links, Listed, Origin};
use okta_haiilo_sync::domain::model::person::{DesiredAccount, DesiredValue};
use okta_haiilo_sync::domain::model::policy::{
    AdoptedRule, Deprovision, LeaverAction, LeaverRules, MissingRule, Policy, Product, Protected,
};
use okta_haiilo_sync::domain::plan::cycle_plan::Plan;
use okta_haiilo_sync::domain::plan::evidence::{Evidence, EvidenceAnswer, Sighting};
use okta_haiilo_sync::domain::plan::operation::{Action, Operation, OperationKind};
use okta_haiilo_sync::domain::planning::correlate::correlate;
use okta_haiilo_sync::domain::planning::diff::assemble;
use okta_haiilo_sync::domain::planning::input::{ClockAgreement, Clocks, PlanInput};
use okta_haiilo_sync::domain::planning::leaver_decision;
use okta_haiilo_sync::domain::planning::linked_accounts::LinkedAccounts;
use okta_haiilo_sync::domain::scim::path::AttributePath;
use okta_haiilo_sync::domain::scim::value::{Compare, Value};
use okta_haiilo_sync::domain::state::sync_state::{FirstRun, SyncState, Watch};
use proptest::prelude::*;

/// A world in memory: who is assigned, which accounts there are, and whose they are.
#[derive(Clone, Debug, Default)]
struct World {
    people: BTreeMap<String, PersonState>,
    /// Id -> userName, city, activity.
    accounts: BTreeMap<String, (String, Option<String>, Option<()>)>,
    /// Okta id -> Haiilo id, userName last seen, origin.
    links: BTreeMap<String, (String, String, Option<()>)>,
    /// Okta ids of people about whom Okta says that they are deactivated.
    gone: BTreeSet<String>,
    made: u32,
}

fn mapping() -> Mapping {
    let rule = |path: &str, compare| RuleSpec {
        path: AttributePath::parse(path).expect("a path"),
        value: "user.x".to_owned(),
        compare,
        on: On::CreateAndUpdate,
        when_empty: WhenEmpty::Leave,
        kind: AttributeKind::Text,
    };
    let rules = vec![rule("userName", Compare::IgnoreCase), rule("title", Compare::Exact)];
    Mapping::new(MappingSpec { rules, tables: BTreeMap::new(), include: None, employee_number: None })
        .expect("a mapping")
}

fn policy(budget: u64) -> Policy {
    Policy {
        product: Product::Advocacy,
        statuses: StatusRules { suspended: SuspendedRule::Keep, staged: StagedRule::Skip },
        missing: MissingRule::Hold,
        leavers: LeaverRules {
            deactivated: LeaverAction::Delete,
            unassigned: LeaverAction::Keep,
            adopted: AdoptedRule::Same,
            grace: TimeDelta::zero(),
        },
        protected: Protected::new(["p0@x".to_owned()]).expect("a pattern"),
        deprovision: Deprovision::Delete,
        token_owner: Some(UserName::new("owner@x")),
        limits: {
            let mut limits = Limits::usual();
            limits.set(LimitName::Deletes, Some(Limit { percent: None, floor: Some(budget), cap: None }));
            limits
        },
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

impl World {
    fn people(&self, turn: usize) -> AssignmentSnapshot {
        let mut people: Vec<Person> = self
            .people
            .iter()
            .map(|(id, state)| Person { id: OktaUserId::new(id.as_str()), state: state.clone() })
            .collect();
        let middle = turn % people.len().max(1);
        people.rotate_left(middle);
        let mut walk = AssignmentPager::default();
        walk.take(people, 0, None).expect("one page");
        walk.finish().expect("complete")
    }

    fn accounts(&self, turn: usize) -> AccountSnapshot {
        let mut rows: Vec<AccountRow> = self
            .accounts
            .iter()
            .map(|(id, (name, title, inactive))| {
                AccountRow::Account(Account {
                    id: HaiiloId::new(id.as_str()),
                    user_name: Some(UserName::new(name.as_str())),
                    activity: if inactive.is_some() { Activity::Inactive } else { Activity::Active },
                    values: Box::new([title.as_ref().and_then(|title| Value::text(title.as_str()))]),
                    without_element: 0,
                })
            })
            .collect();
        let middle = turn % rows.len().max(1);
        rows.rotate_left(middle);
        let total = rows.len() as u64;
        let mut walk = AccountPager::new(1_000);
        let mut page = Some(AccountPage { rows, total: Some(total) });
        loop {
            let wanted = walk.wanted().expect("a walk");
            let Some(request) = wanted.first() else { return walk.finish().expect("complete") };
            let empty = AccountPage { rows: Vec::new(), total: Some(total) };
            walk.take(*request, page.take().unwrap_or(empty)).expect("a page");
        }
    }

    fn state(&self, rules: &Fingerprint) -> SyncState {
        let links: Links = self
            .links
            .iter()
            .map(|(okta_id, (haiilo_id, name, adopted))| Link {
                okta_id: OktaUserId::new(okta_id.as_str()),
                haiilo_id: HaiiloId::new(haiilo_id.as_str()),
                user_name: UserName::new(name.as_str()),
                origin: if adopted.is_some() { Origin::Adopted } else { Origin::Created },
                listed: Listed::Seen,
                missing: None,
            })
            .collect();
        let watch = Watch { since: now() - TimeDelta::days(1), last: now(), rules: rules.clone() };
        SyncState { links, first_run: FirstRun::Done, watch: Some(watch), ..SyncState::default() }
    }

    fn plan(&self, turn: usize, budget: u64) -> Plan {
        let (people, accounts) = (self.people(turn), self.accounts(turn / 7));
        let rules = Fingerprint::of(&["rules"]);
        let state = self.state(&rules);
        let (policy, mapping) = (policy(budget), mapping());
        let input = PlanInput {
            people: &people,
            accounts: &accounts,
            state: &state,
            policy: &policy,
            mapping: &mapping,
            now: now(),
            clocks: Clocks { agreement: ClockAgreement::Agrees, start: now() },
            leaver_rules: rules,
            linked: LinkedAccounts::of(&state.links, &accounts),
        };
        let unlisted = leaver_decision::unlisted(&state.links, &people);
        let sightings = unlisted.iter().map(|link| {
            let sighting = if self.gone.contains(link.okta_id.as_str()) {
                Sighting::Left(Evidence::Deactivated)
            } else {
                Sighting::Left(Evidence::Unassigned)
            };
            (link.okta_id.clone(), EvidenceAnswer { sighting, employee: None })
        });
        let leaving = leaver_decision::decide(&input, &unlisted, &sightings.collect());
        assemble(&input, correlate(&input, &leaving.unlisted), leaving)
    }

    /// Does what a plan says, as a server that keeps everything would.
    fn apply(&mut self, plan: &Plan) {
        let mut renamed = BTreeSet::new();
        let mut operations: Vec<&Operation> = plan.operations.iter().collect();
        while !operations.is_empty() {
            let at = operations
                .iter()
                .position(|operation| operation.waits_for().is_none_or(|id| renamed.contains(id.as_str())))
                .expect("somebody can always go first");
            let operation = operations.remove(at);
            self.apply_one(operation);
            if let (true, Some(id)) = (operation.renames(), operation.haiilo_id()) {
                renamed.insert(id.as_str().to_owned());
            }
        }
        let changed: Vec<(&OktaUserId, &UserName)> = plan.update.names.iter().collect();
        for (okta_id, name) in changed {
            if let Some(link) = self.links.get_mut(okta_id.as_str()) {
                name.as_str().clone_into(&mut link.1);
            }
        }
    }

    fn apply_one(&mut self, operation: &Operation) {
        let okta_id = operation.okta_id.as_str().to_owned();
        let value = |path: &str| {
            let change = operation.changes().iter().find(|change| change.path.to_string() == path);
            change.map(|change| change.to.as_ref().map(|value| value.shown().into_owned()))
        };
        match &operation.action {
            Action::Adopt { haiilo_id, origin } => {
                let name = self.accounts[haiilo_id.as_str()].0.clone();
                let adopted = (*origin == Origin::Adopted).then_some(());
                self.links.insert(okta_id, (haiilo_id.as_str().to_owned(), name, adopted));
            }
            Action::Create { .. } => {
                let id = format!("new{}", self.made);
                self.made += 1;
                let name = value("userName").flatten().expect("a new account has a userName");
                self.accounts.insert(id.clone(), (name.clone(), value("title").flatten(), None));
                self.links.insert(okta_id, (id, name, None));
            }
            Action::Update { haiilo_id, .. } => {
                let account = self.accounts.get_mut(haiilo_id.as_str()).expect("an account that exists is updated");
                if let Some(name) = value("userName").flatten() {
                    account.0.clone_from(&name);
                    if let Some(link) = self.links.get_mut(&okta_id) {
                        link.1 = name;
                    }
                }
                if let Some(title) = value("title") {
                    account.1 = title;
                }
            }
            Action::Reactivate { .. } | Action::Deactivate { .. } => panic!("Advocacy has neither: {operation:?}"),
            Action::Delete { haiilo_id, .. } => {
                self.accounts.remove(haiilo_id.as_str()).expect("an account that exists is deleted");
                self.links.remove(&okta_id);
            }
        }
    }

    /// Every userName is that of one account.
    fn assert_names_are_unique(&self) {
        let mut seen = BTreeSet::new();
        for (name, ..) in self.accounts.values() {
            assert!(seen.insert(UserName::new(name.as_str()).key()), "two accounts are called {name}");
        }
    }
}

/// A world with few names, so that they meet: people, accounts and links at random.
fn worlds() -> impl Strategy<Value = World> {
    let name =
        || (0..8_u8, any::<bool>()).prop_map(|(n, upper)| if upper { format!("P{n}@X") } else { format!("p{n}@x") });
    let title = || proptest::option::of((0..3_u8).prop_map(|n| format!("title {n}")));
    let state = (name(), title(), 0..12_u8).prop_map(|(name, title, dice)| match dice {
        0 => PersonState::Staged,
        1 => PersonState::OutOfScope,
        2 => PersonState::Left,
        3 => PersonState::Unclear(None, EligibilityDoubt::BeingDeactivated),
        _ => {
            let want = title.and_then(Value::text).map_or(DesiredValue::Leave, DesiredValue::Set);
            PersonState::Wanted(DesiredAccount {
                user_name: UserName::new(name),
                employee: None,
                values: Box::new([want]),
            })
        }
    });
    let person = (0..9_u8).prop_map(|n| format!("00u{n}"));
    let people = proptest::collection::btree_map(person.clone(), state, 0..8);
    let account = (title(), proptest::option::weighted(0.1, Just(())));
    let accounts = proptest::collection::vec(account, 0..9);
    let links = proptest::collection::vec(
        (person.clone(), 0..10_u8, name(), proptest::option::of(Just(())), any::<bool>()),
        0..9,
    );
    let gone = proptest::collection::btree_set(person, 0..9);
    (people, accounts, links, gone).prop_map(|(people, rows, pairs, gone)| {
        // Accounts have different names, as a server that knows userNames makes sure.
        let mut accounts: BTreeMap<String, _> = rows
            .into_iter()
            .enumerate()
            .map(|(n, (title, inactive))| (format!("h{n}"), (format!("p{n}@x"), title, inactive)))
            .collect();
        accounts.insert("owner".to_owned(), ("owner@x".to_owned(), None, None));
        let mut links: BTreeMap<String, (String, String, Option<()>)> = BTreeMap::new();
        for (okta_id, n, other, adopted, drifted) in pairs {
            let haiilo_id = format!("h{n}");
            if links.values().all(|(taken, ..)| *taken != haiilo_id) {
                let name = accounts.get(&haiilo_id).map_or(other.clone(), |(name, ..): &(String, _, _)| name.clone());
                links.insert(okta_id, (haiilo_id, if drifted { other } else { name }, adopted));
            }
        }
        World { people, accounts, links, gone, made: 0 }
    })
}

fn text(plan: &Plan) -> String {
    format!("{plan:#?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_an_applied_plan_the_next_plan_is_empty(mut world in worlds()) {
        let plan = world.plan(0, 100);
        world.apply(&plan);
        world.assert_names_are_unique();
        let next = world.plan(0, 100);
        if plan.of_kind(OperationKind::Delete).count() == 0 {
            prop_assert!(next.operations.is_empty(), "first {}\nthen {}", text(&plan), text(&next));
        } else {
            // What a delete frees is used by the next cycle.
            world.apply(&next);
            world.assert_names_are_unique();
            let last = world.plan(0, 100);
            prop_assert!(last.operations.is_empty(), "{}", text(&last));
        }
    }

    #[test]
    fn the_order_of_the_input_makes_no_difference(world in worlds(), turn in 0..100_usize) {
        prop_assert_eq!(text(&world.plan(0, 2)), text(&world.plan(turn, 2)));
    }

    #[test]
    fn nothing_is_done_to_who_is_held_unmanaged_or_protected(world in worlds()) {
        let plan = world.plan(0, 100);
        let held: BTreeSet<&OktaUserId> = plan.findings.held.iter().map(|held| &held.okta_id).collect();
        let unmanaged: BTreeSet<&HaiiloId> = plan.findings.unmanaged.iter().map(|account| &account.haiilo_id).collect();
        for operation in &plan.operations {
            prop_assert!(!held.contains(&operation.okta_id), "{operation:?}");
            let account = operation.haiilo_id();
            prop_assert!(account.is_none_or(|id| !unmanaged.contains(id)), "{operation:?}");
            let state = world.people.get(operation.okta_id.as_str());
            let name = account.and_then(|id| world.accounts.get(id.as_str())).map(|(name, ..)| name.to_lowercase());
            let is_protected = matches!(name.as_deref(), Some("p0@x" | "owner@x"));
            match operation.kind() {
                OperationKind::Reactivate | OperationKind::Deactivate => prop_assert!(false, "Advocacy has neither: {operation:?}"),
                OperationKind::Delete => {
                    prop_assert!(!is_protected, "{operation:?}");
                    prop_assert!(world.gone.contains(operation.okta_id.as_str()), "{operation:?}");
                    prop_assert!(world.links.contains_key(operation.okta_id.as_str()), "{operation:?}");
                    prop_assert!(matches!(state, None | Some(PersonState::Left)), "{operation:?}");
                }
                OperationKind::Adopt | OperationKind::Create | OperationKind::Update => {
                    prop_assert!(!(is_protected && operation.renames()), "{operation:?}");
                    prop_assert!(matches!(state, Some(PersonState::Wanted(_))), "{operation:?}");
                }
            }
        }
    }

    #[test]
    fn the_budget_of_deletes_is_kept(world in worlds(), budget in 0..4_u64) {
        let plan = world.plan(0, budget);
        prop_assert!(plan.of_kind(OperationKind::Delete).count() as u64 <= budget);
    }

    #[test]
    fn everybody_who_is_assigned_is_accounted_for_once(world in worlds()) {
        let plan = world.plan(0, 100);
        let operated: BTreeSet<&OktaUserId> = plan
            .operations
            .iter()
            .filter(|operation| operation.kind() != OperationKind::Delete)
            .map(|operation| &operation.okta_id)
            .collect();
        let held = plan.findings.held.iter().filter(|held| world.people.get(held.okta_id.as_str()).is_some_and(|state| *state != PersonState::Left));
        let left = world.people.values().filter(|state| **state == PersonState::Left).count();
        let missing = plan.findings.missing.iter().filter(|missing| {
            let state = world.people.get(missing.okta_id.as_str());
            let is_held = plan.findings.held.iter().any(|held| held.okta_id == missing.okta_id);
            matches!(state, Some(PersonState::Wanted(_))) && !is_held
        });
        let sum = operated.len() + held.count() + left + missing.count() + plan.findings.counts.unchanged
            + plan.findings.counts.out_of_scope + plan.findings.counts.staged;
        prop_assert_eq!(sum, world.people.len(), "{}", text(&plan));
    }
}

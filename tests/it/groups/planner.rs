//! Properties of the plan about groups, in memory: what is planned and applied leaves nothing to plan, whatever the groups and members are;
//! nobody is taken out who is not ours, or about whom nothing is done; and no limit is passed unasked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use okta_haiilo_sync::domain::groups::diff::{GroupPlanInput, Reading, assemble};
use okta_haiilo_sync::domain::groups::limits::check as check_members;
use okta_haiilo_sync::domain::groups::matching::match_groups;
use okta_haiilo_sync::domain::groups::member_index::MemberIndex;
use okta_haiilo_sync::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use okta_haiilo_sync::domain::model::account::{Account, Activity};
use okta_haiilo_sync::domain::model::assignment::EligibilityDoubt;
use okta_haiilo_sync::domain::model::group::{HaiiloGroup, Members, MembersBuilder, OktaGroup};
use okta_haiilo_sync::domain::model::ids::{Fingerprint, HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName};
use okta_haiilo_sync::domain::model::limit::{Limit, LimitName};
use okta_haiilo_sync::domain::model::link::{GroupLink, Link, Links, Listed, Origin};
use okta_haiilo_sync::domain::model::person::{DesiredAccount, Person, PersonState};
use okta_haiilo_sync::domain::model::policy::Product;
use okta_haiilo_sync::domain::plan::cycle_plan::Plan;
use okta_haiilo_sync::domain::plan::group_operation::{GroupAction, GroupAttribute, Removals};
use okta_haiilo_sync::domain::plan::group_plan::GroupPlan;
use okta_haiilo_sync::domain::planning::input::{ClockAgreement, Clocks, PlanInput};
use okta_haiilo_sync::domain::planning::linked_accounts::LinkedAccounts;
use okta_haiilo_sync::domain::state::sync_state::{GroupSyncState, SyncState};
use okta_haiilo_sync::domain::targeted::plan;
use proptest::prelude::*;

use crate::setup::defaults;

/// People of a world: the first ones are ours and certain, then come those in doubt, those who left, and accounts that are not ours.
const CERTAIN: u32 = 8;
const DOUBTFUL: u32 = 10;
const GONE: u32 = 12;
const ALL: u32 = 15;

/// One group on one side, before it is anything of ours.
#[derive(Clone, Debug)]
struct Sketch {
    name: u8,
    described: Option<u8>,
    members: BTreeSet<u32>,
}

fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let members = proptest::collection::btree_set(0..ALL, 0..ALL as usize);
    let one = (0..6_u8, proptest::option::of(0..3_u8), members);
    let one = one.prop_map(|(name, described, members)| Sketch { name, described, members });
    proptest::collection::vec(one, 0..6)
}

/// Both sides and the store.
struct Sides {
    people: AssignmentSnapshot,
    accounts: AccountSnapshot,
    links: Links,
    okta: Vec<OktaGroup>,
    wanted: BTreeMap<OktaGroupId, BTreeSet<u32>>,
    haiilo: BTreeMap<HaiiloGroupId, (HaiiloGroup, BTreeSet<u32>)>,
    state: GroupSyncState,
}

fn okta_id(n: u32) -> OktaUserId {
    OktaUserId::new(format!("00u{n:03}"))
}

fn account_id(n: u32) -> String {
    format!("account-{n}")
}

impl Sides {
    fn new(okta: &[Sketch], haiilo: &[Sketch]) -> Self {
        let person = |n: u32| Person {
            id: okta_id(n),
            state: if n < CERTAIN {
                let user_name = UserName::new(format!("{n}@example.com"));
                PersonState::Wanted(DesiredAccount { user_name, values: Box::default(), employee: None })
            } else {
                PersonState::Unclear(None, EligibilityDoubt::UserNotReadable)
            },
        };
        let account = |n: u32| Account {
            id: HaiiloId::new(account_id(n)),
            user_name: Some(UserName::new(format!("{n}@example.com"))),
            activity: Activity::Active,
            values: Box::default(),
            without_element: 0,
        };
        let link = |n: u32| Link {
            okta_id: okta_id(n),
            haiilo_id: HaiiloId::new(account_id(n)),
            user_name: UserName::new(format!("{n}@example.com")),
            origin: Origin::Created,
            listed: Listed::Seen,
            missing: None,
        };
        let mut names = BTreeSet::new();
        let haiilo = (0..).zip(haiilo).filter(|(_, sketch)| names.insert(sketch.name)).map(|(at, sketch)| {
            let id = HaiiloGroupId::new(format!("group-{at}"));
            (id.clone(), (shown(id, sketch), sketch.members.clone()))
        });
        let haiilo = haiilo.collect();
        let id = |at: usize| OktaGroupId::new(format!("00g{at}"));
        Self {
            people: plan::people((0..DOUBTFUL).map(person).collect()),
            accounts: plan::accounts((0..ALL).map(account).collect()),
            links: (0..GONE).map(link).collect(),
            wanted: okta.iter().enumerate().map(|(at, sketch)| (id(at), sketch.members.clone())).collect(),
            okta: okta
                .iter()
                .enumerate()
                .map(|(at, sketch)| OktaGroup {
                    id: id(at),
                    name: format!("Name {}", sketch.name).into(),
                    description: sketch.described.map(|text| format!("Text {text}").into()),
                })
                .collect(),
            haiilo,
            state: GroupSyncState::default(),
        }
    }

    fn plan(&self, limit: Option<Limit>) -> GroupPlan {
        let member_index = MemberIndex::of(&self.people, &self.accounts, &self.links, &Plan::default());
        let shown: Vec<HaiiloGroup> = self.haiilo.values().map(|(group, _)| group.clone()).collect();
        let gather = |members: &BTreeSet<u32>, index: &dyn Fn(u32) -> (Option<_>, String)| -> Members {
            let mut gathering = MembersBuilder::default();
            for n in members {
                let (index, id) = index(*n);
                gathering.take(index, &id);
            }
            gathering.finish()
        };
        let in_okta = |n: u32| (member_index.of_person(&okta_id(n)), okta_id(n).to_string());
        let in_haiilo = |n: u32| (member_index.of_account(&account_id(n)), account_id(n));
        let matching = match_groups(&self.okta, &shown, &self.state);
        let readings = matching.matched.iter().map(|matched| {
            let inside = matched.target.shown().map(|group| &self.haiilo[&group.id].1);
            let reading = Reading {
                wanted: Ok(gather(&self.wanted[&matched.group.id], &in_okta)),
                shown: Ok(inside.map_or_else(Members::default, |inside| gather(inside, &in_haiilo))),
            };
            (matched.group.id.clone(), reading)
        });
        let readings = readings.collect();
        let gone = BTreeMap::new();
        let state = SyncState { groups: self.state.clone(), ..SyncState::default() };
        let mut policy = defaults::policy(Product::Intranet);
        policy.limits.set(LimitName::Members, limit);
        let (mapping, now) = (defaults::mapping(|_| {}), DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        let input = PlanInput {
            people: &self.people,
            accounts: &self.accounts,
            state: &state,
            policy: &policy,
            mapping: &mapping,
            now,
            clocks: Clocks { agreement: ClockAgreement::Agrees, start: now },
            leaver_rules: Fingerprint::of(&["rules"]),
            linked: LinkedAccounts::of(&state.links, &self.accounts),
        };
        let of_groups = GroupPlanInput {
            input: &input,
            chosen: &self.okta,
            shown: &shown,
            gone: &gone,
            member_index: &member_index,
        };
        let mut plan = assemble(of_groups, matching, &readings);
        check_members(&mut plan, &input, None);
        plan
    }

    /// Does what a plan says.
    fn apply(&mut self, plan: &GroupPlan) {
        for operation in &plan.operations {
            let ours = self.state.links.get(&operation.okta_id).map(|link| link.haiilo_id.clone());
            let link = |haiilo_id: &HaiiloGroupId, origin, described| GroupLink {
                okta_id: operation.okta_id.clone(),
                haiilo_id: haiilo_id.clone(),
                name: operation.name.clone(),
                origin,
                described,
            };
            match &operation.action {
                GroupAction::Adopt { haiilo_id, origin } => {
                    self.state.links.insert(operation.okta_id.clone(), link(haiilo_id, *origin, None));
                }
                GroupAction::Create { description } => {
                    let id = HaiiloGroupId::new(format!("made for {}", operation.okta_id));
                    let group = HaiiloGroup {
                        id: id.clone(),
                        name: operation.name.clone(),
                        external_id: Some(operation.okta_id.as_str().into()),
                        description: description.clone(),
                        members: None,
                    };
                    let made = link(&id, Origin::Created, description.clone());
                    self.state.links.insert(operation.okta_id.clone(), made);
                    self.haiilo.insert(id, (group, BTreeSet::new()));
                }
                GroupAction::Update { haiilo_id, changes } => {
                    let (group, _) = self.haiilo.get_mut(haiilo_id).expect("a group");
                    for change in changes {
                        match change.attribute {
                            GroupAttribute::Name => group.name = change.to.clone().expect("a name"),
                            GroupAttribute::Description => {
                                group.description.clone_from(&change.to);
                                let link = self.state.links.get_mut(&operation.okta_id).expect("a link");
                                link.described.clone_from(&change.to);
                            }
                        }
                    }
                }
                GroupAction::Members { haiilo_id, add, remove, removals } => {
                    let id = haiilo_id.clone().or(ours).expect("a group");
                    let (_, inside) = self.haiilo.get_mut(&id).expect("a group");
                    let number = |index| plan.people[index].okta_id.as_str()[3..].parse::<u32>().expect("a number");
                    inside.extend(add.iter().map(number));
                    if *removals != Removals::Blocked {
                        for index in remove {
                            inside.remove(&number(index));
                        }
                    }
                }
                GroupAction::Delete { .. } => panic!("nobody asked for a delete"),
            }
        }
    }
}

fn shown(id: HaiiloGroupId, sketch: &Sketch) -> HaiiloGroup {
    HaiiloGroup {
        id,
        name: format!("name {} ", sketch.name).into(),
        external_id: None,
        description: sketch.described.map(|text| format!("Text {text}").into()),
        members: None,
    }
}

proptest! {
    #[test]
    fn what_is_planned_and_applied_leaves_nothing_to_plan(okta in sketches(), haiilo in sketches(), renamed in 0..6_u8) {
        let mut sides = Sides::new(&okta, &haiilo);
        let plan = sides.plan(None);
        sides.apply(&plan);
        let left = sides.plan(None);
        prop_assert!(left.operations.is_empty(), "{left:#?}");
        prop_assert_eq!(left.held, plan.held);
        // Another name is an update, or a reason to hold the group, and after that nothing is left again.
        if let Some(group) = sides.okta.first_mut() {
            group.name = format!("Name {renamed}").into();
        }
        let plan = sides.plan(None);
        sides.apply(&plan);
        let left = sides.plan(None);
        // A name that was freed by another group is taken in the cycle after.
        sides.apply(&left);
        prop_assert!(sides.plan(None).operations.is_empty());
    }

    #[test]
    fn nobody_goes_out_but_those_who_are_certain(okta in sketches(), haiilo in sketches()) {
        let mut sides = Sides::new(&okta, &haiilo);
        let before: Vec<BTreeSet<u32>> = sides.haiilo.values().map(|(_, inside)| inside.clone()).collect();
        let plan = sides.plan(None);
        sides.apply(&plan);
        for (before, (_, after)) in before.iter().zip(sides.haiilo.values()) {
            let doubtful = |inside: &BTreeSet<u32>| inside.range(CERTAIN..).copied().collect::<Vec<_>>();
            prop_assert_eq!(doubtful(before), doubtful(after));
        }
        for (_, inside) in sides.haiilo.values().filter(|(group, _)| group.external_id.is_some()) {
            prop_assert!(inside.iter().all(|n| *n < CERTAIN), "{inside:?}");
        }
    }

    #[test]
    fn no_group_loses_more_than_the_limit(okta in sketches(), haiilo in sketches(), floor in 0..4_u64) {
        let mut sides = Sides::new(&okta, &haiilo);
        let before: Vec<BTreeSet<u32>> = sides.haiilo.values().map(|(_, inside)| inside.clone()).collect();
        let plan = sides.plan(Some(Limit { percent: None, floor: Some(floor), cap: None }));
        sides.apply(&plan);
        for (before, (_, after)) in before.iter().zip(sides.haiilo.values()) {
            prop_assert!(before.difference(after).count() as u64 <= floor);
        }
        prop_assert_eq!(plan.approval_id.is_some(), !plan.blocked.is_empty());
    }

    #[test]
    fn the_order_of_listings_is_irrelevant(okta in sketches(), haiilo in sketches()) {
        let sides = Sides::new(&okta, &haiilo);
        let mut other = Sides::new(&okta, &haiilo);
        other.okta.reverse();
        prop_assert_eq!(sides.plan(None).operations, other.plan(None).operations);
    }
}

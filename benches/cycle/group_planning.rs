//! The pure part of a cycle about groups (matching, plan, guard), on one core: with more members in one group, and with more groups.

use std::collections::BTreeMap;
use std::time::Instant;

use okta_haiilo_sync::domain::groups::diff::{GroupPlanInput, Reading, assemble};
use okta_haiilo_sync::domain::groups::limits;
use okta_haiilo_sync::domain::groups::matching::match_groups;
use okta_haiilo_sync::domain::groups::member_index::MemberIndex;
use okta_haiilo_sync::domain::model::group::{HaiiloGroup, Members, MembersBuilder, OktaGroup};
use okta_haiilo_sync::domain::model::ids::{HaiiloGroupId, OktaGroupId, OktaUserId};
use okta_haiilo_sync::domain::model::link::{GroupLink, Origin};
use okta_haiilo_sync::domain::planning::input::PlanInput;
use okta_haiilo_sync::domain::state::sync_state::{GroupSyncState, SyncState};

use crate::Bounds;
use crate::company::{Company, okta_id};

/// Groups, and members of each: ten times as many of the one, then of the other.
const SHAPES: [(u32, u32); 4] = [(1, 5_000), (1, 50_000), (2_000, 10), (20_000, 10)];
const ROUNDS: usize = 5;

pub(crate) fn measure(bounds: &mut Bounds) {
    println!("the pure part of a cycle about groups, one core");
    let mut company = Company::of(50_000);
    let (people, accounts) = company.snapshots();
    let input = company.input(&people, &accounts);
    let (plan, _) = Company::plan(&input, Company::correlate(&input));
    let member_index = MemberIndex::of(&people, &accounts, &company.state.links, &plan.people);
    let times = SHAPES.map(|(groups, members)| {
        let shape = Shape::of(groups, members, &member_index);
        let time = (0..ROUNDS).map(|_| shape.time(&input, &member_index)).fold(f64::INFINITY, f64::min);
        println!("    {groups:>9} groups of {members:>6} members {time:>9.1} ms");
        time
    });
    let [few_members, many_members, few_groups, many_groups] = times;
    let most = bounds.goals.growth;
    bounds.ratio(
        "cost of a member among 50,000, as a multiple of that among 5,000",
        many_members / few_members / 10.0,
        most,
    );
    bounds.ratio(
        "cost of a group among 20,000, as a multiple of that among 2,000",
        many_groups / few_groups / 10.0,
        most,
    );
}

/// Both sides' groups, all of them linked, and what was read of each.
struct Shape {
    chosen: Vec<OktaGroup>,
    shown: Vec<HaiiloGroup>,
    state: GroupSyncState,
    readings: BTreeMap<OktaGroupId, Reading>,
}

impl Shape {
    /// A tenth of the members is in Okta alone, another one in Haiilo alone; a tenth of the groups is linked and no longer chosen.
    fn of(groups: u32, members: u32, member_index: &MemberIndex<'_>) -> Self {
        let inside = |group: u32, left_out: u32| -> Members {
            let mut gathering = MembersBuilder::default();
            for n in (0..members).filter(|n| n % 10 != left_out) {
                let id = okta_id((group * 7 + n) % 50_000);
                gathering.take(member_index.of_person(&OktaUserId::new(id.as_str())), &id);
            }
            gathering.finish()
        };
        let ids = |n: u32| (OktaGroupId::new(format!("00g{n:017}")), HaiiloGroupId::new(format!("group-{n:017}")));
        let mut shape =
            Self { chosen: Vec::new(), shown: Vec::new(), state: GroupSyncState::default(), readings: BTreeMap::new() };
        for n in 0..groups {
            let ((okta_id, haiilo_id), name) = (ids(n), format!("Group {n}"));
            let link = GroupLink {
                okta_id: okta_id.clone(),
                haiilo_id: haiilo_id.clone(),
                name: name.as_str().into(),
                origin: Origin::Created,
                described: None,
            };
            shape.state.links.insert(okta_id.clone(), link);
            let (name, external_id) = (name.as_str().into(), Some(okta_id.as_str().into()));
            shape.shown.push(HaiiloGroup { id: haiilo_id, name, external_id, description: None, members: None });
            if n % 10 != 9 {
                let reading = Reading { wanted: Ok(inside(n, 1)), shown: Ok(inside(n, 2)) };
                shape.readings.insert(okta_id.clone(), reading);
                shape.chosen.push(OktaGroup { id: okta_id, name: format!("Group {n}").into(), description: None });
            }
        }
        shape
    }

    /// Milliseconds for the plan, and what the limits say of it.
    fn time(&self, input: &PlanInput<'_>, member_index: &MemberIndex<'_>) -> f64 {
        let Self { chosen, shown, state: groups, readings } = self;
        let state = SyncState { groups: groups.clone(), ..SyncState::default() };
        let input = PlanInput { state: &state, ..input.clone() };
        let began = Instant::now();
        let matching = match_groups(chosen, shown, &state.groups);
        let input_of_groups = GroupPlanInput { input: &input, chosen, shown, gone: &BTreeMap::new(), member_index };
        let mut plan = assemble(input_of_groups, matching, readings);
        limits::check(&mut plan, &input, None);
        let items = plan.items().count();
        let time = began.elapsed().as_secs_f64() * 1000.0;
        assert_eq!(plan.operations.len(), chosen.len(), "members move in every group");
        assert!(items >= plan.operations.len(), "everybody who moves is named");
        time
    }
}

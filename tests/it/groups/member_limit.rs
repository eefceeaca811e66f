//! Stories of `limits.members`: a group that would lose too many members loses none, until exactly these are let go; people come in meanwhile.

use chrono::TimeDelta;
use okta_haiilo_sync::domain::model::ids::ApprovalId;
use okta_haiilo_sync::domain::model::policy::GroupDeletes;
use okta_haiilo_sync::domain::state::run_history::CycleResult;
use okta_haiilo_sync::engine::CycleReport;

use crate::groups::world::{ended, in_step, named};
use crate::setup::world::World;

const ALL: [u32; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

/// Fourteen people in a group, of whom as many are taken out in Okta as are named here.
async fn emptied(out: &[u32]) -> World {
    let world = in_step(16, &[("Sales", &ALL)]).await;
    for n in out {
        world.leave("Sales", *n);
    }
    world
}

fn blocked(report: &CycleReport) -> Vec<(u64, u64)> {
    report.prepared.plan.groups.blocked.iter().map(|blocked| (blocked.found, blocked.allowed)).collect()
}

fn id(report: &CycleReport) -> ApprovalId {
    report.prepared.plan.groups.approval_id.clone().expect("something to approve")
}

#[tokio::test]
async fn too_many_removals_wait_and_people_come_in_meanwhile() {
    let mut world = emptied(&ALL).await;
    world.join("Sales", 15);
    // Nothing else is blocked, and the people's part of the cycle ends as it should.
    let report = world.sync_groups(&["group-members done Sales"]).await;
    assert_eq!((blocked(&report), report.result()), (vec![(14, 10)], CycleResult::Applied));
    let writes = world.group_writes();
    assert_eq!(writes.iter().map(named).collect::<Vec<_>>(), [1]);
    assert_eq!(world.inside("Sales").len(), 15);
    // Exactly these may go: with one more, nobody does.
    assert_eq!(world.approve(&id(&report)).await, Some(14));
    world.leave("Sales", 15);
    let more = world.sync_groups(&["group-members held Sales"]).await;
    assert_eq!(blocked(&more), [(15, 10)]);
    world.join("Sales", 15);
    let report = world.sync_groups(&["group-members done Sales"]).await;
    assert_eq!((blocked(&report), world.inside("Sales")), (Vec::new(), vec![15]));
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn the_approval_may_be_named_with_the_command() {
    let mut world = emptied(&ALL).await;
    let report = world.sync_groups(&["group-members held Sales"]).await;
    let given = id(&report);
    assert_eq!(world.plan().await.plan.groups.approval_id, Some(given.clone()));
    let scope = okta_haiilo_sync::engine::Scope::Everybody;
    let report = world.try_sync_with(scope, Some(given)).await.expect("a cycle");
    assert_eq!((ended(&report), world.inside("Sales").len()), (vec!["group-members done Sales".to_owned()], 0));
}

#[tokio::test]
async fn the_day_is_rolling_and_counts_members() {
    let mut world = emptied(&ALL[..6]).await;
    world.sync_groups(&["group-members done Sales"]).await;
    for n in &ALL[6..11] {
        world.leave("Sales", *n);
    }
    let report = world.sync_groups(&["group-members held Sales"]).await;
    assert_eq!(blocked(&report), [(11, 10)]);
    world.advance(TimeDelta::hours(25));
    let report = world.sync_groups(&["group-members done Sales"]).await;
    assert_eq!((blocked(&report), world.inside("Sales")), (Vec::new(), vec![11, 12, 13]));
}

#[tokio::test]
async fn another_group_is_another_matter() {
    let mut world = in_step(14, &[("Sales", &ALL), ("Staff", &ALL)]).await;
    for n in ALL {
        world.leave("Sales", n);
    }
    world.leave("Staff", 3);
    let report = world.sync_groups(&["group-members held Sales", "group-members done Staff"]).await;
    assert_eq!(blocked(&report), [(14, 10)]);
    assert_eq!((world.inside("Sales").len(), world.inside("Staff").len()), (14, 13));
}

#[tokio::test]
async fn a_group_with_many_members_is_not_deleted_unasked() {
    let mut world = in_step(14, &[("Sales", &ALL), ("Staff", &[0])]).await;
    world.settings.groups.as_mut().expect("rules").delete = GroupDeletes::WhenGone;
    let sales = world.okta_group_id("Sales");
    world.okta.state().drop_group(&sales);
    let report = world.sync_groups(&["group-delete held Sales"]).await;
    assert_eq!(blocked(&report), [(14, 10)]);
    world.approve(&id(&report)).await.expect("something to approve");
    world.sync_groups(&["group-delete done Sales"]).await;
    assert!(world.haiilo.state().group_named("Sales").is_none());
    world.assert_groups_converged().await;
}

//! Limits that stop before the first write, and a way past them that does not have to raise them.

use chrono::TimeDelta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use serde_json::json;

use crate::setup::output::told;
use crate::setup::world::{World, outcomes};

/// MicrosoftDocs/azure-docs#44661 asks whether the first removals are made before the threshold stops the rest: here a plan that breaks one
/// limit writes nothing of any kind.
#[tokio::test]
async fn a_stop_comes_before_the_first_write_and_not_after_some() {
    let mut world = World::in_step(20).await;
    world.settings.policy.leavers.grace = TimeDelta::days(1);
    world.sync_well().await;
    let due = world.okta_id(1);
    world.okta.state().deactivate(&due);
    world.sync_well().await;
    world.advance(TimeDelta::hours(23));
    world.sync_well().await;
    world.advance(TimeDelta::hours(2));
    let ids: Vec<String> = (10..16).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().unassign(id);
    }
    world.set_profile(2, "city", json!("Paris"));
    world.okta.state().hire(&person(30));
    let report = world.sync().await;
    let told = told(&report);
    assert_eq!(told["violations"], json!([{"limit": "leavers", "found": 6, "allowed": 5}]));
    let kinds: Vec<&str> =
        told["operations"].as_array().expect("a list").iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["update", "create", "delete"]);
    assert_eq!(told["outcomes"], json!([]));
    assert_eq!(world.haiilo.state().writes(), []);
    // Approved, exactly this is done.
    let report = world.sync_approved().await;
    assert_eq!(outcomes(&report), ["update done", "create done", "delete done"]);
    assert_eq!(world.haiilo.state().writes().len(), 3);
    world.assert_converged().await;
}

/// In firezone/firezone#10898 an honest removal of many could only pass after the threshold was raised for everybody and for ever.
#[tokio::test]
async fn an_honest_removal_of_many_is_approved_once_and_then_made_by_the_day() {
    let mut world = World::in_step(40).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.sync_well().await;
    let ids: Vec<String> = (0..10).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().deactivate(id);
    }
    let limits = world.settings.policy.limits.clone();
    assert_eq!(world.sync().await.prepared.limit_check.decision, LimitDecision::Blocked);
    let mut by_day = vec![world.sync_well_approved().await.concluded.len()];
    for _ in 0..4 {
        world.advance(TimeDelta::hours(25));
        by_day.push(world.sync_well().await.concluded.len());
    }
    assert_eq!(by_day, [3, 3, 3, 1, 0], "three a day is the budget of deletes here");
    assert_eq!(world.settings.policy.limits, limits);
    world.assert_converged().await;
}

/// In bitwarden/server#685 the limit counted people who had been gone for long, so that honest runs failed.
#[tokio::test]
async fn people_who_left_long_ago_do_not_count_again() {
    let mut world = World::in_step(30).await;
    for wave in 0..4 {
        let ids: Vec<String> = (wave * 5..wave * 5 + 5).map(|n| world.okta_id(n)).collect();
        for id in &ids {
            world.okta.state().unassign(id);
        }
        let report = world.sync_well().await;
        let unlisted =
            report.prepared.limit_check.usage.iter().find(|usage| usage.limit == LimitName::Leavers).expect("a limit");
        assert_eq!((unlisted.used, unlisted.allowed), (5, Some(5)), "wave {wave}");
        world.advance(TimeDelta::hours(25));
    }
    assert_eq!(world.plan().await.plan.people.findings.leavers.len(), 20);
    // And one more than five at once still stops.
    let ids: Vec<String> = (20..26).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().unassign(id);
    }
    assert_eq!(world.sync().await.prepared.limit_check.decision, LimitDecision::Blocked);
}

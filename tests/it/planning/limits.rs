//! Stories of the guard: signs of a bad source stop the whole run before its first write, and exactly what was blocked can be approved.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta::{self, Bend};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::PushRule;
use okta_haiilo_sync::domain::mapping::WhenEmpty;
use okta_haiilo_sync::domain::model::ids::ApprovalId;
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use okta_haiilo_sync::domain::state::sync_state::FirstRun;
use okta_haiilo_sync::engine::{CycleError, CycleReport, Prepared, Scope};
use serde_json::json;

use crate::setup::world::{Ran, World, mapping, seed, warnings};

/// The broken limits of a plan, each as `name found>allowed`.
fn broken(prepared: &Prepared) -> Vec<String> {
    let violations = prepared.limit_check.violations.iter();
    violations.map(|broken| format!("{} {}>{}", broken.limit.as_str(), broken.found, broken.allowed)).collect()
}

/// A cycle that is blocked: nothing is written to Haiilo, and nobody becomes a leaver or missing.
async fn blocked(world: &mut World, violations: &[&str]) -> Ran {
    let before = world.state().await;
    world.haiilo.state().forget_writes();
    let report = world.sync().await;
    assert_eq!(broken(&report.prepared), violations);
    assert_eq!(report.prepared.limit_check.decision, LimitDecision::Blocked);
    assert!(report.concluded.is_empty() && world.haiilo.state().writes().is_empty());
    let after = world.state().await;
    assert_eq!((before.leavers, before.links.len(), before.watch), (after.leavers, after.links.len(), after.watch));
    assert!(after.links.iter().all(|link| link.missing.is_none()));
    report
}

fn id(report: &CycleReport) -> ApprovalId {
    report.prepared.limit_check.approval_id.clone().expect("something to approve")
}

/// Refused, approved, applied, and in step.
async fn approved(world: &mut World, violations: &[&str]) {
    let report = blocked(world, violations).await;
    assert!(world.approve(&id(&report)).await.is_some_and(|items| items > 0));
    let report = world.sync().await;
    assert_eq!(report.prepared.limit_check.decision, LimitDecision::Approved(id(&report)));
    assert!(report.concluded.iter().all(|concluded| !concluded.outcome.is_failure()), "{:?}", report.concluded);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_09_a_first_run_wants_an_approval() {
    let mut world = World::with_people(3).await;
    let report = blocked(&mut world, &["first_run 3>0"]).await;
    // The id names the operations and not the time.
    world.advance(TimeDelta::hours(5));
    assert_eq!(world.plan().await.limit_check.approval_id, Some(id(&report)));
    approved(&mut world, &["first_run 3>0"]).await;
    assert_eq!(world.state().await.first_run, FirstRun::Done);
}

#[tokio::test]
async fn invariant_09_too_many_creates() {
    let mut world = World::in_step(3).await;
    for n in 10..36 {
        world.okta.state().hire(&person(n));
    }
    approved(&mut world, &["creates 26>25"]).await;
    // What was approved does not count again.
    world.okta.state().hire(&person(50));
    world.sync_well().await;
}

#[tokio::test]
async fn invariant_09_the_day_is_rolling() {
    let mut world = World::in_step(3).await;
    for n in 10..30 {
        world.okta.state().hire(&person(n));
    }
    world.sync_well().await;
    world.advance(TimeDelta::hours(23));
    for n in 30..40 {
        world.okta.state().hire(&person(n));
    }
    blocked(&mut world, &["creates 30>25"]).await;
    world.advance(TimeDelta::hours(2));
    world.sync_well().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_09_adopted_accounts_count_like_new_ones() {
    let mut world = World::in_step(3).await;
    world.haiilo.state().populate((10..40).map(|n| seed(&person(n))));
    for n in 10..40 {
        world.okta.state().hire(&person(n));
    }
    approved(&mut world, &["creates 30>25"]).await;
}

#[tokio::test]
async fn invariant_09_too_many_updates_clears_and_moves() {
    let mut world = World::in_step(40).await;
    for n in 0..26 {
        world.set_profile(n, "lastName", json!("Smith"));
    }
    approved(&mut world, &["updates 26>25"]).await;
    for n in 0..6 {
        world.set_profile(n, "countryCode", json!("IE"));
        world.set_profile(n, "city", json!("Dublin"));
    }
    let moved = broken(&world.plan().await);
    assert!(moved.is_empty() || moved == ["moves 6>5"], "{moved:?}");
    world.settings.mapping = mapping(|spec| spec.rules[4].when_empty = WhenEmpty::Clear);
    for n in 20..26 {
        world.set_profile(n, "city", json!(""));
    }
    assert!(broken(&world.plan().await).contains(&"clears 6>5".to_owned()));
}

#[tokio::test]
async fn invariant_09_too_many_moves() {
    let mut world = World::in_step(20).await;
    for n in 0..20 {
        let to = if world.account(n).expect("an account").group() == "Finland" { "DE" } else { "FI" };
        if n < 6 {
            world.set_profile(n, "countryCode", json!(to));
        }
    }
    approved(&mut world, &["moves 6>5"]).await;
}

#[tokio::test]
async fn invariant_09_too_many_clears() {
    let mut world = World::in_step(20).await;
    world.settings.mapping = mapping(|spec| spec.rules[4].when_empty = WhenEmpty::Clear);
    for n in 0..6 {
        world.set_profile(n, "city", json!(""));
    }
    approved(&mut world, &["clears 6>5"]).await;
}

#[tokio::test]
async fn invariant_09_too_many_renames() {
    let mut world = World::in_step(10).await;
    let ids: Vec<String> = (0..4).map(|n| world.okta_id(n)).collect();
    for (n, id) in ids.iter().enumerate() {
        world.okta.state().rename(id, &format!("renamed{n}@example.com"));
    }
    approved(&mut world, &["renames 4>3"]).await;
}

#[tokio::test]
async fn invariant_09_too_many_people_gone_do_not_become_leavers_by_waiting() {
    let mut world = World::in_step(20).await;
    let ids: Vec<String> = (0..6).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().unassign(id);
    }
    for _ in 0..3 {
        blocked(&mut world, &["leavers 6>5"]).await;
        world.advance(TimeDelta::hours(20));
    }
    approved(&mut world, &["leavers 6>5"]).await;
    assert_eq!(world.state().await.leavers.len(), 6);
    // And the day after the approval nothing trips again.
    world.advance(TimeDelta::hours(30));
    world.sync_well().await;
}

#[tokio::test]
async fn invariant_09_people_who_trickle_away_are_counted_together() {
    let mut world = World::in_step(20).await;
    let ids: Vec<String> = (0..8).map(|n| world.okta_id(n)).collect();
    for id in &ids[..5] {
        world.okta.state().unassign(id);
        world.sync_well().await;
        world.advance(TimeDelta::hours(1));
    }
    world.okta.state().unassign(&ids[5]);
    refused_keeping(&mut world, &["leavers 6>5"]).await;
    world.advance(TimeDelta::hours(20));
    world.sync_well().await;
}

/// Like `blocked`, for a world in which somebody is a leaver already.
async fn refused_keeping(world: &mut World, violations: &[&str]) {
    let before = world.state().await.leavers;
    let report = world.sync().await;
    assert_eq!(broken(&report.prepared), violations);
    assert_eq!(world.state().await.leavers, before);
}

#[tokio::test]
async fn invariant_01_nobody_is_assigned_is_believed_only_when_an_operator_approved_it() {
    let mut world = World::in_step(3).await;
    world.okta.plant(When::Every(okta::route::APP_USERS), Fault::Bend(Bend::EmptyList));
    let report = blocked(&mut world, &["nobody_assigned 3>0"]).await;
    // By id they are all still assigned: nobody is a leaver, whoever approves.
    assert!(report.prepared.plan.people.findings.leavers.is_empty());
    assert_eq!(report.prepared.plan.people.findings.held.len(), 3);
    world.okta.heal();
    let ids: Vec<String> = (0..3).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().unassign(id);
    }
    approved(&mut world, &["nobody_assigned 3>0"]).await;
    world.advance(TimeDelta::hours(30));
    assert!(broken(&world.plan().await).is_empty());
}

#[tokio::test]
async fn invariant_09_an_empty_haiilo_stops_the_run() {
    let mut world = World::in_step(3).await;
    let ids: Vec<String> = world.haiilo.state().accounts().iter().map(|account| account.id.clone()).collect();
    for id in &ids {
        world.haiilo.state().hide_from_list(id);
    }
    let report = blocked(&mut world, &["haiilo_empty 3>0"]).await;
    assert_eq!(report.prepared.plan.people.findings.missing.len(), 3);
}

#[tokio::test]
async fn invariant_09_too_many_missing_accounts() {
    let mut world = World::in_step(20).await;
    for n in 0..4 {
        let id = world.haiilo_id(n);
        world.haiilo.state().remove_account(&id);
    }
    blocked(&mut world, &["missing 4>3"]).await;
    let report = world.sync().await;
    assert!(world.approve(&id(&report)).await.is_some());
    assert!(world.sync().await.concluded.is_empty());
    world.advance(TimeDelta::hours(30));
    world.sync_well().await;
    assert_eq!(world.plan().await.plan.people.findings.missing.len(), 4);
}

#[tokio::test]
async fn invariant_09_a_changed_mapping_that_changes_more_than_ten_people_wants_an_approval() {
    let mut world = World::in_step(30).await;
    world.settings.mapping = mapping(|spec| spec.rules[2].value = "user.lastName | upper".to_owned());
    let report = blocked(&mut world, &["mapping_changed 30>10", "updates 30>25"]).await;
    world.approve(&id(&report)).await;
    assert_eq!(world.sync().await.concluded.len(), 30);
    world.assert_converged().await;
    // A change that concerns ten people passes, and is no change any more afterwards.
    world.settings.mapping = mapping(|spec| {
        spec.rules[2].value = "user.lastName | upper".to_owned();
        spec.rules[1].value = "user.nickName or user.firstName".to_owned();
    });
    for n in 0..10 {
        world.set_profile(n, "nickName", json!("Nick"));
    }
    world.settings.policy.limits.set(LimitName::Updates, None);
    assert_eq!(world.sync_well().await.concluded.len(), 10);
    for n in 10..21 {
        world.set_profile(n, "nickName", json!("Nick"));
    }
    assert_eq!(world.sync_well().await.concluded.len(), 11);
}

#[tokio::test]
async fn an_approval_covers_what_was_blocked_and_nothing_more() {
    let mut world = World::in_step(3).await;
    for n in 10..36 {
        world.okta.state().hire(&person(n));
    }
    let report = blocked(&mut world, &["creates 26>25"]).await;
    let first = id(&report);
    world.approve(&first).await;
    world.okta.state().hire(&person(40));
    let report = blocked(&mut world, &["creates 27>25"]).await;
    assert_ne!(id(&report), first);
    // Fewer than were approved are fine.
    let gone = [world.okta_id(40), world.okta_id(10)];
    for id in &gone {
        world.okta.state().unassign(id);
    }
    let five = okta_haiilo_sync::domain::model::limit::Limit { percent: None, floor: Some(5), cap: None };
    world.settings.policy.limits.set(LimitName::Creates, Some(five));
    let report = world.sync().await;
    assert_eq!(report.prepared.limit_check.decision, LimitDecision::Approved(first));
    assert_eq!(report.concluded.len(), 25);
    world.assert_converged().await;
}

#[tokio::test]
async fn an_approval_ends_after_a_day() {
    let mut world = World::in_step(3).await;
    for n in 10..36 {
        world.okta.state().hire(&person(n));
    }
    let report = blocked(&mut world, &["creates 26>25"]).await;
    world.approve(&id(&report)).await;
    world.advance(TimeDelta::hours(24));
    blocked(&mut world, &["creates 26>25"]).await;
    assert_eq!(world.approve(&ApprovalId::new("unknown")).await, None);
}

#[tokio::test]
async fn an_approval_that_was_named_for_another_plan_lets_nothing_pass() {
    let mut world = World::in_step(3).await;
    for n in 10..36 {
        world.okta.state().hire(&person(n));
    }
    let other = Some(ApprovalId::new("000000000000"));
    let report = world.try_sync_with(Scope::Everybody, other).await.expect("a cycle");
    assert_eq!(report.prepared.limit_check.decision, LimitDecision::Blocked);
    assert!(report.concluded.is_empty());
}

#[tokio::test]
async fn a_limit_that_is_off_stops_nothing() {
    let mut world = World::in_step(3).await;
    world.settings.policy.limits.set(LimitName::Creates, None);
    for n in 10..80 {
        world.okta.state().hire(&person(n));
    }
    assert_eq!(world.sync_well().await.concluded.len(), 70);
}

#[tokio::test]
async fn one_failure_does_not_make_a_refusal() {
    let mut world = World::in_step(3).await;
    for n in 10..30 {
        world.okta.state().hire(&person(n));
    }
    world.haiilo.plant(When::Nth(okta_haiilo_sim::haiilo::route::CREATE, 3), Fault::Refuse(400));
    let report = world.sync().await;
    let failed = report.concluded.iter().filter(|concluded| concluded.outcome.is_failure()).count();
    assert_eq!((report.concluded.len(), failed), (20, 1));
}

#[tokio::test]
async fn oktas_own_push_is_a_second_writer() {
    let mut world = World::in_step(3).await;
    world.okta.state().app.features = vec!["PUSH_NEW_USERS".to_owned(), "PUSH_PROFILE_UPDATES".to_owned()];
    world.set_profile(1, "city", json!("Paris"));
    let report = blocked(&mut world, &["push_is_on 2>0"]).await;
    assert!(report.prepared.limit_check.approval_id.is_none());
    assert!(warnings(&report.prepared.plan).contains("PUSH_NEW_USERS"));
    world.settings.push_is_on = PushRule::Accept;
    world.sync_well().await;
}

#[tokio::test]
async fn invariant_07_a_store_of_other_ends_stops_everything() {
    for what in ["Okta organization", "Okta application", "product", "Haiilo endpoint"] {
        let mut world = World::in_step(2).await;
        assert_eq!(world.state().await.tenant.and_then(|tenant| tenant.org_id).as_deref(), Some(okta::ORG_ID));
        let tenant = &mut world.settings.tenant;
        match what {
            "Okta organization" => tenant.org_url = "https://other.okta.com/".to_owned(),
            "Okta application" => tenant.app_id = "0oaother".to_owned(),
            "product" => tenant.product = "intranet".to_owned(),
            _ => tenant.base_url = "https://other.smarpshare.com/api/scim/v2".to_owned(),
        }
        world.haiilo.state().forget_writes();
        for error in [world.try_sync().await.expect_err("blocked"), world.try_plan().await.expect_err("blocked")] {
            let CycleError::OtherTenant { what: found, .. } = error else { panic!("{error}") };
            assert_eq!(found, what);
        }
        assert!(world.haiilo.state().writes().is_empty());
    }
}

#[tokio::test]
async fn the_organizations_id_is_not_needed() {
    let mut world = World::with_people(2).await;
    world.okta.plant(When::Every(okta::route::ORGANIZATION), Fault::Refuse(404));
    world.sync_well_approved().await;
    let tenant = world.state().await.tenant.expect("a tenant");
    assert_eq!(tenant.org_id, None);
    world.assert_converged().await;
}

#[tokio::test]
async fn every_limit_is_named_in_a_report() {
    let world = World::in_step(3).await;
    let names: Vec<&str> = world.plan().await.limit_check.usage.iter().map(|usage| usage.limit.as_str()).collect();
    assert_eq!(names, ["leavers", "missing", "creates", "updates", "renames", "clears", "moves", "deletes"]);
    assert!(!LimitName::Leavers.explanation().is_empty());
}

//! Stories of people who leave: evidence at the first sighting and before the delete, clocks, and everything that keeps an account.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, By};
use okta_haiilo_sim::okta::{self, Bend, Change};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::model::policy::{AdoptedRule, LeaverAction};
use okta_haiilo_sync::domain::plan::leaver::{DeletesBlocked, KeptBecause, LeaverStatus};
use serde_json::json;

use crate::setup::world::{Ran, World, outcomes, seed, warnings};

/// The one leaver of a cycle.
fn status(report: &Ran) -> LeaverStatus {
    let [leaver] = &report.prepared.plan.people.findings.leavers[..] else {
        panic!("{:?}", report.prepared.plan.people.findings.leavers)
    };
    leaver.status.clone()
}

/// Cycles every twelve hours for so many days; the last one's report.
async fn watch(world: &mut World, days: i64) -> Ran {
    let mut last = None;
    for _ in 0..days * 2 {
        world.advance(TimeDelta::hours(12));
        last = Some(world.sync_well().await);
    }
    last.expect("at least one cycle")
}

/// A world in which nothing is left between a person who left and the delete but the evidence.
async fn armed(people: u32) -> World {
    let mut world = World::in_step(people).await;
    world.settings.policy.leavers.unassigned = LeaverAction::Delete;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    // The settings are new: the cycle that sees them first starts all clocks.
    world.sync_well().await;
    world
}

#[tokio::test]
async fn invariant_05_a_deactivated_user_loses_the_account_after_the_grace() {
    let mut world = World::in_step(4).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().deactivate(&id);
    assert!(matches!(status(&world.sync_well().await), LeaverStatus::Waiting(_)));
    assert!(matches!(status(&watch(&mut world, 29).await), LeaverStatus::Waiting(_)));
    assert!(world.haiilo.state().deleted().is_empty());
    watch(&mut world, 2).await;
    let deleted = world.haiilo.state().deleted();
    assert_eq!(deleted.iter().map(|deleted| (&deleted.id, deleted.by)).collect::<Vec<_>>(), [(&account, By::Delete)]);
    assert_eq!(world.state().await.links.len(), 3);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_05_whoever_comes_back_in_time_keeps_the_account_and_the_clock_is_forgotten() {
    let mut world = World::in_step(4).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().deactivate(&id);
    watch(&mut world, 25).await;
    world.okta.state().reactivate(&id);
    world.okta.state().assign(&id);
    assert!(world.sync_well().await.prepared.plan.people.findings.leavers.is_empty());
    world.okta.state().deactivate(&id);
    watch(&mut world, 25).await;
    assert!(world.haiilo.state().account(&account).is_some());
    assert!(world.haiilo.state().deleted().is_empty());
}

#[tokio::test]
async fn invariant_05_unassigned_and_deactivated_have_actions_of_their_own() {
    let mut world = World::in_step(40).await;
    let (unassigned, deactivated) = (world.okta_id(1), world.okta_id(2));
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.okta.state().unassign(&unassigned);
    world.okta.state().deactivate(&deactivated);
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done"]);
    assert_eq!(report.concluded[0].operation.okta_id.as_str(), deactivated);
    assert_eq!(status(&world.sync_well().await), LeaverStatus::Kept(KeptBecause::Configured));
    world.settings.policy.leavers.unassigned = LeaverAction::Delete;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_05_a_year_of_keep_does_not_count_once_deletes_are_armed() {
    let mut world = World::in_step(4).await;
    world.settings.policy.leavers.deactivated = LeaverAction::Keep;
    let id = world.okta_id(1);
    world.okta.state().deactivate(&id);
    watch(&mut world, 60).await;
    world.settings.policy.leavers.deactivated = LeaverAction::Delete;
    world.advance(TimeDelta::hours(12));
    let armed_at = world.sync_well().await.prepared.collected.now;
    assert_eq!(status(&world.sync_well().await), LeaverStatus::Waiting(armed_at + TimeDelta::days(30)));
    assert!(world.haiilo.state().deleted().is_empty());
}

#[tokio::test]
async fn invariant_05_a_clock_runs_only_while_somebody_watches() {
    let mut world = World::in_step(4).await;
    let id = world.okta_id(1);
    world.okta.state().deactivate(&id);
    world.sync_well().await;
    // The daemon was down for months.
    world.advance(TimeDelta::days(100));
    let report = world.sync_well().await;
    assert_eq!(status(&report), LeaverStatus::Waiting(report.prepared.collected.now + TimeDelta::days(30)));
    // An old store was restored.
    watch(&mut world, 20).await;
    let (file, old) = (world.folder.path().join("state.db"), world.folder.path().join("old.db"));
    std::fs::copy(&file, &old).expect("a copy");
    watch(&mut world, 5).await;
    std::fs::copy(&old, &file).expect("restored");
    let report = world.sync_well().await;
    assert_eq!(status(&report), LeaverStatus::Waiting(report.prepared.collected.now + TimeDelta::days(30)));
    assert!(world.haiilo.state().deleted().is_empty());
}

#[tokio::test]
async fn invariant_05_a_cycle_that_fails_does_not_count_as_watching() {
    let mut world = World::in_step(4).await;
    let id = world.okta_id(1);
    world.okta.state().deactivate(&id);
    world.sync_well().await;
    for _ in 0..4 {
        world.advance(TimeDelta::hours(12));
        world.okta.plant(When::Nth(okta::route::APP_USERS, 1), Fault::Refuse(403));
        world.try_sync().await.expect_err("no cycle");
        world.okta.heal();
    }
    let report = world.sync_well().await;
    assert_eq!(status(&report), LeaverStatus::Waiting(report.prepared.collected.now + TimeDelta::days(30)));
}

#[tokio::test]
async fn invariant_05_a_clock_that_is_off_deletes_nothing() {
    for bend in [Bend::DateSkew(400), Bend::DateSkew(-400), Bend::NoDate] {
        let mut world = armed(4).await;
        let id = world.okta_id(1);
        world.okta.state().deactivate(&id);
        world.okta.plant(When::Nth(okta::route::APP, 1), Fault::Bend(bend.clone()));
        let report = world.sync_well().await;
        assert!(
            matches!(status(&report), LeaverStatus::Blocked(_, DeletesBlocked::ClockOff)),
            "{bend:?}: {:?}",
            status(&report)
        );
        assert!(world.haiilo.state().deleted().is_empty(), "{bend:?}");
        world.okta.heal();
        world.advance(TimeDelta::minutes(10));
        assert_eq!(world.sync_well().await.concluded.len(), 1, "{bend:?}");
    }
}

#[tokio::test]
async fn invariant_05_adopted_accounts_are_kept_unless_the_configuration_says_otherwise() {
    let mut world = World::with_people(4).await;
    world.haiilo.state().populate([seed(&person(1))]);
    world.sync_well_approved().await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    let id = world.okta_id(1);
    world.okta.state().deactivate(&id);
    assert_eq!(status(&world.sync_well().await), LeaverStatus::Kept(KeptBecause::Adopted));
    world.settings.policy.leavers.adopted = AdoptedRule::Same;
    assert_eq!(world.sync_well().await.concluded.len(), 1);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_05_the_owner_of_our_token_is_never_deleted_and_without_it_nobody_is_in_advocacy() {
    let mut world = armed(3).await;
    // The owner is assigned like everybody else, and leaves.
    let mut owner = person(9);
    owner.email = haiilo::OWNER.to_owned();
    let id = world.okta.state().hire(&owner);
    world.sync_well().await;
    world.settings.policy.leavers.adopted = AdoptedRule::Same;
    world.okta.state().deactivate(&id);
    assert_eq!(status(&world.sync_well().await), LeaverStatus::Kept(KeptBecause::TokenOwner));
    // Who the owner is must be right, or nobody is deleted.
    world.settings.policy.token_owner = Some(okta_haiilo_sync::domain::model::ids::UserName::new("typo@example.com"));
    let other = world.okta_id(1);
    world.okta.state().deactivate(&other);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert!(warnings(&report.prepared.plan).contains("haiilo.auth.token_owner"));
    assert!(world.haiilo.state().deleted().is_empty());
}

#[tokio::test]
async fn invariant_05_evidence_is_taken_again_immediately_before_the_delete() {
    // The person comes back between the plan and the delete.
    for (change, status) in [("assigned", "ACTIVE"), ("suspended", "SUSPENDED")] {
        let mut world = armed(4).await;
        let id = world.okta_id(1);
        world.okta.state().unassign(&id);
        // The first look is the plan's: user, then assignment. The third look at the user comes after the control person's.
        let meanwhile = Fault::Bend(Bend::Meanwhile(Change::Assign(id.clone())));
        world.okta.plant(When::Nth(okta::route::USER, 3), meanwhile);
        let report = world.sync().await;
        assert_eq!(outcomes(&report), ["delete held"], "{change}");
        assert!(world.haiilo.state().deleted().is_empty());
        world.okta.heal();
        world.okta.state().set_status(&id, status);
        assert!(world.sync_well().await.prepared.plan.people.findings.leavers.is_empty());
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn invariant_05_evidence_of_another_kind_than_planned_holds() {
    let mut world = armed(4).await;
    let id = world.okta_id(1);
    world.okta.state().unassign(&id);
    let meanwhile = Fault::Bend(Bend::Meanwhile(Change::Deactivate(id.clone())));
    world.okta.plant(When::Nth(okta::route::USER, 3), meanwhile);
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete held"]);
    assert!(world.haiilo.state().deleted().is_empty());
}

#[tokio::test]
async fn invariant_05_anything_but_clear_evidence_holds() {
    // Okta deleted the user: nobody can say what happened.
    let mut world = armed(6).await;
    let ids: Vec<String> = (0..6).map(|n| world.okta_id(n)).collect();
    world.okta.state().deactivate(&ids[1]);
    world.okta.state().delete_user(&ids[1]);
    let report = world.sync_well().await;
    assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "no_evidence");
    // An unknown status of the user, though the assignment is gone.
    world.okta.state().unassign(&ids[2]);
    world.okta.state().set_status(&ids[2], "FROZEN");
    let report = world.sync_well().await;
    assert_eq!(report.prepared.plan.people.findings.held.len(), 2);
    assert!(report.concluded.is_empty() && world.haiilo.state().deleted().is_empty());
    // They do not count as newly gone for ever.
    world.advance(TimeDelta::hours(25));
    world.sync_well().await;
    assert!(
        world
            .sync_well()
            .await
            .prepared
            .limit_check
            .usage
            .iter()
            .any(|usage| usage.limit == LimitName::Leavers && usage.used == 0)
    );
}

#[tokio::test]
async fn invariant_05_a_proxys_404_is_no_evidence() {
    for (route, user) in [(okta::route::APP_USER, "assignment"), (okta::route::USER, "user")] {
        let mut world = armed(4).await;
        let id = world.okta_id(1);
        world.okta.state().unassign(&id);
        world.okta.plant(When::Every(route), Fault::Html(404));
        let report = world.sync_well().await;
        assert!(report.prepared.plan.people.findings.leavers.is_empty(), "{user}");
        assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "evidence_due", "{user}");
        assert!(warnings(&report.prepared.plan).contains("proxy"), "{user}");
        assert!(world.haiilo.state().deleted().is_empty(), "{user}");
        world.okta.heal();
        assert_eq!(world.sync_well().await.concluded.len(), 1, "{user}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn invariant_05_the_control_person_must_be_found_by_the_same_calls() {
    // Okta answers every question for an assignment with its own 404: the calls cannot tell who is assigned.
    let mut world = armed(4).await;
    let id = world.okta_id(1);
    world.okta.state().unassign(&id);
    // Looks at assignments: the first is the plan's, the second the control person's.
    world.okta.plant(When::Nth(okta::route::APP_USER, 2), Fault::Refuse(404));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete not_attempted"]);
    assert!(report.concluded[0].outcome.detail().is_some_and(|why| why.contains("not found so by id")));
    assert!(world.haiilo.state().deleted().is_empty());
    world.okta.heal();
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done"]);
}

#[tokio::test]
async fn invariant_06_the_account_is_read_again_before_the_delete() {
    use okta_haiilo_sim::haiilo::Bend;
    for bend in [Bend::WrongAccount, Bend::LyingUserName] {
        let mut world = armed(4).await;
        let id = world.okta_id(1);
        world.okta.state().deactivate(&id);
        world.haiilo.plant(When::Nth(haiilo::route::READ, 1), Fault::Bend(bend.clone()));
        let report = world.sync().await;
        assert_ne!(outcomes(&report), ["delete done"], "{bend:?}");
        assert!(world.haiilo.state().deleted().is_empty(), "{bend:?}");
        world.haiilo.heal();
        world.sync_well().await;
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn invariant_06_the_journal_holds_the_account_as_it_was() {
    let mut world = armed(3).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.haiilo.state().edit(&account, "title", json!("Countess"));
    world.okta.state().deactivate(&id);
    world.sync_well().await;
    let url = format!("sqlite:{}", world.folder.path().join("state.db").display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.expect("connected");
    let before: String =
        sqlx::query_scalar("SELECT before FROM journal_entries WHERE kind = 'delete' AND outcome = 'done'")
            .fetch_one(&mut connection)
            .await
            .expect("an entry");
    let before: serde_json::Value = serde_json::from_str(&before).expect("JSON");
    assert_eq!((&before["id"], &before["title"]), (&json!(account), &json!("Countess")));
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_looked_at() {
    for (fault, outcome) in [
        (Fault::DropAfter, "delete done"),
        (Fault::RefuseAfter(504), "delete done"),
        (Fault::Refuse(404), "delete failed"),
        (Fault::DropBefore, "delete failed"),
        (Fault::Refuse(500), "delete failed"),
        (Fault::Refuse(403), "delete failed"),
    ] {
        let mut world = armed(3).await;
        let id = world.okta_id(1);
        world.okta.state().deactivate(&id);
        world.haiilo.plant(When::Nth(haiilo::route::DELETE, 1), fault.clone());
        let report = world.sync().await;
        assert_eq!(outcomes(&report), [outcome], "{fault:?}");
        world.haiilo.heal();
        drop(world.sync().await);
        assert_eq!(world.haiilo.state().deleted().len(), 1, "{fault:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn an_open_delete_is_settled_by_looking() {
    let mut world = armed(3).await;
    let id = world.okta_id(1);
    world.okta.state().deactivate(&id);
    world.haiilo.plant(When::Nth(haiilo::route::DELETE, 1), Fault::DropAfter);
    // Neither does the look afterwards get through: nobody knows.
    for n in 2..=6 {
        world.haiilo.plant(When::Nth(haiilo::route::READ, n), Fault::DropBefore);
    }
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete unknown"]);
    assert_eq!(world.state().await.open.len(), 1);
    world.haiilo.heal();
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    let state = world.state().await;
    assert!(state.open.is_empty() && state.links.len() == 2);
    world.assert_converged().await;
}

#[tokio::test]
async fn rows_that_linger_with_an_ended_status_are_leavers_on_evidence() {
    let mut world = armed(40).await;
    let ids: Vec<String> = (0..3).map(|n| world.okta_id(n)).collect();
    world.okta.state().set_assignment_status(&ids[0], "REVOKED");
    world.okta.state().set_assignment_status(&ids[1], "DEPROVISIONED");
    world.okta.state().set_status(&ids[2], "DEPROVISIONED");
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done", "delete done", "delete done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_passing_status_is_no_leaving() {
    let mut world = armed(8).await;
    for (n, status) in ["LOCKED_OUT", "RECOVERY", "PASSWORD_EXPIRED", "PROVISIONED", "SUSPENDED"].iter().enumerate() {
        let id = world.okta_id(u32::try_from(n).expect("small"));
        world.okta.state().set_status(&id, status);
    }
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty());
}

#[tokio::test]
async fn a_mass_removal_is_deleted_by_the_day_oldest_first() {
    let mut world = World::in_step(100).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.sync_well().await;
    let ids: Vec<String> = (0..5).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().deactivate(id);
    }
    // Three a day: the budget of deletes at a hundred people.
    let report = world.sync_well().await;
    assert_eq!(report.concluded.len(), 3);
    assert_eq!(world.sync_well().await.concluded.len(), 0);
    world.advance(TimeDelta::hours(23));
    assert_eq!(world.sync_well().await.concluded.len(), 0);
    world.advance(TimeDelta::hours(2));
    assert_eq!(world.sync_well().await.concluded.len(), 2);
    world.assert_converged().await;
}

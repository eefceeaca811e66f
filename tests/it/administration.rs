//! Stories of what an administrator decides between cycles: pauses.

use chrono::TimeDelta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::clock::Clock as _;
use okta_haiilo_sync::domain::leaver::Fate;
use okta_haiilo_sync::domain::memory::{FirstRun, Pause};
use okta_haiilo_sync::engine::Scope;
use serde_json::json;

use crate::cli_stage::Stage;
use crate::world::{World, outcomes};

async fn pause(world: &World, length: Option<TimeDelta>) {
    let until = length.map(|length| world.clock.now() + length);
    let pause = Pause { until, by: "a story".to_owned(), reason: None };
    world.with_store(async |store| store.pause(&pause).await).await;
}

#[tokio::test]
async fn a_pause_stops_writes_and_nothing_else() {
    let mut world = World::in_step(4).await;
    let id = world.okta_id(1);
    pause(&world, None).await;
    world.set_profile(0, "city", json!("Paris"));
    world.okta.state().hire(&person(9));
    world.okta.state().deactivate(&id);
    for _ in 0..62 {
        let report = world.sync().await;
        assert!(report.pause.is_some() && report.concluded.is_empty());
        assert_eq!(report.prepared.plan.operations.iter().filter(|one| one.haiilo_id().is_none()).count(), 1);
        world.advance(TimeDelta::hours(12));
    }
    assert_eq!(world.haiilo.state().writes(), []);
    // One person alone is no way around it.
    let alone = world.try_sync_with(Scope::One(person(9).email), None).await.expect("a cycle");
    assert!(alone.pause.is_some() && world.haiilo.state().writes().is_empty());
    // The clock of the leaver has gone on.
    let report = world.sync().await;
    assert!(matches!(report.prepared.plan.leavers[0].fate, Fate::Due(_)));
    world.with_store(async |store| store.resume().await).await;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "create done", "delete done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let mut world = World::in_step(2).await;
    pause(&world, Some(TimeDelta::hours(4))).await;
    world.set_profile(0, "city", json!("Paris"));
    world.advance(TimeDelta::minutes(239));
    assert!(world.sync().await.pause.is_some());
    world.advance(TimeDelta::minutes(2));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
}

#[tokio::test]
async fn nothing_is_taken_for_accepted_during_a_pause() {
    let mut world = World::with_people(2).await;
    world.sync().await;
    pause(&world, None).await;
    let report = world.sync_approved().await;
    assert!(report.pause.is_some() && report.concluded.is_empty());
    assert_eq!(world.memory().await.first_run, FirstRun::Due);
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_and_resume_at_the_program() {
    let stage = Stage::in_step(2).await;
    stage.set_profile(0, "city", "Paris");
    let told = stage.run(&["pause", "for", "4h", "--reason", "a migration"]).exits(0).says_nothing().out;
    assert!(told.starts_with("Paused until 2"), "{told}");
    let report = stage.run(&["sync"]).exits(0).out;
    assert!(report.contains("PAUSED until") && report.contains("a migration") && report.contains("resume"), "{report}");
    let json = stage.run(&["sync", "--format", "json"]).exits(0).json();
    assert_eq!((&json["outcomes"], &json["paused"]["reason"]), (&json!([]), &json!("a migration")));
    for wrong in [&["pause", "a while"][..], &["pause", "for"], &["pause", "until", "4h"], &["pause", "4w"]] {
        stage.run(wrong).exits(2);
    }
    stage.run(&["resume"]).exits(0);
    stage.run(&["sync"]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert_eq!(stage.account(0).expect("an account").team(), "Paris");
}

//! The journal at the program: what was done and on whose word, what is forgotten, and a copy of the store.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::route;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::state::journal::JournalFilter;
use okta_haiilo_sync::ports::StoreReader as _;
use okta_haiilo_sync::store::ReadStore;
use serde_json::{Value as Json, json};

use crate::setup::program::{Stage, mode};
use crate::setup::world::World;

/// Three people in step; then one moves, one is hired, and one update is refused.
async fn busy() -> Stage {
    let stage = Stage::in_step(3).await;
    stage.set_profile(0, "city", "Paris");
    stage.okta.state().hire(&person(9));
    stage.run(&["sync", "--reason", "the quarterly move"]).exits(0);
    stage.haiilo.plant(When::Every(route::PATCH), Fault::Refuse(500));
    stage.set_profile(1, "city", "Rome");
    stage.run(&["sync"]).exits(4);
    stage.haiilo.heal();
    stage
}

fn told(stage: &Stage, arguments: &[&str]) -> Vec<String> {
    let entries = stage.run(&[&["journal", "--format", "json"], arguments].concat()).exits(0).says_nothing().json();
    let told = |entry: &Json| {
        format!("{} {}", entry["kind"].as_str().expect("a kind"), entry["outcome"].as_str().unwrap_or("open"))
    };
    entries.as_array().expect("a list").iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_searched_by_person_run_and_time() {
    let stage = busy().await;
    assert_eq!(
        told(&stage, &[]),
        ["adopt done", "adopt done", "adopt done", "update done", "create done", "update failed"]
    );
    let (email, id) = (person(0).email, stage.okta_id(0));
    let account = stage.account(0).expect("an account").id;
    for name in [&email.to_uppercase(), &id, &account] {
        assert_eq!(told(&stage, &["--user", name]), ["adopt done", "update done"], "{name}");
    }
    assert_eq!(told(&stage, &["--user", "nobody@example.com"]), [""; 0]);
    assert_eq!(told(&stage, &["--since", "7d"]).len(), 6);
    let entries = stage.run(&["journal", "--format", "json", "--user", &email]).exits(0).json();
    let update = &entries[1];
    assert_eq!(update["reason"], "the quarterly move");
    assert!(update["by"].as_str().expect("a name").starts_with("uid "));
    assert_eq!(
        update["sent"],
        json!([{"path": "addresses[type eq \"work\"].locality", "from": person(0).city, "to": "Paris"}])
    );
    assert_eq!(update["before"]["userName"], json!(email));
    let run = update["run"].as_str().expect("a run");
    assert_eq!(told(&stage, &["--run", run]), ["update done", "create done"]);
    let text = stage.run(&["journal", "--run", run]).exits(0).out;
    assert!(text.contains("the quarterly move") && text.contains(&format!("{} -> Paris", person(0).city)), "{text}");
    let csv = stage.run(&["journal", "--format", "csv"]).exits(0).out;
    assert_eq!(
        (csv.lines().count(), csv.lines().next().map(|line| line.starts_with("entry,at,run,kind"))),
        (7, Some(true))
    );
    assert_eq!(mode(&stage.path("state.db")), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_leaves_that_something_was_done() {
    let stage = busy().await;
    let (email, id) = (person(0).email, stage.okta_id(0));
    stage.run(&["journal", "forget", &email]).exits(0).says_nothing();
    let entries = stage.run(&["journal", "--format", "json", "--user", &id]).exits(0).json();
    for entry in entries.as_array().expect("a list") {
        assert_eq!((&entry["user_name"], &entry["sent"], &entry["before"]), (&Json::Null, &Json::Null, &Json::Null));
        assert_eq!(entry["outcome"], "done");
    }
    assert!(stage.run(&["journal", "--user", &id]).exits(0).out.contains("(forgotten)"));
    stage.run(&["journal", "forget", "nobody@example.com"]).exits(2).says(&["knows nobody"]);
    // The person is still linked, and nothing is to be done.
    stage.run(&["plan", "--user", &email, "--exit-code"]).exits(0);
    assert_eq!(told(&stage, &[]).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_store_and_overwrites_nothing() {
    let stage = busy().await;
    stage.run(&["store", "backup", "copy.db"]).exits(0).says_nothing();
    assert_eq!(mode(&stage.path("copy.db")), 0o600);
    stage.run(&["store", "backup", "copy.db"]).exits(1).says(&["copy.db", "does not exist"]);
    // The store is lost, and the copy takes its place.
    std::fs::rename(stage.path("copy.db"), stage.path("state.db")).expect("renamed");
    for left in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(stage.path(left));
    }
    assert_eq!(told(&stage, &[]).len(), 6);
    stage.run(&["sync"]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert_eq!(stage.haiilo.state().accounts().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_store_there_is_nothing_to_show_and_nothing_to_copy() {
    let stage = Stage::with_people(1).await;
    assert_eq!(told(&stage, &[]), [""; 0]);
    stage.run(&["store", "backup", "copy.db"]).exits(1).says(&["there is no store yet"]);
    assert!(!stage.path("copy.db").exists() && !stage.path("state.db").exists());
}

#[tokio::test]
async fn old_entries_go_when_their_time_is_over_and_open_ones_stay() {
    let mut world = World::in_step(2).await;
    let entries = async |world: &World| {
        ReadStore::new(world.path()).journal(&JournalFilter::default()).await.expect("a journal").len()
    };
    world.okta.state().hire(&person(9));
    world.haiilo.plant(When::Every(route::CREATE), Fault::Refuse(500));
    world.sync().await;
    assert_eq!(entries(&world).await, 3);
    world.advance(TimeDelta::days(399));
    world.sync().await;
    assert_eq!(entries(&world).await, 4);
    world.advance(TimeDelta::days(2));
    world.sync().await;
    // The two creates of the first day are over; nobody knows the end of the other three.
    assert_eq!(entries(&world).await, 3);
}

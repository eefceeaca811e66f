//! Stories of what an administrator decides between cycles: pauses, and whose account this is.

use chrono::TimeDelta;
use okta_haiilo_sim::people::{Person, person};
use okta_haiilo_sync::domain::model::ids::HaiiloId;
use okta_haiilo_sync::domain::model::link::Origin;
use okta_haiilo_sync::domain::plan::leaver::LeaverStatus;
use okta_haiilo_sync::domain::state::sync_state::FirstRun;
use okta_haiilo_sync::engine::Scope;
use serde_json::json;

use crate::setup::operator;
use crate::setup::program::Stage;
use crate::setup::world::{World, outcomes, seed};

#[tokio::test]
async fn a_pause_stops_writes_and_nothing_else() {
    let mut world = World::in_step(4).await;
    let id = world.okta_id(1);
    operator::pause(&world, None).await;
    world.set_profile(0, "city", json!("Paris"));
    world.okta.state().hire(&person(9));
    world.okta.state().deactivate(&id);
    for _ in 0..62 {
        let report = world.sync().await;
        assert!(report.pause.is_some() && report.concluded.is_empty());
        assert_eq!(report.prepared.plan.people.operations.iter().filter(|one| one.haiilo_id().is_none()).count(), 1);
        world.advance(TimeDelta::hours(12));
    }
    assert_eq!(world.haiilo.state().writes(), []);
    // One person alone is no way around it.
    let alone = world.try_sync_with(Scope::One(person(9).email), None).await.expect("a cycle");
    assert!(alone.pause.is_some() && world.haiilo.state().writes().is_empty());
    // The clock of the leaver has gone on.
    let report = world.sync().await;
    assert!(matches!(report.prepared.plan.people.findings.leavers[0].status, LeaverStatus::Due(_)));
    operator::resume(&world).await;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "create done", "delete done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let mut world = World::in_step(2).await;
    operator::pause(&world, Some(TimeDelta::hours(4))).await;
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
    operator::pause(&world, None).await;
    let report = world.sync_approved().await;
    assert!(report.pause.is_some() && report.concluded.is_empty());
    assert_eq!(world.state().await.first_run, FirstRun::Due);
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

/// A company of four in which deletes are armed; the second has left, and somebody with the same address has come.
async fn rehired() -> (Stage, String, String) {
    let stage = Stage::in_step(4).await;
    stage.configure_also("[leavers]\ndeactivated = \"delete\"\nadopted = \"same\"\ngrace = \"0s\"");
    stage.run(&["sync"]).exits(0);
    let (old, account) = (stage.okta_id(1), stage.account(1).expect("an account").id);
    stage.okta.state().deactivate(&old);
    let again = Person { email: "again@example.com".to_owned(), ..person(1) };
    let new = stage.okta.state().hire(&again);
    stage.okta.state().set_user_name(&new, &person(1).email);
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&plan["operations"], &plan["held"][0]["code"]), (&json!([]), &json!("account_of_another")));
    assert!(plan["held"][0]["remedy"].as_str().expect("a remedy").contains("confirm-new LOGIN"));
    (stage, new, account)
}

fn deleted(stage: &Stage) -> usize {
    stage.haiilo.state().deleted().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_human_with_a_new_okta_user_takes_the_account_along() {
    let (stage, new, account) = rehired().await;
    let told = stage.run(&["link", &new, &account, "--reason", "rehired"]).exits(0).says_nothing().out;
    assert!(told.contains(&format!("the account of {new} now")) && told.contains("not assigned any more"), "{told}");
    stage.run(&["sync"]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert_eq!((deleted(&stage), stage.account(1).expect("an account").id), (0, account.clone()));
    let journal = stage.run(&["journal", "--format", "json", "--user", &account]).exits(0).json();
    let told =
        |entry: &serde_json::Value| format!("{} {}", entry["kind"].as_str().unwrap_or_default(), entry["reason"]);
    let told: Vec<String> = journal.as_array().expect("a list").iter().map(told).collect();
    assert_eq!(told, ["adopt null", "unlink \"rehired\"", "link \"rehired\""]);
    stage.run(&["link", &new, &account]).exits(2).says(&["is this person's already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_human_gets_an_account_once_the_old_one_may_go() {
    let (stage, new, account) = rehired().await;
    stage.run(&["confirm-new", &new]).exits(0).says_nothing();
    stage.run(&["sync"]).exits(0);
    assert_eq!((deleted(&stage), stage.account(1)), (1, None));
    stage.run(&["sync"]).exits(0);
    assert_ne!(stage.account(1).expect("an account").id, account);
    stage.run(&["plan", "--exit-code"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_unlinked_loses_nothing_and_is_matched_anew() {
    let stage = Stage::in_step(3).await;
    let (email, id) = (person(1).email, stage.okta_id(1));
    stage.okta.state().deactivate(&id);
    stage.run(&["unlink", &email]).exits(0).says_nothing();
    stage.configure_also("[leavers]\ndeactivated = \"delete\"\nadopted = \"same\"\ngrace = \"0s\"");
    for _ in 0..3 {
        stage.run(&["sync"]).exits(0);
    }
    assert_eq!(deleted(&stage), 0);
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&plan["leavers"], plan["unmanaged"].as_array().map(Vec::len)), (&json!([]), Some(2)));
    stage.okta.state().reactivate(&id);
    stage.okta.state().assign(&id);
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["operations"][0]["kind"], "adopt");
    stage.run(&["unlink", &email]).exits(2).says(&["nobody is linked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decided_is_refused_and_changes_nothing() {
    let stage = Stage::in_step(3).await;
    let account = |n| stage.account(n).expect("an account").id;
    let before = stage.run(&["journal"]).exits(0).out;
    let (email, other) = (person(0).email, account(1));
    stage.run(&["link", &email, &other]).exits(2).says(&["who is assigned; unlink that person first"]);
    stage.run(&["link", &email, "no-such-id"]).exits(2).says(&["haiilo shows no account"]);
    stage.run(&["link", "nobody@example.com", &other]).exits(2).says(&["0 people are assigned by that name"]);
    stage.run(&["confirm-new", "nobody@example.com"]).exits(2).says(&["0 people"]);
    assert_eq!(stage.run(&["journal"]).exits(0).out, before);
    stage.run(&["plan", "--exit-code"]).exits(0);
}

#[tokio::test]
async fn a_joiner_with_the_names_of_an_account_that_is_not_ours_is_held_until_somebody_decides() {
    let mut world = World::in_step(3).await;
    // The same human has an account under an address of former times.
    let before = Person { email: "maiden.name@example.com".to_owned(), ..person(9) };
    let account = world.haiilo.state().add_account(seed(&before));
    world.haiilo.state().edit(&account, "name.givenName", json!(person(9).given.to_uppercase()));
    let id = world.okta.state().hire(&person(9));
    world.haiilo.state().add_account(seed(&person(8)));
    let other = world.okta.state().hire(&person(8));
    let report = world.sync_well().await;
    // Whoever has an account by the same address is adopted as ever.
    assert_eq!(outcomes(&report), ["adopt done"]);
    assert_eq!(report.concluded[0].operation.okta_id.as_str(), other);
    let [held] = &report.prepared.plan.people.findings.held[..] else {
        panic!("{:?}", report.prepared.plan.people.findings.held)
    };
    assert_eq!((held.reason.code(), held.okta_id.as_str()), ("perhaps_same_person", id.as_str()));
    assert_eq!(held.haiilo_id.as_ref().map(HaiiloId::as_str), Some(account.as_str()));
    operator::link(&world, &id, &account).await;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    assert_eq!(world.haiilo.state().account(&account).expect("the account").user_name, person(9).email);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_joiner_who_wants_a_name_that_a_leavers_account_once_had_is_held_until_somebody_decides() {
    let mut world = World::in_step(4).await;
    let (leaver, former) = (world.okta_id(1), person(1).email);
    world.okta.state().rename(&leaver, "married@example.com");
    world.sync_well().await;
    world.okta.state().deactivate(&leaver);
    world.sync_well().await;
    let joiner = Person { email: former, ..person(9) };
    let id = world.okta.state().hire(&joiner);
    for _ in 0..2 {
        let report = world.sync_well().await;
        assert!(report.concluded.is_empty());
        let [held] = &report.prepared.plan.people.findings.held[..] else {
            panic!("{:?}", report.prepared.plan.people.findings.held)
        };
        assert_eq!((held.reason.code(), held.okta_id.as_str()), ("perhaps_rehired", id.as_str()));
    }
    operator::confirm_new(&world, &id).await;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn an_account_that_we_made_stays_one_that_we_made() {
    let mut world = World::in_step(3).await;
    let (old, account) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().deactivate(&old);
    let new = world.okta.state().hire(&Person { email: "again@example.com".to_owned(), ..person(1) });
    world.okta.state().set_user_name(&new, &person(1).email);
    world.sync_well().await;
    operator::link(&world, &new, &account).await;
    let links = world.state().await.links;
    let link = links.of_account(&HaiiloId::new(account.as_str())).expect("a link");
    assert_eq!((link.okta_id.as_str(), link.origin, links.len()), (new.as_str(), Origin::Created, 3));
}

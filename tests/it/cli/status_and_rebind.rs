//! What waits for somebody, and a store whose ends have moved.

use serde_json::{Value as Json, json};

use crate::setup::program::{Ended, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn status_shows_what_waits_and_how_it_has_been_going() {
    let stage = Stage::with_people(2).await;
    let told = stage.run(&["status"]).exits(0).says_nothing().out;
    assert!(told.contains("Nothing waits") && told.contains("No cycle has run"), "{told}");
    assert!(!stage.path("state.db").exists());
    stage.run(&["sync"]).exits(3);
    let status = stage.run(&["status", "--json"]).exits(0).json();
    let id = status["blocked_plans"][0]["approval_id"].as_str().expect("an id").to_owned();
    assert_eq!(status["blocked_plans"][0]["violations"], json!([{"limit": "first_run", "found": 2, "allowed": 0}]));
    assert_eq!(
        (&status["blocked_plans"][0]["approved_until"], &status["cycles"][0]["result"]),
        (&Json::Null, &json!("blocked"))
    );
    let told = stage.run(&["status"]).exits(0).out;
    assert!(told.contains(&format!("okta-haiilo-sync approve {id}")) && told.contains("first_run 2 of 0"), "{told}");
    stage.run(&["approve", &id]).exits(0);
    assert!(stage.run(&["status"]).exits(0).out.contains("approved until"));
    stage.run(&["sync"]).exits(0);
    stage.run(&["pause", "4h", "--reason", "a migration"]).exits(0);
    let told = stage.run(&["status"]).exits(0).out;
    for words in ["PAUSED until 2", "a migration", "2 people are linked", "applied", "blocked"] {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    let status = stage.run(&["status", "--json"]).exits(0).json();
    assert_eq!(
        (&status["linked"], &status["open"], &status["paused"]["reason"]),
        (&json!(2), &json!(0), &json!("a migration"))
    );
}

fn rebind(stage: &Stage, typed: &str) -> Ended {
    stage.run_typing(&["rebind"], typed)
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_07_a_store_is_bound_to_other_ends_only_by_the_word() {
    let stage = Stage::in_step(2).await;
    // The same server, by another name.
    let (old, new) = (stage.okta.origin(), stage.okta.origin().replace("127.0.0.1", "localhost"));
    stage.configure(&old, &new);
    for command in [&["plan"][..], &["sync"], &["link", "x", "y"], &["unlink", "x"], &["confirm-new", "x"]] {
        stage.run(command).exits(2).says(&["the store belongs to another", "rebind"]);
    }
    rebind(&stage, "yes").exits(2).says(&[&old, &new, "Type rebind", "nothing was done"]);
    stage.run(&["plan"]).exits(2);
    let told = rebind(&stage, "rebind").exits(0).out;
    assert!(told.contains("belongs to these ends now"), "{told}");
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert!(rebind(&stage, "").exits(0).out.contains("already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_belongs_to_nobody_needs_no_rebinding() {
    let stage = Stage::with_people(1).await;
    assert!(rebind(&stage, "").exits(0).out.contains("belongs to nobody yet"));
}

//! Plans that are saved, reviewed and applied: what stands in the file, word for word, and nothing else.

use okta_haiilo_sim::people::person;
use serde_json::{Value as Json, json};

use crate::setup::program::{Stage, mode};

fn sentences(report: &Json) -> String {
    report["warnings"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_reviewed_is_applied_and_nothing_else() {
    let stage = Stage::with_people(3).await;
    stage.run(&["plan", "--save", "plan.json"]).exits(0);
    assert_eq!((mode(&stage.path("plan.json")), stage.path("state.db").exists()), (0o600, false));
    // Since then one was hired, one has moved, and one has left.
    stage.okta.state().hire(&person(9));
    stage.set_profile(1, "city", "Paris");
    let left = stage.okta_id(2);
    stage.okta.state().deactivate(&left);
    let report = stage.run(&["apply", "plan.json", "--format", "json", "--reason", "reviewed"]).exits(0).json();
    let created: Vec<&Json> =
        report["outcomes"].as_array().expect("a list").iter().map(|one| &one["user_name"]).collect();
    assert_eq!(created, [&json!(person(0).email)]);
    let said = sentences(&report);
    assert!(said.contains(&format!("create {}", person(1).email)) && said.contains(&person(2).email), "{said}");
    assert!(said.contains("2 operations that are not in the reviewed plan wait"), "{said}");
    assert_eq!(stage.haiilo.state().accounts().len(), 2);
    // The first run is done with it, and the rest goes on as ever.
    stage.run(&["sync"]).exits(0);
    assert_eq!(stage.haiilo.state().accounts().len(), 4);
    let journal = stage.run(&["journal", "--format", "json", "--user", &person(0).email]).exits(0).json();
    assert_eq!((&journal[0]["reason"], journal[0]["approval"].is_string()), (&json!("reviewed"), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_lifts_the_limits_that_it_shows_and_no_others() {
    let stage = Stage::in_step(30).await;
    stage.configure_also("[limits]\nupdates = { cap = 2 }");
    for n in 0..5 {
        stage.set_profile(n, "city", "Paris");
    }
    stage.run(&["sync"]).exits(3);
    stage.run(&["plan", "--save", "plan.json"]).exits(0);
    // Six people vanish after the review: that was not in it.
    let ids: Vec<String> = (20..26).map(|n| stage.okta_id(n)).collect();
    for id in &ids {
        stage.okta.state().unassign(id);
    }
    let refused = stage.run(&["apply", "plan.json", "--format", "json"]).exits(3).json();
    let broken: Vec<&Json> =
        refused["violations"].as_array().expect("a list").iter().map(|one| &one["limit"]).collect();
    assert_eq!((broken, &refused["outcomes"]), (vec![&json!("leavers"), &json!("updates")], &json!([])));
    for id in &ids {
        stage.okta.state().assign(id);
    }
    stage.run(&["apply", "plan.json"]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_plan_for_these_ends_is_blocked() {
    let stage = Stage::in_step(2).await;
    stage.set_profile(0, "city", "Paris");
    stage.run(&["plan", "--save", "plan.json"]).exits(0);
    let saved = stage.read("plan.json");
    let refused = |from: &str, to: &str, code: i32, words: &str| {
        assert!(saved.contains(from), "{from:?} is not in {saved}");
        stage.write("other.json", saved.replacen(from, to, 1));
        stage.run(&["apply", "other.json"]).exits(code).reports_nothing().says(&[words]);
    };
    refused("\"version\": 1", "\"version\": 2", 2, "another version");
    refused("\"app_id\": \"", "\"app_id\": \"x", 2, "which are not those of the configuration");
    refused("\"items\"", "\"items\": [], \"more\"", 2, "is no plan");
    refused("\"made_at\": \"2", "\"made_at\": \"x", 2, "is no time");
    refused("\"made_at\": \"2", "\"made_at\": \"1", 3, "lets pass what is in it for 24 hours");
    stage.run(&["apply", "no-such-file.json"]).exits(2).says(&["cannot be read"]);
    stage.run(&["plan", "--save", "no/such/folder/plan.json"]).exits(1).says(&["cannot be saved"]);
    assert_eq!(stage.haiilo.state().writes().len(), 0);
    // A value that somebody changed in the file is not what a plan made now has.
    stage.write("other.json", saved.replace("Paris", "Rome"));
    let report = stage.run(&["apply", "other.json", "--format", "json"]).exits(0).json();
    assert_eq!(report["outcomes"], json!([]));
    stage.run(&["apply", "plan.json"]).exits(0);
    assert_eq!(stage.account(0).expect("an account").team(), "Paris");
}

//! Stories of the program as an administrator runs it: a first run from its refusal to nothing left to do, one person, limits, and every exit
//! code by the run that ends with it.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{AccountSeed, route};
use okta_haiilo_sim::okta;
use okta_haiilo_sim::people::person;
use serde_json::{Value as Json, json};

use crate::setup::program::Stage;

/// How many there are in a list of a report.
#[track_caller]
fn count(report: &Json, list: &str) -> usize {
    report[list].as_array().unwrap_or_else(|| panic!("no list {list} in {report}")).len()
}

#[track_caller]
fn approval_id(report: &Json) -> String {
    report["approval_id"].as_str().unwrap_or_else(|| panic!("no approval id in {report}")).to_owned()
}

/// The outcomes of a cycle, each as `kind outcome`, in order.
fn outcomes(report: &Json) -> Vec<String> {
    let outcomes = report["outcomes"].as_array().expect("outcomes").iter();
    let mut texts: Vec<String> = outcomes
        .map(|one| format!("{} {}", one["kind"].as_str().expect("a kind"), one["outcome"].as_str().expect("a word")))
        .collect();
    texts.sort();
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_from_its_refusal_to_nothing_left_to_do() {
    let stage = Stage::with_people(4).await;
    stage.haiilo.state().populate([AccountSeed::of(&person(1)), AccountSeed::of(&person(90))]);
    stage.run(&["plan"]).exits(0).says_nothing();
    stage.run(&["plan", "--exit-code"]).exits(10).says_nothing();

    let refused = stage.run(&["sync", "--format", "json"]).exits(3).json();
    assert_eq!((count(&refused, "operations"), &refused["outcomes"]), (4, &json!([])));
    assert_eq!(stage.haiilo.state().writes(), []);
    // Words for people name the command that lets it pass.
    let id = approval_id(&refused);
    let text = stage.run(&["sync"]).exits(3).out;
    assert!(text.contains(&id), "{text}");

    let approved = stage.run(&["approve", &id, "--reason", "looked at it"]).exits(0);
    assert!(approved.out.contains("4 entries"), "{}", approved.out);
    assert_eq!(stage.haiilo.state().writes(), []);
    let done = stage.run(&["sync", "--format", "json"]).exits(0).json();
    assert_eq!(outcomes(&done), ["adopt done", "create done", "create done", "create done"]);
    assert!((0..4).all(|n| stage.account(n).is_some()));

    stage.haiilo.state().forget_writes();
    let nothing = stage.run(&["sync", "--format", "json"]).exits(0).json();
    assert_eq!(
        (count(&nothing, "operations"), &nothing["outcomes"], &nothing["unchanged"]),
        (0, &json!([]), &json!(4))
    );
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert_eq!(stage.haiilo.state().writes(), []);
    stage.okta.finish();
    stage.haiilo.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_takes_the_id_that_plan_named_and_no_other() {
    let stage = Stage::with_people(2).await;
    let id = approval_id(&stage.run(&["plan", "--format", "json"]).exits(0).json());
    stage.run(&["sync", "--approve", "0123456789ab"]).exits(3);
    assert_eq!(stage.haiilo.state().writes(), []);
    // Somebody was hired since: these are not the operations that were looked at.
    stage.okta.state().hire(&person(2));
    stage.run(&["sync", "--approve", &id]).exits(3);
    assert_eq!(stage.haiilo.state().writes(), []);
    let id = approval_id(&stage.run(&["diff", "--format", "json"]).exits(0).json());
    stage.run(&["sync", "--approve", &id]).exits(0);
    assert!((0..3).all(|n| stage.account(n).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_stops_a_run_until_exactly_that_is_approved() {
    let stage = Stage::in_step(9).await;
    let leave = |n| {
        let id = stage.okta_id(n);
        stage.okta.state().unassign(&id);
    };
    (0..6).for_each(leave);
    let refused = stage.run(&["sync", "--format", "json"]).exits(3).json();
    assert_eq!(refused["violations"], json!([{"limit": "leavers", "found": 6, "allowed": 5}]));
    let id = approval_id(&refused);
    // A seventh is more than anybody approved.
    stage.run(&["approve", &id]).exits(0);
    leave(6);
    stage.run(&["sync"]).exits(3);
    let id = stage.okta_id(6);
    stage.okta.state().assign(&id);
    let passed = stage.run(&["sync", "--format", "json"]).exits(0).json();
    assert_eq!((count(&passed, "leavers"), count(&passed, "outcomes")), (6, 0));
    assert_eq!(stage.haiilo.state().deleted(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_alone() {
    let stage = Stage::in_step(4).await;
    for n in 0..3 {
        stage.set_profile(n, "city", "Paris");
    }
    let team = |n| stage.account(n).expect("an account").team().to_owned();
    let email = person(0).email;
    let plan = stage.run(&["plan", "--user", &email, "--format", "json"]).exits(0).json();
    assert_eq!((count(&plan, "operations"), &plan["operations"][0]["user_name"]), (1, &json!(email)));
    stage.run(&["sync", "--user", &email]).exits(0);
    assert_eq!((team(0).as_str(), team(1).as_str()), ("Paris", person(1).city));
    // In other letters, by Okta's id, and by Haiilo's.
    stage.run(&["sync", "--user", &person(1).email.to_uppercase()]).exits(0);
    assert_eq!((team(1).as_str(), team(2).as_str()), ("Paris", person(2).city));
    stage.set_profile(3, "city", "Paris");
    stage.run(&["sync", "--user", &stage.okta_id(2)]).exits(0);
    assert_eq!((team(2).as_str(), team(3).as_str()), ("Paris", person(3).city));
    let id = stage.account(3).expect("an account").id;
    stage.run(&["sync", "--user", &id]).exits(0);
    assert_eq!(team(3), "Paris");
    stage.run(&["plan", "--exit-code"]).exits(0);
    let nobody = stage.run(&["sync", "--user", "nobody@example.com", "--format", "json"]).exits(1);
    assert_eq!(nobody.out, "");
    assert!(nobody.err.contains("by the name that was given") && !nobody.err.contains("nobody@"), "{}", nobody.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_sync_is_a_plan() {
    let stage = Stage::in_step(2).await;
    stage.set_profile(0, "city", "Paris");
    stage.haiilo.state().forget_writes();
    let before = stage.files(&[]);
    let dry = stage.run(&["sync", "--dry-run", "--format", "json"]).exits(0).json();
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!((&dry, count(&plan, "operations")), (&plan, 1));
    assert!(stage.files(&[]) == before, "a dry run left something behind");
    assert_eq!(stage.haiilo.state().writes(), []);
    stage.run(&["sync", "--dry-run", "--approve", "x"]).exits(2).says(&["--dry-run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_1_when_an_end_cannot_be_read() {
    let revoked = Stage::in_step(2).await;
    revoked.okta.state().auth.token_revoked = true;
    let inactive = Stage::in_step(2).await;
    inactive.okta.state().app.status = "INACTIVE".to_owned();
    let refused = Stage::in_step(2).await;
    refused.haiilo.plant(When::Every(route::LIST), Fault::Refuse(401));
    let cases = [
        (&revoked, ["GET /api/v1/apps/{id}", "401", "make a new one"]),
        (&inactive, ["INACTIVE", "activate it", "okta.app_id"]),
        (&refused, ["GET /Users", "401", "make a new one"]),
    ];
    for (stage, words) in cases {
        stage.haiilo.state().forget_writes();
        for command in [&["plan"][..], &["plan", "--exit-code", "--format", "json"], &["sync"], &["sync", "--dry-run"]]
        {
            let ended = stage.run(command).exits(1).reports_nothing().says(&words);
            assert!(ended.err.starts_with("error: ") && ended.err.lines().count() == 1, "{}", ended.err);
        }
        let check = stage.run(&["check"]).exits(1).says_nothing();
        assert!(check.out.contains("error "), "{}", check.out);
        assert_eq!(stage.haiilo.state().writes(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_1_when_the_store_is_none() {
    let stage = Stage::with_people(1).await;
    stage.write("state.db", "this is no database, whatever its name says");
    stage.run(&["plan"]).exits(1).reports_nothing().says(&["error: ", "state.db"]);
    stage.run(&["sync"]).exits(1).reports_nothing().says(&["error: ", "state.db"]);
    stage.run(&["check"]).exits(1);
    assert_eq!(stage.haiilo.state().writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_2_for_a_command_line_that_is_none() {
    let stage = Stage::empty().await;
    for arguments in [
        &["snyc"][..],
        &[],
        &["plan", "--format", "xml"],
        &["plan", "--approve", "x"],
        &["approve"],
        &["sync", "--no-such-option"],
        &["plan", "-q", "-v"],
        &["plan", "--log-format", "xml"],
        &["demo", "--people", "3"],
    ] {
        stage.run(arguments).exits(2).reports_nothing();
    }
    stage.run(&["snyc"]).says(&["sync"]);
    stage.nothing_was_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_2_for_an_id_that_no_refused_run_named() {
    let stage = Stage::with_people(2).await;
    stage.run(&["approve", "0123456789ab"]).exits(2).reports_nothing().says(&["0123456789ab", "sync"]);
    // A plan keeps nothing, so that nothing of it can be approved.
    let id = approval_id(&stage.run(&["plan", "--format", "json"]).exits(0).json());
    stage.run(&["approve", &id]).exits(2).reports_nothing();
    stage.run(&["sync"]).exits(3);
    stage.run(&["approve", &id]).exits(0).says_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_2_when_the_store_belongs_to_others() {
    let stage = Stage::in_step(2).await;
    stage.configure(okta::APP_ID, "0oaAnother");
    stage.okta.plant(When::Every(okta::route::APP), Fault::Refuse(404));
    // Whose application it is comes first: it does not exist.
    stage.run(&["plan"]).exits(1);
    stage.configure("0oaAnother", okta::APP_ID);
    stage.okta.heal();
    let other = Stage::with_people(2).await;
    let address = other.haiilo.origin();
    stage.configure(&stage.haiilo.origin(), &address);
    for command in ["plan", "sync"] {
        stage.run(&[command]).exits(2).reports_nothing().says(&["another Haiilo endpoint", &address]);
    }
    let check = stage.run(&["check"]).exits(1);
    assert!(check.out.contains("other ends"), "{}", check.out);
    assert_eq!(other.haiilo.state().writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_4_when_one_of_the_operations_fails() {
    let stage = Stage::in_step(3).await;
    // The first change of a kind is sent alone; this one has been sent before.
    stage.set_profile(2, "city", "Graz");
    stage.run(&["sync"]).exits(0);
    stage.set_profile(0, "city", "Paris");
    stage.set_profile(1, "city", "Paris");
    stage.haiilo.plant(When::Nth(route::PATCH, 1), Fault::Refuse(409));
    let report = stage.run(&["sync", "--format", "json"]).exits(4).json();
    assert_eq!(outcomes(&report), ["update done", "update failed"]);
    // What failed is tried again by the next cycle, which ends well.
    stage.haiilo.heal();
    let report = stage.run(&["sync", "--format", "json"]).exits(0).json();
    assert_eq!(outcomes(&report), ["update done"]);
    stage.run(&["plan", "--exit-code"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_code_4_when_haiilo_refuses_the_credentials_on_the_way() {
    let stage = Stage::in_step(3).await;
    for n in 0..3 {
        stage.set_profile(n, "city", "Paris");
    }
    stage.haiilo.plant(When::Every(route::PATCH), Fault::Refuse(401));
    let report = stage.run(&["sync", "--format", "json"]).exits(4).json();
    assert_eq!(outcomes(&report), ["update failed", "update not_attempted", "update not_attempted"]);
    assert_eq!(count(&report, "stopped"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn held_people_and_leavers_do_not_change_the_exit_code() {
    let stage = Stage::in_step(4).await;
    let gone = stage.okta_id(1);
    let held = stage.okta.state().hire(&person(9));
    stage.okta.state().unset_profile(&held, "countryCode");
    stage.okta.state().deactivate(&gone);
    let plan = stage.run(&["plan", "--exit-code", "--format", "json"]).exits(0).json();
    assert_eq!((count(&plan, "held"), count(&plan, "leavers"), count(&plan, "operations")), (1, 1, 0));
    stage.run(&["sync"]).exits(0).says_nothing();
}

#[tokio::test(flavor = "multi_thread")]
async fn check_finds_everything_right() {
    let stage = Stage::with_people(3).await;
    let check = stage.run(&["check"]).exits(0).says_nothing();
    assert!(!check.out.contains("error "), "{}", check.out);
    assert!(stage.okta.count() > 0 && stage.haiilo.count() > 0);
    assert_eq!((stage.haiilo.state().writes(), stage.path("state.db").exists()), (Vec::new(), false));
    stage.okta.forget_calls();
    stage.haiilo.forget_calls();
    stage.run(&["check", "--offline"]).exits(0).says_nothing();
    stage.nothing_was_sent();
    // A test of the mapping that fails is an error of its own.
    stage.write("mapping.toml", stage.read("mapping.toml").replace("userName = \"ada@", "userName = \"adele@"));
    let check = stage.run(&["check", "--offline"]).exits(1).says_nothing();
    assert!(check.out.contains("adele@example.com"), "{}", check.out);
}

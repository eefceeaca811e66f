//! A dismissal at the program: one account goes at once, and only on Okta's own word, a typed address, and what a delete always needs.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta::route;
use okta_haiilo_sim::people::person;

use crate::setup::program::{Ended, Stage};

/// Four people in step; the second was deactivated a moment ago.
async fn dismissed() -> Stage {
    let stage = Stage::in_step(4).await;
    let id = stage.okta_id(1);
    stage.okta.state().deactivate(&id);
    stage
}

fn remove(stage: &Stage, login: &str, typed: &str) -> Ended {
    stage.run_typing(&["remove", login, "--now", "--reason", "dismissed today"], typed)
}

fn deleted(stage: &Stage) -> Vec<String> {
    stage.haiilo.state().deleted().into_iter().map(|deleted| deleted.user_name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissal_is_done_at_once_and_written_down() {
    let stage = dismissed().await;
    let email = person(1).email;
    let told = remove(&stage, &email, &email.to_uppercase()).exits(0).says(&["for ever", "Type the address"]).out;
    assert!(told.contains("is deleted for ever"), "{told}");
    assert_eq!(deleted(&stage), [email.as_str()]);
    let journal = stage.run(&["journal", "--format", "json", "--user", &email]).exits(0).json();
    let entry = journal.as_array().expect("a list").last().expect("an entry");
    assert_eq!(
        (&entry["kind"], &entry["outcome"], &entry["reason"]),
        (&"delete".into(), &"done".into(), &"dismissed today".into())
    );
    assert_eq!(entry["before"]["userName"], email.as_str());
    stage.run(&["plan", "--exit-code"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_goes_without_the_typed_address() {
    let stage = dismissed().await;
    for typed in ["", "yes", "y", &person(2).email] {
        remove(&stage, &person(1).email, typed).exits(2).says(&["that is not the address, and nothing was done"]);
    }
    stage.run(&["remove", &person(1).email]).exits(2).says(&["--now"]);
    assert_eq!(deleted(&stage), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_somebody_whom_okta_calls_deactivated_goes() {
    let stage = Stage::in_step(5).await;
    let refused = |n: u32, words: &str| {
        let email = person(n).email;
        remove(&stage, &email, &email).exits(2).reports_nothing().says(&[words]);
        assert_eq!(deleted(&stage), [""; 0]);
    };
    refused(1, "is assigned in okta");
    let ids: Vec<String> = (0..5).map(|n| stage.okta_id(n)).collect();
    stage.okta.state().unassign(&ids[1]);
    refused(1, "is not deactivated in okta");
    stage.okta.state().deactivate(&ids[2]);
    stage.okta.state().delete_user(&ids[2]);
    refused(2, "okta has no user");
    stage.okta.state().deactivate(&ids[3]);
    stage.configure_also(&format!("[protect]\naccounts = [\"{}\"]", person(3).email));
    refused(3, "it is protected by");
    stage.okta.state().deactivate(&ids[4]);
    stage.run(&["pause"]).exits(0);
    refused(4, "all writes are paused");
    remove(&stage, "nobody@example.com", "nobody@example.com").exits(2).says(&["nobody is linked by that name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_delete_needs_a_dismissal_needs_too() {
    let stage = dismissed().await;
    let email = person(1).email;
    // The calls that make evidence find nobody who is assigned: they cannot be believed about anybody.
    stage.okta.plant(When::Every(route::APP_USER), Fault::Refuse(404));
    let told = remove(&stage, &email, &email).exits(4).out;
    assert!(told.contains("was not deleted"), "{told}");
    assert_eq!(deleted(&stage), [""; 0]);
    stage.okta.heal();
    remove(&stage, &email, &email).exits(0);
    assert_eq!(deleted(&stage), [email.as_str()]);
}

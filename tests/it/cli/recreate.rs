//! Deleted accounts that are made anew: new and empty, with the attributes that the journal kept.

use okta_haiilo_sim::people::person;

use crate::setup::program::Stage;

/// Four people in step, deletes armed without a grace; two of them are deleted in one run, whose name is given.
async fn deleted() -> (Stage, String) {
    let stage = Stage::in_step(4).await;
    stage.configure_also("[leavers]\ndeactivated = \"delete\"\nadopted = \"same\"\ngrace = \"0s\"");
    stage.run(&["sync"]).exits(0);
    for n in [1, 2] {
        let id = stage.okta_id(n);
        stage.okta.state().deactivate(&id);
    }
    stage.run(&["sync"]).exits(0);
    assert_eq!(stage.haiilo.state().deleted().len(), 2);
    let journal = stage.run(&["journal", "--format", "json", "--user", &person(1).email]).exits(0).json();
    let entry = journal.as_array().expect("a list").last().expect("an entry").clone();
    (stage, entry["run"].as_str().expect("a run").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_shown_then_made_and_is_no_leavers_until_assigned_once() {
    let (stage, _) = deleted().await;
    let email = person(1).email;
    let before = stage.haiilo.state().writes().len();
    let told = stage.run(&["recreate", &email]).exits(0).says_nothing().out;
    for words in [&email, person(1).city, "cannot come back", "--apply"] {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
    assert_eq!(stage.haiilo.state().writes().len(), before);
    let told = stage.run(&["recreate", &email, "--apply", "--reason", "deleted by mistake"]).exits(0).out;
    assert!(told.starts_with("1 of 1 accounts"), "{told}");
    let account = stage.account(1).expect("an account");
    assert_eq!((account.team(), account.text("name.familyName")), (person(1).city, person(1).family));
    // The person is still deactivated, and nothing is deleted again.
    for _ in 0..3 {
        stage.run(&["sync"]).exits(0);
    }
    let plan = stage.run(&["plan"]).exits(0).out;
    assert!(plan.contains("made anew by hand"), "{plan}");
    assert_eq!(stage.account(1).expect("an account").id, account.id);
    // Once they were assigned again, they are like everybody else.
    let id = stage.okta_id(1);
    stage.okta.state().reactivate(&id);
    stage.okta.state().assign(&id);
    stage.run(&["sync"]).exits(0);
    stage.okta.state().deactivate(&id);
    stage.run(&["sync"]).exits(0);
    assert!(stage.account(1).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_of_one_run_and_nobody_twice() {
    let (stage, run) = deleted().await;
    stage.run(&["recreate", "--run", &run, "--apply"]).exits(0);
    assert!(stage.account(1).is_some() && stage.account(2).is_some());
    let told = stage.run(&["recreate", "--run", &run, "--apply"]).exits(0).out;
    assert!(told.starts_with("0 of 0"), "{told}");
    assert!(stage.run(&["recreate", "--run", &run]).exits(0).out.contains("nobody like that"));
    assert_eq!(stage.haiilo.state().accounts().len(), 5);
    stage.run(&["recreate"]).exits(2);
    stage.run(&["recreate", "x", "--run", "y"]).exits(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_forgotten_or_is_paused_is_not_made_anew() {
    let (stage, run) = deleted().await;
    stage.run(&["journal", "forget", &person(1).email]).exits(0);
    let told = stage.run(&["recreate", "--run", &run]).exits(0).out;
    assert!(told.contains(&person(2).email) && !told.contains(&person(1).email), "{told}");
    stage.run(&["pause"]).exits(0);
    stage.run(&["recreate", "--run", &run, "--apply"]).exits(2).says(&["all writes are paused"]);
    assert!(stage.account(2).is_none());
}

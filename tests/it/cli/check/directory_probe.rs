//! The write probe at an intranet: where profile fields are kept, what the user directory makes of a deactivation, and that cycles and `check`
//! know it afterwards.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{Activation, Container, Deprovision, Discovery, Manner, Remains, Unknown, route};

use crate::cli::check::findings::finds;
use crate::cli::check::write_probe::{self, ADDRESS, forbid_everybody, only_its_own_was_touched};
use crate::setup::program::{CONFIGURATION, Stage};

const URN: &str = "urn:haiilo:params:scim:schemas:extension:profile:2.0:User";

/// Two people in step, with a profile field in the mapping, and whatever the directory does otherwise.
async fn stage(configured: &str, tune: impl FnOnce(&mut Manner)) -> Stage {
    let stage = Stage::in_step_with_an_intranet(2).await;
    stage.map(&[("emails[type eq \"work\"].value", "user.email"), ("locale", "user.locale")]);
    stage.map(&[("profileField_location", "user.city")]);
    stage.configure("[haiilo]", &format!("[haiilo]\n{configured}"));
    stage.haiilo.state().tune(tune);
    forbid_everybody(&stage);
    stage
}

/// What the probe finds, which touched nobody else.
#[track_caller]
fn found(stage: &Stage, code: i32) -> String {
    let told = write_probe::found(stage, code);
    only_its_own_was_touched(stage);
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_as_configured_passes_and_nothing_is_left() {
    let stage = stage("deprovision_policy = \"deactivate\"", |_| {}).await;
    finds(&stage, "Haiilo", "ok what a deactivation does, and where SCIM keeps profile fields, no look can show");
    insta::assert_snapshot!(format!("Write probe\n{}", found(&stage, 0)), @r#"
    Write probe
      ok       account ID was made for probe@example.com
      ok       the new account has every value that was sent
      ok       PATCH changes one attribute and nothing else
      ok       PUT changes one attribute and nothing else
      ok       a changed userName is a rename: the account keeps its id
      ok       profileField_location is kept where haiilo.profile_fields has it, "top"
      ok       a deactivated account stays, as haiilo.deprovision_policy says
      ok       the account can be activated again
      ok       account ID is deleted, and Haiilo answers that it is not there
      ok       what was learnt is kept for cycles to use
    "#);
    assert_eq!(stage.haiilo.state().accounts().len(), 2);
    finds(&stage, "Haiilo", "ok a deactivation leaves the account there, inactive, by the write probe of 2");
    finds(&stage, "Haiilo", "ok profile fields are kept at \"top\", by the write probe of 2");
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    assert_eq!(plan["limits"].as_array().expect("limits").iter().filter(|limit| limit["used"] != 0).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_deactivates_and_what_the_account_is_made_without() {
    let stage = stage("", |_| {}).await;
    let refused = stage.run_typing(&["check", "--write-probe", ADDRESS], "yes").exits(2);
    refused.says(&["deactivates it, activates it again and deletes it. It", "It has nothing in locale, where"]);
    assert_eq!(stage.haiilo.state().writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_fields_in_another_place_are_found_there() {
    for unknown in [Unknown::Refused, Unknown::Ignored] {
        // Below a URN, where the configuration has them at the top, and the other way round.
        let below = |manner: &mut Manner| {
            manner.directory.container = Container::Extension(URN.to_owned());
            manner.directory.unknown = unknown;
            manner.discovery = Discovery::Served;
        };
        let stage = stage("", below).await;
        let told = found(&stage, 1);
        assert!(
            told.contains("error    profile fields are not kept where haiilo.profile_fields has them, \"top\""),
            "{told}"
        );
        assert!(told.contains(&format!("set haiilo.profile_fields = {URN:?}")), "{told}");
        let line = format!("warning profile fields are kept at {URN:?}, by the write probe of 2");
        finds(&stage, "Haiilo", &line);
        stage.configure("[haiilo]", &format!("[haiilo]\nprofile_fields = {URN:?}"));
        finds(&stage, "Haiilo", &line.replacen("warning", "ok", 1));

        let top = |manner: &mut Manner| manner.directory.unknown = unknown;
        let stage = self::stage(&format!("profile_fields = {URN:?}"), top).await;
        let told = found(&stage, 1);
        assert!(
            told.contains("and profileField_location is kept elsewhere: set haiilo.profile_fields = \"top\""),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_haiilo_does_not_have_says_nothing_about_the_place() {
    let stage = stage("", |manner| {
        manner.directory.fields.remove("location");
    })
    .await;
    let told = found(&stage, 0);
    assert!(told.contains("warning  no profile field was kept (PATCH /Users/{id}: haiilo answered 400"), "{told}");
    // Another one that is mapped does.
    stage.haiilo.state().forget_writes();
    stage.map(&[("profileField_office", "user.city")]);
    let told = found(&stage, 0);
    assert!(
        told.contains("ok       profileField_office is kept where haiilo.profile_fields has it, \"top\""),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivation_that_deletes_is_found_out_and_no_cycle_sends_one() {
    for remains in [Remains::Nothing, Remains::Readable] {
        let stage = stage("deprovision_policy = \"deactivate\"", |manner| {
            manner.directory.deactivation = Deprovision::Delete;
            manner.directory.remains = remains;
        })
        .await;
        let told = found(&stage, 1);
        assert!(
            told.contains(
                "error    a deactivated account is deleted, and haiilo.deprovision_policy says that it stays"
            ),
            "{told}"
        );
        assert_eq!(
            told.contains("ok       the account can be activated again"),
            remains == Remains::Readable,
            "{told}"
        );
        assert!(told.contains("ok       account ID is deleted, and Haiilo "), "{told}");
        assert!(!stage.run(&["check"]).exits(0).out.contains("left account"));

        stage.configure_also("[leavers]\ndeactivated = \"deactivate\"\ngrace = \"0s\"");
        let id = stage.okta_id(0);
        stage.okta.state().deactivate(&id);
        let report = stage.run(&["sync", "--format", "json"]).exits(0).json();
        let reason = report["leavers"][0]["reason"].as_str().expect("a reason");
        assert!(reason.contains("not deleted: an account was gone after a deactivation"), "{reason}");
        assert_eq!(stage.account(0).map(|account| account.is_active()), Some(true));

        // The directory's policy is changed, the probe says so, and the leaver is deactivated.
        stage.haiilo.state().tune(|manner| manner.directory.deactivation = Deprovision::Deactivate);
        assert!(
            write_probe::found(&stage, 0)
                .contains("ok       a deactivated account stays, as haiilo.deprovision_policy says")
        );
        stage.run(&["sync"]).exits(0);
        assert_eq!(stage.account(0).map(|account| account.is_active()), Some(false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_less_than_hoped_for_is_told_and_the_account_goes() {
    type Tuning = Box<dyn FnOnce(&mut Manner)>;
    let ways: [(&str, Tuning); 3] = [
        (
            "warning  a deactivated account stays, and every deactivation counts as a delete here: set haiilo.deprovision_policy = \"deactivate\"",
            Box::new(|_| {}),
        ),
        (
            "ok       a deactivated account is deleted, as haiilo.deprovision_policy says",
            Box::new(|manner| manner.directory.deactivation = Deprovision::Delete),
        ),
        (
            "warning  the account stays inactive when it is activated, by the directory's policy",
            Box::new(|manner| manner.directory.activation = Activation::Hidden),
        ),
    ];
    for (line, tune) in ways {
        let stage = stage("", tune).await;
        let told = found(&stage, 0);
        assert!(told.contains(line), "{line:?} is not in {told}");
        assert!(stage.haiilo.state().account_named(ADDRESS).is_none(), "{told}");
    }
    let stage = stage("", |_| {}).await;
    stage.haiilo.plant(When::Nth(route::PATCH, 4), Fault::Refuse(403));
    let told = found(&stage, 0);
    assert!(
        told.contains("warning  what a deactivation does was not found out (PATCH /Users/{id}: haiilo answered 403"),
        "{told}"
    );
    assert!(stage.haiilo.state().account_named(ADDRESS).is_none(), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_fails_makes_no_deleted_account() {
    let stage = stage("deprovision_policy = \"deactivate\"", |_| {}).await;
    stage.haiilo.forget_calls();
    // Two of `check`, two before the probe, two before the deactivation.
    stage.haiilo.plant(When::Nth(route::LOOK_UP, 7), Fault::Refuse(403));
    let told = found(&stage, 0);
    assert!(
        told.contains("warning  what a deactivation does was not found out (GET /Users?filter: haiilo answered 403"),
        "{told}"
    );
    assert!(!stage.run(&["check"]).exits(0).out.contains("a deactivation"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_that_only_deactivates_leaves_the_account_to_a_human_being() {
    let stage = stage("", |manner| manner.directory.deletion = Deprovision::Deactivate).await;
    let told = found(&stage, 1);
    assert!(
        told.contains(
            "error    account ID is left behind, and must be deleted in Haiilo by hand: by the user directory's policy DELETE leaves the \
             account there, inactive"
        ),
        "{told}"
    );
    finds(&stage, "Store", "error the write probe of 2");
    assert!(stage.read(CONFIGURATION).contains("intranet"));
}

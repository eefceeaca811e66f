//! The write probe at the program: what it finds on good and bad servers, whom it never touches, and what is left where it cannot clean up.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{AccountSeed, Bend, Create, Delete, Did, Filters, Manner, Patch, Put, route};
use okta_haiilo_sim::people::person;

use crate::cli::check::findings::finds;
use crate::setup::program::{Ended, Stage};

pub(crate) const ADDRESS: &str = "probe@example.com";

/// What a server does otherwise.
type Tuning = Box<dyn FnOnce(&mut Manner)>;

/// Two people in step, besides an unmanaged account, and whatever the server does otherwise.
async fn stage(tune: impl FnOnce(&mut Manner)) -> Stage {
    let stage = Stage::in_step(2).await;
    stage.haiilo.state().add_account(AccountSeed::of(&person(30)));
    stage.haiilo.state().tune(tune);
    forbid_everybody(&stage);
    stage
}

/// No account that is there by now may be written to.
pub(crate) fn forbid_everybody(stage: &Stage) {
    stage.haiilo.state().forget_writes();
    let accounts = stage.haiilo.state().accounts();
    for account in accounts {
        stage.haiilo.state().must_not_touch(&account.id);
    }
}

fn probe(stage: &Stage) -> Ended {
    stage.run(&["check", "--write-probe", ADDRESS, "--yes"])
}

/// The findings of the probe, with the id of the account left out.
#[track_caller]
pub(crate) fn found(stage: &Stage, code: i32) -> String {
    let out = probe(stage).exits(code).out;
    let section = out.split("\n\n").find_map(|section| section.strip_prefix("Write probe\n"));
    let section = section.unwrap_or_else(|| panic!("no probe in {out}")).trim_end().to_owned();
    made(stage).map_or(section.clone(), |id| section.replace(&id, "ID"))
}

/// The id of the account that was made.
fn made(stage: &Stage) -> Option<String> {
    let writes = stage.haiilo.state().writes();
    let made = writes.into_iter().find(|write| matches!(write.did, Did::Created | Did::Queued));
    made.and_then(|write| write.id)
}

/// Every write concerned the account that was made, and nothing else was done that a client must not do.
#[track_caller]
pub(crate) fn only_its_own_was_touched(stage: &Stage) {
    let own = made(stage);
    for write in stage.haiilo.state().writes() {
        assert!(write.did == Did::Nothing && write.method == "POST" || write.id == own, "{write:?}");
    }
    assert_eq!(stage.haiilo.violations(), [""; 0]);
}

/// The kinds of entries that a probe has written, each with its outcome.
fn journal(stage: &Stage) -> Vec<String> {
    let journal = stage.run(&["journal", "--format", "json"]).exits(0).json();
    let entries = journal.as_array().expect("a list").iter();
    let probes = entries.filter(|entry| entry["kind"].as_str().is_some_and(|kind| kind.starts_with("probe")));
    probes
        .map(|entry| {
            format!("{} {}", entry["kind"].as_str().unwrap_or_default(), entry["outcome"].as_str().unwrap_or("open"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_server_passes_and_nothing_is_left() {
    let stage = stage(|_| {}).await;
    insta::assert_snapshot!(format!("Write probe\n{}", found(&stage, 0)), @r"
    Write probe
      ok       account ID was made for probe@example.com
      ok       the new account has every value that was sent
      ok       PATCH changes one attribute and nothing else
      ok       PUT changes one attribute and nothing else
      ok       a changed userName is a rename: the account keeps its id
      ok       account ID is deleted, and Haiilo answers that it is not there
      ok       what was learnt is kept for cycles to use
    ");
    only_its_own_was_touched(&stage);
    assert!(stage.haiilo.state().account_named(ADDRESS).is_none());
    assert_eq!(stage.haiilo.state().accounts().len(), 4);
    assert_eq!(
        journal(&stage),
        ["probe_create done", "probe_patch done", "probe_put done", "probe_rename done", "probe_delete done"]
    );
    // No limit counts it, no cycle settles it, nobody is made anew.
    let plan = stage.run(&["plan", "--exit-code", "--format", "json"]).exits(0).json();
    assert!(
        plan["limits"]
            .as_array()
            .expect("limits")
            .iter()
            .all(|limit| limit["limit"] != "creates" || limit["used"] == 0)
    );
    let told = stage.run(&["recreate", ADDRESS]).exits(0).out;
    assert!(told.contains("has nobody like that"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_it_costs_and_asks() {
    let stage = stage(|_| {}).await;
    let refused = stage.run_typing(&["check", "--write-probe", ADDRESS], "yes").exits(2);
    refused.says(&[
        "It may cost a seat",
        "a mail to the address",
        "in the group",
        "Type the address",
        "nothing was done",
    ]);
    assert_eq!((stage.haiilo.state().writes(), journal(&stage)), (Vec::new(), Vec::new()));
    stage.run_typing(&["check", "--write-probe", ADDRESS], "Probe@example.com").exits(0);
    assert!(made(&stage).is_some());
    stage.run(&["check", "--yes"]).exits(2);
    stage.run(&["check", "--offline", "--write-probe", ADDRESS]).exits(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_somebodys_is_blocked() {
    let stage = stage(|_| {}).await;
    let skipped = stage.okta.state().hire(&person(40));
    stage.okta.state().set_status(&skipped, "STAGED");
    stage.configure_also("[protect]\naccounts = [\"*@haiilo.com\", \"boss.renamed@example.com\"]");
    let refused = |address: &str, words: &str| {
        stage.run(&["check", "--write-probe", address, "--yes"]).exits(2).says(&["no write probe: ", words]);
        assert_eq!(stage.haiilo.state().writes(), []);
    };
    refused(&person(1).email.to_uppercase(), "is assigned in Okta (00u");
    refused(&person(40).email, "is assigned in Okta (00u");
    refused(&person(30).email, "is an account in Haiilo (");
    refused("scim@example.com", "is an account in Haiilo (");
    refused("help@haiilo.com", "is protected by *@haiilo.com");
    refused("boss@example.com", "boss.renamed@example.com is protected by boss.renamed@example.com");
    refused("probe@example.net", "nobody in Okta or Haiilo has an address in example.net");
    refused("probe", "\"probe\" is no address");
    stage.run(&["pause"]).exits(0);
    refused(ADDRESS, "all writes are paused");
    stage.run(&["resume"]).exits(0);
    // Not before everything else is well.
    stage.okta.state().app.features = vec!["PUSH_NEW_USERS".to_owned()];
    probe(&stage).exits(2).says(&["no write probe, and nothing was written: mend the errors"]);
    assert_eq!(stage.haiilo.state().writes(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_patch_is_found_out_and_the_next_cycle_sends_put_at_once() {
    let stage = stage(|manner| manner.patch = Patch::Unsupported(405)).await;
    let told = found(&stage, 1);
    assert!(
        told.contains("error    Haiilo does not know PATCH: set haiilo.update_method = \"put\" if that works"),
        "{told}"
    );
    assert!(told.contains("ok       PUT changes one attribute and nothing else"), "{told}");
    assert!(told.contains("ok       a changed userName is a rename"), "{told}");
    only_its_own_was_touched(&stage);
    let stage = self::stage(|manner| manner.patch = Patch::Unsupported(405)).await;
    stage.configure("[haiilo]", "[haiilo]\nupdate_method = \"put\"");
    let told = found(&stage, 0);
    assert!(
        told.contains("ok       Haiilo does not know PATCH; haiilo.update_method = \"put\" does without it"),
        "{told}"
    );
    stage.configure("update_method = \"put\"", "update_method = \"patch\"");
    stage.set_profile(0, "city", "Paris");
    stage.haiilo.forget_calls();
    stage.run(&["sync"]).exits(0);
    let writes: Vec<String> =
        stage.haiilo.calls().into_iter().map(|call| call.route).filter(|route| !route.starts_with("GET")).collect();
    assert_eq!(writes, [route::PUT]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_or_also_changed_is_told() {
    let lost = |path: &str| Patch::LosesUnsent(path.to_owned());
    let ways: [(&str, i32, Tuning); 5] = [
        (
            "warning  the new account does not have what was sent for name.familyName: cycles will report such values",
            0,
            Box::new(|manner| manner.dropped.extend(["name.familyName".to_owned()])),
        ),
        (
            "error    PATCH is answered like a success, and name.familyName is not kept: set haiilo.update_method = \"put\"",
            1,
            Box::new(|manner| manner.patch = Patch::IgnoresAndSays200),
        ),
        (
            "error    PATCH is answered like a success, and name.familyName is not kept",
            1,
            Box::new(|manner| manner.patch = Patch::EchoesLie),
        ),
        (
            "error    PATCH of name.familyName also changes name.givenname, which was not sent",
            1,
            Box::new(move |manner| manner.patch = lost("name.givenName")),
        ),
        (
            "ok       Haiilo does not know PUT; haiilo.update_method = \"patch\" does without it",
            0,
            Box::new(|manner| manner.put = Put::Unsupported(501)),
        ),
    ];
    for (line, code, tune) in ways {
        let stage = stage(tune).await;
        let told = found(&stage, code);
        assert!(told.contains(line), "{line:?} is not in {told}");
        only_its_own_was_touched(&stage);
        assert!(stage.haiilo.state().account_named(ADDRESS).is_none(), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_names_no_id_ends_it_and_is_not_forgotten() {
    let stage = stage(|_| {}).await;
    stage.haiilo.plant(When::Nth(route::CREATE, 1), Fault::DropAfter);
    let told = found(&stage, 1);
    assert!(
        told.contains("whether the account was made is not known: look for probe@example.com in Haiilo, and delete"),
        "{told}"
    );
    only_its_own_was_touched(&stage);
    assert_eq!((stage.haiilo.state().writes().len(), journal(&stage)), (1, vec!["probe_create open".to_owned()]));
    // No cycle takes it for an operation; each check names it until it is gone.
    stage.run(&["sync"]).exits(0);
    assert_eq!(stage.run(&["status", "--json"]).exits(0).json()["open"], 0);
    let line = "error the write probe of 2";
    finds(&stage, "Store", line);
    stage.run(&["check", "--write-probe", ADDRESS, "--yes"]).exits(2);
    let id = stage.haiilo.state().account_named(ADDRESS).expect("the account").id;
    stage.haiilo.state().remove_account(&id);
    assert!(!stage.run(&["check"]).exits(0).out.contains("write probe"));

    let stage = self::stage(|manner| manner.create = Create::CreatedEmpty).await;
    assert!(found(&stage, 0).contains("account ID is deleted"));
    only_its_own_was_touched(&stage);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_name_somebody_else_touch_nobody() {
    for bend in [Bend::LyingId, Bend::LyingUserName] {
        let stage = stage(|_| {}).await;
        stage.haiilo.plant(When::Nth(route::CREATE, 1), Fault::Bend(bend.clone()));
        let told = found(&stage, i32::from(bend == Bend::LyingId));
        only_its_own_was_touched(&stage);
        let is_left = stage.haiilo.state().account_named(ADDRESS).is_some();
        assert_eq!(is_left, bend == Bend::LyingId, "{told}");
        assert!(
            !is_left || told.contains("was there before, and which is left alone: look for probe@example.com"),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_shows_another_name_is_left_alone() {
    let stage = stage(|_| {}).await;
    stage.haiilo.plant(When::Every(route::READ), Fault::Bend(Bend::LyingUserName));
    let told = found(&stage, 1);
    assert!(told.contains("error    account ID carries another userName than was sent"), "{told}");
    assert_eq!(stage.haiilo.state().writes().len(), 1);
    assert!(stage.haiilo.state().account_named(ADDRESS).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_deleted_is_named_until_it_is_gone() {
    for delete in [Delete::Nothing, Delete::Soft] {
        let stage = stage(|manner| manner.delete = delete).await;
        let told = found(&stage, 1);
        assert!(told.contains("error    account ID is left behind, and must be deleted in Haiilo by hand: "), "{told}");
        only_its_own_was_touched(&stage);
        finds(&stage, "Store", "error the write probe of 2");
    }
    let stage = stage(|_| {}).await;
    stage.haiilo.plant(When::Every(route::DELETE), Fault::Refuse(403));
    assert!(
        found(&stage, 1)
            .contains("is left behind, and must be deleted in Haiilo by hand: DELETE /Users/{id}: haiilo answered 403")
    );
    only_its_own_was_touched(&stage);
    // One refusal alone is tried again.
    let stage = self::stage(|_| {}).await;
    stage.haiilo.plant(When::Nth(route::DELETE, 1), Fault::DropBefore);
    assert!(found(&stage, 0).contains("account ID is deleted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_on_the_way_the_account_goes() {
    for route in [route::PATCH, route::PUT, route::READ] {
        let stage = stage(|manner| manner.filters = Filters::Ignored).await;
        stage.haiilo.plant(When::Nth(route, 2), Fault::Refuse(400));
        stage.haiilo.plant(When::Nth(route, 1), Fault::Refuse(400));
        let out = probe(&stage).out;
        assert!(stage.haiilo.state().account_named(ADDRESS).is_none(), "{route}: {out}");
        assert!(out.contains("is deleted, and Haiilo answers that it is not there"), "{route}: {out}");
        only_its_own_was_touched(&stage);
    }
}

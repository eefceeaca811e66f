//! `check`, finding by finding: each is provoked once, says what to do, and nothing but reads is sent.

use std::time::Duration;

use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, AccountSeed};
use okta_haiilo_sim::okta::{self, Bend, Bucket, Role, Ungranted, route};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::clock::{Clock as _, SystemClock};
use okta_haiilo_sync::domain::model::ids::Fingerprint;
use okta_haiilo_sync::store::{CycleLock, Store, StorePath};

use crate::apis::okta::ec;
use crate::setup::program::Stage;

/// Findings about these people, from the section of one end.
#[track_caller]
pub(crate) fn section(stage: &Stage, title: &str, code: i32) -> String {
    let out = stage.run(&["check"]).exits(code).says_nothing().out;
    let sections = out.split("\n\n").find_map(|section| section.strip_prefix(&format!("{title}\n")));
    sections.unwrap_or_else(|| panic!("no section {title} in {out}")).trim_end().to_owned()
}

/// The section holds this line, whatever else it holds.
#[track_caller]
pub(crate) fn finds(stage: &Stage, title: &str, line: &str) {
    let code = i32::from(line.starts_with("error"));
    let found = section(stage, title, code);
    let expected = line.split_once(' ').map_or(line.to_owned(), |(word, text)| format!("  {word:7}  {text}"));
    assert!(found.lines().any(|found| found.starts_with(&expected)), "{expected:?} is not in\n{found}");
}

/// The program is a service app from now on.
fn as_service_app(stage: &Stage) {
    let keys = ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256");
    let key_id = stage.okta.state().auth.register_key(&keys.public, keys.algorithm);
    stage.write("credentials/okta-private-key", &keys.private);
    let client_id = okta::CLIENT_ID;
    stage.configure(
        "method = \"api_token\"",
        &format!("method = \"private_key_jwt\"\nclient_id = \"{client_id}\"\nkey_id = \"{key_id}\""),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_world_has_nothing_but_good_findings() {
    let stage = Stage::in_step(3).await;
    let out = stage.run(&["check"]).exits(0).says_nothing().out;
    // Times go by.
    let still = |line: &str| line.split(" would be at ").next().unwrap_or_default().to_owned();
    let found = out.lines().map(still).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(found, @r#"
    Configuration
      ok       sync.toml and its mapping are complete
      ok       mapping tests: all 1 pass
      ok       the next full cycles of the daemon

    Okta
      ok       the API token is taken; it has the rights of the administrator who made it and dies with that user, or after 30 days without a call
      ok       the application "Haiilo" is active
      ok       Okta's own push to Haiilo is off
      ok       the local clock agrees with Okta's
      ok       the first page of assignments has 3 people
      ok       people can be read by id, which evidence about leavers needs
      ok       Okta's schemas have all 6 attributes that the mapping reads

    Haiilo
      ok       the token is taken; it dies with the account of its owner, and whether it ends by itself is not documented
      ok       4 users, 4 of them on the first page; totalResults is true
      ok       a filter by userName finds whom it asks for, and nobody else
      ok       the owner of the token, scim@example.com, was found
      ok       Haiilo has no ServiceProviderConfig and no Schemas: it is judged by what it does

    A full cycle with nothing to write
      ok       Okta: 1 page, of which 500000 a minute are ours: under a minute
      ok       Haiilo: 2 pages, 2 at once: under a minute
      ok       both at the same time: under a minute; schedule.full = "0 */15 * * * *" fits

    Store
      ok       state.db belongs to these ends and knows 3 links
      ok       what was learnt of Haiilo is kept for cycles to use
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_the_mapping_that_fails_is_shown_as_a_difference() {
    let stage = Stage::with_people(0).await;
    let more = r#"
[[tests]]
name = "a colleague in France"
user = { firstName = "Ada", email = "ada@example.com", countryCode = "FR", city = "Paris" }
[tests.expect]
"name.givenName" = "Ada"
'addresses[type eq "work"].country' = "Frankreich"
'addresses[type eq "work"].locality' = ""

[[tests]]
name = "nobody knows \"XX\""
user = { email = "eve@example.com", countryCode = "XX" }
expect = { userName = "eve@example.com" }
"#;
    let mapping = stage.read("mapping.toml");
    stage.write("mapping.toml", mapping + more);
    let out = stage.run(&["check", "--offline"]).exits(1).says_nothing().out;
    let found: Vec<&str> = out.lines().filter(|line| !line.contains(" would be at ")).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    Configuration
      ok       sync.toml and its mapping are complete
      error    mapping.toml:29:1: test "a colleague in France" fails
               addresses[type eq "work"].country
               - "Frankreich"
               + "France"
               addresses[type eq "work"].locality
               - nothing
               + "Paris"
      error    mapping.toml:37:1: test "nobody knows \"XX\"" fails
               the person
               - an account
               + held, because of addresses[type eq "work"].country: [tables.groups] has no entry for "XX"; add one, or one for "*"
      error    mapping tests: 2 of 3 fail (- is what the test expects, + what the mapping gives); correct the rule or the test
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_compared_with_oktas() {
    let stage = Stage::with_people(1).await;
    for (skew, line) in [
        (-100, "warning the local clock is 10"),
        (
            200,
            "warning the local clock is 3 minutes behind Okta's; beyond five minutes nothing is deleted: set the clock",
        ),
        (
            -400,
            "error the local clock is 6 minutes ahead of Okta's, more than five minutes: nothing would be deleted; set",
        ),
    ] {
        stage.okta.plant(When::Nth(route::APP, 1), Fault::Bend(Bend::DateSkew(skew)));
        finds(&stage, "Okta", line);
    }
    stage.okta.plant(When::Nth(route::APP, 1), Fault::Bend(Bend::NoDate));
    finds(&stage, "Okta", "error Okta's answers have no date, so that nothing would be deleted: look whether a proxy");
    assert!(stage.okta.heal());
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_no_profile_has_are_named_with_the_nearest_one() {
    let stage = Stage::with_people(1).await;
    let mapping = stage.read("mapping.toml");
    stage.write("mapping.toml", mapping.replace("user.firstName", "user.fristName"));
    let text = "warning the mapping reads user.fristName, which the profiles of Okta's default type of users do not have: did you mean \
                user.firstName (\"First name\")?";
    finds(&stage, "Okta", text);
    stage.write("mapping.toml", mapping.replace("user.firstName", "user.hobby or user.firstName"));
    let text = "warning the mapping reads user.hobby, which the profiles of Okta's default type of users do not have: correct the name in";
    finds(&stage, "Okta", text);
    stage.write("mapping.toml", mapping.replace("user.city | trim", "appuser.haiiloTaem"));
    let id = stage.okta_id(0);
    stage.okta.state().set_app_profile(&id, "haiiloTeam", "Sales".into());
    let text = "error the mapping reads appuser.haiiloTaem, which the profiles of the application do not have: did you mean \
                appuser.haiiloTeam?";
    finds(&stage, "Okta", text);
    stage.write("mapping.toml", mapping.replace("user.city | trim", "appuser.haiiloTeam"));
    finds(&stage, "Okta", "ok Okta's schemas have all 6 attributes that the mapping reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing_is_told_from_a_role() {
    let stage = Stage::with_people(1).await;
    finds(&stage, "Okta", "ok the API token is taken; it has the rights of the administrator who made it");
    as_service_app(&stage);
    finds(
        &stage,
        "Okta",
        "ok the service app 0oa2servicekWq45d7ab is given access tokens, of an hour each; its key is taken",
    );
    finds(&stage, "Okta", "ok Okta's schemas have all");
    // Without the scope of advice, everything else goes on.
    let scopes = ["okta.apps.read", "okta.users.read"].map(str::to_owned).to_vec();
    stage.okta.state().auth.scopes.clone_from(&scopes);
    finds(
        &stage,
        "Okta",
        "warning Okta does not show us its schemas, so that a misspelt attribute in the mapping is not found",
    );
    assert!(section(&stage, "Okta", 0).contains("grant the scope okta.schemas.read"));
    stage.okta.state().auth.scopes.truncate(1);
    let scope = section(&stage, "Okta", 1);
    let both = "grant the service app the scopes okta.apps.read and okta.users.read (Okta API Scopes)";
    assert!(scope.contains("invalid_scope") && scope.contains(both), "{scope}");
    // Some organizations give a token without that scope, and the call that needs it is the one to fail.
    stage.okta.state().auth.ungranted = Ungranted::LeftOut;
    for (granted, lacking, fine) in [(0, "okta.users.read", true), (1, "okta.apps.read", false)] {
        stage.okta.state().auth.scopes = vec![scopes[granted].clone()];
        let scope = section(&stage, "Okta", 1);
        let said = format!("the token lacks the scope {lacking}: {both}");
        assert!(scope.contains(&said) && !scope.contains("lack an admin role"), "{scope}");
        assert_eq!(scope.contains("ok       the application \"Haiilo\" is active"), fine, "{scope}");
    }
    stage.okta.state().auth.scopes.clone_from(&scopes);
    stage.okta.state().auth.admin_role = Role::Missing;
    let role = section(&stage, "Okta", 1);
    assert!(role.contains("the credentials lack an admin role: give") && !role.contains("grant"), "{role}");
    assert!(role.contains("okta.apps.read and okta.users.read alone read nothing"), "{role}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_must_be_active_and_the_only_writer() {
    let stage = Stage::empty().await;
    finds(&stage, "Okta", "warning nobody is assigned to the application: assign people or groups to it in Okta");
    finds(&stage, "Okta", "ok Okta's own push to Haiilo is off");
    stage.okta.state().app.features = vec!["PUSH_NEW_USERS".to_owned()];
    finds(&stage, "Okta", "error Okta's own push to Haiilo is on (PUSH_NEW_USERS): switch it off in Okta");
    stage.configure("[okta]", "[okta]\npush_is_on = \"accept\"");
    finds(
        &stage,
        "Okta",
        "warning Okta's own push to Haiilo is on (PUSH_NEW_USERS) and would be a second writer: switch",
    );
    "INACTIVE".clone_into(&mut stage.okta.state().app.status);
    let text = section(&stage, "Okta", 1);
    assert!(text.contains("is INACTIVE; activate it, or correct okta.app_id"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_full_cycle_takes_is_told_with_the_side_that_decides() {
    let title = "A full cycle with nothing to write";
    let stage = Stage::in_step(60).await;
    stage.configure("[okta]", "[okta]\npage_size = 1");
    // There is no telling how many are assigned: as many as there are accounts, perhaps. So few calls are allowed that `check` itself, which
    // is part of this minute, just does not wait.
    stage.okta.state().set_limit(Bucket::Apps, 30);
    let found = section(&stage, title, 0);
    let lines = [
        "  ok       Okta: 61 pages, of which 15 a minute are ours: about 4 minutes",
        "  ok       Haiilo: 2 pages, 2 at once: under a minute",
        "  ok       both at the same time: about 4 minutes, by Okta's limit; schedule.full = \"0 */15 * * * *\" fits",
    ];
    assert_eq!(found.lines().collect::<Vec<_>>(), lines);
    stage.okta.state().set_limit(Bucket::Apps, 1_000_000);
    // All of them are on one page, so that Okta has told how many there are.
    stage.configure("page_size = 1\n", "");
    stage.haiilo.state().populate((60..6_000).map(|n| AccountSeed::of(&person(n))));
    stage.configure("[haiilo]", "[haiilo]\npage_size = 1");
    stage.haiilo.set_latency(Duration::from_millis(100));
    let found = section(&stage, title, 0);
    assert!(found.contains("Okta: 1 page, of which 500000 a minute are ours: under a minute"), "{found}");
    assert!(
        found.contains("Haiilo: 6002 pages, 2 at once: about ") && found.contains(", by Haiilo's answers"),
        "{found}"
    );
    stage.okta.plant(When::Every(route::APP_USERS), Fault::Bend(Bend::NoRateHeaders));
    finds(&stage, title, "warning Okta: 1 page, and no rate limit is shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_token_is_in_use_is_told_once_a_cycle_has_used_it() {
    let stage = Stage::with_people(1).await;
    let of_today = |title: &str| {
        let today = SystemClock::new().now().format("%Y-%m-%d").to_string();
        section(&stage, title, 0).contains(&format!("in use here since {today}"))
    };
    assert!(!of_today("Okta"));
    // As the daemon does with each cycle.
    let path = StorePath::new(stage.path("state.db"));
    let lock = CycleLock::try_take(&path, "a test").await.expect("the lock");
    let store = Store::open(&path, lock).await.expect("a store");
    for (side, token) in [("okta", okta::API_TOKEN), ("haiilo", haiilo::TOKEN)] {
        let token = Fingerprint::of(&["token", token]);
        store.token_since(side, &token, SystemClock::new().now()).await.expect("written");
    }
    store.close().await.expect("closed");
    assert!(of_today("Okta"));
}

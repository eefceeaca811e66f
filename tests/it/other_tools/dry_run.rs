//! A dry run tells the truth, and so does the report of what was done.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, Did, route};
use okta_haiilo_sim::okta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::clock::{Clock as _, SystemClock};
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::engine::Scope;
use serde_json::{Value, json};

use crate::setup::output::{told, told_of_plan};
use crate::setup::world::{World, seed};

/// A world in which a cycle has something of every kind to do: adopt, rename, change, clear, create and delete; and people who are held,
/// who left, who are missing, and accounts of others.
async fn a_day_of_everything() -> World {
    let mut world = World::in_step(16).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.sync_well().await;
    let ids: Vec<String> = (0..8).map(|n| world.okta_id(n)).collect();
    let missing = world.haiilo_id(7);
    let mut known = seed(&person(31));
    "Elsewhere".clone_into(&mut known.team);
    world.haiilo.state().populate([known, seed(&person(40))]);
    world.haiilo.state().remove_account(&missing);
    world.set_profile(2, "city", json!("Paris"));
    world.set_profile(3, "lastName", json!("Byron"));
    world.set_profile(3, "countryCode", json!("FI"));
    world.set_profile(6, "countryCode", json!("ZZ"));
    let mut okta = world.okta.state();
    okta.rename(&ids[1], "renamed@example.com");
    okta.deactivate(&ids[4]);
    okta.unassign(&ids[5]);
    okta.hire(&person(30));
    okta.hire(&person(31));
    okta.hire(&person(32));
    drop(okta);
    world.haiilo.state().forget_writes();
    world
}

fn list<'j>(json: &'j Value, name: &str) -> &'j Vec<Value> {
    json[name].as_array().unwrap_or_else(|| panic!("{name} is a list in {json:#}"))
}

/// `kind account` of everything that a report says was done to an account.
fn said(report: &Value) -> BTreeSet<(String, String)> {
    let done =
        list(report, "outcomes").iter().filter(|one| one["outcome"] == "done" || one["outcome"] == "done_except");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    done.filter(|one| one["kind"] != "adopt").map(|one| (text(&one["kind"]), text(&one["haiilo_id"]))).collect()
}

/// The same as Haiilo saw it.
fn seen(world: &World) -> BTreeSet<(String, String)> {
    let writes = world.haiilo.state().writes();
    let did = writes.into_iter().filter_map(|write| {
        let kind = match write.did {
            Did::Nothing => return None,
            Did::Created | Did::Queued | Did::Restored => "create",
            Did::Changed(_) => "update",
            Did::Deactivated(_) | Did::Deleted => "delete",
        };
        Some((kind.to_owned(), write.id.expect("an account")))
    });
    did.collect()
}

/// In getgaal/gaal#24 and rust-lang/team#1712 a dry run had logic of its own, and in openshift/origin#7380 it was a heap of JSON in which
/// nobody saw what would change; here what `plan` shows is, word for word, what the run then does, person by person and value by value.
#[tokio::test]
async fn a_dry_run_shows_word_for_word_what_the_run_then_does() {
    let mut world = a_day_of_everything().await;
    let plan = told_of_plan(&world.plan().await);
    let kinds: Vec<&str> = list(&plan, "operations").iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["adopt", "update", "update", "update", "update", "create", "create", "delete"]);
    let report = world.sync_well().await;
    let told = told(&report);
    let parts = [
        "operations",
        "leavers",
        "held",
        "waiting",
        "rejected",
        "missing",
        "unmanaged",
        "unchanged",
        "violations",
        "limits",
        "counts",
    ];
    for part in parts {
        assert_eq!(told[part], plan[part], "{part}");
    }
    // Every value that the plan named has become what it said.
    for operation in list(&plan, "operations").iter().filter(|one| one["kind"] == "update") {
        let account =
            world.haiilo.state().account(operation["haiilo_id"].as_str().expect("an id")).expect("it is there");
        for change in list(operation, "changes") {
            assert_ne!(change["from"], change["to"]);
            let path = change["path"].as_str().expect("a path");
            let found = match path {
                "userName" => account.user_name.as_str(),
                path if path.ends_with("country") => account.group(),
                path if path.ends_with("locality") => account.team(),
                path => account.text(path),
            };
            assert_eq!(json!(found), change["to"], "{path}");
        }
    }
    world.assert_converged().await;
}

/// awslabs/ssosync#38 wants to see the changes before they are made, and in adobe-apiplatform/user-sync.py#276 a test mode wrote. Here a dry run about anybody, also with the
/// id of an approval at hand, sends reads alone and changes no byte of the store (the harness compares both around every dry run).
#[tokio::test]
async fn a_dry_run_about_anybody_writes_nothing_anywhere() {
    let mut world = a_day_of_everything().await;
    world.settings.policy.limits.set(LimitName::Updates, world.settings.policy.limits.of(LimitName::Renames));
    let approval = world.sync().await.prepared.limit_check.approval_id.clone().expect("four updates are too many");
    world.approve(&approval).await.expect("approved");
    let names = [person(2).email, world.okta_id(4), world.haiilo_id(3), person(31).email];
    let scopes = names.into_iter().map(Scope::One).chain([Scope::Everybody]);
    for scope in scopes {
        let prepared = world.try_plan_of(&scope).await.expect("a plan");
        assert!(!prepared.plan.people.operations.is_empty() || matches!(&scope, Scope::One(_)), "{scope:?}");
    }
    assert_eq!(world.haiilo.state().writes(), []);
    // The approval was not used up by looking.
    assert_eq!(seen(&world), BTreeSet::new());
    let report = world.sync().await;
    assert_eq!(said(&told(&report)), seen(&world));
    assert_eq!(seen(&world).len(), 7);
}

/// adobe-apiplatform/user-sync.py#754 summed up changes that were made as no actions, keycloak/keycloak#26353 said that nobody was removed
/// when somebody was, in mitodl/keycloak-scim#161 nothing was said but that zero users had been synced, redhat-cop/group-sync-operator#126 asks
/// what was synced today, and slash9494/ai-config-sync-manager#9 for a ledger of it. Here the report, the journal and
/// what Haiilo saw agree about every account, in a run in which some operations fail.
#[tokio::test]
async fn the_report_and_the_journal_say_what_the_server_saw() {
    let faults = [
        (route::PATCH, Fault::Refuse(400)),
        (route::PATCH, Fault::DropAfter),
        (route::CREATE, Fault::RefuseAfter(504)),
        (route::CREATE, Fault::Refuse(500)),
        (route::DELETE, Fault::DropAfter),
        (route::DELETE, Fault::Refuse(403)),
        (route::LIST, Fault::DropBefore),
    ];
    for (route, fault) in faults {
        let mut world = a_day_of_everything().await;
        world.haiilo.plant(When::Nth(route, 1), fault.clone());
        let report = world.sync().await;
        let (told, seen) = (told(&report), seen(&world));
        assert_eq!(said(&told), seen, "{fault:?} at {route}");
        assert!(seen.len() >= 5, "{seen:?}");
        assert_eq!(list(&told, "outcomes").len(), list(&told, "operations").len(), "each operation has an outcome");
        for outcome in list(&told, "outcomes") {
            let failed = ["failed", "unknown", "not_attempted", "held"].iter().any(|word| outcome["outcome"] == *word);
            assert_eq!(failed, outcome["detail"].is_string(), "who failed is told, and why: {outcome}");
        }
        assert_eq!(journalled(&world).await, seen, "{fault:?} at {route}");
    }
}

/// `kind account` of everything that the journal of the last run calls done. An update that was tried again path by path is one account.
async fn journalled(world: &World) -> BTreeSet<(String, String)> {
    let url = format!("sqlite:{}", world.path().as_path().display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.expect("connected");
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT j.kind, COALESCE(l.haiilo_id, j.haiilo_id) FROM journal_entries j LEFT JOIN links l ON l.okta_id = j.okta_id
         WHERE j.outcome IN ('done', 'done_except') AND j.kind <> 'adopt'
         AND j.run = (SELECT run FROM journal ORDER BY entry DESC LIMIT 1)",
    )
    .fetch_all(&mut connection)
    .await
    .expect("rows");
    rows.into_iter().collect()
}

/// In Gentleman-Programming/gentle-ai#4600 a dry run said the same whatever would change, which is worth nothing.
#[tokio::test]
async fn another_change_is_another_plan() {
    let mut told = BTreeSet::new();
    let mut world = World::in_step(6).await;
    let id = world.okta_id(1);
    told.insert(told_of_plan(&world.plan().await).to_string());
    for step in 0..6 {
        match step {
            0 => world.set_profile(0, "city", json!("Paris")),
            1 => world.set_profile(0, "city", json!("Rome")),
            2 => world.okta.state().rename(&id, "renamed@example.com"),
            3 => drop(world.okta.state().hire(&person(9))),
            4 => world.okta.state().deactivate(&id),
            _ => world.set_profile(2, "countryCode", json!("ZZ")),
        }
        assert!(told.insert(told_of_plan(&world.plan().await).to_string()), "step {step} changed nothing");
    }
    world.sync_well().await;
    assert!(told.insert(told_of_plan(&world.plan().await).to_string()), "what was done is no longer planned");
}

/// A configuration of the built program for this world.
fn configure(world: &World) -> std::path::PathBuf {
    let folder = world.folder.path();
    let write = |name: &str, text: &str| {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(folder.join(name))
            .expect("a file");
        file.write_all(text.as_bytes()).expect("written");
    };
    write("okta-token", okta::API_TOKEN);
    write("haiilo-token", haiilo::TOKEN);
    write(
        "mapping.toml",
        r#"
        [attributes.userName]
        value = "assignment.user_name"
        [attributes."name.givenName"]
        value = "user.firstName"
        [attributes."name.familyName"]
        value = "user.lastName"
        [attributes."addresses[type eq \"work\"].country"]
        value = "'Germany'"
        "#,
    );
    let config = format!(
        r#"
        state = "sqlite:{folder}/state.db"
        [okta]
        org_url = "{}"
        app_id = "{}"
        [okta.auth]
        method = "api_token"
        token_file = "okta-token"
        [haiilo]
        product = "advocacy"
        base_url = "{}{}"
        [haiilo.auth]
        method = "access_token"
        token_owner = "{}"
        token_file = "haiilo-token"
        [mapping]
        file = "mapping.toml"
        "#,
        world.okta.origin(),
        okta::APP_ID,
        world.haiilo.origin(),
        haiilo::BASE,
        haiilo::OWNER,
        folder = folder.display(),
    );
    write("config.toml", &config);
    folder.join("config.toml")
}

/// In adobe-apiplatform/user-sync.py#338 the flag of the test mode was dropped between the command line and the run; getgaal/gaal#24 asks for
/// exit codes that tell "nothing to do", "something to do" and "went wrong" apart. Here the built program is asked, and Haiilo and the folder of
/// the store are looked at afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn the_flag_of_a_dry_run_arrives_and_exit_codes_say_what_happened() {
    let world = World::with_people(3).await;
    // The program has a clock of its own.
    let now = SystemClock::new().now();
    world.advance(now - world.clock.0.now());
    let config = configure(&world);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_okta-haiilo-sync"));
        let output =
            command.env_clear().arg("--config").arg(&config).args(arguments).output().expect("the program ran");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), told, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for arguments in [&["plan", "--format", "json"][..], &["sync", "--dry-run", "--format", "json"]] {
        let (code, told, errors) = run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {errors}");
        assert_eq!(list(&told, "operations").len(), 3, "{arguments:?}");
        assert!(told.get("outcomes").is_none(), "{arguments:?}");
        assert_eq!(world.haiilo.state().writes(), [], "{arguments:?}");
        assert!(!world.path().as_path().exists(), "{arguments:?} made a store");
    }
    let (code, ..) = run(&["plan", "--exit-code"]);
    assert_eq!(code, Some(10));
    let (code, told, _) = run(&["sync", "--format", "json"]);
    assert_eq!((code, world.haiilo.state().writes().len()), (Some(3), 0));
    let approval = told["approval_id"].as_str().expect("an id").to_owned();
    let (code, told, errors) = run(&["sync", "--format", "json", "--approve", &approval]);
    assert_eq!((code, said(&told).len()), (Some(0), 3), "{errors}");
    assert_eq!(said(&told), seen(&world));
    assert_eq!(run(&["plan", "--exit-code"]).0, Some(0));
    world.set_profile(0, "lastName", json!("Byron"));
    world.haiilo.plant(When::Every(route::PATCH), Fault::Refuse(500));
    assert_eq!(run(&["sync"]).0, Some(4));
    world.haiilo.heal();
    world.okta.plant(When::Every(okta::route::APP), Fault::Refuse(403));
    assert_eq!(run(&["sync"]).0, Some(1));
    world.okta.heal();
    assert_eq!(run(&["sync"]).0, Some(0));
    assert_eq!(world.account(0).expect("the account").text("name.familyName"), "Byron");
}

//! Stories of what nobody may learn from the program: no secret in anything that it writes, whatever goes wrong, and no name and no address
//! of a person in its log.

use std::fs;

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, route};
use okta_haiilo_sim::okta;
use okta_haiilo_sim::people::person;
use rcgen::KeyPair;

use crate::setup::program::{CONFIGURATION, Ended, Stage};

const OKTA_TOKEN: &str = "OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN";
const OKTA_KEY: &str = "OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY";
const HAIILO_TOKEN: &str = "OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN";

/// A secret that is in nobody's dictionary; both servers refuse it.
const WRONG: &str = "Xq7-NotTheSecretOfAnybody-9Zk";

/// Runs every command as talkative as it gets, and finds none of the secrets in what it writes, nor in the files that it leaves.
#[track_caller]
fn keeps(stage: &Stage, secrets: &[&str]) -> Vec<Ended> {
    let commands: [&[&str]; 8] = [
        &["check"],
        &["check", "--offline"],
        &["plan"],
        &["plan", "--format", "json"],
        &["sync"],
        &["sync", "--format", "json"],
        &["sync", "--user", "nobody@example.com"],
        &["approve", "0123456789ab"],
    ];
    let mut all = Vec::new();
    for command in commands {
        for form in ["text", "json"] {
            let ended = stage.run(&[command, &["-vv", "--log-format", form]].concat());
            for secret in secrets {
                let is_told = ended.out.contains(secret) || ended.err.contains(secret);
                assert!(!is_told, "{command:?} tells {secret}:\n{}{}", ended.out, ended.err);
            }
            all.push(ended);
        }
    }
    for (path, bytes) in stage.files(&[CONFIGURATION, "secret-okta", "secret-haiilo"]) {
        for secret in secrets {
            let is_kept = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_kept, "{secret} is in {}", path.display());
        }
    }
    all
}

/// Every run ended with this code.
#[track_caller]
fn all_end_with(ended: &[Ended], code: i32) {
    for one in ended {
        assert_eq!(one.code, Some(code), "{one:?}");
    }
}

/// The lines of a key in PEM, without the first and the last.
fn lines(pem: &str) -> Vec<&str> {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// Puts a secret into each of the four places that it may be in, one at a time.
async fn in_every_place(check: impl Fn(&Stage)) {
    for place in ["systemd", "named", "folder", "environment"] {
        let mut stage = Stage::with_people(3).await;
        fs::remove_dir_all(stage.path("credentials")).expect("a folder");
        for (section, name, variable) in [("okta", "okta-token", OKTA_TOKEN), ("haiilo", "haiilo-token", HAIILO_TOKEN)]
        {
            let method = if section == "okta" { "method = \"api_token\"" } else { "method = \"access_token\"" };
            match place {
                "systemd" => stage.write(&format!("systemd/{name}"), WRONG),
                "named" => {
                    stage.write(&format!("secret-{section}"), WRONG);
                    stage.configure(method, &format!("{method}\ntoken_file = \"secret-{section}\""));
                }
                "folder" => stage.write(&format!("credentials/{name}"), WRONG),
                _ => stage.set(variable, WRONG),
            }
        }
        if place == "systemd" {
            stage.set("CREDENTIALS_DIRECTORY", "systemd");
        }
        check(&stage);
        assert!(stage.okta.calls().iter().any(|call| call.status == 401), "{place}: the secret was not found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_a_token_that_is_refused_is_shown_nowhere() {
    in_every_place(|stage| {
        keeps(stage, &[WRONG]);
        assert!(stage.haiilo.calls().iter().any(|call| call.status == 401), "haiilo was not asked");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_tokens_that_work_are_shown_nowhere() {
    let stage = Stage::with_people(3).await;
    let secrets = [okta::API_TOKEN, haiilo::TOKEN];
    keeps(&stage, &secrets);
    let id = stage.run(&["plan", "--format", "json"]).json()["approval_id"].as_str().expect("an id").to_owned();
    // A create that is refused, one whose answer is lost, and one that succeeds.
    stage.haiilo.plant(When::Nth(route::CREATE, 1), Fault::Refuse(400));
    stage.haiilo.plant(When::Nth(route::CREATE, 2), Fault::DropBefore);
    let ended = stage.run(&["sync", "-vv", "--approve", &id]).exits(4);
    for secret in secrets {
        assert!(!ended.out.contains(secret) && !ended.err.contains(secret), "{ended:?}");
    }
    keeps(&stage, &secrets);
    assert!(stage.path("state.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_a_private_key_and_what_it_signs_are_shown_nowhere() {
    let key = KeyPair::generate().expect("a key");
    let pem = key.serialize_pem();
    let mut stage = Stage::with_people(2).await;
    let public = key.public_key_pem();
    let id = stage.okta.state().auth.register_key(&public, "ES256");
    let service = format!("client_id = \"{}\"\nkey_id = \"{id}\"", okta::CLIENT_ID);
    stage.configure("method = \"api_token\"", &service);
    stage.set(OKTA_KEY, &pem);
    // Assertions, proofs and some tokens are JWTs, which begin so.
    let mut secrets = lines(&pem);
    secrets.extend(["eyJ", "PRIVATE KEY"]);
    let ended = keeps(&stage, &secrets);
    assert!(ended.iter().any(|ended| ended.code == Some(3)), "the key is of no use: {ended:?}");
    let tokens = stage.okta.state().auth.live_tokens();
    assert!(!tokens.is_empty());
    for token in &tokens {
        assert!(ended.iter().all(|ended| !ended.out.contains(token) && !ended.err.contains(token)));
    }
    stage.okta.state().auth.forget_keys();
    let ended = keeps(&stage, &secrets);
    assert!(ended.iter().any(|ended| ended.code == Some(1) && ended.err.contains("invalid_client")), "{ended:?}");
    // A key that lost a line is a wrong configuration.
    let broken = pem.replacen(lines(&pem)[1], "", 1);
    stage.set(OKTA_KEY, &broken);
    let mut ended = keeps(&stage, &lines(&pem));
    ended.retain(|ended| !ended.out.contains("Configuration"));
    all_end_with(&ended, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_a_secret_in_the_wrong_place_is_told_without_its_value() {
    let owner = format!("token_owner = \"{}\"", haiilo::OWNER);
    let wrong_place = |text: &str| format!("{owner}\n{text}");
    let cases = [
        wrong_place(&format!("token = \"{WRONG}\"")),
        wrong_place(&format!("tokn = \"{WRONG}\"")),
        wrong_place(&format!("token_file = \"{WRONG}\"")),
        wrong_place(&format!("token_form = \"{WRONG}\"")),
        wrong_place(&format!("token = [\"{WRONG}\"]")),
        wrong_place(&format!("token = {{ value = \"{WRONG}\" }}")),
        wrong_place(&format!("token = \"{WRONG}")),
        wrong_place(&format!("token = {WRONG}")),
        wrong_place(&format!("token \"{WRONG}\"")),
        wrong_place(&format!("token = \"a\"\ntoken = \"{WRONG}\"")),
        format!("{owner}\n[http]\nproxy = \"socks5://user:{WRONG}@proxy.example.com\""),
        format!("{owner}\n[notify]\nwebhook_url = \"https://hooks.example.com/{WRONG}\""),
        format!("{owner}\n[extra]\ntoken = \"{WRONG}\""),
    ];
    for case in cases {
        let stage = Stage::empty().await;
        stage.configure(&owner, &case);
        all_end_with(&keeps(&stage, &[WRONG]), 2);
        stage.nothing_was_sent();
    }
    for (variable, value) in [
        (HAIILO_TOKEN, format!("{WRONG} {WRONG}")),
        (HAIILO_TOKEN, format!("Bearer {WRONG}")),
        (OKTA_TOKEN, format!("{WRONG}\n{WRONG}")),
        ("OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKN", WRONG.to_owned()),
        ("OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN_FILE", WRONG.to_owned()),
        ("OKTA_HAIILO_SYNC__OKTA__AUTH__METHOD", WRONG.to_owned()),
        ("OKTA_HAIILO_SYNC__OKTA__TOKEN", WRONG.to_owned()),
        ("OKTA_HAIILO_SYNC__HTTP__PROXY", format!("socks5://user:{WRONG}@proxy.example.com")),
    ] {
        let mut stage = Stage::empty().await;
        fs::remove_dir_all(stage.path("credentials")).expect("a folder");
        stage.set(variable, &value);
        all_end_with(&keeps(&stage, &[WRONG]), 2);
        stage.nothing_was_sent();
    }
}

/// What tells in a text who somebody is, of these people: their addresses, also as they stand in a URL, and their names as words of their own.
fn traces(text: &str, people: std::ops::Range<u32>) -> Vec<String> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_word = |words: &str| {
        text.match_indices(words).any(|(at, _)| {
            !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + words.len()..].chars().next())
        })
    };
    let of = |n| {
        let person = person(n);
        let address = person.email.split('@').next().expect("an address").to_owned();
        let names = [person.given.to_owned(), person.family.to_owned(), person.employee_number];
        let found = names.into_iter().filter(|name| is_word(name));
        found.chain(text.contains(&address).then_some(address)).collect::<Vec<_>>()
    };
    people.flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_the_log_knows_ids_and_nobody_by_name() {
    for form in ["text", "json"] {
        let stage = Stage::in_step(6).await;
        let failing: Vec<String> = (6..9).map(|n| stage.okta.state().hire(&person(n))).collect();
        let renamed = stage.okta_id(0);
        stage.okta.state().rename(&renamed, "somebody.else@example.com");
        stage.set_profile(1, "lastName", "Byron");
        stage.set_profile(2, "city", "Paris");
        let leaver = stage.okta_id(3);
        stage.okta.state().deactivate(&leaver);
        let held = stage.okta_id(4);
        stage.okta.state().set_profile(&held, "countryCode", "ZZ".into());
        stage.haiilo.plant(When::Nth(route::PATCH, 1), Fault::Refuse(409));
        stage.haiilo.plant(When::Nth(route::CREATE, 1), Fault::Refuse(400));
        stage.haiilo.plant(When::Nth(route::CREATE, 2), Fault::DropBefore);
        let ended = stage.run(&["sync", "-vv", "--log-format", form, "--format", "json"]).exits(4);
        let report = ended.json();
        // What is looked for would be found: the report has it.
        assert!(traces(&ended.out, 0..3).len() >= 3, "{}", ended.out);
        let failed = report["outcomes"].as_array().expect("outcomes").iter();
        let failed: Vec<&str> =
            failed.filter(|one| one["outcome"] != "done").filter_map(|one| one["okta_id"].as_str()).collect();
        assert_eq!(failed.len(), 3, "{report}");
        assert!(failed.iter().filter(|id| failing.iter().any(|one| one == *id)).count() == 2, "{failed:?}");
        for id in failed {
            assert!(ended.err.contains(id), "{id} is not in {}", ended.err);
        }
        assert_eq!(traces(&ended.err, 0..9), [""; 0], "in {}", ended.err);
        for trace in ["Byron", "somebody.else", haiilo::OWNER, "@", "%40"] {
            assert!(!ended.err.contains(trace), "{trace} is in {}", ended.err);
        }
        // A failure in the report names the call, and not the address that was asked.
        assert!(!ended.out.contains("http://") && !ended.out.contains("filter="), "{}", ended.out);
        for arguments in [&["check", "-vv"][..], &["plan", "-vv"], &["sync", "-vv", "--user", &person(5).email]] {
            let ended = stage.run(arguments);
            assert_eq!(traces(&ended.err, 0..9), [""; 0], "{arguments:?}: in {}", ended.err);
        }
    }
}

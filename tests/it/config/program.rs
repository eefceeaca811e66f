//! Stories of wrong configurations: everything that is wrong is told at once, a line each, and nothing is sent. And of the samples, which are
//! right.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::setup::program::{CONFIGURATION, Stage};

/// Every command that reads the configuration.
const COMMANDS: [&[&str]; 5] =
    [&["plan"], &["sync"], &["approve", "0123456789ab"], &["check"], &["check", "--offline"]];

/// Each command ends with exit code 2 and these lines, in any order, each of which holds its words; nothing is sent and nothing is left.
#[track_caller]
fn check(stage: &Stage, wanted: &[&[&str]]) {
    for command in COMMANDS {
        let ended = stage.run(command).exits(2).reports_nothing();
        let mut lines: Vec<&str> = ended.err.lines().collect();
        for words in wanted {
            let fits = |line: &&str| line.starts_with("error: ") && words.iter().all(|word| line.contains(word));
            let Some(at) = lines.iter().position(fits) else {
                panic!("{command:?}: no line {words:?} in\n{}", ended.err)
            };
            lines.remove(at);
        }
        assert!(lines.is_empty(), "{command:?} says more: {lines:#?}");
    }
    stage.nothing_was_sent();
    assert!(!stage.path("state.db").exists() && !stage.path("state.db.lock").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_at_once() {
    let mut stage = Stage::with_people(2).await;
    stage.configure(&stage.okta.origin(), "http://example.okta.com");
    stage.configure("app_id", "ap_id");
    stage.configure("token_owner = \"scim@example.com\"\n", "");
    stage.configure("product = \"advocacy\"", "product = \"advocacy\"\nupdate_method = \"patsh\"");
    stage.configure_also("[http]\nread_timeout = \"60\"\n[leavers]\ngrace = \"30 days\"\nunassigned = \"remove\"");
    stage.configure_also("[schedule]\nfull = \"every hour\"\n[limits]\nleavers = { percent = 300 }");
    fs::remove_file(stage.path("credentials/okta-token")).expect("a file");
    stage.set("OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE", "lots");
    stage.set("OKTA_HAIILO_SYNC__HAIILO__PAGESIZE", "100");
    let mapping = stage.read("mapping.toml");
    let mapping = mapping.replace("\"user.firstName\"", "\"user.firstName ~\"").replace("| trim", "| trimm");
    stage.write(
        "mapping.toml",
        mapping + "[attributes.\"addresses[type eq \\\"work\\\".region\"]\nvalue = \"user.city\"\n",
    );
    let place = |text: &str| {
        let whole = stage.read(CONFIGURATION);
        let line = whole.lines().position(|line| line.starts_with(text)).expect("a line") + 1;
        format!("{CONFIGURATION}:{line}: ")
    };
    check(
        &stage,
        &[
            &[&place("org_url"), "okta.org_url = \"http://example.okta.com\"", "https"],
            &[&place("ap_id"), "okta.ap_id: unknown key", "okta.app_id"],
            &[CONFIGURATION, "okta.app_id is missing"],
            &[CONFIGURATION, "okta.auth.token is missing", "okta-token", "OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN"],
            &[&place("update_method"), "haiilo.update_method = \"patsh\"", "\"patch\" or \"put\""],
            &[CONFIGURATION, "haiilo.auth.token_owner is missing"],
            &[&place("read_timeout"), "http.read_timeout = \"60\"", "s, m, h or d"],
            &[&place("grace"), "leavers.grace = \"30 days\"", "s, m, h or d"],
            &[&place("unassigned"), "leavers.unassigned = \"remove\"", "\"keep\" or \"delete\""],
            &[&place("full"), "schedule.full = \"every hour\""],
            &[&place("leavers"), "limits.leavers.percent = 300", "from 0 to 100"],
            &["OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE: ", "okta.page_size = \"lots\"", "from 1 to 500"],
            &["OKTA_HAIILO_SYNC__HAIILO__PAGESIZE: ", "unknown key", "haiilo.page_size"],
            &["mapping.toml:5:", "name.givenName"],
            &["mapping.toml:14:", "trimm"],
            &["mapping.toml:28:", r#"addresses[type eq \"work\".region"#, "expected `]`"],
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_read() {
    let stage = Stage::empty().await;
    let refused = |words: &[&str]| check(&stage, &[&[&[CONFIGURATION], words].concat()]);
    stage.configure("app_id", "app id");
    refused(&[":5:", "TOML"]);
    stage.write(CONFIGURATION, b"app_id = \"\xff\"");
    refused(&["cannot be read", "UTF-8"]);
    fs::remove_file(stage.path(CONFIGURATION)).expect("a file");
    refused(&["cannot be read", "No such file"]);
    fs::create_dir(stage.path(CONFIGURATION)).expect("a folder");
    refused(&["cannot be read"]);
    // Without --config it is the one in /etc, which a machine for tests does not have.
    assert!(!Path::new("/etc/okta-haiilo-sync").exists());
    let ended = stage.run_without_configuration(&["plan"]).exits(2).reports_nothing();
    assert!(ended.err.contains("/etc/okta-haiilo-sync/okta-haiilo-sync.toml: cannot be read"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_cannot_be_read() {
    let stage = Stage::empty().await;
    let refused = |words: &[&str]| check(&stage, &[&[&["mapping.toml"], words].concat()]);
    stage.write("mapping.toml", "[attributes.userName\n");
    refused(&[":1:", "TOML"]);
    stage.write("mapping.toml", b"# \xff");
    refused(&["cannot be read", "UTF-8"]);
    fs::remove_file(stage.path("mapping.toml")).expect("a file");
    refused(&["cannot be read", "No such file"]);
    fs::create_dir(stage.path("mapping.toml")).expect("a folder");
    refused(&["cannot be read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_wins_over_the_file() {
    let mut stage = Stage::with_people(2).await;
    stage.set("OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE", "1");
    stage.run(&["plan"]).exits(0);
    let pages = |stage: &Stage| stage.okta.calls().iter().filter(|call| call.target.contains("/users?")).count();
    let with_pages_of_one = pages(&stage);
    stage.unset("OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE");
    stage.okta.forget_calls();
    stage.run(&["plan"]).exits(0);
    assert!(with_pages_of_one >= 2 && pages(&stage) == 1, "{with_pages_of_one} and {}", pages(&stage));
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_none_are_a_wrong_configuration() {
    let stage = Stage::empty().await;
    stage.configure_also("[http]\nca_file = \"ca.pem\"");
    check(&stage, &[&["http.ca_file", "ca.pem", "cannot be read"]]);
    stage.write("ca.pem", "a letter");
    check(&stage, &[&["http.ca_file", "ca.pem", "no certificate; write one in PEM"]]);
    stage.write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    check(&stage, &[&["http.ca_file", "certificate"]]);
}

/// The samples as an administrator copies them: side by side into one folder, with the secrets where the sample says that they may be.
#[tokio::test(flavor = "multi_thread")]
async fn the_samples_load_as_they_are() {
    let mut stage = Stage::empty().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the samples") {
        let entry = entry.expect("an entry");
        // Folders hold what others than the program read.
        if entry.path().is_dir() {
            continue;
        }
        let name = entry.file_name().into_string().expect("a name");
        stage.write(&format!("etc/{name}"), fs::read(entry.path()).expect("a sample"));
        names.insert(name);
    }
    let samples = ["mapping.advocacy.toml", "mapping.intranet.toml", "okta-haiilo-sync.toml"];
    assert_eq!(names, samples.map(str::to_owned).into());
    let offline = ["--config", "etc/okta-haiilo-sync.toml", "check", "--offline"];
    // Nothing is missing but the two secrets.
    let ended = stage.run_without_configuration(&offline).exits(2).reports_nothing();
    assert_eq!(ended.err.lines().count(), 2, "{}", ended.err);
    assert!(ended.err.contains("okta-private-key") && ended.err.contains("haiilo-token"), "{}", ended.err);
    let key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
    stage.write("secrets/okta-private-key", key);
    stage.write("secrets/haiilo-token", "a-token");
    stage.set("CREDENTIALS_DIRECTORY", "secrets");
    let ended = stage.run_without_configuration(&offline).exits(0).says_nothing();
    assert!(ended.out.contains("all 3 pass"), "{}", ended.out);
    assert!(!ended.out.contains("warning") && !ended.out.contains("error "), "{}", ended.out);
    stage.nothing_was_sent();
}

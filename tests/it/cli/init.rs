//! Stories of the first minutes: what `init` writes is the sample with the administrator's own values, it loads, and nothing is overwritten.

use std::fs;
use std::path::Path;

use okta_haiilo_sim::{haiilo, okta};
use serde_json::json;

use crate::setup::program::{Ended, Stage, mode};

const FLAGS: [&str; 10] = [
    "--org-url",
    "https://acme.okta.com",
    "--app-id",
    "0oa7acme",
    "--client-id",
    "0oa8service",
    "--base-url",
    "https://acme.smarpshare.com/api/scim/v2",
    "--token-owner",
    "scim@acme.example",
];

fn init(stage: &Stage, more: &[&str]) -> Ended {
    stage.run_without_configuration(&[&["init", "--dir", "new"], more].concat())
}

/// The lines of a text that the shipped file does not have, and how many of its lines are gone.
fn differing(text: &str, sample: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sample = fs::read_to_string(root.join("config").join(sample)).expect("a sample");
    let others = |text: &str, than: &str| -> Vec<String> {
        text.lines().filter(|line| !than.lines().any(|other| other == *line)).map(str::to_owned).collect()
    };
    let gone = others(&sample, text).len();
    format!("{gone} lines are gone\n{}\n", others(text, &sample).join("\n"))
}

/// What `check --offline` says to what was written, once the secrets are there.
#[track_caller]
fn it_loads(stage: &Stage, okta_secret: &str) -> Ended {
    stage.write(&format!("new/credentials/{okta_secret}"), okta::API_TOKEN);
    stage.write("new/credentials/haiilo-token", haiilo::TOKEN);
    stage.run_without_configuration(&["--config", "new/okta-haiilo-sync.toml", "check", "--offline"]).exits(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_alone_give_a_configuration_that_loads() {
    let stage = Stage::empty().await;
    let api_token = [&FLAGS[..4], &FLAGS[6..], &["--auth", "api_token"]].concat();
    let ended = init(&stage, &api_token).exits(0).says_nothing();
    insta::assert_snapshot!(ended.out, @r"
Written: new/okta-haiilo-sync.toml
         new/mapping.advocacy.toml

Next:
  1. Secrets are files in new/credentials that only the user who runs the program can read:
       okta-token         the API token of Okta
       haiilo-token       the access token of Haiilo
  2. Read the mapping and correct it, above all where the group comes from. Look at [protect] and [leavers] of the configuration.
  3. okta-haiilo-sync --config new/okta-haiilo-sync.toml check   names what is wrong, and changes nothing.
  4. okta-haiilo-sync --config new/okta-haiilo-sync.toml plan    shows what would happen, and changes nothing.
");
    insta::assert_snapshot!(differing(&stage.read("new/okta-haiilo-sync.toml"), "okta-haiilo-sync.toml"), @r#"
10 lines are gone
state = "sqlite:state.db"
credentials_dir = "credentials"
org_url = "https://acme.okta.com"
app_id = "0oa7acme"
method = "api_token"
# client_id = "0oa2service"
# key_id = "key-1"
base_url = "https://acme.smarpshare.com/api/scim/v2"
token_owner = "scim@acme.example"
accounts = ["scim@acme.example", "*@haiilo.com"]
"#);
    insta::assert_snapshot!(differing(&stage.read("new/mapping.advocacy.toml"), "mapping.advocacy.toml"), @"0 lines are gone");
    for file in ["new/okta-haiilo-sync.toml", "new/mapping.advocacy.toml"] {
        assert_eq!(mode(&stage.path(file)) & 0o027, 0, "{file}: nobody else may write or read it");
    }
    insta::assert_snapshot!(it_loads(&stage, "okta-token").out.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
Configuration
  ok       new/okta-haiilo-sync.toml and its mapping are complete
  ok       mapping tests: all 3 pass
");
    stage.nothing_was_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_app_is_the_usual_way() {
    let stage = Stage::empty().await;
    init(&stage, &FLAGS).exits(0);
    insta::assert_snapshot!(differing(&stage.read("new/okta-haiilo-sync.toml"), "okta-haiilo-sync.toml"), @r#"
9 lines are gone
state = "sqlite:state.db"
credentials_dir = "credentials"
org_url = "https://acme.okta.com"
app_id = "0oa7acme"
client_id = "0oa8service"
# key_id = "key-1"
base_url = "https://acme.smarpshare.com/api/scim/v2"
token_owner = "scim@acme.example"
accounts = ["scim@acme.example", "*@haiilo.com"]
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_everything_that_is_missing_is_named_and_nothing_is_written() {
    let stage = Stage::empty().await;
    let ended = init(&stage, &FLAGS[2..4]).exits(2).reports_nothing();
    insta::assert_snapshot!(ended.err, @"error: nothing was written, since there is nobody to ask: give --org-url, --client-id, --base-url, --token-owner, or run `init` in a terminal; `init --help` says what they are");
    assert!(!stage.path("new").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_judged_by_the_rules_of_the_configuration_all_at_once() {
    let stage = Stage::empty().await;
    let wrong = [
        "--org-url",
        "http://acme-admin.okta.com",
        "--app-id",
        "0oa/7",
        "--client-id",
        " x",
        "--base-url",
        "acme",
        "--token-owner",
        "",
    ];
    let ended = init(&stage, &wrong).exits(2).reports_nothing();
    insta::assert_snapshot!(ended.err, @r#"
error: --org-url: okta.org_url = "http://acme-admin.okta.com": write https; http is for this machine alone, since credentials would be seen
error: --app-id: okta.app_id = "0oa/7": write the id of the application, as in "0oa1example"
error: --client-id: okta.auth.client_id: begins or ends with a space; take it away
error: --base-url: haiilo.base_url = "acme": write an address such as https://example.smarpshare.com/api/scim/v2
error: --token-owner: haiilo.auth.token_owner: is empty; write a value
"#);
    assert!(!stage.path("new").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn for_the_intranet_there_is_a_client_and_no_owner_of_a_token() {
    let stage = Stage::empty().await;
    let flags = [
        "--product",
        "intranet",
        "--org-url",
        "https://acme.okta.com",
        "--app-id",
        "0oa7acme",
        "--auth",
        "api_token",
        "--base-url",
        "https://acme.haiilo.app/api/scim/v2",
        "--haiilo-client-id",
        "directory-client",
        "--offline",
    ];
    init(&stage, &flags).exits(0).says_nothing();
    let (written, mapping) = (stage.read("new/okta-haiilo-sync.toml"), stage.read("new/mapping.intranet.toml"));
    insta::assert_snapshot!(differing(&written, "okta-haiilo-sync.toml") + &differing(&mapping, "mapping.intranet.toml"), @r#"
15 lines are gone
state = "sqlite:state.db"
credentials_dir = "credentials"
org_url = "https://acme.okta.com"
app_id = "0oa7acme"
method = "api_token"
# client_id = "0oa2service"
# key_id = "key-1"
product = "intranet"
base_url = "https://acme.haiilo.app/api/scim/v2"
method = "client_credentials"
# token_form = "bearer"
# token_owner = "scim@example.com"
client_id = "directory-client"
file = "mapping.intranet.toml"
accounts = ["*@haiilo.com"]
0 lines are gone

"#);
    stage.write("new/credentials/haiilo-client-secret", haiilo::TOKEN);
    it_loads(&stage, "okta-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten_and_there_are_both_files_or_none() {
    for taken in ["okta-haiilo-sync.toml", "mapping.advocacy.toml"] {
        let stage = Stage::empty().await;
        stage.write(&format!("new/{taken}"), "mine");
        init(&stage, &FLAGS).exits(2).reports_nothing().says(&[&format!("new/{taken} is there already"), "--dir"]);
        assert_eq!(stage.read(&format!("new/{taken}")), "mine");
        assert_eq!(fs::read_dir(stage.path("new")).expect("a folder").count(), 1, "and no other file is there");
    }
}

/// What `init` says and writes when Okta can be asked.
fn with_okta(stage: &Stage, token: &str) -> Ended {
    stage.write("new/credentials/okta-token", token);
    stage.write("new/credentials/haiilo-token", haiilo::TOKEN);
    let (origin, base) = (stage.okta.origin(), format!("{}{}", stage.haiilo.origin(), haiilo::BASE));
    let flags = ["--org-url", &origin, "--app-id", okta::APP_ID, "--auth", "api_token", "--base-url", &base];
    init(stage, &[&flags[..], &["--token-owner", haiilo::OWNER]].concat()).exits(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_in_the_profile_of_the_application_is_proposed() {
    let stage = Stage::with_people(3).await;
    for n in 0..3 {
        let id = stage.okta_id(n);
        stage.okta.state().set_app_profile(&id, "haiiloGroup", json!("Germany"));
    }
    let ended = with_okta(&stage, okta::API_TOKEN);
    insta::assert_snapshot!(ended.err, @"Asking Okta which attributes there are (--offline leaves that out).");
    insta::assert_snapshot!(differing(&stage.read("new/mapping.advocacy.toml"), "mapping.advocacy.toml"), @r#"
24 lines are gone
# What init found in the profile of your Haiilo application in Okta:
#   appuser.haiiloGroup   haiiloGroup
#   appuser.userName   Username
# Proposed by init, since Okta's application profile has haiiloGroup (haiiloGroup), which must hold the name of a group in Haiilo.
# If that is wrong, the sample has: value = "user.countryCode | lookup('groups')"
value = "appuser.haiiloGroup"
# Switched off by init: no rule reads this table.
# [tables.groups]
# DE = "Germany"
# FI = "Finland"
name = "somebody with a group"
user = { email = "ada@example.com" }
appuser = { haiiloGroup = "Germany" }
expect = { userName = "ada@example.com", 'addresses[type eq "work"].country' = "Germany" }
name = "somebody without a group"
user = { email = "ada@example.com" }
"#);
    it_loads(&stage, "okta-token");
    let plan = stage.run_without_configuration(&["--config", "new/okta-haiilo-sync.toml", "plan", "--format", "json"]);
    let plan = plan.exits(0).json();
    assert_eq!(plan["operations"].as_array().map(Vec::len), Some(3), "{plan}");
    assert_eq!(plan["held"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_okta_that_does_not_answer_is_said_and_the_sample_is_written() {
    let stage = Stage::with_people(1).await;
    let ended = with_okta(&stage, "00not-the-token");
    insta::assert_snapshot!(ended.err, @r"
Asking Okta which attributes there are (--offline leaves that out).
The mapping is the sample as it is, since the attributes could not be read (a service app needs the scope okta.schemas.read for that, and a sync does not): GET /api/v1/meta/schemas/user/default: okta answered 401 (E0000011, Invalid token provided, request 0000000000009e3779b97f4a7c15f39c); the token is wrong or expired, or the administrator who made it was deactivated: make a new one (Security > API > Tokens)
");
    assert_eq!(differing(&stage.read("new/mapping.advocacy.toml"), "mapping.advocacy.toml"), "0 lines are gone\n\n");
}

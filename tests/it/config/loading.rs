//! Loading as a whole: defaults, both products, the environment, warnings, and every problem at once.

use chrono_tz::Tz;
use okta_haiilo_sync::config::settings::{ClientAuth, HaiiloAuth, OktaAuth, Settings, StoreSetting};
use okta_haiilo_sync::domain::model::ids::UserName;
use okta_haiilo_sync::domain::model::limit::{LimitName, Limits};
use okta_haiilo_sync::domain::model::policy::Deprovision;
use secrecy::ExposeSecret as _;

use crate::config::folder::{ConfigFolder, KEY, REQUIRED, TOKEN, haiilo_token, sample};

#[test]
fn the_sample_loads_and_shows_the_defaults() {
    let both = (sample(), ConfigFolder::new(REQUIRED));
    let (sample, bare) = (both.0.settings(), both.1.settings());
    assert_eq!(sample.warnings, [""; 0]);
    assert_eq!(bare.warnings, [""; 0]);
    // Only what the sample protects is no default.
    let shown = |config: &ConfigFolder, settings: &Settings| {
        config.without_folder(&format!("{settings:#?}")).replace("patterns: 2", "patterns: 0")
    };
    let (sample, bare) = (shown(&both.0, &sample), shown(&both.1, &bare));
    let differing = sample.lines().zip(bare.lines()).find(|(sample, bare)| sample != bare);
    assert_eq!((differing, sample.len()), (None, bare.len()));
}

#[test]
fn what_the_sample_says_is_what_is_read() {
    let settings = sample().settings();
    assert_eq!(settings.okta.org_url.as_str(), "https://example.okta.com/");
    assert_eq!((settings.okta.page_size, settings.haiilo.page_size, settings.haiilo.concurrency), (500, 100, 2));
    assert_eq!(settings.haiilo.base_url.as_str(), "https://example.smarpshare.com/api/scim/v2");
    assert_eq!(haiilo_token(&settings), TOKEN.1);
    assert_eq!(settings.policy.token_owner, Some(UserName::new("scim@example.com")));
    assert_eq!(settings.policy.leavers.grace.num_days(), 30);
    assert_eq!(settings.policy.limits, Limits::usual());
    assert!(settings.policy.protected.has("*@haiilo.com"));
    assert_eq!(settings.schedule.full, "0 */15 * * * *");
    assert_eq!(settings.schedule.timezone, Tz::UTC);
    assert_eq!(settings.http.read_timeout.as_secs(), 60);
    assert_eq!(settings.journal_keep.num_days(), 400);
    assert_eq!(settings.state, StoreSetting::Sqlite("/var/lib/okta-haiilo-sync/state.db".into()));
    let OktaAuth::PrivateKeyJwt { client_id, key_id, private_key } = settings.okta.auth else {
        panic!("a key");
    };
    assert_eq!((client_id.as_str(), key_id.as_deref()), ("0oa2service", Some("key-1")));
    assert_eq!(private_key.expose_secret(), KEY.1);
}

/// A configuration of the intranet with these lines at its end.
fn of_the_intranet(lines: &str) -> ConfigFolder {
    let text = format!(
        r#"
        [okta]
        org_url = "https://example.okta.com"
        app_id = "0oa1"
        auth = {{ method = "private_key_jwt", client_id = "0oa2" }}
        [mapping]
        file = "mapping.toml"
        [haiilo]
        product = "intranet"
        base_url = "https://example.haiilo.app/api/scim/v2"
        auth.client_id = "directory"
        {lines}
    "#
    );
    let mapping = "attributes.userName.value = \"user.email\"\nattributes.profileField_office.value = \"user.city\"\n";
    ConfigFolder::new(&text).with(("OKTA_HAIILO_SYNC__HAIILO__AUTH__CLIENT_SECRET", "marker-secret")).file(
        "mapping.toml",
        mapping,
        0o644,
    )
}

/// The settings that a report shows, a line each.
fn effective(config: &ConfigFolder) -> String {
    config.settings().effective.0.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_decides_about_a_plan_is_shown_with_its_defaults() {
    insta::assert_snapshot!(effective(&sample()), @r#"
    okta.org_url = https://example.okta.com/
    okta.app_id = 0oa1example
    okta.suspended = keep
    okta.staged = skip
    okta.push_is_on = refuse
    haiilo.product = advocacy
    haiilo.base_url = https://example.smarpshare.com/api/scim/v2
    haiilo.update_method = patch
    haiilo.page_size = 100
    haiilo.concurrency = 2
    haiilo.missing = hold
    leavers.deactivated = keep
    leavers.unassigned = keep
    leavers.adopted = keep
    leavers.grace = 30d
    protect.accounts = scim@example.com, *@haiilo.com
    haiilo.auth.token_owner = scim@example.com
    limits.leavers = 3 percent, floor 5
    limits.deletes = 1 percent, floor 3, cap 200
    limits.creates = 10 percent, floor 25
    limits.updates = 20 percent, floor 25
    limits.renames = 1 percent, floor 3
    limits.clears = 2 percent, floor 5
    limits.moves = 5 percent, floor 5
    limits.missing = 1 percent, floor 3
    limits.members = 20 percent, floor 10
    journal.keep = 400d
    mapping: userName = assignment.user_name or user.email
    mapping: addresses[type eq "work"].country = user.countryCode | lookup('groups')
    mapping: addresses[type eq "work"].locality = user.city | trim
    mapping: name.familyName = user.lastName
    mapping: name.givenName = user.firstName
    "#);
    let lines = "deprovision_policy = \"deactivate\"\n[leavers]\nunassigned = \"deactivate\"\ngrace = \"36h\"\n\
                 [groups]\nenabled = true\ninclude = [\"Sales\", \"00g1\"]\n[limits]\ncreates = \"off\"\ndeletes = { cap = 7 }";
    let shown = effective(&of_the_intranet(lines));
    for line in [
        "haiilo.deprovision_policy = deactivate",
        "leavers.unassigned = deactivate",
        "leavers.grace = 36h",
        "limits.creates = off",
        "limits.deletes = cap 7",
        "groups.include = Sales, 00g1",
        "groups.delete = false",
        "mapping: externalId = assignment.id",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    assert!(!shown.contains("token_owner"), "{shown}");
}

#[test]
fn the_intranet_has_a_client_a_rule_for_external_ids_and_a_place_for_profile_fields() {
    let settings = of_the_intranet("profile_fields = \"urn:x:2.0:User\"").settings();
    let HaiiloAuth::ClientCredentials { token_url, client_id, client_secret, client_auth } = &settings.haiilo.auth
    else {
        panic!("a client")
    };
    assert_eq!(token_url.as_str(), "https://example.haiilo.app/api/oauth/token");
    assert_eq!((client_id.as_str(), client_secret.expose_secret()), ("directory", "marker-secret"));
    assert_eq!((*client_auth, settings.policy.token_owner), (ClientAuth::Basic, None));
    let paths: Vec<String> = settings.mapping.rules().iter().map(|rule| rule.path.to_string()).collect();
    assert_eq!(paths, ["externalId", "urn:x:2.0:User:profileField_office"]);
    assert_eq!(settings.policy.deprovision, Deprovision::Delete, "what is not said is the worse of the two");
}

#[test]
fn in_the_intranet_nobody_loses_an_account_before_the_policy_of_the_directory_is_said() {
    let told = |lines: &str| of_the_intranet(lines).load().map(|settings| settings.policy.deprovision);
    let problem = told("[leavers]\ndeactivated = \"deactivate\"").expect_err("a problem").join("\n");
    assert!(problem.starts_with("sync.toml: haiilo.deprovision_policy is missing: [leavers] takes"), "{problem}");
    let said = "deprovision_policy = \"deactivate\"\n[leavers]\ndeactivated = \"deactivate\"";
    assert_eq!(told(said), Ok(Deprovision::Deactivate));
    let wrong = told("deprovision_policy = \"hide\"\nauth.token_owner = \"x\"").expect_err("problems").join("\n");
    insta::assert_snapshot!(wrong, @r#"
    sync.toml:12: haiilo.deprovision_policy = "hide": write "deactivate" or "delete"
    sync.toml:13: haiilo.auth.token_owner: belongs to haiilo.product = "advocacy"; take it out
    "#);
}

#[test]
fn every_problem_is_told_at_once() {
    let text = r#"
        [okta]
        org_url = "https://example-admin.okta.com"
        pagesize = 100
        [okta.auth]
        method = "api_token"
        [haiilo]
        product = "intra"
        base_url = "https://example.smarpshare.com/api/scim/v2/"
        token_owner = "scim@example.com"
        [groups]
        enabled = true
        [leaver]
        grace = "30 d"
        [limits]
        creates = "unlimited"
        [mapping]
        file = "mapping.toml"
    "#;
    let mapping = "[attributes.userName]\nvalue = \"user.mail |\"\n[attributes.title]\nvalue = \"user.title\"\n";
    let config = ConfigFolder::new(text)
        .without(KEY.0)
        .without(TOKEN.0)
        .with(("OKTA_HAIILO_SYNC__HAIILO__CONCURRENCY", "many"))
        .with(("OKTA_HAIILO_SYNC__CREDENTIALS_DIR", "/nowhere"))
        .file("mapping.toml", mapping, 0o644);
    insta::assert_snapshot!(config.load().expect_err("problems").join("\n"), @r#"
    sync.toml:3: okta.org_url = "https://example-admin.okta.com": this is the address of the Admin Console; write https://example.okta.com
    sync.toml: okta.app_id is missing: the id of the Haiilo application in Okta, which its address in the Admin Console ends with (0oa…)
    sync.toml: okta.auth.token is missing: put it into one of these: systemd's credential okta-token ($CREDENTIALS_DIRECTORY is not set), okta.auth.token_file (not set), /nowhere/okta-token, or the variable OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN
    sync.toml:8: haiilo.product = "intra": write "advocacy" or "intranet"
    OKTA_HAIILO_SYNC__HAIILO__CONCURRENCY: haiilo.concurrency = "many": write a whole number from 1 to 64
    sync.toml: haiilo.auth.token_owner is missing: the userName of the account that made the token; the token dies with that account, so that it is never deleted
    sync.toml: haiilo.auth.token is missing: put it into one of these: systemd's credential haiilo-token ($CREDENTIALS_DIRECTORY is not set), haiilo.auth.token_file (not set), /nowhere/haiilo-token, or the variable OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN
    mapping.toml:2:20: attributes.userName.value: syntax error: unexpected end of input, expected identifier
    mapping.toml:3:13: attributes.title: is no attribute of Haiilo Advocacy, which has userName, name.givenName, name.familyName, addresses[type eq "work"].country, addresses[type eq "work"].locality, addresses[type eq "work"].region; take the rule out, or write unsupported = "send" in it
    sync.toml:16: limits.creates = "unlimited": write { percent = 3, floor = 5 }, where each part and a cap may be left out, or "off"
    sync.toml:10: haiilo.token_owner: unknown key; did you mean haiilo.auth.token_owner?
    sync.toml:14: leaver.grace: unknown key; did you mean leavers.grace?
    sync.toml:4: okta.pagesize: unknown key; did you mean okta.page_size?
    "#);
}

#[test]
fn the_environment_wins_and_is_text() {
    let settings = sample()
        .with(("OKTA_HAIILO_SYNC__OKTA__APP_ID", "0012345"))
        .with(("OKTA_HAIILO_SYNC__OKTA__AUTH__CLIENT_ID", "1e5"))
        .with(("OKTA_HAIILO_SYNC__OKTA__AUTH__KEY_ID", "TRUE"))
        .with(("OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE", "200"))
        .with(("OKTA_HAIILO_SYNC__OKTA__RATE_LIMIT_SHARE", "0.25"))
        .with(("OKTA_HAIILO_SYNC__LEAVERS__GRACE", "7d"))
        .with(("OKTA_HAIILO_SYNC__LISTEN__SHOW_PEOPLE", "true"))
        .with(("OKTA_HAIILO_SYNC__LIMITS__DELETES__CAP", "10"))
        .with(("OKTA_HAIILO_SYNC__LIMITS__LEAVERS", "off"))
        .with(("OKTA_HAIILO_SYNC_CONFIG", "not ours"))
        .with(("UNRELATED", "7"))
        .settings();
    let OktaAuth::PrivateKeyJwt { client_id, key_id, private_key: _ } = settings.okta.auth else {
        panic!("a key");
    };
    assert_eq!((&*settings.okta.app_id, &*client_id, key_id.as_deref()), ("0012345", "1e5", Some("TRUE")));
    assert_eq!((settings.okta.page_size, settings.policy.leavers.grace.num_days()), (200, 7));
    assert!((settings.okta.rate_limit_share - 0.25).abs() < 1e-9);
    let deletes = settings.policy.limits.of(LimitName::Deletes).expect("a limit");
    assert_eq!((deletes.percent, deletes.floor, deletes.cap), (Some(1.0), Some(3), Some(10)));
    assert_eq!(settings.policy.limits.of(LimitName::Leavers), None);
}

#[track_caller]
fn warns(text: &str, warnings: &[&str]) {
    let config = ConfigFolder::new(&format!("{REQUIRED}{text}"));
    assert_eq!(config.warnings(), warnings);
}

#[test]
fn findings_that_are_no_errors() {
    let grace = "leavers.grace is under 1d: a mistake in Okta is hardly noticed before it deletes for ever";
    warns("leavers.grace = \"0s\"", &[grace]);
    warns("leavers.grace = \"23h\"", &[grace]);
    warns("leavers.grace = \"1d\"", &[]);
    warns("leavers.deactivated = \"delete\"", &[]);
    let unassigned = "leavers.unassigned = \"delete\": whoever loses the assignment loses the account for ever, people who still work for you too";
    let suspended = "okta.suspended = \"leaver\": suspended people count as leavers, and Haiilo may be unable to give back an account that [leavers] deletes";
    warns("leavers.unassigned = \"delete\"", &[unassigned]);
    warns("okta.suspended = \"leaver\"", &[]);
    warns("okta.suspended = \"leaver\"\nleavers.deactivated = \"delete\"", &[suspended]);
    warns("okta.suspended = \"leaver\"\nleavers.unassigned = \"delete\"", &[unassigned, suspended]);
    for name in ["leavers", "deletes", "creates", "updates", "renames", "clears", "moves", "missing", "members"] {
        let warning = format!("limits.{name} is \"off\": nothing stops a run that goes wrong here");
        warns(&format!("limits.{name} = \"off\""), &[&warning]);
    }
    warns(
        "limits.creates = { floor = 50, cap = 20 }",
        &["limits.creates: the cap 20 is below the floor 50, so that the cap alone counts"],
    );
    warns("[groups]\n", &[]);
    warns("schedule.changes = \"*/30 * * * * *\"", &[]);
    warns("okta.auth.token_file = \"x\"", &["okta.auth.token_file has no effect with method = \"private_key_jwt\""]);
}

#[test]
fn each_part_of_a_limit_may_be_left_out() {
    let limits = |text: &str| ConfigFolder::new(&format!("{REQUIRED}limits.creates = {text}")).settings().policy.limits;
    let creates = |text: &str| limits(text).of(LimitName::Creates).map(|limit| (limit.percent, limit.floor, limit.cap));
    assert_eq!(creates("{ percent = 0.5 }"), Some((Some(0.5), None, None)));
    assert_eq!(creates("{ floor = 0 }"), Some((None, Some(0), None)));
    assert_eq!(creates("{ cap = 7 }"), Some((None, None, Some(7))));
    assert_eq!(creates("{ percent = 100, floor = 1, cap = 2 }"), Some((Some(100.0), Some(1), Some(2))));
    assert_eq!(creates("\"off\""), None);
    assert_eq!(limits("\"off\"").of(LimitName::Deletes), Limits::usual().of(LimitName::Deletes));
}

#[test]
fn paths_begin_at_the_folder_of_the_file() {
    let text = format!("{REQUIRED}state = \"sqlite:state.db\"\nhttp.ca_file = \"ca.pem\"\n");
    let config = ConfigFolder::new(&text);
    config.refused(&[
        "sync.toml:11: http.ca_file = \"ca.pem\": cannot be read: No such file or directory (os error 2); check the path, its owner and its mode",
    ]);
    let config = config.file("ca.pem", "x", 0o644);
    config.refused(&[
        "sync.toml:11: http.ca_file = \"ca.pem\": holds no certificate; write one in PEM there (-----BEGIN CERTIFICATE-----)",
    ]);
    let config = config.file("ca.pem", "-----BEGIN CERTIFICATE-----", 0o644);
    let settings = config.settings();
    assert_eq!(settings.state, StoreSetting::Sqlite(config.path().join("state.db")));
    assert_eq!(settings.http.ca_file, Some(config.path().join("ca.pem")));
}

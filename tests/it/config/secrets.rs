//! Where secrets come from, and that no message shows one.

use std::fs;

use okta_haiilo_sync::config::EnvVars;
use okta_haiilo_sync::config::settings::{OktaAuth, StoreSetting};
use secrecy::ExposeSecret as _;

use crate::config::folder::{ConfigFolder, KEY, REQUIRED, TOKEN, haiilo_token, sample};

/// Haiilo's token, from a configuration whose folder of credentials is `credentials`.
fn with_credentials() -> ConfigFolder {
    ConfigFolder::new(&format!("{REQUIRED}credentials_dir = \"credentials\"")).without(TOKEN.0)
}

#[track_caller]
fn token(config: &ConfigFolder, expected: &str) {
    let settings = config.settings();
    assert_eq!(haiilo_token(&settings), expected);
    assert_eq!(settings.warnings, [""; 0]);
}

#[test]
fn a_secret_comes_from_the_first_place_that_has_it() {
    let config = with_credentials().with((TOKEN.0, " in-variable\n"));
    token(&config, "in-variable");
    let config = config.file("credentials/haiilo-token", "in-folder\r\n", 0o600);
    token(&config, "in-folder");
    fs::write(
        config.path().join("sync.toml"),
        format!("{REQUIRED}credentials_dir = \"credentials\"\nhaiilo.auth.token_file = \"named\""),
    )
    .expect("a file");
    config.refused(&[
        "sync.toml:11: haiilo.auth.token_file: the file cannot be read: No such file or directory (os error 2); check the path, its owner and its mode",
    ]);
    let config = config.file("named", "in-named\n", 0o400);
    token(&config, "in-named");
    let folder = config.path().join("systemd").display().to_string();
    let config = config.with(("CREDENTIALS_DIRECTORY", &folder));
    token(&config, "in-named");
    // systemd's files may show a mode for the group, which is how its access lists look.
    let config = config.file("systemd/haiilo-token", "of-systemd", 0o440);
    token(&config, "of-systemd");
}

#[test]
fn a_secret_that_is_nowhere_or_none() {
    with_credentials().refused(&[
        "sync.toml: haiilo.auth.token is missing: put it into one of these: systemd's credential haiilo-token ($CREDENTIALS_DIRECTORY is not \
         set), haiilo.auth.token_file (not set), credentials/haiilo-token, or the variable \
         OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN",
    ]);
    let file = |text: &str| with_credentials().file("credentials/haiilo-token", text, 0o600);
    file(" \n").refused(&["credentials/haiilo-token: haiilo.auth.token: is empty; write the secret there"]);
    let odd =
        "credentials/haiilo-token: haiilo.auth.token: holds spaces or signs that no token has; write the token alone";
    file("marker token").refused(&[odd]);
    file("\u{feff}marker").refused(&[odd]);
    sample().without(KEY.0).with((KEY.0, "marker")).refused(&[
        "OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY: okta.auth.private_key: is no private key; write one in PEM (-----BEGIN PRIVATE KEY-----)",
    ]);
    let config = with_credentials();
    fs::create_dir_all(config.path().join("credentials/haiilo-token")).expect("a folder");
    config.refused(&["credentials/haiilo-token: haiilo.auth.token: cannot be read: Is a directory (os error 21); check its owner and mode"]);
}

#[test]
fn others_who_may_read_a_secret_are_a_warning() {
    let config = with_credentials().file("credentials/haiilo-token", "secret", 0o640);
    assert_eq!(
        config.warnings(),
        ["credentials/haiilo-token: haiilo.auth.token: others may read this file (mode 0640); chmod 0600 it"]
    );
}

#[test]
fn an_api_token_instead_of_a_key() {
    let text = REQUIRED.replace("okta.auth.client_id = \"0oa2service\"", "okta.auth.method = \"api_token\"");
    let config = ConfigFolder::new(&text).with(("OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN", "00marker"));
    let settings = config.settings();
    let OktaAuth::ApiToken(token) = &settings.okta.auth else { panic!("a token") };
    assert_eq!(token.expose_secret(), "00marker");
    assert_eq!(settings.warnings, ["okta.auth.key_id has no effect with method = \"api_token\""]);
    ConfigFolder::new(&REQUIRED.replace("okta.auth.client_id", "okta.auth.key_id2")).refused(&[
        "sync.toml: okta.auth.client_id is missing: the client id of the service app in Okta; with an API token instead, write \
         method = \"api_token\"",
        "sync.toml:4: okta.auth.key_id2: unknown key; did you mean okta.auth.key_id?",
    ]);
}

/// Everything that a person could see, for every place in which a secret may stand by mistake.
#[test]
fn no_secret_is_ever_shown() {
    const SECRET: &str = "marker-7f3a";
    let wrong = [
        "okta.auth.token = \"marker-7f3a\"",
        "okta.auth.private_key = \"marker-7f3a\"",
        "haiilo.auth.token = \"marker-7f3a\"",
        "haiilo.auth.token = [\"marker-7f3a\"]",
        "okta.auth.token = { value = \"marker-7f3a\" }",
        "okta.auth.tokn = \"marker-7f3a\"",
        "okta.auth = \"marker-7f3a\"",
        "okta.auth.method = \"marker-7f3a\"",
        "okta.auth.key_id2 = \"marker-7f3a\"",
        "haiilo.auth.client_secret = \"marker-7f3a\"",
        "haiilo.auth.token_form = \"marker-7f3a\"",
        "haiilo.auth.token_owner2 = [\"marker-7f3a\"]",
        "haiilo.tokn = \"marker-7f3a\"",
        "haiilo.auth.token_file = \"marker-7f3a\"",
        "okta.auth.private_key_file = \"marker-7f3a\"",
        "okta.auth.private_key_file = [\"marker-7f3a\"]",
        "okta.link_hosts = [\"https://user:marker-7f3a@example.com\"]",
        "http.ca_file = \"https://user:marker-7f3a@example.com\"",
        "state = \"postgres://user:marker-7f3a@db\"",
        "state = \"postgres://a.user.with.a.very.long.name.indeed:marker-7f3a.and.so.on.and.on@db\"",
        "state = \"postgres://db/sync?password=marker-7f3a\"",
        "state = \"postgresql:user:marker-7f3a@db\"",
        "state = \"mysql:user:marker-7f3a@db\"",
        "state_password = \"marker-7f3a\"",
        "state = \"postgres://db/sync\"\nstate_password_file = \"marker-7f3a\"",
        "notify.webhook_url = \"https://hooks.example.com/marker-7f3a\"",
        "notify.webhook_url_file = [\"https://hooks.example.com/marker-7f3a\"]",
        "http.proxy = \"socks5://user:marker-7f3a@proxy.example.com\"",
        "haiilo.auth.token = marker-7f3a",
        "haiilo.auth.token = \"marker-7f3a",
        "\"a[marker]\" = \"marker-7f3a\"",
    ];
    for text in wrong {
        let config = ConfigFolder::new(&format!("{REQUIRED}{text}\n"));
        let problems = config.load().expect_err(text);
        assert!(!problems.is_empty(), "{text}");
        assert!(!problems.join("\n").contains(SECRET), "{problems:?}");
    }
    let org = REQUIRED.replace("https://example.okta.com", "https://user:marker-7f3a@example.okta.com");
    let problems = ConfigFolder::new(&org).load().expect_err("a password in an address");
    assert_eq!(problems, ["sync.toml:2: okta.org_url: write it without user and password"]);
    let bad_token = sample().without(TOKEN.0).with((TOKEN.0, "marker-7f3a marker-7f3a"));
    assert!(!bad_token.load().expect_err("no token").join("\n").contains(SECRET));
    let config = ConfigFolder::new(&format!("{REQUIRED}http.proxy = \"http://user:marker-7f3a@proxy.example.com\"\n"))
        .without(KEY.0)
        .without(TOKEN.0)
        .with((KEY.0, "-----BEGIN PRIVATE KEY-----\nmarker-7f3a"))
        .with((TOKEN.0, SECRET));
    let settings = config.settings();
    assert!(!format!("{settings:?}").contains(SECRET));
    let env: EnvVars = config.variables.iter().cloned().collect();
    assert!(!format!("{env:?}").contains(SECRET));
}

#[test]
fn inline_secrets_say_where_they_belong() {
    let wrong = |key: &str| {
        format!(
            "sync.toml:10: {key}: a secret does not belong in this file; put it into a file of its own, and name that in {key}_file"
        )
    };
    for key in ["okta.auth.private_key", "okta.auth.token", "haiilo.auth.token"] {
        let config = ConfigFolder::new(&format!("{REQUIRED}{key} = \"x\"\n"));
        config.refused(&[&wrong(key)]);
    }
    let config = ConfigFolder::new(&format!("{REQUIRED}haiilo.auth.token = \"x\"\n")).without(TOKEN.0);
    config.refused(&[&wrong("haiilo.auth.token")]);
}

/// The password of the state's database: from its own places, or within the URL.
#[test]
fn the_password_of_the_state() {
    let told = |config: &ConfigFolder| match config.settings().state {
        StoreSetting::Postgres(url) => url.with_password().expose_secret().to_owned(),
        StoreSetting::Sqlite(path) => panic!("{}", path.display()),
    };
    let url = |url: &str| format!("{REQUIRED}state = \"{url}\"\n");
    let config = ConfigFolder::new(&url("postgres://u:in-url@127.0.0.1/sync"));
    assert_eq!(told(&config), "postgres://u:in-url@127.0.0.1/sync");
    let stands =
        "state: a password stands in this file; put it into a file of its own, state-password in credentials_dir";
    assert_eq!(config.warnings(), [stands]);
    let variable = ("OKTA_HAIILO_SYNC__STATE", "postgres://u:in-url@127.0.0.1/sync");
    let config = ConfigFolder::new(REQUIRED).with(variable);
    assert_eq!((told(&config), config.warnings()), ("postgres://u:in-url@127.0.0.1/sync".to_owned(), Vec::new()));

    let bare = url("postgres://u@127.0.0.1/sync");
    let with = |password: &str| format!("postgres://u@127.0.0.1/sync?password={password}");
    let config = ConfigFolder::new(&bare);
    assert_eq!((told(&config), config.warnings()), ("postgres://u@127.0.0.1/sync".to_owned(), Vec::new()));
    let config = ConfigFolder::new(&bare).with(("OKTA_HAIILO_SYNC__STATE_PASSWORD", "by variable"));
    assert_eq!(told(&config), with("by+variable"));
    let config =
        ConfigFolder::new(&format!("{bare}credentials_dir = \"c\"\n")).file("c/state-password", "by-folder\n", 0o600);
    assert_eq!(told(&config), with("by-folder"));
    let named = format!("{bare}state_password_file = \"secret\"\n");
    let config = ConfigFolder::new(&named).file("secret", "by-name\n", 0o600);
    assert_eq!((told(&config), config.warnings()), (with("by-name"), Vec::new()));
    ConfigFolder::new(&named)
        .file("secret", "two\nlines", 0o600)
        .refused(&["secret: state_password: is more than one line; write the password alone"]);
    let sqlite = ConfigFolder::new(&format!("{REQUIRED}state_password_file = \"secret\"\n"));
    assert_eq!(sqlite.warnings(), ["state_password_file has no effect beside state = \"sqlite:…\""]);

    let clear = "state: this sslmode lets people's addresses cross the network in the clear; write sslmode=verify-full";
    assert_eq!(ConfigFolder::new(&url("postgres://db/sync?sslmode=prefer")).warnings(), [clear]);
    assert_eq!(ConfigFolder::new(&url("postgres://db/sync?sslmode=require")).warnings(), [""; 0]);
}

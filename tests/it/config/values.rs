//! Each key with a value that it cannot have, variables that cannot be used, and keys that are unknown.

use std::collections::BTreeSet;
use std::fs;

use crate::config::folder::{ConfigFolder, REQUIRED, SAMPLE, changed, line, sample};

/// A key of the sample, a value that it cannot have, how the value is shown, and what is said about it.
const BROKEN: [(&str, &str, &str, &str); 49] = [
    (
        "state = ",
        "\"postgres://db\"",
        "state = \"postgres://db\"",
        "the name of the database is missing; write an address such as postgres://sync@db.example.com/sync",
    ),
    ("credentials_dir = ", "7", "credentials_dir = 7", "write a text in quotes"),
    (
        "org_url = ",
        "\"http://example.okta.com\"",
        "okta.org_url = \"http://example.okta.com\"",
        "write https; http is for this machine alone, since credentials would be seen",
    ),
    ("app_id = ", "\"0oa/1\"", "okta.app_id = \"0oa/1\"", "write the id of the application, as in \"0oa1example\""),
    ("page_size = 500", "0", "okta.page_size = 0", "write a whole number from 1 to 500"),
    (
        "link_hosts = ",
        "[\"https://a.example\"]",
        "okta.link_hosts = [\"https://a.example\"]",
        "write names of hosts, as in [\"login.example.com\"]",
    ),
    ("suspended = ", "\"delete\"", "okta.suspended = \"delete\"", "write \"keep\" or \"leaver\""),
    ("staged = ", "true", "okta.staged = true", "write \"skip\" or \"provision\""),
    ("push_is_on = ", "\"ignore\"", "okta.push_is_on = \"ignore\"", "write \"refuse\" or \"accept\""),
    ("rate_limit_share = ", "1.5", "okta.rate_limit_share = 1.5", "write a number from 0.01 to 1"),
    ("method = \"private_key_jwt\"", "\"password\"", "okta.auth.method", "write \"private_key_jwt\" or \"api_token\""),
    ("client_id = ", "\"\"", "okta.auth.client_id", "is empty; write a value"),
    ("key_id = ", "5", "okta.auth.key_id", "write a text in quotes"),
    ("product = ", "\"intra\"", "haiilo.product = \"intra\"", "write \"advocacy\" or \"intranet\""),
    (
        "base_url = ",
        "\"https://example.smarpshare.com\"",
        "haiilo.base_url = \"https://example.smarpshare.com\"",
        "the path of the endpoint is missing; write it as in https://example.smarpshare.com/api/scim/v2",
    ),
    ("update_method = ", "\"PATCH\"", "haiilo.update_method = \"PATCH\"", "write \"patch\" or \"put\""),
    ("page_size = 100", "500.7", "haiilo.page_size = 500.7", "write a whole number from 1 to 1000"),
    ("concurrency = ", "\"2\"", "haiilo.concurrency = \"2\"", "write a whole number from 1 to 64, without quotes"),
    ("missing = \"", "\"delete\"", "haiilo.missing = \"delete\"", "write \"hold\" or \"recreate\""),
    (
        "method = \"access_token\"",
        "\"client_credentials\"",
        "haiilo.auth.method",
        "client_credentials is the intranet's; write \"access_token\", which is Advocacy's",
    ),
    ("token_form = ", "\"basic\"", "haiilo.auth.token_form", "write \"bearer\" or \"bare\""),
    ("token_owner = ", "\" x\"", "haiilo.auth.token_owner", "begins or ends with a space; take it away"),
    ("file = ", "[]", "mapping.file = []", "write a text in quotes"),
    (
        "deactivated = ",
        "\"deactivate\"",
        "leavers.deactivated = \"deactivate\"",
        "Advocacy deletes an account that is deactivated; write \"keep\" or \"delete\"",
    ),
    ("unassigned = ", "\"remove\"", "leavers.unassigned = \"remove\"", "write \"keep\" or \"delete\""),
    ("adopted = ", "\"delete\"", "leavers.adopted = \"delete\"", "write \"keep\" or \"same\""),
    ("grace = ", "30", "leavers.grace = 30", "write a time from \"0s\" to \"3650d\": a whole number and s, m, h or d"),
    ("accounts = ", "[\" \"]", "protect.accounts = [\" \"]", "write a list of texts, as in [\"a\", \"b\"]"),
    ("leavers = ", "{ percent = 101 }", "limits.leavers.percent = 101", "write a number from 0 to 100"),
    ("deletes = ", "{ cap = -1 }", "limits.deletes.cap = -1", "write a whole number from 0 to 1000000000"),
    ("creates = ", "{ floor = 2.5 }", "limits.creates.floor = 2.5", "write a whole number from 0 to 1000000000"),
    ("updates = ", "{ percent = nan }", "limits.updates.percent = NaN", "write a number from 0 to 100"),
    (
        "renames = ",
        "{ }",
        "limits.renames = {}",
        "write { percent = 3, floor = 5 }, where each part and a cap may be left out, or \"off\"",
    ),
    (
        "clears = ",
        "\"on\"",
        "limits.clears = \"on\"",
        "write { percent = 3, floor = 5 }, where each part and a cap may be left out, or \"off\"",
    ),
    (
        "moves = ",
        "5",
        "limits.moves = 5",
        "write { percent = 3, floor = 5 }, where each part and a cap may be left out, or \"off\"",
    ),
    ("missing = {", "{ floor = true }", "limits.missing.floor = true", "write a whole number from 0 to 1000000000"),
    ("members = {", "{ percent = 101 }", "limits.members.percent = 101", "write a number from 0 to 100"),
    ("full = ", "\"daily\"", "schedule.full = \"daily\"", "is no schedule"),
    (
        "timezone = ",
        "\"Europe/Berlim\"",
        "schedule.timezone = \"Europe/Berlim\"",
        "unknown time zone; did you mean \"Europe/Berlin\"?",
    ),
    (
        "connect_timeout = ",
        "\"10\"",
        "http.connect_timeout = \"10\"",
        "write a time from \"1s\" to \"10m\": a whole number and s, m, h or d",
    ),
    (
        "read_timeout = ",
        "\"0s\"",
        "http.read_timeout = \"0s\"",
        "write a time from \"1s\" to \"1h\": a whole number and s, m, h or d",
    ),
    ("show_people = ", "\"false\"", "listen.show_people = \"false\"", "write true or false, without quotes"),
    (
        "keep = ",
        "\"1 year\"",
        "journal.keep = \"1 year\"",
        "write a time from \"2d\" to \"3650d\": a whole number and s, m, h or d",
    ),
    ("# changes = ", "\"often\"", "schedule.changes = \"often\"", "is no schedule"),
    (
        "# address = ",
        "\"localhost\"",
        "listen.address = \"localhost\"",
        "write an address with a port, as in \"127.0.0.1:9464\"",
    ),
    ("webhook_form = ", "\"xml\"", "notify.webhook_form", "write \"slack\" or \"teams\" or \"plain\""),
    ("failures = ", "0", "notify.failures", "write a whole number from 1 to 1000"),
    (
        "# address = ",
        "\"0.0.0.0:9464\"",
        "listen.address = \"0.0.0.0:9464\"",
        "write an address of this machine, as in \"127.0.0.1:9464\"",
    ),
    (
        "# proxy = ",
        "\"proxy.example.com\"",
        "http.proxy = \"proxy.example.com\"",
        "write an address such as http://proxy.example.com:3128",
    ),
];

#[test]
fn each_key_of_the_sample_broken_by_itself() {
    for (from, value, shown, right) in BROKEN {
        let full = SAMPLE.lines().find(|line| line.starts_with(from)).expect("a line of the sample");
        let key = full.trim_start_matches("# ").split(" = ").next().expect("a key");
        let config = ConfigFolder::new(&changed(full, &format!("{key} = {value}")));
        config.refused(&[&format!("sync.toml:{}: {shown}: {right}", line(from))]);
    }
}

#[test]
fn the_table_of_broken_keys_has_them_all() {
    let mut section = String::new();
    let mut keys = BTreeSet::new();
    for line in SAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with('#')) {
            keys.insert(if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") });
        }
    }
    assert!(keys.len() > 40, "{keys:?}");
    let broken = |key: &String| BROKEN.iter().any(|(_, _, shown, _)| shown.starts_with(key.as_str()));
    let missing: Vec<&String> = keys.iter().filter(|key| !broken(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[track_caller]
fn variable(name: &str, value: &str, problems: &[&str]) {
    sample().with((name, value)).refused(problems);
}

#[test]
fn a_variable_that_cannot_be_used() {
    let page_size = "OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE";
    let whole = |value: &str| format!("{page_size}: okta.page_size = {value:?}: write a whole number from 1 to 500");
    for value in ["500.0", "0", "", " 5", "1_000", "0x10", "99999999999999999999"] {
        variable(page_size, value, &[&whole(value)]);
    }
    variable(
        "OKTA_HAIILO_SYNC__PROTECT__ACCOUNTS",
        "a,b",
        &[
            "OKTA_HAIILO_SYNC__PROTECT__ACCOUNTS: protect.accounts = \"a,b\": a list cannot be set by a variable; write it into the file",
        ],
    );
    variable(
        "OKTA_HAIILO_SYNC__LISTEN__SHOW_PEOPLE",
        "yes",
        &["OKTA_HAIILO_SYNC__LISTEN__SHOW_PEOPLE: listen.show_people = \"yes\": write true or false, without quotes"],
    );
    variable(
        "OKTA_HAIILO_SYNC__OKTA__APPID",
        "marker",
        &["OKTA_HAIILO_SYNC__OKTA__APPID: okta.appid: unknown key; did you mean okta.app_id?"],
    );
    variable(
        "OKTA_HAIILO_SYNC__PROTECT__ACCOUNTS[999999999]",
        "marker",
        &["OKTA_HAIILO_SYNC__PROTECT__ACCOUNTS[999999999]: is no key of the configuration"],
    );
    variable("OKTA_HAIILO_SYNC__", "marker", &["OKTA_HAIILO_SYNC__: is no key of the configuration"]);
    variable(
        "OKTA_HAIILO_SYNC__okta__auth__token",
        "marker",
        &["OKTA_HAIILO_SYNC__okta__auth__token: write the variable in capitals: OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN"],
    );
    variable(
        "OKTA_HAIILO_SYNC__JOURNAL",
        "400d",
        &["OKTA_HAIILO_SYNC__JOURNAL: journal: is a section; write [journal], and its keys below"],
    );
}

#[track_caller]
fn text(text: &str, problems: &[&str]) {
    ConfigFolder::new(&format!("{REQUIRED}{text}")).refused(problems);
}

#[test]
fn keys_that_are_unknown_and_a_file_that_is_no_toml() {
    text("okta.page_siez = 7\n", &["sync.toml:10: okta.page_siez: unknown key; did you mean okta.page_size?"]);
    text(
        "okta.token_owner = 7\n",
        &["sync.toml:10: okta.token_owner: unknown key; did you mean haiilo.auth.token_owner?"],
    );
    text("[nonsense]\nx = \"marker\"\n", &["sync.toml:11: nonsense.x: unknown key; take it out"]);
    text("[[tests]]\nx = 1\n", &["sync.toml:10: tests: unknown key; take it out"]);
    text("\"a[99999999].b\" = 1\n", &["sync.toml:10: \"a[99999999].b\": unknown key; take it out"]);
    text("http = 5\n", &["sync.toml:10: http: is a section; write [http], and its keys below"]);
    text("okta.page_size.x = 5\n", &["sync.toml:10: okta.page_size.x: unknown key; did you mean okta.page_size?"]);
    text("[nothing]\n", &["sync.toml:10: nothing: unknown key; take it out"]);
    let intranet = "belongs to haiilo.product = \"intranet\"; take it out";
    text("groups.enabled = true\n", &[&format!("sync.toml:10: groups.enabled: {intranet}")]);
    text("haiilo.auth.token_url = \"marker\"\n", &[&format!("sync.toml:10: haiilo.auth.token_url: {intranet}")]);
    text(
        "okta.page_size = 99999999999999999999\n",
        &["sync.toml:10: okta.page_size = 100000000000000000000: write a whole number from 1 to 500"],
    );
    text(
        "okta.app_id = \"x\"\nhaiilo = marker\n",
        &[
            "sync.toml:10:10: the key app_id stands twice; keep one of the two",
            "sync.toml:11:1: the key haiilo stands twice; keep one of the two",
            "sync.toml:11:10: is no TOML: string values must be quoted, expected literal string",
        ],
    );
    let config = sample();
    fs::remove_file(config.path().join("sync.toml")).expect("a file");
    config.refused(&[
        "sync.toml: cannot be read: No such file or directory (os error 2); check the path, its owner and its mode",
    ]);
}

//! From a file and an environment to settings, or to every problem at once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono_tz::Tz;

use crate::config::document::Document;
use crate::config::env::EnvVars;
use crate::config::layers::{self, ConfigValue, Leaves, ValueOrigin};
use crate::config::mapping_file::{self, MappingFile};
use crate::config::mapping_test::MappingTest;
use crate::config::nearest::nearest;
use crate::config::postgres_url::Privacy;
use crate::config::problem::Problem;
use crate::config::product::{MappingTarget, ProfileFields};
use crate::config::reader::{ConfigEntry, Reader};
use crate::config::secret::{self, SecretPlaces};
use crate::config::settings::{HttpSettings, ScheduleSettings, Settings, StoreSetting};
use crate::config::{groups, haiilo, limits, okta, service, values};
use crate::domain::mapping::Mapping;
use crate::domain::model::policy::{Policy, Product};

/// Says whether a cron expression can be used in a time zone; the error says what would be right. Schedules are the daemon's, which is
/// above us, so that whoever loads the configuration brings the reader of schedules along.
pub type CheckCron = fn(&str, Tz) -> Result<(), String>;

/// Reads and checks the configuration. The error lists every problem of the file, the environment, the secrets and the mapping.
pub fn load(file: &Path, env: &EnvVars, check_cron: CheckCron) -> Result<Settings, Vec<Problem>> {
    let document = Document::read(file).map_err(|problem| vec![problem])?;
    check(&document, file, MappingSource::File, env, check_cron)
}

/// Checks a configuration that is not written yet, with its mapping, as if it stood in this file.
pub fn load_draft(
    file: &Path,
    draft: &ConfigDraft<'_>,
    env: &EnvVars,
    check_cron: CheckCron,
) -> Result<Settings, Vec<Problem>> {
    let document = Document::new(file, draft.configuration.to_owned());
    check(&document, file, MappingSource::Text(draft.mapping), env, check_cron)
}

/// Every key that the configuration may have, in no section left out: what a reader of an empty file asks for.
pub fn keys(check_cron: CheckCron) -> BTreeSet<String> {
    let of = |product: Product| {
        let leaf = ConfigValue { origin: ValueOrigin::File(String::new()), value: product.as_str().into() };
        let leaves = Leaves::from_iter([("haiilo.product".to_owned(), leaf)]);
        let mut reader = Reader::new(String::new(), leaves, Vec::new());
        // Only which keys are asked for matters here, not what comes of it.
        let _ = settings(&mut reader, Path::new(""), MappingSource::Text(""), &EnvVars::default(), check_cron);
        reader.into_known()
    };
    of(Product::Advocacy).union(&of(Product::Intranet)).cloned().collect()
}

/// The texts of a configuration that is not written yet.
#[derive(Clone, Copy, Debug)]
pub struct ConfigDraft<'a> {
    /// The configuration.
    pub configuration: &'a str,
    /// The mapping, for the file that the configuration names.
    pub mapping: &'a str,
}

/// Where the mapping is.
#[derive(Clone, Copy)]
enum MappingSource<'a> {
    /// In the file that the configuration names.
    File,
    /// Not written yet.
    Text(&'a str),
}

fn check(
    document: &Document,
    file: &Path,
    source: MappingSource<'_>,
    env: &EnvVars,
    check_cron: CheckCron,
) -> Result<Settings, Vec<Problem>> {
    let (leaves, problems) = layers::read(document, env)?;
    let mut reader = Reader::new(document.name(), leaves, problems);
    let folder = file.parent().unwrap_or(Path::new(""));
    let settings = settings(&mut reader, folder, source, env, check_cron);
    let (problems, warnings) = reader.finish();
    match settings {
        Some(settings) if problems.is_empty() => Ok(Settings { warnings, ..settings }),
        _ => Err(problems),
    }
}

fn settings(
    reader: &mut Reader,
    folder: &Path,
    source: MappingSource<'_>,
    env: &EnvVars,
    check_cron: CheckCron,
) -> Option<Settings> {
    let state = state(reader, folder);
    let credentials_dir =
        reader.or("credentials_dir", PathBuf::from("/etc/okta-haiilo-sync/credentials"), values::path(folder));
    let places = SecretPlaces { env, folder, credentials_dir: &credentials_dir };
    let state = with_password(reader, &places, state);
    let okta = okta::settings(reader, &places);
    let product = haiilo::product(reader);
    let haiilo = haiilo::settings(reader, &places, product);
    let container = haiilo::profile_fields(reader, product);
    let mapping = mapping(reader, folder, source, (product, container));
    let statuses = okta::statuses(reader);
    let missing = haiilo::missing(reader);
    let leavers = limits::leavers(reader, statuses, product);
    let deprovision = haiilo::deprovision(reader, product, &leavers);
    let protected = limits::protected(reader);
    let limits = limits::limits(reader);
    let groups = groups::rules(reader, product);
    let schedule = schedule(reader, check_cron);
    let http = http(reader, folder);
    let listen = service::listen(reader);
    let notify = service::notify(reader, &places);
    let journal_keep = limits::to_delta(reader.or("journal.keep", days(400), values::duration("2d", "3650d")));
    let (haiilo, (mapping, mapping_tests)) = (haiilo?, mapping?);
    Some(Settings {
        state,
        okta: okta?,
        policy: Policy {
            product: product?,
            statuses,
            missing,
            leavers,
            protected,
            deprovision,
            token_owner: haiilo.auth.owner().cloned(),
            limits,
        },
        haiilo,
        groups,
        http,
        mapping,
        mapping_tests,
        schedule,
        listen,
        notify,
        journal_keep,
        credentials_dir,
        warnings: Vec::new(),
    })
}

fn state(reader: &mut Reader, folder: &Path) -> StoreSetting {
    let is_in_file = reader.is_in_file("state");
    let usual = StoreSetting::Sqlite("/var/lib/okta-haiilo-sync/state.db".into());
    let state = reader.or("state", usual, values::state(folder));
    if let StoreSetting::Postgres(url) = &state {
        if is_in_file && url.holds_password() {
            reader.warn("state: a password stands in this file; put it into a file of its own, state-password in credentials_dir");
        }
        if url.privacy() == Privacy::Risked {
            reader.warn(
                "state: this sslmode lets people's addresses cross the network in the clear; write sslmode=verify-full",
            );
        }
    }
    state
}

/// The place of the state, with the password of its database if it stands apart.
fn with_password(reader: &mut Reader, places: &SecretPlaces<'_>, state: StoreSetting) -> StoreSetting {
    let StoreSetting::Postgres(url) = state else {
        reader.without_effect("state_password_file", "beside state = \"sqlite:…\"");
        return state;
    };
    StoreSetting::Postgres(match secret::read_if_any(reader, places, &secret::STATE_PASSWORD) {
        Some(password) => url.and_password(password),
        None => url,
    })
}

fn mapping(
    reader: &mut Reader,
    folder: &Path,
    source: MappingSource<'_>,
    (product, container): (Option<Product>, ProfileFields),
) -> Option<(Mapping, Vec<MappingTest>)> {
    let usual = (!reader.is_set("mapping.file")).then(|| folder.join("mapping.toml"));
    let path = reader.optional("mapping.file", values::path(folder)).or(usual)?;
    // Where the product is misspelt, most of what can be wrong with a mapping can be told all the same.
    let target = MappingTarget { product: product.unwrap_or(Product::Advocacy), container };
    let read = match source {
        MappingSource::File => mapping_file::read(&path, &target),
        MappingSource::Text(text) => mapping_file::parse(&Document::new(&path, text.to_owned()), &target),
    };
    match read {
        Ok(MappingFile { mapping, tests, warnings }) => {
            for warning in warnings {
                reader.warn(warning);
            }
            Some((mapping, tests))
        }
        Err(problems) => {
            reader.note(problems);
            None
        }
    }
}

fn days(count: u64) -> Duration {
    Duration::from_hours(24 * count)
}

fn schedule(reader: &mut Reader, check_cron: CheckCron) -> ScheduleSettings {
    let timezone = reader.or("schedule.timezone", Tz::UTC, zone);
    let cron = |entry: &ConfigEntry| {
        let expression = values::text(entry)?;
        check_cron(&expression, timezone)?;
        Ok(expression)
    };
    let full = reader.or("schedule.full", "0 */15 * * * *".to_owned(), cron);
    let changes = reader.optional("schedule.changes", cron);
    ScheduleSettings { full, changes, timezone }
}

fn zone(entry: &ConfigEntry) -> Result<Tz, String> {
    let name = values::text(entry)?;
    name.parse().map_err(|_| {
        let names = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let other_case = names().find(|known| known.eq_ignore_ascii_case(&name));
        match other_case.or_else(|| nearest(&name, names())) {
            Some(meant) => format!("unknown time zone; did you mean {meant:?}?"),
            None => "write the name of a time zone, as in \"Europe/Berlin\" or \"UTC\"".to_owned(),
        }
    })
}

fn http(reader: &mut Reader, folder: &Path) -> HttpSettings {
    HttpSettings {
        proxy: reader.optional("http.proxy", values::proxy),
        no_proxy: reader.or("http.no_proxy", Vec::new(), values::texts),
        ca_file: reader.optional("http.ca_file", |entry| {
            let path = values::path(folder)(entry)?;
            match fs::read(&path) {
                Err(error) => Err(format!("cannot be read: {error}; check the path, its owner and its mode")),
                Ok(bytes) if !String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE-----") => {
                    Err("holds no certificate; write one in PEM there (-----BEGIN CERTIFICATE-----)".to_owned())
                }
                Ok(_) => Ok(path),
            }
        }),
        connect_timeout: reader.or("http.connect_timeout", Duration::from_secs(10), values::duration("1s", "10m")),
        read_timeout: reader.or("http.read_timeout", Duration::from_mins(1), values::duration("1s", "1h")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::load;
    use chrono_tz::Tz;
    use secrecy::ExposeSecret as _;
    use tempfile::TempDir;

    use crate::config::env::EnvVars;
    use crate::config::settings::{ClientAuth, HaiiloAuth, OktaAuth, Settings, StoreSetting};
    use crate::domain::model::ids::UserName;
    use crate::domain::model::policy::Deprovision;

    const SAMPLE: &str = include_str!("../../config/okta-haiilo-sync.toml");
    const MAPPING: &str = include_str!("../../config/mapping.advocacy.toml");

    const KEY: (&str, &str) = ("OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nmarker-key");
    const TOKEN: (&str, &str) = ("OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN", "marker-token");

    /// What the daemon's reader of schedules says, as far as the configuration is concerned.
    fn cron(expression: &str, _: Tz) -> Result<(), String> {
        if expression.contains('*') { Ok(()) } else { Err("is no schedule".to_owned()) }
    }

    fn haiilo_token(settings: &Settings) -> &str {
        match &settings.haiilo.auth {
            HaiiloAuth::AccessToken { token, .. } => token.expose_secret(),
            HaiiloAuth::ClientCredentials { .. } => panic!("Advocacy has tokens"),
        }
    }

    /// A folder with a configuration, the sample's mapping, and an environment.
    struct Place {
        folder: TempDir,
        variables: Vec<(String, String)>,
    }

    impl Place {
        fn new(configuration: &str) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("sync.toml"), configuration).expect("a file");
            fs::write(folder.path().join("mapping.advocacy.toml"), MAPPING).expect("a file");
            Self { folder, variables: Vec::new() }.with(KEY).with(TOKEN)
        }

        fn with(mut self, (name, value): (&str, &str)) -> Self {
            self.variables.push((name.to_owned(), value.to_owned()));
            self
        }

        fn without(mut self, name: &str) -> Self {
            self.variables.retain(|(known, _)| known != name);
            self
        }

        fn file(self, name: &str, text: &str, mode: u32) -> Self {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
            self
        }

        fn path(&self) -> &Path {
            self.folder.path()
        }

        /// The settings, or the problems without the name of the folder.
        fn load(&self) -> Result<Settings, Vec<String>> {
            let env: EnvVars = self.variables.iter().cloned().collect();
            load(&self.path().join("sync.toml"), &env, cron)
                .map_err(|problems| problems.iter().map(|problem| self.without_folder(&problem.to_string())).collect())
        }

        fn without_folder(&self, text: &str) -> String {
            text.replace(&format!("{}/", self.path().display()), "")
        }

        #[track_caller]
        fn settings(&self) -> Settings {
            self.load().expect("settings")
        }

        fn warnings(&self) -> Vec<String> {
            self.settings().warnings.iter().map(|warning| self.without_folder(warning)).collect()
        }

        #[track_caller]
        fn refused(&self, problems: &[&str]) {
            assert_eq!(self.load().expect_err("problems"), problems);
        }
    }

    fn sample() -> Place {
        Place::new(SAMPLE)
    }

    /// The sample with one line, or the beginning of one, changed. Lines keep their numbers.
    fn changed(from: &str, to: &str) -> String {
        let changed = SAMPLE.replacen(&format!("\n{from}"), &format!("\n{to}"), 1);
        assert_ne!(changed, SAMPLE, "the sample has no line {from}");
        changed
    }

    /// The line of a text in the sample, from 1.
    fn line(text: &str) -> usize {
        SAMPLE.lines().position(|line| line.starts_with(text)).expect("a line of the sample") + 1
    }

    const REQUIRED: &str = r#"
        okta.org_url = "https://example.okta.com"
        okta.app_id = "0oa1example"
        okta.auth.client_id = "0oa2service"
        okta.auth.key_id = "key-1"
        haiilo.product = "advocacy"
        haiilo.base_url = "https://example.smarpshare.com/api/scim/v2"
        haiilo.auth.token_owner = "scim@example.com"
        mapping.file = "mapping.advocacy.toml"
    "#;

    #[test]
    fn the_sample_loads_and_shows_the_defaults() {
        let places = (sample(), Place::new(REQUIRED));
        let (sample, bare) = (places.0.settings(), places.1.settings());
        assert_eq!(sample.warnings, [""; 0]);
        assert_eq!(bare.warnings, [""; 0]);
        // Only what the sample protects is no default.
        let shown = |place: &Place, settings: &Settings| {
            place.without_folder(&format!("{settings:#?}")).replace("patterns: 2", "patterns: 0")
        };
        let (sample, bare) = (shown(&places.0, &sample), shown(&places.1, &bare));
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
        assert_eq!(settings.policy.limits, crate::domain::model::limit::Limits::usual());
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
        (
            "method = \"private_key_jwt\"",
            "\"password\"",
            "okta.auth.method",
            "write \"private_key_jwt\" or \"api_token\"",
        ),
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
        (
            "grace = ",
            "30",
            "leavers.grace = 30",
            "write a time from \"0s\" to \"3650d\": a whole number and s, m, h or d",
        ),
        ("accounts = ", "[\" \"]", "protect.accounts = [\" \"]", "write a list of texts, as in [\"a\", \"b\"]"),
        ("vanished = ", "{ percent = 101 }", "limits.vanished.percent = 101", "write a number from 0 to 100"),
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
            let place = Place::new(&changed(full, &format!("{key} = {value}")));
            place.refused(&[&format!("sync.toml:{}: {shown}: {right}", line(from))]);
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

    /// A configuration of the intranet with these lines at its end.
    fn of_the_intranet(lines: &str) -> Place {
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
        let mapping =
            "attributes.userName.value = \"user.email\"\nattributes.profileField_office.value = \"user.city\"\n";
        Place::new(&text).with(("OKTA_HAIILO_SYNC__HAIILO__AUTH__CLIENT_SECRET", "marker-secret")).file(
            "mapping.toml",
            mapping,
            0o644,
        )
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
        let place = Place::new(text)
            .without(KEY.0)
            .without(TOKEN.0)
            .with(("OKTA_HAIILO_SYNC__HAIILO__CONCURRENCY", "many"))
            .with(("OKTA_HAIILO_SYNC__CREDENTIALS_DIR", "/nowhere"))
            .file("mapping.toml", mapping, 0o644);
        insta::assert_snapshot!(place.load().expect_err("problems").join("\n"), @r#"
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
            .with(("OKTA_HAIILO_SYNC__LIMITS__VANISHED", "off"))
            .with(("OKTA_HAIILO_SYNC_CONFIG", "not ours"))
            .with(("UNRELATED", "7"))
            .settings();
        let OktaAuth::PrivateKeyJwt { client_id, key_id, private_key: _ } = settings.okta.auth else {
            panic!("a key");
        };
        assert_eq!((&*settings.okta.app_id, &*client_id, key_id.as_deref()), ("0012345", "1e5", Some("TRUE")));
        assert_eq!((settings.okta.page_size, settings.policy.leavers.grace.num_days()), (200, 7));
        assert!((settings.okta.rate_limit_share - 0.25).abs() < 1e-9);
        let deletes = settings.policy.limits.deletes.expect("a limit");
        assert_eq!((deletes.percent, deletes.floor, deletes.cap), (Some(1.0), Some(3), Some(10)));
        assert_eq!(settings.policy.limits.vanished, None);
    }

    #[track_caller]
    fn variable(name: &str, value: &str, problems: &[&str]) {
        sample().with((name, value)).refused(problems);
    }

    #[test]
    fn a_variable_that_cannot_be_used() {
        let page_size = "OKTA_HAIILO_SYNC__OKTA__PAGE_SIZE";
        let whole =
            |value: &str| format!("{page_size}: okta.page_size = {value:?}: write a whole number from 1 to 500");
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
            &[
                "OKTA_HAIILO_SYNC__LISTEN__SHOW_PEOPLE: listen.show_people = \"yes\": write true or false, without quotes",
            ],
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
            &[
                "OKTA_HAIILO_SYNC__okta__auth__token: write the variable in capitals: OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN",
            ],
        );
        variable(
            "OKTA_HAIILO_SYNC__JOURNAL",
            "400d",
            &["OKTA_HAIILO_SYNC__JOURNAL: journal: is a section; write [journal], and its keys below"],
        );
    }

    #[track_caller]
    fn text(text: &str, problems: &[&str]) {
        Place::new(&format!("{REQUIRED}{text}")).refused(problems);
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
        let place = sample();
        fs::remove_file(place.path().join("sync.toml")).expect("a file");
        place.refused(&[
            "sync.toml: cannot be read: No such file or directory (os error 2); check the path, its owner and its mode",
        ]);
    }

    #[track_caller]
    fn warns(text: &str, warnings: &[&str]) {
        let place = Place::new(&format!("{REQUIRED}{text}"));
        assert_eq!(place.warnings(), warnings);
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
        for name in ["vanished", "deletes", "creates", "updates", "renames", "clears", "moves", "missing", "members"] {
            let warning = format!("limits.{name} is \"off\": nothing stops a run that goes wrong here");
            warns(&format!("limits.{name} = \"off\""), &[&warning]);
        }
        warns(
            "limits.creates = { floor = 50, cap = 20 }",
            &["limits.creates: the cap 20 is below the floor 50, so that the cap alone counts"],
        );
        warns("[groups]\n", &[]);
        warns("schedule.changes = \"*/30 * * * * *\"", &[]);
        warns(
            "okta.auth.token_file = \"x\"",
            &["okta.auth.token_file has no effect with method = \"private_key_jwt\""],
        );
    }

    #[test]
    fn each_part_of_a_limit_may_be_left_out() {
        let limits = |text: &str| Place::new(&format!("{REQUIRED}limits.creates = {text}")).settings().policy.limits;
        let creates = |text: &str| limits(text).creates.map(|limit| (limit.percent, limit.floor, limit.cap));
        assert_eq!(creates("{ percent = 0.5 }"), Some((Some(0.5), None, None)));
        assert_eq!(creates("{ floor = 0 }"), Some((None, Some(0), None)));
        assert_eq!(creates("{ cap = 7 }"), Some((None, None, Some(7))));
        assert_eq!(creates("{ percent = 100, floor = 1, cap = 2 }"), Some((Some(100.0), Some(1), Some(2))));
        assert_eq!(creates("\"off\""), None);
        assert_eq!(limits("\"off\"").deletes, crate::domain::model::limit::Limits::usual().deletes);
    }

    /// Haiilo's token, from a configuration whose folder of credentials is `credentials`.
    fn with_credentials() -> Place {
        Place::new(&format!("{REQUIRED}credentials_dir = \"credentials\"")).without(TOKEN.0)
    }

    #[track_caller]
    fn token(place: &Place, expected: &str) {
        let settings = place.settings();
        assert_eq!(haiilo_token(&settings), expected);
        assert_eq!(settings.warnings, [""; 0]);
    }

    #[test]
    fn a_secret_comes_from_the_first_place_that_has_it() {
        let place = with_credentials().with((TOKEN.0, " in-variable\n"));
        token(&place, "in-variable");
        let place = place.file("credentials/haiilo-token", "in-folder\r\n", 0o600);
        token(&place, "in-folder");
        fs::write(
            place.path().join("sync.toml"),
            format!("{REQUIRED}credentials_dir = \"credentials\"\nhaiilo.auth.token_file = \"named\""),
        )
        .expect("a file");
        place.refused(&[
            "sync.toml:11: haiilo.auth.token_file: the file cannot be read: No such file or directory (os error 2); check the path, its owner and its mode",
        ]);
        let place = place.file("named", "in-named\n", 0o400);
        token(&place, "in-named");
        let folder = place.path().join("systemd").display().to_string();
        let place = place.with(("CREDENTIALS_DIRECTORY", &folder));
        token(&place, "in-named");
        // systemd's files may show a mode for the group, which is how its access lists look.
        let place = place.file("systemd/haiilo-token", "of-systemd", 0o440);
        token(&place, "of-systemd");
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
        let odd = "credentials/haiilo-token: haiilo.auth.token: holds spaces or signs that no token has; write the token alone";
        file("marker token").refused(&[odd]);
        file("\u{feff}marker").refused(&[odd]);
        sample().without(KEY.0).with((KEY.0, "marker")).refused(&[
            "OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY: okta.auth.private_key: is no private key; write one in PEM (-----BEGIN PRIVATE KEY-----)",
        ]);
        let place = with_credentials();
        fs::create_dir_all(place.path().join("credentials/haiilo-token")).expect("a folder");
        place.refused(&["credentials/haiilo-token: haiilo.auth.token: cannot be read: Is a directory (os error 21); check its owner and mode"]);
    }

    #[test]
    fn others_who_may_read_a_secret_are_a_warning() {
        let place = with_credentials().file("credentials/haiilo-token", "secret", 0o640);
        assert_eq!(
            place.warnings(),
            ["credentials/haiilo-token: haiilo.auth.token: others may read this file (mode 0640); chmod 0600 it"]
        );
    }

    #[test]
    fn an_api_token_instead_of_a_key() {
        let text = REQUIRED.replace("okta.auth.client_id = \"0oa2service\"", "okta.auth.method = \"api_token\"");
        let place = Place::new(&text).with(("OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN", "00marker"));
        let settings = place.settings();
        let OktaAuth::ApiToken(token) = &settings.okta.auth else { panic!("a token") };
        assert_eq!(token.expose_secret(), "00marker");
        assert_eq!(settings.warnings, ["okta.auth.key_id has no effect with method = \"api_token\""]);
        Place::new(&REQUIRED.replace("okta.auth.client_id", "okta.auth.key_id2")).refused(&[
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
            let place = Place::new(&format!("{REQUIRED}{text}\n"));
            let problems = place.load().expect_err(text);
            assert!(!problems.is_empty(), "{text}");
            assert!(!problems.join("\n").contains(SECRET), "{problems:?}");
        }
        let org = REQUIRED.replace("https://example.okta.com", "https://user:marker-7f3a@example.okta.com");
        let problems = Place::new(&org).load().expect_err("a password in an address");
        assert_eq!(problems, ["sync.toml:2: okta.org_url: write it without user and password"]);
        let bad_token = sample().without(TOKEN.0).with((TOKEN.0, "marker-7f3a marker-7f3a"));
        assert!(!bad_token.load().expect_err("no token").join("\n").contains(SECRET));
        let place = Place::new(&format!("{REQUIRED}http.proxy = \"http://user:marker-7f3a@proxy.example.com\"\n"))
            .without(KEY.0)
            .without(TOKEN.0)
            .with((KEY.0, "-----BEGIN PRIVATE KEY-----\nmarker-7f3a"))
            .with((TOKEN.0, SECRET));
        let settings = place.settings();
        assert!(!format!("{settings:?}").contains(SECRET));
        let env: EnvVars = place.variables.iter().cloned().collect();
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
            let place = Place::new(&format!("{REQUIRED}{key} = \"x\"\n"));
            place.refused(&[&wrong(key)]);
        }
        let place = Place::new(&format!("{REQUIRED}haiilo.auth.token = \"x\"\n")).without(TOKEN.0);
        place.refused(&[&wrong("haiilo.auth.token")]);
    }

    /// The password of the state's database: from its own places, or within the URL.
    #[test]
    fn the_password_of_the_state() {
        let told = |place: &Place| match place.settings().state {
            StoreSetting::Postgres(url) => url.with_password().expose_secret().to_owned(),
            StoreSetting::Sqlite(path) => panic!("{}", path.display()),
        };
        let url = |url: &str| format!("{REQUIRED}state = \"{url}\"\n");
        let place = Place::new(&url("postgres://u:in-url@127.0.0.1/sync"));
        assert_eq!(told(&place), "postgres://u:in-url@127.0.0.1/sync");
        let stands =
            "state: a password stands in this file; put it into a file of its own, state-password in credentials_dir";
        assert_eq!(place.warnings(), [stands]);
        let variable = ("OKTA_HAIILO_SYNC__STATE", "postgres://u:in-url@127.0.0.1/sync");
        let place = Place::new(REQUIRED).with(variable);
        assert_eq!((told(&place), place.warnings()), ("postgres://u:in-url@127.0.0.1/sync".to_owned(), Vec::new()));

        let bare = url("postgres://u@127.0.0.1/sync");
        let with = |password: &str| format!("postgres://u@127.0.0.1/sync?password={password}");
        let place = Place::new(&bare);
        assert_eq!((told(&place), place.warnings()), ("postgres://u@127.0.0.1/sync".to_owned(), Vec::new()));
        let place = Place::new(&bare).with(("OKTA_HAIILO_SYNC__STATE_PASSWORD", "by variable"));
        assert_eq!(told(&place), with("by+variable"));
        let place =
            Place::new(&format!("{bare}credentials_dir = \"c\"\n")).file("c/state-password", "by-folder\n", 0o600);
        assert_eq!(told(&place), with("by-folder"));
        let named = format!("{bare}state_password_file = \"secret\"\n");
        let place = Place::new(&named).file("secret", "by-name\n", 0o600);
        assert_eq!((told(&place), place.warnings()), (with("by-name"), Vec::new()));
        Place::new(&named)
            .file("secret", "two\nlines", 0o600)
            .refused(&["secret: state_password: is more than one line; write the password alone"]);
        let sqlite = Place::new(&format!("{REQUIRED}state_password_file = \"secret\"\n"));
        assert_eq!(sqlite.warnings(), ["state_password_file has no effect beside state = \"sqlite:…\""]);

        let clear =
            "state: this sslmode lets people's addresses cross the network in the clear; write sslmode=verify-full";
        assert_eq!(Place::new(&url("postgres://db/sync?sslmode=prefer")).warnings(), [clear]);
        assert_eq!(Place::new(&url("postgres://db/sync?sslmode=require")).warnings(), [""; 0]);
    }

    #[test]
    fn paths_begin_at_the_folder_of_the_file() {
        let text = format!("{REQUIRED}state = \"sqlite:state.db\"\nhttp.ca_file = \"ca.pem\"\n");
        let place = Place::new(&text);
        place.refused(&[
            "sync.toml:11: http.ca_file = \"ca.pem\": cannot be read: No such file or directory (os error 2); check the path, its owner and its mode",
        ]);
        let place = place.file("ca.pem", "x", 0o644);
        place.refused(&[
            "sync.toml:11: http.ca_file = \"ca.pem\": holds no certificate; write one in PEM there (-----BEGIN CERTIFICATE-----)",
        ]);
        let place = place.file("ca.pem", "-----BEGIN CERTIFICATE-----", 0o644);
        let settings = place.settings();
        assert_eq!(settings.state, StoreSetting::Sqlite(place.path().join("state.db")));
        assert_eq!(settings.http.ca_file, Some(place.path().join("ca.pem")));
    }
}

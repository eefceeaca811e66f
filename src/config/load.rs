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

//! From a file and an environment to settings, or to every problem at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use config::{Value, ValueKind};

use crate::config::document::{Document, Problem, Table};
use crate::config::env::EnvVars;
use crate::config::mapping::{self, MappingFile, MappingTarget, MappingTest};
use crate::config::reader::{FileFindings, FileKind, Reader, nearest};
use crate::config::secret::{self, SecretSources};
use crate::config::service::{self, CheckCron};
use crate::config::settings::{EffectiveSettings, Settings, StoreSetting};
use crate::config::values::{self, Entry};
use crate::config::{haiilo, layers, okta, policy};
use crate::domain::mapping::Mapping;
use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;

/// The texts of a configuration that is not written yet.
#[derive(Clone, Copy, Debug)]
pub struct ConfigDraft<'a> {
    /// The configuration.
    pub configuration: &'a str,
    /// The mapping, for the file that the configuration names.
    pub mapping: &'a str,
}

/// What the reading depends on besides the configuration itself.
struct LoadInputs<'a> {
    /// The file of the configuration.
    file: &'a Path,
    /// The texts to read in place of the files.
    draft: Option<&'a ConfigDraft<'a>>,
    env: &'a EnvVars,
    check_cron: CheckCron,
}

/// Reads and checks the configuration. The error lists every problem of the file, the environment, the secrets and the mapping.
pub fn load(file: &Path, env: &EnvVars, check_cron: CheckCron) -> Result<Settings, Vec<Problem>> {
    check(&LoadInputs { file, draft: None, env, check_cron })
}

/// Checks a configuration that is not written yet, with its mapping, as if it were in this file.
pub fn load_draft(
    file: &Path,
    draft: &ConfigDraft<'_>,
    env: &EnvVars,
    check_cron: CheckCron,
) -> Result<Settings, Vec<Problem>> {
    check(&LoadInputs { file, draft: Some(draft), env, check_cron })
}

/// Every key that the configuration of either product may have.
pub fn keys(check_cron: CheckCron) -> BTreeSet<String> {
    let [advocacy, intranet] = [Product::Advocacy, Product::Intranet].map(|product| keys_of(product, check_cron));
    advocacy.into_iter().chain(intranet).collect()
}

/// Every key that the configuration of a product may have: what the reading of an empty file asks for.
fn keys_of(product: Product, check_cron: CheckCron) -> BTreeSet<String> {
    // This is no folder, so no secret is read.
    let set = [("haiilo.product", product.as_str()), ("credentials_dir", "/dev/null")];
    let table: Table = set.map(|(key, text)| (key.to_owned(), Value::new(None, text))).into();
    let mut findings = FileFindings::new(Document::new(Path::new(""), ""), FileKind::Configuration);
    let mut reader = Reader::new(&mut findings, table);
    let draft = ConfigDraft { configuration: "", mapping: "" };
    let inputs = LoadInputs { file: Path::new(""), draft: Some(&draft), env: &EnvVars::default(), check_cron };
    // Only which keys are asked for matters here.
    let _ = settings(&mut reader, &inputs);
    reader.known.into_iter().collect()
}

fn check(inputs: &LoadInputs<'_>) -> Result<Settings, Vec<Problem>> {
    let document = Document::read(inputs.file, inputs.draft.map(|draft| draft.configuration))?;
    let (leaves, problems) = layers::read(&document, inputs.env)?;
    let mut findings = FileFindings::new(document, FileKind::Configuration);
    let mut reader = Reader::new(&mut findings, leaves);
    reader.note_problems(problems);
    let settings = settings(&mut reader, inputs);
    note_unknown(&mut reader, inputs.check_cron);
    let problems = findings.take_problems();
    match settings {
        Some(settings) if problems.is_empty() => {
            let FileFindings { warnings, effective, .. } = findings;
            Ok(Settings { warnings, effective: EffectiveSettings::of_plan(&effective), ..settings })
        }
        _ => Err(problems),
    }
}

fn settings(reader: &mut Reader<'_>, inputs: &LoadInputs<'_>) -> Option<Settings> {
    let LoadInputs { file, draft, env, check_cron } = *inputs;
    let folder = file.parent().unwrap_or(Path::new(""));
    let state = state(reader, folder);
    let credentials_dir = reader.optional("credentials_dir", values::path(folder));
    let credentials_dir = credentials_dir.unwrap_or_else(|| PathBuf::from("/etc/okta-haiilo-sync/credentials"));
    let sources = SecretSources { env, folder, credentials_dir: &credentials_dir };
    let state = with_password(reader, &sources, state);
    let okta = okta::settings(reader, &sources);
    let product = haiilo::product(reader);
    let haiilo = haiilo::settings(reader, &sources, product);
    let (mapping, mapping_tests) = mapping(reader, folder, draft, product).unzip();
    let token_owner = haiilo.as_ref().and_then(|haiilo| haiilo.auth.owner().cloned());
    let policy = policy::settings(reader, product, token_owner);
    // All keys are read before a missing value ends the reading.
    Some(Settings {
        groups: policy::groups(reader, product),
        schedule: service::schedule(reader, check_cron),
        http: service::http(reader, folder),
        listen: service::listen(reader),
        notify: service::notify(reader, &sources),
        journal_keep: policy::to_delta(reader.duration("journal.keep", "400d", ["2d", "3650d"])),
        okta: okta?,
        haiilo: haiilo?,
        policy: policy?,
        mapping: mapping?,
        mapping_tests: mapping_tests?,
        state,
        effective: EffectiveSettings::default(),
        warnings: Vec::new(),
    })
}

fn state(reader: &mut Reader<'_>, folder: &Path) -> StoreSetting {
    let is_in_file = reader.origin("state").variable.is_none();
    let state = reader.optional("state", values::state(folder));
    if let Some(StoreSetting::Postgres(url)) = &state {
        if is_in_file && url.holds_password() {
            reader.warn("state: a password stands in this file; put it into a file of its own, state-password in credentials_dir");
        }
        if url.may_be_unencrypted() {
            reader.warn(
                "state: this sslmode lets people's addresses cross the network in the clear; write sslmode=verify-full",
            );
        }
    }
    state.unwrap_or_else(|| StoreSetting::Sqlite("/var/lib/okta-haiilo-sync/state.db".into()))
}

/// The place of the state, with the password of its database if that is kept elsewhere.
fn with_password(reader: &mut Reader<'_>, sources: &SecretSources<'_>, state: StoreSetting) -> StoreSetting {
    let StoreSetting::Postgres(url) = state else {
        reader.without_effect("state_password_file", "beside state = \"sqlite:…\"");
        return state;
    };
    StoreSetting::Postgres(match secret::read(reader, sources, "state_password") {
        Some(password) => url.and_password(&password),
        None => url,
    })
}

fn mapping(
    reader: &mut Reader<'_>,
    folder: &Path,
    draft: Option<&ConfigDraft<'_>>,
    product: Option<Product>,
) -> Option<(Mapping, Vec<MappingTest>)> {
    let profile_fields = haiilo::profile_fields(reader, product);
    let usual = (!reader.is_set("mapping.file")).then(|| folder.join("mapping.toml"));
    let path = reader.optional("mapping.file", values::path(folder)).or(usual)?;
    // Where the product is misspelt, most problems of a mapping can be found all the same.
    let target = MappingTarget { product: product.unwrap_or(Product::Advocacy), profile_fields };
    let document = Document::read(&path, draft.map(|draft| draft.mapping));
    match document.and_then(|document| mapping::parse(document, &target)) {
        Ok(MappingFile { mapping, tests, warnings }) => {
            reader.findings.warnings.extend(warnings);
            for rule in [mapping.user_name()].into_iter().chain(mapping.rules()) {
                reader.note_effective(&format!("mapping: {}", rule.path), &rule.source());
            }
            if let Some(include) = mapping.include_source() {
                reader.note_effective("mapping: people.include", &include);
            }
            Some((mapping, tests))
        }
        Err(problems) => {
            reader.note_problems(problems);
            None
        }
    }
}

/// Notes what is wrong with each key that nothing has read. A section without keys is right.
fn note_unknown(reader: &mut Reader<'_>, check_cron: CheckCron) {
    let rest: BTreeMap<String, Entry> = reader.take_rest().into_iter().collect();
    if rest.is_empty() {
        return;
    }
    let known = BTreeSet::from_iter(reader.known.clone());
    let [advocacy, intranet] = [Product::Advocacy, Product::Intranet].map(|product| keys_of(product, check_cron));
    for (key, entry) in rest {
        let is_below = |known: &String| known.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.'));
        let message = if secret::is_secret(&key) {
            format!("a secret does not belong in this file; put it into a file of its own, and name that in {key}_file")
        } else if advocacy.contains(&key) != intranet.contains(&key) {
            let other = if advocacy.contains(&key) { Product::Advocacy } else { Product::Intranet };
            format!("belongs to haiilo.product = {:?}; take it out", other.as_str())
        } else if advocacy.union(&intranet).any(is_below) {
            if matches!(entry.value, ValueKind::Nil) {
                continue;
            }
            format!("is a section; write [{key}], and its keys below")
        } else if let Some(meant) = meant(&key, &known) {
            format!("unknown key; did you mean {meant}?")
        } else {
            "unknown key; take it out".to_owned()
        };
        reader.note_problems([Problem::new(reader.findings.place(&entry), format!("{key}: {message}"))]);
    }
}

/// The known key that was most likely meant: the same name in another section, or a name that differs in a few letters.
fn meant<'k>(key: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let elsewhere = known.iter().find(|known| last(known) == last(key)).map(String::as_str);
    elsewhere.or_else(|| nearest(key, known.iter().map(String::as_str)))
}

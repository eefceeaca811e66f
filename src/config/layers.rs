//! The two layers of the configuration, file and environment, laid over each other by the crate `config` and taken apart into leaves.
//!
//! The crate's own conversions are not used: they bend values (`"0012"` becomes 12, 500.7 becomes 501), and they tell one problem at a time.

use std::collections::BTreeMap;

use config::{Config, ConfigError, Environment, Map, Source, Value, ValueKind};
use toml::de::{DeTable, DeValue};

use crate::config::document::Document;
use crate::config::env::{EnvVars, PREFIX, SECRETS, SEPARATOR, variable};
use crate::config::problem::Problem;

/// What the crate says of a value that came from the environment.
const FROM_ENVIRONMENT: &str = "the environment";

/// One value, and where it came from.
#[derive(Clone)]
pub(super) struct ConfigValue {
    pub(super) origin: ValueOrigin,
    pub(super) value: ValueKind,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ValueOrigin {
    /// The file, with the line.
    File(String),
    /// This variable of the environment.
    Environment(String),
}

/// Every value by its key, sections apart by dots. A table without entries is a leaf too: [`ValueKind::Nil`], which TOML has no other use for.
pub(super) type Leaves = BTreeMap<String, ConfigValue>;

/// Reads both layers; the second list is what cannot even be a key.
pub(super) fn read(document: &Document, env: &EnvVars) -> Result<(Leaves, Vec<Problem>), Vec<Problem>> {
    let mut problems = Vec::new();
    let mut file = FileLayer(map(document, document.parse()?.into_inner()));
    file.0.retain(|key, value| {
        // The crate takes a key such as "a[9].b" for a path, and would make what it names.
        let is_name = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !is_name {
            problems
                .push(Problem::new(value.origin().unwrap_or_default(), format!("{key:?}: unknown key; take it out")));
        }
        is_name
    });
    let mut variables = Map::new();
    for (name, key, value) in env.keys() {
        let is_key = key.split('.').all(|part| !part.is_empty() && part.chars().all(is_of_a_key));
        let message = if !is_key {
            "is no key of the configuration".to_owned()
        } else if name != variable(&key) {
            format!("write the variable in capitals: {}", variable(&key))
        } else if let Some(value) = value.to_str() {
            if !SECRETS.contains(&key.as_str()) {
                variables.insert(name.to_owned(), value.to_owned());
            }
            continue;
        } else {
            format!("{key}: is no text (UTF-8); write it as one")
        };
        problems.push(Problem::new(name, message));
    }
    let environment = Environment::with_prefix(PREFIX).prefix_separator(SEPARATOR).separator(SEPARATOR);
    let layers = Config::builder().add_source(file).add_source(environment.source(Some(variables)));
    let root = layers.build().and_then(|config| config.collect()).expect("both layers were read before");
    let mut leaves = Leaves::new();
    flatten(document, "", root, &mut leaves);
    Ok((leaves, problems))
}

fn is_of_a_key(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

fn flatten(document: &Document, section: &str, table: Map<String, Value>, leaves: &mut Leaves) {
    for (name, value) in table {
        let key = if section.is_empty() { name } else { format!("{section}.{name}") };
        let origin = match value.origin() {
            Some(FROM_ENVIRONMENT) => ValueOrigin::Environment(variable(&key)),
            Some(line) => ValueOrigin::File(line.to_owned()),
            None => ValueOrigin::File(document.name()),
        };
        match value.kind {
            ValueKind::Table(table) => flatten(document, &key, table, leaves),
            value => {
                leaves.insert(key, ConfigValue { origin, value });
            }
        }
    }
}

/// The file, as the crate wants a layer. Each value knows its line.
#[derive(Clone)]
struct FileLayer(Map<String, Value>);

impl Source for FileLayer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

/// Values may be secrets in the wrong place.
impl std::fmt::Debug for FileLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileLayer")
    }
}

fn map(document: &Document, table: DeTable<'_>) -> Map<String, Value> {
    let entry = |(key, value): (toml::Spanned<_>, toml::Spanned<DeValue<'_>>)| {
        let origin = document.line(key.span().start);
        (toml::de::DeString::into_owned(key.into_inner()), to_value(document, &origin, value.into_inner()))
    };
    table.into_iter().map(entry).collect()
}

fn to_value(document: &Document, origin: &String, value: DeValue<'_>) -> Value {
    let kind = match value {
        DeValue::String(text) => ValueKind::String(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(whole) => ValueKind::I64(whole),
            // Larger than any of our keys takes; as a fraction it is refused with the others.
            Err(_) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(number) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => ValueKind::Boolean(flag),
        DeValue::Datetime(time) => ValueKind::String(time.to_string()),
        DeValue::Array(items) => {
            ValueKind::Array(items.into_iter().map(|item| to_value(document, origin, item.into_inner())).collect())
        }
        // The crate forgets where a table stood when it merges it.
        DeValue::Table(table) if table.is_empty() => ValueKind::Nil,
        DeValue::Table(table) => ValueKind::Table(map(document, table)),
    };
    Value::new(Some(origin), kind)
}

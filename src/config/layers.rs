//! The two layers of the configuration, file and environment, merged by the crate `config` into one value for each key.
//!
//! The crate's own conversions are not used: they bend values (`"0012"` becomes 12, 500.7 becomes 501), and they report one problem at a
//! time.

use config::{Config, Source as _, Value, ValueKind};

use crate::config::document::{Document, Problem, Table, ValueOrigin};
use crate::config::env::{self, EnvVars, variable};
use crate::config::secret;

/// Reads both layers into one table, with the names of sections before the keys: `section.key`. The second list is what cannot even be a
/// key.
pub(super) fn read(document: &Document, env: &EnvVars) -> Result<(Table, Vec<Problem>), Vec<Problem>> {
    let mut problems = Vec::new();
    let mut table = document.parse()?;
    table.retain(|key, value| {
        // The crate treats a key such as "a[9].b" as a path, and would make what it names.
        let is_name = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if !is_name {
            let line = document.line(ValueOrigin::of(value).key);
            problems.push(Problem::new(line, format!("{key:?}: unknown key; take it out")));
        }
        is_name
    });
    let mut file = Config::default();
    file.cache = Value::new(None, table);
    let mut layers = Config::builder().add_source(file);
    for (name, value) in env.iter() {
        let Some(key) = env::key(name) else { continue };
        let message = if !key.split('.').all(is_part_of_key) {
            "is no key of the configuration".to_owned()
        } else if name != variable(&key) {
            format!("write the variable in capitals: {}", variable(&key))
        } else if let Some(text) = value.to_str() {
            // A secret is read on its own.
            if !secret::is_secret(&key) {
                let value = Value::new(Some(&name.to_owned()), text);
                layers = layers.set_override(key, value).expect("parts with dots between them are a path");
            }
            continue;
        } else {
            format!("{key}: is no text (UTF-8); write it as one")
        };
        problems.push(Problem::new(name, message));
    }
    let root = layers.build().and_then(|config| config.collect()).expect("both layers were read before");
    let mut leaves = Table::new();
    flatten("", root, &mut leaves);
    Ok((leaves, problems))
}

fn is_part_of_key(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn flatten(section: &str, table: Table, leaves: &mut Table) {
    for (name, value) in table {
        let key = if section.is_empty() { name } else { format!("{section}.{name}") };
        match value.kind {
            ValueKind::Table(table) => flatten(&key, table, leaves),
            _ => {
                leaves.insert(key, value);
            }
        }
    }
}

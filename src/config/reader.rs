//! Takes keys from the layers, one by one: each is converted, or a problem is noted and the reading goes on. What nobody took is unknown.

use std::collections::BTreeSet;

use config::ValueKind;

use crate::config::env::SECRETS;
use crate::config::layers::{ConfigValue, Leaves, ValueOrigin};
use crate::config::nearest::nearest;
use crate::config::problem::Problem;
use crate::domain::model::policy::Product;

/// Keys that begin so are secrets and addresses that work like secrets; a value there may be one of them in the wrong place.
const NEVER_SHOWN: [&str; 4] = ["okta.auth.", "haiilo.auth.", "notify.", "state_password"];

/// Keys of the other product. Who writes one of them has more to learn than that it is unknown.
const OF_THE_INTRANET: [&str; 9] = [
    "groups.delete",
    "groups.enabled",
    "groups.include",
    "haiilo.auth.client_auth",
    "haiilo.auth.client_id",
    "haiilo.auth.client_secret_file",
    "haiilo.auth.token_url",
    "haiilo.deprovision_policy",
    "haiilo.profile_fields",
];
const OF_ADVOCACY: [&str; 3] = ["haiilo.auth.token_file", "haiilo.auth.token_form", "haiilo.auth.token_owner"];

/// The longest part of a value that a message quotes, in characters.
const QUOTED: usize = 60;

/// A key that somebody set.
pub(super) struct ConfigEntry {
    pub(super) key: String,
    pub(super) leaf: ConfigValue,
}

/// The layers, and what was found about them so far.
pub(super) struct Reader {
    file: String,
    left: Leaves,
    known: BTreeSet<String>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl ConfigEntry {
    /// Whether the value is text because everything in the environment is.
    pub(super) fn is_from_environment(&self) -> bool {
        matches!(self.leaf.origin, ValueOrigin::Environment(_))
    }

    /// The place for messages.
    pub(super) fn place(&self) -> &str {
        match &self.leaf.origin {
            ValueOrigin::File(place) | ValueOrigin::Environment(place) => place,
        }
    }

    /// The key with its value, or alone where the value must not be seen.
    fn shown(&self) -> String {
        let text = quoted(&self.leaf.value);
        // The whole value, since a password may begin before and end behind the part that is quoted.
        let whole = self.leaf.value.to_string();
        let may_hold_password =
            whole.contains("password=") || whole.contains('@') && (whole.contains("://") || self.key == "state");
        if may_hold_password || NEVER_SHOWN.iter().any(|section| self.key.starts_with(section)) {
            return self.key.clone();
        }
        format!("{} = {text}", self.key)
    }
}

impl Reader {
    /// A reader of layers; `file` is the name for what is missing.
    pub(super) fn new(file: String, leaves: Leaves, problems: Vec<Problem>) -> Self {
        Self { file, left: leaves, known: BTreeSet::new(), problems, warnings: Vec::new() }
    }

    /// A key, if it is set. From now on it is known.
    pub(super) fn take(&mut self, key: &str) -> Option<ConfigEntry> {
        self.known.insert(key.to_owned());
        self.left.remove(key).map(|leaf| ConfigEntry { key: key.to_owned(), leaf })
    }

    /// A key that may be left out.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        convert: impl FnOnce(&ConfigEntry) -> Result<T, String>,
    ) -> Option<T> {
        let entry = self.take(key)?;
        match convert(&entry) {
            Ok(value) => Some(value),
            Err(right) => {
                self.refuse(&entry, &right);
                None
            }
        }
    }

    /// A key with a default.
    pub(super) fn or<T>(
        &mut self,
        key: &str,
        default: T,
        convert: impl FnOnce(&ConfigEntry) -> Result<T, String>,
    ) -> T {
        self.optional(key, convert).unwrap_or(default)
    }

    /// A key without a safe default; `what` says what it is.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        what: &str,
        convert: impl FnOnce(&ConfigEntry) -> Result<T, String>,
    ) -> Option<T> {
        if !self.left.contains_key(key) {
            self.known.insert(key.to_owned());
            self.miss(key, what);
            return None;
        }
        self.optional(key, convert)
    }

    /// Notes that a key is missing.
    pub(super) fn miss(&mut self, key: &str, what: &str) {
        self.problems.push(Problem::new(&*self.file, format!("{key} is missing: {what}")));
    }

    /// Notes what would be right instead of a value.
    pub(super) fn refuse(&mut self, entry: &ConfigEntry, right: &str) {
        self.problems.push(Problem::new(entry.place(), format!("{}: {right}", entry.shown())));
    }

    /// Notes problems that were found elsewhere.
    pub(super) fn note(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.problems.extend(problems);
    }

    /// Notes a finding that is no error.
    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Whether a key is set and was not taken yet.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    /// Whether a key that was not taken yet stands in the file, which more people may read than the environment.
    pub(super) fn is_in_file(&self, key: &str) -> bool {
        self.left.get(key).is_some_and(|leaf| matches!(leaf.origin, ValueOrigin::File(_)))
    }

    /// Takes a key that means nothing beside another one.
    pub(super) fn without_effect(&mut self, key: &str, beside: &str) {
        if self.take(key).is_some() {
            self.warn(format!("{key} has no effect {beside}"));
        }
    }

    /// Every key that was asked for.
    pub(super) fn into_known(self) -> BTreeSet<String> {
        self.known
    }

    /// All problems, those of unknown keys included, and all warnings.
    pub(super) fn finish(mut self) -> (Vec<Problem>, Vec<String>) {
        for (key, leaf) in std::mem::take(&mut self.left) {
            if let Some(message) = self.complaint(&key, &leaf.value) {
                let entry = ConfigEntry { key, leaf };
                self.problems.push(Problem::new(entry.place(), format!("{}: {message}", entry.key)));
            }
        }
        (self.problems, self.warnings)
    }

    /// What is wrong with a key that nobody took; nothing where it is a section without keys.
    fn complaint(&self, key: &str, value: &ValueKind) -> Option<String> {
        let is_below = |known: &str| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        if SECRETS.contains(&key) {
            return Some(format!(
                "a secret does not belong in this file; put it into a file of its own, and name that in {key}_file"
            ));
        }
        let products = [(&OF_THE_INTRANET[..], Product::Intranet), (&OF_ADVOCACY[..], Product::Advocacy)];
        if let Some((_, other)) = products.iter().find(|(keys, _)| keys.contains(&key)) {
            return Some(format!("belongs to haiilo.product = {:?}; take it out", other.as_str()));
        }
        if self.known.iter().map(String::as_str).chain(OF_THE_INTRANET).any(is_below) {
            let is_empty = matches!(value, ValueKind::Nil);
            return (!is_empty).then(|| format!("is a section; write [{key}], and its keys below"));
        }
        Some(match meant(key, &self.known) {
            Some(known) => format!("unknown key; did you mean {known}?"),
            None => "unknown key; take it out".to_owned(),
        })
    }
}

/// The known key that was most likely meant: the same name in another section, or a name that differs in a few letters.
fn meant<'k>(key: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let elsewhere = known.iter().find(|known| last(known) == last(key)).map(String::as_str);
    elsewhere.or_else(|| nearest(key, known.iter().map(String::as_str)))
}

/// A value as the file would write it, shortened.
fn quoted(value: &ValueKind) -> String {
    let text = match value {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(items) => {
            format!("[{}]", items.iter().map(|item| quoted(&item.kind)).collect::<Vec<_>>().join(", "))
        }
        ValueKind::Nil => "{}".to_owned(),
        ValueKind::Table(_) => "{ … }".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

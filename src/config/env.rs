//! The part of the environment that concerns the program, as a value: nothing else of the configuration asks the system for it.
//!
//! `OKTA_HAIILO_SYNC__SECTION__KEY` is the key `section.key`. `CREDENTIALS_DIRECTORY` is where systemd puts credentials (systemd.exec,
//! `LoadCredential=`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

/// The beginning of our variables.
const PREFIX: &str = "OKTA_HAIILO_SYNC";
/// What separates the parts of a key.
const SEPARATOR: &str = "__";
/// The folder of systemd's credentials.
pub(super) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// Device and inode of the stream that systemd connects with its journal (systemd.exec).
const JOURNAL_STREAM: &str = "JOURNAL_STREAM";
/// Set to anything, it asks for output without colours (no-color.org).
const NO_COLOR: &str = "NO_COLOR";
/// The kind of terminal.
const TERM: &str = "TERM";

/// Our variables of an environment.
#[derive(Clone, Default)]
pub struct EnvVars {
    variables: BTreeMap<String, OsString>,
}

impl EnvVars {
    /// Those of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_this_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// Where systemd put credentials, if it did.
    pub(super) fn credentials_directory(&self) -> Option<&Path> {
        self.set(CREDENTIALS_DIRECTORY).map(Path::new)
    }

    /// The stream that systemd connects with its journal, as `device:inode`, if it did.
    pub fn journal_stream(&self) -> Option<&str> {
        self.get(JOURNAL_STREAM)?.to_str()
    }

    /// Whether a terminal may be coloured: not where `NO_COLOR` is set to anything (no-color.org), nor where the terminal is dumb.
    pub fn wants_colours(&self) -> bool {
        self.set(NO_COLOR).is_none() && self.set(TERM).is_none_or(|term| term != "dumb")
    }

    /// Each variable with its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_os_str()))
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// The value of a variable that is not empty.
    fn set(&self, name: &str) -> Option<&OsStr> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{SEPARATOR}{}", key.to_uppercase().replace('.', SEPARATOR))
}

/// The key that a variable sets, if it sets one.
pub(super) fn key(variable: &str) -> Option<String> {
    let name = variable.strip_prefix(PREFIX)?.strip_prefix(SEPARATOR)?;
    Some(name.to_lowercase().replace(SEPARATOR, "."))
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for EnvVars {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let others = [CREDENTIALS_DIRECTORY, JOURNAL_STREAM, NO_COLOR, TERM];
        let is_ours = |name: &str| others.contains(&name) || name.starts_with(PREFIX);
        Self { variables: variables.filter(|(name, _)| is_ours(name)).collect() }
    }
}

/// The values may be secrets: Debug shows only the names.
impl fmt::Debug for EnvVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

//! The part of the environment that concerns us, as a value: nothing else of the configuration asks the system for it.
//!
//! `OKTA_HAIILO_SYNC__SECTION__KEY` is the key `section.key`. `CREDENTIALS_DIRECTORY` is where systemd puts credentials (systemd.exec,
//! `LoadCredential=`).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

/// What our variables begin with.
pub(super) const PREFIX: &str = "OKTA_HAIILO_SYNC";
/// What stands between the parts of a key.
pub(super) const SEPARATOR: &str = "__";

/// The key of Okta's API token.
pub(super) const OKTA_TOKEN: &str = "okta.auth.token";
/// The key of the private key of the service app in Okta.
pub(super) const OKTA_PRIVATE_KEY: &str = "okta.auth.private_key";
/// The key of Haiilo's access token.
pub(super) const HAIILO_TOKEN: &str = "haiilo.auth.token";
/// The key of the secret of the intranet's client.
pub(super) const HAIILO_CLIENT_SECRET: &str = "haiilo.auth.client_secret";
/// The key of the password of the state's database.
pub(super) const STATE_PASSWORD: &str = "state_password";
/// The key of the address that is told about trouble.
pub(super) const WEBHOOK_URL: &str = "notify.webhook_url";
/// The key of the address that is told that all is well.
pub(super) const HEARTBEAT_URL: &str = "notify.heartbeat_url";
/// Keys whose values are secrets, so that they are kept apart from the others.
pub(super) const SECRETS: [&str; 7] =
    [OKTA_TOKEN, OKTA_PRIVATE_KEY, HAIILO_TOKEN, HAIILO_CLIENT_SECRET, STATE_PASSWORD, WEBHOOK_URL, HEARTBEAT_URL];

/// What stands in for a secret that is not there yet: no server takes it, and no key is made of it.
const PLACEHOLDERS: [(&str, &str); 4] = [
    (OKTA_TOKEN, "placeholder"),
    (OKTA_PRIVATE_KEY, "-----BEGIN PLACEHOLDER-----"),
    (HAIILO_TOKEN, "placeholder"),
    (HAIILO_CLIENT_SECRET, "placeholder"),
];

const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// Device and inode of the stream that systemd connects with its journal (systemd.exec).
const JOURNAL_STREAM: &str = "JOURNAL_STREAM";

/// Whoever sets it wants no colours (no-color.org).
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

    /// The secrets alone, with placeholders for those that both ends need and that are in no variable. Files go before variables, so that
    /// a placeholder is taken only where there is no secret.
    #[must_use]
    pub fn secrets_or_placeholders(&self) -> Self {
        let is_kept = |name: &str| name == CREDENTIALS_DIRECTORY || SECRETS.iter().any(|key| variable(key) == name);
        let mut variables: BTreeMap<String, OsString> =
            PLACEHOLDERS.iter().map(|(key, text)| (variable(key), (*text).into())).collect();
        let ours = self.variables.iter().filter(|(name, _)| is_kept(name));
        variables.extend(ours.map(|(name, value)| (name.clone(), value.clone())));
        Self { variables }
    }

    /// Whether a secret is only a placeholder.
    pub fn is_placeholder(secret: &str) -> bool {
        PLACEHOLDERS.iter().any(|(_, text)| *text == secret)
    }

    /// Where systemd put credentials, if it did.
    pub(super) fn credentials_directory(&self) -> Option<&Path> {
        self.variables.get(CREDENTIALS_DIRECTORY).filter(|path| !path.is_empty()).map(Path::new)
    }

    /// The stream that systemd connects with its journal, as `device:inode`, if it did.
    pub fn journal_stream(&self) -> Option<&str> {
        self.variables.get(JOURNAL_STREAM)?.to_str()
    }

    /// Whether a terminal may be coloured: not where `NO_COLOR` is set to anything (no-color.org), nor where the terminal is dumb.
    pub fn wants_colours(&self) -> bool {
        let set = |name: &str| self.variables.get(name).filter(|value| !value.is_empty());
        set(NO_COLOR).is_none() && set(TERM).is_none_or(|term| term != "dumb")
    }

    /// The variables that set a key: the variable, the key, and the value.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, String, &OsStr)> {
        let ours = |name: &str| {
            let key = name.strip_prefix(PREFIX)?.strip_prefix(SEPARATOR)?;
            Some(key.to_lowercase().replace(SEPARATOR, "."))
        };
        self.variables.iter().filter_map(move |(name, value)| Some((name.as_str(), ours(name)?, value.as_os_str())))
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }
}

/// The variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{SEPARATOR}{}", key.to_uppercase().replace('.', SEPARATOR))
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for EnvVars {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let others = [CREDENTIALS_DIRECTORY, JOURNAL_STREAM, NO_COLOR, TERM];
        let is_ours = |name: &str| others.contains(&name) || name.starts_with(PREFIX);
        Self { variables: variables.filter(|(name, _)| is_ours(name)).collect() }
    }
}

/// The values may be secrets: Debug shows the names alone.
impl fmt::Debug for EnvVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

//! Secrets: from the first source that has one, never from the configuration file itself.
//!
//! The sources, in order: a credential of systemd (systemd.exec, `LoadCredential=`), the file that the configuration names, the folder of
//! credentials, the environment. No message holds a part of a secret.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use crate::config::document::Problem;
use crate::config::env::{CREDENTIALS_DIRECTORY, EnvVars, variable};
use crate::config::reader::Reader;
use crate::config::values::{self, Entry};

/// One secret of the configuration. The key of a file with the secret is its own key with `_file` behind it.
struct SecretKey {
    /// The key that it would have in the file, and has in the environment.
    key: &'static str,
    /// Its name as a credential.
    credential: &'static str,
    form: SecretForm,
    /// What replaces it before it is there: no server accepts it, and no key is made of it. Only a secret that must be there has one.
    placeholder: Option<&'static str>,
}

const SECRETS: [SecretKey; 7] = [
    SecretKey::new("okta.auth.token", "okta-token", SecretForm::Token, Some("placeholder")),
    SecretKey::new("okta.auth.private_key", "okta-private-key", SecretForm::Pem, Some("-----BEGIN PLACEHOLDER-----")),
    SecretKey::new("haiilo.auth.token", "haiilo-token", SecretForm::Token, Some("placeholder")),
    SecretKey::new("haiilo.auth.client_secret", "haiilo-client-secret", SecretForm::Password, Some("placeholder")),
    SecretKey::new("state_password", "state-password", SecretForm::Password, None),
    SecretKey::new("notify.webhook_url", "webhook-url", SecretForm::Address, None),
    SecretKey::new("notify.heartbeat_url", "heartbeat-url", SecretForm::Address, None),
];

/// What a secret looks like.
#[derive(Clone, Copy)]
enum SecretForm {
    /// One word that goes into a header.
    Token,
    /// A private key.
    Pem,
    /// One line.
    Password,
    /// An address that each caller who knows it may use.
    Address,
}

/// Where secrets may be.
pub(super) struct SecretSources<'a> {
    pub(super) env: &'a EnvVars,
    /// Relative paths begin at the folder of the configuration.
    pub(super) folder: &'a Path,
    pub(super) credentials_dir: &'a Path,
}

/// Where a secret was found, and its text.
type FoundSecret = (PathBuf, String);

impl SecretKey {
    const fn new(
        key: &'static str,
        credential: &'static str,
        form: SecretForm,
        placeholder: Option<&'static str>,
    ) -> Self {
        Self { key, credential, form, placeholder }
    }

    /// All sources of the secret, for a message.
    fn listed(&self, sources: &SecretSources<'_>) -> String {
        let Self { key, credential, .. } = self;
        let systemd = match sources.env.credentials_directory() {
            Some(folder) => folder.join(credential).display().to_string(),
            None => format!("systemd's credential {credential} ($CREDENTIALS_DIRECTORY is not set)"),
        };
        let (in_folder, variable) = (sources.credentials_dir.join(credential), variable(key));
        let in_folder = in_folder.display();
        format!("put it into one of these: {systemd}, {key}_file (not set), {in_folder}, or the variable {variable}")
    }
}

impl EnvVars {
    /// Only the secrets, with placeholders for those that must be there and are in no variable. Files go before variables, so a placeholder
    /// is used only where there is no secret.
    #[must_use]
    pub fn secrets_or_placeholders(&self) -> Self {
        let is_kept =
            |name: &str| name == CREDENTIALS_DIRECTORY || SECRETS.iter().any(|secret| variable(secret.key) == name);
        let placeholder = |secret: SecretKey| Some((variable(secret.key), OsString::from(secret.placeholder?)));
        let ours =
            self.iter().filter(|(name, _)| is_kept(name)).map(|(name, value)| (name.to_owned(), value.to_owned()));
        SECRETS.into_iter().filter_map(placeholder).chain(ours).collect()
    }

    /// Whether a secret is only a placeholder.
    pub fn is_placeholder(secret: &str) -> bool {
        SECRETS.iter().any(|known| known.placeholder == Some(secret))
    }
}

/// Whether a key is that of a secret.
pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.iter().any(|secret| secret.key == key)
}

/// Finds a secret. What is wrong with it is noted, and also that it is missing where it must be there.
pub(super) fn read(reader: &mut Reader<'_>, sources: &SecretSources<'_>, key: &str) -> Option<SecretString> {
    let secret = SECRETS.into_iter().find(|secret| secret.key == key).expect("the key of a secret is in the table");
    let found = find(reader, sources, &secret).and_then(|found| {
        let Some((place, text)) = found else { return Ok(None) };
        let text = text.trim();
        check(secret.form, text)
            .map_err(|right| Problem::new(place.display().to_string(), format!("{key}: {right}")))?;
        Ok(Some(SecretString::from(text)))
    });
    match found {
        // One that is in the file is a problem of its own.
        Ok(None) if secret.placeholder.is_some() && !reader.is_set(key) => {
            reader.note_missing(key, &secret.listed(sources));
            None
        }
        Ok(found) => found,
        Err(problem) => {
            reader.note_problems([problem]);
            None
        }
    }
}

/// Reads one source after the other.
fn find(
    reader: &mut Reader<'_>,
    sources: &SecretSources<'_>,
    SecretKey { key, credential, .. }: &SecretKey,
) -> Result<Option<FoundSecret>, Problem> {
    let named = reader.take(&format!("{key}_file"));
    if let Some(folder) = sources.env.credentials_directory()
        && let Some(found) = read_file(folder.join(credential), key)?
    {
        // systemd gives access by lists that show up as a mode for the group.
        return Ok(Some(found));
    }
    let in_file = match named {
        Some(entry) => Some(read_named(reader, sources.folder, &entry)?),
        None => read_file(sources.credentials_dir.join(credential), key)?,
    };
    if let Some((place, _)) = &in_file {
        let mode = fs::metadata(place).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            let place = place.display();
            reader.warn(format!("{place}: {key}: others may read this file (mode {mode:04o}); chmod 0600 it"));
        }
        return Ok(in_file);
    }
    let variable = variable(key);
    let Some(value) = sources.env.get(&variable) else { return Ok(None) };
    match value.to_str() {
        Some(text) => Ok(Some((variable.into(), text.to_owned()))),
        None => Err(Problem::new(variable, format!("{key}: is no text (UTF-8); write it as one"))),
    }
}

/// A file that may be there or not.
fn read_file(place: PathBuf, key: &str) -> Result<Option<FoundSecret>, Problem> {
    match fs::read_to_string(&place) {
        Ok(text) => Ok(Some((place, text))),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Problem::new(
            place.display().to_string(),
            format!("{key}: cannot be read: {error}; check its owner and mode"),
        )),
    }
}

/// The file that the configuration names, which must be there. A message does not show its name before it is known to be one: it may be the
/// secret itself, in the wrong place.
fn read_named(reader: &Reader<'_>, folder: &Path, entry: &Entry) -> Result<FoundSecret, Problem> {
    let read = values::path(folder)(entry).and_then(|place| match fs::read_to_string(&place) {
        Ok(text) => Ok((place, text)),
        Err(error) => Err(format!("the file cannot be read: {error}; check the path, its owner and its mode")),
    });
    read.map_err(|right| reader.problem(entry, &right))
}

fn check(form: SecretForm, text: &str) -> Result<(), &'static str> {
    match form {
        _ if text.is_empty() => Err("is empty; write the secret there"),
        SecretForm::Token if !text.chars().all(|c| c.is_ascii_graphic()) => {
            Err("holds spaces or signs that no token has; write the token alone")
        }
        SecretForm::Pem if !text.starts_with("-----BEGIN ") => {
            Err("is no private key; write one in PEM (-----BEGIN PRIVATE KEY-----)")
        }
        SecretForm::Password if text.chars().any(char::is_control) => {
            Err("is more than one line; write the password alone")
        }
        SecretForm::Address if !Url::parse(text).is_ok_and(|url| values::is_private(&url)) => {
            Err("write an address such as https://hooks.example.com/…; http is for this machine")
        }
        _ => Ok(()),
    }
}

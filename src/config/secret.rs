//! Secrets: from the first place that has one, never from the configuration file itself.
//!
//! The places, in order: a credential of systemd (systemd.exec, `LoadCredential=`), the file that the configuration names, the folder of
//! credentials, the environment. No message holds a part of a secret.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use secrecy::SecretString;
use url::Url;

use crate::config::env::{self, EnvVars, variable};
use crate::config::problem::Problem;
use crate::config::reader::{ConfigEntry, Reader};
use crate::config::values;

/// One secret of the configuration.
pub(super) struct SecretKey {
    /// The key that it would have in the file, and has in the environment.
    key: &'static str,
    /// The key that names a file.
    file_key: &'static str,
    /// Its name as a credential.
    credential: &'static str,
    form: SecretForm,
}

/// What a secret looks like.
enum SecretForm {
    /// One word that goes into a header.
    Token,
    /// A private key.
    Pem,
    /// One line.
    Password,
    /// An address that whoever knows it may call.
    Address,
}

/// Okta's API token.
pub(super) const OKTA_TOKEN: SecretKey = SecretKey {
    key: env::OKTA_TOKEN,
    file_key: "okta.auth.token_file",
    credential: "okta-token",
    form: SecretForm::Token,
};

/// The private key of the service app in Okta.
pub(super) const OKTA_PRIVATE_KEY: SecretKey = SecretKey {
    key: env::OKTA_PRIVATE_KEY,
    file_key: "okta.auth.private_key_file",
    credential: "okta-private-key",
    form: SecretForm::Pem,
};

/// Haiilo's access token.
pub(super) const HAIILO_TOKEN: SecretKey = SecretKey {
    key: env::HAIILO_TOKEN,
    file_key: "haiilo.auth.token_file",
    credential: "haiilo-token",
    form: SecretForm::Token,
};

/// The secret of the intranet's client.
pub(super) const HAIILO_CLIENT_SECRET: SecretKey = SecretKey {
    key: env::HAIILO_CLIENT_SECRET,
    file_key: "haiilo.auth.client_secret_file",
    credential: "haiilo-client-secret",
    form: SecretForm::Password,
};

/// The password of the state's database.
pub(super) const STATE_PASSWORD: SecretKey = SecretKey {
    key: env::STATE_PASSWORD,
    file_key: "state_password_file",
    credential: "state-password",
    form: SecretForm::Password,
};

/// The address that is told about trouble.
pub(super) const WEBHOOK_URL: SecretKey = SecretKey {
    key: env::WEBHOOK_URL,
    file_key: "notify.webhook_url_file",
    credential: "webhook-url",
    form: SecretForm::Address,
};

/// The address that is told that all is well.
pub(super) const HEARTBEAT_URL: SecretKey = SecretKey {
    key: env::HEARTBEAT_URL,
    file_key: "notify.heartbeat_url_file",
    credential: "heartbeat-url",
    form: SecretForm::Address,
};

/// Where secrets may be.
pub(super) struct SecretPlaces<'a> {
    pub(super) env: &'a EnvVars,
    /// Relative paths begin at the folder of the configuration.
    pub(super) folder: &'a Path,
    pub(super) credentials_dir: &'a Path,
}

/// Who may read a file besides its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Nobody; anybody else is a warning.
    OwnerAlone,
    /// Whoever systemd lets in: it gives access by lists that show up as a mode for the group.
    AsSystemdSays,
}

/// Where a secret was found, for messages, and its text.
struct FoundSecret {
    place: String,
    text: String,
}

/// A failure that the reader was told.
struct Reported;

/// Finds a secret.
pub(super) fn read(reader: &mut Reader, places: &SecretPlaces<'_>, secret: &SecretKey) -> Option<SecretString> {
    let SecretKey { key, file_key, credential, form: _ } = secret;
    match look(reader, places, secret) {
        Err(Reported) => None,
        Ok(Some(found)) => Some(found),
        Ok(None) => {
            // One that stands in the file is told as such.
            if !reader.is_set(key) {
                reader.miss(key, &places_for(places, file_key, credential, key));
            }
            None
        }
    }
}

/// Finds a secret that need not be anywhere.
pub(super) fn read_if_any(reader: &mut Reader, places: &SecretPlaces<'_>, secret: &SecretKey) -> Option<SecretString> {
    look(reader, places, secret).ok().flatten()
}

/// Finds a secret and looks at its form.
fn look(reader: &mut Reader, places: &SecretPlaces<'_>, secret: &SecretKey) -> Result<Option<SecretString>, Reported> {
    let named = reader.take(secret.file_key);
    let Some(FoundSecret { place, text }) = find(reader, places, secret, named.as_ref())? else { return Ok(None) };
    match check(&secret.form, text.trim()) {
        Ok(()) => Ok(Some(SecretString::from(text.trim()))),
        Err(right) => {
            reader.note([Problem::new(place, format!("{}: {right}", secret.key))]);
            Err(Reported)
        }
    }
}

/// Looks at one place after the other.
fn find(
    reader: &mut Reader,
    places: &SecretPlaces<'_>,
    secret: &SecretKey,
    named: Option<&ConfigEntry>,
) -> Result<Option<FoundSecret>, Reported> {
    let SecretKey { key, file_key: _, credential, form: _ } = secret;
    if let Some(folder) = places.env.credentials_directory()
        && let Some(found) = read_file(reader, &folder.join(credential), key, Readers::AsSystemdSays)?
    {
        return Ok(Some(found));
    }
    if let Some(entry) = named {
        return read_named(reader, places.folder, entry, key).map(Some);
    }
    if let Some(found) = read_file(reader, &places.credentials_dir.join(credential), key, Readers::OwnerAlone)? {
        return Ok(Some(found));
    }
    let variable = variable(key);
    match places.env.get(&variable).map(|value| value.to_str()) {
        None => Ok(None),
        Some(Some(text)) => Ok(Some(FoundSecret { place: variable, text: text.to_owned() })),
        Some(None) => {
            reader.note([Problem::new(variable, format!("{key}: is no text (UTF-8); write it as one"))]);
            Err(Reported)
        }
    }
}

/// A file that may be there or not.
fn read_file(reader: &mut Reader, path: &Path, key: &str, readers: Readers) -> Result<Option<FoundSecret>, Reported> {
    match fs::read_to_string(path) {
        Ok(text) => {
            if readers == Readers::OwnerAlone {
                warn_of_readers(reader, path, key);
            }
            Ok(Some(FoundSecret { place: path.display().to_string(), text }))
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => {
            reader.note([Problem::new(
                path.display().to_string(),
                format!("{key}: cannot be read: {error}; check its owner and mode"),
            )]);
            Err(Reported)
        }
    }
}

/// The file that the configuration names, which must be there. Its name is not told before it is known to be one: it may be the secret
/// itself, in the wrong place.
fn read_named(reader: &mut Reader, folder: &Path, entry: &ConfigEntry, key: &str) -> Result<FoundSecret, Reported> {
    let read = values::path(folder)(entry).and_then(|path| match fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => Err(format!("the file cannot be read: {error}; check the path, its owner and its mode")),
    });
    match read {
        Ok((path, text)) => {
            warn_of_readers(reader, &path, key);
            Ok(FoundSecret { place: path.display().to_string(), text })
        }
        Err(right) => {
            reader.refuse(entry, &right);
            Err(Reported)
        }
    }
}

fn warn_of_readers(reader: &mut Reader, path: &Path, key: &str) {
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        reader.warn(format!("{}: {key}: others may read this file (mode {mode:04o}); chmod 0600 it", path.display()));
    }
}

fn check(form: &SecretForm, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty; write the secret there".to_owned());
    }
    match form {
        SecretForm::Token if text.chars().all(|c| c.is_ascii_graphic()) => Ok(()),
        SecretForm::Token => Err("holds spaces or signs that no token has; write the token alone".to_owned()),
        SecretForm::Pem if text.starts_with("-----BEGIN ") => Ok(()),
        SecretForm::Password if !text.chars().any(char::is_control) => Ok(()),
        SecretForm::Password => Err("is more than one line; write the password alone".to_owned()),
        SecretForm::Address if Url::parse(text).is_ok_and(|url| values::is_private(&url)) => Ok(()),
        SecretForm::Address => {
            Err("write an address such as https://hooks.example.com/…; http is for this machine".to_owned())
        }
        SecretForm::Pem => Err("is no private key; write one in PEM (-----BEGIN PRIVATE KEY-----)".to_owned()),
    }
}

fn places_for(places: &SecretPlaces<'_>, file_key: &str, credential: &str, key: &str) -> String {
    let systemd = match places.env.credentials_directory() {
        Some(folder) => folder.join(credential).display().to_string(),
        None => format!("systemd's credential {credential} ($CREDENTIALS_DIRECTORY is not set)"),
    };
    let in_folder = places.credentials_dir.join(credential);
    format!(
        "put it into one of these: {systemd}, {file_key} (not set), {}, or the variable {}",
        in_folder.display(),
        variable(key)
    )
}

//! A folder with a configuration, a mapping and secrets, and what the program says about it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chrono_tz::Tz;
use okta_haiilo_sync::config::settings::{HaiiloAuth, Settings};
use okta_haiilo_sync::config::{EnvVars, load};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

pub(super) const SAMPLE: &str = include_str!("../../../config/okta-haiilo-sync.toml");
const MAPPING: &str = include_str!("../../../config/mapping.advocacy.toml");

pub(super) const KEY: (&str, &str) =
    ("OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nmarker-key");
pub(super) const TOKEN: (&str, &str) = ("OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN", "marker-token");

/// What the daemon's reader of schedules says, as far as the configuration is concerned.
fn cron(expression: &str, _: Tz) -> Result<(), String> {
    if expression.contains('*') { Ok(()) } else { Err("is no schedule".to_owned()) }
}

pub(super) fn haiilo_token(settings: &Settings) -> &str {
    match &settings.haiilo.auth {
        HaiiloAuth::AccessToken { token, .. } => token.expose_secret(),
        HaiiloAuth::ClientCredentials { .. } => panic!("Advocacy has tokens"),
    }
}

/// A folder with a configuration, the sample's mapping, and an environment.
pub(super) struct ConfigFolder {
    folder: TempDir,
    pub(super) variables: Vec<(String, String)>,
}

impl ConfigFolder {
    pub(super) fn new(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("sync.toml"), configuration).expect("a file");
        fs::write(folder.path().join("mapping.advocacy.toml"), MAPPING).expect("a file");
        Self { folder, variables: Vec::new() }.with(KEY).with(TOKEN)
    }

    pub(super) fn with(mut self, (name, value): (&str, &str)) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    pub(super) fn file(self, name: &str, text: &str, mode: u32) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        self
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The settings, or the problems without the name of the folder.
    pub(super) fn load(&self) -> Result<Settings, Vec<String>> {
        let env: EnvVars = self.variables.iter().cloned().collect();
        load(&self.path().join("sync.toml"), &env, cron)
            .map_err(|problems| problems.iter().map(|problem| self.without_folder(&problem.to_string())).collect())
    }

    pub(super) fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.path().display()), "")
    }

    #[track_caller]
    pub(super) fn settings(&self) -> Settings {
        self.load().expect("settings")
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        self.settings().warnings.iter().map(|warning| self.without_folder(warning)).collect()
    }

    #[track_caller]
    pub(super) fn refused(&self, problems: &[&str]) {
        assert_eq!(self.load().expect_err("problems"), problems);
    }
}

pub(super) fn sample() -> ConfigFolder {
    ConfigFolder::new(SAMPLE)
}

/// The sample with one line, or the beginning of one, changed. Lines keep their numbers.
pub(super) fn changed(from: &str, to: &str) -> String {
    let changed = SAMPLE.replacen(&format!("\n{from}"), &format!("\n{to}"), 1);
    assert_ne!(changed, SAMPLE, "the sample has no line {from}");
    changed
}

/// The line of a text in the sample, from 1.
pub(super) fn line(text: &str) -> usize {
    SAMPLE.lines().position(|line| line.starts_with(text)).expect("a line of the sample") + 1
}

pub(super) const REQUIRED: &str = r#"
        okta.org_url = "https://example.okta.com"
        okta.app_id = "0oa1example"
        okta.auth.client_id = "0oa2service"
        okta.auth.key_id = "key-1"
        haiilo.product = "advocacy"
        haiilo.base_url = "https://example.smarpshare.com/api/scim/v2"
        haiilo.auth.token_owner = "scim@example.com"
        mapping.file = "mapping.advocacy.toml"
    "#;

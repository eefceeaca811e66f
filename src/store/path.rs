//! Where the store is, and the files beside it.

use std::path::{Path, PathBuf};

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePath(PathBuf);

impl StorePath {
    /// The file of the database.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The file of the database.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// The file whose lock is the lock of the cycle.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.beside(".lock")
    }

    /// SQLite's log of writes that are not in the database yet.
    pub(super) fn write_ahead_log(&self) -> PathBuf {
        self.beside("-wal")
    }

    /// The URL by which the driver opens the database.
    pub(super) fn url(&self, parameters: &str) -> String {
        let path = url::form_urlencoded::byte_serialize(self.0.as_os_str().as_encoded_bytes()).collect::<String>();
        format!("sqlite:{}?{parameters}", path.replace('+', "%20").replace("%2F", "/"))
    }
}

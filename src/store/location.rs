//! Where the store is: a file of SQLite, or a database of PostgreSQL.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::config::settings::{PostgresUrl, StoreSetting};

/// Where the store is. Its Display is for messages: it holds no user and no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorePlace {
    /// A file of SQLite.
    File(StorePath),
    /// A database of PostgreSQL.
    Server(PostgresUrl),
}

impl StorePlace {
    /// The place that the configuration names.
    pub fn new(state: StoreSetting) -> Self {
        match state {
            StoreSetting::Sqlite(path) => Self::File(StorePath::new(path)),
            StoreSetting::Postgres(url) => Self::Server(url),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::File(_) => Dialect::Sqlite,
            Self::Server(_) => Dialect::Postgres,
        }
    }
}

impl From<StorePath> for StorePlace {
    fn from(path: StorePath) -> Self {
        Self::File(path)
    }
}

impl From<&StorePath> for StorePlace {
    fn from(path: &StorePath) -> Self {
        Self::File(path.clone())
    }
}

impl From<&Self> for StorePlace {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.as_path().display().fmt(f),
            Self::Server(url) => url.fmt(f),
        }
    }
}

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

/// Which SQL a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Begins a transaction that shows one state, whatever a cycle writes beside it.
    pub(super) fn begin_reading(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Begins a transaction that writes.
    pub(super) fn begin_writing(self) -> &'static str {
        match self {
            // IMMEDIATE reserves the writer's place at once, so no statement inside can fail because the place is not free.
            Self::Sqlite => "BEGIN IMMEDIATE",
            // Whatever the role or the database has as its default, which may be READ ONLY.
            Self::Postgres => "BEGIN READ WRITE",
        }
    }

    /// The links behind an id, so many at most, as one text of JSON.
    pub(super) fn links(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT json_group_array(json_array(okta_id, haiilo_id, user_name, origin, listed, missing_since, missing_approved)) \
                 FROM (SELECT * FROM links WHERE okta_id > $1 ORDER BY okta_id LIMIT $2)"
            }
            Self::Postgres => {
                "SELECT COALESCE(json_agg(json_build_array(okta_id, haiilo_id, user_name, origin, listed, missing_since, missing_approved) \
                 ORDER BY okta_id), '[]')::TEXT \
                 FROM (SELECT * FROM links WHERE okta_id > $1 ORDER BY okta_id LIMIT $2) AS chunk"
            }
        }
    }
}

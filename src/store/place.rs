//! Where the store is: a file of SQLite, or a database of PostgreSQL.

use std::fmt;

use crate::config::settings::{PostgresUrl, StoreSetting};
use crate::store::dialect::Dialect;
use crate::store::path::StorePath;

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

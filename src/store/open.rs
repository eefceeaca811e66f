//! Opening the store: for a cycle, which writes, or for a dry run, which must leave no byte of it changed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use sqlx::AnyConnection;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Connection as _, SqlSafeStr as _};
use tokio::sync::Mutex;

use crate::ports::StoreFailure;
use crate::store::lock::CycleLock;
use crate::store::path::StorePath;

/// The schema, by version. A version that was released never changes.
const SCHEMA: [(i64, &str, &str); 1] = [(1, "first", include_str!("schema.sql"))];

/// A store that a cycle may write to. Holds the lock of the cycle until it is dropped.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Mutex<AnyConnection>,
    path: StorePath,
    lock: CycleLock,
}

/// A store that can be read alone. It may not exist yet: then nothing is remembered.
#[derive(Debug)]
pub struct ReadStore {
    path: StorePath,
}

impl Store {
    /// Opens or makes the store, and brings its schema up to date.
    pub async fn open(path: StorePath, lock: CycleLock) -> Result<Self, StoreFailure> {
        sqlx::any::install_default_drivers();
        make_private(path.as_path()).map_err(|error| {
            failure(&path, "cannot be opened for writing; check the folder's owner and mode", error)
        })?;
        let mut connection =
            AnyConnection::connect(&path.url("mode=rw")).await.map_err(|error| unreadable(&path, error))?;
        // The write-ahead log lets a dry run read beside a cycle; FULL makes each commit durable before it returns.
        for pragma in ["PRAGMA busy_timeout = 10000", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(pragma))
                .execute(&mut connection)
                .await
                .map_err(|error| unreadable(&path, error))?;
        }
        migrator().run_direct(None, &mut connection, false).await.map_err(|error| schema_failure(&path, error))?;
        Ok(Self { connection: Mutex::new(connection), path, lock })
    }

    /// Closes the store in order, and lets go of the lock after that. A store that is merely dropped is closed some time later.
    pub async fn close(self) -> Result<(), StoreFailure> {
        let Self { connection, path, lock } = self;
        let closed = connection.into_inner().close().await.map_err(|error| unreadable(&path, error));
        drop(lock);
        closed
    }

    /// A failure of this store, with what SQLite says about it.
    pub(super) fn failure(&self, error: sqlx::Error) -> StoreFailure {
        unreadable(&self.path, error)
    }
}

impl ReadStore {
    /// Names the store; nothing is opened yet.
    pub fn new(path: StorePath) -> Self {
        Self { path }
    }

    /// Opens the store for one reading; `None` when there is none yet.
    ///
    /// A reader of a log that nobody writes would leave two files beside the database. So where there is no log, the database is read as
    /// one that does not change, and the caller asks [`Glimpse::holds`] afterwards whether that was true.
    pub(super) async fn glimpse(&self) -> Result<Option<Glimpse>, StoreFailure> {
        sqlx::any::install_default_drivers();
        let Some(stamp) = Stamp::of(&self.path) else { return Ok(None) };
        let parameters = if stamp.log == Log::None { "mode=ro&immutable=1" } else { "mode=ro" };
        let mut connection =
            AnyConnection::connect(&self.path.url(parameters)).await.map_err(|error| unreadable(&self.path, error))?;
        sqlx::raw_sql("PRAGMA busy_timeout = 10000")
            .execute(&mut connection)
            .await
            .map_err(|error| unreadable(&self.path, error))?;
        // A cycle that ended before it had made the first table has left a file in which nothing is remembered.
        let tables =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await;
        if tables.map_err(|error| unreadable(&self.path, error))? == 0 {
            return Ok(Some(Glimpse { connection, stamp, content: Content::Nothing }));
        }
        let version = sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations")
            .fetch_one(&mut connection)
            .await;
        match version {
            Ok(None) => Ok(Some(Glimpse { connection, stamp, content: Content::Nothing })),
            Ok(Some(version)) if version == newest() => {
                Ok(Some(Glimpse { connection, stamp, content: Content::Memory }))
            }
            Ok(Some(version)) if version > newest() => Err(too_new(&self.path)),
            Ok(Some(_)) => Err(StoreFailure {
                message: format!(
                    "the store {} has an older schema; run `sync` once, which brings it up to date",
                    self.path.as_path().display()
                ),
                cause: None,
            }),
            Err(error) => Err(unreadable(&self.path, error)),
        }
    }

    /// A failure of this store, with what SQLite says about it.
    pub(super) fn failure(&self, error: sqlx::Error) -> StoreFailure {
        unreadable(&self.path, error)
    }

    /// Where the store is.
    pub(super) fn path(&self) -> &StorePath {
        &self.path
    }
}

/// A connection for one reading.
pub(super) struct Glimpse {
    pub(super) connection: AnyConnection,
    pub(super) content: Content,
    stamp: Stamp,
}

/// What a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No tables yet, or none that were finished.
    Nothing,
    /// What cycles wrote.
    Memory,
}

impl Glimpse {
    /// Ends the reading; whether the database stayed as it was meanwhile, where that was taken for granted.
    pub(super) async fn holds(self, path: &StorePath) -> bool {
        // A connection that only read has nothing to lose when it cannot be closed in order.
        let _ = self.connection.close().await;
        self.stamp.log == Log::Present || Stamp::of(path) == Some(self.stamp)
    }
}

/// What tells whether a database file was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    log: Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    None,
    Present,
}

impl Stamp {
    /// `None` when there is no database, or an empty file that is yet to become one.
    fn of(path: &StorePath) -> Option<Self> {
        let metadata = fs::metadata(path.as_path()).ok().filter(|metadata| metadata.len() > 0)?;
        let log = if path.write_ahead_log().exists() { Log::Present } else { Log::None };
        Some(Self { length: metadata.len(), modified: metadata.modified().ok(), log })
    }
}

fn migrator() -> Migrator {
    let migrations = SCHEMA.iter().map(|(version, name, sql)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

fn newest() -> i64 {
    SCHEMA.iter().map(|(version, _, _)| *version).max().expect("there is a first version")
}

/// Makes the file with mode 0600 before SQLite would make it readable for others.
fn make_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

fn failure(path: &StorePath, what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> StoreFailure {
    StoreFailure { message: format!("the store {} {what}", path.as_path().display()), cause: Some(Box::new(cause)) }
}

/// Says what to do about what SQLite reports, by its result code (SQLite, "Result and Error Codes").
fn unreadable(path: &StorePath, error: sqlx::Error) -> StoreFailure {
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<i64>().ok());
    let what = match code.map(|code| code & 0xff) {
        Some(5 | 6) => "is in use by another program for more than ten seconds; end that program",
        Some(8) => "cannot be written to; check its owner and mode",
        Some(10) => "cannot be read or written; check the disk",
        Some(11 | 26) => {
            "is damaged or no store; restore a backup, or move it away: a new one is rebuilt by matching and deletes nothing"
        }
        Some(13) => "cannot grow, since the disk is full",
        Some(14) => "cannot be opened; check that its folder exists, and its owner and mode",
        _ => "does not work",
    };
    failure(path, what, error)
}

fn schema_failure(path: &StorePath, error: MigrateError) -> StoreFailure {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(_, _) => too_new(path),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => unreadable(path, error),
        other => failure(path, "cannot be brought up to date", other),
    }
}

fn too_new(path: &StorePath) -> StoreFailure {
    StoreFailure {
        message: format!(
            "the store {} was written by a newer version of this program; install that one",
            path.as_path().display()
        ),
        cause: None,
    }
}

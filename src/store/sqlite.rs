//! SQLite: opening a file for a cycle, which writes, or for a dry run, which must leave no byte of it changed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use sqlx::{AnyConnection, Connection as _};

use crate::ports::StoreFailure;
use crate::store::location::{StorePath, StorePlace};
use crate::store::schema::{self, Content, failure};

/// Opens or makes the file, and brings its schema up to date.
pub(super) async fn open(path: &StorePath) -> Result<AnyConnection, StoreFailure> {
    sqlx::any::install_default_drivers();
    let place = StorePlace::from(path);
    make_private(path.as_path())
        .map_err(|error| failure(&place, "cannot be opened for writing; check the folder's owner and mode", error))?;
    let mut connection = AnyConnection::connect(&path.url("mode=rw")).await.map_err(|error| explain(&place, error))?;
    // The write-ahead log lets a dry run read beside a cycle; FULL makes each commit durable before it returns.
    let pragmas = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL";
    sqlx::raw_sql(pragmas).execute(&mut connection).await.map_err(|error| explain(&place, error))?;
    schema::bring_up_to_date(&mut connection, &place, explain).await?;
    Ok(connection)
}

/// A connection for one reading.
pub(super) struct SnapshotConnection {
    pub(super) connection: AnyConnection,
    pub(super) content: Content,
    stamp: Stamp,
}

impl SnapshotConnection {
    /// Opens the store for one reading; `None` when there is no file yet.
    ///
    /// A reader of a log without a writer would leave two files beside the database. So where there is no log, the database is read as
    /// one that does not change, and the caller asks [`SnapshotConnection::holds`] afterwards whether that was true.
    pub(super) async fn of(path: &StorePath) -> Result<Option<Self>, StoreFailure> {
        sqlx::any::install_default_drivers();
        let place = StorePlace::from(path);
        let explained = |error| explain(&place, error);
        let Some(stamp) = Stamp::of(path) else { return Ok(None) };
        let parameters = if stamp.log == WalState::None { "mode=ro&immutable=1" } else { "mode=ro" };
        let mut connection = AnyConnection::connect(&path.url(parameters)).await.map_err(explained)?;
        sqlx::raw_sql("PRAGMA busy_timeout = 10000").execute(&mut connection).await.map_err(explained)?;
        // A cycle that ended before it had made the first table has left a file in which nothing is remembered.
        let tables =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await;
        let content = match tables.map_err(explained)? {
            0 => Content::Nothing,
            _ => schema::content(&mut connection, &place, explain).await?,
        };
        Ok(Some(Self { connection, content, stamp }))
    }

    /// Ends the reading; whether the database stayed as it was meanwhile, where that was assumed.
    pub(super) async fn holds(self, path: &StorePath) -> bool {
        // A connection that only read has nothing to lose when it cannot be closed in order.
        let _ = self.connection.close().await;
        self.stamp.log == WalState::Present || Stamp::of(path) == Some(self.stamp)
    }
}

/// What shows whether a database file was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    log: WalState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WalState {
    None,
    Present,
}

impl Stamp {
    /// `None` when there is no database, or an empty file that is yet to become one.
    fn of(path: &StorePath) -> Option<Self> {
        let metadata = fs::metadata(path.as_path()).ok().filter(|metadata| metadata.len() > 0)?;
        let log = if path.write_ahead_log().exists() { WalState::Present } else { WalState::None };
        Some(Self { length: metadata.len(), modified: metadata.modified().ok(), log })
    }
}

/// Makes the file with mode 0600 before SQLite would make it readable for others.
fn make_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Says what to do about what SQLite reports, by its result code (SQLite, "Result and Error Codes").
pub(super) fn explain(place: &StorePlace, error: sqlx::Error) -> StoreFailure {
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<i64>().ok());
    let what = match code.map(|code| code & 0xff) {
        Some(5 | 6) => "is in use by another program for more than ten seconds; end that program",
        Some(8) => "cannot be written to; check its owner and mode",
        Some(10) => "cannot be read or written; check the disk",
        Some(11 | 26) => {
            "is damaged or no store; restore a backup, or move it away: a new one is rebuilt by matching and deletes nothing"
        }
        Some(13) => "cannot grow, since the disk is full; free some space",
        Some(14) => "cannot be opened; check that its folder exists, and its owner and mode",
        _ => "does not work; look at what it says, and at the disk",
    };
    failure(place, what, error)
}

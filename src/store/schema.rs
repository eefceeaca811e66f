//! The schema, the same for both databases, and how it is brought up to date.

use futures_util::future::BoxFuture;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, SqlSafeStr as _};

use crate::ports::StoreFailure;
use crate::store::location::StorePlace;

/// The schema, by version.
const SCHEMA: [(i64, &str, &str); 1] = [(1, "first", include_str!("schema.sql"))];

/// What a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No tables yet, or none that were finished.
    Nothing,
    /// What cycles wrote.
    Tables,
}

impl Content {
    /// Reads something. Where there are no tables yet, nothing is found.
    pub(super) async fn read<'c, T: Default>(
        self,
        connection: &'c mut AnyConnection,
        work: impl Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        match self {
            Self::Nothing => Ok(T::default()),
            Self::Tables => work(connection).await,
        }
    }
}

/// Brings the schema up to date. `explain` says what to do about what the database reports.
pub(super) async fn bring_up_to_date(
    connection: &mut AnyConnection,
    place: &StorePlace,
    explain: fn(&StorePlace, sqlx::Error) -> StoreFailure,
) -> Result<(), StoreFailure> {
    match migrator().run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(_, _)) => Err(too_new(place)),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(explain(place, error)),
        Err(other) => {
            Err(failure(place, "cannot be brought up to date; look at what it says, or restore a backup", other))
        }
    }
}

/// What a database with our table of versions holds, if this program can read it.
pub(super) async fn content(
    connection: &mut AnyConnection,
    place: &StorePlace,
    explain: fn(&StorePlace, sqlx::Error) -> StoreFailure,
) -> Result<Content, StoreFailure> {
    let version =
        sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(connection).await;
    match version {
        Ok(None) => Ok(Content::Nothing),
        Ok(Some(version)) if version == newest() => Ok(Content::Tables),
        Ok(Some(version)) if version > newest() => Err(too_new(place)),
        Ok(Some(_)) => Err(StoreFailure {
            message: format!("the store {place} has an older schema; run `sync` once, which brings it up to date"),
            cause: None,
        }),
        Err(error) => Err(explain(place, error)),
    }
}

/// A failure of a store: what, and why.
pub(super) fn failure(
    place: &StorePlace,
    what: &str,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> StoreFailure {
    StoreFailure { message: format!("the store {place} {what}"), cause: Some(Box::new(cause)) }
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

fn too_new(place: &StorePlace) -> StoreFailure {
    StoreFailure {
        message: format!(
            "the store {place} was written by another version of this program, which this one cannot read; use that version"
        ),
        cause: None,
    }
}

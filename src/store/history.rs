//! The journal as history: searched, forgotten, and backed up with everything else.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId, RunId, UserName};
use crate::domain::state::journal::{EntryId, JournalEntry, JournalFilter};
use crate::ports::StoreFailure;
use crate::store::open::{ReadStore, Store};
use crate::store::place::StorePlace;
use crate::store::reading::instant;

/// The people whom a name means: a name that an account had at any time, an Okta id, or a Haiilo id.
const NAMED: &str =
    "okta_id IN (SELECT okta_id FROM journal WHERE okta_id = $1 OR haiilo_id = $1 OR LOWER(user_name) = LOWER($1))";

impl ReadStore {
    /// Entries of the journal, the oldest first.
    pub async fn journal(&self, search: &JournalFilter) -> Result<Vec<JournalEntry>, StoreFailure> {
        self.look(|connection| {
            let search = search.clone();
            Box::pin(async move { entries(connection, &search).await })
        })
        .await
    }

    /// Copies the store as it is at one moment, also while a cycle writes. The copy is readable by its owner alone; nothing that exists is
    /// overwritten. A database of PostgreSQL has its own program for this.
    pub async fn backup(&self, file: &Path) -> Result<(), StoreFailure> {
        let refused = |what: &str, cause: Option<Box<dyn std::error::Error + Send + Sync>>| StoreFailure {
            message: format!("the backup {} {what}", file.display()),
            cause,
        };
        if let StorePlace::Server(_) = &self.place {
            let message = format!("the store {} is in PostgreSQL; copy it with `pg_dump`", self.place);
            return Err(StoreFailure { message, cause: None });
        }
        let text = file.to_str().ok_or_else(|| refused("needs a name that is text; choose another one", None))?;
        let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        new.map_err(|error| {
            refused("cannot be made; give the name of a file that does not exist", Some(error.into()))
        })?;
        let copied = self
            .look(|connection| {
                let text = text.to_owned();
                Box::pin(async move {
                    // A copy that was begun and not believed is begun again, into an empty file.
                    OpenOptions::new().write(true).truncate(true).open(&text).map_err(Error::Io)?;
                    sqlx::query("VACUUM INTO $1").bind(text).execute(connection).await?;
                    Ok(BackupResult::Whole)
                })
            })
            .await;
        match copied {
            Ok(BackupResult::Whole) => Ok(()),
            Ok(BackupResult::Nothing) => {
                let _ = std::fs::remove_file(file);
                Err(refused("was not made: there is no store yet; run `sync` first", None))
            }
            Err(failure) => {
                let _ = std::fs::remove_file(file);
                Err(failure)
            }
        }
    }
}

/// Whether there was anything to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BackupResult {
    #[default]
    Nothing,
    Whole,
}

impl Store {
    /// Drops what the journal holds of a person, and keeps that something was done; the number of entries. Entries whose outcome is not known
    /// stay whole, since the next cycle needs them.
    pub async fn forget(&self, person: &str) -> Result<u64, StoreFailure> {
        let statement = format!(
            "UPDATE journal SET user_name = '', before = NULL, sent = NULL, detail = NULL WHERE outcome IS NOT NULL AND {NAMED}"
        );
        self.transaction(async |connection| {
            let done = sqlx::query(sqlx::AssertSqlSafe(statement.as_str())).bind(person).execute(connection).await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

async fn entries(connection: &mut AnyConnection, search: &JournalFilter) -> Result<Vec<JournalEntry>, Error> {
    let JournalFilter { person, run, since } = search;
    let statement = format!(
        "SELECT entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, outcome, detail, approval, by_whom, reason \
         FROM journal WHERE (CAST($1 AS TEXT) IS NULL OR {NAMED}) AND (CAST($2 AS TEXT) IS NULL OR run = $2) AND at >= $3 \
         ORDER BY entry"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement.as_str()))
        .bind(person.as_deref())
        .bind(run.as_ref().map(RunId::as_str))
        .bind(since.map_or(i64::MIN, |since| since.timestamp()))
        .fetch_all(connection)
        .await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &AnyRow) -> Result<JournalEntry, Error> {
    let text = |column: usize| row.try_get::<Option<String>, _>(column);
    let json = |column: usize| Ok::<_, Error>(text(column)?.and_then(|text| serde_json::from_str(&text).ok()));
    let user_name = row.try_get::<String, _>(6)?;
    Ok(JournalEntry {
        number: EntryId(row.try_get(0)?),
        run: RunId::new(row.try_get::<String, _>(1)?),
        at: instant(row.try_get(2)?),
        kind: row.try_get(3)?,
        okta_id: OktaUserId::new(row.try_get::<String, _>(4)?),
        haiilo_id: text(5)?.map(HaiiloId::new),
        user_name: (!user_name.is_empty()).then(|| UserName::new(user_name)),
        before: json(7)?,
        sent: json(8)?,
        outcome: text(9)?,
        detail: text(10)?,
        approval: text(11)?.map(|id| ApprovalId::new(id.as_str())),
        by: row.try_get(12)?,
        reason: text(13)?,
    })
}

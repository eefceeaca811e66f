//! The steps of a write probe in the journal. They are no operations: no limit counts them, no cycle settles them, nobody in Okta has them.

use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::ids::{HaiiloId, RunId, UserName};
use crate::domain::journal::{EntryId, LeftBehind, Mandate, ProbeIntent};
use crate::domain::operation::Change;
use crate::ports::StoreFailure;
use crate::store::open::ReadStore;
use crate::store::reading::instant;

impl ReadStore {
    /// Accounts that write probes have made, or perhaps made, and did not delete.
    pub async fn left_behind(&self) -> Result<Vec<LeftBehind>, StoreFailure> {
        self.look(|connection| Box::pin(left_behind(connection))).await
    }
}

pub(super) async fn write_intent(connection: &mut AnyConnection, intent: &ProbeIntent<'_>) -> Result<EntryId, Error> {
    let ProbeIntent { mandate, at, step, haiilo_id, user_name, changes, before } = intent;
    let Mandate { run, approval: _, by, reason } = mandate;
    let row = sqlx::query("SELECT COALESCE(MAX(entry), 0) + 1 FROM journal").fetch_one(&mut *connection).await?;
    let entry: i64 = row.try_get(0)?;
    sqlx::query(
        "INSERT INTO journal (entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, renames, clears, moves, counted, \
         by_whom, reason) VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, 0, 0, 0, 0, $9, $10)",
    )
    .bind(entry)
    .bind(RunId::as_str(run))
    .bind(at.timestamp())
    .bind(step.as_str())
    .bind(haiilo_id.map(HaiiloId::as_str))
    .bind(user_name.as_str())
    .bind(before.as_ref().map(ToString::to_string))
    .bind(changes.iter().map(Change::to_json).collect::<serde_json::Value>().to_string())
    .bind(by.as_str())
    .bind(reason.as_deref())
    .execute(connection)
    .await?;
    Ok(EntryId(entry))
}

async fn left_behind(connection: &mut AnyConnection) -> Result<Vec<LeftBehind>, Error> {
    let rows = sqlx::query(
        "SELECT at, haiilo_id, user_name FROM journal made WHERE kind = 'probe_create' AND (outcome IS NULL OR outcome = 'done') \
         AND NOT EXISTS (SELECT 1 FROM journal gone WHERE gone.kind = 'probe_delete' AND gone.outcome = 'done' \
         AND gone.haiilo_id = made.haiilo_id) ORDER BY entry",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(LeftBehind {
                at: instant(row.try_get(0)?),
                haiilo_id: row.try_get::<Option<String>, _>(1)?.map(HaiiloId::new),
                user_name: UserName::new(row.try_get::<String, _>(2)?),
            })
        })
        .collect()
}

//! The steps of a write probe in the journal. They are no operations: no limit counts them, no cycle settles them, nobody in Okta has them.

use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::model::ids::{HaiiloId, UserName};
use crate::domain::state::journal::{EntryId, ProbeIntent, ProbeLeftover};
use crate::ports::StoreFailure;
use crate::store::line::{JournalLine, LimitCounts, sent, write_line};
use crate::store::open::ReadStore;
use crate::store::reading::instant;

impl ReadStore {
    /// Accounts that write probes have made, or perhaps made, and did not delete.
    pub async fn left_behind(&self) -> Result<Vec<ProbeLeftover>, StoreFailure> {
        self.look(|connection| Box::pin(left_behind(connection))).await
    }
}

pub(super) async fn write_intent(connection: &mut AnyConnection, intent: &ProbeIntent<'_>) -> Result<EntryId, Error> {
    let ProbeIntent { run_context, at, step, haiilo_id, user_name, changes, before } = intent;
    let line = JournalLine {
        run_context,
        at: *at,
        kind: step.as_str(),
        okta_id: "",
        haiilo_id: haiilo_id.map(HaiiloId::as_str),
        name: user_name.as_str(),
        before: before.as_ref(),
        sent: sent(changes),
        counts: LimitCounts::default(),
    };
    write_line(connection, line).await
}

async fn left_behind(connection: &mut AnyConnection) -> Result<Vec<ProbeLeftover>, Error> {
    let rows = sqlx::query(
        "SELECT at, haiilo_id, user_name FROM journal made WHERE kind = 'probe_create' AND (outcome IS NULL OR outcome = 'done') \
         AND NOT EXISTS (SELECT 1 FROM journal gone WHERE gone.kind = 'probe_delete' AND gone.outcome = 'done' \
         AND gone.haiilo_id = made.haiilo_id) ORDER BY entry",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ProbeLeftover {
                at: instant(row.try_get(0)?),
                haiilo_id: row.try_get::<Option<String>, _>(1)?.map(HaiiloId::new),
                user_name: UserName::new(row.try_get::<String, _>(2)?),
            })
        })
        .collect()
}

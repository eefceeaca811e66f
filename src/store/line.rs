//! A line of the journal: how an entry is written before anything is sent, be it about a person, a group or a throw-away account.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::model::ids::ApprovalId;
use crate::domain::plan::operation::Change;
use crate::domain::state::journal::{EntryId, RunContext};

/// A new entry, which has no outcome yet.
pub(super) struct JournalLine<'a> {
    pub(super) run_context: &'a RunContext,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: &'static str,
    /// The Okta user or group; empty for what concerns neither.
    pub(super) okta_id: &'a str,
    pub(super) haiilo_id: Option<&'a str>,
    /// The userName, or the name of the group.
    pub(super) name: &'a str,
    pub(super) before: Option<&'a Json>,
    pub(super) sent: Json,
    pub(super) counts: LimitCounts,
}

/// What an entry means to the limits of the day; nothing for what no limit counts.
#[derive(Clone, Copy, Default)]
pub(super) struct LimitCounts {
    pub(super) renames: i64,
    pub(super) clears: i64,
    pub(super) moves: i64,
    /// Whether it counts at all: what an approval let pass does not.
    pub(super) counted: i64,
    /// Members that it takes out of a group.
    pub(super) removed: i64,
}

/// Changes as the journal keeps them.
pub(super) fn sent(changes: &[Change]) -> Json {
    changes.iter().map(Change::to_json).collect()
}

pub(super) async fn write_line(connection: &mut AnyConnection, line: JournalLine<'_>) -> Result<EntryId, Error> {
    let JournalLine { run_context, at, kind, okta_id, haiilo_id, name, before, sent, counts } = line;
    let RunContext { run, approval, by, reason } = run_context;
    let LimitCounts { renames, clears, moves, counted, removed } = counts;
    let row = sqlx::query(
        "INSERT INTO journal (entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, renames, clears, moves, counted, \
         removed, approval, by_whom, reason) \
         VALUES ((SELECT COALESCE(MAX(entry), 0) + 1 FROM journal), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         RETURNING entry",
    )
    .bind(run.as_str())
    .bind(at.timestamp())
    .bind(kind)
    .bind(okta_id)
    .bind(haiilo_id)
    .bind(name)
    .bind(before.map(ToString::to_string))
    .bind(sent.to_string())
    .bind(renames)
    .bind(clears)
    .bind(moves)
    .bind(counted)
    .bind(removed)
    .bind(approval.as_ref().map(ApprovalId::as_str))
    .bind(by.as_str())
    .bind(reason.as_deref())
    .fetch_one(connection)
    .await?;
    Ok(EntryId(row.try_get(0)?))
}

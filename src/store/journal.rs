//! Writing the journal: an entry before an operation is sent, its outcome after, with everything that follows from it.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use sqlx::{AnyConnection, Error};

use crate::domain::model::ids::{HaiiloId, OktaUserId};
use crate::domain::model::link::{Link, Listed};
use crate::domain::plan::leaver::RemovedAccount;
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::state::journal::{EntryId, Intent, RunContext};
use crate::store::line::{JournalLine, LimitCounts, sent, write_line};
use crate::store::{groups, notes};

pub(super) async fn write_intent(connection: &mut AnyConnection, intent: &Intent<'_>) -> Result<EntryId, Error> {
    let Intent { run_context, at, operation, before } = intent;
    write_operation(connection, (run_context, *at), operation, before.as_ref()).await
}

/// An operation, with the account as it was.
pub(super) async fn write_operation(
    connection: &mut AnyConnection,
    (run_context, at): (&RunContext, DateTime<Utc>),
    operation: &Operation,
    before: Option<&Json>,
) -> Result<EntryId, Error> {
    let line = JournalLine {
        run_context,
        at,
        kind: operation.kind().as_str(),
        okta_id: operation.okta_id.as_str(),
        haiilo_id: operation.haiilo_id().map(HaiiloId::as_str),
        name: operation.user_name.as_str(),
        before,
        sent: sent(operation.changes()),
        counts: LimitCounts {
            renames: operation.renames().into(),
            clears: operation.clears().into(),
            moves: operation.moves().into(),
            counted: run_context.approval.is_none().into(),
            removed: 0,
        },
    };
    write_line(connection, line).await
}

/// An outcome that is not known leaves the entry open, so that the next cycle looks.
pub(super) async fn write_outcome(
    connection: &mut AnyConnection,
    entry: EntryId,
    outcome: &Outcome,
    effects: &[Effect],
    now: i64,
) -> Result<(), Error> {
    let word = match outcome {
        Outcome::Unknown(_) => None,
        known => Some(known.as_str()),
    };
    let linked = effects.iter().find_map(|effect| match effect {
        Effect::Linked(link) => Some(link.haiilo_id.as_str()),
        Effect::ProbeMade(id) => Some(id.as_str()),
        Effect::GroupLinked(link) => Some(link.haiilo_id.as_str()),
        _ => None,
    });
    sqlx::query(
        "UPDATE journal SET outcome = $1, detail = $2, ended = $3, haiilo_id = COALESCE($4, haiilo_id) WHERE entry = $5",
    )
    .bind(word)
    .bind(outcome.detail())
    .bind(now)
    .bind(linked)
    .bind(entry.0)
    .execute(&mut *connection)
    .await?;
    for effect in effects {
        write_effect(connection, effect, now).await?;
    }
    Ok(())
}

pub(super) async fn write_effect(connection: &mut AnyConnection, effect: &Effect, now: i64) -> Result<(), Error> {
    match effect {
        Effect::Linked(link) => write_link(connection, link, now).await,
        Effect::Renamed(okta_id, name) => notes::write_name(connection, okta_id.as_str(), name.as_str(), now).await,
        Effect::Unlinked(okta_id, haiilo_id) => {
            let gone = sqlx::query("DELETE FROM links WHERE okta_id = $1 AND haiilo_id = $2")
                .bind(okta_id.as_str())
                .bind(haiilo_id.as_str())
                .execute(&mut *connection)
                .await?;
            // The person may have another account by now, of which everything stays.
            if gone.rows_affected() == 0 {
                return Ok(());
            }
            for statement in ["DELETE FROM leavers WHERE okta_id = $1", "DELETE FROM parked WHERE okta_id = $1"] {
                sqlx::query(statement).bind(okta_id.as_str()).execute(&mut *connection).await?;
            }
            sqlx::query("DELETE FROM user_names WHERE haiilo_id = $1")
                .bind(haiilo_id.as_str())
                .execute(connection)
                .await?;
            Ok(())
        }
        Effect::RemovedAccount(okta_id, RemovedAccount { haiilo_id, departure }) => {
            sqlx::query(
                "INSERT INTO departed (okta_id, haiilo_id, departure) VALUES ($1, $2, $3) \
                 ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, departure = excluded.departure",
            )
            .bind(okta_id.as_str())
            .bind(haiilo_id.as_str())
            .bind(departure.as_str())
            .execute(connection)
            .await?;
            Ok(())
        }
        Effect::DeactivationDeleted(haiilo_id) => {
            notes::set_fact(connection, notes::DEACTIVATION_DELETED, Some(haiilo_id.as_str())).await
        }
        Effect::DeactivationKept => notes::set_fact(connection, notes::DEACTIVATION_DELETED, None).await,
        Effect::Returned(okta_id) => {
            sqlx::query("DELETE FROM departed WHERE okta_id = $1").bind(okta_id.as_str()).execute(connection).await?;
            Ok(())
        }
        Effect::Parked { okta_id, path, value, reason } => {
            sqlx::query(
                "INSERT INTO parked (okta_id, path, value, reason, since) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (okta_id, path) DO UPDATE SET value = excluded.value, reason = excluded.reason, since = excluded.since",
            )
            .bind(okta_id.as_str())
            .bind(path.as_str())
            .bind(value.as_str())
            .bind(reason.as_str())
            .bind(now)
            .execute(connection)
            .await?;
            Ok(())
        }
        Effect::GroupParked(group) => {
            sqlx::query("INSERT INTO parked_groups (name, since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(group.as_str())
                .bind(now)
                .execute(connection)
                .await?;
            Ok(())
        }
        // The entry itself names it.
        Effect::ProbeMade(_) => Ok(()),
        Effect::GroupLinked(link) => groups::write_link(connection, link, now).await,
        Effect::GroupUnlinked(id) => groups::remove_link(connection, id).await,
        Effect::GroupFound(group) => {
            sqlx::query("DELETE FROM parked_groups WHERE name = $1").bind(group.as_str()).execute(connection).await?;
            Ok(())
        }
    }
}

/// Writes down what an administrator decided, which is done with it.
pub(super) async fn write_decision(
    connection: &mut AnyConnection,
    kind: &str,
    (okta_id, haiilo_id, user_name): (&OktaUserId, Option<&HaiiloId>, &str),
    (run_context, now): (&RunContext, i64),
) -> Result<(), Error> {
    let RunContext { run, approval: _, by, reason } = run_context;
    sqlx::query(
        "INSERT INTO journal (entry, run, at, kind, okta_id, haiilo_id, user_name, outcome, ended, renames, clears, moves, counted, \
         by_whom, reason) SELECT COALESCE(MAX(entry), 0) + 1, $1, $2, $3, $4, $5, $6, 'done', $2, 0, 0, 0, 0, $7, $8 FROM journal",
    )
    .bind(run.as_str())
    .bind(now)
    .bind(kind)
    .bind(okta_id.as_str())
    .bind(haiilo_id.map(HaiiloId::as_str))
    .bind(user_name)
    .bind(by.as_str())
    .bind(reason.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn write_link(connection: &mut AnyConnection, link: &Link, now: i64) -> Result<(), Error> {
    let Link { okta_id, haiilo_id, user_name, origin, listed, missing: _ } = link;
    notes::remember_name(connection, okta_id.as_str(), user_name.as_str(), now).await?;
    sqlx::query(
        "INSERT INTO links (okta_id, haiilo_id, user_name, origin, listed, missing_since, missing_approved, since) \
         VALUES ($1, $2, $3, $4, $5, NULL, 0, $6) \
         ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, user_name = excluded.user_name, \
         origin = excluded.origin, listed = excluded.listed, missing_since = NULL, missing_approved = 0, since = excluded.since",
    )
    .bind(okta_id.as_str())
    .bind(haiilo_id.as_str())
    .bind(user_name.as_str())
    .bind(origin.as_str())
    .bind(match listed {
        Listed::Never => 0_i64,
        Listed::Seen => 1,
    })
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

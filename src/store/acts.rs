//! What an operator decides: links, confirmations, pauses and approvals.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::listing::snapshot::Person;
use crate::domain::model::ids::{ApprovalId, OktaUserId, UserName};
use crate::domain::model::link::Link;
use crate::domain::model::word::Word as _;
use crate::domain::plan::outcome::Effect;
use crate::domain::planning::operator::LinkChange;
use crate::domain::state::journal::{Act, RunContext};
use crate::domain::state::sync_state::Pause;
use crate::ports::{ActWriter, BlockedPlan, StoreFailure};
use crate::store::facts;
use crate::store::journal::{self, ActSubject};
use crate::store::open::Store;
use crate::store::state_write::{write_effect, write_link};

impl ActWriter for Store {
    async fn approve(
        &self,
        id: &ApprovalId,
        until: DateTime<Utc>,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> Result<Option<usize>, StoreFailure> {
        self.transaction(async |connection| write_approval(connection, id, until, run_context, now).await).await
    }

    async fn link(
        &self,
        change: &LinkChange,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        let LinkChange { link, from, instead_of } = change;
        self.transaction(async |connection| {
            for ended in from.iter().chain(instead_of) {
                journal::write_act(connection, Act::Unlink, about(ended), run_context, now).await?;
                let unlinked = Effect::Unlinked(ended.okta_id.clone(), ended.haiilo_id.clone());
                write_effect(connection, &unlinked, now.timestamp()).await?;
            }
            journal::write_act(connection, Act::Link, about(link), run_context, now).await?;
            write_link(connection, link, now.timestamp()).await
        })
        .await
    }

    async fn unlink(&self, link: &Link, run_context: &RunContext, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            journal::write_act(connection, Act::Unlink, about(link), run_context, now).await?;
            let unlinked = Effect::Unlinked(link.okta_id.clone(), link.haiilo_id.clone());
            write_effect(connection, &unlinked, now.timestamp()).await
        })
        .await
    }

    async fn mark_recreated(&self, people: &[&OktaUserId], now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for okta_id in people {
                sqlx::query("INSERT INTO recreated (okta_id, since) VALUES ($1, $2) ON CONFLICT (okta_id) DO NOTHING")
                    .bind(okta_id.as_str())
                    .bind(now.timestamp())
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    async fn confirm_new(
        &self,
        person: &Person,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        let Person { id: okta_id, state } = person;
        let name = state.user_name().map(UserName::as_str).unwrap_or_default();
        let subject = ActSubject { okta_id, haiilo_id: None, name };
        self.transaction(async |connection| {
            journal::write_act(connection, Act::ConfirmNew, subject, run_context, now).await?;
            sqlx::query("INSERT INTO confirmed_new (okta_id, since) VALUES ($1, $2) ON CONFLICT (okta_id) DO NOTHING")
                .bind(okta_id.as_str())
                .bind(now.timestamp())
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
    }

    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        let Pause { until, by, reason } = pause;
        let until = until.map(|until| until.timestamp().to_string());
        self.transaction(async |connection| {
            facts::set_fact(connection, "pause_until", until.as_deref()).await?;
            facts::set_fact(connection, "pause_reason", reason.as_deref()).await?;
            facts::set_fact(connection, "pause_by", Some(by)).await
        })
        .await
    }

    async fn resume(&self) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for name in ["pause_until", "pause_reason", "pause_by"] {
                facts::set_fact(connection, name, None).await?;
            }
            Ok(())
        })
        .await
    }
}

/// Whom and what an act about a link concerns.
fn about(link: &Link) -> ActSubject<'_> {
    ActSubject { okta_id: &link.okta_id, haiilo_id: Some(&link.haiilo_id), name: link.user_name.as_str() }
}

/// How long a refused set waits for an approval, in seconds.
const KEPT: i64 = 30 * 24 * 60 * 60;

/// Keeps a refused set. One that is refused again keeps its approval, if it has one.
pub(super) async fn write_blocked(connection: &mut AnyConnection, blocked: &BlockedPlan) -> Result<(), Error> {
    let BlockedPlan { id, run, at, items, violations } = blocked;
    let violations: Vec<serde_json::Value> = violations
        .iter()
        .map(|violation| {
            serde_json::json!({"limit": violation.limit.as_str(), "found": violation.found, "allowed": violation.allowed})
        })
        .collect();
    sqlx::query("DELETE FROM blocked_plans WHERE at < $1")
        .bind(at.timestamp() - KEPT)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO blocked_plans (id, run, at, items, violations) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET run = excluded.run, at = excluded.at, violations = excluded.violations",
    )
    .bind(id.as_str())
    .bind(run.as_str())
    .bind(at.timestamp())
    .bind(items.iter().map(String::as_str).collect::<serde_json::Value>().to_string())
    .bind(serde_json::Value::from(violations).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Approves a blocked plan; the number of its entries, or `None` where no plan has this id.
async fn write_approval(
    connection: &mut AnyConnection,
    id: &ApprovalId,
    until: DateTime<Utc>,
    run_context: &RunContext,
    now: DateTime<Utc>,
) -> Result<Option<usize>, Error> {
    let row = sqlx::query("SELECT items FROM blocked_plans WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let items: Vec<String> =
        serde_json::from_str(row.try_get::<String, _>(0)?.as_str()).map_err(|error| Error::Decode(error.into()))?;
    sqlx::query(
        "UPDATE blocked_plans SET approved_at = $1, approved_until = $2, approved_by = $3, approved_reason = $4 WHERE id = $5",
    )
    .bind(now.timestamp())
    .bind(until.timestamp())
    .bind(run_context.by.as_str())
    .bind(run_context.reason.as_deref())
    .bind(id.as_str())
    .execute(connection)
    .await?;
    Ok(Some(items.len()))
}

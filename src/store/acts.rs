//! What an operator decides: links, confirmations, pauses and approvals.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Error};

use crate::domain::listing::snapshot::Person;
use crate::domain::model::ids::{ApprovalId, OktaUserId, UserName};
use crate::domain::model::link::Link;
use crate::domain::planning::operator::LinkChange;
use crate::domain::state::journal::{Act, RunContext};
use crate::domain::state::sync_state::Pause;
use crate::ports::{ActWriter, StoreFailure};
use crate::store::journal::{self, ActSubject};
use crate::store::open::Store;
use crate::store::single_values;
use crate::store::sql::{execute, json, statement};
use crate::store::state_write::{remove_link, write_link};

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
                write_unlink(connection, ended, run_context, now).await?;
            }
            journal::write_act(connection, Act::Link, about(link), run_context, now).await?;
            write_link(connection, link, now).await
        })
        .await
    }

    async fn unlink(&self, link: &Link, run_context: &RunContext, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| write_unlink(connection, link, run_context, now).await).await
    }

    async fn mark_recreated(&self, people: &[&OktaUserId], now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            let insert = "INSERT INTO recreated (okta_id, since) VALUES ($1, $2) ON CONFLICT (okta_id) DO NOTHING";
            for okta_id in people {
                execute(connection, insert, &[okta_id, &now]).await?;
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
            let insert = "INSERT INTO confirmed_new (okta_id, since) VALUES ($1, $2) ON CONFLICT (okta_id) DO NOTHING";
            execute(connection, insert, &[okta_id, &now]).await
        })
        .await
    }

    async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        let Pause { until, by, reason } = pause;
        self.transaction(async |connection| {
            single_values::set_time(connection, "pause_until", *until).await?;
            single_values::set_fact(connection, "pause_reason", reason.as_deref()).await?;
            single_values::set_fact(connection, "pause_by", Some(by)).await
        })
        .await
    }

    async fn resume(&self) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for name in ["pause_until", "pause_reason", "pause_by"] {
                single_values::set_fact(connection, name, None).await?;
            }
            Ok(())
        })
        .await
    }
}

/// Which person and account an act about a link concerns.
fn about(link: &Link) -> ActSubject<'_> {
    ActSubject { okta_id: &link.okta_id, haiilo_id: Some(&link.haiilo_id), name: link.user_name.as_str() }
}

async fn write_unlink(
    connection: &mut AnyConnection,
    link: &Link,
    run_context: &RunContext,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    journal::write_act(connection, Act::Unlink, about(link), run_context, now).await?;
    remove_link(connection, &link.okta_id, &link.haiilo_id).await
}

/// Approves a blocked plan; the number of its entries, or `None` where no plan has this id.
async fn write_approval(
    connection: &mut AnyConnection,
    id: &ApprovalId,
    until: DateTime<Utc>,
    run_context: &RunContext,
    now: DateTime<Utc>,
) -> Result<Option<usize>, Error> {
    let find = statement("SELECT items FROM blocked_plans WHERE id = $1", &[id]);
    let Some(row) = find.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let items: Vec<String> = json(&row, 0)?;
    execute(
        connection,
        "UPDATE blocked_plans SET approved_at = $1, approved_until = $2, approved_by = $3, approved_reason = $4 WHERE id = $5",
        &[&now, &until, &run_context.by, &run_context.reason, id],
    )
    .await?;
    Ok(Some(items.len()))
}

//! What an administrator decides about links, each decision in the journal with who and why.

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::Person;
use crate::domain::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::model::link::Link;
use crate::domain::plan::outcome::Effect;
use crate::domain::planning::operator::LinkChange;
use crate::domain::state::journal::RunContext;
use crate::ports::StoreFailure;
use crate::store::journal;
use crate::store::open::Store;

impl Store {
    /// Makes an account a person's, and ends the links that stood in the way.
    pub async fn relink(
        &self,
        relink: &LinkChange,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        let LinkChange { link, from, instead_of } = relink;
        let at = (run_context, now.timestamp());
        self.transaction(async |connection| {
            for ended in from.iter().chain(instead_of) {
                journal::write_decision(connection, "unlink", about(ended), at).await?;
                let unlinked = Effect::Unlinked(ended.okta_id.clone(), ended.haiilo_id.clone());
                journal::write_effect(connection, &unlinked, now.timestamp()).await?;
            }
            journal::write_decision(connection, "link", about(link), at).await?;
            journal::write_link(connection, link, now.timestamp()).await
        })
        .await
    }

    /// Ends a link. The account is not ours after that, and nobody deletes it.
    pub async fn unlink(&self, link: &Link, run_context: &RunContext, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            journal::write_decision(connection, "unlink", about(link), (run_context, now.timestamp())).await?;
            let unlinked = Effect::Unlinked(link.okta_id.clone(), link.haiilo_id.clone());
            journal::write_effect(connection, &unlinked, now.timestamp()).await
        })
        .await
    }

    /// Remembers that people are no leavers until they were assigned once.
    pub async fn pin(&self, people: &[&OktaUserId], now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for okta_id in people {
                sqlx::query("INSERT INTO pinned (okta_id, since) VALUES ($1, $2) ON CONFLICT (okta_id) DO NOTHING")
                    .bind(okta_id.as_str())
                    .bind(now.timestamp())
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
        .await
    }

    /// Remembers that a person is nobody else, whatever they share with others.
    pub async fn release(
        &self,
        person: &Person,
        run_context: &RunContext,
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        let Person { id, state } = person;
        let name = state.user_name().map(UserName::as_str).unwrap_or_default();
        self.transaction(async |connection| {
            journal::write_decision(connection, "release", (id, None, name), (run_context, now.timestamp())).await?;
            sqlx::query("INSERT INTO released (okta_id, since) VALUES ($1, $2) ON CONFLICT (okta_id) DO NOTHING")
                .bind(id.as_str())
                .bind(now.timestamp())
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
    }
}

/// Whom and what a decision about a link concerns.
fn about(link: &Link) -> (&OktaUserId, Option<&HaiiloId>, &str) {
    (&link.okta_id, Some(&link.haiilo_id), link.user_name.as_str())
}

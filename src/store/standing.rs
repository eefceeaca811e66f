//! How things stand, for whoever asks.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::model::ids::{ApprovalId, Fingerprint, RunId};
use crate::domain::state::run_history::{CycleRecord, PendingApproval, RunHistory, is_complete};
use crate::ports::StoreFailure;
use crate::store::notes;
use crate::store::open::{ReadStore, Store};
use crate::store::reading::instant;

impl ReadStore {
    /// What waits for an approval, and how the last cycles went, so many of them.
    pub async fn standing(&self, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, StoreFailure> {
        self.look(|connection| Box::pin(standing(connection, now, cycles))).await
    }

    /// Since when a token is in use, if a cycle has used it. `token` is a fingerprint.
    pub async fn token_since(
        &self,
        side: &'static str,
        token: &Fingerprint,
    ) -> Result<Option<DateTime<Utc>>, StoreFailure> {
        let known = self
            .look(|connection| Box::pin(async move { notes::read_fact(connection, &token_fact(side)).await }))
            .await?;
        Ok(known.and_then(|known| in_use_since(&known, token)))
    }

    /// What was kept of calls to the webhook.
    pub async fn called(&self) -> Result<Option<String>, StoreFailure> {
        self.look(|connection| Box::pin(notes::read_fact(connection, "called"))).await
    }
}

impl Store {
    /// Remembers when a service first tried a cycle.
    pub async fn note_beginning(&self, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            sqlx::query("INSERT INTO facts (name, value) VALUES ('began', $1) ON CONFLICT (name) DO NOTHING")
                .bind(now.timestamp().to_string())
                .execute(connection)
                .await?;
            Ok(())
        })
        .await
    }

    /// Since when a token is in use: from the first cycle that used it. `token` is a fingerprint.
    pub async fn token_since(
        &self,
        side: &str,
        token: &Fingerprint,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, StoreFailure> {
        let name = token_fact(side);
        self.transaction(async |connection| {
            let known = notes::read_fact(connection, &name).await?;
            if let Some(since) = known.and_then(|known| in_use_since(&known, token)) {
                return Ok(since);
            }
            let seen = format!("{} {}", token.as_str(), now.timestamp());
            notes::set_fact(connection, &name, Some(&seen)).await?;
            Ok(now)
        })
        .await
    }

    /// Keeps what was called.
    pub async fn keep_called(&self, called: &str) -> Result<(), StoreFailure> {
        self.transaction(async |connection| notes::set_fact(connection, "called", Some(called)).await).await
    }
}

/// The name under which the token of a side is kept.
fn token_fact(side: &str) -> String {
    format!("token_{side}")
}

/// The time that is kept with a token, if it is this one.
fn in_use_since(kept: &str, token: &Fingerprint) -> Option<DateTime<Utc>> {
    let (same, since) = kept.split_once(' ')?;
    since.parse().ok().filter(|_| same == token.as_str()).map(instant)
}

async fn standing(connection: &mut AnyConnection, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, Error> {
    let refusals =
        sqlx::query("SELECT id, at, violations, approved_until FROM refusals WHERE at > $1 ORDER BY at DESC, id")
            .bind((now - TimeDelta::hours(24)).timestamp())
            .fetch_all(&mut *connection)
            .await?;
    let waiting = refusals.iter().map(|row| {
        Ok(PendingApproval {
            id: ApprovalId::new(row.try_get::<String, _>(0)?.as_str()),
            at: instant(row.try_get(1)?),
            violations: serde_json::from_str(&row.try_get::<String, _>(2)?).unwrap_or_default(),
            approved_until: row.try_get::<Option<i64>, _>(3)?.map(instant),
        })
    });
    let waiting = waiting.collect::<Result<_, Error>>()?;
    let cycles = sqlx::query("SELECT run, started, ended, result FROM cycles ORDER BY started DESC, run LIMIT $1")
        .bind(i64::from(cycles))
        .fetch_all(&mut *connection)
        .await?;
    let cycles = cycles.iter().map(|row| {
        Ok(CycleRecord {
            run: RunId::new(row.try_get::<String, _>(0)?),
            started: instant(row.try_get(1)?),
            ended: instant(row.try_get(2)?),
            result: row.try_get(3)?,
        })
    });
    let ends = sqlx::query("SELECT result, MAX(ended) FROM cycles GROUP BY result").fetch_all(&mut *connection).await?;
    let ends = ends.iter().map(|row| Ok((row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?)));
    let ends: Vec<(String, i64)> = ends.collect::<Result<_, Error>>()?;
    let last_complete = ends.iter().filter(|(result, _)| is_complete(result)).map(|(_, ended)| *ended).max();
    let began = notes::read_fact(connection, "began").await?;
    Ok(RunHistory {
        waiting,
        cycles: cycles.collect::<Result<_, Error>>()?,
        last_complete: last_complete.map(instant),
        began: began.and_then(|began| began.parse().ok()).map(instant),
    })
}

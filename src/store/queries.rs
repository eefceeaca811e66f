//! What commands, the daemon and pages ask of the store: the journal, how the last cycles went, what waits for an approval, and what was sent
//! and learnt.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Error, Row as _};

use crate::domain::model::ids::{ApprovalId, Fingerprint, HaiiloId, OktaUserId, RunId, UserName};
use crate::domain::model::target::TargetProfile;
use crate::domain::state::journal::{EntryId, JournalEntry, JournalFilter, JournalKind, ProbeLeftover};
use crate::domain::state::run_history::{CycleRecord, CycleResult, PendingApproval, RunHistory};
use crate::ports::StoreFailure;
use crate::store::facts::{self, instant};
use crate::store::open::{ReadStore, Store};

impl ReadStore {
    /// What waits for an approval, and how the last cycles went, so many of them.
    pub async fn run_history(&self, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, StoreFailure> {
        self.look(|connection| Box::pin(run_history(connection, now, cycles))).await
    }
}

async fn run_history(connection: &mut AnyConnection, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, Error> {
    let blocked =
        sqlx::query("SELECT id, at, violations, approved_until FROM blocked_plans WHERE at > $1 ORDER BY at DESC, id")
            .bind((now - TimeDelta::hours(24)).timestamp())
            .fetch_all(&mut *connection)
            .await?;
    let waiting = blocked.iter().map(|row| {
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
            result: row.try_get::<String, _>(3)?.parse().unwrap_or(CycleResult::Failed),
        })
    });
    let ends = sqlx::query("SELECT result, MAX(ended) FROM cycles GROUP BY result").fetch_all(&mut *connection).await?;
    let ends = ends.iter().map(|row| Ok((row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?)));
    let ends: Vec<(String, i64)> = ends.collect::<Result<_, Error>>()?;
    let is_complete = |result: &str| result.parse().is_ok_and(CycleResult::is_complete);
    let last_complete = ends.iter().filter(|(result, _)| is_complete(result)).map(|(_, ended)| *ended).max();
    let began = facts::read_fact(connection, "began").await?;
    Ok(RunHistory {
        waiting,
        cycles: cycles.collect::<Result<_, Error>>()?,
        last_complete: last_complete.map(instant),
        began: began.and_then(|began| began.parse().ok()).map(instant),
    })
}

impl ReadStore {
    /// Whether there is a store that holds anything.
    pub async fn exists(&self) -> Result<bool, StoreFailure> {
        self.look(|_| Box::pin(async { Ok(true) })).await
    }

    /// Since when a token is in use, if a cycle has used it. `token` is a fingerprint.
    pub async fn token_since(
        &self,
        side: &'static str,
        token: &Fingerprint,
    ) -> Result<Option<DateTime<Utc>>, StoreFailure> {
        let known = self
            .look(|connection| Box::pin(async move { facts::read_fact(connection, &token_fact(side)).await }))
            .await?;
        Ok(known.and_then(|known| in_use_since(&known, token)))
    }

    /// What was kept of messages to the webhook.
    pub async fn alerts(&self) -> Result<Option<String>, StoreFailure> {
        self.look(|connection| Box::pin(facts::read_fact(connection, facts::ALERTS))).await
    }
}

impl Store {
    /// Keeps what was learnt of Haiilo's endpoint in place of what was known.
    pub async fn keep_target(&self, profile: &TargetProfile) -> Result<(), StoreFailure> {
        self.transaction(async |connection| facts::set_json(connection, facts::TARGET, Some(profile)).await).await
    }

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
            let known = facts::read_fact(connection, &name).await?;
            if let Some(since) = known.and_then(|known| in_use_since(&known, token)) {
                return Ok(since);
            }
            let seen = format!("{} {}", token.as_str(), now.timestamp());
            facts::set_fact(connection, &name, Some(&seen)).await?;
            Ok(now)
        })
        .await
    }

    /// Keeps what was sent to the webhook.
    pub async fn keep_alerts(&self, alerts: &str) -> Result<(), StoreFailure> {
        self.transaction(async |connection| facts::set_fact(connection, facts::ALERTS, Some(alerts)).await).await
    }
}

/// The name under which the token of a side is kept.
fn token_fact(side: &str) -> String {
    format!("token_{side}")
}

/// The time that is kept with a token, if it is this one.
fn in_use_since(kept: &str, token: &Fingerprint) -> Option<DateTime<Utc>> {
    let (same, since) = kept.split_once(' ')?;
    since.parse().ok().filter(|_| same == token.as_str()).map(facts::instant)
}

/// The people whom a name means: a name that an account had at any time, an Okta id, or a Haiilo id.
const NAMED: &str = "okta_id IN (SELECT okta_id FROM journal_entries WHERE okta_id = $1 OR haiilo_id = $1 OR LOWER(user_name) = LOWER($1))";

impl Store {
    /// Drops what the journal holds of a person, and keeps that something was done; the number of entries. Entries whose outcome is not known
    /// stay whole, since the next cycle needs them.
    pub async fn forget(&self, person: &str) -> Result<u64, StoreFailure> {
        let closed = format!("entry NOT IN (SELECT entry FROM open_entries) AND {NAMED}");
        let details = format!(
            "UPDATE journal_outcomes SET detail = NULL WHERE entry IN (SELECT entry FROM journal WHERE {closed})"
        );
        let entries = format!("UPDATE journal SET user_name = '', before = NULL, sent = NULL WHERE {closed}");
        self.transaction(async |connection| {
            sqlx::query(AssertSqlSafe(details.as_str())).bind(person).execute(&mut *connection).await?;
            let done = sqlx::query(AssertSqlSafe(entries.as_str())).bind(person).execute(connection).await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

impl ReadStore {
    /// Accounts that write probes have made, or perhaps made, and did not delete.
    pub async fn probe_leftovers(&self) -> Result<Vec<ProbeLeftover>, StoreFailure> {
        self.look(|connection| Box::pin(probe_leftovers(connection))).await
    }
}

pub(super) async fn entries(
    connection: &mut AnyConnection,
    filter: &JournalFilter,
) -> Result<Vec<JournalEntry>, Error> {
    let JournalFilter { person, run, since } = filter;
    let statement = format!(
        "SELECT entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, outcome, detail, approval, by_whom, reason \
         FROM journal_entries WHERE (CAST($1 AS TEXT) IS NULL OR {NAMED}) AND (CAST($2 AS TEXT) IS NULL OR run = $2) AND at >= $3 \
         ORDER BY entry"
    );
    let rows = sqlx::query(AssertSqlSafe(statement.as_str()))
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
    let kind = row.try_get::<String, _>(3)?;
    Ok(JournalEntry {
        number: EntryId(row.try_get(0)?),
        run: RunId::new(row.try_get::<String, _>(1)?),
        at: instant(row.try_get(2)?),
        kind: JournalKind::of(&kind)
            .ok_or_else(|| Error::Decode(format!("the journal has an unknown kind, {kind}").into()))?,
        okta_id: OktaUserId::new(row.try_get::<String, _>(4)?),
        haiilo_id: text(5)?.map(HaiiloId::new),
        user_name: (!user_name.is_empty()).then(|| UserName::new(user_name)),
        before: json(7)?,
        sent: json(8)?,
        outcome: text(9)?.and_then(|word| word.parse().ok()),
        detail: text(10)?,
        approval: text(11)?.map(|id| ApprovalId::new(id.as_str())),
        by: row.try_get(12)?,
        reason: text(13)?,
    })
}

async fn probe_leftovers(connection: &mut AnyConnection) -> Result<Vec<ProbeLeftover>, Error> {
    let rows = sqlx::query(
        "SELECT at, haiilo_id, user_name FROM journal_entries made WHERE kind = 'probe_create' AND (outcome IS NULL OR outcome = 'done') \
         AND NOT EXISTS (SELECT 1 FROM journal_entries gone WHERE gone.kind = 'probe_delete' AND gone.outcome = 'done' \
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

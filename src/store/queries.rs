//! What commands, the daemon and pages ask of the store: the journal, how the last cycles went, what waits for an approval, what was sent
//! and learnt, and a backup.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Error};

use crate::domain::model::ids::{Fingerprint, UserName};
use crate::domain::model::target::TargetProfile;
use crate::domain::state::journal::{JournalEntry, JournalFilter, JournalKind, ProbeLeftover};
use crate::domain::state::run_history::{CycleRecord, CycleResult, PendingApproval, RunHistory};
use crate::ports::StoreFailure;
use crate::store::location::StorePlace;
use crate::store::open::{ReadStore, ReadTransaction as _, Store};
use crate::store::single_values;
use crate::store::sql::{column, execute, pair, rows, statement};

impl ReadStore {
    /// What waits for an approval, and how the last cycles went, so many of them.
    pub async fn run_history(&self, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, StoreFailure> {
        self.read(|connection| Box::pin(run_history(connection, now, cycles))).await
    }

    /// Whether there is a store that holds anything.
    pub async fn exists(&self) -> Result<bool, StoreFailure> {
        self.read(|_| Box::pin(async { Ok(true) })).await
    }

    /// Since when a token is in use, if a cycle has used it. `token` is a fingerprint.
    pub async fn token_since(
        &self,
        side: &'static str,
        token: &Fingerprint,
    ) -> Result<Option<DateTime<Utc>>, StoreFailure> {
        let known = self
            .read(|connection| Box::pin(async move { single_values::read_fact(connection, &token_fact(side)).await }))
            .await?;
        Ok(known.and_then(|known| in_use_since(&known, token)))
    }

    /// What was kept of messages to the webhook.
    pub async fn alerts(&self) -> Result<Option<String>, StoreFailure> {
        self.read(|connection| Box::pin(single_values::read_fact(connection, single_values::ALERTS))).await
    }

    /// Accounts that write probes have made, or perhaps made, and did not delete.
    pub async fn probe_leftovers(&self) -> Result<Vec<ProbeLeftover>, StoreFailure> {
        self.read(|connection| Box::pin(probe_leftovers(connection))).await
    }

    /// Copies the store as it is at one moment, also while a cycle writes. Only its owner can read the copy; nothing that exists is
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
            .read(|connection| {
                let text = text.to_owned();
                Box::pin(async move {
                    // A copy that was begun and not believed is begun again, into an empty file.
                    OpenOptions::new().write(true).truncate(true).open(&text).map_err(Error::Io)?;
                    sqlx::query("VACUUM INTO $1").bind(text).execute(connection).await.map(Some)
                })
            })
            .await;
        if let Ok(Some(_)) = copied {
            return Ok(());
        }
        let _ = std::fs::remove_file(file);
        copied.and(Err(refused("was not made: there is no store yet; run `sync` first", None)))
    }
}

async fn run_history(connection: &mut AnyConnection, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, Error> {
    let blocked = "SELECT id, at, violations, approved_until FROM blocked_plans WHERE at > $1 ORDER BY at DESC, id";
    let blocked_plans = rows(connection, blocked, &[&(now - TimeDelta::hours(24))], |row| {
        Ok(PendingApproval {
            id: column(row, 0)?,
            at: column(row, 1)?,
            violations: serde_json::from_str(&column::<String>(row, 2)?).unwrap_or_default(),
            approved_until: column(row, 3)?,
        })
    })
    .await?;
    let recorded = "SELECT run, started, ended, result FROM cycles ORDER BY started DESC, run LIMIT $1";
    let cycles = rows(connection, recorded, &[&i64::from(cycles)], |row| {
        Ok(CycleRecord {
            run: column(row, 0)?,
            started: column(row, 1)?,
            ended: column(row, 2)?,
            result: column::<String>(row, 3)?.parse().unwrap_or(CycleResult::Failed),
        })
    })
    .await?;
    let ends: Vec<(String, DateTime<Utc>)> =
        rows(connection, "SELECT result, MAX(ended) FROM cycles GROUP BY result", &[], pair).await?;
    let complete = ends.into_iter().filter(|(result, _)| result.parse().is_ok_and(CycleResult::is_complete));
    let began = single_values::read_fact(connection, "began").await?;
    Ok(RunHistory {
        blocked_plans,
        cycles,
        last_complete: complete.map(|(_, ended)| ended).max(),
        began: began.as_deref().and_then(single_values::to_time),
    })
}

impl Store {
    /// Keeps what was learnt of Haiilo's endpoint in place of what was known.
    pub async fn keep_target(&self, profile: &TargetProfile) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            single_values::set_json(connection, single_values::TARGET, Some(profile)).await
        })
        .await
    }

    /// Remembers when a service first tried a cycle.
    pub async fn note_beginning(&self, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            let insert = "INSERT INTO facts (name, value) VALUES ('began', $1) ON CONFLICT (name) DO NOTHING";
            execute(connection, insert, &[&now.timestamp().to_string()]).await
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
            let known = single_values::read_fact(connection, &name).await?;
            if let Some(since) = known.and_then(|known| in_use_since(&known, token)) {
                return Ok(since);
            }
            let seen = format!("{} {}", token.as_str(), now.timestamp());
            single_values::set_fact(connection, &name, Some(&seen)).await?;
            Ok(now)
        })
        .await
    }

    /// Keeps what was sent to the webhook.
    pub async fn keep_alerts(&self, alerts: &str) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            single_values::set_fact(connection, single_values::ALERTS, Some(alerts)).await
        })
        .await
    }

    /// Drops what the journal holds of a person, and keeps that something was done; the number of entries. Entries whose outcome is not known
    /// stay whole, since the next cycle needs them.
    pub async fn forget(&self, person: &str) -> Result<u64, StoreFailure> {
        let closed = format!("entry NOT IN (SELECT entry FROM open_entries) AND {NAMED}");
        let details = format!(
            "UPDATE journal_outcomes SET detail = NULL WHERE entry IN (SELECT entry FROM journal WHERE {closed})"
        );
        let entries = format!("UPDATE journal SET user_name = '', before = NULL, sent = NULL WHERE {closed}");
        self.transaction(async |connection| {
            execute(connection, AssertSqlSafe(details), &[&person]).await?;
            let done = statement(AssertSqlSafe(entries), &[&person]).execute(connection).await?;
            Ok(done.rows_affected())
        })
        .await
    }
}

/// The name under which the token of a side is kept.
fn token_fact(side: &str) -> String {
    format!("token_{side}")
}

/// The time that is kept with a token, if it is this one.
fn in_use_since(kept: &str, token: &Fingerprint) -> Option<DateTime<Utc>> {
    let (same, since) = kept.split_once(' ')?;
    single_values::to_time(since).filter(|_| same == token.as_str())
}

/// The people that a name means: a name that an account had at any time, an Okta id, or a Haiilo id.
const NAMED: &str = "okta_id IN (SELECT okta_id FROM journal_entries WHERE okta_id = $1 OR haiilo_id = $1 OR LOWER(user_name) = LOWER($1))";

pub(super) async fn entries(
    connection: &mut AnyConnection,
    filter: &JournalFilter,
) -> Result<Vec<JournalEntry>, Error> {
    let JournalFilter { person, run, since } = filter;
    let select = format!(
        "SELECT entry, run, at, kind, okta_id, haiilo_id, user_name, before, sent, outcome, detail, approval, by_whom, reason \
         FROM journal_entries WHERE (CAST($1 AS TEXT) IS NULL OR {NAMED}) AND (CAST($2 AS TEXT) IS NULL OR run = $2) AND at >= $3 \
         ORDER BY entry"
    );
    let since = since.map_or(i64::MIN, |since| since.timestamp());
    rows(connection, AssertSqlSafe(select), &[person, run, &since], entry).await
}

fn entry(row: &AnyRow) -> Result<JournalEntry, Error> {
    let json = |number| column::<Option<String>>(row, number).map(|text| serde_json::from_str(&text?).ok());
    let kind: String = column(row, 3)?;
    Ok(JournalEntry {
        number: column(row, 0)?,
        run: column(row, 1)?,
        at: column(row, 2)?,
        kind: JournalKind::of(&kind)
            .ok_or_else(|| Error::Decode(format!("the journal has an unknown kind, {kind}").into()))?,
        okta_id: column(row, 4)?,
        haiilo_id: column(row, 5)?,
        user_name: Some(column(row, 6)?).filter(|name: &UserName| !name.as_str().is_empty()),
        before: json(7)?,
        sent: json(8)?,
        outcome: column::<Option<String>>(row, 9)?.and_then(|word| word.parse().ok()),
        detail: column(row, 10)?,
        approval: column(row, 11)?,
        by: column(row, 12)?,
        reason: column(row, 13)?,
    })
}

async fn probe_leftovers(connection: &mut AnyConnection) -> Result<Vec<ProbeLeftover>, Error> {
    let select = "SELECT at, haiilo_id, user_name FROM journal_entries made WHERE kind = 'probe_create' AND (outcome IS NULL OR outcome = 'done') \
                  AND NOT EXISTS (SELECT 1 FROM journal_entries gone WHERE gone.kind = 'probe_delete' AND gone.outcome = 'done' \
                  AND gone.haiilo_id = made.haiilo_id) ORDER BY entry";
    rows(connection, select, &[], |row| {
        Ok(ProbeLeftover { at: column(row, 0)?, haiilo_id: column(row, 1)?, user_name: column(row, 2)? })
    })
    .await
}

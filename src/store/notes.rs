//! Writing what a plan noticed and how a cycle ended, each in one transaction.

use sqlx::{AnyConnection, Error};

use crate::domain::model::ids::{EmployeeNumber, Fingerprint};
use crate::domain::model::link::{Absence, Counted};
use crate::domain::plan::leaver::LeaverRecord;
use crate::domain::plan::sync_state_update::{LeaverUpdate, PolicyKnowledge, SyncStateUpdate};
use crate::domain::state::sync_state::{AcceptedMapping, FirstRun};
use crate::ports::{Acceptance, CycleEnd};

/// The fact that a deactivation deleted an account.
pub(super) const DEACTIVATION_DELETED: &str = "deactivation_deleted";

/// Cycles that are kept for whoever asks how it has been going.
const CYCLES_KEPT: i64 = 2_000;

pub(super) async fn write_notes(
    connection: &mut AnyConnection,
    notes: &SyncStateUpdate,
    acceptance: &Acceptance,
    now: i64,
) -> Result<(), Error> {
    let Acceptance { vanished, missing: unseen, mapping, first_run } = acceptance;
    let SyncStateUpdate { leavers, listed, names, missing, found, unparked, groups_released, protected } = notes;
    let AcceptedMapping { fingerprint, parts } = mapping;
    fact(connection, "mapping", fingerprint.as_str()).await?;
    fact(connection, "mapping_parts", &serde_json::json!(parts).to_string()).await?;
    if *first_run == FirstRun::Done {
        fact(connection, "first_run", "done").await?;
    }
    write_leavers(connection, leavers, *vanished).await?;
    for okta_id in listed {
        sqlx::query("UPDATE links SET listed = 1 WHERE okta_id = $1")
            .bind(okta_id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    for (okta_id, name) in names {
        write_name(connection, okta_id.as_str(), name.as_str(), now).await?;
    }
    for (okta_id, absence) in missing {
        sqlx::query("UPDATE links SET missing_since = $1, missing_approved = $2 WHERE okta_id = $3")
            .bind(absence.since.timestamp())
            .bind(approved(*unseen))
            .bind(okta_id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    // An approval covers everybody who is gone, not only those who went in this cycle.
    if *vanished == Counted::Approved {
        sqlx::query("UPDATE leavers SET approved = 1").execute(&mut *connection).await?;
    }
    if *unseen == Counted::Approved {
        sqlx::query("UPDATE links SET missing_approved = 1 WHERE missing_since IS NOT NULL")
            .execute(&mut *connection)
            .await?;
    }
    for okta_id in found {
        sqlx::query("UPDATE links SET missing_since = NULL, missing_approved = 0 WHERE okta_id = $1")
            .bind(okta_id.as_str())
            .execute(&mut *connection)
            .await?;
    }
    for (okta_id, path) in unparked {
        sqlx::query("DELETE FROM parked WHERE okta_id = $1 AND path = $2")
            .bind(okta_id.as_str())
            .bind(path.as_str())
            .execute(&mut *connection)
            .await?;
    }
    for group in groups_released {
        sqlx::query("DELETE FROM parked_groups WHERE name = $1").bind(group.as_str()).execute(&mut *connection).await?;
    }
    for (haiilo_id, pattern) in protected {
        sqlx::query(
            "INSERT INTO protected (haiilo_id, pattern) VALUES ($1, $2) \
             ON CONFLICT (haiilo_id) DO UPDATE SET pattern = excluded.pattern",
        )
        .bind(haiilo_id.as_str())
        .bind(pattern.as_str())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// A link's account carries another userName; the one that it had is remembered.
pub(super) async fn write_name(
    connection: &mut AnyConnection,
    okta_id: &str,
    name: &str,
    now: i64,
) -> Result<(), Error> {
    remember_name(connection, okta_id, name, now).await?;
    sqlx::query("UPDATE links SET user_name = $1 WHERE okta_id = $2")
        .bind(name)
        .bind(okta_id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Remembers the userName of a link's account, if that will be another one.
pub(super) async fn remember_name(
    connection: &mut AnyConnection,
    okta_id: &str,
    name: &str,
    now: i64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO user_names (haiilo_id, user_name, since) \
         SELECT haiilo_id, user_name, $1 FROM links WHERE okta_id = $2 AND user_name <> $3 \
         ON CONFLICT (haiilo_id, user_name) DO NOTHING",
    )
    .bind(now)
    .bind(okta_id)
    .bind(name)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn write_leavers(
    connection: &mut AnyConnection,
    notes: &LeaverUpdate,
    counted: Counted,
) -> Result<(), Error> {
    let LeaverUpdate { records, returned, unpinned, directory } = notes;
    if *directory == PolicyKnowledge::KnownToDelete {
        set_fact(connection, DEACTIVATION_DELETED, None).await?;
    }
    for okta_id in unpinned {
        sqlx::query("DELETE FROM pinned WHERE okta_id = $1").bind(okta_id.as_str()).execute(&mut *connection).await?;
    }
    for (okta_id, record) in records {
        write_leaver(connection, okta_id.as_str(), record, counted).await?;
    }
    for okta_id in returned {
        sqlx::query("DELETE FROM leavers WHERE okta_id = $1").bind(okta_id.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_leaver(
    connection: &mut AnyConnection,
    okta_id: &str,
    record: &LeaverRecord,
    counted: Counted,
) -> Result<(), Error> {
    let LeaverRecord { absence: Absence { since, counted: before }, clock, employee } = record;
    let approval = if *before == Counted::Approved { Counted::Approved } else { counted };
    sqlx::query(
        "INSERT INTO leavers (okta_id, since, approved, evidence, action, clock_from, employee) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (okta_id) DO UPDATE SET since = excluded.since, approved = excluded.approved, \
         evidence = excluded.evidence, action = excluded.action, clock_from = excluded.clock_from, employee = excluded.employee",
    )
    .bind(okta_id)
    .bind(since.timestamp())
    .bind(approved(approval))
    .bind(clock.map(|clock| clock.evidence.as_str()))
    .bind(clock.map(|clock| clock.action.as_str()))
    .bind(clock.map(|clock| clock.from.timestamp()))
    .bind(employee.map(EmployeeNumber::to_kept))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn write_canary(
    connection: &mut AnyConnection,
    configuration: &Fingerprint,
    kind: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO canaries (configuration, kind) VALUES ($1, $2) ON CONFLICT (configuration, kind) DO NOTHING",
    )
    .bind(configuration.as_str())
    .bind(kind)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn write_end(connection: &mut AnyConnection, end: &CycleEnd) -> Result<(), Error> {
    let CycleEnd { run, started, ended, result, watch, journal_from } = end;
    sqlx::query("DELETE FROM journal WHERE at < $1 AND outcome IS NOT NULL")
        .bind(journal_from.timestamp())
        .execute(&mut *connection)
        .await?;
    if let Some(watch) = watch {
        fact(connection, "watch_since", &watch.since.timestamp().to_string()).await?;
        fact(connection, "watch_last", &watch.last.timestamp().to_string()).await?;
        fact(connection, "watch_rules", watch.rules.as_str()).await?;
        sqlx::query(
            "INSERT INTO facts (name, value) VALUES ('cycles', '1') \
             ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + 1 AS TEXT)",
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("INSERT INTO cycles (run, started, ended, result) VALUES ($1, $2, $3, $4)")
        .bind(run.as_str())
        .bind(started.timestamp())
        .bind(ended.timestamp())
        .bind(*result)
        .execute(&mut *connection)
        .await?;
    // The oldest one goes for each that comes.
    sqlx::query(
        "DELETE FROM cycles WHERE run IN (SELECT run FROM cycles ORDER BY started DESC, run LIMIT 10 OFFSET $1)",
    )
    .bind(CYCLES_KEPT)
    .execute(connection)
    .await?;
    Ok(())
}

/// A fact, where it is there.
pub(super) async fn read_fact(connection: &mut AnyConnection, name: &str) -> Result<Option<String>, Error> {
    sqlx::query_scalar("SELECT value FROM facts WHERE name = $1").bind(name).fetch_optional(connection).await
}

/// Sets a fact, or takes it away.
pub(super) async fn set_fact(connection: &mut AnyConnection, name: &str, value: Option<&str>) -> Result<(), Error> {
    let Some(value) = value else {
        sqlx::query("DELETE FROM facts WHERE name = $1").bind(name).execute(connection).await?;
        return Ok(());
    };
    fact(connection, name, value).await
}

async fn fact(connection: &mut AnyConnection, name: &str, value: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(connection)
    .await?;
    Ok(())
}

fn approved(counted: Counted) -> i64 {
    match counted {
        Counted::Yes => 0,
        Counted::Approved => 1,
    }
}

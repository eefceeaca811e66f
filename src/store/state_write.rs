//! Writing what the store remembers: what a plan noticed, what follows from outcomes, and how a cycle ended, each in one transaction.

use sqlx::{AnyConnection, Error};

use crate::domain::model::ids::{EmployeeNumber, Fingerprint, OktaGroupId};
use crate::domain::model::link::{Absence, Counted, GroupLink, Link, Listed};
use crate::domain::model::word::Word as _;
use crate::domain::plan::leaver::{LeaverRecord, RemovedAccount};
use crate::domain::plan::outcome::Effect;
use crate::domain::plan::sync_state_update::{LeaverUpdate, PolicyKnowledge, SyncStateUpdate};
use crate::domain::state::sync_state::{AcceptedMapping, FirstRun};
use crate::ports::{Acceptance, CycleEnd};
use crate::store::facts;

/// Cycles that are kept for whoever asks how it has been going.
const CYCLES_KEPT: i64 = 2_000;

pub(super) async fn write_update(
    connection: &mut AnyConnection,
    update: &SyncStateUpdate,
    acceptance: &Acceptance,
    now: i64,
) -> Result<(), Error> {
    let Acceptance { leavers: leavers_counted, missing: unseen, mapping, first_run } = acceptance;
    let SyncStateUpdate {
        leavers,
        listed,
        names,
        missing,
        found,
        no_longer_rejected,
        groups_no_longer_wanted,
        protected,
    } = update;
    let AcceptedMapping { fingerprint, parts } = mapping;
    facts::fact(connection, "mapping", fingerprint.as_str()).await?;
    facts::fact(connection, "mapping_parts", &serde_json::json!(parts).to_string()).await?;
    if *first_run == FirstRun::Done {
        facts::fact(connection, "first_run", "done").await?;
    }
    write_leavers(connection, leavers, *leavers_counted).await?;
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
    if *leavers_counted == Counted::Approved {
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
    for (okta_id, path) in no_longer_rejected {
        sqlx::query("DELETE FROM rejected_values WHERE okta_id = $1 AND path = $2")
            .bind(okta_id.as_str())
            .bind(path.as_str())
            .execute(&mut *connection)
            .await?;
    }
    for group in groups_no_longer_wanted {
        sqlx::query("DELETE FROM missing_groups WHERE name = $1")
            .bind(group.as_str())
            .execute(&mut *connection)
            .await?;
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

pub(super) async fn write_leavers(
    connection: &mut AnyConnection,
    update: &LeaverUpdate,
    counted: Counted,
) -> Result<(), Error> {
    let LeaverUpdate { records, returned, no_longer_recreated, directory } = update;
    if *directory == PolicyKnowledge::KnownToDelete {
        facts::set_fact(connection, facts::DEACTIVATION_DELETED, None).await?;
    }
    for okta_id in no_longer_recreated {
        sqlx::query("DELETE FROM recreated WHERE okta_id = $1")
            .bind(okta_id.as_str())
            .execute(&mut *connection)
            .await?;
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
        "INSERT INTO leavers (okta_id, since, approved, evidence, action, grace_from, employee) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (okta_id) DO UPDATE SET since = excluded.since, approved = excluded.approved, \
         evidence = excluded.evidence, action = excluded.action, grace_from = excluded.grace_from, employee = excluded.employee",
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
    let CycleEnd { run, started, ended, result, watch, journal_from: _ } = end;
    if let Some(watch) = watch {
        facts::fact(connection, "watch_since", &watch.since.timestamp().to_string()).await?;
        facts::fact(connection, "watch_last", &watch.last.timestamp().to_string()).await?;
        facts::fact(connection, "watch_rules", watch.rules.as_str()).await?;
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
        .bind(result.as_str())
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

fn approved(counted: Counted) -> i64 {
    match counted {
        Counted::Yes => 0,
        Counted::Approved => 1,
    }
}

pub(super) async fn write_effect(connection: &mut AnyConnection, effect: &Effect, now: i64) -> Result<(), Error> {
    match effect {
        Effect::Linked(link) => write_link(connection, link, now).await,
        Effect::Renamed(okta_id, name) => write_name(connection, okta_id.as_str(), name.as_str(), now).await,
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
            for statement in
                ["DELETE FROM leavers WHERE okta_id = $1", "DELETE FROM rejected_values WHERE okta_id = $1"]
            {
                sqlx::query(statement).bind(okta_id.as_str()).execute(&mut *connection).await?;
            }
            sqlx::query("DELETE FROM user_names WHERE haiilo_id = $1")
                .bind(haiilo_id.as_str())
                .execute(connection)
                .await?;
            Ok(())
        }
        Effect::RemovedAccount(okta_id, RemovedAccount { haiilo_id, effect }) => {
            sqlx::query(
                "INSERT INTO removed_accounts (okta_id, haiilo_id, effect) VALUES ($1, $2, $3) \
                 ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, effect = excluded.effect",
            )
            .bind(okta_id.as_str())
            .bind(haiilo_id.as_str())
            .bind(effect.as_str())
            .execute(connection)
            .await?;
            Ok(())
        }
        Effect::DeactivationDeleted(haiilo_id) => {
            facts::set_fact(connection, facts::DEACTIVATION_DELETED, Some(haiilo_id.as_str())).await
        }
        Effect::DeactivationKept => facts::set_fact(connection, facts::DEACTIVATION_DELETED, None).await,
        Effect::Returned(okta_id) => {
            sqlx::query("DELETE FROM removed_accounts WHERE okta_id = $1")
                .bind(okta_id.as_str())
                .execute(connection)
                .await?;
            Ok(())
        }
        Effect::ValueRejected { okta_id, path, value, reason } => {
            sqlx::query(
                "INSERT INTO rejected_values (okta_id, path, value, reason, since) VALUES ($1, $2, $3, $4, $5) \
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
        Effect::GroupMissing(group) => {
            sqlx::query("INSERT INTO missing_groups (name, since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(group.as_str())
                .bind(now)
                .execute(connection)
                .await?;
            Ok(())
        }
        // The entry itself names it.
        Effect::ProbeMade(_) => Ok(()),
        Effect::GroupLinked(link) => write_group_link(connection, link, now).await,
        Effect::GroupUnlinked(id) => remove_group_link(connection, id).await,
        Effect::GroupFound(group) => {
            sqlx::query("DELETE FROM missing_groups WHERE name = $1").bind(group.as_str()).execute(connection).await?;
            Ok(())
        }
    }
}

pub(super) async fn write_link(connection: &mut AnyConnection, link: &Link, now: i64) -> Result<(), Error> {
    let Link { okta_id, haiilo_id, user_name, origin, listed, missing: _ } = link;
    remember_name(connection, okta_id.as_str(), user_name.as_str(), now).await?;
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
async fn remember_name(connection: &mut AnyConnection, okta_id: &str, name: &str, now: i64) -> Result<(), Error> {
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

async fn write_group_link(connection: &mut AnyConnection, link: &GroupLink, now: i64) -> Result<(), Error> {
    let GroupLink { okta_id, haiilo_id, name, origin, described } = link;
    sqlx::query(
        "INSERT INTO group_links (okta_id, haiilo_id, name, origin, described, since) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, name = excluded.name, origin = excluded.origin, \
         described = excluded.described",
    )
    .bind(okta_id.as_str())
    .bind(haiilo_id.as_str())
    .bind(name.as_str())
    .bind(origin.as_str())
    .bind(described.as_deref())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

async fn remove_group_link(connection: &mut AnyConnection, id: &OktaGroupId) -> Result<(), Error> {
    sqlx::query("DELETE FROM group_links WHERE okta_id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

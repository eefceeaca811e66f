//! Writing what the store remembers: what a plan noticed, what follows from outcomes, and how a cycle ended, each in one transaction.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, Error};

use crate::domain::model::ids::{EmployeeNumber, HaiiloId, OktaUserId, UserName};
use crate::domain::model::link::{Absence, Counted, GroupLink, Link, Listed};
use crate::domain::model::word::Word as _;
use crate::domain::plan::leaver::{LeaverRecord, RemovedAccount};
use crate::domain::plan::outcome::Effect;
use crate::domain::plan::sync_state_update::{LeaverUpdate, PolicyKnowledge, SyncStateUpdate};
use crate::domain::state::sync_state::{AcceptedMapping, FirstRun, Tenant};
use crate::ports::{Acceptance, BlockedPlan, CycleEnd};
use crate::store::single_values::{self, set_fact};
use crate::store::sql::{ToColumn, execute, statement};

/// How many cycles are kept.
const CYCLES_KEPT: i64 = 2_000;

/// How long a blocked plan waits for an approval.
const BLOCKED_KEPT: TimeDelta = TimeDelta::days(30);

pub(super) async fn write_tenant(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Tenant { org_id, org_url, app_id, product, base_url } = tenant;
    execute(
        connection,
        "INSERT INTO tenant (one, org_id, org_url, app_id, product, base_url, since) VALUES (1, $1, $2, $3, $4, $5, $6) \
         ON CONFLICT (one) DO UPDATE SET org_id = excluded.org_id, org_url = excluded.org_url, app_id = excluded.app_id, \
         product = excluded.product, base_url = excluded.base_url, since = excluded.since",
        &[org_id, org_url, app_id, product, base_url, &now],
    )
    .await
}

pub(super) async fn write_update(
    connection: &mut AnyConnection,
    update: &SyncStateUpdate,
    acceptance: &Acceptance,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Acceptance { leavers: counted, missing: _, mapping: AcceptedMapping { fingerprint, parts }, first_run } =
        acceptance;
    let SyncStateUpdate {
        leavers,
        listed: _,
        names: _,
        missing: _,
        found: _,
        no_longer_rejected,
        groups_no_longer_wanted,
        protected,
    } = update;
    set_fact(connection, "mapping", Some(fingerprint.as_str())).await?;
    single_values::set_json(connection, "mapping_parts", Some(parts)).await?;
    if *first_run == FirstRun::Done {
        set_fact(connection, "first_run", Some("done")).await?;
    }
    write_leavers(connection, leavers, *counted).await?;
    // An approval covers all leavers, not only those of this cycle.
    if *counted == Counted::Approved {
        execute(connection, "UPDATE leavers SET approved = 1", &[]).await?;
    }
    write_sightings(connection, update, acceptance.missing, now).await?;
    for (okta_id, path) in no_longer_rejected {
        execute(connection, "DELETE FROM rejected_values WHERE okta_id = $1 AND path = $2", &[okta_id, path]).await?;
    }
    for group in groups_no_longer_wanted {
        execute(connection, "DELETE FROM missing_groups WHERE name = $1", &[group]).await?;
    }
    let protect = "INSERT INTO protected (haiilo_id, pattern) VALUES ($1, $2) \
                   ON CONFLICT (haiilo_id) DO UPDATE SET pattern = excluded.pattern";
    for (haiilo_id, pattern) in protected {
        execute(connection, protect, &[haiilo_id, pattern]).await?;
    }
    Ok(())
}

/// Writes what the listing of Haiilo shows of linked accounts.
async fn write_sightings(
    connection: &mut AnyConnection,
    update: &SyncStateUpdate,
    counted: Counted,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for okta_id in &update.listed {
        execute(connection, "UPDATE links SET listed = 1 WHERE okta_id = $1", &[okta_id]).await?;
    }
    for (okta_id, name) in &update.names {
        write_name(connection, okta_id, name, now).await?;
    }
    let miss = "UPDATE links SET missing_since = $1, missing_approved = $2 WHERE okta_id = $3";
    for (okta_id, absence) in &update.missing {
        execute(connection, miss, &[&absence.since, &counted, okta_id]).await?;
    }
    // An approval covers all missing accounts, not only those of this cycle.
    if counted == Counted::Approved {
        execute(connection, "UPDATE links SET missing_approved = 1 WHERE missing_since IS NOT NULL", &[]).await?;
    }
    let find = "UPDATE links SET missing_since = NULL, missing_approved = 0 WHERE okta_id = $1";
    for okta_id in &update.found {
        execute(connection, find, &[okta_id]).await?;
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
        set_fact(connection, single_values::DEACTIVATION_DELETED, None).await?;
    }
    for okta_id in no_longer_recreated {
        execute(connection, "DELETE FROM recreated WHERE okta_id = $1", &[okta_id]).await?;
    }
    for (okta_id, LeaverRecord { absence: Absence { since, counted: before }, grace_period, employee }) in records {
        let approved = if *before == Counted::Approved { Counted::Approved } else { counted };
        let evidence = grace_period.map(|grace_period| grace_period.evidence.as_str());
        let action = grace_period.map(|grace_period| grace_period.action.as_str());
        let from = grace_period.map(|grace_period| grace_period.from);
        let employee = employee.map(EmployeeNumber::to_kept);
        execute(
            connection,
            "INSERT INTO leavers (okta_id, since, approved, evidence, action, grace_from, employee) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (okta_id) DO UPDATE SET since = excluded.since, approved = excluded.approved, \
             evidence = excluded.evidence, action = excluded.action, grace_from = excluded.grace_from, employee = excluded.employee",
            &[okta_id, since, &approved, &evidence, &action, &from, &employee],
        )
        .await?;
    }
    for okta_id in returned {
        execute(connection, "DELETE FROM leavers WHERE okta_id = $1", &[okta_id]).await?;
    }
    Ok(())
}

/// Keeps a blocked plan. One that is blocked again keeps its approval, if it has one.
pub(super) async fn write_blocked(connection: &mut AnyConnection, blocked: &BlockedPlan) -> Result<(), Error> {
    let BlockedPlan { id, run, at, items, violations } = blocked;
    let violations = violations.iter().map(|violation| {
        serde_json::json!({"limit": violation.limit.as_str(), "found": violation.found, "allowed": violation.allowed})
    });
    let violations = violations.collect::<serde_json::Value>().to_string();
    let items = serde_json::json!(items).to_string();
    execute(connection, "DELETE FROM blocked_plans WHERE at < $1", &[&(*at - BLOCKED_KEPT)]).await?;
    execute(
        connection,
        "INSERT INTO blocked_plans (id, run, at, items, violations) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET run = excluded.run, at = excluded.at, violations = excluded.violations",
        &[id, run, at, &items, &violations],
    )
    .await
}

pub(super) async fn write_end(connection: &mut AnyConnection, end: &CycleEnd) -> Result<(), Error> {
    let CycleEnd { run, started, ended, result, watch, journal_from: _ } = end;
    if let Some(watch) = watch {
        single_values::set_time(connection, "watch_since", Some(watch.since)).await?;
        single_values::set_time(connection, "watch_last", Some(watch.last)).await?;
        set_fact(connection, "watch_rules", Some(watch.rules.as_str())).await?;
        let count = "INSERT INTO facts (name, value) VALUES ('cycles', '1') \
                     ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + 1 AS TEXT)";
        execute(connection, count, &[]).await?;
    }
    let insert = "INSERT INTO cycles (run, started, ended, result) VALUES ($1, $2, $3, $4)";
    execute(connection, insert, &[run, started, ended, &result.as_str()]).await?;
    // Each new cycle replaces the oldest one.
    let prune =
        "DELETE FROM cycles WHERE run IN (SELECT run FROM cycles ORDER BY started DESC, run LIMIT 10 OFFSET $1)";
    execute(connection, prune, &[&CYCLES_KEPT]).await
}

/// Writes what follows from an outcome.
pub(super) async fn write_effect(
    connection: &mut AnyConnection,
    effect: &Effect,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (sql, values): (_, &[&dyn ToColumn]) = match effect {
        Effect::Linked(link) => return write_link(connection, link, now).await,
        Effect::Renamed(okta_id, name) => return write_name(connection, okta_id, name, now).await,
        Effect::Unlinked(okta_id, haiilo_id) => return remove_link(connection, okta_id, haiilo_id).await,
        Effect::DeactivationDeleted(haiilo_id) => {
            return set_fact(connection, single_values::DEACTIVATION_DELETED, Some(haiilo_id.as_str())).await;
        }
        Effect::DeactivationKept => return set_fact(connection, single_values::DEACTIVATION_DELETED, None).await,
        // The entry itself names it.
        Effect::ProbeMade(_) => return Ok(()),
        Effect::GroupLinked(link) => return write_group_link(connection, link, now).await,
        Effect::RemovedAccount(okta_id, RemovedAccount { haiilo_id, effect }) => (
            "INSERT INTO removed_accounts (okta_id, haiilo_id, effect) VALUES ($1, $2, $3) \
             ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, effect = excluded.effect",
            &[okta_id, haiilo_id, &effect.as_str()],
        ),
        Effect::Returned(okta_id) => ("DELETE FROM removed_accounts WHERE okta_id = $1", &[okta_id]),
        Effect::ValueRejected { okta_id, path, value, reason } => (
            "INSERT INTO rejected_values (okta_id, path, value, reason, since) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (okta_id, path) DO UPDATE SET value = excluded.value, reason = excluded.reason, since = excluded.since",
            &[okta_id, path, value, reason, &now],
        ),
        Effect::GroupMissing(group) => {
            ("INSERT INTO missing_groups (name, since) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", &[group, &now])
        }
        Effect::GroupUnlinked(id) => ("DELETE FROM group_links WHERE okta_id = $1", &[id]),
        Effect::GroupFound(group) => ("DELETE FROM missing_groups WHERE name = $1", &[group]),
    };
    execute(connection, sql, values).await
}

pub(super) async fn remove_link(
    connection: &mut AnyConnection,
    okta_id: &OktaUserId,
    haiilo_id: &HaiiloId,
) -> Result<(), Error> {
    let remove = statement("DELETE FROM links WHERE okta_id = $1 AND haiilo_id = $2", &[okta_id, haiilo_id]);
    // The person may have another account by now, whose rows all stay.
    if remove.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(());
    }
    execute(connection, "DELETE FROM leavers WHERE okta_id = $1", &[okta_id]).await?;
    execute(connection, "DELETE FROM rejected_values WHERE okta_id = $1", &[okta_id]).await?;
    execute(connection, "DELETE FROM user_names WHERE haiilo_id = $1", &[haiilo_id]).await
}

pub(super) async fn write_link(connection: &mut AnyConnection, link: &Link, now: DateTime<Utc>) -> Result<(), Error> {
    let Link { okta_id, haiilo_id, user_name, origin, listed, missing: _ } = link;
    remember_name(connection, okta_id, user_name, now).await?;
    execute(
        connection,
        "INSERT INTO links (okta_id, haiilo_id, user_name, origin, listed, missing_since, missing_approved, since) \
         VALUES ($1, $2, $3, $4, $5, NULL, 0, $6) \
         ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, user_name = excluded.user_name, \
         origin = excluded.origin, listed = excluded.listed, missing_since = NULL, missing_approved = 0, since = excluded.since",
        &[okta_id, haiilo_id, user_name, &origin.as_str(), &i64::from(*listed == Listed::Seen), &now],
    )
    .await
}

/// A link's account carries another userName; the one that it had is remembered.
async fn write_name(
    connection: &mut AnyConnection,
    okta_id: &OktaUserId,
    name: &UserName,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    remember_name(connection, okta_id, name, now).await?;
    execute(connection, "UPDATE links SET user_name = $1 WHERE okta_id = $2", &[name, okta_id]).await
}

/// Remembers the userName of a link's account, if `name`, which replaces it, differs.
async fn remember_name(
    connection: &mut AnyConnection,
    okta_id: &OktaUserId,
    name: &UserName,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let insert = "INSERT INTO user_names (haiilo_id, user_name, since) \
                  SELECT haiilo_id, user_name, $1 FROM links WHERE okta_id = $2 AND user_name <> $3 \
                  ON CONFLICT (haiilo_id, user_name) DO NOTHING";
    execute(connection, insert, &[&now, okta_id, name]).await
}

async fn write_group_link(connection: &mut AnyConnection, link: &GroupLink, now: DateTime<Utc>) -> Result<(), Error> {
    let GroupLink { okta_id, haiilo_id, name, origin, described } = link;
    execute(
        connection,
        "INSERT INTO group_links (okta_id, haiilo_id, name, origin, described, since) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (okta_id) DO UPDATE SET haiilo_id = excluded.haiilo_id, name = excluded.name, origin = excluded.origin, \
         described = excluded.described",
        &[okta_id, haiilo_id, name, &origin.as_str(), described, &now],
    )
    .await
}

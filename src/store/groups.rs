//! Groups in the store: links, entries of the journal, and how many members were taken out of each group in a day.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, Error, Row as _};

use crate::domain::model::group_link::GroupLink;
use crate::domain::model::ids::{HaiiloGroupId, OktaGroupId};
use crate::domain::model::link::Origin;
use crate::domain::plan::group_operation::GroupKind;
use crate::domain::state::journal::{EntryId, GroupIntent};
use crate::domain::state::sync_state::{GroupSyncState, OpenGroupOperation};
use crate::store::line::{JournalLine, LimitCounts, write_line};

/// What the store remembers of groups.
pub(super) async fn read(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<GroupSyncState, Error> {
    Ok(GroupSyncState {
        links: links(connection).await?,
        removed: removed(connection, now).await?,
        open: open(connection).await?,
    })
}

async fn links(connection: &mut AnyConnection) -> Result<BTreeMap<OktaGroupId, GroupLink>, Error> {
    let rows = sqlx::query("SELECT okta_id, haiilo_id, name, origin, described FROM group_links")
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let okta_id = OktaGroupId::new(row.try_get::<String, _>(0)?);
            let link = GroupLink {
                okta_id: okta_id.clone(),
                haiilo_id: HaiiloGroupId::new(row.try_get::<String, _>(1)?),
                name: row.try_get::<String, _>(2)?.into(),
                origin: Origin::of(row.try_get::<String, _>(3)?.as_str()),
                described: row.try_get::<Option<String>, _>(4)?.map(Into::into),
            };
            Ok((okta_id, link))
        })
        .collect()
}

/// Members count, and not entries: an entry takes out as many as it names, be it that its outcome is not known.
async fn removed(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<BTreeMap<OktaGroupId, u64>, Error> {
    let rows = sqlx::query(
        "SELECT okta_id, CAST(SUM(removed) AS BIGINT) FROM journal WHERE at > $1 AND removed > 0 AND counted = 1 \
         AND (outcome IS NULL OR outcome IN ('done', 'unknown')) GROUP BY okta_id",
    )
    .bind((now - TimeDelta::hours(24)).timestamp())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let count = u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0);
            Ok((OktaGroupId::new(row.try_get::<String, _>(0)?), count))
        })
        .collect()
}

async fn open(connection: &mut AnyConnection) -> Result<Vec<OpenGroupOperation>, Error> {
    let rows = sqlx::query(
        "SELECT entry, kind, okta_id, haiilo_id FROM journal WHERE outcome IS NULL AND kind LIKE 'group-%' ORDER BY entry",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OpenGroupOperation {
                entry: row.try_get(0)?,
                kind: GroupKind::of(row.try_get::<String, _>(1)?.as_str()).unwrap_or(GroupKind::Members),
                okta_id: OktaGroupId::new(row.try_get::<String, _>(2)?),
                haiilo_id: row.try_get::<Option<String>, _>(3)?.map(HaiiloGroupId::new),
            })
        })
        .collect()
}

/// Writes a request of an operation down. In the columns of a person stands the group.
pub(super) async fn write_intent(connection: &mut AnyConnection, intent: &GroupIntent<'_>) -> Result<EntryId, Error> {
    let GroupIntent { run_context, at, operation, haiilo_id, sent, before, removed } = intent;
    let line = JournalLine {
        run_context,
        at: *at,
        kind: operation.kind().as_str(),
        okta_id: operation.okta_id.as_str(),
        haiilo_id: haiilo_id.map(HaiiloGroupId::as_str),
        name: operation.name.as_str(),
        before: before.as_ref(),
        sent: sent.clone(),
        counts: LimitCounts {
            counted: run_context.approval.is_none().into(),
            removed: i64::try_from(*removed).unwrap_or(i64::MAX),
            ..LimitCounts::default()
        },
    };
    write_line(connection, line).await
}

pub(super) async fn write_link(connection: &mut AnyConnection, link: &GroupLink, now: i64) -> Result<(), Error> {
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

pub(super) async fn remove_link(connection: &mut AnyConnection, id: &OktaGroupId) -> Result<(), Error> {
    sqlx::query("DELETE FROM group_links WHERE okta_id = $1").bind(id.as_str()).execute(connection).await?;
    Ok(())
}

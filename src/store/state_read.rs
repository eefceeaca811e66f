//! Reading all that a plan depends on. Links are read in large chunks, since there are as many as people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Error, Row as _};

use crate::config::settings::PostgresUrl;
use crate::domain::model::ids::{
    ApprovalId, EmployeeNumber, Fingerprint, HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName,
};
use crate::domain::model::limit::LimitName;
use crate::domain::model::link::{Absence, Counted, GroupLink, Link, Links, Listed, Origin};
use crate::domain::model::policy::{LeaverAction, RemovalEffect};
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::evidence::Evidence;
use crate::domain::plan::group_operation::GroupKind;
use crate::domain::plan::leaver::{GracePeriod, LeaverRecord, RemovedAccount};
use crate::domain::plan::operation::OperationKind;
use crate::domain::state::journal::{JournalEntry, JournalFilter};
use crate::domain::state::log_cursor::LogCursor;
use crate::domain::state::sync_state::{
    AcceptedMapping, Approval, FirstRun, GroupSyncState, OpenGroupOperation, OpenOperation, Pause, RememberedRejection,
    SyncState, Tenant, Watch,
};
use crate::domain::targeted::baseline::Baseline;
use crate::ports::{StoreFailure, StoreReader};
use crate::store::facts::{self, instant};
use crate::store::open::{ReadStore, Store};
use crate::store::place::{Dialect, StorePlace};
use crate::store::schema::Content;
use crate::store::sqlite::SnapshotConnection;
use crate::store::{postgres, queries};

/// How many links are read at once.
const CHUNK: i64 = 5_000;

impl StoreReader for Store {
    async fn sync_state(&self, now: DateTime<Utc>) -> Result<SyncState, StoreFailure> {
        let mut connection = self.connection.lock().await;
        read(&mut connection, self.place.dialect(), now).await.map_err(|error| self.failure(error))
    }

    async fn target(&self) -> Result<Option<TargetProfile>, StoreFailure> {
        let mut connection = self.connection.lock().await;
        facts::read_json(&mut connection, facts::TARGET).await.map_err(|error| self.failure(error))
    }

    async fn log_cursor(&self) -> Result<Option<LogCursor>, StoreFailure> {
        let mut connection = self.connection.lock().await;
        facts::read_json(&mut connection, facts::LOG_CURSOR).await.map_err(|error| self.failure(error))
    }

    async fn baseline(&self) -> Result<Option<Baseline>, StoreFailure> {
        let mut connection = self.connection.lock().await;
        facts::read_json(&mut connection, facts::BASELINE).await.map_err(|error| self.failure(error))
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreFailure> {
        let mut connection = self.connection.lock().await;
        queries::entries(&mut connection, filter).await.map_err(|error| self.failure(error))
    }
}

impl StoreReader for ReadStore {
    async fn sync_state(&self, now: DateTime<Utc>) -> Result<SyncState, StoreFailure> {
        let dialect = self.place.dialect();
        self.look(|connection| Box::pin(read(connection, dialect, now))).await
    }

    async fn target(&self) -> Result<Option<TargetProfile>, StoreFailure> {
        self.look(|connection| Box::pin(facts::read_json(connection, facts::TARGET))).await
    }

    async fn log_cursor(&self) -> Result<Option<LogCursor>, StoreFailure> {
        self.look(|connection| Box::pin(facts::read_json(connection, facts::LOG_CURSOR))).await
    }

    async fn baseline(&self) -> Result<Option<Baseline>, StoreFailure> {
        self.look(|connection| Box::pin(facts::read_json(connection, facts::BASELINE))).await
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreFailure> {
        self.look(|connection| {
            let filter = filter.clone();
            Box::pin(async move { queries::entries(connection, &filter).await })
        })
        .await
    }
}

impl ReadStore {
    /// Reads something. Where there is no store yet, nothing is found.
    pub(super) async fn look<T: Default>(
        &self,
        work: impl for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    ) -> Result<T, StoreFailure> {
        let path = match &self.place {
            StorePlace::File(path) => path,
            StorePlace::Server(url) => return self.look_at_server(url, work).await,
        };
        loop {
            let Some(mut glimpse) = SnapshotConnection::of(path).await? else { return Ok(T::default()) };
            let found = match glimpse.content {
                Content::Nothing => Ok(T::default()),
                Content::Tables => work(&mut glimpse.connection).await,
            };
            // A cycle that began to write meanwhile may have shown us a mixture, or an error that is none: read again, beside it.
            if glimpse.holds(path).await {
                return found.map_err(|error| self.failure(error));
            }
        }
    }

    async fn look_at_server<T: Default>(
        &self,
        url: &PostgresUrl,
        work: impl for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    ) -> Result<T, StoreFailure> {
        let (mut connection, content) = postgres::look(url).await?;
        let found = match content {
            Content::Nothing => Ok(T::default()),
            Content::Tables => work(&mut connection).await,
        };
        postgres::leave(connection).await;
        found.map_err(|error| self.failure(error))
    }
}

async fn read(connection: &mut AnyConnection, dialect: Dialect, now: DateTime<Utc>) -> Result<SyncState, Error> {
    sqlx::raw_sql(dialect.begin_reading()).execute(&mut *connection).await?;
    let state = read_all(connection, dialect, now).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
    state
}

async fn read_all(connection: &mut AnyConnection, dialect: Dialect, now: DateTime<Utc>) -> Result<SyncState, Error> {
    let facts: BTreeMap<String, String> =
        sqlx::query("SELECT name, value FROM facts WHERE name NOT IN ('log_cursor', 'baseline')")
            .fetch_all(&mut *connection)
            .await?
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, Error>>()?;
    let fact = |name: &str| facts.get(name).map(String::as_str);
    let time = |name: &str| fact(name).and_then(|text| text.parse().ok()).map(instant);
    let watch = match (time("watch_since"), time("watch_last"), fact("watch_rules")) {
        (Some(since), Some(last), Some(rules)) => Some(Watch { since, last, rules: Fingerprint::from_hex(rules) }),
        _ => None,
    };
    let first_run = if fact("first_run").is_some() { FirstRun::Done } else { FirstRun::Due };
    Ok(SyncState {
        tenant: tenant(connection).await?,
        first_run,
        links: links(connection, dialect).await?,
        leavers: leavers(connection).await?,
        rejected: rejected(connection).await?,
        missing_groups: collected(connection, "SELECT name, since FROM missing_groups", |row| {
            Ok((row.try_get::<String, _>(0)?.into(), instant(row.try_get(1)?)))
        })
        .await?,
        protected: collected(connection, "SELECT haiilo_id, pattern FROM protected", |row| {
            Ok((HaiiloId::new(row.try_get::<String, _>(0)?), row.try_get(1)?))
        })
        .await?,
        watch,
        mapping: fact("mapping").map(|fingerprint| AcceptedMapping {
            fingerprint: Fingerprint::from_hex(fingerprint),
            parts: fact("mapping_parts").and_then(|parts| serde_json::from_str(parts).ok()).unwrap_or_default(),
        }),
        recent: recent(connection, now).await?,
        approvals: approvals(connection, now).await?,
        open: open(connection).await?,
        canaries: collected(connection, "SELECT configuration, kind FROM canaries", |row| {
            Ok((Fingerprint::from_hex(row.try_get::<String, _>(0)?), row.try_get(1)?))
        })
        .await?,
        confirmed_new: collected(connection, "SELECT okta_id, since FROM confirmed_new", |row| {
            Ok(OktaUserId::new(row.try_get::<String, _>(0)?))
        })
        .await?,
        recreated: collected(connection, "SELECT okta_id, since FROM recreated", |row| {
            Ok(OktaUserId::new(row.try_get::<String, _>(0)?))
        })
        .await?,
        former_names: collected(
            connection,
            "SELECT user_names.user_name, links.okta_id FROM user_names JOIN links ON links.haiilo_id = user_names.haiilo_id",
            |row| {
                let name = UserName::new(row.try_get::<String, _>(0)?);
                Ok((name.key(), OktaUserId::new(row.try_get::<String, _>(1)?)))
            },
        )
        .await?,
        removed_accounts: removed_accounts(connection).await?,
        deactivation_deleted: fact(facts::DEACTIVATION_DELETED).map(HaiiloId::new),
        pause: fact("pause_by").map(|by| Pause {
            until: time("pause_until"),
            by: by.to_owned(),
            reason: fact("pause_reason").map(str::to_owned),
        }),
        groups: groups(connection, now).await?,
        cycles: fact("cycles").and_then(|text| text.parse().ok()).unwrap_or(0),
    })
}

async fn removed_accounts(connection: &mut AnyConnection) -> Result<BTreeMap<OktaUserId, RemovedAccount>, Error> {
    collected(connection, "SELECT okta_id, haiilo_id, effect FROM removed_accounts", |row| {
        // A word that we cannot read is the careful one: nobody is made active by it.
        let effect = match row.try_get::<String, _>(2)?.as_str() {
            "deactivated" => RemovalEffect::Deactivated,
            _ => RemovalEffect::Deleted,
        };
        let haiilo_id = HaiiloId::new(row.try_get::<String, _>(1)?);
        Ok((OktaUserId::new(row.try_get::<String, _>(0)?), RemovedAccount { haiilo_id, effect }))
    })
    .await
}

/// What each row says, as a map, a set or a list.
async fn collected<T, C: FromIterator<T>>(
    connection: &mut AnyConnection,
    query: &'static str,
    one: impl Fn(&AnyRow) -> Result<T, Error>,
) -> Result<C, Error> {
    sqlx::query(query).fetch_all(connection).await?.iter().map(one).collect()
}

async fn tenant(connection: &mut AnyConnection) -> Result<Option<Tenant>, Error> {
    let row =
        sqlx::query("SELECT org_id, org_url, app_id, product, base_url FROM tenant").fetch_optional(connection).await?;
    row.map(|row| {
        Ok(Tenant {
            org_id: row.try_get(0)?,
            org_url: row.try_get(1)?,
            app_id: row.try_get(2)?,
            product: row.try_get(3)?,
            base_url: row.try_get(4)?,
        })
    })
    .transpose()
}

/// One link as the database puts it into JSON, field by field in the order of the query.
#[derive(Deserialize)]
struct LinkRow<'a>(
    #[serde(borrow)] std::borrow::Cow<'a, str>,
    #[serde(borrow)] std::borrow::Cow<'a, str>,
    #[serde(borrow)] std::borrow::Cow<'a, str>,
    &'a str,
    i64,
    Option<i64>,
    i64,
);

/// One row of text for thousands of links costs a third of as many rows: the driver's work is by row and column.
async fn links(connection: &mut AnyConnection, dialect: Dialect) -> Result<Links, Error> {
    let mut links = Vec::new();
    let mut last = String::new();
    loop {
        let chunk: String =
            sqlx::query_scalar(dialect.links()).bind(last.as_str()).bind(CHUNK).fetch_one(&mut *connection).await?;
        let rows: Vec<LinkRow<'_>> = serde_json::from_str(&chunk).map_err(|error| Error::Decode(error.into()))?;
        let Some(row) = rows.last() else { return Ok(links.into_iter().collect()) };
        last = row.0.clone().into_owned();
        links.extend(rows.into_iter().map(
            |LinkRow(okta_id, haiilo_id, user_name, origin, listed, missing, approved)| Link {
                okta_id: OktaUserId::new(okta_id),
                haiilo_id: HaiiloId::new(haiilo_id),
                user_name: UserName::new(user_name),
                origin: Origin::of(origin),
                listed: if listed == 0 { Listed::Never } else { Listed::Seen },
                missing: missing.map(|since| Absence { since: instant(since), counted: counted(approved) }),
            },
        ));
    }
}

async fn leavers(connection: &mut AnyConnection) -> Result<BTreeMap<OktaUserId, LeaverRecord>, Error> {
    collected(
        connection,
        "SELECT okta_id, since, approved, evidence, action, grace_from, employee FROM leavers",
        |row| {
            let evidence = match row.try_get::<Option<String>, _>(3)?.as_deref() {
                Some("deactivated") => Some(Evidence::Deactivated),
                Some("unassigned") => Some(Evidence::Unassigned),
                _ => None,
            };
            // A word that we cannot read starts the clock again, because it is not the word of the configuration.
            let action = match row.try_get::<Option<String>, _>(4)?.as_deref() {
                Some("delete") => LeaverAction::Delete,
                Some("deactivate") => LeaverAction::Deactivate,
                _ => LeaverAction::Keep,
            };
            let clock = match (evidence, row.try_get::<Option<i64>, _>(5)?) {
                (Some(evidence), Some(from)) => Some(GracePeriod { evidence, action, from: instant(from) }),
                _ => None,
            };
            let absence = Absence { since: instant(row.try_get(1)?), counted: counted(row.try_get(2)?) };
            let employee = row.try_get::<Option<i64>, _>(6)?.and_then(EmployeeNumber::from_kept);
            Ok((OktaUserId::new(row.try_get::<String, _>(0)?), LeaverRecord { absence, clock, employee }))
        },
    )
    .await
}

async fn rejected(
    connection: &mut AnyConnection,
) -> Result<BTreeMap<(OktaUserId, CompactString), RememberedRejection>, Error> {
    collected(connection, "SELECT okta_id, path, value, reason, since FROM rejected_values", |row| {
        let key = (OktaUserId::new(row.try_get::<String, _>(0)?), row.try_get::<String, _>(1)?.into());
        Ok((
            key,
            RememberedRejection { value: row.try_get(2)?, reason: row.try_get(3)?, since: instant(row.try_get(4)?) },
        ))
    })
    .await
}

/// What counts towards the limits: everybody to whom something was done, or may have been, in the last day and without an approval. People
/// count, not entries: whoever is tried again and again is one person.
async fn recent(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<BTreeMap<LimitName, u64>, Error> {
    let rows = sqlx::query(
        "SELECT kind, COUNT(DISTINCT okta_id), COUNT(DISTINCT CASE WHEN renames = 1 THEN okta_id END), \
         COUNT(DISTINCT CASE WHEN clears = 1 THEN okta_id END), COUNT(DISTINCT CASE WHEN moves = 1 THEN okta_id END) \
         FROM journal WHERE at > $1 AND counted = 1 \
         AND NOT EXISTS (SELECT 1 FROM journal_outcomes ended WHERE ended.entry = journal.entry \
         AND ended.outcome NOT IN ('done', 'done_except', 'unknown')) GROUP BY kind",
    )
    .bind((now - TimeDelta::hours(24)).timestamp())
    .fetch_all(connection)
    .await?;
    let mut recent = BTreeMap::new();
    let mut add = |limit, count: u64| {
        if count > 0 {
            *recent.entry(limit).or_default() += count;
        }
    };
    for row in rows {
        let number = |column: usize| row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0));
        let count = number(1)?;
        match row.try_get::<String, _>(0)?.as_str() {
            "delete" | "deactivate" => add(LimitName::Deletes, count),
            "create" | "adopt" | "reactivate" => add(LimitName::Creates, count),
            "update" => {
                add(LimitName::Updates, count);
                add(LimitName::Renames, number(2)?);
                add(LimitName::Clears, number(3)?);
                add(LimitName::Moves, number(4)?);
            }
            _ => {}
        }
    }
    Ok(recent)
}

async fn approvals(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<Approval>, Error> {
    let rows = sqlx::query("SELECT id, items, approved_until FROM blocked_plans WHERE approved_until > $1 ORDER BY id")
        .bind(now.timestamp())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let items: BTreeSet<String> = serde_json::from_str(row.try_get::<String, _>(1)?.as_str())
                .map_err(|error| Error::Decode(error.into()))?;
            Ok(Approval { id: ApprovalId::new(row.try_get::<String, _>(0)?), items, until: instant(row.try_get(2)?) })
        })
        .collect()
}

async fn open(connection: &mut AnyConnection) -> Result<Vec<OpenOperation>, Error> {
    let rows = sqlx::query(
        "SELECT journal.entry, kind, okta_id, haiilo_id, user_name FROM journal JOIN open_entries ON open_entries.entry = journal.entry \
         WHERE kind NOT LIKE 'probe%' AND kind NOT LIKE 'group-%' ORDER BY journal.entry",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let kind = row.try_get::<String, _>(1)?.parse().unwrap_or(OperationKind::Update);
            Ok(OpenOperation {
                entry: row.try_get(0)?,
                kind,
                okta_id: OktaUserId::new(row.try_get::<String, _>(2)?),
                haiilo_id: row.try_get::<Option<String>, _>(3)?.map(HaiiloId::new),
                user_name: UserName::new(row.try_get::<String, _>(4)?),
            })
        })
        .collect()
}

fn counted(approved: i64) -> Counted {
    if approved == 0 { Counted::Yes } else { Counted::Approved }
}

/// What the store remembers of groups.
async fn groups(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<GroupSyncState, Error> {
    Ok(GroupSyncState {
        links: group_links(connection).await?,
        removed: removed_members(connection, now).await?,
        open: open_groups(connection).await?,
    })
}

async fn group_links(connection: &mut AnyConnection) -> Result<BTreeMap<OktaGroupId, GroupLink>, Error> {
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
async fn removed_members(
    connection: &mut AnyConnection,
    now: DateTime<Utc>,
) -> Result<BTreeMap<OktaGroupId, u64>, Error> {
    let rows = sqlx::query(
        "SELECT okta_id, CAST(SUM(removed) AS BIGINT) FROM journal WHERE at > $1 AND removed > 0 AND counted = 1 \
         AND NOT EXISTS (SELECT 1 FROM journal_outcomes ended WHERE ended.entry = journal.entry AND ended.outcome NOT IN ('done', 'unknown')) \
         GROUP BY okta_id",
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

async fn open_groups(connection: &mut AnyConnection) -> Result<Vec<OpenGroupOperation>, Error> {
    let rows = sqlx::query(
        "SELECT journal.entry, kind, okta_id, haiilo_id FROM journal JOIN open_entries ON open_entries.entry = journal.entry \
         WHERE kind LIKE 'group-%' ORDER BY journal.entry",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OpenGroupOperation {
                entry: row.try_get(0)?,
                kind: row.try_get::<String, _>(1)?.parse().unwrap_or(GroupKind::Members),
                okta_id: OktaGroupId::new(row.try_get::<String, _>(2)?),
                haiilo_id: row.try_get::<Option<String>, _>(3)?.map(HaiiloGroupId::new),
            })
        })
        .collect()
}

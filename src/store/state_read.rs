//! Reading all that a plan depends on. Links are read in large chunks, since there are as many as people.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use sqlx::{AnyConnection, Error};

use crate::domain::model::ids::{EmployeeNumber, Fingerprint, HaiiloId, OktaGroupId, OktaUserId, UserName};
use crate::domain::model::limit::LimitName;
use crate::domain::model::link::{Absence, GroupLink, Link, Links, Listed, Origin};
use crate::domain::model::policy::{LeaverAction, RemovalEffect};
use crate::domain::model::target::TargetProfile;
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
use crate::store::location::Dialect;
use crate::store::open::ReadTransaction;
use crate::store::sql::{column, counted, instant, json, pair, rows, statement};
use crate::store::{queries, single_values};

/// How many links are read at once.
const CHUNK: i64 = 5_000;

/// The time over which the limits count.
const DAY: TimeDelta = TimeDelta::hours(24);

impl<S: ReadTransaction> StoreReader for S {
    async fn sync_state(&self, now: DateTime<Utc>) -> Result<SyncState, StoreFailure> {
        let dialect = self.place().dialect();
        self.read(|connection| Box::pin(read(connection, dialect, now))).await
    }

    async fn target(&self) -> Result<Option<TargetProfile>, StoreFailure> {
        self.read(|connection| Box::pin(single_values::read_json(connection, single_values::TARGET))).await
    }

    async fn log_cursor(&self) -> Result<Option<LogCursor>, StoreFailure> {
        self.read(|connection| Box::pin(single_values::read_json(connection, single_values::LOG_CURSOR))).await
    }

    async fn baseline(&self) -> Result<Option<Baseline>, StoreFailure> {
        self.read(|connection| Box::pin(single_values::read_json(connection, single_values::BASELINE))).await
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreFailure> {
        self.read(|connection| {
            let filter = filter.clone();
            Box::pin(async move { queries::entries(connection, &filter).await })
        })
        .await
    }
}

async fn read(connection: &mut AnyConnection, dialect: Dialect, now: DateTime<Utc>) -> Result<SyncState, Error> {
    sqlx::raw_sql(dialect.begin_reading()).execute(&mut *connection).await?;
    let state = read_all(connection, dialect, now).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
    state
}

/// The single values, by name.
struct Facts(BTreeMap<String, String>);

impl Facts {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.text(name).and_then(single_values::to_time)
    }

    fn watch(&self) -> Option<Watch> {
        let (since, last) = (self.time("watch_since")?, self.time("watch_last")?);
        Some(Watch { since, last, rules: Fingerprint::from_hex(self.text("watch_rules")?) })
    }

    fn mapping(&self) -> Option<AcceptedMapping> {
        let fingerprint = Fingerprint::from_hex(self.text("mapping")?);
        let parts = self.text("mapping_parts").and_then(|parts| serde_json::from_str(parts).ok());
        Some(AcceptedMapping { fingerprint, parts: parts.unwrap_or_default() })
    }

    fn pause(&self) -> Option<Pause> {
        let by = self.text("pause_by")?.to_owned();
        Some(Pause { until: self.time("pause_until"), by, reason: self.text("pause_reason").map(str::to_owned) })
    }
}

async fn read_all(connection: &mut AnyConnection, dialect: Dialect, now: DateTime<Utc>) -> Result<SyncState, Error> {
    let facts = "SELECT name, value FROM facts WHERE name NOT IN ('log_cursor', 'baseline')";
    let facts = Facts(rows(connection, facts, &[], pair).await?);
    Ok(SyncState {
        tenant: tenant(connection).await?,
        first_run: if facts.text("first_run").is_some() { FirstRun::Done } else { FirstRun::Due },
        links: links(connection, dialect).await?,
        leavers: leavers(connection).await?,
        rejected: rejected(connection).await?,
        missing_groups: rows(connection, "SELECT name, since FROM missing_groups", &[], pair).await?,
        protected: rows(connection, "SELECT haiilo_id, pattern FROM protected", &[], pair).await?,
        watch: facts.watch(),
        mapping: facts.mapping(),
        recent: recent(connection, now).await?,
        approvals: approvals(connection, now).await?,
        open: open(connection).await?,
        canaries: rows(connection, "SELECT configuration, kind FROM canaries", &[], pair).await?,
        confirmed_new: rows(connection, "SELECT okta_id FROM confirmed_new", &[], |row| column(row, 0)).await?,
        recreated: rows(connection, "SELECT okta_id FROM recreated", &[], |row| column(row, 0)).await?,
        former_names: former_names(connection).await?,
        removed_accounts: removed_accounts(connection).await?,
        deactivation_deleted: facts.text(single_values::DEACTIVATION_DELETED).map(HaiiloId::new),
        pause: facts.pause(),
        groups: GroupSyncState {
            links: group_links(connection).await?,
            removed: removed_members(connection, now).await?,
            open: open_groups(connection).await?,
        },
        cycles: facts.text("cycles").and_then(|text| text.parse().ok()).unwrap_or(0),
    })
}

async fn tenant(connection: &mut AnyConnection) -> Result<Option<Tenant>, Error> {
    let select = statement("SELECT org_id, org_url, app_id, product, base_url FROM tenant", &[]);
    let Some(row) = select.fetch_optional(connection).await? else { return Ok(None) };
    Ok(Some(Tenant {
        org_id: column(&row, 0)?,
        org_url: column(&row, 1)?,
        app_id: column(&row, 2)?,
        product: column(&row, 3)?,
        base_url: column(&row, 4)?,
    }))
}

/// One link as the database puts it into JSON, field by field in the order of the query.
type LinkRow = (OktaUserId, HaiiloId, UserName, CompactString, i64, Option<i64>, i64);

/// One row of text for thousands of links costs a third of as many rows: the driver's work is by row and column.
async fn links(connection: &mut AnyConnection, dialect: Dialect) -> Result<Links, Error> {
    let mut links: Vec<Link> = Vec::new();
    loop {
        let last = links.last().map_or("", |link| link.okta_id.as_str());
        let row = statement(dialect.links(), &[&last, &CHUNK]).fetch_one(&mut *connection).await?;
        let chunk: Vec<LinkRow> = json(&row, 0)?;
        if chunk.is_empty() {
            return Ok(links.into_iter().collect());
        }
        links.extend(chunk.into_iter().map(|(okta_id, haiilo_id, user_name, origin, listed, missing, approved)| {
            Link {
                okta_id,
                haiilo_id,
                user_name,
                origin: Origin::of(&origin),
                listed: if listed == 0 { Listed::Never } else { Listed::Seen },
                missing: missing.map(|since| Absence { since: instant(since), counted: counted(approved) }),
            }
        }));
    }
}

async fn leavers(connection: &mut AnyConnection) -> Result<BTreeMap<OktaUserId, LeaverRecord>, Error> {
    let select = "SELECT okta_id, since, approved, evidence, action, grace_from, employee FROM leavers";
    rows(connection, select, &[], |row| {
        let evidence = column::<Option<String>>(row, 3)?.and_then(|word| word.parse().ok());
        // A word that we cannot read starts the grace period again, because it is not the word of the configuration.
        let action = column::<Option<String>>(row, 4)?.and_then(|word| word.parse().ok()).unwrap_or(LeaverAction::Keep);
        let from = column(row, 5)?;
        let grace_period = evidence.zip(from).map(|(evidence, from)| GracePeriod { evidence, action, from });
        let absence = Absence { since: column(row, 1)?, counted: column(row, 2)? };
        let employee = column::<Option<i64>>(row, 6)?.and_then(EmployeeNumber::from_kept);
        Ok((column(row, 0)?, LeaverRecord { absence, grace_period, employee }))
    })
    .await
}

async fn rejected(
    connection: &mut AnyConnection,
) -> Result<BTreeMap<(OktaUserId, CompactString), RememberedRejection>, Error> {
    let select = "SELECT okta_id, path, value, reason, since FROM rejected_values";
    rows(connection, select, &[], |row| {
        let [value, reason] = [column(row, 2)?, column(row, 3)?];
        Ok((pair(row)?, RememberedRejection { value, reason, since: column(row, 4)? }))
    })
    .await
}

async fn former_names(connection: &mut AnyConnection) -> Result<BTreeSet<(CompactString, OktaUserId)>, Error> {
    let select = "SELECT user_names.user_name, links.okta_id FROM user_names JOIN links ON links.haiilo_id = user_names.haiilo_id";
    rows(connection, select, &[], |row| Ok((column::<UserName>(row, 0)?.key(), column(row, 1)?))).await
}

async fn removed_accounts(connection: &mut AnyConnection) -> Result<BTreeMap<OktaUserId, RemovedAccount>, Error> {
    rows(connection, "SELECT okta_id, haiilo_id, effect FROM removed_accounts", &[], |row| {
        // A word that we cannot read counts as the careful one: it reactivates no account.
        let effect = column::<String>(row, 2)?.parse().unwrap_or(RemovalEffect::Deleted);
        Ok((column(row, 0)?, RemovedAccount { haiilo_id: column(row, 1)?, effect }))
    })
    .await
}

/// What counts towards the limits: each person with an operation that was done, or may have been, in the last day and without an approval.
/// People count, not entries: a person who is tried again and again is one person.
async fn recent(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<BTreeMap<LimitName, u64>, Error> {
    let select = statement(
        "SELECT kind, COUNT(DISTINCT okta_id), COUNT(DISTINCT CASE WHEN renames = 1 THEN okta_id END), \
         COUNT(DISTINCT CASE WHEN clears = 1 THEN okta_id END), COUNT(DISTINCT CASE WHEN moves = 1 THEN okta_id END) \
         FROM journal WHERE at > $1 AND counted = 1 \
         AND COALESCE((SELECT ended.outcome FROM journal_outcomes ended WHERE ended.entry = journal.entry \
         ORDER BY ended.number DESC LIMIT 1), 'unknown') IN ('done', 'done_except', 'unknown') GROUP BY kind",
        &[&(now - DAY)],
    );
    let mut recent = BTreeMap::new();
    let mut add = |limit, count: u64| {
        if count > 0 {
            *recent.entry(limit).or_default() += count;
        }
    };
    for row in select.fetch_all(connection).await? {
        let count = column::<u64>(&row, 1)?;
        match column::<String>(&row, 0)?.as_str() {
            "delete" | "deactivate" => add(LimitName::Deletes, count),
            "create" | "adopt" | "reactivate" => add(LimitName::Creates, count),
            "update" => {
                add(LimitName::Updates, count);
                add(LimitName::Renames, column(&row, 2)?);
                add(LimitName::Clears, column(&row, 3)?);
                add(LimitName::Moves, column(&row, 4)?);
            }
            _ => {}
        }
    }
    Ok(recent)
}

async fn approvals(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<Approval>, Error> {
    let select = "SELECT id, items, approved_until FROM blocked_plans WHERE approved_until > $1 ORDER BY id";
    rows(connection, select, &[&now], |row| {
        Ok(Approval { id: column(row, 0)?, items: json(row, 1)?, until: column(row, 2)? })
    })
    .await
}

async fn open(connection: &mut AnyConnection) -> Result<Vec<OpenOperation>, Error> {
    let select = "SELECT journal.entry, kind, okta_id, haiilo_id, user_name FROM journal JOIN open_entries ON open_entries.entry = journal.entry \
                  WHERE kind NOT LIKE 'probe%' AND kind NOT LIKE 'group-%' ORDER BY journal.entry";
    rows(connection, select, &[], |row| {
        Ok(OpenOperation {
            entry: column(row, 0)?,
            kind: column::<String>(row, 1)?.parse().unwrap_or(OperationKind::Update),
            okta_id: column(row, 2)?,
            haiilo_id: column(row, 3)?,
            user_name: column(row, 4)?,
        })
    })
    .await
}

async fn group_links(connection: &mut AnyConnection) -> Result<BTreeMap<OktaGroupId, GroupLink>, Error> {
    rows(connection, "SELECT okta_id, haiilo_id, name, origin, described FROM group_links", &[], |row| {
        let link = GroupLink {
            okta_id: column(row, 0)?,
            haiilo_id: column(row, 1)?,
            name: column(row, 2)?,
            origin: Origin::of(&column::<String>(row, 3)?),
            described: column(row, 4)?,
        };
        Ok((link.okta_id.clone(), link))
    })
    .await
}

/// Members count, and not entries: an entry takes out as many as it names, also while its outcome is not known.
async fn removed_members(
    connection: &mut AnyConnection,
    now: DateTime<Utc>,
) -> Result<BTreeMap<OktaGroupId, u64>, Error> {
    let select = "SELECT okta_id, CAST(SUM(removed) AS BIGINT) FROM journal WHERE at > $1 AND removed > 0 AND counted = 1 \
         AND COALESCE((SELECT ended.outcome FROM journal_outcomes ended WHERE ended.entry = journal.entry \
         ORDER BY ended.number DESC LIMIT 1), 'unknown') IN ('done', 'unknown') GROUP BY okta_id";
    rows(connection, select, &[&(now - DAY)], pair).await
}

async fn open_groups(connection: &mut AnyConnection) -> Result<Vec<OpenGroupOperation>, Error> {
    let select = "SELECT journal.entry, kind, okta_id, haiilo_id FROM journal JOIN open_entries ON open_entries.entry = journal.entry \
                  WHERE kind LIKE 'group-%' ORDER BY journal.entry";
    rows(connection, select, &[], |row| {
        Ok(OpenGroupOperation {
            entry: column(row, 0)?,
            kind: column::<String>(row, 1)?.parse().unwrap_or(GroupKind::Members),
            okta_id: column(row, 2)?,
            haiilo_id: column(row, 3)?,
        })
    })
    .await
}

//! The store: what it remembers, and who may write. Each of these holds for SQLite and for PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use okta_haiilo_sync::domain::model::ids::{ApprovalId, Fingerprint, HaiiloId, OktaUserId, RunId, UserName};
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::model::link::{Absence, Counted, Link, Listed, Origin};
use okta_haiilo_sync::domain::model::policy::LeaverAction;
use okta_haiilo_sync::domain::plan::evidence::Evidence;
use okta_haiilo_sync::domain::plan::leaver::{GracePeriod, LeaverRecord};
use okta_haiilo_sync::domain::plan::operation::{Action, Operation, OperationKind, RemovalMethod};
use okta_haiilo_sync::domain::plan::outcome::{Effect, Outcome};
use okta_haiilo_sync::domain::plan::sync_state_update::SyncStateUpdate;
use okta_haiilo_sync::domain::planning::limits::Violation;
use okta_haiilo_sync::domain::state::journal::{Intent, IntentStep, RunContext};
use okta_haiilo_sync::domain::state::run_history::CycleResult;
use okta_haiilo_sync::domain::state::sync_state::{AcceptedMapping, FirstRun, SyncState, Tenant, Watch};
use okta_haiilo_sync::ports::{Acceptance, ActWriter as _, BlockedPlan, CycleEnd, StoreReader as _, StoreWriter as _};
use okta_haiilo_sync::store::{CycleLock, ReadStore, Store, StorePath, StorePlace};
use secrecy::ExposeSecret as _;
use sqlx::{AnyConnection, Connection as _, Row as _};
use tempfile::TempDir;

use crate::setup::postgres;
use crate::setup::world::free_lock;
use crate::store::history::mandate_of;

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
}

/// Where the store of one test is: each of both databases keeps what it is told.
pub(crate) struct Bed {
    pub(crate) place: StorePlace,
    /// Of SQLite; the other one has no files that we know.
    _folder: Option<TempDir>,
}

impl Bed {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self { place: path(&folder).into(), _folder: Some(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        Self { place: StorePlace::Server(postgres::database().await), _folder: None }
    }

    pub(crate) async fn open(&self) -> Store {
        let lock = free_lock(&self.place, "a test").await;
        Store::open(&self.place, lock).await.expect("a store")
    }

    pub(crate) fn reader(&self) -> ReadStore {
        ReadStore::new(&self.place)
    }

    /// A connection that knows nothing of the store.
    pub(crate) async fn connection(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let url = match &self.place {
            StorePlace::File(path) => format!("sqlite:{}?mode=rwc", path.as_path().display()),
            StorePlace::Server(url) => url.with_password().expose_secret().to_owned(),
        };
        AnyConnection::connect(&url).await.expect("connected")
    }
}

/// Each of these is a test on SQLite, and one on PostgreSQL where a server is at hand.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::store::contents::Bed::sqlite()).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
            async fn $name() {
                super::$name($crate::store::contents::Bed::postgres().await).await;
            })*
        }
    };
}

pub(crate) use on_both;

on_both!(
    a_store_that_is_new_remembers_nothing,
    what_is_written_is_remembered,
    a_store_that_was_hardly_begun_is_gone_on_with,
    many_links_are_read_in_chunks,
    invariant_08_an_operation_is_open_until_its_outcome_is_known,
    effects_change_what_is_remembered,
    the_last_day_is_counted_without_what_was_approved_refused_or_held,
    an_approval_lives_until_its_end_and_names_its_things,
    an_approval_covers_everybody_who_is_gone,
    cycles_are_counted_and_the_oldest_forgotten,
    what_fails_half_way_leaves_nothing,
    a_dry_run_reads_beside_a_cycle_that_writes,
    one_cycle_at_a_time_and_the_holder_is_named,
    the_lock_of_one_store_opens_no_other,
    a_store_of_a_newer_version_is_left_alone,
);

pub(crate) fn path(folder: &TempDir) -> StorePath {
    StorePath::new(folder.path().join("state.db"))
}

pub(crate) fn link(n: u32) -> Link {
    Link {
        okta_id: OktaUserId::new(format!("00u{n:05}")),
        haiilo_id: HaiiloId::new(format!("h\"{n:05}")),
        user_name: UserName::new(format!("p{n}@example.com")),
        origin: if n.is_multiple_of(2) { Origin::Created } else { Origin::Adopted },
        listed: if n.is_multiple_of(3) { Listed::Never } else { Listed::Seen },
        missing: None,
    }
}

pub(crate) fn operation(kind: OperationKind, n: u32) -> Operation {
    let Link { okta_id, haiilo_id, user_name, origin, .. } = link(n);
    let action = match kind {
        OperationKind::Adopt => Action::Adopt { haiilo_id, origin },
        OperationKind::Create => Action::Create { changes: Vec::new(), replaces: None, waits_for: None },
        OperationKind::Update => Action::Update { haiilo_id, changes: Vec::new(), waits_for: None },
        OperationKind::Reactivate => Action::Reactivate { haiilo_id },
        OperationKind::Deactivate => Action::Deactivate { haiilo_id, evidence: Evidence::Deactivated },
        OperationKind::Delete => {
            Action::Delete { haiilo_id, evidence: Evidence::Deactivated, method: RemovalMethod::Delete }
        }
    };
    Operation { okta_id, user_name, action }
}

pub(crate) fn run_context(approval: Option<&str>) -> RunContext {
    RunContext {
        run: RunId::new("run-1"),
        approval: approval.map(ApprovalId::new),
        by: "root (0)".to_owned(),
        reason: Some("a reason".to_owned()),
    }
}

pub(crate) async fn adopt(store: &Store, numbers: impl IntoIterator<Item = u32>) {
    let operations: Vec<(Operation, Link)> =
        numbers.into_iter().map(|n| (operation(OperationKind::Adopt, n), link(n))).collect();
    let adopted: Vec<(&Operation, Link)> =
        operations.iter().map(|(operation, link)| (operation, link.clone())).collect();
    store.adopt(&run_context(Some("approved")), &adopted, at(0)).await.expect("links");
}

fn accepted_mapping() -> AcceptedMapping {
    let parts = [("userName".to_owned(), "user.email".to_owned())].into();
    AcceptedMapping { fingerprint: Fingerprint::of(&["mapping"]), parts }
}

fn acceptance(leavers: Counted, missing: Counted) -> Acceptance {
    Acceptance { leavers, missing, mapping: accepted_mapping(), first_run: FirstRun::Done }
}

async fn a_store_that_is_new_remembers_nothing(bed: Bed) {
    for _ in 0..2 {
        let state = bed.reader().sync_state(at(0)).await.expect("nothing");
        assert_eq!(format!("{state:?}"), format!("{:?}", SyncState::default()));
    }
    let store = bed.open().await;
    let state = store.sync_state(at(0)).await.expect("nothing");
    assert_eq!(format!("{state:?}"), format!("{:?}", SyncState::default()));
    store.close().await.expect("closed");
    let state = bed.reader().sync_state(at(0)).await.expect("nothing");
    assert_eq!(format!("{state:?}"), format!("{:?}", SyncState::default()));
}

/// A cycle may end when the table of versions is made, and nothing else.
async fn a_store_that_was_hardly_begun_is_gone_on_with(bed: Bed) {
    let begun = match &bed.place {
        StorePlace::File(_) => VERSIONS.to_owned(),
        StorePlace::Server(_) => VERSIONS.replace("BLOB", "BYTEA").replace("TIMESTAMP", "TIMESTAMPTZ"),
    };
    let mut connection = bed.connection().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(begun.replace("CURRENT_TIMESTAMPTZ", "CURRENT_TIMESTAMP")))
        .execute(&mut connection)
        .await
        .expect("done");
    connection.close().await.expect("closed");
    let state = bed.reader().sync_state(at(0)).await.expect("memory");
    assert_eq!(format!("{state:?}"), format!("{:?}", SyncState::default()));
    let store = bed.open().await;
    adopt(&store, 0..3).await;
    assert_eq!(store.sync_state(at(0)).await.expect("memory").links.len(), 3);
}

async fn cycles_are_counted_and_the_oldest_forgotten(bed: Bed) {
    let store = bed.open().await;
    let finish = async |n: i64| {
        let watch = Some(Watch { since: at(0), last: at(n), rules: Fingerprint::of(&["rules"]) });
        let run = RunId::new(format!("run-{n}"));
        let (started, ended) = (at(n), at(n));
        let end = CycleEnd { run, started, ended, result: CycleResult::Applied, watch, journal_from: at(0) };
        store.finish(&end).await.expect("written");
    };
    for n in 0..2_003 {
        finish(n).await;
    }
    assert_eq!(store.sync_state(at(0)).await.expect("memory").cycles, 2_003);
    store.close().await.expect("closed");
    let mut connection = bed.connection().await;
    let kept: (i64, i64) = sqlx::query("SELECT COUNT(*), MIN(started) FROM cycles")
        .fetch_one(&mut connection)
        .await
        .and_then(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .expect("rows");
    assert_eq!(kept, (2_000, at(3).timestamp()));
}

/// Two people cannot have one account: the second link is refused by the database, and takes the first one along.
async fn what_fails_half_way_leaves_nothing(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, [1]).await;
    let (two, three) = (operation(OperationKind::Adopt, 2), operation(OperationKind::Adopt, 3));
    let twin = Link { haiilo_id: link(1).haiilo_id, ..link(3) };
    let failure = store.adopt(&run_context(None), &[(&two, link(2)), (&three, twin)], at(0)).await.expect_err("a twin");
    assert!(failure.to_string().contains("does not work"), "{failure}");
    let state = store.sync_state(at(1)).await.expect("memory");
    assert_eq!((state.links.len(), state.open.len(), state.recent.len()), (1, 0, 0));
    // And the store goes on working.
    adopt(&store, [2]).await;
    assert_eq!(store.sync_state(at(1)).await.expect("memory").links.len(), 2);
}

async fn the_lock_of_one_store_opens_no_other(bed: Bed) {
    let elsewhere = TempDir::new().expect("a folder");
    let lock = free_lock(path(&elsewhere), "a test").await;
    let failure = Store::open(&bed.place, lock).await.expect_err("another lock");
    assert!(failure.to_string().contains("is not opened, since the lock is that of"), "{failure}");
    bed.open().await;
}

async fn a_store_of_a_newer_version_is_left_alone(bed: Bed) {
    bed.open().await.close().await.expect("closed");
    let success = if matches!(bed.place, StorePlace::File(_)) { "1, x'00'" } else { "TRUE, '\\x00'" };
    let raise = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', {success}, 0)"
    );
    let mut connection = bed.connection().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(raise)).execute(&mut connection).await.expect("written");
    connection.close().await.expect("closed");
    let lock = free_lock(&bed.place, "a test").await;
    let writing = Store::open(&bed.place, lock).await.expect_err("no store").to_string();
    let reading = bed.reader().sync_state(at(0)).await.expect_err("no store").to_string();
    assert!(writing.contains("was written by another version of this program"), "{writing}");
    assert!(reading.contains("was written by another version of this program"), "{reading}");
}

async fn what_is_written_is_remembered(bed: Bed) {
    let store = bed.open().await;
    let tenant = Tenant {
        org_id: Some("00o1".to_owned()),
        org_url: "https://example.okta.com".to_owned(),
        app_id: "0oa1".to_owned(),
        product: "advocacy".to_owned(),
        base_url: "https://example.smarpshare.com/api/scim/v2".to_owned(),
    };
    store.settle_tenant(&tenant, at(0)).await.expect("written");
    adopt(&store, 0..7).await;
    let gone = OktaUserId::new("00u00001");
    let grace_period = GracePeriod { evidence: Evidence::Unassigned, action: LeaverAction::Delete, from: at(5) };
    let absence = Absence { since: at(4), counted: Counted::Yes };
    let mut notes = SyncStateUpdate::default();
    notes
        .leavers
        .records
        .insert(gone.clone(), LeaverRecord { absence, grace_period: Some(grace_period), employee: None });
    notes.listed.insert(OktaUserId::new("00u00003"));
    notes.names.insert(OktaUserId::new("00u00002"), UserName::new("new@example.com"));
    notes.missing.insert(OktaUserId::new("00u00004"), absence);
    notes.protected.insert(HaiiloId::new("h5"), "*@haiilo.com".to_owned());
    store.save_update(&notes, &acceptance(Counted::Yes, Counted::Yes), at(6)).await.expect("written");
    let watch = Watch { since: at(1), last: at(9), rules: Fingerprint::of(&["rules"]) };
    let end = CycleEnd {
        run: RunId::new("run-1"),
        started: at(0),
        ended: at(9),
        result: CycleResult::Applied,
        watch: Some(watch.clone()),
        journal_from: at(0),
    };
    store.finish(&end).await.expect("written");
    store.see_canary(&Fingerprint::of(&["configuration"]), "update title").await.expect("written");
    store.close().await.expect("closed");

    let state = bed.reader().sync_state(at(10)).await.expect("memory");
    assert_eq!(state.tenant, Some(tenant));
    assert_eq!(state.first_run, FirstRun::Done);
    assert_eq!(state.mapping, Some(accepted_mapping()));
    assert_eq!((state.watch, state.cycles), (Some(watch), 1));
    assert_eq!(
        state.leavers,
        BTreeMap::from([(gone, LeaverRecord { absence, grace_period: Some(grace_period), employee: None })])
    );
    assert_eq!(state.protected, BTreeMap::from([(HaiiloId::new("h5"), "*@haiilo.com".to_owned())]));
    assert_eq!(state.canaries, BTreeSet::from([(Fingerprint::of(&["configuration"]), "update title".to_owned())]));
    let mut expected: Vec<Link> = (0..7).map(link).collect();
    expected[2].user_name = UserName::new("new@example.com");
    expected[3].listed = Listed::Seen;
    expected[4].missing = Some(absence);
    assert_eq!(state.links.iter().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(state.links.of_account(&HaiiloId::new("h\"00006")).map(|link| link.okta_id.as_str()), Some("00u00006"));
}

/// The driver's own table of versions, as it makes it.
pub(crate) const VERSIONS: &str = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";

async fn many_links_are_read_in_chunks(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, 0..11_000).await;
    let state = store.sync_state(at(0)).await.expect("memory");
    assert_eq!(state.links.len(), 11_000);
    assert!(state.links.iter().cloned().eq((0..11_000).map(link)));
}

async fn invariant_08_an_operation_is_open_until_its_outcome_is_known(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, [1, 2]).await;
    let run_context = run_context(None);
    let (create, update) = (operation(OperationKind::Create, 3), operation(OperationKind::Update, 1));
    let intend = async |operation| {
        let before = Some(serde_json::json!({"id": "x"}));
        store
            .intend(&Intent { run_context: &run_context, at: at(1), step: IntentStep::Account(operation), before })
            .await
            .expect("written")
    };
    let first = intend(&create).await;
    let second = intend(&update).await;
    let open = store.sync_state(at(2)).await.expect("memory").open;
    let kinds: Vec<(i64, OperationKind)> = open.iter().map(|open| (open.entry, open.kind)).collect();
    assert_eq!(kinds, [(first.0, OperationKind::Create), (second.0, OperationKind::Update)]);
    let unknown = Outcome::Unknown("the answer was lost".to_owned());
    store.conclude(first, &unknown, &[], at(3)).await.expect("written");
    store.conclude(second, &Outcome::Done, &[], at(3)).await.expect("written");
    let state = store.sync_state(at(4)).await.expect("memory");
    assert_eq!(state.open.iter().map(|open| open.entry).collect::<Vec<_>>(), [first.0]);
    store.conclude(first, &Outcome::Done, &[Effect::Linked(link(3))], at(5)).await.expect("written");
    let state = store.sync_state(at(6)).await.expect("memory");
    assert!(state.open.is_empty());
    assert_eq!(state.links.of_person(&OktaUserId::new("00u00003")), Some(&link(3)));
}

async fn effects_change_what_is_remembered(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, [1, 2]).await;
    let (run_context, update) = (run_context(None), operation(OperationKind::Update, 1));
    let conclude = async |effects: &[Effect]| {
        let intent = Intent { run_context: &run_context, at: at(1), step: IntentStep::Account(&update), before: None };
        let entry = store.intend(&intent).await.expect("written");
        store.conclude(entry, &Outcome::Done, effects, at(2)).await.expect("written");
        store.sync_state(at(3)).await.expect("memory")
    };
    let (one, two) = (OktaUserId::new("00u00001"), OktaUserId::new("00u00002"));
    let state = conclude(&[
        Effect::Renamed(one.clone(), UserName::new("renamed@example.com")),
        Effect::ValueRejected {
            okta_id: two.clone(),
            path: "title".into(),
            value: "\"x\"".to_owned(),
            reason: "why".to_owned(),
        },
        Effect::GroupMissing("Atlantis".into()),
    ])
    .await;
    assert_eq!(state.links.of_person(&one).map(|link| link.user_name.as_str()), Some("renamed@example.com"));
    assert_eq!(state.rejected[&(two.clone(), "title".into())].value, "\"x\"");
    assert_eq!(state.missing_groups.keys().collect::<Vec<_>>(), ["Atlantis"]);
    // An account that the person no longer has takes nothing along.
    let state = conclude(&[Effect::Unlinked(two.clone(), link(1).haiilo_id)]).await;
    assert_eq!((state.links.len(), state.rejected.len()), (2, 1));
    let state =
        conclude(&[Effect::Unlinked(two.clone(), link(2).haiilo_id), Effect::GroupFound("Atlantis".into())]).await;
    assert_eq!(state.links.iter().map(|link| &link.okta_id).collect::<Vec<_>>(), [&one]);
    assert!(state.rejected.is_empty() && state.missing_groups.is_empty());
}

async fn the_last_day_is_counted_without_what_was_approved_refused_or_held(bed: Bed) {
    let store = bed.open().await;
    let write = async |kind, n, approval, time, outcomes: &[Outcome]| {
        let (run_context, operation) = (run_context(approval), operation(kind, n));
        let intent =
            Intent { run_context: &run_context, at: at(time), step: IntentStep::Account(&operation), before: None };
        let entry = store.intend(&intent).await.expect("written");
        for outcome in outcomes {
            store.conclude(entry, outcome, &[], at(time)).await.expect("written");
        }
    };
    let (failed, unknown) = (Outcome::Failed("why".to_owned()), Outcome::Unknown("why".to_owned()));
    write(OperationKind::Create, 1, None, 0, &[Outcome::Done]).await;
    write(OperationKind::Create, 2, None, 0, &[]).await;
    write(OperationKind::Create, 3, Some("id"), 0, &[Outcome::Done]).await;
    write(OperationKind::Create, 4, None, 0, std::slice::from_ref(&failed)).await;
    write(OperationKind::Create, 5, None, 0, &[Outcome::Held("why".to_owned())]).await;
    write(OperationKind::Create, 6, None, -90_000, &[Outcome::Done]).await;
    write(OperationKind::Delete, 7, None, 0, std::slice::from_ref(&unknown)).await;
    write(OperationKind::Update, 8, None, 0, &[Outcome::DoneExcept(vec!["title".into()])]).await;
    // Of several outcomes the last one counts.
    write(OperationKind::Delete, 9, None, 0, &[failed.clone(), Outcome::Done]).await;
    write(OperationKind::Delete, 10, None, 0, &[unknown, failed]).await;
    let recent = store.sync_state(at(60)).await.expect("memory").recent;
    assert_eq!(recent, [(LimitName::Creates, 2), (LimitName::Updates, 1), (LimitName::Deletes, 2)].into());
}

async fn an_approval_lives_until_its_end_and_names_its_things(bed: Bed) {
    let store = bed.open().await;
    let items = BTreeSet::from(["{\"kind\":\"create\"}".to_owned(), "x".to_owned()]);
    let refusal = BlockedPlan {
        id: ApprovalId::new("abc"),
        run: RunId::new("run-1"),
        at: at(0),
        items: items.clone(),
        violations: vec![Violation { limit: LimitName::Creates, found: 30, allowed: 25 }],
    };
    store.block(&refusal).await.expect("written");
    let (until, run_context) = (at(1) + TimeDelta::hours(24), mandate_of("by hand"));
    let approve =
        async |id: &str| store.approve(&ApprovalId::new(id), until, &run_context, at(1)).await.expect("asked");
    assert_eq!(approve("other").await, None);
    assert!(store.sync_state(at(2)).await.expect("memory").approvals.is_empty());
    assert_eq!(approve("abc").await, Some(2));
    // The same refusal once more does not take the approval away.
    store.block(&BlockedPlan { at: at(3), ..refusal }).await.expect("written");
    let approvals = store.sync_state(at(86_400)).await.expect("memory").approvals;
    assert_eq!(approvals.len(), 1);
    assert_eq!((approvals[0].id.as_str(), &approvals[0].items), ("abc", &items));
    assert!(store.sync_state(at(86_402)).await.expect("memory").approvals.is_empty());
}

async fn an_approval_covers_everybody_who_is_gone(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, [1, 2]).await;
    let note = async |n: u32, counted| {
        let mut notes = SyncStateUpdate::default();
        let absence = Absence { since: at(0), counted: Counted::Yes };
        notes.leavers.records.insert(link(n).okta_id, LeaverRecord { absence, grace_period: None, employee: None });
        notes.missing.insert(link(n).okta_id, absence);
        store.save_update(&notes, &acceptance(counted, counted), at(0)).await.expect("written");
        let state = store.sync_state(at(1)).await.expect("memory");
        let leavers: Vec<Counted> = state.leavers.values().map(|record| record.absence.counted).collect();
        let missing: Vec<Counted> = state.links.iter().filter_map(|link| Some(link.missing?.counted)).collect();
        (leavers, missing)
    };
    assert_eq!(note(1, Counted::Yes).await, (vec![Counted::Yes], vec![Counted::Yes]));
    let both = vec![Counted::Approved, Counted::Approved];
    assert_eq!(note(2, Counted::Approved).await, (both.clone(), both));
}

async fn a_dry_run_reads_beside_a_cycle_that_writes(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, 0..10).await;
    let reader = bed.reader();
    assert_eq!(reader.sync_state(at(0)).await.expect("memory").links.len(), 10);
    adopt(&store, 10..20).await;
    assert_eq!(reader.sync_state(at(0)).await.expect("memory").links.len(), 20);
    adopt(&store, 20..30).await;
    assert_eq!(store.sync_state(at(0)).await.expect("memory").links.len(), 30);
}

async fn one_cycle_at_a_time_and_the_holder_is_named(bed: Bed) {
    let first = free_lock(&bed.place, "sync (process 4711)").await;
    let error = CycleLock::try_take(&bed.place, "sync").await.expect_err("held");
    // Where several machines may run, the holder's is named.
    let told = error.to_string();
    let machine = told
        .strip_prefix("sync (process 4711)")
        .and_then(|told| told.strip_suffix(" is running; wait until it has finished"));
    match &bed.place {
        StorePlace::File(_) => assert_eq!(machine, Some(""), "{told}"),
        StorePlace::Server(_) => assert!(machine.is_some_and(|machine| machine.starts_with(" on ")), "{told}"),
    }
    drop(first);
    free_lock(&bed.place, "sync").await;
}

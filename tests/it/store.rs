//! The store: what it remembers, who may write, and that a dry run leaves no byte of it changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use okta_haiilo_sync::domain::guard::{LimitName, Violation};
use okta_haiilo_sync::domain::ids::{ApprovalId, HaiiloId, OktaUserId, RunId, UserName};
use okta_haiilo_sync::domain::journal::{Effect, Intent, Mandate, Outcome};
use okta_haiilo_sync::domain::leaver::{Evidence, LeaverClock, LeaverRecord};
use okta_haiilo_sync::domain::link::{Absence, Counted, Link, Listed, Origin};
use okta_haiilo_sync::domain::memory::{Fingerprint, FirstRun, Memory, Recent, Tenant, Watch};
use okta_haiilo_sync::domain::operation::{Action, Kind, Operation};
use okta_haiilo_sync::domain::plan::Notes;
use okta_haiilo_sync::domain::policy::LeaverAction;
use okta_haiilo_sync::ports::{Acceptance, CycleEnd, Refusal, StoreReader as _, StoreWriter as _};
use okta_haiilo_sync::store::{CycleLock, ReadStore, Store, StorePath};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

use crate::world::free_lock;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
}

fn path(folder: &TempDir) -> StorePath {
    StorePath::new(folder.path().join("state.db"))
}

async fn open(folder: &TempDir) -> Store {
    let lock = free_lock(&path(folder), "a test").await;
    Store::open(path(folder), lock).await.expect("a store")
}

fn link(n: u32) -> Link {
    Link {
        okta_id: OktaUserId::new(format!("00u{n:05}")),
        haiilo_id: HaiiloId::new(format!("h\"{n:05}")),
        user_name: UserName::new(format!("p{n}@example.com")),
        origin: if n.is_multiple_of(2) { Origin::Created } else { Origin::Adopted },
        listed: if n.is_multiple_of(3) { Listed::Never } else { Listed::Seen },
        missing: None,
    }
}

fn operation(kind: Kind, n: u32) -> Operation {
    let Link { okta_id, haiilo_id, user_name, origin, .. } = link(n);
    let action = match kind {
        Kind::Link => Action::Link { haiilo_id, origin },
        Kind::Create => Action::Create { changes: Vec::new(), replaces: None, waits_for: None },
        Kind::Update => Action::Update { haiilo_id, changes: Vec::new(), waits_for: None },
        Kind::Delete => Action::Delete { haiilo_id, evidence: Evidence::Deactivated },
    };
    Operation { okta_id, user_name, action }
}

fn mandate(approval: Option<&str>) -> Mandate {
    Mandate {
        run: RunId::new("run-1"),
        approval: approval.map(ApprovalId::new),
        by: "root (0)".to_owned(),
        reason: Some("a reason".to_owned()),
    }
}

async fn adopt(store: &Store, numbers: impl IntoIterator<Item = u32>) {
    let operations: Vec<(Operation, Link)> = numbers.into_iter().map(|n| (operation(Kind::Link, n), link(n))).collect();
    let adopted: Vec<(&Operation, Link)> =
        operations.iter().map(|(operation, link)| (operation, link.clone())).collect();
    store.adopt(&mandate(Some("approved")), &adopted, at(0)).await.expect("links");
}

fn acceptance(vanished: Counted, missing: Counted) -> Acceptance {
    Acceptance { vanished, missing, mapping: Fingerprint::of(&["mapping"]), first_run: FirstRun::Done }
}

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| (entry.file_name().into_string().expect("a name"), fs::read(entry.path()).expect("a file")))
        .collect()
}

#[tokio::test]
async fn an_absent_store_remembers_nothing_and_is_not_made_by_reading() {
    let folder = TempDir::new().expect("a folder");
    let memory = ReadStore::new(path(&folder)).remember(at(0)).await.expect("nothing");
    assert!(memory.links.is_empty() && memory.tenant.is_none() && memory.first_run == FirstRun::Due);
    assert!(files(folder.path()).is_empty());
}

#[tokio::test]
async fn what_is_written_is_remembered() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
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
    let clock = LeaverClock { evidence: Evidence::Unassigned, action: LeaverAction::Delete, from: at(5) };
    let absence = Absence { since: at(4), counted: Counted::Yes };
    let mut notes = Notes::default();
    notes.leavers.records.insert(gone.clone(), LeaverRecord { absence, clock: Some(clock) });
    notes.listed.insert(OktaUserId::new("00u00003"));
    notes.names.insert(OktaUserId::new("00u00002"), UserName::new("new@example.com"));
    notes.missing.insert(OktaUserId::new("00u00004"), absence);
    notes.protected.insert(HaiiloId::new("h5"), "*@haiilo.com".to_owned());
    store.note(&notes, &acceptance(Counted::Yes, Counted::Yes), at(6)).await.expect("written");
    let watch = Watch { since: at(1), last: at(9), rules: Fingerprint::of(&["rules"]) };
    let end = CycleEnd {
        run: RunId::new("run-1"),
        started: at(0),
        ended: at(9),
        result: "applied",
        watch: Some(watch.clone()),
        journal_from: at(0),
    };
    store.finish(&end).await.expect("written");
    store.see_canary(&Fingerprint::of(&["configuration"]), "update title").await.expect("written");
    store.close().await.expect("closed");

    let memory = ReadStore::new(path(&folder)).remember(at(10)).await.expect("memory");
    assert_eq!(memory.tenant, Some(tenant));
    assert_eq!(memory.first_run, FirstRun::Done);
    assert_eq!(memory.mapping, Some(Fingerprint::of(&["mapping"])));
    assert_eq!((memory.watch, memory.cycles), (Some(watch), 1));
    assert_eq!(memory.leavers, BTreeMap::from([(gone, LeaverRecord { absence, clock: Some(clock) })]));
    assert_eq!(memory.protected, BTreeMap::from([(HaiiloId::new("h5"), "*@haiilo.com".to_owned())]));
    assert_eq!(memory.canaries, BTreeSet::from([(Fingerprint::of(&["configuration"]), "update title".to_owned())]));
    let mut expected: Vec<Link> = (0..7).map(link).collect();
    expected[2].user_name = UserName::new("new@example.com");
    expected[3].listed = Listed::Seen;
    expected[4].missing = Some(absence);
    assert_eq!(memory.links.iter().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(memory.links.of_account(&HaiiloId::new("h\"00006")).map(|link| link.okta_id.as_str()), Some("00u00006"));
}

/// A cycle may end between any two steps of making the store.
#[tokio::test]
async fn a_store_that_was_hardly_begun_remembers_nothing_and_is_gone_on_with() {
    let versions = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL
        DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
    for begun in ["PRAGMA journal_mode = WAL", versions] {
        let folder = TempDir::new().expect("a folder");
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}?mode=rwc", path(&folder).as_path().display());
        let mut connection = AnyConnection::connect(&url).await.expect("connected");
        sqlx::raw_sql(begun).execute(&mut connection).await.expect("done");
        connection.close().await.expect("closed");
        let before = files(folder.path());
        assert!(before["state.db"].len() > 1_000, "{begun}");
        let memory = ReadStore::new(path(&folder)).remember(at(0)).await.expect("memory");
        assert_eq!(format!("{memory:?}"), format!("{:?}", Memory::default()), "{begun}");
        assert_eq!(files(folder.path()), before, "{begun}");
        let store = open(&folder).await;
        adopt(&store, 0..3).await;
        assert_eq!(store.remember(at(0)).await.expect("memory").links.len(), 3, "{begun}");
    }
}

#[tokio::test]
async fn many_links_are_read_in_chunks() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, 0..11_000).await;
    let memory = store.remember(at(0)).await.expect("memory");
    assert_eq!(memory.links.len(), 11_000);
    assert!(memory.links.iter().cloned().eq((0..11_000).map(link)));
}

#[tokio::test]
async fn invariant_08_an_operation_is_open_until_its_outcome_is_known() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, [1, 2]).await;
    let mandate = mandate(None);
    let (create, update) = (operation(Kind::Create, 3), operation(Kind::Update, 1));
    let intend = async |operation| {
        let before = Some(serde_json::json!({"id": "x"}));
        store.intend(&Intent { mandate: &mandate, at: at(1), operation, before }).await.expect("written")
    };
    let first = intend(&create).await;
    let second = intend(&update).await;
    let open = store.remember(at(2)).await.expect("memory").open;
    let kinds: Vec<(i64, Kind)> = open.iter().map(|open| (open.entry, open.kind)).collect();
    assert_eq!(kinds, [(first.0, Kind::Create), (second.0, Kind::Update)]);
    let unknown = Outcome::Unknown("the answer was lost".to_owned());
    store.conclude(first, &unknown, &[], at(3)).await.expect("written");
    store.conclude(second, &Outcome::Done, &[], at(3)).await.expect("written");
    let memory = store.remember(at(4)).await.expect("memory");
    assert_eq!(memory.open.iter().map(|open| open.entry).collect::<Vec<_>>(), [first.0]);
    store.conclude(first, &Outcome::Done, &[Effect::Linked(link(3))], at(5)).await.expect("written");
    let memory = store.remember(at(6)).await.expect("memory");
    assert!(memory.open.is_empty());
    assert_eq!(memory.links.of_person(&OktaUserId::new("00u00003")), Some(&link(3)));
}

#[tokio::test]
async fn effects_change_what_is_remembered() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, [1, 2]).await;
    let (mandate, update) = (mandate(None), operation(Kind::Update, 1));
    let conclude = async |effects: &[Effect]| {
        let intent = Intent { mandate: &mandate, at: at(1), operation: &update, before: None };
        let entry = store.intend(&intent).await.expect("written");
        store.conclude(entry, &Outcome::Done, effects, at(2)).await.expect("written");
        store.remember(at(3)).await.expect("memory")
    };
    let (one, two) = (OktaUserId::new("00u00001"), OktaUserId::new("00u00002"));
    let memory = conclude(&[
        Effect::Renamed(one.clone(), UserName::new("renamed@example.com")),
        Effect::Parked {
            okta_id: two.clone(),
            path: "title".into(),
            value: "\"x\"".to_owned(),
            reason: "why".to_owned(),
        },
        Effect::GroupParked("Atlantis".into()),
    ])
    .await;
    assert_eq!(memory.links.of_person(&one).map(|link| link.user_name.as_str()), Some("renamed@example.com"));
    assert_eq!(memory.parked[&(two.clone(), "title".into())].value, "\"x\"");
    assert_eq!(memory.parked_groups.keys().collect::<Vec<_>>(), ["Atlantis"]);
    // An account that the person no longer has takes nothing along.
    let memory = conclude(&[Effect::Unlinked(two.clone(), link(1).haiilo_id)]).await;
    assert_eq!((memory.links.len(), memory.parked.len()), (2, 1));
    let memory =
        conclude(&[Effect::Unlinked(two.clone(), link(2).haiilo_id), Effect::GroupFound("Atlantis".into())]).await;
    assert_eq!(memory.links.iter().map(|link| &link.okta_id).collect::<Vec<_>>(), [&one]);
    assert!(memory.parked.is_empty() && memory.parked_groups.is_empty());
}

#[tokio::test]
async fn the_last_day_is_counted_without_what_was_approved_refused_or_held() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    let write = async |kind, n, approval, time, outcome: Option<Outcome>| {
        let (mandate, operation) = (mandate(approval), operation(kind, n));
        let intent = Intent { mandate: &mandate, at: at(time), operation: &operation, before: None };
        let entry = store.intend(&intent).await.expect("written");
        if let Some(outcome) = outcome {
            store.conclude(entry, &outcome, &[], at(time)).await.expect("written");
        }
    };
    write(Kind::Create, 1, None, 0, Some(Outcome::Done)).await;
    write(Kind::Create, 2, None, 0, None).await;
    write(Kind::Create, 3, Some("id"), 0, Some(Outcome::Done)).await;
    write(Kind::Create, 4, None, 0, Some(Outcome::Failed("why".to_owned()))).await;
    write(Kind::Create, 5, None, 0, Some(Outcome::Held("why".to_owned()))).await;
    write(Kind::Create, 6, None, -90_000, Some(Outcome::Done)).await;
    write(Kind::Delete, 7, None, 0, Some(Outcome::Unknown("why".to_owned()))).await;
    write(Kind::Update, 8, None, 0, Some(Outcome::DoneExcept(vec!["title".into()]))).await;
    let recent = store.remember(at(60)).await.expect("memory").recent;
    assert_eq!(recent, Recent { creates: 2, deletes: 1, updates: 1, ..Recent::default() });
}

#[tokio::test]
async fn an_approval_lives_until_its_end_and_names_its_things() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    let items = BTreeSet::from(["{\"kind\":\"create\"}".to_owned(), "x".to_owned()]);
    let refusal = Refusal {
        id: ApprovalId::new("abc"),
        run: RunId::new("run-1"),
        at: at(0),
        items: items.clone(),
        violations: vec![Violation { limit: LimitName::Creates, found: 30, allowed: 25 }],
    };
    store.refuse(&refusal).await.expect("written");
    let times = (at(1), at(1) + TimeDelta::hours(24));
    let approve = async |id: &str| store.approve(&ApprovalId::new(id), times, "root", None).await.expect("asked");
    assert_eq!(approve("other").await, None);
    assert!(store.remember(at(2)).await.expect("memory").approvals.is_empty());
    assert_eq!(approve("abc").await, Some(2));
    // The same refusal once more does not take the approval away.
    store.refuse(&Refusal { at: at(3), ..refusal }).await.expect("written");
    let approvals = store.remember(at(86_400)).await.expect("memory").approvals;
    assert_eq!(approvals.len(), 1);
    assert_eq!((approvals[0].id.as_str(), &approvals[0].items), ("abc", &items));
    assert!(store.remember(at(86_402)).await.expect("memory").approvals.is_empty());
}

#[tokio::test]
async fn an_approval_covers_everybody_who_is_gone() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, [1, 2]).await;
    let note = async |n: u32, counted| {
        let mut notes = Notes::default();
        let absence = Absence { since: at(0), counted: Counted::Yes };
        notes.leavers.records.insert(link(n).okta_id, LeaverRecord { absence, clock: None });
        notes.missing.insert(link(n).okta_id, absence);
        store.note(&notes, &acceptance(counted, counted), at(0)).await.expect("written");
        let memory = store.remember(at(1)).await.expect("memory");
        let leavers: Vec<Counted> = memory.leavers.values().map(|record| record.absence.counted).collect();
        let missing: Vec<Counted> = memory.links.iter().filter_map(|link| Some(link.missing?.counted)).collect();
        (leavers, missing)
    };
    assert_eq!(note(1, Counted::Yes).await, (vec![Counted::Yes], vec![Counted::Yes]));
    let both = vec![Counted::Approved, Counted::Approved];
    assert_eq!(note(2, Counted::Approved).await, (both.clone(), both));
}

#[tokio::test]
async fn invariant_02_reading_leaves_no_byte_of_the_store_changed() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, 0..100).await;
    store.close().await.expect("closed");
    let before = files(folder.path());
    assert!(before.contains_key("state.db"));
    for _ in 0..3 {
        let memory = ReadStore::new(path(&folder)).remember(at(0)).await.expect("memory");
        assert_eq!(memory.links.len(), 100);
    }
    assert!(files(folder.path()) == before, "{:?}", files(folder.path()).keys());
}

#[tokio::test]
async fn a_dry_run_reads_beside_a_cycle_that_writes() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, 0..10).await;
    let reader = ReadStore::new(path(&folder));
    assert_eq!(reader.remember(at(0)).await.expect("memory").links.len(), 10);
    adopt(&store, 10..20).await;
    assert_eq!(reader.remember(at(0)).await.expect("memory").links.len(), 20);
    adopt(&store, 20..30).await;
    assert_eq!(store.remember(at(0)).await.expect("memory").links.len(), 30);
}

#[tokio::test]
async fn one_cycle_at_a_time_and_the_holder_is_named() {
    let folder = TempDir::new().expect("a folder");
    let first = free_lock(&path(&folder), "sync (process 4711)").await;
    let error = CycleLock::try_take(&path(&folder), "sync").expect_err("held");
    assert_eq!(error.to_string(), "sync (process 4711) is running; wait until it has finished");
    drop(first);
    free_lock(&path(&folder), "sync").await;
}

#[tokio::test]
async fn files_are_private() {
    let folder = TempDir::new().expect("a folder");
    let store = open(&folder).await;
    adopt(&store, [1]).await;
    for entry in fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry")) {
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_used_says_why() {
    let folder = TempDir::new().expect("a folder");
    let error_of = async || {
        let lock = free_lock(&path(&folder), "a test").await;
        let writing = Store::open(path(&folder), lock).await.expect_err("no store").to_string();
        let reading = ReadStore::new(path(&folder)).remember(at(0)).await.expect_err("no store").to_string();
        (writing, reading)
    };
    fs::write(path(&folder).as_path(), "this is no database, whatever it is").expect("written");
    let (writing, reading) = error_of().await;
    assert!(writing.contains("is damaged or no store; restore a backup"), "{writing}");
    assert!(reading.contains("is damaged or no store; restore a backup"), "{reading}");

    fs::remove_file(path(&folder).as_path()).expect("removed");
    let store = open(&folder).await;
    store.close().await.expect("closed");
    let raise = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)";
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}", path(&folder).as_path().display());
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.expect("connected");
    sqlx::query(raise).execute(&mut connection).await.expect("written");
    drop(connection);
    let (writing, reading) = error_of().await;
    assert!(writing.contains("was written by a newer version of this program"), "{writing}");
    assert!(reading.contains("was written by a newer version of this program"), "{reading}");
}

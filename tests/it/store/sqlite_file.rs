//! The store in a file of SQLite: that a dry run leaves no byte of it changed, that it is private, and what a damaged one says.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use okta_haiilo_sync::domain::state::sync_state::{FirstRun, SyncState};
use okta_haiilo_sync::ports::StoreReader as _;
use okta_haiilo_sync::store::{ReadStore, Store};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

use crate::setup::world::free_lock;
use crate::store::contents::{VERSIONS, adopt, at, path};

async fn open(folder: &TempDir) -> Store {
    let lock = free_lock(path(folder), "a test").await;
    Store::open(path(folder), lock).await.expect("a store")
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
    let state = ReadStore::new(path(&folder)).sync_state(at(0)).await.expect("nothing");
    assert!(state.links.is_empty() && state.tenant.is_none() && state.first_run == FirstRun::Due);
    assert!(files(folder.path()).is_empty());
}

/// A cycle may end between any two steps of making the store.
#[tokio::test]
async fn a_store_that_was_hardly_begun_remembers_nothing_and_is_gone_on_with() {
    for begun in ["PRAGMA journal_mode = WAL", VERSIONS] {
        let folder = TempDir::new().expect("a folder");
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}?mode=rwc", path(&folder).as_path().display());
        let mut connection = AnyConnection::connect(&url).await.expect("connected");
        sqlx::raw_sql(begun).execute(&mut connection).await.expect("done");
        connection.close().await.expect("closed");
        let before = files(folder.path());
        assert!(before["state.db"].len() > 1_000, "{begun}");
        let state = ReadStore::new(path(&folder)).sync_state(at(0)).await.expect("memory");
        assert_eq!(format!("{state:?}"), format!("{:?}", SyncState::default()), "{begun}");
        assert_eq!(files(folder.path()), before, "{begun}");
        let store = open(&folder).await;
        adopt(&store, 0..3).await;
        assert_eq!(store.sync_state(at(0)).await.expect("memory").links.len(), 3, "{begun}");
    }
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
        let state = ReadStore::new(path(&folder)).sync_state(at(0)).await.expect("memory");
        assert_eq!(state.links.len(), 100);
    }
    assert!(files(folder.path()) == before, "{:?}", files(folder.path()).keys());
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
        let lock = free_lock(path(&folder), "a test").await;
        let writing = Store::open(path(&folder), lock).await.expect_err("no store").to_string();
        let reading = ReadStore::new(path(&folder)).sync_state(at(0)).await.expect_err("no store").to_string();
        (writing, reading)
    };
    fs::write(path(&folder).as_path(), "this is no database, whatever it is").expect("written");
    let (writing, reading) = error_of().await;
    assert!(writing.contains("is damaged or no store; restore a backup"), "{writing}");
    assert!(reading.contains("is damaged or no store; restore a backup"), "{reading}");
}

//! Several instances with their state in one PostgreSQL: whole cycles, who may write, what a lost connection leaves, whom we refuse to talk
//! to, and that the password is shown nowhere.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::ids::{Fingerprint, RunId};
use okta_haiilo_sync::domain::model::link::Link;
use okta_haiilo_sync::domain::model::target::TargetProfile;
use okta_haiilo_sync::domain::plan::sync_state_update::{LeaverUpdate, SyncStateUpdate};
use okta_haiilo_sync::domain::plan::{
    operation::Operation,
    outcome::{Effect, Outcome},
};
use okta_haiilo_sync::domain::state::journal::{EntryId, Intent, JournalEntry, JournalFilter, RunContext};
use okta_haiilo_sync::domain::state::{log_cursor::LogCursor, sync_state};
use okta_haiilo_sync::domain::targeted::baseline::Baseline;
use okta_haiilo_sync::engine::{self, CycleRequest, NoObserver, Scope};
use okta_haiilo_sync::ports::{Acceptance, BlockedPlan, CycleEnd, StoreFailure, StoreReader, StoreWriter};
use okta_haiilo_sync::store::{CycleLock, LockError, ReadStore, Store};
use sqlx::AnyConnection;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::setup::postgres::{self, place};
use crate::setup::program::{CONFIGURATION, Ended, Stage};
use crate::setup::world::{World, free_lock};

fn hire(world: &World, numbers: std::ops::Range<u32>) {
    for n in numbers {
        world.okta.state().hire(&person(n));
    }
}

/// People come, change, and leave, and the sync is told so by the same state.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn a_year_of_work_on_postgres() {
    let mut world = World::in_step_with(6, postgres::database().await).await;
    world.set_profile(1, "city", "Turku".into());
    hire(&world, 6..7);
    assert_eq!(world.sync_well().await.concluded.len(), 2);
    world.sync_well().await;
    world.assert_converged().await;
    let leaver = world.okta_id(2);
    world.okta.state().deactivate(&leaver);
    let id = world.haiilo_id(2);
    for _ in 0..31 {
        world.sync_well().await;
        assert!(world.account(2).is_some());
        world.advance(TimeDelta::hours(23) + TimeDelta::minutes(30));
    }
    world.sync_well().await;
    let deleted = world.haiilo.state().deleted();
    assert_eq!(deleted.iter().map(|deleted| &deleted.id).collect::<Vec<_>>(), [&id]);
    world.sync_well().await;
    world.assert_converged().await;
    assert_eq!(world.state().await.links.len(), 6);
    // Nothing of this was kept in files.
    assert_eq!(std::fs::read_dir(world.folder.path()).expect("a folder").count(), 0);
}

/// Whoever gets the lock does the cycle, and the other one finds nothing left to do.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn instances_take_turns_on_postgres() {
    let mut world = World::in_step_with(3, postgres::database().await).await;
    hire(&world, 3..12);
    let ran = {
        let cycle = |run: &'static str| world.cycle_at(world.place(), run, Scope::Everybody, None);
        tokio::join!(cycle("a"), cycle("b"), cycle("c"))
    };
    let done = [ran.0, ran.1, ran.2].map(|ran| ran.expect("a cycle").concluded.len());
    assert_eq!((done.iter().max(), done.iter().sum::<usize>()), (Some(&9), 9), "{done:?}");
    assert_eq!(world.haiilo.state().accounts().len(), 13);
    assert_eq!(world.haiilo.state().writes().len(), 9);
    world.sync_well().await;
    world.assert_converged().await;
}

/// Two stores in one database have two locks; a holder that is gone holds nobody up.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn a_lock_belongs_to_its_schema_and_its_session_on_postgres() {
    let database = postgres::new_database().await;
    let url = postgres::url_of(&postgres::administrator(), &database);
    let mut beside = postgres::connect(url.as_str()).await;
    let in_schema = |name: &str| {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("options", &format!("-c search_path={name}"));
        place(&url)
    };
    let error = CycleLock::try_take(in_schema("a"), "sync").await.expect_err("no schema");
    assert!(error.to_string().contains("has no schema of the user's search_path"), "{error}");
    postgres::run(&mut beside, "CREATE SCHEMA a; CREATE SCHEMA b").await;
    let in_a = CycleLock::try_take(in_schema("a"), "sync (process 1)").await.expect("free");
    let in_b = CycleLock::try_take(in_schema("b"), "sync (process 2)").await.expect("free");
    for (name, holder) in [("a", "sync (process 1)"), ("b", "sync (process 2)")] {
        let error = CycleLock::try_take(in_schema(name), "sync").await.expect_err("held");
        assert!(matches!(&error, LockError::Held { holder: words } if words.starts_with(holder)), "{error}");
    }
    // A long silence does not end the session, even where the server would end one.
    let idle = postgres::count(
        &mut beside,
        "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name LIKE 'sync (process %' AND datname = current_database()",
    );
    assert_eq!(idle.await, 2);
    drop(in_a);
    let store = Store::open(in_schema("a"), free_lock(in_schema("a"), "sync").await).await.expect("a store");
    store.close().await.expect("closed");
    // An orderly end lets the next one in at once.
    CycleLock::try_take(in_schema("a"), "sync").await.expect("free");
    drop(in_b);
}

/// When the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeTheEntry,
    BetweenEntryAndRequest,
    BeforeTheOutcome,
}

/// A store whose connection is cut by the administrator of the database at the n-th operation.
struct Cut {
    store: Store,
    administrator: Mutex<AnyConnection>,
    moment: Moment,
    left: AtomicU32,
    /// What stood in the journal when the connection was gone.
    entries: AtomicI64,
}

impl Cut {
    async fn at(&self, moment: Moment) {
        if self.moment == moment && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let mut administrator = self.administrator.lock().await;
            let ended = postgres::count(
                &mut administrator,
                "SELECT COUNT(*) FROM pg_stat_activity \
                 WHERE application_name LIKE 'a story%' AND datname = current_database() AND pg_terminate_backend(pid, 10000)",
            );
            assert_eq!(ended.await, 1);
            self.entries.store(postgres::count(&mut administrator, ENTRIES).await, Ordering::SeqCst);
        }
    }
}

impl StoreReader for Cut {
    async fn sync_state(&self, now: DateTime<Utc>) -> Result<sync_state::SyncState, StoreFailure> {
        self.store.sync_state(now).await
    }

    async fn target(&self) -> Result<Option<TargetProfile>, StoreFailure> {
        self.store.target().await
    }

    async fn log_cursor(&self) -> Result<Option<LogCursor>, StoreFailure> {
        self.store.log_cursor().await
    }

    async fn baseline(&self) -> Result<Option<Baseline>, StoreFailure> {
        self.store.baseline().await
    }

    async fn journal(&self, filter: &JournalFilter) -> Result<Vec<JournalEntry>, StoreFailure> {
        self.store.journal(filter).await
    }
}

impl StoreWriter for Cut {
    async fn settle_tenant(&self, tenant: &sync_state::Tenant, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.store.settle_tenant(tenant, now).await
    }

    async fn save_update(
        &self,
        update: &SyncStateUpdate,
        acceptance: &Acceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.store.save_update(update, acceptance, now).await
    }

    async fn save_leaver_update(&self, update: &LeaverUpdate) -> Result<(), StoreFailure> {
        self.store.save_leaver_update(update).await
    }

    async fn adopt(
        &self,
        run_context: &RunContext,
        adopted: &[(&Operation, Link)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.store.adopt(run_context, adopted, now).await
    }

    async fn intend(&self, intent: &Intent<'_>) -> Result<EntryId, StoreFailure> {
        self.at(Moment::BeforeTheEntry).await;
        let entry = self.store.intend(intent).await?;
        self.at(Moment::BetweenEntryAndRequest).await;
        Ok(entry)
    }

    async fn conclude(
        &self,
        entry: EntryId,
        outcome: &Outcome,
        effects: &[Effect],
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.at(Moment::BeforeTheOutcome).await;
        self.store.conclude(entry, outcome, effects, now).await
    }

    async fn block(&self, blocked: &BlockedPlan) -> Result<(), StoreFailure> {
        self.store.block(blocked).await
    }

    async fn see_canary(&self, configuration: &Fingerprint, kind: &str) -> Result<(), StoreFailure> {
        self.store.see_canary(configuration, kind).await
    }

    async fn finish(&self, end: &CycleEnd) -> Result<(), StoreFailure> {
        self.store.finish(end).await
    }

    async fn keep_log_cursor(&self, polling: Option<&LogCursor>) -> Result<(), StoreFailure> {
        self.store.keep_log_cursor(polling).await
    }

    async fn keep_baseline(&self, baseline: &Baseline) -> Result<(), StoreFailure> {
        self.store.keep_baseline(baseline).await
    }
}

const ENTRIES: &str = "SELECT COUNT(*) FROM journal WHERE run = 'cut'";

/// Whatever Haiilo was sent was written down before, and after the connection was lost nothing was. The next cycle, by whomever, takes it up.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn invariant_08_a_lost_connection_ends_the_cycle_before_its_next_write_on_postgres() {
    for (moment, n, concurrency) in [
        (Moment::BeforeTheEntry, 1, 1),
        (Moment::BeforeTheEntry, 4, 1),
        (Moment::BeforeTheEntry, 4, 3),
        (Moment::BetweenEntryAndRequest, 1, 1),
        (Moment::BetweenEntryAndRequest, 4, 1),
        (Moment::BetweenEntryAndRequest, 9, 1),
        (Moment::BetweenEntryAndRequest, 4, 3),
        (Moment::BeforeTheOutcome, 1, 1),
        (Moment::BeforeTheOutcome, 4, 1),
        (Moment::BeforeTheOutcome, 4, 3),
    ] {
        let what = format!("{moment:?} {n}, {concurrency} at once");
        let database = postgres::database().await;
        let mut world = World::in_step_with(3, database.clone()).await;
        hire(&world, 3..12);
        world.settings.concurrency = concurrency;
        let lock = free_lock(world.place(), "a story").await;
        let store = Store::open(world.place(), lock).await.expect("a store");
        let cut = Cut {
            store,
            administrator: Mutex::new(postgres::beside(&database).await),
            moment,
            left: AtomicU32::new(n),
            entries: AtomicI64::new(-1),
        };
        let ends = world.ends(cut);
        let run_context = RunContext { run: RunId::new("cut"), approval: None, by: "a story".to_owned(), reason: None };
        let order =
            CycleRequest { scope: Scope::Everybody, given: None, run_context, cancel: CancellationToken::default() };
        let ran = Box::pin(engine::sync(&ends, &ends.reader.writer(), &world.settings, &order, &NoObserver)).await;
        // The report tells what was done, and why it ended.
        let report = ran.expect("a report");
        let stops: Vec<String> = report.stops.iter().map(engine::Stop::reason).collect();
        assert!(
            stops.iter().any(|stop| stop.contains("was lost from sight, and the lock of the cycle with it")),
            "{stops:?}"
        );

        // Nothing was written down after the connection was gone, and nothing was sent that was not written down.
        let mut beside = postgres::beside(&database).await;
        let entries = postgres::count(&mut beside, ENTRIES).await;
        let sent = i64::try_from(world.haiilo.state().writes().len()).expect("a few");
        assert_eq!(entries, ends.store.entries.load(Ordering::SeqCst), "{what}");
        assert!(sent <= entries, "{what}: {sent} sent, {entries} written down");
        if concurrency == 1 {
            let expected = i64::from(n) - i64::from(moment == Moment::BeforeTheEntry);
            assert_eq!((entries, sent), (expected, expected), "{what}");
        }
        drop(ends);
        world.sync().await;
        world.sync_well().await;
        world.assert_converged().await;
        assert_eq!(world.haiilo.state().accounts().len(), 13, "{what}: twelve people and the owner of the token");
        assert_eq!(world.haiilo.state().writes().len(), 9, "{what}: each account was made once");
    }
}

/// One connection of such a proxy is many sessions, or none: the lock would mean nothing. A proxy by session is as good as the server.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn a_proxy_that_pools_by_transaction_is_refused_on_postgres() {
    let database = postgres::new_database().await;
    let proxied = |name| place(&postgres::url_of(&Url::parse(&postgres::told(name)).expect("a URL"), &database));
    let pool_of_one = place(&postgres::url_of(&Url::parse(&postgres::told("TEST_PGBOUNCER")).expect("a URL"), "one"));
    for by_transaction in [proxied("TEST_PGBOUNCER"), proxied("TEST_PGBOUNCER"), pool_of_one.clone(), pool_of_one] {
        let writing = CycleLock::try_take(&by_transaction, "sync").await.expect_err("no lock").to_string();
        let reading =
            ReadStore::new(&by_transaction).sync_state(DateTime::UNIX_EPOCH).await.expect_err("no look").to_string();
        for told in [writing, reading] {
            assert!(told.contains("is behind a proxy that pools by transaction"), "{told}");
        }
    }
    let by_session = proxied("TEST_PGBOUNCER_BY_SESSION");
    let lock = CycleLock::try_take(&by_session, "sync").await.expect("a lock");
    let held = CycleLock::try_take(&by_session, "sync").await.expect_err("held");
    assert!(matches!(held, LockError::Held { .. }), "{held}");
    let store = Store::open(&by_session, lock).await.expect("a store");
    store.close().await.expect("closed");
}

/// A store that cannot be used says why, and what to do.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn what_is_wrong_is_explained_on_postgres() {
    let url = postgres::url_of(&postgres::administrator(), &postgres::new_database().await);
    let changed = |change: &dyn Fn(&mut Url)| {
        let mut url = url.clone();
        change(&mut url);
        url
    };
    let mut beside = postgres::connect(url.as_str()).await;
    // This role lives for the server, so that its name is the database's.
    let role = url.path().trim_start_matches('/').to_owned();
    postgres::run(&mut beside, format!("CREATE ROLE {role} LOGIN PASSWORD 'marker-role'")).await;
    let wrong = [
        (
            changed(&|url| url.set_password(Some("marker-wrong")).expect("a password")),
            "does not let us in; check the user",
        ),
        (changed(&|url| url.set_path("nowhere")), "does not exist; create the database"),
        (changed(&|url| url.set_port(Some(1)).expect("a port")), "cannot be reached; check host and port"),
        (
            changed(&|url| {
                url.query_pairs_mut().append_pair("sslmode", "verify-full");
            }),
            "cannot be reached over TLS; check the URL's sslmode and sslrootcert",
        ),
    ];
    for (url, told) in wrong {
        let writing = CycleLock::try_take(place(&url), "sync").await.expect_err("no lock").to_string();
        let reading = ReadStore::new(place(&url)).sync_state(DateTime::UNIX_EPOCH).await.expect_err("no look");
        assert!(writing.contains(told), "{writing}");
        assert_eq!(reading.to_string(), writing);
        let all = format!("{:?} {reading:?}", place(&url));
        assert!(!all.contains("marker") && !all.contains("admin:"), "{all}");
    }
    let stranger = changed(&|url| {
        url.set_username(&role).expect("a user");
        url.set_password(Some("marker-role")).expect("a password");
    });
    let lock = CycleLock::try_take(place(&stranger), "sync").await.expect("a lock");
    let failure = Store::open(place(&stranger), lock).await.expect_err("no rights").to_string();
    assert!(failure.contains("make the user the owner of the database or of its schema"), "{failure}");
    // With the server's certificate as a root, the same connection is good.
    let trusted = changed(&|url| {
        let root = postgres::told("TEST_POSTGRES_CA");
        url.query_pairs_mut().append_pair("sslmode", "verify-full").append_pair("sslrootcert", &root);
    });
    let store = Store::open(place(&trusted), free_lock(place(&trusted), "sync").await).await.expect("a store");
    let encrypted = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
        WHERE ssl AND application_name LIKE 'sync%' AND datname = current_database()";
    assert_eq!(postgres::count(&mut beside, encrypted).await, 1);
    store.close().await.expect("closed");
}

/// Whoever may only look at the tables can make a plan.
#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn invariant_02_a_dry_run_needs_no_right_to_write_on_postgres() {
    let world = World::in_step_with(3, postgres::database().await).await;
    let database = world.server.clone().expect("a database");
    let mut beside = postgres::beside(&database).await;
    let role = format!("r{}", uuid::Uuid::new_v4().simple());
    let grants =
        format!("CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}");
    postgres::run(&mut beside, grants).await;
    let own = database.to_string();
    let mut url = postgres::url_of(&postgres::administrator(), own.rsplit('/').next().expect("a name"));
    url.set_username(&role).expect("a user");
    url.set_password(Some("x")).expect("a password");
    // A cycle that runs holds up nobody who looks.
    let _lock = free_lock(world.place(), "a story").await;
    let state = ReadStore::new(place(&url)).sync_state(DateTime::UNIX_EPOCH).await.expect("memory");
    assert_eq!(state.links.len(), 3);
}

/// The built program, from its configuration on.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn invariant_14_the_password_of_the_state_is_shown_nowhere_on_postgres() {
    let stage = Stage::with_people(3).await;
    let mut url = postgres::url_of(&postgres::administrator(), &postgres::new_database().await);
    let shown_nowhere = |ended: Ended| {
        for secret in [postgres::password().as_str(), "marker-wrong"] {
            assert!(!ended.out.contains(secret) && !ended.err.contains(secret), "{ended:?}");
        }
        ended
    };
    stage.configure("sqlite:state.db", url.as_str());
    let checked = shown_nowhere(stage.run(&["check"]));
    assert!(checked.out.contains("state: a password stands in this file"), "{}", checked.out);
    let plan = shown_nowhere(stage.run(&["-vv", "plan", "--format", "json"]).exits(0)).json();
    let id = plan["approval_id"].as_str().expect("an id").to_owned();
    // From a credential, the next commands.
    let text = stage.read(CONFIGURATION);
    url.set_password(None).expect("a password");
    let (_, rest) = text.split_once('\n').expect("lines");
    stage.write(CONFIGURATION, format!("state = \"{url}\"\n{rest}"));
    stage.write("credentials/state-password", format!("{}\n", postgres::password()));
    shown_nowhere(stage.run(&["-vv", "sync", "--approve", &id]).exits(0));
    let checked = shown_nowhere(stage.run(&["check"]));
    assert!(!checked.out.contains("a password stands") && checked.out.contains("knows 3 links"), "{}", checked.out);
    assert!(checked.out.contains(&format!("postgres://127.0.0.1:{}{} belongs", url.port().expect("one"), url.path())));
    assert_eq!(stage.run(&["plan", "--exit-code"]).exits(0).code, Some(0));

    // Another instance has the lock: it is named, and waited for; whoever only looks need not wait.
    let with_password = postgres::url_of(&postgres::administrator(), url.path());
    let lock = CycleLock::try_take(place(&with_password), "run (process 4711)").await.expect("the lock");
    let mut child =
        stage.command(&["sync"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert!(line.contains("run (process 4711) on ") && line.contains(" is running"), "{line}");
    stage.run(&["plan"]).exits(0).says_nothing();
    assert_eq!(child.try_wait().expect("its state"), None);
    drop(lock);
    Ended::of(child.wait_with_output().expect("its end")).exits(0);

    stage.write("credentials/state-password", "marker-wrong");
    for command in ["plan", "sync", "check"] {
        let ended = shown_nowhere(stage.run(&["-vv", command]).exits(1));
        let told = format!("{}{}", ended.out, ended.err);
        assert!(told.contains("does not let us in"), "{told}");
    }
}

/// Commands that look after the state, at the program.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn the_state_is_looked_after_on_postgres() {
    let stage = Stage::with_people(3).await;
    let url = postgres::url_of(&postgres::administrator(), &postgres::new_database().await);
    stage.configure("sqlite:state.db", url.as_str());
    stage.run(&["status"]).exits(0);
    assert_eq!(stage.run(&["journal", "--format", "json"]).exits(0).json(), serde_json::json!([]));
    stage.run(&["sync", "--reason", "the first people"]).exits(3);
    let status = stage.run(&["status", "--json"]).exits(0).json();
    let id = status["blocked_plans"][0]["approval_id"].as_str().expect("an id").to_owned();
    stage.run(&["approve", &id]).exits(0);
    stage.run(&["pause", "for", "4h"]).exits(0);
    stage.run(&["sync"]).exits(0);
    assert!(stage.account(0).is_none());
    stage.run(&["resume"]).exits(0);
    stage.run(&["sync"]).exits(0);
    let entries = stage.run(&["journal", "--format", "json", "--user", &person(0).email]).exits(0).json();
    assert_eq!((&entries[0]["kind"], &entries[0]["outcome"]), (&"create".into(), &"done".into()));
    stage.run(&["journal", "forget", &person(0).email]).exits(0);
    assert!(stage.run(&["journal"]).exits(0).out.contains("(forgotten)"));
    stage.run(&["store", "backup", "copy.db"]).exits(1).says(&["pg_dump"]);
    let account = stage.account(1).expect("an account").id;
    stage.run(&["unlink", &person(1).email]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(10);
    stage.run(&["link", &person(1).email, &account]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert!(!stage.path("state.db").exists());
}

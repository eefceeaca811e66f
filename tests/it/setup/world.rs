//! The vocabulary of the stories: a simulated Okta, a simulated Haiilo, a store in a folder, and a clock that the test moves. The real
//! clients, engine and store run between them, in this process.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::future::Future;
use std::ops::Deref;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use okta_haiilo_sim::haiilo::{self, AccountSeed, Haiilo};
use okta_haiilo_sim::okta::{self, Okta};
use okta_haiilo_sim::people::person;
use okta_haiilo_sim::{Server, SimClock};
use okta_haiilo_sync::clock::Clock;
use okta_haiilo_sync::config::settings::{HaiiloSettings, OktaAuth, OktaSettings, PostgresUrl, PushRule, UpdateMethod};
use okta_haiilo_sync::domain::model::ids::{ApprovalId, RunId};
use okta_haiilo_sync::domain::model::policy::Product;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::plan::cycle_plan::CyclePlan;
use okta_haiilo_sync::domain::plan::outcome::Outcome;
use okta_haiilo_sync::domain::planning::operator::ActRefused;
use okta_haiilo_sync::domain::state::journal::RunContext;
use okta_haiilo_sync::domain::state::sync_state::{SyncState, Tenant};
use okta_haiilo_sync::engine::{
    self, AdminError, CycleError, CycleReport, CycleRequest, CycleSettings, NoObserver, Prepared, Scope,
};
use okta_haiilo_sync::haiilo::{HaiiloReader, HaiiloWriter, Shape};
use okta_haiilo_sync::http::{HttpClient, HttpOptions};
use okta_haiilo_sync::okta::OktaClient;
use okta_haiilo_sync::ports::{self, StoreReader};
use okta_haiilo_sync::store::{CycleLock, LockError, ReadStore, Store, StorePath, StorePlace};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::setup::environment::product;
use crate::setup::{defaults, operator};

pub(crate) use crate::setup::defaults::{mapping, rules, seed};

/// The first moment of every story: 2027-01-15 08:00 UTC.
const START: i64 = 1_800_000_000_000;
/// The name of the store in the world's folder.
const STORE: &str = "state.db";

/// A clock whose pauses take no time, on the simulators' own time.
#[derive(Clone, Debug)]
pub(crate) struct TestClock(pub(crate) SimClock);

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now_ms()).expect("after the epoch"))
    }

    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send {
        self.0.advance(i64::try_from(pause.as_millis()).expect("a short pause"));
        std::future::ready(())
    }
}

/// What a cycle sees, with either kind of store.
pub(crate) struct Ends<S> {
    pub(crate) source: OktaClient<TestClock>,
    pub(crate) reader: HaiiloReader<TestClock>,
    pub(crate) store: S,
    clock: TestClock,
}

impl<S: StoreReader> ports::Adapters for Ends<S> {
    type Source = OktaClient<TestClock>;
    type Reader = HaiiloReader<TestClock>;
    type Store = S;
    type Clock = TestClock;

    fn source(&self) -> &Self::Source {
        &self.source
    }

    fn reader(&self) -> &Self::Reader {
        &self.reader
    }

    fn store(&self) -> &Self::Store {
        &self.store
    }

    fn clock(&self) -> &Self::Clock {
        &self.clock
    }
}

/// The report of a cycle, which a story need not look at.
#[derive(Debug)]
pub(crate) struct Ran(pub(crate) CycleReport);

impl Deref for Ran {
    type Target = CycleReport;

    fn deref(&self) -> &CycleReport {
        &self.0
    }
}

/// A world of a story.
pub(crate) struct World {
    pub(crate) okta: Server<Okta>,
    pub(crate) haiilo: Server<Haiilo>,
    pub(crate) clock: TestClock,
    pub(crate) settings: CycleSettings,
    pub(crate) okta_settings: OktaSettings,
    pub(crate) haiilo_settings: HaiiloSettings,
    pub(crate) folder: TempDir,
    /// The database that keeps the state, where that is no file in the folder.
    pub(crate) server: Option<PostgresUrl>,
    http: HttpClient,
    runs: u32,
}

impl World {
    /// Both servers, without people, of the product that is tested.
    pub(crate) async fn empty() -> Self {
        Self::of(product()).await
    }

    /// Both servers, without people; Haiilo Advocacy has the groups of the mapping but Atlantis.
    pub(crate) async fn of(product: Product) -> Self {
        let sim_clock = SimClock::standing(START);
        let okta = Server::start(Okta::new(sim_clock.clone()), sim_clock.clone()).await.expect("a port");
        let served = match product {
            Product::Advocacy => {
                let mut haiilo = Haiilo::advocacy(sim_clock.clone());
                haiilo.set_groups(&["Germany", "Finland", "Austria", "Switzerland", "France", "Ireland"]);
                haiilo
            }
            Product::Intranet => {
                let mut haiilo = Haiilo::intranet(sim_clock.clone());
                // An account that is nobody's, as the owner of a token is in Advocacy.
                let family = "Service".to_owned();
                let owner = AccountSeed {
                    user_name: haiilo::OWNER.to_owned(),
                    given: "Sync".to_owned(),
                    family,
                    ..AccountSeed::default()
                };
                haiilo.add_account(owner);
                haiilo
            }
        };
        let haiilo = Server::start(served, sim_clock.clone()).await.expect("a port");
        let org_url = Url::parse(&okta.origin()).expect("an address");
        let base_url = Url::parse(&format!("{}{}", haiilo.origin(), haiilo::BASE)).expect("an address");
        let tenant = Tenant {
            org_id: None,
            org_url: org_url.to_string(),
            app_id: okta::APP_ID.to_owned(),
            product: product.as_str().to_owned(),
            base_url: base_url.to_string(),
        };
        let options = HttpOptions {
            proxy: None,
            no_proxy: Vec::new(),
            root_certificates: None,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_millis(500),
        };
        Self {
            settings: CycleSettings {
                tenant,
                mapping: defaults::mapping_of(product),
                policy: defaults::policy(product),
                push_is_on: PushRule::Refuse,
                page_size: 100,
                concurrency: 2,
                groups: None,
                journal_keep: TimeDelta::days(400),
                update_method: UpdateMethod::Patch,
            },
            okta_settings: OktaSettings {
                org_url,
                app_id: okta::APP_ID.to_owned(),
                page_size: 500,
                link_hosts: Vec::new(),
                push_is_on: PushRule::Refuse,
                rate_limit_share: 0.5,
                auth: OktaAuth::ApiToken(okta::API_TOKEN.into()),
            },
            haiilo_settings: HaiiloSettings {
                auth: defaults::haiilo_auth(product, &base_url),
                base_url,
                update_method: UpdateMethod::Patch,
                page_size: 100,
                concurrency: 2,
            },
            okta,
            haiilo,
            clock: TestClock(sim_clock),
            folder: TempDir::new().expect("a folder"),
            server: None,
            http: HttpClient::new(options).expect("a client"),
            runs: 0,
        }
    }

    /// So many people are assigned, and Haiilo has none of them.
    pub(crate) async fn with_people(n: u32) -> Self {
        let world = Self::empty().await;
        world.okta.state().populate(n);
        world
    }

    /// So many people are assigned, and a first run, which was approved, has made their accounts.
    pub(crate) async fn in_step(n: u32) -> Self {
        let mut world = Self::with_people(n).await;
        world.get_in_step().await;
        world
    }

    /// The same with its state in a database.
    pub(crate) async fn in_step_with(n: u32, server: PostgresUrl) -> Self {
        let mut world = Self::with_people(n).await;
        world.server = Some(server);
        world.get_in_step().await;
        world
    }

    /// A first run, which was approved, makes the accounts of everybody who is assigned.
    pub(crate) async fn get_in_step(&mut self) {
        let report = self.sync_approved().await;
        assert!(report.stops.is_empty(), "{:?}", report.stops);
        // The second cycle sees the new accounts listed.
        assert!(self.sync_well().await.concluded.is_empty());
        self.assert_converged().await;
        self.haiilo.state().forget_writes();
    }

    /// The Okta id of the n-th person.
    pub(crate) fn okta_id(&self, n: u32) -> String {
        self.okta_id_of(&person(n).email)
    }

    /// The Okta id of whoever logs in with this address.
    pub(crate) fn okta_id_of(&self, login: &str) -> String {
        self.okta.state().find(login).expect("somebody who was hired")
    }

    /// Changes an attribute in the profile of the n-th person.
    pub(crate) fn set_profile(&self, n: u32, key: &str, value: serde_json::Value) {
        let id = self.okta_id(n);
        self.okta.state().set_profile(&id, key, value);
    }

    /// The account of the n-th person, by the address that they were hired with.
    pub(crate) fn account(&self, n: u32) -> Option<haiilo::Account> {
        self.haiilo.state().account_named(&person(n).email)
    }

    pub(crate) fn haiilo_id(&self, n: u32) -> String {
        self.account(n).expect("an account").id
    }

    pub(crate) fn advance(&self, time: TimeDelta) {
        self.clock.0.advance(time.num_milliseconds());
    }

    pub(crate) fn path(&self) -> StorePath {
        StorePath::new(self.folder.path().join(STORE))
    }

    /// Where the state is.
    pub(crate) fn place(&self) -> StorePlace {
        self.server.clone().map_or_else(|| self.path().into(), StorePlace::Server)
    }

    pub(crate) fn ends<S>(&self, store: S) -> Ends<S> {
        let http = self.http.clone();
        let wanted = self.settings.mapping.wanted();
        let shape = Shape::of(&self.settings.mapping);
        let clock = self.clock.clone();
        Ends {
            source: OktaClient::new(http.clone(), clock.clone(), &self.okta_settings, wanted).expect("a client"),
            reader: HaiiloReader::new(http, clock.clone(), &self.haiilo_settings, shape).expect("a client"),
            store,
            clock,
        }
    }

    /// A dry run.
    pub(crate) async fn try_plan(&self) -> Result<Prepared, CycleError> {
        self.try_plan_of(&Scope::Everybody).await
    }

    /// A dry run about some people. Whatever comes of it, it has sent nothing but reads, and left every byte of the store's folder.
    pub(crate) async fn try_plan_of(&self, scope: &Scope) -> Result<Prepared, CycleError> {
        let ends = self.ends(ReadStore::new(self.place()));
        let (files, calls) = (self.files(), (self.okta.calls().len(), self.haiilo.calls().len()));
        let prepared = Box::pin(engine::prepare(&ends, &self.settings, scope, None, &NoObserver)).await;
        assert!(self.files() == files, "a dry run changed the store");
        let (okta, haiilo) = (self.okta.calls(), self.haiilo.calls());
        for call in okta[calls.0..].iter().chain(&haiilo[calls.1..]) {
            let asks = [okta::route::TOKEN, haiilo::route::GRANT].contains(&&*call.route);
            let reads = call.route.starts_with("GET ") || asks;
            assert!(reads, "a dry run sent {}", call.route);
        }
        prepared
    }

    /// Every file in the store's folder with its bytes. Of SQLite's index of a log, which its readers make anew after a crash, the name alone.
    fn files(&self) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
        let files = entries.map(|entry| (entry.file_name(), entry.path())).map(|(name, path)| {
            let is_index = name.to_string_lossy().ends_with("-shm");
            (name, if is_index { Vec::new() } else { std::fs::read(path).expect("a file") })
        });
        files.collect()
    }

    pub(crate) async fn plan(&self) -> Prepared {
        self.try_plan().await.expect("a plan")
    }

    /// One cycle.
    pub(crate) async fn try_sync(&mut self) -> Result<Ran, CycleError> {
        self.try_sync_with(Scope::Everybody, None).await
    }

    pub(crate) async fn try_sync_with(&mut self, scope: Scope, given: Option<ApprovalId>) -> Result<Ran, CycleError> {
        self.runs += 1;
        self.cycle_at(self.place(), &format!("run-{}", self.runs), scope, given).await
    }

    /// One cycle with a store of its own name, as several programs would run side by side.
    pub(crate) async fn cycle(
        &self,
        store: &str,
        run: &str,
        scope: Scope,
        given: Option<ApprovalId>,
    ) -> Result<Ran, CycleError> {
        self.cycle_at(StorePath::new(self.folder.path().join(store)).into(), run, scope, given).await
    }

    /// One cycle with its state there.
    pub(crate) async fn cycle_at(
        &self,
        place: StorePlace,
        run: &str,
        scope: Scope,
        given: Option<ApprovalId>,
    ) -> Result<Ran, CycleError> {
        let lock = free_lock(&place, "a story").await;
        let store = Store::open(place, lock).await?;
        let ends = self.ends(store);
        let writer: HaiiloWriter<TestClock> = ends.reader.writer();
        let run_context = RunContext { run: RunId::new(run), approval: None, by: "a story".to_owned(), reason: None };
        let order = CycleRequest { scope, given, run_context, cancel: CancellationToken::default() };
        let report = Box::pin(engine::sync(&ends, &writer, &self.settings, &order, &NoObserver)).await;
        ends.store.close().await?;
        report.map(Ran)
    }

    pub(crate) async fn sync(&mut self) -> Ran {
        self.try_sync().await.expect("a cycle")
    }

    /// One cycle in which every operation succeeds, and something is done.
    pub(crate) async fn sync_well(&mut self) -> Ran {
        let report = self.sync().await;
        assert!(report.prepared.limit_check.violations.is_empty(), "{:?}", report.prepared.limit_check.violations);
        for concluded in &report.concluded {
            assert_eq!(concluded.outcome, Outcome::Done, "{:?}", concluded.operation);
        }
        assert!(report.stops.is_empty(), "{:?}", report.stops);
        report
    }

    /// Looks at the plan, and lets exactly that pass.
    pub(crate) async fn sync_approved(&mut self) -> Ran {
        let id = self.plan().await.limit_check.approval_id.expect("something to approve");
        self.try_sync_with(Scope::Everybody, Some(id)).await.expect("a cycle")
    }

    /// Looks at the plan, lets exactly that pass, and every operation succeeds.
    pub(crate) async fn sync_well_approved(&mut self) -> Ran {
        let report = self.sync_approved().await;
        for concluded in &report.concluded {
            assert_eq!(concluded.outcome, Outcome::Done, "{:?}", concluded.operation);
        }
        assert!(report.stops.is_empty(), "{:?}", report.stops);
        report
    }

    /// Approves a blocked plan; the number of its entries, or `None` where no plan has this id.
    pub(crate) async fn approve(&self, id: &ApprovalId) -> Option<usize> {
        match operator::approve(self, id).await {
            Ok(approved) => Some(approved.items),
            Err(AdminError::Refused(ActRefused::NoBlockedPlan(_))) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// What the store remembers.
    pub(crate) async fn state(&self) -> SyncState {
        ReadStore::new(self.place()).sync_state(self.clock.now()).await.expect("memory")
    }

    /// Nothing is left to do, nothing was asked that no client should ask, and every planted fault met a call.
    pub(crate) async fn assert_converged(&self) {
        let prepared = self.plan().await;
        assert!(prepared.plan.people.operations.is_empty(), "left to do: {:#?}", prepared.plan.people.operations);
        assert!(prepared.limit_check.violations.is_empty(), "{:?}", prepared.limit_check.violations);
        self.okta.finish();
        self.haiilo.finish();
    }
}

/// A lock that nobody holds. A program that another test starts has copies of our open files between its fork and its exec, so that a lock
/// which was just let go of may seem held for that moment.
pub(crate) async fn free_lock(place: impl Into<StorePlace>, holder: &str) -> CycleLock {
    let place = place.into();
    let mut tries = 0;
    loop {
        match CycleLock::try_take(&place, holder).await {
            Ok(lock) => return lock,
            Err(error @ LockError::Held { .. }) => assert!(tries < 100_000, "{error}"),
            Err(error) => panic!("{error}: {:?}", error.source()),
        }
        tries += 1;
        tokio::task::yield_now().await;
    }
}

/// The outcomes of a cycle, each as `kind outcome`, in the order of kinds and people.
pub(crate) fn outcomes(report: &CycleReport) -> Vec<String> {
    let concluded = report.concluded.iter();
    concluded.map(|one| format!("{} {}", one.operation.kind().as_str(), one.outcome.as_str())).collect()
}

/// What a plan warns about, a line each.
pub(crate) fn warnings(plan: &CyclePlan) -> String {
    let warnings = &plan.people.findings.warnings;
    warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

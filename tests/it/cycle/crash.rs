//! The program is killed (SIGKILL, the built binary, a child process) at every call that it makes and at every write to its store; then it
//! is started again, and heals.
//!
//! Where it dies is chosen from outside, since nothing in the program knows of this test. A simulator that leaves a call without an answer
//! holds the program still between journal and request (nothing was done yet) or between request and journal (it was done, and nobody
//! heard). `strace` kills it as it enters the n-th system call of a kind: so it dies in the middle of a commit, or just before it sends.
//!
//! `CRASH_POINTS=all` dies everywhere; without it, a part of the points stands for all, and those that need `strace` only where it is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use okta_haiilo_sim::SimClock;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, AccountSeed, Did, Duplicate, Haiilo};
use okta_haiilo_sim::okta::Okta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::PostgresUrl;
use okta_haiilo_sync::domain::model::ids::OktaUserId;
use okta_haiilo_sync::domain::model::link::Origin;
use okta_haiilo_sync::ports::StoreReader as _;
use okta_haiilo_sync::store::{ReadStore, StorePath, StorePlace};
use serde_json::{Value as Json, json};

use crate::setup::environment::length;
use crate::setup::postgres;
use crate::setup::program::Stage;

/// Who joins in place of somebody who is renamed, under the very address that the rename frees.
const HEIR: u32 = 23;
/// Where the renamed person goes.
const RENAMED: &str = "renamed@example.com";
/// An account that is nobody's here.
const STRANGER: u32 = 50;
/// The most cycles that may pass until both sides are in step again.
const CYCLES: usize = 3;

/// Where the program dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// Okta was asked, and does not answer.
    AtOkta(u64),
    /// The call has arrived at Haiilo, which has done nothing.
    BeforeHaiilo(u64),
    /// Haiilo has done what was asked, and has not answered.
    AfterHaiilo(u64),
    /// On entering the n-th system call of this name in one of its threads.
    InCall(&'static str, u64),
}

/// A world in which there is much to do, as it was before: it can be put back.
struct Scene {
    stage: Stage,
    okta: Okta,
    haiilo: Haiilo,
    files: BTreeMap<PathBuf, Vec<u8>>,
    kept_in: Keeping,
    /// What the command needs besides `sync`.
    arguments: Vec<String>,
    /// The userNames that Haiilo holds in the end.
    expected: BTreeSet<String>,
    /// Whose accounts are destroyed in the end.
    deleted: BTreeSet<String>,
    /// The people who are linked in the end, and where their accounts came from.
    origins: BTreeMap<OktaUserId, Origin>,
    /// How many accounts are made from here on.
    created: usize,
}

/// Where the program keeps its state.
#[derive(Clone, Debug)]
enum Keeping {
    /// In the files of its folder.
    Files,
    /// In a database of this name, with a copy of how it was.
    Database(String),
}

impl Keeping {
    async fn in_a_database() -> Self {
        Self::Database(postgres::new_database().await)
    }

    fn place(&self, stage: &Stage) -> StorePlace {
        match self {
            Self::Files => StorePath::new(stage.path("state.db")).into(),
            Self::Database(name) => {
                let url = postgres::url_of(&postgres::administrator(), name);
                StorePlace::Server(PostgresUrl::parse(url.as_str()).expect("a URL"))
            }
        }
    }

    /// Remembers how a database is.
    fn keep(&self) {
        if let Self::Database(name) = self {
            wait_for(postgres::copy(name, &format!("{name}_kept")));
        }
    }

    /// Puts a database back as it was.
    fn restore(&self) {
        if let Self::Database(name) = self {
            wait_for(postgres::copy(&format!("{name}_kept"), name));
        }
    }
}

fn wait_for<T>(work: impl Future<Output = T>) -> T {
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| handle.block_on(work))
}

fn email(n: u32) -> String {
    if n == HEIR { person(3).email } else { person(n).email }
}

/// Nobody has an account yet but two, who made theirs themselves.
async fn first_run(kept_in: Keeping) -> Scene {
    let stage = stage(&kept_in).await;
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    let id = plan["approval_id"].as_str().expect("something to approve").to_owned();
    scene((stage, kept_in), vec!["--approve".to_owned(), id], &[0, 1, 2, 3, 4, 5, 6, 7], &[], 6)
}

async fn stage(kept_in: &Keeping) -> Stage {
    let stage = Stage::with_people(8).await;
    if let Keeping::Database(name) = kept_in {
        stage.configure("sqlite:state.db", postgres::url_of(&postgres::administrator(), name).as_str());
    }
    stage.configure_also("[leavers]\ndeactivated = \"delete\"\ngrace = \"0s\"\n");
    for n in 0..8 {
        stage.set_profile(n, "countryCode", "DE");
    }
    let mut haiilo = stage.haiilo.state();
    // Nothing but the program itself keeps a person from a second account.
    haiilo.tune(|manner| manner.duplicate = Duplicate::Accepted);
    // Ireland is yet to be made.
    haiilo.set_groups(&["Germany", "Finland", "France"]);
    for n in [1, 6] {
        haiilo.add_account(AccountSeed { group: "Germany".to_owned(), ..AccountSeed::of(&person(n)) });
    }
    let stranger = haiilo.add_account(AccountSeed { group: "France".to_owned(), ..AccountSeed::of(&person(STRANGER)) });
    haiilo.must_not_touch(&stranger);
    drop(haiilo);
    stage
}

/// Everybody is in step; then people are hired (one whose account is there, one under an address that a rename frees), renamed, moved, moved
/// to a group that is not there, deactivated (two of ours, one who was adopted) and unassigned.
async fn busy_day(kept_in: Keeping) -> Scene {
    let stage = stage(&kept_in).await;
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    let id = plan["approval_id"].as_str().expect("something to approve");
    stage.run(&["sync", "--approve", id]).exits(0);
    stage.run(&["sync"]).exits(0);
    stage.haiilo.state().forget_writes();
    for (n, key, value) in
        [(2, "city", "Paris"), (6, "city", "Graz"), (6, "lastName", "Married"), (7, "countryCode", "IE")]
    {
        stage.set_profile(n, key, value);
    }
    let hand = AccountSeed { group: "Germany".to_owned(), ..AccountSeed::of(&person(22)) };
    stage.haiilo.state().add_account(hand);
    let ids: Vec<String> = (0..8).map(|n| stage.okta_id(n)).collect();
    let mut okta = stage.okta.state();
    okta.rename(&ids[3], RENAMED);
    for gone in [1, 4, 5] {
        okta.deactivate(&ids[gone]);
    }
    okta.unassign(&ids[0]);
    for n in [20, 21, 22, HEIR] {
        let mut joiner = person(n);
        joiner.email = email(n);
        joiner.country_code = "DE";
        okta.hire(&joiner);
    }
    drop(okta);
    scene((stage, kept_in), Vec::new(), &[0, 1, 2, 3, 6, 7, 20, 21, 22, HEIR], &[4, 5], 3)
}

fn scene(
    (stage, kept_in): (Stage, Keeping),
    arguments: Vec<String>,
    kept: &[u32],
    gone: &[u32],
    created: usize,
) -> Scene {
    kept_in.keep();
    let is_renamed = gone.len() > 1;
    let name = |n: u32| if is_renamed && n == 3 { RENAMED.to_owned() } else { email(n) };
    let origin = |n: u32| if [1, 6, 22].contains(&n) { Origin::Adopted } else { Origin::Created };
    let origins = kept.iter().map(|n| {
        let id = stage.okta.state().find(&name(*n)).expect("somebody who was hired");
        (OktaUserId::new(id), origin(*n))
    });
    let (origins, okta, haiilo) = (origins.collect(), stage.okta.state().clone(), stage.haiilo.state().clone());
    Scene {
        origins,
        expected: kept.iter().map(|n| name(*n)).chain([haiilo::OWNER.to_owned(), email(STRANGER)]).collect(),
        deleted: gone.iter().map(|n| email(*n)).collect(),
        created,
        arguments,
        okta,
        haiilo,
        files: stage.files(&[]),
        kept_in,
        stage,
    }
}

impl Scene {
    /// Puts everything back as it was.
    fn restore(&self) {
        for path in self.stage.files(&[]).keys().filter(|path| !self.files.contains_key(*path)) {
            fs::remove_file(path).expect("removed");
        }
        for (path, bytes) in &self.files {
            fs::write(path, bytes).expect("written");
        }
        self.kept_in.restore();
        *self.stage.okta.state() = self.okta.clone();
        *self.stage.haiilo.state() = self.haiilo.clone();
        self.stage.okta.forget_calls();
        self.stage.haiilo.forget_calls();
    }

    fn arguments(&self) -> Vec<&str> {
        let more = self.arguments.iter().map(String::as_str);
        ["sync", "--format", "json"].into_iter().chain(more).collect()
    }

    /// How many calls of each side a cycle makes that nobody disturbs.
    fn calls(&self) -> (u64, u64) {
        self.restore();
        self.stage.run(&self.arguments()).exits(0);
        let calls = (self.stage.okta.count(), self.stage.haiilo.count());
        self.judge("nobody died", None);
        assert!(calls.0 > 2 && calls.1 > 10, "{calls:?}");
        calls
    }

    /// Runs the program until it dies here; false when it came to its end before.
    fn dies(&self, death: Death) -> bool {
        self.restore();
        let Stage { okta, haiilo, .. } = &self.stage;
        match death {
            Death::AtOkta(n) => okta.plant(When::Call(n), Fault::Stall),
            Death::BeforeHaiilo(n) => haiilo.plant(When::Call(n), Fault::Stall),
            Death::AfterHaiilo(n) => haiilo.plant(When::Call(n), Fault::StallAfter),
            Death::InCall(..) => {}
        }
        let mut command = self.stage.command(&self.arguments());
        if let Death::InCall(name, n) = death {
            command = traced(&command, name, n);
        }
        let stalled = okta.stalled() + haiilo.stalled();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let is_killed = loop {
            if okta.stalled() + haiilo.stalled() > stalled {
                child.kill().expect("killed");
                break true;
            }
            if let Some(status) = child.try_wait().expect("a child") {
                break !matches!(status.code(), Some(0 | 4));
            }
            pause();
        };
        child.wait().expect("it ended");
        okta.heal();
        haiilo.heal();
        is_killed
    }

    /// Starts the program again until nothing is left to do, and looks at everything.
    #[track_caller]
    fn judge(&self, what: &str, death: Option<Death>) {
        let what = format!("{what}: {death:?}");
        let mut left = Json::Null;
        for _ in 0..=CYCLES {
            left = self.cycle(&what);
            if left["operations"] == json!([]) {
                break;
            }
        }
        assert_eq!(left["operations"], json!([]), "{what}: not in step after {CYCLES} cycles");
        assert_eq!(left["held"], json!([]), "{what}");
        let state = self.stage.haiilo.state();
        let names: Vec<String> = state.accounts().into_iter().map(|account| account.user_name).collect();
        assert_eq!(names.len(), self.expected.len(), "{what}: {names:?}");
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), self.expected, "{what}");
        let writes = state.writes();
        let created = writes.iter().filter(|write| matches!(write.did, Did::Created)).count();
        assert_eq!(created, self.created, "{what}: {writes:#?}");
        let deleted = state.deleted();
        assert_eq!(deleted.len(), self.deleted.len(), "{what}: {deleted:?}");
        assert!(deleted.iter().all(|deleted| self.deleted.contains(&deleted.user_name)), "{what}: {deleted:?}");
        drop(state);
        self.remembers(&what);
        self.stage.okta.finish();
        self.stage.haiilo.finish();
    }

    /// Everybody's link is known, and whether the account was made by us; nothing is open.
    fn remembers(&self, what: &str) {
        let store = ReadStore::new(self.kept_in.place(&self.stage));
        let state = wait_for(store.sync_state(SimClock::system().now())).expect("a store");
        let origins: BTreeMap<OktaUserId, Origin> =
            state.links.iter().map(|link| (link.okta_id.clone(), link.origin)).collect();
        assert_eq!(origins, self.origins, "{what}");
        assert!(state.open.is_empty(), "{what}: {:?}", state.open);
    }

    /// One cycle without a fault; where it is blocked, an administrator lets exactly that pass.
    fn cycle(&self, what: &str) -> Json {
        let mut ended = self.stage.run(&["sync", "--format", "json"]);
        if ended.code == Some(3) {
            let id = ended.json()["approval_id"].as_str().expect("something to approve").to_owned();
            ended = self.stage.run(&["sync", "--format", "json", "--approve", &id]);
        }
        assert_eq!(ended.code, Some(0), "{what}:\n{}\n{}", ended.out, ended.err);
        ended.json()
    }

    /// Dies at these points, one after the other, and heals each time. Says how many there were.
    fn survives(&self, what: &str, deaths: impl Iterator<Item = Death>) -> usize {
        let mut died = 0;
        for death in deaths {
            if self.dies(death) {
                died += 1;
            }
            self.judge(what, Some(death));
        }
        died
    }
}

/// The same command under `strace`, which kills it as it enters the n-th such call.
fn traced(command: &Command, name: &str, n: u64) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qqq", "-o", "/dev/null", "-e", &format!("trace={name}")]);
    traced.args(["-e", &format!("inject={name}:signal=KILL:when={n}")]);
    traced.arg(command.get_program()).args(command.get_args());
    traced.current_dir(command.get_current_dir().expect("a folder"));
    traced
}

/// How many such calls one thread makes at the most in a cycle; none where there is no `strace`.
fn counted(scene: &Scene, name: &str) -> Option<u64> {
    scene.restore();
    let command = scene.stage.command(&scene.arguments());
    let log = scene.stage.path("strace.log");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qqq", "-o"]).arg(&log).args(["-e", &format!("trace={name}")]);
    traced.arg(command.get_program()).args(command.get_args()).current_dir(scene.stage.folder());
    let ended = traced.output();
    if ended.as_ref().is_ok_and(|ended| ended.status.success()) {
        let text = fs::read_to_string(&log).expect("a log");
        fs::remove_file(&log).expect("removed");
        let mut threads: BTreeMap<&str, u64> = BTreeMap::new();
        for thread in text.lines().filter_map(|line| line.split_whitespace().next()) {
            *threads.entry(thread).or_default() += 1;
        }
        return Some(threads.into_values().max().unwrap_or(0));
    }
    assert!(!length().is_full, "strace does not work, and CRASH_POINTS=all wants it: {ended:?}");
    None
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own is waited for, which lives in the time of the system"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}

/// Every point, or a part of them that begins elsewhere for each kind.
fn points(last: u64, offset: u64) -> impl Iterator<Item = u64> {
    let every = length().crash_step;
    (1 + offset % every..=last).step_by(usize::try_from(every).expect("a small number"))
}

fn at_okta(scene: &Scene, what: &str) {
    let last = scene.calls().0;
    let died = scene.survives(what, points(last, 2).map(Death::AtOkta));
    assert_eq!(died, points(last, 2).count(), "{what}");
}

fn at_haiilo(scene: &Scene, what: &str, death: fn(u64) -> Death) {
    let last = scene.calls().1;
    let died = scene.survives(what, points(last, 5).map(death));
    assert_eq!(died, points(last, 5).count(), "{what}");
}

/// At each system call of that name.
fn in_call(scene: &Scene, what: &str, name: &'static str, at_least: u64) {
    let Some(last) = counted(scene, name) else { return };
    assert!(last >= at_least, "{what}: only {last} times {name}");
    let died = scene.survives(what, points(last, 7).map(|n| Death::InCall(name, n)));
    // Which pages a commit writes depends on the order of answers, so that the last points may lie behind the end.
    assert!((died + 1) * 5 >= points(last, 7).count() * 4, "{what}: died only {died} times of {last}");
}

/// Each kind of death in each scene is a test of its own, so that they run side by side.
macro_rules! deaths {
    ($($(#[$attribute:meta])* $name:ident: $scene:expr, $run:ident($($argument:expr),*);)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$attribute])*
            async fn $name() {
                $run(&$scene.await, stringify!($name) $(, $argument)*);
            }
        )*
    };
}

deaths! {
    a_first_run_dies_at_okta: first_run(Keeping::Files), at_okta();
    a_first_run_dies_before_haiilo_acts: first_run(Keeping::Files), at_haiilo(Death::BeforeHaiilo);
    a_first_run_dies_after_haiilo_acted: first_run(Keeping::Files), at_haiilo(Death::AfterHaiilo);
    a_first_run_dies_as_it_writes_to_the_store: first_run(Keeping::Files), in_call("pwrite64", 100);
    a_first_run_dies_before_a_commit_is_durable: first_run(Keeping::Files), in_call("fsync", 20);
    a_busy_day_dies_at_okta: busy_day(Keeping::Files), at_okta();
    a_busy_day_dies_before_haiilo_acts: busy_day(Keeping::Files), at_haiilo(Death::BeforeHaiilo);
    a_busy_day_dies_after_haiilo_acted: busy_day(Keeping::Files), at_haiilo(Death::AfterHaiilo);
    a_busy_day_dies_as_it_writes_to_the_store: busy_day(Keeping::Files), in_call("pwrite64", 100);
    a_busy_day_dies_before_a_commit_is_durable: busy_day(Keeping::Files), in_call("fsync", 20);
    a_busy_day_dies_as_it_ends: busy_day(Keeping::Files), in_call("unlink", 1);
    a_busy_day_dies_as_it_sends: busy_day(Keeping::Files), in_call("writev", 1);
}

deaths! {
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    a_first_run_dies_as_it_sends_on_postgres: first_run(Keeping::in_a_database().await), in_call("sendto", 60);
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    a_busy_day_dies_before_haiilo_acts_on_postgres: busy_day(Keeping::in_a_database().await), at_haiilo(Death::BeforeHaiilo);
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    a_busy_day_dies_after_haiilo_acted_on_postgres: busy_day(Keeping::in_a_database().await), at_haiilo(Death::AfterHaiilo);
    #[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
    a_busy_day_dies_as_it_sends_on_postgres: busy_day(Keeping::in_a_database().await), in_call("sendto", 60);
}

//! The daemon's loop over a simulated world, in a time of its own: it lives through days in seconds.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics_exporter_prometheus::PrometheusHandle;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::{haiilo, okta};
use okta_haiilo_sync::clock::Clock;
use okta_haiilo_sync::config::settings::{ListenSettings, NotifySettings, PeopleOnPage, WebhookForm};
use okta_haiilo_sync::daemon::schedule::Schedule;
use okta_haiilo_sync::daemon::{
    CycleFailure, CycleSummary, Daemon, FailureClass, Job, JobFactory, LoadedJob, PollOutcome, RunError, Signals,
    Systemd, install_metrics,
};
use okta_haiilo_sync::domain::model::ids::RunId;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::state::journal::RunContext;
use okta_haiilo_sync::domain::state::run_history::RunHistory;
use okta_haiilo_sync::engine::{self, CycleRequest, Observer, Scope};
use okta_haiilo_sync::http::{HttpClient, HttpOptions};
use okta_haiilo_sync::ports::StoreFailure;
use okta_haiilo_sync::store::{ReadStore, Store};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::setup::daemon::{free_address, get};
use crate::setup::environment::length;
use crate::setup::world::{TestClock, World, free_lock};

/// What happens in the world before a cycle, by its number.
type Script = Box<dyn Fn(&World, usize) + Send + Sync>;

/// When cycles ended, and how.
type History = Vec<(DateTime<Utc>, String)>;

/// Cycles of a world, so many of them.
#[derive(Clone)]
struct Cycles {
    world: Arc<World>,
    script: Arc<Script>,
    after: Arc<Script>,
    /// How many were begun, and how many are under way.
    begun: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    most: usize,
    signals: Signals,
    listen: Option<SocketAddr>,
    /// How each of them ended, and when.
    history: Arc<Mutex<History>>,
    alert_log: Arc<Mutex<Option<String>>>,
}

impl JobFactory for Cycles {
    type Job = Self;

    fn load(&self) -> Result<LoadedJob<Self>, Vec<String>> {
        let patience = Duration::from_secs(5);
        let http = HttpClient::new(HttpOptions {
            proxy: None,
            no_proxy: Vec::new(),
            root_certificates: None,
            connect_timeout: patience,
            read_timeout: patience,
        });
        Ok(LoadedJob {
            job: self.clone(),
            schedule: Schedule::parse("*/15 * * * *", Tz::UTC).expect("a schedule"),
            changes: None,
            listen: ListenSettings { address: self.listen, people: PeopleOnPage::Counted },
            notify: NotifySettings { webhook: None, form: WebhookForm::Plain, heartbeat: None, failures: 3 },
            http: http.expect("a client"),
        })
    }
}

impl Job for Cycles {
    async fn cycle(&self, observer: &impl Observer, cancel: CancellationToken) -> Result<CycleSummary, RunError> {
        let number = self.begun.fetch_add(1, Ordering::SeqCst);
        assert_eq!(self.running.fetch_add(1, Ordering::SeqCst), 0, "two cycles at once");
        (self.script)(&self.world, number);
        let ended = self.one(number, observer, cancel).await;
        (self.after)(&self.world, number);
        self.running.fetch_sub(1, Ordering::SeqCst);
        let word = match &ended {
            Ok(summary) => summary.result.as_str().to_owned(),
            Err(RunError::Failed(failure)) => format!("failed {:?}", failure.class),
            Err(RunError::Busy(_)) => "busy".to_owned(),
        };
        self.history.lock().expect("a list").push((self.world.clock.now(), word));
        if number + 1 == self.most {
            self.signals.stop.cancel();
        }
        ended
    }

    async fn poll(&self, _: &impl Observer, _: CancellationToken) -> Result<PollOutcome, RunError> {
        unreachable!("nothing is polled here")
    }

    async fn run_history(&self, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, StoreFailure> {
        ReadStore::new(self.world.place()).run_history(now, cycles).await
    }

    async fn alert_log(&self) -> Result<Option<String>, StoreFailure> {
        Ok(self.alert_log.lock().expect("a text").clone())
    }

    async fn save_alert_log(&self, log: &str) -> Result<(), StoreFailure> {
        *self.alert_log.lock().expect("a text") = Some(log.to_owned());
        Ok(())
    }
}

impl Cycles {
    async fn one(
        &self,
        number: usize,
        observer: &impl Observer,
        cancel: CancellationToken,
    ) -> Result<CycleSummary, RunError> {
        let world = &self.world;
        let lock = free_lock(world.place(), "a story").await;
        let store = Store::open(world.place(), lock).await.expect("a store");
        let ends = world.ends(store);
        let run = RunId::new(format!("cycle-{number}"));
        let run_context = RunContext { run: run.clone(), approval: None, by: "a story".to_owned(), reason: None };
        let order = CycleRequest { scope: Scope::Everybody, given: None, run_context, cancel };
        let came = Box::pin(engine::sync(&ends, &ends.reader.writer(), &world.settings, &order, observer)).await;
        ends.store.close().await.expect("closed");
        match came {
            Ok(report) => Ok(CycleSummary::new(&report, None)),
            Err(error) => {
                let message = error.to_string();
                Err(RunError::Failed(CycleFailure { class: FailureClass::Transient, causes: message.clone(), message }))
            }
        }
    }
}

/// Lets a daemon run through so many cycles; how each ended, and when.
async fn live(
    world: World,
    most: usize,
    script: impl Fn(&World, usize) + Send + Sync + 'static,
    after: impl Fn(&World, usize) + Send + Sync + 'static,
) -> (Arc<World>, History) {
    live_by((world.clock.clone(), None), world, most, (script, after)).await
}

/// The same by another clock, and looked at under an address.
async fn live_by(
    (clock, listen): (impl Clock + Clone, Option<(SocketAddr, PrometheusHandle)>),
    world: World,
    most: usize,
    (script, after): (impl Fn(&World, usize) + Send + Sync + 'static, impl Fn(&World, usize) + Send + Sync + 'static),
) -> (Arc<World>, History) {
    let world = Arc::new(world);
    let cycles = Cycles {
        world: Arc::clone(&world),
        script: Arc::new(Box::new(script)),
        after: Arc::new(Box::new(after)),
        begun: Arc::default(),
        running: Arc::default(),
        most,
        signals: Signals::default(),
        listen: listen.as_ref().map(|(address, _)| *address),
        history: Arc::default(),
        alert_log: Arc::default(),
    };
    let daemon = Daemon::new(&cycles, clock, Systemd::Off).expect("a configuration");
    Box::pin(daemon.run(&cycles.signals, listen.map(|(_, metrics)| metrics))).await.expect("an end");
    assert_eq!(cycles.begun.load(Ordering::SeqCst), most);
    let history = cycles.history.lock().expect("a list").clone();
    (world, history)
}

#[tokio::test]
async fn a_cycle_comes_at_each_scheduled_time_and_times_that_pass_meanwhile_are_skipped() {
    let world = World::in_step(3).await;
    // The third cycle takes more than half an hour.
    let (_, history) = live(
        world,
        6,
        |world, number| {
            if number == 2 {
                world.advance(TimeDelta::minutes(40));
            }
        },
        |_, _| {},
    )
    .await;
    let minutes: Vec<i64> = history.windows(2).map(|pair| (pair[1].0 - pair[0].0).num_minutes()).collect();
    assert_eq!(minutes, [15, 55, 5, 15, 15]);
    assert!(history.iter().all(|(_, ended)| ended == "applied"), "{history:?}");
}

#[tokio::test]
async fn a_day_without_haiilo_is_lived_through() {
    let log = Log::begin();
    let world = World::in_step(4).await;
    let (world, history) = live(
        world,
        110,
        |world, number| match number {
            4 => {
                world.set_profile(1, "city", json!("Paris"));
                world.haiilo.plant(When::Every(haiilo::route::LIST), Fault::Refuse(503));
            }
            100 => drop(world.haiilo.heal()),
            _ => {}
        },
        |world, _| {
            world.okta.forget_calls();
            world.haiilo.forget_calls();
        },
    )
    .await;
    let words: Vec<&str> = history.iter().map(|(_, word)| word.as_str()).collect();
    assert!(words[..4].iter().chain(&words[100..]).all(|word| *word == "applied"), "{words:?}");
    assert!(words[4..100].iter().all(|word| *word == "failed Transient"), "{words:?}");
    assert_eq!(world.account(1).expect("an account").team(), "Paris");
    assert!((1..=8).contains(&log.count("cycle failed")), "96 failures, {} lines", log.count("cycle failed"));
    world.assert_converged().await;
}

/// What is written to a log while this lives.
struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

impl Log {
    fn begin() -> Self {
        let text: Arc<Mutex<Vec<u8>>> = Arc::default();
        let into = Arc::clone(&text);
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Lines(Arc::clone(&into))).finish();
        Self { text, _guard: tracing::subscriber::set_default(lines) }
    }

    /// How many lines hold these words.
    fn count(&self, words: &str) -> usize {
        let text = self.text.lock().expect("a text");
        String::from_utf8_lossy(&text).lines().filter(|line| line.contains(words)).count()
    }
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a text").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_day_without_okta_is_lived_through() {
    let log = Log::begin();
    let (world, history) = live(
        World::in_step(4).await,
        104,
        |world, number| match number {
            2 => world.okta.plant(When::Every(okta::route::APP_USERS), Fault::DropBefore),
            98 => drop(world.okta.heal()),
            _ => {}
        },
        |world, _| world.okta.forget_calls(),
    )
    .await;
    let failed = history.iter().filter(|(_, word)| word == "failed Transient").count();
    assert_eq!((failed, history[103].1.as_str()), (96, "applied"));
    assert!((1..=8).contains(&log.count("cycle failed")), "{} lines", log.count("cycle failed"));
    world.assert_converged().await;
}

/// Haiilo can be read, and lets us write nothing: pauses grow, since only somebody can mend that, and the log stays short.
#[tokio::test]
async fn credentials_that_are_refused_for_writing_slow_it_down() {
    let log = Log::begin();
    let (world, history) = live(
        World::in_step(20).await,
        8,
        |world, number| match number {
            1 => {
                for n in 0..15 {
                    world.set_profile(n, "city", json!("Paris"));
                }
                world.haiilo.plant(When::Every(haiilo::route::PATCH), Fault::Refuse(401));
            }
            5 => drop(world.haiilo.heal()),
            _ => {}
        },
        |_, _| {},
    )
    .await;
    let words: Vec<&str> = history.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(words, ["applied", "stopped", "stopped", "stopped", "stopped", "applied", "applied", "applied"]);
    let minutes: Vec<i64> = history.windows(2).map(|pair| (pair[1].0 - pair[0].0).num_minutes()).collect();
    assert_eq!(minutes, [15, 15, 30, 60, 120, 15, 15]);
    // Four cycles that stopped with fifteen updates each: the log names those that were sent, not those that were left.
    assert!(log.count("operation failed") <= 8, "{}", log.count("operation failed"));
    assert_eq!(log.count("operation not attempted"), 0);
    assert_eq!(log.count("cycle failed"), 3, "the first, the second and the fourth");
    world.assert_converged().await;
}

/// A clock that is set back by a day in the so-many-th pause.
#[derive(Clone)]
struct SetBack {
    clock: TestClock,
    left: Arc<AtomicUsize>,
}

impl Clock for SetBack {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.clock.0.advance(-TimeDelta::days(1).num_milliseconds());
        }
        self.clock.sleep(pause)
    }
}

/// A clock that was a day ahead is set right: the next cycle comes on schedule, not in a day.
#[tokio::test]
async fn a_clock_that_is_set_back_delays_nothing() {
    let log = Log::begin();
    let world = World::in_step(3).await;
    // Pauses are of a minute at the most, so that this one is between the second cycle and the third.
    let clock = SetBack { clock: world.clock.clone(), left: Arc::new(AtomicUsize::new(35)) };
    let (_, history) = live_by((clock, None), world, 5, (|_, _| {}, |_, _| {})).await;
    let minutes: Vec<i64> = history.windows(2).map(|pair| (pair[1].0 - pair[0].0).num_minutes()).collect();
    assert_eq!(minutes, [15, 15 - 1440, 15, 15]);
    assert_eq!(log.count("the clock was set back"), 1);
}

/// A number that looks like chance, and is the same in every run.
fn chance(number: usize, salt: u64) -> u64 {
    let mut mixed = (number as u64).wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Something changes, and something goes wrong in two cycles of three.
fn weather(world: &World, number: usize) {
    let cities = ["Paris", "Graz", "Turku", "Galway"];
    let pick = |salt, of: usize| usize::try_from(chance(number, salt) % of as u64).expect("a small number");
    world.set_profile(u32::try_from(pick(1, 20)).expect("a small number"), "city", json!(cities[pick(2, 4)]));
    let which = pick(3, 8);
    match pick(4, 6) {
        0 => world.okta.plant(When::Nth(okta::route::APP_USERS, 1), fault(which)),
        1 => world.haiilo.plant(When::Nth(haiilo::route::LIST, 1), fault(which)),
        2 => world.haiilo.plant(When::Nth(haiilo::route::PATCH, 1), fault(which)),
        3 => world.okta.plant(When::Every(okta::route::APP), fault(which)),
        _ => {}
    }
}

fn fault<B>(which: usize) -> Fault<B> {
    match which {
        0 => Fault::Refuse(500),
        1 => Fault::Refuse(503),
        2 => Fault::DropBefore,
        3 => Fault::DropAfter,
        4 => Fault::Garbled,
        5 => Fault::CutBody,
        6 => Fault::Html(502),
        _ => Fault::EmptyBody,
    }
}

/// Resident memory in pages, and open files.
fn footprint() -> (u64, usize) {
    let text = std::fs::read_to_string("/proc/self/statm").expect("proc");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    (pages, std::fs::read_dir("/proc/self/fd").expect("proc").count())
}

/// In a process of its own, so that nobody else takes memory there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_thousand_cycles_take_no_more_than_a_hundred"]
#[expect(clippy::print_stdout, clippy::use_debug, reason = "it tells what it measured")]
async fn soak() {
    let most = length().soak;
    let marks: Arc<Mutex<Vec<(u64, usize)>>> = Arc::default();
    let into = Arc::clone(&marks);
    let world = World::in_step(30).await;
    let address = free_address();
    let looked_at = (world.clock.clone(), Some((address, install_metrics().expect("a recorder"))));
    let after = move |world: &World, _: usize| {
        let (status, metrics) = get(address, "/metrics", "localhost");
        assert!(status == 200 && metrics.contains("okta_haiilo_sync_cycles_total"), "{metrics}");
        assert_eq!(get(address, "/", "localhost").0, 200);
        world.okta.heal();
        world.haiilo.heal();
        world.okta.forget_calls();
        world.haiilo.forget_calls();
        world.haiilo.state().forget_writes();
        into.lock().expect("a list").push(footprint());
    };
    let (world, history) = live_by(looked_at, world, most, (weather, after)).await;
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for (_, word) in &history {
        *words.entry(word.clone()).or_default() += 1;
    }
    assert!(words.len() > 1 && words["applied"] > most / 2, "{words:?}");
    let marks = marks.lock().expect("a list").clone();
    let tenth = |n: usize| &marks[n * most / 10..(n + 1) * most / 10];
    let state = |n| tenth(n).iter().map(|(pages, _)| *pages).max().expect("cycles");
    // How many connections are kept for the next request is chance, and there are a handful at the most;
    // what is never closed becomes more with every cycle.
    let files = |n| tenth(n).iter().map(|(_, files)| *files).min().expect("cycles");
    println!("cycles {words:?}; pages {} then {}; files {} then {}", state(1), state(9), files(1), files(9));
    assert!(state(9) * 100 <= state(1) * 105, "memory grows: {} pages, then {}", state(1), state(9));
    assert!(files(9) <= files(1) + 8, "files stay open: {}, then {}", files(1), files(9));
    // The last change may have met a fault.
    for run in 0..2 {
        world.cycle_at(world.place(), &format!("last-{run}"), Scope::Everybody, None).await.expect("a cycle");
    }
    world.assert_converged().await;
}

#[test]
fn a_thousand_cycles_take_no_more_than_a_hundred() {
    let program = std::env::current_exe().expect("this program has a path");
    let ended = std::process::Command::new(program)
        .args(["--exact", "daemon::main_loop::soak", "--ignored", "--nocapture"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
}

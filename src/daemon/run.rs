//! The loop: waits for the next time, runs a cycle, tells whoever is to know, and does as signals say. One cycle at a time.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::settings::People;
use crate::daemon::board::Board;
use crate::daemon::caller::{Caller, Told};
use crate::daemon::callout::{Called, Message};
use crate::daemon::digest::Digest;
use crate::daemon::endpoint;
use crate::daemon::health::{Past, Phase, is_complete};
use crate::daemon::job::{Ended, Job, Loaded, Service, Trouble};
use crate::daemon::metrics;
use crate::daemon::pace::{self, Pace};
use crate::daemon::pulse::Pulse;
use crate::daemon::supervisor::Supervisor;
use crate::engine::Halt;

/// The longest sleep: the date may be set meanwhile.
const LOOK: Duration = Duration::from_mins(1);
/// How long operations that are under way are waited for at the end.
const PATIENCE: Duration = Duration::from_secs(8);
/// A cycle that has not got on for so long has died; the longest pause of its own is far shorter.
const LONGEST_SILENCE: Duration = Duration::from_mins(15);

/// What somebody wants of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The end (SIGTERM, SIGINT).
    End,
    /// The configuration anew (SIGHUP).
    Reload,
}

/// The daemon.
pub struct Daemon<'a, S: Service, C> {
    service: &'a S,
    clock: C,
    supervisor: Supervisor,
    board: Arc<Board<S::Job>>,
    caller: Caller<C>,
    people: People,
    address: Option<SocketAddr>,
    pace: Pace,
    /// What was called, as far as is known here.
    called: Called,
}

impl<S: Service, C> fmt::Debug for Daemon<'_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daemon").field("address", &self.address).field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// Why the loop woke.
enum Woken {
    Due,
    Signal(Signal),
}

impl<'a, S: Service, C: Clock + Clone> Daemon<'a, S, C> {
    /// A daemon with the configuration as it is; the error has every problem of it, a line each.
    pub fn new(service: &'a S, clock: C, supervisor: Supervisor) -> Result<Self, Vec<String>> {
        let Loaded { job, schedule, listen, notify, http } = service.load()?;
        let board = Arc::new(Board::new(clock.now(), job, schedule));
        Ok(Self {
            service,
            caller: Caller::new(http, clock.clone(), notify),
            clock,
            supervisor,
            board,
            people: listen.people,
            address: listen.address,
            pace: Pace::default(),
            called: Called::default(),
        })
    }

    /// Runs until somebody wants the end.
    pub async fn run(
        mut self,
        signals: &mut mpsc::Receiver<Signal>,
        metrics: Option<PrometheusHandle>,
    ) -> std::io::Result<()> {
        let endpoint = match self.address {
            None => None,
            Some(address) => {
                let looks = (Arc::clone(&self.board), self.clock.clone(), metrics.clone());
                let (bound, task) = endpoint::start(address, looks).await?;
                tracing::info!(address = %bound, "listening");
                Some(task)
            }
        };
        self.recall().await;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
        self.plan_next(self.clock.now());
        self.supervisor.ready(&self.board.health().status());
        loop {
            match self.wait(signals).await {
                Woken::Due => {}
                Woken::Signal(Signal::Reload) => {
                    self.reload();
                    continue;
                }
                Woken::Signal(Signal::End) => break,
            }
            let signal = self.cycle(signals).await;
            if let Some(metrics) = &metrics {
                metrics.run_upkeep();
            }
            match signal {
                Some(Signal::End) => break,
                Some(Signal::Reload) => self.reload(),
                None => {}
            }
        }
        self.board.health().phase = Phase::Ending;
        self.supervisor.stopping();
        if let Some(endpoint) = endpoint {
            endpoint.abort();
        }
        tracing::info!("ended");
        Ok(())
    }

    /// When the last complete cycle was, and what was called, by the store.
    async fn recall(&mut self) {
        let job = self.board.job();
        match job.standing(self.clock.now(), 100).await {
            Ok(standing) => {
                let complete = standing.cycles.iter().filter(|cycle| is_complete(&cycle.result));
                self.board.health().last_complete = complete.map(|cycle| cycle.ended).max();
            }
            Err(error) => tracing::warn!(%error, "the store could not be read"),
        }
    }

    fn plan_next(&self, after: DateTime<Utc>) {
        let next = self.pace.next(&self.board.schedule(), after);
        let mut health = self.board.health();
        if next.is_none() && health.next.is_some() {
            tracing::error!("the schedule has no next time");
        }
        (health.phase, health.next) = (Phase::Waiting, next);
        self.supervisor.status(&health.status());
    }

    /// Waits for the next cycle, or for a signal.
    async fn wait(&self, signals: &mut mpsc::Receiver<Signal>) -> Woken {
        loop {
            let next = self.board.health().next;
            let left = next.map(|next| (next - self.clock.now()).to_std().unwrap_or(Duration::ZERO));
            if left == Some(Duration::ZERO) {
                return Woken::Due;
            }
            let beat = self.supervisor.watchdog().unwrap_or(LOOK);
            let pause = left.unwrap_or(LOOK).min(LOOK).min(beat);
            tokio::select! {
                biased;
                signal = signals.recv() => return Woken::Signal(signal.unwrap_or(Signal::End)),
                () = self.clock.sleep(pause) => self.supervisor.alive(),
            }
        }
    }

    /// Runs one cycle; what somebody wanted meanwhile.
    async fn cycle(&mut self, signals: &mut mpsc::Receiver<Signal>) -> Option<Signal> {
        let (due, began) = (self.board.health().next, self.clock.now());
        self.board.health().phase = Phase::Running;
        self.supervisor.status(&self.board.health().status());
        let (pulse, halt, job) = (Pulse::new(self.clock.clone()), Halt::default(), self.board.job());
        let mut wanted = None;
        let ended = {
            let work = job.cycle(&pulse, halt.clone());
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    ended = &mut work => break Some(ended),
                    signal = signals.recv() => match signal.unwrap_or(Signal::End) {
                        Signal::Reload => wanted = Some(Signal::Reload),
                        Signal::End => {
                            wanted = Some(Signal::End);
                            halt.request();
                            self.board.health().phase = Phase::Ending;
                            self.supervisor.stopping();
                            break self.last(&mut work, &pulse).await;
                        }
                    },
                    () = beat(self.supervisor, &self.clock) => {
                        if pulse.silence() < LONGEST_SILENCE {
                            self.supervisor.alive();
                        }
                    }
                }
            }
        };
        let now = self.clock.now();
        if let Some(ended) = ended {
            self.take(&ended, (began, now));
            // Whoever wants the end does not wait for calls; what was not called is called after the next cycle.
            if wanted != Some(Signal::End) {
                self.tell(&ended, now).await;
            }
        }
        let skipped = pace::skipped(&self.board.schedule(), due.unwrap_or(began), now);
        if skipped > 0 && wanted != Some(Signal::End) {
            tracing::info!(skipped, "scheduled times passed while a cycle ran, and are skipped");
        }
        self.plan_next(now);
        wanted
    }

    /// Waits for the operations that are under way, for as long as there is time. Nothing is under way while both sides are read.
    async fn last(&self, work: &mut (impl Future<Output = Ended> + Unpin), pulse: &Pulse<C>) -> Option<Ended> {
        if !pulse.is_applying() {
            return None;
        }
        tokio::select! {
            biased;
            ended = work => Some(ended),
            () = self.clock.sleep(PATIENCE) => {
                tracing::warn!("an operation was left under way; the next cycle looks what became of it");
                None
            }
        }
    }

    /// Takes note of how a cycle ended.
    fn take(&mut self, ended: &Ended, (began, now): (DateTime<Utc>, DateTime<Utc>)) {
        let length = now - began;
        let result = match ended {
            Ended::Complete(digest) => {
                self.pace.succeeded();
                self.completed(digest, now);
                digest.result
            }
            Ended::Failed(trouble) => {
                let failures = self.pace.failed(trouble.class, now);
                self.failed(trouble, failures);
                "failed"
            }
            Ended::Busy(holder) => {
                tracing::info!(holder, "another cycle is running; this time is skipped");
                return;
            }
        };
        metrics::cycle(result, length);
        self.board.health().remember(Past { ended: now, length, result });
        self.board.measure(now);
    }

    fn completed(&self, digest: &Digest, now: DateTime<Utc>) {
        metrics::digest(digest);
        let mut health = self.board.health();
        if let Some(before) = &health.digest {
            metrics::no_longer_held(before, digest);
        }
        if is_complete(digest.result) {
            health.last_complete = Some(now);
        }
        (health.failures, health.trouble) = (0, None);
        let report = digest.report.clone().filter(|_| self.people == People::Shown);
        health.digest = Some(Digest { report, ..digest.clone() });
    }

    /// A failure that goes on is logged ever more rarely.
    fn failed(&self, trouble: &Trouble, failures: u32) {
        let mut health = self.board.health();
        let is_news = health.trouble.as_deref() != Some(trouble.what.as_str());
        if is_news || failures.is_power_of_two() {
            let until = self.pace.not_before().map(|until| until.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            tracing::error!(failures, error = trouble.causes, not_before = until, "cycle failed");
        }
        (health.failures, health.trouble) = (failures, Some(trouble.what.clone()));
    }

    /// Calls out, and keeps what was called. What did not get through is tried after the next cycle.
    async fn tell(&mut self, ended: &Ended, now: DateTime<Utc>) {
        let job = self.board.job();
        // Another instance may have called meanwhile.
        if let Ok(Some(kept)) = job.called().await {
            self.called = serde_json::from_str(&kept).unwrap_or_default();
        }
        let mut called = self.called.clone();
        let messages: Vec<Message> = match ended {
            Ended::Busy(_) => return,
            Ended::Complete(digest) => {
                if digest.is_whole() {
                    self.caller.beat().await;
                }
                called.completed(digest, now)
            }
            Ended::Failed(trouble) => {
                let failures = (self.pace.failures(), self.caller.enough_failures());
                called.failed(trouble, failures, now).into_iter().collect()
            }
        };
        for message in &messages {
            match self.caller.tell(message).await {
                Told::Yes => tracing::info!(event = message.event, "called out"),
                Told::No | Told::Nobody => return,
            }
        }
        if called == self.called {
            return;
        }
        self.called = called;
        let kept = serde_json::to_string(&self.called).expect("plain data");
        if let Err(error) = job.keep_called(&kept).await {
            tracing::warn!(%error, "what was called could not be kept");
        }
    }

    /// Reads the configuration anew; one with problems changes nothing.
    fn reload(&mut self) {
        self.supervisor.reloading();
        match self.service.load() {
            Ok(Loaded { job, schedule, listen, notify, http }) => {
                self.board.replace(job, schedule);
                self.caller = Caller::new(http, self.clock.clone(), notify);
                self.people = listen.people;
                if listen.address != self.address {
                    tracing::warn!("listen.address has changed, which takes a new start");
                }
                self.pace.hope();
                tracing::info!("configuration read anew");
            }
            Err(problems) => {
                for problem in &problems {
                    tracing::error!(problem, "configuration");
                }
                tracing::error!("the new configuration has problems; the old one stays in force");
            }
        }
        self.plan_next(self.clock.now());
        self.supervisor.ready(&self.board.health().status());
    }
}

/// Until the next sign of life is due; never where nobody waits for one.
async fn beat(supervisor: Supervisor, clock: &impl Clock) {
    match supervisor.watchdog() {
        Some(pause) => clock.sleep(pause).await,
        None => std::future::pending().await,
    }
}

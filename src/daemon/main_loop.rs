//! The loop: waits for the next time, runs a cycle, tells whoever is to know, and does as signals say. One cycle at a time.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::settings::PeopleOnPage;
use crate::daemon::alerts::alert_log::{AlertLog, AlertMessage};
use crate::daemon::alerts::webhook::{Delivery, Webhook};
use crate::daemon::backoff::{self, RunPace};
use crate::daemon::cycle_result::{CycleResult, CycleSummary, Trouble};
use crate::daemon::job::{Job, JobFactory, LoadedJob};
use crate::daemon::metrics;
use crate::daemon::polls::Polls;
use crate::daemon::status::{DaemonStatus, PastCycle, Phase};
use crate::daemon::systemd::{Systemd, Watchdog};
use crate::daemon::web::endpoint;
use crate::domain::state::run_history::is_complete;

/// The longest sleep: the date may be set meanwhile.
const LOOK: Duration = Duration::from_mins(1);
/// How long operations that are under way are waited for at the end.
const PATIENCE: Duration = Duration::from_secs(8);
/// A cycle that has not got on for so long has died. One that only waits out rate limits, call after call, gets on sooner.
const LONGEST_SILENCE: Duration = Duration::from_hours(2);

/// What somebody wants of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The end (SIGTERM, SIGINT).
    End,
    /// The configuration anew (SIGHUP).
    Reload,
}

/// The daemon.
pub struct Daemon<'a, S: JobFactory, C> {
    service: &'a S,
    pub(super) clock: C,
    pub(super) systemd: Systemd,
    pub(super) status: Arc<DaemonStatus<S::Job>>,
    caller: Webhook<C>,
    address: Option<SocketAddr>,
    pub(super) pace: RunPace,
    pub(super) polls: Polls,
    /// What was called, as far as is known here.
    called: AlertLog,
    /// Whether the store knows that, too.
    kept: AlertLogState,
}

/// Whether the store knows what was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AlertLogState {
    Yes,
    /// Not yet: until then, what is known here goes before what is kept there.
    No,
}

impl<S: JobFactory, C> fmt::Debug for Daemon<'_, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daemon").field("address", &self.address).field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// Why the loop woke.
enum WakeReason {
    Due,
    PollDue,
    Signal(Signal),
}

impl<'a, S: JobFactory, C: Clock + Clone> Daemon<'a, S, C> {
    /// A daemon with the configuration as it is; the error has every problem of it, a line each.
    pub fn new(service: &'a S, clock: C, systemd: Systemd) -> Result<Self, Vec<String>> {
        let LoadedJob { job, schedule, changes, listen, notify, http } = service.load()?;
        Ok(Self {
            service,
            status: Arc::new(DaemonStatus::new(clock.now(), job, schedule)),
            caller: Webhook::new(http, clock.clone(), notify),
            clock,
            systemd,
            address: listen.address,
            pace: RunPace::default(),
            polls: Polls::new(changes),
            called: AlertLog::default(),
            kept: AlertLogState::Yes,
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
                let looks = (Arc::clone(&self.status), self.clock.clone(), metrics.clone());
                let (bound, task) = endpoint::start(address, looks).await?;
                tracing::info!(address = %bound, "listening");
                Some(task)
            }
        };
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
        self.plan_next(self.clock.now());
        self.polls.plan_next(self.clock.now());
        self.systemd.ready(&self.status.health().status());
        let ended = self.live(signals, metrics.as_ref()).await;
        self.status.health().phase = Phase::Ending;
        self.systemd.stopping();
        if let Some(endpoint) = endpoint {
            endpoint.abort();
        }
        tracing::info!("ended");
        ended
    }

    async fn live(
        &mut self,
        signals: &mut mpsc::Receiver<Signal>,
        metrics: Option<&PrometheusHandle>,
    ) -> std::io::Result<()> {
        let mut wanted = None;
        attend(self.systemd, &self.clock, (signals, &mut wanted), self.recall()).await;
        loop {
            match wanted.take() {
                Some(Signal::End) => return Ok(()),
                Some(Signal::Reload) => self.reload(),
                None => {}
            }
            match self.wait(signals).await {
                WakeReason::Due => wanted = self.cycle(signals).await?,
                WakeReason::PollDue => wanted = self.poll(signals).await?,
                WakeReason::Signal(signal) => {
                    wanted = Some(signal);
                    continue;
                }
            }
            if let Some(metrics) = metrics {
                metrics.run_upkeep();
            }
        }
    }

    /// When the last complete cycle was, whoever ran it.
    async fn recall(&self) {
        match self.status.job().standing(self.clock.now(), 1).await {
            Ok(standing) => {
                let now = self.clock.now();
                let mut health = self.status.health();
                let last = standing.last_complete.map(|last| last.min(now));
                health.last_complete = health.last_complete.max(last);
            }
            Err(error) => tracing::warn!(%error, "the store could not be read"),
        }
    }

    fn plan_next(&self, after: DateTime<Utc>) {
        let next = self.pace.next(&self.status.schedule(), after);
        let mut health = self.status.health();
        if next.is_none() && health.next.is_some() {
            tracing::error!("the schedule has no next time");
        }
        (health.phase, health.next, health.planned) = (Phase::Waiting, next, after);
        self.systemd.status(&health.status());
    }

    /// Waits for the next cycle, or for a signal.
    async fn wait(&mut self, signals: &mut mpsc::Receiver<Signal>) -> WakeReason {
        loop {
            let now = self.clock.now();
            let (next, planned) = {
                let health = self.status.health();
                (health.next, health.planned)
            };
            if now < planned {
                tracing::warn!("the clock was set back");
                self.status.health().set_back(now);
                self.pace.set_back(now);
                self.plan_next(now);
                self.polls.plan_next(now);
                continue;
            }
            let left = |next: DateTime<Utc>| (next - now).to_std().unwrap_or(Duration::ZERO);
            let (left, left_to_poll) = (next.map(left), self.polls.next().map(left));
            if left == Some(Duration::ZERO) {
                return WakeReason::Due;
            }
            if left_to_poll == Some(Duration::ZERO) {
                return WakeReason::PollDue;
            }
            let beat = self.systemd.watchdog().unwrap_or(LOOK);
            let pause = [left, left_to_poll].into_iter().flatten().fold(LOOK.min(beat), Duration::min);
            tokio::select! {
                biased;
                signal = signals.recv() => return WakeReason::Signal(signal.unwrap_or(Signal::End)),
                () = self.clock.sleep(pause) => self.systemd.alive(),
            }
        }
    }

    /// Runs one cycle, and tells whoever is to know; what somebody wanted meanwhile.
    async fn cycle(&mut self, signals: &mut mpsc::Receiver<Signal>) -> std::io::Result<Option<Signal>> {
        let (due, began) = (self.status.health().next, self.clock.now());
        self.status.health().phase = Phase::Running;
        self.systemd.status(&self.status.health().status());
        let mut wanted = None;
        let job = self.status.job();
        let work = |watchdog: Arc<Watchdog<C>>, cancel| async move { job.cycle(&*watchdog, cancel).await };
        if let Some(ended) = self.attended((&mut *signals, &mut wanted), work).await? {
            self.take(&ended, (began, self.clock.now()));
            // Whoever wants the end does not wait for calls; what was not called is called after the next cycle.
            if wanted != Some(Signal::End) {
                let (systemd, clock) = (self.systemd, self.clock.clone());
                attend(systemd, &clock, (signals, &mut wanted), self.tell(&ended)).await;
            }
        }
        let now = self.clock.now();
        let skipped = backoff::skipped(&self.status.schedule(), due.unwrap_or(began), now);
        if skipped > 0 && wanted != Some(Signal::End) {
            tracing::info!(skipped, "scheduled times passed while a cycle ran, and are skipped");
        }
        self.plan_next(now);
        self.polls.plan_next(now);
        Ok(wanted)
    }

    /// Runs one cycle or poll; `None` where it was left because somebody wants the end.
    pub(super) async fn attended<T, F: Future<Output = T>>(
        &self,
        (signals, wanted): (&mut mpsc::Receiver<Signal>, &mut Option<Signal>),
        work: impl FnOnce(Arc<Watchdog<C>>, CancellationToken) -> F,
    ) -> std::io::Result<Option<T>> {
        let (watchdog, cancel) = (Arc::new(Watchdog::new(self.clock.clone())), CancellationToken::default());
        let work = work(Arc::clone(&watchdog), cancel.clone());
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                ended = &mut work => return Ok(Some(ended)),
                signal = signals.recv() => match signal.unwrap_or(Signal::End) {
                    Signal::Reload => *wanted = Some(Signal::Reload),
                    Signal::End => {
                        *wanted = Some(Signal::End);
                        cancel.cancel();
                        self.status.health().phase = Phase::Ending;
                        self.systemd.stopping();
                        return Ok(self.last(&mut work, &watchdog).await);
                    }
                },
                () = beat(self.systemd, &self.clock) => {
                    if watchdog.silence() >= LONGEST_SILENCE {
                        tracing::error!("a cycle has not got on for two hours; the daemon ends, and the next start looks what became of it");
                        return Err(std::io::Error::other("a cycle has not got on for two hours"));
                    }
                    self.systemd.alive();
                }
            }
        }
    }

    /// Waits for the operations that are under way, for as long as there is time. Nothing is under way while both sides are read.
    async fn last<T>(&self, work: &mut (impl Future<Output = T> + Unpin), watchdog: &Watchdog<C>) -> Option<T> {
        if !watchdog.is_applying() {
            tracing::info!("a cycle was left before its first write");
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
    fn take(&mut self, ended: &CycleResult, (began, now): (DateTime<Utc>, DateTime<Utc>)) {
        let length = now - began;
        let (result, trouble) = match ended {
            CycleResult::Complete(summary) => {
                self.completed(summary, now);
                (summary.result, summary.trouble.as_ref())
            }
            CycleResult::Failed(trouble) => ("failed", Some(trouble)),
            CycleResult::Busy(holder) => {
                tracing::info!(holder, "another cycle is running; this time is skipped");
                return;
            }
        };
        if let Some(trouble) = trouble {
            let failures = self.pace.failed(trouble.class, now);
            self.failed(trouble, failures);
        } else {
            self.pace.succeeded();
            let mut health = self.status.health();
            (health.failures, health.trouble) = (0, None);
        }
        metrics::cycle(result, length);
        self.status.health().remember(PastCycle { ended: now, length, result });
        metrics::service(&self.status, now);
    }

    fn completed(&self, summary: &CycleSummary, now: DateTime<Utc>) {
        metrics::summary(summary);
        let mut health = self.status.health();
        if let Some(before) = &health.summary {
            metrics::no_longer_held(before, summary);
        }
        if is_complete(summary.result) {
            health.last_complete = Some(now);
        }
        health.summary = Some(summary.clone());
    }

    /// A failure that goes on is logged ever more rarely.
    fn failed(&self, trouble: &Trouble, failures: u32) {
        let mut health = self.status.health();
        let is_news = health.trouble.as_deref() != Some(trouble.what.as_str());
        if is_news || failures.is_power_of_two() {
            let until = self.pace.not_before().map(|until| until.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            tracing::error!(failures, error = trouble.causes, not_before = until, "cycle failed");
        }
        (health.failures, health.trouble) = (failures, Some(trouble.what.clone()));
    }

    /// Calls out, and keeps what was called. What did not get through is tried after the next cycle.
    async fn tell(&mut self, ended: &CycleResult) {
        let (job, now) = (self.status.job(), self.clock.now());
        // Another instance may have called meanwhile.
        if self.kept == AlertLogState::Yes
            && let Ok(Some(kept)) = job.called().await
        {
            self.called = serde_json::from_str(&kept).unwrap_or_default();
        }
        let trouble = match ended {
            // Whoever has the lock may complete a cycle, too.
            CycleResult::Busy(_) => return self.recall().await,
            CycleResult::Complete(summary) => summary.trouble.as_ref(),
            CycleResult::Failed(trouble) => Some(trouble),
        };
        if let Some(trouble) = trouble {
            let failures = (self.pace.failures(), self.caller.enough_failures());
            self.call(|called| called.failed(trouble, failures, now)).await;
        }
        if let CycleResult::Complete(summary) = ended {
            if summary.is_whole() {
                self.caller.beat().await;
            }
            for matter in AlertLog::MATTERS {
                self.call(|called| matter(called, summary, now)).await;
            }
        }
        if self.kept == AlertLogState::No {
            let called = serde_json::to_string(&self.called).expect("plain data");
            match job.keep_called(&called).await {
                Ok(()) => self.kept = AlertLogState::Yes,
                Err(error) => tracing::debug!(%error, "what was called is kept later"),
            }
        }
    }

    /// Calls about one thing, and remembers that once it got through.
    async fn call(&mut self, matter: impl FnOnce(&mut AlertLog) -> Option<AlertMessage>) {
        let mut called = self.called.clone();
        if let Some(message) = matter(&mut called) {
            match self.caller.tell(&message).await {
                Delivery::Yes => tracing::info!(event = message.event, "called out"),
                Delivery::No | Delivery::Nobody => return,
            }
        }
        if called != self.called {
            (self.called, self.kept) = (called, AlertLogState::No);
        }
    }

    /// Reads the configuration anew; one with problems changes nothing.
    fn reload(&mut self) {
        self.systemd.reloading();
        match self.service.load() {
            Ok(LoadedJob { job, schedule, changes, listen, notify, http }) => {
                self.status.replace(job, schedule);
                self.polls.replace(changes);
                self.caller = Webhook::new(http, self.clock.clone(), notify);
                if listen.people == PeopleOnPage::Counted
                    && let Some(summary) = &mut self.status.health().summary
                {
                    summary.report = None;
                }
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
        // A time that passed while the configuration was read is still due.
        let since = self.status.health().planned;
        let now = self.clock.now();
        self.plan_next(if backoff::skipped(&self.status.schedule(), since, now) > 0 { since } else { now });
        self.polls.plan_next(now);
        self.systemd.ready(&self.status.health().status());
    }
}

/// Does something beside which signals are heard. The end cuts it short.
async fn attend(
    systemd: Systemd,
    clock: &impl Clock,
    (signals, wanted): (&mut mpsc::Receiver<Signal>, &mut Option<Signal>),
    work: impl Future<Output = ()>,
) {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            () = &mut work => return,
            signal = signals.recv() => {
                let signal = signal.unwrap_or(Signal::End);
                *wanted = Some(signal);
                if signal == Signal::End {
                    return;
                }
            }
            () = beat(systemd, clock) => systemd.alive(),
        }
    }
}

/// Until the next sign of life is due; never where nobody waits for one.
async fn beat(systemd: Systemd, clock: &impl Clock) {
    match systemd {
        Systemd::Notify => clock.sleep(systemd.watchdog().unwrap_or(LOOK)).await,
        Systemd::Off => std::future::pending().await,
    }
}

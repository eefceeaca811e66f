//! The main loop: waits until a cycle or a poll is due, runs it, sends alerts, and obeys signals. One cycle or poll runs at a time.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::settings::PeopleOnPage;
use crate::daemon::alerts::notifier::Notifier;
use crate::daemon::alerts::webhook::Webhook;
use crate::daemon::backoff::{self, Backoff};
use crate::daemon::cycle_result::{CycleFailure, CycleSummary, RunError};
use crate::daemon::job::{Job, JobFactory, LoadedJob, PollOutcome};
use crate::daemon::metrics;
use crate::daemon::polls::Polls;
use crate::daemon::status::{DaemonStatus, FinishedCycle, Health, Phase};
use crate::daemon::systemd::{Systemd, Watchdog};
use crate::daemon::web::endpoint::{self, EndpointState};
use crate::domain::state::run_history::CycleResult;
use crate::engine::FullCycleReason;

/// How long the daemon waits for operations that are under way before it stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);
/// A cycle without progress for this long is stuck. One that waits for rate limits makes progress more often.
const STUCK_AFTER: Duration = Duration::from_hours(2);

/// What the operator asks of the daemon.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// Stop (SIGTERM, SIGINT).
    pub stop: CancellationToken,
    /// Read the configuration again (SIGHUP).
    pub reload: Arc<Notify>,
}

/// What the loop does next.
enum LoopEvent {
    Cycle,
    Poll,
    Reload,
}

/// The daemon.
#[derive(Debug)]
pub struct Daemon<'a, S: JobFactory, C> {
    jobs: &'a S,
    clock: C,
    systemd: Systemd,
    status: Arc<Mutex<DaemonStatus<S::Job>>>,
    /// Where the endpoint listens; `None` turns it off.
    address: Option<SocketAddr>,
    backoff: Backoff,
    polls: Polls,
    notifier: Notifier<C>,
}

impl<'a, S: JobFactory, C: Clock + Clone> Daemon<'a, S, C> {
    /// A daemon with the configuration as it is; the error has every problem of it, a line each.
    pub fn new(jobs: &'a S, clock: C, systemd: Systemd) -> Result<Self, Vec<String>> {
        let LoadedJob { job, schedule, changes, listen, notify, http } = jobs.load()?;
        let status = DaemonStatus { job: Arc::new(job), schedule, health: Health::new(clock.now()) };
        Ok(Self {
            jobs,
            status: Arc::new(Mutex::new(status)),
            notifier: Notifier::new(Webhook::new(http, clock.clone(), notify)),
            clock,
            systemd,
            address: listen.address,
            backoff: Backoff::default(),
            polls: Polls::new(changes),
        })
    }

    /// Runs until it is stopped. Fails if the endpoint cannot listen, or if a cycle is stuck.
    pub async fn run(mut self, signals: &Signals, metrics: Option<PrometheusHandle>) -> io::Result<()> {
        let endpoint = match self.address {
            None => None,
            Some(address) => {
                let (status, clock) = (Arc::clone(&self.status), self.clock.clone());
                let state = EndpointState { status, clock, metrics: metrics.clone() };
                Some(endpoint::start(address, state).await?)
            }
        };
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
        self.plan(self.clock.now());
        self.systemd.ready(&self.status.lock().health.status_line());
        let stopped = self.run_until_stopped(signals, metrics).await;
        self.status.lock().health.phase = Phase::Stopping;
        self.systemd.stopping();
        if let Some(endpoint) = endpoint {
            endpoint.abort();
        }
        tracing::info!("ended");
        stopped
    }

    async fn run_until_stopped(&mut self, signals: &Signals, metrics: Option<PrometheusHandle>) -> io::Result<()> {
        attend(self.systemd, &self.clock, &signals.stop, self.load_last_complete(), None).await?;
        while let Some(event) = self.next_event(signals).await {
            match event {
                LoopEvent::Cycle => self.cycle(&signals.stop).await?,
                LoopEvent::Poll => self.poll(&signals.stop).await?,
                LoopEvent::Reload => self.reload(),
            }
            if let Some(metrics) = &metrics {
                metrics.run_upkeep();
            }
        }
        Ok(())
    }

    /// Asks the store when the last complete cycle ended, of this process or of another.
    async fn load_last_complete(&self) {
        let job = Arc::clone(&self.status.lock().job);
        match job.run_history(self.clock.now(), 1).await {
            Ok(history) => {
                let last = history.last_complete.map(|last| last.min(self.clock.now()));
                let health = &mut self.status.lock().health;
                health.last_complete = health.last_complete.max(last);
            }
            Err(error) => tracing::warn!(%error, "the store could not be read"),
        }
    }

    /// Plans the next cycle and the next poll after a time.
    fn plan(&mut self, after: DateTime<Utc>) {
        self.plan_cycle(after);
        self.polls.plan_next(after);
    }

    fn plan_cycle(&self, after: DateTime<Utc>) {
        let status = &mut *self.status.lock();
        let next = self.backoff.next(&status.schedule, after);
        let health = &mut status.health;
        if next.is_none() && health.next.is_some() {
            tracing::error!("the schedule has no next time");
        }
        (health.phase, health.next, health.planned_at) = (Phase::Waiting, next, after);
        self.systemd.status(&health.status_line());
    }

    /// Waits until a cycle or a poll is due, or the configuration is to be read again. `None` once the daemon is stopped.
    async fn next_event(&mut self, signals: &Signals) -> Option<LoopEvent> {
        loop {
            let now = self.clock.now();
            if now < self.status.lock().health.planned_at {
                self.clock_set_back(now);
            }
            let (cycle, poll) = (self.status.lock().health.next, self.polls.next);
            let is_due = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at <= now);
            let due = if is_due(cycle) { Some(LoopEvent::Cycle) } else { is_due(poll).then_some(LoopEvent::Poll) };
            let left = [cycle, poll].into_iter().flatten().filter_map(|at| (at - now).to_std().ok());
            let pause = left.fold(self.systemd.keepalive_interval(), Duration::min);
            let sleep = async {
                if due.is_none() {
                    self.clock.sleep(pause).await;
                }
            };
            tokio::select! {
                biased;
                () = signals.stop.cancelled() => return None,
                () = signals.reload.notified() => return Some(LoopEvent::Reload),
                () = sleep => match due {
                    Some(_) => return due,
                    None => self.systemd.keepalive(),
                },
            }
        }
    }

    fn clock_set_back(&mut self, now: DateTime<Utc>) {
        tracing::warn!("the clock was set back");
        self.status.lock().health.clock_set_back(now);
        self.backoff.clock_set_back(now);
        self.plan(now);
    }

    /// Runs one cycle, and sends the alerts that it calls for.
    async fn cycle(&mut self, stop: &CancellationToken) -> io::Result<()> {
        let started = self.clock.now();
        let (job, due) = {
            let status = &mut *self.status.lock();
            status.health.phase = Phase::Running;
            self.systemd.status(&status.health.status_line());
            (Arc::clone(&status.job), status.health.next.unwrap_or(started))
        };
        let work = async |watchdog: &Watchdog<C>, cancel| job.cycle(watchdog, cancel).await;
        if let Some(result) = self.supervise(stop, work).await? {
            self.record(&result, started);
            // Alerts do not delay a stop; those that are not sent are due again after the next cycle.
            if !stop.is_cancelled() {
                let (systemd, clock) = (self.systemd, self.clock.clone());
                attend(systemd, &clock, stop, self.after_cycle(&*job, &result), None).await?;
            }
        }
        let now = self.clock.now();
        let skipped = backoff::skipped_runs(&self.status.lock().schedule, due, now);
        if skipped > 0 && !stop.is_cancelled() {
            tracing::info!(skipped, "scheduled times passed while a cycle ran, and are skipped");
        }
        self.plan(now);
        Ok(())
    }

    async fn after_cycle(&mut self, job: &S::Job, result: &Result<CycleSummary, RunError>) {
        self.notifier.cycle_ended(job, result, self.backoff.failures, self.clock.now()).await;
        if let Err(RunError::Busy(_)) = result {
            // The other process may have completed a cycle.
            self.load_last_complete().await;
        }
    }

    /// Runs one poll of Okta's log.
    async fn poll(&mut self, stop: &CancellationToken) -> io::Result<()> {
        let job = Arc::clone(&self.status.lock().job);
        let work = async |watchdog: &Watchdog<C>, cancel| job.poll(watchdog, cancel).await;
        let result = self.supervise(stop, work).await?;
        let now = self.clock.now();
        if let Some(result) = result {
            self.record_poll(result, now);
        }
        self.polls.plan_next(now);
        Ok(())
    }

    /// Runs a cycle or a poll; `None` if the daemon stops before it ended.
    async fn supervise<T>(
        &self,
        stop: &CancellationToken,
        work: impl AsyncFnOnce(&Watchdog<C>, CancellationToken) -> T,
    ) -> io::Result<Option<T>> {
        let (watchdog, cancel) = (Watchdog::new(self.clock.clone()), CancellationToken::new());
        let mut work = pin!(work(&watchdog, cancel.clone()));
        let ended = attend(self.systemd, &self.clock, stop, work.as_mut(), Some(&watchdog)).await?;
        if ended.is_some() {
            return Ok(ended);
        }
        cancel.cancel();
        self.status.lock().health.phase = Phase::Stopping;
        self.systemd.stopping();
        if !watchdog.is_applying() {
            tracing::info!("a cycle was left before its first write");
            return Ok(None);
        }
        tokio::select! {
            biased;
            ended = work => Ok(Some(ended)),
            () = self.clock.sleep(STOP_TIMEOUT) => {
                tracing::warn!("an operation was left under way; the next cycle looks what became of it");
                Ok(None)
            }
        }
    }

    /// Records how a cycle ended, for the next plan, the page and the metrics.
    fn record(&mut self, result: &Result<CycleSummary, RunError>, started: DateTime<Utc>) {
        let ended = self.clock.now();
        let (result, failure) = match result {
            Ok(summary) => {
                self.record_summary(summary, ended);
                (summary.result, summary.failure.as_ref())
            }
            Err(RunError::Failed(failure)) => (CycleResult::Failed, Some(failure)),
            Err(RunError::Busy(holder)) => {
                tracing::info!(holder, "another cycle is running; this time is skipped");
                return;
            }
        };
        if let Some(failure) = failure {
            self.record_failure(failure, ended);
        } else {
            self.backoff.succeeded();
        }
        let status = &mut *self.status.lock();
        (status.health.failures, status.health.error) =
            (self.backoff.failures, failure.map(|failure| failure.message.clone()));
        status.health.add(FinishedCycle { ended, duration: ended - started, result });
        metrics::cycle(result, ended - started);
        metrics::service(status, ended);
    }

    fn record_summary(&self, summary: &CycleSummary, ended: DateTime<Utc>) {
        let health = &mut self.status.lock().health;
        metrics::summary(summary, health.summary.as_ref());
        if summary.result.is_complete() {
            health.last_complete = Some(ended);
        }
        health.summary = Some(summary.clone());
    }

    /// Logs a failure that persists less and less often.
    fn record_failure(&mut self, failure: &CycleFailure, now: DateTime<Utc>) {
        self.backoff.failed(failure.class, now);
        let failures = self.backoff.failures;
        let is_new = self.status.lock().health.error.as_ref() != Some(&failure.message);
        if is_new || failures.is_power_of_two() {
            let not_before = self.backoff.not_before.map(seconds);
            tracing::error!(failures, error = failure.causes, not_before, "cycle failed");
        }
    }

    fn record_poll(&mut self, result: Result<PollOutcome, RunError>, now: DateTime<Utc>) {
        metrics::poll(&result);
        let reason = match result {
            Ok(PollOutcome::Quiet) => None,
            Ok(PollOutcome::Handled { full_cycle }) => full_cycle.filter(FullCycleReason::is_urgent),
            // Without a cycle of this process it is unknown how things are.
            Ok(PollOutcome::FullCycle(reason)) => {
                let is_first = self.status.lock().health.recent.is_empty();
                Some(reason).filter(|reason| reason.is_urgent() || is_first)
            }
            Ok(PollOutcome::Forbidden(failure)) => {
                self.polls.suspend(now);
                self.poll_failed(&failure);
                tracing::warn!(
                    "okta's log cannot be followed, so that there are full cycles only; grant okta.logs.read and a role that may read the log; it is tried again in six hours"
                );
                return;
            }
            Err(RunError::Failed(failure)) => return self.poll_failed(&failure),
            Err(RunError::Busy(holder)) => {
                tracing::debug!(holder, "another cycle is running; this poll is skipped");
                return;
            }
        };
        self.polls.succeeded();
        if let Some(reason) = reason {
            self.bring_forward(&reason.reason(), now);
        }
    }

    fn bring_forward(&mut self, why: &str, now: DateTime<Utc>) {
        let health = &mut self.status.lock().health;
        let Some(at) = self.polls.bring_forward(now, health.next, self.backoff.not_before) else { return };
        tracing::info!(why, at = %seconds(at), "the next full cycle is brought forward");
        health.next = Some(at);
        self.systemd.status(&health.status_line());
    }

    /// Logs a failure that persists less and less often.
    fn poll_failed(&mut self, failure: &CycleFailure) {
        let failures = self.polls.failed();
        if failures.is_power_of_two() {
            tracing::warn!(failures, error = failure.causes, "poll failed");
        }
    }

    /// Reads the configuration again. If it has problems, the old one stays in force.
    fn reload(&mut self) {
        self.systemd.reloading();
        match self.jobs.load() {
            Ok(loaded) => self.replace_job(loaded),
            Err(problems) => {
                for problem in &problems {
                    tracing::error!(problem, "configuration");
                }
                tracing::error!("the new configuration has problems; the old one stays in force");
            }
        }
        let now = self.clock.now();
        // A scheduled time that passed meanwhile is still due.
        let (planned_at, skipped) = {
            let status = self.status.lock();
            let planned_at = status.health.planned_at;
            (planned_at, backoff::skipped_runs(&status.schedule, planned_at, now))
        };
        self.plan_cycle(if skipped > 0 { planned_at } else { now });
        self.polls.plan_next(now);
        self.systemd.ready(&self.status.lock().health.status_line());
    }

    fn replace_job(&mut self, loaded: LoadedJob<S::Job>) {
        let LoadedJob { job, schedule, changes, listen, notify, http } = loaded;
        self.polls.replace(changes);
        self.notifier.webhook = Webhook::new(http, self.clock.clone(), notify);
        self.backoff.end_pause();
        let status = &mut *self.status.lock();
        (status.job, status.schedule) = (Arc::new(job), schedule);
        if listen.people == PeopleOnPage::Counted
            && let Some(summary) = &mut status.health.summary
        {
            summary.report = None;
        }
        if listen.address != self.address {
            tracing::warn!("listen.address has changed, which takes a new start");
        }
        tracing::info!("configuration read anew");
    }
}

/// Runs work and sends keepalives to systemd meanwhile. `None` if the daemon is stopped before the work ended.
async fn attend<T, C: Clock>(
    systemd: Systemd,
    clock: &C,
    stop: &CancellationToken,
    work: impl Future<Output = T>,
    watchdog: Option<&Watchdog<C>>,
) -> io::Result<Option<T>> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            ended = &mut work => return Ok(Some(ended)),
            () = stop.cancelled() => return Ok(None),
            () = systemd.keepalive_due(clock) => {
                if watchdog.is_some_and(|watchdog| watchdog.idle_time() >= STUCK_AFTER) {
                    tracing::error!("a cycle has not got on for two hours; the daemon ends, and the next start looks what became of it");
                    return Err(io::Error::other("a cycle has not got on for two hours"));
                }
                systemd.keepalive();
            }
        }
    }
}

/// A time in a log, to the second.
fn seconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

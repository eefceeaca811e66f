//! `run`: starts the daemon, and implements its jobs. A job knows how to make a cycle from the configuration; the daemon knows when.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::adapters::StoreAdapters;
use crate::cli::context::Context;
use crate::cli::cycle_report;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::wiring::Wiring;
use crate::clock::{Clock as _, SystemClock};
use crate::config::settings::{PeopleOnPage, ScheduleSettings};
use crate::daemon::schedule::Schedule;
use crate::daemon::{
    self, CycleFailure, CycleSummary, Daemon, FailureClass, Job, JobFactory, LoadedJob, PollOutcome, RunError, Signals,
    Systemd,
};
use crate::domain::state::run_history::RunHistory;
use crate::engine::{self, CycleError, CycleRequest, Observer, PollReport, PollResult, Scope, TargetedRequest};
use crate::ports::{FailureKind, StoreFailure};
use crate::report::{self, TextOptions};
use crate::store::{LockError, Store};

/// The longest report on the status page, in bytes.
const LONGEST_REPORT: usize = 500_000;

/// Runs until a signal stops it.
pub(in crate::cli) async fn run(context: &Context) -> CommandResult {
    let metrics = daemon::install_metrics().map_err(CommandError::misconfigured_by)?;
    // Before anything else, so no signal during the start is lost.
    let signals = signals()?;
    let jobs = ConfiguredJobs { context };
    let daemon = Daemon::new(&jobs, SystemClock::new(), Systemd::Notify)
        .map_err(|problems| CommandError::misconfigured(problems.join("\n")))?;
    Box::pin(daemon.run(&signals, Some(metrics)))
        .await
        .context("listen.address cannot be listened on; set another one, or end what listens there")?;
    Ok(ExitStatus::Done)
}

/// Passes the signals of the process on to the daemon.
fn signals() -> std::io::Result<Signals> {
    let signals = Signals::default();
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let (mut stream, stop) = (signal(kind)?, signals.stop.clone());
        tokio::spawn(async move {
            stream.recv().await;
            stop.cancel();
        });
    }
    let (mut stream, reload) = (signal(SignalKind::hangup())?, Arc::clone(&signals.reload));
    tokio::spawn(async move {
        while stream.recv().await.is_some() {
            reload.notify_one();
        }
    });
    Ok(signals)
}

/// Makes jobs from the configuration file.
struct ConfiguredJobs<'a> {
    context: &'a Context,
}

impl JobFactory for ConfiguredJobs<'_> {
    type Job = WiredJob;

    fn load(&self) -> Result<LoadedJob<WiredJob>, Vec<String>> {
        let lines = |error: CommandError| error.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
        let settings = self.context.settings().map_err(lines)?;
        let ScheduleSettings { full, changes, timezone } = settings.schedule.clone();
        let (listen, notify) = (settings.listen.clone(), settings.notify.clone());
        let parse = |text: &str| Schedule::parse(text, timezone).map_err(|error| vec![error.to_string()]);
        let (schedule, changes) = (parse(&full)?, changes.as_deref().map(parse).transpose()?);
        let wiring = Wiring::new(settings).map_err(lines)?;
        for warning in &wiring.warnings {
            tracing::warn!(warning = warning.to_string(), "configuration");
        }
        let http = wiring.http.clone();
        let follows_log = changes.is_some();
        let job = WiredJob { context: self.context.clone(), people: listen.people, follows_log, wiring };
        Ok(LoadedJob { job, schedule, changes, listen, notify, http })
    }
}

/// Runs cycles with the clients and the store of one reading of the configuration.
struct WiredJob {
    context: Context,
    people: PeopleOnPage,
    /// Whether Okta's log is followed between full cycles.
    follows_log: bool,
    wiring: Wiring,
}

impl Job for WiredJob {
    async fn cycle(&self, observer: &impl Observer, cancel: CancellationToken) -> Result<CycleSummary, RunError> {
        self.try_cycle(observer, cancel).await.map_err(|error| run_error(&error))
    }

    async fn poll(&self, observer: &impl Observer, cancel: CancellationToken) -> Result<PollOutcome, RunError> {
        self.try_poll(observer, cancel).await.map_err(|error| run_error(&error))
    }

    async fn run_history(&self, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, StoreFailure> {
        self.wiring.read_store().run_history(now, cycles).await
    }

    async fn alert_log(&self) -> Result<Option<String>, StoreFailure> {
        self.wiring.read_store().alerts().await
    }

    async fn save_alert_log(&self, log: &str) -> Result<(), StoreFailure> {
        let failed = |error: CommandError| StoreFailure { message: error.to_string(), cause: None };
        // Without waiting for the lock: the daemon tries again after the next cycle.
        let adapters = StoreAdapters::open_at_once(&self.wiring, "run").await.map_err(failed)?;
        let saved = adapters.store.keep_alerts(log).await;
        adapters.close().await;
        saved
    }
}

impl WiredJob {
    async fn try_cycle(&self, observer: &impl Observer, cancel: CancellationToken) -> CommandResult<CycleSummary> {
        let wiring = &self.wiring;
        let adapters = StoreAdapters::open(wiring, "run").await?;
        // Requests of an earlier cycle without a report do not count for this one.
        drop(wiring.take_calls());
        adapters.store.note_beginning(wiring.clock.now()).await?;
        let run_context = self.context.run_context(None);
        let request = CycleRequest { scope: Scope::Everybody, given: None, run_context, cancel };
        let result = engine::sync(&adapters, &wiring.reader.writer(), &wiring.cycle, &request, observer).await;
        if let Ok(report) = &result
            && self.follows_log
            && let Err(error) = engine::follow(&adapters, &wiring.cycle, report).await
        {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::warn!(error, "okta's log is not followed before the next full cycle");
        }
        let tokens = adapters.tokens().await;
        adapters.close().await;
        let report = result?;
        cycle_report::log_cycle(&report, request.run_context.run.as_str());
        let text = (self.people == PeopleOnPage::Shown).then(|| {
            cycle_report::with_report(&report, wiring, |report| shortened(report::text(report, TextOptions::default())))
        });
        Ok(CycleSummary { tokens, ..CycleSummary::new(&report, text) })
    }

    async fn try_poll(&self, observer: &impl Observer, cancel: CancellationToken) -> CommandResult<PollOutcome> {
        let wiring = &self.wiring;
        let adapters = StoreAdapters::open_at_once(wiring, "run").await?;
        let run_context = self.context.run_context(None);
        let request = TargetedRequest { settings: &wiring.cycle, run_context: &run_context, cancel: &cancel };
        let result = Box::pin(engine::poll(&adapters, &wiring.reader.writer(), request, observer)).await;
        adapters.close().await;
        Ok(match result? {
            PollResult::Quiet => PollOutcome::Quiet,
            PollResult::Handled(poll) => {
                let PollReport { report, people, full_cycle_reason } = *poll;
                cycle_report::log_targeted_cycle(&report, people, run_context.run.as_str());
                PollOutcome::Handled { full_cycle: full_cycle_reason }
            }
            PollResult::FullCycle(reason) => PollOutcome::FullCycle(reason),
            PollResult::Barred(error) => PollOutcome::Forbidden(failure(&CommandError::from(CycleError::Okta(error)))),
        })
    }
}

impl StoreAdapters<'_, Store> {
    /// Since when the token of each side has been in use. A failure of the store is not reported here: the cycle reports it.
    async fn tokens(&self) -> BTreeMap<&'static str, DateTime<Utc>> {
        let now = self.wiring.clock.now();
        let mut tokens = BTreeMap::new();
        for (side, token) in &self.wiring.tokens {
            if let Ok(since) = self.store.token_since(side, token, now).await {
                tokens.insert(*side, since);
            }
        }
        tokens
    }
}

/// Cuts a report that is too long for the page.
fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_REPORT {
        let end = text.floor_char_boundary(LONGEST_REPORT);
        text.truncate(end);
        text.push_str("\n… The rest is left out; `plan` shows it.\n");
    }
    text
}

fn run_error(error: &CommandError) -> RunError {
    match error.why.downcast_ref::<LockError>() {
        Some(LockError::Held { holder }) => RunError::Busy(holder.clone()),
        _ => RunError::Failed(failure(error)),
    }
}

/// Classifies an error of a cycle or a poll.
fn failure(error: &CommandError) -> CycleFailure {
    let is_about_rights = |kind| matches!(kind, FailureKind::CredentialsRefused | FailureKind::Forbidden);
    let (class, message) = match error.why.downcast_ref::<CycleError>() {
        Some(CycleError::Okta(failure)) if is_about_rights(failure.kind) => {
            (FailureClass::Credentials, "okta refuses our credentials, or they lack a right".to_owned())
        }
        Some(CycleError::Haiilo(failure)) if is_about_rights(failure.kind) => {
            (FailureClass::Credentials, "haiilo refuses our credentials, or they lack a right".to_owned())
        }
        Some(CycleError::Okta(failure)) if failure.kind == FailureKind::NotFound => {
            (FailureClass::Configuration, "okta has no such application".to_owned())
        }
        Some(CycleError::ApplicationNotActive { .. }) => {
            (FailureClass::Configuration, "the application is not active in okta".to_owned())
        }
        Some(CycleError::OtherTenant { what, .. }) => {
            (FailureClass::Configuration, format!("the store belongs to another {what}"))
        }
        Some(CycleError::Store(_)) | None => (FailureClass::Transient, "the store cannot be used".to_owned()),
        Some(error) => (FailureClass::Transient, error.to_string()),
    };
    CycleFailure { class, message, causes: error.to_string() }
}

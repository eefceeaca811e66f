//! `run`: the daemon, put together. Knows how a cycle is made from the configuration; when there is one is the daemon's business.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::plan;
use crate::cli::sync::{self, tell, tell_look};
use crate::cli::wiring::{StoreAdapters, Wiring};
use crate::clock::{Clock as _, SystemClock};
use crate::config::settings::{ListenSettings, NotifySettings, PeopleOnPage, ScheduleSettings};
use crate::daemon::schedule::Schedule;
use crate::daemon::{
    self, CycleFailure, CycleResult, CycleSummary, Daemon, FailureClass, FullCycleTiming, Job, JobFactory, LoadedJob,
    PollOutcome, Signal, Systemd,
};
use crate::domain::state::run_history::RunHistory;
use crate::engine::{
    self, CycleError, CycleRequest, FullCycleReason, Observer, PollReport, PollResult, Scope, TargetedRequest,
};
use crate::ports::{FailureKind, StoreFailure};
use crate::report::{self, TextOptions};
use crate::store::{LockError, ReadStore, Store};

/// The longest report that is kept for the status page, in bytes.
const LONGEST_REPORT: usize = 500_000;

/// Runs until a signal says otherwise.
pub(super) async fn run(context: &Context) -> Result<ExitStatus, CommandError> {
    let metrics = daemon::install_metrics().map_err(CommandError::misconfigured_by)?;
    let service = ConfiguredJobs { context };
    // First of all: whoever wants the end while the configuration is read is heard, too.
    let (sender, mut signals) = mpsc::channel(8);
    for (kind, means) in [
        (SignalKind::terminate(), Signal::Stop),
        (SignalKind::interrupt(), Signal::Stop),
        (SignalKind::hangup(), Signal::Reload),
    ] {
        let mut stream = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move { while stream.recv().await.is_some() && sender.send(means).await.is_ok() {} });
    }
    let daemon = Daemon::new(&service, SystemClock::new(), Systemd::Notify)
        .map_err(|problems| CommandError::misconfigured(problems.join("\n")))?;
    Box::pin(daemon.run(&mut signals, Some(metrics)))
        .await
        .context("listen.address cannot be listened on; set another one, or end what listens there")?;
    Ok(ExitStatus::Done)
}

/// Jobs as the configuration wants them.
struct ConfiguredJobs<'a> {
    context: &'a Context,
}

impl JobFactory for ConfiguredJobs<'_> {
    type Job = WiredJob;

    fn load(&self) -> Result<LoadedJob<WiredJob>, Vec<String>> {
        let lines = |unfinished: CommandError| unfinished.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
        let settings = self.context.settings().map_err(lines)?;
        let ScheduleSettings { full, changes, timezone } = settings.schedule.clone();
        let (listen, notify): (ListenSettings, NotifySettings) = (settings.listen.clone(), settings.notify.clone());
        let parse = |text: &str| Schedule::parse(text, timezone).map_err(|error| vec![error.to_string()]);
        let (schedule, changes) = (parse(&full)?, changes.as_deref().map(parse).transpose()?);
        let wiring = Wiring::new(settings).map_err(lines)?;
        for warning in &wiring.warnings {
            tracing::warn!(warning, "configuration");
        }
        let http = wiring.http.clone();
        let following = if changes.is_some() { LogFollowing::Yes } else { LogFollowing::No };
        let job = WiredJob { context: self.context.clone(), people: listen.people, following, wiring };
        Ok(LoadedJob { job, schedule, changes, listen, notify, http })
    }
}

/// Clients, and where the store is.
struct WiredJob {
    context: Context,
    people: PeopleOnPage,
    following: LogFollowing,
    wiring: Wiring,
}

/// Whether Okta's log is followed between full cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogFollowing {
    Yes,
    No,
}

impl Job for WiredJob {
    async fn cycle(&self, observer: &impl Observer, cancel: CancellationToken) -> CycleResult {
        match self.try_cycle(observer, cancel).await {
            Ok(summary) => CycleResult::Complete(Box::new(summary)),
            Err(unfinished) => match unfinished.why.downcast_ref::<LockError>() {
                Some(LockError::Held { holder }) => CycleResult::Busy(holder.clone()),
                _ => CycleResult::Failed(trouble(&unfinished)),
            },
        }
    }

    async fn poll(&self, observer: &impl Observer, cancel: CancellationToken) -> PollOutcome {
        match self.try_poll(observer, cancel).await {
            Ok(end) => end,
            Err(unfinished) => match unfinished.why.downcast_ref::<LockError>() {
                Some(LockError::Held { holder }) => PollOutcome::Busy(holder.clone()),
                _ => PollOutcome::Failed(trouble(&unfinished)),
            },
        }
    }

    async fn run_history(&self, now: DateTime<Utc>, cycles: u32) -> Result<RunHistory, StoreFailure> {
        ReadStore::new(self.wiring.store.clone()).standing(now, cycles).await
    }

    async fn alert_log(&self) -> Result<Option<String>, StoreFailure> {
        ReadStore::new(self.wiring.store.clone()).called().await
    }

    async fn save_alert_log(&self, log: &str) -> Result<(), StoreFailure> {
        let failed = |unfinished: CommandError| StoreFailure { message: unfinished.to_string(), cause: None };
        // Whoever has the lock is not waited for: it is kept after the next cycle.
        let store = sync::open_at_once(&self.wiring, "run").await.map_err(failed)?;
        let kept = store.keep_called(log).await;
        sync::close(store).await;
        kept
    }
}

impl WiredJob {
    async fn try_cycle(
        &self,
        observer: &impl Observer,
        cancel: CancellationToken,
    ) -> Result<CycleSummary, CommandError> {
        let wiring = &self.wiring;
        let ends = StoreAdapters { wiring, store: sync::open(wiring, "run").await? };
        // What an earlier cycle sent that came to no report is none of this one's.
        drop(wiring.take_calls());
        ends.store.note_beginning(wiring.clock.now()).await?;
        let run_context = self.context.run_context(None);
        let order = CycleRequest { scope: Scope::Everybody, given: None, run_context, cancel };
        let came = engine::sync(&ends, &wiring.reader.writer(), &wiring.cycle, &order, observer).await;
        if let (Ok(report), LogFollowing::Yes) = (&came, self.following)
            && let Err(error) = engine::follow(&ends, &wiring.cycle, report).await
        {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::warn!(error, "okta's log is not followed before the next full cycle");
        }
        let tokens = ends.tokens().await;
        sync::close(ends.store).await;
        let report = came?;
        tell(&report, order.run_context.run.as_str());
        let text = (self.people == PeopleOnPage::Shown).then(|| {
            plan::with_report(&report, wiring, |report| shortened(report::text(report, TextOptions::default())))
        });
        Ok(CycleSummary { tokens, ..CycleSummary::new(&report, text) })
    }
}

impl WiredJob {
    async fn try_poll(&self, observer: &impl Observer, cancel: CancellationToken) -> Result<PollOutcome, CommandError> {
        let wiring = &self.wiring;
        let ends = StoreAdapters { wiring, store: sync::open_at_once(wiring, "run").await? };
        let run_context = self.context.run_context(None);
        let request = TargetedRequest { settings: &wiring.cycle, run_context: &run_context, cancel: &cancel };
        let came = Box::pin(engine::poll(&ends, &wiring.reader.writer(), request, observer)).await;
        sync::close(ends.store).await;
        Ok(match came? {
            PollResult::Quiet => PollOutcome::Quiet,
            PollResult::Handled(looked) => {
                let PollReport { report, people, full_cycle_reason } = *looked;
                tell_look(&report, people, run_context.run.as_str());
                PollOutcome::Handled {
                    full_cycle_reason: full_cycle_reason.filter(FullCycleReason::is_urgent).map(|why| why.reason()),
                }
            }
            PollResult::FullCycle(why) => {
                let timing = if why.is_urgent() { FullCycleTiming::Soon } else { FullCycleTiming::OnSchedule };
                PollOutcome::FullCycle { reason: why.reason(), timing }
            }
            PollResult::Barred(failure) => {
                PollOutcome::Forbidden(trouble(&CommandError::from(CycleError::Okta(failure))))
            }
        })
    }
}

impl StoreAdapters<'_, Store> {
    /// Since when the token of each side has been in use. Where the store fails, the cycle has told so.
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

/// A report of which the end may be missing.
fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_REPORT {
        let end = text.floor_char_boundary(LONGEST_REPORT);
        text.truncate(end);
        text.push_str("\n… The rest is left out; `plan` shows it.\n");
    }
    text
}

/// What kind of trouble ended a cycle.
fn trouble(unfinished: &CommandError) -> CycleFailure {
    let is_about_rights = |kind| matches!(kind, FailureKind::CredentialsRefused | FailureKind::Forbidden);
    let (class, message) = match unfinished.why.downcast_ref::<CycleError>() {
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
    CycleFailure { class, message, causes: unfinished.to_string() }
}

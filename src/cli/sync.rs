//! `sync`: one cycle now.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::args::{ReportArguments, SyncArguments};
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::interrupt::Interrupts;
use crate::cli::output::ReportDestination;
use crate::cli::plan;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::{StoreAdapters, Wiring};
use crate::clock::Clock as _;
use crate::domain::model::ids::ApprovalId;
use crate::domain::plan::outcome::Outcome;
use crate::engine::{self, CycleReport, CycleRequest, Scope};
use crate::store::{CycleLock, LockError, Store};

/// How long a running cycle is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Runs one cycle and gives the report, also of a plan that was refused.
pub(super) async fn run(context: &Context, arguments: &SyncArguments) -> Result<ExitStatus, CommandError> {
    if arguments.dry_run {
        plan::show(context, &arguments.report).await?;
        return Ok(ExitStatus::Done);
    }
    let wiring = Wiring::new(context.settings()?)?;
    let cycle = Cycle {
        what: "sync",
        scope: plan::scope(&arguments.report),
        given: arguments.approve.as_deref().map(ApprovalId::new),
        reason: arguments.reason.clone(),
    };
    self::cycle(context, &wiring, &arguments.report, cycle).await
}

/// What one cycle is asked to do.
pub(super) struct Cycle {
    /// The command, for whoever waits for it.
    pub(super) what: &'static str,
    /// Whom it is about.
    pub(super) scope: Scope,
    /// An approval that was named with the command.
    pub(super) given: Option<ApprovalId>,
    /// Why, for the journal.
    pub(super) reason: Option<String>,
}

/// Runs a cycle and gives the report.
pub(super) async fn cycle(
    context: &Context,
    wiring: &Wiring,
    arguments: &ReportArguments,
    cycle: Cycle,
) -> Result<ExitStatus, CommandError> {
    let Cycle { what, scope, given, reason } = cycle;
    let destination = ReportDestination::open(arguments, context.screen)?;
    let ends = StoreAdapters { wiring, store: open(wiring, what).await? };
    let order = CycleRequest {
        scope,
        given,
        run_context: context.run_context(reason.as_deref()),
        cancel: CancellationToken::default(),
    };
    let mut interrupts = Interrupts::new()?;
    let bars = ProgressBars::new(context.progress);
    let writer = wiring.reader.writer();
    let work = Box::pin(engine::sync(&ends, &writer, &wiring.cycle, &order, &bars));
    let came = interrupts.heed(work, &order.cancel, (|| bars.is_applying(), &wiring.clock)).await;
    bars.clear();
    close(ends.store).await;
    let report = came??;
    tell(&report, order.run_context.run.as_str());
    plan::with_report(&report, wiring, |report| destination.give(report))?;
    let has_failures =
        !report.stops.is_empty() || report.concluded.iter().any(|concluded| concluded.outcome.is_failure());
    let groups_failed = !report.groups.stops.is_empty()
        || report.groups.concluded.iter().any(|concluded| concluded.outcome.is_failure());
    let is_refused = report.is_refused() || report.prepared.plan.groups.approval_id.is_some();
    let ending = match (is_refused, has_failures || groups_failed) {
        (true, _) => ExitStatus::Refused,
        (false, true) => ExitStatus::Partly,
        (false, false) => ExitStatus::Done,
    };
    // The process ends: to take everybody apart, person by person, would only cost time.
    std::mem::forget(report);
    Ok(ending)
}

/// Opens the store for a command, under the lock of the cycle.
pub(super) async fn open(wiring: &Wiring, what: &str) -> Result<Store, CommandError> {
    let lock = lock(wiring, what).await?;
    Ok(Store::open(wiring.store.clone(), lock).await?)
}

/// The same, without waiting for whoever has the lock.
pub(super) async fn open_at_once(wiring: &Wiring, what: &str) -> Result<Store, CommandError> {
    let lock = CycleLock::try_take(&wiring.store, &holder(what)).await?;
    Ok(Store::open(wiring.store.clone(), lock).await?)
}

/// The words for whoever meets the lock.
fn holder(what: &str) -> String {
    format!("{what} (process {})", std::process::id())
}

/// Closes the store in order. Everything in it was durable before, so that what was done is told in any case.
pub(super) async fn close(store: Store) {
    if let Err(failure) = store.close().await {
        tracing::warn!(error = %failure, "store not closed in order");
    }
}

/// Takes the lock of the cycle; waits a minute for a cycle that is running, and then names it.
async fn lock(wiring: &Wiring, what: &str) -> Result<CycleLock, CommandError> {
    let holder = holder(what);
    let began = wiring.clock.monotonic();
    let mut is_first = true;
    loop {
        match CycleLock::try_take(&wiring.store, &holder).await {
            Err(LockError::Held { holder }) if wiring.clock.monotonic().saturating_sub(began) < PATIENCE => {
                if std::mem::take(&mut is_first) {
                    tracing::warn!("{holder} is running; waiting up to a minute for it");
                }
                wiring.clock.sleep(LOOK).await;
            }
            taken => return Ok(taken?),
        }
    }
}

/// One line a cycle, and one for each reason why it stopped: ids and numbers alone.
pub(super) fn tell(report: &CycleReport, run: &str) {
    let ResultTally { done, failed, waiting, not_attempted } = tally(report, run);
    let findings = &report.prepared.plan.people.findings;
    tracing::info!(
        run,
        result = report.result(),
        assigned = findings.counts.assigned,
        done,
        failed,
        waiting,
        not_attempted,
        held = findings.held.len(),
        unchanged = findings.counts.unchanged,
        "cycle ended"
    );
}

/// One line for a look at some people.
pub(super) fn tell_look(report: &CycleReport, people: usize, run: &str) {
    let ResultTally { done, failed, waiting, not_attempted } = tally(report, run);
    let held = report.prepared.plan.people.findings.held.len();
    tracing::info!(run, people, done, failed, waiting, not_attempted, held, "changes followed");
}

/// How operations ended.
struct ResultTally {
    done: usize,
    failed: usize,
    waiting: usize,
    not_attempted: usize,
}

/// Counts how operations ended; says why the run stopped, where it did.
fn tally(report: &CycleReport, run: &str) -> ResultTally {
    let count = |is: fn(&Outcome) -> bool| report.concluded.iter().filter(|concluded| is(&concluded.outcome)).count();
    let not_attempted = count(|outcome| matches!(outcome, Outcome::NotAttempted(_)));
    let (done, failed) = (count(Outcome::is_done), count(Outcome::is_failure) - not_attempted);
    for stop in &report.stops {
        let (reason, approval_id) = (stop.code(), stop.approval_id().map(ApprovalId::as_str));
        tracing::warn!(run, reason, approval_id, "cycle stopped");
    }
    ResultTally { done, failed, waiting: report.concluded.len() - done - failed - not_attempted, not_attempted }
}

//! `sync`, one cycle now, and `apply`, one cycle of exactly what was reviewed.

use tokio_util::sync::CancellationToken;

use crate::cli::adapters::StoreAdapters;
use crate::cli::args::{ApplyArguments, ReportArguments, SyncArguments};
use crate::cli::commands::plan;
use crate::cli::context::Context;
use crate::cli::cycle_report;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::interrupt::Interrupts;
use crate::cli::output::ReportDestination;
use crate::cli::plan_file;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::Wiring;
use crate::domain::model::ids::ApprovalId;
use crate::engine::{self, CycleReport, CycleRequest, Scope};

/// Runs one cycle and gives the report, also of a plan that was blocked.
pub(in crate::cli) async fn run(context: &Context, arguments: &SyncArguments) -> Result<ExitStatus, CommandError> {
    let SyncArguments { report, dry_run, approve, reason } = arguments;
    if *dry_run {
        plan::show(context, report).await?;
        return Ok(ExitStatus::Done);
    }
    let wiring = Wiring::new(context.settings()?)?;
    let cycle = CommandCycle {
        name: "sync",
        scope: plan::scope(report),
        given: approve.as_deref().map(ApprovalId::new),
        reason: reason.as_deref(),
    };
    cycle.run(context, &wiring, report).await
}

/// Applies what was reviewed.
pub(in crate::cli) async fn apply(context: &Context, arguments: &ApplyArguments) -> Result<ExitStatus, CommandError> {
    let ApplyArguments { file, format, output, shown, reason } = arguments;
    let wiring = Wiring::new(context.settings()?)?;
    let reviewed = plan_file::read(file, &wiring.cycle.tenant)?;
    let report = ReportArguments { format: *format, output: output.clone(), user: None, shown: *shown };
    let cycle =
        CommandCycle { name: "apply", scope: Scope::Reviewed(reviewed), given: None, reason: reason.as_deref() };
    cycle.run(context, &wiring, &report).await
}

/// One cycle of a command.
struct CommandCycle<'a> {
    /// The command, for a run that waits for it.
    name: &'static str,
    /// Which people the cycle is about.
    scope: Scope,
    /// An approval that was named with the command.
    given: Option<ApprovalId>,
    /// Why, for the journal.
    reason: Option<&'a str>,
}

impl CommandCycle<'_> {
    /// Runs the cycle and gives the report.
    async fn run(
        self,
        context: &Context,
        wiring: &Wiring,
        arguments: &ReportArguments,
    ) -> Result<ExitStatus, CommandError> {
        let Self { name, scope, given, reason } = self;
        let destination = ReportDestination::open(arguments, context.screen)?;
        let adapters = StoreAdapters::open(wiring, name).await?;
        let request = CycleRequest {
            scope,
            given,
            run_context: context.run_context(reason),
            cancel: CancellationToken::default(),
        };
        let mut interrupts = Interrupts::new()?;
        let bars = ProgressBars::new(context.progress);
        let writer = wiring.reader.writer();
        let work = Box::pin(engine::sync(&adapters, &writer, &wiring.cycle, &request, &bars));
        let came = interrupts.heed(work, &request.cancel, (|| bars.is_applying(), &wiring.clock)).await;
        bars.clear();
        adapters.close().await;
        let report = came??;
        cycle_report::log_cycle(&report, request.run_context.run.as_str());
        cycle_report::with_report(&report, wiring, |report| destination.give(report))?;
        let status = status(&report);
        // The process ends now; freeing the report person by person would only cost time.
        std::mem::forget(report);
        Ok(status)
    }
}

fn status(report: &CycleReport) -> ExitStatus {
    let has_failures =
        !report.stops.is_empty() || report.concluded.iter().any(|concluded| concluded.outcome.is_failure());
    let groups_failed = !report.groups.stops.is_empty()
        || report.groups.concluded.iter().any(|concluded| concluded.outcome.is_failure());
    let is_blocked = report.is_blocked() || report.prepared.plan.groups.approval_id.is_some();
    match (is_blocked, has_failures || groups_failed) {
        (true, _) => ExitStatus::Blocked,
        (false, true) => ExitStatus::Partly,
        (false, false) => ExitStatus::Done,
    }
}

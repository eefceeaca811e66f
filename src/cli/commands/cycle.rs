//! One cycle: `plan` shows what it would do, `sync` runs it, and `apply` runs it for exactly what was reviewed.

use tokio_util::sync::CancellationToken;

use crate::cli::adapters::StoreAdapters;
use crate::cli::args::{ApplyArguments, PlanArguments, ReportArguments, SyncArguments};
use crate::cli::context::Context;
use crate::cli::cycle_report;
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::cli::interrupt::Interrupts;
use crate::cli::output::ReportDestination;
use crate::cli::plan_file;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::Wiring;
use crate::domain::model::ids::ApprovalId;
use crate::domain::state::sync_state::Tenant;
use crate::engine::{self, CycleReport, CycleRequest, Prepared, Scope};

/// Shows the plan. It has nothing that writes, so it cannot.
pub(in crate::cli) async fn plan(context: &Context, arguments: &PlanArguments) -> CommandResult {
    let (prepared, tenant) = show_plan(context, &arguments.report).await?;
    if let Some(path) = &arguments.save {
        plan_file::save(path, &prepared, &tenant)?;
    }
    let has_operations = !prepared.plan.people.operations.is_empty() || !prepared.plan.groups.operations.is_empty();
    Ok(if arguments.exit_code && has_operations { ExitStatus::Pending } else { ExitStatus::Done })
}

/// Makes the plan and gives the report.
pub(in crate::cli) async fn show_plan(
    context: &Context,
    arguments: &ReportArguments,
) -> CommandResult<(Prepared, Tenant)> {
    let wiring = context.wiring()?;
    let destination = ReportDestination::open(arguments, context.screen)?;
    let prepared = StoreAdapters::read_only(&wiring).prepare(context, &scope(arguments)).await?;
    cycle_report::with_dry_run(&prepared, &wiring, |report| destination.give(report))?;
    Ok((prepared, wiring.cycle.tenant))
}

/// Which people a command is about.
fn scope(arguments: &ReportArguments) -> Scope {
    arguments.user.clone().map_or(Scope::Everybody, Scope::One)
}

/// Runs one cycle and gives the report, also of a plan that was blocked.
pub(in crate::cli) async fn sync(context: &Context, arguments: &SyncArguments) -> CommandResult {
    let SyncArguments { report, dry_run, approve, reason } = arguments;
    if *dry_run {
        show_plan(context, report).await?;
        return Ok(ExitStatus::Done);
    }
    let wiring = context.wiring()?;
    let request = CycleRequest {
        scope: scope(report),
        given: approve.as_deref().map(ApprovalId::new),
        run_context: context.run_context(reason.as_deref()),
        cancel: CancellationToken::default(),
    };
    run("sync", context, &wiring, &request, report).await
}

/// Applies what was reviewed.
pub(in crate::cli) async fn apply(context: &Context, arguments: &ApplyArguments) -> CommandResult {
    let ApplyArguments { file, format, output, shown, reason } = arguments;
    let wiring = context.wiring()?;
    let reviewed = plan_file::read(file, &wiring.cycle.tenant)?;
    let report = ReportArguments { format: *format, output: output.clone(), user: None, shown: *shown };
    let request = CycleRequest {
        scope: Scope::Reviewed(reviewed),
        given: None,
        run_context: context.run_context(reason.as_deref()),
        cancel: CancellationToken::default(),
    };
    run("apply", context, &wiring, &request, &report).await
}

/// Runs the cycle of a command and gives the report.
async fn run(
    command: &str,
    context: &Context,
    wiring: &Wiring,
    request: &CycleRequest,
    arguments: &ReportArguments,
) -> CommandResult {
    let destination = ReportDestination::open(arguments, context.screen)?;
    let adapters = StoreAdapters::open(wiring, command).await?;
    let mut interrupts = Interrupts::new()?;
    let bars = ProgressBars::new(context);
    let writer = wiring.reader.writer();
    let work = Box::pin(engine::sync(&adapters, &writer, &wiring.cycle, request, &bars));
    let came = interrupts.heed(work, &request.cancel, || bars.is_applying(), &wiring.clock).await;
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

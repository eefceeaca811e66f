//! `plan`: what `sync` would do. Built without anything that writes, so that it cannot.

use crate::cli::adapters::StoreAdapters;
use crate::cli::args::{PlanArguments, ReportArguments};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::output::ReportDestination;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::Wiring;
use crate::cli::{cycle_report, plan_file};
use crate::domain::state::sync_state::Tenant;
use crate::engine::{self, Prepared, Scope};

/// Shows the plan.
pub(in crate::cli) async fn run(context: &Context, arguments: &PlanArguments) -> Result<ExitStatus, CommandError> {
    let (prepared, tenant) = show(context, &arguments.report).await?;
    if let Some(path) = &arguments.save {
        plan_file::save(path, &prepared, &tenant)?;
    }
    let has_operations = !prepared.plan.people.operations.is_empty() || !prepared.plan.groups.operations.is_empty();
    Ok(if arguments.exit_code && has_operations { ExitStatus::Pending } else { ExitStatus::Done })
}

/// Makes the plan and gives the report.
pub(in crate::cli) async fn show(
    context: &Context,
    arguments: &ReportArguments,
) -> Result<(Prepared, Tenant), CommandError> {
    let wiring = Wiring::new(context.settings()?)?;
    let destination = ReportDestination::open(arguments, context.screen)?;
    let bars = ProgressBars::new(context.progress);
    let adapters = StoreAdapters::read_only(&wiring);
    let prepared = engine::prepare(&adapters, &wiring.cycle, &scope(arguments), None, &bars).await;
    bars.clear();
    let prepared = prepared?;
    cycle_report::with_dry_run(&prepared, &wiring, |report| destination.give(report))?;
    Ok((prepared, wiring.cycle.tenant))
}

/// Which people the command is about.
pub(super) fn scope(arguments: &ReportArguments) -> Scope {
    arguments.user.clone().map_or(Scope::Everybody, Scope::One)
}

//! `plan`: what `sync` would do. Built without anything that writes, so that it cannot.

use crate::cli::args::{PlanArguments, ReportArguments};
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::output::ReportDestination;
use crate::cli::plan_file;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::{StoreAdapters, Wiring};
use crate::domain::model::usage::Requests;
use crate::domain::state::sync_state::Tenant;
use crate::engine::{self, CycleReport, Prepared, Scope};
use crate::report::{GroupResults, Report, ReportStage as ReportEnding};
use crate::store::ReadStore;

/// Shows the plan.
pub(super) async fn run(context: &Context, arguments: &PlanArguments) -> Result<ExitStatus, CommandError> {
    let (prepared, tenant) = show(context, &arguments.report).await?;
    if let Some(path) = &arguments.save {
        plan_file::save(path, &prepared, &tenant)?;
    }
    let has_operations = !prepared.plan.people.operations.is_empty() || !prepared.plan.groups.operations.is_empty();
    Ok(if arguments.exit_code && has_operations { ExitStatus::Pending } else { ExitStatus::Done })
}

/// Makes the plan and gives the report.
pub(super) async fn show(context: &Context, arguments: &ReportArguments) -> Result<(Prepared, Tenant), CommandError> {
    let wiring = Wiring::new(context.settings()?)?;
    let destination = ReportDestination::open(arguments, context.screen)?;
    let bars = ProgressBars::new(context.progress);
    let ends = StoreAdapters { wiring: &wiring, store: ReadStore::new(wiring.store.clone()) };
    let prepared = engine::prepare(&ends, &wiring.cycle, &scope(arguments), None, &bars).await;
    bars.clear();
    let prepared = prepared?;
    let (okta, haiilo) = wiring.take_calls();
    let requests = Requests { okta: &okta, haiilo };
    destination.give(&report(&prepared, &wiring, (ReportEnding::DryRun, requests)))?;
    Ok((prepared, wiring.cycle.tenant))
}

/// Gives the report of a cycle to whoever shows it.
pub(super) fn with_report<T>(came: &CycleReport, wiring: &Wiring, show: impl FnOnce(&Report<'_>) -> T) -> T {
    let stops: Vec<String> = came.stops.iter().map(engine::Stop::reason).collect();
    let ending = match &came.pause {
        _ if came.is_refused() => ReportEnding::Refused,
        Some(pause) => ReportEnding::Paused(pause),
        None => ReportEnding::Applied { concluded: &came.concluded, stops: &stops },
    };
    let (okta, haiilo) = wiring.take_calls();
    let group_stops: Vec<String> = came.groups.stops.iter().map(engine::Stop::reason).collect();
    let groups = GroupResults { concluded: &came.groups.concluded, stops: &group_stops };
    show(&Report { groups, ..report(&came.prepared, wiring, (ending, Requests { okta: &okta, haiilo })) })
}

/// Whom the command is about.
pub(super) fn scope(arguments: &ReportArguments) -> Scope {
    arguments.user.clone().map_or(Scope::Everybody, Scope::One)
}

/// The report of a plan.
fn report<'a>(
    prepared: &'a Prepared,
    wiring: &'a Wiring,
    (ending, requests): (ReportEnding<'a>, Requests<'a>),
) -> Report<'a> {
    Report {
        plan: &prepared.plan,
        verdict: &prepared.verdict,
        now: prepared.now,
        application: &prepared.application,
        product: wiring.cycle.policy.product,
        ending,
        warnings: &wiring.warnings,
        settings: &wiring.settings_used,
        requests,
        groups: GroupResults::default(),
    }
}

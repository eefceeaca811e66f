//! From the result of a cycle: the report that a person reads, and the events that the log keeps.

use crate::cli::wiring::Wiring;
use crate::domain::model::ids::ApprovalId;
use crate::domain::model::usage::Requests;
use crate::domain::model::word::Word as _;
use crate::domain::plan::outcome::Outcome;
use crate::engine::{self, CycleReport, Prepared};
use crate::report::{GroupResults, Report, ReportStage};

/// Gives the report of a cycle to whatever shows it.
pub(super) fn with_report<T>(came: &CycleReport, wiring: &Wiring, show: impl FnOnce(&Report<'_>) -> T) -> T {
    let stops: Vec<String> = came.stops.iter().map(engine::Stop::reason).collect();
    let stage = match &came.pause {
        _ if came.is_blocked() => ReportStage::Blocked,
        Some(pause) => ReportStage::Paused(pause),
        None => ReportStage::Applied { concluded: &came.concluded, stops: &stops },
    };
    let group_stops: Vec<String> = came.groups.stops.iter().map(engine::Stop::reason).collect();
    let groups = GroupResults { concluded: &came.groups.concluded, stops: &group_stops };
    let (okta, haiilo) = wiring.take_calls();
    let requests = Requests { okta: &okta, haiilo };
    show(&Report { stage, requests, groups, ..planned(&came.prepared, wiring) })
}

/// Gives the report of a dry run to whatever shows it.
pub(super) fn with_dry_run<T>(prepared: &Prepared, wiring: &Wiring, show: impl FnOnce(&Report<'_>) -> T) -> T {
    let (okta, haiilo) = wiring.take_calls();
    show(&Report { requests: Requests { okta: &okta, haiilo }, ..planned(prepared, wiring) })
}

/// The report of a plan of which nothing was applied.
fn planned<'a>(prepared: &'a Prepared, wiring: &'a Wiring) -> Report<'a> {
    Report {
        plan: &prepared.plan,
        limit_check: &prepared.limit_check,
        now: prepared.collected.now,
        application: &prepared.collected.application,
        product: wiring.cycle.policy.product,
        stage: ReportStage::DryRun,
        warnings: &wiring.warnings,
        settings: &wiring.settings_used,
        requests: Requests::default(),
        groups: GroupResults::default(),
    }
}

/// Logs the end of a full cycle, with numbers only.
pub(super) fn log_cycle(report: &CycleReport, run: &str) {
    let ResultTally { done, failed, waiting, not_attempted } = tally(report, run);
    let findings = &report.prepared.plan.people.findings;
    tracing::info!(
        run,
        result = report.result().as_str(),
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

/// Logs the end of a targeted cycle, with numbers only.
pub(super) fn log_targeted_cycle(report: &CycleReport, people: usize, run: &str) {
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

/// Counts how operations ended, and logs why the run stopped.
fn tally(report: &CycleReport, run: &str) -> ResultTally {
    let count = |is: fn(&Outcome) -> bool| report.concluded.iter().filter(|concluded| is(&concluded.outcome)).count();
    let not_attempted = count(|outcome| matches!(outcome, Outcome::NotAttempted(_)));
    let (done, failed) = (count(Outcome::is_done), count(Outcome::is_failure) - not_attempted);
    for stop in &report.stops {
        let (reason, approval_id) = (stop.as_str(), stop.approval_id().map(ApprovalId::as_str));
        tracing::warn!(run, reason, approval_id, "cycle stopped");
    }
    ResultTally { done, failed, waiting: report.concluded.len() - done - failed - not_attempted, not_attempted }
}

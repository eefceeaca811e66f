//! What a story's end tells: reports in the form that scripts read, and errors with all their causes.

use okta_haiilo_sync::domain::model::policy::Product;
use okta_haiilo_sync::domain::model::usage::Requests;
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use okta_haiilo_sync::engine::{CycleReport, Prepared, Stop};
use okta_haiilo_sync::report::{self, GroupResults, Report, ReportStage};

/// What a dry run reports.
pub(crate) fn planned(prepared: &Prepared) -> Report<'_> {
    reported(prepared, ReportStage::DryRun)
}

/// A plan as scripts read it.
pub(crate) fn told_of_plan(prepared: &Prepared) -> serde_json::Value {
    serde_json::from_str(&report::json(&planned(prepared))).expect("JSON")
}

/// A cycle as scripts read it.
pub(crate) fn told(report: &CycleReport) -> serde_json::Value {
    let stops: Vec<String> = report.stops.iter().map(Stop::reason).collect();
    let stage = if report.prepared.limit_check.decision == LimitDecision::Blocked {
        ReportStage::Blocked
    } else {
        ReportStage::Applied { concluded: &report.concluded, stops: &stops }
    };
    serde_json::from_str(&report::json(&reported(&report.prepared, stage))).expect("JSON")
}

fn reported<'a>(prepared: &'a Prepared, stage: ReportStage<'a>) -> Report<'a> {
    Report {
        plan: &prepared.plan,
        limit_check: &prepared.limit_check,
        now: prepared.collected.now,
        application: &prepared.collected.application,
        product: Product::Advocacy,
        stage,
        warnings: &[],
        settings: &[],
        requests: Requests::default(),
        groups: GroupResults::default(),
    }
}

/// An error with all its causes.
pub(crate) fn explained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

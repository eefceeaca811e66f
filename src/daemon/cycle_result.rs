//! What is kept of a cycle once its people are forgotten: numbers, ids, and the report where people may be shown.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::groups::limits as groups_guard;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId, RunId};
use crate::domain::plan::leaver::LeaverStatus;
use crate::domain::plan::outcome::Outcome;
use crate::domain::plan::people_plan::PlanCounts;
use crate::domain::planning::limits::Violation;
use crate::engine::{CycleReport, Stop};

/// Deletes that are due within this time are told beforehand.
const SOON: TimeDelta = TimeDelta::days(3);

/// How a cycle ended.
#[derive(Clone, Debug)]
pub enum CycleResult {
    /// Both sides were read completely.
    Complete(Box<CycleSummary>),
    /// There was no plan, and nothing was written.
    Failed(Trouble),
    /// Somebody else runs a cycle, and is named.
    Busy(String),
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind of trouble it is.
    pub class: Class,
    /// Why, in a sentence that names nobody.
    pub what: String,
    /// Why, with all causes, for the log.
    pub causes: String,
}

/// What kind of trouble there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Credentials are refused or lack a right: trying again soon is of no use.
    Credentials,
    /// Somebody must change the configuration, in Okta or here: trying again soon is of no use.
    Configuration,
    /// It may pass by itself.
    Passing,
}

/// What is kept of a complete cycle.
#[derive(Clone, Debug, Default)]
pub struct CycleSummary {
    /// The cycle.
    pub run: Option<RunId>,
    /// How it ended, in a word: `applied`, `partly`, `refused`, `paused` or `stopped`.
    pub result: &'static str,
    /// How many of what.
    pub counts: PlanCounts,
    /// Operations by kind and outcome.
    pub operations: BTreeMap<(&'static str, &'static str), u64>,
    /// People for whom an operation failed.
    pub failing: BTreeSet<OktaUserId>,
    /// People about whom nothing is done, by the code of the reason.
    pub held: BTreeMap<&'static str, BTreeSet<OktaUserId>>,
    /// Leavers by what becomes of their accounts.
    pub leavers: BTreeMap<&'static str, u64>,
    /// Accounts that are deleted within three days.
    pub soon: BTreeSet<HaiiloId>,
    /// Values that are parked.
    pub parked: u64,
    /// Linked accounts that Haiilo does not show.
    pub missing: u64,
    /// Accounts that are not ours.
    pub unmanaged: u64,
    /// What waits for an approval, with the broken limits.
    pub refused: Option<(ApprovalId, Vec<Violation>)>,
    /// Why the run stopped before all was done, each as its code.
    pub stops: Vec<&'static str>,
    /// What is wrong, where it stopped for that.
    pub trouble: Option<Trouble>,
    /// Since when the token of each side has been in use.
    pub tokens: BTreeMap<&'static str, DateTime<Utc>>,
    /// The report as text, where people may be shown.
    pub report: Option<String>,
}

impl CycleSummary {
    /// Takes what is kept out of a report.
    pub fn of(run: &RunId, report: &CycleReport, text: Option<String>) -> Self {
        let CycleReport { prepared, concluded, stops, pause: _, groups } = report;
        let (plan, verdict) = (&prepared.plan, &prepared.verdict);
        let canary = stops.iter().find_map(Stop::approval_id).map(|id| (id.clone(), Vec::new()));
        let removals = plan.groups.approval_id.clone().map(|id| (id, groups_guard::violations(&plan.groups)));
        let refused = verdict.approval_id.clone().filter(|_| report.is_refused());
        let mut summary = Self {
            run: Some(run.clone()),
            result: report.result(),
            counts: plan.counts,
            parked: plan.parked.len() as u64,
            missing: plan.missing.len() as u64,
            unmanaged: plan.unmanaged.len() as u64,
            refused: canary.or(refused.map(|id| (id, verdict.violations.clone()))).or(removals),
            stops: stops.iter().map(Stop::code).collect(),
            trouble: stops.iter().find_map(trouble),
            report: text,
            ..Self::default()
        };
        for concluded in concluded {
            let key = (concluded.operation.kind().as_str(), concluded.outcome.as_str());
            *summary.operations.entry(key).or_default() += 1;
            if matches!(concluded.outcome, Outcome::Failed(_) | Outcome::Unknown(_)) {
                summary.failing.insert(concluded.operation.okta_id.clone());
            }
        }
        for concluded in &groups.concluded {
            let key = (concluded.operation.kind().as_str(), concluded.outcome.as_str());
            *summary.operations.entry(key).or_default() += 1;
        }
        for held in &plan.held {
            summary.held.entry(held.reason.code()).or_default().insert(held.okta_id.clone());
        }
        let is_gone = |account: &HaiiloId| {
            concluded.iter().any(|one| {
                one.operation.kind().is_departure() && one.outcome.is_done() && one.haiilo_id.as_ref() == Some(account)
            })
        };
        for leaver in &plan.leavers {
            *summary.leavers.entry(fate(&leaver.fate)).or_default() += 1;
            if is_soon(&leaver.fate, prepared.now) && !is_gone(&leaver.haiilo_id) {
                summary.soon.insert(leaver.haiilo_id.clone());
            }
        }
        summary
    }

    /// Whether everything that was to be done is done.
    pub fn is_whole(&self) -> bool {
        self.result == "applied" && self.failing.is_empty()
    }
}

/// What is wrong where a run stopped for this reason; nothing where the rest is merely left for later, or waits for an approval.
fn trouble(stop: &Stop) -> Option<Trouble> {
    let (class, what) = match stop {
        Stop::CredentialsRefused(_) => (Class::Credentials, "haiilo refuses our credentials for writing".to_owned()),
        Stop::Unreachable(_) => (Class::Passing, "haiilo could not be written to".to_owned()),
        Stop::Refused(kind, _) => (Class::Passing, format!("haiilo refuses every {}", kind.as_str())),
        Stop::Store(_) => (Class::Passing, "the store failed while operations were under way".to_owned()),
        Stop::DeactivationDeletes(_) => {
            let what = "an account was gone after its deactivation: this user directory deletes whoever is deactivated";
            (Class::Configuration, what.to_owned())
        }
        Stop::NoSeats | Stop::TimeIsUp | Stop::Cancelled | Stop::Canary { .. } => return None,
    };
    Some(Trouble { class, causes: what.clone(), what })
}

/// What becomes of a leaver's account, in a word.
fn fate(fate: &LeaverStatus) -> &'static str {
    match fate {
        LeaverStatus::Kept(_) => "kept",
        LeaverStatus::Waiting(_) => "pending",
        LeaverStatus::Due(_) => "due",
        LeaverStatus::Postponed(_) => "postponed",
        LeaverStatus::Blocked(..) => "blocked",
    }
}

fn is_soon(fate: &LeaverStatus, now: DateTime<Utc>) -> bool {
    match fate {
        LeaverStatus::Waiting(due) => *due - now <= SOON,
        // What was due and is not deleted yet will be.
        LeaverStatus::Due(_) | LeaverStatus::Postponed(_) => true,
        LeaverStatus::Kept(_) | LeaverStatus::Blocked(..) => false,
    }
}

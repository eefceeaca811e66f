//! What the daemon keeps of a cycle: counts and ids for the page, the metrics and the alerts. The plan and its people are dropped,
//! except for the report as text where the configuration shows people on the page.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::groups::limits as group_limits;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::PlanCounts;
use crate::domain::plan::leaver::LeaverStatus;
use crate::domain::plan::outcome::Outcome;
use crate::domain::planning::limits::Violation;
use crate::domain::state::run_history::CycleResult;
use crate::engine::{CycleReport, Stop};

/// Deletes that are due within this time are announced.
const ANNOUNCED: TimeDelta = TimeDelta::days(3);

/// Why a cycle or a poll has no result.
#[derive(Clone, Debug)]
pub enum RunError {
    /// It failed. A cycle made no plan and wrote nothing.
    Failed(CycleFailure),
    /// Another process runs a cycle: its name.
    Busy(String),
}

/// Why a cycle or a poll failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleFailure {
    /// What is needed to fix it.
    pub class: FailureClass,
    /// One sentence, without personal data.
    pub message: String,
    /// The message with all its causes, for the log.
    pub causes: String,
}

/// What is needed to fix a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Credentials are refused or lack a right. A retry soon is of no use.
    Credentials,
    /// The configuration must change, in Okta or here. A retry soon is of no use.
    Configuration,
    /// It may pass by itself.
    Transient,
}

/// What the daemon keeps of a complete cycle.
#[derive(Clone, Debug, Default)]
pub struct CycleSummary {
    /// How it ended.
    pub result: CycleResult,
    /// Totals of the plan.
    pub counts: PlanCounts,
    /// Operations by kind and outcome.
    pub operations: BTreeMap<(&'static str, &'static str), u64>,
    /// People with an operation that failed.
    pub failed: BTreeSet<OktaUserId>,
    /// People on hold, by the code of the reason.
    pub held: BTreeMap<&'static str, BTreeSet<OktaUserId>>,
    /// Leavers by the status of their accounts.
    pub leavers: BTreeMap<&'static str, u64>,
    /// Accounts whose delete is due within three days.
    pub deletes_due: BTreeSet<HaiiloId>,
    /// Values, and whole accounts, that wait for something outside.
    pub waiting: u64,
    /// Values that Haiilo refused or did not keep.
    pub rejected: u64,
    /// Linked accounts that Haiilo does not show.
    pub missing: u64,
    /// Accounts without a link.
    pub unmanaged: u64,
    /// What waits for an approval, with the limits that it exceeds.
    pub awaiting_approval: Option<(ApprovalId, Vec<Violation>)>,
    /// The codes of the reasons why the run stopped early.
    pub stops: Vec<&'static str>,
    /// Why the run stopped early, if that is a failure.
    pub failure: Option<CycleFailure>,
    /// Since when the token of each side has been in use.
    pub tokens: BTreeMap<&'static str, DateTime<Utc>>,
    /// The report as text, where people may be shown.
    pub report: Option<String>,
}

impl CycleSummary {
    /// Summarizes the report of a cycle. `text` is the report as the page shows it.
    pub fn new(report: &CycleReport, text: Option<String>) -> Self {
        let findings = &report.prepared.plan.people.findings;
        let mut held: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for person in &findings.held {
            held.entry(person.reason.code()).or_default().insert(person.okta_id.clone());
        }
        let did_fail = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_) | Outcome::Unknown(_));
        let failed = report.concluded.iter().filter(|one| did_fail(&one.outcome));
        Self {
            result: report.result(),
            counts: findings.counts,
            operations: operations(report),
            failed: failed.map(|one| one.operation.okta_id.clone()).collect(),
            held,
            leavers: count(findings.leavers.iter().map(|leaver| leaver_status(&leaver.status))),
            deletes_due: deletes_due(report),
            waiting: findings.waiting.len() as u64,
            rejected: findings.rejected.len() as u64,
            missing: findings.missing.len() as u64,
            unmanaged: findings.unmanaged.len() as u64,
            awaiting_approval: awaiting_approval(report),
            stops: report.stops.iter().map(Stop::as_str).collect(),
            failure: report.stops.iter().find_map(failure),
            tokens: BTreeMap::new(),
            report: text,
        }
    }

    /// Whether every operation of the plan was attempted, and none failed.
    pub fn is_fully_applied(&self) -> bool {
        self.result == CycleResult::Applied && self.failed.is_empty()
    }
}

/// How often each key occurs.
fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn operations(report: &CycleReport) -> BTreeMap<(&'static str, &'static str), u64> {
    let people = report.concluded.iter().map(|one| (one.operation.kind().as_str(), one.outcome.as_str()));
    let groups = report.groups.concluded.iter().map(|one| (one.operation.kind().as_str(), one.outcome.as_str()));
    count(people.chain(groups))
}

fn deletes_due(report: &CycleReport) -> BTreeSet<HaiiloId> {
    let removals = report.concluded.iter().filter(|one| one.operation.kind().is_removal() && one.outcome.is_done());
    let removed: BTreeSet<&HaiiloId> = removals.filter_map(|one| one.haiilo_id.as_ref()).collect();
    let is_soon = |status: &LeaverStatus| match status {
        LeaverStatus::Waiting(due) => *due - report.prepared.collected.now <= ANNOUNCED,
        LeaverStatus::Due(_) | LeaverStatus::Postponed(_) => true,
        LeaverStatus::Kept(_) | LeaverStatus::Blocked(..) => false,
    };
    let leavers = report.prepared.plan.people.findings.leavers.iter();
    leavers
        .filter(|leaver| is_soon(&leaver.status) && !removed.contains(&leaver.haiilo_id))
        .map(|leaver| leaver.haiilo_id.clone())
        .collect()
}

fn awaiting_approval(report: &CycleReport) -> Option<(ApprovalId, Vec<Violation>)> {
    let (plan, limit_check) = (&report.prepared.plan, &report.prepared.limit_check);
    let canary = report.stops.iter().find_map(Stop::approval_id).map(|id| (id.clone(), Vec::new()));
    let people = limit_check.approval_id.clone().filter(|_| report.is_blocked());
    let groups = plan.groups.approval_id.clone();
    canary
        .or_else(|| Some((people?, limit_check.violations.clone())))
        .or_else(|| Some((groups?, group_limits::violations(&plan.groups))))
}

/// The failure behind a stop; `None` if the rest only waits for later cycles or for an approval.
fn failure(stop: &Stop) -> Option<CycleFailure> {
    let (class, message) = match stop {
        Stop::CredentialsRefused(_) => {
            (FailureClass::Credentials, "haiilo refuses our credentials for writing".to_owned())
        }
        Stop::Unreachable(_) => (FailureClass::Transient, "haiilo could not be written to".to_owned()),
        Stop::Refused(kind, _) => (FailureClass::Transient, format!("haiilo refuses every {}", kind.as_str())),
        Stop::Store(_) => (FailureClass::Transient, "the store failed while operations were under way".to_owned()),
        Stop::DeactivationDeletes(_) => (
            FailureClass::Configuration,
            "an account was gone after its deactivation: this user directory deletes whoever is deactivated".to_owned(),
        ),
        Stop::NoSeats | Stop::TimeIsUp | Stop::Cancelled | Stop::Canary { .. } => return None,
    };
    Some(CycleFailure { class, causes: message.clone(), message })
}

fn leaver_status(status: &LeaverStatus) -> &'static str {
    match status {
        LeaverStatus::Kept(_) => "kept",
        LeaverStatus::Waiting(_) => "pending",
        LeaverStatus::Due(_) => "due",
        LeaverStatus::Postponed(_) => "postponed",
        LeaverStatus::Blocked(..) => "blocked",
    }
}

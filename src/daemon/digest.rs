//! What is kept of a cycle once its people are forgotten: numbers, ids, and the report where people may be shown.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::guard::Violation;
use crate::domain::ids::{ApprovalId, HaiiloId, OktaUserId, RunId};
use crate::domain::leaver::Fate;
use crate::domain::plan::Counts;
use crate::engine::{CycleReport, Stop};

/// Deletes that are due within this time are told beforehand.
const SOON: TimeDelta = TimeDelta::days(3);

/// What is kept of a complete cycle.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    /// The cycle.
    pub run: Option<RunId>,
    /// How it ended, in a word: `applied`, `refused`, `paused` or `stopped`.
    pub result: &'static str,
    /// How many of what.
    pub counts: Counts,
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
    /// Why the run stopped before all was done.
    pub stops: Vec<String>,
    /// Whether Haiilo refused our credentials while we wrote.
    pub credentials: Credentials,
    /// The report as text, where people may be shown.
    pub report: Option<String>,
}

/// Whether credentials were accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credentials {
    /// They were.
    #[default]
    Accepted,
    /// They were not.
    Refused,
}

impl Digest {
    /// Takes what is kept out of a report.
    pub fn of(run: &RunId, report: &CycleReport, text: Option<String>) -> Self {
        let CycleReport { prepared, concluded, stops, pause: _ } = report;
        let (plan, verdict) = (&prepared.plan, &prepared.verdict);
        let mut digest = Self {
            run: Some(run.clone()),
            result: report.result(),
            counts: plan.counts,
            parked: plan.parked.len() as u64,
            missing: plan.missing.len() as u64,
            unmanaged: plan.unmanaged.len() as u64,
            refused: verdict
                .approval_id
                .clone()
                .filter(|_| report.is_refused())
                .map(|id| (id, verdict.violations.clone())),
            stops: stops.iter().map(Stop::reason).collect(),
            report: text,
            ..Self::default()
        };
        if stops.iter().any(|stop| matches!(stop, Stop::CredentialsRefused(_))) {
            digest.credentials = Credentials::Refused;
        }
        for concluded in concluded {
            let key = (concluded.operation.kind().as_str(), concluded.outcome.as_str());
            *digest.operations.entry(key).or_default() += 1;
            if concluded.outcome.is_failure() {
                digest.failing.insert(concluded.operation.okta_id.clone());
            }
        }
        for held in &plan.held {
            digest.held.entry(held.reason.code()).or_default().insert(held.okta_id.clone());
        }
        for leaver in &plan.leavers {
            *digest.leavers.entry(fate(&leaver.fate)).or_default() += 1;
            if is_soon(&leaver.fate, prepared.now) {
                digest.soon.insert(leaver.haiilo_id.clone());
            }
        }
        digest
    }

    /// Whether everything that was to be done is done.
    pub fn is_whole(&self) -> bool {
        self.result == "applied" && self.failing.is_empty()
    }
}

/// What becomes of a leaver's account, in a word.
fn fate(fate: &Fate) -> &'static str {
    match fate {
        Fate::Kept(_) => "kept",
        Fate::Waiting(_) => "pending",
        Fate::Due(_) => "due",
        Fate::Postponed(_) => "postponed",
        Fate::Blocked(..) => "blocked",
    }
}

fn is_soon(fate: &Fate, now: DateTime<Utc>) -> bool {
    match fate {
        Fate::Waiting(due) => *due - now <= SOON,
        // What is due and was not deleted will be.
        Fate::Postponed(_) | Fate::Blocked(..) => true,
        Fate::Kept(_) | Fate::Due(_) => false,
    }
}

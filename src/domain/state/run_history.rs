//! How the last cycles went, and what waits for an operator.

use chrono::{DateTime, Utc};

use crate::domain::model::ids::{ApprovalId, RunId};

/// How things stand: what waits for somebody, and how the last cycles went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunHistory {
    /// Refused sets of operations of the last day, the newest first.
    pub waiting: Vec<PendingApproval>,
    /// The last cycles, the newest first.
    pub cycles: Vec<CycleRecord>,
    /// When the last cycle ended of which both sides were read completely, and in which nothing was wrong with either.
    pub last_complete: Option<DateTime<Utc>>,
    /// When the first cycle began, be it one that failed.
    pub began: Option<DateTime<Utc>>,
}

/// A refused set of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingApproval {
    /// The id by which it can be approved.
    pub id: ApprovalId,
    /// When it was refused last.
    pub at: DateTime<Utc>,
    /// The broken limits, as JSON.
    pub violations: serde_json::Value,
    /// Until when it is approved, if it is.
    pub approved_until: Option<DateTime<Utc>>,
}

/// What cycles are called of which both sides were read completely, and in which nothing was wrong with either.
const COMPLETE: [&str; 4] = ["applied", "partly", "refused", "paused"];

/// Whether a cycle that ended so was complete.
pub fn is_complete(result: &str) -> bool {
    COMPLETE.contains(&result)
}

/// A cycle that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleRecord {
    /// Its name.
    pub run: RunId,
    /// Its start.
    pub started: DateTime<Utc>,
    /// Its end.
    pub ended: DateTime<Utc>,
    /// A word for how it ended.
    pub result: String,
}

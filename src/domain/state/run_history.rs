//! How the last cycles went, and what waits for an operator.

use chrono::{DateTime, Utc};

use crate::model::ids::{ApprovalId, RunId};

/// How things stand: what waits for somebody, and how the last cycles went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunHistory {
    /// Blocked plans of the last day, the newest first.
    pub waiting: Vec<PendingApproval>,
    /// The last cycles, the newest first.
    pub cycles: Vec<CycleRecord>,
    /// When the last cycle ended of which both sides were read completely, and in which nothing was wrong with either.
    pub last_complete: Option<DateTime<Utc>>,
    /// When the first cycle began, be it one that failed.
    pub began: Option<DateTime<Utc>>,
}

/// A blocked plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingApproval {
    /// The id by which it can be approved.
    pub id: ApprovalId,
    /// When it was blocked last.
    pub at: DateTime<Utc>,
    /// The broken limits, as JSON.
    pub violations: serde_json::Value,
    /// Until when it is approved, if it is.
    pub approved_until: Option<DateTime<Utc>>,
}

/// How a cycle ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CycleResult {
    /// Every operation was attempted.
    #[default]
    Applied,
    /// The rest is left for a later cycle: nothing is wrong with either side.
    Partly,
    /// A limit stopped the plan before its first write.
    Blocked,
    /// An operator paused all writes.
    Paused,
    /// Something went wrong while the plan was applied.
    Stopped,
    /// No plan was made, and nothing was written.
    Failed,
    /// Only the operations of one person were applied.
    OnePerson,
    /// It was a targeted cycle.
    Targeted,
}

impl CycleResult {
    /// How a full cycle about all people ends.
    pub const FULL: [Self; 6] = [Self::Applied, Self::Partly, Self::Blocked, Self::Paused, Self::Stopped, Self::Failed];

    /// Whether both sides were read completely, and nothing was wrong with either.
    pub fn is_complete(self) -> bool {
        match self {
            Self::Applied | Self::Partly | Self::Blocked | Self::Paused => true,
            Self::Stopped | Self::Failed | Self::OnePerson | Self::Targeted => false,
        }
    }
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
    /// How it ended.
    pub result: CycleResult,
}

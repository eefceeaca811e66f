//! The history of the last cycles, and the plans that wait for an operator.

use chrono::{DateTime, Utc};

use crate::model::ids::{ApprovalId, RunId};

/// The current state: what waits for an operator, and how the last cycles ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunHistory {
    /// Blocked plans of the last day, newest first.
    pub blocked_plans: Vec<PendingApproval>,
    /// The last cycles, newest first.
    pub cycles: Vec<CycleRecord>,
    /// The end of the last cycle that read both sides completely and found no fault on either side.
    pub last_complete: Option<DateTime<Utc>>,
    /// When the first cycle began, even if it failed.
    pub began: Option<DateTime<Utc>>,
}

/// A blocked plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingApproval {
    /// The id for its approval.
    pub id: ApprovalId,
    /// When it was last blocked.
    pub at: DateTime<Utc>,
    /// The broken limits, as JSON.
    pub violations: serde_json::Value,
    /// The end of its approval, if it is approved.
    pub approved_until: Option<DateTime<Utc>>,
}

/// The result of a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum CycleResult {
    /// Every operation was attempted.
    #[default]
    Applied,
    /// A later cycle does the rest. Both sides work.
    Partly,
    /// A limit stopped the plan before its first write.
    Blocked,
    /// An operator paused all writes.
    Paused,
    /// An error occurred while the plan was applied.
    Stopped,
    /// No plan was made, and nothing was written.
    Failed,
    /// Only the operations of one person were applied.
    OnePerson,
    /// It was a targeted cycle.
    Targeted,
}

impl CycleResult {
    /// The results of a full cycle about all people.
    pub const FULL: [Self; 6] = [Self::Applied, Self::Partly, Self::Blocked, Self::Paused, Self::Stopped, Self::Failed];

    /// Whether the cycle read both sides completely and found no fault on either side.
    pub fn is_complete(self) -> bool {
        match self {
            Self::Applied | Self::Partly | Self::Blocked | Self::Paused => true,
            Self::Stopped | Self::Failed | Self::OnePerson | Self::Targeted => false,
        }
    }
}

/// A finished cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleRecord {
    /// Its id.
    pub run: RunId,
    /// Its start.
    pub started: DateTime<Utc>,
    /// Its end.
    pub ended: DateTime<Utc>,
    /// Its result.
    pub result: CycleResult,
}

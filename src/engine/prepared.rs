//! What a plan was made from, together with the plan.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::people_plan::Plan;
use crate::domain::planning::known::Known;
use crate::domain::planning::leaver_decision::ClockAgreement;
use crate::domain::planning::limits::LimitCheck;
use crate::domain::state::sync_state::SyncState;
use crate::engine::settings::CycleSettings;

/// A plan with everything that it was made from.
#[derive(Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// What the guard says.
    pub verdict: LimitCheck,
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// The time from which clocks count that begin in this cycle.
    pub(super) begins: DateTime<Utc>,
    /// The application's name in Okta.
    pub application: String,
    /// The monotonic time when reading began.
    pub(super) began: Duration,
    /// Whether the local clock agrees with Okta's.
    pub(super) agreement: ClockAgreement,
    pub(super) people: AssignmentSnapshot,
    pub(super) accounts: AccountSnapshot,
    pub(super) state: SyncState,
    /// What was learnt of Haiilo's endpoint.
    pub(super) target: Option<TargetProfile>,
}

impl Prepared {
    /// What both sides showed, and what the store remembers.
    pub fn basis(&self) -> (&AssignmentSnapshot, &AccountSnapshot, &SyncState) {
        (&self.people, &self.accounts, &self.state)
    }

    /// All that is known, the plan among it.
    pub fn known<'a>(&'a self, settings: &'a CycleSettings) -> Known<'a> {
        Known {
            plan: &self.plan,
            people: &self.people,
            accounts: &self.accounts,
            state: &self.state,
            policy: &settings.policy,
            mapping: &settings.mapping,
        }
    }
}

//! A plan together with what it was made from, and explanations of it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::explain::explanation::{Explanation, OktaAnswers};
use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use crate::domain::model::ids::OktaUserId;
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::cycle_plan::CyclePlan;
use crate::domain::planning::input::{Clocks, PlanInput};
use crate::domain::planning::limits::LimitCheck;
use crate::domain::planning::linked_accounts::LinkedAccounts;
use crate::domain::state::sync_state::{Pause, SyncState};
use crate::engine::error::CycleError;
use crate::engine::settings::CycleSettings;
use crate::ports::{Adapters, AssignmentSource as _};

/// What a plan is made from.
#[derive(Debug)]
pub struct Collected {
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// The application's name in Okta.
    pub application: String,
    /// Okta's own features that write to Haiilo.
    pub(super) push_features: Vec<String>,
    /// The monotonic time when reading began.
    pub(super) began: Duration,
    /// How the local clock and Okta's agree.
    pub(super) clocks: Clocks,
    pub(super) people: AssignmentSnapshot,
    pub(super) accounts: AccountSnapshot,
    pub(super) state: SyncState,
    /// Attributes that a rule reads and nobody has.
    pub(super) nobody_has: Vec<String>,
    /// What was learnt of Haiilo's endpoint.
    pub(super) target: Option<TargetProfile>,
}

impl Collected {
    /// The same, in the form that every step of a plan needs.
    pub(super) fn input<'a>(&'a self, settings: &'a CycleSettings) -> PlanInput<'a> {
        let Self { people, accounts, state, now, clocks, .. } = self;
        PlanInput {
            people,
            accounts,
            state,
            policy: &settings.policy,
            mapping: &settings.mapping,
            now: *now,
            clocks: *clocks,
            leaver_rules: settings.leaver_rules(),
            linked: LinkedAccounts::of(&state.links, accounts),
        }
    }

    /// The pause that holds now.
    pub(super) fn pause(&self) -> Option<&Pause> {
        self.state.pause_at(self.now)
    }
}

/// A plan with everything that it was made from.
#[derive(Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: CyclePlan,
    /// What the limits say.
    pub limit_check: LimitCheck,
    /// What the plan was made from.
    pub collected: Collected,
}

impl Prepared {
    /// Okta's listing.
    pub fn people(&self) -> &AssignmentSnapshot {
        &self.collected.people
    }

    /// What the store remembers.
    pub fn state(&self) -> &SyncState {
        &self.collected.state
    }

    /// What the plan was made from, in the form that every step of a plan needs.
    pub fn input<'a>(&'a self, settings: &'a CycleSettings) -> PlanInput<'a> {
        self.collected.input(settings)
    }

    /// Everything about one person. Asks Okta by id; `status` is Okta's word for the state of the user, where a search found one.
    pub async fn explain<W: Adapters>(
        &self,
        adapters: &W,
        settings: &CycleSettings,
        id: OktaUserId,
        status: Option<String>,
    ) -> Result<Explanation, CycleError> {
        let source = adapters.source();
        let user = source.user(&id).await.map_err(CycleError::Okta)?;
        let assignment = match &user {
            Some(_) => source.assignment(&id).await.map_err(CycleError::Okta)?,
            None => None,
        };
        Ok(Explanation::new(OktaAnswers { id, user, status, assignment }, &self.input(settings), &self.plan))
    }
}

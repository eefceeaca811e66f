//! Approving a blocked plan.

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock as _;
use crate::domain::model::ids::ApprovalId;
use crate::domain::planning::operator::ActRefused;
use crate::engine::admin::operator::{AdminError, Operator};
use crate::ports::{ActWriter, Adapters};

/// How long an approval lasts.
const APPROVAL_LASTS: TimeDelta = TimeDelta::hours(24);

/// A plan that is approved now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovedPlan {
    /// How many entries the approval names.
    pub items: usize,
    /// When it ends.
    pub until: DateTime<Utc>,
}

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// Lets exactly the operations of a blocked plan pass.
    pub async fn approve(&self, id: &ApprovalId) -> Result<ApprovedPlan, AdminError> {
        let now = self.adapters.clock().now();
        let until = now + APPROVAL_LASTS;
        let items = self.adapters.store().approve(id, until, &self.run_context, now).await?;
        let items = items.ok_or_else(|| ActRefused::NoBlockedPlan(id.clone()))?;
        Ok(ApprovedPlan { items, until })
    }
}

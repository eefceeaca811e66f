//! The order of a plan: operations by kind, in the order of application, then by Okta id; findings by Okta id. So the same input gives the
//! same plan, in whatever order the input arrives.

use crate::plan::cycle_plan::Plan;
use crate::plan::group_plan::GroupPlan;

impl Plan {
    /// Sorts the plan.
    pub fn sort(&mut self) {
        self.operations.sort_by(|left, right| (left.kind(), &left.okta_id).cmp(&(right.kind(), &right.okta_id)));
        self.findings.held.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
        self.findings.waiting.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
        self.findings.rejected.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
    }
}

impl GroupPlan {
    /// Sorts the plan.
    pub fn sort(&mut self) {
        self.operations.sort_by(|left, right| (left.kind(), &left.okta_id).cmp(&(right.kind(), &right.okta_id)));
        self.held.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
    }
}

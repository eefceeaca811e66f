//! The whole plan of a cycle: first about people, then about groups.

use crate::domain::plan::group_plan::GroupPlan;
use crate::domain::plan::people_plan::Plan;

/// The two plans of a cycle. Trouble with groups stops nobody.
#[derive(Clone, Debug, Default)]
pub struct CyclePlan {
    /// About people and their accounts.
    pub people: Plan,
    /// About groups, which come after people.
    pub groups: GroupPlan,
}

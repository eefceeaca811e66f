//! Limits of groups: if a group would lose too many members in a day, it loses none until an operator approves exactly these removals.
//! Groups give roles, so each group has its own limit. People are still added.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ids::{ApprovalId, OktaGroupId};
use crate::model::limit::LimitName;
use crate::plan::group_operation::{GroupAction, GroupOperation, Removals};
use crate::plan::group_plan::{BlockedRemovals, GroupPlan};
use crate::planning::input::PlanInput;
use crate::planning::limits::{Violation, id_of};
use crate::state::sync_state::Approval;

/// Decides for each removal whether it may be done.
pub fn check(plan: &mut GroupPlan, input: &PlanInput<'_>, given: Option<&ApprovalId>) {
    let Some(limit) = input.policy.limits.of(LimitName::Members) else { return };
    let mut broken: Vec<(usize, BlockedRemovals, Vec<String>)> = Vec::new();
    let inside: BTreeMap<&OktaGroupId, u64> =
        plan.memberships.iter().map(|one| (&one.okta_id, one.shown.indexes().len() as u64)).collect();
    for (at, operation) in plan.operations.iter().enumerate() {
        let Some((planned, members)) = losses(operation, &inside) else { continue };
        let recent = input.state.groups.removed.get(&operation.okta_id).copied().unwrap_or(0);
        let (found, allowed) = (recent + planned, limit.allowed(members + recent));
        if planned > 0 && found > allowed {
            let blocked = BlockedRemovals { okta_id: operation.okta_id.clone(), found, allowed };
            broken.push((at, blocked, operation.removal_items(&plan.people)));
        }
    }
    let alive: Vec<&Approval> = input.state.approvals.iter().filter(|approval| approval.until > input.now).collect();
    let covering = |items: &[String]| {
        let covers = |approval: &&&Approval| items.iter().all(|item| approval.items.contains(item));
        alive.iter().find(covers).map(|approval| approval.id.clone())
    };
    let mut open = Vec::new();
    for (at, blocked, items) in broken {
        match covering(&items) {
            Some(id) => set(&mut plan.operations[at], Removals::Approved(id)),
            None => open.push((at, blocked, items)),
        }
    }
    if open.is_empty() {
        return;
    }
    let items: BTreeSet<String> = open.iter().flat_map(|(_, _, items)| items.clone()).collect();
    let id = id_of(&items);
    let is_given = given == Some(&id);
    for (at, blocked, _) in open {
        if is_given {
            set(&mut plan.operations[at], Removals::Approved(id.clone()));
        } else {
            set(&mut plan.operations[at], Removals::Blocked);
            plan.blocked.push(blocked);
        }
    }
    plan.approval_id = (!is_given).then_some(id);
}

/// What an approval of the blocked removals names.
pub fn blocked_items(plan: &GroupPlan) -> BTreeSet<String> {
    let blocked = plan.operations.iter().filter(|operation| operation.removals() == Some(&Removals::Blocked));
    blocked.flat_map(|operation| operation.removal_items(&plan.people)).collect()
}

/// The broken limits, one for each group.
pub fn violations(plan: &GroupPlan) -> Vec<Violation> {
    let violation = |BlockedRemovals { okta_id: _, found, allowed }: &BlockedRemovals| Violation {
        limit: LimitName::Members,
        found: *found,
        allowed: *allowed,
    };
    plan.blocked.iter().map(violation).collect()
}

/// How many members an operation removes from a group, and how many members that we manage the group has. `inside` has this number for each
/// group.
fn losses(operation: &GroupOperation, inside: &BTreeMap<&OktaGroupId, u64>) -> Option<(u64, u64)> {
    match &operation.action {
        GroupAction::Members { remove, .. } => Some((remove.len() as u64, *inside.get(&operation.okta_id)?)),
        GroupAction::Delete { members, .. } => Some((*members, *members)),
        GroupAction::Adopt { .. } | GroupAction::Create { .. } | GroupAction::Update { .. } => None,
    }
}

fn set(operation: &mut GroupOperation, to: Removals) {
    match &mut operation.action {
        GroupAction::Members { removals, .. } | GroupAction::Delete { removals, .. } => *removals = to,
        GroupAction::Adopt { .. } | GroupAction::Create { .. } | GroupAction::Update { .. } => {}
    }
}

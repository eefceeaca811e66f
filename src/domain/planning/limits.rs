//! Limits: signs of a bad source stop the whole run before its first write. An operator can approve exactly these operations.
//!
//! Each limit counts a rolling day: what was done, what the store remembers as no longer listed, and what the plan adds. What an operator
//! approved does not count again.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::json;

use crate::model::ids::{ApprovalId, Fingerprint, OktaUserId};
use crate::model::limit::LimitName;
use crate::model::link::{Absence, Counted, Listed};
use crate::plan::cycle_plan::CyclePlan;
use crate::plan::operation::{Operation, OperationKind};
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision;
use crate::state::sync_state::FirstRun;

/// The first plan after a change of the mapping may change at most this many people without an approval.
const CHANGED_MAPPING: u64 = 10;
/// The period that a limit counts.
const DAY: TimeDelta = TimeDelta::hours(24);

/// One broken limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The limit.
    pub limit: LimitName,
    /// The number found.
    pub found: u64,
    /// The number allowed.
    pub allowed: u64,
}

/// How much of a limit a plan uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LimitUsage {
    /// The limit.
    pub limit: LimitName,
    /// The sum of the last day and the plan.
    pub used: u64,
    /// The part that the plan adds, or that was counted just now.
    #[serde(skip)]
    pub planned: u64,
    /// The number allowed; `None` where the limit is off.
    pub allowed: Option<u64>,
}

/// The result of checking the limits for a plan.
#[must_use = "limits that are not read stop nothing"]
#[derive(Clone, Debug)]
pub struct LimitCheck {
    /// The broken limits.
    pub violations: Vec<Violation>,
    /// The id that approves exactly these operations, where a limit is broken.
    pub approval_id: Option<ApprovalId>,
    /// The use of all limits.
    pub usage: Vec<LimitUsage>,
    /// Whether the plan may be applied.
    pub decision: LimitDecision,
    /// What an approval would cover.
    pub items: BTreeSet<String>,
}

/// Whether a plan may be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitDecision {
    /// No limit is broken.
    Pass,
    /// Limits are broken, and an approval covers all items that count towards them.
    Approved(ApprovalId),
    /// Limits are broken.
    Blocked,
}

/// One item that counts towards a limit.
struct Item {
    text: String,
    limits: Vec<LimitName>,
}

impl LimitCheck {
    /// How many more accounts may be made, changed or moved before a limit is reached.
    pub fn room(&self) -> u64 {
        let touched = [LimitName::Creates, LimitName::Updates, LimitName::Moves];
        let left = |usage: &LimitUsage| Some(usage.allowed?.saturating_sub(usage.used));
        self.usage.iter().filter(|usage| touched.contains(&usage.limit)).filter_map(left).min().unwrap_or(u64::MAX)
    }

    /// Blocks the plan for a reason that an approval cannot lift.
    pub fn block(&mut self, violation: Violation) {
        self.violations.push(violation);
        self.decision = LimitDecision::Blocked;
    }
}

/// Whether people and accounts that are missing from a listing count against a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsenceRule {
    /// They do.
    Counted,
    /// The plan is about one person, and draws no conclusion from the absence of others.
    Ignored,
    /// The plan was made without a listing, so it does not know who is absent.
    Unseen,
}

/// Checks a plan against the limits. `fingerprint` is the mapping's fingerprint. `given` is an approval that the command names.
pub fn check(
    input: &PlanInput<'_>,
    plan: &CyclePlan,
    fingerprint: &Fingerprint,
    given: Option<&ApprovalId>,
    absence_rule: AbsenceRule,
) -> LimitCheck {
    let state = input.state;
    let items = items(input, plan, absence_rule);
    let usage = usage(input, plan, &items);
    let mut violations = violations(input, plan, fingerprint, &usage);
    let ignored: &[LimitName] = match absence_rule {
        AbsenceRule::Counted => &[],
        AbsenceRule::Ignored => &[LimitName::Leavers, LimitName::Missing],
        AbsenceRule::Unseen => {
            &[LimitName::Leavers, LimitName::Missing, LimitName::NobodyAssigned, LimitName::HaiiloEmpty]
        }
    };
    violations.retain(|broken| !ignored.contains(&broken.limit));
    let counts = |item: &&Item| item.limits.iter().any(|limit| violations.iter().any(|broken| broken.limit == *limit));
    let blocked: Vec<String> = items.iter().filter(counts).map(|item| item.text.clone()).collect();
    // There may be one item for each person and for each member of a group, so they are moved, not copied.
    let texts: BTreeSet<String> = items.into_iter().map(|item| item.text).collect();
    let approval_id = (!violations.is_empty()).then(|| id_of(&texts));
    let decision = match &approval_id {
        None => LimitDecision::Pass,
        Some(id) if given == Some(id) => LimitDecision::Approved(id.clone()),
        Some(_) => {
            // If no item counts towards a broken limit, earlier operations broke it, and no approval names those.
            let covers =
                |approved: &BTreeSet<String>| !blocked.is_empty() && blocked.iter().all(|item| approved.contains(item));
            let mut alive = state.approvals.iter().filter(|approval| approval.until > input.now);
            match alive.find(|approval| covers(&approval.items)) {
                Some(approval) => LimitDecision::Approved(approval.id.clone()),
                None => LimitDecision::Blocked,
            }
        }
    };
    LimitCheck { violations, approval_id, usage, decision, items: texts }
}

/// The id of a set of items. The same items always have the same id.
pub fn id_of(items: &BTreeSet<String>) -> ApprovalId {
    let texts: Vec<&str> = items.iter().map(String::as_str).collect();
    ApprovalId::new(&Fingerprint::of(&texts).as_str()[..12])
}

fn items(input: &PlanInput<'_>, plan: &CyclePlan, absence_rule: AbsenceRule) -> Vec<Item> {
    let state = input.state;
    let mut items: Vec<Item> = plan
        .people
        .operations
        .iter()
        .map(|operation| Item { text: operation.to_json().to_string(), limits: limits_of(operation) })
        .collect();
    items.extend(plan.groups.items().map(|text| Item { text, limits: vec![LimitName::FirstRun] }));
    if absence_rule == AbsenceRule::Unseen {
        return items;
    }
    let absence = |kind: &str, okta_id: &OktaUserId, limits: Vec<LimitName>| Item {
        text: json!({"kind": kind, "okta_id": okta_id}).to_string(),
        limits,
    };
    for link in leaver_decision::unlisted(&state.links, input.people) {
        match state.leavers.get(&link.okta_id).map(|record| record.absence) {
            Some(Absence { counted: Counted::Approved, .. }) => {}
            Some(known) if !is_recent(input, known) => {
                items.push(absence("leaver", &link.okta_id, vec![LimitName::NobodyAssigned]));
            }
            _ => items.push(absence("leaver", &link.okta_id, vec![LimitName::NobodyAssigned, LimitName::Leavers])),
        }
    }
    for missing in plan.people.findings.missing.iter().filter(|missing| missing.since.is_some()) {
        match state.links.of_person(&missing.okta_id).and_then(|link| link.missing) {
            Some(Absence { counted: Counted::Approved, .. }) => {}
            Some(known) if !is_recent(input, known) => {
                items.push(absence("missing", &missing.okta_id, vec![LimitName::HaiiloEmpty]));
            }
            _ => items.push(absence("missing", &missing.okta_id, vec![LimitName::HaiiloEmpty, LimitName::Missing])),
        }
    }
    items
}

fn is_recent(input: &PlanInput<'_>, absence: Absence) -> bool {
    absence.counted == Counted::Yes && input.now - absence.since < DAY
}

/// The limits that an operation counts towards.
fn limits_of(operation: &Operation) -> Vec<LimitName> {
    let mut limits = vec![LimitName::FirstRun];
    match operation.kind() {
        OperationKind::Adopt | OperationKind::Create | OperationKind::Reactivate => limits.push(LimitName::Creates),
        OperationKind::Update => {
            limits.extend([LimitName::Updates, LimitName::MappingChanged]);
            let natures = [
                (operation.renames(), LimitName::Renames),
                (operation.clears(), LimitName::Clears),
                (operation.moves(), LimitName::Moves),
            ];
            limits.extend(natures.into_iter().filter(|(counts, _)| *counts).map(|(_, limit)| limit));
        }
        // Removals have a budget, which the plan already respects.
        OperationKind::Deactivate | OperationKind::Delete => {}
    }
    limits
}

/// The limits that a plan uses, in the order of reports. Each of them except the budget of deletes can block the plan.
const USED: [LimitName; 8] = [
    LimitName::Leavers,
    LimitName::Missing,
    LimitName::Creates,
    LimitName::Updates,
    LimitName::Renames,
    LimitName::Clears,
    LimitName::Moves,
    LimitName::Deletes,
];

/// How much of each limit is used: by the last day, and by the items that count towards it now.
fn usage(input: &PlanInput<'_>, plan: &CyclePlan, items: &[Item]) -> Vec<LimitUsage> {
    let counts = plan.people.findings.counts;
    let base = counts.linked.max(counts.assigned) as u64;
    let of = |limit: LimitName| {
        let planned = match limit {
            LimitName::Deletes => plan.people.removals().count(),
            _ => items.iter().filter(|item| item.limits.contains(&limit)).count(),
        } as u64;
        let allowed = input.policy.limits.of(limit).map(|rule| rule.allowed(base));
        LimitUsage { limit, used: input.state.recent(limit) + planned, planned, allowed }
    };
    USED.map(of).to_vec()
}

fn violations(
    input: &PlanInput<'_>,
    plan: &CyclePlan,
    fingerprint: &Fingerprint,
    usage: &[LimitUsage],
) -> Vec<Violation> {
    let state = input.state;
    let mut violations = Vec::new();
    let mut exceed = |limit, found, allowed| violations.push(Violation { limit, found, allowed });
    let operations = plan.people.operations.len() as u64;
    if state.first_run == FirstRun::Due && operations > 0 {
        exceed(LimitName::FirstRun, operations, 0);
    }
    let updates = plan.people.of_kind(OperationKind::Update).count() as u64;
    let is_changed = state.mapping.as_ref().is_some_and(|accepted| accepted.fingerprint != *fingerprint);
    if is_changed && updates > CHANGED_MAPPING {
        exceed(LimitName::MappingChanged, updates, CHANGED_MAPPING);
    }
    let is_approved = |absence: Option<Absence>| absence.is_some_and(|absence| absence.counted == Counted::Approved);
    let gone =
        state.links.iter().filter(|link| !is_approved(state.leavers.get(&link.okta_id).map(|record| record.absence)));
    let gone = gone.count() as u64;
    if plan.people.findings.counts.assigned == 0 && gone > 0 {
        exceed(LimitName::NobodyAssigned, gone, 0);
    }
    let unseen = state.links.iter().filter(|link| link.listed == Listed::Seen && !is_approved(link.missing)).count();
    if plan.people.findings.counts.accounts == 0 && unseen > 0 {
        exceed(LimitName::HaiiloEmpty, unseen as u64, 0);
    }
    for usage in usage.iter().filter(|usage| usage.limit != LimitName::Deletes) {
        // Past operations cannot be undone: only a plan that adds to them is blocked.
        if let Some(allowed) = usage.allowed.filter(|allowed| usage.used > *allowed && usage.planned > 0) {
            exceed(usage.limit, usage.used, allowed);
        }
    }
    violations
}

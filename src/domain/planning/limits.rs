//! The guard: signs of a bad source stop the whole run before its first write, and an operator can let exactly these operations pass.
//!
//! Every limit counts a rolling day: what was done, what is remembered as gone, and what the plan would add. What an operator approved does
//! not count again.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;

use crate::domain::model::ids::{ApprovalId, Fingerprint, OktaUserId};
use crate::domain::model::link::{Absence, Counted, Listed};
use crate::domain::model::policy::Limit;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::domain::plan::people_plan::Plan;
use crate::domain::planning::input::PlanInput;
use crate::domain::planning::leaver_decision;
use crate::domain::state::sync_state::FirstRun;

/// The most people whom the first plan after a change of the mapping may change without an approval.
const CHANGED_MAPPING: u64 = 10;
/// How long a limit remembers.
const DAY: TimeDelta = TimeDelta::hours(24);

/// Which limit a plan breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitName {
    /// The store is empty.
    FirstRun,
    /// The mapping changed.
    MappingChanged,
    /// Nobody is assigned.
    NobodyAssigned,
    /// Haiilo shows nobody.
    HaiiloEmpty,
    /// `limits.vanished`.
    Vanished,
    /// `limits.missing`.
    Missing,
    /// `limits.creates`.
    Creates,
    /// `limits.updates`.
    Updates,
    /// `limits.renames`.
    Renames,
    /// `limits.clears`.
    Clears,
    /// `limits.moves`.
    Moves,
    /// `limits.members`, of one group: it stops what is taken out of this group, and nothing else.
    Members,
    /// `okta.push_is_on`.
    PushIsOn,
    /// A write changed what nobody sent.
    Canary,
}

impl LimitName {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstRun => "first_run",
            Self::MappingChanged => "mapping_changed",
            Self::NobodyAssigned => "nobody_assigned",
            Self::HaiiloEmpty => "haiilo_empty",
            Self::Vanished => "vanished",
            Self::Missing => "missing",
            Self::Creates => "creates",
            Self::Updates => "updates",
            Self::Renames => "renames",
            Self::Clears => "clears",
            Self::Moves => "moves",
            Self::Members => "members",
            Self::PushIsOn => "push_is_on",
            Self::Canary => "canary",
        }
    }

    /// What it means, for a reader who meets it at night.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::FirstRun => "nothing was ever done from this store, so that the whole plan wants a look",
            Self::MappingChanged => "the first plan after a change of the mapping changes many people",
            Self::NobodyAssigned => "Okta says that nobody is assigned to the application",
            Self::HaiiloEmpty => "Haiilo shows no accounts, although people are linked to some",
            Self::Vanished => "people who are no longer assigned, within 24 hours",
            Self::Missing => "linked accounts that Haiilo no longer shows, within 24 hours",
            Self::Creates => "accounts to create or adopt, within 24 hours",
            Self::Updates => "accounts to change, within 24 hours",
            Self::Renames => "accounts to rename, within 24 hours",
            Self::Clears => "accounts that lose a value, within 24 hours",
            Self::Moves => "people who move to another group, within 24 hours",
            Self::Members => "members who would be taken out of one group, within 24 hours",
            Self::PushIsOn => {
                "Okta's own push to Haiilo is on and would be a second writer; switch it off in Okta, or set okta.push_is_on"
            }
            Self::Canary => "attributes that a write changed although nobody sent them",
        }
    }
}

/// One broken limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub limit: LimitName,
    /// How many there are.
    pub found: u64,
    /// How many there may be.
    pub allowed: u64,
}

/// How much of a limit a plan uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    /// The name of the limit.
    pub limit: &'static str,
    /// What the last day and the plan come to.
    pub used: u64,
    /// What of that is still to come, or was there when people were counted just now.
    pub planned: u64,
    /// What is allowed; `None` where the limit is off.
    pub allowed: Option<u64>,
}

/// What the guard says.
#[must_use = "a verdict that nobody reads guards nothing"]
#[derive(Clone, Debug)]
pub struct LimitCheck {
    /// The broken limits.
    pub violations: Vec<Violation>,
    /// The id by which exactly these operations can be approved, where a limit is broken.
    pub approval_id: Option<ApprovalId>,
    /// All limits.
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
    /// Limits are broken, and an approval covers everything that counts towards them.
    Approved(ApprovalId),
    /// Limits are broken.
    Refuse,
}

/// One thing that counts towards a limit.
struct Item {
    text: String,
    limits: Vec<LimitName>,
}

impl LimitCheck {
    /// How many more accounts may be made, changed or moved before a limit is reached.
    pub fn room(&self) -> u64 {
        let touched = [LimitName::Creates, LimitName::Updates, LimitName::Moves].map(LimitName::as_str);
        let left = |usage: &LimitUsage| Some(usage.allowed?.saturating_sub(usage.used));
        self.usage.iter().filter(|usage| touched.contains(&usage.limit)).filter_map(left).min().unwrap_or(u64::MAX)
    }

    /// Refuses the plan for a reason that no approval can lift.
    pub fn refuse(&mut self, violation: Violation) {
        self.violations.push(violation);
        self.decision = LimitDecision::Refuse;
    }
}

/// Whether people and accounts that are gone from a listing speak against a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsenceRule {
    /// They do.
    Counted,
    /// The plan is about one person, and nothing is concluded from anybody's absence.
    Ignored,
    /// The plan was made without a listing, so that nothing is known of anybody's absence.
    Unseen,
}

/// Judges a plan. `fingerprint` is that of the mapping; `given` is an approval that was named with the command.
pub fn judge(
    input: &PlanInput<'_>,
    plan: &Plan,
    fingerprint: &Fingerprint,
    given: Option<&ApprovalId>,
    signs: AbsenceRule,
) -> LimitCheck {
    let state = input.state;
    let items = items(input, plan, signs);
    let usage = usage(input, plan, &items);
    let mut violations = violations(input, plan, fingerprint, &usage);
    let ignored: &[LimitName] = match signs {
        AbsenceRule::Counted => &[],
        AbsenceRule::Ignored => &[LimitName::Vanished, LimitName::Missing],
        AbsenceRule::Unseen => {
            &[LimitName::Vanished, LimitName::Missing, LimitName::NobodyAssigned, LimitName::HaiiloEmpty]
        }
    };
    violations.retain(|broken| !ignored.contains(&broken.limit));
    let counts = |item: &&Item| item.limits.iter().any(|limit| violations.iter().any(|broken| broken.limit == *limit));
    let refused: Vec<String> = items.iter().filter(counts).map(|item| item.text.clone()).collect();
    // There may be one for each person and for each member of a group, so that they are moved.
    let texts: BTreeSet<String> = items.into_iter().map(|item| item.text).collect();
    let approval_id = (!violations.is_empty()).then(|| id_of(&texts));
    let decision = match &approval_id {
        None => LimitDecision::Pass,
        Some(id) if given == Some(id) => LimitDecision::Approved(id.clone()),
        Some(_) => {
            // A limit that nothing counts towards is broken by what was there before, which no approval names.
            let covers =
                |approved: &BTreeSet<String>| !refused.is_empty() && refused.iter().all(|item| approved.contains(item));
            let mut alive = state.approvals.iter().filter(|approval| approval.until > input.now);
            match alive.find(|approval| covers(&approval.items)) {
                Some(approval) => LimitDecision::Approved(approval.id.clone()),
                None => LimitDecision::Refuse,
            }
        }
    };
    LimitCheck { violations, approval_id, usage, decision, items: texts }
}

/// The id of a set of things: the same for the same things, whenever they are refused.
pub fn id_of(items: &BTreeSet<String>) -> ApprovalId {
    let texts: Vec<&str> = items.iter().map(String::as_str).collect();
    ApprovalId::new(&Fingerprint::of(&texts).as_str()[..12])
}

fn items(input: &PlanInput<'_>, plan: &Plan, signs: AbsenceRule) -> Vec<Item> {
    let state = input.state;
    let mut items: Vec<Item> = plan
        .operations
        .iter()
        .map(|operation| Item { text: operation.to_json().to_string(), limits: limits_of(operation) })
        .collect();
    items.extend(plan.groups.items().map(|text| Item { text, limits: vec![LimitName::FirstRun] }));
    if signs == AbsenceRule::Unseen {
        return items;
    }
    let absence = |kind: &str, okta_id: &OktaUserId, limits: Vec<LimitName>| Item {
        text: json!({"kind": kind, "okta_id": okta_id}).to_string(),
        limits,
    };
    for link in leaver_decision::vanished(&state.links, input.people) {
        match state.leavers.get(&link.okta_id).map(|record| record.absence) {
            Some(Absence { counted: Counted::Approved, .. }) => {}
            Some(known) if !is_recent(input, known) => {
                items.push(absence("leaver", &link.okta_id, vec![LimitName::NobodyAssigned]));
            }
            _ => items.push(absence("leaver", &link.okta_id, vec![LimitName::NobodyAssigned, LimitName::Vanished])),
        }
    }
    for missing in plan.missing.iter().filter(|missing| missing.since.is_some()) {
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
        OperationKind::Link | OperationKind::Create | OperationKind::Reactivate => limits.push(LimitName::Creates),
        OperationKind::Update => {
            limits.extend([LimitName::Updates, LimitName::MappingChanged]);
            let natures = [
                (operation.renames(), LimitName::Renames),
                (operation.clears(), LimitName::Clears),
                (operation.moves(), LimitName::Moves),
            ];
            limits.extend(natures.into_iter().filter(|(counts, _)| *counts).map(|(_, limit)| limit));
        }
        // Departures have a budget, which the plan keeps already.
        OperationKind::Deactivate | OperationKind::Delete => {}
    }
    limits
}

/// How much of each limit is used: by the last day, and by what counts towards it now.
fn usage(input: &PlanInput<'_>, plan: &Plan, items: &[Item]) -> Vec<LimitUsage> {
    let (limits, recent) = (&input.policy.limits, &input.state.recent);
    let base = plan.counts.linked.max(plan.counts.assigned) as u64;
    let entry = |limit: &'static str, recent: u64, planned: usize, rule: Option<Limit>| LimitUsage {
        limit,
        used: recent + planned as u64,
        planned: planned as u64,
        allowed: rule.map(|rule| rule.allowed(base)),
    };
    let counted = |limit: LimitName, recent: u64, rule: Option<Limit>| {
        entry(limit.as_str(), recent, items.iter().filter(|item| item.limits.contains(&limit)).count(), rule)
    };
    vec![
        counted(LimitName::Vanished, 0, limits.vanished),
        counted(LimitName::Missing, 0, limits.missing),
        counted(LimitName::Creates, recent.creates, limits.creates),
        counted(LimitName::Updates, recent.updates, limits.updates),
        counted(LimitName::Renames, recent.renames, limits.renames),
        counted(LimitName::Clears, recent.clears, limits.clears),
        counted(LimitName::Moves, recent.moves, limits.moves),
        entry("deletes", recent.deletes, plan.departures().count(), limits.deletes),
    ]
}

/// The limits in the order in which [`usage`] lists them; the budget of deletes, which comes last there, is no limit that stops.
const STOPPING: [LimitName; 7] = [
    LimitName::Vanished,
    LimitName::Missing,
    LimitName::Creates,
    LimitName::Updates,
    LimitName::Renames,
    LimitName::Clears,
    LimitName::Moves,
];

fn violations(input: &PlanInput<'_>, plan: &Plan, fingerprint: &Fingerprint, usage: &[LimitUsage]) -> Vec<Violation> {
    let state = input.state;
    let mut violations = Vec::new();
    let mut refuse = |limit, found, allowed| violations.push(Violation { limit, found, allowed });
    let operations = plan.operations.len() as u64;
    if state.first_run == FirstRun::Due && operations > 0 {
        refuse(LimitName::FirstRun, operations, 0);
    }
    let updates = plan.of_kind(OperationKind::Update).count() as u64;
    let is_changed = state.mapping.as_ref().is_some_and(|accepted| accepted.fingerprint != *fingerprint);
    if is_changed && updates > CHANGED_MAPPING {
        refuse(LimitName::MappingChanged, updates, CHANGED_MAPPING);
    }
    let is_approved = |absence: Option<Absence>| absence.is_some_and(|absence| absence.counted == Counted::Approved);
    let gone =
        state.links.iter().filter(|link| !is_approved(state.leavers.get(&link.okta_id).map(|record| record.absence)));
    let gone = gone.count() as u64;
    if plan.counts.assigned == 0 && gone > 0 {
        refuse(LimitName::NobodyAssigned, gone, 0);
    }
    let unseen = state.links.iter().filter(|link| link.listed == Listed::Seen && !is_approved(link.missing)).count();
    if plan.counts.accounts == 0 && unseen > 0 {
        refuse(LimitName::HaiiloEmpty, unseen as u64, 0);
    }
    for (limit, usage) in STOPPING.into_iter().zip(usage) {
        // What was done is done: only a plan that adds to it is refused.
        if let Some(allowed) = usage.allowed.filter(|allowed| usage.used > *allowed && usage.planned > 0) {
            refuse(limit, usage.used, allowed);
        }
    }
    violations
}

//! The people that a cycle is about: all people, one person, or what a reviewer has seen.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::listing::snapshot::AssignmentSnapshot;
use crate::domain::model::group::PersonIndex;
use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::plan::cycle_plan::{Findings, Plan};
use crate::domain::plan::group_operation::GroupAction;
use crate::domain::plan::group_plan::GroupPlan;
use crate::domain::plan::sync_state_update::SyncStateUpdate;
use crate::domain::plan::warning::Warning;
use crate::domain::planning::limits::{self, AbsenceRule};
use crate::domain::state::sync_state::{Approval, SyncState};
use crate::engine::error::CycleError;
use crate::engine::prepared::Collected;
use crate::engine::settings::APPROVAL_LASTS;

/// The people that a cycle is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All people.
    Everybody,
    /// One person, named by userName, Okta id or Haiilo id: linked, created or updated, never deleted.
    One(String),
    /// What is in a reviewed plan, word for word, and nothing else.
    Reviewed(Reviewed),
}

impl Scope {
    /// Leaves of a plan what it may do; how absences count then.
    pub(super) fn narrow(&self, plan: &mut Plan, collected: &Collected) -> Result<AbsenceRule, CycleError> {
        match self {
            Self::Everybody => {}
            Self::Reviewed(reviewed) => keep_reviewed(plan, reviewed),
            Self::One(name) => {
                keep_person(plan, name, &collected.people, &collected.state)?;
                return Ok(AbsenceRule::Ignored);
            }
        }
        Ok(AbsenceRule::Counted)
    }
}

/// A plan that was saved and reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// When it was made, by Okta's clock.
    pub at: DateTime<Utc>,
    /// Its things, in the form in which approvals name them.
    pub items: BTreeSet<String>,
}

impl Reviewed {
    /// The approval that a review is, as long as it lasts.
    pub(super) fn approval(&self, now: DateTime<Utc>) -> Result<Approval, CycleError> {
        let until = self.at + APPROVAL_LASTS;
        if now >= until || self.at > now + TimeDelta::minutes(5) {
            return Err(CycleError::ReviewIsOver(self.at));
        }
        Ok(Approval { id: limits::id_of(&self.items), items: self.items.clone(), until })
    }
}

/// Leaves of a plan the operations that were reviewed, and says what else there was on either side.
fn keep_reviewed(plan: &mut Plan, reviewed: &Reviewed) {
    let Reviewed { at: _, items } = reviewed;
    let before = plan.operations.len();
    let mut planned = BTreeSet::new();
    plan.operations.retain(|operation| {
        let item = operation.to_json().to_string();
        let is_reviewed = items.contains(&item);
        planned.insert(item);
        is_reviewed
    });
    plan.trials.clear();
    for dropped in items.iter().filter(|item| !planned.contains(*item)) {
        let item: serde_json::Value = serde_json::from_str(dropped).unwrap_or_default();
        // Absences are items as well, and nothing that could be applied.
        if let (Some(kind), Some(name)) = (item["kind"].as_str(), item["user_name"].as_str()) {
            let dropped = Warning::ReviewDropped(kind.to_owned(), name.to_owned());
            plan.findings.warnings.push(dropped);
        }
    }
    match before - plan.operations.len() {
        0 => {}
        more => plan.findings.warnings.push(Warning::NotReviewed(more)),
    }
}

/// The same for groups, of whose members each one is reviewed by itself.
pub(super) fn keep_reviewed_groups(plan: &mut GroupPlan, reviewed: &Reviewed) {
    let GroupPlan { operations, people, warnings, .. } = plan;
    let mut waiting = 0;
    operations.retain_mut(|operation| {
        let items = operation.items(people);
        let (all, is_reviewed) = (items.len(), |at: usize| reviewed.items.contains(&items[at]));
        if let GroupAction::Members { add, remove, .. } = &mut operation.action {
            let mut at = 0..all;
            let mut next = |_: &PersonIndex| at.next().is_some_and(is_reviewed);
            add.retain(&mut next);
            remove.retain(&mut next);
            waiting += all - add.len() - remove.len();
            return !add.is_empty() || !remove.is_empty();
        }
        let stays = is_reviewed(0);
        waiting += usize::from(!stays);
        stays
    });
    if waiting > 0 {
        warnings.push(Warning::GroupsNotReviewed(waiting));
    }
}

/// Leaves of a plan what concerns one person, without deletes.
fn keep_person(plan: &mut Plan, name: &str, people: &AssignmentSnapshot, state: &SyncState) -> Result<(), CycleError> {
    let user_name = UserName::new(name);
    let by_person = people.people().iter().filter(|person| person.is_named(name));
    let by_link = state.links.iter().filter(|link| link.is_named(name));
    let ids: BTreeSet<OktaUserId> =
        by_person.map(|person| person.id.clone()).chain(by_link.map(|link| link.okta_id.clone())).collect();
    let Plan { operations, trials, findings, update } = plan;
    let Findings { leavers, held, waiting, rejected, missing, unmanaged, mapping_edits: _, warnings: _, counts: _ } =
        findings;
    operations.retain(|operation| ids.contains(&operation.okta_id) && !operation.kind().is_removal());
    trials.retain(|operation| ids.contains(&operation.okta_id));
    leavers.retain(|leaver| ids.contains(&leaver.okta_id));
    held.retain(|held| ids.contains(&held.okta_id));
    waiting.retain(|value| ids.contains(&value.okta_id));
    rejected.retain(|value| ids.contains(&value.okta_id));
    missing.retain(|missing| ids.contains(&missing.okta_id));
    unmanaged.retain(|account| {
        account.haiilo_id.as_str() == name || account.user_name.as_ref().is_some_and(|found| found.same_as(&user_name))
    });
    // A cycle that is not about all people records only what protects a person.
    let mut leavers = update.leavers.protective(&state.leavers);
    leavers.retain(&ids);
    *update = SyncStateUpdate { leavers, ..SyncStateUpdate::default() };
    if ids.is_empty() && unmanaged.is_empty() { Err(CycleError::NobodyOfThisName) } else { Ok(()) }
}

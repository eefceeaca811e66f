//! All that is known about one person, and what a plan does about them: the answer to "why did nothing happen?"

use crate::explain::memberships::{GroupOfPerson, groups_of};
use crate::groups::member_index::MemberIndex;
use crate::listing::snapshot::PersonState;
use crate::mapping::{Mapper, Mapping, Traced};
use crate::model::account::Account;
use crate::model::assignment::{Assignment, Eligibility, EmbeddedUser};
use crate::model::ids::{OktaUserId, UserName};
use crate::model::link::Link;
use crate::plan::cycle_plan::{CyclePlan, Missing, Plan, UnsentValue};
use crate::plan::hold::Hold;
use crate::plan::leaver::{Leaver, LeaverRecord};
use crate::plan::operation::Operation;
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision;
use crate::scim::value::Value;

/// Okta's answers about one person, read by id.
#[derive(Clone, Debug)]
pub struct OktaAnswers {
    /// The id.
    pub id: OktaUserId,
    /// The user; `None` where Okta has no user with this id, or does not show it.
    pub user: Option<EmbeddedUser>,
    /// Okta's word for the user's status.
    pub status: Option<String>,
    /// The assignment; `None` where the person is not assigned.
    pub assignment: Option<Assignment>,
}

/// Everything about one person.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What Okta says by id.
    pub asked: OktaAnswers,
    /// What follows from the row in Okta's listing; `None` where there is no row.
    pub listed: Option<PersonState>,
    /// What the two statuses mean together; `None` for a person who is not assigned.
    pub eligibility: Option<Eligibility>,
    /// Rule by rule, each with the value that the account holds.
    pub mapping: Vec<(Traced, Option<Value>)>,
    /// The link.
    pub link: Option<Link>,
    /// The linked account, or the one that is adopted, as Haiilo's listing shows it.
    pub account: Option<Account>,
    /// The pattern that protects the account.
    pub protected: Option<String>,
    /// The stored leaver record, from the first cycle that no longer found the person in the listing.
    pub leaver: Option<LeaverRecord>,
    /// What an operator said about the person.
    pub said: Vec<OperatorStatement>,
    /// The chosen groups of the person.
    pub groups: Vec<GroupOfPerson>,
    /// What the plan does.
    pub planned: PersonPlan,
}

/// What an operator said about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorStatement {
    /// `confirm-new`.
    ConfirmedNew,
    /// `recreate`.
    Recreated,
}

/// What the plan says about one person.
#[derive(Clone, Debug, Default)]
pub struct PersonPlan {
    /// Operations.
    pub operations: Vec<Operation>,
    /// What happens to the account.
    pub leaver: Option<Leaver>,
    /// Why nothing is done.
    pub held: Vec<Hold>,
    /// Values that wait for something outside.
    pub waiting: Vec<UnsentValue>,
    /// Values that are not sent again.
    pub rejected: Vec<UnsentValue>,
    /// That Haiilo does not show the account.
    pub missing: Option<Missing>,
}

impl Explanation {
    /// Combines what is known.
    pub fn new(asked: OktaAnswers, input: &PlanInput<'_>, plan: &CyclePlan) -> Self {
        let PlanInput { people, accounts, state, policy, mapping, .. } = input;
        let id = &asked.id;
        let planned = PersonPlan::of(id, &plan.people);
        let link = state.links.of_person(id).cloned();
        let adopted = planned.operations.iter().find_map(Operation::haiilo_id);
        let account = link.as_ref().map(|link| &link.haiilo_id).or(adopted);
        let account = account.and_then(|id| accounts.get(id)).cloned();
        let names =
            [link.as_ref().map(|link| &link.user_name), account.as_ref().and_then(|one| one.user_name.as_ref())];
        let haiilo_id = link.as_ref().map(|link| &link.haiilo_id).or(account.as_ref().map(|account| &account.id));
        let protected =
            haiilo_id.and_then(|id| leaver_decision::protection(policy, state, id, names.into_iter().flatten()));
        let mut said = Vec::new();
        said.extend(state.confirmed_new.contains(id).then_some(OperatorStatement::ConfirmedNew));
        said.extend(state.recreated.contains(id).then_some(OperatorStatement::Recreated));
        Self {
            listed: people.get(id).map(|person| person.state.clone()),
            eligibility: asked.assignment.as_ref().map(|assignment| assignment.eligibility(policy.statuses)),
            mapping: asked.assignment.clone().map_or_else(Vec::new, |person| traced(mapping, person, account.as_ref())),
            leaver: state.leavers.get(id).cloned(),
            link,
            account,
            protected,
            said,
            groups: groups_of_person(id, input, plan),
            planned,
            asked,
        }
    }

    /// The name under which a report shows the person.
    pub fn user_name(&self) -> Option<&UserName> {
        let listed = self.listed.as_ref().and_then(PersonState::user_name);
        let linked = self.link.as_ref().map(|link| &link.user_name);
        listed.or(self.asked.assignment.as_ref().and_then(|assignment| assignment.user_name.as_ref())).or(linked)
    }
}

/// The chosen groups of a person, where groups are synced.
fn groups_of_person(id: &OktaUserId, input: &PlanInput<'_>, plan: &CyclePlan) -> Vec<GroupOfPerson> {
    if plan.groups.memberships.is_empty() {
        return Vec::new();
    }
    let member_index = MemberIndex::of(input.people, input.accounts, &input.state.links, &plan.people);
    member_index.of_person(id).map_or_else(Vec::new, |index| groups_of(index, &plan.groups))
}

impl PersonPlan {
    fn of(id: &OktaUserId, plan: &Plan) -> Self {
        let findings = &plan.findings;
        Self {
            operations: plan.operations.iter().filter(|one| one.okta_id == *id).cloned().collect(),
            leaver: findings.leavers.iter().find(|one| one.okta_id == *id).cloned(),
            held: findings.held.iter().filter(|one| one.okta_id == *id).cloned().collect(),
            waiting: findings.waiting.iter().filter(|one| one.okta_id == *id).cloned().collect(),
            rejected: findings.rejected.iter().filter(|one| one.okta_id == *id).cloned().collect(),
            missing: findings.missing.iter().find(|one| one.okta_id == *id).cloned(),
        }
    }
}

/// The rules, each with what the account holds.
fn traced(mapping: &Mapping, person: Assignment, account: Option<&Account>) -> Vec<(Traced, Option<Value>)> {
    let held = |traced: &Traced| {
        let account = account?;
        if traced.place == mapping.user_name().path.to_string() {
            return account.user_name.as_ref().and_then(|name| Value::text(name.as_str()));
        }
        let slot = mapping.rules().iter().position(|rule| rule.path.to_string() == traced.place)?;
        account.values.get(slot).cloned().flatten()
    };
    let with_held = |traced: Traced| {
        let held = held(&traced);
        (traced, held)
    };
    Mapper::new(mapping).trace(person).into_iter().map(with_held).collect()
}

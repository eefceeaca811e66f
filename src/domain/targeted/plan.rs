//! A plan about a few people, each read by id. No other person is read, so the plan draws no conclusion from the absence of others. A
//! person who cannot be settled without reading all people is left to the next full cycle, and so is each leaver.

use crate::listing::snapshot::{AccountSnapshot, AssignmentSnapshot, Person, PersonState};
use crate::mapping::Mapping;
use crate::model::account::Account;
use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::Link;
use crate::model::person::DesiredAccount;
use crate::plan::cycle_plan::{Findings, Plan};
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision::{LeaverDecisions, Unlisted};
use crate::planning::{correlate, diff};
use crate::state::sync_state::SyncState;
use crate::targeted::baseline::{Baseline, ListingCompleteness, NameHash};

/// The next step for one person who was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep<'a> {
    /// Nothing.
    Nothing,
    /// Leave the person to the next full cycle, for this reason.
    FullCycle(&'static str),
    /// Read the linked account.
    Account(&'a HaiiloId),
    /// Ask Haiilo which account has this userName.
    Name(&'a UserName),
}

/// The next step for a person, given what is known about all others.
pub fn next_step<'a>(person: &'a Person, state: &'a SyncState, baseline: &Baseline, mapping: &Mapping) -> NextStep<'a> {
    let desired = match &person.state {
        PersonState::Wanted(desired) => desired,
        PersonState::OutOfScope | PersonState::Staged | PersonState::Left => return NextStep::Nothing,
        PersonState::Unclear(..) | PersonState::Unmapped(_) | PersonState::Contradiction(_) => {
            return NextStep::FullCycle("the person is held");
        }
    };
    if state.open.iter().any(|open| open.okta_id == person.id) {
        return NextStep::FullCycle("the end of an earlier operation is not known");
    }
    if state.leavers.contains_key(&person.id) || state.recreated.contains(&person.id) {
        return NextStep::FullCycle("the person has come back");
    }
    let mark = NameHash::of_name(&desired.user_name);
    if baseline.is_claimed(&mark, &person.id) {
        return NextStep::FullCycle("somebody else wants the same userName");
    }
    match state.links.of_person(&person.id) {
        Some(link) => linked(link, desired, &mark, baseline),
        None => joiner(&person.id, desired, state, mapping, baseline),
    }
}

fn linked<'a>(link: &'a Link, desired: &DesiredAccount, mark: &NameHash, baseline: &Baseline) -> NextStep<'a> {
    if link.missing.is_some() {
        return NextStep::FullCycle("the account is missing");
    }
    if !desired.user_name.same_as(&link.user_name) && baseline.unmanaged_names.contains(mark) {
        return NextStep::FullCycle("an unmanaged account carries the wanted userName");
    }
    NextStep::Account(&link.haiilo_id)
}

/// A person without an account gets one only if no sign suggests that they already have one.
fn joiner<'a>(
    okta_id: &OktaUserId,
    desired: &'a DesiredAccount,
    state: &SyncState,
    mapping: &Mapping,
    baseline: &Baseline,
) -> NextStep<'a> {
    if baseline.listing == ListingCompleteness::Doubtful {
        return NextStep::FullCycle("it was not certain who has no account");
    }
    if baseline.unmanaged_ids.contains(&NameHash::of_external_id(okta_id.as_str())) {
        return NextStep::FullCycle("an account that is not linked bears the id of the person");
    }
    if state.perhaps_made_for(&desired.user_name, okta_id).is_some() {
        return NextStep::FullCycle("an account of this name was perhaps made for somebody else");
    }
    if !state.confirmed_new.contains(okta_id) {
        let key = desired.user_name.key();
        let had_name = state.former_names.iter().any(|(name, owner)| *name == key && owner != okta_id);
        let has_number =
            desired.employee.is_some_and(|number| state.leavers.values().any(|gone| gone.employee == Some(number)));
        if desired.employee.is_some() && !baseline.removed_accounts.is_empty() {
            return NextStep::FullCycle("somebody has just left, and the person may be the same");
        }
        if had_name || has_number || baseline.has_namesake(mapping, desired) {
            return NextStep::FullCycle("the person may have an account already");
        }
    }
    NextStep::Name(&desired.user_name)
}

/// People who were each read by id.
pub fn people(people: Vec<Person>) -> AssignmentSnapshot {
    AssignmentSnapshot::of_few(people)
}

/// Accounts that were each read by id or found by name.
pub fn accounts(accounts: Vec<Account>) -> AccountSnapshot {
    AccountSnapshot::of_few(accounts)
}

/// The plan for these people: adoptions, updates and creates. It knows the links of all people, so it does not reuse the name of a linked
/// account. What the store should remember is left to the next full cycle.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let correlation = correlate::correlate(input, &Unlisted::new());
    let Plan { operations, trials: _, findings, update: _ } =
        diff::assemble(input, correlation, LeaverDecisions::default());
    let Findings { held, waiting, rejected, counts, .. } = findings;
    Plan {
        operations,
        findings: Findings { held, waiting, rejected, counts, ..Findings::default() },
        ..Plan::default()
    }
}

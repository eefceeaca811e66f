//! The observations of a plan that the store should remember: accounts that are shown again or no longer, names, and accounts that a
//! pattern protects.

use crate::listing::snapshot::{PersonState, Proof};
use crate::model::account::Account;
use crate::model::ids::{OktaUserId, UserName};
use crate::model::link::{Absence, Counted, Link, Listed};
use crate::plan::cycle_plan::{Missing, Plan};
use crate::planning::input::PlanInput;

/// Records what changed about links and protected accounts.
pub fn remember(input: &PlanInput<'_>, plan: &mut Plan) {
    let PlanInput { accounts, state, policy, linked, .. } = input;
    for (link, account) in linked.pairs() {
        match account {
            Some(account) => remember_shown(input, plan, link, account),
            None => remember_unseen(input, plan, link),
        }
    }
    for account in accounts.accounts() {
        let by_name = account.user_name.as_ref().and_then(|name| policy.protected.by_name(name));
        if let Some(pattern) = by_name
            && state.protected.get(&account.id).is_none_or(|known| known != pattern)
        {
            plan.update.protected.insert(account.id.clone(), pattern.to_owned());
        }
    }
}

fn remember_shown(input: &PlanInput<'_>, plan: &mut Plan, link: &Link, account: &Account) {
    let update = &mut plan.update;
    if link.listed == Listed::Never {
        update.listed.insert(link.okta_id.clone());
    }
    if link.missing.is_some() {
        update.found.insert(link.okta_id.clone());
    }
    if let Some(name) = &account.user_name
        && *name != link.user_name
        && wanted_name(input, &link.okta_id).is_some_and(|wanted| wanted.same_as(name))
    {
        update.names.insert(link.okta_id.clone(), name.clone());
    }
}

/// An account that was shown before and is no longer shown is missing, whatever the state of the person is: it is a sign about the listing.
fn remember_unseen(input: &PlanInput<'_>, plan: &mut Plan, link: &Link) {
    let since = match (input.accounts.proof(), link.listed) {
        (_, Listed::Never) => None,
        (Proof::Doubtful(_), Listed::Seen) => return,
        (Proof::Agreed, Listed::Seen) => {
            let absence = link.missing.unwrap_or(Absence { since: input.now, counted: Counted::Yes });
            if link.missing.is_none() {
                plan.update.missing.insert(link.okta_id.clone(), absence);
            }
            Some(absence.since)
        }
    };
    plan.findings.missing.push(Missing {
        okta_id: link.okta_id.clone(),
        haiilo_id: link.haiilo_id.clone(),
        user_name: link.user_name.clone(),
        since,
    });
}

/// The userName that a person should have, where that is certain.
fn wanted_name<'a>(input: &PlanInput<'a>, okta_id: &OktaUserId) -> Option<&'a UserName> {
    match &input.people.get(okta_id)?.state {
        PersonState::Wanted(desired) => Some(&desired.user_name),
        _ => None,
    }
}

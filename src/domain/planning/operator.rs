//! Checks whether an operator's act is allowed, and what follows from it. Nothing here is sent or stored; `engine::admin` does that.

use crate::listing::snapshot::{AssignmentSnapshot, Person, PersonState, Proof};
use crate::model::account::Activity;
use crate::model::ids::{ApprovalId, HaiiloId, OktaUserId, UserName};
use crate::model::link::{Link, Listed, Origin};
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision;
use crate::state::sync_state::SyncState;

/// A link that an operator makes, with the links that it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkChange {
    /// The new link.
    pub link: Link,
    /// The earlier link of the account to another person.
    pub from: Option<Link>,
    /// The link to the person's former account, which is then unmanaged.
    pub instead_of: Option<Link>,
}

/// Why an act is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActRefused {
    /// The login identifies no person, or several.
    #[error("{0} people are assigned by that name; give the userName or the Okta id of one who is")]
    WhoIsMeant(usize),
    /// The login identifies no link.
    #[error("nobody is linked by that name; give a userName, an Okta id or a Haiilo id")]
    NoLink,
    /// Haiilo does not show the account.
    #[error("haiilo shows no account {0}; `plan --format json` lists the unmanaged ones")]
    NoSuchAccount(HaiiloId),
    /// The listing may be incomplete.
    #[error("it is not certain who is in haiilo: {0}; try again")]
    Doubtful(String),
    /// The account is inactive.
    #[error("account {0} is inactive; activate it in haiilo first")]
    Inactive(HaiiloId),
    /// The account belongs to a person who is assigned.
    #[error("account {0} is that of {1}, who is assigned; unlink that person first, if it is not theirs")]
    OwnerIsAssigned(HaiiloId, OktaUserId),
    /// The person is assigned.
    #[error("{0} is assigned in okta; nobody who is assigned loses the account: unassign them there first")]
    IsAssigned(OktaUserId),
    /// The account must not be deleted.
    #[error("account {0} stays: {1}; mend that first")]
    Stays(HaiiloId, String),
    /// Okta says that the user is not deactivated.
    #[error("{0} is not deactivated in okta; deactivate the user there first")]
    NotDeactivated(OktaUserId),
    /// Okta does not know the user.
    #[error(
        "okta has no user {0} any more, which is no evidence of anything; delete the account in haiilo by hand if its person has left"
    )]
    NotInOkta(OktaUserId),
    /// Writes are paused.
    #[error("all writes are paused, by {0}; run `resume` first")]
    Paused(String),
    /// No plan with this id is blocked.
    #[error(
        "no blocked plan has the id {0}; `sync` names it when a plan is blocked, and `plan` shows what would be blocked now"
    )]
    NoBlockedPlan(ApprovalId),
    /// The account is already linked to this person.
    #[error("account {0} is this person's already; leave it as it is")]
    AlreadyLinked(HaiiloId),
}

/// The assigned person with this userName or Okta id.
pub fn assigned<'a>(people: &'a AssignmentSnapshot, login: &str) -> Result<&'a Person, ActRefused> {
    let is_meant = |person: &&Person| person.state != PersonState::Left && person.is_named(login);
    let meant: Vec<&Person> = people.people().iter().filter(is_meant).collect();
    match meant[..] {
        [person] => Ok(person),
        ref several => Err(ActRefused::WhoIsMeant(several.len())),
    }
}

/// The link that a userName, an Okta id or a Haiilo id identifies.
pub fn linked<'a>(state: &'a SyncState, login: &str) -> Result<&'a Link, ActRefused> {
    state.links.iter().find(|link| link.is_named(login)).ok_or(ActRefused::NoLink)
}

/// The link whose account may be deleted immediately, according to the store, the settings and both listings. What Okta says about the user
/// is not checked here.
pub fn removable<'a>(input: &PlanInput<'a>, login: &str) -> Result<&'a Link, ActRefused> {
    let link = linked(input.state, login)?;
    let id = &link.haiilo_id;
    let stays = |why: String| Err(ActRefused::Stays(id.clone(), why));
    if input.people.get(&link.okta_id).is_some_and(|person| person.state != PersonState::Left) {
        return Err(ActRefused::IsAssigned(link.okta_id.clone()));
    }
    if let Some(why) = leaver_decision::deletes_blocked(input) {
        return stays(why.as_str().to_owned());
    }
    let account = input.accounts.get(id).ok_or_else(|| ActRefused::NoSuchAccount(id.clone()))?;
    let names = [Some(&link.user_name), account.user_name.as_ref()];
    if names.iter().flatten().any(|name| input.policy.owns_token(name)) {
        return stays("our own token would die with it".to_owned());
    }
    if let Some(pattern) = leaver_decision::protection(input.policy, input.state, id, names.into_iter().flatten()) {
        return stays(format!("it is protected by {pattern}"));
    }
    if account.user_name.as_ref().is_none_or(|name| !name.same_as(&link.user_name)) {
        return stays("it carries another userName than when it was last seen".to_owned());
    }
    if let Some(pause) = input.state.pause_at(input.now) {
        return Err(ActRefused::Paused(pause.by.clone()));
    }
    Ok(link)
}

/// The changes of links that link an account to a person.
pub fn link_change(
    PlanInput { people, accounts, state, .. }: &PlanInput<'_>,
    login: &str,
    haiilo_id: &HaiiloId,
) -> Result<LinkChange, ActRefused> {
    let person = assigned(people, login)?;
    if let Proof::Doubtful(why) = accounts.proof() {
        return Err(ActRefused::Doubtful(why.clone()));
    }
    let account = accounts.get(haiilo_id).ok_or_else(|| ActRefused::NoSuchAccount(haiilo_id.clone()))?;
    if account.activity == Activity::Inactive {
        return Err(ActRefused::Inactive(haiilo_id.clone()));
    }
    let from = state.links.of_account(haiilo_id);
    match from {
        Some(link) if link.okta_id == person.id => return Err(ActRefused::AlreadyLinked(haiilo_id.clone())),
        Some(link) if people.get(&link.okta_id).is_some_and(|owner| owner.state != PersonState::Left) => {
            return Err(ActRefused::OwnerIsAssigned(haiilo_id.clone(), link.okta_id.clone()));
        }
        Some(_) | None => {}
    }
    let user_name = account.user_name.clone().or(person.state.user_name().cloned());
    Ok(LinkChange {
        link: Link {
            okta_id: person.id.clone(),
            haiilo_id: haiilo_id.clone(),
            user_name: user_name.unwrap_or_else(|| UserName::new("")),
            // An account that we made keeps the origin `Created`.
            origin: from.map_or(Origin::Adopted, |link| link.origin),
            listed: Listed::Seen,
            missing: None,
        },
        from: from.cloned(),
        instead_of: state.links.of_person(&person.id).cloned(),
    })
}

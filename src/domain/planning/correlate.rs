//! Correlation: which account is whose. The link decides, then the userName without case; whatever is not certain is held.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::domain::listing::snapshot::{AssignmentSnapshot, Person, PersonState, Proof};
use crate::domain::mapping::{Mapping, On};
use crate::domain::model::account::{Account, Activity};
use crate::domain::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::model::link::{Link, Listed, Origin};
use crate::domain::model::person::DesiredAccount;
use crate::domain::model::policy::{MissingRule, Product};
use crate::domain::plan::hold::{Hold, HoldReason};
use crate::domain::planning::candidates::{ExternalIds, OwnerCandidates, foreign_external_id};
use crate::domain::planning::input::PlanInput;
use crate::domain::planning::leaver_decision::{self, Unlisted};
use crate::domain::scim::value::{Compare, Value, same};
use crate::domain::state::sync_state::OpenOperation;

/// A person and what was found for them.
#[derive(Clone, Debug)]
pub struct MatchedPerson<'a> {
    /// The Okta user.
    pub okta_id: &'a OktaUserId,
    /// What the account shall be.
    pub desired: &'a DesiredAccount,
    /// The account that was found.
    pub found: AccountMatch<'a>,
}

/// The account of a person.
#[derive(Clone, Debug)]
pub enum AccountMatch<'a> {
    /// The linked one.
    Linked {
        /// It.
        account: &'a Account,
        /// The link.
        link: &'a Link,
        /// The account whose rename frees the wanted userName.
        waits_for: Option<&'a HaiiloId>,
    },
    /// One that carries the userName and belongs to nobody.
    Unowned {
        /// It.
        account: &'a Account,
        /// Whether we made it in a call whose answer was lost.
        origin: Origin,
    },
    /// None.
    Nothing {
        /// The linked account that Haiilo no longer has.
        replaces: Option<&'a HaiiloId>,
        /// The account whose rename frees the wanted userName.
        waits_for: Option<&'a HaiiloId>,
    },
}

/// Everybody's account.
#[derive(Clone, Debug, Default)]
pub struct Correlation<'a> {
    /// People with certainty about their account, in the order of their ids.
    pub matched: Vec<MatchedPerson<'a>>,
    /// People without.
    pub held: Vec<Hold>,
    /// People whom `people.include` leaves out.
    pub out_of_scope: usize,
    /// People who have not started.
    pub staged: usize,
}

/// Finds everybody's account.
pub fn correlate<'a>(input: &'a PlanInput<'a>, gone: &Unlisted) -> Correlation<'a> {
    let mut correlation = Correlation::default();
    let wanted = sort_out(input, &mut correlation);
    // Where everybody has an account, nobody is looked for.
    let candidates = LazyCell::new(|| OwnerCandidates::of(input, gone, &wanted));
    let external_ids = LazyCell::new(|| ExternalIds::of(input));
    let mut owners = input.linked.in_turn();
    let mut attempts = Vec::with_capacity(wanted.len());
    for &(okta_id, desired) in &wanted {
        let found = match owners.of_person(okta_id) {
            None => {
                let by_id = by_external_id(input, &external_ids, okta_id, desired);
                by_id.unwrap_or_else(|| attempt_joiner(input, &candidates, okta_id, desired))
            }
            Some((link, None)) => attempt_missing(input, link, desired),
            Some((link, Some(account))) => attempt(input, (link, account), desired),
        };
        match found {
            Attempt::AccountMatch(found) => attempts.push(MatchedPerson { okta_id, desired, found }),
            Attempt::Hold(haiilo_id, reason) => correlation.held.push(Hold {
                okta_id: okta_id.clone(),
                haiilo_id,
                user_name: Some(desired.user_name.clone()),
                reason,
            }),
            Attempt::Missing => {}
        }
    }
    settle_names(input, attempts, &mut correlation);
    correlation
}

/// Separates the people who shall have an account and whose userName nobody else wants.
fn sort_out<'a>(
    input: &'a PlanInput<'a>,
    correlation: &mut Correlation<'a>,
) -> Vec<(&'a OktaUserId, &'a DesiredAccount)> {
    let mut wanted = Vec::new();
    for Person { id, state } in input.people.people() {
        let reason = match state {
            PersonState::Wanted(desired) => {
                wanted.push((id, desired));
                continue;
            }
            PersonState::OutOfScope => {
                correlation.out_of_scope += 1;
                continue;
            }
            PersonState::Staged => {
                correlation.staged += 1;
                continue;
            }
            PersonState::Left => continue,
            PersonState::Unclear(_, doubt) => HoldReason::Eligibility(doubt.clone()),
            PersonState::Unmapped(_, doubt) => HoldReason::Mapping(doubt.clone()),
            PersonState::Contradiction(_) => HoldReason::Contradiction,
        };
        let link = input.state.links.of_person(id);
        correlation.held.push(Hold {
            okta_id: id.clone(),
            haiilo_id: link.map(|link| link.haiilo_id.clone()),
            user_name: state.user_name().or(link.map(|link| &link.user_name)).cloned(),
            reason,
        });
    }
    let shared_names = shared_names(input.people);
    wanted.retain(|(okta_id, desired)| {
        let Some(others) = shared_names.get(okta_id) else { return true };
        correlation.held.push(Hold {
            okta_id: (*okta_id).clone(),
            haiilo_id: input.state.links.of_person(okta_id).map(|link| link.haiilo_id.clone()),
            user_name: Some(desired.user_name.clone()),
            reason: HoldReason::SameUserName(others.clone()),
        });
        false
    });
    wanted
}

/// Everybody whose userName others claim too, with the others. Who is held for another reason claims a name as well.
fn shared_names(people: &AssignmentSnapshot) -> BTreeMap<&OktaUserId, Vec<OktaUserId>> {
    let mut claims: Vec<(u64, &OktaUserId, &UserName)> = people
        .people()
        .iter()
        .filter_map(|person| person.state.user_name().map(|name| (name.key_hash(), &person.id, name)))
        .collect();
    claims.sort_unstable_by_key(|(hash, okta_id, _)| (*hash, *okta_id));
    let mut shared_names = BTreeMap::new();
    for claim in claims.chunk_by(|left, right| left.0 == right.0).filter(|claim| claim.len() > 1) {
        for (_, okta_id, name) in claim {
            let others = claim.iter().filter(|(_, other, named)| other != okta_id && named.same_as(name));
            let others: Vec<OktaUserId> = others.map(|(_, other, _)| (*other).clone()).collect();
            if !others.is_empty() {
                shared_names.insert(*okta_id, others);
            }
        }
    }
    shared_names
}

/// What was found for one person, before it is known whose userName is free.
enum Attempt<'a> {
    AccountMatch(AccountMatch<'a>),
    Hold(Option<HaiiloId>, HoldReason),
    /// The account is gone, and nothing is done about it.
    Missing,
}

fn attempt<'a>(
    input: &'a PlanInput<'a>,
    (link, account): (&'a Link, &'a Account),
    desired: &'a DesiredAccount,
) -> Attempt<'a> {
    let id = Some(link.haiilo_id.clone());
    let fits = account
        .user_name
        .as_ref()
        .is_some_and(|name| name.same_as(&link.user_name) || name.same_as(&desired.user_name));
    if !fits {
        let reason = HoldReason::LinkDoesNotFit { found: account.user_name.clone(), last_seen: link.user_name.clone() };
        return Attempt::Hold(id, reason);
    }
    // In Advocacy a write to an inactive account may delete it.
    if account.activity == Activity::Inactive && input.policy.product == Product::Advocacy {
        return Attempt::Hold(id, HoldReason::Inactive);
    }
    if renames(input.mapping, account, desired) {
        let names = [Some(&link.user_name), account.user_name.as_ref(), Some(&desired.user_name)];
        let names = names.into_iter().flatten().collect::<Vec<_>>();
        let owner = names.iter().any(|name| input.policy.owns_token(name));
        let pattern = leaver_decision::protection(input.policy, input.state, &account.id, names);
        if let Some(pattern) = pattern.or(owner.then(|| "the owner of our token".to_owned())) {
            return Attempt::Hold(id, HoldReason::ProtectedRename { pattern, wanted: desired.user_name.clone() });
        }
    }
    Attempt::AccountMatch(AccountMatch::Linked { account, link, waits_for: None })
}

fn attempt_missing<'a>(input: &'a PlanInput<'a>, link: &'a Link, desired: &'a DesiredAccount) -> Attempt<'a> {
    let id = Some(link.haiilo_id.clone());
    if let (Proof::Doubtful(why), Listed::Seen) = (input.accounts.proof(), link.listed) {
        return Attempt::Hold(id, HoldReason::ListingDoubtful(why.clone()));
    }
    if let [other] = input.accounts.named(&desired.user_name)[..] {
        let other = &input.accounts.accounts()[other].id;
        if input.state.links.of_account(other).is_none() {
            return Attempt::Hold(id, HoldReason::ReplacedByHand(other.clone()));
        }
    }
    match (input.policy.missing, link.listed) {
        (MissingRule::Recreate, Listed::Seen) => {
            Attempt::AccountMatch(AccountMatch::Nothing { replaces: Some(&link.haiilo_id), waits_for: None })
        }
        (MissingRule::Hold, _) | (MissingRule::Recreate, Listed::Never) => Attempt::Missing,
    }
}

/// The account that bears the Okta id of somebody who has no link; nothing where none does.
fn by_external_id<'a>(
    input: &'a PlanInput<'a>,
    external_ids: &ExternalIds<'a>,
    okta_id: &OktaUserId,
    desired: &DesiredAccount,
) -> Option<Attempt<'a>> {
    let found = external_ids.accounts(okta_id);
    if found.is_empty() {
        return None;
    }
    let named = input.accounts.named(&desired.user_name).into_iter().map(|at| &input.accounts.accounts()[at]);
    let is_other = |account: &&Account| {
        input.state.links.of_account(&account.id).is_none() && found.iter().all(|one| one.id != account.id)
    };
    let several: Vec<&Account> = found.iter().copied().chain(named.filter(is_other)).collect();
    Some(match (&several[..], input.accounts.proof()) {
        ([account], Proof::Agreed) => {
            let made = input.state.lost_creates(okta_id).next().is_some();
            Attempt::AccountMatch(AccountMatch::Unowned {
                account,
                origin: if made { Origin::Created } else { Origin::Adopted },
            })
        }
        ([_], Proof::Doubtful(why)) => Attempt::Hold(None, HoldReason::ListingDoubtful(why.clone())),
        _ => {
            let ids = several.iter().map(|account| account.id.clone()).collect();
            Attempt::Hold(None, HoldReason::SeveralAccounts(ids))
        }
    })
}

fn attempt_joiner<'a>(
    input: &'a PlanInput<'a>,
    candidates: &OwnerCandidates<'_>,
    okta_id: &'a OktaUserId,
    desired: &'a DesiredAccount,
) -> Attempt<'a> {
    let doubt = match input.accounts.proof() {
        Proof::Agreed => None,
        Proof::Doubtful(why) => Some(Attempt::Hold(None, HoldReason::ListingDoubtful(why.clone()))),
    };
    if let Some((account, other)) = made_under_another_name(input, okta_id, desired) {
        return match other {
            Some(other) => Attempt::Hold(Some(account.id.clone()), HoldReason::PerhapsMadeFor(other.clone())),
            None => doubt.unwrap_or(Attempt::AccountMatch(AccountMatch::Unowned { account, origin: Origin::Created })),
        };
    }
    match input.accounts.named(&desired.user_name)[..] {
        [] => {
            doubt.or_else(|| suspect(input, candidates, okta_id, desired)).unwrap_or(Attempt::AccountMatch(NO_ACCOUNT))
        }
        [at] => {
            let account = &input.accounts.accounts()[at];
            if input.state.links.of_account(&account.id).is_some() {
                // Free once its owner is renamed; `settle_names` finds out.
                return doubt
                    .unwrap_or(Attempt::AccountMatch(AccountMatch::Nothing { replaces: None, waits_for: None }));
            }
            if account.activity == Activity::Inactive {
                return Attempt::Hold(Some(account.id.clone()), HoldReason::Inactive);
            }
            if let Some(id) = foreign_external_id(input.mapping, account, okta_id) {
                return Attempt::Hold(Some(account.id.clone()), HoldReason::OfAnotherDirectory(id));
            }
            if let Some(other) = input.state.perhaps_made_for(&desired.user_name, okta_id) {
                return Attempt::Hold(Some(account.id.clone()), HoldReason::PerhapsMadeFor(other.clone()));
            }
            let lost = input.state.lost_creates(okta_id).any(|open| open.user_name.same_as(&desired.user_name));
            let origin = if lost { Origin::Created } else { Origin::Adopted };
            doubt.unwrap_or(Attempt::AccountMatch(AccountMatch::Unowned { account, origin }))
        }
        ref several => {
            let ids = several.iter().map(|at| input.accounts.accounts()[*at].id.clone()).collect();
            Attempt::Hold(None, HoldReason::SeveralAccounts(ids))
        }
    }
}

/// Holds a joiner who may be somebody whom we know.
fn suspect<'a>(
    input: &'a PlanInput<'a>,
    candidates: &OwnerCandidates<'_>,
    okta_id: &OktaUserId,
    desired: &DesiredAccount,
) -> Option<Attempt<'a>> {
    let reason = candidates.hold_reason(input.state, okta_id, desired)?;
    let haiilo_id = match &reason {
        HoldReason::PerhapsSamePerson(id) => Some(id.clone()),
        HoldReason::PerhapsRehired(leaver, _) => input.state.links.of_person(leaver).map(|link| link.haiilo_id.clone()),
        _ => None,
    };
    Some(Attempt::Hold(haiilo_id, reason))
}

const NO_ACCOUNT: AccountMatch<'static> = AccountMatch::Nothing { replaces: None, waits_for: None };

/// The account of a person whose create was sent, whose answer was lost, and who has another userName by now; with somebody else for whom
/// such a create was sent too, under the same name.
fn made_under_another_name<'a>(
    input: &'a PlanInput<'a>,
    okta_id: &OktaUserId,
    desired: &DesiredAccount,
) -> Option<(&'a Account, Option<&'a OktaUserId>)> {
    let under_others = |open: &&OpenOperation| !open.user_name.same_as(&desired.user_name);
    input.state.lost_creates(okta_id).filter(under_others).find_map(|open| {
        let [at] = input.accounts.named(&open.user_name)[..] else { return None };
        let account = &input.accounts.accounts()[at];
        let is_free = account.activity != Activity::Inactive && input.state.links.of_account(&account.id).is_none();
        is_free.then(|| (account, input.state.perhaps_made_for(&open.user_name, okta_id)))
    })
}

/// Whether an account must get another userName, be it one in other letters.
pub fn renames(mapping: &Mapping, account: &Account, desired: &DesiredAccount) -> bool {
    let (rule, wanted) = (mapping.user_name(), &desired.user_name);
    let differs = |found: &UserName| match rule.compare {
        _ if found == wanted => false,
        Compare::Exact => {
            !same(Value::text(found.as_str()).as_ref(), Value::text(wanted.as_str()).as_ref(), rule.compare)
        }
        Compare::IgnoreCase => !found.same_as(wanted),
    };
    rule.on == On::CreateAndUpdate && account.user_name.as_ref().is_none_or(differs)
}

/// Whether a wanted userName is free.
#[derive(Clone, Debug)]
enum NameState<'a> {
    Free,
    /// Free once this account, whose owner is the second, is renamed.
    After(&'a HaiiloId, &'a OktaUserId),
    Taken(HoldReason),
}

/// Lets those through whose userName is free, or will be freed by a rename of this very plan; holds all others.
fn settle_names<'a>(input: &'a PlanInput<'a>, attempts: Vec<MatchedPerson<'a>>, correlation: &mut Correlation<'a>) {
    let unseen = names_of_unseen_accounts(input);
    let needs: BTreeMap<&OktaUserId, NameState<'a>> = attempts
        .iter()
        .filter(|MatchedPerson { okta_id: _, desired, found }| match found {
            AccountMatch::Linked { account, .. } => renames(input.mapping, account, desired),
            AccountMatch::Unowned { account, .. } => {
                account.user_name.as_ref().is_some_and(|name| !name.same_as(&desired.user_name))
            }
            AccountMatch::Nothing { .. } => true,
        })
        .map(|MatchedPerson { okta_id, desired, found: _ }| (*okta_id, name_state(input, okta_id, desired, &unseen)))
        .collect();
    for MatchedPerson { okta_id, desired, found } in attempts {
        match resolve(okta_id, &needs) {
            Ok(freed_by) => {
                let found = match found {
                    AccountMatch::Linked { account, link, waits_for: _ } => {
                        AccountMatch::Linked { account, link, waits_for: freed_by }
                    }
                    AccountMatch::Nothing { replaces, waits_for: _ } => {
                        AccountMatch::Nothing { replaces, waits_for: freed_by }
                    }
                    unowned @ AccountMatch::Unowned { .. } => unowned,
                };
                correlation.matched.push(MatchedPerson { okta_id, desired, found });
            }
            Err(reason) => correlation.held.push(Hold {
                okta_id: okta_id.clone(),
                haiilo_id: match found {
                    AccountMatch::Linked { account, .. } | AccountMatch::Unowned { account, .. } => {
                        Some(account.id.clone())
                    }
                    AccountMatch::Nothing { replaces, .. } => replaces.cloned(),
                },
                user_name: Some(desired.user_name.clone()),
                reason,
            }),
        }
    }
}

/// The userNames of linked accounts that Haiilo does not show, with their owners: nobody else may take them.
fn names_of_unseen_accounts<'a>(input: &'a PlanInput<'a>) -> BTreeMap<CompactString, &'a OktaUserId> {
    let unseen = input.linked.pairs().filter(|(_, account)| account.is_none());
    unseen.map(|(link, _)| (link.user_name.key(), &link.okta_id)).collect()
}

fn name_state<'a>(
    input: &'a PlanInput<'a>,
    okta_id: &OktaUserId,
    desired: &DesiredAccount,
    unseen: &BTreeMap<CompactString, &'a OktaUserId>,
) -> NameState<'a> {
    if let Some(owner) = unseen.get(&desired.user_name.key())
        && *owner != okta_id
    {
        return NameState::Taken(HoldReason::AccountOfAnother((*owner).clone()));
    }
    match input.accounts.named(&desired.user_name)[..] {
        [] => NameState::Free,
        [at] => {
            let account = &input.accounts.accounts()[at];
            match input.state.links.of_account(&account.id) {
                // The same name in other letters is in nobody's way.
                Some(link) if link.okta_id == *okta_id => NameState::Free,
                Some(link) => NameState::After(&account.id, &link.okta_id),
                None => NameState::Taken(HoldReason::NameTaken(account.id.clone())),
            }
        }
        ref several => {
            let ids = several.iter().map(|at| input.accounts.accounts()[*at].id.clone()).collect();
            NameState::Taken(HoldReason::SeveralAccounts(ids))
        }
    }
}

/// Follows who must be renamed first. A circle frees nobody, and who waits for somebody that is held is held.
fn resolve<'a>(
    okta_id: &OktaUserId,
    needs: &BTreeMap<&OktaUserId, NameState<'a>>,
) -> Result<Option<&'a HaiiloId>, HoldReason> {
    let Some(first) = needs.get(okta_id) else { return Ok(None) };
    let freed_by = match first {
        NameState::Free => return Ok(None),
        NameState::Taken(reason) => return Err(reason.clone()),
        NameState::After(account, _) => *account,
    };
    let mut seen = BTreeSet::from([okta_id]);
    let mut state = first;
    loop {
        match state {
            NameState::Free => return Ok(Some(freed_by)),
            NameState::Taken(_) => return Err(owner_stays(first)),
            NameState::After(_, owner) => {
                if !seen.insert(owner) {
                    return Err(HoldReason::SwappedNames);
                }
                // An owner who needs no other name keeps the one that is wanted here.
                let Some(next) = needs.get(owner) else { return Err(owner_stays(first)) };
                state = next;
            }
        }
    }
}

fn owner_stays(state: &NameState<'_>) -> HoldReason {
    match state {
        NameState::After(_, owner) => HoldReason::AccountOfAnother((*owner).clone()),
        NameState::Taken(reason) => reason.clone(),
        NameState::Free => HoldReason::SwappedNames,
    }
}

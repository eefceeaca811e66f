//! Correlation: which account belongs to which person. The link decides, then the userName without case. A person whose account is not
//! certain is held.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::listing::snapshot::{AssignmentSnapshot, Person, PersonState, Proof};
use crate::mapping::{Mapping, On};
use crate::model::account::{Account, Activity};
use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::{Link, Listed, Origin};
use crate::model::person::DesiredAccount;
use crate::model::policy::{MissingRule, Product};
use crate::plan::hold::{Hold, HoldReason};
use crate::planning::candidates::{ExternalIds, OwnerCandidates, foreign_external_id};
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision::{self, Unlisted};
use crate::scim::value::{Compare, Value, same};
use crate::state::sync_state::OpenOperation;

/// A person and the account found for them.
#[derive(Clone, Debug)]
pub struct MatchedPerson<'a> {
    /// The Okta user.
    pub okta_id: &'a OktaUserId,
    /// The account that the person should have.
    pub desired: &'a DesiredAccount,
    /// The account that was found.
    pub found: AccountMatch<'a>,
    /// The account whose rename frees the wanted userName.
    pub waits_for: Option<&'a HaiiloId>,
}

/// The account of a person.
#[derive(Clone, Debug)]
pub enum AccountMatch<'a> {
    /// The linked account.
    Linked(&'a Account),
    /// An account that has the userName and belongs to no person.
    Unowned {
        /// The account.
        account: &'a Account,
        /// Whether we made it in a call whose answer was lost.
        origin: Origin,
    },
    /// No account. The new one replaces the linked account that Haiilo no longer has.
    Nothing {
        /// The account to replace.
        replaces: Option<&'a HaiiloId>,
    },
}

/// The accounts of all people.
#[derive(Clone, Debug, Default)]
pub struct Correlation<'a> {
    /// People with a certain match, in the order of their ids.
    pub matched: Vec<MatchedPerson<'a>>,
    /// People without a certain match.
    pub held: Vec<Hold>,
    /// People that `people.include` leaves out.
    pub out_of_scope: usize,
    /// People who have not started.
    pub staged: usize,
}

/// Finds the account of each person.
pub fn correlate<'a>(input: &'a PlanInput<'a>, unlisted: &Unlisted) -> Correlation<'a> {
    let mut correlation = Correlation::default();
    let wanted = sort_out(input, &mut correlation);
    // If each person has an account, no candidates are needed.
    let candidates = LazyCell::new(|| OwnerCandidates::of(input, unlisted, &wanted));
    let external_ids = LazyCell::new(|| ExternalIds::of(input));
    let mut links = input.linked.in_turn();
    let mut matched = Vec::with_capacity(wanted.len());
    for &(okta_id, desired) in &wanted {
        let joiner = Joiner { input, okta_id, desired };
        let found = match links.of_person(okta_id) {
            None => joiner.by_external_id(&external_ids).unwrap_or_else(|| joiner.by_name(&candidates)),
            Some((link, None)) => missing_account(input, link, desired),
            Some((link, Some(account))) => linked_account(input, link, account, desired),
        };
        match found {
            Ok(found) => matched.push(MatchedPerson { okta_id, desired, found, waits_for: None }),
            Err(Unmatched::Held(haiilo_id, reason)) => correlation.hold(okta_id, desired, haiilo_id, reason),
            Err(Unmatched::Missing) => {}
        }
    }
    settle_names(input, matched, &mut correlation);
    correlation
}

impl Correlation<'_> {
    fn hold(
        &mut self,
        okta_id: &OktaUserId,
        desired: &DesiredAccount,
        haiilo_id: Option<HaiiloId>,
        reason: HoldReason,
    ) {
        let name = Some(desired.user_name.clone());
        self.held.push(Hold { okta_id: okta_id.clone(), haiilo_id, name, reason });
    }
}

/// Selects the people who should have an account and whose userName no other person wants.
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
            PersonState::Unmapped(doubt) => HoldReason::Mapping(doubt.clone()),
            PersonState::Contradiction(_) => HoldReason::Contradiction,
        };
        let link = input.state.links.of_person(id);
        correlation.held.push(Hold {
            okta_id: id.clone(),
            haiilo_id: link.map(|link| link.haiilo_id.clone()),
            name: state.user_name().or(link.map(|link| &link.user_name)).cloned(),
            reason,
        });
    }
    let shared_names = shared_names(input.people);
    wanted.retain(|(okta_id, desired)| {
        let Some(others) = shared_names.get(okta_id) else { return true };
        let haiilo_id = input.state.links.of_person(okta_id).map(|link| link.haiilo_id.clone());
        correlation.hold(okta_id, desired, haiilo_id, HoldReason::SameUserName(others.clone()));
        false
    });
    wanted
}

/// All people whose userName others claim too, with these others. A person on hold for another reason also claims a name.
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

/// Why no account was found for a person.
enum Unmatched {
    /// It is not certain whose account it is: the account, and why.
    Held(Option<HaiiloId>, HoldReason),
    /// Haiilo no longer shows the account, and nothing is done about it.
    Missing,
}

fn held<T>(account: Option<&HaiiloId>, reason: HoldReason) -> Result<T, Unmatched> {
    Err(Unmatched::Held(account.cloned(), reason))
}

/// Holds the person if the listing of accounts may be incomplete.
fn listing_is_whole(input: &PlanInput<'_>, account: Option<&HaiiloId>) -> Result<(), Unmatched> {
    match input.accounts.proof() {
        Proof::Agreed => Ok(()),
        Proof::Doubtful(why) => held(account, HoldReason::ListingDoubtful(why.clone())),
    }
}

fn linked_account<'a>(
    input: &PlanInput<'a>,
    link: &Link,
    account: &'a Account,
    desired: &DesiredAccount,
) -> Result<AccountMatch<'a>, Unmatched> {
    let id = Some(&link.haiilo_id);
    let fits = |name: &UserName| name.same_as(&link.user_name) || name.same_as(&desired.user_name);
    if !account.user_name.as_ref().is_some_and(fits) {
        let (found, last_seen) = (account.user_name.clone(), link.user_name.clone());
        return held(id, HoldReason::LinkDoesNotFit { found, last_seen });
    }
    // In Advocacy a write to an inactive account may delete it.
    if account.activity == Activity::Inactive && input.policy.product == Product::Advocacy {
        return held(id, HoldReason::Inactive);
    }
    if renames(input.mapping, account, desired) {
        let names = [Some(&link.user_name), account.user_name.as_ref(), Some(&desired.user_name)];
        let names = names.into_iter().flatten().collect::<Vec<_>>();
        let owner = names.iter().any(|name| input.policy.owns_token(name));
        let pattern = leaver_decision::protection(input.policy, input.state, &account.id, names);
        if let Some(pattern) = pattern.or(owner.then(|| "the owner of our token".to_owned())) {
            return held(id, HoldReason::ProtectedRename { pattern, wanted: desired.user_name.clone() });
        }
    }
    Ok(AccountMatch::Linked(account))
}

fn missing_account<'a>(
    input: &PlanInput<'_>,
    link: &'a Link,
    desired: &DesiredAccount,
) -> Result<AccountMatch<'a>, Unmatched> {
    let id = Some(&link.haiilo_id);
    if link.listed == Listed::Seen {
        listing_is_whole(input, id)?;
    }
    if let [other] = input.accounts.named(&desired.user_name)[..] {
        let other = &input.accounts.accounts()[other].id;
        if input.state.links.of_account(other).is_none() {
            return held(id, HoldReason::ReplacedByHand(other.clone()));
        }
    }
    match (input.policy.missing, link.listed) {
        (MissingRule::Recreate, Listed::Seen) => Ok(AccountMatch::Nothing { replaces: id }),
        (MissingRule::Hold, _) | (MissingRule::Recreate, Listed::Never) => Err(Unmatched::Missing),
    }
}

/// A person without a link.
struct Joiner<'a> {
    input: &'a PlanInput<'a>,
    okta_id: &'a OktaUserId,
    desired: &'a DesiredAccount,
}

impl<'a> Joiner<'a> {
    /// The account whose externalId is this person's Okta id; `None` where no account has it.
    fn by_external_id(&self, external_ids: &ExternalIds<'a>) -> Option<Result<AccountMatch<'a>, Unmatched>> {
        let Self { input, okta_id, desired } = self;
        let found = external_ids.accounts(okta_id);
        if found.is_empty() {
            return None;
        }
        let named = input.accounts.named(&desired.user_name).into_iter().map(|at| &input.accounts.accounts()[at]);
        let is_other = |account: &&Account| {
            input.state.links.of_account(&account.id).is_none() && found.iter().all(|one| one.id != account.id)
        };
        let several: Vec<&Account> = found.iter().copied().chain(named.filter(is_other)).collect();
        let [account] = several[..] else {
            let ids = several.iter().map(|account| account.id.clone()).collect();
            return Some(held(None, HoldReason::SeveralAccounts(ids)));
        };
        let origin = origin(input.state.lost_creates(okta_id).next());
        Some(listing_is_whole(input, None).map(|()| AccountMatch::Unowned { account, origin }))
    }

    /// The account with the wanted userName, or with the name that this person had when a create was sent.
    fn by_name(&self, candidates: &OwnerCandidates<'_>) -> Result<AccountMatch<'a>, Unmatched> {
        let Self { input, okta_id, desired } = self;
        if let Some((account, name)) = self.made_under_another_name() {
            self.not_made_for_another(account, name)?;
            listing_is_whole(input, None)?;
            return Ok(AccountMatch::Unowned { account, origin: Origin::Created });
        }
        let account = match input.accounts.named(&desired.user_name)[..] {
            [] => {
                listing_is_whole(input, None)?;
                self.no_candidate(candidates)?;
                return Ok(AccountMatch::Nothing { replaces: None });
            }
            [at] => &input.accounts.accounts()[at],
            ref several => {
                let ids = several.iter().map(|at| input.accounts.accounts()[*at].id.clone()).collect();
                return held(None, HoldReason::SeveralAccounts(ids));
            }
        };
        if input.state.links.of_account(&account.id).is_some() {
            // The name is free after its owner is renamed; `settle_names` checks that.
            listing_is_whole(input, None)?;
            return Ok(AccountMatch::Nothing { replaces: None });
        }
        if account.activity == Activity::Inactive {
            return held(Some(&account.id), HoldReason::Inactive);
        }
        if let Some(id) = foreign_external_id(input.mapping, account, okta_id) {
            return held(Some(&account.id), HoldReason::OfAnotherDirectory(id));
        }
        self.not_made_for_another(account, &desired.user_name)?;
        listing_is_whole(input, None)?;
        let mut lost = input.state.lost_creates(okta_id).filter(|open| open.user_name.same_as(&desired.user_name));
        Ok(AccountMatch::Unowned { account, origin: origin(lost.next()) })
    }

    /// The account of a create whose answer was lost, where the person has another userName now. Includes the name that was sent.
    fn made_under_another_name(&self) -> Option<(&'a Account, &'a UserName)> {
        let Self { input, okta_id, desired } = self;
        let under_others = |open: &&OpenOperation| !open.user_name.same_as(&desired.user_name);
        input.state.lost_creates(okta_id).filter(under_others).find_map(|open| {
            let [at] = input.accounts.named(&open.user_name)[..] else { return None };
            let account = &input.accounts.accounts()[at];
            let is_free = account.activity != Activity::Inactive && input.state.links.of_account(&account.id).is_none();
            is_free.then_some((account, &open.user_name))
        })
    }

    fn not_made_for_another(&self, account: &Account, name: &UserName) -> Result<(), Unmatched> {
        match self.input.state.perhaps_made_for(name, self.okta_id) {
            Some(other) => held(Some(&account.id), HoldReason::PerhapsMadeFor(other.clone())),
            None => Ok(()),
        }
    }

    /// Holds a joiner who may own an existing account.
    fn no_candidate(&self, candidates: &OwnerCandidates<'_>) -> Result<(), Unmatched> {
        let Self { input, okta_id, desired } = self;
        let Some(reason) = candidates.hold_reason(input.state, okta_id, desired) else { return Ok(()) };
        let haiilo_id = match &reason {
            HoldReason::PerhapsSamePerson(id) => Some(id.clone()),
            HoldReason::PerhapsRehired(leaver, _) => {
                input.state.links.of_person(leaver).map(|link| link.haiilo_id.clone())
            }
            _ => None,
        };
        Err(Unmatched::Held(haiilo_id, reason))
    }
}

/// We made an account if a create for it was sent and its answer was lost.
fn origin(lost_create: Option<&OpenOperation>) -> Origin {
    if lost_create.is_some() { Origin::Created } else { Origin::Adopted }
}

/// Whether an account must get another userName. A difference only in case may count.
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
    /// Free after this account is renamed. The second value is its owner.
    After(&'a HaiiloId, &'a OktaUserId),
    Taken(HoldReason),
}

/// Accepts people whose userName is free, or becomes free by a rename in the same plan. Holds all others.
fn settle_names<'a>(input: &'a PlanInput<'a>, matched: Vec<MatchedPerson<'a>>, correlation: &mut Correlation<'a>) {
    let unseen = names_of_unseen_accounts(input);
    let needs_name = |MatchedPerson { desired, found, .. }: &&MatchedPerson<'_>| match found {
        AccountMatch::Linked(account) => renames(input.mapping, account, desired),
        AccountMatch::Unowned { account, .. } => {
            account.user_name.as_ref().is_some_and(|name| !name.same_as(&desired.user_name))
        }
        AccountMatch::Nothing { .. } => true,
    };
    let needs: BTreeMap<&OktaUserId, NameState<'a>> = matched
        .iter()
        .filter(needs_name)
        .map(|MatchedPerson { okta_id, desired, .. }| (*okta_id, name_state(input, okta_id, desired, &unseen)))
        .collect();
    for person in matched {
        match resolve(person.okta_id, &needs) {
            Ok(waits_for) => correlation.matched.push(MatchedPerson { waits_for, ..person }),
            Err(reason) => {
                let haiilo_id = match person.found {
                    AccountMatch::Linked(account) | AccountMatch::Unowned { account, .. } => Some(&account.id),
                    AccountMatch::Nothing { replaces } => replaces,
                };
                correlation.hold(person.okta_id, person.desired, haiilo_id.cloned(), reason);
            }
        }
    }
}

/// The userNames of linked accounts that Haiilo does not show, with their owners. No other person may get these names.
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
                // The same name in different case conflicts with no other person.
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

/// Finds who must be renamed first. A circle frees no name. A person who waits for a person on hold is held too.
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
                // An owner who needs no other name keeps the name that is wanted here.
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

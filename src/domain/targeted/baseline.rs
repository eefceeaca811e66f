//! The baseline: what a full cycle stores for targeted cycles, which read only a few people. It shows which names and accounts a targeted
//! cycle must not change. It contains hashes and no names.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::listing::snapshot::{PersonState, Proof};
use crate::mapping::Mapping;
use crate::model::account::Account;
use crate::model::ids::{Fingerprint, HaiiloId, OktaUserId, UserName};
use crate::model::person::DesiredAccount;
use crate::planning::candidates::external_id;
use crate::planning::input::PlanInput;
use crate::scim::value::Value;

/// The beginning of a hash of a name, the same in each process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameHash(CompactString);

impl NameHash {
    /// The hash of a userName.
    pub fn of_name(name: &UserName) -> Self {
        Self::of(&["userName", &name.key()])
    }

    /// The hash of an Okta id, as it appears in an account's externalId.
    pub fn of_external_id(id: &str) -> Self {
        Self::of(&["externalId", id.trim()])
    }

    /// The hash of a given and a family name.
    fn of_human([given, family]: [&Value; 2]) -> Self {
        Self::of(&["human", &given.key(), &family.key()])
    }

    fn of(texts: &[&str]) -> Self {
        Self(Fingerprint::of(texts).as_str()[..16].into())
    }
}

/// What a full cycle saw of all people, as far as a targeted cycle needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// People who are assigned and have no account, or an account with another userName than they want; with the hash of the wanted
    /// userName, where it is known.
    pub unsettled: BTreeMap<OktaUserId, Option<NameHash>>,
    /// The userNames of unmanaged accounts.
    pub unmanaged_names: BTreeSet<NameHash>,
    /// The externalIds of the same accounts.
    #[serde(default)]
    pub unmanaged_ids: BTreeSet<NameHash>,
    /// The given and family names of the same accounts.
    pub unmanaged: BTreeSet<NameHash>,
    /// People with an account that later targeted cycles found no longer assigned. A full cycle checks who they are. Until then a joiner
    /// with an employee number may be one of them.
    pub removed_accounts: BTreeSet<OktaUserId>,
    /// Whether Haiilo's listing was complete, so it was certain who has no account.
    pub listing: ListingCompleteness,
}

/// Whether a listing was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListingCompleteness {
    /// It was.
    Whole,
    /// It is not certain.
    #[default]
    Doubtful,
}

/// What a full cycle settled: people who now have an account, and the accounts that it adopted.
#[derive(Clone, Debug, Default)]
pub struct SettledPeople<'a> {
    /// The people.
    pub people: BTreeSet<&'a OktaUserId>,
    /// The accounts.
    pub accounts: BTreeSet<&'a HaiiloId>,
}

impl Baseline {
    /// Builds the baseline from these listings.
    pub fn of(input: &PlanInput<'_>, settled: &SettledPeople<'_>) -> Self {
        let PlanInput { people, accounts, mapping, policy, .. } = input;
        let links = &input.state.links;
        let assigned = people.people().iter().filter(|person| person.state != PersonState::Left);
        let unsettled = assigned
            .filter(|person| !settled.people.contains(&person.id))
            .filter(|person| match (links.of_person(&person.id), person.state.user_name()) {
                (Some(link), Some(name)) => !name.same_as(&link.user_name),
                (Some(_), None) => false,
                (None, _) => true,
            })
            .map(|person| (person.id.clone(), person.state.user_name().map(NameHash::of_name)))
            .collect();
        let strange: Vec<&Account> = accounts
            .accounts()
            .iter()
            .filter(|account| links.of_account(&account.id).is_none() && !settled.accounts.contains(&account.id))
            .collect();
        let is_human = |account: &&&Account| account.user_name.as_ref().is_some_and(|name| !policy.owns_token(name));
        let slots = mapping.human_name();
        Self {
            unsettled,
            unmanaged_names: strange
                .iter()
                .filter_map(|account| account.user_name.as_ref())
                .map(NameHash::of_name)
                .collect(),
            unmanaged_ids: strange
                .iter()
                .filter_map(|account| external_id(mapping, account))
                .map(|id| NameHash::of_external_id(&id))
                .collect(),
            unmanaged: strange
                .iter()
                .filter(is_human)
                .filter_map(|account| {
                    let [given, family] = slots?.map(|slot| account.values[slot].as_ref());
                    Some(NameHash::of_human([given?, family?]))
                })
                .collect(),
            removed_accounts: BTreeSet::new(),
            listing: match accounts.proof() {
                Proof::Agreed => ListingCompleteness::Whole,
                Proof::Doubtful(_) => ListingCompleteness::Doubtful,
            },
        }
    }

    /// Whether another person wants this userName.
    pub fn is_claimed(&self, mark: &NameHash, okta_id: &OktaUserId) -> bool {
        self.unsettled.iter().any(|(other, claim)| other != okta_id && claim.as_ref() == Some(mark))
    }

    /// Whether an unmanaged account has the given and family name of this person.
    pub fn has_namesake(&self, mapping: &Mapping, desired: &DesiredAccount) -> bool {
        let mark = mapping.human_name().and_then(|slots| {
            let [given, family] = slots.map(|slot| desired.value(slot));
            Some(NameHash::of_human([given?, family?]))
        });
        mark.is_some_and(|mark| self.unmanaged.contains(&mark))
    }
}

//! Finds joiners who may be a person that we already know. A new account for them would be a second account of the same human.
//!
//! There are three signs: a userName that the account of an unlisted person once had, the employee number of an unlisted person, and the
//! given and family name of an unmanaged account. An administrator decides, with `link` or `confirm-new`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::mapping::Mapping;
use crate::model::account::Account;
use crate::model::ids::{EmployeeNumber, HaiiloId, OktaUserId};
use crate::model::person::DesiredAccount;
use crate::plan::hold::{HoldReason, SharedKey};
use crate::planning::input::PlanInput;
use crate::planning::leaver_decision::Unlisted;
use crate::scim::value::Value;
use crate::state::sync_state::SyncState;

/// The people and accounts that a joiner may be.
#[derive(Debug)]
pub struct OwnerCandidates<'a> {
    /// The slots of the given and the family name.
    slots: Option<[usize; 2]>,
    /// Unmanaged accounts, by their names.
    unmanaged: BTreeMap<[CompactString; 2], &'a HaiiloId>,
    /// Linked people who are no longer listed, by the userNames that their accounts once had.
    former_names: BTreeMap<&'a CompactString, &'a OktaUserId>,
    /// Linked people who are no longer listed, by their employee numbers.
    employees: BTreeMap<EmployeeNumber, &'a OktaUserId>,
}

impl<'a> OwnerCandidates<'a> {
    /// Collects the unlisted people, and the accounts that have no link and whose userName no person wants.
    pub fn of(input: &'a PlanInput<'a>, gone: &'a Unlisted, wanted: &[(&OktaUserId, &DesiredAccount)]) -> Self {
        let slots = input.mapping.human_name();
        let unmanaged = slots.map(|slots| unmanaged(input, slots, wanted));
        let of_gone = input.state.former_names.iter().filter(|(_, owner)| gone.contains_key(owner));
        let mut employees: BTreeMap<EmployeeNumber, &OktaUserId> =
            gone.iter().filter_map(|(id, employee)| Some(((*employee)?, id))).collect();
        // A number that several people have at the same time, such as "external", does not identify a person.
        let mut seen = BTreeSet::new();
        for number in wanted.iter().filter_map(|(_, desired)| desired.employee) {
            if employees.contains_key(&number) && !seen.insert(number) {
                employees.remove(&number);
            }
        }
        Self {
            slots,
            unmanaged: unmanaged.unwrap_or_default(),
            former_names: of_gone.map(|(name, owner)| (name, owner)).collect(),
            employees,
        }
    }

    /// Why a person without an account may already have one.
    pub fn hold_reason(&self, state: &SyncState, okta_id: &OktaUserId, desired: &DesiredAccount) -> Option<HoldReason> {
        if state.confirmed_new.contains(okta_id) {
            return None;
        }
        if let Some(leaver) = self.former_names.get(&desired.user_name.key()) {
            return Some(HoldReason::PerhapsRehired((*leaver).clone(), SharedKey::FormerUserName));
        }
        if let Some(leaver) = desired.employee.and_then(|number| self.employees.get(&number)) {
            return Some(HoldReason::PerhapsRehired((*leaver).clone(), SharedKey::EmployeeNumber));
        }
        let [given, family] = self.slots?.map(|slot| desired.value(slot).map(Value::key));
        let stranger = self.unmanaged.get(&[given?, family?])?;
        Some(HoldReason::PerhapsSamePerson((*stranger).clone()))
    }
}

/// The unmanaged accounts, by their given and family names.
fn unmanaged<'a>(
    input: &'a PlanInput<'a>,
    slots: [usize; 2],
    wanted: &[(&OktaUserId, &DesiredAccount)],
) -> BTreeMap<[CompactString; 2], &'a HaiiloId> {
    let claims: BTreeSet<u64> = wanted.iter().map(|(_, desired)| desired.user_name.key_hash()).collect();
    let is_unmanaged = |account: &&Account| {
        // The owner of our token is a machine, whatever its name is.
        account
            .user_name
            .as_ref()
            .is_some_and(|name| !claims.contains(&name.key_hash()) && !input.policy.owns_token(name))
    };
    let named = |account: &'a Account| {
        let [given, family] = slots.map(|slot| account.values[slot].as_ref().map(Value::key));
        Some(([given?, family?], &account.id))
    };
    input.linked.unlinked().filter(is_unmanaged).filter_map(named).collect()
}

/// The externalId of an account; `None` where the mapping has no externalId.
pub fn external_id<'a>(mapping: &Mapping, account: &'a Account) -> Option<Cow<'a, str>> {
    account.values[mapping.external_id()?].as_ref().map(Value::shown)
}

/// The externalId of an account, where it belongs to another person or to another directory.
pub fn foreign_external_id(mapping: &Mapping, account: &Account, okta_id: &OktaUserId) -> Option<CompactString> {
    external_id(mapping, account)
        .filter(|found| found.trim() != okta_id.as_str())
        .map(|found| CompactString::from(&*found))
}

/// The accounts, by their externalId. Empty where the mapping has no externalId.
#[derive(Clone, Debug, Default)]
pub struct ExternalIds<'a> {
    accounts: BTreeMap<CompactString, Vec<&'a Account>>,
}

impl<'a> ExternalIds<'a> {
    /// The accounts of one plan.
    pub fn of(input: &'a PlanInput<'a>) -> Self {
        let mut accounts: BTreeMap<CompactString, Vec<&Account>> = BTreeMap::new();
        for account in input.linked.unlinked() {
            if let Some(id) = external_id(input.mapping, account) {
                accounts.entry(id.trim().into()).or_default().push(account);
            }
        }
        Self { accounts }
    }

    /// The accounts of a person.
    pub fn accounts(&self, okta_id: &OktaUserId) -> &[&'a Account] {
        self.accounts.get(okta_id.as_str()).map_or(&[], Vec::as_slice)
    }
}

//! Joiners who may be somebody whom we know: an account that is made for them would be a second one of the same human.
//!
//! Two signs: a userName that the account of somebody who is gone once had, and the given and family name of an account that is not ours. An
//! administrator settles it, by `link` or `release`.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::domain::account::Account;
use crate::domain::held::HeldReason;
use crate::domain::identity::{Identity, Want};
use crate::domain::ids::{HaiiloId, OktaUserId, UserName};
use crate::domain::mapping::Mapping;
use crate::domain::memory::Memory;
use crate::domain::owners::Owners;
use crate::domain::value::Value;

/// Accounts that are not ours, by their names.
#[derive(Debug, Default)]
pub struct Acquaintances<'a> {
    /// The slots of the given and the family name.
    slots: [usize; 2],
    strangers: BTreeMap<[CompactString; 2], &'a HaiiloId>,
}

impl<'a> Acquaintances<'a> {
    /// Looks at the accounts that no link names and that nobody wants by userName. Where everybody has an account, nobody is looked for.
    pub fn of(
        owners: &Owners<'a>,
        memory: &Memory,
        (mapping, token_owner): (&Mapping, &UserName),
        wanted: &[(&OktaUserId, &Identity)],
    ) -> Self {
        let joins = |id: &OktaUserId| memory.links.of_person(id).is_none();
        let Some(slots) = names(mapping).filter(|_| wanted.iter().any(|(id, _)| joins(id))) else {
            return Self::default();
        };
        let claims: BTreeSet<u64> = wanted.iter().map(|(_, identity)| identity.user_name.key_hash()).collect();
        let is_strange = |account: &&Account| {
            // The owner of our token is a machine, whatever it is called.
            account
                .user_name
                .as_ref()
                .is_some_and(|name| !claims.contains(&name.key_hash()) && !name.same_as(token_owner))
        };
        let named = |account: &'a Account| {
            let [given, family] = slots.map(|slot| account.values[slot].as_ref().map(Value::key));
            Some(([given?, family?], &account.id))
        };
        Self { slots, strangers: owners.unlinked().filter(is_strange).filter_map(named).collect() }
    }

    /// Why somebody without an account may have one already.
    pub fn suspicion(&self, memory: &Memory, okta_id: &OktaUserId, identity: &Identity) -> Option<HeldReason> {
        if memory.released.contains(okta_id) {
            return None;
        }
        if let Some(leaver) = memory.former_names.get(&identity.user_name.key()) {
            return Some(HeldReason::PerhapsRehired(leaver.clone()));
        }
        if self.strangers.is_empty() {
            return None;
        }
        let [given, family] = self.slots.map(|slot| match &identity.wants[slot] {
            Want::Set(value) => Some(value.key()),
            Want::Leave | Want::Clear => None,
        });
        let stranger = self.strangers.get(&[given?, family?])?;
        Some(HeldReason::PerhapsSamePerson((*stranger).clone()))
    }
}

/// The slots of the given and the family name, where both are mapped.
fn names(mapping: &Mapping) -> Option<[usize; 2]> {
    let slot = |path: &str| mapping.rules().iter().position(|rule| rule.path.to_string().eq_ignore_ascii_case(path));
    Some([slot("name.givenName")?, slot("name.familyName")?])
}

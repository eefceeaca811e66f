//! Accounts that bear the Okta id of their person as externalId (RFC 7643, 3.1), and that no link names: those of a store that was lost, and
//! those that Okta's own push made.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::domain::account::Account;
use crate::domain::ids::OktaUserId;
use crate::domain::sides::Sides;

/// The accounts, by what they bear. Empty where the mapping has no externalId.
#[derive(Clone, Debug, Default)]
pub struct ExternalIds<'a> {
    accounts: BTreeMap<CompactString, Vec<&'a Account>>,
}

impl<'a> ExternalIds<'a> {
    /// Those of one plan.
    pub fn of(sides: Sides<'a>) -> Self {
        let Some(slot) = sides.mapping.external_id() else { return Self::default() };
        let mut accounts: BTreeMap<CompactString, Vec<&Account>> = BTreeMap::new();
        for account in sides.owners.unlinked() {
            if let Some(id) = &account.values[slot] {
                accounts.entry(id.shown().trim().into()).or_default().push(account);
            }
        }
        Self { accounts }
    }

    /// The accounts of a person.
    pub fn accounts(&self, okta_id: &OktaUserId) -> &[&'a Account] {
        self.accounts.get(okta_id.as_str()).map_or(&[], Vec::as_slice)
    }
}

//! Accounts that bear the Okta id of their person as externalId (RFC 7643, 3.1), and that no link names: those of a store that was lost, and
//! those that Okta's own push made.

use std::borrow::Cow;
use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::domain::account::Account;
use crate::domain::ids::OktaUserId;
use crate::domain::mapping::Mapping;
use crate::domain::sides::Sides;
use crate::domain::value::Value;

/// What an account bears as externalId; nothing where the mapping has none.
pub fn external_id<'a>(mapping: &Mapping, account: &'a Account) -> Option<Cow<'a, str>> {
    account.values[mapping.external_id()?].as_ref().map(Value::shown)
}

/// The externalId of an account, where it is that of somebody else or of another directory.
pub fn foreign_external_id(mapping: &Mapping, account: &Account, okta_id: &OktaUserId) -> Option<CompactString> {
    external_id(mapping, account)
        .filter(|found| found.trim() != okta_id.as_str())
        .map(|found| CompactString::from(&*found))
}

/// The accounts, by what they bear. Empty where the mapping has no externalId.
#[derive(Clone, Debug, Default)]
pub struct ExternalIds<'a> {
    accounts: BTreeMap<CompactString, Vec<&'a Account>>,
}

impl<'a> ExternalIds<'a> {
    /// Those of one plan.
    pub fn of(sides: Sides<'a>) -> Self {
        let mut accounts: BTreeMap<CompactString, Vec<&Account>> = BTreeMap::new();
        for account in sides.owners.unlinked() {
            if let Some(id) = external_id(sides.mapping, account) {
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

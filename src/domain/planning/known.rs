//! Everything that is known once both sides and the store were read and a plan was made: what is explained to somebody, and what a write probe
//! depends on.

use std::collections::BTreeSet;

use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use crate::domain::mapping::Mapping;
use crate::domain::model::account::Account;
use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::model::policy::Policy;
use crate::domain::plan::people_plan::Plan;
use crate::domain::state::sync_state::SyncState;

/// All of it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The plan about everybody.
    pub plan: &'a Plan,
    /// Okta's listing.
    pub people: &'a AssignmentSnapshot,
    /// Haiilo's listing.
    pub accounts: &'a AccountSnapshot,
    /// The store.
    pub state: &'a SyncState,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The mapping.
    pub mapping: &'a Mapping,
}

impl Known<'_> {
    /// The people whom a login means: a userName of either side or of earlier, an Okta id, or a Haiilo id.
    pub fn meant(&self, login: &str) -> BTreeSet<OktaUserId> {
        let key = UserName::new(login).key();
        let listed = self.people.people().iter().filter(|person| person.is_named(login)).map(|person| &person.id);
        let linked = self.state.links.iter().filter(|link| link.is_named(login)).map(|link| &link.okta_id);
        let former = self.state.former_names.iter().filter(|(name, _)| *name == key).map(|(_, id)| id);
        let by_account = self.accounts_named(login);
        let owners = by_account.iter().filter_map(|account| self.state.links.of_account(&account.id));
        listed.chain(linked).chain(former).chain(owners.map(|link| &link.okta_id)).cloned().collect()
    }

    /// The accounts that carry a userName or an id.
    pub fn accounts_named(&self, login: &str) -> Vec<&Account> {
        let accounts = self.accounts.accounts();
        let by_name = self.accounts.named(&UserName::new(login)).into_iter().map(|at| &accounts[at]);
        by_name.chain(accounts.iter().filter(|account| account.id.as_str() == login)).collect()
    }
}

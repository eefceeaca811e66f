//! What a plan is made from: both listings, what the store remembers, and what the administrator decided.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use crate::mapping::Mapping;
use crate::model::account::Account;
use crate::model::ids::{Fingerprint, HaiiloId, OktaUserId, UserName};
use crate::model::policy::Policy;
use crate::planning::linked_accounts::LinkedAccounts;
use crate::state::sync_state::SyncState;

/// The most that the local clock may be off before nothing is deleted.
const LARGEST_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Everything that every step of a plan depends on.
#[derive(Clone, Debug)]
pub struct PlanInput<'a> {
    /// The complete listing of assignments.
    pub people: &'a AssignmentSnapshot,
    /// The listing of accounts.
    pub accounts: &'a AccountSnapshot,
    /// What the store remembers.
    pub state: &'a SyncState,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The mapping whose slots desired accounts and accounts use.
    pub mapping: &'a Mapping,
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// How the local clock and Okta's agree.
    pub clocks: Clocks,
    /// The rules that grace periods depend on: a change of them restarts each one.
    pub leaver_rules: Fingerprint,
    /// Which account is linked to whom.
    pub linked: LinkedAccounts<'a>,
}

/// How the local clock and Okta's agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Whether they do.
    pub agreement: ClockAgreement,
    /// The time from which a period counts that starts now: Okta's, or ours where it is later and the two disagree.
    pub start: DateTime<Utc>,
}

/// Whether the local clock agrees with Okta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockAgreement {
    /// Within five minutes.
    Agrees,
    /// Not, or there was nothing to compare with.
    Off,
}

impl Clocks {
    /// Compares the local time with Okta's, where an answer gave it. A date in the past must not let a period start in the past.
    pub fn compare(local: DateTime<Utc>, server: Option<DateTime<Utc>>) -> Self {
        match server {
            Some(server) if (local - server).abs() <= LARGEST_SKEW => {
                Self { agreement: ClockAgreement::Agrees, start: server }
            }
            server => Self { agreement: ClockAgreement::Off, start: server.map_or(local, |server| server.max(local)) },
        }
    }
}

impl<'a> PlanInput<'a> {
    /// The people that a login means: a userName of either side or of earlier, an Okta id, or a Haiilo id.
    pub fn people_named(&self, login: &str) -> BTreeSet<OktaUserId> {
        let key = UserName::new(login).key();
        let listed = self.people.people().iter().filter(|person| person.is_named(login)).map(|person| &person.id);
        let linked = self.state.links.iter().filter(|link| link.is_named(login)).map(|link| &link.okta_id);
        let former = self.state.former_names.iter().filter(|(name, _)| *name == key).map(|(_, id)| id);
        let by_account = self.accounts_named(login);
        let owners = by_account.iter().filter_map(|account| self.state.links.of_account(&account.id));
        listed.chain(linked).chain(former).chain(owners.map(|link| &link.okta_id)).cloned().collect()
    }

    /// The accounts that carry a userName or an id.
    pub fn accounts_named(&self, login: &str) -> Vec<&'a Account> {
        let accounts = self.accounts.accounts();
        let by_name = self.accounts.named(&UserName::new(login)).into_iter().map(|at| &accounts[at]);
        by_name.chain(accounts.iter().filter(|account| account.id.as_str() == login)).collect()
    }

    /// Whether an account was there before, by the listing or by a link.
    pub fn has_account(&self, id: &HaiiloId) -> bool {
        self.accounts.position(id).is_some() || self.state.links.of_account(id).is_some()
    }
}

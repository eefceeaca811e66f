//! The input of a plan: both listings, what the store remembers, and the administrator's settings.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use crate::mapping::Mapping;
use crate::model::account::Account;
use crate::model::ids::{Fingerprint, HaiiloId, OktaUserId, UserName};
use crate::model::policy::Policy;
use crate::planning::linked_accounts::LinkedAccounts;
use crate::state::sync_state::SyncState;

/// The largest difference of the local clock from Okta's. If it is larger, nothing is deleted.
const LARGEST_SKEW: TimeDelta = TimeDelta::minutes(5);

/// The common input of all steps of a plan.
#[derive(Clone, Debug)]
pub struct PlanInput<'a> {
    /// The complete listing of assignments.
    pub people: &'a AssignmentSnapshot,
    /// The listing of accounts.
    pub accounts: &'a AccountSnapshot,
    /// What the store remembers.
    pub state: &'a SyncState,
    /// The administrator's settings.
    pub policy: &'a Policy,
    /// The mapping whose slots desired accounts and accounts use.
    pub mapping: &'a Mapping,
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// Whether the local clock and Okta's agree.
    pub clocks: Clocks,
    /// The rules that grace periods depend on. A change of them restarts each grace period.
    pub leaver_rules: Fingerprint,
    /// Which account is linked to which person.
    pub linked: LinkedAccounts<'a>,
}

/// The comparison of the local clock with Okta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// Whether they do.
    pub agreement: ClockAgreement,
    /// The start of a period that starts now: Okta's time, or the local time where it is later and the two disagree.
    pub start: DateTime<Utc>,
}

/// Whether the local clock agrees with Okta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockAgreement {
    /// Within five minutes.
    Agrees,
    /// They disagree, or Okta gave no time.
    Off,
}

impl Clocks {
    /// Compares the local time with Okta's, where an answer contains it. A date in the past must not let a period start in the past.
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
    /// The people that a login identifies: a current or former userName of either side, an Okta id, or a Haiilo id.
    pub fn people_named(&self, login: &str) -> BTreeSet<OktaUserId> {
        let key = UserName::new(login).key();
        let listed = self.people.people().iter().filter(|person| person.is_named(login)).map(|person| &person.id);
        let linked = self.state.links.iter().filter(|link| link.is_named(login)).map(|link| &link.okta_id);
        let former = self.state.former_names.iter().filter(|(name, _)| *name == key).map(|(_, id)| id);
        let by_account = self.accounts_named(login);
        let owners = by_account.iter().filter_map(|account| self.state.links.of_account(&account.id));
        listed.chain(linked).chain(former).chain(owners.map(|link| &link.okta_id)).cloned().collect()
    }

    /// The accounts with this userName or id.
    pub fn accounts_named(&self, login: &str) -> Vec<&'a Account> {
        let accounts = self.accounts.accounts();
        let by_name = self.accounts.named(&UserName::new(login)).into_iter().map(|at| &accounts[at]);
        by_name.chain(accounts.iter().filter(|account| account.id.as_str() == login)).collect()
    }

    /// Whether an account already existed, in the listing or as a link.
    pub fn has_account(&self, id: &HaiiloId) -> bool {
        self.accounts.position(id).is_some() || self.state.links.of_account(id).is_some()
    }
}

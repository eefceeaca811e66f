//! The two sides of a plan, with what the store remembers and what the administrator decided: what every step of it depends on.

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot};
use crate::domain::mapping::Mapping;
use crate::domain::model::policy::Policy;
use crate::domain::planning::linked_accounts::LinkedAccounts;
use crate::domain::state::sync_state::SyncState;

/// Both sides.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The complete listing of assignments.
    pub people: &'a AssignmentSnapshot,
    /// The listing of accounts.
    pub accounts: &'a AccountSnapshot,
    /// Which account is linked to whom.
    pub owners: &'a LinkedAccounts<'a>,
    /// What the store remembers.
    pub state: &'a SyncState,
    /// The administrator's decisions.
    pub policy: &'a Policy,
    /// The mapping whose slots identities and accounts use.
    pub mapping: &'a Mapping,
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Both sides, the memory, the policy and the mapping.
    pub sides: Sides<'a>,
    /// Okta's time.
    pub now: DateTime<Utc>,
}

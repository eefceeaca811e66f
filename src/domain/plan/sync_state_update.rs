//! What the store should remember after a plan; empty if nothing changed.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::Absence;
use crate::plan::leaver::LeaverRecord;

/// What the store should remember; empty if nothing changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStateUpdate {
    /// Changes about leavers.
    pub leavers: LeaverUpdate,
    /// Links whose account was shown for the first time.
    pub listed: BTreeSet<OktaUserId>,
    /// Links whose account has another userName than the one last seen.
    pub names: BTreeMap<OktaUserId, UserName>,
    /// Links whose account is no longer shown.
    pub missing: BTreeMap<OktaUserId, Absence>,
    /// Links whose account is shown again.
    pub found: BTreeSet<OktaUserId>,
    /// Rejected values that are no longer wanted, or that Haiilo kept after all.
    pub no_longer_rejected: BTreeSet<(OktaUserId, CompactString)>,
    /// Missing groups that no person waits for any more.
    pub groups_no_longer_wanted: BTreeSet<CompactString>,
    /// Accounts that a pattern newly protects.
    pub protected: BTreeMap<HaiiloId, String>,
}

/// What the store should remember about leavers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaverUpdate {
    /// New or changed records.
    pub records: BTreeMap<OktaUserId, LeaverRecord>,
    /// People who came back.
    pub returned: BTreeSet<OktaUserId>,
    /// People whose account was recreated by hand and who are assigned now. From now on they are treated like all other people.
    pub no_longer_recreated: BTreeSet<OktaUserId>,
    /// What is known of the user directory.
    pub directory: PolicyKnowledge,
}

/// What is known of the user directory's deprovision policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyKnowledge {
    /// No change.
    #[default]
    AsBefore,
    /// The configuration now says that it deletes, so nothing needs to be remembered.
    KnownToDelete,
}

impl LeaverUpdate {
    /// What is remembered even for a blocked cycle: who came back, and whose grace period stops or restarts.
    #[must_use]
    pub fn protective(&self, known: &BTreeMap<OktaUserId, LeaverRecord>) -> Self {
        let Self { records, returned, no_longer_recreated: _, directory: _ } = self;
        let records = records.iter().filter(|(id, _)| known.contains_key(*id));
        Self {
            records: records.map(|(id, record)| (id.clone(), record.clone())).collect(),
            returned: returned.clone(),
            no_longer_recreated: BTreeSet::new(),
            directory: PolicyKnowledge::AsBefore,
        }
    }

    /// Keeps only the parts about these people.
    pub fn retain(&mut self, ids: &BTreeSet<OktaUserId>) {
        let Self { records, returned, no_longer_recreated, directory } = self;
        *directory = PolicyKnowledge::AsBefore;
        no_longer_recreated.retain(|id| ids.contains(id));
        records.retain(|id, _| ids.contains(id));
        returned.retain(|id| ids.contains(id));
    }
}

//! What the store should remember after a plan; empty when nothing changed.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::Absence;
use crate::plan::leaver::LeaverRecord;

/// What the store should remember; empty when nothing changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncStateUpdate {
    /// Of leavers.
    pub leavers: LeaverUpdate,
    /// Links whose account was shown for the first time.
    pub listed: BTreeSet<OktaUserId>,
    /// Links whose account carries another userName than when it was last seen.
    pub names: BTreeMap<OktaUserId, UserName>,
    /// Links whose account is no longer shown.
    pub missing: BTreeMap<OktaUserId, Absence>,
    /// Links whose account is shown again.
    pub found: BTreeSet<OktaUserId>,
    /// Rejected values that are no longer wanted, or were kept after all.
    pub no_longer_rejected: BTreeSet<(OktaUserId, CompactString)>,
    /// Missing groups that nobody waits for any more.
    pub groups_no_longer_wanted: BTreeSet<CompactString>,
    /// Accounts that a pattern protects, newly.
    pub protected: BTreeMap<HaiiloId, String>,
}

/// What the store shall remember of leavers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaverUpdate {
    /// New or changed records.
    pub records: BTreeMap<OktaUserId, LeaverRecord>,
    /// People who came back.
    pub returned: BTreeSet<OktaUserId>,
    /// People whose account was made anew by hand, and who are assigned now: from here on they are like everybody else.
    pub no_longer_recreated: BTreeSet<OktaUserId>,
    /// What is known of the user directory.
    pub directory: PolicyKnowledge,
}

/// What is known of the user directory's deprovision policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PolicyKnowledge {
    /// What was known before.
    #[default]
    AsBefore,
    /// The configuration says by now that it deletes, so that nothing needs to be remembered.
    KnownToDelete,
}

impl LeaverUpdate {
    /// What may be remembered even of a blocked cycle: who came back, and whose grace period stops or starts again.
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

    /// Leaves what is about these people.
    pub fn retain(&mut self, ids: &BTreeSet<OktaUserId>) {
        let Self { records, returned, no_longer_recreated, directory } = self;
        *directory = PolicyKnowledge::AsBefore;
        no_longer_recreated.retain(|id| ids.contains(id));
        records.retain(|id, _| ids.contains(id));
        returned.retain(|id| ids.contains(id));
    }
}

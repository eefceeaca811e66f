//! Links between groups: which group of Haiilo belongs to which group of Okta, and what is remembered of them.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::domain::groups::operation::GroupKind;
use crate::domain::ids::{HaiiloGroupId, OktaGroupId};
use crate::domain::link::Origin;

/// One group that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLink {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo.
    pub haiilo_id: HaiiloGroupId,
    /// The name that the group of Haiilo had when it was last seen or set.
    pub name: CompactString,
    /// Whether we made it.
    pub origin: Origin,
    /// The description that we set last. A server may drop it, so that the same one is not sent again.
    pub described: Option<CompactString>,
}

/// What the store remembers of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMemory {
    /// The links, by the group of Okta.
    pub links: BTreeMap<OktaGroupId, GroupLink>,
    /// How many members were taken out of each group in the last day without an approval.
    pub removed: BTreeMap<OktaGroupId, u64>,
    /// Operations without an outcome: a crash came between, or an answer was lost.
    pub open: Vec<OpenGroupOperation>,
}

impl GroupMemory {
    /// Whose group each group of Haiilo is that is anybody's.
    pub fn owners(&self) -> BTreeMap<&HaiiloGroupId, &GroupLink> {
        // Of two links to one group, the first counts.
        self.links.values().rev().map(|link| (&link.haiilo_id, link)).collect()
    }

    /// Whether a create was sent for a group, and its answer lost.
    pub fn is_perhaps_made(&self, id: &OktaGroupId) -> bool {
        self.open.iter().any(|open| open.kind == GroupKind::Create && open.okta_id == *id)
    }
}

/// An operation on a group that was written down and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGroupOperation {
    /// The entry of the journal.
    pub entry: i64,
    /// The kind.
    pub kind: GroupKind,
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo, where it existed.
    pub haiilo_id: Option<HaiiloGroupId>,
}

//! The plan about groups: what a cycle would do to them, and which groups it does nothing about.

use compact_str::CompactString;

use crate::model::group::{Members, PersonIndex};
use crate::model::ids::{ApprovalId, OktaGroupId};
use crate::plan::group_operation::{GroupKind, GroupOperation, MemberPeople};
use crate::plan::hold::GroupHold;
use crate::plan::warning::Warning;

/// All that a cycle would do to groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPlan {
    /// Whether there is such a plan.
    pub state: GroupState,
    /// In the order of application: links, updates, creates, members, deletes; each in the order of the ids.
    pub operations: Vec<GroupOperation>,
    /// Groups on hold.
    pub held: Vec<GroupHold>,
    /// Groups that would lose too many members.
    pub blocked: Vec<BlockedRemovals>,
    /// The id that approves exactly these removals.
    pub approval_id: Option<ApprovalId>,
    /// The counts.
    pub counts: GroupCounts,
    /// All people named by operations.
    pub people: MemberPeople,
    /// The members of each group, on both sides.
    pub memberships: Vec<Membership>,
    /// Other things that an administrator should know.
    pub warnings: Vec<Warning>,
}

/// Whether there is a plan about groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupState {
    /// Groups are not synced, or not in this run.
    #[default]
    Off,
    /// The groups of one side could not be read completely. People are still synced.
    Unread,
    /// There is one.
    Planned,
}

/// A group that would lose too many members. People are still added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedRemovals {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// Removals of the last day, and removals in the plan.
    pub found: u64,
    /// How many are allowed.
    pub allowed: u64,
}

/// The counts of a plan about groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// Groups of Okta that take part.
    pub chosen: usize,
    /// Groups that are already correct.
    pub unchanged: usize,
    /// Unmanaged groups of Haiilo.
    pub unmanaged: usize,
    /// Members of our groups in Haiilo who have no link. They are not changed.
    pub unmanaged_members: usize,
    /// Memberships that stay because nothing is done about the person.
    pub kept: usize,
    /// Linked groups that are no longer chosen. They are not changed.
    pub left: usize,
}

impl GroupPlan {
    /// The operations of a kind.
    pub fn of_kind(&self, kind: GroupKind) -> impl Iterator<Item = &GroupOperation> {
        self.operations.iter().filter(move |operation| operation.kind() == kind)
    }

    /// What an approval of the plan names.
    pub fn items(&self) -> impl Iterator<Item = String> + '_ {
        self.operations.iter().flat_map(|operation| operation.items(&self.people))
    }
}

/// The members of one chosen group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// Its name.
    pub name: CompactString,
    /// The members in Okta.
    pub wanted: Members,
    /// The members in Haiilo.
    pub shown: Members,
}

/// Where a person is a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum MembershipSide {
    /// On both sides.
    Both,
    /// Only in Okta.
    Okta,
    /// Only in Haiilo.
    Haiilo,
}

impl Membership {
    /// Where a person is a member; `None` where they are no member.
    pub fn place(&self, index: PersonIndex) -> Option<MembershipSide> {
        match (self.wanted.has(index), self.shown.has(index)) {
            (true, true) => Some(MembershipSide::Both),
            (true, false) => Some(MembershipSide::Okta),
            (false, true) => Some(MembershipSide::Haiilo),
            (false, false) => None,
        }
    }
}

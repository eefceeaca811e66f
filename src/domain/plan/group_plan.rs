//! The plan about groups: what a cycle would do to them, and about which of them it does nothing.

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
    /// In the order in which they are applied: links, updates, creates, members, deletes; each in the order of the ids.
    pub operations: Vec<GroupOperation>,
    /// Groups about which nothing is done.
    pub held: Vec<GroupHold>,
    /// Groups of which too many members would be taken out.
    pub blocked: Vec<BlockedRemovals>,
    /// The id by which exactly these removals can be approved.
    pub approval_id: Option<ApprovalId>,
    /// How many of what.
    pub counts: GroupCounts,
    /// Everybody whom operations name.
    pub people: MemberPeople,
    /// Who is in which group on which side.
    pub memberships: Vec<Membership>,
    /// What else an administrator should know.
    pub warnings: Vec<Warning>,
}

/// Whether there is a plan about groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupState {
    /// Groups are not synced, or not in this run.
    #[default]
    Off,
    /// The groups of one side could not be read to their end; people go on.
    Unread,
    /// There is one.
    Planned,
}

/// A group of which too many members would be taken out; people still come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedRemovals {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// Removals of the last day, and those that the plan would add.
    pub found: u64,
    /// How many there may be.
    pub allowed: u64,
}

/// How many of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// Groups of Okta that take part.
    pub chosen: usize,
    /// Groups that are as they shall be.
    pub unchanged: usize,
    /// Unmanaged groups of Haiilo.
    pub unmanaged: usize,
    /// Members of our groups in Haiilo who are nobody of ours, and are left alone.
    pub unmanaged_members: usize,
    /// Memberships of people about whom nothing is done, which stay as they are.
    pub kept: usize,
    /// Linked groups that are not chosen any more, and are left alone.
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
    /// In Okta alone.
    Okta,
    /// In Haiilo alone.
    Haiilo,
}

impl Membership {
    /// Where a person is a member, if anywhere.
    pub fn place(&self, index: PersonIndex) -> Option<MembershipSide> {
        match (self.wanted.has(index), self.shown.has(index)) {
            (true, true) => Some(MembershipSide::Both),
            (true, false) => Some(MembershipSide::Okta),
            (false, true) => Some(MembershipSide::Haiilo),
            (false, false) => None,
        }
    }
}

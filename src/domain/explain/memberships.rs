//! What is known about one person's groups: where they are a member, and what a plan does about it.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::model::group::PersonIndex;
use crate::model::ids::OktaGroupId;
use crate::plan::group_operation::{GroupKind, GroupOperation, Removals};
use crate::plan::group_plan::{GroupPlan, Membership, MembershipSide};

/// One chosen group of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOfPerson {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// Its name.
    pub name: CompactString,
    /// Where the person is a member.
    pub place: MembershipSide,
    /// What happens.
    pub happens: MembershipChange,
}

/// What a plan does about one membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipChange {
    /// Nothing: the membership is already correct.
    Nothing,
    /// The person is added.
    ComesIn,
    /// The person is removed.
    GoesOut,
    /// The removal needs an approval.
    Waits,
    /// Nothing, because nothing is done about the person.
    Kept,
}

impl MembershipChange {
    /// What happens, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "a member on both sides",
            Self::ComesIn => "comes in",
            Self::GoesOut => "goes out",
            Self::Waits => "would go out, which waits for an approval",
            Self::Kept => "stays as it is, since nothing is done about the person",
        }
    }
}

/// The chosen groups of a person, on either side.
pub fn groups_of(index: PersonIndex, plan: &GroupPlan) -> Vec<GroupOfPerson> {
    let moving = plan.of_kind(GroupKind::Members);
    let moving: BTreeMap<&OktaGroupId, &GroupOperation> =
        moving.map(|operation| (&operation.okta_id, operation)).collect();
    let of = |membership: &Membership| {
        let place = membership.place(index)?;
        let moving = moving.get(&membership.okta_id);
        let happens = moving.and_then(|operation| match (operation.moves(), operation.removals()) {
            ((add, _), _) if add.contains(&index) => Some(MembershipChange::ComesIn),
            ((_, remove), Some(Removals::Blocked)) if remove.contains(&index) => Some(MembershipChange::Waits),
            ((_, remove), _) if remove.contains(&index) => Some(MembershipChange::GoesOut),
            _ => None,
        });
        let otherwise = if place == MembershipSide::Both { MembershipChange::Nothing } else { MembershipChange::Kept };
        Some(GroupOfPerson {
            okta_id: membership.okta_id.clone(),
            name: membership.name.clone(),
            place,
            happens: happens.unwrap_or(otherwise),
        })
    };
    plan.memberships.iter().filter_map(of).collect()
}

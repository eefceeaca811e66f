//! What is known about one person's groups: where they are a member, and what a plan does about it.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::domain::model::group::Seat;
use crate::domain::model::ids::OktaGroupId;
use crate::domain::plan::group_operation::{GroupKind, GroupOperation, Removals};
use crate::domain::plan::group_plan::{GroupPlan, Membership, Place};

/// One chosen group of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOfPerson {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// Its name.
    pub name: CompactString,
    /// Where the person is a member.
    pub place: Place,
    /// What happens.
    pub happens: Happens,
}

/// What a plan does about one membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// Nothing: it is as it shall be.
    Nothing,
    /// The person comes in.
    ComesIn,
    /// The person goes out.
    GoesOut,
    /// The person would go out, which waits for an approval.
    Waits,
    /// Nothing, since nothing is done about the person.
    Kept,
}

impl Place {
    /// A short name that never changes, for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Okta => "okta",
            Self::Haiilo => "haiilo",
        }
    }
}

impl Happens {
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
pub fn groups_of(seat: Seat, plan: &GroupPlan) -> Vec<GroupOfPerson> {
    let moving = plan.of_kind(GroupKind::Members);
    let moving: BTreeMap<&OktaGroupId, &GroupOperation> =
        moving.map(|operation| (&operation.okta_id, operation)).collect();
    let of = |membership: &Membership| {
        let place = membership.place(seat)?;
        let moving = moving.get(&membership.okta_id);
        let happens = moving.and_then(|operation| match (operation.moves(), operation.removals()) {
            ((add, _), _) if add.contains(&seat) => Some(Happens::ComesIn),
            ((_, remove), Some(Removals::Refused)) if remove.contains(&seat) => Some(Happens::Waits),
            ((_, remove), _) if remove.contains(&seat) => Some(Happens::GoesOut),
            _ => None,
        });
        let otherwise = if place == Place::Both { Happens::Nothing } else { Happens::Kept };
        Some(GroupOfPerson {
            okta_id: membership.okta_id.clone(),
            name: membership.name.clone(),
            place,
            happens: happens.unwrap_or(otherwise),
        })
    };
    plan.memberships.iter().filter_map(of).collect()
}

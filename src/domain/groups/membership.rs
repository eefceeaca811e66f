//! Who is in one group, on both sides: what an explanation of a person looks at.

use compact_str::CompactString;

use crate::domain::groups::members::Members;
use crate::domain::groups::seat::Seat;
use crate::domain::ids::OktaGroupId;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On both sides.
    Both,
    /// In Okta alone.
    Okta,
    /// In Haiilo alone.
    Haiilo,
}

impl Membership {
    /// Where a person is a member, if anywhere.
    pub fn place(&self, seat: Seat) -> Option<Place> {
        match (self.wanted.has(seat), self.shown.has(seat)) {
            (true, true) => Some(Place::Both),
            (true, false) => Some(Place::Okta),
            (false, true) => Some(Place::Haiilo),
            (false, false) => None,
        }
    }
}

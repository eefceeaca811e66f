//! A person in an Okta listing, after mapping: whether there shall be an account, and which.
//!
//! Follows the two statuses of an assignment (`AppUser.status`, `User.status` of Okta's management API) as `assignment` reads them.

use crate::domain::assignment::StandingDoubt;
use crate::domain::identity::Identity;
use crate::domain::ids::{OktaUserId, UserName};
use crate::domain::mapping::MappingDoubt;

/// A person in an Okta listing, after mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The Okta user.
    pub id: OktaUserId,
    /// What follows from the assignment.
    pub state: PersonState,
}

impl Person {
    /// Whether a userName or an Okta id means this person.
    pub fn is_named(&self, login: &str) -> bool {
        self.id.as_str() == login || self.state.user_name().is_some_and(|name| name.same_as(&UserName::new(login)))
    }
}

/// What follows from an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonState {
    /// The person shall have this account.
    Wanted(Identity),
    /// `people.include` leaves the person out.
    OutOfScope,
    /// The person has not started yet.
    Staged,
    /// The row is there, yet the person has left.
    Left,
    /// The statuses say nothing.
    Unclear(Option<UserName>, StandingDoubt),
    /// The mapping gives no account.
    Unmapped(Option<UserName>, MappingDoubt),
    /// Two rows of this person contradict each other.
    Contradiction(Option<UserName>),
}

impl PersonState {
    /// The name under which a report shows the person, where one is known.
    pub fn user_name(&self) -> Option<&UserName> {
        match self {
            Self::Wanted(identity) => Some(&identity.user_name),
            Self::Unclear(name, _) | Self::Unmapped(name, _) | Self::Contradiction(name) => name.as_ref(),
            Self::OutOfScope | Self::Staged | Self::Left => None,
        }
    }
}

//! A person in an Okta listing, after mapping: whether the person should have an account, and which.
//!
//! Follows the two statuses of an assignment (`AppUser.status`, `User.status` of Okta's management API) as `assignment` reads them.

use std::fmt;

use compact_str::CompactString;

use crate::model::assignment::EligibilityDoubt;
use crate::model::ids::{EmployeeNumber, OktaUserId, UserName};
use crate::scim::value::Value;

/// A person in an Okta listing, after mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The Okta user.
    pub id: OktaUserId,
    /// What follows from the assignment.
    pub state: PersonState,
}

impl Person {
    /// Whether a userName or an Okta id identifies this person.
    pub fn is_named(&self, login: &str) -> bool {
        self.id.as_str() == login || self.state.user_name().is_some_and(|name| name.same_as(&UserName::new(login)))
    }
}

/// What follows from an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonState {
    /// The person should have this account.
    Wanted(DesiredAccount),
    /// `people.include` leaves the person out.
    OutOfScope,
    /// The person has not started yet.
    Staged,
    /// The row is still there, but the person has left.
    Left,
    /// The statuses are not certain.
    Unclear(Option<UserName>, EligibilityDoubt),
    /// The mapping gives no account.
    Unmapped(MappingDoubt),
    /// Two rows of this person contradict each other.
    Contradiction(Option<UserName>),
}

impl PersonState {
    /// The name under which a report shows the person, where one is known.
    pub fn user_name(&self) -> Option<&UserName> {
        match self {
            Self::Wanted(desired) => Some(&desired.user_name),
            Self::Unmapped(doubt) => doubt.user_name.as_ref(),
            Self::Unclear(name, _) | Self::Contradiction(name) => name.as_ref(),
            Self::OutOfScope | Self::Staged | Self::Left => None,
        }
    }
}

/// The account that a person should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredAccount {
    /// The userName.
    pub user_name: UserName,
    /// The employee number, where Okta has one.
    pub employee: Option<EmployeeNumber>,
    /// The desired value of each slot of the mapping.
    pub values: Box<[DesiredValue]>,
}

/// The desired value of one attribute, from its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DesiredValue {
    /// The account keeps its value.
    Leave,
    /// The attribute should be empty.
    Clear,
    /// The attribute should have this value.
    Set(Value),
}

impl DesiredAccount {
    /// The value that the attribute in a slot should have; `None` where the rule sets no value.
    pub fn value(&self, slot: usize) -> Option<&Value> {
        match &self.values[slot] {
            DesiredValue::Set(value) => Some(value),
            DesiredValue::Leave | DesiredValue::Clear => None,
        }
    }
}

/// Why a person could not be mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingDoubt {
    /// The attribute whose rule failed, or `people.include`.
    pub place: CompactString,
    /// What is wrong. It may contain a value of the person, so it belongs in reports and not in logs.
    pub why: String,
    /// The name under which a report shows the person: what the rule of userName gave, else what Okta has.
    pub user_name: Option<UserName>,
}

impl fmt::Display for MappingDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, why, user_name: _ } = self;
        write!(f, "{place}: {why}")
    }
}

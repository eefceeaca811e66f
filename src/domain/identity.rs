//! An identity: the user that Haiilo shall hold, as the mapping makes it from an assignment.

use crate::domain::ids::{EmployeeNumber, UserName};
use crate::domain::value::Value;

/// What the account of a person shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The userName.
    pub user_name: UserName,
    /// The employee number, where Okta has one.
    pub employee: Option<EmployeeNumber>,
    /// What each slot of the mapping wants.
    pub wants: Box<[Want]>,
}

/// What one rule wants of one attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The account keeps what it has.
    Leave,
    /// The attribute shall be empty.
    Clear,
    /// The attribute shall have this value.
    Set(Value),
}

impl Identity {
    /// The value that the attribute in a slot shall have, where it shall have one.
    pub fn value(&self, slot: usize) -> Option<&Value> {
        match &self.wants[slot] {
            Want::Set(value) => Some(value),
            Want::Leave | Want::Clear => None,
        }
    }
}

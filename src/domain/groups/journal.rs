//! The journal of groups: what is written down before a request is sent, and what became of an operation.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::domain::groups::operation::GroupOperation;
use crate::domain::ids::HaiiloGroupId;
use crate::domain::journal::{Mandate, Outcome};

/// What is written down before one request of an operation on a group is sent.
#[derive(Clone, Debug)]
pub struct GroupIntent<'a> {
    /// The cycle, and on whose word.
    pub mandate: &'a Mandate,
    /// When.
    pub at: DateTime<Utc>,
    /// The operation that it belongs to.
    pub operation: &'a GroupOperation,
    /// The group of Haiilo, where it exists.
    pub haiilo_id: Option<&'a HaiiloGroupId>,
    /// What is sent: changes as for accounts, members by their Okta ids.
    pub sent: Json,
    /// The group as it was, as far as it was read.
    pub before: Option<Json>,
    /// How many members it takes out of the group.
    pub removed: u64,
}

/// An operation on a group with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConcluded {
    /// The operation.
    pub operation: GroupOperation,
    /// The group of Haiilo, as far as it is known afterwards.
    pub haiilo_id: Option<HaiiloGroupId>,
    /// How it ended.
    pub outcome: Outcome,
}

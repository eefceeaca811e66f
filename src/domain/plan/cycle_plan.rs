//! The whole plan of a cycle: first about people, then about groups.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::plan::group_plan::GroupPlan;
use crate::plan::hold::Hold;
use crate::plan::leaver::Leaver;
use crate::plan::operation::{Operation, OperationKind};
use crate::plan::sync_state_update::SyncStateUpdate;
use crate::plan::warning::Warning;
use crate::scim::path::AttributePath;
use crate::scim::value::Value;

/// The two plans of a cycle. A problem with groups does not stop the plan about people.
#[derive(Clone, Debug, Default)]
pub struct CyclePlan {
    /// About people and their accounts.
    pub people: Plan,
    /// About groups; applied after the people.
    pub groups: GroupPlan,
}

/// All that a cycle would do about people.
#[must_use = "a plan that nobody looks at is a cycle that does nothing"]
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of application: adoptions, updates, creates, deletes; each in the order of the ids.
    pub operations: Vec<Operation>,
    /// One operation for each group that Haiilo did not have, to check whether it exists now.
    pub trials: Vec<Operation>,
    /// The people and accounts that the plan does nothing about, and why.
    pub findings: Findings,
    /// What the store should remember when the plan is accepted.
    pub update: SyncStateUpdate,
}

/// The people and accounts that a plan does nothing about, with reasons and counts.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// People who left.
    pub leavers: Vec<Leaver>,
    /// People on hold.
    pub held: Vec<Hold>,
    /// Values, and complete accounts, that wait for something outside, such as a Haiilo group.
    pub waiting: Vec<UnsentValue>,
    /// Values that Haiilo refused or did not keep. They are not sent again.
    pub rejected: Vec<UnsentValue>,
    /// Linked accounts that Haiilo does not show.
    pub missing: Vec<Missing>,
    /// Accounts without a link.
    pub unmanaged: Vec<Unmanaged>,
    /// Parts of the mapping that changed since a plan was last accepted.
    pub mapping_edits: Vec<MappingEdit>,
    /// Other things that an administrator should know.
    pub warnings: Vec<Warning>,
    /// The counts.
    pub counts: PlanCounts,
}

/// A value of a person that is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsentValue {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The account, where there is one.
    pub haiilo_id: Option<HaiiloId>,
    /// The name under which a report shows the person.
    pub user_name: UserName,
    /// The attribute.
    pub path: Arc<AttributePath>,
    /// The value; `None` where the value could not be cleared.
    pub value: Option<Value>,
    /// Why.
    pub reason: String,
    /// What is not done without it.
    pub blocks: Blocks,
}

/// What is not done while a value is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Blocks {
    /// One attribute of an account. All other changes for the person continue.
    Attribute,
    /// The whole new account.
    Account,
}

/// A linked account that Haiilo does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The account.
    pub haiilo_id: HaiiloId,
    /// The userName last seen.
    pub user_name: UserName,
    /// The time from which it is missing. `None` for an account that we made and that was never shown, because it may wait for a free
    /// licence seat.
    pub since: Option<DateTime<Utc>>,
}

/// An unmanaged account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmanaged {
    /// The account.
    pub haiilo_id: HaiiloId,
    /// The userName.
    pub user_name: Option<UserName>,
}

/// The counts of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanCounts {
    /// People in Okta's listing.
    pub assigned: usize,
    /// Links.
    pub linked: usize,
    /// Accounts in Haiilo's listing.
    pub accounts: usize,
    /// People whose account is already correct.
    pub unchanged: usize,
    /// People that `people.include` leaves out.
    pub out_of_scope: usize,
    /// People who have not started.
    pub staged: usize,
}

/// One part of the mapping that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MappingEdit {
    /// An attribute, `people.include`, or `tables.` with a name.
    pub part: String,
    /// The old form; `None` where the part is new.
    pub was: Option<String>,
    /// The new form; `None` where the part was removed.
    pub is: Option<String>,
    /// Accounts that the plan changes in attributes of this part.
    pub updated: usize,
    /// People who are held because of it.
    pub held: usize,
}

impl Plan {
    /// The operations of a kind.
    pub fn of_kind(&self, kind: OperationKind) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(move |operation| operation.kind() == kind)
    }

    /// The operations that remove an account.
    pub fn removals(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|operation| operation.kind().is_removal())
    }
}

/// The form in which a rejected value is stored.
pub fn remembered_value(value: Option<&Value>) -> String {
    value.map_or(serde_json::Value::Null, Value::to_json).to_string()
}

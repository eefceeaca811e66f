//! The journal: what is written down before an operation is sent, and after.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::domain::model::ids::{ApprovalId, HaiiloGroupId, HaiiloId, OktaUserId, RunId, UserName};
use crate::domain::plan::group_operation::GroupOperation;
use crate::domain::plan::operation::{Change, Operation};

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// What a cycle is and on whose word it acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunContext {
    /// The cycle.
    pub run: RunId,
    /// The approval that lets its operations pass, where one was needed.
    pub approval: Option<ApprovalId>,
    /// Who started it.
    pub by: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

/// What is written down before an operation is sent.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// The cycle.
    pub run_context: &'a RunContext,
    /// When.
    pub at: DateTime<Utc>,
    /// The operation.
    pub operation: &'a Operation,
    /// The account as it was, as far as it was read.
    pub before: Option<Json>,
}

/// An entry of the journal, as it was written down.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its number; later ones are larger.
    pub number: EntryId,
    /// The cycle or command.
    pub run: RunId,
    /// When it was written, before anything was sent.
    pub at: DateTime<Utc>,
    /// The kind of operation, in a word.
    pub kind: String,
    /// The person.
    pub okta_id: OktaUserId,
    /// The account, where one is known.
    pub haiilo_id: Option<HaiiloId>,
    /// The userName at that time; `None` once it was forgotten.
    pub user_name: Option<UserName>,
    /// The account as it was, as far as it was read.
    pub before: Option<Json>,
    /// What was sent: the changes, with old and new values.
    pub sent: Option<Json>,
    /// How it ended, in a word; `None` while that is not known.
    pub outcome: Option<String>,
    /// What there is to say about the end.
    pub detail: Option<String>,
    /// The approval that let it pass.
    pub approval: Option<ApprovalId>,
    /// Who started it.
    pub by: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

/// Which entries of the journal are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// One person, by a userName of any time, Okta id or Haiilo id.
    pub person: Option<String>,
    /// One cycle or command.
    pub run: Option<RunId>,
    /// Entries since then.
    pub since: Option<DateTime<Utc>>,
}

/// One step of a write probe, which is written down like an operation and concerns nobody in Okta.
#[derive(Clone, Debug)]
pub struct ProbeIntent<'a> {
    /// The command.
    pub run_context: &'a RunContext,
    /// When.
    pub at: DateTime<Utc>,
    /// What is sent.
    pub step: ProbeStep,
    /// The account that the probe made, once it has.
    pub haiilo_id: Option<&'a HaiiloId>,
    /// Its address.
    pub user_name: &'a UserName,
    /// What changes.
    pub changes: &'a [Change],
    /// The account as it was.
    pub before: Option<Json>,
}

/// The steps of a write probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeStep {
    /// The account is made.
    Create,
    /// One attribute changes by PATCH.
    Patch,
    /// One attribute changes by PUT.
    Put,
    /// The userName changes.
    Rename,
    /// A profile field is filled.
    ProfileField,
    /// The account becomes inactive.
    Deactivate,
    /// The account becomes active.
    Activate,
    /// The account goes.
    Delete,
}

impl ProbeStep {
    /// The word of the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "probe_create",
            Self::Patch => "probe_patch",
            Self::Put => "probe_put",
            Self::Rename => "probe_rename",
            Self::ProfileField => "probe_profile_field",
            Self::Deactivate => "probe_deactivate",
            Self::Activate => "probe_activate",
            Self::Delete => "probe_delete",
        }
    }
}

/// What a write probe has perhaps left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeLeftover {
    /// When.
    pub at: DateTime<Utc>,
    /// The account, where the answer named it.
    pub haiilo_id: Option<HaiiloId>,
    /// The address that it was made with.
    pub user_name: UserName,
}

/// What is written down before one request of an operation on a group is sent.
#[derive(Clone, Debug)]
pub struct GroupIntent<'a> {
    /// The cycle, and on whose word.
    pub run_context: &'a RunContext,
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

//! The journal: what is recorded before an operation is sent, and after.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use crate::model::ids::{ApprovalId, HaiiloGroupId, HaiiloId, OktaUserId, RunId, UserName};
use crate::model::word::Word as _;
use crate::plan::group_operation::{GroupKind, GroupOperation};
use crate::plan::operation::{Change, Operation, OperationKind};
use crate::plan::outcome::OutcomeKind;

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// The context of a cycle: its id, and who or what authorized it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunContext {
    /// The cycle.
    pub run: RunId,
    /// The approval of its operations, where one was needed.
    pub approval: Option<ApprovalId>,
    /// Who started it.
    pub by: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

/// What is recorded before a request is sent.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// The cycle or command, and who or what authorized it.
    pub run_context: &'a RunContext,
    /// When.
    pub at: DateTime<Utc>,
    /// What will be sent.
    pub step: IntentStep<'a>,
    /// The account or group before the request, as far as it was read.
    pub before: Option<Json>,
}

/// What will be sent.
#[derive(Clone, Debug)]
pub enum IntentStep<'a> {
    /// An operation on the account of a person.
    Account(&'a Operation),
    /// One request of an operation on a group.
    Group {
        /// The operation.
        operation: &'a GroupOperation,
        /// The group of Haiilo, where it exists.
        haiilo_id: Option<&'a HaiiloGroupId>,
        /// What is sent: changes as for accounts, members by their Okta ids.
        sent: Json,
        /// How many members it removes from the group.
        removed: u64,
    },
    /// One step of a write probe. It concerns no person in Okta, and no limit counts it.
    Probe {
        /// The step.
        step: ProbeStep,
        /// The account that the probe made, after it exists.
        haiilo_id: Option<&'a HaiiloId>,
        /// Its address.
        user_name: &'a UserName,
        /// What changes.
        changes: &'a [Change],
    },
}

/// What an entry of the journal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalKind {
    /// An operation on the account of a person.
    Account(OperationKind),
    /// An operation on a group.
    Group(GroupKind),
    /// A step of a write probe.
    Probe(ProbeStep),
    /// An act of an operator.
    Act(Act),
}

/// An act of an operator that the journal records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Act {
    /// An account is linked to a person.
    Link,
    /// A link ends.
    Unlink,
    /// A person on hold is confirmed as new.
    ConfirmNew,
}

impl JournalKind {
    /// The word in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account(kind) => kind.as_str(),
            Self::Group(kind) => kind.as_str(),
            Self::Probe(step) => step.as_str(),
            Self::Act(act) => act.as_str(),
        }
    }

    /// The kind of a word.
    pub fn of(word: &str) -> Option<Self> {
        word.parse()
            .map(Self::Account)
            .or_else(|_| word.parse().map(Self::Group))
            .or_else(|_| word.parse().map(Self::Probe))
            .or_else(|_| word.parse().map(Self::Act))
            .ok()
    }
}

/// An entry of the journal, as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEntry {
    /// Its number. Later entries have larger numbers.
    pub number: EntryId,
    /// The cycle or command.
    pub run: RunId,
    /// When it was recorded, before the request was sent.
    pub at: DateTime<Utc>,
    /// What it is about.
    pub kind: JournalKind,
    /// The person.
    pub okta_id: OktaUserId,
    /// The account, where one is known.
    pub haiilo_id: Option<HaiiloId>,
    /// The userName at that time; `None` after it was forgotten.
    pub user_name: Option<UserName>,
    /// The account before the request, as far as it was read.
    pub before: Option<Json>,
    /// What was sent: the changes, with old and new values.
    pub sent: Option<Json>,
    /// The outcome; `None` while it is not known.
    pub outcome: Option<OutcomeKind>,
    /// Details about the outcome.
    pub detail: Option<String>,
    /// The approval that covers it.
    pub approval: Option<ApprovalId>,
    /// Who started it.
    pub by: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

/// Which entries of the journal to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// One person, by a current or former userName, an Okta id or a Haiilo id.
    pub person: Option<String>,
    /// One cycle or command.
    pub run: Option<RunId>,
    /// Entries since then.
    pub since: Option<DateTime<Utc>>,
}

/// The steps of a write probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
pub enum ProbeStep {
    /// The account is made.
    #[strum(serialize = "probe_create")]
    Create,
    /// One attribute changes by PATCH.
    #[strum(serialize = "probe_patch")]
    Patch,
    /// One attribute changes by PUT.
    #[strum(serialize = "probe_put")]
    Put,
    /// The userName changes.
    #[strum(serialize = "probe_rename")]
    Rename,
    /// A profile field is filled.
    #[strum(serialize = "probe_profile_field")]
    ProfileField,
    /// The account becomes inactive.
    #[strum(serialize = "probe_deactivate")]
    Deactivate,
    /// The account becomes active.
    #[strum(serialize = "probe_activate")]
    Activate,
    /// The account is deleted.
    #[strum(serialize = "probe_delete")]
    Delete,
}

/// What a write probe may have left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeLeftover {
    /// When the account was made.
    pub at: DateTime<Utc>,
    /// The account, where the answer contained its id.
    pub haiilo_id: Option<HaiiloId>,
    /// The address that it was made with.
    pub user_name: UserName,
}

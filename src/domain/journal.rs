//! The journal: what is written down before an operation is sent, and after.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde_json::Value as Json;

use crate::domain::groups::link::GroupLink;
use crate::domain::ids::{ApprovalId, HaiiloId, OktaGroupId, OktaUserId, RunId, UserName};
use crate::domain::link::Link;
use crate::domain::memory::Departed;
use crate::domain::operation::{Change, Operation};

/// The number of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId(pub i64);

/// What a cycle is and on whose word it acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
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
    pub mandate: &'a Mandate,
    /// When.
    pub at: DateTime<Utc>,
    /// The operation.
    pub operation: &'a Operation,
    /// The account as it was, as far as it was read.
    pub before: Option<Json>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It is done, apart from these attributes, whose values Haiilo did not keep.
    DoneExcept(Vec<CompactString>),
    /// Nothing was done, since something was found on the way; the next cycle takes it into account.
    Held(String),
    /// Haiilo does not have the group; everybody who wants it waits.
    NoSuchGroup(CompactString),
    /// It was refused or went wrong, and nothing was done.
    Failed(String),
    /// The answer was lost, and a look did not tell what was done.
    Unknown(String),
    /// It was not attempted.
    NotAttempted(String),
}

impl Outcome {
    /// The word of reports and of the journal.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneExcept(_) => "done_except",
            Self::Held(_) => "held",
            Self::NoSuchGroup(_) => "no_such_group",
            Self::Failed(_) => "failed",
            Self::Unknown(_) => "unknown",
            Self::NotAttempted(_) => "not_attempted",
        }
    }

    /// What there is to say about it.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Done => None,
            Self::DoneExcept(paths) => Some(format!("Haiilo did not keep {}", paths.join(", "))),
            Self::NoSuchGroup(group) => Some(format!("Haiilo has no group {group:?}")),
            Self::Held(why) | Self::Failed(why) | Self::Unknown(why) | Self::NotAttempted(why) => Some(why.clone()),
        }
    }

    /// Whether the operation happened, be it without a value or two.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Done | Self::DoneExcept(_) => true,
            Self::Held(_) | Self::NoSuchGroup(_) | Self::Failed(_) | Self::Unknown(_) | Self::NotAttempted(_) => false,
        }
    }

    /// Whether the operation did not happen although it should have: the exit code of a cycle says so.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Failed(_) | Self::Unknown(_) | Self::NotAttempted(_) => true,
            Self::Done | Self::DoneExcept(_) | Self::Held(_) | Self::NoSuchGroup(_) => false,
        }
    }
}

/// What the store shall know after an operation, together with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A person has an account.
    Linked(Link),
    /// An account carries another userName.
    Renamed(OktaUserId, UserName),
    /// An account is gone, and the person with it.
    Unlinked(OktaUserId, HaiiloId),
    /// The account of somebody who left is deactivated, or deleted in a way that may be undone.
    Departed(OktaUserId, Departed),
    /// The account was gone after a deactivation which should have left it there.
    DeactivationDeleted(HaiiloId),
    /// An account was still there after a deactivation, so that what was known otherwise is over.
    DeactivationKept,
    /// Somebody who had left has an account again.
    Returned(OktaUserId),
    /// A value was not kept.
    Parked {
        /// The person.
        okta_id: OktaUserId,
        /// The attribute.
        path: CompactString,
        /// The value, in the form of [`parked_form`](crate::domain::plan::parked_form).
        value: String,
        /// Why.
        reason: String,
    },
    /// Haiilo does not have a group.
    GroupParked(CompactString),
    /// Haiilo has a group that it did not have.
    GroupFound(CompactString),
    /// A write probe made an account, which is nobody's.
    ProbeMade(HaiiloId),
    /// A group of Haiilo belongs to a group of Okta, and is known to be so.
    GroupLinked(GroupLink),
    /// A group of Haiilo is gone.
    GroupUnlinked(OktaGroupId),
}

/// An entry of the journal, as it was written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
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
pub struct Search {
    /// One person, by a userName of any time, Okta id or Haiilo id.
    pub person: Option<String>,
    /// One cycle or command.
    pub run: Option<RunId>,
    /// Entries since then.
    pub since: Option<DateTime<Utc>>,
}

/// An operation with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concluded {
    /// The operation.
    pub operation: Operation,
    /// The account, as far as it is known afterwards.
    pub haiilo_id: Option<HaiiloId>,
    /// How it ended.
    pub outcome: Outcome,
}

/// One step of a write probe, which is written down like an operation and concerns nobody in Okta.
#[derive(Clone, Debug)]
pub struct ProbeIntent<'a> {
    /// The command.
    pub mandate: &'a Mandate,
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
pub struct LeftBehind {
    /// When.
    pub at: DateTime<Utc>,
    /// The account, where the answer named it.
    pub haiilo_id: Option<HaiiloId>,
    /// The address that it was made with.
    pub user_name: UserName,
}

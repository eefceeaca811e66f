//! The result of an operation, and what the store should know after it.

use compact_str::CompactString;

use crate::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName};
use crate::model::link::{GroupLink, Link};
use crate::model::word::Word as _;
use crate::plan::group_operation::GroupOperation;
use crate::plan::leaver::RemovedAccount;
use crate::plan::operation::Operation;

/// The result of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It is done, except for these attributes, whose values Haiilo did not keep.
    DoneExcept(Vec<CompactString>),
    /// Nothing was done, because of a finding during the operation. The next cycle considers it.
    Held(String),
    /// Haiilo does not have the group. All people who need it wait.
    NoSuchGroup(CompactString),
    /// It was refused or failed, and nothing was done.
    Failed(String),
    /// The answer was lost, and a check did not show what was done.
    Unknown(String),
    /// It was not attempted.
    NotAttempted(String),
}

/// The result of an operation, as a word.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum OutcomeKind {
    /// See [`Outcome::Done`].
    Done,
    /// See [`Outcome::DoneExcept`].
    DoneExcept,
    /// See [`Outcome::Held`].
    Held,
    /// See [`Outcome::NoSuchGroup`].
    NoSuchGroup,
    /// See [`Outcome::Failed`].
    Failed,
    /// See [`Outcome::Unknown`].
    Unknown,
    /// See [`Outcome::NotAttempted`].
    NotAttempted,
}

impl Outcome {
    /// It is done, except for these attributes.
    pub fn done_except(paths: Vec<CompactString>) -> Self {
        if paths.is_empty() { Self::Done } else { Self::DoneExcept(paths) }
    }

    /// The result as a word.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Done => OutcomeKind::Done,
            Self::DoneExcept(_) => OutcomeKind::DoneExcept,
            Self::Held(_) => OutcomeKind::Held,
            Self::NoSuchGroup(_) => OutcomeKind::NoSuchGroup,
            Self::Failed(_) => OutcomeKind::Failed,
            Self::Unknown(_) => OutcomeKind::Unknown,
            Self::NotAttempted(_) => OutcomeKind::NotAttempted,
        }
    }

    /// The word in reports and in the journal.
    pub fn as_str(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Details about the result.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Done => None,
            Self::DoneExcept(paths) => Some(format!("Haiilo did not keep {}", paths.join(", "))),
            Self::NoSuchGroup(group) => Some(format!("Haiilo has no group {group:?}")),
            Self::Held(why) | Self::Failed(why) | Self::Unknown(why) | Self::NotAttempted(why) => Some(why.clone()),
        }
    }

    /// Whether the operation was done, perhaps without some values.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Done | Self::DoneExcept(_) => true,
            Self::Held(_) | Self::NoSuchGroup(_) | Self::Failed(_) | Self::Unknown(_) | Self::NotAttempted(_) => false,
        }
    }

    /// Whether the operation should have been done but was not. The exit code of a cycle depends on it.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Failed(_) | Self::Unknown(_) | Self::NotAttempted(_) => true,
            Self::Done | Self::DoneExcept(_) | Self::Held(_) | Self::NoSuchGroup(_) => false,
        }
    }
}

/// What the store should know after an operation, together with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A person has an account.
    Linked(Link),
    /// An account has another userName.
    Renamed(OktaUserId, UserName),
    /// An account no longer exists, and its link ends.
    Unlinked(OktaUserId, HaiiloId),
    /// The account of a leaver is deactivated, or deleted in a way that can be undone.
    RemovedAccount(OktaUserId, RemovedAccount),
    /// The account no longer existed after a deactivation that should have kept it.
    DeactivationDeleted(HaiiloId),
    /// An account still existed after a deactivation. This replaces earlier knowledge.
    DeactivationKept,
    /// A leaver has an account again.
    Returned(OktaUserId),
    /// A value was not kept.
    ValueRejected {
        /// The person.
        okta_id: OktaUserId,
        /// The attribute.
        path: CompactString,
        /// The value, in the form of [`remembered_value`](crate::plan::cycle_plan::remembered_value).
        value: String,
        /// Why.
        reason: String,
    },
    /// Haiilo does not have a group.
    GroupMissing(CompactString),
    /// Haiilo now has a group that it did not have.
    GroupFound(CompactString),
    /// A write probe made an account, which belongs to no person.
    ProbeMade(HaiiloId),
    /// A group of Haiilo is linked to a group of Okta.
    GroupLinked(GroupLink),
    /// A group of Haiilo no longer exists.
    GroupUnlinked(OktaGroupId),
}

/// An operation with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion<O = Operation, I = HaiiloId> {
    /// The operation.
    pub operation: O,
    /// The account or the group of Haiilo, if it is known after the operation.
    pub haiilo_id: Option<I>,
    /// The outcome.
    pub outcome: Outcome,
}

/// An operation on a group with its outcome.
pub type GroupConclusion = Conclusion<GroupOperation, HaiiloGroupId>;

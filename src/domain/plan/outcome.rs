//! How an operation ended, and what the store should know after it.

use compact_str::CompactString;

use crate::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName};
use crate::model::link::{GroupLink, Link};
use crate::model::word::Word as _;
use crate::plan::group_operation::GroupOperation;
use crate::plan::leaver::RemovedAccount;
use crate::plan::operation::Operation;

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

/// How an operation ended, in a word.
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
    /// It is done, apart from these attributes.
    pub fn done_except(paths: Vec<CompactString>) -> Self {
        if paths.is_empty() { Self::Done } else { Self::DoneExcept(paths) }
    }

    /// How it ended, in a word.
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

    /// The word of reports and of the journal.
    pub fn as_str(&self) -> &'static str {
        self.kind().as_str()
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
    RemovedAccount(OktaUserId, RemovedAccount),
    /// The account was gone after a deactivation which should have left it there.
    DeactivationDeleted(HaiiloId),
    /// An account was still there after a deactivation, so that what was known otherwise is over.
    DeactivationKept,
    /// Somebody who had left has an account again.
    Returned(OktaUserId),
    /// A value was not kept.
    ValueRejected {
        /// The person.
        okta_id: OktaUserId,
        /// The attribute.
        path: CompactString,
        /// The value, in the form of [`remembered_value`](crate::plan::plan::remembered_value).
        value: String,
        /// Why.
        reason: String,
    },
    /// Haiilo does not have a group.
    GroupMissing(CompactString),
    /// Haiilo has a group that it did not have.
    GroupFound(CompactString),
    /// A write probe made an account, which is nobody's.
    ProbeMade(HaiiloId),
    /// A group of Haiilo belongs to a group of Okta, and is known to be so.
    GroupLinked(GroupLink),
    /// A group of Haiilo is gone.
    GroupUnlinked(OktaGroupId),
}

/// An operation with its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion<O = Operation, I = HaiiloId> {
    /// The operation.
    pub operation: O,
    /// The account or the group of Haiilo, as far as it is known afterwards.
    pub haiilo_id: Option<I>,
    /// How it ended.
    pub outcome: Outcome,
}

/// An operation on a group with its end.
pub type GroupConclusion = Conclusion<GroupOperation, HaiiloGroupId>;

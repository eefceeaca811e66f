//! A leaver: a person who is linked and no longer assigned, with the evidence, the grace period, and what happens to the account.

use chrono::{DateTime, Utc};

use crate::model::ids::{EmployeeNumber, HaiiloId, OktaUserId, UserName};
use crate::model::link::Absence;
use crate::model::policy::{LeaverAction, RemovalEffect};
use crate::plan::evidence::Evidence;

/// What is stored about a person who is no longer in the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaverRecord {
    /// The first cycle that did not find the person.
    pub absence: Absence,
    /// The evidence, the action that follows from it, and the start of the grace period.
    pub grace_period: Option<GracePeriod>,
    /// The employee number. It identifies the same human who comes back as another Okta user.
    pub employee: Option<EmployeeNumber>,
}

/// A running grace period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GracePeriod {
    /// The evidence.
    pub evidence: Evidence,
    /// The action when the grace period started.
    pub action: LeaverAction,
    /// The start of the grace period.
    pub from: DateTime<Utc>,
}

/// A leaver in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The account.
    pub haiilo_id: HaiiloId,
    /// The userName of the account.
    pub user_name: UserName,
    /// The evidence.
    pub evidence: Evidence,
    /// The first cycle that did not find the person.
    pub since: DateTime<Utc>,
    /// The configured action for leavers of this kind.
    pub action: LeaverAction,
    /// The state of the account after the action: a deactivation may delete.
    pub effect: RemovalEffect,
    /// What happens to the account.
    pub status: LeaverStatus,
}

/// What happens to a leaver's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaverStatus {
    /// It stays.
    Kept(KeptBecause),
    /// It is removed after this time.
    Waiting(DateTime<Utc>),
    /// It is removed in this cycle.
    Due(DateTime<Utc>),
    /// It is due, but the budget of the day is used up.
    Postponed(DateTime<Utc>),
    /// It is due, but something blocks deletes in this cycle.
    Blocked(DateTime<Utc>, DeletesBlocked),
}

/// Why a leaver's account stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptBecause {
    /// The configuration says `keep`.
    Configured,
    /// We adopted the account.
    Adopted,
    /// A pattern protects it.
    Protected(String),
    /// Our own token would stop working.
    TokenOwner,
    /// Haiilo no longer shows it.
    AlreadyGone,
    /// It is inactive, and needs no further action.
    AlreadyInactive,
    /// It was recreated by hand, and the person has not been assigned since then.
    Recreated,
    /// An assigned person wants its userName: perhaps the same human with a new Okta user, who uses the account.
    WantedBy(OktaUserId),
    /// An assigned person on hold may be the same human, and an administrator must decide.
    PerhapsOf(OktaUserId),
    /// Its userName differs from the one last seen, so it may belong to another human now.
    CarriesAnotherName,
}

/// Why a cycle deletes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletesBlocked {
    /// The owner of our token was not found in Haiilo.
    OwnerNotFound,
    /// The local clock is wrong, or Okta sent no date.
    ClockOff,
    /// The listing of accounts may be incomplete.
    ListingDoubtful,
    /// No person is assigned, so nothing shows that Okta finds assigned people by id.
    NobodyAssigned,
    /// An account no longer existed after a deactivation that should have kept it.
    DeactivationDeleted,
}

impl DeletesBlocked {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnerNotFound => "the owner of our Haiilo token was not found in Haiilo",
            Self::ClockOff => "the local clock and Okta's differ by more than five minutes, or Okta gave no date",
            Self::ListingDoubtful => "it is not certain who is in Haiilo",
            Self::DeactivationDeleted => {
                "an account was gone after a deactivation: set haiilo.deprovision_policy = \"delete\", and back once the directory's policy is another one"
            }
            Self::NobodyAssigned => "nobody is left who could show that Okta finds assigned people by id",
        }
    }
}

/// What happened to the account of a leaver, where it may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedAccount {
    /// The account.
    pub haiilo_id: HaiiloId,
    /// What we did to it.
    pub effect: RemovalEffect,
}

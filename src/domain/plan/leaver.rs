//! A leaver: a person who is linked and no longer assigned, with the evidence, the clock, and what becomes of the account.

use chrono::{DateTime, Utc};

use crate::model::ids::{EmployeeNumber, HaiiloId, OktaUserId, UserName};
use crate::model::link::Absence;
use crate::model::policy::{LeaverAction, RemovalEffect};
use crate::plan::evidence::Evidence;

/// What is remembered of a person who is gone from the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaverRecord {
    /// The first cycle that missed the person.
    pub absence: Absence,
    /// The evidence and the action that it means, with the time from which the grace counts.
    pub clock: Option<GracePeriod>,
    /// The employee number, by which the same human is recognized who comes back as another Okta user.
    pub employee: Option<EmployeeNumber>,
}

/// A running clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GracePeriod {
    /// The evidence.
    pub evidence: Evidence,
    /// What it meant when the clock was started.
    pub action: LeaverAction,
    /// When the clock was started.
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
    /// The first cycle that missed the person.
    pub since: DateTime<Utc>,
    /// What the configuration says about leavers of this kind.
    pub action: LeaverAction,
    /// What the account is once it has gone: a deactivation may delete.
    pub effect: RemovalEffect,
    /// What becomes of the account.
    pub status: LeaverStatus,
}

/// What becomes of a leaver's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaverStatus {
    /// It stays.
    Kept(KeptBecause),
    /// It goes once this time has come.
    Waiting(DateTime<Utc>),
    /// It goes in this cycle.
    Due(DateTime<Utc>),
    /// It is due, and the budget of the day is used up.
    Postponed(DateTime<Utc>),
    /// It is due, and something forbids deletes in this cycle.
    Blocked(DateTime<Utc>, DeletesBlocked),
}

/// Why a leaver's account stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptBecause {
    /// The configuration says `keep`.
    Configured,
    /// The account existed before us.
    Adopted,
    /// A pattern protects it.
    Protected(String),
    /// Our own token would die with it.
    TokenOwner,
    /// Haiilo no longer shows it.
    AlreadyGone,
    /// It is inactive, and nothing more is to be done.
    AlreadyInactive,
    /// It was made anew by hand, and the person was not assigned since.
    Recreated,
    /// Somebody who is assigned wants its userName: perhaps the same human with a new Okta user, who uses the account.
    WantedBy(OktaUserId),
    /// Somebody who is assigned and held may be the same human, and somebody must decide.
    PerhapsOf(OktaUserId),
    /// It carries another userName than when it was last seen, so that it may be another human's by now.
    CarriesAnotherName,
}

/// Why nothing is deleted in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletesBlocked {
    /// The owner of our token was not found in Haiilo.
    OwnerNotFound,
    /// The local clock is off, or Okta gave no date.
    ClockOff,
    /// The listing of accounts is not proven complete.
    ListingDoubtful,
    /// Nobody is assigned who could show that Okta finds assigned people by id.
    NobodyAssigned,
    /// An account was gone after a deactivation which should have left it there.
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

/// What became of the account of somebody who left, where it may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedAccount {
    /// The account.
    pub haiilo_id: HaiiloId,
    /// What we did to it.
    pub effect: RemovalEffect,
}

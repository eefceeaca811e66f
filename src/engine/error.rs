//! Why a cycle ended before there was a plan.

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::Incomplete;
use crate::ports::{Failure, StoreFailure};

/// A cycle that ended before there was a plan; nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// Okta could not be read.
    #[error("okta could not be read; nothing was changed")]
    Okta(#[source] Failure),
    /// Okta's listing is not complete.
    #[error("okta's listing of assignments is not complete; nothing was changed")]
    OktaIncomplete(#[source] Incomplete),
    /// The application is not active.
    #[error(
        "the application {label:?} is {status} in okta, not ACTIVE; nothing can be concluded from its assignments: activate it, or correct okta.app_id"
    )]
    ApplicationNotActive {
        /// Its name.
        label: String,
        /// Its status.
        status: String,
    },
    /// Haiilo could not be read.
    #[error("haiilo could not be read; nothing was changed")]
    Haiilo(#[source] Failure),
    /// Haiilo's listing makes no sense.
    #[error("haiilo's listing of users is not complete; nothing was changed")]
    HaiiloIncomplete(#[source] Incomplete),
    /// The store belongs to other tenants.
    #[error(
        "the store belongs to another {what} ({known}, now {configured}); nothing was changed: correct the configuration, set another `state`, whose first run finds the accounts again by their userNames, or, if it has moved, run `rebind`"
    )]
    OtherTenant {
        /// What differs.
        what: &'static str,
        /// What the store knows.
        known: String,
        /// What is configured.
        configured: String,
    },
    /// `--user` names nobody. The name itself may be an address, which no log may hold.
    #[error(
        "nobody is assigned, linked or in haiilo by the name that was given; nothing was changed: give a userName, an okta id or a haiilo id"
    )]
    NobodyOfThisName,
    /// A reviewed plan is too old, or from the future.
    #[error("the reviewed plan was made at {0}, and lets pass what is in it for 24 hours; make and review a new one")]
    ReviewIsOver(DateTime<Utc>),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

//! Who acts, and why an act was not done.

use crate::domain::model::ids::OktaUserId;
use crate::domain::planning::operator::ActRefused;
use crate::domain::state::journal::RunContext;
use crate::engine::settings::CycleSettings;
use crate::ports::{Failure, StoreFailure};

/// One person who acts with one command.
#[derive(Debug)]
pub struct Operator<'a, W> {
    /// What is read, and the store that keeps the act.
    pub adapters: &'a W,
    /// The settings of a cycle.
    pub settings: &'a CycleSettings,
    /// Who acts, why, and as which run.
    pub run_context: RunContext,
}

/// Why an act was not done. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The act is not allowed, or names nobody.
    #[error(transparent)]
    Refused(#[from] ActRefused),
    /// The act depends on an answer of Okta.
    #[error("okta could not be asked about {0}; try again")]
    OktaUser(OktaUserId, #[source] Failure),
    /// The act depends on the id of the organization.
    #[error("okta could not be asked for its organization; try again")]
    OktaOrganization(#[source] Failure),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

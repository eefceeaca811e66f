//! Explaining: Okta is asked by id about one person, and the answers are put beside the plan. Writes nothing.

use crate::domain::explain::explanation::{Explanation, OktaAnswers};
use crate::domain::model::ids::OktaUserId;
use crate::engine::error::CycleError;
use crate::engine::prepared::Prepared;
use crate::engine::settings::CycleSettings;
use crate::ports::{Adapters, AssignmentSource};

/// Everything about one person, whose status Okta calls so.
pub async fn explain<W: Adapters>(
    world: &W,
    settings: &CycleSettings,
    prepared: &Prepared,
    (id, status): (OktaUserId, Option<String>),
) -> Result<Explanation, CycleError> {
    let user = world.source().user(&id).await.map_err(CycleError::Okta)?;
    let assignment = match &user {
        Some(_) => world.source().assignment(&id).await.map_err(CycleError::Okta)?,
        None => None,
    };
    Ok(Explanation::new(OktaAnswers { id, user, status, assignment }, &prepared.input(settings), &prepared.plan))
}

//! Evidence about people who are gone from the listing: Okta is asked by id, for the user and then for the assignment.

use std::collections::BTreeMap;

use crate::domain::mapping::Mapping;
use crate::domain::model::assignment::{AssignmentMeaning, EmbeddedUser, StatusRules, UserStatus};
use crate::domain::model::ids::OktaUserId;
use crate::domain::plan::evidence::{self, EvidenceAnswer, Sighting};
use crate::ports::{AssignmentSource, Failure};

/// What Okta says about several people. People who could not be asked about are left out; the first failure says why.
pub(super) async fn gather(
    source: &impl AssignmentSource,
    rules: StatusRules,
    mapping: &Mapping,
    people: &[&OktaUserId],
) -> (BTreeMap<OktaUserId, EvidenceAnswer>, Option<Failure>) {
    let mut answers = BTreeMap::new();
    let mut failure = None;
    for id in people {
        match of(source, rules, id).await {
            Ok((sighting, user)) => {
                let employee = user.and_then(|user| mapping.employee(&user.profile));
                answers.insert((*id).clone(), EvidenceAnswer { sighting, employee });
            }
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    (answers, failure)
}

/// What Okta says about one person, with the user as far as there is one.
pub(super) async fn of(
    source: &impl AssignmentSource,
    rules: StatusRules,
    id: &OktaUserId,
) -> Result<(Sighting, Option<EmbeddedUser>), Failure> {
    let user = source.user(id).await?;
    let user_status = user.as_ref().map(|user| &user.status);
    if let Some(sighting) = evidence::sighting(rules, user_status, None) {
        return Ok((sighting, user));
    }
    let assignment = source.assignment(id).await?;
    let status = assignment.as_ref().map(|assignment| &assignment.status);
    let sighting = evidence::sighting(rules, user_status, Some(status));
    Ok((sighting.unwrap_or(Sighting::Unclear("okta's answers do not fit together".into())), user))
}

/// Whether the calls that make evidence can distinguish an assigned person from one who is not: one person who is listed must be found.
pub(super) async fn control(source: &impl AssignmentSource, id: &OktaUserId) -> Result<bool, Failure> {
    let user = source.user(id).await?;
    let assignment = source.assignment(id).await?;
    let is_there =
        matches!(user.map(|user| user.status), Some(UserStatus::Working | UserStatus::Staged | UserStatus::Suspended));
    Ok(is_there && assignment.is_some_and(|assignment| assignment.status.meaning() == AssignmentMeaning::Usable))
}

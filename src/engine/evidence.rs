//! Evidence about people who are gone from the listing: Okta is asked by id, for the user and then for the assignment.

use std::collections::BTreeMap;

use crate::domain::assignment::{AssignmentMeaning, StatusRules, UserStatus};
use crate::domain::ids::OktaUserId;
use crate::domain::leaver::Sighting;
use crate::domain::leavers;
use crate::ports::{AssignmentSource, Failure};

/// What Okta says about several people. Whoever could not be asked about is left out; the first failure says why.
pub(super) async fn gather(
    source: &impl AssignmentSource,
    rules: StatusRules,
    people: &[&OktaUserId],
) -> (BTreeMap<OktaUserId, Sighting>, Option<Failure>) {
    let mut sightings = BTreeMap::new();
    let mut failure = None;
    for id in people {
        match look(source, rules, id).await {
            Ok(sighting) => {
                sightings.insert((*id).clone(), sighting);
            }
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    (sightings, failure)
}

/// What Okta says about one person.
pub(super) async fn look(
    source: &impl AssignmentSource,
    rules: StatusRules,
    id: &OktaUserId,
) -> Result<Sighting, Failure> {
    let user = source.user_status(id).await?;
    if let Some(sighting) = leavers::sighting(rules, user.as_ref(), None) {
        return Ok(sighting);
    }
    let assignment = source.assignment(id).await?;
    let status = assignment.as_ref().map(|assignment| &assignment.status);
    let sighting = leavers::sighting(rules, user.as_ref(), Some(status));
    Ok(sighting.unwrap_or(Sighting::Unclear("okta's answers do not fit together".into())))
}

/// Whether the calls that make evidence can tell somebody who is assigned from somebody who is not: one person who is listed must be found.
pub(super) async fn control(source: &impl AssignmentSource, id: &OktaUserId) -> Result<bool, Failure> {
    let user = source.user_status(id).await?;
    let assignment = source.assignment(id).await?;
    let is_there = matches!(user, Some(UserStatus::Working | UserStatus::Staged | UserStatus::Suspended));
    Ok(is_there && assignment.is_some_and(|assignment| assignment.status.meaning() == AssignmentMeaning::Usable))
}

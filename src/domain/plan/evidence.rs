//! Evidence that a person left: what Okta's answers about one user, read by id, mean. Add new kinds of evidence here. `engine::evidence`
//! asks Okta, and `planning::leaver_decision` uses the evidence.

use crate::model::assignment::{AssignmentMeaning, AssignmentStatus, StatusRules, SuspendedRule, UserStatus};
use crate::model::ids::EmployeeNumber;
use compact_str::CompactString;

/// Why a person is a leaver, as Okta says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Evidence {
    /// The user is deactivated.
    Deactivated,
    /// The user exists, and is not assigned.
    Unassigned,
}

/// What Okta says about a person who is no longer in the listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Evidence.
    Left(Evidence),
    /// The person is still assigned.
    StillAssigned,
    /// No evidence, and why.
    Unclear(CompactString),
}

/// What Okta answered about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceAnswer {
    /// What the answer means.
    pub sighting: Sighting,
    /// The employee number, where Okta still knows the user.
    pub employee: Option<EmployeeNumber>,
}

/// What the answers about one person mean: first the user's status, then, unless that is enough, the assignment.
///
/// `None` in place of a status or an assignment means that Okta answered 404. The result is `None` where the assignment must be read.
pub fn sighting(
    rules: StatusRules,
    user: Option<&UserStatus>,
    assignment: Option<Option<&AssignmentStatus>>,
) -> Option<Sighting> {
    let unclear = |what: &str| Some(Sighting::Unclear(what.into()));
    match (user, assignment) {
        (None, _) => unclear("Okta has no such user"),
        (Some(UserStatus::Deactivated), _) => Some(Sighting::Left(Evidence::Deactivated)),
        (Some(UserStatus::Unclear(status)), _) => unclear(&format!("the Okta user has the unknown status {status}")),
        (Some(UserStatus::Suspended), _) if rules.suspended == SuspendedRule::Leaver => {
            Some(Sighting::Left(Evidence::Deactivated))
        }
        (Some(UserStatus::Working | UserStatus::Staged | UserStatus::Suspended), None) => None,
        (Some(_), Some(None)) => Some(Sighting::Left(Evidence::Unassigned)),
        (Some(_), Some(Some(status))) => match status.meaning() {
            AssignmentMeaning::Usable => Some(Sighting::StillAssigned),
            AssignmentMeaning::Ended => Some(Sighting::Left(Evidence::Unassigned)),
            AssignmentMeaning::Unclear => unclear(&format!("the assignment has the status {}", status.as_str())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Sighting, sighting};

    use crate::model::assignment::{AssignmentStatus, StagedRule, StatusRules, SuspendedRule, UserStatus};
    use crate::model::word::Word as _;

    const RULES: StatusRules = StatusRules { suspended: SuspendedRule::Keep, staged: StagedRule::Skip };

    #[test]
    fn what_counts_as_evidence() {
        let status = |name: &str| UserStatus::from_okta(name);
        let assigned = |name: &str| AssignmentStatus::new(name);
        let check = |user: Option<&UserStatus>, assignment: Option<Option<&AssignmentStatus>>, expected: &str| {
            let found = match sighting(RULES, user, assignment) {
                None => "ask for the assignment".to_owned(),
                Some(Sighting::Left(evidence)) => evidence.as_str().to_owned(),
                Some(Sighting::StillAssigned) => "still assigned".to_owned(),
                Some(Sighting::Unclear(what)) => format!("unclear: {what}"),
            };
            assert_eq!(found, expected);
        };
        check(Some(&status("DEPROVISIONED")), None, "deactivated");
        check(None, None, "unclear: Okta has no such user");
        check(Some(&status("FROZEN")), None, "unclear: the Okta user has the unknown status FROZEN");
        for name in ["ACTIVE", "SUSPENDED", "STAGED", "LOCKED_OUT"] {
            check(Some(&status(name)), None, "ask for the assignment");
            check(Some(&status(name)), Some(None), "unassigned");
            check(Some(&status(name)), Some(Some(&assigned("ACTIVE"))), "still assigned");
            check(Some(&status(name)), Some(Some(&assigned("REVOKED"))), "unassigned");
            check(Some(&status(name)), Some(Some(&assigned("DEPROVISIONED"))), "unassigned");
            let unclear = "unclear: the assignment has the status SUSPENDED";
            check(Some(&status(name)), Some(Some(&assigned("SUSPENDED"))), unclear);
        }
        let leaver = StatusRules { suspended: SuspendedRule::Leaver, ..RULES };
        let found = sighting(leaver, Some(&status("SUSPENDED")), None);
        assert_eq!(found, Some(Sighting::Left(Evidence::Deactivated)));
    }
}

//! An assignment: one row of `GET /api/v1/apps/{appId}/users?expand=user` of Okta's Apps API, and what its two statuses mean for us.
//!
//! The status of the assignment (`AppUser.status`) and the status of the user (`User.status`) are independent. A suspended user keeps
//! assignments whose status stays ACTIVE. Okta may add values to both, so an unknown value holds the person.

use std::fmt;

use compact_str::CompactString;

use crate::model::ids::{OktaUserId, UserName};

/// One assignment as it was read.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The Okta user.
    pub id: OktaUserId,
    /// `AppUser.credentials.userName`.
    pub user_name: Option<UserName>,
    /// `AppUser.status`.
    pub status: AssignmentStatus,
    /// `AppUser.scope`.
    pub via: Via,
    /// `AppUser.profile`, the attributes that a mapping reads as `appuser`.
    pub app_profile: Profile,
    /// `_embedded.user`; `None` where Okta left it out and the user could not be read by id either.
    pub user: Option<EmbeddedUser>,
}

/// The Okta user inside an assignment.
#[derive(Clone, Debug)]
pub struct EmbeddedUser {
    /// `User.status`.
    pub status: UserStatus,
    /// `User.transitioningToStatus`, while Okta changes the status in the background.
    pub becoming: Option<UserStatus>,
    /// `User.profile`, the attributes that a mapping reads as `user`.
    pub profile: Profile,
}

/// How the person got the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Via {
    /// Assigned directly.
    User,
    /// Assigned by a group.
    Group,
}

/// `AppUser.status` of Okta's Apps API, as Okta names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentStatus(CompactString);

/// What the status of an assignment means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignmentMeaning {
    /// The person has the application.
    Usable,
    /// The person had the application.
    Ended,
    /// The meaning is not certain.
    Unclear,
}

impl AssignmentStatus {
    /// Creates the status from Okta's name, known or not.
    pub fn new(name: impl Into<CompactString>) -> Self {
        Self(name.into())
    }

    /// Okta's name of the status.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the status means.
    pub fn meaning(&self) -> AssignmentMeaning {
        match self.as_str() {
            "ACTIVE" | "PROVISIONED" | "STAGED" | "APPROVED" | "IMPLICIT" => AssignmentMeaning::Usable,
            "REVOKED" | "DEPROVISIONED" => AssignmentMeaning::Ended,
            _ => AssignmentMeaning::Unclear,
        }
    }
}

/// `User.status` of Okta's Users API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// ACTIVE, PROVISIONED, PASSWORD_EXPIRED, RECOVERY or LOCKED_OUT: the person works here. The last three states are temporary.
    Working,
    /// STAGED: the user exists, and the activation has not begun.
    Staged,
    /// SUSPENDED: blocked for a time; assignments are kept.
    Suspended,
    /// DEPROVISIONED: deactivated.
    Deactivated,
    /// Any other status, by its name.
    Unclear(CompactString),
}

impl UserStatus {
    /// Reads Okta's name of the status.
    pub fn from_okta(name: &str) -> Self {
        match name {
            "ACTIVE" | "PROVISIONED" | "PASSWORD_EXPIRED" | "RECOVERY" | "LOCKED_OUT" => Self::Working,
            "STAGED" => Self::Staged,
            "SUSPENDED" => Self::Suspended,
            "DEPROVISIONED" => Self::Deactivated,
            other => Self::Unclear(other.into()),
        }
    }
}

/// The configuration for statuses whose meaning the customer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRules {
    /// `okta.suspended`.
    pub suspended: SuspendedRule,
    /// `okta.staged`.
    pub staged: StagedRule,
}

/// What a suspension means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspendedRule {
    /// Nothing: the account stays and is still updated.
    Keep,
    /// The same as a deactivation.
    Leaver,
}

/// What an Okta user means whose activation has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StagedRule {
    /// No account yet; an existing one is not changed.
    Skip,
    /// The same as an active user.
    Provision,
}

/// What the statuses of an assignment mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eligibility {
    /// The person should have an account.
    Assigned,
    /// The person has not started: no account is made, and an existing one is not changed.
    Staged,
    /// The row is still there, but the person has left. Evidence by id must follow.
    Left,
    /// The meaning is not certain.
    Unclear(EligibilityDoubt),
}

/// Why the statuses are not certain.
#[derive(Clone, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum EligibilityDoubt {
    /// The assignment has a status that decides nothing.
    #[strum(serialize = "assignment_status")]
    Assignment(CompactString),
    /// The user has a status that we do not know.
    #[strum(serialize = "user_status")]
    User(CompactString),
    /// Okta is still deactivating the user.
    BeingDeactivated,
    /// The user could not be read.
    UserNotReadable,
}

impl Assignment {
    /// What the two statuses mean together. A doubt has priority over all else.
    pub fn eligibility(&self, rules: StatusRules) -> Eligibility {
        let Some(user) = &self.user else { return Eligibility::Unclear(EligibilityDoubt::UserNotReadable) };
        let meaning = self.status.meaning();
        if meaning == AssignmentMeaning::Unclear {
            return Eligibility::Unclear(EligibilityDoubt::Assignment(self.status.0.clone()));
        }
        match &user.status {
            UserStatus::Unclear(status) => return Eligibility::Unclear(EligibilityDoubt::User(status.clone())),
            UserStatus::Deactivated => return Eligibility::Left,
            _ if user.becoming == Some(UserStatus::Deactivated) => {
                return Eligibility::Unclear(EligibilityDoubt::BeingDeactivated);
            }
            _ if meaning == AssignmentMeaning::Ended => return Eligibility::Left,
            _ => {}
        }
        match (&user.status, rules) {
            (UserStatus::Suspended, StatusRules { suspended: SuspendedRule::Leaver, staged: _ }) => Eligibility::Left,
            (UserStatus::Staged, StatusRules { suspended: _, staged: StagedRule::Skip }) => Eligibility::Staged,
            _ => Eligibility::Assigned,
        }
    }
}

/// A profile of Okta: the attributes that the mapping reads, without those that are null or "".
#[derive(Clone, Default, PartialEq)]
pub struct Profile(Vec<(CompactString, ProfileValue)>);

/// One attribute of a profile. Custom attributes of Okta may have any of these types.
#[derive(Clone, PartialEq)]
pub enum ProfileValue {
    /// A text.
    Text(CompactString),
    /// A boolean.
    Flag(bool),
    /// A number.
    Number(serde_json::Number),
    /// A list of values.
    List(Box<[Self]>),
    /// An object, which no attribute of Okta holds.
    Odd,
}

impl ProfileValue {
    /// Reads a JSON value. null and "" are empty, also inside a list.
    pub fn from_json(json: serde_json::Value) -> Option<Self> {
        match json {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) if text.is_empty() => None,
            serde_json::Value::String(text) => Some(Self::Text(text.into())),
            serde_json::Value::Bool(flag) => Some(Self::Flag(flag)),
            serde_json::Value::Number(number) => Some(Self::Number(number)),
            serde_json::Value::Array(items) => {
                let items: Box<[Self]> = items.into_iter().filter_map(Self::from_json).collect();
                if items.is_empty() { None } else { Some(Self::List(items)) }
            }
            serde_json::Value::Object(_) => Some(Self::Odd),
        }
    }
}

impl Profile {
    /// An attribute by its exact name.
    pub fn get(&self, name: &str) -> Option<&ProfileValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl FromIterator<(CompactString, ProfileValue)> for Profile {
    fn from_iter<I: IntoIterator<Item = (CompactString, ProfileValue)>>(attributes: I) -> Self {
        Self(attributes.into_iter().collect())
    }
}

/// A profile is personal data: Debug shows only the names of its attributes.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl fmt::Debug for ProfileValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Assignment, AssignmentStatus, Eligibility, EligibilityDoubt, EmbeddedUser, Profile, ProfileValue, StagedRule,
        StatusRules, SuspendedRule, UserStatus, Via,
    };
    use crate::model::ids::OktaUserId;

    const CAREFUL: StatusRules = StatusRules { suspended: SuspendedRule::Keep, staged: StagedRule::Skip };
    const EAGER: StatusRules = StatusRules { suspended: SuspendedRule::Leaver, staged: StagedRule::Provision };

    fn assignment(assignment: &str, user: &str) -> Assignment {
        Assignment {
            id: OktaUserId::new("00u1"),
            user_name: None,
            status: AssignmentStatus::new(assignment),
            via: Via::User,
            app_profile: Profile::default(),
            user: Some(EmbeddedUser {
                status: UserStatus::from_okta(user),
                becoming: None,
                profile: Profile::default(),
            }),
        }
    }

    #[track_caller]
    fn check(status: &str, user: &str, careful: &Eligibility, eager: &Eligibility) {
        let assignment = assignment(status, user);
        assert_eq!(&assignment.eligibility(CAREFUL), careful, "{status} {user}");
        assert_eq!(&assignment.eligibility(EAGER), eager, "{status} {user}");
    }

    #[test]
    fn what_the_two_statuses_say() {
        for status in ["ACTIVE", "PROVISIONED", "STAGED", "APPROVED", "IMPLICIT"] {
            for user in ["ACTIVE", "PROVISIONED", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT"] {
                check(status, user, &Eligibility::Assigned, &Eligibility::Assigned);
            }
            check(status, "STAGED", &Eligibility::Staged, &Eligibility::Assigned);
            check(status, "SUSPENDED", &Eligibility::Assigned, &Eligibility::Left);
            check(status, "DEPROVISIONED", &Eligibility::Left, &Eligibility::Left);
            let doubt = Eligibility::Unclear(EligibilityDoubt::User("FROZEN".into()));
            check(status, "FROZEN", &doubt, &doubt);
        }
        for status in ["REVOKED", "DEPROVISIONED"] {
            check(status, "ACTIVE", &Eligibility::Left, &Eligibility::Left);
            check(status, "DEPROVISIONED", &Eligibility::Left, &Eligibility::Left);
        }
        for status in ["PENDING", "INACTIVE", "SUSPENDED", "IMPORTED", "MATCHED", "UNASSIGNED", "BRAND_NEW"] {
            let doubt = Eligibility::Unclear(EligibilityDoubt::Assignment(status.into()));
            check(status, "ACTIVE", &doubt, &doubt);
            check(status, "DEPROVISIONED", &doubt, &doubt);
        }
    }

    #[test]
    fn a_user_on_the_way_out_or_out_of_sight_is_held() {
        let mut going = assignment("ACTIVE", "ACTIVE");
        going.user.as_mut().expect("embedded").becoming = Some(UserStatus::Deactivated);
        assert_eq!(going.eligibility(CAREFUL), Eligibility::Unclear(EligibilityDoubt::BeingDeactivated));
        let hidden = Assignment { user: None, ..assignment("ACTIVE", "ACTIVE") };
        assert_eq!(hidden.eligibility(CAREFUL), Eligibility::Unclear(EligibilityDoubt::UserNotReadable));
    }

    #[test]
    fn null_and_empty_are_nothing() {
        let read = |json: &str| ProfileValue::from_json(serde_json::from_str(json).expect("JSON"));
        assert!(read("null").is_none());
        assert!(read("\"\"").is_none());
        assert!(read("[]").is_none());
        assert!(read("[null, \"\"]").is_none());
        assert!(read("[null, \"\", \"a\"]") == Some(ProfileValue::List(Box::new([ProfileValue::Text("a".into())]))));
        assert!(read("{}") == Some(ProfileValue::Odd));
    }
}

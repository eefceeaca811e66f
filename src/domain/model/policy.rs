//! The administrator's settings: which product is served, what happens to leavers, who is protected, and the limits per day.

use std::fmt;

use chrono::TimeDelta;
use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

use crate::model::assignment::{StatusRules, SuspendedRule};
use crate::model::ids::{HaiiloId, OktaGroupId, UserName};
use crate::model::limit::Limits;

/// The two products named Haiilo. They share the path of their SCIM endpoint and little else, so a URL does not identify the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Product {
    /// Haiilo Advocacy: `active=false` deletes permanently, groups are an attribute, accounts hold six attributes.
    Advocacy,
    /// The Haiilo intranet: accounts are in a user directory, which defines what a deactivation does. It has any attribute, and profile
    /// fields.
    Intranet,
}

impl Product {
    /// The product's public name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Advocacy => "Haiilo Advocacy",
            Self::Intranet => "the Haiilo intranet",
        }
    }
}

/// What happens to an account that is deactivated. In the intranet the user directory's deprovision policy defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Deprovision {
    /// It stays, and its user cannot log in.
    Deactivate,
    /// It is deleted. Advocacy always does this, and permanently.
    Delete,
}

/// The state of an account after its person left and we removed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RemovalEffect {
    /// It is inactive.
    Deactivated,
    /// It is deleted. An administrator of the intranet may restore it.
    Deleted,
}

/// What happens to a person who left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LeaverAction {
    /// The account stays.
    Keep,
    /// The account is deactivated after the grace period; only in the intranet.
    Deactivate,
    /// The account is deleted after the grace period.
    Delete,
}

/// Whether leavers whose accounts we adopted are handled like other leavers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdoptedRule {
    /// Their accounts stay.
    Keep,
    /// The same action as for accounts that we created.
    Same,
}

/// What happens to a linked account that Haiilo no longer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingRule {
    /// It is only reported.
    Hold,
    /// A new account is made.
    Recreate,
}

/// `[leavers]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaverRules {
    /// For users that Okta deactivated.
    pub deactivated: LeaverAction,
    /// For users who lost the assignment.
    pub unassigned: LeaverAction,
    /// For accounts that we adopted.
    pub adopted: AdoptedRule,
    /// How long a leaver's account stays at least.
    pub grace: TimeDelta,
}

/// All settings of the administrator that a plan depends on, without the mapping.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `haiilo.product`.
    pub product: Product,
    /// `haiilo.deprovision_policy`; in Advocacy, what a deactivation does there.
    pub deprovision: Deprovision,
    /// `okta.suspended` and `okta.staged`.
    pub statuses: StatusRules,
    /// `haiilo.missing`.
    pub missing: MissingRule,
    /// `[leavers]`.
    pub leavers: LeaverRules,
    /// `[protect]`.
    pub protected: Protected,
    /// `haiilo.auth.token_owner`; `None` where the credentials belong to no account.
    pub token_owner: Option<UserName>,
    /// `[limits]`.
    pub limits: Limits,
}

impl Policy {
    /// Whether our own token stops working when the account with this name is deleted.
    pub fn owns_token(&self, name: &UserName) -> bool {
        self.token_owner.as_ref().is_some_and(|owner| owner.same_as(name))
    }

    /// The state of an account after this action.
    pub fn removal_effect(&self, action: LeaverAction) -> RemovalEffect {
        match (action, self.deprovision) {
            (LeaverAction::Deactivate, Deprovision::Deactivate) => RemovalEffect::Deactivated,
            (LeaverAction::Deactivate, Deprovision::Delete) | (LeaverAction::Keep | LeaverAction::Delete, _) => {
                RemovalEffect::Deleted
            }
        }
    }

    /// What a leaver's grace period depends on besides the mapping: a change of it restarts all grace periods.
    pub fn leaver_text(&self) -> String {
        let LeaverRules { deactivated, unassigned, adopted, grace: _ } = &self.leavers;
        let suspended = match self.statuses.suspended {
            SuspendedRule::Keep => "keep",
            SuspendedRule::Leaver => "leaver",
        };
        format!("{deactivated:?} {unassigned:?} {adopted:?} {:?} suspended={suspended}", self.deprovision)
    }
}

/// Accounts that are never deleted, deactivated or renamed.
#[derive(Clone)]
pub struct Protected {
    patterns: Vec<(String, GlobMatcher)>,
}

/// A pattern that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Protected {
    /// Parses patterns of userNames or Haiilo ids. `*` and `?` match any characters. Case is ignored.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, PatternError> {
        let compile = |pattern: String| {
            let folded = UserName::new(pattern.as_str()).key();
            // Only the two documented wildcards have a meaning. An address may contain any other character.
            let literal: String = folded
                .chars()
                .map(|c| if matches!(c, '*' | '?') { c.to_string() } else { globset::escape(&c.to_string()) })
                .collect();
            let glob = GlobBuilder::new(&literal).literal_separator(false).backslash_escape(false).build();
            glob.map(|glob| (pattern, glob.compile_matcher())).map_err(|error| PatternError(error.kind().to_string()))
        };
        Ok(Self { patterns: patterns.into_iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// The pattern that protects an account with this userName.
    pub fn by_name(&self, name: &UserName) -> Option<&str> {
        self.matching(&name.key())
    }

    /// The pattern that protects the account with this id.
    pub fn by_id(&self, id: &HaiiloId) -> Option<&str> {
        self.matching(&id.as_str().to_lowercase())
    }

    /// Whether exactly this pattern is still configured.
    pub fn has(&self, pattern: &str) -> bool {
        self.patterns.iter().any(|(text, _)| text == pattern)
    }

    fn matching(&self, text: &str) -> Option<&str> {
        self.patterns.iter().find(|(_, glob)| glob.is_match(text)).map(|(pattern, _)| pattern.as_str())
    }
}

impl fmt::Debug for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protected").field("patterns", &self.patterns.len()).finish()
    }
}

/// The administrator's settings for groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRules {
    /// `include`: ids or names of groups of Okta; empty for the groups that are assigned to the application.
    pub include: Vec<String>,
    /// `delete`.
    pub delete: GroupDeletes,
}

/// Whether a group of Haiilo that we made is deleted when its group of Okta no longer exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupDeletes {
    /// It stays.
    Never,
    /// It is deleted after Okta confirms that the group does not exist.
    WhenGone,
}

/// How an entry of `include` identifies a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By id.
    Id(OktaGroupId),
    /// By exact name.
    Name(String),
}

impl Choice {
    /// Okta's ids of groups begin with `00g` and have twenty letters and digits. Any other text is a name.
    pub fn of(text: &str) -> Self {
        let is_id = text.len() == 20 && text.starts_with("00g") && text.chars().all(|c| c.is_ascii_alphanumeric());
        if is_id { Self::Id(OktaGroupId::new(text)) } else { Self::Name(text.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Protected;
    use crate::model::ids::{HaiiloId, UserName};

    #[test]
    fn protected_accounts() {
        let patterns = ["SCIM@example.com", "*@haiilo.com", "id-7"].map(str::to_owned);
        let protected = Protected::new(patterns).expect("patterns");
        assert_eq!(protected.by_name(&UserName::new("scim@EXAMPLE.com")), Some("SCIM@example.com"));
        assert_eq!(protected.by_name(&UserName::new("a.b+c@Haiilo.com")), Some("*@haiilo.com"));
        assert_eq!(protected.by_name(&UserName::new("ada@example.com")), None);
        assert_eq!(protected.by_id(&HaiiloId::new("ID-7")), Some("id-7"));
        // All other characters of a pattern match themselves.
        let odd = Protected::new(["svc[1]{a,b}\\!@example.com".to_owned()]).expect("a pattern");
        assert!(odd.by_name(&UserName::new("SVC[1]{a,b}\\!@example.com")).is_some());
        assert!(odd.by_name(&UserName::new("svc1a!@example.com")).is_none());
    }
}

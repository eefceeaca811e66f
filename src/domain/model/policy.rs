//! What the administrator decided: which product is served, what becomes of leavers, who is protected, and the limits of a day.

use std::fmt;

use chrono::TimeDelta;
use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

use crate::model::assignment::{StatusRules, SuspendedRule};
use crate::model::ids::{HaiiloId, OktaGroupId, UserName};
use crate::model::limit::Limits;

/// The two products behind the name; they share the path of their SCIM endpoint and little else, so that nothing is told from a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Product {
    /// Haiilo Advocacy: `active=false` deletes for ever, groups are an attribute, accounts hold six attributes.
    Advocacy,
    /// The Haiilo intranet: accounts of a user directory, which says what a deactivation does; any attribute, and profile fields.
    Intranet,
}

impl Product {
    /// The name that people know.
    pub fn title(self) -> &'static str {
        match self {
            Self::Advocacy => "Haiilo Advocacy",
            Self::Intranet => "the Haiilo intranet",
        }
    }
}

/// What becomes of an account that is deactivated. In the intranet the user directory's deprovision policy says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Deprovision {
    /// It stays, and nobody can log in to it.
    Deactivate,
    /// It is deleted. Advocacy does nothing else, and for ever.
    Delete,
}

/// What an account is after its person left and it was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RemovalEffect {
    /// It is inactive.
    Deactivated,
    /// It is deleted, and an administrator of the intranet may restore it.
    Deleted,
}

/// What becomes of a person who left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LeaverAction {
    /// The account stays.
    Keep,
    /// The account is deactivated once the grace is over; the intranet's alone.
    Deactivate,
    /// The account is deleted once the grace is over.
    Delete,
}

/// Whether leavers whose accounts existed before us are treated like the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdoptedRule {
    /// Their accounts stay.
    Keep,
    /// The same action as for accounts that we made.
    Same,
}

/// What is done about a linked account that Haiilo no longer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingRule {
    /// It is reported.
    Hold,
    /// A new account is made.
    Recreate,
}

/// `[leavers]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaverRules {
    /// For users whom Okta deactivated.
    pub deactivated: LeaverAction,
    /// For users who lost the assignment.
    pub unassigned: LeaverAction,
    /// For accounts that existed before us.
    pub adopted: AdoptedRule,
    /// How long a leaver's account stays, at the least.
    pub grace: TimeDelta,
}

/// Everything that the administrator decided and that a plan depends on, apart from the mapping.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `haiilo.product`.
    pub product: Product,
    /// `haiilo.deprovision_policy`, and what a deactivation does in Advocacy.
    pub deprovision: Deprovision,
    /// `okta.suspended` and `okta.staged`.
    pub statuses: StatusRules,
    /// `haiilo.missing`.
    pub missing: MissingRule,
    /// `[leavers]`.
    pub leavers: LeaverRules,
    /// `[protect]`.
    pub protected: Protected,
    /// `haiilo.auth.token_owner`; nobody where the credentials belong to no account.
    pub token_owner: Option<UserName>,
    /// `[limits]`.
    pub limits: Limits,
}

impl Policy {
    /// Whether our own token dies with the account that carries this name.
    pub fn owns_token(&self, name: &UserName) -> bool {
        self.token_owner.as_ref().is_some_and(|owner| owner.same_as(name))
    }

    /// What an account is once this action was taken.
    pub fn removal_effect(&self, action: LeaverAction) -> RemovalEffect {
        match (action, self.deprovision) {
            (LeaverAction::Deactivate, Deprovision::Deactivate) => RemovalEffect::Deactivated,
            (LeaverAction::Deactivate, Deprovision::Delete) | (LeaverAction::Keep | LeaverAction::Delete, _) => {
                RemovalEffect::Deleted
            }
        }
    }

    /// What a leaver's clock depends on besides the mapping: a change of it starts all clocks again.
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

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Protected {
    /// Reads patterns of userNames or Haiilo ids; `*` and `?` stand for any characters, and case makes no difference.
    pub fn new(patterns: impl IntoIterator<Item = String>) -> Result<Self, PatternError> {
        let compile = |pattern: String| {
            let folded = UserName::new(pattern.as_str()).key();
            // Only the two stars of the documentation mean anything; an address may hold any other sign.
            let literal: String = folded
                .chars()
                .map(|c| if matches!(c, '*' | '?') { c.to_string() } else { globset::escape(&c.to_string()) })
                .collect();
            let glob = GlobBuilder::new(&literal).literal_separator(false).backslash_escape(false).build();
            glob.map(|glob| (pattern, glob.compile_matcher())).map_err(|error| PatternError(error.kind().to_string()))
        };
        Ok(Self { patterns: patterns.into_iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// The pattern that protects an account which carries this userName.
    pub fn by_name(&self, name: &UserName) -> Option<&str> {
        self.matching(&name.key())
    }

    /// The pattern that protects the account with this id.
    pub fn by_id(&self, id: &HaiiloId) -> Option<&str> {
        self.matching(&id.as_str().to_lowercase())
    }

    /// The patterns as they are configured.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|(pattern, _)| pattern.as_str())
    }

    /// Whether this very pattern is still configured.
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

/// What the administrator decided about groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRules {
    /// `include`: ids or names of groups of Okta; empty for those that are assigned to the application.
    pub include: Vec<String>,
    /// `delete`.
    pub delete: GroupDeletes,
}

/// Whether a group of Haiilo that we made goes when its group of Okta is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupDeletes {
    /// It stays.
    Never,
    /// It goes, once Okta says that there is no such group.
    WhenGone,
}

/// How an entry of `include` means a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By id.
    Id(OktaGroupId),
    /// By name, letter by letter.
    Name(String),
}

impl Choice {
    /// Okta's ids of groups begin with `00g` and have twenty letters and digits; everything else is a name.
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
        // Whatever else a pattern holds stands for itself.
        let odd = Protected::new(["svc[1]{a,b}\\!@example.com".to_owned()]).expect("a pattern");
        assert!(odd.by_name(&UserName::new("SVC[1]{a,b}\\!@example.com")).is_some());
        assert!(odd.by_name(&UserName::new("svc1a!@example.com")).is_none());
    }
}

//! `[groups]` of the configuration: which groups take part, and what may happen to them.

use crate::domain::ids::OktaGroupId;

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

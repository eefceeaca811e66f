//! The profile of Haiilo's endpoint: what we learned from its answers and, if an administrator allowed it, from test writes.
//!
//! RFC 7644 leaves servers free in many of these points, and the product's documentation does not describe them.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::model::policy::Deprovision;

/// The profile of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetProfile {
    /// The endpoint. The profile says nothing about other endpoints.
    pub base_url: String,
    /// When it was last checked.
    pub learnt: DateTime<Utc>,
    /// The maximum number of users per page, where that is fewer than requested.
    pub page_cap: Option<u32>,
    /// How the endpoint handles a filter.
    pub filter: Option<FilterSupport>,
    /// Whether `totalResults` is the number of users.
    pub total: Option<TotalAccuracy>,
    /// What a write probe showed.
    pub writes: Option<WriteSupport>,
}

/// How the endpoint handles a filter by userName.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterSupport {
    /// It finds exactly the requested user.
    Honoured,
    /// It returns all users.
    Ignored,
    /// It returns an error.
    Refused,
    /// It finds no user, not even an existing one.
    FindsNobody,
}

/// Whether `totalResults` is correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalAccuracy {
    /// It was the number of users.
    Honest,
    /// It was a different number.
    Wrong,
    /// The endpoint does not send it.
    Missing,
}

/// What a write probe showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteSupport {
    /// When.
    pub learnt: DateTime<Utc>,
    /// Change one value by PATCH.
    pub patch: Ability,
    /// Change one value by PUT of the whole account.
    pub put: Ability,
    /// Change the userName.
    pub rename: Ability,
    /// Attributes whose values a new account does not keep.
    pub not_kept: Vec<String>,
    /// Where profile fields are kept, as the value for `haiilo.profile_fields`; only in the intranet.
    #[serde(default)]
    pub profile_fields: Option<CompactString>,
    /// What a deactivation does; only in the intranet.
    #[serde(default)]
    pub deactivation: Option<Deprovision>,
}

/// Whether a server can do something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// It can.
    Works,
    /// It answers that it does not know this kind of request.
    Unknown,
    /// It refuses, or answers with success and does something else.
    Fails,
    /// It was not tried, or the answer was lost.
    #[default]
    Untried,
}

impl TargetProfile {
    /// The page size to request where this one is configured.
    pub fn page_size(&self, configured: u32) -> u32 {
        self.page_cap.map_or(configured, |cap| configured.min(cap).max(1))
    }

    /// Whether a write probe showed that the server does not know PATCH, and accepts PUT instead.
    pub fn needs_put(&self) -> bool {
        self.writes.as_ref().is_some_and(|writes| writes.patch == Ability::Unknown && writes.put == Ability::Works)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Ability, TargetProfile, WriteSupport};

    fn profile(page_cap: Option<u32>, abilities: Option<(Ability, Ability)>) -> TargetProfile {
        let learnt = DateTime::UNIX_EPOCH;
        let writes = abilities.map(|(patch, put)| WriteSupport {
            learnt,
            patch,
            put,
            rename: Ability::Untried,
            not_kept: Vec::new(),
            profile_fields: None,
            deactivation: None,
        });
        TargetProfile { base_url: "https://x/".to_owned(), learnt, page_cap, filter: None, total: None, writes }
    }

    #[test]
    fn pages_are_never_larger_than_configured_nor_empty() {
        for (cap, expected) in [(None, 100), (Some(50), 50), (Some(200), 100), (Some(0), 1)] {
            assert_eq!(profile(cap, None).page_size(100), expected, "{cap:?}");
        }
    }

    #[test]
    fn put_takes_the_place_of_patch_only_where_both_were_tried() {
        assert!(!profile(None, None).needs_put());
        for (patch, put, expected) in [
            (Ability::Unknown, Ability::Works, true),
            (Ability::Unknown, Ability::Untried, false),
            (Ability::Fails, Ability::Works, false),
            (Ability::Works, Ability::Works, false),
        ] {
            assert_eq!(profile(None, Some((patch, put))).needs_put(), expected, "{patch:?} {put:?}");
        }
    }
}

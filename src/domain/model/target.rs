//! What was learnt of Haiilo's endpoint by looking at it and, if an administrator wanted that, by writing to it: its profile.
//!
//! RFC 7644 leaves servers free in much of this, and the product's documents do not tell it.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::model::policy::Deprovision;

/// The profile of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetProfile {
    /// The endpoint; of another one this says nothing.
    pub base_url: String,
    /// When it was looked at last.
    pub learnt: DateTime<Utc>,
    /// The most users that a page holds, where that is fewer than were asked for.
    pub page_cap: Option<u32>,
    /// How a filter is treated.
    pub filter: Option<FilterSupport>,
    /// Whether `totalResults` is the number of users.
    pub total: Option<TotalAccuracy>,
    /// What a write probe showed.
    pub writes: Option<WriteSupport>,
}

/// How a filter by userName is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterSupport {
    /// It finds whom it asks for and nobody else.
    Honoured,
    /// Everybody is found.
    Ignored,
    /// It is an error.
    Refused,
    /// Nobody is found, not even somebody who is there.
    FindsNobody,
}

/// What `totalResults` is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalAccuracy {
    /// It was the number of users.
    Honest,
    /// It was another number.
    Wrong,
    /// There is none.
    Missing,
}

/// What a write probe showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteSupport {
    /// When.
    pub learnt: DateTime<Utc>,
    /// Changing one value by PATCH.
    pub patch: Ability,
    /// Changing one value by PUT of the whole account.
    pub put: Ability,
    /// Changing the userName.
    pub rename: Ability,
    /// Attributes whose values a new account did not keep.
    pub not_kept: Vec<String>,
    /// Where profile fields are kept, in the word of `haiilo.profile_fields`; the intranet's alone.
    #[serde(default)]
    pub profile_fields: Option<CompactString>,
    /// What a deactivation does; the intranet's alone.
    #[serde(default)]
    pub deactivation: Option<Deprovision>,
}

/// Whether a server can do something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// It did.
    Works,
    /// It says that it does not know this kind of request.
    Unknown,
    /// It refused, or answered and did something else.
    Fails,
    /// It was not tried, or the answer was lost.
    #[default]
    Untried,
}

impl TargetProfile {
    /// The page size to ask for where this one is configured.
    pub fn page_size(&self, configured: u32) -> u32 {
        self.page_cap.map_or(configured, |cap| configured.min(cap).max(1))
    }

    /// Whether a write probe showed that the server does not know PATCH, and takes PUT in its place.
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

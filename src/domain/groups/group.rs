//! A group as each side shows it.
//!
//! Follows the schema `Group` of Okta's management API, and RFC 7643, 4.2. SCIM's groups have no description; where the intranet shows
//! one, it stands beside the core attributes.

use compact_str::CompactString;
use unicode_normalization::UnicodeNormalization as _;

use crate::domain::groups::members::Members;
use crate::domain::ids::{HaiiloGroupId, OktaGroupId};
use crate::domain::walk::Listed;

/// A group of Okta.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OktaGroup {
    /// The id.
    pub id: OktaGroupId,
    /// `profile.name`; empty where Okta shows none.
    pub name: CompactString,
    /// `profile.description`.
    pub description: Option<CompactString>,
}

/// A group of Haiilo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaiiloGroup {
    /// The id.
    pub id: HaiiloGroupId,
    /// `displayName`; empty where the server shows none.
    pub name: CompactString,
    /// `externalId`, where the server keeps it.
    pub external_id: Option<CompactString>,
    /// `description`, where the server keeps it.
    pub description: Option<CompactString>,
    /// `members`; `None` where this answer left them out.
    pub members: Option<Members>,
}

impl Listed for HaiiloGroup {
    const WHAT: &'static str = "groups";

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

/// The form in which names of groups are compared: NFC, trimmed, lower case.
pub fn key(name: &str) -> CompactString {
    name.trim().nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Whether two texts are the same, letter by letter, apart from blanks around them.
pub fn same(left: Option<&str>, right: Option<&str>) -> bool {
    let plain = |text: Option<&str>| text.map_or_else(String::new, |text| text.trim().nfc().collect());
    left == right || plain(left) == plain(right)
}

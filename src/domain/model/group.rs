//! A group as each side shows it.
//!
//! Follows the schema `Group` of Okta's management API, and RFC 7643, 4.2. SCIM's groups have no description. If the intranet shows one, it
//! is next to the core attributes.

use compact_str::CompactString;
use unicode_normalization::UnicodeNormalization as _;

use crate::model::ids::{HaiiloGroupId, OktaGroupId};
use crate::model::key_index::hash;

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
    /// `externalId`, where the server stores it.
    pub external_id: Option<CompactString>,
    /// `description`, where the server stores it.
    pub description: Option<CompactString>,
    /// `members`; `None` where this answer did not contain them.
    pub members: Option<Members>,
}

/// The form for comparing names of groups: NFC, trimmed, lower case.
pub fn key(name: &str) -> CompactString {
    name.trim().nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// Whether two texts are equal letter by letter, without the spaces around them.
pub fn same(left: Option<&str>, right: Option<&str>) -> bool {
    let plain = |text: Option<&str>| text.map_or_else(String::new, |text| text.trim().nfc().collect());
    left == right || plain(left) == plain(right)
}

/// The members of a group whose list was read completely.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// People that the cycle knows, in order, each once.
    indexes: Vec<PersonIndex>,
    /// Hashes of the ids of all other members, in order, each once.
    others: Vec<u64>,
}

/// Collects members while they are read.
#[derive(Clone, Debug, Default)]
pub struct MembersBuilder {
    indexes: Vec<PersonIndex>,
    others: Vec<u64>,
}

impl MembersBuilder {
    /// Adds a member: the index of a person that the cycle knows, otherwise the id.
    pub fn take(&mut self, index: Option<PersonIndex>, id: &str) {
        match index {
            Some(index) => self.indexes.push(index),
            None => self.others.push(hash(id)),
        }
    }

    /// The members, after the last one was read.
    pub fn finish(self) -> Members {
        let Self { mut indexes, mut others } = self;
        indexes.sort_unstable();
        indexes.dedup();
        indexes.shrink_to_fit();
        others.sort_unstable();
        others.dedup();
        others.shrink_to_fit();
        Members { indexes, others }
    }
}

impl Members {
    /// People that the cycle knows, in order.
    pub fn indexes(&self) -> &[PersonIndex] {
        &self.indexes
    }

    /// How many others there are.
    pub fn others(&self) -> usize {
        self.others.len()
    }

    /// Whether a person is among them.
    pub fn has(&self, index: PersonIndex) -> bool {
        self.indexes.binary_search(&index).is_ok()
    }

    /// Whether a member with this id is in the group. The person has this index, or none.
    pub fn has_id(&self, index: Option<PersonIndex>, id: &str) -> bool {
        index.is_some_and(|index| self.has(index)) || self.others.binary_search(&hash(id)).is_ok()
    }

    /// People who are in this group and not in the other.
    pub fn without<'a>(&'a self, there: &'a Self) -> impl Iterator<Item = PersonIndex> + 'a {
        self.indexes.iter().copied().filter(|index| !there.has(*index))
    }

    /// How many members were added or removed between two readings. Members with these ids do not count; each id has its index, where there
    /// is one.
    pub fn changed_besides(&self, before: &Self, named: &[(Option<PersonIndex>, &str)]) -> usize {
        let named_indexes: Vec<PersonIndex> = named.iter().filter_map(|(index, _)| *index).collect();
        let named_others: Vec<u64> = named.iter().map(|(_, id)| hash(id)).collect();
        let indexes = self.without(before).chain(before.without(self)).filter(|index| !named_indexes.contains(index));
        let differ = |here: &Self, there: &Self| {
            let gone = here.others.iter().filter(|other| there.others.binary_search(other).is_err());
            gone.filter(|other| !named_others.contains(other)).count()
        };
        indexes.count() + differ(self, before) + differ(before, self)
    }
}

/// A person's position in the order of the Okta ids of all people who are assigned or linked. It is valid only within one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonIndex(pub(crate) u32);

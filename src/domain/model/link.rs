//! Links: which account belongs to which person. A link identifies a person, not just an id: it stores the userName last seen.

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use crate::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName};
use crate::model::key_index::{KeyIndex, hash};
use crate::model::word::Word as _;

/// One person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The Okta user.
    pub okta_id: OktaUserId,
    /// The account.
    pub haiilo_id: HaiiloId,
    /// The userName of the account when it was last seen.
    pub user_name: UserName,
    /// How we came to manage the account.
    pub origin: Origin,
    /// Whether a listing ever showed the account.
    pub listed: Listed,
    /// The time from which Haiilo no longer shows the account.
    pub missing: Option<Absence>,
}

impl Link {
    /// Whether a userName, an Okta id or a Haiilo id identifies this link.
    pub fn is_named(&self, login: &str) -> bool {
        self.okta_id.as_str() == login
            || self.haiilo_id.as_str() == login
            || self.user_name.same_as(&UserName::new(login))
    }
}

/// How we came to manage an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Origin {
    /// We made it.
    Created,
    /// It existed before.
    Adopted,
}

impl Origin {
    /// Reads a stored word. An unknown word has the safe meaning: an adopted account is not deleted automatically.
    pub fn of(word: &str) -> Self {
        if word == Self::Created.as_str() { Self::Created } else { Self::Adopted }
    }
}

/// Whether a listing ever showed an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Not yet: it may wait for a free licence seat.
    Never,
    /// Yes.
    Seen,
}

/// The time from which something is missing, and whether an operator approved it. After an approval it no longer counts towards a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// The first cycle that did not find it.
    pub since: DateTime<Utc>,
    /// Whether an approval covered it.
    pub counted: Counted,
}

/// Whether something counts towards the limits of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It counts.
    Yes,
    /// An approval covers it.
    Approved,
}

/// All links, found by either id.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// In the order of the Okta ids.
    rows: Vec<Link>,
    by_account: KeyIndex,
}

impl Links {
    /// The link of a person.
    pub fn of_person(&self, id: &OktaUserId) -> Option<&Link> {
        self.rows.binary_search_by(|link| link.okta_id.cmp(id)).ok().map(|at| &self.rows[at])
    }

    /// The link at a position.
    pub(crate) fn at(&self, position: usize) -> &Link {
        &self.rows[position]
    }

    /// The link of an account.
    pub fn of_account(&self, id: &HaiiloId) -> Option<&Link> {
        let candidates = self.by_account.candidates(hash(id.as_str()));
        candidates.map(|at| &self.rows[at]).find(|link| link.haiilo_id == *id)
    }

    /// All links in the order of the Okta ids.
    pub fn iter(&self) -> std::slice::Iter<'_, Link> {
        self.rows.iter()
    }

    /// The number of links.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no links.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl FromIterator<Link> for Links {
    fn from_iter<I: IntoIterator<Item = Link>>(links: I) -> Self {
        let mut rows: Vec<Link> = links.into_iter().collect();
        rows.sort_by(|left, right| left.okta_id.cmp(&right.okta_id));
        let by_account = rows.iter().map(|link| Some(hash(link.haiilo_id.as_str()))).collect();
        Self { rows, by_account }
    }
}

impl<'a> IntoIterator for &'a Links {
    type Item = &'a Link;
    type IntoIter = std::slice::Iter<'a, Link>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The link of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLink {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo.
    pub haiilo_id: HaiiloGroupId,
    /// The name of the group in Haiilo when it was last seen or set.
    pub name: CompactString,
    /// Whether we made it.
    pub origin: Origin,
    /// The description that we last set. A server may drop it, so the same description is not sent again.
    pub described: Option<CompactString>,
}

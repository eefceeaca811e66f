//! Accounts as a test makes them and looks at them: copies, which no answer can bend.

use serde_json::{Map, Value};

use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::store::{Origin, Row, Seen};
use crate::haiilo::scim::text::NameCase;
use crate::people::Person;

/// An account that an admin makes by hand. An empty group is the one that was created first; an empty team is none. An intranet has
/// neither, so that it makes the account without both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSeed {
    /// The e-mail address that names the account.
    pub user_name: String,
    /// The given name.
    pub given: String,
    /// The family name.
    pub family: String,
    /// The group.
    pub group: String,
    /// The team.
    pub team: String,
}

/// The groups that an admin makes for the countries of the simulated people.
pub const GROUPS: [(&str, &str); 6] = [
    ("AT", "Austria"),
    ("CH", "Switzerland"),
    ("DE", "Germany"),
    ("FI", "Finland"),
    ("FR", "France"),
    ("IE", "Ireland"),
];

impl AccountSeed {
    /// The account that an admin makes for a person: in the group of the country, in the team of the city.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let group = GROUPS.iter().find(|(code, _)| *code == person.country_code).map_or("", |(_, name)| name);
        Self {
            user_name: person.email.clone(),
            given: person.given.to_owned(),
            family: person.family.to_owned(),
            group: group.to_owned(),
            team: person.city.to_owned(),
        }
    }
}

/// What an account may do. SCIM does not see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A user.
    User,
    /// A company admin.
    Admin,
}

/// An account as it is stored: the truth, whatever the server answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The id.
    pub id: String,
    /// The `userName`.
    pub user_name: String,
    /// Where it came from.
    pub origin: Origin,
    /// What it may do.
    pub role: Role,
    /// Where it shows.
    pub seen: Seen,
    /// How often it was written, from 1.
    pub version: u64,
    /// The SCIM attributes, without what the server adds to an answer.
    pub attributes: Map<String, Value>,
    /// The names of the groups of an intranet that it is in, in the order in which it came into them.
    pub groups: Vec<String>,
}

impl Account {
    /// A copy of a row.
    pub(crate) fn of(row: &Row, role: Role) -> Self {
        Self {
            id: row.id.clone(),
            user_name: row.user_name().to_owned(),
            origin: row.origin,
            role,
            seen: row.seen,
            version: row.version,
            attributes: row.attributes.clone(),
            groups: row.groups.iter().map(|membership| membership.name.clone()).collect(),
        }
    }

    /// The value at a path without filter, such as `name.givenName`; of a list, the first that has it.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        AttrPath::parse(path)?.find(&self.attributes, NameCase::Ignored).into_iter().next()
    }

    /// The same as text; empty when there is none.
    #[must_use]
    pub fn text(&self, path: &str) -> &str {
        self.get(path).and_then(Value::as_str).unwrap_or("")
    }

    /// The group, which SCIM calls `country`.
    #[must_use]
    pub fn group(&self) -> &str {
        self.text("addresses.country")
    }

    /// The team that SCIM calls `locality`.
    #[must_use]
    pub fn team(&self) -> &str {
        self.text("addresses.locality")
    }

    /// Whether the account is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.get("active") != Some(&Value::Bool(false))
    }
}

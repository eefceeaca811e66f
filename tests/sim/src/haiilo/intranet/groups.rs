//! The groups of an intranet: by number, by id and by name, and who is in them. It knows members by their numbers and nothing of accounts.

use crate::haiilo::scim::membership::Membership;
use crate::haiilo::scim::store::{Origin, uuid};
use crate::haiilo::scim::text::folded;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Where the ids of groups begin, far from those of accounts.
const FIRST: u64 = 1 << 41;

/// A group as it is stored: the truth, whatever the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The id.
    pub id: String,
    /// The `displayName`.
    pub name: String,
    /// The `externalId`, if it has one.
    pub external_id: Option<String>,
    /// The `description`, if it has one.
    pub description: Option<String>,
    /// The ids of the accounts in it, oldest account first.
    pub members: Vec<String>,
    /// Where it came from.
    pub origin: Origin,
    /// How often it was written, from 1.
    pub version: u64,
}

/// The values of a group, apart from its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) description: Option<String>,
}

/// One group.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) values: Values,
    /// The numbers of the accounts in it.
    pub(crate) members: BTreeSet<usize>,
    pub(crate) origin: Origin,
    pub(crate) version: u64,
    pub(crate) created: String,
    pub(crate) modified: String,
    /// What its members show.
    pub(crate) membership: Arc<Membership>,
}

/// All groups. Groups are named by their number in the order of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    entries: BTreeMap<usize, Entry>,
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    made: usize,
}

fn membership(id: &str, name: &str) -> Arc<Membership> {
    Arc::new(Membership { id: id.to_owned(), name: name.to_owned() })
}

impl Groups {
    /// Makes a group without members and gives its number.
    pub(crate) fn add(&mut self, values: Values, origin: Origin, now: &str) -> usize {
        let number = self.made;
        self.made += 1;
        let id = uuid(FIRST + u64::try_from(number).expect("fewer groups than that fit in memory"));
        self.by_id.insert(id.clone(), number);
        self.by_name.insert(folded(&values.name), number);
        let entry = Entry {
            membership: membership(&id, &values.name),
            id,
            values,
            members: BTreeSet::new(),
            origin,
            version: 1,
            created: now.to_owned(),
            modified: now.to_owned(),
        };
        self.entries.insert(number, entry);
        number
    }

    /// Removes a group.
    pub(crate) fn remove(&mut self, number: usize) -> Option<Entry> {
        let entry = self.entries.remove(&number)?;
        self.by_id.remove(&entry.id);
        self.by_name.remove(&folded(&entry.values.name));
        Some(entry)
    }

    /// Gives a group other values.
    pub(crate) fn set(&mut self, number: usize, values: Values) {
        let Some(entry) = self.entries.get_mut(&number) else { return };
        if entry.values.name != values.name {
            self.by_name.remove(&folded(&entry.values.name));
            self.by_name.insert(folded(&values.name), number);
            entry.membership = membership(&entry.id, &values.name);
        }
        entry.values = values;
    }

    /// The members of a group, to change them.
    pub(crate) fn members_mut(&mut self, number: usize) -> Option<&mut BTreeSet<usize>> {
        self.entries.get_mut(&number).map(|entry| &mut entry.members)
    }

    /// Notes that a group was written.
    pub(crate) fn touch(&mut self, number: usize, now: &str) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.version += 1;
            now.clone_into(&mut entry.modified);
        }
    }

    /// The group with this number.
    pub(crate) fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(&number)
    }

    /// The number of the group with this id.
    pub(crate) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The number of the group with this name, without case.
    pub(crate) fn by_name(&self, name: &str) -> Option<usize> {
        self.by_name.get(&folded(name)).copied()
    }

    /// All groups, oldest first.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = (usize, &Entry)> {
        self.entries.iter().map(|(number, entry)| (*number, entry))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

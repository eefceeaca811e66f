//! The deleted accounts of an intranet, which an admin can restore: by number, by id and by user name. It knows nothing of requests.

use std::collections::{BTreeMap, HashMap};

use crate::haiilo::scim::store::Row;
use crate::haiilo::scim::text::folded;

/// The deleted accounts, by their numbers in the order of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bin {
    rows: BTreeMap<usize, Row>,
    by_id: HashMap<String, usize>,
    /// The latest is the last.
    by_name: HashMap<String, Vec<usize>>,
}

impl Bin {
    /// Takes a deleted account in.
    pub(crate) fn put(&mut self, number: usize, row: Row) {
        self.by_id.insert(row.id.clone(), number);
        self.by_name.entry(folded(row.user_name())).or_default().push(number);
        self.rows.insert(number, row);
    }

    /// Gives an account back.
    pub(crate) fn take(&mut self, number: usize) -> Option<Row> {
        let row = self.rows.remove(&number)?;
        self.by_id.remove(&row.id);
        if let Some(numbers) = self.by_name.get_mut(&folded(row.user_name())) {
            numbers.retain(|other| *other != number);
        }
        Some(row)
    }

    /// The number of the deleted account with this id.
    pub(crate) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The number of the latest deleted account with this user name, without case.
    pub(crate) fn by_name(&self, user_name: &str) -> Option<usize> {
        self.by_name.get(&folded(user_name))?.last().copied()
    }

    /// The deleted account with this number.
    pub(crate) fn row(&self, number: usize) -> Option<&Row> {
        self.rows.get(&number)
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }
}

//! Finds rows by the hash of a key.
//!
//! A search reads one place of a small table, not texts that are spread over the memory. Different keys can have the same hash, so the
//! caller must compare the keys of the rows found.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use hashbrown::HashTable;

/// Positions of rows, by the hashes of their keys. Each row of each listing has an entry, so only half of a hash is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndex(HashTable<(u32, u32)>);

impl KeyIndex {
    /// The candidates for a key: the positions of all rows with this hash, in no order.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = usize> {
        let wanted = half(hash);
        self.0.iter_hash(whole(wanted)).filter(move |(found, _)| *found == wanted).map(|(_, at)| *at as usize)
    }
}

/// Built from the hash of each row's key, in the order of the rows. A row without a key is not found.
impl FromIterator<Option<u64>> for KeyIndex {
    fn from_iter<I: IntoIterator<Item = Option<u64>>>(hashes: I) -> Self {
        let hashes = hashes.into_iter();
        let mut table = HashTable::with_capacity(hashes.size_hint().0);
        for (at, hash) in (0..).zip(hashes) {
            if let Some(hash) = hash.map(half) {
                table.insert_unique(whole(hash), (hash, at), |(hash, _)| whole(*hash));
            }
        }
        Self(table)
    }
}

/// The upper half of a hash.
fn half(hash: u64) -> u32 {
    u32::try_from(hash >> 32).expect("the upper half of 64 bits has 32")
}

/// The full hash for the table, made from half a hash: the table uses the bits of both halves.
fn whole(half: u32) -> u64 {
    u64::from(half) << 32 | u64::from(half)
}

/// The hash of a text, the same in each process.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{KeyIndex, hash};

    #[test]
    fn rows_are_found_by_hash_and_those_without_are_not() {
        let rows = ["b", "a", "", "b"];
        let positions: KeyIndex = rows.iter().map(|row| (!row.is_empty()).then(|| hash(row))).collect();
        let found = |key: &str| {
            let mut found: Vec<usize> = positions.candidates(hash(key)).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(found("b"), [0, 3]);
        assert_eq!(found("a"), [1]);
        assert_eq!((found(""), found("c")), (vec![], vec![]));
    }
}

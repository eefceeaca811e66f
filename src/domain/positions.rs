//! Where rows are, by the hash of a key.
//!
//! A look goes through a small array of numbers instead of through texts that lie all over the memory. Hashes may agree where keys do
//! not, so that whoever looks compares what is found.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

/// Positions of rows, in the order of the hashes of their keys. There is one for each row of each listing, so that half of a hash must do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions(Vec<(u32, u32)>);

impl Positions {
    /// The candidates for a key: the positions of all rows whose key has this hash, in their order.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = usize> {
        let hash = half(hash);
        let from = self.0.partition_point(|(found, _)| *found < hash);
        self.0[from..].iter().take_while(move |(found, _)| *found == hash).map(|(_, at)| *at as usize)
    }
}

/// From the hash of each row's key, in the order of the rows; a row without a key is not found.
impl FromIterator<Option<u64>> for Positions {
    fn from_iter<I: IntoIterator<Item = Option<u64>>>(hashes: I) -> Self {
        let hashes = hashes.into_iter();
        let mut positions: Vec<(u32, u32)> = Vec::with_capacity(hashes.size_hint().0);
        positions.extend((0..).zip(hashes).filter_map(|(at, hash): (u32, Option<u64>)| Some((half(hash?), at))));
        positions.sort_unstable();
        Self(positions)
    }
}

/// The upper half of a hash.
fn half(hash: u64) -> u32 {
    u32::try_from(hash >> 32).expect("the upper half of 64 bits has 32")
}

/// The hash of a text, the same in every process.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{Positions, hash};

    #[test]
    fn rows_are_found_by_hash_and_those_without_are_not() {
        let rows = ["b", "a", "", "b"];
        let positions: Positions = rows.iter().map(|row| (!row.is_empty()).then(|| hash(row))).collect();
        let found = |key: &str| positions.candidates(hash(key)).collect::<Vec<_>>();
        assert_eq!(found("b"), [0, 3]);
        assert_eq!(found("a"), [1]);
        assert_eq!((found(""), found("c")), (vec![], vec![]));
    }
}

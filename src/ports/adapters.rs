//! The adapters of a cycle: everything that is read, in one place.

use crate::clock::Clock;
use crate::ports::source::{AssignmentSource, GroupSource};
use crate::ports::store::StoreReader;
use crate::ports::target::{AccountReader, GroupReader};

/// The adapters of a cycle: everything that is read. What is written is given beside it, where there is anything to write.
pub trait Adapters: Send + Sync {
    /// Where assignments and groups come from.
    type Source: AssignmentSource + GroupSource;
    /// Where accounts and groups are read.
    type Reader: AccountReader + GroupReader;
    /// The store.
    type Store: StoreReader;
    /// The time.
    type Clock: Clock;

    /// Where assignments come from.
    fn source(&self) -> &Self::Source;
    /// Where accounts are read.
    fn reader(&self) -> &Self::Reader;
    /// The store.
    fn store(&self) -> &Self::Store;
    /// The time.
    fn clock(&self) -> &Self::Clock;
}

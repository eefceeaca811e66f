//! Why the lock of the cycle was not given.

use std::io;

use crate::ports::StoreFailure;

/// The lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("{holder} is running; wait until it has finished")]
    Held {
        /// What the holder wrote about itself.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("the lock file {path} cannot be opened; check the owner and mode of its folder")]
    Unusable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The database that keeps the lock cannot be used.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl LockError {
    /// Somebody has it, who may have said nothing about itself.
    pub(super) fn held_by(words: &str) -> Self {
        let holder = if words.trim().is_empty() { "another cycle".to_owned() } else { words.trim().to_owned() };
        Self::Held { holder }
    }
}

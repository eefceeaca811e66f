//! The lock of the cycle: one cycle at a time, on all machines together. It ends with its holder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::ports::StoreFailure;
use crate::store::location::StorePath;

/// The lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
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
    /// Another process has it, which may have said nothing about itself.
    pub(super) fn held_by(words: &str) -> Self {
        let holder = if words.trim().is_empty() { "another cycle".to_owned() } else { words.trim().to_owned() };
        Self::Held { holder }
    }
}

/// The lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
}

impl FileLock {
    /// Takes the lock, or says who has it.
    pub(super) fn try_take(path: &StorePath, holder: &str) -> Result<Self, LockError> {
        let name = path.lock_file();
        let unusable = |source| LockError::Unusable { path: name.display().to_string(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&name)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // A holder that cannot be read is still a holder.
                let _ = file.read_to_string(&mut text);
                return Err(LockError::held_by(&text));
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(holder.as_bytes())
        };
        write(&mut file).map_err(unusable)?;
        Ok(Self { file })
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // The lock ends with the file handle in any case; an empty file only says to readers that it is free.
        let _ = self.file.set_len(0);
    }
}

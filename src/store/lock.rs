//! The lock of the cycle: one cycle at a time, whoever starts it. The operating system lets go of it when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::store::path::StorePath;

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct CycleLock {
    file: File,
}

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
}

impl CycleLock {
    /// Takes the lock, or says who has it. `holder` is what others will be told, such as "sync (process 4711)".
    pub fn try_take(path: &StorePath, holder: &str) -> Result<Self, LockError> {
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
                // Who cannot be read is still somebody.
                let _ = file.read_to_string(&mut text);
                let holder = if text.trim().is_empty() { "another cycle".to_owned() } else { text.trim().to_owned() };
                return Err(LockError::Held { holder });
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

impl Drop for CycleLock {
    fn drop(&mut self) {
        // The lock ends with the file handle in any case; an empty file only tells readers that nobody holds it.
        let _ = self.file.set_len(0);
    }
}

//! The lock of a cycle that writes to a file: a lock on a file beside it. The operating system lets go of it when the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use crate::store::lock_error::LockError;
use crate::store::path::StorePath;

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
                // Who cannot be read is still somebody.
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
        // The lock ends with the file handle in any case; an empty file only tells readers that nobody holds it.
        let _ = self.file.set_len(0);
    }
}

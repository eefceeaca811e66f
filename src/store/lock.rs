//! The lock of the cycle: one cycle at a time, whoever starts it, on whatever machine. It ends with its holder.

use crate::store::file_lock::FileLock;
use crate::store::lock_error::LockError;
use crate::store::path::StorePath;
use crate::store::place::StorePlace;
use crate::store::postgres::Session;

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct CycleLock {
    pub(super) place: StorePlace,
    pub(super) held: LockHolder,
}

/// What holds the lock.
#[derive(Debug)]
pub(super) enum LockHolder {
    /// A lock on a file.
    File(StorePath, FileLock),
    /// A connection to the database, over which everything is written too.
    Session(Session),
}

impl CycleLock {
    /// Takes the lock, or says who has it. `holder` is what others will be told, such as "sync (process 4711)".
    pub async fn try_take(place: impl Into<StorePlace>, holder: &str) -> Result<Self, LockError> {
        let place = place.into();
        let held = match &place {
            StorePlace::File(path) => LockHolder::File(path.clone(), FileLock::try_take(path, holder)?),
            StorePlace::Server(url) => LockHolder::Session(Session::try_lock(url, holder).await?),
        };
        Ok(Self { place, held })
    }
}

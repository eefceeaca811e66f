//! The store of a cycle, which writes and holds the lock, and that of a dry run, which can only read.

use futures_util::future::BoxFuture;
use sqlx::{AnyConnection, Connection as _, Error};
use tokio::sync::Mutex;

use crate::ports::StoreFailure;
use crate::store::journal::Queue;
use crate::store::location::{StorePath, StorePlace};
use crate::store::lock::{FileLock, LockError};
use crate::store::postgres::{self, LockKey, Session};
use crate::store::sqlite::{self, SnapshotConnection};

/// A store that a cycle may write to. Holds the lock of the cycle until it is dropped.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Mutex<AnyConnection>,
    pub(super) place: StorePlace,
    pub(super) guard: LockGuard,
    /// Entries of the journal that wait for the connection.
    pub(super) queue: Queue,
}

/// What keeps other cycles away.
#[derive(Debug)]
pub(super) enum LockGuard {
    /// A lock on a file, beside the connection.
    File(FileLock),
    /// A lock that the connection itself holds.
    Session(LockKey),
}

/// A store that can only be read. It may not exist yet: then nothing is remembered.
#[derive(Debug)]
pub struct ReadStore {
    pub(super) place: StorePlace,
}

impl Store {
    /// Opens or makes the store whose lock this is, and brings its schema up to date.
    pub async fn open(place: impl Into<StorePlace>, lock: CycleLock) -> Result<Self, StoreFailure> {
        let place = place.into();
        let CycleLock { place: locked, held } = lock;
        if place != locked {
            let message = format!(
                "the store {place} is not opened, since the lock is that of {locked}; take the lock of this store"
            );
            return Err(StoreFailure { message, cause: None });
        }
        let (connection, guard) = match held {
            LockHolder::File(path, lock) => (sqlite::open(&path).await?, LockGuard::File(lock)),
            LockHolder::Session(session) => {
                let (connection, key) = session.open(&place).await?;
                (connection, LockGuard::Session(key))
            }
        };
        Ok(Self { connection: Mutex::new(connection), place, guard, queue: Queue::default() })
    }

    /// Closes the store in order, and releases the lock after that. A store that is merely dropped is closed some time later.
    pub async fn close(self) -> Result<(), StoreFailure> {
        let Self { connection, place, guard, queue: _ } = self;
        let connection = connection.into_inner();
        match guard {
            LockGuard::File(lock) => {
                let closed = connection.close().await.map_err(|error| explain(&place, error));
                drop(lock);
                closed
            }
            LockGuard::Session(key) => {
                postgres::close(connection, key).await;
                Ok(())
            }
        }
    }
}

impl ReadStore {
    /// Names the store; nothing is opened yet.
    pub fn new(place: impl Into<StorePlace>) -> Self {
        Self { place: place.into() }
    }
}

/// A store that can be read.
pub(super) trait ReadTransaction: Send + Sync {
    /// Where the store is.
    fn place(&self) -> &StorePlace;

    /// Reads something. Where there is no store yet, nothing is found.
    fn read<T: Default + Send>(
        &self,
        work: impl for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    ) -> impl Future<Output = Result<T, StoreFailure>> + Send;
}

impl ReadTransaction for Store {
    fn place(&self) -> &StorePlace {
        &self.place
    }

    async fn read<T: Default + Send>(
        &self,
        work: impl for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    ) -> Result<T, StoreFailure> {
        let mut connection = self.connection.lock().await;
        work(&mut connection).await.map_err(|error| explain(&self.place, error))
    }
}

impl ReadTransaction for ReadStore {
    fn place(&self) -> &StorePlace {
        &self.place
    }

    async fn read<T: Default + Send>(
        &self,
        work: impl for<'c> Fn(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, Error>> + Send + Sync,
    ) -> Result<T, StoreFailure> {
        let found = match &self.place {
            StorePlace::Server(url) => {
                let (mut connection, content) = postgres::inspect(url).await?;
                let found = content.read(&mut connection, work).await;
                postgres::leave(connection).await;
                found
            }
            StorePlace::File(path) => loop {
                let Some(mut glimpse) = SnapshotConnection::of(path).await? else { return Ok(T::default()) };
                let found = glimpse.content.read(&mut glimpse.connection, &work).await;
                // A cycle that began to write meanwhile may have shown us a mixture, or a false error: read again, beside it.
                if glimpse.holds(path).await {
                    break found;
                }
            },
        };
        found.map_err(|error| explain(&self.place, error))
    }
}

/// A failure of a store, with what the database says about it.
pub(super) fn explain(place: &StorePlace, error: Error) -> StoreFailure {
    match place {
        StorePlace::File(_) => sqlite::explain(place, error),
        StorePlace::Server(_) => postgres::explain(place, error),
    }
}

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
    /// Takes the lock, or says who has it. `holder` is what others will see, such as "sync (process 4711)".
    pub async fn try_take(place: impl Into<StorePlace>, holder: &str) -> Result<Self, LockError> {
        let place = place.into();
        let held = match &place {
            StorePlace::File(path) => LockHolder::File(path.clone(), FileLock::try_take(path, holder)?),
            StorePlace::Server(url) => LockHolder::Session(Session::try_lock(url, holder).await?),
        };
        Ok(Self { place, held })
    }
}

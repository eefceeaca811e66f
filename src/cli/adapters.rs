//! What a command reads and writes in one run: the clients of both sides, with a store that it opens and closes.

use std::time::Duration;

use crate::cli::context::Context;
use crate::cli::exit::CommandResult;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::Wiring;
use crate::clock::{Clock as _, SystemClock};
use crate::engine::{self, CycleError, Prepared, Scope};
use crate::haiilo::HaiiloReader;
use crate::okta::OktaClient;
use crate::ports::{Adapters, StoreReader};
use crate::store::{CycleLock, LockError, ReadStore, Store};

/// How long a command waits for another run to end.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How often it tries to take the lock.
const TRY_EVERY: Duration = Duration::from_millis(500);

/// The adapters of a cycle with one kind of store.
#[derive(Debug)]
pub(super) struct StoreAdapters<'a, S> {
    pub(super) wiring: &'a Wiring,
    pub(super) store: S,
}

impl<S: StoreReader> Adapters for StoreAdapters<'_, S> {
    type Source = OktaClient<SystemClock>;
    type Reader = HaiiloReader<SystemClock>;
    type Store = S;
    type Clock = SystemClock;

    fn source(&self) -> &Self::Source {
        &self.wiring.source
    }

    fn reader(&self) -> &Self::Reader {
        &self.wiring.reader
    }

    fn store(&self) -> &Self::Store {
        &self.store
    }

    fn clock(&self) -> &Self::Clock {
        &self.wiring.clock
    }
}

impl<S: StoreReader> StoreAdapters<'_, S> {
    /// Reads both sides and makes the plan, with progress bars.
    pub(super) async fn prepare(&self, context: &Context, scope: &Scope) -> Result<Prepared, CycleError> {
        let bars = ProgressBars::new(context);
        let prepared = engine::prepare(self, &self.wiring.cycle, scope, None, &bars).await;
        bars.clear();
        prepared
    }
}

impl<'a> StoreAdapters<'a, ReadStore> {
    /// Adapters that cannot write.
    pub(super) fn read_only(wiring: &'a Wiring) -> Self {
        Self { wiring, store: wiring.read_store() }
    }
}

impl<'a> StoreAdapters<'a, Store> {
    /// Opens the store under the lock of the cycle. Waits up to a minute for a run that holds it, and then fails with the name of that run.
    pub(super) async fn open(wiring: &'a Wiring, command: &str) -> CommandResult<Self> {
        let began = wiring.clock.monotonic();
        let mut is_first = true;
        loop {
            match Self::lock(wiring, command).await {
                Err(LockError::Held { holder }) if wiring.clock.monotonic().saturating_sub(began) < LONGEST_WAIT => {
                    if std::mem::take(&mut is_first) {
                        tracing::warn!("{holder} is running; waiting up to a minute for it");
                    }
                    wiring.clock.sleep(TRY_EVERY).await;
                }
                lock => return Self::opened(wiring, lock?).await,
            }
        }
    }

    /// The same, without waiting for a run that holds the lock.
    pub(super) async fn open_at_once(wiring: &'a Wiring, command: &str) -> CommandResult<Self> {
        Self::opened(wiring, Self::lock(wiring, command).await?).await
    }

    async fn lock(wiring: &Wiring, command: &str) -> Result<CycleLock, LockError> {
        CycleLock::try_take(&wiring.store, &format!("{command} (process {})", std::process::id())).await
    }

    async fn opened(wiring: &'a Wiring, lock: CycleLock) -> CommandResult<Self> {
        Ok(Self { wiring, store: Store::open(wiring.store.clone(), lock).await? })
    }

    /// Closes the store. Everything in it is durable before, so a failure is only logged.
    pub(super) async fn close(self) {
        if let Err(failure) = self.store.close().await {
            tracing::warn!(error = %failure, "store not closed in order");
        }
    }
}

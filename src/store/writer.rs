//! The writing port: each call is one transaction, durable before it returns.
//!
//! Entries of the journal are written for many operations at once: the first one at the connection writes for all that wait, so the disk is
//! waited for once. No caller hears that an entry is written before it is durable.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Error};

use crate::domain::model::ids::Fingerprint;
use crate::domain::model::link::{Counted, Link};
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::plan::sync_state_update::{LeaverUpdate, SyncStateUpdate};
use crate::domain::state::journal::{EntryId, Intent, IntentStep, RunContext};
use crate::domain::state::log_cursor::LogCursor;
use crate::domain::state::sync_state::Tenant;
use crate::domain::targeted::baseline::Baseline;
use crate::ports::{Acceptance, BlockedPlan, CycleEnd, StoreFailure, StoreWriter};
use crate::store::journal::{self, JournalLine, QueueEntry, WriteResult};
use crate::store::open::{LockGuard, Store, explain};
use crate::store::sql::execute;
use crate::store::{postgres, single_values, state_write};

impl StoreWriter for Store {
    async fn settle_tenant(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| state_write::write_tenant(connection, tenant, now).await).await
    }

    async fn save_update(
        &self,
        update: &SyncStateUpdate,
        acceptance: &Acceptance,
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.transaction(async |connection| state_write::write_update(connection, update, acceptance, now).await).await
    }

    async fn save_leaver_update(&self, update: &LeaverUpdate) -> Result<(), StoreFailure> {
        self.transaction(async |connection| state_write::write_leavers(connection, update, Counted::Yes).await).await
    }

    async fn adopt(
        &self,
        run_context: &RunContext,
        adopted: &[(&Operation, Link)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for (operation, link) in adopted {
                let intent = Intent { run_context, at: now, step: IntentStep::Account(operation), before: None };
                journal::write_done(connection, &intent, &[Effect::Linked(link.clone())]).await?;
            }
            Ok(())
        })
        .await
    }

    async fn intend(&self, intent: &Intent<'_>) -> Result<EntryId, StoreFailure> {
        self.write_entry(QueueEntry::Intent(Box::new(JournalLine::of(intent)))).await
    }

    async fn conclude(
        &self,
        entry: EntryId,
        outcome: &Outcome,
        effects: &[Effect],
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        let (outcome, effects) = (outcome.clone(), effects.to_vec());
        self.write_entry(QueueEntry::Outcome { entry, outcome, effects, now }).await.map(drop)
    }

    async fn block(&self, blocked: &BlockedPlan) -> Result<(), StoreFailure> {
        self.transaction(async |connection| state_write::write_blocked(connection, blocked).await).await
    }

    async fn see_canary(&self, configuration: &Fingerprint, kind: &str) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            let insert = "INSERT INTO canaries (configuration, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            execute(connection, insert, &[configuration, &kind]).await
        })
        .await
    }

    async fn finish(&self, end: &CycleEnd) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            journal::prune(connection, end.journal_from).await?;
            state_write::write_end(connection, end).await
        })
        .await
    }

    async fn keep_log_cursor(&self, cursor: Option<&LogCursor>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            single_values::set_json(connection, single_values::LOG_CURSOR, cursor).await
        })
        .await
    }

    async fn keep_baseline(&self, baseline: &Baseline) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            single_values::set_json(connection, single_values::BASELINE, Some(baseline)).await
        })
        .await
    }
}

impl Store {
    /// Writes an entry, together with those of all who wait.
    pub(super) async fn write_entry(&self, entry: QueueEntry) -> WriteResult {
        let mut receiver = self.queue.join(entry);
        let mut connection = self.connection.lock().await;
        if let Ok(written) = receiver.try_recv() {
            return written;
        }
        let batch = self.queue.take();
        let together = self.transaction_on(&mut connection, async |connection| {
            let mut written = Vec::with_capacity(batch.len());
            for (entry, _) in &batch {
                written.push(journal::write_entry(connection, entry).await?);
            }
            Ok(written)
        });
        let mut written = together.await.unwrap_or_default().into_iter();
        for (entry, waiter) in batch {
            let result = match written.next() {
                Some(number) => Ok(number),
                // An entry that cannot be written does not keep the others from being written.
                None => self.transaction_on(&mut connection, async |c| journal::write_entry(c, &entry).await).await,
            };
            // A waiter that is gone was dropped with its operation.
            let _ = waiter.send(result);
        }
        receiver.try_recv().unwrap_or_else(|_| {
            let message =
                "the journal was left while an entry was being written; the next cycle looks what became of it"
                    .to_owned();
            Err(StoreFailure { message, cause: None })
        })
    }

    pub(super) async fn transaction<T>(
        &self,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, Error>,
    ) -> Result<T, StoreFailure> {
        let mut connection = self.connection.lock().await;
        self.transaction_on(&mut connection, work).await
    }

    pub(super) async fn transaction_on<T>(
        &self,
        connection: &mut AnyConnection,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, Error>,
    ) -> Result<T, StoreFailure> {
        let failed = |error| explain(&self.place, error);
        let begin = self.place.dialect().begin_writing();
        sqlx::raw_sql(begin).execute(&mut *connection).await.map_err(failed)?;
        let done: Result<T, Error> = async {
            if let LockGuard::Session(key) = self.guard {
                postgres::prove(connection, key).await?;
            }
            let value = work(connection).await?;
            sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
            Ok(value)
        }
        .await;
        if done.is_err() {
            // The first error is reported; a transaction that cannot be rolled back ends with the connection.
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        }
        done.map_err(failed)
    }
}

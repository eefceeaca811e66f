//! The writing port: each call is one transaction, durable before it returns.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;
use sqlx::Error;

use crate::domain::backdrop::Backdrop;
use crate::domain::ids::ApprovalId;
use crate::domain::journal::{Effect, EntryId, Intent, Mandate, Outcome, ProbeIntent};
use crate::domain::leaver::LeaverNotes;
use crate::domain::link::{Counted, Link};
use crate::domain::memory::{Fingerprint, Tenant};
use crate::domain::operation::Operation;
use crate::domain::plan::Notes;
use crate::domain::polling::Polling;
use crate::ports::{Acceptance, CycleEnd, Refusal, StoreFailure, StoreWriter};
use crate::store::open::{Guard, Store};
use crate::store::{approvals, journal, notes, polling, postgres, probe};

impl StoreWriter for Store {
    async fn settle_tenant(&self, tenant: &Tenant, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| write_tenant(connection, tenant, now.timestamp()).await).await
    }

    async fn note(&self, notes: &Notes, acceptance: &Acceptance, now: DateTime<Utc>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| notes::write_notes(connection, notes, acceptance, now.timestamp()).await)
            .await
    }

    async fn note_leavers(&self, notes: &LeaverNotes) -> Result<(), StoreFailure> {
        self.transaction(async |connection| notes::write_leavers(connection, notes, Counted::Yes).await).await
    }

    async fn adopt(
        &self,
        mandate: &Mandate,
        adopted: &[(&Operation, Link)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for (operation, link) in adopted {
                let intent = Intent { mandate, at: now, operation, before: None };
                let entry = journal::write_intent(connection, &intent).await?;
                let effects = [Effect::Linked(link.clone())];
                journal::write_outcome(connection, entry, &Outcome::Done, &effects, now.timestamp()).await?;
            }
            Ok(())
        })
        .await
    }

    async fn intend(&self, intent: &Intent<'_>) -> Result<EntryId, StoreFailure> {
        self.transaction(async |connection| journal::write_intent(connection, intent).await).await
    }

    async fn intend_probe(&self, intent: &ProbeIntent<'_>) -> Result<EntryId, StoreFailure> {
        self.transaction(async |connection| probe::write_intent(connection, intent).await).await
    }

    async fn conclude(
        &self,
        entry: EntryId,
        outcome: &Outcome,
        effects: &[Effect],
        now: DateTime<Utc>,
    ) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            journal::write_outcome(connection, entry, outcome, effects, now.timestamp()).await
        })
        .await
    }

    async fn refuse(&self, refusal: &Refusal) -> Result<(), StoreFailure> {
        self.transaction(async |connection| approvals::write_refusal(connection, refusal).await).await
    }

    async fn approve(
        &self,
        id: &ApprovalId,
        (now, until): (DateTime<Utc>, DateTime<Utc>),
        by: &str,
        reason: Option<&str>,
    ) -> Result<Option<usize>, StoreFailure> {
        let times = (now.timestamp(), until.timestamp());
        self.transaction(async |connection| approvals::approve(connection, id.as_str(), times, by, reason).await).await
    }

    async fn see_canary(&self, configuration: &Fingerprint, kind: &str) -> Result<(), StoreFailure> {
        self.transaction(async |connection| notes::write_canary(connection, configuration, kind).await).await
    }

    async fn finish(&self, end: &CycleEnd) -> Result<(), StoreFailure> {
        self.transaction(async |connection| notes::write_end(connection, end).await).await
    }

    async fn keep_polling(&self, polling: Option<&Polling>) -> Result<(), StoreFailure> {
        self.transaction(async |connection| polling::write(connection, polling).await).await
    }

    async fn keep_backdrop(&self, backdrop: &Backdrop) -> Result<(), StoreFailure> {
        self.transaction(async |connection| polling::write_backdrop(connection, backdrop).await).await
    }
}

impl Store {
    pub(super) async fn transaction<T>(
        &self,
        work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, Error>,
    ) -> Result<T, StoreFailure> {
        let mut connection = self.connection.lock().await;
        let result: Result<T, Error> = async {
            sqlx::raw_sql(self.place.dialect().begin_writing()).execute(&mut *connection).await?;
            let done: Result<T, Error> = async {
                if let Guard::Session(key) = self.guard {
                    postgres::prove(&mut connection, key).await?;
                }
                work(&mut connection).await
            }
            .await;
            match done {
                Ok(value) => {
                    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
                    Ok(value)
                }
                Err(error) => {
                    // The first error is the one to tell; a transaction that cannot be rolled back ends with the connection.
                    let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
                    Err(error)
                }
            }
        }
        .await;
        result.map_err(|error| self.failure(error))
    }
}

async fn write_tenant(connection: &mut AnyConnection, tenant: &Tenant, now: i64) -> Result<(), Error> {
    let Tenant { org_id, org_url, app_id, product, base_url } = tenant;
    sqlx::query(
        "INSERT INTO tenant (one, org_id, org_url, app_id, product, base_url, since) VALUES (1, $1, $2, $3, $4, $5, $6) \
         ON CONFLICT (one) DO UPDATE SET org_id = excluded.org_id, org_url = excluded.org_url, app_id = excluded.app_id, \
         product = excluded.product, base_url = excluded.base_url, since = excluded.since",
    )
    .bind(org_id.as_deref())
    .bind(org_url.as_str())
    .bind(app_id.as_str())
    .bind(product.as_str())
    .bind(base_url.as_str())
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

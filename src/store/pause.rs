//! Pauses: an operator stops all writes, and lets them go on.

use crate::domain::state::sync_state::Pause;
use crate::ports::StoreFailure;
use crate::store::notes;
use crate::store::open::Store;

impl Store {
    /// Stops all writes to Haiilo. An earlier pause is replaced.
    pub async fn pause(&self, pause: &Pause) -> Result<(), StoreFailure> {
        let Pause { until, by, reason } = pause;
        let until = until.map(|until| until.timestamp().to_string());
        self.transaction(async |connection| {
            notes::set_fact(connection, "pause_until", until.as_deref()).await?;
            notes::set_fact(connection, "pause_reason", reason.as_deref()).await?;
            notes::set_fact(connection, "pause_by", Some(by)).await
        })
        .await
    }

    /// Ends the pause.
    pub async fn resume(&self) -> Result<(), StoreFailure> {
        self.transaction(async |connection| {
            for name in ["pause_until", "pause_reason", "pause_by"] {
                notes::set_fact(connection, name, None).await?;
            }
            Ok(())
        })
        .await
    }
}

//! Stopping all writes to Haiilo, and ending that.

use chrono::TimeDelta;

use crate::clock::Clock as _;
use crate::domain::state::sync_state::Pause;
use crate::engine::admin::operator::{AdminError, Operator};
use crate::ports::{ActWriter, Adapters};

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// Stops all writes for a time, or until `resume`. It replaces an earlier pause.
    pub async fn pause(&self, length: Option<TimeDelta>) -> Result<Pause, AdminError> {
        let until = length.map(|length| self.adapters.clock().now() + length);
        let pause = Pause { until, by: self.run_context.by.clone(), reason: self.run_context.reason.clone() };
        self.adapters.store().pause(&pause).await?;
        Ok(pause)
    }

    /// Ends the pause.
    pub async fn resume(&self) -> Result<(), AdminError> {
        Ok(self.adapters.store().resume().await?)
    }
}

//! Sends the alerts that a cycle calls for, and the heartbeat. An alert that was not delivered is due again after the next cycle.

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::daemon::alerts::alert_log::{AlertLog, AlertMessage, FailureStreak};
use crate::daemon::alerts::webhook::Webhook;
use crate::daemon::cycle_result::{CycleSummary, RunError};
use crate::daemon::job::Job;

/// Sends alerts and keeps the log of them.
#[derive(Debug)]
pub(in crate::daemon) struct Notifier<C> {
    pub(in crate::daemon) webhook: Webhook<C>,
    log: AlertLog,
    /// Whether the store has the log. Until it has, `log` is newer than what the store has.
    is_saved: bool,
}

impl<C: Clock> Notifier<C> {
    pub(in crate::daemon) fn new(webhook: Webhook<C>) -> Self {
        Self { webhook, log: AlertLog::default(), is_saved: true }
    }

    /// A cycle ended, the last of so many that failed in a row.
    pub(in crate::daemon) async fn cycle_ended(
        &mut self,
        job: &impl Job,
        result: &Result<CycleSummary, RunError>,
        failures: u32,
        now: DateTime<Utc>,
    ) {
        // Another process may have sent alerts meanwhile.
        if self.is_saved
            && let Ok(Some(saved)) = job.alert_log().await
        {
            self.log = serde_json::from_str(&saved).unwrap_or_default();
        }
        let failure = match result {
            Ok(summary) => summary.failure.as_ref(),
            Err(RunError::Failed(failure)) => Some(failure),
            Err(RunError::Busy(_)) => return,
        };
        if let Some(failure) = failure {
            let streak = FailureStreak { length: failures, threshold: self.webhook.notify.failures };
            self.send_if_due(|log| log.cycle_failed(failure, streak, now)).await;
        }
        if let Ok(summary) = result {
            if summary.is_fully_applied() {
                self.webhook.heartbeat().await;
            }
            for condition in AlertLog::CONDITIONS {
                self.send_if_due(|log| condition(log, summary, now)).await;
            }
        }
        self.save(job).await;
    }

    /// Sends the alert if the condition calls for one. The log changes only if the alert was delivered.
    async fn send_if_due(&mut self, condition: impl FnOnce(&mut AlertLog) -> Option<AlertMessage>) {
        let mut log = self.log.clone();
        if let Some(message) = condition(&mut log)
            && !self.webhook.send(&message).await
        {
            return;
        }
        if log != self.log {
            (self.log, self.is_saved) = (log, false);
        }
    }

    async fn save(&mut self, job: &impl Job) {
        if self.is_saved {
            return;
        }
        let log = serde_json::to_string(&self.log).expect("plain data");
        match job.save_alert_log(&log).await {
            Ok(()) => self.is_saved = true,
            Err(error) => tracing::debug!(%error, "the log of alerts is saved later"),
        }
    }
}

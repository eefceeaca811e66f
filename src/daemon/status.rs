//! What the loop and the endpoint both know: how it is going, and what is run when.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::{Mutex, MutexGuard, RwLock};

use crate::daemon::health::{Health, Readiness};
use crate::daemon::metrics;
use crate::daemon::schedule::Schedule;

/// What the loop and the endpoint both know.
#[derive(Debug)]
pub(super) struct DaemonStatus<J> {
    health: Mutex<Health>,
    current: RwLock<(Arc<J>, Schedule)>,
}

impl<J> DaemonStatus<J> {
    pub(super) fn new(started: DateTime<Utc>, job: J, schedule: Schedule) -> Self {
        Self { health: Mutex::new(Health::new(started)), current: RwLock::new((Arc::new(job), schedule)) }
    }

    /// From now on this job is run, on this schedule.
    pub(super) fn replace(&self, job: J, schedule: Schedule) {
        *self.current.write() = (Arc::new(job), schedule);
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock()
    }

    pub(super) fn job(&self) -> Arc<J> {
        Arc::clone(&self.current.read().0)
    }

    pub(super) fn schedule(&self) -> Schedule {
        self.current.read().1.clone()
    }

    pub(super) fn readiness(&self, now: DateTime<Utc>) -> Readiness {
        let schedule = self.schedule();
        self.health().readiness(&schedule, now)
    }

    /// Brings the metrics of how it is up to date.
    pub(super) fn measure(&self, now: DateTime<Utc>) {
        let readiness = self.readiness(now);
        let health = self.health();
        metrics::standing(readiness, health.failures, (health.last_complete, health.next));
        if let Some(summary) = &health.summary {
            metrics::tokens(summary, now);
        }
    }
}

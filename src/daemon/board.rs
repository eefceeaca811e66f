//! What the loop and the endpoint both know: how it is going, and what is run when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::daemon::health::{Health, Readiness};
use crate::daemon::metrics;
use crate::daemon::schedule::Schedule;

/// What the loop and the endpoint both know.
#[derive(Debug)]
pub(super) struct Board<J> {
    health: Mutex<Health>,
    current: RwLock<(Arc<J>, Schedule)>,
}

impl<J> Board<J> {
    pub(super) fn new(started: DateTime<Utc>, job: J, schedule: Schedule) -> Self {
        Self { health: Mutex::new(Health::new(started)), current: RwLock::new((Arc::new(job), schedule)) }
    }

    /// From now on this job is run, on this schedule.
    pub(super) fn replace(&self, job: J, schedule: Schedule) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(job), schedule);
    }

    /// A holder that panicked left plain data behind, which is still true.
    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn job(&self) -> Arc<J> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    pub(super) fn schedule(&self) -> Schedule {
        self.current.read().unwrap_or_else(PoisonError::into_inner).1.clone()
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
        if let Some(digest) = &health.digest {
            metrics::tokens(digest, now);
        }
    }
}

//! The time that both simulators live in: the system's, or one that a test sets and moves.
//!
//! Dates in headers, rate windows, token lifetimes and timestamps all come from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeZone, Utc};

/// The simulators' clock; clones show the same time.
#[derive(Clone, Debug)]
pub struct SimClock {
    /// Milliseconds since the epoch; `None` follows the system.
    set: Option<Arc<AtomicI64>>,
}

impl SimClock {
    /// A clock that follows the system.
    #[must_use]
    pub fn system() -> Self {
        Self { set: None }
    }

    /// A clock that stands at `unix_ms` (milliseconds since the epoch) until it is moved.
    #[must_use]
    pub fn standing(unix_ms: i64) -> Self {
        Self { set: Some(Arc::new(AtomicI64::new(unix_ms))) }
    }

    /// Moves a standing clock by `ms` milliseconds, forward or back; a clock that follows the system stays.
    pub fn advance(&self, ms: i64) {
        if let Some(set) = &self.set {
            set.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match &self.set {
            Some(set) => set.load(Ordering::SeqCst),
            None => Utc::now().timestamp_millis(),
        }
    }

    /// The same as a date.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.now_ms()).single().expect("milliseconds since the epoch name one instant")
    }

    /// The form of ISO 8601 that both products write: `2026-11-24T08:15:00.000Z`.
    #[must_use]
    pub fn iso(&self) -> String {
        self.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// The form of HTTP's `Date` header.
    #[must_use]
    pub fn http_date(&self) -> String {
        self.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

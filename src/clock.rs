//! Time as a parameter: everything that needs the time or a pause is given a [`Clock`].
//!
//! [`SystemClock`] is the only reader of the system's time. Tests pass a clock of their own, whose pauses take no time.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Gives the time and waits.
pub trait Clock: Send + Sync + 'static {
    /// The date and time, which may jump when the system's clock is set.
    fn now(&self) -> DateTime<Utc>;

    /// A time that only grows, from an origin of the clock's own.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send;
}

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: std::time::Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[expect(clippy::new_without_default, reason = "a clock has no default: it begins when it is made")]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    pub fn new() -> Self {
        Self { origin: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the time")]
    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that waits")]
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(pause)
    }
}

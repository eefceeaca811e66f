//! The pulse of a cycle: when it last got on, and whether it is writing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::engine::{Observer, Side};

/// Watches a cycle.
#[derive(Debug)]
pub(super) struct Watchdog<C> {
    clock: C,
    /// Monotonic seconds.
    last: AtomicU64,
    is_applying: AtomicBool,
}

impl<C: Clock> Watchdog<C> {
    pub(super) fn new(clock: C) -> Self {
        let watchdog = Self { clock, last: AtomicU64::new(0), is_applying: AtomicBool::new(false) };
        watchdog.beat();
        watchdog
    }

    /// How long nothing has got on.
    pub(super) fn silence(&self) -> Duration {
        self.clock.monotonic().saturating_sub(Duration::from_secs(self.last.load(Ordering::Relaxed)))
    }

    /// Whether operations are under way, so that the end must be waited for.
    pub(super) fn is_applying(&self) -> bool {
        self.is_applying.load(Ordering::Relaxed)
    }

    fn beat(&self) {
        self.last.store(self.clock.monotonic().as_secs(), Ordering::Relaxed);
    }
}

impl<C: Clock> Observer for Watchdog<C> {
    fn read(&self, _: Side, _: usize, _: Option<usize>) {
        self.beat();
    }

    fn applying(&self, _: usize) {
        self.is_applying.store(true, Ordering::Relaxed);
        self.beat();
    }

    fn ended(&self) {
        self.beat();
    }
}

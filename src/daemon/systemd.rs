//! What systemd hears from the daemon (sd_notify), and the watchdog that ends a daemon whose cycle is stuck.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::Clock;
use crate::engine::{Observer, Side};

/// The longest time between two keepalives.
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);

/// Notifies systemd about the state of the daemon (`Type=notify`).
#[derive(Clone, Copy, Debug)]
pub enum Systemd {
    /// Notifies systemd if the environment names its socket.
    Notify,
    /// Notifies nothing: in tests.
    Off,
}

impl Systemd {
    /// The daemon runs, or has finished to reload.
    pub(super) fn ready(self, status: &str) {
        self.notify(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The configuration is read again; `ready` ends that.
    pub(super) fn reloading(self) {
        if let Ok(since_boot) = NotifyState::monotonic_usec_now() {
            self.notify(&[NotifyState::Reloading, since_boot]);
        }
    }

    /// A line for `systemctl status`.
    pub(super) fn status(self, status: &str) {
        self.notify(&[NotifyState::Status(status)]);
    }

    pub(super) fn stopping(self) {
        self.notify(&[NotifyState::Stopping]);
    }

    /// Resets the timer of `WatchdogSec=`.
    pub(super) fn keepalive(self) {
        self.notify(&[NotifyState::Watchdog]);
    }

    /// How often [`keepalive`](Self::keepalive) is due: three times within `WatchdogSec=`, and at least once a minute.
    pub(super) fn keepalive_interval(self) -> Duration {
        match self {
            Self::Notify => {
                sd_notify::watchdog_enabled().map_or(LONGEST_INTERVAL, |limit| LONGEST_INTERVAL.min(limit / 3))
            }
            Self::Off => LONGEST_INTERVAL,
        }
    }

    /// Waits until the next keepalive is due; without systemd none ever is.
    pub(super) async fn keepalive_due(self, clock: &impl Clock) {
        match self {
            Self::Notify => clock.sleep(self.keepalive_interval()).await,
            Self::Off => std::future::pending().await,
        }
    }

    fn notify(self, states: &[NotifyState<'_>]) {
        if let (Self::Notify, Err(error)) = (self, sd_notify::notify(states)) {
            tracing::debug!(%error, "systemd was not told");
        }
    }
}

/// Observes a cycle: when it last made progress, and whether it writes.
#[derive(Debug)]
pub(super) struct Watchdog<C> {
    clock: C,
    /// Monotonic seconds.
    last_progress: AtomicU64,
    is_applying: AtomicBool,
}

impl<C: Clock> Watchdog<C> {
    pub(super) fn new(clock: C) -> Self {
        let last_progress = AtomicU64::new(clock.monotonic().as_secs());
        Self { clock, last_progress, is_applying: AtomicBool::new(false) }
    }

    /// The time since the last progress.
    pub(super) fn idle_time(&self) -> Duration {
        self.clock.monotonic().saturating_sub(Duration::from_secs(self.last_progress.load(Ordering::Relaxed)))
    }

    /// Whether operations may be under way, which the daemon waits for before it stops.
    pub(super) fn is_applying(&self) -> bool {
        self.is_applying.load(Ordering::Relaxed)
    }

    fn progressed(&self) {
        self.last_progress.store(self.clock.monotonic().as_secs(), Ordering::Relaxed);
    }
}

impl<C: Clock> Observer for Watchdog<C> {
    fn read(&self, _: Side, _: usize, _: Option<usize>) {
        self.progressed();
    }

    fn applying(&self, _: usize) {
        self.is_applying.store(true, Ordering::Relaxed);
        self.progressed();
    }

    fn ended(&self) {
        self.progressed();
    }
}

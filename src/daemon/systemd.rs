//! Whoever started the daemon and watches over it: systemd (sd_notify), or nobody.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::Clock;
use crate::engine::{Observer, Side};

/// Tells systemd how the daemon is, where systemd wants to know (`Type=notify`).
#[derive(Clone, Copy, Debug)]
pub enum Systemd {
    /// Systemd, as far as the environment says so.
    Notify,
    /// Nobody: in tests, and whenever the daemon is part of something else.
    Off,
}

impl Systemd {
    /// The daemon runs.
    pub(super) fn ready(self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// The configuration is read again; `ready` ends that.
    pub(super) fn reloading(self) {
        if matches!(self, Self::Notify)
            && let Ok(since_boot) = NotifyState::monotonic_usec_now()
        {
            self.tell(&[NotifyState::Reloading, since_boot]);
        }
    }

    /// A line for `systemctl status`.
    pub(super) fn status(self, status: &str) {
        self.tell(&[NotifyState::Status(status)]);
    }

    /// The daemon ends.
    pub(super) fn stopping(self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// The daemon gets on.
    pub(super) fn alive(self) {
        self.tell(&[NotifyState::Watchdog]);
    }

    /// How often [`alive`](Self::alive) is wanted, where it is.
    pub(super) fn watchdog(self) -> Option<Duration> {
        match self {
            Self::Notify => sd_notify::watchdog_enabled().map(|limit| limit / 3),
            Self::Off => None,
        }
    }

    fn tell(self, states: &[NotifyState<'_>]) {
        if let (Self::Notify, Err(error)) = (self, sd_notify::notify(states)) {
            tracing::debug!(%error, "systemd was not told");
        }
    }
}

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

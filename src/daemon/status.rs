//! What the loop and the endpoint both know: how it is going, and what is run when.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::{Mutex, MutexGuard, RwLock};

use crate::daemon::cycle_result::CycleSummary;
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
}

/// Cycles that are remembered, for the page.
const REMEMBERED: usize = 60;

/// Whether cycles come as they should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// They do.
    Ready,
    /// Two scheduled times have passed without a complete cycle.
    Late,
}

/// Whether cycles come as they should, when the last complete one ended (or the first was waited for) at `since`.
pub fn readiness(schedule: &Schedule, since: DateTime<Utc>, now: DateTime<Utc>) -> Readiness {
    // A clock that was set back says nothing about when that was.
    if since > now {
        return Readiness::Late;
    }
    let first = schedule.next_after(since).filter(|at| *at <= now);
    match first.and_then(|first| schedule.next_after(first)).filter(|second| *second <= now) {
        Some(_) => Readiness::Late,
        None => Readiness::Ready,
    }
}

/// What the daemon does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Waiting,
    Running,
    Ending,
}

/// A cycle of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PastCycle {
    pub(super) ended: DateTime<Utc>,
    pub(super) length: TimeDelta,
    pub(super) result: &'static str,
}

/// What the daemon knows of itself.
#[derive(Debug)]
pub(super) struct Health {
    pub(super) started: DateTime<Utc>,
    pub(super) phase: Phase,
    pub(super) next: Option<DateTime<Utc>>,
    /// When `next` was found: the clock may be set back after that.
    pub(super) planned: DateTime<Utc>,
    /// The end of the last complete cycle, by this process or an earlier one.
    pub(super) last_complete: Option<DateTime<Utc>>,
    /// The last complete cycle of this process.
    pub(super) summary: Option<CycleSummary>,
    /// Failed cycles in a row.
    pub(super) failures: u32,
    /// What the last failure was.
    pub(super) trouble: Option<String>,
    pub(super) history: VecDeque<PastCycle>,
}

impl Health {
    pub(super) fn new(started: DateTime<Utc>) -> Self {
        Self {
            started,
            phase: Phase::Waiting,
            next: None,
            planned: started,
            last_complete: None,
            summary: None,
            failures: 0,
            trouble: None,
            history: VecDeque::new(),
        }
    }

    pub(super) fn readiness(&self, schedule: &Schedule, now: DateTime<Utc>) -> Readiness {
        readiness(schedule, self.last_complete.unwrap_or(self.started), now)
    }

    /// The clock was set back: nothing that is known lies in the future.
    pub(super) fn set_back(&mut self, now: DateTime<Utc>) {
        self.started = self.started.min(now);
        self.last_complete = self.last_complete.map(|last| last.min(now));
    }

    pub(super) fn remember(&mut self, past: PastCycle) {
        self.history.truncate(REMEMBERED - 1);
        self.history.push_front(past);
    }

    /// One line for `systemctl status`.
    pub(super) fn status(&self) -> String {
        let complete =
            self.last_complete.map_or(String::new(), |last| format!(", last complete one at {}", time(last)));
        let last = match (self.failures, self.history.front()) {
            (0, Some(last)) => format!("last cycle {} at {}", last.result, time(last.ended)),
            (0, None) => format!("no cycle yet{complete}"),
            (failures, _) => format!("{failures} cycles failed in a row{complete}"),
        };
        match (self.phase, self.next) {
            (Phase::Running, _) => format!("a cycle is running; {last}"),
            (Phase::Ending, _) => format!("ending; {last}"),
            (Phase::Waiting, Some(next)) => format!("{last}; next at {}", time(next)),
            (Phase::Waiting, None) => format!("{last}; the schedule has no next time"),
        }
    }
}

/// A time to the second.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Tz;

    use super::{Health, PastCycle, Phase, Readiness, readiness};
    use crate::daemon::schedule::Schedule;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn two_times_without_a_complete_cycle_are_one_too_many() {
        let quarters = Schedule::parse("*/15 * * * *", Tz::UTC).expect("a schedule");
        for (since, now, expected) in [
            (0, 0, Readiness::Ready),
            (0, 15, Readiness::Ready),
            (0, 29, Readiness::Ready),
            (0, 30, Readiness::Late),
            (14, 29, Readiness::Ready),
            (14, 30, Readiness::Late),
            (16, 44, Readiness::Ready),
            (16, 45, Readiness::Late),
            (0, 100_000, Readiness::Late),
            (20, 10, Readiness::Late),
        ] {
            assert_eq!(readiness(&quarters, at(since), at(now)), expected, "{since} {now}");
        }
        let daily = Schedule::parse("0 6 * * *", Tz::UTC).expect("a schedule");
        assert_eq!(readiness(&daily, at(0), at(24 * 60)), Readiness::Ready);
        assert_eq!(readiness(&daily, at(0), at(30 * 60)), Readiness::Late);
    }

    #[test]
    fn a_line_says_how_it_is() {
        let mut health = Health::new(at(0));
        health.next = Some(at(15));
        assert_eq!(health.status(), "no cycle yet; next at 1970-01-01 00:15:00 UTC");
        health.remember(PastCycle { ended: at(16), length: TimeDelta::seconds(40), result: "applied" });
        health.phase = Phase::Running;
        assert_eq!(health.status(), "a cycle is running; last cycle applied at 1970-01-01 00:16:00 UTC");
        (health.phase, health.failures, health.next) = (Phase::Waiting, 3, None);
        health.last_complete = Some(at(16));
        assert_eq!(
            health.status(),
            "3 cycles failed in a row, last complete one at 1970-01-01 00:16:00 UTC; the schedule has no next time"
        );
        for n in 0..100 {
            health.remember(PastCycle { ended: at(n), length: TimeDelta::zero(), result: "applied" });
        }
        assert_eq!((health.history.len(), health.history[0].ended), (60, at(99)));
    }
}

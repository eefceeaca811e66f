//! What the daemon knows about itself. The main loop writes it; the web endpoint and the metrics read it.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::daemon::cycle_result::CycleSummary;
use crate::daemon::schedule::Schedule;
use crate::domain::model::word::Word as _;
use crate::domain::state::run_history::CycleResult;

/// How many recent cycles are kept for the status page.
const RECENT_CYCLES: usize = 60;

/// Whether complete cycles run on schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// They do.
    Ready,
    /// Two scheduled times have passed without a complete cycle.
    Late,
}

/// Whether complete cycles run on schedule. `since` is the end of the last complete one, or the time from which the first is expected.
pub fn readiness(schedule: &Schedule, since: DateTime<Utc>, now: DateTime<Utc>) -> Readiness {
    // After the clock was set back, `since` proves nothing.
    if since > now {
        return Readiness::Late;
    }
    let is_past = |at: &DateTime<Utc>| *at <= now;
    let first = schedule.next_after(since).filter(is_past);
    match first.and_then(|first| schedule.next_after(first)).filter(is_past) {
        Some(_) => Readiness::Late,
        None => Readiness::Ready,
    }
}

/// What the daemon runs, when, and how it is.
#[derive(Debug)]
pub(super) struct DaemonStatus<J> {
    pub(super) job: Arc<J>,
    pub(super) schedule: Schedule,
    pub(super) health: Health,
}

impl<J> DaemonStatus<J> {
    pub(super) fn readiness(&self, now: DateTime<Utc>) -> Readiness {
        readiness(&self.schedule, self.health.last_complete.unwrap_or(self.health.started), now)
    }
}

/// What the daemon is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    #[default]
    Waiting,
    Running,
    Stopping,
}

/// A cycle of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FinishedCycle {
    pub(super) ended: DateTime<Utc>,
    pub(super) duration: TimeDelta,
    pub(super) result: CycleResult,
}

/// How the daemon and its last cycles are.
#[derive(Debug, Default)]
pub(super) struct Health {
    pub(super) started: DateTime<Utc>,
    pub(super) phase: Phase,
    pub(super) next: Option<DateTime<Utc>>,
    /// When `next` was computed. An earlier time on the clock means that the clock was set back.
    pub(super) planned_at: DateTime<Utc>,
    /// The end of the last complete cycle, of this process or of an earlier one.
    pub(super) last_complete: Option<DateTime<Utc>>,
    /// The last complete cycle of this process.
    pub(super) summary: Option<CycleSummary>,
    /// Failed cycles in a row.
    pub(super) failures: u32,
    /// Why the last one failed.
    pub(super) error: Option<String>,
    /// The last cycles of this process, the newest first.
    pub(super) recent: VecDeque<FinishedCycle>,
}

impl Health {
    pub(super) fn new(started: DateTime<Utc>) -> Self {
        Self { started, planned_at: started, ..Self::default() }
    }

    /// After the clock was set back, no known time lies in the future.
    pub(super) fn clock_set_back(&mut self, now: DateTime<Utc>) {
        self.started = self.started.min(now);
        self.last_complete = self.last_complete.map(|last| last.min(now));
    }

    pub(super) fn add(&mut self, cycle: FinishedCycle) {
        self.recent.truncate(RECENT_CYCLES - 1);
        self.recent.push_front(cycle);
    }

    /// One line for `systemctl status`.
    pub(super) fn status_line(&self) -> String {
        let complete =
            self.last_complete.map_or(String::new(), |last| format!(", last complete one at {}", time(last)));
        let last = match (self.failures, self.recent.front()) {
            (0, Some(last)) => format!("last cycle {} at {}", last.result.as_str(), time(last.ended)),
            (0, None) => format!("no cycle yet{complete}"),
            (failures, _) => format!("{failures} cycles failed in a row{complete}"),
        };
        match (self.phase, self.next) {
            (Phase::Running, _) => format!("a cycle is running; {last}"),
            (Phase::Stopping, _) => format!("ending; {last}"),
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

    use super::{FinishedCycle, Health, Phase, Readiness, readiness};
    use crate::daemon::schedule::Schedule;
    use crate::domain::state::run_history::CycleResult;

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
        assert_eq!(health.status_line(), "no cycle yet; next at 1970-01-01 00:15:00 UTC");
        health.add(FinishedCycle { ended: at(16), duration: TimeDelta::seconds(40), result: CycleResult::Applied });
        health.phase = Phase::Running;
        assert_eq!(health.status_line(), "a cycle is running; last cycle applied at 1970-01-01 00:16:00 UTC");
        (health.phase, health.failures, health.next) = (Phase::Waiting, 3, None);
        health.last_complete = Some(at(16));
        assert_eq!(
            health.status_line(),
            "3 cycles failed in a row, last complete one at 1970-01-01 00:16:00 UTC; the schedule has no next time"
        );
        for n in 0..100 {
            health.add(FinishedCycle { ended: at(n), duration: TimeDelta::zero(), result: CycleResult::Applied });
        }
        assert_eq!((health.recent.len(), health.recent[0].ended), (60, at(99)));
    }
}

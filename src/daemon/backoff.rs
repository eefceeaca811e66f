//! When the next full cycle runs: on schedule, or later after failures that do not pass by themselves. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::cycle_result::FailureClass;
use crate::daemon::schedule::Schedule;

/// The pause after the first failure that does not pass by itself; each further one doubles it.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(15);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);

/// The failures since the last success.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    /// Failed cycles in a row.
    pub(super) failures: u32,
    /// The last of them that do not pass by themselves.
    persistent: u32,
    /// Scheduled times before this one are skipped.
    pub(super) not_before: Option<DateTime<Utc>>,
}

impl Backoff {
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, class: FailureClass, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        match class {
            FailureClass::Transient => self.end_pause(),
            FailureClass::Credentials | FailureClass::Configuration => {
                let doubled = FIRST_PAUSE * 2_i32.pow(self.persistent.min(8));
                self.persistent = self.persistent.saturating_add(1);
                self.not_before = Some(now + doubled.min(LONGEST_PAUSE));
            }
        }
    }

    /// The configuration changed, which may have fixed the cause of the failures.
    pub(super) fn end_pause(&mut self) {
        (self.persistent, self.not_before) = (0, None);
    }

    /// After the clock was set back, no pause is longer than the longest one.
    pub(super) fn clock_set_back(&mut self, now: DateTime<Utc>) {
        self.not_before = self.not_before.map(|until| until.min(now + LONGEST_PAUSE));
    }

    /// The next cycle after a time; `None` if the schedule has no time left.
    pub(super) fn next(&self, schedule: &Schedule, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.not_before {
            Some(until) if until > after => schedule.next_after(until - TimeDelta::seconds(1)),
            _ => schedule.next_after(after),
        }
    }
}

/// How many scheduled times lie after `after` and not after `until`; counts up to a hundred.
pub(super) fn skipped_runs(schedule: &Schedule, after: DateTime<Utc>, until: DateTime<Utc>) -> usize {
    let next = |at: &DateTime<Utc>| schedule.next_after(*at).filter(|at| *at <= until);
    std::iter::successors(next(&after), next).take(100).count()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Tz;

    use super::{Backoff, skipped_runs};
    use crate::daemon::cycle_result::FailureClass;
    use crate::daemon::schedule::Schedule;

    fn quarters() -> Schedule {
        Schedule::parse("*/15 * * * *", Tz::UTC).expect("a schedule")
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// Cycles that fail in this way, one after the other: when each of them is.
    fn times(classes: &[FailureClass]) -> Vec<i64> {
        let mut backoff = Backoff::default();
        let mut now = at(0);
        let mut times = Vec::new();
        for class in classes {
            now = backoff.next(&quarters(), now).expect("a time");
            times.push((now - at(0)).num_minutes());
            backoff.failed(*class, now);
        }
        times.push((backoff.next(&quarters(), now).expect("a time") - at(0)).num_minutes());
        times
    }

    #[test]
    fn what_passes_by_itself_is_tried_at_every_time() {
        assert_eq!(times(&[FailureClass::Transient; 4]), [15, 30, 45, 60, 75]);
    }

    #[test]
    fn what_only_somebody_can_mend_is_tried_in_growing_pauses() {
        for class in [FailureClass::Credentials, FailureClass::Configuration] {
            let pauses: Vec<i64> = times(&[class; 8]).windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert_eq!(pauses, [15, 30, 60, 120, 240, 360, 360, 360]);
        }
        assert_eq!(
            times(&[FailureClass::Credentials, FailureClass::Credentials, FailureClass::Transient]),
            [15, 30, 60, 75]
        );
    }

    #[test]
    fn success_and_a_change_end_the_pauses() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.failed(FailureClass::Credentials, at(0));
        }
        assert_eq!((backoff.failures, backoff.next(&quarters(), at(0))), (5, Some(at(240))));
        backoff.end_pause();
        assert_eq!((backoff.failures, backoff.next(&quarters(), at(0))), (5, Some(at(15))));
        backoff.failed(FailureClass::Credentials, at(0));
        backoff.succeeded();
        assert_eq!((backoff.failures, backoff.not_before, backoff.next(&quarters(), at(0))), (0, None, Some(at(15))));
    }

    #[test]
    fn times_that_passed_are_counted_and_no_more() {
        assert_eq!(skipped_runs(&quarters(), at(15), at(15)), 0);
        assert_eq!(skipped_runs(&quarters(), at(15), at(29)), 0);
        assert_eq!(skipped_runs(&quarters(), at(15), at(30)), 1);
        assert_eq!(skipped_runs(&quarters(), at(15), at(61)), 3);
        assert_eq!(skipped_runs(&quarters(), at(15), at(100_000)), 100);
    }
}

//! When the next cycle is: on schedule, and later than that after failures that only somebody can mend. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::cycle_result::Class;
use crate::daemon::schedule::Schedule;

/// The first pause after a failure that does not pass by itself.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(15);
/// The longest one.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(6);

/// How it went lately, as far as the next time depends on it.
#[derive(Clone, Debug, Default)]
pub(super) struct RunPace {
    /// Failed cycles in a row.
    failures: u32,
    /// Of them, the last ones that do not pass by themselves.
    hopeless: u32,
    not_before: Option<DateTime<Utc>>,
}

impl RunPace {
    /// A complete cycle.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A failed one; how many in a row that is.
    pub(super) fn failed(&mut self, class: Class, now: DateTime<Utc>) -> u32 {
        self.failures = self.failures.saturating_add(1);
        match class {
            Class::Passing => (self.hopeless, self.not_before) = (0, None),
            Class::Credentials | Class::Configuration => {
                let doubled = FIRST_PAUSE * 2_i32.pow(self.hopeless.min(8));
                self.hopeless = self.hopeless.saturating_add(1);
                self.not_before = Some(now + doubled.min(LONGEST_PAUSE));
            }
        }
        self.failures
    }

    /// Somebody changed something: what was hopeless may not be any more.
    pub(super) fn hope(&mut self) {
        (self.hopeless, self.not_before) = (0, None);
    }

    /// The clock was set back.
    pub(super) fn set_back(&mut self, now: DateTime<Utc>) {
        self.not_before = self.not_before.map(|until| until.min(now + LONGEST_PAUSE));
    }

    /// How many cycles failed in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Until when scheduled times are let pass.
    pub(super) fn not_before(&self) -> Option<DateTime<Utc>> {
        self.not_before
    }

    /// The next cycle after a time; none where the schedule has no time left.
    pub(super) fn next(&self, schedule: &Schedule, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.not_before {
            Some(until) if until > after => schedule.next_after(until - TimeDelta::seconds(1)),
            _ => schedule.next_after(after),
        }
    }
}

/// How many scheduled times lie after one time and not after another; at most a hundred are counted.
pub(super) fn skipped(schedule: &Schedule, after: DateTime<Utc>, until: DateTime<Utc>) -> usize {
    let next = |at: &DateTime<Utc>| schedule.next_after(*at).filter(|at| *at <= until);
    std::iter::successors(next(&after), next).take(100).count()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Tz;

    use super::{RunPace, skipped};
    use crate::daemon::cycle_result::Class;
    use crate::daemon::schedule::Schedule;

    fn quarters() -> Schedule {
        Schedule::parse("*/15 * * * *", Tz::UTC).expect("a schedule")
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// Cycles that fail in this way, one after the other: when each of them is.
    fn times(classes: &[Class]) -> Vec<i64> {
        let mut pace = RunPace::default();
        let mut now = at(0);
        let mut times = Vec::new();
        for class in classes {
            now = pace.next(&quarters(), now).expect("a time");
            times.push((now - at(0)).num_minutes());
            pace.failed(*class, now);
        }
        times.push((pace.next(&quarters(), now).expect("a time") - at(0)).num_minutes());
        times
    }

    #[test]
    fn what_passes_by_itself_is_tried_at_every_time() {
        assert_eq!(times(&[Class::Passing; 4]), [15, 30, 45, 60, 75]);
    }

    #[test]
    fn what_only_somebody_can_mend_is_tried_in_growing_pauses() {
        for class in [Class::Credentials, Class::Configuration] {
            let pauses: Vec<i64> = times(&[class; 8]).windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert_eq!(pauses, [15, 30, 60, 120, 240, 360, 360, 360]);
        }
        assert_eq!(times(&[Class::Credentials, Class::Credentials, Class::Passing]), [15, 30, 60, 75]);
    }

    #[test]
    fn success_and_a_change_end_the_pauses() {
        let mut pace = RunPace::default();
        for _ in 0..5 {
            pace.failed(Class::Credentials, at(0));
        }
        assert_eq!((pace.failures(), pace.next(&quarters(), at(0))), (5, Some(at(240))));
        pace.hope();
        assert_eq!((pace.failures(), pace.next(&quarters(), at(0))), (5, Some(at(15))));
        pace.failed(Class::Credentials, at(0));
        pace.succeeded();
        assert_eq!((pace.failures(), pace.not_before(), pace.next(&quarters(), at(0))), (0, None, Some(at(15))));
    }

    #[test]
    fn times_that_passed_are_counted_and_no_more() {
        assert_eq!(skipped(&quarters(), at(15), at(15)), 0);
        assert_eq!(skipped(&quarters(), at(15), at(29)), 0);
        assert_eq!(skipped(&quarters(), at(15), at(30)), 1);
        assert_eq!(skipped(&quarters(), at(15), at(61)), 3);
        assert_eq!(skipped(&quarters(), at(15), at(100_000)), 100);
    }
}

//! When the next poll of Okta's log is, and when a poll may bring the next full cycle forward. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::schedule::Schedule;

/// Full cycles that polls want come no closer together than this.
const FORWARD_AT_MOST: TimeDelta = TimeDelta::minutes(5);
/// A log that may not be read is tried again after this.
const BARRED: TimeDelta = TimeDelta::hours(6);

/// The polls of a daemon.
#[derive(Clone, Debug)]
pub(super) struct Polls {
    /// `schedule.changes`; without it there are none.
    schedule: Option<Schedule>,
    next: Option<DateTime<Utc>>,
    /// When a full cycle was brought forward last.
    forwarded: Option<DateTime<Utc>>,
    /// Failed polls in a row.
    failures: u32,
    barred_until: Option<DateTime<Utc>>,
}

impl Polls {
    pub(super) fn new(schedule: Option<Schedule>) -> Self {
        Self { schedule, next: None, forwarded: None, failures: 0, barred_until: None }
    }

    /// The configuration was read anew: what was barred may not be any more.
    pub(super) fn replace(&mut self, schedule: Option<Schedule>) {
        *self = Self { forwarded: self.forwarded, ..Self::new(schedule) };
    }

    /// When the next poll is.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.next
    }

    /// Finds the next poll after a time.
    pub(super) fn plan_next(&mut self, after: DateTime<Utc>) {
        // A clock that was set back says nothing about when something was.
        self.forwarded = self.forwarded.map(|at| at.min(after));
        self.barred_until = self.barred_until.filter(|until| *until <= after + BARRED);
        let after = self.barred_until.map_or(after, |until| until.max(after));
        self.next = self.schedule.as_ref().and_then(|schedule| schedule.next_after(after));
    }

    /// A poll got through.
    pub(super) fn succeeded(&mut self) {
        (self.failures, self.barred_until) = (0, None);
    }

    /// A poll failed; how many in a row that is.
    pub(super) fn failed(&mut self) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// The log may not be read.
    pub(super) fn bar(&mut self, now: DateTime<Utc>) {
        self.barred_until = Some(now + BARRED);
    }

    /// A poll wants a full cycle: when that shall be, if earlier than it is planned for, and not before anything else allows it.
    pub(super) fn forward(
        &mut self,
        now: DateTime<Utc>,
        planned: Option<DateTime<Utc>>,
        not_before: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let spaced = self.forwarded.map_or(now, |last| now.max(last + FORWARD_AT_MOST));
        let at = not_before.map_or(spaced, |until| until.max(spaced));
        if planned.is_some_and(|planned| planned <= at) {
            return None;
        }
        self.forwarded = Some(at);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use chrono_tz::Tz;

    use super::Polls;
    use crate::daemon::schedule::Schedule;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn polls() -> Polls {
        let mut polls = Polls::new(Some(Schedule::parse("*/30 * * * * *", Tz::UTC).expect("a schedule")));
        polls.plan_next(at(10));
        polls
    }

    #[test]
    fn polls_come_on_schedule_and_without_one_never() {
        let mut none = Polls::new(None);
        none.plan_next(at(10));
        assert_eq!((polls().next(), none.next()), (Some(at(30)), None));
    }

    #[test]
    fn a_full_cycle_is_brought_forward_at_once_and_then_no_sooner_than_after_five_minutes() {
        let mut polls = polls();
        assert_eq!(polls.forward(at(30), Some(at(900)), None), Some(at(30)));
        assert_eq!(polls.forward(at(60), Some(at(900)), None), Some(at(330)));
        // It is planned by now, and the next one lies after it.
        assert_eq!(polls.forward(at(90), Some(at(330)), None), None);
        assert_eq!(polls.forward(at(900), Some(at(1800)), None), Some(at(900)));
    }

    #[test]
    fn nothing_is_brought_forward_past_what_is_planned_or_before_it_may_be() {
        assert_eq!(polls().forward(at(30), Some(at(30)), None), None);
        assert_eq!(polls().forward(at(30), Some(at(900)), Some(at(600))), Some(at(600)));
        assert_eq!(polls().forward(at(30), None, None), Some(at(30)));
    }

    #[test]
    fn a_log_that_may_not_be_read_is_tried_again_hours_later_or_under_another_configuration() {
        let mut polls = polls();
        polls.bar(at(30));
        polls.plan_next(at(31));
        assert_eq!(polls.next(), Some(at(30 + 6 * 3600 + 30)));
        polls.replace(Some(Schedule::parse("*/30 * * * * *", Tz::UTC).expect("a schedule")));
        polls.plan_next(at(40));
        assert_eq!(polls.next(), Some(at(60)));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_waiting() {
        let mut polls = polls();
        polls.bar(at(1_000_000));
        assert_eq!(polls.forward(at(1_000_000), None, None), Some(at(1_000_000)));
        polls.plan_next(at(10));
        assert_eq!((polls.next(), polls.forward(at(10), None, None)), (Some(at(30)), Some(at(310))));
    }
}

//! When Okta's log is polled next, and when a poll brings the next full cycle forward. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use crate::daemon::schedule::Schedule;

/// The least time between two full cycles that polls bring forward.
const BRING_FORWARD_INTERVAL: TimeDelta = TimeDelta::minutes(5);
/// A log that Okta forbids to read is tried again after this time.
const SUSPENSION: TimeDelta = TimeDelta::hours(6);

/// The polls of a daemon.
#[derive(Clone, Debug, Default)]
pub(super) struct Polls {
    /// `schedule.changes`; without it there are no polls.
    schedule: Option<Schedule>,
    /// The next poll.
    pub(super) next: Option<DateTime<Utc>>,
    /// The last time for which a full cycle was brought forward.
    brought_forward: Option<DateTime<Utc>>,
    /// Failed polls in a row.
    failures: u32,
    suspended_until: Option<DateTime<Utc>>,
}

impl Polls {
    pub(super) fn new(schedule: Option<Schedule>) -> Self {
        Self { schedule, ..Self::default() }
    }

    /// The configuration was read again, and may let us read the log now.
    pub(super) fn replace(&mut self, schedule: Option<Schedule>) {
        *self = Self { brought_forward: self.brought_forward, ..Self::new(schedule) };
    }

    /// Finds the next poll after a time.
    pub(super) fn plan_next(&mut self, after: DateTime<Utc>) {
        // The clock may have been set back: no known time is later than it can be.
        self.brought_forward = self.brought_forward.map(|at| at.min(after));
        self.suspended_until = self.suspended_until.filter(|until| *until <= after + SUSPENSION);
        let after = self.suspended_until.map_or(after, |until| until.max(after));
        self.next = self.schedule.as_ref().and_then(|schedule| schedule.next_after(after));
    }

    pub(super) fn succeeded(&mut self) {
        (self.failures, self.suspended_until) = (0, None);
    }

    /// A poll failed; returns how many failed in a row.
    pub(super) fn failed(&mut self) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// Okta forbids to read the log.
    pub(super) fn suspend(&mut self, now: DateTime<Utc>) {
        self.suspended_until = Some(now + SUSPENSION);
    }

    /// The time of the full cycle that a poll asks for, if that is earlier than `planned`; never before `not_before`.
    pub(super) fn bring_forward(
        &mut self,
        now: DateTime<Utc>,
        planned: Option<DateTime<Utc>>,
        not_before: Option<DateTime<Utc>>,
    ) -> Option<DateTime<Utc>> {
        let spaced = self.brought_forward.map_or(now, |last| now.max(last + BRING_FORWARD_INTERVAL));
        let at = not_before.map_or(spaced, |until| until.max(spaced));
        if planned.is_some_and(|planned| planned <= at) {
            return None;
        }
        self.brought_forward = Some(at);
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
        assert_eq!((polls().next, none.next), (Some(at(30)), None));
    }

    #[test]
    fn a_full_cycle_is_brought_forward_at_once_and_then_no_sooner_than_after_five_minutes() {
        let mut polls = polls();
        assert_eq!(polls.bring_forward(at(30), Some(at(900)), None), Some(at(30)));
        assert_eq!(polls.bring_forward(at(60), Some(at(900)), None), Some(at(330)));
        // It is planned by now, and the next one lies after it.
        assert_eq!(polls.bring_forward(at(90), Some(at(330)), None), None);
        assert_eq!(polls.bring_forward(at(900), Some(at(1800)), None), Some(at(900)));
    }

    #[test]
    fn nothing_is_brought_forward_past_what_is_planned_or_before_it_may_be() {
        assert_eq!(polls().bring_forward(at(30), Some(at(30)), None), None);
        assert_eq!(polls().bring_forward(at(30), Some(at(900)), Some(at(600))), Some(at(600)));
        assert_eq!(polls().bring_forward(at(30), None, None), Some(at(30)));
    }

    #[test]
    fn a_log_that_may_not_be_read_is_tried_again_hours_later_or_under_another_configuration() {
        let mut polls = polls();
        polls.suspend(at(30));
        polls.plan_next(at(31));
        assert_eq!(polls.next, Some(at(30 + 6 * 3600 + 30)));
        polls.replace(Some(Schedule::parse("*/30 * * * * *", Tz::UTC).expect("a schedule")));
        polls.plan_next(at(40));
        assert_eq!(polls.next, Some(at(60)));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_waiting() {
        let mut polls = polls();
        polls.suspend(at(1_000_000));
        assert_eq!(polls.bring_forward(at(1_000_000), None, None), Some(at(1_000_000)));
        polls.plan_next(at(10));
        assert_eq!((polls.next, polls.bring_forward(at(10), None, None)), (Some(at(30)), Some(at(310))));
    }
}

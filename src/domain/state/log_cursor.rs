//! The log cursor: the position up to which Okta's System Log was read, and the people to read again. The store keeps it between polls.
//!
//! Follows "System Log" of Okta's documentation: a polling request has no end, the client follows its `next` link unchanged, and Okta keeps
//! entries for 90 days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::model::ids::{Fingerprint, OktaGroupId, OktaUserId};

/// The log is read from this long before a full cycle, because entries appear some time after their events.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);
/// Okta may no longer have the entries at an older position. One day is a margin for clocks and a restart.
const OLDEST: TimeDelta = TimeDelta::days(89);
/// The maximum number of entry ids that are remembered.
const REMEMBERED: usize = 1_000;
/// Number of failed polls in a row, because a person could not be read, after which the cursor is dropped.
const MOST_FAILURES: u32 = 5;
/// Okta's answers about a person may lag behind the log, so the person is read a second time after this delay.
pub const SECOND_CHECK: TimeDelta = TimeDelta::minutes(2);

/// An entry of the log, with the fields that make it a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Identifies an entry that arrives twice.
    pub uuid: CompactString,
    /// `eventType`.
    pub kind: CompactString,
    /// `target`.
    pub targets: Vec<LogTarget>,
}

/// What an entry refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTarget {
    /// `type`.
    pub kind: CompactString,
    /// `id`.
    pub id: CompactString,
}

/// Where to continue reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogPosition {
    /// From this time.
    Since(DateTime<Utc>),
    /// After this link, as Okta gave it.
    Next(String),
}

/// The state of reading the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCursor {
    /// Where to continue.
    pub position: LogPosition,
    /// When the position was last confirmed, by Okta's clock.
    pub at: DateTime<Utc>,
    /// The configuration under which the last full cycle ran.
    pub rules: Fingerprint,
    /// The ids of the last entries that were read.
    pub seen: Vec<CompactString>,
    /// The people to read again, and when.
    pub again: BTreeMap<OktaUserId, DateTime<Utc>>,
    /// The groups that are assigned to the application.
    pub groups: BTreeSet<OktaGroupId>,
    /// Pages of a full cycle. If more people than this must be read, a targeted cycle costs more than a full one.
    pub pages: usize,
    /// How often in a row a person named after this position could not be read.
    #[serde(default)]
    pub failures: u32,
}

/// Why reading does not continue at the stored position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// The configuration changed.
    Configuration,
    /// Okta may no longer have the entries.
    TooOld,
}

impl LogCursor {
    /// The cursor after a full cycle that read both sides from `begins` on. A position under the same rules is kept.
    pub fn after_full_cycle(
        before: Option<Self>,
        begins: DateTime<Utc>,
        rules: Fingerprint,
        groups: BTreeSet<OktaGroupId>,
        pages: usize,
    ) -> Self {
        let kept = before.filter(|before| before.stale(&rules, begins).is_none());
        let (position, seen) = match kept {
            Some(Self { position, seen, at: _, rules: _, again: _, groups: _, pages: _, failures: _ }) => {
                (position, seen)
            }
            None => (LogPosition::Since(begins - OVERLAP), Vec::new()),
        };
        // The full cycle just read each person.
        Self { position, at: begins, rules, seen, again: BTreeMap::new(), groups, pages, failures: 0 }
    }

    /// Why a full cycle must come first; `None` where none is needed.
    pub fn stale(&self, rules: &Fingerprint, now: DateTime<Utc>) -> Option<Stale> {
        if self.rules != *rules {
            Some(Stale::Configuration)
        } else if now - self.at > OLDEST {
            Some(Stale::TooOld)
        } else {
            None
        }
    }

    /// Returns the entries of a page that were not read before, and remembers them.
    pub fn take_new(&mut self, events: Vec<LogEvent>) -> Vec<LogEvent> {
        let mut new = Vec::new();
        for event in events {
            if !self.seen.contains(&event.uuid) {
                self.seen.push(event.uuid.clone());
                new.push(event);
            }
        }
        let surplus = self.seen.len().saturating_sub(REMEMBERED);
        self.seen.drain(..surplus);
        new
    }

    /// Records that a person named after this position could not be read. One person must not block all others permanently. So after some
    /// failures the cursor is dropped, and the next full cycle reads all people.
    #[must_use]
    pub fn failed(self) -> Option<Self> {
        let failures = self.failures + 1;
        (failures < MOST_FAILURES).then_some(Self { failures, ..self })
    }

    /// Removes and returns the people whose second read is due.
    pub fn due(&mut self, now: DateTime<Utc>) -> BTreeSet<OktaUserId> {
        let due: BTreeSet<OktaUserId> =
            self.again.iter().filter(|(_, at)| **at <= now).map(|(person, _)| person.clone()).collect();
        self.again.retain(|person, _| !due.contains(person));
        due
    }

    /// Schedules a second read for people that the log named.
    pub fn check_again(&mut self, people: &BTreeSet<OktaUserId>, now: DateTime<Utc>) {
        self.again.extend(people.iter().map(|person| (person.clone(), now + SECOND_CHECK)));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LogCursor, LogPosition, SECOND_CHECK, Stale};
    use chrono::{DateTime, TimeDelta, Utc};

    use crate::model::ids::{Fingerprint, OktaUserId};
    use crate::state::log_cursor::LogEvent;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn rules(text: &str) -> Fingerprint {
        Fingerprint::of(&[text])
    }

    fn fresh() -> LogCursor {
        LogCursor::after_full_cycle(None, at(60), rules("a"), BTreeSet::new(), 3)
    }

    fn event(uuid: &str) -> LogEvent {
        LogEvent { uuid: uuid.into(), kind: "user.lifecycle.create".into(), targets: Vec::new() }
    }

    #[test]
    fn a_new_position_begins_before_the_full_cycle_and_a_good_one_is_kept() {
        assert_eq!(fresh().position, LogPosition::Since(at(55)));
        let followed = LogCursor { position: LogPosition::Next("x".to_owned()), ..fresh() };
        let after = |before: &LogCursor, text| {
            LogCursor::after_full_cycle(Some(before.clone()), at(90), rules(text), BTreeSet::new(), 3)
        };
        assert_eq!((after(&followed, "a").position, after(&followed, "a").at), (followed.position.clone(), at(90)));
        assert_eq!(after(&followed, "b").position, LogPosition::Since(at(85)));
        let old = LogCursor { at: at(90) - TimeDelta::days(90), ..followed };
        assert_eq!(after(&old, "a").position, LogPosition::Since(at(85)));
    }

    #[test]
    fn a_position_grows_stale_by_age_and_by_a_changed_configuration() {
        assert_eq!(fresh().stale(&rules("a"), at(60) + TimeDelta::days(89)), None);
        assert_eq!(fresh().stale(&rules("a"), at(61) + TimeDelta::days(89)), Some(Stale::TooOld));
        assert_eq!(fresh().stale(&rules("b"), at(60)), Some(Stale::Configuration));
    }

    #[test]
    fn an_entry_that_comes_twice_is_followed_once_and_only_so_many_are_remembered() {
        let mut log_cursor = fresh();
        assert_eq!(log_cursor.take_new(vec![event("1"), event("2"), event("1")]).len(), 2);
        assert_eq!(log_cursor.take_new(vec![event("2"), event("3")]), [event("3")]);
        log_cursor.take_new((10..1_010).map(|uuid| event(&uuid.to_string())).collect());
        assert_eq!(log_cursor.seen.len(), 1_000);
        assert_eq!(log_cursor.take_new(vec![event("1"), event("1009")]), [event("1")]);
    }

    #[test]
    fn a_position_behind_which_somebody_cannot_be_read_is_given_up() {
        let mut left = Some(fresh());
        let mut times = 0;
        while let Some(log_cursor) = left {
            assert_eq!(log_cursor.position, fresh().position);
            left = log_cursor.failed();
            times += 1;
        }
        assert_eq!(times, 5);
        let failed = fresh().failed();
        assert_eq!(LogCursor::after_full_cycle(failed, at(90), rules("a"), BTreeSet::new(), 3).failures, 0);
    }

    #[test]
    fn a_second_look_comes_once_and_later() {
        let mut log_cursor = fresh();
        let people = BTreeSet::from([OktaUserId::new("00u1")]);
        log_cursor.check_again(&people, at(60));
        assert_eq!(log_cursor.due(at(61)), BTreeSet::new());
        assert_eq!(log_cursor.due(at(60) + SECOND_CHECK), people);
        assert_eq!(log_cursor.due(at(99)), BTreeSet::new());
    }
}

//! When a cycle is due: a cron expression in a time zone. Pure: the time is passed in.
//!
//! Cron has no standard. The fields are those of the crate `cron`, which reads them and says whether an expression includes a local time.
//! This module searches for the next such time itself, in UTC, because the crate's iterator loses the hour that autumn repeats. An
//! expression for every hour runs at even intervals through a change of the clocks. An expression for certain hours means times of day: it
//! runs once if a time occurs twice, and at the end of the missing hour if a time does not occur.

use std::str::FromStr as _;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, Offset as _, SubsecRound as _, TimeDelta, TimeZone as _,
    Timelike as _, Utc,
};
use chrono_tz::Tz;
use cron::TimeUnitSpec as _;

/// A longer pause between two runs counts as a mistake.
const LONGEST_PAUSE_DAYS: i64 = 400;

/// The fields in order: name and possible values.
const FIELDS: [(&str, &str); 6] = [
    ("seconds", "0 to 59"),
    ("minutes", "0 to 59"),
    ("hours", "0 to 23"),
    ("days of the month", "1 to 31"),
    ("months", "1 to 12 or JAN to DEC"),
    ("weekdays", "SUN to SAT"),
];

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: cron::Schedule,
    zone: Tz,
    shortest_pause_days: i64,
}

/// An expression that is no schedule: what is wrong, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScheduleError(String);

/// Checks an expression, for the reader of the configuration.
pub fn check(expression: &str, zone: Tz) -> Result<(), String> {
    Schedule::parse(expression, zone).map(drop).map_err(|error| error.to_string())
}

impl Schedule {
    /// Reads five fields (minute, hour, day of the month, month, weekday) or six (the second first).
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let mut fields: Vec<&str> = expression.split_whitespace().collect();
        match fields.len() {
            5 => fields.insert(0, "0"),
            6 => {}
            count => {
                return Err(ScheduleError(format!(
                    "has {count} fields; write five (minute, hour, day of the month, month, weekday) or six (second first)"
                )));
            }
        }
        for (at, field) in fields.iter().enumerate() {
            check_field(at, field)?;
        }
        let cron = cron::Schedule::from_str(&fields.join(" ")).map_err(|error| {
            // The crate's message has several lines.
            ScheduleError(format!(
                "cannot be read: {}",
                error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
            ))
        })?;
        let shortest_pause_days = shortest_pause(&cron)?;
        Ok(Self { cron, zone, shortest_pause_days })
    }

    /// The first time after `after`, to the second.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut at = after.trunc_subsecs(0).checked_add_signed(TimeDelta::seconds(1))?;
        // `parse` refuses longer pauses; the extra day covers the rest of the first one.
        let end = at.checked_add_signed(TimeDelta::days(LONGEST_PAUSE_DAYS + 1))?;
        while at < end {
            if self.is_due(at) {
                return Some(at);
            }
            at = self.until_clocks_change(at, at + step(&self.cron, self.local(at)));
        }
        None
    }

    /// The shortest time between two cycles. Ignores changes of the clocks.
    pub fn shortest_interval(&self) -> TimeDelta {
        let (hours, minutes, seconds) = (self.cron.hours(), self.cron.minutes(), self.cron.seconds());
        let times = hours.iter().flat_map(|hour| {
            minutes.iter().flat_map(move |minute| seconds.iter().map(move |second| hour * 3_600 + minute * 60 + second))
        });
        let times: Vec<i64> = times.map(i64::from).collect();
        let within_a_day = times.windows(2).map(|pair| pair[1] - pair[0]).min();
        let (first, last) = (times[0], times[times.len() - 1]);
        let over_night = self.shortest_pause_days * 86_400 + first - last;
        TimeDelta::seconds(within_a_day.map_or(over_night, |shortest| shortest.min(over_night)))
    }

    fn is_due(&self, at: DateTime<Utc>) -> bool {
        let local = self.local(at);
        let is_every_hour = self.cron.hours().is_all();
        if is_every_hour {
            return self.cron.includes(local.and_utc());
        }
        let comes_again = || self.zone.from_local_datetime(&local).earliest().is_none_or(|first| first != at);
        self.ends_missing_time(at, local) || (self.cron.includes(local.and_utc()) && !comes_again())
    }

    /// Whether the clocks were set forward just now, over a time that the expression includes.
    fn ends_missing_time(&self, at: DateTime<Utc>, local: NaiveDateTime) -> bool {
        let second = TimeDelta::seconds(1);
        let mut missing = self.local(at - second) + second;
        while missing < local {
            if self.cron.includes(missing.and_utc()) {
                return true;
            }
            missing += step(&self.cron, missing);
        }
        false
    }

    fn local(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    fn seconds_from_utc(&self, at: DateTime<Utc>) -> i32 {
        self.zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
    }

    /// `to`, or the first second after a change of the clocks between `from` and `to`.
    fn until_clocks_change(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        let before = self.seconds_from_utc(from);
        if self.seconds_from_utc(to) == before {
            return to;
        }
        let (mut same, mut changed) = (from, to);
        while changed - same > TimeDelta::seconds(1) {
            let middle = (same + (changed - same) / 2).trunc_subsecs(0);
            if self.seconds_from_utc(middle) == before { same = middle } else { changed = middle }
        }
        changed
    }
}

/// The time from a local time to the next one that the expression may include.
fn step(cron: &cron::Schedule, local: NaiveDateTime) -> TimeDelta {
    let second_of_hour = local.minute() * 60 + local.second();
    TimeDelta::seconds(i64::from(if !is_day(cron, local.date()) {
        86_400 - local.hour() * 3_600 - second_of_hour
    } else if !cron.hours().includes(local.hour()) {
        3_600 - second_of_hour
    } else if !cron.minutes().includes(local.minute()) {
        60 - local.second()
    } else {
        1
    }))
}

fn is_day(cron: &cron::Schedule, date: NaiveDate) -> bool {
    cron.months().includes(date.month())
        && cron.days_of_month().includes(date.day())
        && cron.days_of_week().includes(date.weekday().number_from_sunday())
}

/// The fewest days between two days of the expression. The calendar repeats after 28 years, so 60 years have every
/// pause, whatever the date is today.
fn shortest_pause(cron: &cron::Schedule) -> Result<i64, ScheduleError> {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date of the calendar");
    let days: Vec<NaiveDate> = first.iter_days().take(60 * 365).filter(|date| is_day(cron, *date)).collect();
    let pauses = days.windows(2).map(|pair| (pair[1] - pair[0]).num_days());
    match (pauses.clone().min(), pauses.max()) {
        (Some(shortest), Some(longest)) if longest <= LONGEST_PAUSE_DAYS => Ok(shortest),
        (Some(_), Some(longest)) => Err(ScheduleError(format!(
            "pauses for as long as {longest} days; write times that come more often, {LONGEST_PAUSE_DAYS} days are the most (day of the month and weekday must both be met)"
        ))),
        _ => Err(ScheduleError("never comes; write times that do".to_owned())),
    }
}

/// Checks one field by itself: the crate may read two fields from one word, and does not say which field is wrong.
fn check_field(at: usize, field: &str) -> Result<(), ScheduleError> {
    let (name, possible) = FIELDS[at];
    if name == "weekdays" && field.contains(|c: char| c.is_ascii_digit()) {
        return Err(ScheduleError(format!(
            "has the weekdays {field:?}; write them by name, as in MON or MON-FRI: 1 is Monday for some programs and Sunday for others"
        )));
    }
    let mut alone = ["0", "0", "0", "*", "*", "*"];
    alone[at] = field;
    if field.split(',').all(is_item) && cron::Schedule::from_str(&alone.join(" ")).is_ok() {
        return Ok(());
    }
    Err(ScheduleError(format!(
        "has the {name} {field:?}; write {possible}, and of these lists (A,B), ranges (A-B), all (*) and steps (*/N)"
    )))
}

/// Whether a text has the form `*`, `A` or `A-B`, with or without `/N`.
fn is_item(item: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty() && (atom.chars().all(|c| c.is_ascii_digit()) || atom.chars().all(|c| c.is_ascii_alphabetic()))
    };
    let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    let is_range = matches!(range, "*" | "?") || range.splitn(2, '-').all(is_atom);
    is_range && step.is_none_or(|step| !step.is_empty() && step.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
    use chrono_tz::Tz;

    use super::{Schedule, check};
    use crate::config::{self, EnvVars};

    fn utc(time: &str) -> DateTime<Utc> {
        time.parse().expect("a time")
    }

    fn schedule(expression: &str, zone: &str) -> Schedule {
        Schedule::parse(expression, zone.parse().expect("a zone")).expect("a schedule")
    }

    fn times(schedule: &Schedule, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(schedule.next_after(after), |time| schedule.next_after(*time))
    }

    /// The next times, as hour and minute of UTC; those of another day with the day before them.
    #[track_caller]
    fn comes(expression: &str, zone: &str, after: &str, expected: &str) {
        let after = utc(after);
        let shown = |time: DateTime<Utc>| {
            let form = if time.date_naive() == after.date_naive() { "%H:%M" } else { "%d.%H:%M" };
            time.format(form).to_string()
        };
        let count = expected.split_whitespace().count();
        let found: Vec<String> = times(&schedule(expression, zone), after).take(count).map(shown).collect();
        assert_eq!(found.join(" "), expected, "{expression} in {zone}");
    }

    #[test]
    fn plain_days() {
        comes("0 */15 * * * *", "UTC", "2026-06-01T10:00:00Z", "10:15 10:30 10:45 11:00");
        comes("*/15 * * * *", "UTC", "2026-06-01T10:59:59.999Z", "11:00 11:15");
        comes("0 6 * * MON-FRI", "UTC", "2026-06-05T06:00:00Z", "08.06:00 09.06:00");
        comes("30 22 * * *", "Europe/Berlin", "2026-06-01T00:00:00Z", "20:30 02.20:30");
        comes("0 0 1 * *", "Asia/Kolkata", "2026-06-01T00:00:00Z", "30.18:30");
        comes("0 12 29 2,3 *", "UTC", "2028-01-01T00:00:00Z", "29.12:00 29.12:00");
        let every_second = schedule("* * * * * *", "UTC");
        assert_eq!(every_second.next_after(utc("2026-06-01T10:00:00.5Z")), Some(utc("2026-06-01T10:00:01Z")));
        assert_eq!(
            schedule("30 59 23 31 12 ?", "UTC").next_after(utc("2026-12-31T23:59:30Z")),
            Some(utc("2027-12-31T23:59:30Z"))
        );
    }

    #[test]
    fn autumn_repeats_an_hour() {
        // Berlin: 03:00 becomes 02:00 at 01:00 UTC.
        let night = "2026-10-25T00:00:00Z";
        comes("0 */15 * * * *", "Europe/Berlin", night, "00:15 00:30 00:45 01:00 01:15 01:30 01:45 02:00 02:15");
        comes("0 0 * * * *", "Europe/Berlin", "2026-10-24T22:59:00Z", "23:00 25.00:00 25.01:00 25.02:00 25.03:00");
        comes("0 30 2 * * *", "Europe/Berlin", night, "00:30 26.01:30 27.01:30");
        comes("0 */15 2 * * *", "Europe/Berlin", night, "00:15 00:30 00:45 26.01:00");
        comes("0 0 3 * * *", "Europe/Berlin", night, "02:00 26.02:00");
        comes("0 0 */2 * * *", "Europe/Berlin", "2026-10-24T22:30:00Z", "25.00:00 25.03:00 25.05:00");
        // A search that begins in the repeated hour does not run a fixed time of it again.
        comes("0 30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "26.01:30");
        // New York: 02:00 becomes 01:00 at 06:00 UTC.
        let night = "2026-11-01T04:50:00Z";
        comes("0 */30 * * * *", "America/New_York", night, "05:00 05:30 06:00 06:30 07:00 07:30");
        comes("0 30 1 * * *", "America/New_York", night, "05:30 02.06:30");
        // Lord Howe: 02:00 becomes 01:30 at 15:00 UTC.
        let night = "2026-04-04T14:00:00Z";
        comes("0 */15 * * * *", "Australia/Lord_Howe", night, "14:15 14:30 14:45 15:00 15:15 15:30 15:45");
        comes("0 45 1 * * *", "Australia/Lord_Howe", night, "14:45 05.15:15");
        comes("0 15 1 * * *", "Australia/Lord_Howe", night, "14:15 05.14:45");
    }

    #[test]
    fn spring_drops_an_hour() {
        // Berlin: 02:00 becomes 03:00 at 01:00 UTC.
        let night = "2026-03-29T00:00:00Z";
        comes("0 */15 * * * *", "Europe/Berlin", night, "00:15 00:30 00:45 01:00 01:15");
        comes("0 0 * * * *", "Europe/Berlin", "2026-03-28T23:30:00Z", "29.00:00 29.01:00 29.02:00");
        comes("0 30 2 * * *", "Europe/Berlin", night, "01:00 30.00:30");
        comes("0 */15 2 * * *", "Europe/Berlin", night, "01:00 30.00:00 30.00:15");
        comes("0 0 2,3 * * *", "Europe/Berlin", night, "01:00 30.00:00 30.01:00");
        comes("0 30 3 * * *", "Europe/Berlin", night, "01:30 30.01:30");
        comes("0 30 2 * * MON", "Europe/Berlin", night, "30.00:30");
        // A day of 23 hours is no reason to begin the next one late.
        comes("0 30 0 * * MON", "Europe/Berlin", "2026-03-28T23:00:00Z", "29.22:30");
        // New York: 02:00 becomes 03:00 at 07:00 UTC.
        let night = "2026-03-08T05:00:00Z";
        comes("0 30 2 * * *", "America/New_York", night, "07:00 09.06:30");
        comes("0 */30 * * * *", "America/New_York", "2026-03-08T06:00:00Z", "06:30 07:00 07:30");
        // Lord Howe: 02:00 becomes 02:30 at 15:30 UTC.
        let night = "2026-10-03T14:00:00Z";
        comes("0 15 2 * * *", "Australia/Lord_Howe", night, "15:30 04.15:15");
        comes("0 45 2 * * *", "Australia/Lord_Howe", night, "15:45 04.15:45");
        comes("0 */15 * * * *", "Australia/Lord_Howe", night, "14:15 14:30 14:45 15:00 15:15 15:30 15:45");
        // Santiago: midnight itself is missing; the day begins at 01:00, at 04:00 UTC.
        comes("0 0 0 * * *", "America/Santiago", "2026-09-05T05:00:00Z", "06.04:00 07.03:00");
        comes("0 30 0 6 9 *", "America/Santiago", "2026-09-05T05:00:00Z", "06.04:00");
    }

    /// The definition, second by second: slow, and with nothing to skip.
    #[test]
    fn nothing_is_skipped_that_the_expression_means() {
        for (zone, start) in [
            ("Europe/Berlin", "2026-10-24T20:00:00Z"),
            ("America/New_York", "2026-03-08T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T10:00:00Z"),
            ("Africa/Cairo", "2026-04-23T18:00:00Z"),
        ] {
            for expression in ["*/20 */7 * * * *", "0 5-50/9 * * * *", "0 0 * * * SAT,SUN", "30 59 * * * *"] {
                let (zone, start): (Tz, _) = (zone.parse().expect("a zone"), utc(start));
                let cron: cron::Schedule = expression.parse().expect("an expression");
                let seconds = (1..=8 * 3_600).map(|second| start + TimeDelta::seconds(second));
                let meant: Vec<_> = seconds.filter(|at| cron.includes(at.with_timezone(&zone))).collect();
                let schedule = Schedule::parse(expression, zone).expect("a schedule");
                let found: Vec<_> =
                    times(&schedule, start).take_while(|at| *at <= start + TimeDelta::hours(8)).collect();
                assert_eq!(found, meant, "{expression} in {zone}");
            }
        }
    }

    #[track_caller]
    fn refused(expression: &str, message: &str) {
        assert_eq!(check(expression, Tz::UTC).expect_err("no schedule"), message);
    }

    #[test]
    fn what_is_no_schedule() {
        let count = "fields; write five (minute, hour, day of the month, month, weekday) or six (second first)";
        refused("", &format!("has 0 {count}"));
        refused("@daily", &format!("has 1 {count}"));
        refused("0 0 0 1 1 * 2027", &format!("has 7 {count}"));
        let numbers = "write them by name, as in MON or MON-FRI: 1 is Monday for some programs and Sunday for others";
        refused("0 6 * * 1-5", &format!("has the weekdays \"1-5\"; {numbers}"));
        refused("0 6 * * */2", &format!("has the weekdays \"*/2\"; {numbers}"));
        let possible =
            |values| format!("write {values}, and of these lists (A,B), ranges (A-B), all (*) and steps (*/N)");
        refused("60 * * * *", &format!("has the minutes \"60\"; {}", possible("0 to 59")));
        refused("0 75 * * * *", &format!("has the minutes \"75\"; {}", possible("0 to 59")));
        refused("0 */90 * * * *", &format!("has the minutes \"*/90\"; {}", possible("0 to 59")));
        refused("0 */0 * * * *", &format!("has the minutes \"*/0\"; {}", possible("0 to 59")));
        refused("0 0 24 * * *", &format!("has the hours \"24\"; {}", possible("0 to 23")));
        refused("0 0 22-2 * * *", &format!("has the hours \"22-2\"; {}", possible("0 to 23")));
        refused("0 0 0 0 * *", &format!("has the days of the month \"0\"; {}", possible("1 to 31")));
        refused("0 0 0 ** * *", &format!("has the days of the month \"**\"; {}", possible("1 to 31")));
        refused("0 0 0 1JAN MON 2026", &format!("has the days of the month \"1JAN\"; {}", possible("1 to 31")));
        refused("0 0 0 * 13 *", &format!("has the months \"13\"; {}", possible("1 to 12 or JAN to DEC")));
        refused("0 0 0 * * MOON", &format!("has the weekdays \"MOON\"; {}", possible("SUN to SAT")));
        refused("0 0 0 * * FRI-MON", &format!("has the weekdays \"FRI-MON\"; {}", possible("SUN to SAT")));
    }

    #[test]
    fn what_hardly_ever_comes() {
        let both =
            "write times that come more often, 400 days are the most (day of the month and weekday must both be met)";
        refused("0 0 0 31 2 *", "never comes; write times that do");
        refused("0 0 0 29 2 *", &format!("pauses for as long as 1461 days; {both}"));
        refused("0 0 0 29 2 MON", &format!("pauses for as long as 10227 days; {both}"));
        refused("0 0 0 13 6 FRI", &format!("pauses for as long as 4018 days; {both}"));
        assert_eq!(check("0 0 0 28 2 *", Tz::UTC), Ok(()));
        assert_eq!(check("0 0 0 1-7 1 mon", Tz::UTC), Ok(()));
    }

    #[track_caller]
    fn interval(expression: &str, seconds: i64) {
        assert_eq!(schedule(expression, "UTC").shortest_interval(), TimeDelta::seconds(seconds), "{expression}");
    }

    #[test]
    fn the_shortest_interval() {
        interval("* * * * * *", 1);
        interval("*/30 * * * * *", 30);
        interval("0 */15 * * * *", 900);
        interval("0 0,50 * * * *", 600);
        interval("0 0,10 9-17 * * *", 600);
        interval("0 0 6 * * *", 86_400);
        interval("0 0 1,23 * * *", 7_200);
        interval("0 0 6 * * MON,THU", 3 * 86_400);
        interval("0 0 1,23 * * MON,THU", 22 * 3_600);
        interval("0 0 6 1 1 *", 365 * 86_400);
    }

    #[test]
    fn the_sample_configuration_loads_where_it_stands() {
        let sample = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/okta-haiilo-sync.toml"));
        let secrets = EnvVars::from_iter([
            ("OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----"),
            ("OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN", "token"),
        ]);
        let settings = config::load(sample, &secrets, check).expect("settings");
        let schedule = Schedule::parse(&settings.schedule.full, settings.schedule.timezone).expect("a schedule");
        assert_eq!(schedule.shortest_interval(), TimeDelta::minutes(15));
        assert_eq!(settings.warnings, [""; 0]);
    }

    #[test]
    fn the_end_of_time_is_no_panic() {
        assert_eq!(schedule("0 * * * *", "UTC").next_after(DateTime::<Utc>::MAX_UTC), None);
        let beyond = Utc.with_ymd_and_hms(9_999, 1, 1, 0, 0, 0).single().expect("a time");
        assert_eq!(schedule("0 * * * *", "Europe/Berlin").next_after(beyond), None);
    }
}

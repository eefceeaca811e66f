//! How long a full cycle takes that has nothing to write. Both sides are read at the same time, and the slower one decides. Then groups are
//! read, if they are synced.

use std::time::Duration;

use crate::cli::check::findings::CheckFindings;
use crate::daemon::schedule::Schedule;
use crate::{engine, http};

/// What Okta's listing is read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct OktaReading {
    /// Requests to the listing, one after the other.
    pub(super) requests: u64,
    /// How many a minute we may send, where Okta shows it.
    pub(super) ours: Option<u64>,
    /// How long an answer takes.
    pub(super) answer: Duration,
}

/// What Haiilo's listing is read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct HaiiloReading {
    /// Requests to the listing.
    pub(super) requests: u64,
    /// How many of them are under way at once.
    pub(super) at_once: usize,
    /// How long an answer takes.
    pub(super) answer: Duration,
}

/// What groups are read with, after people.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroupsReading {
    /// Requests to Okta at least: a group of many members needs more.
    pub(super) okta: u64,
    /// Requests to Haiilo's listing of groups.
    pub(super) haiilo: u64,
}

/// Everything that a cycle reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readings {
    pub(super) okta: OktaReading,
    pub(super) haiilo: HaiiloReading,
    /// Nothing where groups are not synced.
    pub(super) groups: Option<GroupsReading>,
}

impl OktaReading {
    /// How long it takes, and why so long.
    fn length(self) -> (Duration, String) {
        let (by_answers, by_limit) = (times(self.answer, self.requests), self.by_limit(self.requests));
        if by_limit >= by_answers {
            (by_limit, ", by Okta's limit".to_owned())
        } else {
            (by_answers, by_answers_of("Okta", self.answer))
        }
    }

    /// How long our share of the rate limit makes so many requests take.
    fn by_limit(self, requests: u64) -> Duration {
        self.ours.map_or(Duration::ZERO, |ours| http::length(requests, ours))
    }
}

impl HaiiloReading {
    fn length(self) -> Duration {
        times(self.answer, self.requests.div_ceil(self.at_once.max(1) as u64))
    }
}

fn by_answers_of(side: &str, answer: Duration) -> String {
    format!(", by {side}'s answers, which take {} ms each", answer.as_millis())
}

impl GroupsReading {
    /// How long it takes with response times and limits like those of the listings of people; groups have limits of their own.
    fn length(self, okta: OktaReading, haiilo: HaiiloReading) -> Duration {
        let of_okta = times(okta.answer, self.okta.div_ceil(engine::GROUPS_AT_ONCE as u64));
        of_okta.max(okta.by_limit(self.okta)).max(times(haiilo.answer, self.haiilo))
    }
}

/// Says how long a full cycle takes, and which schedule fits.
pub(super) fn tell(readings: Readings, schedule: &Schedule, findings: &mut CheckFindings) {
    let Readings { okta, haiilo, groups } = readings;
    findings.section("A full cycle with nothing to write");
    let (mut took, mut reason) = okta.length();
    let asked = pages(okta.requests);
    match okta.ours {
        Some(ours) => {
            findings.fine(format_args!("Okta: {asked}, of which {ours} a minute are ours: {}", words(took)));
        }
        None => findings.warn(format_args!(
            "Okta: {asked}, and no rate limit is shown, so that it may take longer than is told here: look how long the first cycles take \
             (`status`)"
        )),
    }
    let (asked, at_once, of_haiilo) = (pages(haiilo.requests), haiilo.at_once, haiilo.length());
    findings.fine(format_args!("Haiilo: {asked}, {at_once} at once: {}", words(of_haiilo)));
    if of_haiilo > took {
        (took, reason) = (of_haiilo, by_answers_of("Haiilo", haiilo.answer));
    }
    // Differences of seconds are chance.
    if took < Duration::from_mins(1) {
        reason.clear();
    }
    let mut what = "both at the same time";
    if let Some(groups) = groups {
        let after = groups.length(okta, haiilo);
        if after > took {
            ", most of it for groups".clone_into(&mut reason);
        }
        took += after;
        what = "people, then groups";
        findings.fine(format_args!(
            "groups: at least {} requests to Okta and {} to Haiilo: {}",
            groups.okta,
            groups.haiilo,
            words(after)
        ));
    }
    let text = format!("{what}: {}{reason}; schedule.full = \"{}\" fits", words(took), fitting(took));
    let interval = schedule.shortest_interval().to_std().unwrap_or_default();
    if took * 2 > interval { findings.warn(text) } else { findings.fine(text) }
}

fn pages(requests: u64) -> String {
    if requests == 1 { "1 page".to_owned() } else { format!("{requests} pages") }
}

fn words(took: Duration) -> String {
    match took.as_secs() / 60 {
        0 => "under a minute".to_owned(),
        1 => "about a minute".to_owned(),
        minutes => format!("about {minutes} minutes"),
    }
}

/// The most frequent usual schedule that leaves at least half of the time free.
fn fitting(took: Duration) -> &'static str {
    let usual = [
        (15, "0 */15 * * * *"),
        (30, "0 */30 * * * *"),
        (60, "0 0 * * * *"),
        (240, "0 0 */4 * * *"),
        (720, "0 0 */12 * * *"),
    ];
    let fits = usual.iter().find(|(minutes, _)| took * 2 <= Duration::from_mins(*minutes));
    fits.map_or("0 0 3 * * *", |(_, cron)| cron)
}

fn times(time: Duration, count: u64) -> Duration {
    time.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono_tz::Tz;

    use super::{GroupsReading, HaiiloReading, OktaReading, Readings, tell};
    use crate::cli::check::findings::CheckFindings;
    use crate::daemon::schedule::Schedule;

    /// What is reported for this many requests, with responses of this many milliseconds on both sides.
    fn told((requests, ours, answer): (u64, Option<u64>, u64), haiilo: (u64, usize, u64)) -> String {
        let okta = OktaReading { requests, ours, answer: Duration::from_millis(answer) };
        let (requests, at_once, answer) = haiilo;
        let haiilo = HaiiloReading { requests, at_once, answer: Duration::from_millis(answer) };
        let mut findings = CheckFindings::default();
        let readings = Readings { okta, haiilo, groups: None };
        tell(readings, &schedule(), &mut findings);
        findings.text().to_owned()
    }

    fn schedule() -> Schedule {
        Schedule::parse("0 */15 * * * *", Tz::UTC).expect("a schedule")
    }

    #[test]
    fn groups_come_after_people() {
        let answer = Duration::from_millis(200);
        let okta = OktaReading { requests: 20, ours: Some(120), answer };
        let haiilo = HaiiloReading { requests: 10, at_once: 2, answer };
        let mut findings = CheckFindings::default();
        let groups = Some(GroupsReading { okta: 1_201, haiilo: 12 });
        tell(Readings { okta, haiilo, groups }, &schedule(), &mut findings);
        insta::assert_snapshot!(findings.text(), @r#"
        A full cycle with nothing to write
          ok       Okta: 20 pages, of which 120 a minute are ours: under a minute
          ok       Haiilo: 10 pages, 2 at once: under a minute
          ok       groups: at least 1201 requests to Okta and 12 to Haiilo: about 10 minutes
          warning  people, then groups: about 10 minutes, most of it for groups; schedule.full = "0 */30 * * * *" fits
        "#);
    }

    #[test]
    fn the_slower_side_decides() {
        insta::assert_snapshot!(told((201, Some(25), 900), (1_001, 2, 150)), @r#"
        A full cycle with nothing to write
          ok       Okta: 201 pages, of which 25 a minute are ours: about 8 minutes
          ok       Haiilo: 1001 pages, 2 at once: about a minute
          warning  both at the same time: about 8 minutes, by Okta's limit; schedule.full = "0 */30 * * * *" fits
        "#);
        insta::assert_snapshot!(told((201, Some(25), 900), (1_001, 1, 1_500)), @r#"
        A full cycle with nothing to write
          ok       Okta: 201 pages, of which 25 a minute are ours: about 8 minutes
          ok       Haiilo: 1001 pages, 1 at once: about 25 minutes
          warning  both at the same time: about 25 minutes, by Haiilo's answers, which take 1500 ms each; schedule.full = "0 0 * * * *" fits
        "#);
        insta::assert_snapshot!(told((201, Some(500_000), 900), (1_001, 8, 150)), @r#"
        A full cycle with nothing to write
          ok       Okta: 201 pages, of which 500000 a minute are ours: about 3 minutes
          ok       Haiilo: 1001 pages, 8 at once: under a minute
          ok       both at the same time: about 3 minutes, by Okta's answers, which take 900 ms each; schedule.full = "0 */15 * * * *" fits
        "#);
    }

    #[test]
    fn who_needs_little_is_told_little() {
        // The first half of a share goes at once, and the rest of it within the minute.
        insta::assert_snapshot!(told((13, Some(25), 900), (60, 2, 900)), @r#"
        A full cycle with nothing to write
          ok       Okta: 13 pages, of which 25 a minute are ours: under a minute
          ok       Haiilo: 60 pages, 2 at once: under a minute
          ok       both at the same time: under a minute; schedule.full = "0 */15 * * * *" fits
        "#);
        insta::assert_snapshot!(told((26, Some(25), 900), (60, 2, 900)), @r#"
        A full cycle with nothing to write
          ok       Okta: 26 pages, of which 25 a minute are ours: about a minute
          ok       Haiilo: 60 pages, 2 at once: under a minute
          ok       both at the same time: about a minute, by Okta's limit; schedule.full = "0 */15 * * * *" fits
        "#);
        insta::assert_snapshot!(told((26, None, 900), (60, 2, 900)), @r#"
        A full cycle with nothing to write
          warning  Okta: 26 pages, and no rate limit is shown, so that it may take longer than is told here: look how long the first cycles take (`status`)
          ok       Haiilo: 60 pages, 2 at once: under a minute
          ok       both at the same time: under a minute; schedule.full = "0 */15 * * * *" fits
        "#);
    }
}

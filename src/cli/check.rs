//! `check`: the configuration and the mapping, then read-only looks at both ends. Says what to do about each finding.

use std::fmt::{self, Write as _};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::cli::args::CheckArguments;
use crate::cli::context::Context;
use crate::cli::ending::{Ending, Unfinished};
use crate::cli::output;
use crate::cli::sample;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::config::mapping_test;
use crate::config::settings::Settings;
use crate::daemon::schedule::Schedule;
use crate::domain::assignment::Assignment;
use crate::domain::leavers::ClockAgreement;
use crate::domain::memory::Tenant;
use crate::domain::snapshot::PageRequest;
use crate::ports::{AccountReader as _, AssignmentSource as _, Failure, StoreReader as _};
use crate::report;
use crate::store::ReadStore;

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Fine,
    Warning,
    Error,
}

/// What is found, section by section.
#[derive(Debug)]
struct Findings {
    text: String,
    worst: Grade,
}

impl Findings {
    fn section(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        writeln!(self.text, "{gap}{title}").expect("a text takes every line");
    }

    fn add(&mut self, grade: Grade, text: impl fmt::Display) {
        let word = match grade {
            Grade::Fine => "ok     ",
            Grade::Warning => "warning",
            Grade::Error => "error  ",
        };
        if grade == Grade::Error {
            self.worst = Grade::Error;
        }
        writeln!(self.text, "  {word}  {text}").expect("a text takes every line");
    }

    fn fine(&mut self, text: impl fmt::Display) {
        self.add(Grade::Fine, text);
    }

    fn warn(&mut self, text: impl fmt::Display) {
        self.add(Grade::Warning, text);
    }

    fn error(&mut self, text: impl fmt::Display) {
        self.add(Grade::Error, text);
    }
}

/// Checks everything that can be checked without writing.
pub(super) async fn run(context: &Context, arguments: &CheckArguments) -> Result<Ending, Unfinished> {
    if let Some(login) = &arguments.sample {
        return sample::run(context, login).await;
    }
    let settings = context.settings()?;
    let mut findings = Findings { text: String::new(), worst: Grade::Fine };
    configuration(context, &settings, &mut findings);
    let schedule = Schedule::parse(&settings.schedule.full, settings.schedule.timezone)?;
    let pace = Pace { share: settings.okta.rate_limit_share, page_size: settings.okta.page_size, schedule: &schedule };
    let wiring = Wiring::new(settings)?;
    times(&schedule, wiring.clock.now(), &mut findings);
    if !arguments.offline {
        okta(&wiring, &pace, &mut findings).await;
        haiilo(&wiring, &mut findings).await;
        tenant(&wiring, &mut findings).await;
    }
    output::print(&findings.text)?;
    Ok(if findings.worst == Grade::Error { Ending::Failed } else { Ending::Done })
}

fn configuration(context: &Context, settings: &Settings, findings: &mut Findings) {
    findings.section("Configuration");
    findings.fine(format_args!("{} and its mapping are complete", context.config.display()));
    for warning in &settings.warnings {
        findings.warn(warning);
    }
    let outcomes = mapping_test::run_tests(&settings.mapping, &settings.mapping_tests);
    for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
        for failure in &outcome.failures {
            let (path, expected, found) = (&failure.path, &failure.expected, &failure.found);
            let (place, name) = (&outcome.place, &outcome.name);
            findings.error(format_args!("{place}: test {name:?}: {path} shall be {expected}, and is {found}"));
        }
    }
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    match outcomes.len() {
        0 => findings
            .warn("the mapping has no [[tests]]: an example person with the account that must come out keeps it right"),
        all if all == passed => findings.fine(format_args!("mapping tests: all {all} pass")),
        all => findings.error(format_args!("mapping tests: {} of {all} fail", all - passed)),
    }
}

fn times(schedule: &Schedule, now: DateTime<Utc>, findings: &mut Findings) {
    let next = std::iter::successors(schedule.next_after(now), |time| schedule.next_after(*time));
    let times: Vec<String> = next.take(3).map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string()).collect();
    findings.fine(format_args!("the next full cycles of the daemon would be at {}", times.join(", ")));
}

/// What the length of a cycle depends on.
struct Pace<'a> {
    share: f64,
    page_size: u32,
    schedule: &'a Schedule,
}

async fn okta(wiring: &Wiring, pace: &Pace<'_>, findings: &mut Findings) {
    findings.section("Okta");
    let application = match wiring.source.application().await {
        Ok(application) => application,
        Err(failure) => return findings.error(failure),
    };
    let label = &application.label;
    match application.status.as_str() {
        "ACTIVE" => findings.fine(format_args!("the application {label:?} is active")),
        status => {
            findings.error(format_args!("the application {label:?} is {status}; activate it, or correct okta.app_id"));
        }
    }
    if ClockAgreement::of(wiring.clock.now(), application.server_time) == ClockAgreement::Off {
        findings.error(
            "the local clock and Okta's differ by more than five minutes: nothing would be deleted; set the clock (timedatectl)",
        );
    }
    if !application.push_features.is_empty() {
        let features = application.push_features.join(", ");
        findings.error(format_args!(
            "Okta's own push to Haiilo is on ({features}): switch it off in Okta (Applications > Provisioning), or set okta.push_is_on"
        ));
    }
    let first_page = async {
        let arrived = wiring.source.page(None).await?;
        wiring.source.rows(arrived.body).await
    };
    let listed = match first_page.await {
        Ok(rows) => {
            people(wiring, &rows.assignments, findings).await;
            rows.assignments.len()
        }
        Err(failure) => return findings.error(failure),
    };
    match wiring.source.look().await {
        Ok(look) => {
            if let Some(host) = look.foreign_host {
                findings.error(format_args!(
                    "Okta's links name {host}: set okta.org_url = \"https://{host}\", or okta.link_hosts = [{host:?}]"
                ));
            }
            length(pace, look.limit, guess(wiring, listed).await, findings);
        }
        Err(failure) => findings.error(failure),
    }
}

/// How many people there are, as far as that can be told without reading them all: those of the first page, those whom the store knows,
/// or the accounts in Haiilo.
async fn guess(wiring: &Wiring, listed: usize) -> u64 {
    let memory = ReadStore::new(wiring.store.clone()).remember(wiring.clock.now()).await;
    let known = memory.map_or(0, |memory| memory.links.len());
    let first = wiring.reader.list(PageRequest { start: 1, count: 1 }).await;
    first.ok().and_then(|page| page.total).unwrap_or(0).max(listed.max(known) as u64)
}

/// Whether people can be read in the listing and by id.
async fn people(wiring: &Wiring, rows: &[Assignment], findings: &mut Findings) {
    let Some(first) = rows.first() else { return findings.warn("nobody is assigned to the application") };
    findings.fine(format_args!("the first page of assignments has {} people", report::amount(rows.len())));
    let by_id = async {
        let user = wiring.source.user(&first.id).await?;
        let assignment = wiring.source.assignment(&first.id).await?;
        Ok::<bool, Failure>(user.is_some() && assignment.is_some())
    };
    match by_id.await {
        Ok(true) => findings.fine("people can be read by id, which evidence about leavers needs"),
        Ok(false) => findings.error(
            "somebody who is listed is not found by id: nobody would ever be deleted; check the rights of the credentials",
        ),
        Err(failure) => findings.error(failure),
    }
}

/// How long a full cycle takes by Okta's limit, and which schedule fits.
fn length(pace: &Pace<'_>, limit: Option<u64>, people: u64, findings: &mut Findings) {
    let Some(limit) = limit else {
        return findings.warn("Okta shows no rate limit: how long a full cycle takes cannot be told");
    };
    let requests = people.div_ceil(u64::from(pace.page_size)).max(1) + 1;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a limit is small"
    )]
    let a_minute = ((limit as f64 * pace.share) as u64).max(1);
    // The first window is used up without waiting.
    let minutes = (requests - 1) / a_minute;
    let took = Duration::from_mins(minutes);
    let words = match minutes {
        0 => "under a minute".to_owned(),
        1 => "about a minute".to_owned(),
        minutes => format!("about {minutes} minutes"),
    };
    let cron = fitting(took);
    let text = format!(
        "a full cycle sends Okta {requests} requests, at most {a_minute} a minute: {words}; schedule.full = \"{cron}\" fits"
    );
    let interval = pace.schedule.shortest_interval().to_std().unwrap_or_default();
    if took * 2 > interval { findings.warn(text) } else { findings.fine(text) }
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

async fn haiilo(wiring: &Wiring, findings: &mut Findings) {
    findings.section("Haiilo");
    let request = PageRequest { start: 1, count: wiring.cycle.page_size };
    match wiring.reader.list(request).await {
        Ok(page) => match page.total {
            Some(total) => findings.fine(format_args!("{total} users, {} of them on the first page", page.rows.len())),
            None => findings.warn("the listing gives no totalResults; each cycle reads it twice to be sure"),
        },
        Err(failure) => return findings.error(failure),
    }
    let owner = &wiring.cycle.policy.token_owner;
    match wiring.reader.find(owner).await {
        Ok(found) if found.is_empty() => findings.warn(format_args!(
            "the owner of the token, {owner}, was not found: nobody would be deleted; correct haiilo.auth.token_owner"
        )),
        Ok(_) => findings.fine(format_args!("the owner of the token, {owner}, was found")),
        Err(failure) => findings.error(failure),
    }
}

/// Whether the store belongs to these ends.
async fn tenant(wiring: &Wiring, findings: &mut Findings) {
    findings.section("Store");
    let memory = match ReadStore::new(wiring.store.clone()).remember(wiring.clock.now()).await {
        Ok(memory) => memory,
        Err(failure) => return findings.error(format_args!("{:#}", anyhow::Error::from(failure))),
    };
    let path = &wiring.store;
    let Some(known) = memory.tenant else {
        return findings.fine(format_args!("{path} is empty: the first `sync` will want an approval"));
    };
    // An id that either side does not know says nothing.
    let org_id = match (&known.org_id, wiring.source.organization().await) {
        (Some(_), Ok(Some(found))) => Some(found),
        (known, _) => known.clone(),
    };
    if known == (Tenant { org_id, ..wiring.cycle.tenant.clone() }) {
        findings
            .fine(format_args!("{path} belongs to these ends and knows {} links", report::amount(memory.links.len())));
    } else {
        findings.error(format_args!(
            "{path} belongs to other ends: application {} at {} and {}; use another store, or correct the configuration",
            known.app_id, known.org_url, known.base_url
        ));
    }
}

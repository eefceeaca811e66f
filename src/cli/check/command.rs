//! `check`: the configuration and the mapping, then read-only calls to both sides. Says what to do about each finding.

use chrono::{DateTime, Utc};

use crate::cli::args::CheckArguments;
use crate::cli::check::duration::{self, HaiiloReading, OktaReading, Readings};
use crate::cli::check::findings::CheckFindings;
use crate::cli::check::haiilo::{self, HaiiloListing};
use crate::cli::check::okta::{self, OktaCheckInput, OktaListing};
use crate::cli::check::{directory, groups, sample, store, write_probe};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::config::mapping;
use crate::config::settings::Settings;
use crate::daemon::schedule::Schedule;
use crate::domain::model::target::TotalAccuracy;
use crate::domain::state::sync_state::Tenant;
use crate::ports::{AssignmentSource as _, StoreReader as _};
use crate::report;

/// Checks everything that can be checked without writing.
pub(in crate::cli) async fn run(context: &Context, arguments: &CheckArguments) -> CommandResult {
    if let Some(login) = &arguments.sample {
        return sample::run(context, login).await;
    }
    let settings = context.settings()?;
    let mut findings = CheckFindings::default();
    configuration(context, &settings, &mut findings);
    let schedule = Schedule::parse(&settings.schedule.full, settings.schedule.timezone)?;
    let asking = OktaCheckInput::of(&settings);
    let are_polls_wanted = settings.schedule.changes.is_some();
    let wiring = Wiring::new(settings)?;
    times(&schedule, wiring.clock.now(), &mut findings);
    if !arguments.offline {
        let people = asking.ask(&wiring, &mut findings).await;
        if are_polls_wanted {
            okta::polls(&wiring, &mut findings).await;
        }
        let accounts = haiilo::ask(&wiring, &mut findings).await;
        directory::compare(&wiring, &mut findings).await;
        let groups = Box::pin(groups::ask(&wiring, &mut findings)).await;
        if let (Some(people), Some(accounts)) = (people, accounts) {
            let (okta, haiilo) = readings(&wiring, people, accounts).await;
            duration::tell(Readings { okta, haiilo, groups }, &schedule, &mut findings);
        }
        let is_ours = is_ours(&wiring, &mut findings).await;
        store::left_behind(&wiring, &mut findings).await;
        if let Some(HaiiloListing { learnt, .. }) = accounts.filter(|_| is_ours) {
            store::keep(&wiring, learnt, &mut findings).await;
        }
    }
    output::print(findings.text())?;
    match &arguments.write_probe {
        Some(_) if findings.has_error() => Err(CommandError::misconfigured(
            "no write probe, and nothing was written: mend the errors that `check` found first",
        )),
        Some(address) => {
            output::print("\n")?;
            write_probe::run(context, address, arguments).await
        }
        None => Ok(if findings.has_error() { ExitStatus::Failed } else { ExitStatus::Done }),
    }
}

fn configuration(context: &Context, settings: &Settings, findings: &mut CheckFindings) {
    findings.section("Configuration");
    findings.fine(format_args!("{} and its mapping are complete", context.config.display()));
    for warning in &settings.warnings {
        findings.warn(warning);
    }
    let outcomes = mapping::run_tests(&settings.mapping, &settings.mapping_tests);
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed()).collect();
    for outcome in &failed {
        findings.error(outcome);
    }
    match (outcomes.len(), failed.len()) {
        (0, _) => findings
            .warn("the mapping has no [[tests]]: an example person with the account that must come out keeps it right"),
        (all, 0) => findings.fine(format_args!("mapping tests: all {all} pass")),
        (all, failed) => findings.error(format_args!(
            "mapping tests: {failed} of {all} fail (- is what the test expects, + what the mapping gives); correct the rule or the test"
        )),
    }
}

/// What a full cycle reads, as far as that is known without reading all of it.
async fn readings(wiring: &Wiring, people: OktaListing, accounts: HaiiloListing) -> (OktaReading, HaiiloReading) {
    let state = wiring.read_store().sync_state(wiring.clock.now()).await;
    let known = state.map_or(0, |state| state.links.len() as u64);
    let OktaListing { listed, is_whole, page_size, answer, ours } = people;
    // After the first page: as many people as there are accounts, or links.
    let assigned = if is_whole { listed } else { listed.max(known).max(accounts.users) };
    let requests = assigned.div_ceil(u64::from(page_size)).max(1);
    let okta = OktaReading { requests, ours, answer };
    let HaiiloListing { users, page_size, answer, learnt } = accounts;
    let pages = users.div_ceil(u64::from(page_size.max(1))) + 1;
    // A listing whose total proves nothing is read twice.
    let readings = if learnt.total == Some(TotalAccuracy::Honest) { 1 } else { 2 };
    (okta, HaiiloReading { requests: pages * readings, at_once: wiring.cycle.concurrency, answer })
}

fn times(schedule: &Schedule, now: DateTime<Utc>, findings: &mut CheckFindings) {
    let next = std::iter::successors(schedule.next_after(now), |time| schedule.next_after(*time));
    let times: Vec<String> = next.take(3).map(|time| time.format("%Y-%m-%d %H:%M UTC").to_string()).collect();
    findings.fine(format_args!("the next full cycles of the daemon would be at {}", times.join(", ")));
}

/// Whether the store belongs to these tenants, or to none yet.
async fn is_ours(wiring: &Wiring, findings: &mut CheckFindings) -> bool {
    findings.section("Store");
    let state = wiring.read_store().sync_state(wiring.clock.now()).await;
    let state = state.map_err(|failure| format!("{:#}", anyhow::Error::from(failure)));
    let Some(state) = findings.value(state) else { return false };
    let path = &wiring.store;
    let Some(known) = state.tenant else {
        findings.fine(format_args!("{path} is empty: the first `sync` will want an approval"));
        return true;
    };
    // An id that either side does not know says nothing.
    let org_id = match (&known.org_id, wiring.source.organization().await) {
        (Some(_), Ok(Some(found))) => Some(found),
        (known, _) => known.clone(),
    };
    let is_ours = known == Tenant { org_id, ..wiring.cycle.tenant.clone() };
    if is_ours {
        findings
            .fine(format_args!("{path} belongs to these ends and knows {} links", report::amount(state.links.len())));
    } else {
        findings.error(format_args!(
            "{path} belongs to other ends: application {} at {} and {}; use another store, or correct the configuration",
            known.app_id, known.org_url, known.base_url
        ));
    }
    is_ours
}

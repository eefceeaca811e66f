//! The status page: one HTML file without scripts or outside resources. The report names people, so it appears only where the configuration
//! shows them.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use crate::daemon::cycle_result::CycleSummary;
use crate::daemon::status::{Health, Phase, Readiness, time};
use crate::domain::model::word::Word as _;
use crate::domain::state::run_history::{CycleResult, RunHistory};

const STYLE: &str = include_str!("page.css");
/// How many cycles the chart shows.
pub(super) const SHOWN: usize = 48;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // A line with only a tag leaves no empty line.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters"));
    environment.add_template("page", include_str!("page.html")).expect("tests render the template");
    environment
});

/// The hash by which a Content-Security-Policy allows the style of the page, and no other.
pub(super) fn style_hash() -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, STYLE.as_bytes())))
}

#[derive(Serialize)]
struct StatusPage<'a> {
    version: &'static str,
    style: &'static str,
    is_ready: bool,
    phase: Phase,
    last_complete: Option<String>,
    next: Option<String>,
    failures: u32,
    error: Option<&'a str>,
    started: String,
    now: String,
    /// `None` if the store cannot be read.
    approvals: Option<Vec<ApprovalRow<'a>>>,
    bars: Vec<ChartBar>,
    /// Seconds of the longest cycle in the chart.
    longest: i64,
    totals: Vec<(String, String)>,
    report: Option<&'a str>,
}

/// A set of operations that waits for an approval, or has one.
#[derive(Serialize)]
struct ApprovalRow<'a> {
    at: String,
    id: &'a str,
    approved_until: Option<String>,
}

/// One cycle of the chart.
#[derive(Serialize)]
struct ChartBar {
    ended: String,
    seconds: i64,
    result: &'static str,
}

/// Renders the page. `history` is what the store knows; `None` if it cannot be read.
pub(super) fn page(health: &Health, history: Option<&RunHistory>, readiness: Readiness, now: DateTime<Utc>) -> String {
    let bars = history.map(|history| bars(health, history)).unwrap_or_default();
    let page = StatusPage {
        version: env!("CARGO_PKG_VERSION"),
        style: STYLE,
        is_ready: readiness == Readiness::Ready,
        phase: health.phase,
        last_complete: health.last_complete.map(time),
        next: health.next.map(time),
        failures: health.failures,
        error: health.error.as_deref(),
        started: time(health.started),
        now: time(now),
        approvals: history.map(|history| approvals(history, now)),
        longest: bars.iter().map(|bar| bar.seconds).max().unwrap_or(0),
        bars,
        totals: health.summary.as_ref().map(totals).unwrap_or_default(),
        report: health.summary.as_ref().and_then(|summary| summary.report.as_deref()),
    };
    let template = TEMPLATES.get_template("page").expect("it was added");
    template.render(Serde(page)).expect("tests render every part of the template")
}

fn approvals(history: &RunHistory, now: DateTime<Utc>) -> Vec<ApprovalRow<'_>> {
    let rows = history.blocked_plans.iter().map(|blocked| ApprovalRow {
        at: time(blocked.at),
        id: blocked.id.as_str(),
        approved_until: blocked.approved_until.filter(|until| *until > now).map(time),
    });
    rows.collect()
}

/// The last cycles, the oldest first: those of the store, and the failed ones of this process, which the store does not know.
fn bars(health: &Health, history: &RunHistory) -> Vec<ChartBar> {
    let stored = history.cycles.iter().map(|cycle| (cycle.ended, cycle.ended - cycle.started, cycle.result));
    let failed = health.recent.iter().filter(|cycle| cycle.result == CycleResult::Failed);
    let mut cycles: Vec<_> = stored.chain(failed.map(|cycle| (cycle.ended, cycle.duration, cycle.result))).collect();
    cycles.sort_by_key(|(ended, ..)| *ended);
    cycles
        .split_off(cycles.len().saturating_sub(SHOWN))
        .into_iter()
        .map(|(ended, duration, result)| ChartBar {
            ended: time(ended),
            seconds: duration.num_seconds().max(0),
            result: result.as_str(),
        })
        .collect()
}

/// The last complete cycle in numbers.
fn totals(summary: &CycleSummary) -> Vec<(String, String)> {
    let row = |name: &str, value: &dyn ToString| (name.to_owned(), value.to_string());
    let mut rows = vec![
        row("Ended", &summary.result.as_str()),
        row("Assigned in Okta", &summary.counts.assigned),
        row("Unchanged", &summary.counts.unchanged),
    ];
    rows.extend(summary.operations.iter().map(|((kind, outcome), n)| row(&format!("{kind}, {outcome}"), n)));
    rows.extend(summary.held.iter().map(|(code, people)| row(&format!("held: {code}"), &people.len())));
    rows.extend(summary.leavers.iter().map(|(status, n)| row(&format!("leavers: {status}"), n)));
    let rest = [
        ("waiting", summary.waiting),
        ("rejected values", summary.rejected),
        ("missing", summary.missing),
        ("unmanaged", summary.unmanaged),
    ];
    rows.extend(rest.iter().filter(|(_, n)| *n > 0).map(|(name, n)| row(name, n)));
    rows.extend(summary.stops.iter().map(|stop| row("stopped", stop)));
    rows
}

#[cfg(test)]
mod tests {
    use super::page;
    use chrono::{DateTime, TimeDelta, Utc};
    use serde_json::json;

    use crate::daemon::cycle_result::CycleSummary;
    use crate::daemon::status::{FinishedCycle, Health, Readiness};
    use crate::domain::model::ids::{ApprovalId, RunId};
    use crate::domain::state::run_history::CycleResult;
    use crate::domain::state::run_history::{CycleRecord, PendingApproval, RunHistory};

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn history() -> RunHistory {
        let cycle = |n: i64, result| CycleRecord {
            run: RunId::new(format!("run-{n}")),
            started: at(n),
            ended: at(n) + TimeDelta::seconds(n),
            result,
        };
        RunHistory {
            cycles: vec![cycle(30, CycleResult::Applied), cycle(15, CycleResult::Blocked)],
            ..RunHistory::default()
        }
    }

    #[test]
    fn hostile_texts_are_shown_as_they_are_written() {
        let mut health = Health::new(at(0));
        let hostile = "<script>alert('x')</script> & \"more\"";
        health.summary = Some(CycleSummary { report: Some(hostile.to_owned()), ..CycleSummary::default() });
        (health.failures, health.error) = (2, Some(hostile.to_owned()));
        let shown = page(&health, Some(&history()), Readiness::Ready, at(40));
        assert!(!shown.contains("<script"), "{shown}");
        assert_eq!(
            shown.matches("&lt;script&gt;alert(&#x27;x&#x27;)&lt;&#x2f;script&gt; &amp; &quot;more&quot;").count(),
            2
        );
    }

    #[test]
    fn failed_cycles_have_their_place_in_the_chart() {
        let mut health = Health::new(at(0));
        for (ended, result) in [(20, CycleResult::Failed), (30, CycleResult::Applied), (45, CycleResult::Failed)] {
            health.add(FinishedCycle { ended: at(ended), duration: TimeDelta::seconds(1), result });
        }
        let shown = page(&health, Some(&history()), Readiness::Ready, at(50));
        let titles: Vec<&str> = shown
            .split("<title>")
            .skip(2)
            .filter_map(|rest| rest.split("</title>").next()?.split(": ").nth(1)?.split(',').next())
            .collect();
        assert_eq!(titles, ["blocked", "failed", "applied", "failed"], "{shown}");
        assert!(shown.contains("The longest took 30 s"));
    }

    #[test]
    fn what_is_blocked_is_told_with_the_way_to_let_it_pass() {
        let blocked_plan = |id: &str, approved_until| PendingApproval {
            id: ApprovalId::new(id),
            at: at(10),
            violations: json!([]),
            approved_until,
        };
        let history =
            RunHistory { blocked_plans: vec![blocked_plan("a1", None), blocked_plan("b2", Some(at(90)))], ..history() };
        let shown = page(&Health::new(at(0)), Some(&history), Readiness::Late, at(40));
        assert!(shown.contains("<code>okta-haiilo-sync approve a1</code>") && !shown.contains("approve b2"), "{shown}");
        assert!(shown.contains("approved until 1970-01-01 01:30:00 UTC"));
        assert!(shown.contains("Two scheduled times have passed without a complete cycle"));
        let without_store = page(&Health::new(at(0)), None, Readiness::Ready, at(40));
        assert!(without_store.contains("The store cannot be read"));
    }
}

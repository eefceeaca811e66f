//! The status page: how it is going, as one HTML file without scripts or outside resources. People appear where they may.

use std::fmt::Write as _;

use base64::Engine as _;
use chrono::{DateTime, Utc};

use crate::daemon::cycle_result::CycleSummary;
use crate::daemon::status::{Health, Phase, Readiness, time};
use crate::domain::state::run_history::RunHistory;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--good:#2e7d32;--bad:#c62828;--hold:#ef6c00}\
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}\
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1.2rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top}\
.good{color:var(--good)}.bad{color:var(--bad)}.hold{color:var(--hold)}\
pre{overflow-x:auto;border:1px solid var(--line);padding:1rem}\
svg{display:block;max-width:100%;height:auto}";

/// The style, as a Content-Security-Policy names it, so that no other one applies.
pub(super) fn style_hash() -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

/// Height of the chart's bars, in pixels, the highest and the lowest.
const HEIGHT: i64 = 60;
const LOWEST: i64 = 12;
/// Cycles that the chart shows.
pub(super) const SHOWN: usize = 48;

/// Makes the page. `standing` is what the store says, where it could be read.
pub(super) fn page(health: &Health, standing: Option<&RunHistory>, readiness: Readiness, now: DateTime<Utc>) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    let add = |out: &mut String, text: &str| out.push_str(text);
    add(&mut out, "<meta name=\"viewport\" content=\"width=device-width\"><title>okta-haiilo-sync</title>");
    write!(out, "<style>{STYLE}</style></head><body>\n<h1>okta-haiilo-sync {}</h1>\n", env!("CARGO_PKG_VERSION"))
        .expect("a text takes every line");
    state(&mut out, health, readiness, now);
    match standing {
        Some(standing) => {
            waiting(&mut out, standing, now);
            chart(&mut out, &bars(health, standing));
        }
        None => add(&mut out, "<p class=\"bad\">The store cannot be read.</p>\n"),
    }
    if let Some(summary) = &health.summary {
        numbers(&mut out, summary);
    }
    add(&mut out, "</body></html>\n");
    out
}

fn state(out: &mut String, health: &Health, readiness: Readiness, now: DateTime<Utc>) {
    let (class, word) = match readiness {
        Readiness::Ready => ("good", "Cycles come as they should."),
        Readiness::Late => ("bad", "Two scheduled times have passed without a complete cycle."),
    };
    let mut rows = vec![("State", format!("<span class=\"{class}\">{word}</span>"))];
    rows.push((
        "Now",
        match health.phase {
            Phase::Waiting => "waiting".to_owned(),
            Phase::Running => "a cycle is running".to_owned(),
            Phase::Stopping => "ending".to_owned(),
        },
    ));
    if let Some(last) = health.last_complete {
        rows.push(("Last complete cycle", time(last)));
    }
    if let Some(next) = health.next {
        rows.push(("Next cycle", time(next)));
    }
    if let Some(trouble) = &health.error {
        let text =
            format!("<span class=\"bad\">{} cycles failed in a row: {}</span>", health.failures, escaped(trouble));
        rows.push(("Trouble", text));
    }
    rows.push(("Running since", time(health.started)));
    rows.push(("This page", time(now)));
    table(out, &rows);
}

fn waiting(out: &mut String, standing: &RunHistory, now: DateTime<Utc>) {
    if standing.waiting.is_empty() {
        out.push_str("<p>Nothing waits for an approval.</p>\n");
        return;
    }
    out.push_str("<h2>Refused runs of the last day</h2>\n");
    let rows: Vec<(String, String)> = standing
        .waiting
        .iter()
        .map(|waiting| {
            let what = match waiting.approved_until {
                Some(until) if until > now => format!("approved until {}", time(until)),
                _ => format!("<code>okta-haiilo-sync approve {}</code>", escaped(waiting.id.as_str())),
            };
            (time(waiting.at), what)
        })
        .collect();
    table(out, &rows.iter().map(|(at, what)| (at.as_str(), what.clone())).collect::<Vec<_>>());
}

/// One cycle of the chart.
struct ChartBar {
    ended: DateTime<Utc>,
    seconds: i64,
    result: String,
}

/// The last cycles, the oldest first: those that the store knows, and those of this process of which no record was made.
fn bars(health: &Health, standing: &RunHistory) -> Vec<ChartBar> {
    let recorded = standing.cycles.iter().map(|cycle| ChartBar {
        ended: cycle.ended,
        seconds: (cycle.ended - cycle.started).num_seconds().max(0),
        result: cycle.result.clone(),
    });
    let failed = health.recent.iter().filter(|past| past.result == "failed").map(|past| ChartBar {
        ended: past.ended,
        seconds: past.duration.num_seconds().max(0),
        result: past.result.to_owned(),
    });
    let mut bars: Vec<ChartBar> = recorded.chain(failed).collect();
    bars.sort_by_key(|bar| bar.ended);
    bars.split_off(bars.len().saturating_sub(SHOWN))
}

/// The last cycles as bars: how long each took, and how it ended.
fn chart(out: &mut String, bars: &[ChartBar]) {
    let Some(longest) = bars.iter().map(|bar| bar.seconds).max() else { return };
    let (width, height) = (bars.len() * 14, HEIGHT + 4);
    writeln!(
        out,
        "<h2>Last cycles</h2>\n<svg role=\"img\" aria-label=\"How long the last {} cycles took\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">",
        bars.len(),
    )
    .expect("a text takes every line");
    for (at, ChartBar { ended, seconds, result }) in bars.iter().enumerate() {
        let height = (seconds * HEIGHT / longest.max(1)).max(LOWEST);
        let color = match result.as_str() {
            "applied" => "var(--good)",
            "partly" | "refused" | "paused" | "one person" => "var(--hold)",
            _ => "var(--bad)",
        };
        let (x, y, ended, result) = (at * 14, HEIGHT + 2 - height, time(*ended), escaped(result));
        writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"10\" height=\"{height}\" fill=\"{color}\"><title>{ended}: {result}, {seconds} s</title></rect>",
        )
        .expect("a text takes every line");
    }
    let longest = match longest {
        0 => "Each took less than a second".to_owned(),
        longest => format!("The longest took {longest} s"),
    };
    writeln!(
        out,
        "</svg>\n<p>{longest}. Green was applied; orange was refused, paused or done in part; red stopped or failed.</p>"
    )
    .expect("a text takes every line");
}

fn numbers(out: &mut String, summary: &CycleSummary) {
    out.push_str("<h2>The last complete cycle</h2>\n");
    let counts = summary.counts;
    let mut rows = vec![
        ("Ended".to_owned(), summary.result.to_owned()),
        ("Assigned in Okta".to_owned(), counts.assigned.to_string()),
        ("Unchanged".to_owned(), counts.unchanged.to_string()),
    ];
    rows.extend(summary.operations.iter().map(|((kind, outcome), n)| (format!("{kind}, {outcome}"), n.to_string())));
    rows.extend(summary.held.iter().map(|(code, people)| (format!("held: {code}"), people.len().to_string())));
    rows.extend(summary.leavers.iter().map(|(state, n)| (format!("leavers: {state}"), n.to_string())));
    rows.extend(
        [("parked", summary.parked), ("missing", summary.missing), ("not ours", summary.unmanaged)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .map(|(what, n)| (what.to_owned(), n.to_string())),
    );
    rows.extend(summary.stops.iter().map(|stop| ("stopped".to_owned(), escaped(stop))));
    table(out, &rows.iter().map(|(what, n)| (what.as_str(), n.clone())).collect::<Vec<_>>());
    if let Some(report) = &summary.report {
        writeln!(out, "<h2>Report</h2>\n<pre>{}</pre>", escaped(report)).expect("a text takes every line");
    }
}

/// A table of two columns; the second is HTML.
fn table(out: &mut String, rows: &[(&str, String)]) {
    out.push_str("<table>\n");
    for (what, value) in rows {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", escaped(what))
            .expect("a text takes every line");
    }
    out.push_str("</table>\n");
}

/// A text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::page;
    use chrono::{DateTime, TimeDelta, Utc};
    use serde_json::json;

    use crate::daemon::cycle_result::CycleSummary;
    use crate::daemon::status::{FinishedCycle, Health, Readiness};
    use crate::domain::model::ids::{ApprovalId, RunId};
    use crate::domain::state::run_history::{CycleRecord, PendingApproval, RunHistory};

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn standing() -> RunHistory {
        let cycle = |n: i64, result: &str| CycleRecord {
            run: RunId::new(format!("run-{n}")),
            started: at(n),
            ended: at(n) + TimeDelta::seconds(n),
            result: result.to_owned(),
        };
        RunHistory { cycles: vec![cycle(30, "applied"), cycle(15, "refused")], ..RunHistory::default() }
    }

    #[test]
    fn hostile_texts_are_shown_as_they_are_written() {
        let mut health = Health::new(at(0));
        let hostile = "<script>alert('x')</script> & \"more\"";
        health.summary =
            Some(CycleSummary { result: "applied", report: Some(hostile.to_owned()), ..CycleSummary::default() });
        (health.failures, health.error) = (2, Some(hostile.to_owned()));
        let shown = page(&health, Some(&standing()), Readiness::Ready, at(40));
        assert!(!shown.contains("<script"), "{shown}");
        assert_eq!(shown.matches("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;").count(), 2);
    }

    #[test]
    fn failed_cycles_have_their_place_in_the_chart() {
        let mut health = Health::new(at(0));
        for (ended, result) in [(20, "failed"), (30, "applied"), (45, "failed")] {
            health.add(FinishedCycle { ended: at(ended), duration: TimeDelta::seconds(1), result });
        }
        let shown = page(&health, Some(&standing()), Readiness::Ready, at(50));
        let titles: Vec<&str> = shown
            .split("<title>")
            .skip(2)
            .filter_map(|rest| rest.split("</title>").next()?.split(": ").nth(1)?.split(',').next())
            .collect();
        assert_eq!(titles, ["refused", "failed", "applied", "failed"], "{shown}");
        assert!(shown.contains("The longest took 30 s"));
    }

    #[test]
    fn what_was_refused_is_told_with_the_way_to_let_it_pass() {
        let waiting = |id: &str, approved_until| PendingApproval {
            id: ApprovalId::new(id),
            at: at(10),
            violations: json!([]),
            approved_until,
        };
        let standing = RunHistory { waiting: vec![waiting("a1", None), waiting("b2", Some(at(90)))], ..standing() };
        let shown = page(&Health::new(at(0)), Some(&standing), Readiness::Late, at(40));
        assert!(shown.contains("<code>okta-haiilo-sync approve a1</code>") && !shown.contains("approve b2"), "{shown}");
        assert!(shown.contains("approved until 1970-01-01 01:30:00 UTC"));
        assert!(shown.contains("Two scheduled times have passed without a complete cycle"));
        let without_store = page(&Health::new(at(0)), None, Readiness::Ready, at(40));
        assert!(without_store.contains("The store cannot be read"));
    }
}

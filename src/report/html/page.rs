//! The report as one HTML file: nothing from outside, no script but its own, everything readable without it.
//!
//! Texts become HTML in the template, which escapes whatever it is given; before that, what could turn the direction of writing or hide
//! itself is made visible. The policy in the file names its style and script by their hashes (Content Security Policy Level 3).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::MappingEdit;
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::Conclusion;
use crate::report::html::entries::{self, HtmlSection};
use crate::report::html::headline;
use crate::report::html::picture::{self, Gauge, Segment};
use crate::report::requests;
use crate::report::subject::{
    ApprovalNotice, Report, ReportStage, account_totals, amount, by_whom, part_name, paused_until, title, visible,
};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

#[derive(Serialize)]
struct Page<'a> {
    version: &'static str,
    policy: String,
    style: &'static str,
    script: &'static str,
    title: String,
    headline: String,
    accounts: String,
    assigned: String,
    unchanged: String,
    alarm: Option<ApprovalNotice>,
    pause: Option<(String, String)>,
    outcome: Option<HtmlResults>,
    segments: Vec<Segment>,
    gauges: Vec<Gauge>,
    attributes: Vec<(String, String)>,
    reasons: Vec<&'static str>,
    edited: Vec<(String, &'a MappingEdit)>,
    sections: Vec<HtmlSection>,
    requests: Vec<String>,
    remarks: Vec<String>,
    settings: Vec<(&'a str, String)>,
}

/// What became of the operations.
#[derive(Serialize)]
struct HtmlResults {
    done: String,
    all: String,
    stops: Vec<String>,
}

/// The report as HTML.
pub fn html(report: &Report<'_>) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    // A tag that stands alone on its line leaves no line behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters"));
    environment.add_template("page", TEMPLATE).expect("the template is part of the program, and a test renders it");
    let template = environment.get_template("page").expect("it was just added");
    template
        .render(Serde(page(report)))
        .expect("the template names nothing but what a page has, and a test renders it all")
}

fn page<'a>(report: &Report<'a>) -> Page<'a> {
    let sections = entries::sections(report);
    let (plan, findings) = (&report.plan.people, report.findings());
    let mut attributes: Vec<(String, String)> = plan
        .operations
        .iter()
        .flat_map(Operation::changes)
        .map(|change| &change.path)
        .chain(findings.waiting.iter().chain(&findings.rejected).map(|unsent| &unsent.path))
        .map(|path| (path.to_string(), crate::report::subject::attribute(report.product, path)))
        .collect();
    attributes.sort();
    attributes.dedup();
    let mut reasons: Vec<&str> = findings.held.iter().map(|held| held.reason.code()).collect();
    reasons.extend(findings.leavers.iter().map(|leaver| leaver.evidence.as_str()));
    reasons.sort_unstable();
    reasons.dedup();
    let outcome = match report.stage {
        ReportStage::DryRun | ReportStage::Blocked | ReportStage::Paused(_) => None,
        ReportStage::Applied { concluded, stops } => Some(came(concluded, stops)),
    };
    let pause = match report.stage {
        ReportStage::Paused(pause) => Some((paused_until(pause), by_whom(pause))),
        ReportStage::DryRun | ReportStage::Blocked | ReportStage::Applied { .. } => None,
    };
    Page {
        version: env!("CARGO_PKG_VERSION"),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        title: title(report),
        headline: headline::headline(report),
        accounts: account_totals(report),
        assigned: amount(findings.counts.assigned),
        unchanged: amount(findings.counts.unchanged),
        alarm: ApprovalNotice::of(report),
        pause,
        outcome,
        segments: picture::segments(report),
        gauges: report.limit_check.usage.iter().map(picture::gauge).collect(),
        attributes,
        reasons,
        edited: findings.mapping_edits.iter().map(|one| (part_name(report.product, &one.part), one)).collect(),
        sections,
        requests: requests::lines(report.requests),
        remarks: report.all_warnings().map(|warning| visible(&warning.to_string())).collect(),
        settings: report.settings.iter().map(|(key, value)| (key.as_str(), visible(value))).collect(),
    }
}

fn came(concluded: &[Conclusion], stops: &[String]) -> HtmlResults {
    let done = concluded.iter().filter(|one| one.outcome.is_done()).count();
    HtmlResults {
        done: amount(done),
        all: amount(concluded.len()),
        stops: stops.iter().map(|stop| visible(stop)).collect(),
    }
}

/// What a browser may do with the file: use this style and this script, and nothing else.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

//! The report as one HTML file: nothing from outside, no script but its own, everything readable without it.
//!
//! Texts become HTML in the template, which escapes whatever it is given; before that, what could turn the direction of writing or hide
//! itself is made visible. The policy in the file names its style and script by their hashes (Content Security Policy Level 3).

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::MappingEdit;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::report::html::charts::{Gauge, Segment, gauge, segments};
use crate::report::html::entries::{HtmlSection, sections};
use crate::report::model::{ApprovalNotice, Report, ReportStage, account_totals, title};
use crate::report::words::{amount, attribute, by_whom, part_name, paused_until, request_lines, visible};

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
    attributes: BTreeSet<(String, String)>,
    reasons: BTreeSet<&'a str>,
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
    // A tag on a line of its own leaves no empty line.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters"));
    environment.add_template("page", TEMPLATE).expect("the template is part of the program, and a test renders it");
    let template = environment.get_template("page").expect("it was just added");
    template
        .render(Serde(page(report)))
        .expect("the template names nothing but what a page has, and a test renders it all")
}

fn page<'a>(report: &Report<'a>) -> Page<'a> {
    let findings = report.findings();
    let (pause, outcome) = match report.stage {
        ReportStage::DryRun | ReportStage::Blocked => (None, None),
        ReportStage::Paused(pause) => (Some((paused_until(pause), by_whom(pause))), None),
        ReportStage::Applied { concluded, stops } => {
            let stops = stops.iter().map(|stop| visible(stop)).collect();
            (None, Some(HtmlResults { done: amount(report.done().count()), all: amount(concluded.len()), stops }))
        }
    };
    Page {
        version: env!("CARGO_PKG_VERSION"),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        title: title(report),
        headline: headline(report),
        accounts: account_totals(report),
        assigned: amount(findings.counts.assigned),
        unchanged: amount(findings.counts.unchanged),
        alarm: ApprovalNotice::of(report),
        pause,
        outcome,
        segments: segments(report),
        gauges: report.limit_check.usage.iter().map(gauge).collect(),
        attributes: attributes(report),
        reasons: reasons(report),
        edited: findings.mapping_edits.iter().map(|one| (part_name(report.product, &one.part), one)).collect(),
        sections: sections(report),
        requests: request_lines(report.requests),
        remarks: report.all_warnings().map(|warning| visible(&warning.to_string())).collect(),
        settings: report.settings.iter().map(|(key, value)| (key.as_str(), visible(value))).collect(),
    }
}

/// The attributes by which a reader may choose: the path, and its name for a reader.
fn attributes(report: &Report<'_>) -> BTreeSet<(String, String)> {
    let findings = report.findings();
    let changed = report.plan.people.operations.iter().flat_map(Operation::changes).map(|change| &change.path);
    let unsent = findings.waiting.iter().chain(&findings.rejected).map(|unsent| &unsent.path);
    changed.chain(unsent).map(|path| (path.to_string(), attribute(report.product, path))).collect()
}

/// The reasons by which a reader may choose.
fn reasons<'a>(report: &Report<'a>) -> BTreeSet<&'a str> {
    let held = report.findings().held.iter().map(|held| held.reason.code());
    held.chain(report.findings().leavers.iter().map(|leaver| leaver.evidence.as_str())).collect()
}

/// What happens or happened, in a sentence or two.
fn headline(report: &Report<'_>) -> String {
    let is_done = matches!(report.stage, ReportStage::Applied { .. });
    let count = |kind| match report.stage {
        ReportStage::DryRun | ReportStage::Blocked | ReportStage::Paused(_) => report.plan.people.of_kind(kind).count(),
        ReportStage::Applied { .. } => report.done().filter(|operation| operation.kind() == kind).count(),
    };
    let kinds = [
        (OperationKind::Create, "made"),
        (OperationKind::Adopt, "adopted"),
        (OperationKind::Update, "changed"),
        (OperationKind::Reactivate, "made active again"),
        (OperationKind::Deactivate, "DEACTIVATED"),
        (OperationKind::Delete, if report.product == Product::Advocacy { "DELETED FOR EVER" } else { "DELETED" }),
    ];
    let part = |(kind, done): (OperationKind, &str)| match (count(kind), is_done) {
        (0, _) => None,
        (1, true) => Some(format!("1 account was {done}")),
        (1, false) => Some(format!("1 account would be {done}")),
        (many, true) => Some(format!("{} accounts were {done}", amount(many))),
        (many, false) => Some(format!("{} accounts would be {done}", amount(many))),
    };
    let parts: Vec<String> = kinds.into_iter().filter_map(part).collect();
    let what = match (&parts[..], is_done) {
        ([one], _) => format!("{one}."),
        ([most @ .., last], _) => format!("{}, and {last}.", most.join(", ")),
        ([], true) if report.plan.people.operations.is_empty() => "There was nothing to do.".to_owned(),
        ([], true) => "Nothing was done.".to_owned(),
        ([], false) => "Nothing to do.".to_owned(),
    };
    let undone = match report.concluded().len() - report.done().count() {
        0 => String::new(),
        1 => " One operation was not done.".to_owned(),
        undone => format!(" {} operations were not done.", amount(undone)),
    };
    let held = match report.findings().held.len() {
        0 => String::new(),
        1 => " One person is held, and nothing is done about them.".to_owned(),
        held => format!(" {} people are held, and nothing is done about them.", amount(held)),
    };
    format!("{what}{undone}{held}")
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

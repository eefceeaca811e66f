//! What the text says about people, from the title to the warnings.

use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{MappingEdit, Missing, Unmanaged, UnsentValue};
use crate::domain::plan::hold::Hold;
use crate::domain::plan::leaver::Leaver;
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::Conclusion;
use crate::domain::planning::limits::LimitUsage;
use crate::domain::state::sync_state::Pause;
use crate::report::model::{
    ApprovalNotice, PeopleShown, Report, ReportStage, TextOptions, ToldOperations, account_totals, title,
};
use crate::report::text::groups;
use crate::report::text::writer::TextWriter;
use crate::report::words::{
    amount, attribute, blocks, by_whom, counted, counts, ended, kind, part_name, paused_until, request_lines, shown,
    shown_name, sorted, status, time, visible, why_unsent,
};

/// Names that are listed of unmanaged accounts; beyond that, their number says enough.
const UNMANAGED_SHOWN: usize = 20;

/// The report as text.
pub fn text(report: &Report<'_>, view: TextOptions) -> String {
    let mut out = TextWriter::new(view.width);
    headline(report, &mut out);
    limit_check(report, &mut out);
    match report.stage {
        ReportStage::DryRun | ReportStage::Blocked => {}
        ReportStage::Paused(pause) => paused(pause, &mut out),
        ReportStage::Applied { concluded, stops } => {
            let all = concluded.len();
            let idle = (all == 0).then_some("There was nothing to do.");
            out.outcome("Outcome", report.done().count(), all, idle, stops);
            out.table(outcomes(report, view));
        }
    }
    edited(report, &mut out);
    operations(report, view, &mut out);
    leavers(report, view, &mut out);
    held(report, view, &mut out);
    unsent("Waiting", &report.findings().waiting, report, view, &mut out);
    unsent("Rejected values, not sent again", &report.findings().rejected, report, view, &mut out);
    missing(report, view, &mut out);
    unmanaged(report, view, &mut out);
    groups::groups(report, view, &mut out);
    limits(report, &mut out);
    slowed(report, &mut out);
    warnings(report, &mut out);
    out.into_text()
}

fn headline(report: &Report<'_>, out: &mut TextWriter) {
    let findings = report.findings();
    let (assigned, unchanged) = (amount(findings.counts.assigned), amount(findings.counts.unchanged));
    out.line(&title(report));
    out.line(&format!("{}.  Assigned in Okta: {assigned}.  Unchanged: {unchanged}.", account_totals(report)));
    let of = |kind| report.plan.people.of_kind(kind).count();
    let delete = if report.product == Product::Advocacy { "to DELETE FOR EVER" } else { "to DELETE" };
    let parts = counts([
        (of(OperationKind::Adopt), "to adopt"),
        (of(OperationKind::Create), "to create"),
        (of(OperationKind::Update), "to update"),
        (of(OperationKind::Reactivate), "to reactivate"),
        (of(OperationKind::Deactivate), "to DEACTIVATE"),
        (of(OperationKind::Delete), delete),
        (findings.leavers.len(), "leavers"),
        (findings.held.len(), "held"),
        (findings.waiting.len(), "waiting"),
        (findings.rejected.len(), "rejected values"),
        (findings.missing.len(), "missing"),
        (findings.counts.out_of_scope, "out of scope"),
        (findings.counts.staged, "not started yet"),
        (findings.unmanaged.len(), "unmanaged"),
        (report.plan.groups.operations.len(), "changes of groups"),
    ]);
    let is_idle = report.plan.people.operations.is_empty() && report.plan.groups.operations.is_empty();
    out.line(&match (is_idle, parts.is_empty()) {
        (true, true) => "Nothing to do.".to_owned(),
        (true, false) => format!("Nothing to do; {parts}."),
        (false, _) => format!("{parts}."),
    });
}

/// Why a plan may not be applied, and how it could be.
fn limit_check(report: &Report<'_>, out: &mut TextWriter) {
    let Some(ApprovalNotice { title, broken, command }) = ApprovalNotice::of(report) else { return };
    out.section(&title);
    let row =
        |(limit, numbers, explanation): (&str, String, &str)| vec![limit.to_owned(), numbers, explanation.to_owned()];
    out.table(broken.into_iter().map(row).collect());
    if let Some(command) = command {
        out.command("If this is what shall happen, let exactly these operations pass:", &command);
    }
}

/// Who stopped all writes, and how they go on.
fn paused(pause: &Pause, out: &mut TextWriter) {
    out.section(&paused_until(pause));
    out.line(&format!("  {}", by_whom(pause)));
    out.line("  To let writes go on: okta-haiilo-sync resume");
}

/// Every operation that was not simply done, with the reason.
fn outcomes(report: &Report<'_>, view: TextOptions) -> Vec<Vec<String>> {
    let row = |Conclusion { operation, haiilo_id: _, outcome }: &Conclusion| {
        let detail = outcome.detail()?;
        let mut row = vec![kind(report.product, operation.kind())];
        row.extend([who(view, &operation.user_name, &operation.okta_id), ended(outcome)]);
        // What Haiilo says may name people.
        row.extend(named(view, || visible(&detail)));
        Some(row)
    };
    let concluded = sorted(report.concluded(), |one| (one.operation.kind(), &one.operation.user_name));
    concluded.into_iter().filter_map(row).collect()
}

/// Which parts of the mapping changed, and how many people that concerns here.
fn edited(report: &Report<'_>, out: &mut TextWriter) {
    if report.findings().mapping_edits.is_empty() {
        return;
    }
    out.section("The mapping changed since a plan was last let through");
    for MappingEdit { part, was, is, updated, held } in &report.findings().mapping_edits {
        let people = format!("{} to update, {} held", amount(*updated), amount(*held));
        out.line(&format!("  {}: {people}", part_name(report.product, part)));
        out.line(&format!("      was  {}", visible(was.as_deref().unwrap_or("(not there)"))));
        out.line(&format!("      is   {}", visible(is.as_deref().unwrap_or("(not there)"))));
    }
}

fn operations(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    for of in [
        OperationKind::Adopt,
        OperationKind::Reactivate,
        OperationKind::Create,
        OperationKind::Update,
        OperationKind::Deactivate,
        OperationKind::Delete,
    ] {
        let told = ToldOperations::of(of, &report.plan.people.operations, view.sharing);
        let mut rows = Vec::new();
        for people in &told.together {
            rows.push(vec![format!("{} people share this; --full names them", amount(people.len()))]);
            rows.extend(change_rows(report, view, people[0]));
        }
        for operation in &told.alone {
            let account = operation.haiilo_id().map(|id| format!("account {id}")).unwrap_or_default();
            let name = named(view, || visible(operation.user_name.as_str()));
            rows.push(name.into_iter().chain([operation.okta_id.to_string(), visible(&account)]).collect());
            rows.extend(change_rows(report, view, operation));
        }
        out.part(&kind(report.product, of), told.count(), rows);
    }
}

/// Changes as rows, as far as they may be seen: the attribute, then what becomes of it.
fn change_rows(report: &Report<'_>, view: TextOptions, operation: &Operation) -> Vec<Vec<String>> {
    let row = |change| match view.people {
        PeopleShown::Named => change_row(report, operation.kind(), change),
        PeopleShown::Ids => change_row(report, operation.kind(), change)[..1].to_vec(),
    };
    operation.changes().iter().map(row).collect()
}

/// Something that only a report with names holds.
fn named(view: TextOptions, text: impl FnOnce() -> String) -> Option<String> {
    match view.people {
        PeopleShown::Named => Some(text()),
        PeopleShown::Ids => None,
    }
}

/// A person's name, or the id in its place.
fn who(view: TextOptions, name: &UserName, id: &OktaUserId) -> String {
    named(view, || visible(name.as_str())).unwrap_or_else(|| id.to_string())
}

fn change_row(report: &Report<'_>, kind: OperationKind, change: &Change) -> Vec<String> {
    let name = format!("    {}", attribute(report.product, &change.path));
    let (from, to) = (shown(change.from.as_ref()), shown(change.to.as_ref()));
    if kind == OperationKind::Create { vec![name, to] } else { vec![name, from, format!("-> {to}")] }
}

fn leavers(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let row = |leaver: &Leaver| {
        vec![
            who(view, &leaver.user_name, &leaver.okta_id),
            named(view, || leaver.okta_id.to_string()).unwrap_or_else(|| format!("account {}", leaver.haiilo_id)),
            format!("{} since {}", leaver.evidence.as_str(), time(leaver.since)),
            status(report.product, leaver),
        ]
    };
    out.listing("Leavers", report.findings().leavers.iter().map(row).collect());
}

fn held(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let held = &report.findings().held;
    if held.is_empty() {
        return;
    }
    out.section(&format!("Held, nothing is done about them ({})", amount(held.len())));
    for Hold { okta_id, haiilo_id: _, name, reason } in sorted(held, |held| (&held.name, &held.okta_id)) {
        let name = name.as_ref().and_then(|name| named(view, || format!("{}  ", visible(name.as_str()))));
        let why = named(view, || reason.reason()).unwrap_or_else(|| reason.code().to_owned());
        out.held(&format!("{}{okta_id}", name.unwrap_or_default()), &why, reason.remedy());
    }
}

/// Values that are not sent, with the reason.
fn unsent(title: &str, values: &[UnsentValue], report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let row = |unsent: &UnsentValue| {
        let who = who(view, &unsent.user_name, &unsent.okta_id);
        let path = attribute(report.product, &unsent.path);
        match view.people {
            PeopleShown::Named => vec![who, path, shown(unsent.value.as_ref()), why_unsent(unsent)],
            PeopleShown::Ids => vec![who, format!("{path}{}", blocks(unsent.blocks))],
        }
    };
    out.listing(title, values.iter().map(row).collect());
}

fn missing(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let row = |Missing { okta_id, haiilo_id, user_name, since }: &Missing| {
        let since = since.map_or("not shown yet; it may wait for a seat".to_owned(), |since| {
            format!("not shown since {}", time(since))
        });
        let row = [okta_id.to_string(), format!("account {}", visible(haiilo_id.as_str())), since];
        named(view, || visible(user_name.as_str())).into_iter().chain(row).collect()
    };
    let missing = &report.findings().missing;
    out.listing("Missing: linked accounts that Haiilo does not show", missing.iter().map(row).collect());
    if !missing.is_empty() {
        out.line("      what to do:  find out in Haiilo who removed them; haiilo.missing = \"recreate\" makes new, empty accounts");
    }
}

fn unmanaged(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let row = |Unmanaged { haiilo_id, user_name }: &Unmanaged| {
        let account = format!("account {}", visible(haiilo_id.as_str()));
        named(view, || shown_name(user_name.as_ref())).into_iter().chain([account]).collect()
    };
    let accounts = &report.findings().unmanaged;
    let mut rows: Vec<Vec<String>> = accounts.iter().map(row).collect();
    rows.sort();
    rows.truncate(UNMANAGED_SHOWN);
    if accounts.len() > UNMANAGED_SHOWN {
        rows.push(vec![format!("and {} more", amount(accounts.len() - UNMANAGED_SHOWN))]);
    }
    out.part("Unmanaged, left alone", accounts.len(), rows);
}

fn limits(report: &Report<'_>, out: &mut TextWriter) {
    let row = |LimitUsage { limit, used, planned: _, allowed }: &LimitUsage| {
        let allowed = allowed.map_or("off".to_owned(), counted);
        vec![limit.as_str().to_owned(), format!("{} of {allowed}", counted(*used))]
    };
    out.section("Limits, within 24 hours and with this plan");
    out.table(report.limit_check.usage.iter().map(row).collect());
}

/// What was waited for; where nothing was, two reports about the same are the same.
fn slowed(report: &Report<'_>, out: &mut TextWriter) {
    if report.requests.were_slowed() {
        out.section("Requests, and what was waited for");
        for line in request_lines(report.requests) {
            out.line(&format!("  {line}"));
        }
    }
}

fn warnings(report: &Report<'_>, out: &mut TextWriter) {
    if report.all_warnings().next().is_some() {
        out.section("Worth knowing");
    }
    for warning in report.all_warnings() {
        out.line(&format!("  - {}", visible(&warning.to_string())));
    }
}

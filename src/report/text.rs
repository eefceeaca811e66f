//! The report as text, as one would paste it into a ticket.

use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{MappingEdit, UnsentValue};
use crate::domain::plan::hold::Hold;
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::Conclusion;
use crate::domain::plan::warning::Warning;
use crate::domain::state::sync_state::Pause;
use crate::report::sharing::ToldOperations;
use crate::report::sheet::TextWriter;
use crate::report::subject::{
    ApprovalNotice, PeopleShown, Report, ReportStage, TextOptions, account_totals, amount, attribute, blocks, by_whom,
    counted, kind, part_name, paused_until, shown, status, time, title, visible,
};
use crate::report::{groups, requests};

/// Names that are listed of accounts which are not ours; beyond that, their number says enough.
const UNMANAGED_SHOWN: usize = 20;

/// The report as text.
pub fn text(report: &Report<'_>, view: TextOptions) -> String {
    let mut out = TextWriter::new(view.width);
    headline(report, &mut out);
    limit_check(report, &mut out);
    if let ReportStage::Paused(pause) = report.stage {
        paused(pause, &mut out);
    }
    if let ReportStage::Applied { concluded, stops } = report.stage {
        outcomes(report, view, (concluded, stops), &mut out);
    }
    edited(report, &mut out);
    operations(report, view, &mut out);
    leavers(report, view, &mut out);
    held(report, view, &mut out);
    waiting(report, view, &mut out);
    rejected(report, view, &mut out);
    missing(report, view, &mut out);
    unmanaged(report, view, &mut out);
    groups::text(report, view, &mut out);
    limits(report, &mut out);
    slowed(report, &mut out);
    warnings(report, &mut out);
    out.into_text()
}

fn headline(report: &Report<'_>, out: &mut TextWriter) {
    let counts = report.findings().counts;
    out.line(&title(report));
    let of = |kind| report.plan.people.of_kind(kind).count();
    out.line(&format!(
        "{}.  Assigned in Okta: {}.  Unchanged: {}.",
        account_totals(report),
        amount(counts.assigned),
        amount(counts.unchanged)
    ));
    let parts = [
        (of(OperationKind::Adopt), "to adopt"),
        (of(OperationKind::Create), "to create"),
        (of(OperationKind::Update), "to update"),
        (of(OperationKind::Reactivate), "to reactivate"),
        (of(OperationKind::Deactivate), "to DEACTIVATE"),
        (
            of(OperationKind::Delete),
            if report.product == Product::Advocacy { "to DELETE FOR EVER" } else { "to DELETE" },
        ),
        (report.findings().leavers.len(), "leavers"),
        (report.findings().held.len(), "held"),
        (report.findings().waiting.len(), "waiting"),
        (report.findings().rejected.len(), "rejected values"),
        (report.findings().missing.len(), "missing"),
        (counts.out_of_scope, "out of scope"),
        (counts.staged, "not started yet"),
        (report.findings().unmanaged.len(), "not ours"),
        (report.plan.groups.operations.len(), "changes of groups"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", amount(count)))
        .collect();
    let is_idle = report.plan.people.operations.is_empty() && report.plan.groups.operations.is_empty();
    let summary = match (is_idle, parts.join(", ")) {
        (true, rest) if rest.is_empty() => "Nothing to do".to_owned(),
        (true, rest) => format!("Nothing to do; {rest}"),
        (false, all) => all,
    };
    out.line(&format!("{summary}."));
}

/// Why a plan may not be applied, and how it could be.
fn limit_check(report: &Report<'_>, out: &mut TextWriter) {
    let Some(ApprovalNotice { title, broken, command }) = ApprovalNotice::of(report) else { return };
    out.section(&title);
    let row =
        |(limit, numbers, explanation): (&str, String, &str)| vec![limit.to_owned(), numbers, explanation.to_owned()];
    out.table(broken.into_iter().map(row).collect());
    if let Some(command) = command {
        out.line("  If this is what shall happen, let exactly these operations pass:");
        out.line(&format!("    {command}"));
    }
}

/// Who stopped all writes, and how they go on.
fn paused(pause: &Pause, out: &mut TextWriter) {
    out.section(&paused_until(pause));
    out.line(&format!("  {}", by_whom(pause)));
    out.line("  To let writes go on: okta-haiilo-sync resume");
}

/// What became of the operations: numbers, then everything that was not simply done.
fn outcomes(
    report: &Report<'_>,
    view: TextOptions,
    (concluded, stops): (&[Conclusion], &[String]),
    out: &mut TextWriter,
) {
    out.section("Outcome");
    let done = concluded.iter().filter(|concluded| concluded.outcome.is_done()).count();
    match concluded.len() {
        0 => out.line("  There was nothing to do."),
        all => out.line(&format!("  {} of {} operations done.", amount(done), amount(all))),
    }
    for stop in stops {
        out.line(&format!("  STOPPED: {stop}"));
    }
    let mut concluded: Vec<&Conclusion> = concluded.iter().collect();
    concluded.sort_by_key(|concluded| (concluded.operation.kind(), concluded.operation.user_name.clone()));
    let rows = concluded.into_iter().filter_map(|concluded| {
        let detail = concluded.outcome.detail()?;
        let operation = &concluded.operation;
        let mut row = vec![kind(report.product, operation.kind()).to_owned()];
        row.push(who(view, &operation.user_name, &operation.okta_id));
        row.push(concluded.outcome.as_str().replace('_', " "));
        // What Haiilo says may name people.
        row.extend(named(view, || visible(&detail)));
        Some(row)
    });
    out.table(rows.collect());
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
        let ToldOperations { together, alone } = ToldOperations::of(of, &report.plan.people.operations, view.sharing);
        let mut rows = Vec::new();
        for people in &together {
            rows.push(vec![format!("{} people share this; --full names them", amount(people.len()))]);
            rows.extend(change_rows(report, view, people[0]));
        }
        for operation in &alone {
            let account = operation.haiilo_id().map(|id| format!("account {id}")).unwrap_or_default();
            let mut row: Vec<String> = named(view, || visible(operation.user_name.as_str())).into_iter().collect();
            row.extend([operation.okta_id.to_string(), visible(&account)]);
            rows.push(row);
            rows.extend(change_rows(report, view, operation));
        }
        let count = together.iter().map(Vec::len).sum::<usize>() + alone.len();
        if count > 0 {
            out.section(&format!("{} ({})", kind(report.product, of), amount(count)));
            out.table(rows);
        }
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
    let to = shown(change.to.as_ref());
    match kind {
        OperationKind::Create => vec![name, to],
        OperationKind::Adopt
        | OperationKind::Reactivate
        | OperationKind::Update
        | OperationKind::Deactivate
        | OperationKind::Delete => {
            vec![name, shown(change.from.as_ref()), format!("-> {to}")]
        }
    }
}

fn leavers(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let rows: Vec<Vec<String>> = report
        .findings()
        .leavers
        .iter()
        .map(|leaver| {
            vec![
                who(view, &leaver.user_name, &leaver.okta_id),
                named(view, || leaver.okta_id.to_string()).unwrap_or_else(|| format!("account {}", leaver.haiilo_id)),
                format!("{} since {}", leaver.evidence.as_str(), time(leaver.since)),
                status(report.product, leaver),
            ]
        })
        .collect();
    out.listing("Leavers", rows);
}

fn held(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    if report.findings().held.is_empty() {
        return;
    }
    out.section(&format!("Held, nothing is done about them ({})", amount(report.findings().held.len())));
    let mut people: Vec<&Hold> = report.findings().held.iter().collect();
    people.sort_by(|left, right| (&left.user_name, &left.okta_id).cmp(&(&right.user_name, &right.okta_id)));
    for held in people {
        let name = held.user_name.as_ref().and_then(|name| named(view, || format!("{}  ", visible(name.as_str()))));
        out.line(&format!("  {}{}", name.unwrap_or_default(), held.okta_id));
        let why = named(view, || held.reason.reason()).unwrap_or_else(|| held.reason.code().to_owned());
        out.line(&format!("      why:  {}", visible(&why)));
        out.line(&format!("      what to do:  {}", held.reason.remedy()));
    }
}

fn waiting(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let rows = report.findings().waiting.iter().map(|value| unsent(report, view, value)).collect();
    out.listing("Waiting", rows);
}

fn rejected(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let rows = report.findings().rejected.iter().map(|value| unsent(report, view, value)).collect();
    out.listing("Rejected values, not sent again", rows);
}

fn unsent(report: &Report<'_>, view: TextOptions, unsent: &UnsentValue) -> Vec<String> {
    let blocks = blocks(unsent.blocks);
    let mut row = vec![who(view, &unsent.user_name, &unsent.okta_id)];
    let path = attribute(report.product, &unsent.path);
    match view.people {
        PeopleShown::Named => {
            row.extend([path, shown(unsent.value.as_ref()), format!("{}{blocks}", visible(&unsent.reason))]);
        }
        PeopleShown::Ids => row.push(format!("{path}{blocks}")),
    }
    row
}

fn missing(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let rows: Vec<Vec<String>> = report
        .findings()
        .missing
        .iter()
        .map(|missing| {
            let since = missing.since.map_or("not shown yet; it may wait for a seat".to_owned(), |since| {
                format!("not shown since {}", time(since))
            });
            let mut row: Vec<String> = named(view, || visible(missing.user_name.as_str())).into_iter().collect();
            row.extend([
                missing.okta_id.to_string(),
                format!("account {}", visible(missing.haiilo_id.as_str())),
                since,
            ]);
            row
        })
        .collect();
    let is_empty = rows.is_empty();
    out.listing("Missing: linked accounts that Haiilo does not show", rows);
    if !is_empty {
        out.line("      what to do:  find out in Haiilo who removed them; haiilo.missing = \"recreate\" makes new, empty accounts",
        );
    }
}

fn unmanaged(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let accounts = &report.findings().unmanaged;
    let mut rows: Vec<Vec<String>> = accounts
        .iter()
        .map(|account| {
            let name = account.user_name.as_ref().map_or("(no userName)".to_owned(), |name| visible(name.as_str()));
            let mut row: Vec<String> = named(view, || name).into_iter().collect();
            row.push(format!("account {}", visible(account.haiilo_id.as_str())));
            row
        })
        .collect();
    rows.sort();
    rows.truncate(UNMANAGED_SHOWN);
    if accounts.len() > UNMANAGED_SHOWN {
        rows.push(vec![format!("and {} more", amount(accounts.len() - UNMANAGED_SHOWN))]);
    }
    if !rows.is_empty() {
        out.section(&format!("Not ours, left alone ({})", amount(accounts.len())));
        out.table(rows);
    }
}

fn limits(report: &Report<'_>, out: &mut TextWriter) {
    let rows: Vec<Vec<String>> = report
        .limit_check
        .usage
        .iter()
        .map(|usage| {
            let allowed = usage.allowed.map_or("off".to_owned(), counted);
            vec![usage.limit.as_str().to_owned(), format!("{} of {allowed}", counted(usage.used))]
        })
        .collect();
    out.section("Limits, within 24 hours and with this plan");
    out.table(rows);
}

/// What was waited for; where nothing was, two reports about the same are the same.
fn slowed(report: &Report<'_>, out: &mut TextWriter) {
    if report.requests.were_slowed() {
        out.section("Requests, and what was waited for");
        for line in requests::lines(report.requests) {
            out.line(&format!("  {line}"));
        }
    }
}

fn warnings(report: &Report<'_>, out: &mut TextWriter) {
    let warnings: Vec<&Warning> = report.all_warnings().collect();
    if warnings.is_empty() {
        return;
    }
    out.section("Worth knowing");
    for warning in warnings {
        out.line(&format!("  - {}", visible(&warning.to_string())));
    }
}

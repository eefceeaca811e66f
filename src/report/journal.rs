//! The journal for a reader: what was done to whom, on whose word, and what came of it.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::domain::model::ids::{ApprovalId, HaiiloId, UserName};
use crate::domain::model::word::Word as _;
use crate::domain::state::journal::JournalEntry;
use crate::report::cell::{self, Cell};
use crate::report::subject::{stamp, visible};

/// The entries as text, a paragraph each.
pub fn text(entries: &[JournalEntry]) -> String {
    if entries.is_empty() {
        return "The journal has no such entry.\n".to_owned();
    }
    entries.iter().map(paragraph).collect()
}

fn paragraph(entry: &JournalEntry) -> String {
    let JournalEntry {
        number,
        run,
        at,
        kind,
        okta_id,
        haiilo_id,
        user_name,
        before: _,
        sent,
        outcome,
        detail,
        approval,
        by,
        reason,
    } = entry;
    let name = user_name.as_ref().map_or("(forgotten)".to_owned(), |name| visible(name.as_str()));
    let account = haiilo_id.as_ref().map_or(String::new(), |id| format!("  account {}", visible(id.as_str())));
    let (kind, outcome) =
        (kind.as_str(), outcome.map_or("not known yet", |outcome| outcome.as_str()).replace('_', " "));
    let mut lines = vec![format!("{}  {}  {kind}  {outcome}  {name}  {okta_id}{account}", number.0, stamp(*at))];
    lines.extend(changes(sent.as_ref()));
    lines.extend(detail.as_ref().map(|detail| format!("    {}", visible(detail))));
    let approved = approval.as_ref().map_or(String::new(), |id| format!(", approved by {id}"));
    let why = reason.as_ref().map_or(String::new(), |reason| format!(": {}", visible(reason)));
    lines.push(format!("    run {}, by {}{approved}{why}", run.as_str(), visible(by)));
    format!("{}\n", lines.join("\n"))
}

/// What was sent, a line a change.
fn changes(sent: Option<&Json>) -> Vec<String> {
    let shown = |value: &Json| match value {
        Json::Null => "(empty)".to_owned(),
        Json::String(text) => visible(text),
        other => visible(&other.to_string()),
    };
    let changes = sent.and_then(Json::as_array).into_iter().flatten();
    changes
        .map(|change| {
            let path = change["path"].as_str().unwrap_or_default();
            format!("    {}  {} -> {}", visible(path), shown(&change["from"]), shown(&change["to"]))
        })
        .collect()
}

/// The entries as a JSON array, with a line end behind it.
pub fn json(entries: &[JournalEntry]) -> String {
    format!("{:#}\n", array(entries))
}

/// The entries as a JSON array.
pub(super) fn array(entries: &[JournalEntry]) -> Json {
    let object = |entry: &JournalEntry| {
        let JournalEntry {
            number,
            run,
            at,
            kind,
            okta_id,
            haiilo_id,
            user_name,
            before,
            sent,
            outcome,
            detail,
            approval,
            by,
            reason,
        } = entry;
        json!({
            "entry": number.0, "run": run.as_str(), "at": stamp(*at), "kind": kind.as_str(), "okta_id": okta_id, "haiilo_id": haiilo_id,
            "user_name": user_name, "before": before, "sent": sent, "outcome": outcome.map(|outcome| outcome.as_str()), "detail": detail, "approval": approval,
            "by": by, "reason": reason,
        })
    };
    entries.iter().map(object).collect()
}

/// One row; the names of the fields are the header.
#[derive(Serialize)]
struct JournalRow {
    entry: Cell,
    at: Cell,
    run: Cell,
    kind: Cell,
    outcome: Cell,
    okta_id: Cell,
    haiilo_id: Cell,
    user_name: Cell,
    detail: Cell,
    approval: Cell,
    by: Cell,
    reason: Cell,
}

const HEADER: [&str; 12] = [
    "entry",
    "at",
    "run",
    "kind",
    "outcome",
    "okta_id",
    "haiilo_id",
    "user_name",
    "detail",
    "approval",
    "by",
    "reason",
];

/// The entries as CSV with a header, without what was sent.
pub fn csv(entries: &[JournalEntry]) -> String {
    let row = |entry: &JournalEntry| JournalRow {
        entry: Cell::of(entry.number.0),
        at: Cell::of(stamp(entry.at)),
        run: Cell::of(entry.run.as_str()),
        kind: Cell::of(entry.kind.as_str()),
        outcome: Cell::maybe(entry.outcome.map(|outcome| outcome.as_str())),
        okta_id: Cell::of(&entry.okta_id),
        haiilo_id: Cell::maybe(entry.haiilo_id.as_ref().map(HaiiloId::as_str)),
        user_name: Cell::maybe(entry.user_name.as_ref().map(UserName::as_str)),
        detail: Cell::maybe(entry.detail.as_ref()),
        approval: Cell::maybe(entry.approval.as_ref().map(ApprovalId::as_str)),
        by: Cell::of(&entry.by),
        reason: Cell::maybe(entry.reason.as_ref()),
    };
    cell::table(&HEADER, &entries.iter().map(row).collect::<Vec<_>>())
}

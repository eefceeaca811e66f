//! The journal for a reader: what was done, about which person, who asked for it, and how it ended.

use serde_json::{Value as Json, json};

use crate::domain::model::word::Word as _;
use crate::domain::state::journal::JournalEntry;
use crate::report::csv::table;
use crate::report::json::array;
use crate::report::words::{stamp, visible};

/// The columns of the CSV form: the members of [`object`], without what was sent.
const COLUMNS: &str = "entry,at,run,kind,outcome,okta_id,haiilo_id,user_name,detail,approval,by,reason";

/// The entries as text, a paragraph each.
pub fn text(entries: &[JournalEntry]) -> String {
    if entries.is_empty() {
        return "The journal has no such entry.\n".to_owned();
    }
    entries.iter().map(paragraph).collect()
}

fn paragraph(entry: &JournalEntry) -> String {
    let name = entry.user_name.as_ref().map_or("(forgotten)".to_owned(), |name| visible(name.as_str()));
    let account = entry.haiilo_id.as_ref().map_or(String::new(), |id| format!("  account {}", visible(id.as_str())));
    let outcome = entry.outcome.map_or("not known yet", |outcome| outcome.as_str()).replace('_', " ");
    let (number, at, kind, okta_id) = (entry.number.0, stamp(entry.at), entry.kind.as_str(), &entry.okta_id);
    let mut lines = vec![format!("{number}  {at}  {kind}  {outcome}  {name}  {okta_id}{account}")];
    lines.extend(changes(entry.sent.as_ref()));
    lines.extend(entry.detail.as_ref().map(|detail| format!("    {}", visible(detail))));
    let approved = entry.approval.as_ref().map_or(String::new(), |id| format!(", approved by {id}"));
    let why = entry.reason.as_ref().map_or(String::new(), |reason| format!(": {}", visible(reason)));
    lines.push(format!("    run {}, by {}{approved}{why}", entry.run.as_str(), visible(&entry.by)));
    format!("{}\n", lines.join("\n"))
}

/// What was sent, a line a change.
fn changes(sent: Option<&Json>) -> Vec<String> {
    let shown = |value: &Json| match value {
        Json::Null => "(empty)".to_owned(),
        Json::String(text) => visible(text),
        other => visible(&other.to_string()),
    };
    let line = |change: &Json| {
        let path = change["path"].as_str().unwrap_or_default();
        format!("    {}  {} -> {}", visible(path), shown(&change["from"]), shown(&change["to"]))
    };
    sent.and_then(Json::as_array).into_iter().flatten().map(line).collect()
}

/// The entries as a JSON array, with a line end behind it.
pub fn json(entries: &[JournalEntry]) -> String {
    format!("{:#}\n", array(entries, object))
}

/// An entry as JSON.
pub(super) fn object(entry: &JournalEntry) -> Json {
    json!({
        "entry": entry.number.0, "run": entry.run.as_str(), "at": stamp(entry.at), "kind": entry.kind.as_str(),
        "okta_id": entry.okta_id, "haiilo_id": entry.haiilo_id, "user_name": entry.user_name, "before": entry.before,
        "sent": entry.sent, "outcome": entry.outcome.map(|outcome| outcome.as_str()), "detail": entry.detail,
        "approval": entry.approval, "by": entry.by, "reason": entry.reason,
    })
}

/// The entries as CSV with a header, without what was sent.
pub fn csv(entries: &[JournalEntry]) -> String {
    table(COLUMNS, entries.iter().map(object))
}

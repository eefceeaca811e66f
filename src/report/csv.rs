//! The report as CSV, for a spreadsheet: one row for each change, and for each person who is listed without a change. Most rows are objects
//! of the JSON report, whose members become cells.

use serde_json::{Value as Json, json};

use crate::domain::model::group::{PersonIndex, same};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{Findings, MappingEdit};
use crate::domain::plan::group_operation::{GroupChange, GroupOperation, MemberPeople};
use crate::domain::plan::operation::{Change, Operation};
use crate::report::json::{
    of_conclusion, of_group_conclusion, of_held, of_held_group, of_leaver, of_missing, of_unsent,
};
use crate::report::model::Report;

/// The columns. The name of a group is in the column of a person's name.
const COLUMNS: &str = "section,kind,okta_id,haiilo_id,user_name,path,from,to,reason,remedy";

/// The report as CSV with a header.
pub fn csv(report: &Report<'_>) -> String {
    let Findings { leavers, held, waiting, rejected, missing, unmanaged, mapping_edits, warnings: _, counts: _ } =
        report.findings();
    let groups = &report.plan.groups;
    let leaver = |leaver| row("leaver", of_leaver(report.product, leaver), &[("kind", "evidence"), ("to", "due")]);
    let held = held.iter().map(|held| row("held", of_held(held), &[("kind", "code")]));
    let waiting = waiting.iter().map(|value| row("waiting", of_unsent(value), &[("to", "value")]));
    let rejected = rejected.iter().map(|value| row("rejected", of_unsent(value), &[("to", "value")]));
    let held_group = |held| row("held_group", of_held_group(held), &[("kind", "code"), ("user_name", "name")]);
    let rows = report.plan.people.operations.iter().flat_map(of_operation);
    let rows = rows.chain(leavers.iter().map(leaver)).chain(held).chain(waiting).chain(rejected);
    let rows = rows.chain(missing.iter().map(|missing| row("missing", of_missing(missing), &[])));
    let rows = rows.chain(unmanaged.iter().map(|account| row("unmanaged", json!(account), &[])));
    let rows = rows.chain(mapping_edits.iter().map(of_mapping_edit));
    let rows = rows.chain(report.concluded().iter().map(|one| of_outcome(of_conclusion(one))));
    let rows = rows.chain(groups.operations.iter().flat_map(|operation| of_group(operation, &groups.people)));
    let rows = rows.chain(groups.held.iter().map(held_group));
    let group_outcome = |one| row("outcome", of_group_conclusion(one), &[("user_name", "name")]);
    table(COLUMNS, rows.chain(report.groups.concluded.iter().map(group_outcome).map(of_outcome)))
}

/// An object of the JSON report as a row, with some of its members in columns of another name.
fn row(section: &str, mut object: Json, renamed: &[(&str, &str)]) -> Json {
    for (column, member) in renamed {
        object[*column] = object[*member].take();
    }
    object["section"] = section.into();
    object
}

fn of_operation(operation: &Operation) -> Vec<Json> {
    let Operation { okta_id, user_name, action: _ } = operation;
    let (kind, haiilo_id) = (operation.kind().as_str(), operation.haiilo_id());
    let object = json!({"kind": kind, "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name});
    with_changes(&row("operation", object, &[]), operation.changes().iter().map(Change::to_json))
}

/// What changes of a group, then each person who comes in or goes out.
fn of_group(operation: &GroupOperation, people: &MemberPeople) -> Vec<Json> {
    let GroupOperation { okta_id, name, action: _ } = operation;
    let (kind, haiilo_id) = (operation.kind().as_str(), operation.haiilo_id());
    let object = json!({"kind": kind, "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": name});
    let changed = operation.changes().iter().filter(|change| !same(change.from.as_deref(), change.to.as_deref()));
    let member =
        |word: &str, index: &PersonIndex| json!({"path": "members", word: people.get(index).map(|who| &who.user_name)});
    let (add, remove) = operation.moves();
    let moves = add.iter().map(|index| member("to", index)).chain(remove.iter().map(|index| member("from", index)));
    with_changes(&row("group", object, &[]), changed.map(GroupChange::to_json).chain(moves))
}

/// A row for each change, or one where nothing changes.
fn with_changes(operation: &Json, changes: impl Iterator<Item = Json>) -> Vec<Json> {
    let row = |change: Json| {
        let mut row = operation.clone();
        for column in ["path", "from", "to"] {
            row[column] = change[column].clone();
        }
        row
    };
    let rows: Vec<Json> = changes.map(row).collect();
    if rows.is_empty() { vec![operation.clone()] } else { rows }
}

fn of_mapping_edit(edit: &MappingEdit) -> Json {
    let mut row = row("mapping", json!(edit), &[("path", "part"), ("from", "was"), ("to", "is")]);
    row["reason"] = format!("{} updated, {} held", edit.updated, edit.held).into();
    row
}

fn of_outcome(conclusion: Json) -> Json {
    let kind = format!("{} {}", text(&conclusion["kind"]), text(&conclusion["outcome"]));
    let mut row = row("outcome", conclusion, &[("reason", "detail")]);
    row["kind"] = kind.into();
    row
}

/// Rows under a header: of each object the members that are named like a column.
pub(super) fn table(header: &str, rows: impl IntoIterator<Item = Json>) -> String {
    let columns: Vec<&str> = header.split(',').collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns).expect("a vector takes every row");
    for row in rows {
        let cells = columns.iter().map(|column| cell(&row[*column]));
        writer.write_record(cells).expect("a vector takes every row, and all rows are of one length");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("made of texts")
}

/// A cell. One that a spreadsheet would read as a formula gets an apostrophe before it.
fn cell(value: &Json) -> String {
    let text = text(value);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// A value for a reader, lists with commas.
fn text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Json::Bool(_) | Json::Number(_) | Json::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{COLUMNS, table};

    fn write(row: Json) -> String {
        table(COLUMNS, [row])
    }

    #[test]
    fn formulas_are_disarmed() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            let text = write(json!({"section": "held", "reason": cell}));
            assert_eq!(text.lines().nth(1), Some(format!("held,,,,,,,,'{cell},").as_str()));
        }
        let text = write(json!({"reason": "Ada = \"me\", you"}));
        assert_eq!(text.lines().nth(1), Some(",,,,,,,,\"Ada = \"\"me\"\", you\","));
        assert_eq!(text.lines().next(), Some("section,kind,okta_id,haiilo_id,user_name,path,from,to,reason,remedy"));
    }
}

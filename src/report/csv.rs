//! The report as CSV, for a spreadsheet: one row for each change and for each person about whom nothing is done.

use serde::Serialize;

use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{Findings, MappingEdit, Plan, UnsentValue};
use crate::domain::plan::operation::{Change, Operation};
use crate::domain::plan::outcome::Conclusion;
use crate::domain::scim::value::Value;
use crate::report::cell::{self, Cell};
use crate::report::groups;
use crate::report::subject::{Report, ReportStage, due, stamp, status};

/// One row; the names of the fields are the header.
#[derive(Clone, Default, Serialize)]
struct PlanRow {
    section: &'static str,
    kind: Cell,
    okta_id: Cell,
    haiilo_id: Cell,
    user_name: Cell,
    path: Cell,
    from: Cell,
    to: Cell,
    reason: Cell,
    remedy: Cell,
}

const HEADER: [&str; 10] =
    ["section", "kind", "okta_id", "haiilo_id", "user_name", "path", "from", "to", "reason", "remedy"];

/// The report as CSV with a header.
pub fn csv(report: &Report<'_>) -> String {
    let Plan { operations, trials: _, findings, update: _ } = &report.plan.people;
    let Findings { leavers, held, waiting, rejected, missing, unmanaged, mapping_edits, warnings: _, counts: _ } =
        findings;
    let mut rows: Vec<PlanRow> = operations.iter().flat_map(of_operation).collect();
    rows.extend(leavers.iter().map(|leaver| PlanRow {
        section: "leaver",
        kind: Cell::of(leaver.evidence.as_str()),
        okta_id: Cell::of(&leaver.okta_id),
        haiilo_id: Cell::of(&leaver.haiilo_id),
        user_name: Cell::of(&leaver.user_name),
        to: Cell::maybe(due(&leaver.status).map(stamp)),
        reason: Cell::of(status(report.product, leaver)),
        ..PlanRow::default()
    }));
    rows.extend(held.iter().map(|held| PlanRow {
        section: "held",
        kind: Cell::of(held.reason.code()),
        okta_id: Cell::of(&held.okta_id),
        haiilo_id: Cell::maybe(held.haiilo_id.as_ref()),
        user_name: Cell::maybe(held.user_name.as_ref()),
        reason: Cell::of(held.reason.reason()),
        remedy: Cell::of(held.reason.remedy()),
        ..PlanRow::default()
    }));
    rows.extend(waiting.iter().map(|value| of_unsent("waiting", value)));
    rows.extend(rejected.iter().map(|value| of_unsent("rejected", value)));
    rows.extend(missing.iter().map(|missing| PlanRow {
        section: "missing",
        okta_id: Cell::of(&missing.okta_id),
        haiilo_id: Cell::of(&missing.haiilo_id),
        user_name: Cell::of(&missing.user_name),
        ..PlanRow::default()
    }));
    rows.extend(unmanaged.iter().map(|account| PlanRow {
        section: "unmanaged",
        haiilo_id: Cell::of(&account.haiilo_id),
        user_name: Cell::maybe(account.user_name.as_ref()),
        ..PlanRow::default()
    }));
    rows.extend(mapping_edits.iter().map(|MappingEdit { part, was, is, updated, held }| PlanRow {
        section: "mapping",
        path: Cell::of(part),
        from: Cell::maybe(was.as_ref()),
        to: Cell::maybe(is.as_ref()),
        reason: Cell::of(format_args!("{updated} updated, {held} held")),
        ..PlanRow::default()
    }));
    if let ReportStage::Applied { concluded, stops: _ } = report.stage {
        rows.extend(concluded.iter().map(of_outcome));
    }
    rows.extend(groups::lines(report).into_iter().map(of_group));
    cell::table(&HEADER, &rows)
}

fn of_operation(operation: &Operation) -> Vec<PlanRow> {
    let base = PlanRow {
        section: "operation",
        kind: Cell::of(operation.kind().as_str()),
        okta_id: Cell::of(&operation.okta_id),
        haiilo_id: Cell::maybe(operation.haiilo_id()),
        user_name: Cell::of(&operation.user_name),
        ..PlanRow::default()
    };
    if operation.changes().is_empty() {
        return vec![base];
    }
    let row = |change: &Change| PlanRow {
        path: Cell::of(&change.path),
        from: Cell::maybe(change.from.as_ref().map(Value::shown)),
        to: Cell::maybe(change.to.as_ref().map(Value::shown)),
        ..base.clone()
    };
    operation.changes().iter().map(row).collect()
}

/// The name of a group stands where that of a person would.
fn of_group(line: groups::GroupTableRow) -> PlanRow {
    let groups::GroupTableRow { section, kind, okta_id, haiilo_id, name, path, from, to, reason, remedy } = line;
    PlanRow {
        section,
        kind: Cell::of(kind),
        okta_id: Cell::of(okta_id),
        haiilo_id: Cell::maybe(haiilo_id),
        user_name: Cell::of(name),
        path: Cell::of(path),
        from: Cell::maybe(from),
        to: Cell::maybe(to),
        reason: Cell::maybe(reason),
        remedy: Cell::maybe(remedy),
    }
}

fn of_outcome(concluded: &Conclusion) -> PlanRow {
    let Conclusion { operation, haiilo_id, outcome } = concluded;
    PlanRow {
        section: "outcome",
        kind: Cell::of(format_args!("{} {}", operation.kind().as_str(), outcome.as_str())),
        okta_id: Cell::of(&operation.okta_id),
        haiilo_id: Cell::maybe(haiilo_id.as_ref()),
        user_name: Cell::of(&operation.user_name),
        reason: Cell::maybe(outcome.detail()),
        ..PlanRow::default()
    }
}

fn of_unsent(section: &'static str, unsent: &UnsentValue) -> PlanRow {
    PlanRow {
        section,
        okta_id: Cell::of(&unsent.okta_id),
        haiilo_id: Cell::maybe(unsent.haiilo_id.as_ref()),
        user_name: Cell::of(&unsent.user_name),
        path: Cell::of(&unsent.path),
        to: Cell::maybe(unsent.value.as_ref().map(Value::shown)),
        reason: Cell::of(&unsent.reason),
        ..PlanRow::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER, PlanRow};
    use crate::report::cell::{Cell, table};

    fn write(rows: &[PlanRow]) -> String {
        table(&HEADER, rows)
    }

    #[test]
    fn formulas_are_disarmed() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            let text = write(&[PlanRow { section: "held", reason: Cell::of(cell), ..PlanRow::default() }]);
            assert_eq!(text.lines().nth(1), Some(format!("held,,,,,,,,'{cell},").as_str()));
        }
        let text = write(&[PlanRow { reason: Cell::of("Ada = \"me\", you"), ..PlanRow::default() }]);
        assert_eq!(text.lines().nth(1), Some(",,,,,,,,\"Ada = \"\"me\"\", you\","));
        assert_eq!(text.lines().next(), Some("section,kind,okta_id,haiilo_id,user_name,path,from,to,reason,remedy"));
    }
}

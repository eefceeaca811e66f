//! The report as JSON: a documented schema with a version, for scripts. The CSV form is a table of the same objects.

use serde_json::{Value as Json, json};

use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{CyclePlan, Findings, Missing, Plan, PlanCounts, UnsentValue};
use crate::domain::plan::group_operation::{GroupOperation, Removals};
use crate::domain::plan::group_plan::{BlockedRemovals, GroupCounts, GroupPlan, GroupState};
use crate::domain::plan::hold::{GroupHold, Hold};
use crate::domain::plan::leaver::Leaver;
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::{Conclusion, GroupConclusion};
use crate::domain::plan::warning::Warning;
use crate::domain::scim::value::Value;
use crate::domain::state::sync_state::Pause;
use crate::report::model::{AccountTotals, GroupResults, Report, ReportStage};
use crate::report::words::{action, due, stamp, status};

/// The version of the schema; it grows when something in it changes its meaning or goes.
const VERSION: u32 = 2;

/// The report as one JSON object, with a line end behind it.
pub fn json(report: &Report<'_>) -> String {
    let CyclePlan { people: Plan { operations, trials: _, findings, update: _ }, groups } = report.plan;
    let Findings { leavers, held, waiting, rejected, missing, unmanaged, mapping_edits, warnings: _, counts } =
        findings;
    let limit_check = report.limit_check;
    let mut object = json!({
        "version": VERSION,
        "approval_id": limit_check.approval_id,
        "operations": array(operations, Operation::to_json),
        "leavers": array(leavers, |leaver| of_leaver(report.product, leaver)),
        "held": array(held, of_held),
        "waiting": array(waiting, of_waiting),
        "rejected": array(rejected, of_unsent),
        "missing": array(missing, of_missing),
        "unmanaged": unmanaged,
        "mapping_edits": mapping_edits,
        "unchanged": counts.unchanged,
        "violations": limit_check.violations,
        "limits": limit_check.usage,
        "counts": of_counts(*counts, AccountTotals::after(report).accounts),
        "usage": report.requests,
        "groups": of_groups(groups, report.groups),
        "warnings": array(report.all_warnings(), of_warning),
    });
    if !matches!(report.stage, ReportStage::DryRun) {
        object["outcomes"] = array(report.concluded(), of_conclusion);
    }
    match report.stage {
        ReportStage::DryRun | ReportStage::Blocked => {}
        ReportStage::Paused(pause) => object["paused"] = of_pause(pause),
        ReportStage::Applied { concluded: _, stops } => object["stopped"] = json!(stops),
    }
    format!("{object:#}\n")
}

/// Values as a JSON array.
pub(super) fn array<T>(values: impl IntoIterator<Item = T>, of: impl Fn(T) -> Json) -> Json {
    values.into_iter().map(of).collect()
}

/// A pause of all writes.
pub(super) fn of_pause(Pause { until, by, reason }: &Pause) -> Json {
    json!({"until": until.map(stamp), "by": by, "reason": reason})
}

/// A leaver, with what becomes of the account.
pub(super) fn of_leaver(product: Product, leaver: &Leaver) -> Json {
    let Leaver { okta_id, haiilo_id, user_name, evidence, since, action: _, effect: _, status: leaver_status } = leaver;
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name, "evidence": evidence.as_str(),
        "action": action(leaver), "due": due(leaver_status).map(stamp), "since": stamp(*since), "reason": status(product, leaver),
    })
}

/// A person on hold.
pub(super) fn of_held(Hold { okta_id, haiilo_id, name, reason }: &Hold) -> Json {
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": name,
        "code": reason.code(), "reason": reason.reason(), "remedy": reason.remedy(),
    })
}

fn of_waiting(value: &UnsentValue) -> Json {
    let mut object = of_unsent(value);
    object["blocks"] = value.blocks.as_str().into();
    object
}

/// A value that is not sent.
pub(super) fn of_unsent(unsent: &UnsentValue) -> Json {
    let UnsentValue { okta_id, haiilo_id, user_name, path, value, reason, blocks: _ } = unsent;
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name, "path": path.to_string(),
        "value": value.as_ref().map(Value::to_json), "reason": reason,
    })
}

/// A linked account that Haiilo does not show.
pub(super) fn of_missing(Missing { okta_id, haiilo_id, user_name, since }: &Missing) -> Json {
    json!({"okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name, "since": since.map(stamp)})
}

fn of_warning(warning: &Warning) -> Json {
    json!({"code": warning.as_str(), "text": warning.to_string()})
}

fn of_counts(counts: PlanCounts, accounts_after: usize) -> Json {
    let PlanCounts { assigned, linked, accounts, unchanged: _, out_of_scope, staged } = counts;
    json!({
        "assigned": assigned, "linked": linked, "accounts": accounts, "accounts_after": accounts_after,
        "out_of_scope": out_of_scope, "staged": staged,
    })
}

/// What became of an operation.
pub(super) fn of_conclusion(Conclusion { operation, haiilo_id, outcome }: &Conclusion) -> Json {
    json!({
        "kind": operation.kind().as_str(), "okta_id": operation.okta_id, "haiilo_id": haiilo_id,
        "user_name": operation.user_name, "outcome": outcome.as_str(), "detail": outcome.detail(),
    })
}

/// Everything about groups; null where groups are not synced.
fn of_groups(plan: &GroupPlan, GroupResults { concluded, stops }: GroupResults<'_>) -> Json {
    let state = match plan.state {
        GroupState::Off => return Json::Null,
        GroupState::Unread => "unread",
        GroupState::Planned => "planned",
    };
    let GroupCounts { chosen, unchanged, unmanaged, unmanaged_members, kept, left } = plan.counts;
    let of_operation = |operation: &GroupOperation| {
        let mut object = operation.to_json(&plan.people);
        object["removals"] = json!(operation.removals().map(removals));
        object
    };
    json!({
        "state": state,
        "approval_id": plan.approval_id,
        "operations": array(&plan.operations, of_operation),
        "held": array(&plan.held, of_held_group),
        "blocked": array(&plan.blocked, of_blocked),
        "unchanged": unchanged,
        "counts": {
            "chosen": chosen, "unmanaged": unmanaged, "unmanaged_members": unmanaged_members, "kept": kept,
            "no_longer_chosen": left,
        },
        "outcomes": array(concluded, of_group_conclusion),
        "stopped": stops,
    })
}

fn removals(removals: &Removals) -> &'static str {
    match removals {
        Removals::Free => "free",
        Removals::Approved(_) => "approved",
        Removals::Blocked => "blocked",
    }
}

fn of_blocked(BlockedRemovals { okta_id, found, allowed }: &BlockedRemovals) -> Json {
    json!({"okta_id": okta_id, "limit": "members", "found": found, "allowed": allowed})
}

/// A group on hold.
pub(super) fn of_held_group(GroupHold { okta_id, haiilo_id, name, reason }: &GroupHold) -> Json {
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "name": name, "code": reason.as_str(), "reason": reason.reason(),
        "remedy": reason.remedy(),
    })
}

/// What became of an operation on a group.
pub(super) fn of_group_conclusion(GroupConclusion { operation, haiilo_id, outcome }: &GroupConclusion) -> Json {
    json!({
        "kind": operation.kind().as_str(), "okta_id": operation.okta_id, "haiilo_id": haiilo_id, "name": operation.name,
        "outcome": outcome.as_str(), "detail": outcome.detail(),
    })
}

//! The report as JSON: a documented schema with a version, for scripts.

use serde_json::{Map, Value as Json, json};

use crate::domain::model::policy::Product;
use crate::domain::model::usage::{HaiiloCalls, OktaCalls, Requests};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{
    CyclePlan, Findings, MappingEdit, Missing, Plan, PlanCounts, Unmanaged, UnsentValue,
};
use crate::domain::plan::hold::Hold;
use crate::domain::plan::leaver::Leaver;
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::Conclusion;
use crate::domain::plan::warning::Warning;
use crate::domain::planning::limits::{LimitUsage, Violation};
use crate::domain::scim::value::Value;
use crate::report::groups;
use crate::report::subject::{self, AccountTotals, Report, ReportStage, action, due, stamp};

/// The version of the schema; it grows when something in it changes its meaning or goes.
const VERSION: u32 = 2;

/// The report as one JSON object, with a line end behind it.
pub fn json(report: &Report<'_>) -> String {
    let CyclePlan { people: Plan { operations, trials: _, findings, update: _ }, groups: _ } = report.plan;
    let Findings { leavers, held, waiting, rejected, missing, unmanaged, mapping_edits, warnings: _, counts } =
        findings;
    let limit_check = report.limit_check;
    let mut object = Map::new();
    let mut put = |name: &str, value: Json| object.insert(name.to_owned(), value);
    put("version", VERSION.into());
    put("approval_id", json!(limit_check.approval_id));
    put("operations", operations.iter().map(Operation::to_json).collect());
    put("leavers", leavers.iter().map(|leaver| of_leaver(report.product, leaver)).collect());
    put("held", held.iter().map(of_held).collect());
    put("waiting", waiting.iter().map(of_waiting).collect());
    put("rejected", rejected.iter().map(of_rejected).collect());
    put("missing", missing.iter().map(of_missing).collect());
    put("unmanaged", unmanaged.iter().map(of_unmanaged).collect());
    put("mapping_edits", mapping_edits.iter().map(of_edited).collect());
    put("unchanged", counts.unchanged.into());
    put("violations", limit_check.violations.iter().map(violation).collect());
    put("limits", limit_check.usage.iter().map(usage).collect());
    put("counts", of_counts(*counts, AccountTotals::after(report).accounts));
    put("usage", of_requests(report.requests));
    put("groups", groups::json(report));
    put("warnings", report.all_warnings().map(of_warning).collect());
    match report.stage {
        ReportStage::DryRun => {}
        ReportStage::Blocked => {
            put("outcomes", json!([]));
        }
        ReportStage::Paused(pause) => {
            put("outcomes", json!([]));
            put("paused", subject::paused(pause));
        }
        ReportStage::Applied { concluded, stops } => {
            put("outcomes", concluded.iter().map(outcome).collect());
            put("stopped", json!(stops));
        }
    }
    format!("{:#}\n", Json::Object(object))
}

fn of_leaver(product: Product, leaver: &Leaver) -> Json {
    let Leaver { okta_id, haiilo_id, user_name, evidence, since, action: _, effect: _, status } = leaver;
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name, "evidence": evidence.as_str(),
        "action": action(leaver), "due": due(status).map(stamp), "since": stamp(*since),
        "reason": subject::status(product, leaver),
    })
}

fn of_held(held: &Hold) -> Json {
    let Hold { okta_id, haiilo_id, user_name, reason } = held;
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name,
        "code": reason.code(), "reason": reason.reason(), "remedy": reason.remedy(),
    })
}

fn of_edited(MappingEdit { part, was, is, updated, held }: &MappingEdit) -> Json {
    json!({"part": part, "was": was, "is": is, "updated": updated, "held": held})
}

fn of_waiting(value: &UnsentValue) -> Json {
    let mut json = of_rejected(value);
    json["blocks"] = value.blocks.as_str().into();
    json
}

fn of_rejected(unsent: &UnsentValue) -> Json {
    let UnsentValue { okta_id, haiilo_id, user_name, path, value, reason, blocks: _ } = unsent;
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name, "path": path.to_string(),
        "value": value.as_ref().map(Value::to_json), "reason": reason,
    })
}

fn of_warning(warning: &Warning) -> Json {
    json!({"code": warning.as_str(), "text": warning.to_string()})
}

fn of_missing(missing: &Missing) -> Json {
    let Missing { okta_id, haiilo_id, user_name, since } = missing;
    json!({"okta_id": okta_id, "haiilo_id": haiilo_id, "user_name": user_name, "since": since.map(stamp)})
}

fn of_unmanaged(account: &Unmanaged) -> Json {
    let Unmanaged { haiilo_id, user_name } = account;
    json!({"haiilo_id": haiilo_id, "user_name": user_name})
}

fn violation(broken: &Violation) -> Json {
    let Violation { limit, found, allowed } = broken;
    json!({"limit": limit.as_str(), "found": found, "allowed": allowed})
}

fn usage(usage: &LimitUsage) -> Json {
    let LimitUsage { limit, used, planned: _, allowed } = usage;
    json!({"limit": limit.as_str(), "used": used, "allowed": allowed})
}

fn of_requests(requests: Requests<'_>) -> Json {
    let Requests { okta, haiilo } = requests;
    let of_okta = |calls: &OktaCalls| {
        let OktaCalls { call, requests, limit, ours, throttled, waited } = calls;
        json!({
            "call": call, "requests": requests, "limit": limit, "ours": ours, "throttled": throttled,
            "waited_seconds": waited,
        })
    };
    let HaiiloCalls { requests, most_at_once, at_once, lowest_at_once, throttled, waited } = haiilo;
    json!({
        "okta": okta.iter().map(of_okta).collect::<Vec<_>>(),
        "haiilo": {
            "requests": requests, "most_at_once": most_at_once, "at_once": at_once, "lowest_at_once": lowest_at_once,
            "throttled": throttled, "waited_seconds": waited,
        },
    })
}

fn of_counts(counts: PlanCounts, accounts_after: usize) -> Json {
    let PlanCounts { assigned, linked, accounts, unchanged: _, out_of_scope, staged } = counts;
    json!({
        "assigned": assigned, "linked": linked, "accounts": accounts, "accounts_after": accounts_after,
        "out_of_scope": out_of_scope, "staged": staged,
    })
}

fn outcome(concluded: &Conclusion) -> Json {
    let Conclusion { operation, haiilo_id, outcome } = concluded;
    json!({
        "kind": operation.kind().as_str(), "okta_id": operation.okta_id, "haiilo_id": haiilo_id,
        "user_name": operation.user_name, "outcome": outcome.as_str(), "detail": outcome.detail(),
    })
}

//! The state of the sync, for a reader and for scripts.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use crate::domain::model::word::Word as _;
use crate::domain::state::run_history::{CycleRecord, PendingApproval, RunHistory};
use crate::domain::state::sync_state::SyncState;
use crate::report::json::{array, of_pause};
use crate::report::words::{amount, by_whom, stamp, time};

/// Whether cycles run on schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ServiceHealth {
    /// They do.
    Ready,
    /// Two scheduled times have passed without a complete cycle.
    Late,
    /// The daemon does not answer where it should listen.
    Silent,
    /// No cycle was complete yet, and there is no daemon to ask.
    Unknown,
}

/// The state, as text.
pub fn text(history: &RunHistory, service: ServiceHealth, state: &SyncState, now: DateTime<Utc>) -> String {
    let mut lines = Vec::new();
    match service {
        ServiceHealth::Ready => lines.push("Cycles come as they should.".to_owned()),
        ServiceHealth::Late => lines.push("LATE: two scheduled times have passed without a complete cycle.".to_owned()),
        ServiceHealth::Silent => lines.push("SILENT: the daemon does not answer under listen.address.".to_owned()),
        ServiceHealth::Unknown => {}
    }
    if let Some(pause) = state.pause_at(now) {
        lines.push(format!("PAUSED {}, {}", pause.end(), by_whom(pause)));
    }
    for PendingApproval { id, at, violations, approved_until } in &history.blocked_plans {
        let state = match approved_until {
            Some(until) if *until > now => format!("approved until {}", time(*until)),
            _ => format!("waits for: okta-haiilo-sync approve {id}"),
        };
        lines.push(format!("Blocked at {} ({}); {state}", time(*at), limits(violations)));
    }
    if history.blocked_plans.is_empty() {
        lines.push("Nothing waits for an approval.".to_owned());
    }
    if !state.open.is_empty() {
        lines.push(format!("{} operations have no known end; the next cycle looks.", amount(state.open.len())));
    }
    lines.push(format!(
        "{} people are linked, {} are leavers.",
        amount(state.links.len()),
        amount(state.leavers.len())
    ));
    if history.cycles.is_empty() {
        lines.push("No cycle has run.".to_owned());
    }
    let row = |cycle: &CycleRecord| format!("{}  {}  {}", time(cycle.ended), cycle.result.as_str(), cycle.run.as_str());
    lines.extend(history.cycles.iter().map(row));
    format!("{}\n", lines.join("\n"))
}

fn limits(violations: &Json) -> String {
    let broken =
        |one: &Json| format!("{} {} of {}", one["limit"].as_str().unwrap_or_default(), one["found"], one["allowed"]);
    violations.as_array().into_iter().flatten().map(broken).collect::<Vec<_>>().join(", ")
}

/// The state, as one JSON object.
pub fn json(history: &RunHistory, service: ServiceHealth, state: &SyncState, now: DateTime<Utc>) -> String {
    let service = (service != ServiceHealth::Unknown).then(|| service.as_str());
    let object = json!({
        "version": 2, "service": service, "paused": state.pause_at(now).map(of_pause),
        "blocked_plans": array(&history.blocked_plans, of_blocked_plan), "open": state.open.len(),
        "linked": state.links.len(), "leavers": state.leavers.len(), "cycles": array(&history.cycles, of_cycle),
    });
    format!("{object:#}\n")
}

fn of_blocked_plan(PendingApproval { id, at, violations, approved_until }: &PendingApproval) -> Json {
    let approved_until = approved_until.map(stamp);
    json!({"approval_id": id, "at": stamp(*at), "violations": violations, "approved_until": approved_until})
}

fn of_cycle(CycleRecord { run, started, ended, result }: &CycleRecord) -> Json {
    json!({"run": run, "started": stamp(*started), "ended": stamp(*ended), "result": result.as_str()})
}

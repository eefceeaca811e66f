//! How things stand, for a reader and for scripts.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use crate::domain::model::word::Word as _;
use crate::domain::state::run_history::{PendingApproval, RunHistory};
use crate::domain::state::sync_state::SyncState;
use crate::report::subject::{self, amount, stamp, time};

/// Whether cycles come as they should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// How things stand, as text.
pub fn text((history, service): (&RunHistory, ServiceHealth), state: &SyncState, now: DateTime<Utc>) -> String {
    let mut lines = Vec::new();
    match service {
        ServiceHealth::Ready => lines.push("Cycles come as they should.".to_owned()),
        ServiceHealth::Late => lines.push("LATE: two scheduled times have passed without a complete cycle.".to_owned()),
        ServiceHealth::Silent => lines.push("SILENT: the daemon does not answer under listen.address.".to_owned()),
        ServiceHealth::Unknown => {}
    }
    if let Some(pause) = state.pause_at(now) {
        lines.push(format!("PAUSED {}, {}", pause.end(), subject::by_whom(pause)));
    }
    for PendingApproval { id, at, violations, approved_until } in &history.waiting {
        let state = match approved_until {
            Some(until) if *until > now => format!("approved until {}", time(*until)),
            _ => format!("waits for: okta-haiilo-sync approve {id}"),
        };
        lines.push(format!("Refused at {} ({}); {state}", time(*at), limits(violations)));
    }
    if history.waiting.is_empty() {
        lines.push("Nothing waits for an approval.".to_owned());
    }
    if !state.open.is_empty() {
        lines.push(format!("{} operations have no known end; the next cycle looks.", amount(state.open.len())));
    }
    lines.push(format!(
        "{} people are linked, {} are gone from Okta's listing.",
        amount(state.links.len()),
        amount(state.leavers.len())
    ));
    if history.cycles.is_empty() {
        lines.push("No cycle has run.".to_owned());
    }
    lines.extend(
        history
            .cycles
            .iter()
            .map(|cycle| format!("{}  {}  {}", time(cycle.ended), cycle.result.as_str(), cycle.run.as_str())),
    );
    format!("{}\n", lines.join("\n"))
}

fn limits(violations: &Json) -> String {
    let broken = violations.as_array().into_iter().flatten();
    let broken = broken
        .map(|one| format!("{} {} of {}", one["limit"].as_str().unwrap_or_default(), one["found"], one["allowed"]));
    broken.collect::<Vec<_>>().join(", ")
}

/// How things stand, as one JSON object.
pub fn json((history, service): (&RunHistory, ServiceHealth), state: &SyncState, now: DateTime<Utc>) -> String {
    let service = match service {
        ServiceHealth::Ready => Some("ready"),
        ServiceHealth::Late => Some("late"),
        ServiceHealth::Silent => Some("silent"),
        ServiceHealth::Unknown => None,
    };
    let waiting = history.waiting.iter().map(|PendingApproval { id, at, violations, approved_until }| {
        json!({"approval_id": id, "at": stamp(*at), "violations": violations, "approved_until": approved_until.map(stamp)})
    });
    let cycles = history.cycles.iter().map(|cycle| {
        json!({"run": cycle.run.as_str(), "started": stamp(cycle.started), "ended": stamp(cycle.ended), "result": cycle.result.as_str()})
    });
    let paused = state.pause_at(now).map(subject::paused);
    let object = json!({
        "version": 1, "service": service, "paused": paused, "waiting": waiting.collect::<Json>(), "open": state.open.len(),
        "linked": state.links.len(), "leavers": state.leavers.len(), "cycles": cycles.collect::<Json>(),
    });
    format!("{object:#}\n")
}

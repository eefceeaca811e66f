//! The metrics for Prometheus: names, units, and how cycles change them. The adapters count their requests through the same facade.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::daemon::cycle_result::{CycleSummary, RunError};
use crate::daemon::job::PollOutcome;
use crate::daemon::status::{DaemonStatus, Readiness};
use crate::domain::model::word::Word as _;
use crate::domain::state::run_history::CycleResult;

/// Buckets for requests, in seconds.
const REQUESTS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Buckets for cycles, in seconds.
const CYCLES: [f64; 9] = [1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0, 7_200.0];

/// Installs the recorder; once in a process.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full("okta_haiilo_sync_cycle_duration_seconds".to_owned()), &CYCLES)?
        .set_buckets_for_metric(Matcher::Full("okta_haiilo_sync_request_duration_seconds".to_owned()), &REQUESTS)?
        .install_recorder()?;
    describe();
    gauge!("okta_haiilo_sync_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    // A counter starts at 0, so an alert sees its first increase.
    for result in CycleResult::FULL {
        counter!("okta_haiilo_sync_cycles_total", "result" => result.as_str()).absolute(0);
    }
    for result in ["quiet", "handled", "full_cycle", "forbidden", "failed"] {
        counter!("okta_haiilo_sync_polls_total", "result" => result).absolute(0);
    }
    Ok(handle)
}

fn describe() {
    describe_counter!("okta_haiilo_sync_cycles_total", "Cycles, by how they ended.");
    describe_counter!("okta_haiilo_sync_polls_total", "Polls of Okta's log, by what came of them.");
    describe_histogram!("okta_haiilo_sync_cycle_duration_seconds", Unit::Seconds, "How long cycles took.");
    describe_gauge!(
        "okta_haiilo_sync_last_complete_cycle_timestamp_seconds",
        Unit::Seconds,
        "When the last complete cycle ended."
    );
    describe_gauge!("okta_haiilo_sync_next_cycle_timestamp_seconds", Unit::Seconds, "When the next cycle is due.");
    describe_gauge!("okta_haiilo_sync_consecutive_failures", "Cycles that failed in a row.");
    describe_gauge!("okta_haiilo_sync_ready", "1 while cycles come as they should, else 0.");
    describe_gauge!("okta_haiilo_sync_paused", "1 while an operator has stopped all writes.");
    describe_counter!("okta_haiilo_sync_operations_total", "Operations, by kind and outcome.");
    describe_gauge!("okta_haiilo_sync_people", "People, by state, in the last complete cycle.");
    describe_gauge!("okta_haiilo_sync_held", "People about whom nothing is done, by reason.");
    describe_gauge!("okta_haiilo_sync_leavers", "People who left, by what becomes of their accounts.");
    describe_gauge!("okta_haiilo_sync_waiting", "Values and accounts that wait, such as for a Haiilo group.");
    describe_gauge!("okta_haiilo_sync_rejected_values", "Values that Haiilo refused or did not keep.");
    describe_gauge!("okta_haiilo_sync_missing", "Linked accounts that Haiilo does not show.");
    describe_gauge!("okta_haiilo_sync_unmanaged", "Unmanaged accounts.");
    describe_gauge!("okta_haiilo_sync_approvals_waiting", "Blocked plans that wait for an approval.");
    describe_counter!("okta_haiilo_sync_requests_total", "Requests, by side, call and status; status 0 is no answer.");
    describe_histogram!("okta_haiilo_sync_request_duration_seconds", Unit::Seconds, "How long requests took.");
    describe_gauge!("okta_haiilo_sync_requests_at_once", "Requests to Haiilo that may be under way at once by now.");
    describe_gauge!("okta_haiilo_sync_rate_limit_limit", "Requests that Okta allows in a window, by call.");
    describe_gauge!("okta_haiilo_sync_rate_limit_remaining", "Requests left in Okta's window, by call.");
    describe_gauge!("okta_haiilo_sync_token_age_seconds", Unit::Seconds, "How long a token has been in use, by side.");
    describe_gauge!("okta_haiilo_sync_build_info", "1, with the version.");
}

/// A cycle ended.
pub(super) fn cycle(result: CycleResult, length: TimeDelta) {
    counter!("okta_haiilo_sync_cycles_total", "result" => result.as_str()).increment(1);
    histogram!("okta_haiilo_sync_cycle_duration_seconds").record(length.as_seconds_f64());
}

/// A poll ended.
pub(super) fn poll(result: &Result<PollOutcome, RunError>) {
    let result = match result {
        Ok(PollOutcome::Quiet) => "quiet",
        Ok(PollOutcome::Handled { .. }) => "handled",
        Ok(PollOutcome::FullCycle(_)) => "full_cycle",
        Ok(PollOutcome::Forbidden(_)) => "forbidden",
        Err(RunError::Failed(_)) => "failed",
        Err(RunError::Busy(_)) => "busy",
    };
    counter!("okta_haiilo_sync_polls_total", "result" => result).increment(1);
}

/// A complete cycle ended, after an earlier one of this process.
pub(super) fn summary(summary: &CycleSummary, before: Option<&CycleSummary>) {
    for ((kind, outcome), count) in &summary.operations {
        counter!("okta_haiilo_sync_operations_total", "kind" => *kind, "outcome" => *outcome).increment(*count);
    }
    let counts = summary.counts;
    for (state, count) in [
        ("assigned", counts.assigned),
        ("linked", counts.linked),
        ("unchanged", counts.unchanged),
        ("out_of_scope", counts.out_of_scope),
        ("staged", counts.staged),
    ] {
        gauge!("okta_haiilo_sync_people", "state" => state).set(number(count as u64));
    }
    for reason in before.into_iter().flat_map(|before| before.held.keys()).chain(summary.held.keys()) {
        let people = summary.held.get(reason).map_or(0, BTreeSet::len);
        gauge!("okta_haiilo_sync_held", "reason" => *reason).set(number(people as u64));
    }
    for state in ["kept", "pending", "due", "postponed", "blocked"] {
        let count = summary.leavers.get(state).copied().unwrap_or(0);
        gauge!("okta_haiilo_sync_leavers", "state" => state).set(number(count));
    }
    gauge!("okta_haiilo_sync_waiting").set(number(summary.waiting));
    gauge!("okta_haiilo_sync_rejected_values").set(number(summary.rejected));
    gauge!("okta_haiilo_sync_missing").set(number(summary.missing));
    gauge!("okta_haiilo_sync_unmanaged").set(number(summary.unmanaged));
    gauge!("okta_haiilo_sync_paused").set(if summary.result == CycleResult::Paused { 1.0 } else { 0.0 });
    gauge!("okta_haiilo_sync_approvals_waiting").set(if summary.awaiting_approval.is_some() { 1.0 } else { 0.0 });
}

/// How the daemon is.
pub(super) fn service<J>(status: &DaemonStatus<J>, now: DateTime<Utc>) {
    let (health, readiness) = (&status.health, status.readiness(now));
    gauge!("okta_haiilo_sync_ready").set(if readiness == Readiness::Ready { 1.0 } else { 0.0 });
    gauge!("okta_haiilo_sync_consecutive_failures").set(f64::from(health.failures));
    for (name, at) in [
        ("okta_haiilo_sync_last_complete_cycle_timestamp_seconds", health.last_complete),
        ("okta_haiilo_sync_next_cycle_timestamp_seconds", health.next),
    ] {
        if let Some(at) = at {
            gauge!(name).set(number(u64::try_from(at.timestamp()).unwrap_or(0)));
        }
    }
    for (side, since) in health.summary.iter().flat_map(|summary| &summary.tokens) {
        let age = u64::try_from((now - since).num_seconds()).unwrap_or(0);
        gauge!("okta_haiilo_sync_token_age_seconds", "side" => *side).set(number(age));
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of people and seconds are far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

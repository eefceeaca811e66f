//! Requests as metrics, for whoever collects them: by side, call and status. Nobody else is asked, and nothing is kept here.

use std::time::Duration;

/// Counts a request; status 0 is no answer.
pub fn count(side: &'static str, route: &'static str, status: u16, duration: Duration) {
    let labels = [("side", side.to_owned()), ("call", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("okta_haiilo_sync_requests_total", &labels).increment(1);
    metrics::histogram!("okta_haiilo_sync_request_duration_seconds", "side" => side).record(duration.as_secs_f64());
}

//! What is found about polls: whether Okta's log can be followed.

use chrono::TimeDelta;

use crate::cli::check::findings::CheckFindings;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::domain::state::log_cursor::LogPosition;
use crate::ports::{ChangeLog as _, FailureKind};

/// Reads the last minute of the log, as the first poll would.
pub(super) async fn ask(wiring: &Wiring, findings: &mut CheckFindings) {
    let since = LogPosition::Since(wiring.clock.now() - TimeDelta::minutes(1));
    let outcome = match wiring.source.log(&since).await {
        Ok(_) => wiring.source.groups().await.map(drop),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => findings.fine("Okta's System Log can be followed, so that changes reach Haiilo between full cycles"),
        // A service app is refused a scope that it was not granted, or a call for which it has no role.
        Err(failure) if matches!(failure.kind, FailureKind::CredentialsRefused | FailureKind::BadRequest) => findings.warn(
            "Okta's System Log may not be read, so that there would be full cycles only: grant the service app the scope okta.logs.read \
             and a role that may read the log, such as Read-only Administrator, or take schedule.changes away",
        ),
        Err(failure) => findings.warn(failure),
    }
}

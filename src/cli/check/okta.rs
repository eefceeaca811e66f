//! What is found about Okta: what the credentials may do, the application, the attributes that the mapping reads, and the clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::check::findings::CheckFindings;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::config::nearest;
use crate::config::settings::{OktaAuth, PushRule, Settings};
use crate::domain::model::assignment::Assignment;
use crate::domain::state::log_cursor::LogPosition;
use crate::okta::{ProfileAttributes, ProfileSchemas};
use crate::ports::{Application, AssignmentSource as _, ChangeLog as _, Failure, FailureKind};
use crate::report;

/// A clock that is off by more may spoil rate windows and dates.
const NOTEWORTHY_SKEW: TimeDelta = TimeDelta::minutes(1);
/// While the clock is off by more, nobody is deleted.
const LARGEST_SKEW: TimeDelta = TimeDelta::minutes(5);

/// What is known of Okta before it is asked.
pub(super) struct OktaCheckInput {
    /// `okta.auth.client_id`, where a service app signs in; otherwise an API token does.
    client_id: Option<String>,
    /// `okta.page_size`.
    page_size: u32,
}

/// What was seen of the listing.
#[derive(Clone, Copy, Debug)]
pub(super) struct OktaListing {
    /// People on its first page.
    pub(super) listed: u64,
    /// Whether these are all people.
    pub(super) is_whole: bool,
    /// `okta.page_size`.
    pub(super) page_size: u32,
    /// How long the first page took.
    pub(super) answer: Duration,
    /// How many requests a minute we may send, where Okta shows it.
    pub(super) ours: Option<u64>,
}

impl OktaCheckInput {
    /// What the configuration says.
    pub(super) fn of(settings: &Settings) -> Self {
        let client_id = match &settings.okta.auth {
            OktaAuth::ApiToken(_) => None,
            OktaAuth::PrivateKeyJwt { client_id, .. } => Some(client_id.clone()),
        };
        Self { client_id, page_size: settings.okta.page_size }
    }

    /// Asks Okta; `None` where the listing cannot be read.
    pub(super) async fn ask(&self, wiring: &Wiring, findings: &mut CheckFindings) -> Option<OktaListing> {
        findings.section("Okta");
        let listing = self.try_ask(wiring, findings).await;
        findings.value(listing)
    }

    async fn try_ask(&self, wiring: &Wiring, findings: &mut CheckFindings) -> Result<OktaListing, Failure> {
        let application = wiring.source.application().await?;
        self.credentials(wiring, findings).await;
        described(&application, wiring.cycle.push_is_on, findings);
        clock(wiring.clock.now(), application.server_time, findings);
        let began = wiring.clock.monotonic();
        let arrived = wiring.source.page(None).await?;
        let answer = wiring.clock.monotonic().saturating_sub(began);
        let is_whole = arrived.next.is_none();
        let rows = wiring.source.rows(arrived.body).await?;
        people(wiring, &rows.assignments, findings).await;
        self.attributes(wiring, findings).await;
        let look = wiring.source.probe().await?;
        if let Some(host) = look.foreign_host {
            findings.error(format_args!(
                "Okta's links name {host}: set okta.org_url = \"https://{host}\", or okta.link_hosts = [{host:?}]"
            ));
        }
        let listed = rows.assignments.len() as u64;
        Ok(OktaListing { listed, is_whole, page_size: self.page_size, answer, ours: look.ours })
    }

    /// What the credentials are, and how long they last as far as that is documented.
    async fn credentials(&self, wiring: &Wiring, findings: &mut CheckFindings) {
        let used = used_since(wiring, "okta").await;
        match &self.client_id {
            None => findings.fine(format_args!(
                "the API token is taken{used}; it has the rights of the administrator who made it and dies with that user, or after 30 days \
                 without a call"
            )),
            Some(client_id) => findings.fine(format_args!(
                "the service app {client_id} is given access tokens, of an hour each; its key is taken{used}"
            )),
        }
    }

    /// Whether Okta's profiles can have what the mapping reads.
    async fn attributes(&self, wiring: &Wiring, findings: &mut CheckFindings) {
        let ProfileSchemas { user, app_user } = match wiring.source.schemas().await {
            Ok(schemas) => schemas,
            // A service app is refused a scope that it was not granted, or a call for which it has no role.
            Err(Failure { kind: FailureKind::CredentialsRefused | FailureKind::BadRequest, .. }) => {
                return findings.warn(format_args!(
                    "Okta does not show us its schemas, so that a misspelt attribute in the mapping is not found; no cycle needs them: {step}",
                    step = match self.client_id {
                        None =>
                            "to allow the look, let an administrator of applications make the token in Okta",
                        Some(_) =>
                            "to allow the look, grant the scope okta.schemas.read and the role of an administrator of applications",
                    }
                ));
            }
            Err(failure) => return findings.warn(failure),
        };
        let wanted = wiring.cycle.mapping.wanted();
        let of_users: Vec<_> = wanted.user.iter().filter(|name| !user.contains_key(*name)).collect();
        let of_the_app: Vec<_> = wanted.app_user.iter().filter(|name| !app_user.contains_key(*name)).collect();
        for name in &of_users {
            findings.warn(format_args!(
                "the mapping reads user.{name}, which the profiles of Okta's default type of users do not have: {meant}",
                meant = meant("user", name, &user)
            ));
        }
        for name in &of_the_app {
            findings.error(format_args!(
                "the mapping reads appuser.{name}, which the profiles of the application do not have: {meant}",
                meant = meant("appuser", name, &app_user)
            ));
        }
        if of_users.is_empty() && of_the_app.is_empty() {
            let count = wanted.user.len() + wanted.app_user.len();
            findings.fine(format_args!("Okta's schemas have all {count} attributes that the mapping reads"));
        }
    }
}

/// Since when a token is in use, where the store knows it, as the end of a sentence about it.
pub(super) async fn used_since(wiring: &Wiring, side: &'static str) -> String {
    let Some((_, token)) = wiring.tokens.iter().find(|(of, _)| *of == side) else { return String::new() };
    let since = wiring.read_store().token_since(side, token).await;
    since
        .ok()
        .flatten()
        .map_or_else(String::new, |since| format!(" and in use here since {}", since.format("%Y-%m-%d")))
}

fn described(application: &Application, push: PushRule, findings: &mut CheckFindings) {
    let Application { label, status, push_features, server_time: _ } = application;
    if status == "ACTIVE" {
        findings.fine(format_args!("the application {label:?} is active"));
    } else {
        findings.error(format_args!("the application {label:?} is {status}; activate it, or correct okta.app_id"));
    }
    let features = push_features.join(", ");
    match (push_features.is_empty(), push) {
        (true, _) => findings.fine("Okta's own push to Haiilo is off"),
        (false, PushRule::Refuse) => findings.error(format_args!(
            "Okta's own push to Haiilo is on ({features}): switch it off in Okta (Applications > Provisioning), or set okta.push_is_on"
        )),
        (false, PushRule::Accept) => findings.warn(format_args!(
            "Okta's own push to Haiilo is on ({features}) and would be a second writer: switch it off in Okta (Applications > Provisioning)"
        )),
    }
}

fn clock(local: DateTime<Utc>, server: Option<DateTime<Utc>>, findings: &mut CheckFindings) {
    let Some(server) = server else {
        return findings.error(
            "Okta's answers have no date, so that nothing would be deleted: look whether a proxy takes the Date header out",
        );
    };
    let skew = local - server;
    let size = match skew.abs().num_minutes() {
        0 | 1 => format!("{} seconds", skew.abs().num_seconds()),
        minutes => format!("{minutes} minutes"),
    };
    let direction = if skew < TimeDelta::zero() { "behind" } else { "ahead of" };
    if skew.abs() > LARGEST_SKEW {
        findings.error(format_args!(
            "the local clock is {size} {direction} Okta's, more than five minutes: nothing would be deleted; set the clock (timedatectl)"
        ));
    } else if skew.abs() > NOTEWORTHY_SKEW {
        findings.warn(format_args!(
            "the local clock is {size} {direction} Okta's; beyond five minutes nothing is deleted: set the clock (timedatectl)"
        ));
    } else {
        findings.fine("the local clock agrees with Okta's");
    }
}

/// What was probably meant by the name of an attribute.
fn meant(root: &str, name: &str, known: &ProfileAttributes) -> String {
    match nearest(name, known.keys().map(compact_str::CompactString::as_str)) {
        None => "correct the name in the mapping, or add the attribute in Okta".to_owned(),
        Some(near) => match known.get(near).map(String::as_str) {
            Some(title) if !title.is_empty() && title != near => format!("did you mean {root}.{near} ({title:?})?"),
            _ => format!("did you mean {root}.{near}?"),
        },
    }
}

/// Whether people can be read in the listing and by id.
async fn people(wiring: &Wiring, rows: &[Assignment], findings: &mut CheckFindings) {
    let Some(first) = rows.first() else {
        return findings.warn(
            "nobody is assigned to the application: assign people or groups to it in Okta, or correct okta.app_id",
        );
    };
    findings.fine(format_args!("the first page of assignments has {} people", report::amount(rows.len())));
    let by_id = async {
        let user = wiring.source.user(&first.id).await?;
        let assignment = wiring.source.assignment(&first.id).await?;
        Ok::<bool, Failure>(user.is_some() && assignment.is_some())
    };
    match by_id.await {
        Ok(true) => findings.fine("people can be read by id, which evidence about leavers needs"),
        Ok(false) => findings.error(
            "somebody whom Okta lists is not found by id: nobody would ever be deleted; check the rights of the credentials",
        ),
        Err(failure) => findings.error(failure),
    }
}

/// Whether Okta's log can be followed: reads the last minute of it, as the first poll would.
pub(super) async fn polls(wiring: &Wiring, findings: &mut CheckFindings) {
    let followed = async {
        wiring.source.log(&LogPosition::Since(wiring.clock.now() - TimeDelta::minutes(1))).await?;
        wiring.source.groups().await
    };
    match followed.await {
        Ok(_) => findings.fine("Okta's System Log can be followed, so that changes reach Haiilo between full cycles"),
        // A service app is refused a scope that it was not granted, or a call for which it has no role.
        Err(failure) if matches!(failure.kind, FailureKind::CredentialsRefused | FailureKind::BadRequest) => findings.warn(
            "Okta's System Log may not be read, so that there would be full cycles only: grant the service app the scope okta.logs.read \
             and a role that may read the log, such as Read-only Administrator, or take schedule.changes away",
        ),
        Err(failure) => findings.warn(failure),
    }
}

//! What is found about Okta: what the credentials may do, the application, the attributes that the mapping reads, the clock, and how long a
//! cycle takes.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::check::findings::Findings;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::config::nearest;
use crate::config::settings::{OktaAuth, PushRule, Settings};
use crate::daemon::schedule::Schedule;
use crate::domain::assignment::Assignment;
use crate::domain::snapshot::PageRequest;
use crate::okta::{Attributes, ProfileSchemas};
use crate::ports::{AccountReader as _, Application, AssignmentSource as _, Failure, FailureKind, StoreReader as _};
use crate::report;
use crate::store::ReadStore;

/// A clock that is off by more may spoil rate windows and dates.
const NOTEWORTHY_SKEW: TimeDelta = TimeDelta::minutes(1);
/// A clock that is off by more deletes nobody.
const LARGEST_SKEW: TimeDelta = TimeDelta::minutes(5);

/// What is known of Okta before it is asked.
pub(super) struct Asking<'a> {
    /// `okta.auth`, without its secret.
    credentials: Credentials,
    /// `okta.rate_limit_share`.
    share: f64,
    /// `okta.page_size`.
    page_size: u32,
    /// `[schedule]`.
    schedule: &'a Schedule,
}

/// What we show Okta.
enum Credentials {
    ApiToken,
    ServiceApp(String),
}

impl<'a> Asking<'a> {
    /// What the configuration says.
    pub(super) fn of(settings: &Settings, schedule: &'a Schedule) -> Self {
        let credentials = match &settings.okta.auth {
            OktaAuth::ApiToken(_) => Credentials::ApiToken,
            OktaAuth::PrivateKeyJwt { client_id, key_id: _, private_key: _ } => {
                Credentials::ServiceApp(client_id.clone())
            }
        };
        Self { credentials, share: settings.okta.rate_limit_share, page_size: settings.okta.page_size, schedule }
    }

    /// Asks Okta.
    pub(super) async fn ask(&self, wiring: &Wiring, findings: &mut Findings) {
        findings.section("Okta");
        let application = match wiring.source.application().await {
            Ok(application) => application,
            Err(failure) => return findings.error(failure),
        };
        self.credentials(wiring, findings).await;
        described(&application, wiring.cycle.push_is_on, findings);
        clock(wiring.clock.now(), application.server_time, findings);
        let first_page = async {
            let arrived = wiring.source.page(None).await?;
            wiring.source.rows(arrived.body).await
        };
        let listed = match first_page.await {
            Ok(rows) => {
                people(wiring, &rows.assignments, findings).await;
                rows.assignments.len()
            }
            Err(failure) => return findings.error(failure),
        };
        self.attributes(wiring, findings).await;
        match wiring.source.look().await {
            Ok(look) => {
                if let Some(host) = look.foreign_host {
                    findings.error(format_args!(
                        "Okta's links name {host}: set okta.org_url = \"https://{host}\", or okta.link_hosts = [{host:?}]"
                    ));
                }
                self.length(look.limit, guess(wiring, listed).await, findings);
            }
            Err(failure) => findings.error(failure),
        }
    }

    /// What the credentials are, and how long they last as far as that is documented.
    async fn credentials(&self, wiring: &Wiring, findings: &mut Findings) {
        let used = used_since(wiring, "okta").await;
        match &self.credentials {
            Credentials::ApiToken => findings.fine(format_args!(
                "the API token is taken{used}; it has the rights of the administrator who made it and dies with that user, or after 30 days \
                 without a call"
            )),
            Credentials::ServiceApp(client_id) => findings.fine(format_args!(
                "the service app {client_id} is given access tokens, of an hour each; its key is taken{used}"
            )),
        }
    }

    /// Whether Okta's profiles can have what the mapping reads.
    async fn attributes(&self, wiring: &Wiring, findings: &mut Findings) {
        let ProfileSchemas { user, app_user } = match wiring.source.schemas().await {
            Ok(schemas) => schemas,
            // A service app is refused a scope that it was not granted, or a call for which it has no role.
            Err(Failure { kind: FailureKind::CredentialsRefused | FailureKind::BadRequest, .. }) => {
                return findings.warn(format_args!(
                    "Okta does not show us its schemas, so that a misspelt attribute in the mapping is not found; no cycle needs them: {step}",
                    step = match self.credentials {
                        Credentials::ApiToken =>
                            "to allow the look, let an administrator of applications make the token in Okta",
                        Credentials::ServiceApp(_) =>
                            "to allow the look, grant the scope okta.schemas.read and the role of an administrator of applications",
                    }
                ));
            }
            Err(failure) => return findings.warn(failure),
        };
        let wanted = wiring.cycle.mapping.wanted();
        let unknown_of_users = wanted.user.iter().filter(|name| !user.contains_key(*name));
        let unknown_of_the_app = wanted.app_user.iter().filter(|name| !app_user.contains_key(*name));
        let mut all_known = true;
        for name in unknown_of_users {
            all_known = false;
            findings.warn(format_args!(
                "the mapping reads user.{name}, which the profiles of Okta's default type of users do not have: {meant}",
                meant = meant("user", name, &user)
            ));
        }
        for name in unknown_of_the_app {
            all_known = false;
            findings.error(format_args!(
                "the mapping reads appuser.{name}, which the profiles of the application do not have: {meant}",
                meant = meant("appuser", name, &app_user)
            ));
        }
        if all_known {
            let count = wanted.user.len() + wanted.app_user.len();
            findings.fine(format_args!("Okta's schemas have all {count} attributes that the mapping reads"));
        }
    }

    /// How long a full cycle takes by Okta's limit, and which schedule fits.
    fn length(&self, limit: Option<u64>, people: u64, findings: &mut Findings) {
        let Some(limit) = limit else {
            return findings.warn(
                "Okta shows no rate limit, so that the length of a full cycle cannot be told: look how long the first ones take (`status`)",
            );
        };
        let requests = people.div_ceil(u64::from(self.page_size)).max(1) + 1;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a limit is small"
        )]
        let a_minute = ((limit as f64 * self.share) as u64).max(1);
        // The first window is used up without waiting.
        let minutes = (requests - 1) / a_minute;
        let took = Duration::from_mins(minutes);
        let words = match minutes {
            0 => "under a minute".to_owned(),
            1 => "about a minute".to_owned(),
            minutes => format!("about {minutes} minutes"),
        };
        let cron = fitting(took);
        let text = format!(
            "a full cycle sends Okta {requests} requests, at most {a_minute} a minute: {words}; schedule.full = \"{cron}\" fits"
        );
        let interval = self.schedule.shortest_interval().to_std().unwrap_or_default();
        if took * 2 > interval { findings.warn(text) } else { findings.fine(text) }
    }
}

/// Since when a token is in use, where the store knows it, as the end of a sentence about it.
pub(super) async fn used_since(wiring: &Wiring, side: &'static str) -> String {
    let Some((_, token)) = wiring.tokens.iter().find(|(of, _)| *of == side) else { return String::new() };
    let since = ReadStore::new(wiring.store.clone()).token_since(side, token).await;
    let since = since.ok().flatten();
    since.map_or_else(String::new, |since| format!(" and in use here since {}", since.format("%Y-%m-%d")))
}

fn described(application: &Application, push: PushRule, findings: &mut Findings) {
    let Application { label, status, push_features, server_time: _ } = application;
    match status.as_str() {
        "ACTIVE" => findings.fine(format_args!("the application {label:?} is active")),
        status => {
            findings.error(format_args!("the application {label:?} is {status}; activate it, or correct okta.app_id"));
        }
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

fn clock(local: DateTime<Utc>, server: Option<DateTime<Utc>>, findings: &mut Findings) {
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
fn meant(root: &str, name: &str, known: &Attributes) -> String {
    match nearest(name, known.keys().map(compact_str::CompactString::as_str)) {
        None => "correct the name in the mapping, or add the attribute in Okta".to_owned(),
        Some(near) => match known.get(near).map(String::as_str) {
            Some(title) if !title.is_empty() && title != near => format!("did you mean {root}.{near} ({title:?})?"),
            _ => format!("did you mean {root}.{near}?"),
        },
    }
}

/// How many people there are, as far as that can be told without reading them all: those of the first page, those whom the store knows,
/// or the accounts in Haiilo.
async fn guess(wiring: &Wiring, listed: usize) -> u64 {
    let memory = ReadStore::new(wiring.store.clone()).remember(wiring.clock.now()).await;
    let known = memory.map_or(0, |memory| memory.links.len());
    let first = wiring.reader.list(PageRequest { start: 1, count: 1 }).await;
    first.ok().and_then(|page| page.total).unwrap_or(0).max(listed.max(known) as u64)
}

/// Whether people can be read in the listing and by id.
async fn people(wiring: &Wiring, rows: &[Assignment], findings: &mut Findings) {
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

/// The most frequent usual schedule that leaves at least half of the time free.
fn fitting(took: Duration) -> &'static str {
    let usual = [
        (15, "0 */15 * * * *"),
        (30, "0 */30 * * * *"),
        (60, "0 0 * * * *"),
        (240, "0 0 */4 * * *"),
        (720, "0 0 */12 * * *"),
    ];
    let fits = usual.iter().find(|(minutes, _)| took * 2 <= Duration::from_mins(*minutes));
    fits.map_or("0 0 3 * * *", |(_, cron)| cron)
}

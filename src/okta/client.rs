//! The client of Okta's management API: one call, authorized, paced and repeated, and read leniently.
//!
//! Follows "Rate limits" and "Link header" of Okta's documentation and the paths of its management API. Only reads.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::de::DeserializeOwned;
use url::Url;

use crate::clock::Clock;
use crate::config::settings::OktaSettings;
use crate::domain::mapping::Wanted;
use crate::domain::model::assignment::{Assignment, EmbeddedUser};
use crate::domain::model::ids::OktaUserId;
use crate::domain::model::usage::OktaCalls;
use crate::http::{
    self, Answer, HeaderMap, HeaderName, HeaderValue, HttpClient, Method, RateBudget, Repeatable, Request,
    RetryDecision, RetryPolicy,
};
use crate::okta::auth::{Auth, Credential, TokenDemand};
use crate::okta::error::{OktaError, SetupError, is_not_found};
use crate::okta::link;
use crate::okta::rate_limiter::{RateLimiter, RatePermit};
use crate::okta::token::TokenScope;
use crate::okta::wire::{self, App, IdOnly, NamedUser};
use crate::ports::{Application, AssignmentPage, AssignmentRows, AssignmentSource, Cursor, Failure, FailureKind};

const APP: &str = "GET /api/v1/apps/{id}";
const APP_USERS: &str = "GET /api/v1/apps/{id}/users";
const APP_USER: &str = "GET /api/v1/apps/{id}/users/{id}";
const USER: &str = "GET /api/v1/users/{id}";
const ORGANIZATION: &str = "GET /.well-known/okta-organization";

/// Users that a page left out and that are read by id at once.
const USERS_AT_ONCE: usize = 4;

/// Reads assignments from Okta.
#[derive(Debug)]
pub struct OktaClient<C> {
    http: HttpClient,
    clock: C,
    org: Url,
    app_id: String,
    page_size: u32,
    link_hosts: Vec<String>,
    auth: Auth,
    wanted: Arc<Wanted>,
    limiter: RateLimiter,
}

impl<C: Clock> OktaClient<C> {
    /// A client for these settings, which keeps the wanted attributes of people.
    pub fn new(http: HttpClient, clock: C, settings: &OktaSettings, wanted: Wanted) -> Result<Self, SetupError> {
        let OktaSettings { org_url, app_id, page_size, link_hosts, push_is_on: _, rate_limit_share, auth } = settings;
        Ok(Self {
            http,
            clock,
            org: org_url.clone(),
            app_id: app_id.clone(),
            page_size: *page_size,
            link_hosts: link_hosts.clone(),
            auth: Auth::new(auth)?,
            wanted: Arc::new(wanted),
            limiter: RateLimiter::new(*rate_limit_share),
        })
    }

    /// What was sent since this was last asked, by call.
    pub fn take_calls(&self) -> Vec<OktaCalls> {
        self.limiter.take_calls()
    }

    /// An address below the organization's, its parts escaped.
    pub(super) fn url(&self, parts: &[&str], query: Option<&str>) -> Url {
        let mut url = self.org.clone();
        url.path_segments_mut()
            .expect("the configuration takes only http and https addresses, which have a path")
            .clear()
            .extend(parts);
        url.set_query(query);
        url
    }

    /// The first row of the listing, with the address that was asked.
    pub(super) async fn one_row(&self) -> Result<(Url, Answer), Failure> {
        let url = self.url(&["api", "v1", "apps", &self.app_id, "users"], Some("limit=1&expand=user"));
        let answer = succeeded(APP_USERS, self.call(APP_USERS, url.clone()).await?)?;
        Ok((url, answer))
    }

    /// A schema.
    pub(super) async fn schema<T: DeserializeOwned>(&self, route: &'static str, path: &[&str]) -> Result<T, Failure> {
        let answer = succeeded(route, self.call_within(TokenScope::Schemas, route, self.url(path, None)).await?)?;
        serde_json::from_slice(&answer.body).map_err(|error| unreadable(route, Some(error)))
    }

    /// A document of somebody; `None` where Okta says that there is no such user.
    pub(super) async fn found<T: DeserializeOwned>(
        &self,
        route: &'static str,
        path: &[&str],
        query: Option<&str>,
    ) -> Result<Option<T>, Failure> {
        let answer = self.call(route, self.url(path, query)).await?;
        if is_not_found(&answer) {
            return Ok(None);
        }
        let answer = succeeded(route, answer)?;
        serde_json::from_slice(&answer.body).map(Some).map_err(|error| unreadable(route, Some(error)))
    }

    /// The address of the page behind an answer, by the rule of its listing for where links may lead.
    pub(super) fn following(
        &self,
        route: &'static str,
        (asked, answer): (&Url, &Answer),
        resolve: fn(&Url, &[String], &Url, &str) -> Result<Url, OktaError>,
    ) -> Result<Option<Url>, Failure> {
        let next = link::next(&answer.headers).map_err(|error| error.of(route))?;
        let next = next.map(|target| resolve(&self.org, &self.link_hosts, asked, &target));
        next.transpose().map_err(|error| error.of(route))
    }

    /// Rows of a page.
    pub(super) fn page_size(&self) -> u32 {
        self.page_size
    }

    /// The application.
    pub(super) fn app_id(&self) -> &str {
        &self.app_id
    }

    /// How much of each limit is ours.
    pub(super) fn share(&self) -> f64 {
        self.limiter.share
    }

    /// The organization's address.
    pub(super) fn org(&self) -> &Url {
        &self.org
    }

    /// Further hosts that links may name.
    pub(super) fn link_hosts(&self) -> &[String] {
        &self.link_hosts
    }

    /// The user of a row that came without one; `None` where Okta does not show it to us.
    async fn fill(&self, assignment: Assignment) -> Result<Assignment, Failure> {
        if assignment.user.is_some() {
            return Ok(assignment);
        }
        let user = match self.read_user(&assignment.id).await {
            Ok(user) => user,
            // The user is not ours to see; everything else is a page that cannot be read.
            Err(failure) if failure.kind == FailureKind::CredentialsRefused => None,
            Err(failure) => return Err(failure),
        };
        Ok(Assignment { user, ..assignment })
    }

    async fn read_user(&self, id: &OktaUserId) -> Result<Option<EmbeddedUser>, Failure> {
        let answer = self.call(USER, self.url(&["api", "v1", "users", id.as_str()], None)).await?;
        if is_not_found(&answer) {
            return Ok(None);
        }
        let answer = succeeded(USER, answer)?;
        let user = wire::read_user(&answer.body, &self.wanted).map_err(|error| unreadable(USER, Some(error)))?;
        match user {
            // The status of somebody else is evidence about nobody.
            Some(NamedUser { id: Some(found), user }) if found == *id => Ok(Some(user)),
            _ => Err(unreadable(USER, None)),
        }
    }

    /// A call of a cycle.
    async fn call(&self, route: &'static str, url: Url) -> Result<Answer, Failure> {
        self.call_within(TokenScope::Cycle, route, url).await
    }

    /// Sends a read until there is an answer to take, whatever its status.
    pub(super) async fn call_within(
        &self,
        scope: TokenScope,
        route: &'static str,
        url: Url,
    ) -> Result<Answer, Failure> {
        let (mut attempt, mut demands) = (1, 0);
        let mut refused: Option<Credential> = None;
        let mut first_request: Option<HeaderValue> = None;
        loop {
            // A proof is made for now, so that the slot comes first.
            let slot = self.limiter.acquire(&self.clock, route).await;
            let at = (&self.http, &self.clock, &self.org, scope);
            let authorized = self.auth.authorize(at, (&Method::GET, &url), refused.as_ref()).await;
            let (mut headers, credential) = authorized.map_err(|error| error.of(crate::okta::token::TOKEN))?;
            headers.insert(HeaderName::from_static("accept"), HeaderValue::from_static("application/json"));
            if let Some(first) = &first_request {
                headers.insert(HeaderName::from_static("x-okta-retry-for"), first.clone());
                headers.insert(HeaderName::from_static("x-okta-retry-count"), HeaderValue::from(attempt - 1));
            }
            let came = self.exchange(route, url.clone(), headers, (slot, attempt)).await;
            let demand = came.as_ref().map_or(TokenDemand::None, |answer| self.auth.demand(answer));
            // One new token and one new proof are worth a try; after that the answer is what it is.
            if demand != TokenDemand::None && demands < 2 {
                demands += 1;
                refused = (demand == TokenDemand::NewToken).then_some(credential);
                continue;
            }
            let decision = http::decide(attempt, came.as_ref(), Repeatable::Always, RetryPolicy::USUAL, http::jitter());
            if came.as_ref().is_ok_and(|answer| answer.status == 429) {
                self.limiter.throttled(route, decision.pause());
            }
            match decision {
                RetryDecision::Accept => return came.map_err(|error| OktaError::Transport(error).of(route)),
                RetryDecision::Wait(pause) => self.clock.sleep(pause).await,
            }
            if let (None, Ok(answer)) = (&first_request, &came) {
                first_request = answer.headers.get("x-okta-request-id").cloned();
            }
            attempt += 1;
        }
    }

    async fn exchange(
        &self,
        route: &'static str,
        url: Url,
        headers: HeaderMap,
        (slot, attempt): (RatePermit, u32),
    ) -> Result<Answer, http::TransportError> {
        let began = self.clock.monotonic();
        let came = self.http.exchange(Request { method: Method::GET, url, route, headers, body: None }).await;
        let duration = self.clock.monotonic().saturating_sub(began);
        let status = came.as_ref().map_or(0, |answer| answer.status);
        tracing::debug!(call = route, status, attempt, duration_ms = duration.as_millis(), "okta");
        http::count("okta", route, status, duration);
        if let Ok(answer) = &came {
            let shown = RateBudget::read(&answer.headers);
            if let Some(budget) = shown {
                budget.gauge("okta", route);
            }
            slot.answered(shown, self.clock.monotonic());
        }
        came
    }
}

impl<C: Clock> AssignmentSource for OktaClient<C> {
    async fn application(&self) -> Result<Application, Failure> {
        let url = self.url(&["api", "v1", "apps", &self.app_id], None);
        let answer = succeeded(APP, self.call(APP, url).await?)?;
        let app: App = serde_json::from_slice(&answer.body).map_err(|error| unreadable(APP, Some(error)))?;
        Ok(Application {
            push_features: app.push_features(),
            label: app.label.0.unwrap_or_default().into(),
            status: app.status.0.unwrap_or_default().into(),
            server_time: server_time(&answer),
        })
    }

    async fn page(&self, cursor: Option<&Cursor>) -> Result<AssignmentPage, Failure> {
        let first = format!("limit={}&expand=user", self.page_size);
        let url = match cursor {
            Some(Cursor(url)) => Url::parse(url).map_err(|error| OktaError::BrokenLink(error).of(APP_USERS))?,
            None => self.url(&["api", "v1", "apps", &self.app_id, "users"], Some(&first)),
        };
        let answer = succeeded(APP_USERS, self.call(APP_USERS, url.clone()).await?)?;
        let next = self.following(APP_USERS, (&url, &answer), link::resolve)?;
        Ok(AssignmentPage { body: answer.body, next: next.map(|url| Cursor(url.into())) })
    }

    async fn rows(&self, body: Bytes) -> Result<AssignmentRows, Failure> {
        let wanted = Arc::clone(&self.wanted);
        let reading = tokio::task::spawn_blocking(move || wire::read_rows(&body, &wanted));
        let read = reading.await.expect("a reading neither panics nor is it ended before its time");
        let AssignmentRows { assignments, unreadable: nameless } =
            read.map_err(|error| unreadable(APP_USERS, Some(error)))?;
        // Nearly always every row has its user, and the page is taken as it is.
        let assignments = if assignments.iter().all(|assignment| assignment.user.is_some()) {
            assignments
        } else {
            stream::iter(assignments).map(|row| self.fill(row)).buffered(USERS_AT_ONCE).try_collect().await?
        };
        Ok(AssignmentRows { assignments, unreadable: nameless })
    }

    async fn assignment(&self, id: &OktaUserId) -> Result<Option<Assignment>, Failure> {
        let url = self.url(&["api", "v1", "apps", &self.app_id, "users", id.as_str()], Some("expand=user"));
        let answer = self.call(APP_USER, url).await?;
        if is_not_found(&answer) {
            return Ok(None);
        }
        let answer = succeeded(APP_USER, answer)?;
        let row =
            wire::read_assignment(&answer.body, &self.wanted).map_err(|error| unreadable(APP_USER, Some(error)))?;
        match row {
            Some(row) if row.id == *id => Ok(Some(row)),
            _ => Err(unreadable(APP_USER, None)),
        }
    }

    async fn user(&self, id: &OktaUserId) -> Result<Option<EmbeddedUser>, Failure> {
        self.read_user(id).await
    }

    async fn organization(&self) -> Result<Option<String>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("accept"), HeaderValue::from_static("application/json"));
        let url = self.url(&[".well-known", "okta-organization"], None);
        // The document is public and only one more safeguard; where it cannot be had, the address of the organization must do.
        let slot = self.limiter.acquire(&self.clock, ORGANIZATION).await;
        let answer =
            self.exchange(ORGANIZATION, url, headers, (slot, 1)).await.ok().filter(|answer| answer.status == 200);
        let organization = answer.and_then(|answer| serde_json::from_slice::<IdOnly>(&answer.body).ok());
        Ok(organization.and_then(|organization| organization.id.0).map(Into::into))
    }
}

pub(super) fn succeeded(route: &'static str, answer: Answer) -> Result<Answer, Failure> {
    if answer.status == 200 { Ok(answer) } else { Err(OktaError::refused(&answer).of(route)) }
}

pub(super) fn unreadable(route: &'static str, cause: Option<serde_json::Error>) -> Failure {
    OktaError::Unreadable(cause).of(route)
}

pub(super) fn server_time(answer: &Answer) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(answer.header("date")?).ok().map(DateTime::from)
}

//! Reads of Okta's management API: authorized, paced, sent again where that may help, one page after the other. Nothing here writes.
//!
//! Follows "Rate limits" and "Link header" of Okta's documentation. What is read, and what it means, is up to `assignments`, `groups`,
//! `log` and `probe`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use url::Url;

use crate::clock::Clock;
use crate::config::settings::OktaSettings;
use crate::domain::mapping::Wanted;
use crate::domain::model::usage::OktaCalls;
use crate::http::{
    ApiCall, ApiClient, Exchange, HeaderMap, HeaderValue, HttpClient, Method, Request, Response, RetryDecision, Token,
    header,
};
use crate::okta::credentials::{OktaCredentials, Renewal};
use crate::okta::error::{OktaError, SetupError, is_not_found};
use crate::okta::link::TrustedHosts;
use crate::okta::rate_limiter::{RateLimiter, RatePermit};
use crate::okta::service_app::{TOKEN, TokenScope};
use crate::ports::Failure;

/// How often one read may renew its credentials: once a token, once a proof.
const RENEWALS: u32 = 2;

/// Reads from Okta.
#[derive(Debug)]
pub struct OktaClient<C> {
    api: ApiClient<C>,
    credentials: OktaCredentials,
    pub(super) limiter: RateLimiter,
    pub(super) hosts: TrustedHosts,
    pub(super) app_id: String,
    pub(super) page_size: u32,
    /// The attributes of people that are kept.
    pub(super) wanted: Arc<Wanted>,
}

/// One kind of read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// Method and route, as logs, errors and the rate limiter name it.
    pub(super) name: &'static str,
    /// What its token must permit.
    pub(super) scope: TokenScope,
}

impl<C: Clock> OktaClient<C> {
    /// A client for these settings, which keeps the wanted attributes of people.
    pub fn new(http: HttpClient, clock: C, settings: &OktaSettings, wanted: Wanted) -> Result<Self, SetupError> {
        let OktaSettings { org_url, app_id, page_size, link_hosts, push_is_on: _, rate_limit_share, auth } = settings;
        Ok(Self {
            api: ApiClient::new("okta", http, clock),
            credentials: OktaCredentials::new(auth, org_url)?,
            limiter: RateLimiter::new(*rate_limit_share),
            hosts: TrustedHosts { org: org_url.clone(), others: link_hosts.clone() },
            app_id: app_id.clone(),
            page_size: *page_size,
            wanted: Arc::new(wanted),
        })
    }

    /// What was sent since this was last taken, by call.
    pub fn take_calls(&self) -> Vec<OktaCalls> {
        self.limiter.take_calls()
    }

    /// An address of the organization, its parts escaped.
    pub(super) fn url(&self, parts: &[&str], query: Option<&str>) -> Url {
        let mut url = self.hosts.org.clone();
        url.path_segments_mut()
            .expect("the configuration takes only http and https addresses, which have a path")
            .clear()
            .extend(parts);
        url.set_query(query);
        url
    }

    /// An address below the application's.
    pub(super) fn app_url(&self, parts: &[&str], query: Option<&str>) -> Url {
        self.url(&[&["api", "v1", "apps", &self.app_id], parts].concat(), query)
    }

    /// The response to a read that must succeed.
    pub(super) async fn get(&self, route: Route, url: Url) -> Result<Response, Failure> {
        succeeded(route, self.send(route, url).await?)
    }

    /// The response to a read; `None` where Okta says that there is no such thing.
    pub(super) async fn find(&self, route: Route, url: Url) -> Result<Option<Response>, Failure> {
        let response = self.send(route, url).await?;
        if is_not_found(&response) { Ok(None) } else { succeeded(route, response).map(Some) }
    }

    /// One page of a listing, with the address of the next one.
    pub(super) async fn fetch_page(&self, route: Route, url: Url) -> Result<(Response, Option<Url>), Failure> {
        let response = self.get(route, url.clone()).await?;
        let next = self.hosts.next(&url, &response.headers).map_err(|error| error.of(route.name))?;
        Ok((response, next))
    }

    /// Sends a read until there is a response to accept, whatever its status.
    async fn send(&self, route: Route, url: Url) -> Result<Response, Failure> {
        let read = OktaRead { client: self, route, url, rejected: None, renewals: 0, first_request: None };
        self.api.send(read).await?.result.map_err(|error| OktaError::Transport(error).of(route.name))
    }

    /// Sends a read once, without credentials; `None` where it does not succeed.
    pub(super) async fn get_public(&self, route: &'static str, url: Url) -> Option<Response> {
        let permit = self.limiter.acquire(self.api.clock(), route).await;
        let exchange = self.api.exchange(request(route, url, HeaderMap::new()), 1).await;
        self.ended(permit, route, &exchange);
        exchange.result.ok().filter(|response| response.status == 200)
    }

    fn ended(&self, permit: RatePermit, route: &'static str, exchange: &Exchange) {
        self.api.count(route, exchange);
        if exchange.result.is_ok() {
            permit.answered(exchange.rate_budget(), self.api.clock().monotonic());
        }
    }
}

/// One read, through all of its attempts.
struct OktaRead<'a, C> {
    client: &'a OktaClient<C>,
    route: Route,
    url: Url,
    /// The token that Okta rejected last.
    rejected: Option<Token>,
    renewals: u32,
    /// Okta's id of the first request.
    first_request: Option<HeaderValue>,
}

impl<C: Clock> ApiCall for OktaRead<'_, C> {
    type Attempt = (RatePermit, Option<Token>);
    type Error = Failure;

    async fn request(&mut self, attempt: u32) -> Result<(Request, Self::Attempt), Failure> {
        let OktaClient { api, credentials, limiter, .. } = self.client;
        let Route { name, scope } = self.route;
        // A proof is made for now, so the wait comes first.
        let permit = limiter.acquire(api.clock(), name).await;
        let authorized = credentials.authorize(api, scope, &self.url, self.rejected.as_ref()).await;
        let (mut headers, token) = authorized.map_err(|error| error.of(TOKEN))?;
        if let Some(first) = &self.first_request {
            headers.insert("x-okta-retry-for", first.clone());
            headers.insert("x-okta-retry-count", HeaderValue::from(attempt - 1));
        }
        Ok((request(name, self.url.clone(), headers), (permit, token)))
    }

    fn ended(
        &mut self,
        (permit, token): Self::Attempt,
        exchange: &Exchange,
        decision: RetryDecision,
    ) -> Result<RetryDecision, Failure> {
        let (client, route) = (self.client, self.route.name);
        client.ended(permit, route, exchange);
        let Ok(response) = &exchange.result else { return Ok(decision) };
        let renewal = client.credentials.renewal(response);
        if let Some(renewal) = renewal.filter(|_| self.renewals < RENEWALS) {
            self.renewals += 1;
            self.rejected = token.filter(|_| renewal == Renewal::Token);
            return Ok(RetryDecision::Immediately);
        }
        if response.status == 429 {
            client.limiter.throttled(route, decision.pause());
        }
        if self.first_request.is_none() {
            self.first_request = response.headers.get("x-okta-request-id").cloned();
        }
        Ok(decision)
    }
}

fn request(route: &'static str, url: Url, mut headers: HeaderMap) -> Request {
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Request { method: Method::GET, url, route, headers, body: None }
}

fn succeeded(route: Route, response: Response) -> Result<Response, Failure> {
    if response.status == 200 { Ok(response) } else { Err(OktaError::refused(&response).of(route.name)) }
}

/// Reads the body of a response.
pub(super) fn parse<T: DeserializeOwned>(route: Route, response: &Response) -> Result<T, Failure> {
    serde_json::from_slice(&response.body).map_err(|error| unreadable(route, Some(error)))
}

/// The address that a listing was to go on with.
pub(super) fn parse_url(route: Route, url: &str) -> Result<Url, Failure> {
    Url::parse(url).map_err(|error| OktaError::BrokenLink(error).of(route.name))
}

pub(super) fn unreadable(route: Route, cause: Option<serde_json::Error>) -> Failure {
    OktaError::Unreadable(cause).of(route.name)
}

pub(super) fn server_time(response: &Response) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(response.header("date")?).ok().map(DateTime::from)
}

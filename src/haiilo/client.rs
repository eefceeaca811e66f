//! Calls to Haiilo's SCIM endpoint: authorized, as many at once as the server accepts, and sent again where that is safe.
//!
//! Follows RFC 7644. The client knows the endpoint, the credentials and what a status means. `dialect` makes what is sent, and `wire` reads
//! what comes back.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use serde_json::Value as Json;
use url::Url;

use crate::clock::Clock;
use crate::config::settings::{HaiiloSettings, UpdateMethod};
use crate::haiilo::credentials::HaiiloCredentials;
use crate::haiilo::error::{HaiiloError, kind_of};
use crate::haiilo::wire::{ErrorBody, Shape};
use crate::http::{
    ApiCall, ApiClient, ConcurrencyLimiter, Exchange, HeaderMap, HeaderValue, HttpClient, Method, Permit, Repeatable,
    Request, Response, RetryDecision, Token, header,
};
use crate::ports::{Failure, FailureKind};

pub(super) const LIST: &str = "GET /Users";

/// The client behind a reader and its writers.
#[derive(Debug)]
pub(super) struct HaiiloClient<C> {
    api: ApiClient<C>,
    credentials: HaiiloCredentials,
    pub(super) limiter: ConcurrencyLimiter,
    base: Url,
    pub(super) shape: Arc<Shape>,
    pub(super) update_method: UpdateMethod,
    /// Whether the server turned out not to know PATCH.
    pub(super) knows_no_patch: AtomicBool,
}

impl<C: Clock> HaiiloClient<C> {
    /// A client for these settings; `None` where no header can hold the token.
    pub(super) fn new(http: HttpClient, clock: C, settings: &HaiiloSettings, shape: Shape) -> Option<Self> {
        Some(Self {
            api: ApiClient::new("haiilo", http, clock),
            credentials: HaiiloCredentials::new(&settings.auth)?,
            limiter: ConcurrencyLimiter::new("haiilo", settings.concurrency),
            base: settings.base_url.clone(),
            shape: Arc::new(shape),
            update_method: settings.update_method,
            knows_no_patch: AtomicBool::new(false),
        })
    }

    /// An address below the endpoint's, its parts escaped.
    pub(super) fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the configuration takes only http and https addresses, which have a path")
            .pop_if_empty()
            .extend(parts);
        url
    }

    /// The response to a read that must succeed.
    pub(super) async fn get(&self, route: &'static str, url: Url) -> Result<Response, Failure> {
        self.send(request(route, Method::GET, url, None), Repeatable::Always).await
    }

    /// The response to a write that must succeed. It is sent again only when nothing was done.
    pub(super) async fn write(
        &self,
        route: &'static str,
        method: Method,
        url: Url,
        body: Json,
    ) -> Result<Response, Failure> {
        self.send(request(route, method, url, Some(body)), Repeatable::WhenNothingWasDone).await
    }

    /// Deletes at once or not at all.
    pub(super) async fn delete(&self, route: &'static str, url: Url) -> Result<(), Failure> {
        self.send(request(route, Method::DELETE, url, None), Repeatable::Never).await.map(|_| ())
    }

    /// The response to a request that must succeed.
    pub(super) async fn send(&self, request: Request, repeatable: Repeatable) -> Result<Response, Failure> {
        let route = request.route;
        let exchange = self.api.send(ScimCall { client: self, request, repeatable, rejected: None }).await?;
        let response = exchange.result.map_err(|error| HaiiloError::lost(route, error))?;
        if !matches!(response.status, 200 | 201 | 202 | 204) {
            return Err(refused(route, &response));
        }
        if !is_haiilos(&response) {
            // A success that is not Haiilo's: it is unknown what was done.
            return Err(HaiiloError::Unreadable(None).of(FailureKind::Unknown, route));
        }
        Ok(response)
    }
}

/// One call, through all of its attempts.
struct ScimCall<'a, C> {
    client: &'a HaiiloClient<C>,
    request: Request,
    repeatable: Repeatable,
    /// The token that Haiilo rejected.
    rejected: Option<Token>,
}

impl<'a, C: Clock> ApiCall for ScimCall<'a, C> {
    type Attempt = (Permit<'a>, Option<Token>);
    type Error = Failure;

    fn repeatable(&self) -> Repeatable {
        self.repeatable
    }

    async fn request(&mut self, _: u32) -> Result<(Request, Self::Attempt), Failure> {
        let HaiiloClient { api, credentials, limiter, .. } = self.client;
        let (value, token) = credentials.authorize(api, self.rejected.as_ref()).await?;
        let mut request = self.request.clone();
        request.headers.insert(header::AUTHORIZATION, value);
        let permit = limiter.acquire(request.route).await;
        Ok((request, (permit, token)))
    }

    fn ended(
        &mut self,
        (permit, token): Self::Attempt,
        exchange: &Exchange,
        decision: RetryDecision,
    ) -> Result<RetryDecision, Failure> {
        let HaiiloClient { api, limiter, .. } = self.client;
        api.count(self.request.route, exchange);
        // A request that waits for its next attempt must not delay others.
        permit.ended(exchange.into());
        let status = exchange.status();
        // Nothing was done with a token that expired or was revoked: another one is asked for, once.
        if status == 401 && self.rejected.is_none() && token.is_some() {
            self.rejected = token;
            return Ok(RetryDecision::Immediately);
        }
        if matches!(status, 429 | 503) {
            limiter.throttled(decision.pause());
        }
        Ok(decision)
    }
}

/// A request with a SCIM body.
pub(super) fn request(route: &'static str, method: Method, url: Url, body: Option<Json>) -> Request {
    let accept = HeaderValue::from_static("application/scim+json, application/json");
    let mut headers = HeaderMap::from_iter([(header::ACCEPT, accept)]);
    if body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    }
    Request { method, url, route, headers, body: body.map(|body| Bytes::from(body.to_string())) }
}

fn refused(route: &'static str, response: &Response) -> Failure {
    let body = ErrorBody::read(&response.body);
    let kind = match kind_of(response.status, &body) {
        FailureKind::NotFound if !is_haiilos(response) => FailureKind::Unknown,
        // Credentials that may list may do other things, even if one account is out of reach.
        FailureKind::CredentialsRefused if response.status == 403 && route != LIST => FailureKind::Forbidden,
        kind => kind,
    };
    HaiiloError::status(route, response.status, body.text).of(kind, route)
}

/// Whether a response may be Haiilo's. The page of a proxy may come with any status, and says nothing about what Haiilo did or has.
fn is_haiilos(response: &Response) -> bool {
    response.body.is_empty() || response.body.trim_ascii_start().starts_with(b"{")
}

pub(super) fn unreadable(call: &'static str, cause: Option<serde_json::Error>) -> Failure {
    HaiiloError::Unreadable(cause).of(FailureKind::Unreadable, call)
}

/// The id at the end of a Location header.
pub(super) fn located(response: &Response) -> Option<String> {
    let last = response.header("location")?.trim_end_matches('/').rsplit('/').next()?;
    // Escapes of a path are those of a form, apart from the plus sign.
    let pair = format!("id={}", last.replace('+', "%2B"));
    let id = url::form_urlencoded::parse(pair.as_bytes()).next()?.1.into_owned();
    (!id.is_empty()).then_some(id)
}

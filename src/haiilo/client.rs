//! The SCIM client: one call, repeated where that is safe, and read tolerantly.
//!
//! Follows RFC 7644. It knows the endpoint, the token and how often to try; what is sent is made by `dialect`, what is read by `wire`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use serde_json::Value as Json;
use url::Url;

use crate::clock::Clock;
use crate::config::settings::{HaiiloSettings, UpdateMethod};
use crate::domain::listing::snapshot::{AccountPage, PageRequest};
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::{HaiiloId, UserName};
use crate::domain::model::usage::HaiiloCalls;
use crate::domain::plan::operation::Change;
use crate::haiilo::access::Access;
use crate::haiilo::dialect;
use crate::haiilo::error::{HaiiloError, kind_of};
use crate::haiilo::wire::{ErrorBody, Shape};
use crate::http::{
    self, Answer, ConcurrencyLimiter, HeaderMap, HeaderName, HeaderValue, HttpClient, LimiterUsage, Method, Repeatable,
    Request, RequestOutcome, RetryDecision, RetryPolicy,
};
use crate::ports::{AccountReader, AccountWriter, Created, Failure, FailureKind, Fallback, UpdateMode};

const LIST: &str = "GET /Users";
const FIND: &str = "GET /Users?filter";
const GET: &str = "GET /Users/{id}";
const CREATE: &str = "POST /Users";
const PATCH: &str = "PATCH /Users/{id}";
const PUT: &str = "PUT /Users/{id}";
const DELETE: &str = "DELETE /Users/{id}";

/// A setting that no request can be made with.
#[derive(Debug, thiserror::Error)]
#[error("the haiilo token holds characters that no header may hold; copy it again")]
pub struct TokenError;

/// Reads accounts. A dry run has this alone.
#[derive(Debug)]
pub struct HaiiloReader<C>(Arc<Connection<C>>);

/// Writes accounts.
#[derive(Debug)]
pub struct HaiiloWriter<C> {
    connection: Arc<Connection<C>>,
    update_method: UpdateMethod,
}

#[derive(Debug)]
pub(super) struct Connection<C> {
    http: HttpClient,
    /// Readers and writers pass the same one.
    limiter: ConcurrencyLimiter,
    clock: C,
    base: Url,
    access: Access,
    shape: Arc<Shape>,
    update_method: UpdateMethod,
    /// Whether the server turned out not to know PATCH.
    knows_no_patch: AtomicBool,
}

impl<C: Clock> HaiiloReader<C> {
    /// A reader for these settings, which reads the attributes of this shape.
    pub fn new(http: HttpClient, clock: C, settings: &HaiiloSettings, shape: Shape) -> Result<Self, TokenError> {
        Ok(Self(Arc::new(Connection {
            http,
            limiter: ConcurrencyLimiter::new("haiilo", settings.concurrency),
            clock,
            base: settings.base_url.clone(),
            access: Access::new(&settings.auth).ok_or(TokenError)?,
            shape: Arc::new(shape),
            update_method: settings.update_method,
            knows_no_patch: AtomicBool::new(false),
        })))
    }

    /// What was sent since this was last asked, by readers and writers.
    pub fn take_calls(&self) -> HaiiloCalls {
        let LimiterUsage { requests, throttled, waited, max_limit, current_limit, lowest_limit } =
            self.0.limiter.take_usage();
        HaiiloCalls {
            requests,
            most_at_once: max_limit,
            at_once: current_limit,
            lowest_at_once: lowest_limit,
            throttled,
            waited: waited.as_secs(),
        }
    }

    /// A writer to the same endpoint.
    pub fn writer(&self) -> HaiiloWriter<C> {
        HaiiloWriter { connection: Arc::clone(&self.0), update_method: self.0.update_method }
    }

    /// A writer that updates in this manner, whatever the configuration says.
    pub fn writer_by(&self, update_method: UpdateMethod) -> HaiiloWriter<C> {
        HaiiloWriter { connection: Arc::clone(&self.0), update_method }
    }

    /// What requests go over.
    pub(super) fn connection(&self) -> &Connection<C> {
        &self.0
    }

    /// The users in the answer to a look-up, whoever they are.
    pub(super) async fn look_up(&self, name: &UserName) -> Result<Vec<WholeAccount>, Failure> {
        let mut url = self.0.users(None);
        // A JSON text is what RFC 7644, 3.4.2.2 asks for: quotes and backslashes escaped.
        let filter = format!("userName eq {}", Json::from(name.as_str()));
        url.set_query(Some(&format!("filter={}&startIndex=1&count=100", encode(&filter))));
        let answer = self.0.read(FIND, url).await?;
        self.0.shape.read_users(&answer.body).map_err(|error| unreadable(FIND, Some(error)))
    }

    /// A document beside the users, tried once; `None` where there is none.
    pub(super) async fn document(&self, route: &'static str, name: &str) -> Result<Option<Json>, Failure> {
        let request = Connection::<C>::request(route, Method::GET, self.0.below(&[name]), None);
        match self.0.send(request, Repeatable::Never).await {
            Ok(answer) => {
                serde_json::from_slice(&answer.body).map(Some).map_err(|error| unreadable(route, Some(error)))
            }
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Refused(405 | 501)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

impl<C> HaiiloWriter<C> {
    /// What requests go over.
    pub(super) fn connection(&self) -> &Connection<C> {
        &self.connection
    }
}

impl<C: Clock> AccountReader for HaiiloReader<C> {
    async fn list(&self, request: PageRequest) -> Result<AccountPage, Failure> {
        let PageRequest { start, count } = request;
        let mut url = self.0.users(None);
        url.set_query(Some(&format!("startIndex={start}&count={count}")));
        let answer = self.0.read(LIST, url).await?;
        let shape = Arc::clone(&self.0.shape);
        let reading = tokio::task::spawn_blocking(move || shape.read_page(&answer.body));
        let read = reading.await.expect("a reading neither panics nor is it ended before its time");
        read.map_err(|error| unreadable(LIST, Some(error)))
    }

    async fn get(&self, id: &HaiiloId) -> Result<Option<WholeAccount>, Failure> {
        self.0.get(id).await
    }

    async fn find(&self, name: &UserName) -> Result<Vec<WholeAccount>, Failure> {
        match self.look_up(name).await {
            Ok(found) => {
                let is_named =
                    |whole: &WholeAccount| whole.account.user_name.as_ref().is_some_and(|found| found.same_as(name));
                Ok(found.into_iter().filter(is_named).collect())
            }
            // A server without filters finds nobody, which proves nothing in any case.
            Err(failure) if matches!(failure.kind, FailureKind::BadRequest | FailureKind::Refused(501)) => {
                Ok(Vec::new())
            }
            Err(failure) => Err(failure),
        }
    }
}

impl<C: Clock> AccountWriter for HaiiloWriter<C> {
    async fn create(&self, changes: &[Change]) -> Result<Created, Failure> {
        let connection = &*self.connection;
        let request =
            Connection::<C>::request(CREATE, Method::POST, connection.users(None), Some(dialect::create_body(changes)));
        let answer = connection.send(request, Repeatable::WhenNothingWasDone).await?;
        let body = serde_json::from_slice::<Json>(&answer.body).ok();
        let shown = body.and_then(|body| match body {
            Json::Object(resource) => connection.shape.read_user(resource, None),
            _ => None,
        });
        Ok(match (shown, located(&answer)) {
            (Some(whole), _) => Created::Shown(Box::new(whole)),
            (None, Some(id)) => Created::Named(HaiiloId::new(id)),
            (None, None) => Created::Silent,
        })
    }

    async fn update(
        &self,
        id: &HaiiloId,
        changes: &[Change],
        fallback: Fallback,
    ) -> Result<Option<WholeAccount>, Failure> {
        let connection = &*self.connection;
        if self.update_method == UpdateMethod::Put || self.manner() == UpdateMode::Substitute {
            return connection.replace(id, changes).await;
        }
        let body = dialect::patch_body(changes);
        let request = Connection::<C>::request(PATCH, Method::PATCH, connection.users(Some(id)), Some(body));
        match connection.send(request, Repeatable::WhenNothingWasDone).await {
            Ok(answer) => Ok(connection.shown(&answer)),
            Err(failure)
                if fallback == Fallback::Allowed && matches!(failure.kind, FailureKind::Refused(405 | 501)) =>
            {
                connection.knows_no_patch.store(true, Ordering::Relaxed);
                tracing::warn!("haiilo does not know PATCH; this run sends PUT: set haiilo.update_method = \"put\"");
                connection.replace(id, changes).await
            }
            Err(failure) => Err(failure),
        }
    }

    async fn delete(&self, id: &HaiiloId) -> Result<(), Failure> {
        let connection = &*self.connection;
        let request = Connection::<C>::request(DELETE, Method::DELETE, connection.users(Some(id)), None);
        connection.send(request, Repeatable::Never).await.map(|_| ())
    }

    async fn set_activity(&self, id: &HaiiloId, activity: Activity) -> Result<(), Failure> {
        let connection = &*self.connection;
        if self.update_method == UpdateMethod::Patch && self.manner() == UpdateMode::Configured {
            let body = dialect::activity_patch(activity);
            let request = Connection::<C>::request(PATCH, Method::PATCH, connection.users(Some(id)), Some(body));
            return connection.send(request, Repeatable::WhenNothingWasDone).await.map(|_| ());
        }
        let body = dialect::activity_put(&connection.to_replace(id).await?, activity);
        let request = Connection::<C>::request(PUT, Method::PUT, connection.users(Some(id)), Some(body));
        connection.send(request, Repeatable::WhenNothingWasDone).await.map(|_| ())
    }

    fn take_for_granted(&self, manner: UpdateMode) {
        self.connection.knows_no_patch.store(manner == UpdateMode::Substitute, Ordering::Relaxed);
    }

    fn manner(&self) -> UpdateMode {
        if self.connection.knows_no_patch.load(Ordering::Relaxed) {
            UpdateMode::Substitute
        } else {
            UpdateMode::Configured
        }
    }
}

impl<C: Clock> Connection<C> {
    async fn get(&self, id: &HaiiloId) -> Result<Option<WholeAccount>, Failure> {
        match self.read(GET, self.users(Some(id))).await {
            Ok(answer) => {
                let resource = serde_json::from_slice(&answer.body).map_err(|error| unreadable(GET, Some(error)))?;
                let etag = answer.header("etag").map(str::to_owned);
                let whole = self.shape.read_user(resource, etag).ok_or_else(|| unreadable(GET, None))?;
                if whole.account.id != *id {
                    return Err(Failure {
                        kind: FailureKind::Unreadable,
                        call: GET,
                        error: Box::new(HaiiloError::AnotherAccount),
                    });
                }
                Ok(Some(whole))
            }
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Changes an account by PUT: read, merge, write; once more when somebody was faster.
    async fn replace(&self, id: &HaiiloId, changes: &[Change]) -> Result<Option<WholeAccount>, Failure> {
        match self.replace_once(id, changes).await {
            Err(failure) if failure.kind == FailureKind::Changed => self.replace_once(id, changes).await,
            result => result,
        }
    }

    /// The account that a PUT goes out from, as it is now.
    async fn to_replace(&self, id: &HaiiloId) -> Result<WholeAccount, Failure> {
        self.get(id).await?.ok_or_else(|| {
            let error = HaiiloError::Status { status: 404, text: String::new() };
            Failure { kind: FailureKind::NotFound, call: PUT, error: Box::new(error) }
        })
    }

    async fn replace_once(&self, id: &HaiiloId, changes: &[Change]) -> Result<Option<WholeAccount>, Failure> {
        let whole = self.to_replace(id).await?;
        // A PUT sends `active` back as it was read, and a false one deletes.
        if whole.account.activity == Activity::Inactive {
            return Err(Failure { kind: FailureKind::Changed, call: PUT, error: Box::new(HaiiloError::Inactive) });
        }
        let mut request =
            Self::request(PUT, Method::PUT, self.users(Some(id)), Some(dialect::put_body(&whole, changes)));
        if let Some(etag) = whole.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
            request.headers.insert(HeaderName::from_static("if-match"), etag);
        }
        self.send(request, Repeatable::WhenNothingWasDone).await.map(|answer| self.shown(&answer))
    }

    /// The account that the answer to a write shows, if it shows one.
    fn shown(&self, answer: &Answer) -> Option<WholeAccount> {
        match serde_json::from_slice(&answer.body) {
            Ok(Json::Object(resource)) => self.shape.read_user(resource, None),
            _ => None,
        }
    }

    pub(super) async fn read(&self, route: &'static str, url: Url) -> Result<Answer, Failure> {
        self.send(Self::request(route, Method::GET, url, None), Repeatable::Always).await
    }

    /// `…/Users`, or `…/Users/{id}` with the id escaped.
    fn users(&self, id: Option<&HaiiloId>) -> Url {
        let parts = [Some("Users"), id.map(HaiiloId::as_str)];
        self.below(&parts.into_iter().flatten().collect::<Vec<_>>())
    }

    /// An address below the endpoint's, its parts escaped.
    pub(super) fn below(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the configuration takes only http and https addresses, which have a path")
            .pop_if_empty()
            .extend(parts);
        url
    }

    pub(super) fn request(route: &'static str, method: Method, url: Url, body: Option<Json>) -> Request {
        let mut headers = HeaderMap::new();
        let accept = HeaderValue::from_static("application/scim+json, application/json");
        headers.insert(HeaderName::from_static("accept"), accept);
        if body.is_some() {
            let scim = HeaderValue::from_static("application/scim+json");
            headers.insert(HeaderName::from_static("content-type"), scim);
        }
        Request { method, url, route, headers, body: body.map(|body| Bytes::from(body.to_string())) }
    }

    /// Sends a request until there is an answer to take; any that is no success is a failure.
    pub(super) async fn send(&self, request: Request, repeatable: Repeatable) -> Result<Answer, Failure> {
        let route = request.route;
        let policy = if repeatable == Repeatable::Always { RetryPolicy::USUAL } else { RetryPolicy::WRITE };
        let (mut attempt, mut refused) = (1, None);
        let came = loop {
            let token = self.access.token(&self.http, &self.clock, refused.as_ref()).await?;
            let mut request = request.clone();
            request.headers.insert(http::AUTHORIZATION, token.header());
            let permit = self.limiter.acquire(route).await;
            let began = self.clock.monotonic();
            let came = self.http.exchange(request).await;
            let duration = self.clock.monotonic().saturating_sub(began);
            let status = came.as_ref().map_or(0, |answer| answer.status);
            tracing::debug!(call = route, status, attempt, duration_ms = duration.as_millis(), "haiilo");
            http::count("haiilo", route, status, duration);
            // Its documents name no such headers; where a tenant sends them, they are shown.
            if let Some(budget) = came.as_ref().ok().and_then(|answer| http::RateBudget::read(&answer.headers)) {
                budget.gauge("haiilo", route);
            }
            // Whoever waits before the next attempt does not stand in the way of others.
            permit.ended(RequestOutcome::of(came.as_ref(), duration));
            // Nothing was done for a token that had ended or was revoked: once, another one is asked for.
            if status == 401 && refused.is_none() && self.access.renews() {
                refused = Some(token);
                continue;
            }
            let decision = http::decide(attempt, came.as_ref(), repeatable, policy, http::jitter());
            if matches!(status, 429 | 503) {
                self.limiter.throttled(decision.pause());
            }
            match decision {
                RetryDecision::Accept => break came,
                RetryDecision::Wait(pause) => self.clock.sleep(pause).await,
            }
            attempt += 1;
        };
        match came {
            Ok(answer) if matches!(answer.status, 200 | 201 | 202 | 204) => {
                if is_haiilos(&answer) {
                    Ok(answer)
                } else {
                    Err(not_scim(route))
                }
            }
            Ok(answer) => {
                let body = ErrorBody::read(&answer.body);
                let kind = match kind_of(answer.status, &body) {
                    FailureKind::NotFound if !is_haiilos(&answer) => FailureKind::Unknown,
                    // Whoever may list may do other things, even if one account is out of reach.
                    FailureKind::CredentialsRefused if answer.status == 403 && route != LIST => FailureKind::Forbidden,
                    kind => kind,
                };
                let error = HaiiloError::status(route, answer.status, body.text);
                Err(Failure { kind, call: route, error: Box::new(error) })
            }
            Err(error) => Err(HaiiloError::lost(route, error)),
        }
    }
}

/// Whether an answer may be Haiilo's. The page of a proxy may come with any status, and says nothing about what Haiilo did or has.
fn is_haiilos(answer: &Answer) -> bool {
    answer.body.is_empty() || answer.body.trim_ascii_start().starts_with(b"{")
}

/// A success that is not Haiilo's: nobody knows what was done.
fn not_scim(call: &'static str) -> Failure {
    Failure { kind: FailureKind::Unknown, call, error: Box::new(HaiiloError::Unreadable(None)) }
}

pub(super) fn unreadable(call: &'static str, cause: Option<serde_json::Error>) -> Failure {
    Failure { kind: FailureKind::Unreadable, call, error: Box::new(HaiiloError::Unreadable(cause)) }
}

/// The id at the end of a Location header.
pub(super) fn located(answer: &Answer) -> Option<String> {
    let last = answer.header("location")?.trim_end_matches('/').rsplit('/').next()?;
    // Escapes of a path are those of a form, apart from the plus sign.
    let pair = format!("id={}", last.replace('+', "%2B"));
    let id = url::form_urlencoded::parse(pair.as_bytes()).next()?.1.into_owned();
    (!id.is_empty()).then_some(id)
}

/// A value of a query; a space as %20, which every server reads.
fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

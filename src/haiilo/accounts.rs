//! Accounts through SCIM: the ports that read and write users.
//!
//! A reader and its writers share one client: its credentials, its limits, and what it learned about the server. A PATCH falls back to PUT
//! (read, merge, write) where the server does not know PATCH.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value as Json;
use url::{Url, form_urlencoded};

use crate::clock::Clock;
use crate::config::settings::{HaiiloSettings, UpdateMethod};
use crate::domain::listing::snapshot::{AccountPage, PageRequest};
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::{HaiiloId, UserName};
use crate::domain::model::usage::HaiiloCalls;
use crate::domain::plan::operation::Change;
use crate::haiilo::client::{HaiiloClient, LIST, located, request, unreadable};
use crate::haiilo::dialect;
use crate::haiilo::error::HaiiloError;
use crate::haiilo::wire::Shape;
use crate::http::{HttpClient, Method, Repeatable, Response, header};
use crate::ports::{AccountReader, AccountWriter, Created, Failure, FailureKind, Fallback};

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

/// Reads from Haiilo. A dry run has only this.
#[derive(Debug)]
pub struct HaiiloReader<C> {
    pub(super) client: Arc<HaiiloClient<C>>,
}

/// Writes to Haiilo.
#[derive(Debug)]
pub struct HaiiloWriter<C> {
    pub(super) client: Arc<HaiiloClient<C>>,
    update_method: UpdateMethod,
}

impl<C: Clock> HaiiloReader<C> {
    /// A reader for these settings, which reads the attributes of this shape.
    pub fn new(http: HttpClient, clock: C, settings: &HaiiloSettings, shape: Shape) -> Result<Self, TokenError> {
        let client = HaiiloClient::new(http, clock, settings, shape).ok_or(TokenError)?;
        Ok(Self { client: Arc::new(client) })
    }

    /// What readers and writers sent since this was last taken.
    pub fn take_calls(&self) -> HaiiloCalls {
        let usage = self.client.limiter.take_usage();
        HaiiloCalls {
            requests: usage.requests,
            most_at_once: usage.max_limit,
            at_once: usage.current_limit,
            lowest_at_once: usage.lowest_limit,
            throttled: usage.throttled,
            waited: usage.waited.as_secs(),
        }
    }

    /// A writer to the same endpoint.
    pub fn writer(&self) -> HaiiloWriter<C> {
        self.writer_by(self.client.update_method)
    }

    /// A writer that updates by this method, whatever the configuration says.
    pub fn writer_by(&self, update_method: UpdateMethod) -> HaiiloWriter<C> {
        HaiiloWriter { client: Arc::clone(&self.client), update_method }
    }

    /// The users in the response to a look-up, whatever their names.
    pub(super) async fn look_up(&self, name: &UserName) -> Result<Vec<WholeAccount>, Failure> {
        let mut url = self.client.users(None);
        // A JSON text is what RFC 7644, 3.4.2.2 asks for: quotes and backslashes escaped.
        let filter = format!("userName eq {}", Json::from(name.as_str()));
        url.set_query(Some(&format!("filter={}&startIndex=1&count=100", encode(&filter))));
        let response = self.client.get(FIND, url).await?;
        self.client.shape.read_users(&response.body).map_err(|error| unreadable(FIND, Some(error)))
    }

    /// A document beside the users, tried once; `None` where it does not exist.
    pub(super) async fn document(&self, route: &'static str, name: &str) -> Result<Option<Json>, Failure> {
        let request = request(route, Method::GET, self.client.url(&[name]), None);
        match self.client.send(request, Repeatable::Never).await {
            Ok(response) => {
                serde_json::from_slice(&response.body).map(Some).map_err(|error| unreadable(route, Some(error)))
            }
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Refused(405 | 501)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

impl<C: Clock> AccountReader for HaiiloReader<C> {
    async fn list(&self, request: PageRequest) -> Result<AccountPage, Failure> {
        let PageRequest { start, count } = request;
        let mut url = self.client.users(None);
        url.set_query(Some(&format!("startIndex={start}&count={count}")));
        let response = self.client.get(LIST, url).await?;
        let shape = Arc::clone(&self.client.shape);
        let reading = tokio::task::spawn_blocking(move || shape.read_page(&response.body));
        let read = reading.await.expect("a reading neither panics nor is it ended before its time");
        read.map_err(|error| unreadable(LIST, Some(error)))
    }

    async fn get(&self, id: &HaiiloId) -> Result<Option<WholeAccount>, Failure> {
        self.client.account(id).await
    }

    async fn find(&self, name: &UserName) -> Result<Vec<WholeAccount>, Failure> {
        match self.look_up(name).await {
            Ok(mut found) => {
                found.retain(|whole| whole.account.user_name.as_ref().is_some_and(|found| found.same_as(name)));
                Ok(found)
            }
            // A server without filters finds no user, which proves nothing in any case.
            Err(failure) if matches!(failure.kind, FailureKind::BadRequest | FailureKind::Refused(501)) => {
                Ok(Vec::new())
            }
            Err(failure) => Err(failure),
        }
    }
}

impl<C: Clock> AccountWriter for HaiiloWriter<C> {
    async fn create(&self, changes: &[Change]) -> Result<Created, Failure> {
        let (url, body) = (self.client.users(None), dialect::create_body(changes));
        let response = self.client.write(CREATE, Method::POST, url, body).await?;
        Ok(match (self.client.shown(&response), located(&response)) {
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
        let client = &self.client;
        if self.sends_put() {
            return client.replace(id, changes).await;
        }
        match client.patch(id, dialect::patch_body(changes)).await {
            Ok(response) => Ok(client.shown(&response)),
            Err(failure)
                if fallback == Fallback::Allowed && matches!(failure.kind, FailureKind::Refused(405 | 501)) =>
            {
                self.use_put();
                tracing::warn!("haiilo does not know PATCH; this run sends PUT: set haiilo.update_method = \"put\"");
                client.replace(id, changes).await
            }
            Err(failure) => Err(failure),
        }
    }

    async fn delete(&self, id: &HaiiloId) -> Result<(), Failure> {
        self.client.delete(DELETE, self.client.users(Some(id))).await
    }

    async fn set_activity(&self, id: &HaiiloId, activity: Activity) -> Result<(), Failure> {
        let client = &self.client;
        if !self.sends_put() {
            return client.patch(id, dialect::activity_patch(activity)).await.map(|_| ());
        }
        let body = dialect::activity_put(&client.to_replace(id).await?, activity);
        client.write(PUT, Method::PUT, client.users(Some(id)), body).await.map(|_| ())
    }

    fn sends_put(&self) -> bool {
        self.update_method == UpdateMethod::Put || self.client.knows_no_patch.load(Ordering::Relaxed)
    }

    fn use_put(&self) {
        self.client.knows_no_patch.store(true, Ordering::Relaxed);
    }
}

impl<C: Clock> HaiiloClient<C> {
    /// `…/Users`, or `…/Users/{id}` with the id escaped.
    fn users(&self, id: Option<&HaiiloId>) -> Url {
        let parts = [Some("Users"), id.map(HaiiloId::as_str)];
        self.url(&parts.into_iter().flatten().collect::<Vec<_>>())
    }

    async fn account(&self, id: &HaiiloId) -> Result<Option<WholeAccount>, Failure> {
        let response = match self.get(GET, self.users(Some(id))).await {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            response => response?,
        };
        let resource = serde_json::from_slice(&response.body).map_err(|error| unreadable(GET, Some(error)))?;
        let etag = response.header("etag").map(str::to_owned);
        let whole = self.shape.read_user(resource, etag).ok_or_else(|| unreadable(GET, None))?;
        if whole.account.id != *id {
            return Err(HaiiloError::AnotherAccount.of(FailureKind::Unreadable, GET));
        }
        Ok(Some(whole))
    }

    async fn patch(&self, id: &HaiiloId, body: Json) -> Result<Response, Failure> {
        self.write(PATCH, Method::PATCH, self.users(Some(id)), body).await
    }

    /// Changes an account by PUT: read, merge, write; once more when another program was faster.
    async fn replace(&self, id: &HaiiloId, changes: &[Change]) -> Result<Option<WholeAccount>, Failure> {
        match self.replace_once(id, changes).await {
            Err(failure) if failure.kind == FailureKind::Changed => self.replace_once(id, changes).await,
            result => result,
        }
    }

    /// The account that a PUT is based on, as it is now.
    async fn to_replace(&self, id: &HaiiloId) -> Result<WholeAccount, Failure> {
        let gone = || HaiiloError::status(PUT, 404, String::new()).of(FailureKind::NotFound, PUT);
        self.account(id).await?.ok_or_else(gone)
    }

    async fn replace_once(&self, id: &HaiiloId, changes: &[Change]) -> Result<Option<WholeAccount>, Failure> {
        let whole = self.to_replace(id).await?;
        // A PUT sends `active` back as it was read, and a false one deletes.
        if whole.account.activity == Activity::Inactive {
            return Err(HaiiloError::Inactive.of(FailureKind::Changed, PUT));
        }
        let body = dialect::put_body(&whole, changes);
        let mut request = request(PUT, Method::PUT, self.users(Some(id)), Some(body));
        if let Some(etag) = whole.etag.and_then(|etag| etag.parse().ok()) {
            request.headers.insert(header::IF_MATCH, etag);
        }
        self.send(request, Repeatable::WhenNothingWasDone).await.map(|response| self.shown(&response))
    }

    /// The account that the response to a write shows, if it shows one.
    fn shown(&self, response: &Response) -> Option<WholeAccount> {
        match serde_json::from_slice(&response.body) {
            Ok(Json::Object(resource)) => self.shape.read_user(resource, None),
            _ => None,
        }
    }
}

/// A value of a query; a space as %20, which every server reads.
fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

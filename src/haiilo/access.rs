//! Access: what stands in the header `Authorization`. Advocacy has one token; the intranet's client asks for tokens that end.
//!
//! Follows RFC 6749, 4.4 (client credentials), 2.3.1 (where id and secret stand) and 5 (answers). A token lives as long as `expires_in` says;
//! it is renewed before it ends, by one request at a time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::clock::Clock;
use crate::config::settings::{ClientAuth, HaiiloAuth, TokenForm};
use crate::haiilo::error::HaiiloError;
use crate::haiilo::wire::ErrorBody;
use crate::http::{
    self, Answer, HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Repeatable, Request, RetryDecision,
    RetryPolicy,
};
use crate::ports::{Failure, FailureKind};

/// Method and route of the token endpoint, as logs and errors name it.
const TOKEN: &str = "POST /api/oauth/token";

/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::from_mins(1);
/// How long a token lives of which Haiilo does not say it, in seconds.
const USUAL_LIFE: u64 = 600;

/// How requests are authorized.
#[derive(Debug)]
pub(super) enum Access {
    /// One token, which cannot be renewed.
    Fixed(HeaderValue),
    /// Tokens of a client.
    ApiClient(Box<ApiClient>),
}

/// The API client of a user directory.
#[derive(Debug)]
pub(super) struct ApiClient {
    token_url: Url,
    id: String,
    secret: SecretString,
    auth: ClientAuth,
    /// Whoever renews it holds its lock, so that one renewal is under way at a time.
    kept: tokio::sync::Mutex<Option<Token>>,
}

/// What one attempt was authorized with.
#[derive(Clone, Debug)]
pub(super) struct Token {
    header: HeaderValue,
    /// In the time of the monotonic clock.
    renew_at: Duration,
}

impl Token {
    /// The header of credentials.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    expires_in: Option<u64>,
}

impl Access {
    /// Nothing where a header cannot hold the token.
    pub(super) fn new(auth: &HaiiloAuth) -> Option<Self> {
        Some(match auth {
            HaiiloAuth::AccessToken { token, form, owner: _ } => Self::Fixed(match form {
                TokenForm::Bearer => http::secret_header(&format!("Bearer {}", token.expose_secret()))?,
                TokenForm::Bare => http::secret_header(token.expose_secret())?,
            }),
            HaiiloAuth::ClientCredentials { token_url, client_id, client_secret, client_auth } => {
                Self::ApiClient(Box::new(ApiClient {
                    token_url: token_url.clone(),
                    id: client_id.clone(),
                    secret: client_secret.clone(),
                    auth: *client_auth,
                    kept: tokio::sync::Mutex::default(),
                }))
            }
        })
    }

    /// What authorizes one attempt. A token that was refused is not used again.
    pub(super) async fn token<C: Clock>(
        &self,
        http: &HttpClient,
        clock: &C,
        refused: Option<&Token>,
    ) -> Result<Token, Failure> {
        match self {
            Self::Fixed(header) => Ok(Token { header: header.clone(), renew_at: Duration::MAX }),
            Self::ApiClient(client) => client.token(http, clock, refused).await,
        }
    }

    /// Whether a refused token may be replaced by another one.
    pub(super) fn renews(&self) -> bool {
        matches!(self, Self::ApiClient(_))
    }
}

impl ApiClient {
    async fn token<C: Clock>(&self, http: &HttpClient, clock: &C, refused: Option<&Token>) -> Result<Token, Failure> {
        let mut kept = self.kept.lock().await;
        let is_good = |token: &&Token| {
            token.renew_at > clock.monotonic() && refused.is_none_or(|refused| refused.header != token.header)
        };
        if let Some(token) = kept.as_ref().filter(is_good) {
            return Ok(token.clone());
        }
        let token = self.ask(http, clock).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    /// Asks for a token; again where that may help, since nothing is done by asking.
    async fn ask<C: Clock>(&self, http: &HttpClient, clock: &C) -> Result<Token, Failure> {
        let mut attempt = 1;
        loop {
            let asked_at = clock.monotonic();
            let came = http.exchange(self.request()).await;
            let status = came.as_ref().map_or(0, |answer| answer.status);
            tracing::debug!(call = TOKEN, status, attempt, "haiilo");
            http::count("haiilo", TOKEN, status, clock.monotonic().saturating_sub(asked_at));
            match http::decide(attempt, came.as_ref(), Repeatable::Always, RetryPolicy::USUAL, http::jitter()) {
                RetryDecision::Wait(pause) => clock.sleep(pause).await,
                RetryDecision::Accept => {
                    return read(&came.map_err(|error| HaiiloError::lost(TOKEN, error))?, asked_at);
                }
            }
            attempt += 1;
        }
    }

    fn request(&self) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("accept"), HeaderValue::from_static("application/json"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(HeaderName::from_static("content-type"), form);
        let (id, secret) = (self.id.as_str(), self.secret.expose_secret());
        let mut body = Serializer::new(String::new());
        body.append_pair("grant_type", "client_credentials");
        match self.auth {
            ClientAuth::Basic => {
                // Both are encoded like the values of a form before they are joined (RFC 6749, 2.3.1).
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
                let header = http::secret_header(&format!("Basic {pair}")).expect("base64 fits into a header");
                headers.insert(http::AUTHORIZATION, header);
            }
            ClientAuth::Post => {
                body.append_pair("client_id", id).append_pair("client_secret", secret);
            }
        }
        let body = Some(Bytes::from(body.finish()));
        Request { method: Method::POST, url: self.token_url.clone(), route: TOKEN, headers, body }
    }
}

fn read(answer: &Answer, asked_at: Duration) -> Result<Token, Failure> {
    let refused = |kind, error| Failure { kind, call: TOKEN, error: Box::new(error) };
    if answer.status != 200 {
        let text = ErrorBody::read(&answer.body).text;
        let kind = match answer.status {
            400 | 401 | 403 => FailureKind::CredentialsRefused,
            429 => FailureKind::NotSent,
            _ => FailureKind::Unreadable,
        };
        return Err(refused(kind, HaiiloError::NoToken { status: answer.status, text }));
    }
    let unreadable = |cause| refused(FailureKind::Unreadable, HaiiloError::UnreadableToken(cause));
    let TokenAnswer { access_token, expires_in } =
        serde_json::from_slice(&answer.body).map_err(|error| unreadable(Some(error)))?;
    let header = http::secret_header(&format!("Bearer {}", access_token.expose_secret()));
    let renew_at = http::renew_at(asked_at, expires_in.unwrap_or(USUAL_LIFE), MARGIN);
    Ok(Token { header: header.ok_or_else(|| unreadable(None))?, renew_at })
}

//! Access tokens of a service app: asked for with a signed assertion, kept until shortly before they end.
//!
//! Follows "Implement OAuth for Okta with a service app" (client credentials with `private_key_jwt`). Okta uses up the `jti` of an assertion
//! with every request, refused ones too, so that each attempt has an assertion of its own.

use std::time::Duration;

use bytes::Bytes;
use jsonwebtoken::{Header, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use crate::clock::Clock;
use crate::http::{
    self, Answer, HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Repeatable, Request, RetryDecision,
    RetryPolicy,
};
use crate::okta::dpop::Proofs;
use crate::okta::error::{OktaError, oauth_error};
use crate::okta::key::SigningKey;

/// Method and route of the token endpoint.
pub(super) const TOKEN: &str = "POST /oauth2/v1/token";

/// What a token is asked for. A scope that was not granted makes Okta refuse the whole request, so that what only advice needs is asked for
/// by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenScope {
    /// The calls of a cycle.
    Cycle,
    /// Reading the schemas of profiles.
    Schemas,
    /// Reading the System Log.
    Log,
    /// Reading groups and who is in them.
    Groups,
}

impl TokenScope {
    fn words(self) -> &'static str {
        match self {
            Self::Cycle => "okta.apps.read okta.users.read",
            Self::Schemas => "okta.schemas.read",
            Self::Log => "okta.logs.read",
            Self::Groups => "okta.apps.read okta.groups.read",
        }
    }
}

/// How long an assertion is good for: short, yet longer than clocks differ.
const ASSERTION_LIFE: i64 = 5 * 60;
/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::from_mins(5);
/// How long a token lives of which Okta does not say it.
const USUAL_LIFE: u64 = 60 * 60;
/// How often Okta may ask for another kind of proof before we give up.
const HANDSHAKES: u32 = 4;

/// A service app.
#[derive(Debug)]
pub(super) struct ServiceApp {
    pub(super) client_id: String,
    pub(super) key_id: Option<String>,
    pub(super) key: SigningKey,
    pub(super) proofs: Proofs,
    pub(super) tokens: TokenCache,
}

/// The tokens of a process; whoever renews one holds its lock, so that one renewal is under way at a time.
#[derive(Debug, Default)]
pub(super) struct TokenCache {
    cycle: tokio::sync::Mutex<Option<Token>>,
    schemas: tokio::sync::Mutex<Option<Token>>,
    log: tokio::sync::Mutex<Option<Token>>,
    groups: tokio::sync::Mutex<Option<Token>>,
}

impl TokenCache {
    fn of(&self, scope: TokenScope) -> &tokio::sync::Mutex<Option<Token>> {
        match scope {
            TokenScope::Cycle => &self.cycle,
            TokenScope::Schemas => &self.schemas,
            TokenScope::Log => &self.log,
            TokenScope::Groups => &self.groups,
        }
    }
}

/// An access token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    secret: SecretString,
    /// `Bearer`, or `DPoP` for a token that is bound to our key.
    scheme: &'static str,
    /// In the time of the monotonic clock.
    renew_at: Duration,
}

impl Token {
    /// The header of credentials.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        http::secret_header(&format!("{} {}", self.scheme, self.secret.expose_secret()))
    }

    /// The token itself, for the hash in a proof.
    pub(super) fn text(&self) -> &str {
        self.secret.expose_secret()
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    token_type: String,
    expires_in: Option<u64>,
}

impl ServiceApp {
    /// A token that is good for some minutes more, renewed where it is not, or where it is the one that Okta did not take.
    pub(super) async fn token<C: Clock>(
        &self,
        http: &HttpClient,
        clock: &C,
        (org, scope): (&Url, TokenScope),
        refused: Option<&Token>,
    ) -> Result<Token, OktaError> {
        let mut kept = self.tokens.of(scope).lock().await;
        let is_refused = |token: &Token| refused.is_some_and(|refused| refused.text() == token.text());
        if let Some(token) = kept.as_ref().filter(|token| token.renew_at > clock.monotonic() && !is_refused(token)) {
            return Ok(token.clone());
        }
        let token = self.ask(http, clock, (org, scope)).await?;
        *kept = Some(token.clone());
        Ok(token)
    }

    async fn ask<C: Clock>(
        &self,
        http: &HttpClient,
        clock: &C,
        (org, scope): (&Url, TokenScope),
    ) -> Result<Token, OktaError> {
        let url = org.join("/oauth2/v1/token").expect("an origin takes any path");
        let (mut attempt, mut handshakes) = (1, 0);
        loop {
            let asked_at = clock.monotonic();
            let request = self.request(clock, &url, scope)?;
            let came = http.exchange(request).await;
            let status = came.as_ref().map_or(0, |answer| answer.status);
            tracing::debug!(call = TOKEN, status, attempt, "okta");
            if let Ok(answer) = &came
                && self.is_handshake(answer)
            {
                handshakes += 1;
                if handshakes > HANDSHAKES {
                    return Err(OktaError::Handshake);
                }
                continue;
            }
            // Nothing is done by asking for a token, and each attempt has an assertion of its own.
            match http::decide(attempt, came.as_ref(), Repeatable::Always, RetryPolicy::USUAL, http::jitter()) {
                RetryDecision::Wait(pause) => clock.sleep(pause).await,
                RetryDecision::Accept => return read(&came.map_err(OktaError::Transport)?, asked_at),
            }
            attempt += 1;
        }
    }

    /// Whether Okta wants a proof, or one with another nonce, and we can give it.
    fn is_handshake(&self, answer: &Answer) -> bool {
        let has_nonce = self.proofs.take_nonce(&answer.headers);
        match oauth_error(answer).as_deref() {
            Some("invalid_dpop_proof") => self.proofs.begin(),
            Some("use_dpop_nonce") => has_nonce,
            _ => false,
        }
    }

    fn request(&self, clock: &impl Clock, url: &Url, scope: TokenScope) -> Result<Request, OktaError> {
        let now = clock.now();
        let claims = json!({
            "aud": url.as_str(), "iss": self.client_id, "sub": self.client_id, "iat": now.timestamp(),
            "exp": now.timestamp() + ASSERTION_LIFE, "jti": Uuid::new_v4().to_string(),
        });
        let mut header = Header::new(self.key.algorithm);
        header.kid.clone_from(&self.key_id);
        let assertion = encode(&header, &claims, &self.key.key).map_err(OktaError::Signing)?;
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", scope.words())
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .finish();
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("accept"), HeaderValue::from_static("application/json"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(HeaderName::from_static("content-type"), form);
        if let Some(proof) = self.proofs.make(&Method::POST, url, None, now) {
            let proof = proof.map_err(OktaError::Signing)?;
            headers.extend(http::secret_header(&proof).map(|value| (HeaderName::from_static("dpop"), value)));
        }
        Ok(Request { method: Method::POST, url: url.clone(), route: TOKEN, headers, body: Some(Bytes::from(body)) })
    }
}

fn read(answer: &Answer, asked_at: Duration) -> Result<Token, OktaError> {
    if answer.status != 200 {
        return Err(OktaError::refused(answer));
    }
    let TokenAnswer { access_token, token_type, expires_in } =
        serde_json::from_slice(&answer.body).map_err(|error| OktaError::Unreadable(Some(error)))?;
    let scheme = match token_type.to_ascii_lowercase().as_str() {
        "dpop" => "DPoP",
        "bearer" | "" => "Bearer",
        _ => return Err(OktaError::Unreadable(None)),
    };
    let renew_at = http::renew_at(asked_at, expires_in.unwrap_or(USUAL_LIFE), MARGIN);
    Ok(Token { secret: access_token, scheme, renew_at })
}

//! A service app: it asks for access tokens with assertions that its private key signs.
//!
//! Follows "Implement OAuth for Okta with a service app" (client credentials with `private_key_jwt`). Okta accepts the `jti` of an assertion
//! once, also where it rejects the request, so each attempt has an assertion of its own.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Header, encode};
use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::clock::Clock;
use crate::http::{
    ApiCall, ApiClient, Exchange, Method, Request, Response, RetryDecision, Token, TokenLifetime, TokenSource,
};
use crate::okta::dpop::DpopSigner;
use crate::okta::error::{OktaError, member};
use crate::okta::key::SigningKey;

/// Method and route of the token endpoint.
pub(super) const TOKEN: &str = "POST /oauth2/v1/token";

/// What a token permits. Okta refuses the whole request for one scope that is not granted, so the optional parts have tokens of their own.
#[derive(Clone, Copy, Debug)]
pub(super) enum TokenScope {
    /// The calls of a cycle.
    Cycle,
    /// Reading the schemas of profiles.
    Schemas,
    /// Reading the System Log.
    Log,
    /// Reading groups and their members.
    Groups,
}

impl TokenScope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Cycle => "okta.apps.read okta.users.read",
            Self::Schemas => "okta.schemas.read",
            Self::Log => "okta.logs.read",
            Self::Groups => "okta.apps.read okta.groups.read",
        }
    }
}

/// How long an assertion is valid, in seconds: short, but longer than the difference between two clocks.
const ASSERTION_LIFETIME: i64 = 5 * 60;
const TOKEN_LIFETIME: TokenLifetime = TokenLifetime { default: 60 * 60, margin: Duration::from_mins(5) };
/// How often Okta may ask for another proof before we give up.
const HANDSHAKES: u32 = 4;

/// A service app with its tokens.
#[derive(Debug)]
pub(super) struct ServiceApp {
    client_id: String,
    key_id: Option<String>,
    key: SigningKey,
    token_url: Url,
    /// By `TokenScope`.
    tokens: [TokenSource; 4],
    pub(super) dpop: DpopSigner,
}

impl ServiceApp {
    /// An app of this organization.
    pub(super) fn new(org: &Url, client_id: String, key_id: Option<String>, key: SigningKey) -> Self {
        let token_url = org.join("/oauth2/v1/token").expect("an origin takes any path");
        Self { client_id, key_id, key, token_url, tokens: Default::default(), dpop: DpopSigner::default() }
    }

    /// A token of this scope. One that Okta rejected is not used again.
    pub(super) async fn token<C: Clock>(
        &self,
        api: &ApiClient<C>,
        scope: TokenScope,
        rejected: Option<&Token>,
    ) -> Result<Token, OktaError> {
        self.tokens[scope as usize].token(api.clock(), rejected, || self.new_token(api, scope)).await
    }

    async fn new_token<C: Clock>(&self, api: &ApiClient<C>, scope: TokenScope) -> Result<Token, OktaError> {
        let exchange = api.send(AssertionCall { app: self, clock: api.clock(), scope, handshakes: 0 }).await?;
        let response = exchange.result.map_err(OktaError::Transport)?;
        if response.status != 200 {
            return Err(OktaError::refused(&response));
        }
        let scheme = |token_type: &str| match token_type.to_ascii_lowercase().as_str() {
            "dpop" => Some("DPoP"),
            "bearer" | "" => Some("Bearer"),
            _ => None,
        };
        Token::read(&response.body, exchange.sent_at, TOKEN_LIFETIME, scheme).map_err(OktaError::Unreadable)
    }

    fn token_request(&self, scope: TokenScope, now: DateTime<Utc>) -> Result<Request, OktaError> {
        let claims = json!({
            "aud": self.token_url.as_str(), "iss": self.client_id, "sub": self.client_id, "iat": now.timestamp(),
            "exp": now.timestamp() + ASSERTION_LIFETIME, "jti": Uuid::new_v4().to_string(),
        });
        let mut header = Header::new(self.key.algorithm);
        header.kid.clone_from(&self.key_id);
        let assertion = encode(&header, &claims, &self.key.key).map_err(OktaError::Signing)?;
        let body = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", scope.as_str())
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", &assertion)
            .finish();
        let mut request = Request::form(TOKEN, self.token_url.clone(), body);
        if let Some(proof) = self.dpop.proof(&Method::POST, &self.token_url, None, now)? {
            request.headers.insert("dpop", proof);
        }
        Ok(request)
    }

    /// Whether Okta asks for a proof, or for one with another nonce, and we can give it.
    fn is_handshake(&self, response: &Response) -> bool {
        let has_nonce = self.dpop.take_nonce(&response.headers);
        match member(response, "error").as_deref() {
            Some("invalid_dpop_proof") => self.dpop.begin(),
            Some("use_dpop_nonce") => has_nonce,
            _ => false,
        }
    }
}

/// The request for one token. Asking has no effect, so it may be repeated.
struct AssertionCall<'a, C> {
    app: &'a ServiceApp,
    clock: &'a C,
    scope: TokenScope,
    handshakes: u32,
}

impl<C: Clock> ApiCall for AssertionCall<'_, C> {
    type Attempt = ();
    type Error = OktaError;

    async fn request(&mut self, _: u32) -> Result<(Request, ()), OktaError> {
        Ok((self.app.token_request(self.scope, self.clock.now())?, ()))
    }

    fn ended(&mut self, (): (), exchange: &Exchange, decision: RetryDecision) -> Result<RetryDecision, OktaError> {
        if !exchange.result.as_ref().is_ok_and(|response| self.app.is_handshake(response)) {
            return Ok(decision);
        }
        self.handshakes += 1;
        if self.handshakes > HANDSHAKES { Err(OktaError::Handshake) } else { Ok(RetryDecision::Immediately) }
    }
}

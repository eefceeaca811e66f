//! How requests are authorized: Advocacy has one token; the API client of an intranet asks for tokens that expire.
//!
//! Follows RFC 6749, 4.4 (client credentials) and 2.3.1 (where id and secret go).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::clock::Clock;
use crate::config::settings::{ClientAuth, HaiiloAuth, TokenForm};
use crate::haiilo::error::HaiiloError;
use crate::haiilo::wire::ErrorBody;
use crate::http::{
    self, ApiCall, ApiClient, Exchange, HeaderValue, Request, Response, RetryDecision, Token, TokenLifetime,
    TokenSource, header,
};
use crate::ports::{Failure, FailureKind};

/// Method and route of the token endpoint, as logs and errors name it.
const TOKEN: &str = "POST /api/oauth/token";
const TOKEN_LIFETIME: TokenLifetime = TokenLifetime { default: 600, margin: Duration::from_mins(1) };

/// The credentials for one Haiilo.
#[derive(Debug)]
pub(super) enum HaiiloCredentials {
    /// One token, which cannot be renewed.
    AccessToken(HeaderValue),
    /// Tokens that an API client asks for.
    Client(Box<ClientCredentials>),
}

/// The API client of a user directory.
#[derive(Debug)]
pub(super) struct ClientCredentials {
    token_url: Url,
    id: String,
    secret: SecretString,
    auth: ClientAuth,
    tokens: TokenSource,
}

impl HaiiloCredentials {
    /// `None` where no header can hold the token.
    pub(super) fn new(auth: &HaiiloAuth) -> Option<Self> {
        Some(match auth {
            HaiiloAuth::AccessToken { token, form, owner: _ } => Self::AccessToken(match form {
                TokenForm::Bearer => http::secret_header(&format!("Bearer {}", token.expose_secret()))?,
                TokenForm::Bare => http::secret_header(token.expose_secret())?,
            }),
            HaiiloAuth::ClientCredentials { token_url, client_id, client_secret, client_auth } => {
                Self::Client(Box::new(ClientCredentials {
                    token_url: token_url.clone(),
                    id: client_id.clone(),
                    secret: client_secret.clone(),
                    auth: *client_auth,
                    tokens: TokenSource::default(),
                }))
            }
        })
    }

    /// The header that authorizes one request, and the token in it if it can be renewed. One that Haiilo rejected is not used again.
    pub(super) async fn authorize<C: Clock>(
        &self,
        api: &ApiClient<C>,
        rejected: Option<&Token>,
    ) -> Result<(HeaderValue, Option<Token>), Failure> {
        match self {
            Self::AccessToken(header) => Ok((header.clone(), None)),
            Self::Client(client) => {
                let token = client.tokens.token(api.clock(), rejected, || client.new_token(api)).await?;
                Ok((token.header(), Some(token)))
            }
        }
    }
}

impl ClientCredentials {
    async fn new_token<C: Clock>(&self, api: &ApiClient<C>) -> Result<Token, Failure> {
        let exchange = api.send(TokenCall { credentials: self, api }).await?;
        let response = exchange.result.map_err(|error| HaiiloError::lost(TOKEN, error))?;
        if response.status != 200 {
            return Err(refused(&response));
        }
        Token::read(&response.body, exchange.sent_at, TOKEN_LIFETIME, |_| Some("Bearer"))
            .map_err(|error| HaiiloError::UnreadableToken(error).of(FailureKind::Unreadable, TOKEN))
    }

    fn request(&self) -> Request {
        let (id, secret) = (self.id.as_str(), self.secret.expose_secret());
        let mut body = Serializer::new(String::new());
        body.append_pair("grant_type", "client_credentials");
        if self.auth == ClientAuth::Post {
            body.append_pair("client_id", id).append_pair("client_secret", secret);
        }
        let mut request = Request::form(TOKEN, self.token_url.clone(), body.finish());
        if self.auth == ClientAuth::Basic {
            // Both are encoded like the values of a form before they are joined (RFC 6749, 2.3.1).
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
            let value = http::secret_header(&format!("Basic {pair}")).expect("base64 fits into a header");
            request.headers.insert(header::AUTHORIZATION, value);
        }
        request
    }
}

fn refused(response: &Response) -> Failure {
    let kind = match response.status {
        400 | 401 | 403 => FailureKind::CredentialsRefused,
        429 => FailureKind::NotSent,
        _ => FailureKind::Unreadable,
    };
    HaiiloError::NoToken { status: response.status, text: ErrorBody::read(&response.body).text }.of(kind, TOKEN)
}

/// The request for one token. Asking has no effect, so it may be repeated.
struct TokenCall<'a, C> {
    credentials: &'a ClientCredentials,
    api: &'a ApiClient<C>,
}

impl<C: Clock> ApiCall for TokenCall<'_, C> {
    type Attempt = ();
    type Error = Failure;

    async fn request(&mut self, _: u32) -> Result<(Request, ()), Failure> {
        Ok((self.credentials.request(), ()))
    }

    fn ended(&mut self, (): (), exchange: &Exchange, decision: RetryDecision) -> Result<RetryDecision, Failure> {
        self.api.count(TOKEN, exchange);
        Ok(decision)
    }
}

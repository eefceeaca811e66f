//! Credentials: an administrator's API token, or a service app with a key.

use secrecy::ExposeSecret as _;
use url::Url;

use crate::clock::Clock;
use crate::config::settings::OktaAuth;
use crate::http::{self, Answer, HeaderMap, HeaderName, HeaderValue, HttpClient, Method};
use crate::okta::dpop::Proofs;
use crate::okta::error::{OktaError, SetupError};
use crate::okta::key::SigningKey;
use crate::okta::token::{ServiceApp, Token, TokenCache, TokenScope};

/// How requests are authorized.
#[derive(Debug)]
pub(super) enum Auth {
    /// `Authorization: SSWS …`.
    ApiToken(HeaderValue),
    /// An access token, with a proof where it is bound to our key.
    ServiceApp(Box<ServiceApp>),
}

/// What one attempt was authorized with.
#[derive(Debug)]
pub(super) enum Credential {
    /// The API token, which cannot be renewed.
    Fixed,
    /// An access token.
    Token(Token),
}

/// What an answer asks of our credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenDemand {
    /// Nothing.
    None,
    /// A new token.
    NewToken,
    /// The same token with another proof.
    NewProof,
}

impl Auth {
    pub(super) fn new(auth: &OktaAuth) -> Result<Self, SetupError> {
        match auth {
            OktaAuth::ApiToken(token) => {
                let header = http::secret_header(&format!("SSWS {}", token.expose_secret()));
                Ok(Self::ApiToken(header.ok_or(SetupError::Token)?))
            }
            OktaAuth::PrivateKeyJwt { client_id, key_id, private_key } => Ok(Self::ServiceApp(Box::new(ServiceApp {
                client_id: client_id.clone(),
                key_id: key_id.clone(),
                key: SigningKey::from_pem(private_key.expose_secret())?,
                proofs: Proofs::default(),
                tokens: TokenCache::default(),
            }))),
        }
    }

    /// The headers that authorize one attempt. A token that was refused is not used again.
    pub(super) async fn authorize<C: Clock>(
        &self,
        (http, clock, org, scope): (&HttpClient, &C, &Url, TokenScope),
        (method, url): (&Method, &Url),
        refused: Option<&Credential>,
    ) -> Result<(HeaderMap, Credential), OktaError> {
        let mut headers = HeaderMap::new();
        match self {
            Self::ApiToken(header) => {
                headers.insert(http::AUTHORIZATION, header.clone());
                Ok((headers, Credential::Fixed))
            }
            Self::ServiceApp(app) => {
                let refused = match refused {
                    Some(Credential::Token(token)) => Some(token),
                    Some(Credential::Fixed) | None => None,
                };
                let token = app.token(http, clock, (org, scope), refused).await?;
                headers.insert(http::AUTHORIZATION, token.header().ok_or(OktaError::Unreadable(None))?);
                if let Some(proof) = app.proofs.make(method, url, Some(token.text()), clock.now()) {
                    let proof = proof.map_err(OktaError::Signing)?;
                    headers.extend(http::secret_header(&proof).map(|value| (HeaderName::from_static("dpop"), value)));
                }
                Ok((headers, Credential::Token(token)))
            }
        }
    }

    /// What an answer asks of our credentials; takes its nonce.
    pub(super) fn demand(&self, answer: &Answer) -> TokenDemand {
        let Self::ServiceApp(app) = self else { return TokenDemand::None };
        let has_nonce = app.proofs.take_nonce(&answer.headers);
        match answer.status {
            400 | 401 if has_nonce => TokenDemand::NewProof,
            401 => TokenDemand::NewToken,
            _ => TokenDemand::None,
        }
    }
}

//! How requests are authorized: with the API token of an administrator, or with access tokens of a service app.

use secrecy::ExposeSecret as _;
use url::Url;

use crate::clock::Clock;
use crate::config::settings::OktaAuth;
use crate::http::{self, ApiClient, HeaderMap, HeaderValue, Method, Response, Token, header};
use crate::okta::error::{OktaError, SetupError};
use crate::okta::key::SigningKey;
use crate::okta::service_app::{ServiceApp, TokenScope};

/// The credentials for one organization.
#[derive(Debug)]
pub(super) enum OktaCredentials {
    /// `Authorization: SSWS …`.
    ApiToken(HeaderValue),
    /// An access token, with a proof where it is bound to our key.
    ServiceApp(Box<ServiceApp>),
}

/// What a response asks for before the request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    /// Another token.
    Token,
    /// Another proof for the same token.
    Proof,
}

impl OktaCredentials {
    pub(super) fn new(auth: &OktaAuth, org: &Url) -> Result<Self, SetupError> {
        match auth {
            OktaAuth::ApiToken(token) => {
                let header = http::secret_header(&format!("SSWS {}", token.expose_secret()));
                header.map(Self::ApiToken).ok_or(SetupError::Token)
            }
            OktaAuth::PrivateKeyJwt { client_id, key_id, private_key } => {
                let key = SigningKey::from_pem(private_key.expose_secret())?;
                let app = ServiceApp::new(org, client_id.clone(), key_id.clone(), key);
                Ok(Self::ServiceApp(Box::new(app)))
            }
        }
    }

    /// The headers that authorize one GET, and the access token in them. A token that Okta rejected is not used again.
    pub(super) async fn authorize<C: Clock>(
        &self,
        api: &ApiClient<C>,
        scope: TokenScope,
        url: &Url,
        rejected: Option<&Token>,
    ) -> Result<(HeaderMap, Option<Token>), OktaError> {
        let app = match self {
            Self::ApiToken(token) => return Ok((HeaderMap::from_iter([(header::AUTHORIZATION, token.clone())]), None)),
            Self::ServiceApp(app) => app,
        };
        let token = app.token(api, scope, rejected).await?;
        let mut headers = HeaderMap::from_iter([(header::AUTHORIZATION, token.header())]);
        if let Some(proof) = app.dpop.proof(&Method::GET, url, Some(&token), api.clock().now())? {
            headers.insert("dpop", proof);
        }
        Ok((headers, Some(token)))
    }

    /// What a response asks for, if a renewal may help. Takes the nonce of the response.
    pub(super) fn renewal(&self, response: &Response) -> Option<Renewal> {
        let Self::ServiceApp(app) = self else { return None };
        let has_nonce = app.dpop.take_nonce(&response.headers);
        match response.status {
            400 | 401 if has_nonce => Some(Renewal::Proof),
            401 => Some(Renewal::Token),
            _ => None,
        }
    }
}

//! Proofs of possession (DPoP): a signed statement about one request, made with the key that a token is bound to.
//!
//! Follows RFC 9449 and Okta's "Configure OAuth 2.0 Demonstrating Proof-of-Possession". Each process makes a key of its own.

use std::sync::OnceLock;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Header, encode, errors};
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use url::Url;
use uuid::Uuid;

use crate::http::{self, HeaderMap, HeaderValue, Method, Token};
use crate::okta::error::OktaError;
use crate::okta::key::SigningKey;

/// Signs proofs as soon as Okta asks for them, with the nonce that it gave last.
#[derive(Debug, Default)]
pub(super) struct DpopSigner {
    key: OnceLock<SigningKey>,
    nonce: Mutex<Option<String>>,
}

impl DpopSigner {
    /// Begins to sign. False where it began before.
    pub(super) fn begin(&self) -> bool {
        self.key.get().is_none() && SigningKey::generate().is_some_and(|key| self.key.set(key).is_ok())
    }

    /// Takes the nonce of a response. Whether there is one that is new.
    pub(super) fn take_nonce(&self, headers: &HeaderMap) -> bool {
        let Some(nonce) = headers.get("dpop-nonce").and_then(|value| value.to_str().ok()) else { return false };
        self.nonce.lock().replace(nonce.to_owned()).as_deref() != Some(nonce)
    }

    /// A proof for one request, with the hash of its access token; `None` as long as Okta has not asked for proofs.
    pub(super) fn proof(
        &self,
        method: &Method,
        url: &Url,
        token: Option<&Token>,
        now: DateTime<Utc>,
    ) -> Result<Option<HeaderValue>, OktaError> {
        let Some(key) = self.key.get() else { return Ok(None) };
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let mut claims = json!({
            "htm": method.as_str(), "htu": target.as_str(), "iat": now.timestamp(), "jti": Uuid::new_v4().to_string(),
        });
        if let Some(nonce) = &*self.nonce.lock() {
            claims["nonce"] = nonce.as_str().into();
        }
        if let Some(token) = token {
            let hash = digest::digest(&digest::SHA256, token.secret().as_bytes());
            claims["ath"] = URL_SAFE_NO_PAD.encode(hash.as_ref()).into();
        }
        Ok(http::secret_header(&sign(key, &claims).map_err(OktaError::Signing)?))
    }
}

fn sign(key: &SigningKey, claims: &Json) -> Result<String, errors::Error> {
    let mut header = Header::new(key.algorithm);
    header.typ = Some("dpop+jwt".to_owned());
    header.jwk = Some(Jwk::from_encoding_key(&key.key, key.algorithm)?);
    encode(&header, claims, &key.key)
}

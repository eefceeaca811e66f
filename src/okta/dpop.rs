//! Proofs of possession: a signed statement about one request, made with a key that the token is bound to.
//!
//! Follows RFC 9449 and Okta's "Configure OAuth 2.0 Demonstrating Proof-of-Possession". The key is ours alone, made anew by each process.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Header, encode, errors};
use parking_lot::Mutex;
use serde_json::{Map, Value as Json};
use url::Url;
use uuid::Uuid;

use crate::http::{HeaderMap, Method};
use crate::okta::key::SigningKey;

/// The key of our proofs, once Okta has asked for them, and the nonce that it gave last.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    state: Mutex<NonceState>,
}

#[derive(Debug, Default)]
struct NonceState {
    key: Option<SigningKey>,
    nonce: Option<String>,
}

impl Proofs {
    /// Begins to prove. Whether that is news.
    pub(super) fn begin(&self) -> bool {
        let mut state = self.state.lock();
        if state.key.is_some() {
            return false;
        }
        state.key = SigningKey::generate();
        state.key.is_some()
    }

    /// Takes the nonce of an answer. Whether there was one that we did not have.
    pub(super) fn take_nonce(&self, headers: &HeaderMap) -> bool {
        let Some(nonce) = headers.get("dpop-nonce").and_then(|value| value.to_str().ok()) else { return false };
        let mut state = self.state.lock();
        let is_new = state.nonce.as_deref() != Some(nonce);
        state.nonce = Some(nonce.to_owned());
        is_new
    }

    /// A proof for one request, with the hash of the token where one goes with it; `None` as long as Okta has not asked for proofs.
    pub(super) fn make(
        &self,
        method: &Method,
        url: &Url,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Option<Result<String, errors::Error>> {
        let state = self.state.lock();
        let key = state.key.as_ref()?;
        let mut target = url.clone();
        target.set_query(None);
        target.set_fragment(None);
        let mut claims = Map::from_iter([
            ("htm".to_owned(), Json::from(method.as_str())),
            ("htu".to_owned(), Json::from(target.as_str())),
            ("iat".to_owned(), Json::from(now.timestamp())),
            ("jti".to_owned(), Json::from(Uuid::new_v4().to_string())),
        ]);
        if let Some(nonce) = &state.nonce {
            claims.insert("nonce".to_owned(), Json::from(nonce.as_str()));
        }
        if let Some(token) = token {
            let hash = digest::digest(&digest::SHA256, token.as_bytes());
            claims.insert("ath".to_owned(), Json::from(URL_SAFE_NO_PAD.encode(hash.as_ref())));
        }
        Some(Self::sign(key, &claims))
    }

    fn sign(key: &SigningKey, claims: &Map<String, Json>) -> Result<String, errors::Error> {
        let mut header = Header::new(key.algorithm);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(Jwk::from_encoding_key(&key.key, key.algorithm)?);
        encode(&header, claims, &key.key)
    }
}

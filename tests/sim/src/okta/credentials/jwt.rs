//! JSON Web Tokens: reading and verifying them, with keys that a test registered or that the token brings along.
//!
//! Times are not checked here: they follow the simulators' clock, which the crate that verifies signatures does not know.

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

/// A key that verifies, with the one algorithm that it serves.
#[derive(Clone)]
pub(crate) struct VerifyingKey {
    key: DecodingKey,
    algorithm: Algorithm,
    /// Names the key, after RFC 7638.
    pub(crate) thumbprint: String,
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyingKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// A public key in PEM; none when it and the algorithm do not fit.
    pub(crate) fn from_pem(pem: &str, algorithm: &str) -> Option<Self> {
        let algorithm = Algorithm::from_str(algorithm).ok()?;
        let key = match algorithm {
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem.as_bytes()),
            _ => return None,
        };
        let key = key.ok()?;
        let thumbprint = Jwk::from_decoding_key(&key, None).ok()?.thumbprint(ThumbprintHash::SHA256).ok()?;
        Some(Self { key, algorithm, thumbprint })
    }

    /// The public key in the header of a proof.
    pub(crate) fn from_jwk(jwk: &Value, algorithm: &str) -> Option<Self> {
        let algorithm = Algorithm::from_str(algorithm).ok()?;
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
        Some(Self { key: DecodingKey::from_jwk(&jwk).ok()?, algorithm, thumbprint })
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Value> {
        let mut validation = Validation::new(self.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        // A key of another family than the algorithm is an error here, not a panic.
        jsonwebtoken::decode(token, &self.key, &validation).ok().map(|token| token.claims)
    }
}

/// The header of a token, as it was sent.
pub(crate) fn header(token: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A text claim or header field; empty when it is absent or no text.
pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or("")
}

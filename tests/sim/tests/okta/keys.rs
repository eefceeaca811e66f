//! Keys of a client, and what it signs with them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use okta_haiilo_sim::okta::CLIENT_ID;
use serde_json::{Value, json};

use crate::support::NOW_MS;

/// The org's clock when a test begins, in seconds.
pub(crate) const NOW_S: i64 = NOW_MS / 1000;

/// A key pair.
pub(crate) struct Key {
    pub(crate) public_pem: String,
    pub(crate) algorithm: Algorithm,
    private: EncodingKey,
}

impl Key {
    pub(crate) fn p256() -> Self {
        Self::elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256)
    }

    pub(crate) fn p384() -> Self {
        Self::elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384)
    }

    fn elliptic(kind: &'static EcdsaSigningAlgorithm, algorithm: Algorithm) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &SystemRandom::new()).expect("a new key");
        let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref()).expect("just made");
        let public = pair.public_key().as_der().expect("a public key");
        Self {
            public_pem: pem("PUBLIC KEY", public.as_ref()),
            algorithm,
            private: EncodingKey::from_ec_der(pkcs8.as_ref()),
        }
    }

    pub(crate) fn rsa() -> Self {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a new key");
        let public = pair.public_key().as_der().expect("a public key");
        let private: Pkcs8V1Der<'_> = pair.as_der().expect("a private key");
        Self {
            public_pem: pem("PUBLIC KEY", public.as_ref()),
            algorithm: Algorithm::RS256,
            private: EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).expect("just made"),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.algorithm {
            Algorithm::RS256 => "RS256",
            Algorithm::ES256 => "ES256",
            _ => "ES384",
        }
    }

    fn jwk(&self) -> Jwk {
        Jwk::from_encoding_key(&self.private, self.algorithm).expect("a public key")
    }

    /// An assertion with these changes to good claims.
    pub(crate) fn assertion(&self, key_id: Option<&str>, origin: &str, changes: &Value) -> String {
        let claims = json!({
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "aud": format!("{origin}/oauth2/v1/token"),
            "iat": NOW_S,
            "exp": NOW_S + 300,
            "jti": new_id(),
        });
        let mut header = Header::new(self.algorithm);
        header.kid = key_id.map(str::to_owned);
        jsonwebtoken::encode(&header, &with(claims, changes), &self.private).expect("a signed assertion")
    }

    /// A proof with these changes to good claims and to a good header.
    pub(crate) fn proof(&self, method: &str, url: &str, claims: &Value, header: &Value) -> String {
        let good = json!({"htm": method, "htu": url, "iat": NOW_S, "jti": new_id()});
        let jwk = serde_json::to_value(self.jwk()).expect("a key is JSON");
        let good_header = json!({"typ": "dpop+jwt", "alg": self.name(), "jwk": jwk});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&with(good_header, header)), encode(&with(good, claims)));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.private, self.algorithm).expect("a signature");
        format!("{signed}.{signature}")
    }
}

/// What a proof at the API must carry of the token.
pub(crate) fn ath(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

/// The object with some members replaced, and those that are null taken out.
fn with(mut good: Value, changes: &Value) -> Value {
    let object = good.as_object_mut().expect("an object");
    for (key, value) in changes.as_object().expect("changes are an object") {
        if value.is_null() {
            object.remove(key);
        } else {
            object.insert(key.clone(), value.clone());
        }
    }
    good
}

fn new_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("id-{}", LAST.fetch_add(1, Ordering::SeqCst))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

//! `DPoP` proofs: what RFC 9449 asks of them, with the words that Okta answers.
//!
//! Follows "Configure OAuth 2.0 Demonstrating Proof-of-Possession" of Okta's guides. Whether a nonce is needed and what a bad proof
//! leads to differs between the token endpoint and the API, so it is decided by the callers.

use std::collections::HashSet;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::face::Call;
use crate::okta::credentials::jwt::{self, VerifyingKey};
use crate::okta::route;

/// How far `iat` may be from the org's clock.
const TOLERANCE_S: i64 = 300;

/// Members of a JSON Web Key that only its owner may know.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key of the client, which no proof may use.
#[derive(Clone, Debug)]
pub(crate) struct ClientKey {
    pub(crate) id: String,
    pub(crate) key: VerifyingKey,
}

/// A proof that holds.
#[derive(Debug)]
pub(crate) struct Proof {
    /// Names the key.
    pub(crate) thumbprint: String,
    /// Empty when there is none.
    pub(crate) nonce: String,
}

/// What a proof must fit to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) call: &'a Call,
    /// Scheme and host as the client sees them.
    pub(crate) origin: &'a str,
    pub(crate) now_ms: i64,
    /// The token that goes with it; none at the token endpoint.
    pub(crate) token: Option<&'a str>,
}

/// Checks the proof of a call, and notes its `jti` as used. The error is the description that Okta gives.
pub(crate) fn check(
    context: Context<'_>,
    used: &mut HashSet<String>,
    client_keys: &[ClientKey],
    violations: &mut Vec<String>,
) -> Result<Proof, String> {
    let proof = header_of(context.call)?;
    let header = jwt::header(proof).ok_or_else(|| wrong("header"))?;
    if jwt::text(&header, "typ") != "dpop+jwt" {
        return Err(wrong_header("typ"));
    }
    let jwk = header.get("jwk").ok_or_else(|| wrong_header("jwk"))?;
    if PRIVATE_MEMBERS.iter().any(|member| jwk.get(member).is_some()) {
        violations.push("a DPoP proof shows its private key".to_owned());
        return Err(wrong_header("jwk"));
    }
    let algorithm = jwt::text(&header, "alg");
    if !algorithm.starts_with("RS") && !algorithm.starts_with("ES") {
        return Err(wrong_header("alg"));
    }
    let key = VerifyingKey::from_jwk(jwk, algorithm).ok_or_else(|| wrong_header("jwk"))?;
    let claims = key.verify(proof).ok_or_else(|| "The DPoP proof JWT signature is invalid.".to_owned())?;
    if client_keys.iter().any(|client| client.key.thumbprint == key.thumbprint) {
        violations.push("the DPoP key is the key of the client itself".to_owned());
    }
    check_claims(context, &claims)?;
    if !used.insert(jwt::text(&claims, "jti").to_owned()) {
        return Err("The DPoP proof JWT has already been used.".to_owned());
    }
    Ok(Proof { thumbprint: key.thumbprint, nonce: jwt::text(&claims, "nonce").to_owned() })
}

fn header_of(call: &Call) -> Result<&str, String> {
    let mut proofs = call.headers.get_all("dpop").iter();
    let missing = || "The DPoP proof JWT header is missing.".to_owned();
    let proof = proofs.next().ok_or_else(missing)?;
    if proofs.next().is_some() {
        return Err("There is more than one DPoP proof JWT header.".to_owned());
    }
    proof.to_str().map_err(|_| wrong("header"))
}

fn check_claims(context: Context<'_>, claims: &Value) -> Result<(), String> {
    if jwt::text(claims, "htm") != context.call.method.as_str() {
        return Err(wrong("htm"));
    }
    // Okta compares with the decoded path: a proof over `%40` where the path says `%40` is refused, as users of its SDK found out.
    if jwt::text(claims, "htu") != format!("{}{}", context.origin, route::decoded(&context.call.path)) {
        return Err(wrong("htu"));
    }
    let issued = claims.get("iat").and_then(Value::as_i64).ok_or_else(|| wrong("iat"))?;
    if (issued - context.now_ms.div_euclid(1000)).abs() > TOLERANCE_S {
        return Err(wrong("iat"));
    }
    if jwt::text(claims, "jti").is_empty() {
        return Err(wrong("jti"));
    }
    if context.token.is_some_and(|token| jwt::text(claims, "ath") != hash(token)) {
        return Err(wrong("ath"));
    }
    Ok(())
}

/// What `ath` must be: base64url of the SHA-256 of the token.
fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

fn wrong(claim: &str) -> String {
    format!("'{claim}' claim in the DPoP proof JWT is invalid.")
}

fn wrong_header(field: &str) -> String {
    format!("'{field}' in the header of the DPoP proof JWT is invalid.")
}

//! The token endpoint of the org's authorization server, for the one grant that a service app may use: client credentials with
//! `private_key_jwt`, with `DPoP` or without.
//!
//! Follows "Implement OAuth for Okta with a service app", "Build a JWT for client authentication" and the `DPoP` guide. An assertion's
//! `jti` is spent by every request that shows it, even by one that only fetches a nonce.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::face::Answer;
use crate::okta::bend::Bend;
use crate::okta::credentials::auth::{At, Auth, CLIENT_ID, Dpop, Grant, Ungranted};
use crate::okta::credentials::jwt;
use crate::okta::credentials::proof::{self, Context};
use crate::okta::errors::Refusal;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long a token lives, and how far ahead an assertion may end.
const HOUR_S: i64 = 3_600;

impl Auth {
    pub(crate) fn grant(
        &mut self,
        at: At<'_>,
        bend: Option<&Bend>,
        violations: &mut Vec<String>,
    ) -> Result<Answer, Refusal> {
        let form = Form::read(at)?;
        if form.get("grant_type") != "client_credentials" {
            let description = "The authorization grant type is not supported by the authorization server.";
            return Err(Refusal::oauth(400, "unsupported_grant_type", description));
        }
        self.check_assertion(at, &form)?;
        let thumbprint = self.check_proof(at, violations)?;
        let scopes = self.check_scopes(&form)?;
        let kind = if thumbprint.is_some() { "DPoP" } else { "Bearer" };
        self.granted += 1;
        let token = new_token(self.granted, at.now_ms, &scopes);
        let mut body = json!({
            "token_type": kind,
            "expires_in": HOUR_S,
            "access_token": token,
            "scope": scopes.join(" "),
        });
        match bend {
            Some(Bend::TokenWithoutExpiry) => {
                body.as_object_mut().expect("just made").shift_remove("expires_in");
            }
            Some(Bend::TokenTypeMac) => body["token_type"] = json!("MAC"),
            _ => {}
        }
        let bound = thumbprint.is_some();
        self.grants.insert(token, Grant { scopes, ends_ms: at.now_ms + HOUR_S * 1000, thumbprint });
        let answer = Answer::new(200, "application/json", body.to_string());
        Ok(if bound { answer.with("dpop-nonce", self.nonce()) } else { answer })
    }

    fn check_assertion(&mut self, at: At<'_>, form: &Form) -> Result<(), Refusal> {
        let refused = |description: &str| Refusal::oauth(401, "invalid_client", description);
        let assertion = form.get("client_assertion");
        if assertion.is_empty() || form.get("client_assertion_type") != ASSERTION_TYPE {
            return Err(refused(
                "Client Credentials requests to the Org Authorization Server must use the private_key_jwt \
                 token_endpoint_auth_method.",
            ));
        }
        let header = jwt::header(assertion).ok_or_else(|| refused("The client_assertion is not a JWT."))?;
        let key_id = jwt::text(&header, "kid");
        let mut candidates = self.keys.iter().filter(|key| key_id.is_empty() || key.id == key_id);
        let claims = candidates
            .find_map(|key| key.key.verify(assertion))
            .ok_or_else(|| refused("The client_assertion signature is invalid."))?;
        let id = jwt::text(&claims, "jti");
        if !id.is_empty() && !self.used_assertions.insert(id.to_owned()) {
            return Err(refused("The client_assertion token has already been used."));
        }
        check_claims(at, &claims).map_err(|description| refused(&description))
    }

    /// The thumbprint of the key that the token will be bound to; none when `DPoP` is off.
    fn check_proof(&mut self, at: At<'_>, violations: &mut Vec<String>) -> Result<Option<String>, Refusal> {
        if self.dpop == Dpop::Off {
            return Ok(None);
        }
        let context = Context { call: at.call, origin: at.origin, now_ms: at.now_ms, token: None };
        let proof = proof::check(context, &mut self.used_proofs, &self.keys, violations)
            .map_err(|description| Refusal::oauth(400, "invalid_dpop_proof", description))?;
        if proof.nonce != self.nonce() {
            let description = "Authorization server requires nonce in DPoP proof.";
            return Err(Refusal::oauth(400, "use_dpop_nonce", description).with("dpop-nonce", self.nonce()));
        }
        Ok(Some(proof.thumbprint))
    }

    fn check_scopes(&self, form: &Form) -> Result<Vec<String>, Refusal> {
        let asked: Vec<&str> = form.get("scope").split_whitespace().collect();
        let refused = |description: &str| Err(Refusal::oauth(400, "invalid_scope", description));
        if asked.is_empty() {
            return refused(
                "The authorization server resource does not have any configured default scopes, 'scope' must be provided.",
            );
        }
        let was_asked = |scope: &&String| asked.contains(&scope.as_str());
        let granted: Vec<String> = self.scopes.iter().filter(was_asked).cloned().collect();
        if granted.is_empty() && self.ungranted == Ungranted::LeftOut {
            let description = "You are not allowed any of the requested scopes.";
            return Err(Refusal::oauth(400, "consent_required", description));
        }
        let all = asked.iter().all(|scope| granted.iter().any(|granted| granted == scope));
        if !all && self.ungranted == Ungranted::Refused {
            return refused("One or more scopes are not configured for the authorization server resource.");
        }
        Ok(granted)
    }
}

fn check_claims(at: At<'_>, claims: &Value) -> Result<(), String> {
    if jwt::text(claims, "iss") != CLIENT_ID || jwt::text(claims, "sub") != CLIENT_ID {
        return Err("The issuer and the subject of the client_assertion must be the client id.".to_owned());
    }
    if jwt::text(claims, "aud") != format!("{}{}", at.origin, at.call.path) {
        return Err("The audience claim for client_assertion must be the endpoint invoked for the request.".to_owned());
    }
    let ends = claims.get("exp").and_then(Value::as_i64).ok_or("The client_assertion has no expiration.")?;
    let left = ends - at.now_ms.div_euclid(1000);
    if left <= 0 {
        return Err("The client_assertion token is expired.".to_owned());
    }
    if left > HOUR_S {
        return Err("The client_assertion token has an expiration too far into the future.".to_owned());
    }
    Ok(())
}

/// The form of the request.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(at: At<'_>) -> Result<Self, Refusal> {
        if !at.call.header("content-type").starts_with("application/x-www-form-urlencoded") {
            let description = "The content type of the request must be application/x-www-form-urlencoded.";
            return Err(Refusal::oauth(400, "invalid_request", description));
        }
        Ok(Self(form_urlencoded::parse(&at.call.body).into_owned().collect()))
    }

    /// A field; empty when it is absent.
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// A token that looks like Okta's: a JWT to the eye, opaque to clients.
fn new_token(n: u64, now_ms: i64, scopes: &[String]) -> String {
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let header = json!({"kid": "simulated", "typ": "application/okta-internal-at+jwt", "alg": "RS256"});
    let payload = json!({"ver": 1, "jti": format!("AT.{n}.{now_ms}"), "cid": CLIENT_ID, "scp": scopes});
    let seal = encode(format!("no signature, since only the org reads it: {n}"));
    format!("{}.{}.{seal}", encode(header.to_string()), encode(payload.to_string()))
}

//! The token endpoint of an intranet: client credentials, with the client in the header or in the form (RFC 6749 2.3.1, 4.4, 5.2).
//!
//! The client belongs to the user directory and not to a person. It knows no accounts.

use crate::face::{Answer, Call};
use crate::haiilo::manner::{ClientAuth, Directory, Presence};
use crate::haiilo::scim::store::uuid;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::json;
use std::collections::HashMap;
use url::form_urlencoded;

/// The id of the directory's API client.
pub const CLIENT_ID: &str = "user-directory-client";

/// Its secret, until a test changes it.
pub const CLIENT_SECRET: &str = "user-directory-secret";

/// Where the ids of tokens begin, far from those of accounts and groups.
const FIRST: u64 = 1 << 42;

/// The tokens of a directory.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    secret: String,
    /// When each token ends, in milliseconds since the epoch.
    ends_ms: HashMap<String, i64>,
    /// How many were made, by request or by hand.
    made: u64,
    /// How many requests were given one.
    pub(crate) granted: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { secret: CLIENT_SECRET.to_owned(), ends_ms: HashMap::new(), made: 0, granted: 0 }
    }
}

/// An error of the token endpoint.
#[derive(Debug)]
struct Ungranted {
    status: u16,
    error: &'static str,
    description: &'static str,
}

const fn ungranted(status: u16, error: &'static str, description: &'static str) -> Ungranted {
    Ungranted { status, error, description }
}

const BAD_CLIENT: Ungranted = ungranted(401, "invalid_client", "Bad client credentials");

/// An answer of the token endpoint that refuses.
pub(crate) fn refusal(status: u16, error: &str, description: &str) -> Answer {
    let body = json!({ "error": error, "error_description": description });
    Answer::new(status, "application/json", body.to_string()).with("cache-control", "no-store")
}

impl Tokens {
    /// Answers a request for a token.
    pub(crate) fn grant(
        &mut self,
        call: &Call,
        directory: &Directory,
        now_ms: i64,
        violations: &mut Vec<String>,
    ) -> Answer {
        match self.checked(call, directory, violations) {
            Err(Ungranted { status, error, description }) => {
                let answer = refusal(status, error, description);
                // The scheme that the client tried is answered by its challenge (RFC 6749 5.2).
                let challenged = status == 401 && !call.header("authorization").is_empty();
                if challenged { answer.with("www-authenticate", "Basic realm=\"oauth\"") } else { answer }
            }
            Ok(scope) => {
                self.granted += 1;
                let token = self.make(directory.token_seconds, now_ms);
                let mut body = json!({ "access_token": token, "token_type": "Bearer" });
                if directory.expires_in == Presence::Sent {
                    body["expires_in"] = json!(directory.token_seconds);
                }
                body["scope"] = json!(scope);
                Answer::new(200, "application/json", body.to_string()).with("cache-control", "no-store")
            }
        }
    }

    /// The scopes to grant, if the request is as it should be.
    fn checked(&self, call: &Call, directory: &Directory, violations: &mut Vec<String>) -> Result<String, Ungranted> {
        let media = call.header("content-type").split(';').next().unwrap_or("").trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            violations.push(format!("a token asked for with content type `{media}`"));
            return Err(ungranted(400, "invalid_request", "The body is a form"));
        }
        let form: HashMap<String, String> = form_urlencoded::parse(&call.body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let header = call.header("authorization");
        let in_form = !field("client_secret").is_empty();
        if !header.is_empty() && in_form {
            violations.push("a token asked for with the client in the header and in the form".to_owned());
            return Err(ungranted(400, "invalid_request", "More than one way of client authentication"));
        }
        let known = match (directory.client_auth, in_form) {
            (ClientAuth::Post, false) | (ClientAuth::Basic, true) => false,
            (_, true) => self.is_client(field("client_id"), field("client_secret")),
            (_, false) => basic(header).is_some_and(|(id, secret)| self.is_client(&id, &secret)),
        };
        if !known {
            return Err(BAD_CLIENT);
        }
        if field("grant_type").is_empty() {
            return Err(ungranted(400, "invalid_request", "Missing grant type"));
        }
        if field("grant_type") != "client_credentials" {
            return Err(ungranted(400, "unsupported_grant_type", "Unsupported grant type"));
        }
        let allowed = |scope: &str| directory.scope.split_whitespace().any(|known| known == scope);
        match field("scope") {
            "" => Ok(directory.scope.clone()),
            asked if asked.split_whitespace().all(allowed) => Ok(asked.to_owned()),
            _ => Err(ungranted(400, "invalid_scope", "Invalid scope")),
        }
    }

    fn is_client(&self, id: &str, secret: &str) -> bool {
        id == CLIENT_ID && secret == self.secret
    }

    /// Makes a token that lives so long.
    pub(crate) fn make(&mut self, seconds: u32, now_ms: i64) -> String {
        self.made += 1;
        let token = uuid(FIRST + self.made);
        self.ends_ms.insert(token.clone(), now_ms + i64::from(seconds) * 1000);
        token
    }

    /// Whether a token is good now.
    pub(crate) fn admits(&self, token: &str, now_ms: i64) -> bool {
        self.ends_ms.get(token).is_some_and(|ends_ms| now_ms < *ends_ms)
    }

    /// Ends all tokens.
    pub(crate) fn revoke(&mut self) {
        self.ends_ms.clear();
    }

    /// Gives the client another secret; its tokens live on.
    pub(crate) fn set_secret(&mut self, secret: &str) {
        secret.clone_into(&mut self.secret);
    }
}

/// The id and the secret in a header. Both were written as in a form first (RFC 6749 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let plain = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    scheme.eq_ignore_ascii_case("basic").then(|| (plain(id), plain(secret)))
}

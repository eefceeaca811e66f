//! What Haiilo refuses or fails to answer, what follows from it, and what an administrator can do about it.

use crate::haiilo::wire::ErrorBody;
use crate::http::{TransportError, TransportKind};
use crate::ports::{Failure, FailureKind};

/// A call to Haiilo that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum HaiiloError {
    /// A response that is no success.
    #[error("haiilo answered {status}{}; {}", said(.text), .remedy)]
    Status {
        /// The status.
        status: u16,
        /// What the body says, shortened.
        text: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A response that cannot be understood.
    #[error("haiilo's answer is not what SCIM describes; check haiilo.base_url, and whether a proxy stands between")]
    Unreadable(#[source] Option<serde_json::Error>),
    /// No token.
    #[error("haiilo gave no access token: it answered {status}{}; {}", said(.text), token_remedy(*.status))]
    NoToken {
        /// The status.
        status: u16,
        /// What the body says, shortened.
        text: String,
    },
    /// A response that holds no token.
    #[error("haiilo's answer holds no access token; check haiilo.auth.token_url, and whether a proxy stands between")]
    UnreadableToken(#[source] Option<serde_json::Error>),
    /// A response that shows another account than the one that was asked for.
    #[error("haiilo answered with another account than the one that was asked for; tell haiilo's support")]
    AnotherAccount,
    /// The same for a group.
    #[error("haiilo answered with another group than the one that was asked for; tell haiilo's support")]
    AnotherGroup,
    /// An account that must not be written to.
    #[error("the account is inactive, and a write to it may delete it; activate or delete it in haiilo by hand")]
    Inactive,
    /// No response.
    #[error("haiilo could not be reached; check the network, haiilo.base_url and [http]")]
    Transport(#[source] TransportError),
}

impl HaiiloError {
    /// The error behind a response with this status, which is no success.
    pub(super) fn status(call: &'static str, status: u16, text: String) -> Self {
        let remedy = remedy(call, status, &text);
        Self::Status { status, text, remedy }
    }

    /// The error with the call that it belongs to and what follows from it.
    pub(super) fn of(self, kind: FailureKind, call: &'static str) -> Failure {
        Failure { kind, call, error: Box::new(self) }
    }

    /// A call without a response.
    pub(super) fn lost(call: &'static str, error: TransportError) -> Failure {
        let kind = match error.kind {
            TransportKind::NotSent | TransportKind::Untrusted => FailureKind::NotSent,
            TransportKind::Lost => FailureKind::Unknown,
            TransportKind::TooLong => FailureKind::Unreadable,
        };
        Self::Transport(error).of(kind, call)
    }
}

/// What a refusal means to a cycle, by its status and what the body says.
pub(super) fn kind_of(status: u16, body: &ErrorBody) -> FailureKind {
    let text = body.text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match status {
        // The one error that Haiilo documents; the text decides where the number is missing.
        400 if says(&["400.76", "group does not exist"]) => FailureKind::NoSuchGroup,
        status if is_about_seats(status, &text) => FailureKind::NoSeats,
        401 | 403 => FailureKind::CredentialsRefused,
        404 => FailureKind::NotFound,
        409 => FailureKind::Conflict,
        400 if body.scim_type.as_deref() == Some("uniqueness") => FailureKind::Conflict,
        400 => FailureKind::BadRequest,
        412 => FailureKind::Changed,
        429 => FailureKind::NotSent,
        500..=599 if status != 501 => FailureKind::Unknown,
        // A success status that SCIM does not describe says nothing about what was done.
        200..=299 => FailureKind::Unknown,
        other => FailureKind::Refused(other),
    }
}

/// How a refusal because no seat is free is worded is not documented.
fn is_about_seats(status: u16, text: &str) -> bool {
    let text = text.to_lowercase();
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    let is_word = |word: &str| matches!(word, "seat" | "seats" | "licence" | "licences" | "license" | "licenses");
    matches!(status, 400 | 402 | 403 | 405..=499) && (words.any(is_word) || text.contains("user limit"))
}

fn token_remedy(status: u16) -> &'static str {
    match status {
        400 | 401 | 403 => {
            "check haiilo.auth.client_id and its secret (Administration > User directories > API clients), and try the other haiilo.auth.client_auth"
        }
        404 | 405 => "correct haiilo.auth.token_url",
        429 | 500..=599 => "try again later; if it lasts, tell haiilo's support",
        _ => "look at what it says, and at haiilo.auth.token_url",
    }
}

fn said(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

fn remedy(call: &str, status: u16, text: &str) -> &'static str {
    match status {
        status if is_about_seats(status, text) => "free seats in haiilo, or extend its licence",
        300..=399 => "it points to another address, which is not followed: correct haiilo.base_url",
        401 => {
            "the token is wrong, or its owner was deleted: make a new one in haiilo (profile > access tokens); in the intranet look at the API client"
        }
        403 => {
            "the token's owner lacks the right: make the token as a company admin; in the intranet look at the rights of the API client"
        }
        404 => "if it is not about one account, correct haiilo.base_url",
        409 => "somebody else has this address: look at it in haiilo",
        412 => "the account was changed at the same time: the next cycle tries again",
        429 => "it limits our rate: lower haiilo.concurrency",
        // A whole list of members would be another way, but not a safe one.
        405 | 501 if call.contains("/Groups") => {
            "it does not know this kind of request, and groups have no other: set groups.enabled = false, or tell haiilo's support"
        }
        405 | 501 => "it does not know this kind of request: set haiilo.update_method to the other value",
        500..=599 => "try again later; if it lasts, tell haiilo's support",
        _ => "look at what it says, and at the mapping",
    }
}

#[cfg(test)]
mod tests {
    use super::{HaiiloError, kind_of};
    use crate::haiilo::wire::ErrorBody;
    use crate::ports::FailureKind;

    #[test]
    fn what_a_refusal_means() {
        let check = |status, body: &str, kind| {
            assert_eq!(kind_of(status, &ErrorBody::read(body.as_bytes())), kind, "{status} {body}");
        };
        check(400, r#"{"detail": "400.76 Group does not exist"}"#, FailureKind::NoSuchGroup);
        check(400, r#"{"code": "400.76", "message": "x"}"#, FailureKind::NoSuchGroup);
        check(400, r#"{"message": "group DOES not exist"}"#, FailureKind::NoSuchGroup);
        check(400, r#"{"scimType": "uniqueness", "detail": "taken"}"#, FailureKind::Conflict);
        check(400, r#"{"scimType": "invalidValue"}"#, FailureKind::BadRequest);
        check(400, r#"{"detail": "No seats left"}"#, FailureKind::NoSeats);
        check(400, r#"{"detail": "the value Seating is not allowed"}"#, FailureKind::BadRequest);
        check(403, r#"{"detail": "license exceeded"}"#, FailureKind::NoSeats);
        check(403, "", FailureKind::CredentialsRefused);
        check(401, r#"{"detail": "no license"}"#, FailureKind::CredentialsRefused);
        check(404, "", FailureKind::NotFound);
        check(409, "", FailureKind::Conflict);
        check(412, "", FailureKind::Changed);
        check(429, "", FailureKind::NotSent);
        check(501, "", FailureKind::Refused(501));
        check(302, "", FailureKind::Refused(302));
        for status in [500, 502, 503, 504] {
            check(status, "<html>", FailureKind::Unknown);
        }
    }

    #[test]
    fn an_error_says_what_to_do() {
        let error = HaiiloError::status("GET /Users", 401, "Unauthorized".to_owned());
        let expected = "haiilo answered 401 (Unauthorized); the token is wrong, or its owner was deleted: make a new one in haiilo \
                        (profile > access tokens); in the intranet look at the API client";
        assert_eq!(error.to_string(), expected);
    }
}

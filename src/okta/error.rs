//! What Okta refuses or fails to answer, what follows from it, and what an administrator can do about it.
//!
//! Follows "Errors" of core Okta API: only `errorCode` decides; texts are for readers. The token endpoint has the errors of OAuth 2.0.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::http::{Response, TransportError, TransportKind};
use crate::ports::{Failure, FailureKind};

/// Settings that no request can be made with.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The private key cannot be used.
    #[error("the private key of okta {0}")]
    Key(&'static str),
    /// The API token cannot be sent.
    #[error("the API token of okta holds characters that no header may hold; copy it again")]
    Token,
}

/// A call to Okta that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum OktaError {
    /// Okta refused.
    #[error("okta answered {status}{}; {}", .said, .remedy)]
    Refused {
        /// The status.
        status: u16,
        /// What the body and the request id say.
        said: String,
        /// What to do.
        remedy: Cow<'static, str>,
    },
    /// The response does not come from Okta's API.
    #[error(
        "the answer ({status}, {content_type}) is not okta's; check okta.org_url, and whether a proxy stands between"
    )]
    NotOkta {
        /// The status.
        status: u16,
        /// What it claims to be.
        content_type: String,
    },
    /// The response is not what the API describes.
    #[error("okta's answer is not what its API describes; try again, and if it lasts, tell okta's support")]
    Unreadable(#[source] Option<serde_json::Error>),
    /// A next link that credentials must not follow.
    #[error(
        "okta's link to the next page goes to {host}, where our credentials must not go; if that is your custom domain, set okta.link_hosts = [{host:?}]"
    )]
    ForeignLink {
        /// The host.
        host: String,
    },
    /// A next link that is not an address.
    #[error("okta's link to the next page is no address; try again")]
    BrokenLink(#[source] url::ParseError),
    /// A Link header that cannot be read.
    #[error("okta's link header cannot be read, so that it is not certain whether there is another page; try again")]
    UnreadableLink,
    /// An assertion or a proof cannot be made.
    #[error("no assertion can be made with the private key of okta; check okta.auth")]
    Signing(#[source] jsonwebtoken::errors::Error),
    /// Okta keeps asking for another proof.
    #[error("okta keeps asking for another proof of our key; try again, and if it lasts, tell okta's support")]
    Handshake,
    /// No response.
    #[error("okta could not be reached; check the network, okta.org_url and [http]")]
    Transport(#[source] TransportError),
}

impl OktaError {
    /// The error with the call that it belongs to and what follows from it.
    pub(super) fn of(self, call: &'static str) -> Failure {
        let kind = match &self {
            Self::Refused { status: 401 | 403, .. } | Self::Signing(_) | Self::Handshake => {
                FailureKind::CredentialsRefused
            }
            Self::Refused { status: 404, .. } => FailureKind::NotFound,
            Self::Refused { status: 400, .. } => FailureKind::BadRequest,
            Self::Refused { status: 500..=599, .. } => FailureKind::Unknown,
            Self::Refused { status, .. } => FailureKind::Refused(*status),
            Self::NotOkta { .. }
            | Self::Unreadable(_)
            | Self::ForeignLink { .. }
            | Self::BrokenLink(_)
            | Self::UnreadableLink => FailureKind::Unreadable,
            Self::Transport(error) => match error.kind {
                TransportKind::NotSent | TransportKind::Untrusted => FailureKind::NotSent,
                TransportKind::Lost => FailureKind::Unknown,
                TransportKind::TooLong => FailureKind::Unreadable,
            },
        };
        Failure { kind, call, error: Box::new(self) }
    }

    /// The error behind a response of the API.
    pub(super) fn refused(response: &Response) -> Self {
        let status = response.status;
        if (300..400).contains(&status) {
            let remedy = "it points to another address, which is not followed: set okta.org_url to your organization's own address, without -admin";
            return Self::Refused { status, said: String::new(), remedy: remedy.into() };
        }
        let body = serde_json::from_slice::<Json>(&response.body).ok();
        let member = |name: &str| body.as_ref().and_then(|body| body.get(name)).and_then(Json::as_str);
        let code = member("errorCode");
        let header = response.header("www-authenticate").unwrap_or_default();
        // A 403 for a missing scope may come with a header only; each other response of the API has a body of its own.
        if body.is_none() && !matches!(status, 401 | 403) && !(response.body.is_empty() && status >= 500) {
            let content_type = response.header("content-type").unwrap_or("no content type").to_owned();
            return Self::NotOkta { status, content_type };
        }
        let texts = [code, member("errorSummary"), member("error"), member("error_description")];
        let mut said: Vec<String> = texts.into_iter().flatten().map(short).collect();
        said.extend(response.header("x-okta-request-id").map(|id| format!("request {}", short(id))));
        let said = if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) };
        let remedy = match missing_scope(status, header) {
            Some(scope) => format!("the token lacks the scope {scope}: {GRANT}").into(),
            None => remedy(status, code, header, member("error")).into(),
        };
        Self::Refused { status, said, remedy }
    }
}

/// Whether Okta itself says that something does not exist: JSON with E0000007. A proxy's 404 is not that.
pub(super) fn is_not_found(response: &Response) -> bool {
    response.status == 404 && member(response, "errorCode").is_some_and(|code| code == "E0000007")
}

/// A text in the body, such as the `error` of an OAuth response.
pub(super) fn member(response: &Response, name: &str) -> Option<String> {
    let body = serde_json::from_slice::<Json>(&response.body).ok()?;
    Some(body.get(name)?.as_str()?.to_owned())
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Which scope the access token lacks, where Okta says so: the challenge of RFC 6750 (section 3) names the one that the call needs.
fn missing_scope(status: u16, header: &str) -> Option<&str> {
    let is_name =
        |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_ ".contains(c));
    let about_scopes = status == 403 && header.contains("insufficient_scope");
    let (_, scope) = header.split_once(" scope=\"").filter(|_| about_scopes)?;
    scope.split('"').next().filter(is_name)
}

/// What a service app needs, which is granted in two places.
const GRANT: &str = "grant the service app the scopes okta.apps.read and okta.users.read (Okta API Scopes), and okta.logs.read if \
                     schedule.changes is set, and okta.groups.read if groups.enabled is; its admin role is another matter";

fn remedy(status: u16, code: Option<&str>, header: &str, oauth: Option<&str>) -> &'static str {
    match (status, code, oauth) {
        (_, _, Some("invalid_client")) => {
            "okta does not know this client or its key: check okta.auth.client_id and key_id, that the public key stands in the app, and \
             that the local clock is right"
        }
        (_, _, Some("invalid_scope")) => GRANT,
        (401, ..) => {
            "the token is wrong or expired, or the administrator who made it was deactivated: make a new one (Security > API > Tokens)"
        }
        (403, ..) if header.contains("insufficient_scope") => GRANT,
        (403, ..) => {
            "the credentials lack an admin role: give the service app, or the token's owner, one that reads users and this application, such as \
             Read-only Administrator; the scopes okta.apps.read and okta.users.read alone read nothing"
        }
        (404, ..) => "check okta.app_id: it is in the address of the application's page in okta (0oa…)",
        (429, ..) => "other programs use up okta's rate limit: lower okta.rate_limit_share or run less often",
        (503, Some("E0000010"), _) => "okta is read-only for maintenance: the next cycle tries again",
        (500..=599, ..) => "okta has trouble: the next cycle tries again",
        _ => "look at what okta says",
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{OktaError, is_not_found, member};
    use crate::http::{HeaderMap, HeaderName, HeaderValue, Response};
    use crate::ports::FailureKind;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value")))
            .collect();
        Response { status, headers, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    #[track_caller]
    fn check(answer: &Response, kind: FailureKind, words: &[&str]) {
        let failure = OktaError::refused(answer).of("GET /x");
        let text = failure.to_string();
        assert_eq!(failure.kind, kind, "{text}");
        for word in words {
            assert!(text.contains(word), "{word:?} is not in {text}");
        }
    }

    #[test]
    fn refusals_say_what_okta_says_and_what_to_do() {
        let id = ("x-okta-request-id", "req1");
        let body = r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided"}"#;
        check(
            &answer(401, &[id], body),
            FailureKind::CredentialsRefused,
            &["E0000011", "Invalid token", "request req1", "make a new one"],
        );
        let body = r#"{"errorCode":"E0000006","errorSummary":"no permission"}"#;
        check(&answer(403, &[], body), FailureKind::CredentialsRefused, &["E0000006", "admin role"]);
        let scope = ("www-authenticate", "Bearer error=\"insufficient_scope\"");
        check(&answer(403, &[scope], ""), FailureKind::CredentialsRefused, &["403; grant", "okta.apps.read"]);
        let scope = ("www-authenticate", "Bearer realm=\"x\", scope=\"okta.users.read\", error=\"insufficient_scope\"");
        check(&answer(403, &[scope], ""), FailureKind::CredentialsRefused, &["lacks the scope okta.users.read: grant"]);
        let odd = ("www-authenticate", "Bearer scope=\"<b>\", error=\"insufficient_scope\"");
        check(&answer(403, &[odd], ""), FailureKind::CredentialsRefused, &["403; grant"]);
        let body = r#"{"errorCode":"E0000007","errorSummary":"Not found"}"#;
        check(&answer(404, &[], body), FailureKind::NotFound, &["E0000007", "okta.app_id"]);
        let body = r#"{"errorCode":"E0000010","errorSummary":"read only"}"#;
        check(&answer(503, &[], body), FailureKind::Unknown, &["E0000010", "maintenance"]);
        check(&answer(500, &[], ""), FailureKind::Unknown, &["500", "next cycle"]);
        check(&answer(302, &[], ""), FailureKind::Refused(302), &["without -admin"]);
        let html = ("content-type", "text/html");
        check(&answer(404, &[html], "<html>"), FailureKind::Unreadable, &["404, text/html", "proxy"]);
        check(&answer(502, &[html], "<html>"), FailureKind::Unreadable, &["502, text/html", "proxy"]);
        let body = r#"{"error":"invalid_scope","error_description":"x"}"#;
        check(&answer(400, &[], body), FailureKind::BadRequest, &["invalid_scope", "okta.users.read"]);
    }

    #[test]
    fn only_oktas_own_404_is_evidence() {
        assert!(is_not_found(&answer(404, &[], r#"{"errorCode":"E0000007"}"#)));
        assert!(!is_not_found(&answer(404, &[], r#"{"errorCode":"E0000022"}"#)));
        assert!(!is_not_found(&answer(404, &[], "<html>404</html>")));
        assert!(!is_not_found(&answer(404, &[], "")));
        assert!(!is_not_found(&answer(500, &[], r#"{"errorCode":"E0000007"}"#)));
        assert_eq!(
            member(&answer(400, &[], r#"{"error":"use_dpop_nonce"}"#), "error").as_deref(),
            Some("use_dpop_nonce")
        );
    }
}

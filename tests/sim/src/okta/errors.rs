//! Answers that refuse: Okta's error object, the error object of its token endpoint, and bare challenges.
//!
//! Codes and summaries follow the table "Okta error codes" of Okta's reference. Only `errorCode` is meant for programs; texts may carry
//! what the client sent.

use serde_json::json;

use crate::face::Answer;

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    body: Body,
    headers: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    /// Okta's own error object.
    Okta {
        code: &'static str,
        summary: String,
        causes: Vec<String>,
    },
    /// The error object of OAuth 2.0.
    OAuth {
        error: &'static str,
        description: String,
    },
    Empty,
}

impl Refusal {
    fn okta(status: u16, code: &'static str, summary: impl Into<String>) -> Self {
        let body = Body::Okta { code, summary: summary.into(), causes: Vec::new() };
        Self { status, body, headers: Vec::new() }
    }

    /// An error of the token endpoint.
    pub(crate) fn oauth(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, body: Body::OAuth { error, description: description.into() }, headers: Vec::new() }
    }

    /// A status and headers alone.
    pub(crate) fn bare(status: u16) -> Self {
        Self { status, body: Body::Empty, headers: Vec::new() }
    }

    pub(crate) fn invalid(what: &str, why: impl Into<String>) -> Self {
        let summary = format!("Api validation failed: {what}");
        let body = Body::Okta { code: "E0000001", summary, causes: vec![format!("{what}: {}", why.into())] };
        Self { status: 400, body, headers: Vec::new() }
    }

    pub(crate) fn invalid_paging() -> Self {
        Self::okta(400, "E0000029", "Invalid paging request.")
    }

    pub(crate) fn invalid_search() -> Self {
        Self::okta(400, "E0000031", "Invalid search criteria.")
    }

    /// A filter that makes no sense, or a parameter of the System Log that reaches too far.
    pub(crate) fn bad_parameter(summary: impl Into<String>) -> Self {
        Self::okta(400, "E0000053", summary)
    }

    /// No credential at all, or one of another kind.
    pub(crate) fn not_authenticated() -> Self {
        Self::okta(401, "E0000004", "Authentication failed")
    }

    pub(crate) fn invalid_token() -> Self {
        Self::okta(401, "E0000011", "Invalid token provided")
    }

    pub(crate) fn not_allowed() -> Self {
        Self::okta(403, "E0000006", "You do not have permission to perform the requested action")
    }

    pub(crate) fn not_found(id: &str, kind: &str) -> Self {
        Self::okta(404, "E0000007", format!("Not found: Resource not found: {id} ({kind})"))
    }

    pub(crate) fn no_such_path() -> Self {
        Self::okta(404, "E0000008", "The requested path was not found")
    }

    pub(crate) fn wrong_method() -> Self {
        Self::okta(405, "E0000022", "The endpoint does not support the provided HTTP method")
    }

    pub(crate) fn too_many() -> Self {
        Self::okta(429, "E0000047", "API call exceeded rate limit due to too many requests.")
    }

    pub(crate) fn read_only() -> Self {
        Self::okta(503, "E0000010", "Service is in read only mode")
    }

    /// The error of the management API that goes with a status.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            400 => Self::invalid("request", "planted"),
            401 => Self::invalid_token(),
            403 => Self::not_allowed(),
            404 => Self::not_found("planted", "Planted"),
            405 => Self::wrong_method(),
            429 => Self::too_many(),
            503 => Self::read_only(),
            other => Self::okta(other, "E0000009", "Internal Server Error"),
        }
    }

    /// The error of the token endpoint that goes with a status; overload and failure look as everywhere.
    pub(crate) fn of_token_status(status: u16) -> Self {
        match status {
            400 => Self::oauth(400, "invalid_request", "The request is missing a required parameter."),
            401 => Self::oauth(401, "invalid_client", "The client_assertion is invalid."),
            403 => Self::oauth(403, "access_denied", "The client is not allowed to use this server."),
            other => Self::of_status(other),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer; `n` numbers the error.
    pub(crate) fn answer(self, n: u64) -> Answer {
        let body = match self.body {
            Body::Empty => None,
            Body::OAuth { error, description } => Some(json!({"error": error, "error_description": description})),
            Body::Okta { code, summary, causes } => Some(json!({
                "errorCode": code,
                "errorSummary": summary,
                "errorLink": code,
                "errorId": format!("oae{n:022}"),
                "errorCauses": causes.iter().map(|cause| json!({"errorSummary": cause})).collect::<Vec<_>>(),
            })),
        };
        let answer = match body {
            Some(body) => Answer::new(self.status, "application/json", body.to_string()),
            None => Answer::empty(self.status),
        };
        self.headers.into_iter().fold(answer, |answer, (name, value)| answer.with(name, value))
    }
}

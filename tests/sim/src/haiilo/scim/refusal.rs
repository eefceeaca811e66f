//! A refusal, and the forms in which servers write one (RFC 7644 3.12). It does not know what was asked.

use crate::face::Answer;
use crate::haiilo::manner::{ErrorForm, GroupError, Manner};
use crate::haiilo::scim::schema;
use serde_json::{Value, json};

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// SCIM's own word for it.
    pub(crate) kind: Option<&'static str>,
    /// The server's own number for it.
    pub(crate) code: Option<&'static str>,
    pub(crate) detail: String,
}

impl Refusal {
    /// A refusal with a text alone.
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, kind: None, code: None, detail: detail.into() }
    }

    /// A 400 with SCIM's own word for it.
    pub(crate) fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::new(400, detail) }
    }

    /// 404.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, format!("Resource {what} not found"))
    }

    /// The answer, in the form that this server writes.
    pub(crate) fn answer(&self, manner: &Manner) -> Answer {
        let Self { status, kind, code, detail } = self;
        let scim = |with_status: Option<Value>| {
            let detail = code.map_or_else(|| detail.clone(), |code| format!("{code} {detail}"));
            let mut body = json!({ "schemas": [schema::ERROR] });
            if let Some(status) = with_status {
                body["status"] = status;
            }
            if let Some(kind) = kind {
                body["scimType"] = Value::from(*kind);
            }
            body["detail"] = Value::from(detail);
            Answer::new(*status, &manner.content_type, body.to_string())
        };
        if let (Some(code), GroupError::PlainJson) = (code, manner.group_error) {
            let body = json!({ "code": code, "message": detail });
            return Answer::new(*status, "application/json", body.to_string());
        }
        match manner.errors {
            ErrorForm::Scim => scim(Some(Value::from(status.to_string()))),
            ErrorForm::ScimNumericStatus => scim(Some(Value::from(*status))),
            ErrorForm::ScimWithoutStatus => scim(None),
            ErrorForm::OtherJson => {
                let body = json!({ "error": { "code": status, "message": detail } });
                Answer::new(*status, "application/json", body.to_string())
            }
            ErrorForm::Html => {
                let body = format!("<html><body><h1>{status}</h1><p>{detail}</p></body></html>");
                Answer::new(*status, &manner.content_type, body)
            }
            ErrorForm::Empty => Answer::empty(*status),
        }
    }
}

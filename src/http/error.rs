//! What goes wrong before there is an answer.

use std::error::Error;

/// A client that cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The certificates cannot be read.
    #[error("http.ca_file holds no certificate in PEM form")]
    Certificates(#[source] reqwest::Error),
    /// The proxy cannot be used.
    #[error("http.proxy is no address of a proxy")]
    Proxy(#[source] reqwest::Error),
    /// The client cannot be made.
    #[error("no http client can be made with these settings")]
    Client(#[source] reqwest::Error),
}

/// A request without an answer. It names no address: look-ups carry those of people.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.kind.as_str())]
pub struct TransportError {
    /// What is known about what the server did.
    pub kind: TransportKind,
    /// Why, without a URL.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// What is known about a request without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// No connection was made: nothing was done.
    NotSent,
    /// The request may have been worked on.
    Lost,
    /// The answer is longer than we read.
    TooLong,
}

impl TransportKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "no connection could be made",
            Self::Lost => "the connection ended before the answer was complete",
            Self::TooLong => "the answer is longer than 64 MiB",
        }
    }
}

impl TransportError {
    /// Tells a failure of reqwest by what it means for the request.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let kind = if error.is_connect() || error.is_builder() { TransportKind::NotSent } else { TransportKind::Lost };
        Self { kind, cause: Some(Box::new(error.without_url())) }
    }
}

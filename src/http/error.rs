//! What goes wrong before there is an answer.

use std::error::Error;
use std::io;

/// A client that cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The certificates cannot be read.
    #[error("http.ca_file holds what is no certificate; write certificates in PEM there")]
    Certificates(#[source] reqwest::Error),
    /// The proxy cannot be used.
    #[error("http.proxy is no address of a proxy; write one such as http://proxy.example.com:3128")]
    Proxy(#[source] reqwest::Error),
    /// The client cannot be made.
    #[error("no http client can be made with these settings; check [http] of the configuration")]
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
    /// No connection was made, since nobody whom we trust vouches for the server's certificate: nothing was done, and trying again is of no use.
    Untrusted,
    /// The request may have been worked on.
    Lost,
    /// The answer is longer than we read.
    TooLong,
}

impl TransportKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "no connection could be made",
            Self::Untrusted => {
                "the server's certificate is not trusted; if it, or a proxy that looks into connections, has one of your company's own, name your company's root certificate in http.ca_file"
            }
            Self::Lost => "the connection ended before the answer was complete",
            Self::TooLong => "the answer is longer than 64 MiB",
        }
    }
}

impl TransportError {
    /// Tells a failure of reqwest by what it means for the request.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let kind = if !error.is_connect() && !error.is_builder() {
            TransportKind::Lost
        } else if is_about_trust(&error) {
            TransportKind::Untrusted
        } else {
            TransportKind::NotSent
        };
        Self { kind, cause: Some(Box::new(error.without_url())) }
    }
}

/// Whether a connection failed since the certificate of the server was refused.
fn is_about_trust(error: &(dyn Error + 'static)) -> bool {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return matches!(found, rustls::Error::InvalidCertificate(_));
    }
    // An error of a stream hides what it holds from `source`.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    held.is_some_and(|held| is_about_trust(held)) || error.source().is_some_and(is_about_trust)
}

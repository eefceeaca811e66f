//! One request, one response: no redirects, no retries inside the library, no proxy but the configured one, and a bound on each body.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Method, NoProxy, Proxy, Url};

/// The longest body that is read, in bytes after unpacking.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// How requests are sent.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The proxy for everything but loopback and `no_proxy`.
    pub proxy: Option<Url>,
    /// Hosts that are reached without the proxy.
    pub no_proxy: Vec<String>,
    /// Further root certificates, in PEM.
    pub root_certificates: Option<Vec<u8>>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// The longest silence of a server.
    pub read_timeout: Duration,
}

/// Sends requests; a clone shares the connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: reqwest::Client,
}

/// One request.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Method and route for logs and errors, such as `GET /Users/{id}`.
    pub route: &'static str,
    /// The headers; those with a secret come from [`secret_header`].
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
}

impl Request {
    /// A POST of a form that asks for JSON, as token endpoints expect it.
    pub fn form(route: &'static str, url: Url, body: String) -> Self {
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        ]);
        Self { method: Method::POST, url, route, headers, body: Some(Bytes::from(body)) }
    }
}

/// An address may hold a name, and headers may hold secrets: Debug shows the route only.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("route", &self.route).finish_non_exhaustive()
    }
}

/// One response, read whole.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Bytes,
}

impl Response {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A body holds people, and headers may hold tokens: Debug shows the status only.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// Makes a client.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes clients")]
    pub fn new(options: HttpOptions) -> Result<Self, HttpSetupError> {
        let HttpOptions { proxy, no_proxy, root_certificates, connect_timeout, read_timeout } = options;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("okta-haiilo-sync/", env!("CARGO_PKG_VERSION")))
            // Credentials go to their configured origin and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            // A request that is sent twice would use an assertion or a proof twice, or make an account twice.
            .retry(reqwest::retry::never())
            .connect_timeout(connect_timeout)
            .read_timeout(read_timeout)
            .no_proxy();
        if let Some(proxy) = proxy {
            let exceptions =
                [&["localhost", "127.0.0.0/8", "::1"].map(str::to_owned)[..], &no_proxy[..]].concat().join(",");
            let proxy = Proxy::all(proxy).map_err(HttpSetupError::Proxy)?;
            builder = builder.proxy(proxy.no_proxy(NoProxy::from_string(&exceptions)));
        }
        // The bundle is split here, but its certificates are parsed when the client is built.
        let unusable = if root_certificates.is_some() { HttpSetupError::Certificates } else { HttpSetupError::Client };
        if let Some(pem) = root_certificates {
            let certificates = Certificate::from_pem_bundle(&pem).map_err(HttpSetupError::Certificates)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self { client: builder.build().map_err(unusable)? })
    }

    /// Sends a request once and reads the response whole.
    #[expect(clippy::disallowed_methods, reason = "the one place that sends")]
    pub async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let Request { method, url, route: _, headers, body } = request;
        let mut builder = self.client.request(method, url).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let mut response = builder.send().await.map_err(TransportError::of)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = BytesMut::with_capacity(expected.min(LONGEST_BODY));
        while let Some(chunk) = response.chunk().await.map_err(TransportError::of)? {
            if body.len() + chunk.len() > LONGEST_BODY {
                return Err(TransportError { kind: TransportKind::TooLong, cause: None });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, headers, body: body.freeze() })
    }
}

/// A header that no log shows; `None` when the text holds characters that no header may hold.
pub fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

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

/// A request without a response. It names no address: look-ups carry those of people.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.kind.as_str())]
pub struct TransportError {
    /// What is known about what the server did.
    pub kind: TransportKind,
    /// Why, without a URL.
    #[source]
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// What is known about a request without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// No connection was made: nothing was done.
    NotSent,
    /// No connection was made because the server's certificate is not trusted: nothing was done, and a retry does not help.
    Untrusted,
    /// The server may have acted on the request.
    Lost,
    /// The body is longer than [`LONGEST_BODY`].
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
    /// What an error of reqwest means for the request.
    fn of(error: reqwest::Error) -> Self {
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

/// Whether a connection failed because the certificate of the server was rejected.
fn is_about_trust(error: &(dyn Error + 'static)) -> bool {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return matches!(found, rustls::Error::InvalidCertificate(_));
    }
    // An error of a stream hides what it holds from `source`.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    held.is_some_and(|held| is_about_trust(held)) || error.source().is_some_and(is_about_trust)
}

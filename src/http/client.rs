//! One request, one answer: no redirects, no retries of the library's own, no proxy but the configured one, and no answer without end.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Method, NoProxy, Proxy, Url};

use crate::http::error::{HttpSetupError, TransportError, TransportKind};

/// The longest answer that is read, unpacked.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

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
    /// The headers. Whoever puts a secret in marks it as sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
}

/// An address may hold a name, and headers may hold secrets: Debug shows the route alone.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("route", &self.route).finish_non_exhaustive()
    }
}

/// One answer, read whole.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked.
    pub body: Bytes,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A body holds people, and headers may hold tokens: Debug shows the status alone.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
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
        // The bundle is taken apart at once, and its certificates are looked at when the client is made.
        let unusable = if root_certificates.is_some() { HttpSetupError::Certificates } else { HttpSetupError::Client };
        if let Some(pem) = root_certificates {
            let certificates = Certificate::from_pem_bundle(&pem).map_err(HttpSetupError::Certificates)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self { client: builder.build().map_err(unusable)? })
    }

    /// Sends a request and reads the answer whole.
    #[expect(clippy::disallowed_methods, reason = "the one place that sends")]
    pub async fn exchange(&self, request: Request) -> Result<Answer, TransportError> {
        let Request { method, url, route: _, headers, body } = request;
        let mut builder = self.client.request(method, url).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let mut response = builder.send().await.map_err(TransportError::of)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let expected = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = BytesMut::with_capacity(expected.min(LONGEST_ANSWER));
        while let Some(chunk) = response.chunk().await.map_err(TransportError::of)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(TransportError { kind: TransportKind::TooLong, cause: None });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }
}

/// A header that no log shows; `None` when the text holds characters that no header may hold.
pub fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header of credentials.
pub const AUTHORIZATION: HeaderName = reqwest::header::AUTHORIZATION;

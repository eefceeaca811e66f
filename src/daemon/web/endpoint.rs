//! The HTTP endpoint: /healthz, /readyz, /metrics and the status page. Of this machine alone, and read-only.
//!
//! A page of another origin that a browser on this machine shows could ask here by a name of its own (DNS rebinding), so that only
//! requests are answered whose Host is this machine.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::daemon::job::Job;
use crate::daemon::metrics;
use crate::daemon::status::{DaemonStatus, Readiness};
use crate::daemon::web::page;

/// What the page may use: the style that is its own.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!("default-src 'none'; style-src '{}'; frame-ancestors 'none'", page::style_hash());
    HeaderValue::from_str(&policy).expect("plain characters")
});

/// What each answer needs.
struct EndpointState<J, C> {
    status: Arc<DaemonStatus<J>>,
    clock: C,
    metrics: Option<PrometheusHandle>,
}

impl<J, C: Clone> Clone for EndpointState<J, C> {
    fn clone(&self) -> Self {
        Self { status: Arc::clone(&self.status), clock: self.clock.clone(), metrics: self.metrics.clone() }
    }
}

/// Listens, until the task is aborted.
pub(in crate::daemon) async fn start<J: Job, C: Clock + Clone>(
    address: SocketAddr,
    (status, clock, metrics): (Arc<DaemonStatus<J>>, C, Option<PrometheusHandle>),
) -> std::io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready::<J, C>))
        .route("/metrics", get(metrics_text::<J, C>))
        .route("/", get(front::<J, C>))
        .layer(middleware::from_fn(guard))
        .with_state(EndpointState { status, clock, metrics });
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the endpoint ended");
        }
    });
    Ok((bound, task))
}

/// Refuses other hosts, and says of each answer what a browser may do with it.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if is_here(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this endpoint is for this machine\n").into_response()
    };
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")]
    {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response.headers_mut().insert(HeaderName::from_static("content-security-policy"), POLICY.clone());
    response
}

/// Whether the request names this machine as the host.
fn is_here(headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let url = url::Url::parse(&format!("http://{host}/"));
    url.is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

async fn ready<J: Job, C: Clock>(State(looks): State<EndpointState<J, C>>) -> Response {
    let now = looks.clock.now();
    let text = format!("{}\n", looks.status.health().status());
    match looks.status.readiness(now) {
        Readiness::Ready => (StatusCode::OK, text).into_response(),
        Readiness::Late => (StatusCode::SERVICE_UNAVAILABLE, text).into_response(),
    }
}

async fn metrics_text<J: Job, C: Clock>(State(looks): State<EndpointState<J, C>>) -> Response {
    let Some(metrics) = &looks.metrics else { return StatusCode::NOT_FOUND.into_response() };
    metrics::service(&looks.status, looks.clock.now());
    metrics.run_upkeep();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(HeaderName::from_static("content-type"), kind)], metrics.render()).into_response()
}

async fn front<J: Job, C: Clock>(State(looks): State<EndpointState<J, C>>) -> Html<String> {
    let now = looks.clock.now();
    let job = looks.status.job();
    let standing = job.standing(now, u32::try_from(page::SHOWN).expect("a small number")).await;
    if let Err(error) = &standing {
        tracing::warn!(%error, "the status page could not read the store");
    }
    let readiness = looks.status.readiness(now);
    Html(page::page(&looks.status.health(), standing.ok().as_ref(), readiness, now))
}

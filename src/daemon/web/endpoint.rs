//! The HTTP endpoint: `/healthz`, `/readyz`, `/metrics` and the status page. It is read-only and answers this machine only.
//!
//! A website that is open in a browser on this machine could reach the endpoint by a name of its own (DNS rebinding). So only requests whose
//! Host is this machine are answered.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::daemon::job::Job;
use crate::daemon::metrics;
use crate::daemon::status::{DaemonStatus, Readiness};
use crate::daemon::web::page;

/// Browsers apply the style of the page and load nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!("default-src 'none'; style-src '{}'; frame-ancestors 'none'", page::style_hash());
    HeaderValue::from_str(&policy).expect("plain characters")
});

/// What the answers are made of.
pub(in crate::daemon) struct EndpointState<J, C> {
    pub(in crate::daemon) status: Arc<Mutex<DaemonStatus<J>>>,
    pub(in crate::daemon) clock: C,
    pub(in crate::daemon) metrics: Option<PrometheusHandle>,
}

type SharedState<J, C> = State<Arc<EndpointState<J, C>>>;

/// Listens until the task is aborted.
pub(in crate::daemon) async fn start<J: Job, C: Clock>(
    address: SocketAddr,
    state: EndpointState<J, C>,
) -> std::io::Result<JoinHandle<()>> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready::<J, C>))
        .route("/metrics", get(metrics_text::<J, C>))
        .route("/", get(status_page::<J, C>))
        .layer(middleware::from_fn(restrict))
        .with_state(Arc::new(state));
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the endpoint ended");
        }
    }))
}

/// Refuses other hosts, and restricts what a browser may do with an answer.
async fn restrict(request: Request, next: Next) -> Response {
    let mut response = if is_local(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "this endpoint is for this machine\n").into_response()
    };
    for (name, value) in [
        ("x-content-type-options", HeaderValue::from_static("nosniff")),
        ("referrer-policy", HeaderValue::from_static("no-referrer")),
        ("cache-control", HeaderValue::from_static("no-store")),
        ("content-security-policy", POLICY.clone()),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}

/// Whether the Host of a request is this machine.
fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let url = url::Url::parse(&format!("http://{host}/"));
    url.is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

async fn ready<J: Job, C: Clock>(State(state): SharedState<J, C>) -> Response {
    let status = state.status.lock();
    let code = match status.readiness(state.clock.now()) {
        Readiness::Ready => StatusCode::OK,
        Readiness::Late => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, format!("{}\n", status.health.status_line())).into_response()
}

async fn metrics_text<J: Job, C: Clock>(State(state): SharedState<J, C>) -> Response {
    let Some(metrics) = &state.metrics else { return StatusCode::NOT_FOUND.into_response() };
    metrics::service(&state.status.lock(), state.clock.now());
    metrics.run_upkeep();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(HeaderName::from_static("content-type"), kind)], metrics.render()).into_response()
}

async fn status_page<J: Job, C: Clock>(State(state): SharedState<J, C>) -> Html<String> {
    let (now, job) = (state.clock.now(), Arc::clone(&state.status.lock().job));
    let history = job.run_history(now, u32::try_from(page::SHOWN).expect("a small number")).await;
    if let Err(error) = &history {
        tracing::warn!(%error, "the status page could not read the store");
    }
    let status = state.status.lock();
    Html(page::page(&status.health, history.ok().as_ref(), status.readiness(now), now))
}

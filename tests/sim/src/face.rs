//! The HTTP face that both simulators share: a server on a free loopback port, latency, faults, a log of calls, violations.
//!
//! It knows HTTP and nothing of either product: a [`Side`] says what a call means. hyper is used directly, because a lost answer must
//! end the connection without a byte.

use crate::clock::SimClock;
use crate::fault::{Fault, Rule, When};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request, read whole.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query without `?`, still encoded; empty when there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// The first value of a query parameter, decoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// A header as text; empty when it is absent or no text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, in order; a name may stand twice. A `date` replaces the one that the face writes, and an empty `date` leaves it out.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// An answer with a body of this content type.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A simulated product behind the face.
pub trait Side: Send + 'static {
    /// What only this product can do wrong.
    type Bend: Clone + Send + Sync + 'static;

    /// The route of a call, named as in the product's document, such as `GET /api/v1/apps/{id}`; `None` when there is no such route.
    fn route(&self, call: &Call) -> Option<&'static str>;

    /// Does what the call asks for. `violations` takes what no correct client would send.
    fn answer(&mut self, call: &Call, bend: Option<&Self::Bend>, violations: &mut Vec<String>) -> Answer;

    /// The product's own error answer with this status, for a planted fault.
    fn refusal(&mut self, call: &Call, status: u16) -> Answer;
}

/// One line of the log of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The number of the call, from 1.
    pub n: u64,
    /// Its place among the calls of all servers of this process.
    pub order: u64,
    /// The route, or `METHOD path` of an unknown one.
    pub route: String,
    /// The path and query as sent.
    pub target: String,
    /// The status answered; 0 when no answer was given.
    pub status: u16,
    /// Whether a planted fault met it.
    pub faulty: bool,
}

/// Calls of all servers of this process, so that it can be told what came before what.
static ORDER: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Record<B> {
    calls: Vec<Logged>,
    count: u64,
    keep_calls: usize,
    violations: Vec<String>,
    rules: Vec<Rule<B>>,
    latency: Duration,
    gzip: Packing,
    stalled: u64,
}

/// Whether answers are packed for clients that accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    Plain,
    /// With gzip, where the client accepts it.
    Gzip,
}

struct Shared<S: Side> {
    side: Mutex<S>,
    record: Mutex<Record<S::Bend>>,
    clock: SimClock,
}

/// A running simulator. It ends when it is dropped.
pub struct Server<S: Side> {
    shared: Arc<Shared<S>>,
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl<S: Side> std::fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A lock whose holder panicked still holds a usable world: the panic itself fails the test.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Side> Server<S> {
    /// Serves `side` on a free port of 127.0.0.1, in the runtime of the caller.
    pub async fn start(side: S, clock: SimClock) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let record = Record {
            calls: Vec::new(),
            count: 0,
            keep_calls: 100_000,
            violations: Vec::new(),
            rules: Vec::new(),
            latency: Duration::ZERO,
            gzip: Packing::Plain,
            stalled: 0,
        };
        let shared = Arc::new(Shared { side: Mutex::new(side), record: Mutex::new(record), clock });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, task })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The product's state, to look at or to change; do not hold it while a call is under way.
    pub fn state(&self) -> MutexGuard<'_, S> {
        locked(&self.shared.side)
    }

    /// Plants a fault.
    pub fn plant(&self, when: When, fault: Fault<S::Bend>) {
        locked(&self.shared.record).rules.push(Rule::new(when, fault));
    }

    /// How many calls are or were left without an answer by [`Fault::Stall`] and [`Fault::StallAfter`], whose work is done by then.
    #[must_use]
    pub fn stalled(&self) -> u64 {
        locked(&self.shared.record).stalled
    }

    /// Takes all planted faults away; true if each of them had met a call.
    pub fn heal(&self) -> bool {
        locked(&self.shared.record).rules.drain(..).all(|rule| rule.fired > 0)
    }

    /// Each answer waits this long.
    pub fn set_latency(&self, latency: Duration) {
        locked(&self.shared.record).latency = latency;
    }

    /// Whether answers are packed.
    pub fn set_packing(&self, packing: Packing) {
        locked(&self.shared.record).gzip = packing;
    }

    /// The calls since the last [`Self::forget_calls`], at most 100,000 of them.
    #[must_use]
    pub fn calls(&self) -> Vec<Logged> {
        locked(&self.shared.record).calls.clone()
    }

    /// How many calls there were since the last [`Self::forget_calls`].
    #[must_use]
    pub fn count(&self) -> u64 {
        locked(&self.shared.record).count
    }

    /// Empties the log and counts from 1 again.
    pub fn forget_calls(&self) {
        let mut record = locked(&self.shared.record);
        record.calls.clear();
        record.count = 0;
    }

    /// What no correct client would have sent.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        locked(&self.shared.record).violations.clone()
    }

    /// Asserts that the client did nothing wrong and that every planted fault met a call.
    ///
    /// # Panics
    /// When there was a violation, or a fault is left that never fired.
    pub fn finish(&self) {
        let record = locked(&self.shared.record);
        assert!(record.violations.is_empty(), "violations: {:#?}", record.violations);
        let idle: Vec<&When> = record.rules.iter().filter(|rule| rule.fired == 0).map(|rule| &rule.when).collect();
        assert!(idle.is_empty(), "planted faults that met no call: {idle:?}");
    }
}

impl<S: Side> Drop for Server<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<S: Side>(listener: TcpListener, shared: Arc<Shared<S>>) {
    // Connections live in a set that ends with this task, so that a dropped server leaves nothing behind.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Without this, a small answer may wait 40 ms for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| serve(Arc::clone(&shared), request));
            let mut http = hyper::server::conn::http1::Builder::new();
            // The date comes from the simulators' clock, or is left out on purpose.
            http.auto_date_header(false);
            // A connection that a fault ended is no error of the server.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve<S: Side>(
    shared: Arc<Shared<S>>,
    request: Request<Incoming>,
) -> Result<Response<BoxBody<Bytes, io::Error>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let call = Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or("").to_owned(),
        headers: parts.headers,
        body,
    };
    let (fault, latency, packing, entry) = meet(&shared, &call);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let outcome = act(&shared, &call, fault.as_ref()).await;
    let status = outcome.as_ref().map_or(0, |(answer, _)| answer.status);
    if let Some(index) = entry {
        // The log may have been emptied meanwhile.
        if let Some(logged) = locked(&shared.record).calls.get_mut(index) {
            logged.status = status;
        }
    }
    let (answer, cut) = outcome?;
    Ok(respond(answer, cut, packing, &call, &shared.clock))
}

/// What the record says about a call when it arrives.
type Meeting<B> = (Option<Fault<B>>, Duration, Packing, Option<usize>);

/// Counts and logs the call, and finds the first rule that meets it.
fn meet<S: Side>(shared: &Shared<S>, call: &Call) -> Meeting<S::Bend> {
    let route = locked(&shared.side).route(call);
    let mut record = locked(&shared.record);
    record.count += 1;
    let n = record.count;
    let name = route.map_or_else(|| format!("{} {}", call.method, call.path), str::to_owned);
    if route.is_none() {
        record.violations.push(format!("unknown route: {name}"));
    }
    let mut fault = None;
    for rule in &mut record.rules {
        if rule.meets(n, &name) && fault.is_none() {
            fault = Some(rule.fault.clone());
        }
    }
    let target = if call.query.is_empty() { call.path.clone() } else { format!("{}?{}", call.path, call.query) };
    let entry = (record.calls.len() < record.keep_calls).then(|| {
        let order = ORDER.fetch_add(1, Ordering::Relaxed);
        record.calls.push(Logged { n, order, route: name, target, status: 0, faulty: fault.is_some() });
        record.calls.len() - 1
    });
    (fault, record.latency, record.gzip, entry)
}

/// Where a body ends early.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    Whole,
    Half,
}

/// Does the work, or what the fault makes of it.
async fn act<S: Side>(
    shared: &Shared<S>,
    call: &Call,
    fault: Option<&Fault<S::Bend>>,
) -> Result<(Answer, Cut), io::Error> {
    let lost = || io::Error::new(io::ErrorKind::ConnectionAborted, "planted: the connection ends here");
    let work = |bend: Option<&S::Bend>| {
        let mut violations = Vec::new();
        let answer = locked(&shared.side).answer(call, bend, &mut violations);
        locked(&shared.record).violations.append(&mut violations);
        answer
    };
    let refuse = |status: u16| locked(&shared.side).refusal(call, status);
    let stall = || {
        locked(&shared.record).stalled += 1;
        std::future::pending::<Answer>()
    };
    let answer = match fault {
        None => work(None),
        Some(Fault::Bend(bend)) => work(Some(bend)),
        Some(Fault::DropBefore) => return Err(lost()),
        Some(Fault::DropAfter) => {
            work(None);
            return Err(lost());
        }
        Some(Fault::CutBody) => return Ok((work(None), Cut::Half)),
        Some(Fault::Garbled) => {
            let mut answer = work(None);
            answer.body = answer.body.slice(..answer.body.len() / 2);
            answer
        }
        Some(Fault::EmptyBody) => {
            let mut answer = work(None);
            answer.body = Bytes::new();
            answer
        }
        Some(Fault::Refuse(status)) => refuse(*status),
        Some(Fault::RefuseAfter(status)) => {
            work(None);
            refuse(*status)
        }
        Some(Fault::Html(status)) => {
            Answer::new(*status, "text/html", "<html><body><h1>Proxy error</h1></body></html>")
        }
        Some(Fault::TooMany(wait)) => {
            let answer = refuse(429);
            match wait {
                Some(seconds) => answer.with("retry-after", seconds.to_string()),
                None => answer,
            }
        }
        Some(Fault::Redirect(to)) => Answer::empty(302).with("location", to.clone()),
        Some(Fault::Stall) => stall().await,
        Some(Fault::StallAfter) => {
            work(None);
            stall().await
        }
    };
    Ok((answer, Cut::Whole))
}

fn respond(
    answer: Answer,
    cut: Cut,
    packing: Packing,
    call: &Call,
    clock: &SimClock,
) -> Response<BoxBody<Bytes, io::Error>> {
    let Answer { status, headers, mut body } = answer;
    let mut response =
        Response::builder().status(StatusCode::from_u16(status).expect("simulators answer with real statuses"));
    let target = response.headers_mut().expect("a builder with a valid status has headers");
    if !headers.iter().any(|(name, _)| *name == "date") {
        target.insert("date", HeaderValue::from_str(&clock.http_date()).expect("a date is a valid header"));
    }
    for (name, value) in headers.into_iter().filter(|(name, value)| *name != "date" || !value.is_empty()) {
        target.append(
            HeaderName::from_static(name),
            HeaderValue::from_str(&value).expect("simulators write valid headers"),
        );
    }
    if packing == Packing::Gzip && !body.is_empty() && call.header("accept-encoding").contains("gzip") {
        target.insert("content-encoding", HeaderValue::from_static("gzip"));
        body = gzip(&body);
    }
    let body = match cut {
        Cut::Whole => http_body_util::Full::new(body).map_err(|never: Infallible| match never {}).boxed(),
        Cut::Half => {
            let half = body.slice(..body.len() / 2);
            target.insert("content-length", HeaderValue::from(body.len()));
            HalfBody(Some(half)).boxed()
        }
    };
    response.body(body).expect("status and headers were checked above")
}

fn gzip(body: &Bytes) -> Bytes {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body).expect("a vector takes every byte");
    packer.finish().expect("a vector takes every byte").into()
}

/// A body that gives one piece and then ends the connection.
struct HalfBody(Option<Bytes>);

impl Body for HalfBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(piece) => Ok(Frame::data(piece)),
            None => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "planted: the body ends here")),
        }))
    }
}

//! The one loop that sends: make a request, send it, and decide by the result whether and when it is sent again.
//!
//! An adapter describes each call to its API as an [`ApiCall`]: it waits for its rate limit, authorizes each attempt, and reads from each
//! result what it says about limits and credentials. The loop adds the time, the log event and the pauses of `retry`.

use std::future::Future;
use std::time::Duration;

use crate::clock::Clock;
use crate::http::client::{HttpClient, Request, Response, TransportError};
use crate::http::rate::RateBudget;
use crate::http::retry::{self, Repeatable, RetryDecision};

/// Sends the requests to one API.
#[derive(Debug)]
pub struct ApiClient<C> {
    name: &'static str,
    http: HttpClient,
    clock: C,
}

/// One call to an API: what makes its requests, and what it learns from each attempt.
pub trait ApiCall: Send {
    /// What an attempt holds until it ends, such as a permit and the token that it uses.
    type Attempt: Send;
    /// Why there is no request to send.
    type Error;

    /// What may be sent again.
    fn repeatable(&self) -> Repeatable {
        Repeatable::Always
    }

    /// The request of this attempt, counted from 1, as soon as it may be sent.
    fn request(&mut self, attempt: u32) -> impl Future<Output = Result<(Request, Self::Attempt), Self::Error>> + Send;

    /// Ends an attempt. `decision` is what follows from the result; a call that renews its credentials decides otherwise.
    fn ended(
        &mut self,
        attempt: Self::Attempt,
        exchange: &Exchange,
        decision: RetryDecision,
    ) -> Result<RetryDecision, Self::Error>;
}

/// A request that was sent, with what came back.
#[derive(Debug)]
pub struct Exchange {
    /// The response, or why there is no response.
    pub result: Result<Response, TransportError>,
    /// When the request was sent, in the time of the monotonic clock.
    pub sent_at: Duration,
    /// How long the response took.
    pub rtt: Duration,
}

impl<C: Clock> ApiClient<C> {
    /// A client of the API with this name in logs and metrics.
    pub fn new(name: &'static str, http: HttpClient, clock: C) -> Self {
        Self { name, http, clock }
    }

    /// The clock of all calls.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// Sends the requests of a call until one of its results is accepted.
    pub async fn send<K: ApiCall>(&self, mut call: K) -> Result<Exchange, K::Error> {
        let mut attempt = 1;
        loop {
            let (request, held) = call.request(attempt).await?;
            let exchange = self.exchange(request, attempt).await;
            let (result, repeatable) = (exchange.result.as_ref(), call.repeatable());
            let decision = retry::decide(attempt, result, repeatable, repeatable.policy(), retry::jitter());
            match call.ended(held, &exchange, decision)? {
                RetryDecision::Accept => return Ok(exchange),
                RetryDecision::Immediately => {}
                RetryDecision::Wait(pause) => {
                    self.clock.sleep(pause).await;
                    attempt += 1;
                }
            }
        }
    }

    /// Sends one request once.
    pub async fn exchange(&self, request: Request, attempt: u32) -> Exchange {
        let (call, sent_at) = (request.route, self.clock.monotonic());
        let result = self.http.exchange(request).await;
        let exchange = Exchange { result, sent_at, rtt: self.clock.monotonic().saturating_sub(sent_at) };
        let (status, duration_ms) = (exchange.status(), exchange.rtt.as_millis());
        tracing::debug!(call, status, attempt, duration_ms, "{}", self.name);
        exchange
    }

    /// Adds an exchange to the metrics; status 0 is no response.
    pub fn count(&self, route: &'static str, exchange: &Exchange) {
        let (side, status) = (self.name, exchange.status().to_string());
        let labels = [("side", side.to_owned()), ("call", route.to_owned()), ("status", status)];
        metrics::counter!("okta_haiilo_sync_requests_total", &labels).increment(1);
        let seconds = exchange.rtt.as_secs_f64();
        metrics::histogram!("okta_haiilo_sync_request_duration_seconds", "side" => side).record(seconds);
        if let Some(budget) = exchange.rate_budget() {
            budget.gauge(side, route);
        }
    }
}

impl Exchange {
    /// The status; 0 where there is no response.
    pub fn status(&self) -> u16 {
        self.result.as_ref().map_or(0, |response| response.status)
    }

    /// The rate limit that the response shows.
    pub fn rate_budget(&self) -> Option<RateBudget> {
        RateBudget::read(&self.result.as_ref().ok()?.headers)
    }
}

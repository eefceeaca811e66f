//! Paces the requests to Okta, which limits them by route: those of one route go one after the other as their window allows, and are counted.
//!
//! `http::RequestWindow` decides when the next request may go. The limiter keeps one window for each route, and the queue before it.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::domain::model::usage::OktaCalls;
use crate::http::{RateBudget, RequestWindow, Wait};

/// The limiters of all routes.
#[derive(Debug)]
pub(super) struct RateLimiter {
    /// How much of each limit we may use.
    pub(super) share: f64,
    routes: Mutex<BTreeMap<&'static str, Arc<RouteLimiter>>>,
}

/// The limiter of one route.
#[derive(Debug)]
struct RouteLimiter {
    state: Mutex<RouteState>,
    /// Held by the request that goes next, so the others follow in order.
    queue: tokio::sync::Mutex<()>,
    /// Wakes the request that goes next when a response may have shown something new.
    changed: Notify,
}

#[derive(Debug)]
struct RouteState {
    window: RequestWindow,
    requests: u64,
    throttled: u64,
    waited: Duration,
}

impl RateLimiter {
    /// A limiter that uses no more than this share of each limit.
    pub(super) fn new(share: f64) -> Self {
        Self { share, routes: Mutex::default() }
    }

    /// Waits until a request may go.
    pub(super) async fn acquire(&self, clock: &impl Clock, route: &'static str) -> RatePermit {
        let limiter = self.route(route);
        let turn = limiter.queue.lock().await;
        loop {
            // What changes from here on is noticed.
            let mut changed = pin!(limiter.changed.notified());
            changed.as_mut().enable();
            let began = clock.monotonic();
            let started = limiter.state.lock().window.begin(began);
            let pause = match started {
                Ok(()) => break,
                Err(Wait::Response) => {
                    changed.await;
                    continue;
                }
                Err(Wait::UsedUp(pause)) => {
                    tracing::info!(call = route, seconds = pause.as_secs(), "waiting for okta's rate limit window");
                    pause
                }
                Err(Wait::Spacing(pause)) => {
                    tracing::debug!(call = route, ms = pause.as_millis(), "spreading requests over okta's window");
                    pause
                }
            };
            tokio::select! {
                () = clock.sleep(pause) => {}
                () = changed => {}
            }
            limiter.state.lock().waited += clock.monotonic().saturating_sub(began);
        }
        limiter.state.lock().requests += 1;
        drop(turn);
        RatePermit { limiter, seen: None }
    }

    /// What was sent since this was last taken, by route.
    pub(super) fn take_calls(&self) -> Vec<OktaCalls> {
        let routes = self.routes.lock();
        let calls = routes.iter().map(|(route, limiter)| limiter.state.lock().take_calls(route));
        calls.filter(|calls| calls.requests > 0).collect()
    }

    /// A request got 429, and waits before it is sent again.
    pub(super) fn throttled(&self, route: &'static str, pause: Duration) {
        let limiter = self.route(route);
        let mut state = limiter.state.lock();
        state.throttled += 1;
        state.waited += pause;
    }

    fn route(&self, route: &'static str) -> Arc<RouteLimiter> {
        let limiter = || {
            let window = RequestWindow::new(self.share);
            let state = Mutex::new(RouteState { window, requests: 0, throttled: 0, waited: Duration::ZERO });
            Arc::new(RouteLimiter { state, queue: tokio::sync::Mutex::default(), changed: Notify::new() })
        };
        Arc::clone(self.routes.lock().entry(route).or_insert_with(limiter))
    }
}

impl RouteState {
    fn take_calls(&mut self, call: &'static str) -> OktaCalls {
        let (limit, ours) = self.window.limit().unzip();
        OktaCalls {
            call,
            requests: std::mem::take(&mut self.requests),
            limit,
            ours,
            throttled: std::mem::take(&mut self.throttled),
            waited: std::mem::take(&mut self.waited).as_secs(),
        }
    }
}

/// The permission for one request, which is in flight until this is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct RatePermit {
    limiter: Arc<RouteLimiter>,
    /// What a response showed of the window, and when.
    seen: Option<(Option<RateBudget>, Duration)>,
}

impl RatePermit {
    /// The request was answered, and the response showed this of the window.
    pub(super) fn answered(mut self, shown: Option<RateBudget>, now: Duration) {
        self.seen = Some((shown, now));
    }
}

impl Drop for RatePermit {
    fn drop(&mut self) {
        let mut state = self.limiter.state.lock();
        state.window.ended();
        if let Some((shown, now)) = self.seen {
            state.window.saw(shown, now);
        }
        drop(state);
        self.limiter.changed.notify_waiters();
    }
}

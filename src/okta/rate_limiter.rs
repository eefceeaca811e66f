//! Lanes: the requests of a route go one after the other at the pace of its window, and are counted.
//!
//! Okta counts by routes. When the next request may go, `http::RequestWindow` decides; here is who waits, and the memory between requests.

use crate::clock::Clock;
use crate::domain::model::usage::OktaCalls;
use crate::http::{RateBudget, RequestWindow, Wait};
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The limiters of all routes.
#[derive(Debug)]
pub(super) struct RateLimiter {
    share: f64,
    routes: Mutex<BTreeMap<&'static str, Arc<RouteLimiter>>>,
}

/// The limiter of one route.
#[derive(Debug)]
struct RouteLimiter {
    state: Mutex<RouteState>,
    /// Held by whoever goes next, so that others who wait are handed their slots after that one, in order.
    next: tokio::sync::Mutex<()>,
    /// Tells whoever goes next that an answer showed something new.
    news: Notify,
}

#[derive(Debug)]
struct RouteState {
    window: RequestWindow,
    requests: u64,
    throttled: u64,
    waited: Duration,
}

impl RateLimiter {
    /// Lanes that use no more than this share of each limit.
    pub(super) fn new(share: f64) -> Self {
        Self { share, routes: Mutex::default() }
    }

    /// The share.
    pub(super) fn share(&self) -> f64 {
        self.share
    }

    /// Waits until a request may go.
    pub(super) async fn enter(&self, clock: &impl Clock, route: &'static str) -> RatePermit {
        let route_limiter = self.route_limiter(route);
        let next = route_limiter.next.lock().await;
        loop {
            // Whatever is told from here on is heard.
            let mut news = pin!(route_limiter.news.notified());
            news.as_mut().enable();
            let began = clock.monotonic();
            let wait = match route_limiter.state().begin(began) {
                Ok(()) => break,
                Err(wait) => wait,
            };
            let pause = match wait {
                Wait::Answer => {
                    news.await;
                    continue;
                }
                Wait::UsedUp(pause) => {
                    tracing::info!(call = route, seconds = pause.as_secs(), "waiting for okta's rate limit window");
                    pause
                }
                Wait::RequestWindow(pause) => {
                    tracing::debug!(call = route, ms = pause.as_millis(), "spreading requests over okta's window");
                    pause
                }
            };
            tokio::select! {
                () = clock.sleep(pause) => {}
                () = news => {}
            }
            route_limiter.state().waited += clock.monotonic().saturating_sub(began);
        }
        drop(next);
        RatePermit { route_limiter: Some(route_limiter) }
    }

    /// What went since this was last asked, by route.
    pub(super) fn take_calls(&self) -> Vec<OktaCalls> {
        let routes = self.routes.lock();
        let calls = routes.iter().map(|(route, route_limiter)| route_limiter.state().take_calls(route));
        calls.filter(|calls| calls.requests > 0).collect()
    }

    /// A request was answered by 429, and waits before it is sent again.
    pub(super) fn throttled(&self, route: &'static str, waits: Duration) {
        let route_limiter = self.route_limiter(route);
        let mut state = route_limiter.state();
        state.throttled += 1;
        state.waited += waits;
    }

    fn route_limiter(&self, route: &'static str) -> Arc<RouteLimiter> {
        let route_limiter = || {
            let window = RequestWindow::new(self.share);
            let state = RouteState { window, requests: 0, throttled: 0, waited: Duration::ZERO };
            Arc::new(RouteLimiter {
                state: Mutex::new(state),
                next: tokio::sync::Mutex::default(),
                news: Notify::new(),
            })
        };
        Arc::clone(self.routes.lock().entry(route).or_insert_with(route_limiter))
    }
}

impl RouteLimiter {
    fn state(&self) -> MutexGuard<'_, RouteState> {
        self.state.lock()
    }

    /// A request is over.
    fn end(&self, look: impl FnOnce(&mut RequestWindow)) {
        let mut state = self.state();
        state.window.ended();
        look(&mut state.window);
        drop(state);
        self.news.notify_waiters();
    }
}

impl RouteState {
    fn begin(&mut self, now: Duration) -> Result<(), Wait> {
        self.window.begin(now)?;
        self.requests += 1;
        Ok(())
    }

    fn take_calls(&mut self, call: &'static str) -> OktaCalls {
        let limit = self.window.limit();
        OktaCalls {
            call,
            requests: std::mem::take(&mut self.requests),
            limit: limit.map(|(limit, _)| limit),
            ours: limit.map(|(_, ours)| ours),
            throttled: std::mem::take(&mut self.throttled),
            waited: std::mem::take(&mut self.waited).as_secs(),
        }
    }
}

/// A request that may go. It is under way until this is dropped.
#[derive(Debug)]
#[must_use]
pub(super) struct RatePermit {
    route_limiter: Option<Arc<RouteLimiter>>,
}

impl RatePermit {
    /// The request was answered, and the answer showed this of the window.
    pub(super) fn answered(mut self, shown: Option<RateBudget>, now: Duration) {
        if let Some(route_limiter) = self.route_limiter.take() {
            route_limiter.end(|window| window.saw(shown, now));
        }
    }
}

impl Drop for RatePermit {
    fn drop(&mut self) {
        if let Some(route_limiter) = self.route_limiter.take() {
            route_limiter.end(|_| {});
        }
    }
}

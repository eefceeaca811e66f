//! The gate to a server: a request passes when there is room in its width, and whoever waits or passes and is dropped gives the room back.
//!
//! It counts what passes, for reports. How wide it is, `controller` decides.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::http::controller::{InFlight, LimitController, RequestOutcome};

/// A gate to one server.
#[derive(Debug)]
pub struct ConcurrencyLimiter {
    /// The label of its metrics.
    side: &'static str,
    state: Mutex<LimiterState>,
    /// Tells whoever waits that there may be room.
    room: Notify,
}

#[derive(Debug)]
struct LimiterState {
    controller: LimitController,
    requests: u64,
    throttled: u64,
    waited: Duration,
}

/// What passed since this was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterUsage {
    /// Requests.
    pub requests: u64,
    /// Answers 429 and 503.
    pub throttled: u64,
    /// How long requests waited after such an answer before they were sent again, added up.
    pub waited: Duration,
    /// The most requests that may be under way at once.
    pub most: usize,
    /// How many may be by now.
    pub now: usize,
    /// The fewest that might be.
    pub lowest: usize,
}

impl ConcurrencyLimiter {
    /// A gate through which so many requests may pass at once.
    pub fn new(side: &'static str, most: usize) -> Self {
        let state =
            LimiterState { controller: LimitController::new(most), requests: 0, throttled: 0, waited: Duration::ZERO };
        gauge(side, state.controller.now());
        Self { side, state: Mutex::new(state), room: Notify::new() }
    }

    /// Waits for room.
    pub async fn enter(&self, route: &'static str) -> Permit<'_> {
        loop {
            if let Some(permit) = self.try_enter(route) {
                return permit;
            }
            self.room.notified().await;
        }
    }

    fn try_enter(&self, route: &'static str) -> Option<Permit<'_>> {
        let mut state = self.state.lock();
        let begun = state.controller.begin(route)?;
        state.requests += 1;
        let has_room = state.controller.has_room();
        drop(state);
        if has_room {
            // One answer may have made room for more than one of those who wait.
            self.room.notify_one();
        }
        Some(Permit { limiter: self, begun: Some(begun) })
    }

    /// A request was answered by 429 or 503, and waits before it is sent again.
    pub fn throttled(&self, waits: Duration) {
        let mut state = self.state.lock();
        state.throttled += 1;
        state.waited += waits;
    }

    /// What passed since this was last asked.
    pub fn take_passage(&self) -> LimiterUsage {
        let mut state = self.state.lock();
        LimiterUsage {
            requests: std::mem::take(&mut state.requests),
            throttled: std::mem::take(&mut state.throttled),
            waited: std::mem::take(&mut state.waited),
            most: state.controller.most(),
            now: state.controller.now(),
            lowest: state.controller.take_lowest(),
        }
    }

    fn end(&self, begun: InFlight, came: RequestOutcome) {
        let mut state = self.state.lock();
        let before = state.controller.now();
        state.controller.ended(begun, came);
        let (now, has_room) = (state.controller.now(), state.controller.has_room());
        drop(state);
        if now != before {
            gauge(self.side, now);
        }
        if has_room {
            self.room.notify_one();
        }
    }
}

/// The room of one request.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    limiter: &'a ConcurrencyLimiter,
    begun: Option<InFlight>,
}

impl Permit<'_> {
    /// The request is over, and this came of it.
    pub fn ended(mut self, came: RequestOutcome) {
        if let Some(begun) = self.begun.take() {
            self.limiter.end(begun, came);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.limiter.end(begun, RequestOutcome::Nothing);
        }
    }
}

/// Shows the width to whoever collects metrics.
#[expect(clippy::cast_precision_loss, reason = "a width is small")]
fn gauge(side: &'static str, controller: usize) {
    metrics::gauge!("okta_haiilo_sync_requests_at_once", "side" => side).set(controller as f64);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use futures_util::future::join_all;
    use futures_util::{FutureExt as _, StreamExt as _, stream};

    use super::{ConcurrencyLimiter, LimiterUsage};
    use crate::http::controller::RequestOutcome;

    const ROUTE: &str = "GET /Users";
    const WELL: RequestOutcome = RequestOutcome::Answered(Duration::from_millis(1));

    /// Sends requests, as many at once as the gate lets pass; the most that were under way.
    async fn send(limiter: &ConcurrencyLimiter, requests: usize, came: impl Fn(usize) -> RequestOutcome) -> usize {
        let (under_way, most) = (Cell::new(0), Cell::new(0));
        let one = async |n: usize| {
            let permit = limiter.enter(ROUTE).await;
            under_way.set(under_way.get() + 1);
            most.set(most.get().max(under_way.get()));
            tokio::task::yield_now().await;
            under_way.set(under_way.get() - 1);
            permit.ended(came(n));
        };
        join_all((0..requests).map(one)).await;
        most.get()
    }

    #[tokio::test]
    async fn no_more_than_its_width_is_under_way_and_everybody_passes() {
        for most in [1, 2, 8] {
            let limiter = ConcurrencyLimiter::new("test", most);
            assert_eq!(send(&limiter, 50, |_| WELL).await, most);
            // One of fifty is refused, and the others are let through one by one until it goes better.
            assert_eq!(send(&limiter, 50, |n| if n == 0 { RequestOutcome::Overloaded } else { WELL }).await, most);
            let LimiterUsage { requests, throttled, waited, most: told, now, lowest } = limiter.take_passage();
            assert_eq!((requests, throttled, waited), (100, 0, Duration::ZERO));
            assert_eq!((told, now, lowest), (most, most, (most / 2).max(1)));
            assert_eq!(limiter.take_passage().lowest, most);
        }
    }

    #[tokio::test]
    async fn bad_news_alone_leaves_one_at_a_time() {
        let limiter = ConcurrencyLimiter::new("test", 8);
        send(&limiter, 50, |_| RequestOutcome::Overloaded).await;
        assert_eq!(send(&limiter, 10, |_| RequestOutcome::Overloaded).await, 1);
        limiter.throttled(Duration::from_secs(3));
        let passage = limiter.take_passage();
        assert_eq!((passage.now, passage.throttled, passage.waited), (1, 1, Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn whoever_is_dropped_gives_the_room_back() {
        let limiter = ConcurrencyLimiter::new("test", 2);
        let (first, second) = (limiter.enter(ROUTE).await, limiter.enter(ROUTE).await);
        let mut dropped = Box::pin(limiter.enter(ROUTE));
        assert!(dropped.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(limiter.enter(ROUTE));
        assert!(waiting.as_mut().now_or_never().is_none());
        // The one who waited first is told that there is room, and is dropped before it can take it.
        drop(first);
        drop(dropped);
        let third = waiting.now_or_never().expect("room");
        assert!(limiter.enter(ROUTE).now_or_never().is_none());
        drop((second, third));
        let limiter = &limiter;
        // A whole cycle that is dropped while requests wait and are under way.
        let mut cycle = Box::pin(stream::iter(0..9).map(|_| send(limiter, 3, |_| WELL)).buffer_unordered(9).count());
        assert!(cycle.as_mut().now_or_never().is_none());
        drop(cycle);
        assert_eq!(send(limiter, 9, |_| WELL).await, 2);
    }
}

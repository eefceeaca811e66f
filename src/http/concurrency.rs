//! How many requests one server gets at once.
//!
//! A request waits in [`ConcurrencyLimiter::acquire`] until fewer than `current_limit` are in flight, and holds a [`Permit`] until it ends or
//! is dropped. The limit follows what the server shows by its responses, for a server that documents no limit: additive increase and
//! multiplicative decrease, as TCP does it (RFC 5681). Backpressure halves the limit, rising round-trip times (RTT) lower it gently, and
//! good responses while the limit is reached raise it by one a round.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::http::api_client::Exchange;
use crate::http::client::TransportKind;

/// By how much backpressure lowers the limit.
const BACKPRESSURE_FACTOR: f64 = 0.5;
/// By how much a rising RTT lowers the limit.
const RTT_FACTOR: f64 = 7.0 / 8.0;
/// The weight of a new RTT in the average.
const SMOOTHING: f64 = 1.0 / 8.0;
/// How fast the best average is forgotten: if a server stays slow, that is how it is, and no reason for a low limit.
const FORGETTING: f64 = 1.0 / 256.0;
/// Responses of a route before its RTT means anything, and between two decreases because of it.
const ENOUGH: u32 = 8;
/// The least rise of the RTT that is more than jitter, in seconds.
const JITTER: f64 = 0.1;

/// Limits the requests in flight to one server.
#[derive(Debug)]
pub struct ConcurrencyLimiter {
    /// The label of its metrics.
    side: &'static str,
    state: Mutex<LimiterState>,
    /// Wakes one waiting request when there may be room.
    room: Notify,
}

/// The decisions of a limiter, without waiting.
#[derive(Debug, Default)]
struct LimiterState {
    /// The limit with a fraction, from 1 to `usage.max_limit`.
    limit: f64,
    in_flight: usize,
    /// The number of the newest request.
    newest: u64,
    /// The newest request with which the limit was reached.
    newest_at_limit: u64,
    /// The newest request at the time of the last decrease: it and older ones say nothing about the present limit.
    newest_at_decrease: u64,
    rtts: HashMap<&'static str, RttAverage>,
    usage: LimiterUsage,
}

/// What a limiter did since this was last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimiterUsage {
    /// Requests.
    pub requests: u64,
    /// Responses 429 and 503.
    pub throttled: u64,
    /// How long requests waited after such a response before they were sent again, added up.
    pub waited: Duration,
    /// The highest limit.
    pub max_limit: usize,
    /// The limit now.
    pub current_limit: usize,
    /// The lowest limit since then.
    pub lowest_limit: usize,
}

/// What the end of a request says about the load of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// A response after this time.
    Answered(Duration),
    /// The server cannot keep up: 429, 503, 504, a connection that failed, silence.
    Backpressure,
    /// It says nothing, or the request was dropped.
    Nothing,
}

impl From<&Exchange> for RequestOutcome {
    fn from(exchange: &Exchange) -> Self {
        match &exchange.result {
            Ok(response) if matches!(response.status, 429 | 503 | 504) => Self::Backpressure,
            Err(error) if matches!(error.kind, TransportKind::NotSent | TransportKind::Lost) => Self::Backpressure,
            Ok(response) if !matches!(response.status, 500 | 502) => Self::Answered(exchange.rtt),
            Ok(_) | Err(_) => Self::Nothing,
        }
    }
}

impl ConcurrencyLimiter {
    /// A limiter that begins with the highest limit: where the server is fine, nothing is lost.
    pub fn new(side: &'static str, max_limit: usize) -> Self {
        let state = LimiterState::new(max_limit);
        gauge(side, state.current_limit());
        Self { side, state: Mutex::new(state), room: Notify::new() }
    }

    /// Waits until one more request may be in flight.
    pub async fn acquire(&self, route: &'static str) -> Permit<'_> {
        loop {
            if let Some(permit) = self.try_acquire(route) {
                return permit;
            }
            self.room.notified().await;
        }
    }

    fn try_acquire(&self, route: &'static str) -> Option<Permit<'_>> {
        let mut state = self.state.lock();
        let number = state.begin()?;
        if state.has_room() {
            // One response may make room for several waiting requests: each wakes the next one.
            self.room.notify_one();
        }
        Some(Permit { limiter: self, route, number, outcome: RequestOutcome::Nothing })
    }

    /// A request got 429 or 503, and waits before it is sent again.
    pub fn throttled(&self, pause: Duration) {
        let usage = &mut self.state.lock().usage;
        usage.throttled += 1;
        usage.waited += pause;
    }

    /// What the limiter did since this was last taken.
    pub fn take_usage(&self) -> LimiterUsage {
        self.state.lock().take_usage()
    }
}

/// The place of one request among those in flight.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    limiter: &'a ConcurrencyLimiter,
    route: &'static str,
    number: u64,
    outcome: RequestOutcome,
}

impl Permit<'_> {
    /// The request ended like this.
    pub fn ended(mut self, outcome: RequestOutcome) {
        self.outcome = outcome;
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let Self { limiter, route, number, outcome } = self;
        let mut state = limiter.state.lock();
        let before = state.current_limit();
        state.end(route, *number, *outcome);
        if state.current_limit() != before {
            gauge(limiter.side, state.current_limit());
        }
        if state.has_room() {
            limiter.room.notify_one();
        }
    }
}

impl LimiterState {
    fn new(max_limit: usize) -> Self {
        let max_limit = max_limit.max(1);
        let usage = LimiterUsage { max_limit, lowest_limit: max_limit, ..LimiterUsage::default() };
        Self { limit: float(max_limit), usage, ..Self::default() }
    }

    /// Begins a request if there is room for it; its number.
    fn begin(&mut self) -> Option<u64> {
        if !self.has_room() {
            return None;
        }
        self.in_flight += 1;
        self.newest += 1;
        self.usage.requests += 1;
        if !self.has_room() {
            self.newest_at_limit = self.newest;
        }
        Some(self.newest)
    }

    fn end(&mut self, route: &'static str, number: u64, outcome: RequestOutcome) {
        self.in_flight -= 1;
        // Responses come in bunches, so `in_flight` at this moment does not show whether the limit was reached.
        let was_at_limit = self.newest_at_limit >= number;
        let is_current = number > self.newest_at_decrease;
        match outcome {
            RequestOutcome::Backpressure if is_current => self.decrease(BACKPRESSURE_FACTOR),
            RequestOutcome::Backpressure | RequestOutcome::Nothing => {}
            RequestOutcome::Answered(rtt) => {
                let rtt = rtt.as_secs_f64();
                let average = self.rtts.entry(route).or_insert(RttAverage { smoothed: rtt, best: None, responses: 0 });
                average.add(rtt);
                if !average.is_high() {
                    if is_current && was_at_limit {
                        self.limit = (self.limit + 1.0 / self.limit).min(float(self.usage.max_limit));
                    }
                } else if is_current && average.responses >= ENOUGH {
                    average.responses = 0;
                    self.decrease(RTT_FACTOR);
                }
            }
        }
    }

    fn decrease(&mut self, factor: f64) {
        self.limit = (self.limit * factor).max(1.0);
        self.usage.lowest_limit = self.usage.lowest_limit.min(self.current_limit());
        self.newest_at_decrease = self.newest;
    }

    fn has_room(&self) -> bool {
        self.in_flight < self.current_limit()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and `max_limit`")]
    fn current_limit(&self) -> usize {
        self.limit as usize
    }

    fn take_usage(&mut self) -> LimiterUsage {
        let current_limit = self.current_limit();
        let usage = LimiterUsage { current_limit, ..self.usage };
        let max_limit = usage.max_limit;
        self.usage = LimiterUsage { max_limit, lowest_limit: current_limit, ..LimiterUsage::default() };
        usage
    }
}

/// How long the responses of a route take, in seconds.
#[derive(Clone, Copy, Debug)]
struct RttAverage {
    smoothed: f64,
    /// The lowest average, once there were enough responses.
    best: Option<f64>,
    /// Responses since the last decrease.
    responses: u32,
}

impl RttAverage {
    fn add(&mut self, rtt: f64) {
        self.smoothed += (rtt - self.smoothed) * SMOOTHING;
        self.responses = self.responses.saturating_add(1);
        match &mut self.best {
            Some(best) if *best < self.smoothed => *best += (self.smoothed - *best) * FORGETTING,
            None if self.responses < ENOUGH => {}
            best => *best = Some(self.smoothed),
        }
    }

    fn is_high(&self) -> bool {
        self.best.is_some_and(|best| self.smoothed > 2.0 * best && self.smoothed - best > JITTER)
    }
}

/// Shows the limit in the metrics.
fn gauge(side: &'static str, limit: usize) {
    metrics::gauge!("okta_haiilo_sync_requests_at_once", "side" => side).set(float(limit));
}

#[expect(clippy::cast_precision_loss, reason = "a limit is small")]
fn float(limit: usize) -> f64 {
    limit as f64
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use futures_util::future::join_all;
    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use proptest::prelude::*;

    use super::{ConcurrencyLimiter, LimiterState, LimiterUsage, RequestOutcome};

    const ROUTE: &str = "GET /Users";
    const WELL: RequestOutcome = RequestOutcome::Answered(Duration::from_millis(1));

    /// Sends requests, as many at once as the limiter permits; the most that were in flight.
    async fn send(limiter: &ConcurrencyLimiter, requests: usize, came: impl Fn(usize) -> RequestOutcome) -> usize {
        let (in_flight, most) = (Cell::new(0), Cell::new(0));
        let one = async |n: usize| {
            let permit = limiter.acquire(ROUTE).await;
            in_flight.set(in_flight.get() + 1);
            most.set(most.get().max(in_flight.get()));
            tokio::task::yield_now().await;
            in_flight.set(in_flight.get() - 1);
            permit.ended(came(n));
        };
        join_all((0..requests).map(one)).await;
        most.get()
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_in_flight_and_every_request_gets_its_turn() {
        for most in [1, 2, 8] {
            let limiter = ConcurrencyLimiter::new("test", most);
            assert_eq!(send(&limiter, 50, |_| WELL).await, most);
            // One of fifty is refused, and the limit recovers with the others.
            assert_eq!(send(&limiter, 50, |n| if n == 0 { RequestOutcome::Backpressure } else { WELL }).await, most);
            let LimiterUsage { requests, throttled, waited, max_limit, current_limit, lowest_limit } =
                limiter.take_usage();
            assert_eq!((requests, throttled, waited), (100, 0, Duration::ZERO));
            assert_eq!((max_limit, current_limit, lowest_limit), (most, most, (most / 2).max(1)));
            assert_eq!(limiter.take_usage().lowest_limit, most);
        }
    }

    #[tokio::test]
    async fn backpressure_alone_leaves_one_at_a_time() {
        let limiter = ConcurrencyLimiter::new("test", 8);
        send(&limiter, 50, |_| RequestOutcome::Backpressure).await;
        assert_eq!(send(&limiter, 10, |_| RequestOutcome::Backpressure).await, 1);
        limiter.throttled(Duration::from_secs(3));
        let usage = limiter.take_usage();
        assert_eq!((usage.current_limit, usage.throttled, usage.waited), (1, 1, Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn what_is_dropped_gives_the_room_back() {
        let limiter = ConcurrencyLimiter::new("test", 2);
        let (first, second) = (limiter.acquire(ROUTE).await, limiter.acquire(ROUTE).await);
        let mut dropped = Box::pin(limiter.acquire(ROUTE));
        assert!(dropped.as_mut().now_or_never().is_none());
        let mut waiting = Box::pin(limiter.acquire(ROUTE));
        assert!(waiting.as_mut().now_or_never().is_none());
        // The first in the queue is woken, and is dropped before it takes the room.
        drop(first);
        drop(dropped);
        let third = waiting.now_or_never().expect("room");
        assert!(limiter.acquire(ROUTE).now_or_never().is_none());
        drop((second, third));
        let limiter = &limiter;
        // A whole cycle that is dropped while requests wait and are in flight.
        let mut cycle = Box::pin(stream::iter(0..9).map(|_| send(limiter, 3, |_| WELL)).buffer_unordered(9).count());
        assert!(cycle.as_mut().now_or_never().is_none());
        drop(cycle);
        assert_eq!(send(limiter, 9, |_| WELL).await, 2);
    }

    /// As many requests as there is room for.
    fn fill(state: &mut LimiterState) -> Vec<u64> {
        std::iter::from_fn(|| state.begin()).collect()
    }

    fn answered(milliseconds: u64) -> RequestOutcome {
        RequestOutcome::Answered(Duration::from_millis(milliseconds))
    }

    /// Ends so many requests, each while the limit is reached.
    fn take(state: &mut LimiterState, answers: usize, came: RequestOutcome) {
        let mut begun = fill(state);
        for _ in 0..answers {
            state.end(ROUTE, begun.remove(0), came);
            begun.extend(fill(state));
        }
        for one in begun {
            state.end(ROUTE, one, RequestOutcome::Nothing);
        }
    }

    /// What one round of requests with this outcome leaves of a limit.
    #[track_caller]
    fn check(most: usize, came: RequestOutcome, expected: usize) {
        let mut state = LimiterState::new(most);
        for begun in fill(&mut state) {
            state.end(ROUTE, begun, came);
        }
        assert_eq!((state.current_limit(), state.in_flight), (expected, 0), "{came:?}");
    }

    #[test]
    fn a_round_of_backpressure_halves_the_limit_once() {
        check(8, RequestOutcome::Backpressure, 4);
        check(5, RequestOutcome::Backpressure, 2);
        check(2, RequestOutcome::Backpressure, 1);
        check(1, RequestOutcome::Backpressure, 1);
        check(8, RequestOutcome::Nothing, 8);
        check(8, answered(50), 8);
        check(0, RequestOutcome::Nothing, 1);
    }

    #[test]
    fn what_was_sent_before_the_last_decrease_counts_no_more() {
        let mut state = LimiterState::new(8);
        let mut old = fill(&mut state);
        state.end(ROUTE, old.remove(0), RequestOutcome::Backpressure);
        assert_eq!(state.current_limit(), 4);
        for begun in old {
            // Seven are in flight, and three may be left before the next one goes.
            assert_eq!(state.has_room(), state.in_flight < 4);
            state.end(ROUTE, begun, answered(10));
        }
        assert_eq!(state.current_limit(), 4);
        let mut new = fill(&mut state);
        assert_eq!(new.len(), 4);
        state.end(ROUTE, new.remove(0), RequestOutcome::Backpressure);
        assert_eq!((state.current_limit(), state.take_usage().lowest_limit), (2, 2));
    }

    #[test]
    fn a_round_of_responses_raises_the_limit_by_one_if_it_was_reached() {
        let mut state = LimiterState::new(4);
        take(&mut state, 1, RequestOutcome::Backpressure);
        take(&mut state, 1, RequestOutcome::Backpressure);
        assert_eq!(state.current_limit(), 1);
        take(&mut state, 1, answered(10));
        assert_eq!(state.current_limit(), 2);
        // One at a time, of two that may be, proves nothing.
        for _ in 0..100 {
            let begun = state.begin().expect("room");
            state.end(ROUTE, begun, answered(10));
        }
        assert_eq!(state.current_limit(), 2);
        take(&mut state, 3, answered(10));
        assert_eq!(state.current_limit(), 3);
        assert_eq!((state.take_usage().lowest_limit, state.take_usage().lowest_limit), (1, 3));
    }

    #[test]
    fn a_rising_rtt_lowers_the_limit_gently_and_what_stays_slow_is_how_the_server_is() {
        let mut state = LimiterState::new(8);
        take(&mut state, 50, answered(100));
        take(&mut state, 8, answered(1_000));
        assert_eq!(state.current_limit(), 7);
        take(&mut state, 24, answered(1_000));
        assert!((3..=5).contains(&state.current_limit()), "{}", state.current_limit());
        take(&mut state, 300, answered(1_000));
        assert_eq!(state.current_limit(), 8);
    }

    #[test]
    fn jitter_of_quick_responses_is_no_reason() {
        let mut state = LimiterState::new(8);
        take(&mut state, 50, answered(1));
        take(&mut state, 50, answered(95));
        assert_eq!((state.current_limit(), state.take_usage().lowest_limit), (8, 8));
        // Nor are a few responses, or one that was slow by itself.
        let mut state = LimiterState::new(8);
        take(&mut state, 3, answered(10));
        take(&mut state, 4, answered(5_000));
        assert_eq!(state.current_limit(), 8);
        let mut state = LimiterState::new(8);
        take(&mut state, 50, answered(400));
        take(&mut state, 1, answered(2_000));
        take(&mut state, 50, answered(400));
        assert_eq!((state.current_limit(), state.take_usage().lowest_limit), (8, 8));
    }

    fn came() -> impl Strategy<Value = RequestOutcome> {
        prop_oneof![
            (0_u64..60_000).prop_map(answered),
            Just(RequestOutcome::Backpressure),
            Just(RequestOutcome::Nothing)
        ]
    }

    proptest! {
        #[test]
        fn it_keeps_its_bounds_and_recovers(
            most in 1_usize..=64, history in prop::collection::vec((any::<prop::sample::Index>(), came()), 0..300), usual in 0_u64..5_000,
        ) {
            let mut state = LimiterState::new(most);
            let mut begun = fill(&mut state);
            for (which, came) in history {
                state.end(ROUTE, begun.swap_remove(which.index(begun.len())), came);
                prop_assert!((1..=most).contains(&state.current_limit()));
                begun.extend(fill(&mut state));
                prop_assert!(begun.len() <= most && !begun.is_empty());
                prop_assert_eq!(state.in_flight, begun.len());
            }
            for one in begun {
                state.end(ROUTE, one, RequestOutcome::Nothing);
            }
            take(&mut state, 4_000, answered(usual));
            prop_assert_eq!(state.current_limit(), most);
        }
    }
}

//! How many requests a server can be sent at once, found by how it answers: a decision, made of what came back and nothing else.
//!
//! Additive increase and multiplicative decrease, as TCP does it (RFC 5681), for a server that documents no limit. Whatever asks us to slow
//! down halves the width; answers that become slow narrow it gently; answers that come well while all of it is used widen it by one a round.

use std::collections::HashMap;
use std::time::Duration;

use crate::http::client::Answer;
use crate::http::error::{TransportError, TransportKind};

/// By how much rising latency narrows the width.
const GENTLY: f64 = 7.0 / 8.0;
/// How much a new answer time counts.
const SMOOTHING: f64 = 1.0 / 8.0;
/// How fast the best answer time is forgotten: what is slow for good is how the server is, and no reason to stay narrow.
const FORGETTING: f64 = 1.0 / 256.0;
/// Answers of a route before its answer time means anything, and between two consequences of it.
const ENOUGH: u32 = 8;
/// Answer times that rise by less are jitter.
const NOTEWORTHY: Duration = Duration::from_millis(100);

/// How many requests may be under way at once.
#[derive(Clone, Debug)]
pub(super) struct LimitController {
    most: usize,
    /// From 1 to `most`; requests are whole.
    size: f64,
    lowest: usize,
    under_way: usize,
    begun: u64,
    /// The number of the last request that took the last room.
    filled: u64,
    /// Grows with each decrease: what was sent before the last one says nothing of the new width.
    round: u64,
    times: HashMap<&'static str, Times>,
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct InFlight {
    route: &'static str,
    number: u64,
    round: u64,
}

/// What came of a request, as far as it says how busy the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// An answer, so long after the question.
    Answered(Duration),
    /// The server cannot keep up: 429, 503, 504, a connection that was not made or was lost, silence.
    Overloaded,
    /// Nothing that says anything, or nobody waited for it.
    Nothing,
}

impl RequestOutcome {
    /// What an exchange says.
    pub fn of(came: Result<&Answer, &TransportError>, duration: Duration) -> Self {
        match came {
            Ok(answer) if matches!(answer.status, 429 | 503 | 504) => Self::Overloaded,
            Ok(answer) if matches!(answer.status, 500 | 502) => Self::Nothing,
            Ok(_) => Self::Answered(duration),
            Err(error) => match error.kind {
                TransportKind::NotSent | TransportKind::Lost => Self::Overloaded,
                TransportKind::Untrusted | TransportKind::TooLong => Self::Nothing,
            },
        }
    }
}

/// How long a route's answers take, in seconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    smoothed: f64,
    best: f64,
    /// Answers since the last consequence.
    answers: u32,
}

/// Whether answers take longer than they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trend {
    Steady,
    /// They do, and not enough of them came since the last consequence.
    Slow,
    Rising,
}

impl LimitController {
    /// All of it: nothing is lost where the server is fine.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        let (size, times) = (float(most), HashMap::new());
        Self { most, size, lowest: most, under_way: 0, begun: 0, filled: 0, round: 0, times }
    }

    /// Lets a request go, if there is room for it.
    pub(super) fn begin(&mut self, route: &'static str) -> Option<InFlight> {
        if !self.has_room() {
            return None;
        }
        self.under_way += 1;
        self.begun += 1;
        if !self.has_room() {
            self.filled = self.begun;
        }
        Some(InFlight { route, number: self.begun, round: self.round })
    }

    /// Takes what came of a request.
    #[expect(clippy::needless_pass_by_value, reason = "a request ends once")]
    pub(super) fn ended(&mut self, begun: InFlight, came: RequestOutcome) {
        let InFlight { route, number, round } = begun;
        // Answers come in bunches, so that it is not asked how many are under way at this moment.
        let was_full = self.filled >= number;
        self.under_way = self.under_way.saturating_sub(1);
        let is_of_this_round = round == self.round;
        match came {
            RequestOutcome::Overloaded if is_of_this_round => self.narrow(0.5),
            RequestOutcome::Overloaded | RequestOutcome::Nothing => {}
            RequestOutcome::Answered(time) => {
                let times = self.times.entry(route).or_insert_with(|| Times::new(time));
                match times.took(time) {
                    Trend::Rising if is_of_this_round => {
                        times.answers = 0;
                        self.narrow(GENTLY);
                    }
                    Trend::Steady if is_of_this_round && was_full => {
                        self.size = (self.size + 1.0 / self.size).min(float(self.most));
                    }
                    Trend::Steady | Trend::Slow | Trend::Rising => {}
                }
            }
        }
    }

    fn narrow(&mut self, factor: f64) {
        self.size = (self.size * factor).max(1.0);
        self.lowest = self.lowest.min(self.now());
        self.round += 1;
    }

    /// Whether another request may go.
    pub(super) fn has_room(&self) -> bool {
        self.under_way < self.now()
    }

    /// How many requests may be under way at once by now.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and `most`")]
    pub(super) fn now(&self) -> usize {
        (self.size as usize).clamp(1, self.most)
    }

    /// The most that it may be.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The least that it was since this was last asked.
    pub(super) fn take_lowest(&mut self) -> usize {
        let now = self.now();
        std::mem::replace(&mut self.lowest, now)
    }
}

impl Times {
    fn new(first: Duration) -> Self {
        Self { smoothed: first.as_secs_f64(), best: f64::INFINITY, answers: 0 }
    }

    fn took(&mut self, time: Duration) -> Trend {
        self.smoothed += (time.as_secs_f64() - self.smoothed) * SMOOTHING;
        self.answers = self.answers.saturating_add(1);
        if self.best.is_infinite() && self.answers < ENOUGH {
            return Trend::Steady;
        }
        if self.best < self.smoothed {
            self.best += (self.smoothed - self.best) * FORGETTING;
        } else {
            self.best = self.smoothed;
        }
        let is_slow = self.smoothed > 2.0 * self.best && self.smoothed - self.best > NOTEWORTHY.as_secs_f64();
        match (is_slow, self.answers >= ENOUGH) {
            (false, _) => Trend::Steady,
            (true, false) => Trend::Slow,
            (true, true) => Trend::Rising,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a width is small")]
fn float(controller: usize) -> f64 {
    controller as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{InFlight, LimitController, RequestOutcome};

    const LIST: &str = "GET /Users";

    /// As many requests as there is room for.
    fn fill(controller: &mut LimitController) -> Vec<InFlight> {
        std::iter::from_fn(|| controller.begin(LIST)).collect()
    }

    fn answered(milliseconds: u64) -> RequestOutcome {
        RequestOutcome::Answered(Duration::from_millis(milliseconds))
    }

    /// So many answers, each to a request that was one of as many as there was room for.
    fn take(controller: &mut LimitController, answers: usize, came: RequestOutcome) {
        let mut begun = fill(controller);
        for _ in 0..answers {
            controller.ended(begun.remove(0), came);
            begun.extend(fill(controller));
        }
        for one in begun {
            controller.ended(one, RequestOutcome::Nothing);
        }
    }

    /// What one round of requests leaves of a width, where all of them came to this.
    #[track_caller]
    fn check(most: usize, came: RequestOutcome, expected: usize) {
        let mut controller = LimitController::new(most);
        for begun in fill(&mut controller) {
            controller.ended(begun, came);
        }
        assert_eq!((controller.now(), controller.under_way), (expected, 0), "{came:?}");
    }

    #[test]
    fn a_round_of_bad_news_halves_the_width_once() {
        check(8, RequestOutcome::Overloaded, 4);
        check(5, RequestOutcome::Overloaded, 2);
        check(2, RequestOutcome::Overloaded, 1);
        check(1, RequestOutcome::Overloaded, 1);
        check(8, RequestOutcome::Nothing, 8);
        check(8, answered(50), 8);
        check(0, RequestOutcome::Nothing, 1);
    }

    #[test]
    fn what_was_sent_before_the_last_decrease_counts_no_more() {
        let mut controller = LimitController::new(8);
        let mut old = fill(&mut controller);
        controller.ended(old.remove(0), RequestOutcome::Overloaded);
        assert_eq!(controller.now(), 4);
        for begun in old {
            // Seven are under way, and three may be left before the next one goes.
            assert_eq!(controller.has_room(), controller.under_way < 4);
            controller.ended(begun, answered(10));
        }
        assert_eq!(controller.now(), 4);
        let mut new = fill(&mut controller);
        assert_eq!(new.len(), 4);
        controller.ended(new.remove(0), RequestOutcome::Overloaded);
        assert_eq!((controller.now(), controller.take_lowest()), (2, 2));
    }

    #[test]
    fn a_round_of_answers_widens_by_one_if_all_of_it_was_used() {
        let mut controller = LimitController::new(4);
        take(&mut controller, 1, RequestOutcome::Overloaded);
        take(&mut controller, 1, RequestOutcome::Overloaded);
        assert_eq!(controller.now(), 1);
        take(&mut controller, 1, answered(10));
        assert_eq!(controller.now(), 2);
        // One at a time, of two that may be, proves nothing.
        for _ in 0..100 {
            let begun = controller.begin(LIST).expect("room");
            controller.ended(begun, answered(10));
        }
        assert_eq!(controller.now(), 2);
        take(&mut controller, 3, answered(10));
        assert_eq!(controller.now(), 3);
        assert_eq!((controller.take_lowest(), controller.take_lowest()), (1, 3));
    }

    #[test]
    fn answers_that_become_slow_narrow_it_gently_and_what_stays_slow_is_how_the_server_is() {
        let mut controller = LimitController::new(8);
        take(&mut controller, 50, answered(100));
        take(&mut controller, 8, answered(1_000));
        assert_eq!(controller.now(), 7);
        take(&mut controller, 24, answered(1_000));
        assert!((3..=5).contains(&controller.now()), "{}", controller.now());
        take(&mut controller, 300, answered(1_000));
        assert_eq!(controller.now(), 8);
    }

    #[test]
    fn jitter_of_quick_answers_is_no_reason() {
        let mut controller = LimitController::new(8);
        take(&mut controller, 50, answered(1));
        take(&mut controller, 50, answered(95));
        assert_eq!((controller.now(), controller.take_lowest()), (8, 8));
        // Nor are a few answers, or one that was slow by itself.
        let mut controller = LimitController::new(8);
        take(&mut controller, 3, answered(10));
        take(&mut controller, 4, answered(5_000));
        assert_eq!(controller.now(), 8);
        let mut controller = LimitController::new(8);
        take(&mut controller, 50, answered(400));
        take(&mut controller, 1, answered(2_000));
        take(&mut controller, 50, answered(400));
        assert_eq!((controller.now(), controller.take_lowest()), (8, 8));
    }

    fn came() -> impl Strategy<Value = RequestOutcome> {
        prop_oneof![(0_u64..60_000).prop_map(answered), Just(RequestOutcome::Overloaded), Just(RequestOutcome::Nothing)]
    }

    proptest! {
        #[test]
        fn it_keeps_its_bounds_and_recovers(
            most in 1_usize..=64, history in prop::collection::vec((any::<prop::sample::Index>(), came()), 0..300), usual in 0_u64..5_000,
        ) {
            let mut controller = LimitController::new(most);
            let mut begun = fill(&mut controller);
            for (which, came) in history {
                controller.ended(begun.swap_remove(which.index(begun.len())), came);
                prop_assert!((1..=most).contains(&controller.now()));
                begun.extend(fill(&mut controller));
                prop_assert!(begun.len() <= most && !begun.is_empty());
                prop_assert_eq!(controller.under_way, begun.len());
            }
            for one in begun {
                controller.ended(one, RequestOutcome::Nothing);
            }
            take(&mut controller, 4_000, answered(usual));
            prop_assert_eq!(controller.now(), most);
        }
    }
}

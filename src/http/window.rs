//! When the next request may be sent: a share of a rate limit is kept, and spread over its window. Decided by what responses show, without
//! time or network.
//!
//! The first half of the share goes at full speed, so a small organization never waits. The rest is spaced evenly over what is left of the
//! window, up to the first request of the next one: other programs never find the limit used up at once.

use std::time::Duration;

use crate::http::rate::RateBudget;

/// A window is a minute; a header that promises a longer one is wrong.
const LONGEST_WINDOW: Duration = Duration::from_mins(2);
/// How long a window lasts before a response shows its end. Headers give the end in whole seconds, so this is a second longer.
const WINDOW: Duration = Duration::from_secs(61);

/// What is known of the window that the requests of one route share. Times are those of a monotonic clock.
#[derive(Clone, Debug)]
pub struct RequestWindow {
    /// The share that we may use, 0.01 to 1.
    share: f64,
    /// The window that a response showed last.
    window: Option<Window>,
    /// Whether responses show no window, so there is nothing to keep.
    is_unlimited: bool,
    /// Requests without a response yet. A response meanwhile may or may not include them, so they count twice.
    in_flight: u64,
    /// When the last request was sent.
    last: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    limit: u64,
    ours: u64,
    left: u64,
    /// When it has ended for certain.
    ends: Duration,
}

impl RequestWindow {
    /// Nothing is known yet.
    pub fn new(share: f64) -> Self {
        Self { share, window: None, is_unlimited: false, in_flight: 0, last: Duration::ZERO }
    }

    /// Begins a request, or says what it has to wait for before it asks again.
    pub fn begin(&mut self, now: Duration) -> Result<(), Wait> {
        if let Some(window) = &mut self.window {
            if now >= window.ends {
                let left = window.ours.saturating_sub(self.in_flight);
                *window = Window { left, ends: now + WINDOW, ..*window };
            }
            if window.left == 0 && self.in_flight > 0 {
                return Err(Wait::Response);
            }
            let pause = whole_milliseconds(window.slot(self.last).saturating_sub(now));
            if !pause.is_zero() {
                return Err(if window.left == 0 { Wait::UsedUp(pause) } else { Wait::Spacing(pause) });
            }
            window.left = window.left.saturating_sub(1);
        } else if !self.is_unlimited && self.in_flight > 0 {
            return Err(Wait::Response);
        }
        self.in_flight += 1;
        self.last = now;
        Ok(())
    }

    /// Ends a request, whatever its result.
    pub fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Reads what the response to a request that ended shows.
    pub fn saw(&mut self, shown: Option<RateBudget>, now: Duration) {
        match shown {
            // A limit of requests in flight says nothing about the window.
            Some(budget) if budget.is_concurrency() => {}
            Some(budget) => {
                let ours = budget.ours(self.share);
                let left = ours.saturating_sub(budget.used().saturating_add(self.in_flight));
                let ends = now + budget.until_reset().min(LONGEST_WINDOW);
                self.window = Some(Window { limit: budget.limit, ours, left, ends });
            }
            None => self.is_unlimited = true,
        }
    }

    /// The limit that was shown last, and how much of it we may use.
    pub fn limit(&self) -> Option<(u64, u64)> {
        self.window.map(|window| (window.limit, window.ours))
    }
}

impl Window {
    /// When the next request may be sent after one at this time.
    fn slot(self, last: Duration) -> Duration {
        if self.ours - self.left < at_full_speed(self.ours) {
            return Duration::ZERO;
        }
        last + part(self.ends.saturating_sub(last), 1, self.left + 1)
    }
}

/// What a request has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// For so long: our share of the window is used up.
    UsedUp(Duration),
    /// For so long: the rest of our share is spread over the rest of the window.
    Spacing(Duration),
    /// For the response to a request in flight: until then it is unknown whether there is room for more.
    Response,
}

/// How long so many requests take one after the other, if only the limit counts and so many of a window are ours. The first one is sent
/// at once and begins a window.
pub fn length(requests: u64, ours: u64) -> Duration {
    let ours = ours.max(1);
    let before = requests.saturating_sub(1);
    let (windows, in_the_last) = (before / ours, before % ours + 1);
    let (full_speed, whole) = (at_full_speed(ours), u32::try_from(windows).unwrap_or(u32::MAX));
    let spaced = in_the_last.saturating_sub(full_speed);
    WINDOW.saturating_mul(whole).saturating_add(part(WINDOW, spaced, ours - full_speed + 1))
}

/// How many requests of a window are sent without a pause.
fn at_full_speed(ours: u64) -> u64 {
    ours.div_ceil(2)
}

/// Rounded up: no clock waits for less, and a request should not have to wait twice.
fn whole_milliseconds(pause: Duration) -> Duration {
    Duration::from_millis(u64::try_from(pause.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

/// A fraction of a time.
fn part(time: Duration, numerator: u64, denominator: u64) -> Duration {
    let nanos = time.as_nanos() * u128::from(numerator) / u128::from(denominator.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{RequestWindow, Wait, length};
    use crate::http::rate::RateBudget;

    const SECOND: Duration = Duration::from_secs(1);

    /// A server that counts, and shows all three headers: windows of a minute that begin with their first request.
    struct Server {
        limit: u64,
        used: u64,
        ends: Duration,
        most_used: u64,
    }

    impl Server {
        fn new(limit: u64) -> Self {
            Self { limit, used: 0, ends: Duration::ZERO, most_used: 0 }
        }

        fn asked(&mut self, now: Duration) -> RateBudget {
            if now >= self.ends {
                (self.used, self.ends) = (0, now + 60 * SECOND);
            }
            self.used += 1;
            self.most_used = self.most_used.max(self.used);
            let reset = self.ends.as_secs() + u64::from(self.ends.subsec_nanos() > 0);
            RateBudget::shown(self.limit, self.limit.saturating_sub(self.used), reset, now.as_secs())
        }
    }

    fn ours(limit: u64, share: f64) -> u64 {
        RateBudget::shown(limit, limit, 0, 0).ours(share)
    }

    /// The times at which requests go, one after the other, in seconds.
    fn times(requests: usize, limit: u64, share: f64) -> (Vec<u64>, u64) {
        let (mut server, mut window, mut now) = (Server::new(limit), RequestWindow::new(share), 1_000 * SECOND);
        let mut times = Vec::new();
        for _ in 0..requests {
            while let Err(Wait::UsedUp(pause) | Wait::Spacing(pause)) = window.begin(now) {
                now += pause;
            }
            times.push(now.as_secs() - 1_000);
            let budget = server.asked(now);
            window.ended();
            window.saw(Some(budget), now);
        }
        (times, server.most_used)
    }

    #[track_caller]
    fn check(limit: u64, share: f64, expected: &[u64]) {
        let (times, most_used) = times(expected.len(), limit, share);
        assert_eq!(times, expected);
        assert!(most_used <= ours(limit, share), "{most_used} in a window");
    }

    #[test]
    fn half_of_a_share_goes_at_once_and_the_rest_is_spread_over_the_window() {
        check(20, 0.5, &[0, 0, 0, 0, 0, 10, 20, 30, 40, 51, 61, 61, 61, 61, 61, 71]);
        check(4, 0.5, &[0, 30, 61, 92, 123]);
        check(7, 0.5, &[0, 0, 30, 61, 61]);
        check(2, 0.5, &[0, 61, 122]);
        check(50, 0.01, &[0, 61, 122]);
        check(3, 1.0, &[0, 0, 30, 61, 61, 92]);
    }

    #[test]
    fn a_small_need_waits_for_nothing() {
        check(50, 0.5, &[0; 13]);
        check(1_000_000, 0.5, &[0; 1_000]);
    }

    #[test]
    fn what_others_use_up_counts_against_the_window() {
        let mut window = RequestWindow::new(0.5);
        let ask = |window: &mut RequestWindow, remaining, now: u32| {
            let now = SECOND * now;
            window.begin(now).expect("a slot");
            window.ended();
            window.saw(Some(RateBudget::shown(10, remaining, 160, now.as_secs())), now);
            window.begin(now).map(|()| window.ended())
        };
        assert_eq!(ask(&mut window, 9, 100), Ok(()));
        // Three of five are used: two are left for 51 seconds, then the next window begins.
        assert_eq!(ask(&mut window, 7, 110), Err(Wait::Spacing(SECOND * 17)));
        assert_eq!(ask(&mut window, 5, 130), Err(Wait::UsedUp(SECOND * 31)));
    }

    #[test]
    fn requests_in_flight_count_before_they_are_answered() {
        let mut window = RequestWindow::new(1.0);
        let now = 100 * SECOND;
        let shown = |remaining| Some(RateBudget::shown(6, remaining, 160, 100));
        assert_eq!(window.begin(now), Ok(()));
        // The limit is not known yet.
        assert_eq!(window.begin(now), Err(Wait::Response));
        window.ended();
        window.saw(shown(5), now);
        assert_eq!((window.begin(now), window.begin(now)), (Ok(()), Ok(())));
        assert_eq!(window.begin(now), Err(Wait::Spacing(Duration::from_millis(15_250))));
        // The answer to one of the two that are in flight shows both of them, and the other one counts once more until it is answered.
        window.ended();
        window.saw(shown(3), now);
        assert_eq!(window.begin(now), Err(Wait::Spacing(Duration::from_millis(20_334))));
        window.ended();
        window.saw(shown(3), now);
        assert_eq!(window.begin(now), Err(Wait::Spacing(Duration::from_millis(15_250))));
        assert_eq!(window.begin(now + 16 * SECOND), Ok(()));
        window.ended();
        window.saw(shown(0), now);
        assert_eq!(window.begin(now + 17 * SECOND), Err(Wait::UsedUp(44 * SECOND)));
    }

    #[test]
    fn what_is_not_answered_is_waited_for_rather_than_guessed() {
        let mut window = RequestWindow::new(1.0);
        let now = 100 * SECOND;
        assert_eq!(window.begin(now), Ok(()));
        window.ended();
        window.saw(Some(RateBudget::shown(2, 1, 160, 100)), now);
        assert_eq!((window.begin(now + 40 * SECOND), window.begin(now + 50 * SECOND)), (Ok(()), Err(Wait::Response)));
        // In the next window, the one without an answer may count, too.
        assert_eq!(window.begin(now + 70 * SECOND), Err(Wait::Spacing(Duration::from_millis(15_500))));
        assert_eq!(window.begin(now + 100 * SECOND), Ok(()));
        assert_eq!(window.begin(now + 200 * SECOND), Err(Wait::Response));
        window.ended();
        assert_eq!(window.begin(now + 300 * SECOND), Ok(()));
        // A request that was lost before there was any answer delays no other.
        let mut window = RequestWindow::new(1.0);
        assert_eq!((window.begin(now), window.begin(now)), (Ok(()), Err(Wait::Response)));
        window.ended();
        assert_eq!(window.begin(now), Ok(()));
    }

    #[test]
    fn an_answer_that_shows_no_window_changes_nothing() {
        let mut window = RequestWindow::new(0.5);
        let now = 100 * SECOND;
        for shown in [Some(RateBudget::shown(0, 0, 160, 100)), None, None, Some(RateBudget::shown(0, 0, 160, 100))] {
            assert_eq!(window.begin(now), Ok(()));
            window.ended();
            window.saw(shown, now);
        }
        assert_eq!(window.limit(), None);
        // As many as there are, since there is no opinion.
        assert_eq!((window.begin(now), window.begin(now)), (Ok(()), Ok(())));
        window.ended();
        window.ended();
        window.saw(Some(RateBudget::shown(50, 0, 1_000_000, 100)), now);
        assert_eq!(window.limit(), Some((50, 25)));
        // A window that ends in eleven days is a mistake.
        assert_eq!(window.begin(now), Err(Wait::UsedUp(120 * SECOND)));
    }

    #[test]
    fn the_length_of_many_requests_is_told_beforehand() {
        let check = |requests, ours, seconds| assert_eq!(length(requests, ours).as_secs(), seconds);
        check(0, 25, 0);
        check(13, 25, 0);
        check(14, 25, 4);
        check(25, 25, 56);
        check(26, 25, 61);
        check(201, 25, 8 * 61);
        check(3, 1, 2 * 61);
        check(1_000, 500_000, 0);
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_the_share_and_the_length_is_as_told(
            requests in 1_usize..200, limit in 1_u64..60, share in 0.01_f64..1.0,
        ) {
            let (times, most_used) = times(requests, limit, share);
            let ours = ours(limit, share);
            prop_assert!(most_used <= ours, "{most_used} of {ours}");
            let (took, told) = (times[times.len() - 1], length(requests as u64, ours).as_secs());
            prop_assert!(took.abs_diff(told) <= 1 + told / 50, "{took} s, told {told} s");
        }
    }
}

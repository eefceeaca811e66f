//! The rate limit that a response shows: how many requests a window allows, how many are left, and when the window ends.
//!
//! Follows Okta's rate limit headers: `X-Rate-Limit-Limit`, `-Remaining` and `-Reset` (seconds since the epoch), with windows of a minute.
//! Times are taken relative to the server's own Date.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::HeaderMap;

/// What a response shows of the rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateBudget {
    /// How many requests a window allows.
    pub(super) limit: u64,
    remaining: u64,
    /// Seconds since the epoch.
    reset: u64,
    /// Seconds since the epoch, by the server.
    now: u64,
}

impl RateBudget {
    /// Reads the headers; `None` where one of them is missing. Of a header that comes twice, the smaller value counts.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| {
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()?.trim().parse::<u64>().ok()).min()
        };
        let date = headers.get("date").and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok())?;
        Some(Self {
            limit: number("x-rate-limit-limit")?,
            remaining: number("x-rate-limit-remaining")?,
            reset: number("x-rate-limit-reset")?,
            now: date.duration_since(UNIX_EPOCH).ok()?.as_secs(),
        })
    }

    /// Shows the rate limit in the metrics.
    #[expect(clippy::cast_precision_loss, reason = "a limit is small")]
    pub fn gauge(self, side: &'static str, route: &'static str) {
        metrics::gauge!("okta_haiilo_sync_rate_limit_limit", "side" => side, "call" => route).set(self.limit as f64);
        metrics::gauge!("okta_haiilo_sync_rate_limit_remaining", "side" => side, "call" => route)
            .set(self.remaining as f64);
    }

    /// Whether this is no window, but a limit of requests in flight.
    pub fn is_concurrency(self) -> bool {
        self.limit == 0 && self.remaining == 0
    }

    /// How long until the window has ended for certain.
    pub fn until_reset(self) -> Duration {
        Duration::from_secs(self.reset.saturating_sub(self.now) + 1)
    }

    /// How many requests of a window we may send with this share: one at least.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a limit is small"
    )]
    pub fn ours(self, share: f64) -> u64 {
        ((self.limit as f64 * share) as u64).max(1)
    }

    /// What headers with these numbers show.
    #[cfg(test)]
    pub(super) fn shown(limit: u64, remaining: u64, reset: u64, now: u64) -> Self {
        Self { limit, remaining, reset, now }
    }

    /// How many requests of the window are used up.
    pub(super) fn used(self) -> u64 {
        self.limit.saturating_sub(self.remaining)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::RateBudget;

    fn budget(limit: &[&str], remaining: &str) -> Option<RateBudget> {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        };
        put("date", "Mon, 29 Sep 2025 06:24:57 GMT");
        for limit in limit {
            put("x-rate-limit-limit", limit);
        }
        put("x-rate-limit-remaining", remaining);
        put("x-rate-limit-reset", "1759127105");
        RateBudget::read(&headers)
    }

    #[track_caller]
    fn check(limit: u32, remaining: u32, share: f64, ours: u64, used: u64) {
        let budget = budget(&[&limit.to_string()], &remaining.to_string()).expect("a budget");
        assert_eq!((budget.ours(share), budget.used()), (ours, used));
        assert_eq!(budget.until_reset(), Duration::from_secs(9));
    }

    #[test]
    fn a_share_of_the_limit_is_ours() {
        check(50, 49, 0.5, 25, 1);
        check(50, 0, 1.0, 50, 50);
        check(75, 75, 0.5, 37, 0);
        // Even the smallest share lets one request a window pass.
        check(50, 50, 0.001, 1, 0);
        check(50, 60, 0.5, 25, 0);
    }

    #[test]
    fn of_repeated_headers_the_smaller_one_counts_and_without_them_there_is_no_opinion() {
        let doubled = budget(&["100", "50"], "25").expect("a budget");
        assert_eq!((doubled.limit, doubled.used()), (50, 25));
        assert_eq!(budget(&[], "25"), None);
        assert_eq!(budget(&["many"], "25"), None);
        assert!(budget(&["0"], "0").expect("a budget").is_concurrency());
    }
}

//! Whether a request is sent again, and when: decided by the result of the attempt, without time or network.
//!
//! Follows RFC 9110 (Retry-After, idempotent methods) and Okta's description of its rate limits, which gives the end of the window in
//! `X-Rate-Limit-Reset` and no `Retry-After`. A pause is computed from the server's own Date, because the local clock may be wrong.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::http::client::{Response, TransportError, TransportKind};
use crate::http::rate::RateBudget;

/// The first pause of an exponential sequence.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause of an exponential sequence.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeatable {
    /// A read: always.
    Always,
    /// A write: only when nothing was done.
    WhenNothingWasDone,
    /// A write that happens now or not at all.
    Never,
}

/// How often and how long a request is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// Attempts at a request that fails.
    attempts: u32,
    /// Attempts at a request that meets a rate limit: it is better to wait for the next window than to fail a cycle.
    attempts_at_limit: u32,
    /// The longest pause that a server may ask for.
    longest_wait: Duration,
}

impl Repeatable {
    /// A write would be outdated after a long wait: it is tried for five minutes in all.
    pub(super) fn policy(self) -> RetryPolicy {
        let (attempts_at_limit, minutes) = if self == Self::Always { (20, 5) } else { (5, 1) };
        RetryPolicy { attempts: 5, attempts_at_limit, longest_wait: Duration::from_mins(minutes) }
    }
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Take the result.
    Accept,
    /// Send the request again after this pause.
    Wait(Duration),
    /// Send the request again at once, with other credentials. It does not count as another attempt.
    Immediately,
}

impl RetryDecision {
    /// The pause before the next attempt.
    pub fn pause(self) -> Duration {
        if let Self::Wait(pause) = self { pause } else { Duration::ZERO }
    }
}

/// Decides after the attempt of this number, from 1. `jitter` lies between 0 and 1.
pub(super) fn decide(
    attempt: u32,
    result: Result<&Response, &TransportError>,
    repeatable: Repeatable,
    policy: RetryPolicy,
    jitter: f64,
) -> RetryDecision {
    let (wanted, attempts) = match (result, repeatable) {
        (_, Repeatable::Never) => return RetryDecision::Accept,
        (Ok(response), _) if response.status == 429 => (asked_for(response), policy.attempts_at_limit),
        (Ok(response), Repeatable::Always) if matches!(response.status, 500 | 502 | 503 | 504) => {
            (retry_after(response), policy.attempts)
        }
        (Err(error), Repeatable::Always) if error.kind == TransportKind::Lost => (None, policy.attempts),
        (Err(error), _) if error.kind == TransportKind::NotSent => (None, policy.attempts),
        (Ok(_) | Err(_), _) => return RetryDecision::Accept,
    };
    let pause = wanted.unwrap_or_else(|| exponential(attempt, jitter));
    if attempt >= attempts || pause > policy.longest_wait { RetryDecision::Accept } else { RetryDecision::Wait(pause) }
}

/// A random number between 0 and 1.
pub(super) fn jitter() -> f64 {
    // Each RandomState has keys of its own.
    f64::from(u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// The pause that a server asks for with a 429.
fn asked_for(response: &Response) -> Option<Duration> {
    retry_after(response).or_else(|| {
        let budget = RateBudget::read(&response.headers)?;
        // Zero of zero is how Okta says that too many requests are in flight; the reset means nothing then.
        if budget.is_concurrency() { None } else { Some(budget.until_reset()) }
    })
}

/// Retry-After, in seconds or as a date, which is compared with the server's own.
fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(response.header("date")?).ok()?;
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Between half and the whole of a pause that doubles each time.
fn exponential(attempt: u32, jitter: f64) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
    whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{Repeatable, RetryDecision, RetryPolicy, decide, jitter};
    use crate::http::client::{Response, TransportError, TransportKind};

    const POLICY: RetryPolicy =
        RetryPolicy { attempts: 3, attempts_at_limit: 5, longest_wait: Duration::from_secs(100) };
    const WAIT_1: RetryDecision = RetryDecision::Wait(Duration::from_millis(500));

    fn response(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (name.parse::<HeaderName>().expect("a name"), HeaderValue::from_str(value).expect("a value"))
            })
            .collect();
        Response { status, headers, body: Bytes::new() }
    }

    #[track_caller]
    fn check(attempt: u32, status: u16, headers: &[(&str, &str)], read: RetryDecision, write: RetryDecision) {
        let response = response(status, headers);
        let decide = |repeatable| decide(attempt, Ok(&response), repeatable, POLICY, 0.0);
        assert_eq!(decide(Repeatable::Always), read);
        assert_eq!(decide(Repeatable::WhenNothingWasDone), write);
    }

    #[track_caller]
    fn check_failure(attempt: u32, kind: TransportKind, read: RetryDecision, write: RetryDecision) {
        let error = TransportError { kind, cause: None };
        let decide = |repeatable| decide(attempt, Err(&error), repeatable, POLICY, 0.0);
        assert_eq!(decide(Repeatable::Always), read);
        assert_eq!(decide(Repeatable::WhenNothingWasDone), write);
    }

    #[test]
    fn answers_that_are_taken() {
        for status in [200, 201, 204, 302, 400, 401, 403, 404, 409, 412, 501] {
            check(1, status, &[], RetryDecision::Accept, RetryDecision::Accept);
        }
    }

    #[test]
    fn a_write_is_not_repeated_when_it_may_have_been_done() {
        for status in [500, 502, 503, 504] {
            check(1, status, &[], WAIT_1, RetryDecision::Accept);
        }
        check_failure(1, TransportKind::Lost, WAIT_1, RetryDecision::Accept);
        check_failure(1, TransportKind::NotSent, WAIT_1, WAIT_1);
        check_failure(1, TransportKind::TooLong, RetryDecision::Accept, RetryDecision::Accept);
        check_failure(1, TransportKind::Untrusted, RetryDecision::Accept, RetryDecision::Accept);
    }

    #[test]
    fn patience_ends() {
        check(2, 503, &[], RetryDecision::Wait(Duration::from_secs(1)), RetryDecision::Accept);
        check(3, 503, &[], RetryDecision::Accept, RetryDecision::Accept);
        check_failure(3, TransportKind::NotSent, RetryDecision::Accept, RetryDecision::Accept);
        check(
            4,
            429,
            &[("retry-after", "1")],
            RetryDecision::Wait(Duration::from_secs(1)),
            RetryDecision::Wait(Duration::from_secs(1)),
        );
        check(5, 429, &[("retry-after", "1")], RetryDecision::Accept, RetryDecision::Accept);
    }

    #[test]
    fn limits_are_waited_out_by_the_servers_own_clock() {
        let wait = |seconds| RetryDecision::Wait(Duration::from_secs(seconds));
        let date = ("date", "Mon, 29 Sep 2025 06:24:57 GMT");
        check(1, 429, &[("retry-after", "7")], wait(7), wait(7));
        check(1, 429, &[date, ("retry-after", "Mon, 29 Sep 2025 06:25:27 GMT")], wait(30), wait(30));
        check(1, 429, &[date, ("retry-after", "Mon, 29 Sep 2025 06:24:00 GMT")], wait(0), wait(0));
        let window =
            [date, ("x-rate-limit-limit", "50"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1759127105")];
        check(1, 429, &window, wait(9), wait(9));
        // Without a date of the server nothing shows how long to pause.
        check(1, 429, &window[1..], WAIT_1, WAIT_1);
        let concurrency =
            [date, ("x-rate-limit-limit", "0"), ("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1759127105")];
        check(1, 429, &concurrency, WAIT_1, WAIT_1);
        check(1, 429, &[], WAIT_1, WAIT_1);
        check(1, 429, &[("retry-after", "101")], RetryDecision::Accept, RetryDecision::Accept);
        check(1, 503, &[("retry-after", "7")], wait(7), RetryDecision::Accept);
    }

    #[test]
    fn pauses_differ() {
        let (first, second) = (jitter(), jitter());
        assert!((0.0..=1.0).contains(&first) && (0.0..=1.0).contains(&second));
        assert!((first - second).abs() > f64::EPSILON);
    }
}

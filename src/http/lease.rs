//! The lease of an access token: until when it is used. Follows RFC 6749, 5.1 (`expires_in`).

use std::time::Duration;

/// The longest life that is believed, in seconds: a day.
const LONGEST_LIFE: u64 = 86_400;

/// When a token that was asked for at this time is to be renewed, in the time of the monotonic clock: so long before its end, or after half
/// of a life that is shorter than that, since else every call would ask for a new one.
pub fn renew_at(asked_at: Duration, life_in_seconds: u64, margin: Duration) -> Duration {
    let life = Duration::from_secs(life_in_seconds.min(LONGEST_LIFE));
    asked_at + life.saturating_sub(margin).max(life / 2)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::renew_at;

    #[test]
    fn a_token_is_renewed_before_its_end_and_a_short_one_after_half_of_it() {
        let check = |life, expected: u64| {
            let at = renew_at(Duration::from_secs(100), life, Duration::from_mins(5));
            assert_eq!(at, Duration::from_secs(100 + expected), "{life}");
        };
        check(3_600, 3_300);
        check(400, 200);
        check(60, 30);
        check(0, 0);
        check(u64::MAX, 86_400 - 300);
    }
}

//! Rate limits: buckets of routes, and windows of 60 seconds that begin with the first call in them.
//!
//! Follows "Rate limits" of Okta's reference: the three headers, and which routes share a bucket. It knows no HTTP; the limits are
//! those that a client sees, so a share of 50 % is half the number.

use std::collections::HashMap;

/// Which routes count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// `/api/v1/apps` and everything below it but the application itself; so also the lists of application users.
    Apps,
    /// `/api/v1/apps/{id}` alone.
    App,
    /// `/api/v1/groups` and below.
    Groups,
    /// `/api/v1/users`.
    Users,
    /// `/api/v1/users/{id}`.
    User,
    /// `/api/v1/logs`.
    Logs,
    /// `/oauth2/v1/token`.
    Token,
    /// Everything else.
    Other,
}

const WINDOW_MS: i64 = 60_000;

/// So high that no test meets it unless it sets one.
const UNLIMITED: u32 = 1_000_000;

#[derive(Clone, Copy, Debug)]
struct Window {
    ends_ms: i64,
    used: u32,
}

impl Window {
    fn standing(self, limit: u32) -> Standing {
        Standing {
            limit,
            remaining: limit.saturating_sub(self.used),
            // Rounded up: who waits until then must find a new window.
            reset: (self.ends_ms + 999).div_euclid(1000),
            over: if self.used > limit { Over::Exceeded } else { Over::Within },
        }
    }
}

/// What the three headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds since the epoch.
    pub(crate) reset: i64,
    pub(crate) over: Over,
}

/// Whether a call was one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Within,
    Exceeded,
}

/// The buckets of the org, as one client sees them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    limits: HashMap<Bucket, u32>,
    windows: HashMap<Bucket, Window>,
}

impl Rates {
    pub(crate) fn set_limit(&mut self, bucket: Bucket, per_minute: u32) {
        self.limits.insert(bucket, per_minute);
    }

    /// Counts one call.
    pub(crate) fn take(&mut self, bucket: Bucket, now_ms: i64) -> Standing {
        let limit = self.limit(bucket);
        let window = self.windows.entry(bucket).or_insert(Window { ends_ms: i64::MIN, used: 0 });
        if window.ends_ms <= now_ms {
            *window = Window { ends_ms: now_ms + WINDOW_MS, used: 0 };
        }
        window.used = window.used.saturating_add(1);
        window.standing(limit)
    }

    /// How things stand, without counting a call.
    pub(crate) fn look(&self, bucket: Bucket, now_ms: i64) -> Standing {
        let limit = self.limit(bucket);
        let open = self.windows.get(&bucket).filter(|window| window.ends_ms > now_ms);
        let window = open.copied().unwrap_or(Window { ends_ms: now_ms + WINDOW_MS, used: 0 });
        window.standing(limit)
    }

    /// What a planted refusal shows: nothing left.
    pub(crate) fn used_up(&self, bucket: Bucket, now_ms: i64) -> Standing {
        Standing { remaining: 0, over: Over::Exceeded, ..self.look(bucket, now_ms) }
    }

    fn limit(&self, bucket: Bucket) -> u32 {
        self.limits.get(&bucket).copied().unwrap_or(UNLIMITED)
    }
}

//! Requests of a run: how many were sent, of which limits, and what was waited for.

use serde::Serialize;

/// Requests to both sides.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Requests<'a> {
    /// Those to Okta, by call; those for access tokens are not counted.
    pub okta: &'a [OktaCalls],
    /// Those to Haiilo.
    pub haiilo: HaiiloCalls,
}

impl Requests<'_> {
    /// Whether anything was waited for or refused, so that a reader should see it.
    pub fn were_slowed(&self) -> bool {
        self.okta.iter().any(OktaCalls::were_slowed) || self.haiilo.were_slowed()
    }
}

/// Requests of one call to Okta.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OktaCalls {
    /// Method and route.
    pub call: &'static str,
    /// How many were sent.
    pub requests: u64,
    /// Requests a minute that Okta allows, by its headers.
    pub limit: Option<u64>,
    /// How many of them are ours.
    pub ours: Option<u64>,
    /// Answers 429.
    pub throttled: u64,
    /// Seconds that were waited for our share, and after answers 429.
    #[serde(rename = "waited_seconds")]
    pub waited: u64,
}

impl OktaCalls {
    /// Whether anything was waited for or refused.
    pub fn were_slowed(&self) -> bool {
        self.waited > 0 || self.throttled > 0
    }
}

/// Requests to Haiilo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HaiiloCalls {
    /// How many were sent.
    pub requests: u64,
    /// The most that may be under way at once.
    pub most_at_once: usize,
    /// How many might be in the end.
    pub at_once: usize,
    /// How few they might be in between.
    pub lowest_at_once: usize,
    /// Answers 429 and 503.
    pub throttled: u64,
    /// Seconds that requests waited after such answers, added up.
    #[serde(rename = "waited_seconds")]
    pub waited: u64,
}

impl HaiiloCalls {
    /// Whether anything was waited for or refused.
    pub fn were_slowed(&self) -> bool {
        self.waited > 0 || self.throttled > 0 || self.lowest_at_once < self.most_at_once
    }
}

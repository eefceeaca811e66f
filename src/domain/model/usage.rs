//! Requests of a run: how many were sent, of which limits, and how long they waited.

use serde::Serialize;

/// Requests to both sides.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Requests<'a> {
    /// Requests to Okta, by call. Requests for access tokens are not counted.
    pub okta: &'a [OktaCalls],
    /// Requests to Haiilo.
    pub haiilo: HaiiloCalls,
}

impl Requests<'_> {
    /// Whether any request waited or was refused, so a report should show it.
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
    /// The requests per minute that Okta allows, from its headers.
    pub limit: Option<u64>,
    /// Our share of them.
    pub ours: Option<u64>,
    /// Answers 429.
    pub throttled: u64,
    /// Seconds of waiting for our share, and after answers 429.
    #[serde(rename = "waited_seconds")]
    pub waited: u64,
}

impl OktaCalls {
    /// Whether any request waited or was refused.
    pub fn were_slowed(&self) -> bool {
        self.waited > 0 || self.throttled > 0
    }
}

/// Requests to Haiilo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HaiiloCalls {
    /// How many were sent.
    pub requests: u64,
    /// The maximum number of concurrent requests.
    pub most_at_once: usize,
    /// The allowed number of concurrent requests at the end.
    pub at_once: usize,
    /// The lowest allowed number of concurrent requests.
    pub lowest_at_once: usize,
    /// Answers 429 and 503.
    pub throttled: u64,
    /// Total seconds that requests waited after such answers.
    #[serde(rename = "waited_seconds")]
    pub waited: u64,
}

impl HaiiloCalls {
    /// Whether any request waited or was refused.
    pub fn were_slowed(&self) -> bool {
        self.waited > 0 || self.throttled > 0 || self.lowest_at_once < self.most_at_once
    }
}

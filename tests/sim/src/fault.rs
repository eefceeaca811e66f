//! Faults as data: which call fails, and how.
//!
//! Transport faults are the same for both sides; what only one product can do wrong (a lost page, a lying total) is that side's own
//! `Bend`. A rule that never fired is a mistake of the test that planted it, so the server counts them.

/// What goes wrong with one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault<B> {
    /// The connection ends before anything was done.
    DropBefore,
    /// The work is done, then the connection ends without an answer.
    DropAfter,
    /// The work is done; the answer ends in the middle of its body.
    CutBody,
    /// The work is done; the body is complete for HTTP, but only the first half of its text.
    Garbled,
    /// The work is done; the status is kept and the body is empty.
    EmptyBody,
    /// Nothing is done; the product's own error body with this status.
    Refuse(u16),
    /// The work is done, yet the answer is an error with this status, as from a gateway that gave up waiting.
    RefuseAfter(u16),
    /// Nothing is done; an HTML page with this status, as from a proxy.
    Html(u16),
    /// Nothing is done; 429, with these seconds in `Retry-After` where given.
    TooMany(Option<u64>),
    /// Nothing is done; 302 to this address.
    Redirect(String),
    /// Nothing is done and nothing is answered until the client hangs up.
    Stall,
    /// The work is done, and nothing is answered until the client hangs up.
    StallAfter,
    /// The side's own kind of wrong answer.
    Bend(B),
}

/// Which calls a fault meets. Calls are counted from 1, by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// The n-th call of all.
    Call(u64),
    /// The n-th call of this route, counted from the moment when the rule was planted.
    Nth(&'static str, u64),
    /// Every call of this route.
    Every(&'static str),
    /// Every call.
    Always,
}

/// One planted fault.
#[derive(Clone, Debug)]
pub struct Rule<B> {
    /// Which calls it meets.
    pub when: When,
    /// What it does.
    pub fault: Fault<B>,
    pub(crate) seen: u64,
    pub(crate) fired: u64,
}

impl<B> Rule<B> {
    /// A rule that has not met a call yet.
    pub fn new(when: When, fault: Fault<B>) -> Self {
        Self { when, fault, seen: 0, fired: 0 }
    }

    /// Whether this rule meets the call number `n` of `route`; counts what it saw.
    pub(crate) fn meets(&mut self, n: u64, route: &str) -> bool {
        let met = match self.when {
            When::Call(wanted) => n == wanted,
            When::Nth(wanted, nth) => {
                if wanted == route {
                    self.seen += 1;
                }
                wanted == route && self.seen == nth
            }
            When::Every(wanted) => wanted == route,
            When::Always => true,
        };
        if met {
            self.fired += 1;
        }
        met
    }
}

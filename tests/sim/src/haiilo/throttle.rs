//! Throttling: so many calls, then 429 with `Retry-After` until that time has passed (RFC 6585 4). It knows neither calls nor answers.

/// The state of the throttle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Throttle {
    rule: Option<Rule>,
}

#[derive(Clone, Copy, Debug)]
struct Rule {
    calls: u64,
    left: u64,
    wait_seconds: u32,
    /// When calls are free again, in milliseconds since the epoch.
    until_ms: Option<i64>,
}

impl Throttle {
    /// Lets so many calls through.
    pub(crate) fn after(calls: u64, wait_seconds: u32) -> Self {
        Self { rule: Some(Rule { calls, left: calls, wait_seconds, until_ms: None }) }
    }

    /// Counts a call; the seconds to wait if it is one too many.
    pub(crate) fn refuses(&mut self, now_ms: i64) -> Option<u32> {
        let rule = self.rule.as_mut()?;
        if rule.until_ms.is_some_and(|until| now_ms >= until) {
            rule.left = rule.calls;
            rule.until_ms = None;
        }
        if let Some(left) = rule.left.checked_sub(1) {
            rule.left = left;
            return None;
        }
        rule.until_ms.get_or_insert(now_ms + i64::from(rule.wait_seconds) * 1000);
        Some(rule.wait_seconds)
    }
}

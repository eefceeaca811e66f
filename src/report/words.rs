//! The words that all forms of a report share: titles, what becomes of a leaver, times, numbers and values for a reader.

use chrono::{DateTime, Utc};

use crate::domain::model::ids::UserName;
use crate::domain::model::policy::{Product, RemovalEffect};
use crate::domain::model::usage::{HaiiloCalls, OktaCalls, Requests};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{Blocks, UnsentValue};
use crate::domain::plan::group_operation::GroupKind;
use crate::domain::plan::leaver::{KeptBecause, Leaver, LeaverStatus};
use crate::domain::plan::operation::OperationKind;
use crate::domain::plan::outcome::Outcome;
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Value;
use crate::domain::state::sync_state::Pause;

/// Of numbers with their words, those that are not zero, with commas.
pub(super) fn counts<const N: usize>(parts: [(usize, &str); N]) -> String {
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, what)| format!("{} {what}", amount(count))).collect::<Vec<_>>().join(", ")
}

/// Values in the order of their keys.
pub(super) fn sorted<'a, T, K: Ord>(values: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<&'a T> {
    let mut sorted: Vec<&'a T> = values.iter().collect();
    sorted.sort_by_key(|value| key(value));
    sorted
}

/// Until when all writes are stopped.
pub(super) fn paused_until(pause: &Pause) -> String {
    let until = pause.until.map_or("until somebody ends it".to_owned(), |until| format!("until {}", time(until)));
    format!("PAUSED {until}: nothing is written to Haiilo")
}

/// Who paused writes, and why.
pub(super) fn by_whom(Pause { until: _, by, reason }: &Pause) -> String {
    let why = reason.as_ref().map_or(String::new(), |reason| format!(": {}", visible(reason)));
    format!("by {}{why}", visible(by))
}

/// The name of an attribute for a reader: Advocacy's `country` is a group, its `locality` and `region` are teams.
pub(super) fn attribute(product: Product, path: &AttributePath) -> String {
    match (product, path.last()) {
        (Product::Advocacy, "country") => "Group (country)".to_owned(),
        (Product::Advocacy, "locality") => "Team (locality)".to_owned(),
        (Product::Advocacy, "region") => "Team (region)".to_owned(),
        _ => path.to_string(),
    }
}

/// The name of a part of the mapping for a reader: an attribute as in [`attribute`], anything else as it is written.
pub(super) fn part_name(product: Product, part: &str) -> String {
    AttributePath::parse(part).map_or_else(|_| part.to_owned(), |path| attribute(product, &path))
}

/// The name of a kind of operations for a reader.
pub(super) fn kind(product: Product, kind: OperationKind) -> String {
    match (product, kind) {
        (Product::Advocacy, OperationKind::Delete) => "DELETE FOR EVER".to_owned(),
        _ => kind.as_str().to_uppercase(),
    }
}

/// The name of a kind of operations on groups for a reader.
pub(super) fn group_kind(kind: GroupKind) -> String {
    kind.as_str().trim_start_matches("group-").to_uppercase()
}

/// How an operation ended, for a reader.
pub(super) fn ended(outcome: &Outcome) -> String {
    outcome.as_str().replace('_', " ")
}

/// What becomes of a leaver's account, in words.
pub(super) fn status(product: Product, leaver: &Leaver) -> String {
    let goes = match (product, leaver.effect) {
        (_, RemovalEffect::Deactivated) => "deactivated",
        (Product::Advocacy, RemovalEffect::Deleted) => "deleted for ever",
        (Product::Intranet, RemovalEffect::Deleted) => "deleted",
    };
    match &leaver.status {
        LeaverStatus::Kept(KeptBecause::Configured) => {
            format!("kept: leavers.{} = \"keep\"", leaver.evidence.as_str())
        }
        LeaverStatus::Kept(KeptBecause::Adopted) => {
            "kept: the account was adopted (leavers.adopted = \"keep\")".to_owned()
        }
        LeaverStatus::Kept(KeptBecause::Protected(pattern)) => format!("kept: protected by {pattern}"),
        LeaverStatus::Kept(KeptBecause::TokenOwner) => "kept: our own token would die with it".to_owned(),
        LeaverStatus::Kept(KeptBecause::AlreadyGone) => "Haiilo no longer has the account".to_owned(),
        LeaverStatus::Kept(KeptBecause::AlreadyInactive) => "deactivated: the account is inactive".to_owned(),
        LeaverStatus::Kept(KeptBecause::Recreated) => {
            "kept: it was made anew by hand, until the person is assigned once".to_owned()
        }
        LeaverStatus::Kept(KeptBecause::WantedBy(other)) => {
            format!("kept: {other} is assigned and has its userName; perhaps the same human with a new Okta user")
        }
        LeaverStatus::Kept(KeptBecause::PerhapsOf(other)) => {
            format!("kept: {other} is held as perhaps the same human with a new Okta user, until that is decided")
        }
        LeaverStatus::Kept(KeptBecause::CarriesAnotherName) => {
            "kept: it carries another userName than when it was last seen; look whose it is".to_owned()
        }
        LeaverStatus::Waiting(due) => format!("{goes} on {}", time(*due)),
        LeaverStatus::Due(due) => format!("{goes} now (due {})", time(*due)),
        LeaverStatus::Postponed(due) => {
            format!("due {}, postponed: the day's budget of deletes is used up", time(*due))
        }
        LeaverStatus::Blocked(due, why) => format!("due {}, not deleted: {}", time(*due), why.as_str()),
    }
}

/// When a leaver's account is due.
pub(super) fn due(status: &LeaverStatus) -> Option<DateTime<Utc>> {
    match status {
        LeaverStatus::Kept(_) => None,
        LeaverStatus::Waiting(due)
        | LeaverStatus::Due(due)
        | LeaverStatus::Postponed(due)
        | LeaverStatus::Blocked(due, _) => Some(*due),
    }
}

/// What the configuration does about a leaver.
pub(super) fn action(leaver: &Leaver) -> &'static str {
    match &leaver.status {
        LeaverStatus::Kept(why) if *why != KeptBecause::AlreadyInactive => "keep",
        _ => leaver.action.as_str(),
    }
}

/// A time for a reader, to the minute.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time for a machine, to the second.
pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A number with its thousands apart.
pub fn amount(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

/// A number with its thousands apart.
pub(super) fn counted(number: u64) -> String {
    amount(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A value for a reader.
pub(super) fn shown(value: Option<&Value>) -> String {
    value.map_or("(empty)".to_owned(), |value| visible(&value.shown()))
}

/// A text of a person, harmless in a terminal: control characters and marks that turn the direction of writing become visible.
pub(super) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A name for a reader, where there is one.
pub(super) fn shown_name(name: Option<&UserName>) -> String {
    name.map_or("(no userName)".to_owned(), |name| visible(name.as_str()))
}

/// Why a value is not sent, and what waits for it.
pub(super) fn why_unsent(unsent: &UnsentValue) -> String {
    format!("{}{}", visible(&unsent.reason), blocks(unsent.blocks))
}

/// What is said behind the reason of a value that is not sent.
pub(super) fn blocks(blocks: Blocks) -> &'static str {
    match blocks {
        Blocks::Attribute => "",
        Blocks::Account => " (the account waits)",
    }
}

/// What was sent to both sides, a line a side, and one for each call to Okta that was slowed.
pub(super) fn request_lines(requests: Requests<'_>) -> Vec<String> {
    let Requests { okta, haiilo } = requests;
    let sent = okta.iter().map(|calls| calls.requests).sum();
    let slowed = okta.iter().filter(|calls| calls.were_slowed()).map(okta_calls);
    std::iter::once(format!("Okta: {}", requests_sent(sent))).chain(slowed).chain([haiilo_calls(haiilo)]).collect()
}

fn okta_calls(calls: &OktaCalls) -> String {
    let OktaCalls { call, requests, limit, ours, throttled, waited } = calls;
    let limit = limit.zip(*ours).map(|(limit, ours)| format!("ours: {} of {} a minute", counted(ours), counted(limit)));
    let throttled = (*throttled > 0).then(|| format!("{} refused with 429", counted(*throttled)));
    let waited = (*waited > 0).then(|| format!("waited {} for this limit", duration(*waited)));
    list(&format!("Okta, {call}"), [Some(requests_sent(*requests)), limit, throttled, waited])
}

fn haiilo_calls(calls: HaiiloCalls) -> String {
    let HaiiloCalls { requests, most_at_once, at_once, lowest_at_once, throttled, waited } = calls;
    let narrowed = (lowest_at_once < most_at_once).then(|| {
        let in_between = if lowest_at_once < at_once { format!("at times {lowest_at_once}, ") } else { String::new() };
        format!("{in_between}{at_once} in the end")
    });
    let throttled = (throttled > 0).then(|| format!("{} refused with 429 or 503", counted(throttled)));
    let waited = (waited > 0).then(|| format!("waited {} after that, added up", duration(waited)));
    let at_once = Some(format!("at most {most_at_once} at once"));
    list("Haiilo", [Some(requests_sent(requests)), at_once, narrowed, throttled, waited])
}

fn list<const N: usize>(of: &str, parts: [Option<String>; N]) -> String {
    format!("{of}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn requests_sent(requests: u64) -> String {
    if requests == 1 { "1 request".to_owned() } else { format!("{} requests", counted(requests)) }
}

/// A time to the minute, or to the second where it is short.
fn duration(seconds: u64) -> String {
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", counted((seconds + 30) / 60)) }
}

#[cfg(test)]
mod tests {
    use super::{amount, request_lines, visible};
    use crate::domain::model::usage::{HaiiloCalls, OktaCalls, Requests};

    const CALLS: OktaCalls = OktaCalls {
        call: "GET /api/v1/apps/{id}",
        requests: 1,
        limit: Some(50),
        ours: Some(25),
        throttled: 0,
        waited: 0,
    };
    const HAIILO: HaiiloCalls =
        HaiiloCalls { requests: 1_002, most_at_once: 2, at_once: 2, lowest_at_once: 2, throttled: 0, waited: 0 };

    #[test]
    fn amounts() {
        let shown: Vec<String> = [0, 7, 999, 1_000, 12_345, 1_234_567].into_iter().map(amount).collect();
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn hostile_texts_become_visible() {
        assert_eq!(visible("Ada"), "Ada");
        assert_eq!(visible("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb\\u{a}c\\u{202e}d");
    }

    #[test]
    fn where_nothing_was_slowed_there_are_numbers_alone() {
        let requests = Requests { okta: &[CALLS], haiilo: HAIILO };
        assert!(!requests.were_slowed() && !Requests::default().were_slowed());
        insta::assert_snapshot!(request_lines(requests).join("\n"), @r#"
        Okta: 1 request
        Haiilo: 1,002 requests, at most 2 at once
        "#);
    }

    #[test]
    fn what_was_waited_for_is_told_with_its_limit() {
        let pages = OktaCalls { call: "GET /api/v1/apps/{id}/users", requests: 200, waited: 434, ..CALLS };
        let users = OktaCalls { call: "GET /api/v1/users/{id}", limit: None, ours: None, throttled: 1, ..CALLS };
        let haiilo = HaiiloCalls { lowest_at_once: 1, throttled: 3, waited: 61, ..HAIILO };
        let requests = Requests { okta: &[CALLS, pages, users], haiilo };
        assert!(requests.were_slowed());
        insta::assert_snapshot!(request_lines(requests).join("\n"), @r#"
        Okta: 202 requests
        Okta, GET /api/v1/apps/{id}/users: 200 requests, ours: 25 of 50 a minute, waited 7 min for this limit
        Okta, GET /api/v1/users/{id}: 1 request, 1 refused with 429
        Haiilo: 1,002 requests, at most 2 at once, at times 1, 2 in the end, 3 refused with 429 or 503, waited 61 s after that, added up
        "#);
        let narrow = HaiiloCalls { at_once: 1, lowest_at_once: 1, ..HAIILO };
        let requests = Requests { okta: &[], haiilo: narrow };
        assert!(requests.were_slowed());
        insta::assert_snapshot!(request_lines(requests).join("\n"), @r#"
        Okta: 0 requests
        Haiilo: 1,002 requests, at most 2 at once, 1 in the end
        "#);
    }
}

//! Requests in words: what of each limit was used, and what was waited for.

use crate::domain::model::usage::{HaiiloCalls, OktaCalls, Requests};
use crate::report::subject::counted;

/// What was sent to both sides, a line a side, and one for each call to Okta that was slowed.
pub(super) fn lines(requests: Requests<'_>) -> Vec<String> {
    let Requests { okta, haiilo } = requests;
    let sent = okta.iter().map(|calls| calls.requests).sum();
    let slowed = okta.iter().filter(|calls| calls.were_slowed()).map(of_okta);
    std::iter::once(format!("Okta: {}", number(sent))).chain(slowed).chain([of_haiilo(haiilo)]).collect()
}

fn of_okta(calls: &OktaCalls) -> String {
    let OktaCalls { call, requests, limit, ours, throttled, waited } = calls;
    let limit = limit.zip(*ours).map(|(limit, ours)| format!("ours: {} of {} a minute", counted(ours), counted(limit)));
    let throttled = (*throttled > 0).then(|| format!("{} refused with 429", counted(*throttled)));
    let waited = (*waited > 0).then(|| format!("waited {} for this limit", time(*waited)));
    parts(&format!("Okta, {call}"), [Some(number(*requests)), limit, throttled, waited])
}

fn of_haiilo(calls: HaiiloCalls) -> String {
    let HaiiloCalls { requests, most_at_once, at_once, lowest_at_once, throttled, waited } = calls;
    let narrowed = (lowest_at_once < most_at_once).then(|| {
        let in_between = if lowest_at_once < at_once { format!("at times {lowest_at_once}, ") } else { String::new() };
        format!("{in_between}{at_once} in the end")
    });
    let throttled = (throttled > 0).then(|| format!("{} refused with 429 or 503", counted(throttled)));
    let waited = (waited > 0).then(|| format!("waited {} after that, added up", time(waited)));
    let at_once = Some(format!("at most {most_at_once} at once"));
    parts("Haiilo", [Some(number(requests)), at_once, narrowed, throttled, waited])
}

fn parts<const N: usize>(of: &str, parts: [Option<String>; N]) -> String {
    format!("{of}: {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn number(requests: u64) -> String {
    if requests == 1 { "1 request".to_owned() } else { format!("{} requests", counted(requests)) }
}

/// A time to the minute, or to the second where it is short.
fn time(seconds: u64) -> String {
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", counted((seconds + 30) / 60)) }
}

#[cfg(test)]
mod tests {
    use super::lines;
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
    fn where_nothing_was_slowed_there_are_numbers_alone() {
        let requests = Requests { okta: &[CALLS], haiilo: HAIILO };
        assert!(!requests.were_slowed() && !Requests::default().were_slowed());
        insta::assert_snapshot!(lines(requests).join("\n"), @r#"
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
        insta::assert_snapshot!(lines(requests).join("\n"), @r#"
        Okta: 202 requests
        Okta, GET /api/v1/apps/{id}/users: 200 requests, ours: 25 of 50 a minute, waited 7 min for this limit
        Okta, GET /api/v1/users/{id}: 1 request, 1 refused with 429
        Haiilo: 1,002 requests, at most 2 at once, at times 1, 2 in the end, 3 refused with 429 or 503, waited 61 s after that, added up
        "#);
        let narrow = HaiiloCalls { at_once: 1, lowest_at_once: 1, ..HAIILO };
        let requests = Requests { okta: &[], haiilo: narrow };
        assert!(requests.were_slowed());
        insta::assert_snapshot!(lines(requests).join("\n"), @r#"
        Okta: 0 requests
        Haiilo: 1,002 requests, at most 2 at once, 1 in the end
        "#);
    }
}

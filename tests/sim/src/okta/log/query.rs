//! `GET /api/v1/logs`: polling requests, bounded requests, and the event as it goes over the wire.
//!
//! Follows the operation "List all System Log events" and "System Log query" of Okta's reference. A request without `until` in ascending
//! order polls: every event in the order of persistence, and always a next link. All others are bounded: ordered by `published`, with an
//! end. Who may ask was decided before.

use crate::face::{Answer, Call};
use crate::okta::bend::Bend;
use crate::okta::errors::Refusal;
use crate::okta::log::events::{CursorRefusal, Event, FIELDS, Log, LogTarget};
use crate::okta::log::filter::{Expression, Wrong};
use crate::okta::reads::cursor;
use crate::okta::reads::lists::list;
use crate::okta::reads::page::{Ask, End, Limits, Manner};
use crate::okta::state::org::Okta;
use chrono::{DateTime, TimeZone as _, Utc};
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;

/// How far back a request reaches that does not say.
const DEFAULT_REACH_MS: i64 = 7 * DAY_MS;

/// Older events are not returned, and nobody is told.
const RETENTION_MS: i64 = 90 * DAY_MS;

/// Who asks for older ones is refused.
const OLDEST_SINCE_MS: i64 = 180 * DAY_MS;

/// The parameters of the operation, but `q`.
const PARAMETERS: [&str; 6] = ["since", "until", "after", "filter", "limit", "sortOrder"];

/// Parts of events that Okta filters by and this org does not.
const NOT_SIMULATED: [&str; 7] = [
    "authenticationContext.",
    "client.",
    "debugContext.",
    "device.",
    "legacyEventType",
    "request.",
    "securityContext.",
];

/// Which events are asked for, before the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Polling { since_ms: i64 },
    Bounded { since_ms: i64, until_ms: i64, order: Order },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
}

impl Okta {
    /// The events that a call asks for.
    pub(crate) fn logs(
        &mut self,
        call: &Call,
        origin: &str,
        bend: Option<&Bend>,
        violations: &mut Vec<String>,
    ) -> Result<Answer, Refusal> {
        self.find_out_app();
        let now_ms = self.clock.now_ms();
        self.log.settle(now_ms);
        look_for_unknown_parameters(call, violations)?;
        let window = Window::read(call, now_ms)?;
        let filter = call.parameter("filter").map(|text| read_filter(&text, violations)).transpose()?;
        let manner = self.manner(call, window, violations)?;
        let ask = Ask::read_list(call, origin, &manner, violations)?;

        let kept = |event: &Event| {
            let passes = |filter: &Expression| filter.passes(&|field: &str| event.values(field));
            event.published_ms > now_ms - RETENTION_MS && filter.as_ref().is_none_or(passes)
        };
        let log = &self.log;
        let page = match window {
            Window::Polling { .. } => {
                ask.page(bend, violations, |place| log.after(place).filter(|(_, event)| kept(event)))
            }
            Window::Bounded { since_ms, until_ms, order } => {
                let mut events = published(log, since_ms, until_ms, order);
                events.retain(|(_, event)| kept(event));
                ask.page(bend, violations, |place| behind(&events, place))
            }
        };
        let numbers: Vec<u64> = page.rows.iter().map(|event| event.number).collect();
        let answer = list(page, |event, out| {
            serde_json::to_writer(out, &row(event)).expect("a vector takes every document");
        });
        self.log.shown(&numbers, now_ms);
        Ok(answer)
    }

    /// How this window is cut into pages; refuses a cursor that does not belong to it.
    fn manner(&self, call: &Call, window: Window, violations: &mut Vec<String>) -> Result<Manner, Refusal> {
        let age = self.log.age();
        let said = |name: &str| call.parameter(name).unwrap_or_default();
        let manner = match window {
            Window::Polling { since_ms } => Manner {
                limits: Limits { allowed: 0..=1000, default: 100 },
                keep: &["filter", "sortOrder"],
                keep_first: &["since"],
                signed_for: format!("{} polling {age}", call.path),
                start: self.log.place_before(since_ms),
                end: End::Never,
            },
            Window::Bounded { .. } => Manner {
                limits: Limits { allowed: 0..=1000, default: 100 },
                keep: &["since", "until", "filter", "sortOrder"],
                keep_first: &[],
                signed_for: format!("{} {} {} {} {age}", call.path, said("since"), said("until"), said("sortOrder")),
                start: 0,
                end: End::LastRow,
            },
        };
        let Some(after) = call.parameter("after") else { return Ok(manner) };
        let is_polling = matches!(window, Window::Polling { .. });
        if is_polling && call.parameter("since").is_some() {
            violations.push("since and after exclude each other in a request that follows no link".to_owned());
            return Err(Refusal::invalid("after", "since and after are mutually exclusive."));
        }
        match cursor::open(&manner.signed_for, &after) {
            Some(_) => Ok(manner),
            None => Err(worthless(self.log.cursor_refusal)),
        }
    }
}

impl Window {
    fn read(call: &Call, now_ms: i64) -> Result<Self, Refusal> {
        let order = match call.parameter("sortOrder").as_deref() {
            None | Some("ASCENDING") => Order::Ascending,
            Some("DESCENDING") => Order::Descending,
            Some(_) => return Err(Refusal::invalid("sortOrder", "must be ASCENDING or DESCENDING.")),
        };
        let since = time(call, "since")?;
        if since.is_some_and(|since| since < now_ms - OLDEST_SINCE_MS) {
            let summary = "Invalid parameter: The since parameter is over 180 days prior to the current day.";
            return Err(Refusal::bad_parameter(summary));
        }
        let until = time(call, "until")?;
        let since_ms = since.unwrap_or(until.unwrap_or(now_ms) - DEFAULT_REACH_MS);
        Ok(match (until, order) {
            (None, Order::Ascending) => Self::Polling { since_ms },
            (until, order) => Self::Bounded { since_ms, until_ms: until.unwrap_or(now_ms), order },
        })
    }
}

fn look_for_unknown_parameters(call: &Call, violations: &mut Vec<String>) -> Result<(), Refusal> {
    if call.parameter("q").is_some() {
        violations.push("the simulated org cannot do q on the System Log".to_owned());
        return Err(Refusal::invalid_search());
    }
    for (name, _) in url::form_urlencoded::parse(call.query.as_bytes()) {
        if !PARAMETERS.contains(&name.as_ref()) {
            violations.push(format!("the System Log has no parameter {name}"));
        }
    }
    Ok(())
}

/// A moment in milliseconds since the epoch.
fn time(call: &Call, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = call.parameter(name) else { return Ok(None) };
    let wrong = "The date format in your query is not recognized. Please enter dates using ISO8601 string format.";
    match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => Ok(Some(time.timestamp_millis())),
        Err(_) => Err(Refusal::invalid(name, wrong)),
    }
}

fn read_filter(text: &str, violations: &mut Vec<String>) -> Result<Expression, Refusal> {
    Expression::read(text, &FIELDS).map_err(|wrong| match wrong {
        Wrong::Syntax(why) => Refusal::bad_parameter(format!("Invalid filter '{text}': {why}")),
        Wrong::Field(field) => {
            if NOT_SIMULATED.iter().any(|known| field.starts_with(known)) {
                violations.push(format!("the simulated org cannot filter the System Log by {field}"));
            }
            Refusal::bad_parameter(format!("field is not valid: {field}"))
        }
    })
}

fn worthless(refusal: CursorRefusal) -> Refusal {
    match refusal {
        CursorRefusal::Validation => Refusal::invalid("after", "The cursor is not valid."),
        CursorRefusal::Paging => Refusal::invalid_paging(),
        CursorRefusal::Search => Refusal::invalid_search(),
        CursorRefusal::Parameter => Refusal::bad_parameter("Invalid parameter: The after parameter is not valid."),
    }
}

/// What was published from `since_ms` until before `until_ms`, each event with its place in the order of persistence.
fn published(log: &Log, since_ms: i64, until_ms: i64, order: Order) -> Vec<(u64, &Event)> {
    let asked = since_ms..until_ms;
    let mut events: Vec<(u64, &Event)> =
        log.after(0).filter(|(_, event)| asked.contains(&event.published_ms)).collect();
    events.sort_by_key(|(_, event)| event.published_ms);
    if order == Order::Descending {
        events.reverse();
    }
    events
}

/// The events that stand behind the one with this place; all of them behind 0.
fn behind<'a>(events: &[(u64, &'a Event)], place: u64) -> impl Iterator<Item = (u64, &'a Event)> {
    let found = events.iter().position(|(known, _)| *known == place);
    let from = match (place, found) {
        (0, _) => 0,
        (_, Some(index)) => index + 1,
        (_, None) => events.len(),
    };
    events[from..].iter().copied()
}

/// An event as JSON: what is null here is null in events that real orgs have sent.
fn row(event: &Event) -> Value {
    let published = Utc.timestamp_millis_opt(event.published_ms).single();
    let published = published.expect("milliseconds since the epoch name one instant");
    let transaction = format!("simTransaction{:010}", event.number);
    let targets = match &event.targets[..] {
        [] => Value::Null,
        targets => targets.iter().map(entity).collect(),
    };
    json!({
        "actor": entity(&event.actor.entity()),
        "client": {
            "userAgent": null, "zone": null, "device": null, "id": null, "ipAddress": null, "geographicalContext": null,
        },
        "device": null,
        "authenticationContext": {
            "authenticationProvider": null,
            "credentialProvider": null,
            "credentialType": null,
            "issuer": null,
            "interface": null,
            "authenticationStep": 0,
            "rootSessionId": null,
            "externalSessionId": null,
        },
        "displayMessage": event.message(),
        "eventType": event.kind,
        "outcome": {"result": event.outcome.word(), "reason": null},
        "published": published.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "securityContext": {"asNumber": null, "asOrg": null, "isp": null, "domain": null, "isProxy": null},
        "severity": event.severity(),
        "debugContext": {"debugData": {"requestId": transaction}},
        "legacyEventType": null,
        "transaction": {"type": event.transaction(), "id": transaction, "detail": {}},
        "uuid": event.uuid(),
        "version": "0",
        "request": {"ipChain": []},
        "target": targets,
    })
}

fn entity(entity: &LogTarget) -> Value {
    json!({
        "id": entity.id,
        "type": entity.kind,
        "alternateId": entity.alternate_id,
        "displayName": entity.name,
        "detailEntry": null,
    })
}

//! Which alerts a cycle calls for, and which were sent before: each is sent once. Pure; alerts hold numbers and ids only.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::daemon::cycle_result::{CycleFailure, CycleSummary, FailureClass};
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::word::Word as _;

/// An alert is sent again after this time if its reason persists.
const REPEAT_AFTER: TimeDelta = TimeDelta::hours(24);
/// The most ids in one alert.
const MOST_IDS: usize = 20;
/// The most people that the log remembers. If there are more, the next alert names all of them as new.
const MOST_PEOPLE: usize = 10_000;

/// One alert.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::daemon) struct AlertMessage {
    /// The kind of alert, for machines.
    pub(in crate::daemon) event: &'static str,
    /// A sentence or two.
    pub(in crate::daemon) text: String,
    /// Numbers and ids.
    pub(in crate::daemon) details: Json,
}

/// The alerts that were sent, and when. Saved in the store as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::daemon) struct AlertLog {
    approval: Option<(ApprovalId, DateTime<Utc>)>,
    credentials: Option<DateTime<Utc>>,
    failing: Option<DateTime<Utc>>,
    people: Option<DateTime<Utc>>,
    /// The people of the last alert about people who still are on hold or failing.
    known_people: BTreeSet<OktaUserId>,
    /// Accounts whose delete was announced.
    announced_deletes: BTreeSet<HaiiloId>,
}

/// Failed cycles in a row, and how many of them call for an alert.
#[derive(Clone, Copy, Debug)]
pub(in crate::daemon) struct FailureStreak {
    pub(in crate::daemon) length: u32,
    pub(in crate::daemon) threshold: u32,
}

/// Decides whether a complete cycle calls for one kind of alert, and notes it as sent.
pub(in crate::daemon) type AlertCondition = fn(&mut AlertLog, &CycleSummary, DateTime<Utc>) -> Option<AlertMessage>;

impl AlertLog {
    /// Every kind of alert about a complete cycle, in the order in which they are sent.
    pub(in crate::daemon) const CONDITIONS: [AlertCondition; 4] =
        [Self::recovered, Self::approval_needed, Self::people_held, Self::deletes_due];

    /// Cycles succeed again after failures of which an alert was sent.
    fn recovered(&mut self, summary: &CycleSummary, _: DateTime<Utc>) -> Option<AlertMessage> {
        if summary.failure.is_some() || (self.credentials.take().is_none() & self.failing.take().is_none()) {
            return None;
        }
        Some(AlertMessage {
            event: "recovered",
            text: "Cycles run again.".to_owned(),
            details: json!({"result": summary.result.as_str()}),
        })
    }

    /// A cycle failed, or stopped because of a failure.
    pub(in crate::daemon) fn cycle_failed(
        &mut self,
        failure: &CycleFailure,
        streak: FailureStreak,
        now: DateTime<Utc>,
    ) -> Option<AlertMessage> {
        let what = &failure.message;
        if failure.class == FailureClass::Credentials {
            return is_due(&mut self.credentials, now).then(|| AlertMessage {
                event: "credentials_refused",
                text: format!("Credentials are refused or lack a right: {what}. `check` says which, and what to do."),
                details: json!({"what": what}),
            });
        }
        let failures = streak.length;
        (failures >= streak.threshold && is_due(&mut self.failing, now)).then(|| AlertMessage {
            event: "cycles_failing",
            text: format!("{failures} cycles failed in a row: {what}."),
            details: json!({"failures": failures, "what": what}),
        })
    }

    fn approval_needed(&mut self, summary: &CycleSummary, now: DateTime<Utc>) -> Option<AlertMessage> {
        let Some((id, violations)) = &summary.awaiting_approval else {
            self.approval = None;
            return None;
        };
        let mut sent = self.approval.as_ref().filter(|(known, _)| known == id).map(|(_, at)| *at);
        if !is_due(&mut sent, now) {
            return None;
        }
        self.approval = Some((id.clone(), now));
        let limits: Vec<String> = violations
            .iter()
            .map(|broken| format!("{} {} of {}", broken.limit.as_str(), broken.found, broken.allowed))
            .collect();
        let why = if limits.is_empty() { "a write changed what nobody sent".to_owned() } else { limits.join(", ") };
        Some(AlertMessage {
            event: "approval_needed",
            text: format!("A plan is blocked ({why}). Look at it with `plan`; `approve {id}` lets exactly that pass."),
            details: json!({"approval_id": id, "limits": limits}),
        })
    }

    /// More people are on hold, or their operations fail; once a day.
    fn people_held(&mut self, summary: &CycleSummary, now: DateTime<Utc>) -> Option<AlertMessage> {
        let held: BTreeSet<&OktaUserId> = summary.held.values().flatten().collect();
        let concerned: BTreeSet<OktaUserId> = held.iter().copied().chain(&summary.failed).cloned().collect();
        // A person who recovers in between is new when it happens again.
        self.known_people.retain(|id| concerned.contains(id));
        let new: Vec<&OktaUserId> = concerned.difference(&self.known_people).collect();
        if new.is_empty() || !is_due(&mut self.people, now) {
            return None;
        }
        let failing = new.iter().filter(|id| summary.failed.contains(**id)).count();
        let message = AlertMessage {
            event: "people_held",
            text: format!(
                "{} people are newly held ({} in all), and operations failed for {failing}. `plan` says why, and what to do.",
                new.len() - failing,
                held.len()
            ),
            details: json!({
                "held": new.len() - failing, "failing": failing, "held_in_all": held.len(),
                "okta_ids": new.iter().take(MOST_IDS).collect::<Vec<_>>(),
            }),
        };
        self.known_people = if concerned.len() > MOST_PEOPLE { BTreeSet::new() } else { concerned };
        Some(message)
    }

    /// Deletes that are due within three days, each once.
    fn deletes_due(&mut self, summary: &CycleSummary, _: DateTime<Utc>) -> Option<AlertMessage> {
        self.announced_deletes.retain(|id| summary.deletes_due.contains(id));
        let new: Vec<HaiiloId> = summary.deletes_due.difference(&self.announced_deletes).cloned().collect();
        if new.is_empty() {
            return None;
        }
        let message = AlertMessage {
            event: "deletes_due",
            text: format!(
                "{} accounts will be deleted for ever within three days ({} in all). `plan` shows them under \"Leavers\".",
                new.len(),
                summary.deletes_due.len()
            ),
            details: json!({
                "deletes": new.len(), "deletes_in_all": summary.deletes_due.len(),
                "haiilo_ids": new.iter().take(MOST_IDS).collect::<Vec<_>>(),
            }),
        };
        self.announced_deletes.extend(new);
        Some(message)
    }
}

/// Whether an alert is due that was last sent at a time; if so, notes that it is sent now.
fn is_due(sent: &mut Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    let is_due = sent.is_none_or(|at| now - at >= REPEAT_AFTER || at > now);
    if is_due {
        *sent = Some(now);
    }
    is_due
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{AlertLog, AlertMessage, FailureStreak};
    use crate::daemon::cycle_result::{CycleFailure, CycleSummary, FailureClass};
    use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
    use crate::domain::model::limit::LimitName;
    use crate::domain::planning::limits::Violation;
    use crate::domain::state::run_history::CycleResult;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn summary(change: impl FnOnce(&mut CycleSummary)) -> CycleSummary {
        let mut summary = CycleSummary::default();
        change(&mut summary);
        summary
    }

    fn blocked(id: &str) -> CycleSummary {
        let violations = vec![Violation { limit: LimitName::Creates, found: 30, allowed: 25 }];
        summary(|summary| {
            (summary.result, summary.awaiting_approval) =
                (CycleResult::Blocked, Some((ApprovalId::new(id), violations)));
        })
    }

    fn held(people: &[&str]) -> CycleSummary {
        let ids = people.iter().map(|id| OktaUserId::new(*id)).collect();
        summary(|summary| summary.held = [("mapping", ids)].into())
    }

    fn failure(class: FailureClass) -> CycleFailure {
        CycleFailure { class, message: "haiilo could not be read".to_owned(), causes: String::new() }
    }

    /// The alerts after a complete cycle.
    fn completed(log: &mut AlertLog, summary: &CycleSummary, now: DateTime<Utc>) -> Vec<AlertMessage> {
        AlertLog::CONDITIONS.iter().filter_map(|condition| condition(log, summary, now)).collect()
    }

    /// The alerts after each of these cycles, at these hours.
    fn alerts(summaries: &[(i64, CycleSummary)]) -> Vec<Vec<String>> {
        let mut log = AlertLog::default();
        let mut alerts = Vec::new();
        for (hour, summary) in summaries {
            let messages = completed(&mut log, summary, at(*hour));
            alerts.push(messages.iter().map(|message| format!("{}: {}", message.event, message.text)).collect());
            // A new start in between changes nothing.
            let kept = serde_json::to_string(&log).expect("JSON");
            log = serde_json::from_str(&kept).expect("what was kept");
        }
        alerts
    }

    fn numbers(alerts: &[Vec<String>]) -> Vec<usize> {
        alerts.iter().map(Vec::len).collect()
    }

    #[test]
    fn an_approval_is_asked_for_once_a_day_and_a_new_one_at_once() {
        let found = alerts(&[
            (0, blocked("a")),
            (1, blocked("a")),
            (23, blocked("a")),
            (24, blocked("a")),
            (25, blocked("b")),
            (26, summary(|_| {})),
            (27, blocked("b")),
        ]);
        assert_eq!(numbers(&found), [1, 0, 0, 1, 1, 0, 1]);
        assert_eq!(
            found[0],
            [
                "approval_needed: A plan is blocked (creates 30 of 25). Look at it with `plan`; `approve a` lets exactly that pass."
            ]
        );
    }

    #[test]
    fn people_who_are_newly_held_are_told_once_a_day() {
        let found = alerts(&[
            (0, held(&["1", "2"])),
            (1, held(&["1", "2"])),
            (2, held(&["1", "2", "3"])),
            (25, held(&["1", "2", "3"])),
            (50, held(&["1", "2", "3"])),
            // One of them was well in between.
            (51, held(&["1", "2"])),
            (52, held(&["1", "2", "3"])),
        ]);
        assert_eq!(numbers(&found), [1, 0, 0, 1, 0, 0, 1]);
        assert!(found[0][0].starts_with("people_held: 2 people are newly held (2 in all)"), "{found:?}");
        assert!(found[3][0].starts_with("people_held: 1 people are newly held (3 in all)"), "{found:?}");
    }

    #[test]
    fn failed_operations_are_told_with_their_people() {
        let mut log = AlertLog::default();
        let failing = summary(|summary| summary.failed = [OktaUserId::new("7")].into());
        let messages = completed(&mut log, &failing, at(0));
        let [AlertMessage { event: "people_held", details, .. }] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!(
            (&details["held"], &details["failing"], &details["okta_ids"][0]),
            (&0.into(), &1.into(), &"7".into())
        );
    }

    #[test]
    fn each_delete_is_announced_once() {
        let soon =
            |ids: &[&str]| summary(|summary| summary.deletes_due = ids.iter().map(|id| HaiiloId::new(*id)).collect());
        let found = alerts(&[(0, soon(&["a"])), (1, soon(&["a"])), (2, soon(&["a", "b"])), (90, soon(&["a", "b"]))]);
        assert_eq!(numbers(&found), [1, 0, 1, 0]);
        assert!(found[2][0].contains("1 accounts will be deleted for ever within three days (2 in all)"), "{found:?}");
    }

    #[test]
    fn failures_are_told_when_there_are_enough_of_them_and_so_is_their_end() {
        let mut log = AlertLog::default();
        let mut failed = |n, hour| {
            log.cycle_failed(&failure(FailureClass::Transient), FailureStreak { length: n, threshold: 3 }, at(hour))
                .map(|message| message.text)
        };
        assert_eq!((failed(1, 0), failed(2, 1)), (None, None));
        assert_eq!(failed(3, 2), Some("3 cycles failed in a row: haiilo could not be read.".to_owned()));
        assert_eq!((failed(4, 3), failed(90, 25)), (None, None));
        assert!(failed(91, 26).is_some());
        let well = summary(|_| {});
        let events = |log: &mut AlertLog, hour| {
            completed(log, &well, at(hour)).iter().map(|message| message.event).collect::<Vec<_>>()
        };
        assert_eq!(events(&mut log, 27), ["recovered"]);
        assert_eq!(events(&mut log, 28), [""; 0]);
        // After failures without an alert there is no alert about recovery.
        assert!(
            log.cycle_failed(&failure(FailureClass::Transient), FailureStreak { length: 1, threshold: 3 }, at(29))
                .is_none()
        );
        assert_eq!(events(&mut log, 30), [""; 0]);
    }

    #[test]
    fn refused_credentials_are_told_at_once() {
        let mut log = AlertLog::default();
        for (hour, is_told) in [(0, true), (1, false), (23, false), (24, true)] {
            let message = log.cycle_failed(
                &failure(FailureClass::Credentials),
                FailureStreak { length: 1, threshold: 3 },
                at(hour),
            );
            assert_eq!(message.is_some_and(|message| message.event == "credentials_refused"), is_told, "{hour}");
        }
        // A cycle that stops for that is no recovery.
        let stopped = summary(|summary| {
            (summary.result, summary.failure) = (CycleResult::Stopped, Some(failure(FailureClass::Credentials)));
        });
        assert!(completed(&mut log, &stopped, at(25)).is_empty());
        assert_eq!(completed(&mut log, &summary(|_| {}), at(26))[0].event, "recovered");
    }

    #[test]
    fn a_write_that_changed_more_than_was_sent_waits_for_an_approval_too() {
        let canary = summary(|summary| {
            (summary.result, summary.awaiting_approval) = (CycleResult::Stopped, Some((ApprovalId::new("c"), vec![])));
        });
        let found = alerts(&[(0, canary.clone()), (1, canary)]);
        assert_eq!(numbers(&found), [1, 0]);
        assert!(
            found[0][0].contains("a write changed what nobody sent") && found[0][0].contains("approve c"),
            "{found:?}"
        );
    }

    /// A log of another version.
    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert_eq!(serde_json::from_str::<AlertLog>("{\"other\": 1}").expect("nothing"), AlertLog::default());
    }
}

//! What is worth a call, and when it was called last, so that nobody is called twice for one thing. Pure; numbers and ids alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::daemon::cycle_result::{Class, CycleSummary, Trouble};
use crate::domain::model::ids::{HaiiloId, OktaUserId};

/// What was called is called again after this time, if it is still so.
const AGAIN: TimeDelta = TimeDelta::hours(24);
/// Ids that one message names.
const NAMED: usize = 20;
/// People who are remembered as told; of more, all are news the next day.
const REMEMBERED: usize = 10_000;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::daemon) struct AlertMessage {
    /// What it is about, for machines.
    pub(in crate::daemon) event: &'static str,
    /// A sentence or two.
    pub(in crate::daemon) text: String,
    /// Numbers and ids.
    pub(in crate::daemon) details: Json,
}

/// What was called, and when. Kept in the store as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::daemon) struct AlertLog {
    approvals: BTreeMap<String, DateTime<Utc>>,
    credentials: Option<DateTime<Utc>>,
    failing: Option<DateTime<Utc>>,
    people: Option<DateTime<Utc>>,
    /// Whoever was held or failing when that was called.
    told: BTreeSet<OktaUserId>,
    /// Accounts whose delete was announced.
    soon: BTreeSet<HaiiloId>,
}

/// One thing that may be worth a call after a complete cycle.
pub(in crate::daemon) type AlertCondition = fn(&mut AlertLog, &CycleSummary, DateTime<Utc>) -> Option<AlertMessage>;

impl AlertLog {
    /// What may be worth a call after a complete cycle, one after the other.
    pub(in crate::daemon) const MATTERS: [AlertCondition; 4] =
        [Self::recovery, Self::approval, Self::people, Self::deletes];

    /// Whether it goes on after trouble that was told.
    fn recovery(&mut self, summary: &CycleSummary, _: DateTime<Utc>) -> Option<AlertMessage> {
        if summary.trouble.is_some() || (self.credentials.take().is_none() & self.failing.take().is_none()) {
            return None;
        }
        Some(AlertMessage {
            event: "recovered",
            text: "Cycles run again.".to_owned(),
            details: json!({"result": summary.result}),
        })
    }

    /// After a failed cycle, or one that stopped, the so-many-th in a row; so many are told.
    pub(in crate::daemon) fn failed(
        &mut self,
        trouble: &Trouble,
        (failures, enough): (u32, u32),
        now: DateTime<Utc>,
    ) -> Option<AlertMessage> {
        if trouble.class == Class::Credentials {
            return self.credentials_refused(&trouble.what, now);
        }
        if failures < enough || !is_due(self.failing, now) {
            return None;
        }
        self.failing = Some(now);
        Some(AlertMessage {
            event: "cycles_failing",
            text: format!("{failures} cycles failed in a row: {}.", trouble.what),
            details: json!({"failures": failures, "what": trouble.what}),
        })
    }

    fn credentials_refused(&mut self, what: &str, now: DateTime<Utc>) -> Option<AlertMessage> {
        if !is_due(self.credentials, now) {
            return None;
        }
        self.credentials = Some(now);
        Some(AlertMessage {
            event: "credentials_refused",
            text: format!("Credentials are refused or lack a right: {what}. `check` says which, and what to do."),
            details: json!({"what": what}),
        })
    }

    fn approval(&mut self, summary: &CycleSummary, now: DateTime<Utc>) -> Option<AlertMessage> {
        let Some((id, violations)) = &summary.refused else {
            self.approvals.clear();
            return None;
        };
        let told = self.approvals.get(id.as_str()).copied();
        self.approvals.retain(|known, _| known == id.as_str());
        if !is_due(told, now) {
            return None;
        }
        self.approvals.insert(id.as_str().to_owned(), now);
        let limits: Vec<String> = violations
            .iter()
            .map(|broken| format!("{} {} of {}", broken.limit.as_str(), broken.found, broken.allowed))
            .collect();
        let why = if limits.is_empty() { "a write changed what nobody sent".to_owned() } else { limits.join(", ") };
        Some(AlertMessage {
            event: "approval_needed",
            text: format!("A run was refused ({why}). Look at it with `plan`; `approve {id}` lets exactly that pass."),
            details: json!({"approval_id": id, "limits": limits}),
        })
    }

    /// People newly held or failing, once a day.
    fn people(&mut self, summary: &CycleSummary, now: DateTime<Utc>) -> Option<AlertMessage> {
        let held: BTreeSet<&OktaUserId> = summary.held.values().flatten().collect();
        let concerned: BTreeSet<OktaUserId> = held.iter().copied().chain(&summary.failing).cloned().collect();
        // Whoever is well in between is news when it happens again.
        self.told.retain(|id| concerned.contains(id));
        let news: Vec<&OktaUserId> = concerned.difference(&self.told).collect();
        if news.is_empty() || !is_due(self.people, now) {
            return None;
        }
        let failing = news.iter().filter(|id| summary.failing.contains(**id)).count();
        let message = AlertMessage {
            event: "people_held",
            text: format!(
                "{} people are newly held ({} in all), and operations failed for {failing}. `plan` says why, and what to do.",
                news.len() - failing,
                held.len()
            ),
            details: json!({
                "held": news.len() - failing, "failing": failing, "held_in_all": held.len(),
                "okta_ids": news.iter().take(NAMED).collect::<Vec<_>>(),
            }),
        };
        self.people = Some(now);
        self.told = if concerned.len() > REMEMBERED { BTreeSet::new() } else { concerned };
        Some(message)
    }

    /// Deletes that come within three days, each once.
    fn deletes(&mut self, summary: &CycleSummary, _: DateTime<Utc>) -> Option<AlertMessage> {
        self.soon.retain(|id| summary.soon.contains(id));
        let news: Vec<HaiiloId> = summary.soon.difference(&self.soon).cloned().collect();
        if news.is_empty() {
            return None;
        }
        let message = AlertMessage {
            event: "deletes_due",
            text: format!(
                "{} accounts will be deleted for ever within three days ({} in all). `plan` shows them under \"Leavers\".",
                news.len(),
                summary.soon.len()
            ),
            details: json!({
                "deletes": news.len(), "deletes_in_all": summary.soon.len(),
                "haiilo_ids": news.iter().take(NAMED).collect::<Vec<_>>(),
            }),
        };
        self.soon.extend(news);
        Some(message)
    }
}

/// Whether something that was called at a time is to be called again.
fn is_due(called: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    called.is_none_or(|at| now - at >= AGAIN || at > now)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{AlertLog, AlertMessage};
    use crate::daemon::cycle_result::{Class, CycleSummary, Trouble};
    use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
    use crate::domain::planning::limits::{LimitName, Violation};

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn summary(change: impl FnOnce(&mut CycleSummary)) -> CycleSummary {
        let mut summary = CycleSummary { result: "applied", ..CycleSummary::default() };
        change(&mut summary);
        summary
    }

    fn refused(id: &str) -> CycleSummary {
        let violations = vec![Violation { limit: LimitName::Creates, found: 30, allowed: 25 }];
        summary(|summary| (summary.result, summary.refused) = ("refused", Some((ApprovalId::new(id), violations))))
    }

    fn held(people: &[&str]) -> CycleSummary {
        let ids = people.iter().map(|id| OktaUserId::new(*id)).collect();
        summary(|summary| summary.held = [("mapping", ids)].into())
    }

    fn trouble(class: Class) -> Trouble {
        Trouble { class, what: "haiilo could not be read".to_owned(), causes: String::new() }
    }

    /// What is called after a complete cycle.
    fn completed(called: &mut AlertLog, summary: &CycleSummary, now: DateTime<Utc>) -> Vec<AlertMessage> {
        AlertLog::MATTERS.iter().filter_map(|matter| matter(called, summary, now)).collect()
    }

    /// What is called after each of these cycles, at these hours.
    fn calls(digests: &[(i64, CycleSummary)]) -> Vec<Vec<String>> {
        let mut called = AlertLog::default();
        let mut calls = Vec::new();
        for (hour, summary) in digests {
            let messages = completed(&mut called, summary, at(*hour));
            calls.push(messages.iter().map(|message| format!("{}: {}", message.event, message.text)).collect());
            // A new start in between changes nothing.
            let kept = serde_json::to_string(&called).expect("JSON");
            called = serde_json::from_str(&kept).expect("what was kept");
        }
        calls
    }

    fn numbers(calls: &[Vec<String>]) -> Vec<usize> {
        calls.iter().map(Vec::len).collect()
    }

    #[test]
    fn an_approval_is_asked_for_once_a_day_and_a_new_one_at_once() {
        let found = calls(&[
            (0, refused("a")),
            (1, refused("a")),
            (23, refused("a")),
            (24, refused("a")),
            (25, refused("b")),
            (26, summary(|_| {})),
            (27, refused("b")),
        ]);
        assert_eq!(numbers(&found), [1, 0, 0, 1, 1, 0, 1]);
        assert_eq!(
            found[0],
            [
                "approval_needed: A run was refused (creates 30 of 25). Look at it with `plan`; `approve a` lets exactly that pass."
            ]
        );
    }

    #[test]
    fn people_who_are_newly_held_are_told_once_a_day() {
        let found = calls(&[
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
        let mut called = AlertLog::default();
        let failing = summary(|summary| summary.failing = [OktaUserId::new("7")].into());
        let messages = completed(&mut called, &failing, at(0));
        let [AlertMessage { event: "people_held", details, .. }] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!(
            (&details["held"], &details["failing"], &details["okta_ids"][0]),
            (&0.into(), &1.into(), &"7".into())
        );
    }

    #[test]
    fn each_delete_is_announced_once() {
        let soon = |ids: &[&str]| summary(|summary| summary.soon = ids.iter().map(|id| HaiiloId::new(*id)).collect());
        let found = calls(&[(0, soon(&["a"])), (1, soon(&["a"])), (2, soon(&["a", "b"])), (90, soon(&["a", "b"]))]);
        assert_eq!(numbers(&found), [1, 0, 1, 0]);
        assert!(found[2][0].contains("1 accounts will be deleted for ever within three days (2 in all)"), "{found:?}");
    }

    #[test]
    fn failures_are_told_when_there_are_enough_of_them_and_so_is_their_end() {
        let mut called = AlertLog::default();
        let mut failed =
            |n, hour| called.failed(&trouble(Class::Passing), (n, 3), at(hour)).map(|message| message.text);
        assert_eq!((failed(1, 0), failed(2, 1)), (None, None));
        assert_eq!(failed(3, 2), Some("3 cycles failed in a row: haiilo could not be read.".to_owned()));
        assert_eq!((failed(4, 3), failed(90, 25)), (None, None));
        assert!(failed(91, 26).is_some());
        let well = summary(|_| {});
        let events = |called: &mut AlertLog, hour| {
            completed(called, &well, at(hour)).iter().map(|message| message.event).collect::<Vec<_>>()
        };
        assert_eq!(events(&mut called, 27), ["recovered"]);
        assert_eq!(events(&mut called, 28), [""; 0]);
        // A short trouble that nobody was told of has no end worth a call.
        assert!(called.failed(&trouble(Class::Passing), (1, 3), at(29)).is_none());
        assert_eq!(events(&mut called, 30), [""; 0]);
    }

    #[test]
    fn refused_credentials_are_told_at_once() {
        let mut called = AlertLog::default();
        for (hour, is_told) in [(0, true), (1, false), (23, false), (24, true)] {
            let message = called.failed(&trouble(Class::Credentials), (1, 3), at(hour));
            assert_eq!(message.is_some_and(|message| message.event == "credentials_refused"), is_told, "{hour}");
        }
        // A cycle that stops for that is no recovery.
        let stopped = summary(|summary| {
            (summary.result, summary.trouble) = ("stopped", Some(trouble(Class::Credentials)));
        });
        assert!(completed(&mut called, &stopped, at(25)).is_empty());
        assert_eq!(completed(&mut called, &summary(|_| {}), at(26))[0].event, "recovered");
    }

    #[test]
    fn a_write_that_changed_more_than_was_sent_waits_for_an_approval_too() {
        let canary =
            summary(|summary| (summary.result, summary.refused) = ("stopped", Some((ApprovalId::new("c"), vec![]))));
        let found = calls(&[(0, canary.clone()), (1, canary)]);
        assert_eq!(numbers(&found), [1, 0]);
        assert!(
            found[0][0].contains("a write changed what nobody sent") && found[0][0].contains("approve c"),
            "{found:?}"
        );
    }

    /// What was kept by another version, or by nobody.
    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert_eq!(serde_json::from_str::<AlertLog>("{\"other\": 1}").expect("nothing"), AlertLog::default());
    }
}

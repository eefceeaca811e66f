//! What is worth a call, and when it was called last, so that nobody is called twice for one thing. Pure; numbers and ids alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::daemon::digest::{Credentials, Digest};
use crate::daemon::job::{Class, Trouble};
use crate::domain::ids::{HaiiloId, OktaUserId};

/// What was called is called again after this time, if it is still so.
const AGAIN: TimeDelta = TimeDelta::hours(24);
/// Ids that one message names.
const NAMED: usize = 20;
/// People who are remembered as told; of more, all are news the next day.
const REMEMBERED: usize = 10_000;

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    /// What it is about, for machines.
    pub(super) event: &'static str,
    /// A sentence or two.
    pub(super) text: String,
    /// Numbers and ids.
    pub(super) details: Json,
}

/// What was called, and when. Kept in the store as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Called {
    approvals: BTreeMap<String, DateTime<Utc>>,
    credentials: Option<DateTime<Utc>>,
    failing: Option<DateTime<Utc>>,
    people: Option<DateTime<Utc>>,
    /// Whoever was held or failing when that was called.
    told: BTreeSet<OktaUserId>,
    /// Accounts whose delete was announced.
    soon: BTreeSet<HaiiloId>,
}

impl Called {
    /// After a complete cycle.
    pub(super) fn completed(&mut self, digest: &Digest, now: DateTime<Utc>) -> Vec<Message> {
        let mut messages = Vec::new();
        if digest.credentials == Credentials::Refused {
            messages.extend(self.credentials_refused("haiilo refuses our credentials", now));
        } else if self.credentials.take().is_some() | self.failing.take().is_some() {
            messages.push(Message {
                event: "recovered",
                text: "Cycles run again.".to_owned(),
                details: json!({"result": digest.result}),
            });
        }
        messages.extend(self.approval(digest, now));
        messages.extend(self.people(digest, now));
        messages.extend(self.deletes(digest));
        messages
    }

    /// After a failed one, the so-many-th in a row; so many are told.
    pub(super) fn failed(
        &mut self,
        trouble: &Trouble,
        (failures, enough): (u32, u32),
        now: DateTime<Utc>,
    ) -> Option<Message> {
        if trouble.class == Class::Credentials {
            return self.credentials_refused(&trouble.what, now);
        }
        if failures < enough || !is_due(self.failing, now) {
            return None;
        }
        self.failing = Some(now);
        Some(Message {
            event: "cycles_failing",
            text: format!("{failures} cycles failed in a row: {}.", trouble.what),
            details: json!({"failures": failures, "what": trouble.what}),
        })
    }

    fn credentials_refused(&mut self, what: &str, now: DateTime<Utc>) -> Option<Message> {
        if !is_due(self.credentials, now) {
            return None;
        }
        self.credentials = Some(now);
        Some(Message {
            event: "credentials_refused",
            text: format!("Credentials are refused or lack a right: {what}. `check` says which, and what to do."),
            details: json!({"what": what}),
        })
    }

    fn approval(&mut self, digest: &Digest, now: DateTime<Utc>) -> Option<Message> {
        let Some((id, violations)) = &digest.refused else {
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
        Some(Message {
            event: "approval_needed",
            text: format!(
                "A run was refused ({}). Look at it with `plan`; `approve {id}` lets exactly that pass.",
                limits.join(", ")
            ),
            details: json!({"approval_id": id, "limits": limits}),
        })
    }

    /// People newly held or failing, once a day.
    fn people(&mut self, digest: &Digest, now: DateTime<Utc>) -> Option<Message> {
        let held: BTreeSet<&OktaUserId> = digest.held.values().flatten().collect();
        let concerned: BTreeSet<OktaUserId> = held.iter().copied().chain(&digest.failing).cloned().collect();
        // Whoever is well in between is news when it happens again.
        self.told.retain(|id| concerned.contains(id));
        let news: Vec<&OktaUserId> = concerned.difference(&self.told).collect();
        if news.is_empty() || !is_due(self.people, now) {
            return None;
        }
        let failing = news.iter().filter(|id| digest.failing.contains(**id)).count();
        let message = Message {
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
    fn deletes(&mut self, digest: &Digest) -> Option<Message> {
        self.soon.retain(|id| digest.soon.contains(id));
        let news: Vec<HaiiloId> = digest.soon.difference(&self.soon).cloned().collect();
        if news.is_empty() {
            return None;
        }
        let message = Message {
            event: "deletes_due",
            text: format!(
                "{} accounts will be deleted for ever within three days ({} in all). `plan` shows them under \"Leavers\".",
                news.len(),
                digest.soon.len()
            ),
            details: json!({
                "deletes": news.len(), "deletes_in_all": digest.soon.len(),
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

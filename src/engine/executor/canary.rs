//! The canary: the first operation of each kind and set of paths after a change of the configuration is sent alone, and its account read
//! back whole. What changed though nobody sent it stops the run.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::json;

use crate::domain::model::ids::Fingerprint;
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::{Change, Operation};
use crate::domain::state::sync_state::SyncState;

/// The canaries that a run still needs.
#[derive(Debug)]
pub(crate) struct Canaries<'a> {
    rules: Fingerprint,
    state: &'a SyncState,
    /// Kinds whose canary came through in this run.
    seen: Mutex<BTreeSet<String>>,
}

/// How closely an operation is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caution {
    /// It is the first of its kind and is watched closely.
    Canary,
    /// Its kind was seen before.
    Routine,
}

impl<'a> Canaries<'a> {
    pub(crate) fn new(rules: Fingerprint, state: &'a SyncState) -> Self {
        Self { rules, state, seen: Mutex::default() }
    }

    /// What canaries depend on.
    pub(crate) fn rules(&self) -> &Fingerprint {
        &self.rules
    }

    /// How an operation is to be sent: its kind was seen under this configuration, or it is the first.
    pub(crate) fn caution(&self, operation: &Operation) -> Caution {
        if self.is_due(&operation.canary()) { Caution::Canary } else { Caution::Routine }
    }

    /// Whether the canary of this kind is still needed.
    pub(crate) fn is_due(&self, kind: &str) -> bool {
        !self.seen.lock().contains(kind) && !self.state.canaries.contains(&(self.rules.clone(), kind.to_owned()))
    }

    /// Whether each path of an operation came through in some canary of its kind: then the server rejects the values, and not the paths.
    pub(crate) fn knows_paths(&self, operation: &Operation) -> bool {
        let seen = self.seen.lock();
        let before = self.state.canaries.iter().filter(|(rules, _)| *rules == self.rules).map(|(_, kind)| kind);
        let of_kind: Vec<String> = before
            .chain(seen.iter())
            .filter_map(|kind| kind.strip_prefix(operation.kind().as_str()).map(|paths| format!("{paths} ")))
            .collect();
        let is_known = |change: &Change| {
            let path = format!(" {} ", change.path);
            of_kind.iter().any(|paths| paths.contains(&path))
        };
        operation.changes().iter().all(is_known)
    }

    /// The canary of this kind came through.
    pub(crate) fn saw(&self, kind: String) {
        self.seen.lock().insert(kind);
    }

    /// A change that nobody sent, as an approval of it names it; nothing where an operator approved just that.
    pub(crate) fn unapproved(
        &self,
        what: &str,
        also_changed: &[String],
        now: DateTime<Utc>,
    ) -> Option<BTreeSet<String>> {
        let items = BTreeSet::from([json!({"kind": "canary", "of": what, "also_changed": also_changed}).to_string()]);
        let mut alive = self.state.approvals.iter().filter(|approval| approval.until > now);
        let is_approved = alive.any(|approval| items.is_subset(&approval.items));
        (!is_approved).then_some(items)
    }
}

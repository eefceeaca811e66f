//! The canary: the first operation of each kind and set of paths after a change of the configuration is sent alone, and its account read
//! back whole. What changed though nobody sent it stops the run.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use serde_json::json;

use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::Fingerprint;
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::{Change, Operation};
use crate::domain::planning::limits;
use crate::domain::state::sync_state::SyncState;
use crate::engine::executor::run_state::Stop;

/// Which canaries are still to be seen in a run.
#[derive(Debug)]
pub(crate) struct Canaries<'a> {
    rules: Fingerprint,
    state: &'a SyncState,
    /// Kinds whose canary came through in this run.
    seen: Mutex<BTreeSet<String>>,
}

/// The place of one operation with regard to canaries.
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
        let kind = operation.canary();
        let seen = self.seen.lock();
        let is_known = seen.contains(&kind) || self.state.canaries.contains(&(self.rules.clone(), kind));
        if is_known { Caution::Routine } else { Caution::Canary }
    }

    /// Whether each path of an operation came through in some canary of its kind: then it is the values that the server does not like, and
    /// not the paths.
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
    pub(crate) fn saw(&self, operation: &Operation) {
        self.seen.lock().insert(operation.canary());
    }

    /// What changed besides what was sent, unless an operator approved just that.
    pub(crate) fn surprise(
        &self,
        operation: &Operation,
        before: &WholeAccount,
        after: &WholeAccount,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Option<(Stop, BTreeSet<String>)> {
        let sent: Vec<String> = operation.changes().iter().flat_map(Change::touches).collect();
        self.unapproved(operation.canary(), after.changed_besides(before, &sent), now)
    }

    /// A change that nobody sent, with what an approval of it names; nothing where there is none, or an operator approved just that.
    pub(crate) fn unapproved(
        &self,
        what: String,
        also_changed: Vec<String>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Option<(Stop, BTreeSet<String>)> {
        if also_changed.is_empty() {
            return None;
        }
        let items = BTreeSet::from([json!({"kind": "canary", "of": what, "also_changed": also_changed}).to_string()]);
        let mut alive = self.state.approvals.iter().filter(|approval| approval.until > now);
        if alive.any(|approval| items.is_subset(&approval.items)) {
            return None;
        }
        let approval_id = limits::id_of(&items);
        Some((Stop::Canary { what, also_changed, approval_id }, items))
    }
}

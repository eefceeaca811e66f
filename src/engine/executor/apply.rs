//! Applying a plan: links, accounts that become active again, updates, creates, and last the operations that take an account from a person.
//! One person's failure does not stop the rest; signs of a general failure do.

use futures_util::{StreamExt as _, stream};

use crate::domain::model::ids::HaiiloId;
use crate::domain::model::link::{Link, Listed};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::Plan;
use crate::domain::plan::operation::{Action, Operation, OperationKind, RemovalMethod};
use crate::domain::plan::outcome::{Conclusion, Effect, Outcome};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::executor::run_state::Stop;
use crate::engine::executor::update::group_of;
use crate::engine::settings::Observer;
use crate::ports::{AccountWriter, Adapters, StoreWriter};

/// Adopted accounts that are written down at once.
const ADOPTED_AT_ONCE: usize = 500;

/// What became of a plan.
#[derive(Debug)]
pub(crate) struct ExecutionResult {
    pub(crate) concluded: Vec<Conclusion>,
    pub(crate) stops: Vec<Stop>,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    pub(crate) async fn apply(&self, plan: &Plan, observer: &impl Observer) -> ExecutionResult {
        observer.applying(plan.operations.len());
        let mut concluded = Vec::new();
        let of = |kind| plan.of_kind(kind).collect::<Vec<_>>();
        self.links(&of(OperationKind::Adopt), &mut concluded, observer).await;
        self.apply_concurrently(&of(OperationKind::Reactivate), &mut concluded, observer).await;
        self.apply_concurrently(&of(OperationKind::Update), &mut concluded, observer).await;
        self.trials(&plan.trials, &mut concluded).await;
        self.apply_concurrently(&of(OperationKind::Create), &mut concluded, observer).await;
        self.remove_accounts(&plan.removals().collect::<Vec<_>>(), &mut concluded, observer).await;
        concluded.sort_by(|left, right| {
            let (left, right) = (&left.operation, &right.operation);
            (left.kind(), &left.okta_id).cmp(&(right.kind(), &right.okta_id))
        });
        ExecutionResult { concluded, stops: self.run.stops() }
    }

    /// Accounts that are adopted: nothing is sent.
    async fn links(&self, operations: &[&Operation], concluded: &mut Vec<Conclusion>, observer: &impl Observer) {
        let is_approved = |operation: &&&Operation| self.run_context(operation).approval.is_some();
        let (approved, others): (Vec<&Operation>, Vec<&Operation>) = operations.iter().partition(is_approved);
        for chunk in approved.chunks(ADOPTED_AT_ONCE).chain(others.chunks(ADOPTED_AT_ONCE)) {
            let outcome = self.adopt(chunk).await;
            for operation in chunk {
                concluded.push(self.concluded(operation, outcome.clone()));
                observer.ended();
            }
        }
    }

    /// Adopts accounts that share one run context.
    async fn adopt(&self, operations: &[&Operation]) -> Outcome {
        let Some(run_context) = operations.first().map(|operation| self.run_context(operation)) else {
            return Outcome::Done;
        };
        if let Err(outcome) = self.may_begin(OperationKind::Adopt) {
            return outcome;
        }
        let adopted: Vec<(&Operation, Link)> = operations.iter().filter_map(|operation| adopted(operation)).collect();
        match self.adapters.store().adopt(&run_context, &adopted, self.now()).await {
            Ok(()) => {
                for (_, link) in &adopted {
                    self.run.linked(&link.haiilo_id, &link.okta_id);
                }
                Outcome::Done
            }
            Err(failure) => self.run.cannot_intend(&failure),
        }
    }

    /// Updates or creates: the first of each unknown kind alone, then all others side by side, then those that wait for a name.
    async fn apply_concurrently(
        &self,
        operations: &[&Operation],
        concluded: &mut Vec<Conclusion>,
        observer: &impl Observer,
    ) {
        let (waiting, free): (Vec<&Operation>, Vec<&Operation>) =
            operations.iter().partition(|operation| operation.waits_for().is_some());
        let mut routine = Vec::new();
        for operation in free {
            match self.canaries.caution(operation) {
                Caution::Routine => routine.push(operation),
                Caution::Canary => {
                    let outcome = self.one(operation, Caution::Canary).await;
                    concluded.push(self.concluded(operation, outcome));
                    observer.ended();
                }
            }
        }
        let ended = stream::iter(routine)
            .map(async |operation| self.concluded(operation, self.one(operation, Caution::Routine).await))
            .buffer_unordered(in_hand(self.settings.concurrency))
            .inspect(|_| observer.ended());
        concluded.extend(ended.collect::<Vec<_>>().await);
        self.in_turn(waiting, concluded, observer).await;
    }

    /// Names are passed on in order: an operation that waits for a name comes after the one that frees it.
    async fn in_turn(&self, mut waiting: Vec<&Operation>, concluded: &mut Vec<Conclusion>, observer: &impl Observer) {
        while !waiting.is_empty() {
            let (mut ready, mut later): (Vec<&Operation>, Vec<&Operation>) = waiting.iter().partition(|operation| {
                let freed_by = operation.waits_for();
                !waiting.iter().any(|other| other.renames() && other.haiilo_id() == freed_by)
            });
            if ready.is_empty() {
                // Names that wait for each other in a circle never come into a plan; if they did, no name would be freed.
                ready = std::mem::take(&mut later);
            }
            for operation in ready {
                let outcome = match operation.waits_for() {
                    Some(id) if self.run.was_renamed(id) => self.one(operation, self.canaries.caution(operation)).await,
                    _ => Outcome::NotAttempted("the userName was not freed".to_owned()),
                };
                concluded.push(self.concluded(operation, outcome));
                observer.ended();
            }
            waiting = later;
        }
    }

    /// One person a cycle tries a group that Haiilo did not have. A trial that finds the group frees all people who wait for it. No plan
    /// has counted the trial, so only as many may succeed as the limits of the day have room for.
    async fn trials(&self, trials: &[Operation], concluded: &mut Vec<Conclusion>) {
        let mut room = self.room;
        for trial in trials {
            if room == 0 {
                break;
            }
            let outcome = self.one(trial, Caution::Canary).await;
            room -= u64::from(outcome.is_done());
            if let (true, Some(group)) = (outcome.is_done(), group_of(trial)) {
                let recorded = self.record(trial, Outcome::Done, &[Effect::GroupFound(group)]).await;
                concluded.push(self.concluded(trial, recorded.err().unwrap_or(outcome)));
            } else if outcome.is_failure() {
                concluded.push(self.concluded(trial, outcome));
            }
        }
    }

    /// Deactivations and deletes, one after the other, if the calls that make evidence find a person who is assigned.
    pub(crate) async fn remove_accounts(
        &self,
        operations: &[&Operation],
        concluded: &mut Vec<Conclusion>,
        observer: &impl Observer,
    ) {
        if operations.is_empty() {
            return;
        }
        let control = self.control().await;
        for operation in operations {
            let outcome = match &control {
                Ok(()) => self.one(operation, Caution::Canary).await,
                Err(outcome) => outcome.clone(),
            };
            concluded.push(self.concluded(operation, outcome));
            observer.ended();
        }
    }

    /// One operation, unless the run was stopped.
    async fn one(&self, operation: &Operation, caution: Caution) -> Outcome {
        let (Ok(outcome) | Err(outcome)) = self.attempt(operation, caution).await;
        outcome
    }

    async fn attempt(&self, operation: &Operation, caution: Caution) -> Result<Outcome, Outcome> {
        self.may_begin(operation.kind())?;
        match &operation.action {
            Action::Adopt { .. } => Err(Outcome::NotAttempted("links are made before everything else".to_owned())),
            Action::Update { haiilo_id, changes: _, waits_for: _ } => self.update(operation, haiilo_id, caution).await,
            Action::Create { changes: _, replaces, waits_for: _ } => {
                self.create(operation, replaces.as_ref(), caution).await
            }
            Action::Reactivate { haiilo_id } => self.reactivate(operation, haiilo_id).await,
            // Each of these removals is watched as closely as a canary.
            Action::Deactivate { haiilo_id, evidence } => {
                self.remove_account(operation, haiilo_id, *evidence, RemovalMethod::Deactivation).await
            }
            Action::Delete { haiilo_id, evidence, method } => {
                self.remove_account(operation, haiilo_id, *evidence, *method).await
            }
        }
    }

    /// The end of an operation, as an event for the logs: ids only.
    pub(crate) fn concluded(&self, operation: &Operation, outcome: Outcome) -> Conclusion {
        let made = self.run.account_of(&operation.okta_id);
        let haiilo_id = made.or_else(|| operation.haiilo_id().cloned());
        let (run, kind, ended) = (self.run_context.run.as_str(), operation.kind().as_str(), outcome.as_str());
        let okta_id = &operation.okta_id;
        let account = haiilo_id.as_ref().map(HaiiloId::as_str);
        match &outcome {
            Outcome::Failed(_) | Outcome::Unknown(_) => {
                tracing::warn!(run, kind, outcome = ended, %okta_id, haiilo_id = account, "operation failed");
            }
            // Of a run that stopped, thousands may be left.
            Outcome::NotAttempted(_) => {
                tracing::debug!(run, kind, outcome = ended, %okta_id, haiilo_id = account, "operation not attempted");
            }
            Outcome::Done | Outcome::DoneExcept(_) | Outcome::Held(_) | Outcome::NoSuchGroup(_) => {
                tracing::info!(run, kind, outcome = ended, %okta_id, haiilo_id = account, "operation ended");
            }
        }
        Conclusion { haiilo_id, operation: operation.clone(), outcome }
    }
}

/// Operations that are in hand at once: some write in the journal while others wait for Haiilo, which never has more than its number of
/// requests to answer. One at a time stays one at a time.
fn in_hand(concurrency: usize) -> usize {
    concurrency + concurrency / 2
}

/// The link that an operation of that kind makes.
fn adopted<'o>(operation: &'o &Operation) -> Option<(&'o Operation, Link)> {
    let Action::Adopt { haiilo_id, origin } = &operation.action else { return None };
    let link = Link {
        okta_id: operation.okta_id.clone(),
        haiilo_id: haiilo_id.clone(),
        user_name: operation.user_name.clone(),
        origin: *origin,
        listed: Listed::Seen,
        missing: None,
    };
    Some((*operation, link))
}

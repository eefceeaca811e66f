//! The bench: everything that one operation needs, and what all kinds of operations do alike.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot, PersonState};
use crate::domain::mapping::Mapping;
use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::limit::LimitName;
use crate::domain::model::policy::Policy;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::limits::Violation;
use crate::domain::state::journal::{EntryId, Intent, IntentStep, RunContext};
use crate::domain::state::sync_state::SyncState;
use crate::engine::executor::canary::Canaries;
use crate::engine::executor::read_cache::ReadCache;
use crate::engine::executor::run_state::{RunState, Stop};
use crate::engine::prepared::Prepared;
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountWriter, Adapters, BlockedPlan, StoreWriter};

/// Everything that an operation needs.
pub(crate) struct Executor<'a, W, A> {
    pub(crate) adapters: &'a W,
    pub(crate) writer: &'a A,
    pub(crate) settings: &'a CycleSettings,
    pub(crate) people: &'a AssignmentSnapshot,
    pub(crate) accounts: &'a AccountSnapshot,
    pub(crate) state: &'a SyncState,
    pub(crate) run_context: &'a RunContext,
    pub(crate) approved: Approved,
    /// How many more accounts may be made, changed or moved today.
    pub(crate) room: u64,
    pub(crate) run: RunState,
    pub(crate) canaries: Canaries<'a>,
    /// What was read just now, so that it is not asked for again.
    pub(crate) reads: ReadCache,
}

/// What an approval lets pass in this run.
#[derive(Debug, Default)]
pub(crate) struct Approved {
    /// The approval, where one was needed.
    pub(crate) id: Option<ApprovalId>,
    /// The operations that it names. Deletes have a budget, which no approval lifts.
    pub(crate) operations: BTreeSet<(OktaUserId, OperationKind)>,
}

impl<'a, W, A> Executor<'a, W, A> {
    /// A bench for what was prepared, on which nothing is approved and no trial is made.
    pub(crate) fn of(
        adapters: &'a W,
        writer: &'a A,
        settings: &'a CycleSettings,
        (prepared, run_context): (&'a Prepared, &'a RunContext),
    ) -> Self {
        Self {
            adapters,
            writer,
            settings,
            people: &prepared.people,
            accounts: &prepared.accounts,
            state: &prepared.state,
            run_context,
            approved: Approved::default(),
            room: 0,
            run: RunState::new((prepared.now, prepared.began)),
            canaries: Canaries::new(settings.canary_rules(), &prepared.state),
            reads: ReadCache::default(),
        }
    }
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// On whose word an operation is done: by the approval if it names the operation, and else under the limits.
    pub(crate) fn run_context(&self, operation: &Operation) -> RunContext {
        let is_named = self.approved.operations.contains(&(operation.okta_id.clone(), operation.kind()));
        RunContext { approval: self.approved.id.clone().filter(|_| is_named), ..self.run_context.clone() }
    }

    /// Writes an operation down, as the last thing before it is sent; not when its time is over.
    pub(crate) async fn intend(
        &self,
        operation: &Operation,
        before: Option<serde_json::Value>,
    ) -> Result<EntryId, Outcome> {
        if let Some(stop) = self.run.stopped(self.adapters.clock(), operation.kind()) {
            return Err(Outcome::NotAttempted(stop.reason()));
        }
        let run_context = self.run_context(operation);
        let intent = Intent { run_context: &run_context, at: self.now(), step: IntentStep::Account(operation), before };
        self.adapters.store().intend(&intent).await.map_err(|failure| self.run.cannot_intend(&failure))
    }

    /// Stops the run when a canary changed more than was sent; keeps the difference for an approval.
    pub(crate) async fn judge_canary(
        &self,
        operation: &Operation,
        before: &WholeAccount,
        after: &WholeAccount,
    ) -> Result<(), Outcome> {
        let Some(surprise) = self.canaries.surprise(operation, before, after, self.now()) else { return Ok(()) };
        Err(self.stop_at(&self.run, surprise).await)
    }

    /// Stops a run at what a canary showed; keeps it for an approval.
    pub(crate) async fn stop_at(&self, run: &RunState, (stop, items): (Stop, BTreeSet<String>)) -> Outcome {
        if let Stop::Canary { approval_id, also_changed, .. } = &stop {
            let violation = Violation { limit: LimitName::Canary, found: also_changed.len() as u64, allowed: 0 };
            let refusal = BlockedPlan {
                id: approval_id.clone(),
                run: self.run_context.run.clone(),
                at: self.now(),
                items,
                violations: vec![violation],
            };
            if let Err(failure) = self.adapters.store().block(&refusal).await {
                return run.cannot_conclude(&failure);
            }
        }
        let why = stop.reason();
        run.stop(stop);
        Outcome::Failed(why)
    }

    /// Writes down how an operation ended, and what follows; the outcome, or that it could not be written down.
    pub(crate) async fn conclude(&self, entry: EntryId, outcome: Outcome, effects: &[Effect]) -> Outcome {
        match self.adapters.store().conclude(entry, &outcome, effects, self.now()).await {
            Ok(()) => outcome,
            Err(failure) => self.run.cannot_conclude(&failure),
        }
    }

    /// Writes an entry whose outcome is known at once, because nothing is sent for it.
    pub(crate) async fn record(
        &self,
        operation: &Operation,
        outcome: &Outcome,
        effects: &[Effect],
    ) -> Result<(), Outcome> {
        let run_context = self.run_context(operation);
        let intent =
            Intent { run_context: &run_context, at: self.now(), step: IntentStep::Account(operation), before: None };
        let store = self.adapters.store();
        let written = async { store.conclude(store.intend(&intent).await?, outcome, effects, self.now()).await };
        written.await.map_err(|failure| self.run.cannot_conclude(&failure))
    }

    /// Okta's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.run.now(self.adapters.clock())
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.settings.mapping
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.settings.policy
    }

    pub(crate) fn state(&self) -> &SyncState {
        self.state
    }

    pub(crate) fn accounts(&self) -> &AccountSnapshot {
        self.accounts
    }

    /// Whose account this is.
    pub(crate) fn owner(&self, id: &HaiiloId) -> Option<OktaUserId> {
        let linked = self.state.links.of_account(id).map(|link| link.okta_id.clone());
        linked.or_else(|| self.run.owner(id))
    }

    /// Somebody who is assigned and whose mapping is certain.
    pub(crate) fn control_person(&self) -> Option<&OktaUserId> {
        let assigned = self.people.people().iter().find(|person| matches!(person.state, PersonState::Wanted(_)));
        assigned.map(|person| &person.id)
    }
}

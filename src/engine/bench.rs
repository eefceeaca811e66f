//! The bench: everything that one operation needs, and what all kinds of operations do alike.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot, PersonState};
use crate::domain::mapping::Mapping;
use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::policy::Policy;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::limits::{LimitName, Violation};
use crate::domain::state::journal::{EntryId, Intent, RunContext};
use crate::domain::state::sync_state::SyncState;
use crate::engine::canary::Canaries;
use crate::engine::prepared::Prepared;
use crate::engine::reads::Reads;
use crate::engine::run::{Run, Stop};
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountWriter, BlockedPlan, StoreWriter, World};

/// Everything that an operation needs.
pub(super) struct Bench<'a, W, A> {
    pub(super) world: &'a W,
    pub(super) writer: &'a A,
    pub(super) settings: &'a CycleSettings,
    pub(super) people: &'a AssignmentSnapshot,
    pub(super) accounts: &'a AccountSnapshot,
    pub(super) memory: &'a SyncState,
    pub(super) mandate: &'a RunContext,
    pub(super) approved: Approved,
    /// How many more accounts may be made, changed or moved today.
    pub(super) room: u64,
    pub(super) run: Run,
    pub(super) canaries: Canaries<'a>,
    /// What was read just now, so that it is not asked for again.
    pub(super) reads: Reads,
}

/// What an approval lets pass in this run.
#[derive(Debug, Default)]
pub(super) struct Approved {
    /// The approval, where one was needed.
    pub(super) id: Option<ApprovalId>,
    /// The operations that it names. Deletes have a budget, which no approval lifts.
    pub(super) operations: BTreeSet<(OktaUserId, OperationKind)>,
}

impl<'a, W, A> Bench<'a, W, A> {
    /// A bench for what was prepared, on which nothing is approved and no trial is made.
    pub(super) fn of(
        world: &'a W,
        writer: &'a A,
        settings: &'a CycleSettings,
        (prepared, mandate): (&'a Prepared, &'a RunContext),
    ) -> Self {
        Self {
            world,
            writer,
            settings,
            people: &prepared.people,
            accounts: &prepared.accounts,
            memory: &prepared.memory,
            mandate,
            approved: Approved::default(),
            room: 0,
            run: Run::new((prepared.now, prepared.began)),
            canaries: Canaries::new(settings.canary_rules(), &prepared.memory),
            reads: Reads::default(),
        }
    }
}

impl<W: World<Store: StoreWriter>, A: AccountWriter> Bench<'_, W, A> {
    /// On whose word an operation is done: by the approval if it names the operation, and else under the limits.
    pub(super) fn mandate(&self, operation: &Operation) -> RunContext {
        let is_named = self.approved.operations.contains(&(operation.okta_id.clone(), operation.kind()));
        RunContext { approval: self.approved.id.clone().filter(|_| is_named), ..self.mandate.clone() }
    }

    /// Writes an operation down, as the last thing before it is sent; not when its time is over.
    pub(super) async fn intend(
        &self,
        operation: &Operation,
        before: Option<serde_json::Value>,
    ) -> Result<EntryId, Outcome> {
        if let Some(stop) = self.run.stopped(self.world.clock(), operation.kind()) {
            return Err(Outcome::NotAttempted(stop.reason()));
        }
        let mandate = self.mandate(operation);
        let intent = Intent { mandate: &mandate, at: self.now(), operation, before };
        self.world.store().intend(&intent).await.map_err(|failure| self.run.cannot_intend(&failure))
    }

    /// Stops the run when a canary changed more than was sent; keeps the difference for an approval.
    pub(super) async fn judge_canary(
        &self,
        operation: &Operation,
        before: &WholeAccount,
        after: &WholeAccount,
    ) -> Result<(), Outcome> {
        let Some(surprise) = self.canaries.surprise(operation, before, after, self.now()) else { return Ok(()) };
        Err(self.stop_at(&self.run, surprise).await)
    }

    /// Stops a run at what a canary showed; keeps it for an approval.
    pub(super) async fn stop_at(&self, run: &Run, (stop, items): (Stop, BTreeSet<String>)) -> Outcome {
        if let Stop::Canary { approval_id, also_changed, .. } = &stop {
            let violation = Violation { limit: LimitName::Canary, found: also_changed.len() as u64, allowed: 0 };
            let refusal = BlockedPlan {
                id: approval_id.clone(),
                run: self.mandate.run.clone(),
                at: self.now(),
                items,
                violations: vec![violation],
            };
            if let Err(failure) = self.world.store().refuse(&refusal).await {
                return run.cannot_conclude(&failure);
            }
        }
        let why = stop.reason();
        run.stop(stop);
        Outcome::Failed(why)
    }

    /// Writes down how an operation ended, and what follows; the outcome, or that it could not be written down.
    pub(super) async fn conclude(&self, entry: EntryId, outcome: Outcome, effects: &[Effect]) -> Outcome {
        match self.world.store().conclude(entry, &outcome, effects, self.now()).await {
            Ok(()) => outcome,
            Err(failure) => self.run.cannot_conclude(&failure),
        }
    }

    /// Writes an entry whose outcome is known at once, because nothing is sent for it.
    pub(super) async fn record(
        &self,
        operation: &Operation,
        outcome: &Outcome,
        effects: &[Effect],
    ) -> Result<(), Outcome> {
        let mandate = self.mandate(operation);
        let intent = Intent { mandate: &mandate, at: self.now(), operation, before: None };
        let store = self.world.store();
        let written = async { store.conclude(store.intend(&intent).await?, outcome, effects, self.now()).await };
        written.await.map_err(|failure| self.run.cannot_conclude(&failure))
    }

    /// Okta's time.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.run.now(self.world.clock())
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.settings.mapping
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.settings.policy
    }

    pub(super) fn memory(&self) -> &SyncState {
        self.memory
    }

    pub(super) fn accounts(&self) -> &AccountSnapshot {
        self.accounts
    }

    /// Whose account this is.
    pub(super) fn owner(&self, id: &HaiiloId) -> Option<OktaUserId> {
        let linked = self.memory.links.of_account(id).map(|link| link.okta_id.clone());
        linked.or_else(|| self.run.owner(id))
    }

    /// Somebody who is assigned and whose mapping is certain.
    pub(super) fn control_person(&self) -> Option<&OktaUserId> {
        let assigned = self.people.people().iter().find(|person| matches!(person.state, PersonState::Wanted(_)));
        assigned.map(|person| &person.id)
    }
}

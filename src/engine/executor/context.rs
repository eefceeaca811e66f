//! Everything that one operation needs, and what all kinds of operations do alike.
//!
//! Steps of an operation return `Result<_, Outcome>`: an error is the outcome of an operation that ends at this step.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::config::settings::UpdateMethod;
use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot, PersonState};
use crate::domain::mapping::Mapping;
use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::limit::LimitName;
use crate::domain::model::policy::Policy;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::limits::{self, LimitDecision, Violation};
use crate::domain::state::journal::{EntryId, Intent, IntentStep, RunContext};
use crate::domain::state::sync_state::SyncState;
use crate::engine::executor::canary::Canaries;
use crate::engine::executor::read_cache::ReadCache;
use crate::engine::executor::run_state::{RunState, Stop};
use crate::engine::prepared::{Collected, Prepared};
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, BlockedPlan, StoreWriter};

/// Why an operation on an account that is gone is held.
pub(crate) const ACCOUNT_GONE: &str = "the account is not there any more; the next cycle will show it as missing";

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
    /// What was read just now, so it is not read again.
    pub(crate) reads: ReadCache,
}

/// What an approval permits in this run.
#[derive(Debug, Default)]
pub(crate) struct Approved {
    /// The approval, where one was needed.
    pub(crate) id: Option<ApprovalId>,
    /// The operations that it names. Deletes have a budget, which no approval lifts.
    pub(crate) operations: BTreeSet<(OktaUserId, OperationKind)>,
}

impl Approved {
    /// What the limits permit of a plan, and the operations that an approval names; nothing where they block it.
    pub(crate) fn of(prepared: &Prepared) -> Option<Self> {
        let id = match &prepared.limit_check.decision {
            LimitDecision::Pass => return Some(Self::default()),
            LimitDecision::Approved(id) => id,
            LimitDecision::Blocked => return None,
        };
        let stored = prepared.collected.state.approvals.iter().find(|approval| approval.id == *id);
        let items = stored.map_or(&prepared.limit_check.items, |approval| &approval.items);
        let is_named =
            |operation: &&Operation| !operation.kind().is_removal() && items.contains(&operation.to_json().to_string());
        let operations = prepared.plan.people.operations.iter().filter(is_named);
        let operations = operations.map(|operation| (operation.okta_id.clone(), operation.kind())).collect();
        Some(Self { id: Some(id.clone()), operations })
    }
}

impl<'a, W, A> Executor<'a, W, A> {
    /// An executor for what was prepared, with no approval, and no room for trials.
    pub(crate) fn new(
        adapters: &'a W,
        writer: &'a A,
        settings: &'a CycleSettings,
        prepared: &'a Prepared,
        run_context: &'a RunContext,
    ) -> Self {
        let Collected { now, began, people, accounts, state, .. } = &prepared.collected;
        Self {
            adapters,
            writer,
            settings,
            people,
            accounts,
            state,
            run_context,
            approved: Approved::default(),
            room: 0,
            run: RunState::new(*now, *began),
            canaries: Canaries::new(settings.canary_rules(), state),
            reads: ReadCache::default(),
        }
    }
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// What permits an operation: the approval if it names the operation, else the limits.
    pub(crate) fn run_context(&self, operation: &Operation) -> RunContext {
        let is_named = self.approved.operations.contains(&(operation.okta_id.clone(), operation.kind()));
        RunContext { approval: self.approved.id.clone().filter(|_| is_named), ..self.run_context.clone() }
    }

    /// Whether an operation of this kind may begin now.
    pub(crate) fn may_begin(&self, kind: OperationKind) -> Result<(), Outcome> {
        self.run.may_begin(self.adapters.clock(), kind)
    }

    /// An account as it is now.
    pub(crate) async fn read(&self, kind: OperationKind, id: &HaiiloId) -> Result<Option<WholeAccount>, Outcome> {
        self.adapters.reader().get(id).await.map_err(|failure| self.run.failed(kind, &failure))
    }

    /// Writes an operation down, as the last step before it is sent; not when its time is over.
    pub(crate) async fn intend(
        &self,
        operation: &Operation,
        before: Option<serde_json::Value>,
    ) -> Result<EntryId, Outcome> {
        self.may_begin(operation.kind())?;
        let run_context = self.run_context(operation);
        let intent = Intent { run_context: &run_context, at: self.now(), step: IntentStep::Account(operation), before };
        self.adapters.store().intend(&intent).await.map_err(|failure| self.run.cannot_intend(&failure))
    }

    /// Stops a run when a canary changed more than was sent, unless an operator approved exactly that; keeps the difference for an
    /// approval.
    pub(crate) async fn judge_canary(
        &self,
        run: &RunState,
        what: String,
        also_changed: Vec<String>,
    ) -> Result<(), Outcome> {
        if also_changed.is_empty() {
            return Ok(());
        }
        let Some(items) = self.canaries.unapproved(&what, &also_changed, self.now()) else { return Ok(()) };
        let approval_id = limits::id_of(&items);
        let violation = Violation { limit: LimitName::Canary, found: also_changed.len() as u64, allowed: 0 };
        let blocked = BlockedPlan {
            id: approval_id.clone(),
            run: self.run_context.run.clone(),
            at: self.now(),
            items,
            violations: vec![violation],
        };
        self.adapters.store().block(&blocked).await.map_err(|failure| run.cannot_conclude(&failure))?;
        let stop = Stop::Canary { what, also_changed, approval_id };
        let outcome = Outcome::Failed(stop.reason());
        run.stop(stop);
        Err(outcome)
    }

    /// Records a canary whose account was read back. Where answers were found to be wrong, or updates are not sent as configured, the next
    /// run needs its canaries again.
    pub(crate) async fn saw_canary(&self, operation: &Operation) {
        let kind = operation.canary();
        self.canaries.saw(kind.clone());
        let is_as_configured = self.writer.sends_put() == (self.settings.update_method == UpdateMethod::Put);
        if is_as_configured
            && !self.run.answers_lie()
            && let Err(failure) = self.adapters.store().see_canary(self.canaries.rules(), &kind).await
        {
            self.run.cannot_conclude(&failure);
        }
    }

    /// Writes down how an operation ended, and what follows. An error says that it could not be written down.
    pub(crate) async fn conclude(
        &self,
        entry: EntryId,
        outcome: Outcome,
        effects: &[Effect],
    ) -> Result<Outcome, Outcome> {
        let written = self.adapters.store().conclude(entry, &outcome, effects, self.now()).await;
        written.map(|()| outcome).map_err(|failure| self.run.cannot_conclude(&failure))
    }

    /// Writes an entry whose outcome is known at once, because nothing is sent for it.
    pub(crate) async fn record(
        &self,
        operation: &Operation,
        outcome: Outcome,
        effects: &[Effect],
    ) -> Result<Outcome, Outcome> {
        let run_context = self.run_context(operation);
        let intent =
            Intent { run_context: &run_context, at: self.now(), step: IntentStep::Account(operation), before: None };
        let entry = self.adapters.store().intend(&intent).await;
        let entry = entry.map_err(|failure| self.run.cannot_conclude(&failure))?;
        self.conclude(entry, outcome, effects).await
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

    /// Whose account this is.
    pub(crate) fn owner(&self, id: &HaiiloId) -> Option<OktaUserId> {
        let linked = self.state.links.of_account(id).map(|link| link.okta_id.clone());
        linked.or_else(|| self.run.owner(id))
    }

    /// A person who is assigned and whose mapping is certain.
    pub(crate) fn control_person(&self) -> Option<&OktaUserId> {
        let assigned = self.people.people().iter().find(|person| matches!(person.state, PersonState::Wanted(_)));
        assigned.map(|person| &person.id)
    }
}

/// An account that was read for an operation: it must still be the one that the plan was made for.
pub(crate) fn as_planned(operation: &Operation, found: Option<WholeAccount>) -> Result<WholeAccount, Outcome> {
    let why = match found {
        None => ACCOUNT_GONE,
        Some(whole) if whole.account.user_name.as_ref().is_some_and(|name| name.same_as(&operation.user_name)) => {
            return Ok(whole);
        }
        Some(_) => "the account carries another userName than when it was listed",
    };
    Err(Outcome::Held(why.to_owned()))
}

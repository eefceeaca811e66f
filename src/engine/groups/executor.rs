//! Everything that one operation on a group needs, beside the executor of people.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde_json::Value as Json;

use crate::domain::groups::member_index::MemberIndex;
use crate::domain::model::group::{HaiiloGroup, PersonIndex};
use crate::domain::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId};
use crate::domain::model::link::GroupLink;
use crate::domain::model::word::Word as _;
use crate::domain::plan::group_operation::{GroupKind, GroupOperation, Removals};
use crate::domain::plan::group_plan::GroupPlan;
use crate::domain::plan::operation::OperationKind;
use crate::domain::plan::outcome::{Effect, GroupConclusion, Outcome};
use crate::domain::state::journal::{EntryId, Intent, IntentStep, RunContext};
use crate::engine::executor::context::Executor;
use crate::engine::executor::run_state::RunState;
use crate::ports::{AccountWriter, Adapters, Failure, FailureKind, GroupReader as _, GroupWriter, StoreWriter};

/// Everything that an operation on a group needs.
pub(in crate::engine) struct GroupExecutor<'h, 'a, W, A> {
    pub(in crate::engine) executor: &'h Executor<'a, W, A>,
    pub(in crate::engine) plan: &'h GroupPlan,
    pub(in crate::engine) member_index: MemberIndex<'a>,
    /// The run of groups only, whose failures do not stop people.
    pub(in crate::engine) run: RunState,
    /// Groups that were linked in this run.
    made: Mutex<BTreeMap<OktaGroupId, HaiiloGroupId>>,
}

/// One request of an operation, as it is written down.
pub(in crate::engine) struct GroupStep {
    pub(in crate::engine) sent: Json,
    pub(in crate::engine) before: Option<Json>,
    pub(in crate::engine) removed: u64,
}

impl<'h, 'a, W, A> GroupExecutor<'h, 'a, W, A> {
    pub(in crate::engine) fn new(
        executor: &'h Executor<'a, W, A>,
        plan: &'h GroupPlan,
        member_index: MemberIndex<'a>,
    ) -> Self {
        Self { executor, plan, member_index, run: executor.run.beside(), made: Mutex::default() }
    }

    /// Records a group that was linked.
    pub(in crate::engine) fn became_ours(&self, okta_id: &OktaGroupId, haiilo_id: &HaiiloGroupId) {
        self.made.lock().insert(okta_id.clone(), haiilo_id.clone());
    }

    /// The linked group of Haiilo, as of now.
    pub(in crate::engine) fn ours(&self, okta_id: &OktaGroupId) -> Option<HaiiloGroupId> {
        let made = self.made.lock().get(okta_id).cloned();
        made.or_else(|| self.link(okta_id).map(|link| link.haiilo_id.clone()))
    }

    /// What the store knew of a group when the run began.
    pub(in crate::engine) fn link(&self, okta_id: &OktaGroupId) -> Option<&GroupLink> {
        self.executor.state.groups.links.get(okta_id)
    }
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter + GroupWriter> GroupExecutor<'_, '_, W, A> {
    /// Whether an operation of this kind may begin now.
    pub(in crate::engine) fn may_begin(&self, kind: GroupKind) -> Result<(), Outcome> {
        // What stops links of people stops everything.
        self.executor.may_begin(OperationKind::Adopt)?;
        self.run.may_begin(self.executor.adapters.clock(), kind_of(kind))
    }

    /// Writes a request down, as the last step before it is sent.
    pub(in crate::engine) async fn intend(
        &self,
        operation: &GroupOperation,
        haiilo_id: Option<&HaiiloGroupId>,
        step: GroupStep,
    ) -> Result<EntryId, Outcome> {
        self.may_begin(operation.kind())?;
        let GroupStep { sent, before, removed } = step;
        let approval = match operation.removals() {
            Some(Removals::Approved(id)) if removed > 0 => Some(id.clone()),
            _ => None,
        };
        let run_context = RunContext { approval, ..self.executor.run_context.clone() };
        let step = IntentStep::Group { operation, haiilo_id, sent, removed };
        let intent = Intent { run_context: &run_context, at: self.executor.now(), step, before };
        self.executor.adapters.store().intend(&intent).await.map_err(|failure| self.run.cannot_intend(&failure))
    }

    /// Writes down how a request ended. An error says that it could not be written down.
    pub(in crate::engine) async fn conclude(
        &self,
        entry: EntryId,
        outcome: Outcome,
        effects: &[Effect],
    ) -> Result<Outcome, Outcome> {
        let executor = self.executor;
        let written = executor.adapters.store().conclude(entry, &outcome, effects, executor.now()).await;
        written.map(|()| outcome).map_err(|failure| self.run.cannot_conclude(&failure))
    }

    /// What follows from an answer to a write.
    pub(in crate::engine) fn answered(&self, kind: GroupKind, answer: Result<(), Failure>) -> Outcome {
        match answer {
            Ok(()) => {
                self.run.succeeded(kind_of(kind));
                Outcome::Done
            }
            Err(failure) => {
                let outcome = self.run.failed(kind_of(kind), &failure);
                if failure.kind == FailureKind::Unknown { Outcome::Unknown(failure.to_string()) } else { outcome }
            }
        }
    }

    /// A group as it is now.
    pub(in crate::engine) async fn read(&self, kind: GroupKind, id: &HaiiloGroupId) -> Result<HaiiloGroup, Outcome> {
        match self.executor.adapters.reader().read_group(id, &self.member_index).await {
            Ok(Some(group)) => Ok(group),
            Ok(None) => Err(Outcome::Held("the group is not there any more".to_owned())),
            Err(failure) => Err(self.run.failed(kind_of(kind), &failure)),
        }
    }

    /// The account of a person, as far as there is one by now.
    pub(in crate::engine) fn account(&self, index: PersonIndex) -> Option<HaiiloId> {
        let who = self.plan.people.get(&index)?;
        let made = self.executor.run.account_of(&who.okta_id);
        made.or_else(|| self.executor.state.links.of_person(&who.okta_id).map(|link| link.haiilo_id.clone()))
    }

    /// Checks what a canary changed; stops the run where that is more than was sent, unless an operator approved just that.
    pub(in crate::engine) async fn judge_canary(&self, kind: &str, also_changed: Vec<String>) -> Result<(), Outcome> {
        let Executor { adapters, canaries, .. } = self.executor;
        self.executor.judge_canary(&self.run, kind.to_owned(), also_changed).await?;
        canaries.saw(kind.to_owned());
        let seen = adapters.store().see_canary(canaries.rules(), kind).await;
        seen.map_err(|failure| self.run.cannot_conclude(&failure))
    }

    /// The end of an operation, as an event for the logs: ids only.
    pub(in crate::engine) fn concluded(&self, operation: &GroupOperation, outcome: Outcome) -> GroupConclusion {
        let haiilo_id = operation.haiilo_id().cloned().or_else(|| self.ours(&operation.okta_id));
        let (run, kind, ended) = (self.executor.run_context.run.as_str(), operation.kind().as_str(), outcome.as_str());
        let (okta_id, group) = (&operation.okta_id, haiilo_id.as_ref().map(HaiiloGroupId::as_str));
        match &outcome {
            Outcome::Failed(_) | Outcome::Unknown(_) => {
                tracing::warn!(run, kind, outcome = ended, %okta_id, haiilo_id = group, "operation failed");
            }
            _ => tracing::info!(run, kind, outcome = ended, %okta_id, haiilo_id = group, "operation ended"),
        }
        GroupConclusion { operation: operation.clone(), haiilo_id, outcome }
    }
}

/// The kind of operations on people whose failures count alike.
pub(in crate::engine) fn kind_of(kind: GroupKind) -> OperationKind {
    match kind {
        GroupKind::Adopt => OperationKind::Adopt,
        GroupKind::Create => OperationKind::Create,
        GroupKind::Update | GroupKind::Members => OperationKind::Update,
        GroupKind::Delete => OperationKind::Delete,
    }
}

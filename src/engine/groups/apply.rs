//! Applying the plan about groups: links, updates, creates, members, deletes. One group's failure does not stop the rest.

use compact_str::CompactString;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value as Json, json};
use strum::VariantArray as _;

use crate::domain::groups::limits;
use crate::domain::groups::member_index::MemberIndex;
use crate::domain::model::group::{HaiiloGroup, same};
use crate::domain::model::ids::HaiiloGroupId;
use crate::domain::model::link::{GroupLink, Origin};
use crate::domain::plan::cycle_plan::CyclePlan;
use crate::domain::plan::group_operation::{GroupAction, GroupAttribute, GroupChange, GroupKind, GroupOperation};
use crate::domain::plan::group_plan::{GroupPlan, GroupState};
use crate::domain::plan::outcome::{Effect, GroupConclusion, Outcome};
use crate::domain::state::journal::EntryId;
use crate::engine::executor::context::Executor;
use crate::engine::executor::run_state::Stop;
use crate::engine::groups::executor::{GroupExecutor, GroupStep};
use crate::ports::{
    AccountWriter, Adapters, BlockedPlan, Failure, FailureKind, GroupReader as _, GroupWriter, NewGroup, StoreFailure,
    StoreWriter,
};

/// What became of the plan about groups.
#[derive(Debug, Default)]
pub struct GroupsDone {
    /// Each operation with its end.
    pub concluded: Vec<GroupConclusion>,
    /// Why the run of groups stopped before all was done. People's part had ended by then.
    pub stops: Vec<Stop>,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter + GroupWriter> Executor<'_, W, A> {
    /// Applies the plan about groups, once people are done.
    pub(in crate::engine) async fn groups(&self, plan: &CyclePlan) -> GroupsDone {
        let CyclePlan { people, groups } = plan;
        if groups.state != GroupState::Planned {
            return GroupsDone::default();
        }
        let group_executor =
            GroupExecutor::new(self, groups, MemberIndex::of(self.people, self.accounts, &self.state.links, people));
        let mut concluded = Vec::new();
        for &kind in GroupKind::VARIANTS {
            let operations: Vec<&GroupOperation> = groups.of_kind(kind).collect();
            concluded.extend(group_executor.of_kind(kind, &operations).await);
        }
        let mut stops = group_executor.run.stops();
        if let Err(failure) = group_executor.settle().await {
            Stop::push_store(&mut stops, &failure);
        }
        GroupsDone { concluded, stops }
    }

    /// Keeps removals that a limit blocks, so they can be approved.
    pub(in crate::engine) async fn block_removals(&self, plan: &GroupPlan) -> Result<(), StoreFailure> {
        let Some(id) = &plan.approval_id else { return Ok(()) };
        let blocked = BlockedPlan {
            id: id.clone(),
            run: self.run_context.run.clone(),
            at: self.now(),
            items: limits::blocked_items(plan),
            violations: limits::violations(plan),
        };
        self.adapters.store().block(&blocked).await
    }
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter + GroupWriter> GroupExecutor<'_, '_, W, A> {
    /// All operations of a kind. Members of several groups are changed side by side once no canary is due; everything else goes in turn.
    async fn of_kind(&self, kind: GroupKind, operations: &[&GroupOperation]) -> Vec<GroupConclusion> {
        if kind == GroupKind::Delete {
            return self.deletes(operations).await;
        }
        let mut concluded = Vec::new();
        let mut rest = operations.iter();
        while kind != GroupKind::Members || self.is_any_canary_due() {
            let Some(operation) = rest.next() else { return concluded };
            concluded.push(self.concluded(operation, self.one(operation).await));
        }
        let side_by_side = stream::iter(rest)
            .map(async |operation| self.concluded(operation, self.one(operation).await))
            .buffered(self.executor.settings.concurrency);
        concluded.extend(side_by_side.collect::<Vec<_>>().await);
        concluded
    }

    /// One operation, unless the run was stopped.
    async fn one(&self, operation: &GroupOperation) -> Outcome {
        let (Ok(outcome) | Err(outcome)) = self.attempt(operation).await;
        outcome
    }

    async fn attempt(&self, operation: &GroupOperation) -> Result<Outcome, Outcome> {
        self.may_begin(operation.kind())?;
        let not_attempted = |why: &str| Err(Outcome::NotAttempted(why.to_owned()));
        match &operation.action {
            GroupAction::Adopt { haiilo_id, origin } => self.adopt(operation, haiilo_id, *origin).await,
            GroupAction::Create { description } => self.create(operation, description.as_ref()).await,
            GroupAction::Update { haiilo_id, changes } => match self.ours(&operation.okta_id) {
                Some(ours) if ours == *haiilo_id => self.update(operation, haiilo_id, changes).await,
                _ => not_attempted("the group was not linked"),
            },
            GroupAction::Members { haiilo_id: _, add, remove, removals } => match self.ours(&operation.okta_id) {
                Some(id) => self.members(operation, &id, add, remove, removals).await,
                None => not_attempted("the group was not made"),
            },
            GroupAction::Delete { .. } => not_attempted("deletes come after everything else"),
        }
    }

    /// A group that is linked: nothing is sent.
    async fn adopt(
        &self,
        operation: &GroupOperation,
        haiilo_id: &HaiiloGroupId,
        origin: Origin,
    ) -> Result<Outcome, Outcome> {
        let step = GroupStep { sent: json!([]), before: None, removed: 0 };
        let entry = self.intend(operation, Some(haiilo_id), step).await?;
        let link = link(operation, haiilo_id.clone(), origin);
        let outcome = self.conclude(entry, Outcome::Done, &[Effect::GroupLinked(link)]).await?;
        self.became_ours(&operation.okta_id, haiilo_id);
        Ok(outcome)
    }

    async fn create(
        &self,
        operation: &GroupOperation,
        description: Option<&CompactString>,
    ) -> Result<Outcome, Outcome> {
        let name = GroupChange { attribute: GroupAttribute::Name, from: None, to: Some(operation.name.clone()) };
        let described = description.map(|text| GroupChange {
            attribute: GroupAttribute::Description,
            from: None,
            to: Some(text.clone()),
        });
        let sent = std::iter::once(&name).chain(&described).map(GroupChange::to_json).collect();
        let entry = self.intend(operation, None, GroupStep { sent, before: None, removed: 0 }).await?;
        let new = NewGroup { name: &operation.name, description, okta_id: &operation.okta_id };
        let (outcome, made) = match self.make(&new).await {
            Ok((Some(id), outcome)) => {
                self.answered(GroupKind::Create, Ok(()));
                (outcome, Some(id))
            }
            Ok((None, _)) => {
                let why = "Haiilo made the group and did not say its id; the next cycle finds it by its name";
                (Outcome::Unknown(why.to_owned()), None)
            }
            Err(failure) if failure.kind == FailureKind::Conflict => {
                (Outcome::Held(format!("a group of this name is there that was not listed: {failure}")), None)
            }
            Err(failure) => (self.answered(GroupKind::Create, Err(failure)), None),
        };
        let link = made.map(|id| GroupLink { described: description.cloned(), ..link(operation, id, Origin::Created) });
        let effects: Vec<Effect> = link.clone().map(Effect::GroupLinked).into_iter().collect();
        let outcome = self.conclude(entry, outcome, &effects).await?;
        if let Some(link) = link {
            self.became_ours(&link.okta_id, &link.haiilo_id);
        }
        Ok(outcome)
    }

    /// Makes a group; once more without its description, which is no part of SCIM's core schema, where the server refuses that.
    async fn make(&self, new: &NewGroup<'_>) -> Result<(Option<HaiiloGroupId>, Outcome), Failure> {
        match self.executor.writer.create_group(new).await {
            Err(failure) if failure.kind.is_about_values() && new.description.is_some() => {
                let id = self.executor.writer.create_group(&NewGroup { description: None, ..*new }).await?;
                Ok((id, Outcome::DoneExcept(vec![GroupAttribute::Description.as_str().into()])))
            }
            made => Ok((made?, Outcome::Done)),
        }
    }

    /// Changes attributes; once more without the description, where the server refuses that, and the name with it.
    async fn change(&self, id: &HaiiloGroupId, changes: &[GroupChange]) -> Result<(), Failure> {
        let is_description = |change: &GroupChange| change.attribute == GroupAttribute::Description;
        match self.executor.writer.update_group(id, changes).await {
            Err(failure) if failure.kind.is_about_values() && changes.iter().any(is_description) => {
                let rest: Vec<GroupChange> = changes.iter().filter(|change| !is_description(change)).cloned().collect();
                // What was kept is read afterwards.
                if rest.is_empty() { Ok(()) } else { self.executor.writer.update_group(id, &rest).await }
            }
            answer => answer,
        }
    }

    /// Changes the name or the description; the group is read before and after.
    async fn update(
        &self,
        operation: &GroupOperation,
        id: &HaiiloGroupId,
        changes: &[GroupChange],
    ) -> Result<Outcome, Outcome> {
        let before = self.read(GroupKind::Update, id).await?;
        let is_as_planned = |change: &GroupChange| {
            let found = match change.attribute {
                GroupAttribute::Name => Some(before.name.as_str()),
                GroupAttribute::Description => before.description.as_deref(),
            };
            same(found, change.from.as_deref())
        };
        if !changes.iter().all(is_as_planned) {
            let why = "somebody has changed the group meanwhile; the next cycle looks again";
            return Err(Outcome::Held(why.to_owned()));
        }
        let image = json!({"displayName": before.name, "description": before.description});
        let sent: Json = changes.iter().map(GroupChange::to_json).collect();
        let entry = self.intend(operation, Some(id), GroupStep { sent, before: Some(image), removed: 0 }).await?;
        match self.send_update(operation, id, changes, before).await {
            Ok((outcome, effect)) => self.conclude(entry, outcome, &[effect]).await,
            Err(outcome) => self.conclude(entry, outcome, &[]).await,
        }
    }

    async fn send_update(
        &self,
        operation: &GroupOperation,
        id: &HaiiloGroupId,
        changes: &[GroupChange],
        before: HaiiloGroup,
    ) -> Result<(Outcome, Effect), Outcome> {
        let outcome = self.answered(GroupKind::Update, self.change(id, changes).await);
        if !outcome.is_done() {
            return Err(outcome);
        }
        let after = self.read(GroupKind::Update, id).await?;
        let canary = operation.canary();
        if self.executor.canaries.is_due(&canary) {
            let (was, is) = (before.members.unwrap_or_default(), after.members.clone().unwrap_or_default());
            let also = [
                (is.changed_besides(&was, &[]) > 0).then_some("members"),
                (before.external_id != after.external_id).then_some("externalId"),
            ];
            self.judge_canary(&canary, also.into_iter().flatten().map(str::to_owned).collect()).await?;
        }
        Ok(self.kept(operation, changes, &after))
    }

    /// What Haiilo kept of changes. A description that it drops or refuses is remembered, so it is not sent again.
    fn kept(&self, operation: &GroupOperation, changes: &[GroupChange], after: &HaiiloGroup) -> (Outcome, Effect) {
        let known = self.link(&operation.okta_id).filter(|link| link.haiilo_id == after.id);
        let mut link = known.cloned().unwrap_or_else(|| link(operation, after.id.clone(), Origin::Adopted));
        link.name.clone_from(&after.name);
        let mut outcome = Outcome::Done;
        for GroupChange { attribute, from: _, to } in changes {
            match attribute {
                GroupAttribute::Description => {
                    link.described.clone_from(to);
                    if !same(after.description.as_deref(), to.as_deref()) && outcome.is_done() {
                        outcome = Outcome::DoneExcept(vec![attribute.as_str().into()]);
                    }
                }
                GroupAttribute::Name if !same(Some(&after.name), to.as_deref()) => {
                    outcome = Outcome::Failed("Haiilo did not keep the name; look at the group there".to_owned());
                }
                GroupAttribute::Name => {}
            }
        }
        (outcome, Effect::GroupLinked(link))
    }

    /// Operations whose end an earlier cycle did not learn: the plan, which compared everything, has shown it.
    async fn settle(&self) -> Result<(), StoreFailure> {
        let Executor { adapters, state, .. } = self.executor;
        let held = |why: String| (Outcome::Held(why), Vec::new());
        for open in &state.groups.open {
            let (outcome, effects) = match (open.kind, &open.haiilo_id) {
                (GroupKind::Delete, Some(id)) => match adapters.reader().read_group(id, &self.member_index).await {
                    Ok(None) => (Outcome::Done, vec![Effect::GroupUnlinked(open.okta_id.clone())]),
                    Ok(Some(_)) => held("the group is there".to_owned()),
                    Err(_) => continue,
                },
                (GroupKind::Create, _) => held(match self.ours(&open.okta_id) {
                    Some(id) => format!("the group is {id}"),
                    None => "Haiilo has no such group".to_owned(),
                }),
                _ => held("settled by the next plan, which compared the group anew".to_owned()),
            };
            adapters.store().conclude(EntryId(open.entry), &outcome, &effects, self.executor.now()).await?;
        }
        Ok(())
    }
}

fn link(operation: &GroupOperation, haiilo_id: HaiiloGroupId, origin: Origin) -> GroupLink {
    let GroupOperation { okta_id, name, .. } = operation;
    GroupLink { okta_id: okta_id.clone(), haiilo_id, name: name.clone(), origin, described: None }
}

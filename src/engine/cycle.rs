//! One cycle: collect, correlate, plan, guard; then, unless it is a dry run, apply and record.

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock as _;
use crate::config::settings::{PushRule, UpdateMethod};
use crate::domain::model::account::Activity;
use crate::domain::model::ids::{ApprovalId, RunId};
use crate::domain::model::limit::LimitName;
use crate::domain::model::link::Counted;
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::cycle_plan::CyclePlan;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::domain::plan::outcome::{Conclusion, Effect, Outcome};
use crate::domain::plan::warning::Warning;
use crate::domain::planning::input::{Clocks, PlanInput};
use crate::domain::planning::limits::{self, AbsenceRule, LimitCheck, LimitDecision, Violation};
use crate::domain::planning::linked_accounts::LinkedAccounts;
use crate::domain::planning::{correlate, diff, leaver_decision, mapping_edits};
use crate::domain::state::journal::{EntryId, RunContext};
use crate::domain::state::run_history::CycleResult;
use crate::domain::state::sync_state::{FirstRun, Pause, Tenant, Watch};
use crate::engine::collect::{Collected, collect};
use crate::engine::error::CycleError;
use crate::engine::evidence;
use crate::engine::executor::activate::removed_accounts;
use crate::engine::executor::apply::ExecutionResult;
use crate::engine::executor::context::{Approved, Executor};
use crate::engine::executor::run_state::Stop;
use crate::engine::groups::{self, GroupInput, GroupsDone};
use crate::engine::prepared::Prepared;
use crate::engine::scope::{self, Scope};
use crate::engine::settings::{CycleSettings, Observer};
use crate::ports::{
    Acceptance, AccountReader as _, AccountWriter, Adapters, AssignmentSource as _, BlockedPlan, CycleEnd, GroupWriter,
    StoreFailure, StoreWriter, UpdateMode,
};

/// What a cycle came to.
#[must_use = "a report that nobody reads helps nobody"]
#[derive(Debug)]
pub struct CycleReport {
    /// The plan and what it was made from.
    pub prepared: Prepared,
    /// What became of each operation; nothing when the plan was blocked.
    pub concluded: Vec<Conclusion>,
    /// Why the run stopped before all was done.
    pub stops: Vec<Stop>,
    /// The pause that kept the plan from being applied.
    pub pause: Option<Pause>,
    /// What became of the plan about groups.
    pub groups: GroupsDone,
}

impl CycleReport {
    /// Whether a limit blocked the plan.
    pub fn is_blocked(&self) -> bool {
        self.prepared.limit_check.decision == LimitDecision::Blocked
    }

    /// How the cycle ended.
    pub fn result(&self) -> CycleResult {
        match (self.is_blocked(), &self.pause) {
            (true, _) => CycleResult::Blocked,
            (_, Some(_)) => CycleResult::Paused,
            _ => ended(&self.stops),
        }
    }
}

/// Reads both sides and makes the plan. Writes nothing, and has nothing to write with.
pub async fn prepare<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    scope: &Scope,
    given: Option<&ApprovalId>,
    observer: &impl Observer,
) -> Result<Prepared, CycleError> {
    let collected = collect(adapters, settings, observer).await?;
    let Collected { application, local_time, began, people, accounts, mut state, nobody_has, target } = collected;
    if let Some(tenant) = &state.tenant {
        same_tenant(tenant, &settings.tenant)?;
    }
    let now = application.server_time.unwrap_or(local_time);
    if let Scope::Reviewed(reviewed) = scope {
        // Whoever reviewed a plan has approved what is in it, and nothing else.
        state.approvals.push(reviewed.approval(now)?);
    }
    let clocks = Clocks::compare(local_time, application.server_time);
    let input = PlanInput {
        people: &people,
        accounts: &accounts,
        state: &state,
        policy: &settings.policy,
        mapping: &settings.mapping,
        now,
        clocks,
        leaver_rules: settings.leaver_rules(),
        linked: LinkedAccounts::of(&state.links, &accounts),
    };
    let unlisted = leaver_decision::unlisted(&state.links, &people);
    let to_check = leaver_decision::to_check(&unlisted, &state);
    let by = (settings.policy.statuses, &settings.mapping);
    let (answers, failure) = evidence::gather(adapters.source(), by, &to_check).await;
    let leaving = leaver_decision::decide(&input, &unlisted, &answers);
    let mut plan = diff::assemble(&input, correlate::correlate(&input, &leaving.gone), leaving);
    if let Some(accepted) = state.mapping.as_ref().filter(|accepted| !accepted.parts.is_empty()) {
        plan.findings.mapping_edits = mapping_edits::edited(&accepted.parts, &settings.mapping, &plan);
    }
    let warnings = &mut plan.findings.warnings;
    warnings.extend(nobody_has.into_iter().map(Warning::NobodyHas));
    if let Some(failure) = failure {
        warnings.push(Warning::EvidenceIncomplete(failure.to_string()));
    }
    if !application.push_features.is_empty() {
        warnings.push(Warning::PushIsOn(application.push_features.join(", ")));
    }
    if let Some(pause) = state.pause_at(now) {
        warnings.push(Warning::Paused(pause.end(), pause.by.clone()));
    }
    let absence_rule = match scope {
        Scope::Everybody => AbsenceRule::Counted,
        Scope::One(name) => {
            scope::narrow(&mut plan, name, &people, &state)?;
            AbsenceRule::Ignored
        }
        Scope::Reviewed(reviewed) => {
            scope::keep_reviewed(&mut plan, reviewed);
            AbsenceRule::Counted
        }
    };
    let group_input = GroupInput { input: &input, plan: &plan, scope, given };
    let mut groups = Box::pin(groups::plan(adapters, settings, group_input)).await;
    plan.findings.warnings.append(&mut groups.warnings);
    let plan = CyclePlan { people: plan, groups };
    let mut limit_check = limits::check(&input, &plan, &settings.mapping_fingerprint(), given, absence_rule);
    if settings.push_is_on == PushRule::Refuse && !application.push_features.is_empty() {
        limit_check.block(Violation {
            limit: LimitName::PushIsOn,
            found: application.push_features.len() as u64,
            allowed: 0,
        });
    }
    Ok(Prepared {
        plan,
        limit_check,
        now,
        application: application.label,
        began,
        clocks,
        people,
        accounts,
        state,
        target,
    })
}

/// One whole cycle. The caller holds the lock of the cycle.
pub async fn sync<W: Adapters<Store: StoreWriter>>(
    adapters: &W,
    writer: &(impl AccountWriter + GroupWriter),
    settings: &CycleSettings,
    order: &CycleRequest,
    observer: &impl Observer,
) -> Result<CycleReport, CycleError> {
    let CycleRequest { scope, given, run_context, cancel } = order;
    let started = adapters.clock().now();
    let prepared = prepare(adapters, settings, scope, given.as_ref(), observer).await?;
    settle_tenant(adapters, settings, &prepared).await?;
    if prepared.target.as_ref().is_some_and(TargetProfile::needs_put) && settings.update_method == UpdateMethod::Patch {
        writer.set_update_mode(UpdateMode::Substitute);
    }
    let approved = match &prepared.limit_check.decision {
        LimitDecision::Pass => Approved::default(),
        LimitDecision::Approved(id) => approved(&prepared, id),
        LimitDecision::Blocked => {
            keep_blocked(adapters, &prepared, &run_context.run).await?;
            // Who came back must not be taken for gone all the time, whatever else waits for an approval.
            let update = prepared.plan.people.update.leavers.protective(&prepared.state.leavers);
            adapters.store().save_leaver_update(&update).await?;
            finish(adapters, settings, order, (&prepared, started), (CycleResult::Blocked, None)).await?;
            return Ok(CycleReport {
                prepared,
                concluded: Vec::new(),
                stops: Vec::new(),
                pause: None,
                groups: GroupsDone::default(),
            });
        }
    };
    if let Some(pause) = prepared.state.pause_at(prepared.now).cloned() {
        return paused(adapters, settings, order, prepared, (started, pause)).await;
    }
    match scope {
        Scope::Everybody | Scope::Reviewed(_) => {
            let acceptance = acceptance(settings, &prepared);
            adapters.store().save_update(&prepared.plan.people.update, &acceptance, prepared.now).await?;
        }
        Scope::One(_) => adapters.store().save_leaver_update(&prepared.plan.people.update.leavers).await?,
    }
    let executor = Executor::of(adapters, writer, settings, (&prepared, run_context));
    let executor = Executor {
        approved,
        room: prepared.limit_check.room(),
        run: executor.run.cancelled_by(cancel.clone()),
        ..executor
    };
    executor.settle_open().await?;
    let ExecutionResult { concluded, mut stops } = executor.apply(&prepared.plan.people, observer).await;
    let result = match scope {
        Scope::One(_) => CycleResult::OnePerson,
        _ => ended(&stops),
    };
    // Whatever goes wrong with groups, people are done by now, and the end of their part is written down as it was.
    let groups = Box::pin(executor.groups(&prepared.plan)).await;
    let end = async {
        executor.settle_creates().await?;
        executor.block_removals(&prepared.plan.groups).await?;
        finish(adapters, settings, order, (&prepared, started), (result, watch(settings, scope, &prepared))).await
    };
    // What was done is reported in any case, also when its end cannot be written down.
    if let Err(failure) = end.await
        && !stops.iter().any(|stop| matches!(stop, Stop::Store(_)))
    {
        stops.push(Stop::Store(failure.to_string()));
    }
    Ok(CycleReport { prepared, concluded, stops, pause: None, groups })
}

/// How a plan that was applied ended.
pub(super) fn ended(stops: &[Stop]) -> CycleResult {
    match stops {
        [] => CycleResult::Applied,
        stops if stops.iter().all(Stop::is_postponement) => CycleResult::Partly,
        _ => CycleResult::Stopped,
    }
}

/// Records the end of a cycle.
async fn finish<W: Adapters<Store: StoreWriter>>(
    adapters: &W,
    settings: &CycleSettings,
    order: &CycleRequest,
    (prepared, started): (&Prepared, DateTime<Utc>),
    (result, watch): (CycleResult, Option<Watch>),
) -> Result<(), StoreFailure> {
    let end = CycleEnd {
        run: order.run_context.run.clone(),
        started,
        ended: adapters.clock().now(),
        result,
        watch,
        journal_from: prepared.now - settings.journal_keep,
    };
    adapters.store().finish(&end).await
}

/// The watch after a complete cycle.
fn watch(settings: &CycleSettings, scope: &Scope, prepared: &Prepared) -> Option<Watch> {
    match scope {
        Scope::Everybody | Scope::Reviewed(_) => {
            Some(leaver_decision::watch(&prepared.state, &settings.leaver_rules(), prepared.clocks.start))
        }
        Scope::One(_) => None,
    }
}

/// A cycle during a pause: what was noticed is remembered, so that clocks go on, and nothing is written to Haiilo or taken for accepted.
async fn paused<W: Adapters<Store: StoreWriter>>(
    adapters: &W,
    settings: &CycleSettings,
    order: &CycleRequest,
    prepared: Prepared,
    (started, pause): (DateTime<Utc>, Pause),
) -> Result<CycleReport, CycleError> {
    if !matches!(order.scope, Scope::One(_)) {
        let acceptance = Acceptance {
            leavers: Counted::Yes,
            missing: Counted::Yes,
            mapping: prepared.state.mapping.clone().unwrap_or_else(|| settings.accepted_mapping()),
            first_run: prepared.state.first_run,
        };
        adapters.store().save_update(&prepared.plan.people.update, &acceptance, prepared.now).await?;
    }
    let watch = watch(settings, &order.scope, &prepared);
    finish(adapters, settings, order, (&prepared, started), (CycleResult::Paused, watch)).await?;
    let (concluded, stops, groups) = (Vec::new(), Vec::new(), GroupsDone::default());
    Ok(CycleReport { prepared, concluded, stops, pause: Some(pause), groups })
}

/// What an approval lets pass: the operations of the plan that it names.
pub(super) fn approved(prepared: &Prepared, id: &ApprovalId) -> Approved {
    let stored = prepared.state.approvals.iter().find(|approval| approval.id == *id);
    let items = stored.map_or(&prepared.limit_check.items, |approval| &approval.items);
    let is_named =
        |operation: &&Operation| !operation.kind().is_removal() && items.contains(&operation.to_json().to_string());
    let operations = prepared.plan.people.operations.iter().filter(is_named);
    Approved {
        id: Some(id.clone()),
        operations: operations.map(|operation| (operation.okta_id.clone(), operation.kind())).collect(),
    }
}

/// What a cycle is asked to do, and on whose word.
#[derive(Clone, Debug)]
pub struct CycleRequest {
    /// Whom it is about.
    pub scope: Scope,
    /// An approval that was named with the command.
    pub given: Option<ApprovalId>,
    /// The cycle's name and who asks for it.
    pub run_context: RunContext,
    /// Whether it shall end early.
    pub cancel: CancellationToken,
}

/// Whether the store belongs to these two ends.
pub(super) fn same_tenant(known: &Tenant, configured: &Tenant) -> Result<(), CycleError> {
    let Tenant { org_id: _, org_url, app_id, product, base_url } = known;
    let pairs = [
        ("Okta organization", org_url, &configured.org_url),
        ("Okta application", app_id, &configured.app_id),
        ("product", product, &configured.product),
        ("Haiilo endpoint", base_url, &configured.base_url),
    ];
    match pairs.into_iter().find(|(_, known, configured)| known != configured) {
        None => Ok(()),
        Some((what, known, configured)) => {
            Err(CycleError::OtherTenant { what, known: known.clone(), configured: configured.clone() })
        }
    }
}

/// At first use the store learns whose people these are, with the id of the organization where Okta tells it.
async fn settle_tenant<W: Adapters<Store: StoreWriter>>(
    adapters: &W,
    settings: &CycleSettings,
    prepared: &Prepared,
) -> Result<(), CycleError> {
    if prepared.state.tenant.is_none() {
        let org_id = adapters.source().organization().await.map_err(CycleError::Okta)?;
        let tenant = Tenant { org_id, ..settings.tenant.clone() };
        adapters.store().settle_tenant(&tenant, prepared.now).await?;
    }
    Ok(())
}

/// Keeps a blocked plan, so an operator can approve it.
async fn keep_blocked<W: Adapters<Store: StoreWriter>>(
    adapters: &W,
    prepared: &Prepared,
    run: &RunId,
) -> Result<(), CycleError> {
    let LimitCheck { violations, approval_id, usage: _, decision: _, items } = &prepared.limit_check;
    if let Some(id) = approval_id {
        let blocked = BlockedPlan {
            id: id.clone(),
            run: run.clone(),
            at: prepared.now,
            items: items.clone(),
            violations: violations.clone(),
        };
        adapters.store().block(&blocked).await?;
    }
    Ok(())
}

/// Under what the plan was let through.
fn acceptance(settings: &CycleSettings, prepared: &Prepared) -> Acceptance {
    let violates =
        |limits: &[LimitName]| prepared.limit_check.violations.iter().any(|broken| limits.contains(&broken.limit));
    let approved = |limits: &[LimitName]| if violates(limits) { Counted::Approved } else { Counted::Yes };
    let first_run = if violates(&[LimitName::FirstRun]) { FirstRun::Done } else { prepared.state.first_run };
    Acceptance {
        leavers: approved(&[LimitName::Leavers, LimitName::NobodyAssigned]),
        missing: approved(&[LimitName::Missing, LimitName::HaiiloEmpty]),
        mapping: settings.accepted_mapping(),
        first_run,
    }
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Operations whose end an earlier cycle did not learn: what the account is now tells it, and nothing is repeated blindly.
    async fn settle_open(&self) -> Result<(), CycleError> {
        for open in &self.state.open {
            let (outcome, effects) = match (open.kind, &open.haiilo_id) {
                // A create is settled when the person has an account.
                (OperationKind::Create, _) => continue,
                (OperationKind::Reactivate, Some(id)) => match self.adapters.reader().get(id).await {
                    Ok(Some(whole)) if whole.account.activity == Activity::Active => {
                        (Outcome::Done, vec![Effect::Returned(open.okta_id.clone())])
                    }
                    Ok(_) => (Outcome::Held("the account is not active".to_owned()), Vec::new()),
                    Err(_) => continue,
                },
                (OperationKind::Deactivate, Some(id)) => match self.adapters.reader().get(id).await {
                    Ok(Some(whole)) if whole.account.activity == Activity::Active => {
                        (Outcome::Held("the account is active".to_owned()), Vec::new())
                    }
                    Ok(whole) => (Outcome::Done, removed_accounts(&open.okta_id, id, whole.as_ref())),
                    Err(_) => continue,
                },
                (OperationKind::Delete, Some(id)) => match self.adapters.reader().get(id).await {
                    Ok(None) => (Outcome::Done, vec![Effect::Unlinked(open.okta_id.clone(), id.clone())]),
                    Ok(Some(_)) => (Outcome::Held("the account is there".to_owned()), Vec::new()),
                    Err(_) => continue,
                },
                _ => {
                    (Outcome::Held("settled by the next plan, which compared the account anew".to_owned()), Vec::new())
                }
            };
            self.adapters.store().conclude(EntryId(open.entry), &outcome, &effects, self.now()).await?;
        }
        Ok(())
    }

    /// Creates whose answer was lost in an earlier cycle, and whose person has an account now.
    async fn settle_creates(&self) -> Result<(), StoreFailure> {
        for open in self.state.open.iter().filter(|open| open.kind == OperationKind::Create) {
            let linked = self.state.links.of_person(&open.okta_id).map(|link| link.haiilo_id.clone());
            if let Some(id) = linked.or_else(|| self.run.account_of(&open.okta_id)) {
                let outcome = Outcome::Held(format!("the person has account {id}"));
                self.adapters.store().conclude(EntryId(open.entry), &outcome, &[], self.now()).await?;
            }
        }
        Ok(())
    }
}

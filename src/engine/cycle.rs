//! One cycle: collect, correlate, plan, check the limits; then, unless it is a dry run, apply and record.

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock as _;
use crate::config::settings::PushRule;
use crate::domain::model::ids::ApprovalId;
use crate::domain::model::limit::LimitName;
use crate::domain::model::link::Counted;
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::cycle_plan::{CyclePlan, Plan};
use crate::domain::plan::outcome::Conclusion;
use crate::domain::plan::warning::Warning;
use crate::domain::planning::input::PlanInput;
use crate::domain::planning::limits::{self, LimitCheck, LimitDecision, Violation};
use crate::domain::planning::{correlate, diff, leaver_decision, mapping_edits};
use crate::domain::state::journal::RunContext;
use crate::domain::state::run_history::CycleResult;
use crate::domain::state::sync_state::{FirstRun, Pause, Tenant, Watch};
use crate::engine::collect::collect;
use crate::engine::error::CycleError;
use crate::engine::evidence;
use crate::engine::executor::apply::ExecutionResult;
use crate::engine::executor::context::{Approved, Executor};
use crate::engine::executor::run_state::Stop;
use crate::engine::groups::{self, GroupInput, GroupsDone};
use crate::engine::prepared::{Collected, Prepared};
use crate::engine::scope::Scope;
use crate::engine::settings::{CycleSettings, Observer};
use crate::ports::{
    Acceptance, AccountWriter, Adapters, AssignmentSource as _, BlockedPlan, CycleEnd, GroupWriter, StoreFailure,
    StoreWriter,
};

/// The result of a cycle.
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

    /// A plan that was not applied.
    pub(super) fn unapplied(prepared: Prepared) -> Self {
        let (concluded, stops, groups) = (Vec::new(), Vec::new(), GroupsDone::default());
        Self { prepared, concluded, stops, pause: None, groups }
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
    let mut collected = collect(adapters, settings, observer).await?;
    if let Some(tenant) = &collected.state.tenant {
        same_tenant(tenant, &settings.tenant)?;
    }
    if let Scope::Reviewed(reviewed) = scope {
        // A review approves what is in its plan, and nothing else.
        collected.state.approvals.push(reviewed.approval(collected.now)?);
    }
    let input = collected.input(settings);
    let mut people = plan_people(adapters, &input, &collected).await;
    let absence_rule = scope.narrow(&mut people, &collected)?;
    let group_input = GroupInput { input: &input, plan: &people, scope, given };
    let mut groups = Box::pin(groups::plan(adapters, settings, group_input)).await;
    people.findings.warnings.append(&mut groups.warnings);
    let plan = CyclePlan { people, groups };
    let mut limit_check = limits::check(&input, &plan, &settings.mapping_fingerprint(), given, absence_rule);
    let found = collected.push_features.len() as u64;
    if settings.push_is_on == PushRule::Refuse && found > 0 {
        limit_check.block(Violation { limit: LimitName::PushIsOn, found, allowed: 0 });
    }
    Ok(Prepared { plan, limit_check, collected })
}

/// The plan about people, with evidence about those who are gone from Okta's listing.
async fn plan_people<W: Adapters>(adapters: &W, input: &PlanInput<'_>, collected: &Collected) -> Plan {
    let unlisted = leaver_decision::unlisted(&input.state.links, input.people);
    let to_check = leaver_decision::to_check(&unlisted, input.state);
    let (answers, failure) = evidence::gather(adapters.source(), input.policy.statuses, input.mapping, &to_check).await;
    let leaving = leaver_decision::decide(input, &unlisted, &answers);
    let mut plan = diff::assemble(input, correlate::correlate(input, &leaving.unlisted), leaving);
    if let Some(accepted) = input.state.mapping.as_ref().filter(|accepted| !accepted.parts.is_empty()) {
        plan.findings.mapping_edits = mapping_edits::edited(&accepted.parts, input.mapping, &plan);
    }
    let warnings = &mut plan.findings.warnings;
    warnings.extend(collected.nobody_has.iter().cloned().map(Warning::NobodyHas));
    warnings.extend(failure.map(|failure| Warning::EvidenceIncomplete(failure.to_string())));
    if !collected.push_features.is_empty() {
        warnings.push(Warning::PushIsOn(collected.push_features.join(", ")));
    }
    warnings.extend(collected.pause().map(|pause| Warning::Paused(pause.end(), pause.by.clone())));
    plan
}

/// One whole cycle. The caller holds the lock of the cycle.
pub async fn sync<W: Adapters<Store: StoreWriter>>(
    adapters: &W,
    writer: &(impl AccountWriter + GroupWriter),
    settings: &CycleSettings,
    request: &CycleRequest,
    observer: &impl Observer,
) -> Result<CycleReport, CycleError> {
    let CycleRequest { scope, given, run_context, cancel } = request;
    let started = adapters.clock().now();
    let prepared = prepare(adapters, settings, scope, given.as_ref(), observer).await?;
    let cycle = Cycle { adapters, settings, run_context, cancel, started, prepared };
    cycle.settle_tenant().await?;
    let Some(approved) = Approved::of(&cycle.prepared) else { return cycle.blocked().await };
    if let Some(pause) = cycle.prepared.collected.pause().cloned() {
        return cycle.paused(scope, pause).await;
    }
    cycle.apply(writer, scope, approved, observer).await
}

/// A plan, and what it is applied with.
pub(super) struct Cycle<'a, W> {
    pub(super) adapters: &'a W,
    pub(super) settings: &'a CycleSettings,
    pub(super) run_context: &'a RunContext,
    pub(super) cancel: &'a CancellationToken,
    /// The local time when the cycle began.
    pub(super) started: DateTime<Utc>,
    pub(super) prepared: Prepared,
}

impl<W: Adapters<Store: StoreWriter>> Cycle<'_, W> {
    /// An executor for the plan. A server that is known not to know PATCH is sent PUT.
    pub(super) fn executor<'e, A: AccountWriter>(&'e self, writer: &'e A, approved: Approved) -> Executor<'e, W, A> {
        if self.prepared.collected.target.as_ref().is_some_and(TargetProfile::needs_put) {
            writer.use_put();
        }
        let executor = Executor::new(self.adapters, writer, self.settings, &self.prepared, self.run_context);
        Executor { approved, run: executor.run.cancelled_by(self.cancel.clone()), ..executor }
    }

    /// Records the end of the cycle.
    pub(super) async fn finish(&self, result: CycleResult, watch: Option<Watch>) -> Result<(), StoreFailure> {
        let end = CycleEnd {
            run: self.run_context.run.clone(),
            started: self.started,
            ended: self.adapters.clock().now(),
            result,
            watch,
            journal_from: self.prepared.collected.now - self.settings.journal_keep,
        };
        self.adapters.store().finish(&end).await
    }

    /// At first use the store records its tenants, with the id of the organization where Okta shows it.
    async fn settle_tenant(&self) -> Result<(), CycleError> {
        let Collected { state, now, .. } = &self.prepared.collected;
        if state.tenant.is_none() {
            let org_id = self.adapters.source().organization().await.map_err(CycleError::Okta)?;
            let tenant = Tenant { org_id, ..self.settings.tenant.clone() };
            self.adapters.store().settle_tenant(&tenant, *now).await?;
        }
        Ok(())
    }

    /// Keeps a plan that the limits block, so an operator can approve it.
    async fn blocked(self) -> Result<CycleReport, CycleError> {
        let Prepared { plan, limit_check, collected } = &self.prepared;
        let LimitCheck { violations, approval_id, usage: _, decision: _, items } = limit_check;
        if let Some(id) = approval_id {
            let blocked = BlockedPlan {
                id: id.clone(),
                run: self.run_context.run.clone(),
                at: collected.now,
                items: items.clone(),
                violations: violations.clone(),
            };
            self.adapters.store().block(&blocked).await?;
        }
        // People who came back do not count as gone any more, even while the plan waits for an approval.
        let update = plan.people.update.leavers.protective(&collected.state.leavers);
        self.adapters.store().save_leaver_update(&update).await?;
        self.finish(CycleResult::Blocked, None).await?;
        Ok(CycleReport::unapplied(self.prepared))
    }

    /// A cycle during a pause: the store keeps what the cycle noticed, so grace periods go on. Nothing is written to Haiilo or counts as
    /// accepted.
    async fn paused(self, scope: &Scope, pause: Pause) -> Result<CycleReport, CycleError> {
        let state = &self.prepared.collected.state;
        let acceptance = Acceptance {
            leavers: Counted::Yes,
            missing: Counted::Yes,
            mapping: state.mapping.clone().unwrap_or_else(|| self.settings.accepted_mapping()),
            first_run: state.first_run,
        };
        if !matches!(scope, Scope::One(_)) {
            self.save_update(&acceptance).await?;
        }
        self.finish(CycleResult::Paused, self.watch(scope)).await?;
        Ok(CycleReport { pause: Some(pause), ..CycleReport::unapplied(self.prepared) })
    }

    /// Applies the plan: people first, then groups.
    async fn apply(
        self,
        writer: &(impl AccountWriter + GroupWriter),
        scope: &Scope,
        approved: Approved,
        observer: &impl Observer,
    ) -> Result<CycleReport, CycleError> {
        let CyclePlan { people, groups } = &self.prepared.plan;
        match scope {
            Scope::Everybody | Scope::Reviewed(_) => self.save_update(&self.acceptance()).await?,
            Scope::One(_) => self.adapters.store().save_leaver_update(&people.update.leavers).await?,
        }
        let executor = Executor { room: self.prepared.limit_check.room(), ..self.executor(writer, approved) };
        executor.settle_open().await?;
        let ExecutionResult { concluded, mut stops } = executor.apply(people, observer).await;
        let result = match scope {
            Scope::One(_) => CycleResult::OnePerson,
            _ => ended(&stops),
        };
        // If groups fail, people are done by now, and the end of their part is written down as it was.
        let groups_done = Box::pin(executor.groups(&self.prepared.plan)).await;
        let end = async {
            executor.settle_creates().await?;
            executor.block_removals(groups).await?;
            self.finish(result, self.watch(scope)).await
        };
        // What was done is reported in any case, also when its end cannot be written down.
        if let Err(failure) = end.await {
            Stop::push_store(&mut stops, &failure);
        }
        Ok(CycleReport { prepared: self.prepared, concluded, stops, pause: None, groups: groups_done })
    }

    async fn save_update(&self, acceptance: &Acceptance) -> Result<(), StoreFailure> {
        let Prepared { plan, collected, .. } = &self.prepared;
        self.adapters.store().save_update(&plan.people.update, acceptance, collected.now).await
    }

    /// What permitted the plan.
    fn acceptance(&self) -> Acceptance {
        let violations = &self.prepared.limit_check.violations;
        let violates = |limits: &[LimitName]| violations.iter().any(|broken| limits.contains(&broken.limit));
        let approved = |limits: &[LimitName]| if violates(limits) { Counted::Approved } else { Counted::Yes };
        let first_run = self.prepared.collected.state.first_run;
        Acceptance {
            leavers: approved(&[LimitName::Leavers, LimitName::NobodyAssigned]),
            missing: approved(&[LimitName::Missing, LimitName::HaiiloEmpty]),
            mapping: self.settings.accepted_mapping(),
            first_run: if violates(&[LimitName::FirstRun]) { FirstRun::Done } else { first_run },
        }
    }

    /// The watch over leavers after a complete cycle.
    fn watch(&self, scope: &Scope) -> Option<Watch> {
        let Collected { state, clocks, .. } = &self.prepared.collected;
        match scope {
            Scope::Everybody | Scope::Reviewed(_) => {
                Some(leaver_decision::watch(state, &self.settings.leaver_rules(), clocks.start))
            }
            Scope::One(_) => None,
        }
    }
}

/// How a plan that was applied ended.
pub(super) fn ended(stops: &[Stop]) -> CycleResult {
    match stops {
        [] => CycleResult::Applied,
        stops if stops.iter().all(Stop::is_postponement) => CycleResult::Partly,
        _ => CycleResult::Stopped,
    }
}

/// What a cycle must do, and who asks for it.
#[derive(Clone, Debug)]
pub struct CycleRequest {
    /// The people that it is about.
    pub scope: Scope,
    /// An approval that was named with the command.
    pub given: Option<ApprovalId>,
    /// The cycle's name and who asks for it.
    pub run_context: RunContext,
    /// Whether it must stop early.
    pub cancel: CancellationToken,
}

/// Whether the store belongs to these tenants.
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

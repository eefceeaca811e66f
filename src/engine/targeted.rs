//! A look at some people: each is read again by id, and what a full cycle would do about them is done. Whoever cannot be settled without
//! seeing everybody is left to the next full cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock as _;
use crate::config::settings::UpdateMethod;
use crate::domain::listing::snapshot::{AccountSnapshot, AssignmentSnapshot, Person, PersonState};
use crate::domain::mapping::Mapper;
use crate::domain::model::account::{Account, WholeAccount};
use crate::domain::model::ids::OktaUserId;
use crate::domain::model::target::TargetProfile;
use crate::domain::plan::cycle_plan::CyclePlan;
use crate::domain::planning::input::{Clocks, PlanInput};
use crate::domain::planning::limits::{self, AbsenceRule, LimitDecision};
use crate::domain::planning::linked_accounts::LinkedAccounts;
use crate::domain::state::journal::RunContext;
use crate::domain::state::run_history::CycleResult;
use crate::domain::state::sync_state::SyncState;
use crate::domain::targeted::baseline::{Baseline, NameHash};
use crate::domain::targeted::plan::{self, NextStep};
use crate::engine::collect::person;
use crate::engine::cycle::{self, CycleReport};
use crate::engine::error::CycleError;
use crate::engine::executor::apply::ExecutionResult;
use crate::engine::executor::context::{Approved, Executor};
use crate::engine::executor::read_cache::ReadCache;
use crate::engine::groups::GroupsDone;
use crate::engine::prepared::Prepared;
use crate::engine::settings::{CycleSettings, Observer};
use crate::ports::{
    AccountReader as _, AccountWriter, Adapters, AssignmentSource as _, CycleEnd, StoreReader as _, StoreWriter,
    UpdateMode,
};

/// People who are read from Okta at once.
const PEOPLE_AT_ONCE: usize = 4;

/// What a poll is given besides the world.
#[derive(Clone, Copy, Debug)]
pub struct TargetedRequest<'a> {
    /// The settings of a cycle.
    pub settings: &'a CycleSettings,
    /// The poll's name and who asks for it.
    pub run_context: &'a RunContext,
    /// Whether it shall end early.
    pub cancel: &'a CancellationToken,
}

/// Everything that a look needs.
pub(super) struct TargetedCycle<'a, W, A> {
    pub(super) adapters: &'a W,
    pub(super) writer: &'a A,
    pub(super) request: TargetedRequest<'a>,
    /// Okta's time.
    pub(super) now: DateTime<Utc>,
    /// How the local clock and Okta's agree.
    pub(super) clocks: Clocks,
    /// The local time at which the poll began.
    pub(super) started: DateTime<Utc>,
}

/// What a look came to.
pub(super) struct TargetedResult {
    pub(super) report: CycleReport,
    pub(super) settled: Settled,
}

/// Whether the next full cycle has anything left to do about these people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Not as far as is known.
    Everybody,
    /// Somebody is left to it.
    InPart,
}

/// People and accounts that a plan can be made from, and people who are left to the full cycle.
#[derive(Default)]
struct CollectedPeople {
    people: Vec<Person>,
    accounts: Vec<Account>,
    left: Vec<(Person, &'static str)>,
    reads: ReadCache,
}

/// What Haiilo shows about one person.
enum ShownAccount {
    Account(Box<WholeAccount>),
    Named(Vec<WholeAccount>),
    Nothing,
    Left(&'static str),
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> TargetedCycle<'_, W, A> {
    /// Looks at these people.
    pub(super) async fn at(
        &self,
        people: &BTreeSet<OktaUserId>,
        state: SyncState,
        known: Baseline,
        observer: &impl Observer,
    ) -> Result<TargetedResult, CycleError> {
        let settings = self.request.settings;
        let began = self.adapters.clock().monotonic();
        let read = self.read(people).await?;
        let mut baseline = known.clone();
        baseline.removed_accounts.extend(removed_accounts(people, &read, &state));
        let CollectedPeople { people, accounts, left, reads } = self.sight(read, &state, &baseline).await?;
        for (person, why) in &left {
            tracing::info!(okta_id = %person.id, why, "left to the next full cycle");
        }
        let target = self.adapters.store().target().await?.filter(|target| target.base_url == settings.tenant.base_url);
        let prepared = self.plan(plan::people(people), plan::accounts(accounts), state, (began, target));
        baseline.unsettled.extend(claims(&left, &prepared));
        if baseline != known {
            self.adapters.store().keep_baseline(&baseline).await?;
        }
        let settled = if left.is_empty() && prepared.plan.people.findings.held.is_empty() {
            Settled::Everybody
        } else {
            Settled::InPart
        };
        let report = self.apply(prepared, reads, observer).await?;
        let settled = if report.concluded.iter().all(|one| one.outcome.is_done()) { settled } else { Settled::InPart };
        Ok(TargetedResult { report, settled })
    }

    /// Reads people again. Whoever is not assigned is nobody of a poll's: a full cycle takes note of leavers.
    async fn read(&self, people: &BTreeSet<OktaUserId>) -> Result<Vec<Person>, CycleError> {
        let settings = self.request.settings;
        let mut mapper = Mapper::new(&settings.mapping);
        let rows = stream::iter(people).map(|id| self.adapters.source().assignment(id)).buffered(PEOPLE_AT_ONCE);
        let rows: Vec<_> = rows.try_collect().await.map_err(CycleError::Okta)?;
        Ok(rows.into_iter().flatten().map(|row| person(row, settings.policy.statuses, &mut mapper)).collect())
    }

    /// Reads at Haiilo what the plan about these people needs.
    async fn sight(
        &self,
        people: Vec<Person>,
        state: &SyncState,
        baseline: &Baseline,
    ) -> Result<CollectedPeople, CycleError> {
        let settings = self.request.settings;
        let stances: Vec<NextStep<'_>> =
            people.iter().map(|person| plan::stance(person, state, baseline, &settings.mapping)).collect();
        let shown = stream::iter(&stances).map(|stance| self.ask(stance)).buffered(settings.concurrency);
        let shown: Vec<ShownAccount> = shown.try_collect().await?;
        let mut sighted = CollectedPeople::default();
        for (person, shown) in people.into_iter().zip(shown) {
            match shown {
                ShownAccount::Nothing => {}
                ShownAccount::Left(why) => sighted.left.push((person, why)),
                ShownAccount::Account(whole) => {
                    sighted.accounts.push(whole.account.clone());
                    sighted.reads.keep_account(*whole, self.adapters.clock().monotonic());
                    sighted.people.push(person);
                }
                ShownAccount::Named(found) => {
                    sighted.accounts.extend(found.iter().map(|whole| whole.account.clone()));
                    if let Some(name) = person.state.user_name() {
                        sighted.reads.keep_name(name, found, self.adapters.clock().monotonic());
                    }
                    sighted.people.push(person);
                }
            }
        }
        sighted.leave_rivals();
        Ok(sighted)
    }

    async fn ask(&self, stance: &NextStep<'_>) -> Result<ShownAccount, CycleError> {
        let reader = self.adapters.reader();
        Ok(match stance {
            NextStep::Nothing => ShownAccount::Nothing,
            NextStep::FullCycle(why) => ShownAccount::Left(why),
            NextStep::Account(id) => match reader.get(id).await.map_err(CycleError::Haiilo)? {
                Some(whole) => ShownAccount::Account(Box::new(whole)),
                None => ShownAccount::Left("haiilo does not show the account"),
            },
            NextStep::Name(name) => ShownAccount::Named(reader.find(name).await.map_err(CycleError::Haiilo)?),
        })
    }

    fn plan(
        &self,
        people: AssignmentSnapshot,
        accounts: AccountSnapshot,
        state: SyncState,
        (began, target): (Duration, Option<TargetProfile>),
    ) -> Prepared {
        let Self { now, clocks, .. } = *self;
        let settings = self.request.settings;
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
        let plan = CyclePlan { people: plan::plan(&input), ..CyclePlan::default() };
        let limit_check = limits::check(&input, &plan, &settings.mapping_fingerprint(), None, AbsenceRule::Unseen);
        let application = settings.tenant.app_id.clone();
        Prepared { plan, limit_check, now, application, began, clocks, people, accounts, state, target }
    }

    /// Applies the plan as a full cycle would.
    async fn apply(
        &self,
        prepared: Prepared,
        reads: ReadCache,
        observer: &impl Observer,
    ) -> Result<CycleReport, CycleError> {
        let TargetedRequest { settings, run_context, cancel } = self.request;
        let nothing = |prepared| CycleReport {
            prepared,
            concluded: Vec::new(),
            stops: Vec::new(),
            pause: None,
            groups: GroupsDone::default(),
        };
        let approved = match &prepared.limit_check.decision {
            LimitDecision::Pass => Approved::default(),
            LimitDecision::Approved(id) => cycle::approved(&prepared, id),
            LimitDecision::Blocked => return Ok(nothing(prepared)),
        };
        if prepared.plan.people.operations.is_empty() {
            return Ok(nothing(prepared));
        }
        if prepared.target.as_ref().is_some_and(TargetProfile::needs_put)
            && settings.update_method == UpdateMethod::Patch
        {
            self.writer.set_update_mode(UpdateMode::Substitute);
        }
        let executor = Executor::of(self.adapters, self.writer, settings, (&prepared, run_context));
        let executor = Executor { approved, reads, run: executor.run.cancelled_by(cancel.clone()), ..executor };
        let ExecutionResult { concluded, stops } = executor.apply(&prepared.plan.people, observer).await;
        let end = CycleEnd {
            run: run_context.run.clone(),
            started: self.started,
            ended: self.adapters.clock().now(),
            result: CycleResult::Targeted,
            watch: None,
            journal_from: prepared.now - settings.journal_keep,
        };
        self.adapters.store().finish(&end).await?;
        Ok(CycleReport { prepared, concluded, stops, pause: None, groups: GroupsDone::default() })
    }
}

/// People with an account who are not assigned any more.
fn removed_accounts(asked: &BTreeSet<OktaUserId>, read: &[Person], state: &SyncState) -> Vec<OktaUserId> {
    let is_there = |id: &OktaUserId| read.iter().any(|person| person.id == *id && person.state != PersonState::Left);
    asked.iter().filter(|id| state.links.of_person(id).is_some() && !is_there(id)).cloned().collect()
}

/// Whoever waits for a full cycle keeps the name that they want, so that the next poll gives it to nobody else.
fn claims(left: &[(Person, &'static str)], prepared: &Prepared) -> BTreeMap<OktaUserId, Option<NameHash>> {
    let waiting = left.iter().map(|(person, _)| (&person.id, person.state.user_name()));
    let held = prepared.plan.people.findings.held.iter().map(|held| (&held.okta_id, held.user_name.as_ref()));
    waiting.chain(held).map(|(id, name)| (id.clone(), name.map(NameHash::of_name))).collect()
}

impl CollectedPeople {
    /// Whoever wants the name of somebody who is left to the full cycle is left to it, too.
    fn leave_rivals(&mut self) {
        let claims: BTreeSet<NameHash> =
            self.left.iter().filter_map(|(person, _)| person.state.user_name()).map(NameHash::of_name).collect();
        let is_rival =
            |person: &Person| person.state.user_name().is_some_and(|name| claims.contains(&NameHash::of_name(name)));
        let (shared_names, free) = std::mem::take(&mut self.people).into_iter().partition(is_rival);
        self.people = free;
        let shared_names: Vec<Person> = shared_names;
        self.left.extend(shared_names.into_iter().map(|person| (person, "somebody else wants the same userName")));
    }
}

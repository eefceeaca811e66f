//! A targeted cycle, about some people: each is read again by id, and what a full cycle would do about them is done. People who cannot be
//! settled without reading all people are left to the next full cycle.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock as _;
use crate::domain::listing::snapshot::{Person, PersonState};
use crate::domain::mapping::Mapper;
use crate::domain::model::account::{Account, WholeAccount};
use crate::domain::model::ids::OktaUserId;
use crate::domain::plan::cycle_plan::CyclePlan;
use crate::domain::planning::input::Clocks;
use crate::domain::planning::limits::{self, AbsenceRule};
use crate::domain::state::journal::RunContext;
use crate::domain::state::run_history::CycleResult;
use crate::domain::state::sync_state::SyncState;
use crate::domain::targeted::baseline::{Baseline, NameHash};
use crate::domain::targeted::plan::{self, NextStep};
use crate::engine::collect::{self, person};
use crate::engine::cycle::{Cycle, CycleReport};
use crate::engine::error::CycleError;
use crate::engine::executor::apply::ExecutionResult;
use crate::engine::executor::context::{Approved, Executor};
use crate::engine::executor::read_cache::ReadCache;
use crate::engine::prepared::{Collected, Prepared};
use crate::engine::settings::{CycleSettings, Observer};
use crate::ports::{AccountReader as _, AccountWriter, Adapters, AssignmentSource as _, StoreWriter};

/// People who are read from Okta at once.
const PEOPLE_AT_ONCE: usize = 4;

/// What a poll is given besides the adapters.
#[derive(Clone, Copy, Debug)]
pub struct TargetedRequest<'a> {
    /// The settings of a cycle.
    pub settings: &'a CycleSettings,
    /// The poll's name and who asks for it.
    pub run_context: &'a RunContext,
    /// Whether to end early.
    pub cancel: &'a CancellationToken,
}

/// Everything that a targeted cycle needs.
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

/// The result of a targeted cycle.
pub(super) struct TargetedResult {
    pub(super) report: CycleReport,
    pub(super) settled: Settled,
}

/// Whether the next full cycle has anything left to do about these people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// Not as far as is known.
    Everybody,
    /// A person is left to it.
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
    /// Reads these people again, and does what follows.
    pub(super) async fn at(
        &self,
        people: &BTreeSet<OktaUserId>,
        state: SyncState,
        known: Baseline,
        observer: &impl Observer,
    ) -> Result<TargetedResult, CycleError> {
        let settings = self.request.settings;
        let began = self.adapters.clock().monotonic();
        let read = self.read_people(people).await?;
        let mut baseline = known.clone();
        baseline.removed_accounts.extend(leavers(people, &read, &state));
        let CollectedPeople { people, accounts, left, reads } = self.read_accounts(read, &state, &baseline).await?;
        for (person, why) in &left {
            tracing::info!(okta_id = %person.id, why, "left to the next full cycle");
        }
        let prepared = self.plan(Collected {
            now: self.now,
            application: settings.tenant.app_id.clone(),
            push_features: Vec::new(),
            began,
            clocks: self.clocks,
            people: plan::people(people),
            accounts: plan::accounts(accounts),
            state,
            nobody_has: Vec::new(),
            target: collect::target(self.adapters, settings).await?,
        });
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

    /// Reads people again. People who are not assigned are left out: a full cycle takes note of leavers.
    async fn read_people(&self, people: &BTreeSet<OktaUserId>) -> Result<Vec<Person>, CycleError> {
        let settings = self.request.settings;
        let mut mapper = Mapper::new(&settings.mapping);
        let rows = stream::iter(people).map(|id| self.adapters.source().assignment(id)).buffered(PEOPLE_AT_ONCE);
        let rows: Vec<_> = rows.try_collect().await.map_err(CycleError::Okta)?;
        Ok(rows.into_iter().flatten().map(|row| person(row, settings.policy.statuses, &mut mapper)).collect())
    }

    /// Reads at Haiilo what the plan about these people needs.
    async fn read_accounts(
        &self,
        people: Vec<Person>,
        state: &SyncState,
        baseline: &Baseline,
    ) -> Result<CollectedPeople, CycleError> {
        let settings = self.request.settings;
        let steps: Vec<NextStep<'_>> =
            people.iter().map(|person| plan::next_step(person, state, baseline, &settings.mapping)).collect();
        let shown = stream::iter(&steps).map(|step| self.read_account(step)).buffered(settings.concurrency);
        let shown: Vec<ShownAccount> = shown.try_collect().await?;
        let mut collected = CollectedPeople::default();
        for (person, shown) in people.into_iter().zip(shown) {
            match shown {
                ShownAccount::Nothing => {}
                ShownAccount::Left(why) => collected.left.push((person, why)),
                ShownAccount::Account(whole) => {
                    collected.accounts.push(whole.account.clone());
                    collected.reads.keep_account(*whole, self.adapters.clock().monotonic());
                    collected.people.push(person);
                }
                ShownAccount::Named(found) => {
                    collected.accounts.extend(found.iter().map(|whole| whole.account.clone()));
                    if let Some(name) = person.state.user_name() {
                        collected.reads.keep_name(name, found, self.adapters.clock().monotonic());
                    }
                    collected.people.push(person);
                }
            }
        }
        collected.leave_shared_names();
        Ok(collected)
    }

    async fn read_account(&self, step: &NextStep<'_>) -> Result<ShownAccount, CycleError> {
        let reader = self.adapters.reader();
        Ok(match step {
            NextStep::Nothing => ShownAccount::Nothing,
            NextStep::FullCycle(why) => ShownAccount::Left(why),
            NextStep::Account(id) => match reader.get(id).await.map_err(CycleError::Haiilo)? {
                Some(whole) => ShownAccount::Account(Box::new(whole)),
                None => ShownAccount::Left("haiilo does not show the account"),
            },
            NextStep::Name(name) => ShownAccount::Named(reader.find(name).await.map_err(CycleError::Haiilo)?),
        })
    }

    fn plan(&self, collected: Collected) -> Prepared {
        let settings = self.request.settings;
        let input = collected.input(settings);
        let plan = CyclePlan { people: plan::plan(&input), ..CyclePlan::default() };
        let limit_check = limits::check(&input, &plan, &settings.mapping_fingerprint(), None, AbsenceRule::Unseen);
        Prepared { plan, limit_check, collected }
    }

    /// Applies the plan as a full cycle would.
    async fn apply(
        &self,
        prepared: Prepared,
        reads: ReadCache,
        observer: &impl Observer,
    ) -> Result<CycleReport, CycleError> {
        let Self { adapters, started, request: TargetedRequest { settings, run_context, cancel }, .. } = *self;
        let approved = Approved::of(&prepared).filter(|_| !prepared.plan.people.operations.is_empty());
        let Some(approved) = approved else { return Ok(CycleReport::unapplied(prepared)) };
        let cycle = Cycle { adapters, settings, run_context, cancel, started, prepared };
        let executor = Executor { reads, ..cycle.executor(self.writer, approved) };
        let ExecutionResult { concluded, stops } = executor.apply(&cycle.prepared.plan.people, observer).await;
        cycle.finish(CycleResult::Targeted, None).await?;
        Ok(CycleReport { concluded, stops, ..CycleReport::unapplied(cycle.prepared) })
    }
}

/// People with an account who are not assigned any more.
fn leavers(asked: &BTreeSet<OktaUserId>, read: &[Person], state: &SyncState) -> Vec<OktaUserId> {
    let is_there = |id: &OktaUserId| read.iter().any(|person| person.id == *id && person.state != PersonState::Left);
    asked.iter().filter(|id| state.links.of_person(id).is_some() && !is_there(id)).cloned().collect()
}

/// People who wait for a full cycle keep the name that the mapping gives them, so the next poll gives it to nobody else.
fn claims(left: &[(Person, &'static str)], prepared: &Prepared) -> BTreeMap<OktaUserId, Option<NameHash>> {
    let waiting = left.iter().map(|(person, _)| (&person.id, person.state.user_name()));
    let held = prepared.plan.people.findings.held.iter().map(|held| (&held.okta_id, held.name.as_ref()));
    waiting.chain(held).map(|(id, name)| (id.clone(), name.map(NameHash::of_name))).collect()
}

impl CollectedPeople {
    /// People whose userName would be that of a person who is left to the full cycle are left to it, too.
    fn leave_shared_names(&mut self) {
        let claims: BTreeSet<NameHash> =
            self.left.iter().filter_map(|(person, _)| person.state.user_name()).map(NameHash::of_name).collect();
        let wants_the_same_name =
            |person: &Person| person.state.user_name().is_some_and(|name| claims.contains(&NameHash::of_name(name)));
        let (shared_names, free) = std::mem::take(&mut self.people).into_iter().partition(wants_the_same_name);
        self.people = free;
        let shared_names: Vec<Person> = shared_names;
        self.left.extend(shared_names.into_iter().map(|person| (person, "somebody else wants the same userName")));
    }
}

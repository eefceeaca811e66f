//! The life of one story: its days, each with a cycle, and the quiet time after them in which everything must come right.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta;
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use okta_haiilo_sync::engine::{CycleError, Scope};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::campaign::actions::Life;
use crate::campaign::convergence;
use crate::campaign::ground_truth::Truth;
use crate::campaign::oracle::{Oracle, Tally, Verdict};
use crate::campaign::story::{Day, OktaTrouble, Story, story};
use crate::setup::environment::length;
use crate::setup::world::Ran;

/// Half days after the last day, in which nothing goes wrong and every plan is let pass.
const QUIET: usize = 20;
/// Campaigns that run side by side.
const CAMPAIGNS: u32 = 4;

/// Lives a story to its end.
pub(super) async fn live(story: &Story) -> Result<Tally, String> {
    let (mut life, mut oracle) = (Life::begin(story).await, Oracle::default());
    for (n, day) in story.days.iter().enumerate() {
        a_day(&mut life, &mut oracle, day).await.map_err(|why| format!("day {n}: {why}"))?;
    }
    for n in 0..QUIET {
        let quiet = Day { hours: 12, deeds: Vec::new(), okta: Vec::new(), haiilo: Vec::new(), approves: true };
        a_day(&mut life, &mut oracle, &quiet).await.map_err(|why| format!("quiet day {n}: {why}"))?;
    }
    convergence::judge(&life, &mut oracle).await.map_err(|why| format!("in the end: {why}"))?;
    Ok(oracle.tally)
}

async fn a_day(life: &mut Life, oracle: &mut Oracle, day: &Day) -> Verdict {
    life.world.advance(TimeDelta::hours(day.hours.into()));
    for deed in &day.deeds {
        life.act(deed);
    }
    let turned = plant(life, day);
    let came = cycle(life, oracle, None, turned.as_ref()).await?;
    heal(life);
    let blocked = came.as_ref().ok().filter(|report| report.prepared.limit_check.decision == LimitDecision::Blocked);
    let id = blocked.and_then(|report| report.prepared.limit_check.approval_id.clone());
    match came {
        Err(error) if day.okta.is_empty() && day.haiilo.is_empty() => {
            return Err(format!("a clean cycle failed: {error}"));
        }
        _ => {}
    }
    if day.approves
        && let Some(id) = id
    {
        cycle(life, oracle, Some(id), None).await?.map_err(|error| format!("an approved cycle failed: {error}"))?;
    }
    Ok(())
}

/// Plants what goes wrong on a day; the first change of Okta that a cycle meets is the only one.
fn plant(life: &Life, day: &Day) -> Option<(u64, String)> {
    let mut turned = None;
    for trouble in &day.okta {
        match trouble {
            OktaTrouble::Fault(when, fault) => life.world.okta.plant(when.clone(), fault.clone()),
            OktaTrouble::Meanwhile(n, who, turn) => {
                if let Some(change) = life.turn(*who, *turn).filter(|_| turned.is_none()) {
                    turned = Some((*n, life.ids[who].clone()));
                    life.world.okta.plant(When::Call(*n), Fault::Bend(okta::Bend::Meanwhile(change)));
                }
            }
        }
    }
    for (when, fault) in &day.haiilo {
        life.world.haiilo.plant(when.clone(), fault.clone());
    }
    turned
}

fn heal(life: &Life) {
    life.world.okta.heal();
    life.world.haiilo.heal();
    let mut okta = life.world.okta.state();
    "ACTIVE".clone_into(&mut okta.app.status);
    okta.auth.token_revoked = false;
}

/// One cycle, judged.
async fn cycle(
    life: &mut Life,
    oracle: &mut Oracle,
    given: Option<okta_haiilo_sync::domain::model::ids::ApprovalId>,
    turned: Option<&(u64, String)>,
) -> Result<Result<Ran, CycleError>, String> {
    life.world.okta.forget_calls();
    life.world.haiilo.forget_calls();
    let before = Truth::of(life).await;
    let came = life.world.try_sync_with(Scope::Everybody, given).await;
    let after = Truth::of(life).await;
    for (id, name) in &after.wanted {
        life.names.entry(id.clone()).or_default().insert(name.clone());
    }
    let lost = before.accounts.keys().filter(|id| !after.accounts.contains_key(*id)).cloned();
    life.lost.extend(lost);
    oracle.judge(life, (&before, &after), &came, turned)?;
    Ok(came)
}

/// One of the campaigns: as many random stories as the length allows, the same ones each time.
fn campaign(number: u8) {
    let cases = length().cases.div_ceil(CAMPAIGNS);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[number; 32]));
    let tally = std::cell::Cell::new(Tally::default());
    let ended = runner.run(&story(), |story| {
        let one = on_a_runtime(&story).map_err(TestCaseError::fail)?;
        tally.set(tally.get().plus(one));
        Ok(())
    });
    if let Err(error) = ended {
        panic!("campaign {number}: {error}");
    }
    let tally = tally.get();
    let Tally { cycles, created, deleted, blocked, failed, as_wanted, excused } = tally;
    let cases = u64::from(cases);
    assert!(cycles > 20 * cases && created > 3 * cases && as_wanted > 2 * excused, "too little happens: {tally:?}");
    // In a few stories it may not come to these.
    let is_rich = deleted > cases / 2 && blocked > cases / 2 && failed > cases / 10;
    assert!(cases < 10 || is_rich, "too little goes wrong: {tally:?}");
}

/// Lives a story on a runtime of its own.
pub(super) fn on_a_runtime(story: &Story) -> Result<Tally, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(Box::pin(live(story)))
}

#[test]
fn campaign_1() {
    campaign(1);
}

#[test]
fn campaign_2() {
    campaign(2);
}

#[test]
fn campaign_3() {
    campaign(3);
}

#[test]
fn campaign_4() {
    campaign(4);
}

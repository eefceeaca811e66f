//! Stories between two full cycles: Okta's log names somebody, and a poll does what a full cycle would do about that person, at the cost of
//! a few requests; whatever it cannot settle alone is left to the next full cycle.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, AccountSeed};
use okta_haiilo_sim::okta::{FanOut, Lag, route};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::clock::Clock as _;
use okta_haiilo_sync::domain::model::ids::RunId;
use okta_haiilo_sync::domain::model::limit::{Limit, LimitName};
use okta_haiilo_sync::domain::plan::outcome::Outcome;
use okta_haiilo_sync::domain::state::journal::RunContext;
use okta_haiilo_sync::domain::state::log_cursor::SECOND_CHECK;
use okta_haiilo_sync::engine::{
    self, CycleError, CycleReport, FullCycleReason, NoObserver, PollResult, TargetedRequest,
};
use okta_haiilo_sync::ports::StoreReader as _;
use okta_haiilo_sync::store::{ReadStore, Store};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::setup::operator;
use crate::setup::world::{Ran, World, free_lock, mapping, outcomes, seed};

impl World {
    /// What the daemon does after a full cycle, so that polls go on from it.
    async fn follow(&self, report: &CycleReport) {
        let store = Store::open(self.place(), free_lock(self.place(), "a story").await).await.expect("a store");
        let ends = self.ends(store);
        engine::follow(&ends, &self.settings, report).await.expect("followed");
        ends.store.close().await.expect("closed");
    }

    /// A full cycle of the daemon.
    pub(crate) async fn full_cycle(&mut self) -> Ran {
        let report = self.sync().await;
        self.follow(&report).await;
        report
    }

    /// One poll.
    pub(crate) async fn try_poll(&self, cancel: &CancellationToken) -> Result<PollResult, CycleError> {
        let store = Store::open(self.place(), free_lock(self.place(), "a story").await).await.expect("a store");
        let ends = self.ends(store);
        // Polls follow each other, however little time a story takes.
        self.advance(TimeDelta::milliseconds(1));
        let run = RunId::new(format!("poll-{}", self.clock.now().timestamp_millis()));
        let run_context = RunContext { run, approval: None, by: "a story".to_owned(), reason: None };
        let errand = TargetedRequest { settings: &self.settings, run_context: &run_context, cancel };
        let polled = Box::pin(engine::poll(&ends, &ends.reader.writer(), errand, &NoObserver)).await;
        ends.store.close().await.expect("closed");
        polled
    }

    pub(crate) async fn poll(&self) -> PollResult {
        self.try_poll(&CancellationToken::default()).await.expect("a poll")
    }

    /// One poll, and how many requests it sent to either side.
    async fn counted_poll(&self) -> (PollResult, [usize; 2]) {
        self.okta.forget_calls();
        self.haiilo.forget_calls();
        let polled = self.poll().await;
        (polled, [self.okta.calls().len(), self.haiilo.calls().len()])
    }

    /// Everybody has an account, each kind of write was seen once, and the log is followed.
    pub(crate) async fn followed(n: u32) -> Self {
        let mut world = Self::in_step(n).await;
        world.set_profile(0, "city", json!("Oulu"));
        world.follow_from_now().await;
        world
    }

    /// A full cycle, after which the log has no news.
    async fn follow_from_now(&mut self) {
        self.full_cycle().await;
        // What was in the log a little before the full cycle is looked at once more, twice.
        for polled in self.look_twice().await {
            assert_eq!(done(&polled), (Vec::new(), None));
        }
        assert!(matches!(self.poll().await, PollResult::Quiet));
        self.haiilo.state().forget_writes();
    }

    /// Both looks at whoever was named are over.
    async fn look_twice(&self) -> [PollResult; 2] {
        let first = self.poll().await;
        self.advance(SECOND_CHECK);
        [first, self.poll().await]
    }
}

/// Somebody who is in Okta, and not assigned.
fn unassigned(world: &World, n: u32) -> String {
    world.okta.state().without_events(|okta| {
        let id = okta.hire(&person(n));
        okta.unassign(&id);
        id
    })
}

/// What a poll did, each operation as `kind outcome`; and whether it wants a full cycle.
#[track_caller]
pub(crate) fn done(polled: &PollResult) -> (Vec<String>, Option<FullCycleReason>) {
    match polled {
        PollResult::Handled(looked) => (outcomes(&looked.report), looked.full_cycle_reason.clone()),
        other => panic!("nobody was looked at: {other:?}"),
    }
}

/// Why a poll did nothing.
#[track_caller]
fn not_polled(polled: PollResult) -> FullCycleReason {
    match polled {
        PollResult::FullCycle(why) => why,
        other => panic!("it polled: {other:?}"),
    }
}

#[tokio::test]
async fn a_poll_without_news_is_one_request_and_haiilo_is_not_asked() {
    let world = World::followed(30).await;
    for _ in 0..3 {
        world.advance(TimeDelta::seconds(30));
        let (polled, requests) = world.counted_poll().await;
        assert!(matches!(polled, PollResult::Quiet), "{polled:?}");
        assert_eq!(requests, [1, 0]);
    }
}

#[tokio::test]
async fn a_new_colleague_is_in_haiilo_after_one_poll() {
    let mut world = World::followed(30).await;
    world.okta.state().hire(&person(77));
    let (polled, requests) = world.counted_poll().await;
    assert_eq!(done(&polled), (vec!["create done".to_owned()], None));
    // The log and the person; who has the name, and the new account.
    assert_eq!(requests, [2, 2]);
    assert_eq!(world.account(77).expect("an account").team(), person(77).city);
    assert!(world.full_cycle().await.concluded.is_empty());
    world.assert_converged().await;
}

#[tokio::test]
async fn a_changed_profile_a_new_group_and_a_new_name_reach_the_account_after_one_poll() {
    let mut world = World::followed(30).await;
    world.set_profile(3, "city", json!("Turku"));
    let (polled, requests) = world.counted_poll().await;
    assert_eq!(done(&polled), (vec!["update done".to_owned()], None));
    assert_eq!(requests, [2, 2]);
    assert_eq!(world.account(3).expect("an account").team(), "Turku");
    // A rename is a kind of its own, whose first one is read back.
    let id = world.okta_id(4);
    world.okta.state().rename(&id, "new.name@example.com");
    let (polled, requests) = world.counted_poll().await;
    assert_eq!(done(&polled), (vec!["update done".to_owned()], None));
    assert_eq!(requests, [2, 3]);
    let id = world.okta_id(5);
    world.okta.state().rename(&id, "another.name@example.com");
    assert_eq!(world.counted_poll().await.1, [2, 2]);
    assert!(world.full_cycle().await.concluded.is_empty());
    world.assert_converged().await;
}

#[tokio::test]
async fn many_people_cost_one_request_to_okta_and_two_to_haiilo_each() {
    let mut world = World::in_step(150).await;
    world.settings.page_size = 10;
    world.haiilo_settings.page_size = 10;
    world.set_profile(0, "city", json!("Oulu"));
    world.follow_from_now().await;
    for n in 1..=6 {
        world.set_profile(n, "city", json!("Turku"));
    }
    for n in 200..206 {
        world.okta.state().hire(&person(n));
    }
    let (polled, [okta, haiilo]) = world.counted_poll().await;
    assert_eq!(done(&polled).0.len(), 12);
    assert!(okta <= 1 + 12 && haiilo <= 2 * 12, "{okta} and {haiilo}");
    // The second look finds nothing left to do.
    world.advance(SECOND_CHECK);
    let (polled, [okta, haiilo]) = world.counted_poll().await;
    assert_eq!(done(&polled), (Vec::new(), None));
    assert!(okta <= 1 + 12 && haiilo <= 12, "{okta} and {haiilo}");
    assert!(world.full_cycle().await.concluded.is_empty());
}

#[tokio::test]
async fn an_answer_that_lags_behind_the_log_is_caught_by_the_second_look() {
    let mut world = World::followed(30).await;
    world.okta.state().lag = Lag::Ms(60_000);
    world.okta.state().hire(&person(77));
    world.set_profile(3, "city", json!("Turku"));
    let [first, second] = world.look_twice().await;
    assert_eq!(done(&first).0, Vec::<String>::new());
    assert_eq!(done(&second).0, ["update done", "create done"]);
    assert!(world.full_cycle().await.concluded.is_empty());
}

#[tokio::test]
async fn a_poll_deletes_nobody_and_moves_no_leavers_clock() {
    let world = World::followed(150).await;
    let before = world.state().await;
    let ids: Vec<String> = (1..4).map(|n| world.okta_id(n)).collect();
    world.okta.state().deactivate(&ids[0]);
    world.okta.state().unassign(&ids[1]);
    world.okta.state().delete_user(&ids[2]);
    for polled in world.look_twice().await {
        assert_eq!(done(&polled).0, Vec::<String>::new());
    }
    assert!(world.haiilo.state().writes().is_empty());
    let after = world.state().await;
    assert_eq!((after.leavers, after.watch), (before.leavers, before.watch));
    assert_eq!(after.links.len(), before.links.len());
}

#[tokio::test]
async fn whoever_comes_back_is_left_to_the_full_cycle() {
    let mut world = World::followed(30).await;
    let id = world.okta_id(1);
    world.okta.state().unassign(&id);
    world.full_cycle().await;
    assert_eq!(world.state().await.leavers.len(), 1);
    world.okta.state().assign(&id);
    world.set_profile(1, "city", json!("Turku"));
    let polled = world.poll().await;
    assert_eq!(done(&polled), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert_eq!(outcomes(&world.full_cycle().await.0), ["update done"]);
}

#[tokio::test]
async fn a_position_that_okta_no_longer_takes_wants_a_full_cycle_and_a_new_one() {
    let mut world = World::followed(30).await;
    world.okta.state().log.expire_cursors();
    world.okta.state().hire(&person(77));
    assert_eq!(not_polled(world.poll().await), FullCycleReason::PositionLost);
    // Until then nothing more is asked.
    let (polled, requests) = world.counted_poll().await;
    assert_eq!((not_polled(polled), requests), (FullCycleReason::NotYet, [0, 0]));
    assert_eq!(outcomes(&world.full_cycle().await.0), ["create done"]);
    // The new position lies a little before the cycle, so that the same person is looked at once more.
    assert_eq!(done(&world.poll().await), (Vec::new(), None));
    assert!(matches!(world.poll().await, PollResult::Quiet));
}

#[tokio::test]
async fn after_three_months_or_under_another_configuration_everybody_is_looked_at_first() {
    let mut world = World::followed(30).await;
    world.advance(TimeDelta::days(90));
    assert_eq!(not_polled(world.poll().await), FullCycleReason::TooOld);
    world.full_cycle().await;
    assert!(matches!(world.poll().await, PollResult::Quiet));
    world.settings.mapping = mapping(|spec| spec.rules[4].value = "user.city | upper".to_owned());
    assert_eq!(not_polled(world.poll().await), FullCycleReason::Configuration);
}

#[tokio::test]
async fn without_the_right_to_read_the_log_nothing_is_polled() {
    let world = World::followed(30).await;
    world.okta.plant(When::Every(route::LOGS), Fault::Refuse(403));
    world.set_profile(3, "city", json!("Turku"));
    let (polled, requests) = world.counted_poll().await;
    let PollResult::Barred(failure) = polled else { panic!("{polled:?}") };
    assert!(failure.to_string().contains("403"), "{failure}");
    assert_eq!(requests, [1, 0]);
}

#[tokio::test]
async fn more_people_than_a_full_cycle_has_pages_are_left_to_it() {
    let mut world = World::followed(30).await;
    for n in 1..8 {
        world.set_profile(n, "city", json!("Turku"));
    }
    let (polled, requests) = world.counted_poll().await;
    assert_eq!((not_polled(polled), requests), (FullCycleReason::ManyPeople, [1, 0]));
    assert_eq!(world.full_cycle().await.concluded.len(), 7);
}

#[tokio::test]
async fn people_of_a_group_count_where_the_group_is_assigned() {
    let mut world = World::followed(3).await;
    let members: Vec<String> = (90..92).map(|n| unassigned(&world, n)).collect();
    // The group is new to the application, which concerns whoever is in it.
    world.okta.state().assign_by_group(&members[0], "Staff");
    let (created, full_cycle_reason) = done(&world.poll().await);
    assert_eq!(created, ["create done"]);
    assert!(
        matches!(&full_cycle_reason, Some(FullCycleReason::Event(kind)) if kind == "group.application_assignment.add"),
        "{full_cycle_reason:?}"
    );
    world.full_cycle().await;
    // From now on its members are known by it, even where Okta writes nothing else of them.
    world.okta.state().log.fan_out = FanOut::Silent;
    world.okta.state().assign_by_group(&members[1], "Staff");
    assert_eq!(done(&world.poll().await).0, ["create done"]);
    assert!(world.full_cycle().await.concluded.is_empty());
}

#[tokio::test]
async fn a_change_of_the_application_is_looked_at_by_a_full_cycle_alone() {
    let world = World::followed(30).await;
    world.set_profile(3, "city", json!("Turku"));
    world.okta.state().app.status = "INACTIVE".to_owned();
    let (polled, requests) = world.counted_poll().await;
    assert_eq!(not_polled(polled), FullCycleReason::Event("application.lifecycle.deactivate".into()));
    assert_eq!(requests, [1, 0]);
}

#[tokio::test]
async fn entries_that_come_twice_or_late_lead_to_the_same() {
    let mut world = World::followed(30).await;
    world.okta.state().log.repeat_next(1);
    world.set_profile(3, "city", json!("Turku"));
    assert_eq!(done(&world.poll().await).0, ["update done"]);
    let (polled, requests) = world.counted_poll().await;
    assert!(matches!(polled, PollResult::Quiet), "{polled:?}");
    assert_eq!(requests, [1, 0]);
    world.okta.state().log.delay_next(1, 600_000);
    world.set_profile(4, "city", json!("Turku"));
    world.set_profile(5, "city", json!("Turku"));
    assert_eq!(done(&world.poll().await).0, ["update done"]);
    world.advance(TimeDelta::minutes(10));
    assert_eq!(done(&world.poll().await).0, ["update done"]);
    assert!(world.full_cycle().await.concluded.is_empty());
}

#[tokio::test]
async fn an_entry_that_is_lost_is_made_up_for_by_the_full_cycle() {
    let mut world = World::followed(30).await;
    world.okta.state().log.lose_next(1);
    world.set_profile(3, "city", json!("Turku"));
    assert!(matches!(world.poll().await, PollResult::Quiet));
    assert_eq!(outcomes(&world.full_cycle().await.0), ["update done"]);
}

#[tokio::test]
async fn polls_stand_under_the_limits_of_the_day_together_with_full_cycles() {
    let mut world = World::followed(30).await;
    world.settings.policy.limits.set(LimitName::Creates, Some(Limit { percent: None, floor: Some(2), cap: None }));
    world.full_cycle().await;
    for n in 70..72 {
        world.okta.state().hire(&person(n));
        assert_eq!(done(&world.poll().await).0, ["create done"]);
    }
    // In-step worlds have made their accounts under an approval, which counts no more.
    assert!(world.account(71).is_some());
    world.okta.state().hire(&person(72));
    assert_eq!(not_polled_or_refused(world.poll().await), FullCycleReason::Blocked);
    assert!(world.account(72).is_none());
    let report = world.full_cycle().await;
    assert!(report.is_blocked());
    // After a refused cycle nobody is looked at until one ends well.
    assert_eq!(not_polled(world.poll().await), FullCycleReason::NotYet);
}

/// Why a poll wants a full cycle.
#[track_caller]
fn not_polled_or_refused(polled: PollResult) -> FullCycleReason {
    match polled {
        PollResult::Handled(looked) => looked.full_cycle_reason.expect("a reason"),
        other => not_polled(other),
    }
}

#[tokio::test]
async fn during_a_pause_nobody_is_looked_at() {
    let mut world = World::followed(30).await;
    operator::pause(&world, None).await;
    world.set_profile(3, "city", json!("Turku"));
    let (polled, requests) = world.counted_poll().await;
    assert_eq!((not_polled(polled), requests), (FullCycleReason::Paused, [1, 0]));
    world.full_cycle().await;
    assert_eq!(not_polled(world.poll().await), FullCycleReason::NotYet);
}

#[tokio::test]
async fn an_account_that_is_there_already_becomes_the_joiners() {
    let mut world = World::followed(30).await;
    world.haiilo.state().add_account(AccountSeed { team: "Elsewhere".to_owned(), ..seed(&person(84)) });
    world.okta.state().hire(&person(84));
    let (polled, requests) = world.counted_poll().await;
    assert_eq!(done(&polled).0, ["adopt done", "update done"]);
    assert_eq!(requests, [2, 2]);
    assert!(world.full_cycle().await.concluded.is_empty());
}

#[tokio::test]
async fn a_poll_that_is_asked_to_end_begins_again_where_it_began() {
    let mut world = World::followed(30).await;
    world.set_profile(3, "city", json!("Turku"));
    let cancel = CancellationToken::default();
    cancel.cancel();
    let polled = world.try_poll(&cancel).await.expect("a poll");
    let PollResult::Handled(looked) = polled else { panic!("{polled:?}") };
    assert!(matches!(looked.report.concluded[0].outcome, Outcome::NotAttempted(_)));
    assert_eq!(done(&world.poll().await).0, ["update done"]);
    assert!(world.full_cycle().await.concluded.is_empty());
}

#[tokio::test]
async fn profiles_of_people_whom_the_application_does_not_concern_are_not_read() {
    let world = World::followed(30).await;
    let stranger = unassigned(&world, 90);
    world.okta.state().set_profile(&stranger, "city", json!("Turku"));
    let (polled, requests) = world.counted_poll().await;
    assert!(matches!(polled, PollResult::Quiet), "{polled:?}");
    assert_eq!(requests, [1, 0]);
}

#[tokio::test]
async fn the_store_says_how_far_the_log_was_followed_once_its_effects_are_durable() {
    let world = World::followed(30).await;
    let position =
        async || ReadStore::new(world.place()).log_cursor().await.expect("read").expect("a position").position;
    let before = position().await;
    world.set_profile(3, "city", json!("Turku"));
    world.haiilo.plant(When::Every(haiilo::route::READ), Fault::Refuse(403));
    assert!(world.try_poll(&CancellationToken::default()).await.is_err());
    assert_eq!(position().await, before);
}

#[tokio::test]
async fn somebody_who_cannot_be_read_does_not_keep_everybody_waiting_for_ever() {
    let mut world = World::followed(30).await;
    world.set_profile(3, "city", json!("Turku"));
    world.haiilo.plant(When::Every(haiilo::route::READ), Fault::Refuse(403));
    for _ in 0..5 {
        assert!(world.try_poll(&CancellationToken::default()).await.is_err());
    }
    assert_eq!(not_polled(world.poll().await), FullCycleReason::NotYet);
    // A full cycle needs no reading by id, and what it has seen to is not looked for again.
    world.advance(TimeDelta::minutes(10));
    assert_eq!(outcomes(&world.full_cycle().await.0), ["update done"]);
    assert!(matches!(world.poll().await, PollResult::Quiet));
}

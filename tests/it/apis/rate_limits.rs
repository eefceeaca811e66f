//! Stories of the pace: Okta's share is kept and spread over each window, Haiilo is asked as much at once as it can bear, and reports say
//! what was used of either.

use chrono::TimeDelta;
use futures_util::future::join_all;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo;
use okta_haiilo_sim::okta::{self, Bucket};
use okta_haiilo_sync::domain::model::ids::{HaiiloId, OktaUserId};
use okta_haiilo_sync::domain::model::usage::{OktaCalls, Requests};
use okta_haiilo_sync::engine::{self, NoObserver, Prepared, Scope};
use okta_haiilo_sync::ports::{AccountWriter as _, AssignmentSource as _};
use okta_haiilo_sync::report::{self, Report, ReportStage, TextOptions};
use okta_haiilo_sync::store::ReadStore;
use serde_json::Value as Json;

use crate::report::text::about;
use crate::setup::world::{Ends, World};

/// A dry run with ends that can be asked afterwards.
async fn plan(world: &World) -> (Prepared, Ends<ReadStore>) {
    let ends = world.ends(ReadStore::new(world.place()));
    let prepared = engine::prepare(&ends, &world.settings, &Scope::Everybody, None, &NoObserver).await;
    (prepared.expect("a plan"), ends)
}

/// The report of a dry run, with what was sent for it, in this form.
async fn reported(world: &World, form: impl Fn(&Report<'_>) -> String) -> String {
    let (prepared, ends) = plan(world).await;
    let okta = ends.source.take_calls();
    let requests = Requests { okta: &okta, haiilo: ends.reader.take_calls() };
    form(&Report { requests, ..about(&prepared, ReportStage::DryRun) })
}

fn text(report: &Report<'_>) -> String {
    report::text(report, TextOptions::default())
}

/// Twelve people on pages of one, of whose calls four a minute are allowed.
async fn narrow() -> World {
    let mut world = World::with_people(12).await;
    world.okta_settings.page_size = 1;
    world.okta.state().set_limit(Bucket::Apps, 8);
    world
}

#[tokio::test]
async fn a_share_is_spread_over_the_window_and_never_passed() {
    let world = narrow().await;
    let began = world.clock.0.now_ms();
    let (prepared, ends) = plan(&world).await;
    assert_eq!(prepared.plan.people.findings.counts.assigned, 12);
    // Two at once and two more within the minute, three times.
    let took = (world.clock.0.now_ms() - began) / 1_000;
    assert!((160..175).contains(&took), "{took} s");
    assert!(world.okta.calls().iter().all(|call| call.status == 200), "a share that is kept is never refused");
    let calls = ends.source.take_calls();
    let pages = calls.iter().find(|calls| calls.call == okta::route::APP_USERS).expect("pages");
    let waited = u64::try_from(took).expect("time goes on");
    let OktaCalls { call: _, requests, limit, ours, throttled, waited: told } = *pages;
    assert_eq!((requests, limit, ours, throttled), (12, Some(8), Some(4), 0));
    assert!(told.abs_diff(waited) <= 1, "{told} of {waited} s");
    assert!(ends.source.take_calls().is_empty(), "what was told once belongs to that report");
}

#[tokio::test]
async fn a_small_organization_waits_for_nothing() {
    let mut world = World::with_people(12).await;
    world.okta_settings.page_size = 1;
    world.okta.state().set_limit(Bucket::Apps, 50);
    let began = world.clock.0.now_ms();
    let (prepared, ends) = plan(&world).await;
    assert_eq!((prepared.plan.people.findings.counts.assigned, world.clock.0.now_ms()), (12, began));
    assert!(ends.source.take_calls().iter().all(|calls| calls.waited == 0));
}

#[tokio::test]
async fn calls_of_one_route_that_wait_together_go_one_after_the_other() {
    let world = World::with_people(8).await;
    world.okta.state().set_limit(Bucket::User, 8);
    let ids: Vec<OktaUserId> = (0..8).map(|n| OktaUserId::new(world.okta_id(n))).collect();
    let ends = world.ends(ReadStore::new(world.place()));
    ends.source.user(&ids[0]).await.expect("a user").expect("somebody");
    let began = world.clock.0.now_ms();
    let users = join_all(ids[1..].iter().map(|id| ends.source.user(id))).await;
    assert!(users.into_iter().all(|user| user.expect("a user").is_some()));
    let took = (world.clock.0.now_ms() - began) / 1_000;
    // One more at once, then two spread over this window, two at once in the next, and the last two spread over it.
    assert!((85..125).contains(&took), "{took} s");
    assert!(world.okta.calls().iter().all(|call| call.status == 200), "{:?}", world.okta.calls());
    let calls = ends.source.take_calls();
    assert_eq!(calls.iter().map(|calls| (calls.requests, calls.ours)).collect::<Vec<_>>(), [(8, Some(4))]);
}

#[tokio::test]
async fn whoever_gives_up_waiting_holds_up_nobody() {
    let world = World::with_people(1).await;
    world.okta.plant(When::Nth(okta::route::USER, 1), Fault::Stall);
    let id = OktaUserId::new(world.okta_id(0));
    let ends = world.ends(ReadStore::new(world.place()));
    let arrives = async {
        while world.okta.stalled() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answered = ends.source.user(&id) => panic!("{answered:?}"),
        () = arrives => {}
    }
    world.okta.state().set_limit(Bucket::User, 4);
    let began = world.clock.0.now_ms();
    ends.source.user(&id).await.expect("a user");
    ends.source.user(&id).await.expect("a user");
    // Two of four are ours: had the first one stayed under way, the second would be the third.
    let took = (world.clock.0.now_ms() - began) / 1_000;
    assert!(took <= 31, "{took} s");
}

#[tokio::test]
async fn haiilo_is_asked_less_at_once_while_it_refuses() {
    let mut world = World::in_step(60).await;
    (world.settings.page_size, world.settings.concurrency, world.haiilo_settings.concurrency) = (2, 8, 8);
    world.haiilo.state().throttle_after(10, 20);
    world.haiilo.forget_calls();
    let began = world.clock.0.now_ms();
    let (prepared, ends) = plan(&world).await;
    assert!(prepared.plan.people.operations.is_empty() && prepared.plan.people.findings.missing.is_empty());
    assert!(world.clock.0.now_ms() - began >= 20_000, "Retry-After was waited out");
    let calls = ends.reader.take_calls();
    let refused = world.haiilo.calls().iter().filter(|call| call.status == 429).count() as u64;
    assert!(refused > 0 && calls.throttled == refused, "{calls:?}");
    assert_eq!((calls.requests, calls.most_at_once), (world.haiilo.count(), 8));
    assert!(calls.lowest_at_once < 8 && calls.waited >= 20, "{calls:?}");
    assert_eq!(ends.reader.take_calls().lowest_at_once, calls.at_once);
}

#[tokio::test]
async fn readers_and_writers_share_a_gate() {
    let world = World::with_people(1).await;
    let ends = world.ends(ReadStore::new(world.place()));
    world.haiilo.plant(When::Nth(haiilo::route::DELETE, 1), Fault::TooMany(None));
    let writer = ends.reader.writer();
    let id = HaiiloId::new("nobody");
    writer.delete(&id).await.expect_err("a delete is never sent again");
    let calls = ends.reader.take_calls();
    assert_eq!((calls.requests, calls.throttled, calls.waited, calls.at_once), (1, 1, 0, 1));
}

#[tokio::test]
async fn what_was_waited_for_is_in_the_report_and_nothing_is_where_nothing_was() {
    let mut world = World::in_step(3).await;
    let quick = (reported(&world, text).await, reported(&world, report::json).await);
    assert!(!quick.0.contains("Requests"), "{}", quick.0);
    assert_eq!(quick, (reported(&world, text).await, reported(&world, report::json).await));
    let json: Json = serde_json::from_str(&quick.1).expect("JSON");
    insta::assert_snapshot!(format!("{:#}", json["usage"]), @r#"
    {
      "okta": [
        {
          "call": "GET /api/v1/apps/{id}",
          "requests": 1,
          "limit": 1000000,
          "ours": 500000,
          "throttled": 0,
          "waited_seconds": 0
        },
        {
          "call": "GET /api/v1/apps/{id}/users",
          "requests": 1,
          "limit": 1000000,
          "ours": 500000,
          "throttled": 0,
          "waited_seconds": 0
        }
      ],
      "haiilo": {
        "requests": 2,
        "most_at_once": 2,
        "at_once": 2,
        "lowest_at_once": 2,
        "throttled": 0,
        "waited_seconds": 0
      }
    }
    "#);

    world.okta_settings.page_size = 1;
    world.okta.state().set_limit(Bucket::Apps, 2);
    world.haiilo.plant(When::Nth(haiilo::route::LIST, 1), Fault::TooMany(Some(7)));
    world.advance(TimeDelta::minutes(5));
    let slow = reported(&world, text).await;
    insta::assert_snapshot!(slow.split("\n\n").last().expect("a section").trim_end(), @r"
    Requests, and what was waited for
      Okta: 4 requests
      Okta, GET /api/v1/apps/{id}/users: 3 requests, ours: 1 of 2 a minute, waited 2 min for this limit
      Haiilo: 3 requests, at most 2 at once, at times 1, 2 in the end, 1 refused with 429 or 503, waited 7 s after that, added up
    ");
    let html = reported(&world, report::html).await;
    assert!(html.contains("<li>Haiilo: 2 requests, at most 2 at once</li>"), "{html}");
}

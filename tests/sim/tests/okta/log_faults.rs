//! What goes wrong with the System Log: events that are lost, late, or there twice, and bent pages.

use okta_haiilo_sim::okta::{Bend, route};
use okta_haiilo_sim::{Fault, When};
use serde_json::json;

use crate::support::{World, org_of};

const LOGS: &str = "/api/v1/logs";

fn write(world: &World, types: &[&str]) {
    for event_type in types {
        world.server.state().log_event(event_type, Vec::new());
    }
}

/// A world with these events, whose next page is bent.
async fn bent(types: &[&str], bend: Bend) -> World {
    let world = org_of(0).await;
    write(&world, types);
    world.server.plant(When::Nth(route::LOGS, 1), Fault::Bend(bend));
    world
}

#[tokio::test]
async fn lost_events_never_come() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().log.lose_next(2);
    world.server.state().rename(&id, "new@example.com");
    let page = world.get(LOGS).await;
    assert_eq!(page.events(), ["application.user_membership.change_username"]);
    world.clock.advance(86_400_000);
    assert_eq!(world.get(&page.next()).await.events(), Vec::<String>::new());
}

#[tokio::test]
async fn a_late_event_comes_behind_those_that_were_published_after_it() {
    let world = org_of(0).await;
    world.server.state().log.delay_next(1, 5_000);
    write(&world, &["late"]);
    world.clock.advance(1_000);
    write(&world, &["b"]);
    let first = world.get(LOGS).await;
    assert_eq!(first.events(), ["b"]);
    world.clock.advance(3_999);
    let second = world.get(&first.next()).await;
    assert_eq!(second.events(), Vec::<String>::new());
    world.clock.advance(1);
    let third = world.get(&second.next()).await;
    assert_eq!(third.events(), ["late"]);
    assert_eq!(third.rows()[0]["published"], "2026-11-24T08:00:00.000Z", "earlier than what was read before");
    assert_eq!(world.get(&third.next()).await.events(), Vec::<String>::new());
    let since = world.get("/api/v1/logs?since=2026-11-24T08:00:05Z").await;
    assert_eq!(since.events(), ["late"], "a poll looks at the time of persistence");
}

#[tokio::test]
async fn late_events_come_in_the_order_in_which_they_are_persisted() {
    let world = org_of(0).await;
    for (event, ms) in [("slow", 3_000), ("quick", 1_000)] {
        world.server.state().log.delay_next(1, ms);
        write(&world, &[event]);
    }
    world.clock.advance(2_000);
    write(&world, &["on.time"]);
    world.clock.advance(2_000);
    assert_eq!(world.get(LOGS).await.events(), ["quick", "on.time", "slow"]);

    for (event, ms) in [("slower", 3_000), ("quicker", 1_000)] {
        world.server.state().log.delay_next(1, ms);
        write(&world, &[event]);
    }
    world.clock.advance(4_000);
    assert_eq!(world.get(LOGS).await.events()[3..], ["quicker", "slower"], "also when both come at once");
}

#[tokio::test]
async fn an_event_comes_again_on_the_page_after_the_one_that_showed_it() {
    let world = org_of(0).await;
    world.server.state().log.repeat_next(1);
    write(&world, &["a", "b"]);
    let first = world.get(LOGS).await;
    assert_eq!(first.events(), ["a", "b"]);
    let second = world.get(&first.next()).await;
    assert_eq!(second.events(), ["a"]);
    assert_eq!(second.rows()[0], first.rows()[0], "the same event, to the letter");
    assert_eq!(world.get(&second.next()).await.events(), Vec::<String>::new());
}

#[tokio::test]
async fn a_clock_that_is_turned_back_does_not_change_the_order() {
    let world = org_of(0).await;
    write(&world, &["a"]);
    world.clock.advance(-60_000);
    write(&world, &["b"]);
    let page = world.get("/api/v1/logs?since=2026-11-24T07:59:30Z").await;
    assert_eq!(page.events(), ["a", "b"]);
    assert_eq!(page.rows()[1]["published"], "2026-11-24T07:59:00.000Z");
}

#[tokio::test]
async fn a_lost_page_is_lost_and_the_log_goes_on() {
    for (types, rest) in [(&["a", "b", "c"][..], vec!["c"]), (&["a", "b"], vec![])] {
        let world = bent(types, Bend::LosePage).await;
        let first = world.get("/api/v1/logs?limit=1").await;
        assert_eq!(first.events(), ["a"]);
        let second = world.get(&first.next()).await;
        assert_eq!(second.events(), rest);
        write(&world, &["d"]);
        assert_eq!(world.get(&second.next()).await.events(), ["d"]);
        world.server.finish();
    }
}

#[tokio::test]
async fn a_page_repeats_the_last_row_of_the_one_before() {
    let world = org_of(0).await;
    write(&world, &["a", "b", "c"]);
    let first = world.get("/api/v1/logs?limit=2").await;
    world.server.plant(When::Nth(route::LOGS, 1), Fault::Bend(Bend::RepeatPreviousRow));
    assert_eq!(world.get(&first.next()).await.events(), ["b", "c"]);
    world.server.finish();
}

#[tokio::test]
async fn links_and_rows_bend_as_in_lists() {
    let world = bent(&["a"], Bend::LoseNext).await;
    let page = world.get(LOGS).await;
    assert_eq!((page.events(), page.link("next")), (vec!["a".to_owned()], None));
    world.server.finish();

    let world = bent(&["a"], Bend::ForeignNext("https://evil.example.com".to_owned())).await;
    assert!(world.get(LOGS).await.next().starts_with("https://evil.example.com/api/v1/logs?after="));
    world.server.finish();

    let world = bent(&["a", "b"], Bend::ShortPage(1)).await;
    let first = world.get(LOGS).await;
    assert_eq!([first.events(), world.get(&first.next()).await.events()].concat(), ["a", "b"]);
    world.server.finish();

    let world = bent(&["a", "b"], Bend::RowWithoutId).await;
    let rows = world.get(LOGS).await.rows();
    assert_eq!((rows[0].get("uuid"), rows[1]["uuid"].is_string()), (None, true));
    world.server.finish();
}

#[tokio::test]
async fn oddly_typed_events() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().unassign(&id);
    write(&world, &["nobody"]);
    world.server.plant(When::Nth(route::LOGS, 1), Fault::Bend(Bend::OddTypes));
    let rows = world.get(LOGS).await.rows();
    assert_eq!(
        (&rows[0]["version"], rows[0].get("actor"), rows[0]["target"].as_array().map(Vec::len)),
        (&json!(0), None, Some(4))
    );
    assert_eq!(
        rows[0]["target"][0],
        json!({"type": "AThingOfTomorrow", "id": null, "alternateId": 5, "displayName": null})
    );
    assert_eq!((&rows[1]["target"], &rows[1]["eventType"]), (&json!(null), &json!("nobody")));
    world.server.finish();
}

#[tokio::test]
async fn bends_that_cannot_bend_the_log_are_noted() {
    for bend in [
        Bend::RowWithoutStatus,
        Bend::OtherUser,
        Bend::NullProfile,
        Bend::LoseExpand,
        Bend::RepeatPreviousRow,
        Bend::LosePage,
    ] {
        let world = bent(&["a"], bend.clone()).await;
        // The second event is older than what is asked for, so there is a place before this first page.
        world.clock.advance(1_000);
        world.get("/api/v1/logs?since=2026-11-24T08:00:01Z").await;
        assert_eq!(world.server.violations().len(), 1, "{bend:?}");
    }
}

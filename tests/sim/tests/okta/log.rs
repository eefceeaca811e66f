//! The System Log as it is asked: polling and bounded requests, their parameters, cursors, filters, and who may ask.

use okta_haiilo_sim::okta::{API_TOKEN, APP_ID, Bucket, CursorRefusal, LogTarget, Role, route};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, error, org_of, send};

const LOGS: &str = "/api/v1/logs";

const DAY_MS: i64 = 86_400_000;

/// Writes events with these types, a second apart.
fn write(world: &World, types: &[&str]) {
    for event_type in types {
        world.server.state().log_event(event_type, Vec::new());
        world.clock.advance(1_000);
    }
}

/// An empty log that goes on: its first next link.
async fn end_of_log(world: &World) -> String {
    world.get(LOGS).await.next()
}

#[tokio::test]
async fn a_poll_of_an_empty_log_has_a_next_link() {
    let world = org_of(3).await;
    let page = world.get(LOGS).await;
    assert_eq!(
        (page.events(), page.lines("link").len()),
        (Vec::new(), 2),
        "people who were there before are not in it"
    );
    assert!(page.next().starts_with(&format!("{}{LOGS}?after=", world.server.origin())), "{page:?}");
    let again = world.get(&page.next()).await;
    assert_eq!((again.events(), again.next()), (Vec::new(), page.next()));
    world.server.finish();
}

#[tokio::test]
async fn a_poll_goes_on_where_the_last_one_ended() {
    let world = org_of(0).await;
    write(&world, &["a", "b", "c"]);
    let first = world.get("/api/v1/logs?limit=2").await;
    assert_eq!(first.events(), ["a", "b"]);
    let second = world.get(&first.next()).await;
    assert_eq!(second.events(), ["c"]);
    let third = world.get(&second.next()).await;
    assert_eq!(third.events(), Vec::<String>::new());
    write(&world, &["d"]);
    let fourth = world.get(&third.next()).await;
    assert_eq!(fourth.events(), ["d"]);
    assert_eq!(world.get(&third.next()).await.events(), ["d"], "a cursor can be used twice");
    world.server.finish();
}

#[tokio::test]
async fn links_of_a_poll_keep_filter_and_limit_and_let_since_go() {
    let world = org_of(0).await;
    write(&world, &["a", "b", "a", "a"]);
    let filter = "eventType eq \"a\"";
    let first = world.get(&format!("{LOGS}?since=2026-11-24T08:00:00.000Z&limit=1&filter={filter}")).await;
    assert!(first.link("self").expect("a page names itself").contains("since=2026-11-24T08%3A00%3A00.000Z"));
    let next = first.next();
    assert!(next.ends_with("&limit=1&filter=eventType+eq+%22a%22") && !next.contains("since"), "{next}");
    let second = world.get(&next).await;
    let third = world.get(&second.next()).await;
    assert_eq!([first.events(), second.events(), third.events()].concat(), ["a", "a", "a"]);
    assert_eq!(world.get(&third.next()).await.events(), Vec::<String>::new());
    world.server.finish();
}

#[tokio::test]
async fn a_first_poll_reaches_back_seven_days_or_to_since() {
    let world = org_of(0).await;
    write(&world, &["old"]);
    world.clock.advance(7 * DAY_MS);
    write(&world, &["new"]);
    assert_eq!(world.get(LOGS).await.events(), ["new"]);
    assert_eq!(world.get("/api/v1/logs?since=2026-11-24T08:00:00Z").await.events(), ["old", "new"]);
    assert_eq!(world.get("/api/v1/logs?since=2026-11-24T09:00:00.001%2B01:00").await.events(), ["new"]);
    world.server.finish();
}

#[tokio::test]
async fn events_of_more_than_ninety_days_are_left_out_without_a_word() {
    let world = org_of(0).await;
    let cursor = end_of_log(&world).await;
    write(&world, &["old"]);
    world.clock.advance(90 * DAY_MS);
    write(&world, &["new"]);
    assert_eq!(world.get("/api/v1/logs?since=2026-11-01T00:00:00Z").await.events(), ["new"]);
    assert_eq!(world.get(&cursor).await.events(), ["new"], "nor does a cursor help");
    world.clock.advance(90 * DAY_MS);
    let reply = world.get("/api/v1/logs?since=2026-11-24T08:00:00Z").await;
    assert_eq!(reply.error(), error(400, "E0000053"));
    assert!(reply.json()["errorSummary"].as_str().expect("a summary").contains("over 180 days"), "{reply:?}");
    world.server.finish();
}

#[tokio::test]
async fn a_bounded_request_has_an_end_and_the_order_of_publication() {
    let world = org_of(0).await;
    world.server.state().log.delay_next(1, 2_500);
    write(&world, &["late", "b", "c", "d"]);
    let bounds = "since=2026-11-24T08:00:00Z&until=2026-11-24T08:00:03Z";
    let first = world.get(&format!("{LOGS}?{bounds}&limit=2")).await;
    assert_eq!(first.events(), ["late", "b"]);
    assert!(first.next().contains("since=2026-11-24T08%3A00%3A00Z"), "links of Okta's own name both: {first:?}");
    let second = world.get(&first.next()).await;
    assert_eq!((second.events(), second.link("next")), (vec!["c".to_owned()], None));
    let poll = world.get("/api/v1/logs?limit=5").await;
    assert_eq!(poll.events(), ["b", "c", "late", "d"], "a poll has the order of persistence");
    let backwards = world.get(&format!("{LOGS}?{bounds}&sortOrder=DESCENDING")).await;
    assert_eq!((backwards.events(), backwards.link("next")), (["c", "b", "late"].map(str::to_owned).to_vec(), None));
    world.server.finish();
}

#[tokio::test]
async fn a_request_that_is_neither_is_bounded_by_now() {
    let world = org_of(0).await;
    write(&world, &["a", "b"]);
    let page = world.get("/api/v1/logs?sortOrder=DESCENDING").await;
    assert_eq!((page.events(), page.link("next")), (["b", "a"].map(str::to_owned).to_vec(), None));
    let until = world.get("/api/v1/logs?until=2026-11-24T08:00:01Z").await;
    assert_eq!((until.events(), until.link("next")), (vec!["a".to_owned()], None));
    world.server.finish();
}

#[tokio::test]
async fn since_and_after_exclude_each_other() {
    let world = org_of(0).await;
    let cursor = end_of_log(&world).await;
    let reply = world.get(&format!("{cursor}&since=2026-11-24T08:00:00Z")).await;
    assert_eq!(reply.error(), error(400, "E0000001"));
    assert_eq!(world.server.violations(), ["since and after exclude each other in a request that follows no link"]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_kind_of_request() {
    let world = org_of(0).await;
    write(&world, &["a", "b"]);
    let bounds = "since=2026-11-24T08:00:00Z&until=2026-11-24T08:00:09Z";
    let bounded = world.get(&format!("{LOGS}?{bounds}&limit=1")).await.next();
    let other_bounds = bounded.replace("08%3A00%3A09Z", "08%3A00%3A08Z");
    let polling = end_of_log(&world).await;
    for link in [other_bounds, format!("{polling}&until=2026-11-24T08:00:09Z"), polling.replace("after=", "after=A")] {
        assert_eq!(world.get(&link).await.error(), error(400, "E0000001"), "{link}");
    }
    assert_eq!((world.get(&bounded).await.events(), world.get(&polling).await.status), (vec!["b".to_owned()], 200));
    world.server.finish();
}

#[tokio::test]
async fn cursors_expire_when_a_test_says_so() {
    let world = org_of(0).await;
    let cursor = end_of_log(&world).await;
    world.server.state().log.expire_cursors();
    for (refusal, code) in [
        (CursorRefusal::Validation, "E0000001"),
        (CursorRefusal::Paging, "E0000029"),
        (CursorRefusal::Search, "E0000031"),
        (CursorRefusal::Parameter, "E0000053"),
    ] {
        world.server.state().log.cursor_refusal = refusal;
        assert_eq!(world.get(&cursor).await.error(), error(400, code));
    }
    let fresh = end_of_log(&world).await;
    assert_eq!(world.get(&fresh).await.status, 200);
    world.server.finish();
}

#[tokio::test]
async fn limits_are_between_0_and_1000_and_100_unless_said() {
    let world = org_of(0).await;
    write(&world, &["a"; 1001]);
    for (query, rows) in [("", 100), ("?limit=1000", 1000), ("?limit=1", 1), ("?limit=0", 0)] {
        let page = world.get(&format!("{LOGS}{query}")).await;
        assert_eq!((page.rows().len(), page.link("next").is_some()), (rows, true), "{query}");
    }
    world.server.finish();
    for limit in ["1001", "-1", "many"] {
        assert_eq!(world.get(&format!("{LOGS}?limit={limit}")).await.error(), error(400, "E0000001"), "{limit}");
    }
    assert_eq!(world.server.violations().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let world = org_of(0).await;
    for (query, code) in [
        ("since=yesterday", "E0000001"),
        ("until=2026-11-24", "E0000001"),
        ("sortOrder=UP", "E0000001"),
        ("filter=eventType", "E0000053"),
        ("filter=eventType eqq \"a\"", "E0000053"),
        ("filter=published gt \"2026-11-24T08:00:00Z\"", "E0000053"),
        ("filter=target[type eq \"User\"].id eq \"a\"", "E0000053"),
    ] {
        assert_eq!(world.get(&format!("{LOGS}?{query}")).await.error(), error(400, code), "{query}");
    }
    world.server.finish();
}

#[tokio::test]
async fn what_this_org_does_not_simulate_is_noted() {
    let world = org_of(0).await;
    assert_eq!(world.get("/api/v1/logs?q=ada").await.error(), error(400, "E0000031"));
    let filter = "filter=client.ipAddress eq \"10.0.0.1\"";
    assert_eq!(world.get(&format!("{LOGS}?{filter}")).await.error(), error(400, "E0000053"));
    assert_eq!(world.get("/api/v1/logs?expand=user").await.status, 200);
    assert_eq!(
        world.server.violations(),
        [
            "the simulated org cannot do q on the System Log",
            "the simulated org cannot filter the System Log by client.ipAddress",
            "the System Log has no parameter expand",
        ]
    );
}

#[tokio::test]
async fn filters_choose_by_type_target_actor_and_outcome() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    world.server.state().suspend(&people[0]);
    world.server.state().unassign(&people[1]);
    world.server.state().log_noise(9);
    let filter_and_count = [
        ("eventType eq \"user.lifecycle.suspend\"".to_owned(), 1),
        ("eventType eq \"user.lifecycle.suspend\" or eventType eq \"user.session.start\"".to_owned(), 2),
        ("eventType sw \"application.user_membership.\"".to_owned(), 4),
        (format!("eventType sw \"application.user_membership.\" and target.id eq \"{APP_ID}\""), 2),
        (format!("target.id eq \"{}\" and target.id eq \"{APP_ID}\"", people[1]), 1),
        ("eventType ew \".add\" and not (outcome.result eq \"FAILURE\")".to_owned(), 2),
        ("actor.type pr and severity eq \"WARN\"".to_owned(), 2),
        ("target.type eq \"UserGroup\" OR (target.type co \"Policy\" AND eventType ne \"x\")".to_owned(), 2),
    ];
    for (filter, count) in filter_and_count {
        assert_eq!(world.get(&format!("{LOGS}?filter={filter}")).await.rows().len(), count, "{filter}");
    }
    world.server.finish();
}

#[tokio::test]
async fn an_event_has_the_fields_of_okta() {
    let world = org_of(0).await;
    let target = LogTarget::new("User", "00u1", "ada@example.com", "Ada Lovelace");
    world.server.state().log_event("user.lifecycle.suspend", vec![target]);
    let row = world.get(LOGS).await.rows().remove(0);
    assert_eq!(
        row["target"],
        json!([{
            "id": "00u1",
            "type": "User",
            "alternateId": "ada@example.com",
            "displayName": "Ada Lovelace",
            "detailEntry": null,
        }])
    );
    assert_eq!(row["published"], "2026-11-24T08:00:00.000Z");
    assert_eq!(row["uuid"].as_str().map(str::len), Some(36));
    for (path, value) in [
        ("/eventType", "user.lifecycle.suspend"),
        ("/version", "0"),
        ("/severity", "INFO"),
        ("/displayMessage", "Suspend Okta user"),
        ("/outcome/result", "SUCCESS"),
        ("/actor/type", "User"),
        ("/actor/alternateId", "administrator@example.com"),
        ("/transaction/type", "WEB"),
    ] {
        assert_eq!(row.pointer(path), Some(&json!(value)), "{path}");
    }
}

#[tokio::test]
async fn events_have_ids_of_their_own_and_targets_in_no_order() {
    let world = org_of(0).await;
    let targets = ["User", "AppUser", "AppInstance"].map(|kind| LogTarget::new(kind, "1", "2", "3"));
    for _ in 0..3 {
        world.server.state().log_event("a", targets.to_vec());
    }
    world.server.state().log_event("b", Vec::new());
    let rows = world.get(LOGS).await.rows();
    let uuids: std::collections::HashSet<String> = rows.iter().map(|row| row["uuid"].to_string()).collect();
    assert_eq!(uuids.len(), 4);
    let firsts: std::collections::HashSet<String> =
        rows[..3].iter().map(|row| row["target"][0]["type"].to_string()).collect();
    assert_eq!(firsts.len(), 3);
    assert_eq!(rows[3]["target"], Value::Null);
}

#[tokio::test]
async fn the_log_wants_a_scope_and_a_role() {
    let world = org_of(1).await;
    for (role, logs, apps) in [(Role::Given, 200, 200), (Role::Custom, 403, 200), (Role::Missing, 403, 403)] {
        world.server.state().auth.admin_role = role;
        let reply = world.get(LOGS).await;
        assert_eq!((reply.status, world.get("/api/v1/apps").await.status), (logs, apps), "{role:?}");
        if reply.status == 403 {
            assert_eq!(reply.error(), error(403, "E0000006"));
        }
    }
    let reply = send(world.bare(Method::GET, LOGS)).await;
    assert_eq!(reply.error(), error(401, "E0000004"));
}

#[tokio::test]
async fn the_log_has_a_bucket_of_its_own_and_is_counted() {
    let world = org_of(1).await;
    world.server.state().set_limit(Bucket::Logs, 1);
    let first = world.get(LOGS).await;
    assert_eq!((first.header("x-rate-limit-limit"), first.header("x-rate-limit-remaining")), ("1", "0"));
    assert_eq!(world.get(LOGS).await.error(), error(429, "E0000047"));
    assert_eq!(world.get("/api/v1/users").await.status, 200);
    let asked: Vec<String> = world.server.calls().iter().map(|call| call.route.clone()).collect();
    assert_eq!(asked, [route::LOGS, route::LOGS, route::USERS]);
    let posted = world.bare(Method::POST, LOGS).header("authorization", format!("SSWS {API_TOKEN}"));
    assert_eq!(send(posted).await.error(), error(405, "E0000022"));
}

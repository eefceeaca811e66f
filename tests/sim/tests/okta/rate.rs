//! Rate limits, by the org's clock.

use crate::support::{NOW_MS, Reply, app_users, error, org_of};
use okta_haiilo_sim::okta::{APP_ID, Bucket, route};
use okta_haiilo_sim::{Fault, When};

/// Limit, remaining and reset, as in the headers.
fn rate(reply: &Reply) -> (i64, i64, i64) {
    let number = |name: &str| reply.header(name).parse().expect("a number");
    (number("x-rate-limit-limit"), number("x-rate-limit-remaining"), number("x-rate-limit-reset"))
}

const NOW_S: i64 = NOW_MS / 1000;

#[tokio::test]
async fn a_window_begins_with_its_first_call_and_lasts_a_minute() {
    let world = org_of(1).await;
    world.server.state().set_limit(Bucket::Apps, 2);
    world.clock.advance(1_500);
    assert_eq!(rate(&world.get(&app_users("limit=1")).await), (2, 1, NOW_S + 62));
    world.clock.advance(30_000);
    let last = world.get(&app_users("limit=1")).await;
    assert_eq!((last.status, rate(&last)), (200, (2, 0, NOW_S + 62)));
    let refused = world.get(&app_users("limit=1")).await;
    assert_eq!(refused.error(), error(429, "E0000047"));
    assert_eq!(rate(&refused), (2, 0, NOW_S + 62));
    assert_eq!(refused.header("retry-after"), "");
    world.clock.advance(29_999);
    assert_eq!(world.get(&app_users("limit=1")).await.status, 429);
    world.clock.advance(501);
    assert_eq!(rate(&world.get(&app_users("limit=1")).await), (2, 1, NOW_S + 122));
    world.server.finish();
}

#[tokio::test]
async fn who_waits_until_the_reset_is_let_in() {
    let world = org_of(1).await;
    world.server.state().set_limit(Bucket::Users, 1);
    world.clock.advance(777);
    let (_, _, reset) = rate(&world.get("/api/v1/users").await);
    assert_eq!(world.get("/api/v1/users").await.status, 429);
    world.clock.advance(reset * 1000 - world.clock.now_ms());
    assert_eq!(world.get("/api/v1/users").await.status, 200);
}

#[tokio::test]
async fn a_window_ends_exactly_after_a_minute() {
    let world = org_of(1).await;
    world.server.state().set_limit(Bucket::Users, 1);
    let (_, _, reset) = rate(&world.get("/api/v1/users").await);
    assert_eq!(reset, NOW_S + 60);
    world.clock.advance(59_999);
    assert_eq!(world.get("/api/v1/users").await.status, 429);
    world.clock.advance(1);
    assert_eq!(world.get("/api/v1/users").await.status, 200);
}

#[tokio::test]
async fn routes_share_the_buckets_that_okta_documents() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    for bucket in [Bucket::Apps, Bucket::App, Bucket::Users, Bucket::User, Bucket::Groups, Bucket::Logs, Bucket::Other]
    {
        world.server.state().set_limit(bucket, 100);
    }
    let app = format!("/api/v1/apps/{APP_ID}");
    for (path, left) in [
        (app_users("limit=1"), 99),
        (format!("{app}/users/{id}"), 98),
        (format!("{app}/groups"), 97),
        ("/api/v1/apps".to_owned(), 96),
        (app, 99),
        ("/api/v1/users".to_owned(), 99),
        (format!("/api/v1/users/{id}"), 99),
        ("/api/v1/groups".to_owned(), 99),
        ("/api/v1/logs".to_owned(), 99),
        ("/api/v1/meta/schemas/user/default".to_owned(), 99),
        ("/.well-known/okta-organization".to_owned(), 98),
    ] {
        assert_eq!(rate(&world.get(&path).await).1, left, "{path}");
    }
}

#[tokio::test]
async fn limits_are_out_of_sight_until_a_test_sets_one() {
    let world = org_of(1).await;
    assert_eq!(rate(&world.get("/api/v1/users").await), (1_000_000, 999_999, NOW_S + 60));
}

#[tokio::test]
async fn a_planted_429_shows_nothing_left() {
    let world = org_of(1).await;
    world.server.plant(When::Every(route::USERS), Fault::TooMany(None));
    let reply = world.get("/api/v1/users").await;
    assert_eq!(reply.error(), error(429, "E0000047"));
    assert_eq!(rate(&reply), (1_000_000, 0, NOW_S + 60));
    world.server.finish();
}

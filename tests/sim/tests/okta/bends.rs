//! Each bend, as it looks on the wire. Seven people, pages of three, unless a test says otherwise.

use okta_haiilo_sim::okta::{APP_ID, Bend, Change, route};
use okta_haiilo_sim::{Fault, When};
use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::Key;
use crate::support::{NOW_MS, Reply, World, app_users, error, org_of, send};

const QUERY: &str = "limit=3&expand=user";

/// An org whose next answer to the list of application users is bent.
async fn bent(bend: Bend) -> World {
    let world = org_of(7).await;
    plant(&world, bend);
    world
}

fn plant(world: &World, bend: Bend) {
    world.server.plant(When::Nth(route::APP_USERS, 1), Fault::Bend(bend));
}

/// The first page of such an org; nothing but the bend may be noted.
async fn first_page(bend: Bend) -> (World, Reply) {
    let world = bent(bend).await;
    let page = world.get(&app_users(QUERY)).await;
    world.server.finish();
    (world, page)
}

/// The first and the second page; the bend meets the second.
async fn second_page(bend: Bend) -> (World, Reply, Reply) {
    let world = org_of(7).await;
    let first = world.get(&app_users(QUERY)).await;
    plant(&world, bend);
    let second = world.get(&first.link("next").expect("four more rows")).await;
    world.server.finish();
    (world, first, second)
}

#[tokio::test]
async fn lose_expand() {
    let (_, page) = first_page(Bend::LoseExpand).await;
    assert_eq!(page.rows().len(), 3);
    assert!(page.rows().iter().all(|row| row.get("_embedded").is_none() && row["status"] == "ACTIVE"));
    assert!(page.link("next").expect("four more rows").ends_with("&expand=user"));
}

#[tokio::test]
async fn drop_expand_from_next() {
    let (world, page) = first_page(Bend::DropExpandFromNext).await;
    assert!(page.rows().iter().all(|row| row.get("_embedded").is_some()));
    let next = page.link("next").expect("four more rows");
    assert!(next.ends_with("&limit=3"), "{next}");
    let second = world.get(&next).await;
    assert!(second.rows().iter().all(|row| row.get("_embedded").is_none()));
    assert_eq!(second.ids(), world.server.state().assigned()[3..6]);
}

#[tokio::test]
async fn lose_page() {
    let world = bent(Bend::LosePage).await;
    let people = world.server.state().assigned();
    let seen = world.walk(&app_users("limit=3")).await;
    assert_eq!(seen, [&people[..3], &people[6..]].concat());
    world.server.finish();
}

#[tokio::test]
async fn lose_page_where_only_one_is_left_ends_the_list() {
    let world = org_of(5).await;
    plant(&world, Bend::LosePage);
    assert_eq!(world.walk(&app_users("limit=3")).await, world.server.state().assigned()[..3]);
    world.server.finish();
}

#[tokio::test]
async fn lose_next() {
    let (_, page) = first_page(Bend::LoseNext).await;
    assert_eq!((page.rows().len(), page.link("next")), (3, None));
}

#[tokio::test]
async fn repeat_cursor() {
    let (_, first, second) = second_page(Bend::RepeatCursor).await;
    assert_eq!(second.link("next"), first.link("next"));
}

#[tokio::test]
async fn loop_to_first() {
    let (world, _, second) = second_page(Bend::LoopToFirst).await;
    let origin = world.server.origin();
    assert_eq!(second.link("next"), Some(format!("{origin}{}", app_users(QUERY))));
}

#[tokio::test]
async fn foreign_next() {
    let (world, page) = first_page(Bend::ForeignNext("https://evil.example.com".to_owned())).await;
    let next = page.link("next").expect("four more rows");
    assert!(next.starts_with("https://evil.example.com/api/v1/apps/"), "{next}");
    assert!(page.link("self").expect("a page names itself").starts_with(&world.server.origin()));
}

#[tokio::test]
async fn comma_joined_links() {
    let (_, page) = first_page(Bend::CommaJoinedLinks).await;
    let lines = page.lines("link");
    assert_eq!(lines.len(), 1);
    let (itself, next) = lines[0].split_once(", ").expect("two links in one line");
    assert!(itself.ends_with(">; rel=\"self\"") && next.ends_with(">; rel=\"next\""), "{lines:?}");
}

#[tokio::test]
async fn relative_next() {
    let (_, page) = first_page(Bend::RelativeNext).await;
    let next = page.link("next").expect("four more rows");
    assert!(next.starts_with(&format!("/api/v1/apps/{APP_ID}/users?after=")), "{next}");
}

#[tokio::test]
async fn empty_list() {
    let (_, page) = first_page(Bend::EmptyList).await;
    assert_eq!((page.status, page.body.as_slice(), page.link("next")), (200, b"[]".as_slice(), None));
}

#[tokio::test]
async fn short_page() {
    for count in [0, 1, 2] {
        let world = bent(Bend::ShortPage(count)).await;
        let page = world.get(&app_users(QUERY)).await;
        assert_eq!(page.rows().len(), count);
        let next = page.link("next").expect("more rows");
        let rest = world.walk(&next).await;
        assert_eq!([page.ids(), rest].concat(), world.server.state().assigned());
        world.server.finish();
    }
}

#[tokio::test]
async fn double_row() {
    let (world, page) = first_page(Bend::DoubleRow).await;
    let people = world.server.state().assigned();
    assert_eq!(page.ids(), [&people[0], &people[0], &people[1], &people[2]].map(String::clone));
}

#[tokio::test]
async fn repeat_previous_row() {
    let (world, first, second) = second_page(Bend::RepeatPreviousRow).await;
    assert_eq!(first.ids(), world.server.state().assigned()[..3]);
    assert_eq!(second.ids(), world.server.state().assigned()[2..6]);
}

/// The first row of a bent page, whose other rows are as they should be.
async fn first_row(bend: Bend) -> Value {
    let (world, page) = first_page(bend).await;
    let good = world.get(&app_users(QUERY)).await.rows();
    let rows = page.rows();
    assert_eq!(rows[1..], good[1..]);
    rows[0].clone()
}

#[tokio::test]
async fn row_without_id() {
    let row = first_row(Bend::RowWithoutId).await;
    assert_eq!((row.get("id"), &row["status"]), (None, &json!("ACTIVE")));
}

#[tokio::test]
async fn row_not_an_object() {
    assert!(first_row(Bend::RowNotAnObject).await.is_string());
}

#[tokio::test]
async fn row_without_status() {
    let row = first_row(Bend::RowWithoutStatus).await;
    assert_eq!((row.get("status"), row["id"].is_string()), (None, true));
}

#[tokio::test]
async fn row_without_user() {
    let row = first_row(Bend::RowWithoutUser).await;
    assert_eq!((row.get("_embedded"), row["id"].is_string()), (None, true));
}

#[tokio::test]
async fn null_profile() {
    let row = first_row(Bend::NullProfile).await;
    assert_eq!((&row["profile"], &row["_embedded"]["user"]["profile"]), (&Value::Null, &Value::Null));
    assert!(row.as_object().expect("an object").contains_key("profile"));
}

#[tokio::test]
async fn odd_types() {
    let (world, page) = first_page(Bend::OddTypes).await;
    assert_eq!(page.ids(), world.server.state().assigned()[..3]);
    for (n, row) in page.rows().iter().enumerate() {
        assert_eq!(row["externalId"], 4711);
        assert!(row["lastUpdated"].is_number());
        assert!(row["aFieldOfTomorrow"].is_object());
        let user = &row["_embedded"]["user"];
        assert!(user["type"].is_string());
        assert_eq!(user["profile"]["employeeNumber"], n);
        assert_eq!(user["profile"]["remote"], true);
        assert!(user["profile"]["login"].is_string());
    }
}

#[tokio::test]
async fn not_an_array() {
    let (_, page) = first_page(Bend::NotAnArray).await;
    assert_eq!(page.status, 200);
    assert!(page.json().is_object());
}

#[tokio::test]
async fn concurrency() {
    let (_, page) = first_page(Bend::Concurrency).await;
    assert_eq!(page.error(), error(429, "E0000047"));
    assert_eq!((page.header("x-rate-limit-limit"), page.header("x-rate-limit-remaining")), ("0", "0"));
    assert_eq!(page.header("x-rate-limit-reset"), (NOW_MS / 1000 + 60).to_string());
}

#[tokio::test]
async fn read_only() {
    let (_, page) = first_page(Bend::ReadOnly).await;
    assert_eq!(page.error(), error(503, "E0000010"));
}

#[tokio::test]
async fn date_skew() {
    let (world, page) = first_page(Bend::DateSkew(3_600)).await;
    assert_eq!(page.lines("date"), ["Tue, 24 Nov 2026 09:00:00 GMT"]);
    assert_eq!(world.get(&app_users(QUERY)).await.lines("date"), ["Tue, 24 Nov 2026 08:00:00 GMT"]);
}

#[tokio::test]
async fn no_date() {
    let (_, page) = first_page(Bend::NoDate).await;
    assert_eq!((page.status, page.lines("date")), (200, Vec::new()));
}

#[tokio::test]
async fn no_rate_headers() {
    let (_, page) = first_page(Bend::NoRateHeaders).await;
    assert_eq!(page.status, 200);
    assert!(page.headers.keys().all(|name| !name.as_str().starts_with("x-rate-limit")));
}

#[tokio::test]
async fn duplicate_rate_headers() {
    let (_, page) = first_page(Bend::DuplicateRateHeaders).await;
    assert_eq!(page.lines("x-rate-limit-limit"), ["1000000", "2000000"]);
    assert_eq!(page.lines("x-rate-limit-remaining"), ["999999", "1999999"]);
    assert_eq!(page.lines("x-rate-limit-reset").len(), 2);
}

#[tokio::test]
async fn wrong_content_type() {
    let (world, page) = first_page(Bend::WrongContentType).await;
    assert_eq!(page.lines("content-type"), ["text/html;charset=utf-8"]);
    assert_eq!(page.ids(), world.server.state().assigned()[..3]);
}

/// A token from an org that bends its answer so.
async fn token(bend: Bend) -> Value {
    let (world, key) = (org_of(1).await, Key::p256());
    let id = world.server.state().auth.register_key(&key.public_pem, key.name());
    world.server.plant(When::Nth(route::TOKEN, 1), Fault::Bend(bend));
    let assertion = key.assertion(Some(&id), &world.server.origin(), &json!({}));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "okta.apps.read"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    let reply = send(world.bare(Method::POST, "/oauth2/v1/token").form(&form)).await;
    world.server.finish();
    reply.json()
}

#[tokio::test]
async fn token_without_expiry() {
    let token = token(Bend::TokenWithoutExpiry).await;
    assert_eq!((token.get("expires_in"), &token["token_type"]), (None, &json!("Bearer")));
}

#[tokio::test]
async fn token_type_mac() {
    let token = token(Bend::TokenTypeMac).await;
    assert_eq!((&token["expires_in"], &token["token_type"]), (&json!(3600), &json!("MAC")));
}

#[tokio::test]
async fn meanwhile_rows_come_and_go_in_the_middle_of_a_walk() {
    let world = org_of(7).await;
    let people = world.server.state().assigned();
    let meanwhile = |when, change| world.server.plant(when, Fault::Bend(Bend::Meanwhile(change)));
    meanwhile(When::Nth(route::APP, 1), Change::Unassign(people[0].clone()));
    meanwhile(When::Nth(route::APP_USERS, 2), Change::Deactivate(people[4].clone()));
    meanwhile(When::Nth(route::APP_USERS, 3), Change::Assign(people[0].clone()));
    let first = world.get(&app_users("limit=2")).await;
    world.get(&format!("/api/v1/apps/{APP_ID}")).await;
    let rest = world.walk(&first.link("next").expect("five more rows")).await;
    assert_eq!(rest, [&people[2], &people[3], &people[5], &people[6], &people[0]].map(String::clone));
    world.server.finish();
}

#[tokio::test]
async fn meanwhile_the_application_stops_or_the_credentials_end() {
    let world = org_of(1).await;
    world.server.plant(When::Nth(route::APP, 2), Fault::Bend(Bend::Meanwhile(Change::StopApp)));
    for status in ["ACTIVE", "INACTIVE"] {
        assert_eq!(world.get(&format!("/api/v1/apps/{APP_ID}")).await.json()["status"], status);
    }
    plant(&world, Bend::Meanwhile(Change::RevokeCredentials));
    assert_eq!(world.get(&app_users(QUERY)).await.error(), error(401, "E0000011"));
    world.server.finish();
}

#[tokio::test]
async fn a_bend_that_cannot_bend_anything_is_noted() {
    let world = org_of(3).await;
    for bend in [
        Bend::LoseNext,
        Bend::LosePage,
        Bend::DropExpandFromNext,
        Bend::RelativeNext,
        Bend::CommaJoinedLinks,
        Bend::ForeignNext("https://evil.example.com".to_owned()),
        Bend::ShortPage(3),
        Bend::RepeatPreviousRow,
        Bend::TokenTypeMac,
    ] {
        let before = world.server.violations().len();
        plant(&world, bend.clone());
        world.get(&app_users(QUERY)).await;
        assert_eq!(world.server.violations().len(), before + 1, "{bend:?}");
    }
    world.server.plant(When::Nth(route::APP, 1), Fault::Bend(Bend::LosePage));
    world.get(&format!("/api/v1/apps/{APP_ID}")).await;
    assert_eq!(world.server.violations().len(), 10);
}

#[tokio::test]
async fn single_objects_bend_too() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    let path = format!("/api/v1/apps/{APP_ID}/users/{id}?expand=user");
    for (bend, gone) in
        [(Bend::RowWithoutUser, "_embedded"), (Bend::RowWithoutStatus, "status"), (Bend::RowWithoutId, "id")]
    {
        world.server.plant(When::Nth(route::APP_USER, 1), Fault::Bend(bend));
        assert_eq!(world.get(&path).await.json().get(gone), None);
    }
    world.server.plant(When::Nth(route::USER, 1), Fault::Bend(Bend::OddTypes));
    assert_eq!(world.get(&format!("/api/v1/users/{id}")).await.json()["profile"]["employeeNumber"], 0);
    world.server.finish();
}

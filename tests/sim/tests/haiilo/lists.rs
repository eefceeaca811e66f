//! Lists and look-ups in every manner.

use crate::world::{Reply, World, seed};
use okta_haiilo_sim::haiilo::{
    Count, CountZero, Envelope, Filters, Manner, Names, NoRows, Order, OverCap, PastEnd, StartZero, Totals,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_polite_list_has_everything() {
    let world = World::with("ab", |_| {}).await;
    let reply = world.get("/Users?startIndex=2&count=1").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/scim+json");
    let body = reply.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    let numbers = [&body["totalResults"], &body["startIndex"], &body["itemsPerPage"]];
    assert_eq!(numbers, [&json!(3), &json!(2), &json!(1)]);
    let id = world.id("a");
    let location = format!("{}/api/scim/v2/Users/{id}", world.server.origin());
    let created = "2026-01-01T00:00:00.000Z";
    assert_eq!(
        body["Resources"][0],
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": id,
            "userName": "a@example.com",
            "name": {"givenName": "Given a", "familyName": "Family a"},
            "active": true,
            "addresses": [{"type": "work", "country": "Germany"}],
            "meta": {"resourceType": "User", "created": created, "lastModified": created, "location": location},
        })
    );
    world.server.finish();
}

/// The names on one page, the first of all being the token's owner, `scim`; or the status of the refusal.
async fn page(change: impl FnOnce(&mut Manner), query: &str) -> String {
    let world = World::with("abcd", change).await;
    shown(&world.get(&format!("/Users{query}")).await)
}

fn shown(reply: &Reply) -> String {
    if reply.status == 200 { reply.names().join(" ") } else { reply.status.to_string() }
}

#[tokio::test]
async fn page_sizes() {
    assert_eq!(page(|_| {}, "").await, "scim a b c d");
    assert_eq!(page(|_| {}, "?startIndex=4&count=9").await, "c d");
    assert_eq!(page(|manner| manner.page_cap = Some(2), "?count=9").await, "scim a");
    assert_eq!(page(|manner| manner.page_cap = Some(2), "").await, "scim a");
    let refusing = |manner: &mut Manner| {
        manner.page_cap = Some(2);
        manner.over_cap = OverCap::Refused;
    };
    assert_eq!(page(refusing, "?count=3").await, "400");
    assert_eq!(page(refusing, "?count=2").await, "scim a");
    assert_eq!(page(refusing, "").await, "scim a");
    assert_eq!(page(|manner| manner.default_page = Some(3), "").await, "scim a b");
    let small = |manner: &mut Manner| {
        manner.page_cap = Some(2);
        manner.default_page = Some(3);
    };
    assert_eq!(page(small, "").await, "scim a");
    assert_eq!(page(|manner| manner.default_page = Some(3), "?count=4").await, "scim a b c");
    assert_eq!(page(|manner| manner.count = Count::ServerError, "?count=1").await, "500");
    assert_eq!(page(|manner| manner.count = Count::ServerError, "?startIndex=5").await, "d");
    assert_eq!(page(|_| {}, "?count=0").await, "");
    assert_eq!(page(|manner| manner.count_zero = CountZero::AllRows, "?count=0").await, "scim a b c d");
}

#[tokio::test]
async fn page_starts() {
    assert_eq!(page(|_| {}, "?startIndex=0&count=2").await, "scim a");
    assert_eq!(page(|manner| manner.start_zero = StartZero::Refused, "?startIndex=0&count=2").await, "400");
    assert_eq!(page(|manner| manner.start_zero = StartZero::WrongSlice, "?startIndex=0&count=2").await, "scim");
    assert_eq!(page(|_| {}, "?startIndex=6&count=2").await, "");
    let again = |manner: &mut Manner| manner.past_end = PastEnd::FirstRowsAgain;
    assert_eq!(page(again, "?startIndex=6&count=2").await, "scim a");
    assert_eq!(page(again, "?startIndex=5&count=2").await, "d");
}

#[tokio::test]
async fn orders() {
    assert_eq!(page(|manner| manner.order = Order::NewestFirst, "").await, "d c b a scim");
    assert_eq!(page(|manner| manner.order = Order::NewestFirst, "?startIndex=2&count=2").await, "c b");
    let world = World::with("abcd", |manner| manner.order = Order::IdAsText).await;
    let ids = |reply: &Value| {
        let rows = reply["Resources"].as_array().expect("a list");
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let before = ids(&world.get("/Users").await.json());
    assert!(before.is_sorted(), "{before:?}");
    let names = world.get("/Users").await.names();
    assert_ne!(names, ["scim", "a", "b", "c", "d"], "an order that is that of creation shows nothing");
    // A new account lands where its id belongs, and one that goes leaves no gap.
    for name in ["e", "f", "g"] {
        world.server.state().add_account(seed(name));
    }
    let gone = world.id("b");
    world.server.state().remove_account(&gone);
    let after = ids(&world.get("/Users").await.json());
    assert!(after.is_sorted(), "{after:?}");
    assert_eq!(after.len(), 7);
    assert!(!after.contains(&gone));
    let newcomers = ["e", "f", "g"].map(|name| world.id(name));
    assert!(after[..4].iter().any(|id| newcomers.contains(id)), "no newcomer landed in the middle: {after:?}");
}

#[tokio::test]
async fn totals() {
    let total = async |totals: Totals, query: &str| {
        let world = World::with("abcd", |manner| manner.totals = totals).await;
        world.get(&format!("/Users{query}")).await.json().get("totalResults").cloned()
    };
    assert_eq!(total(Totals::Honest, "?count=2").await, Some(json!(5)));
    assert_eq!(total(Totals::Missing, "?count=2").await, None);
    assert_eq!(total(Totals::Off(2), "?count=2").await, Some(json!(7)));
    assert_eq!(total(Totals::Off(-9), "?count=2").await, Some(json!(0)));
    assert_eq!(total(Totals::AsText, "?count=2").await, Some(json!("5")));
    assert_eq!(total(Totals::CappedToPage, "?count=2").await, Some(json!(2)));
    assert_eq!(total(Totals::CappedToPage, "?count=9").await, Some(json!(5)));
    let world = World::with("a", |manner| manner.totals = Totals::Growing).await;
    for expected in [3, 4, 5] {
        assert_eq!(world.get("/Users").await.json()["totalResults"], json!(expected));
    }
}

#[tokio::test]
async fn envelopes() {
    let world = World::with("", |manner| {
        manner.envelope = Envelope::Bare;
        manner.no_rows = NoRows::NoResources;
    })
    .await;
    let keys = async |path: &str| {
        let body = world.get(path).await.json();
        body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("/Users").await, ["schemas", "totalResults", "Resources"]);
    assert_eq!(keys("/Users?startIndex=9").await, ["schemas", "totalResults"]);
}

/// What one look-up finds, or the status of the refusal.
async fn found(filters: Filters, filter: &str) -> String {
    let world = World::with("abc", |manner| manner.filters = filters).await;
    shown(&world.look_up(filter).await)
}

#[tokio::test]
async fn filters() {
    let b = r#"userName eq "b@example.com""#;
    let shouted = r#"userName eq "B@EXAMPLE.com""#;
    let lower = r#"username eq "b@example.com""#;
    let stranger = r#"userName eq "nobody@example.com""#;
    for (filters, filter, expected) in [
        (Filters::Honoured, b, "b"),
        (Filters::Honoured, shouted, "b"),
        (Filters::Honoured, lower, "b"),
        (Filters::Honoured, stranger, ""),
        (Filters::Honoured, r#"name.givenName sw "given" and not (userName sw "a")"#, "b c"),
        (Filters::Honoured, r#"addresses[type eq "work" and country eq "germany"]"#, "scim a b c"),
        (Filters::Honoured, r#"meta.resourceType eq "User""#, "scim a b c"),
        (Filters::Honoured, "userName eq", "400"),
        (Filters::Ignored, stranger, "scim a b c"),
        (Filters::Refused, b, "400"),
        (Filters::CaseSensitive, b, "b"),
        (Filters::CaseSensitive, lower, "b"),
        (Filters::CaseSensitive, shouted, ""),
        (Filters::EmptyAlways, b, ""),
        (Filters::AttributeNameCaseSensitive, b, "b"),
        (Filters::AttributeNameCaseSensitive, shouted, "b"),
        (Filters::AttributeNameCaseSensitive, lower, ""),
        (Filters::UserNameOnly, b, "b"),
        (Filters::UserNameOnly, r#"id eq "1""#, "400"),
        (Filters::UserNameOnly, r#"userName sw "b""#, "400"),
    ] {
        assert_eq!(found(filters, filter).await, expected, "{filters:?}: {filter}");
    }
}

#[tokio::test]
async fn filters_speak_of_names_as_the_rfc_writes_them() {
    let world = World::with("a", |manner| {
        manner.names = Names::Pascal;
        manner.filters = Filters::AttributeNameCaseSensitive;
    })
    .await;
    let total = async |filter: &str| world.look_up(filter).await.json()["totalResults"].clone();
    assert_eq!(total(r#"name.givenName eq "given a""#).await, json!(1));
    assert_eq!(total(r#"Name.GivenName eq "given a""#).await, json!(0));
}

#[tokio::test]
async fn look_ups_page_and_count_like_lists() {
    let world = World::with("abc", |manner| manner.totals = Totals::Honest).await;
    let reply = world.get("/Users?filter=userName+co+%22example%22&startIndex=2&count=2").await;
    assert_eq!(reply.names(), ["a", "b"]);
    assert_eq!(reply.json()["totalResults"], json!(4));
    let location = format!("meta.location ew \"{}\"", world.id("c"));
    assert_eq!(world.look_up(&location).await.names(), ["c"]);
    let by_id = world.look_up(&format!("id eq \"{}\"", world.id("c"))).await;
    assert_eq!(by_id.names(), ["c"]);
}

#[tokio::test]
async fn a_look_up_follows_every_change() {
    let world = World::with("ab", |_| {}).await;
    let id = world.id("a");
    world.server.state().edit(&id, "userName", json!("ada@example.com"));
    assert_eq!(world.find("a@example.com").await.names(), [""; 0]);
    assert_eq!(world.find("ada@example.com").await.names(), ["ada"]);
    world.server.state().remove_account(&id);
    assert_eq!(world.find("ada@example.com").await.names(), [""; 0]);
    let left = world.get("/Users").await;
    assert_eq!((left.names().join(" "), &left.json()["totalResults"]), ("scim b".to_owned(), &json!(2)));
}

#[tokio::test]
async fn a_list_shows_what_changed_since_the_last_one() {
    let world = World::with("a", |_| {}).await;
    let family = async || world.get("/Users").await.json()["Resources"][1]["name"]["familyName"].clone();
    assert_eq!(family().await, json!("Family a"));
    let id = world.id("a");
    world.server.state().edit(&id, "name.familyName", json!("King"));
    assert_eq!(family().await, json!("King"));
    world.set(&id, "name.familyName", json!("Byron")).await;
    assert_eq!(family().await, json!("Byron"));
}

#[tokio::test]
async fn hidden_accounts_are_found_and_not_listed() {
    let world = World::with("abc", |_| {}).await;
    let id = world.id("b");
    world.server.state().hide_from_list(&id);
    let list = world.get("/Users").await;
    assert_eq!(list.names(), ["scim", "a", "c"]);
    assert_eq!(list.json()["totalResults"], json!(3));
    assert_eq!(world.find("b@example.com").await.names(), ["b"]);
    assert_eq!(world.get(&format!("/Users/{id}")).await.status, 200);
}

#[tokio::test]
async fn a_client_may_ask_for_some_attributes() {
    let world = World::with("a", |_| {}).await;
    let path = format!("/Users/{}", world.id("a"));
    let keys = async |query: &str| {
        let body = world.get(&format!("{path}?{query}")).await.json();
        body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys("attributes=userName").await, ["schemas", "id", "userName"]);
    assert_eq!(keys("excludedAttributes=name,meta").await, ["schemas", "id", "userName", "active", "addresses"]);
    let row = &world.get("/Users?attributes=name.familyName").await.json()["Resources"][1];
    assert_eq!(row["name"], json!({"familyName": "Family a"}));
    assert_eq!(row.get("userName"), None);
}

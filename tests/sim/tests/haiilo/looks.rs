//! What answers look like, and what becomes of values on their way.

use crate::world::{World, new_user, seed};
use okta_haiilo_sim::haiilo::{ErrorForm, Ids, Location, Manner, Names, Presence, Texts, UserNames};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn ids() {
    let world = World::with("a", |_| {}).await;
    let again = World::with("a", |_| {}).await;
    assert_eq!(world.id("a"), again.id("a"), "ids are the same in every run");
    assert_eq!(world.id("a").len(), 36);
    let world = World::with("abcd", |manner| manner.ids = Ids::Integer).await;
    let made = world.post(new_user("e")).await.json();
    assert_eq!(made["id"], json!(102));
    assert_eq!(world.get("/Users/102").await.json(), made);
    assert_eq!(world.look_up("id eq \"102\"").await.names(), ["e"]);
    assert_eq!(world.id("a"), "98");
    let world = World::with("a", |manner| manner.ids = Ids::Email).await;
    let made = world.post(new_user("b+c")).await;
    assert_eq!(made.id(), "b+c@example.com");
    assert!(made.header("location").ends_with("/Users/b%2Bc%40example.com"));
    for path in ["/Users/b%2Bc%40example.com", "/Users/b+c@example.com"] {
        assert_eq!(world.get(path).await.json(), made.json(), "{path}");
    }
    let reply = world.set("a%40example.com", "userName", json!("z@example.com")).await;
    assert_eq!((reply.status, &reply.json()["scimType"]), (400, &json!("mutability")));
    world.server.finish();
}

#[tokio::test]
async fn another_kind_of_ids_renames_every_account() {
    let world = World::with("a", |_| {}).await;
    let old = world.id("a");
    assert_eq!(world.get("/Users").await.json()["Resources"][1]["id"], json!(old));
    world.server.state().tune(|manner| manner.ids = Ids::Integer);
    assert_eq!(world.get(&format!("/Users/{old}")).await.status, 404);
    assert_eq!(world.get("/Users/98").await.status, 200);
    assert_eq!(world.get("/Users").await.json()["Resources"][1]["id"], json!(98));
}

#[tokio::test]
async fn error_bodies() {
    let error = async |form: ErrorForm| {
        let world = World::with("", |manner| manner.errors = form).await;
        world.get("/Users/none").await
    };
    let schemas = json!(["urn:ietf:params:scim:api:messages:2.0:Error"]);
    let detail = json!("Resource none not found");
    let scim = error(ErrorForm::Scim).await;
    assert_eq!(scim.json(), json!({"schemas": schemas, "status": "404", "detail": detail}));
    assert_eq!(scim.header("content-type"), "application/scim+json");
    let numeric = error(ErrorForm::ScimNumericStatus).await.json();
    assert_eq!(numeric, json!({"schemas": schemas, "status": 404, "detail": detail}));
    let bare = error(ErrorForm::ScimWithoutStatus).await.json();
    assert_eq!(bare, json!({"schemas": schemas, "detail": detail}));
    let other = error(ErrorForm::OtherJson).await;
    assert_eq!(other.json(), json!({"error": {"code": 404, "message": detail}}));
    assert_eq!(other.header("content-type"), "application/json");
    let html = error(ErrorForm::Html).await;
    assert_eq!((html.status, html.header("content-type")), (404, "application/scim+json"));
    assert!(html.text.starts_with("<html>"), "{}", html.text);
    let empty = error(ErrorForm::Empty).await;
    assert_eq!((empty.status, empty.text.as_str()), (404, ""));
}

/// The only account besides the owner's, in a list.
async fn shown(change: impl FnOnce(&mut Manner)) -> Value {
    let world = World::with("a", change).await;
    let row = world.get("/Users").await.json()["Resources"][1].clone();
    let by_id = world.get(&format!("/Users/{}", world.id("a"))).await.json();
    assert_eq!(row, by_id, "a row of a list is the account");
    row
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn names_and_what_is_missing() {
    let pascal = shown(|manner| manner.names = Names::Pascal).await;
    assert_eq!(keys(&pascal), ["Schemas", "Id", "UserName", "Name", "Active", "Addresses", "Meta"]);
    assert_eq!(keys(&pascal["Name"]), ["GivenName", "FamilyName"]);
    assert_eq!(keys(&pascal["Addresses"][0]), ["Type", "Country"]);
    let lower = shown(|manner| manner.names = Names::Lower).await;
    assert_eq!(keys(&lower["name"]), ["givenname", "familyname"]);
    let bare = shown(|manner| {
        manner.meta = Presence::Missing;
        manner.schemas = Presence::Missing;
    })
    .await;
    assert_eq!(keys(&bare), ["id", "userName", "name", "active", "addresses"]);
    let extra = shown(|manner| manner.extras = vec![("points".to_owned(), json!(7))]).await;
    assert_eq!(extra["points"], json!(7));
}

#[tokio::test]
async fn what_is_written_in_odd_letters_can_be_sent_back() {
    let world = World::with("a", |manner| {
        manner.names = Names::Pascal;
        manner.extras = vec![("badge".to_owned(), json!("red"))];
    })
    .await;
    let id = world.id("a");
    let mut body = world.get(&format!("/Users/{id}")).await.json();
    body["Name"]["GivenName"] = json!("Ada");
    let after = world.put(&id, body).await.json();
    assert_eq!((&after["Name"]["GivenName"], &after["Badge"]), (&json!("Ada"), &json!("red")));
    assert_eq!(world.stored(&id, "name"), json!({"givenName": "Ada", "familyName": "Family a"}));
    let attributes = world.server.state().account(&id).expect("a").attributes;
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["userName", "name", "active", "addresses", "badge"]);
    world.server.finish();
}

#[tokio::test]
async fn locations() {
    let location = async |location: Location| {
        let world = World::with("", |manner| manner.location = location).await;
        let reply = world.post(new_user("a")).await;
        assert_eq!(reply.header("location"), reply.json()["meta"]["location"].as_str().unwrap_or(""));
        reply.header("location").replace(&world.id("a"), "ID").replace(&world.server.origin(), "ORIGIN")
    };
    assert_eq!(location(Location::Absolute).await, "ORIGIN/api/scim/v2/Users/ID");
    assert_eq!(location(Location::Relative).await, "/api/scim/v2/Users/ID");
    assert_eq!(location(Location::Wrong).await, "http://internal.invalid/api/scim/v2/Users/ID");
    assert_eq!(location(Location::Missing).await, "");
}

#[tokio::test]
async fn locations_follow_the_address_under_which_the_server_is_called() {
    let world = World::with("", |_| {}).await;
    let token = format!("Bearer {}", okta_haiilo_sim::haiilo::TOKEN);
    for host in ["one.example", "two.example:8080"] {
        let headers = [("authorization", token.as_str()), ("host", host)];
        let list = world.send(Method::GET, "/Users", &headers, "").await.json();
        let location = list["Resources"][0]["meta"]["location"].as_str().expect("a location").to_owned();
        assert!(location.starts_with(&format!("http://{host}/api/scim/v2/Users/")), "{location}");
    }
}

#[tokio::test]
async fn content_types() {
    let world = World::with("", |manner| manner.content_type = "application/json; charset=utf-8".to_owned()).await;
    assert_eq!(world.get("/Users").await.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(world.get("/Users/none").await.header("content-type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn values_that_change_on_their_way() {
    let world = World::with("", |manner| {
        manner.user_names = UserNames::LowerCased;
        manner.texts = Texts::Tidied;
    })
    .await;
    let mut body = new_user("Ada");
    body["name"]["familyName"] = json!("  van   der Berg ");
    let made = world.post(body).await.json();
    assert_eq!(made["userName"], json!("ada@example.com"));
    assert_eq!(made["name"]["familyName"], json!("van der Berg"));
}

#[tokio::test]
async fn values_that_are_silently_not_kept() {
    let dropping = |manner: &mut Manner| {
        manner.dropped = ["name.familyName", "addresses.locality"].map(str::to_owned).into();
    };
    let world = World::with("a", dropping).await;
    let made = world.post(new_user("ada")).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.json()["name"], json!({"givenName": "Given ada"}));
    assert_eq!(made.json()["addresses"], json!([{"type": "work", "country": "Germany"}]));
    let id = world.id("a");
    let reply = world.set(&id, "name.familyName", json!("King")).await;
    assert_eq!((reply.status, &reply.json()["name"]["familyName"]), (200, &json!("Family a")));
    let reply = world.patch(&id, json!([{"op": "remove", "path": "name"}])).await;
    assert_eq!(reply.json()["name"], json!({"familyName": "Family a"}));
    world.server.finish();
}

#[tokio::test]
async fn extras_come_to_accounts_that_lack_them() {
    let world = World::with("a", |_| {}).await;
    world.server.state().tune(|manner| manner.extras = vec![("points".to_owned(), json!(7))]);
    world.server.state().add_account(seed("b"));
    world.post(new_user("c")).await;
    for row in world.get("/Users").await.json()["Resources"].as_array().expect("a list") {
        assert_eq!(row["points"], json!(7), "{row}");
    }
}

//! What stands before the work: the token, routes, bodies, throttling, discovery, and what counts as a violation.

use okta_haiilo_sim::haiilo::{Discovery, Patch, Strictness, TOKEN, route};
use okta_haiilo_sim::{Fault, When};
use reqwest::Method;
use serde_json::json;

use crate::world::{PATCH, USER, World, new_user};

#[tokio::test]
async fn a_call_needs_the_token() {
    let world = World::with("", |_| {}).await;
    let status = async |headers: &[(&str, &str)]| world.send(Method::GET, "/Users", headers, "").await.status;
    let good = format!("bearer {TOKEN}");
    assert_eq!(status(&[("authorization", &good)]).await, 200);
    assert_eq!(status(&[("authorization", "Bearer wrong")]).await, 401);
    assert_eq!(status(&[("authorization", TOKEN)]).await, 401);
    assert_eq!(world.server.violations(), [""; 0]);
    assert_eq!(status(&[]).await, 401);
    assert_eq!(world.server.violations(), ["GET /api/scim/v2/Users without a credential"]);
}

#[tokio::test]
async fn unknown_paths_are_404_and_a_violation() {
    let world = World::with("", |_| {}).await;
    for path in ["/Groups", "/Users/", "/Users/a/b", "/Nothing", "/.search"] {
        let reply = world.get(path).await;
        let expected = (404, json!("404"));
        assert_eq!((reply.status, reply.json()["status"].clone()), expected, "{path}");
        assert_eq!(reply.json()["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{path}");
    }
    assert_eq!(world.ask(Method::DELETE, "/Users", None).await.status, 405);
    assert_eq!(world.server.violations().len(), 6);
}

#[tokio::test]
async fn a_client_may_ask_for_discovery_where_there_is_none() {
    let world = World::with("", |_| {}).await;
    for path in ["/ServiceProviderConfig", "/Schemas", "/Schemas/x", "/ResourceTypes", "/ResourceTypes/User"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    world.server.finish();
}

#[tokio::test]
async fn discovery() {
    let world = World::with("a", |manner| {
        manner.discovery = Discovery::Served;
        manner.patch = Patch::Unsupported(501);
        manner.page_cap = Some(50);
    })
    .await;
    let config = world.get("/ServiceProviderConfig").await.json();
    assert_eq!((&config["patch"]["supported"], &config["filter"]["maxResults"]), (&json!(false), &json!(50)));
    let schemas = world.get("/Schemas").await.json();
    assert_eq!((&schemas["totalResults"], &schemas["Resources"][0]["id"]), (&json!(2), &json!(USER)));
    let user = world.get(&format!("/Schemas/{USER}")).await.json();
    assert_eq!(user, schemas["Resources"][0]);
    assert_eq!(user["attributes"][0]["uniqueness"], json!("server"));
    assert_eq!(world.get("/ResourceTypes/User").await.json()["endpoint"], json!("/Users"));
    assert_eq!(world.get("/ResourceTypes/Group").await.status, 404);
    assert_eq!(world.ask(Method::PUT, "/Schemas", None).await.status, 405);
    let search = json!({"filter": "userName sw \"a\"", "startIndex": 1, "attributes": ["userName"]});
    let found = world.ask(Method::POST, "/.search", Some(search)).await.json();
    assert_eq!(found["Resources"][0]["userName"], json!("a@example.com"));
    assert_eq!(found["Resources"][0].get("name"), None);
    assert_eq!(found["totalResults"], json!(1));
}

/// What a write with this body is answered, and the violations that it makes.
async fn written(method: Method, body: serde_json::Value) -> (u16, Vec<String>) {
    let world = World::with("a", |_| {}).await;
    let path = if method == Method::POST { "/Users".to_owned() } else { format!("/Users/{}", world.id("a")) };
    let status = world.ask(method, &path, Some(body)).await.status;
    (status, world.server.violations())
}

fn seen(status: u16, violations: &[&str]) -> (u16, Vec<String>) {
    (status, violations.iter().map(|text| (*text).to_owned()).collect())
}

#[tokio::test]
async fn unsupported_attributes_are_violations_and_are_not_kept() {
    let mut body = new_user("ada");
    body["title"] = json!("Countess");
    body["name"]["middleName"] = json!("N.");
    body["addresses"][0]["postalCode"] = json!("1");
    let violations = [
        "POST with name.middleName, which Advocacy does not support",
        "POST with addresses.postalCode, which Advocacy does not support",
        "POST with title, which Advocacy does not support",
    ];
    assert_eq!(written(Method::POST, body.clone()).await, seen(201, &violations));
    let world = World::with("", |_| {}).await;
    let made = world.post(body.clone()).await.json();
    assert_eq!((made.get("title"), made["name"].get("middleName")), (None, None));
    let world = World::with("", |manner| manner.strict = Strictness::Generic).await;
    assert_eq!(world.post(body).await.json()["title"], json!("Countess"));
    world.server.finish();
    let operations = json!([
        {"op": "replace", "path": "externalId", "value": "1"},
        {"op": "replace", "value": {"displayName": "Ada"}},
        {"op": "replace", "path": "addresses[type eq \"work\"].postalCode", "value": "1"},
    ]);
    let violations = [
        "PATCH of externalId, which Advocacy does not support",
        "PATCH of displayName, which Advocacy does not support",
        "PATCH of addresses.postalCode, which Advocacy does not support",
    ];
    let body = json!({"schemas": [PATCH], "Operations": operations});
    assert_eq!(written(Method::PATCH, body).await, seen(200, &violations));
    let mut body = new_user("a");
    body["emails"] = json!([{"value": "a@example.com"}]);
    let violations = ["PUT with emails, which Advocacy does not support"];
    assert_eq!(written(Method::PUT, body).await, seen(200, &violations));
}

#[tokio::test]
async fn odd_writes_are_violations() {
    let patch = |operation: serde_json::Value| json!({"schemas": [PATCH], "Operations": [operation]});
    let text = patch(json!({"op": "replace", "path": "active", "value": "True"}));
    assert_eq!(written(Method::PATCH, text).await, seen(200, &["active as the text `True`"]));
    let loud = patch(json!({"op": "Replace", "path": "name.givenName", "value": "Ada"}));
    let violation = "PATCH with op `Replace`: only lower case is an operation of the RFC";
    assert_eq!(written(Method::PATCH, loud).await, seen(200, &[violation]));
    let bare = json!({"Operations": [{"op": "replace", "path": "name.givenName", "value": "Ada"}]});
    assert_eq!(written(Method::PATCH, bare).await, seen(200, &[&format!("PATCH without the schema {PATCH}")]));
    let mut body = new_user("ada");
    body.as_object_mut().expect("an object").remove("schemas");
    assert_eq!(written(Method::POST, body).await, seen(201, &[&format!("POST without the schema {USER}")]));
    let mut body = new_user("ada");
    body.as_object_mut().expect("an object").remove("active");
    assert_eq!(written(Method::POST, body.clone()).await, seen(201, &["POST without active: true"]));
    body["active"] = json!(false);
    assert_eq!(written(Method::POST, body).await, seen(400, &["POST without active: true"]));
    let mut body = new_user("a");
    body.as_object_mut().expect("an object").remove("active");
    assert_eq!(written(Method::PUT, body).await, seen(200, &["PUT without active"]));
}

#[tokio::test]
async fn bodies_have_a_type_and_are_json() {
    let world = World::with("", |_| {}).await;
    let token = format!("Bearer {TOKEN}");
    let status = async |content_type: Option<&str>, body: &str| {
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(content_type.map(|it| ("content-type", it)));
        world.send(Method::POST, "/Users", &headers, body).await.status
    };
    assert_eq!(status(Some("application/json; charset=utf-8"), &new_user("a").to_string()).await, 201);
    assert_eq!(status(Some("application/scim+json"), "{").await, 400);
    assert_eq!(status(Some("application/scim+json"), "[]").await, 400);
    assert_eq!(world.server.violations(), [""; 0]);
    assert_eq!(status(Some("text/plain"), &new_user("b").to_string()).await, 415);
    assert_eq!(status(None, &new_user("b").to_string()).await, 415);
    assert_eq!(world.server.violations().len(), 2);
    assert_eq!(world.server.state().writes().len(), 5);
}

#[tokio::test]
async fn types_are_checked() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    for (path, value) in [("name", json!("Ada")), ("userName", json!(1)), ("addresses", json!("Berlin"))] {
        assert_eq!(world.set(&id, path, value).await.status, 400, "{path}");
    }
    assert_eq!(world.set(&id, "active", json!("perhaps")).await.status, 400);
}

#[tokio::test]
async fn some_accounts_must_not_be_touched() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    world.server.state().must_not_touch(&a);
    world.get(&format!("/Users/{a}")).await;
    world.set(&b, "name.givenName", json!("B")).await;
    world.server.finish();
    assert_eq!(world.set(&a, "name.givenName", json!("A")).await.status, 200);
    world.delete(&a).await;
    let expected = ["PATCH", "DELETE"].map(|method| format!("{method} on {a}, which must not be touched"));
    assert_eq!(world.server.violations(), expected);
}

#[tokio::test]
async fn throttling() {
    let world = World::with("", |_| {}).await;
    world.server.state().throttle_after(2, 60);
    assert_eq!(world.get("/Users").await.status, 200);
    assert_eq!(world.send(Method::GET, "/Users", &[("authorization", "Bearer wrong")], "").await.status, 401);
    for _ in 0..2 {
        let reply = world.get("/Users").await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, "60"));
        assert_eq!(reply.json()["status"], json!("429"));
        world.clock.advance(20_000);
    }
    world.clock.advance(20_000);
    assert_eq!(world.get("/Users").await.status, 200);
    assert_eq!(world.get("/Users").await.status, 200);
    assert_eq!(world.post(new_user("a")).await.status, 429);
    assert_eq!(world.server.state().account_named("a@example.com"), None);
    world.server.state().stop_throttling();
    assert_eq!(world.post(new_user("a")).await.status, 201);
}

#[tokio::test]
async fn planted_refusals_have_the_form_of_the_server() {
    let world = World::with("", |_| {}).await;
    world.server.plant(When::Nth(route::LIST, 1), Fault::Refuse(503));
    let reply = world.get("/Users").await;
    assert_eq!((reply.status, &reply.json()["status"]), (503, &json!("503")));
    // A look-up is another route than the list of all.
    world.server.plant(When::Nth(route::LOOK_UP, 1), Fault::TooMany(Some(7)));
    assert_eq!(world.get("/Users").await.status, 200);
    assert_eq!(world.find("a@example.com").await.header("retry-after"), "7");
    world.server.finish();
}

#[tokio::test]
async fn the_journal_can_be_emptied() {
    let world = World::with("", |_| {}).await;
    world.post(new_user("a")).await;
    world.get("/Users").await;
    assert_eq!(world.server.state().writes().len(), 1);
    world.server.state().forget_writes();
    assert_eq!(world.server.state().writes(), []);
    world.delete(&world.id("a")).await;
    assert_eq!(world.last_write().n, 1);
}

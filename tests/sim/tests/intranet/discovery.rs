//! How an intranet describes itself, where it does.

use okta_haiilo_sim::haiilo::{Container, Discovery, Kept, MemberShape};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ENTERPRISE, GROUP, USER, World};

const URN: &str = "urn:example:scim:schemas:extension:profile:2.0:User";

fn described(world: World) -> World {
    world.server.state().tune(|manner| manner.discovery = Discovery::Served);
    world
}

/// The names of the attributes of a schema.
async fn attributes(world: &World, urn: &str) -> Vec<String> {
    let schema = world.get(&format!("/Schemas/{urn}")).await.json();
    let attributes = schema["attributes"].as_array().unwrap_or_else(|| panic!("no schema: {schema}"));
    attributes.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
}

fn column(list: &Value, name: &str) -> Vec<String> {
    let rows = list["Resources"].as_array().expect("a list");
    rows.iter().map(|row| row[name].as_str().unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn a_client_may_ask_where_there_is_nothing() {
    let world = World::with("", |_| {}).await;
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/ResourceTypes/Group"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
    world.server.finish();
}

#[tokio::test]
async fn users_and_groups_are_described() {
    let world = described(World::with("", |_| {}).await);
    assert_eq!(world.get("/ServiceProviderConfig").await.json()["patch"]["supported"], json!(true));
    assert_eq!(column(&world.get("/Schemas").await.json(), "id"), [USER, ENTERPRISE, GROUP]);
    let types = world.get("/ResourceTypes").await.json();
    assert_eq!(column(&types, "endpoint"), ["/Users", "/Groups"]);
    assert_eq!(types["Resources"][0]["schemaExtensions"], json!([{"schema": ENTERPRISE, "required": false}]));
    assert_eq!(world.get("/ResourceTypes/Group").await.json()["schema"], json!(GROUP));
    let user = attributes(&world, USER).await;
    for name in ["userName", "timezone", "groups", "profileField_jobTitle"] {
        assert!(user.contains(&name.to_owned()), "{name}");
    }
    for name in ["photos", "password", "roles"] {
        assert!(!user.contains(&name.to_owned()), "{name}");
    }
    assert_eq!(attributes(&world, GROUP).await, ["displayName", "members", "description"]);
    world.server.finish();
}

#[tokio::test]
async fn users_and_groups_are_searched_together() {
    let world = described(World::with("abc", |_| {}).await);
    for name in ["One", "Two"] {
        world.post_group(name, &[]).await;
    }
    let found = async |search: Value| {
        let reply = world.ask(Method::POST, "/.search", Some(search)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let body = reply.json();
        let names = reply.column("userName").into_iter().zip(reply.column("displayName"));
        let names: Vec<String> = names.map(|(user, group)| if user == "?" { group } else { user }).collect();
        (names.join(" "), body["totalResults"].clone())
    };
    let seen = |names: &str, total: u32| (names.to_owned(), json!(total));
    assert_eq!(found(json!({"attributes": ["userName", "displayName"]})).await, seen("a b c One Two", 5));
    assert_eq!(found(json!({"startIndex": 3, "count": 2})).await, seen("c One", 5));
    assert_eq!(found(json!({"startIndex": 5, "count": 2})).await, seen("Two", 5));
    assert_eq!(found(json!({"startIndex": 1, "count": 2})).await, seen("a b", 5));
    let either = "userName eq \"b@example.com\" or displayName eq \"two\"";
    assert_eq!(found(json!({"filter": either})).await, seen("b Two", 2));
}

#[tokio::test]
async fn the_extension_of_the_fields_is_described() {
    let world = World::with("", |directory| {
        directory.container = Container::Extension(URN.to_owned());
        directory.descriptions = Kept::Dropped;
        directory.member = MemberShape::Bare;
        directory.fields = ["costUnit".to_owned()].into();
    });
    let world = described(world.await);
    assert_eq!(column(&world.get("/Schemas").await.json(), "id"), [USER, ENTERPRISE, GROUP, URN]);
    assert_eq!(attributes(&world, URN).await, ["profileField_costUnit"]);
    assert!(!attributes(&world, USER).await.iter().any(|name| name.starts_with("profileField_")));
    let extensions = json!([{"schema": ENTERPRISE, "required": false}, {"schema": URN, "required": false}]);
    assert_eq!(world.get("/ResourceTypes/User").await.json()["schemaExtensions"], extensions);
    assert_eq!(attributes(&world, GROUP).await, ["displayName", "members"]);
    let group = world.get(&format!("/Schemas/{GROUP}")).await.json();
    let parts = group["attributes"][1]["subAttributes"].as_array().expect("parts").len();
    assert_eq!(parts, 2);
}

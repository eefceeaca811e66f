//! An extension is one attribute, whatever dots and colons its URN has: to a create that restores, to a replacement, to a projection.

use okta_haiilo_sim::haiilo::{Again, Container, Did, Put};
use serde_json::{Value, json};

use crate::world::{USER, World, new_user};

const URN: &str = "urn:example:params:scim:schemas:extension:haiilo:2.0:User";

/// The body of a create with these fields in the extension.
fn with_fields(name: &str, fields: Value) -> Value {
    let mut body = new_user(name);
    body["schemas"] = json!([USER, URN]);
    body[URN] = fields;
    body
}

#[tokio::test]
async fn a_restored_account_has_what_it_had_in_an_extension() {
    let world = World::with("", |directory| {
        directory.container = Container::Extension(URN.to_owned());
        directory.again = Again::Restores;
    })
    .await;
    let fields = json!({"profileField_department": "Sales", "profileField_office": "1"});
    let first = world.post(with_fields("ada", fields)).await;
    assert_eq!(world.delete(&format!("/Users/{}", first.id())).await.status, 204);
    let again = world.post(with_fields("ada", json!({"profileField_department": "Legal"}))).await;
    assert_eq!((again.status, again.id()), (201, first.id()));
    assert_eq!(world.last_write().did, Did::Restored);
    let body = again.json();
    assert_eq!(body[URN], json!({"profileField_department": "Legal", "profileField_office": "1"}));
    assert_eq!((&body["schemas"], &body["active"]), (&json!([USER, URN]), &json!(true)));
    world.server.finish();
}

#[tokio::test]
async fn a_put_that_keeps_and_a_projection_take_an_extension_as_one_attribute() {
    let world = World::new(|haiilo| {
        haiilo.tune(|manner| {
            manner.put = Put::KeepsUnsent;
            manner.directory.container = Container::Extension(URN.to_owned());
        });
    })
    .await;
    let fields = json!({"profileField_department": "Sales", "profileField_office": "1"});
    let id = world.post(with_fields("ada", fields)).await.id();
    let put = world.put(&id, with_fields("ada", json!({"profileField_department": "Legal"}))).await;
    let kept = json!({"profileField_department": "Legal", "profileField_office": "1"});
    assert_eq!(put.json()[URN], kept);
    let only = world.get(&format!("/Users/{id}?attributes={URN}")).await.json();
    assert_eq!((&only[URN], only.get("userName")), (&kept, None));
    let part = world.get(&format!("/Users/{id}?attributes={URN}:profileField_office")).await.json();
    assert_eq!(part[URN], json!({"profileField_office": "1"}));
    let without = world.get(&format!("/Users/{id}?excludedAttributes={URN}")).await.json();
    assert_eq!((without.get(URN), without["userName"].as_str()), (None, Some("ada@example.com")));
    world.server.finish();
}

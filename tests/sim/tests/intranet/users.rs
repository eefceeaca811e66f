//! Users of an intranet: what is kept of them, what is unique, and how they are found.

use crate::world::{ENTERPRISE, USER, World, changed, new_user, refused, seed};
use okta_haiilo_sim::haiilo::{Did, ExternalIds, Origin, Resource};
use serde_json::{Value, json};

#[tokio::test]
async fn a_create_is_answered_journalled_and_found() {
    let world = World::with("", |_| {}).await;
    let reply = world.post(new_user("ada")).await;
    assert_eq!(reply.status, 201);
    let id = reply.id();
    assert_eq!(reply.header("location"), format!("{}/api/scim/v2/Users/{id}", world.server.origin()));
    assert_eq!(reply.json(), world.get(&format!("/Users/{id}")).await.json());
    let write = world.last_write();
    assert_eq!((write.resource, write.id, write.did), (Resource::User, Some(id.clone()), Did::Created));
    let account = world.server.state().account(&id).expect("it was made");
    assert_eq!((account.origin, account.is_active()), (Origin::Scim, true));
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    world.server.finish();
}

#[tokio::test]
async fn a_user_name_is_all_that_is_needed_and_need_not_be_an_address() {
    let world = World::with("", |_| {}).await;
    let reply = world.post(json!({"schemas": [USER], "userName": "ada"})).await;
    assert_eq!((reply.status, &reply.json()["active"]), (201, &json!(true)));
    let reply = world.post(json!({"schemas": [USER], "active": true})).await;
    assert_eq!(reply.refusal(), refused(400, "invalidValue"));
    world.server.finish();
}

#[tokio::test]
async fn the_attributes_of_scim_are_kept() {
    let world = World::with("", |_| {}).await;
    let sent = json!({
        "externalId": "00u1",
        "userName": "ada@example.com",
        "name": {"formatted": "Ada King", "givenName": "Ada", "familyName": "King", "middleName": "A"},
        "displayName": "Ada",
        "nickName": "A",
        "title": "Countess",
        "userType": "Employee",
        "preferredLanguage": "en",
        "locale": "en-GB",
        "timezone": "Europe/London",
        "active": true,
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+44 1", "type": "mobile"}],
        "addresses": [{"type": "work", "locality": "London", "country": "GB"}],
        ENTERPRISE: {
            "employeeNumber": "0007",
            "costCenter": "1",
            "organization": "Engines",
            "division": "Notes",
            "department": "Programs",
            "manager": {"value": "1", "displayName": "Charles"},
        },
    });
    let mut body = sent.clone();
    body["schemas"] = json!([USER, ENTERPRISE]);
    body["photos"] = json!([{"value": "https://example.com/a.png"}]);
    body["password"] = json!("secret");
    let reply = world.post(body.clone()).await;
    assert_eq!(reply.status, 201);
    let mut shown = reply.json();
    let object = shown.as_object_mut().expect("an object");
    let schemas = object.shift_remove("schemas");
    assert_eq!(schemas, Some(json!([USER, ENTERPRISE])));
    for own in ["id", "meta"] {
        assert!(object.shift_remove(own).is_some(), "{own}");
    }
    assert_eq!(shown, sent);
    let id = reply.id();
    body["title"] = Value::Null;
    body[ENTERPRISE] = json!({"department": "Poetry"});
    let replaced = world.put(&id, body).await.json();
    assert_eq!((replaced.get("title"), &replaced[ENTERPRISE]), (None, &json!({"department": "Poetry"})));
    let path = format!("{ENTERPRISE}:manager.value");
    assert_eq!(world.set(&id, &path, json!("2")).await.status, 200);
    assert_eq!(world.last_write().did, changed(&path, Value::Null, json!("2")));
    world.server.finish();
}

#[tokio::test]
async fn a_user_name_is_taken_whatever_its_letters() {
    let world = World::with("ab", |_| {}).await;
    assert_eq!(world.post(new_user("A")).await.refusal(), refused(409, "uniqueness"));
    let id = world.id("a");
    assert_eq!(world.set(&id, "userName", json!("B@example.com")).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(world.set(&id, "userName", json!("A@example.com")).await.status, 200);
    assert_eq!(world.stored(&id, "userName"), json!("A@example.com"));
}

#[tokio::test]
async fn external_ids_may_have_to_be_unique() {
    let numbered = |name: &str, external_id: &str| {
        let mut body = new_user(name);
        body["externalId"] = json!(external_id);
        body
    };
    let world = World::with("", |_| {}).await;
    assert_eq!(world.post(numbered("a", "1")).await.status, 201);
    assert_eq!(world.post(numbered("b", "1")).await.status, 201);
    assert_eq!(world.look_up("Users", "externalId eq \"1\"").await.column("userName"), ["a", "b"]);
    let world = World::with("", |directory| directory.external_ids = ExternalIds::Unique).await;
    let id = world.post(numbered("a", "1")).await.id();
    let other = world.post(numbered("b", "2")).await.id();
    assert_eq!(world.post(numbered("c", "1")).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(world.server.state().account_named("c@example.com"), None);
    assert_eq!(world.set(&other, "externalId", json!("1")).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(world.set(&id, "externalId", json!("1")).await.status, 200);
    assert_eq!(world.set(&id, "externalId", json!("3")).await.status, 200);
    assert_eq!(world.set(&other, "externalId", json!("1")).await.status, 200);
    // A deleted account has none that counts.
    world.delete(&format!("/Users/{other}")).await;
    assert_eq!(world.post(numbered("f", "1")).await.status, 201);
    // No externalId is nobody's.
    assert_eq!(world.post(new_user("d")).await.status, 201);
    assert_eq!(world.post(new_user("e")).await.status, 201);
}

#[tokio::test]
async fn look_ups() {
    let world = World::with("ab", |_| {}).await;
    let id = world.id("b");
    world.set(&id, "externalId", json!("Ext")).await;
    let found = async |filter: &str| world.look_up("Users", filter).await.column("userName");
    assert_eq!(found("userName eq \"B@EXAMPLE.com\"").await, ["b"]);
    assert_eq!(found("externalId eq \"Ext\"").await, ["b"]);
    assert_eq!(found("externalId eq \"ext\"").await, [""; 0]);
    assert_eq!(found(&format!("id eq \"{id}\"")).await, ["b"]);
    assert_eq!(found("emails.value eq \"a@example.com\"").await, ["a"]);
    world.set(&id, "externalId", json!("Other")).await;
    assert_eq!(found("externalId eq \"Ext\"").await, [""; 0]);
    assert_eq!(found("externalId eq \"Other\"").await, ["b"]);
    world.delete(&format!("/Users/{id}")).await;
    assert_eq!(found("externalId eq \"Other\"").await, [""; 0]);
    world.server.finish();
}

#[tokio::test]
async fn accounts_that_an_admin_makes_are_local_ones() {
    let world = World::new(|haiilo| {
        let id = haiilo.add_account(okta_haiilo_sim::haiilo::AccountSeed { group: "Germany".to_owned(), ..seed("a") });
        let account = haiilo.account(&id).expect("it was made");
        assert_eq!((account.origin, account.text("emails.value")), (Origin::Hand, "a@example.com"));
        assert_eq!((account.group(), haiilo.intranet_groups()), ("", Vec::new()));
        haiilo.edit(&id, "title", json!("Countess"));
    })
    .await;
    let shown = world.get(&format!("/Users/{}", world.id("a"))).await.json();
    assert_eq!((&shown["title"], &shown["name"]["givenName"]), (&json!("Countess"), &json!("Given a")));
}

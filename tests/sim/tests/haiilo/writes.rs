//! Creates, patches, replacements and deletions in every manner.

use crate::world::{USER, World, new_user};
use okta_haiilo_sim::haiilo::{
    Change, Create, Delete, Did, Duplicate, Etag, FilteredPaths, Manner, Patch, Pathless, Put, SecondDelete,
    Strictness, Unmatched,
};
use reqwest::Method;
use serde_json::{Value, json};

fn changed(path: &str, from: Value, to: Value) -> Did {
    let held = |value: Value| if value.is_null() { None } else { Some(value) };
    Did::Changed(vec![Change { path: path.to_owned(), from: held(from), to: held(to) }])
}

#[tokio::test]
async fn a_create_is_answered_journalled_and_found() {
    let world = World::with("", |_| {}).await;
    let reply = world.post(new_user("ada")).await;
    assert_eq!(reply.status, 201);
    let id = reply.id();
    assert_eq!(reply.header("location"), format!("{}/api/scim/v2/Users/{id}", world.server.origin()));
    assert_eq!(reply.json(), world.get(&format!("/Users/{id}")).await.json());
    let write = world.last_write();
    assert_eq!((write.n, write.method.as_str(), write.status), (1, "POST", 201));
    assert_eq!((write.id, write.body, write.did), (Some(id), new_user("ada"), Did::Created));
    assert_eq!(world.find("ADA@example.com").await.names(), ["ada"]);
    world.server.finish();
}

#[tokio::test]
async fn answers_to_a_create() {
    let world = World::with("", |manner| manner.create = Create::CreatedEmpty).await;
    let reply = world.post(new_user("ada")).await;
    assert_eq!((reply.status, reply.text.as_str()), (201, ""));
    assert!(reply.header("location").ends_with(&world.id("ada")));
    let world = World::with("", |manner| manner.create = Create::CreatedWithoutId).await;
    let reply = world.post(new_user("ada")).await;
    assert_eq!((reply.status, reply.json().get("id")), (201, None));
    assert_eq!(reply.json()["userName"], json!("ada@example.com"));
    assert!(reply.header("location").ends_with(&world.id("ada")));
    let world = World::with("", |manner| manner.create = Create::Ok200).await;
    let reply = world.post(new_user("ada")).await;
    assert_eq!((reply.status, reply.id()), (200, world.id("ada")));
}

#[tokio::test]
async fn duplicates() {
    let twice = async |duplicate: Duplicate, name: &str| {
        let world = World::with("a", |manner| manner.duplicate = duplicate).await;
        let reply = world.post(new_user(name)).await;
        let found = world.find("a@example.com").await.names().len();
        (reply.status, reply.json()["scimType"].clone(), found)
    };
    assert_eq!(twice(Duplicate::Conflict, "a").await, (409, json!("uniqueness"), 1));
    assert_eq!(twice(Duplicate::Conflict, "A").await, (409, json!("uniqueness"), 1));
    assert_eq!(twice(Duplicate::ConflictWithoutType, "a").await, (409, Value::Null, 1));
    assert_eq!(twice(Duplicate::BadRequest, "a").await, (400, json!("uniqueness"), 1));
    assert_eq!(twice(Duplicate::Accepted, "a").await, (201, Value::Null, 2));
    assert_eq!(twice(Duplicate::AcceptedInOtherLetters, "A").await, (201, Value::Null, 2));
    assert_eq!(twice(Duplicate::AcceptedInOtherLetters, "a").await, (409, json!("uniqueness"), 1));
}

#[tokio::test]
async fn a_rename_meets_duplicates_too_but_not_itself() {
    let world = World::with("ab", |_| {}).await;
    let id = world.id("a");
    assert_eq!(world.set(&id, "userName", json!("B@example.com")).await.status, 409);
    assert_eq!(world.last_write().did, Did::Nothing);
    assert_eq!(world.stored(&id, "userName"), json!("a@example.com"));
    assert_eq!(world.set(&id, "userName", json!("A@example.com")).await.status, 200);
    assert_eq!(world.last_write().did, changed("userName", json!("a@example.com"), json!("A@example.com")));
    let world = World::with("aA", |manner| manner.duplicate = Duplicate::AcceptedInOtherLetters).await;
    let id = world.find("a@example.com").await.json()["Resources"][0]["id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(world.stored(id, "userName"), json!("a@example.com"));
    assert_eq!(world.set(id, "userName", json!("A@example.com")).await.status, 409);
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    world.clock.advance(1000);
    let reply = world.set(&id, "name.givenName", json!("Ada")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["name"], json!({"givenName": "Ada", "familyName": "Family a"}));
    assert_eq!(reply.json()["meta"]["lastModified"], json!("2026-01-01T00:00:01.000Z"));
    assert_eq!(world.last_write().did, changed("name.givenName", json!("Given a"), json!("Ada")));
    let path = r#"addresses[type eq "work"].country"#;
    assert_eq!(world.set(&id, path, json!("Finland")).await.status, 200);
    assert_eq!(world.last_write().did, changed(path, json!("Germany"), json!("Finland")));
    let pathless = json!([{"op": "add", "value": {"name": {"familyName": "King"}}}]);
    assert_eq!(world.patch(&id, pathless).await.status, 200);
    assert_eq!(world.last_write().did, changed("name.familyName", json!("Family a"), json!("King")));
    assert_eq!(world.patch(&id, json!([{"op": "remove", "path": "name.givenName"}])).await.status, 200);
    assert_eq!(world.last_write().did, changed("name.givenName", json!("Ada"), Value::Null));
    for operation in
        [json!({"op": "replace", "path": "active", "value": true}), json!({"op": "remove", "path": "active"})]
    {
        assert_eq!(world.patch(&id, json!([operation])).await.status, 200);
        assert_eq!(world.last_write().did, Did::Nothing);
    }
    assert_eq!(world.stored(&id, "name"), json!({"familyName": "King"}));
    world.server.finish();
}

#[tokio::test]
async fn a_patch_is_done_whole_or_not_at_all() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    let operations = json!([
        {"op": "replace", "path": "name.givenName", "value": "Ada"},
        {"op": "replace", "path": r#"addresses[type eq "home"].region"#, "value": "South"},
    ]);
    let reply = world.patch(&id, operations).await;
    assert_eq!((reply.status, &reply.json()["scimType"]), (400, &json!("noTarget")));
    assert_eq!(world.stored(&id, "name.givenName"), json!("Given a"));
}

/// The status of a PATCH of the given name in this manner, the name in the answer, and the one that is stored.
async fn patched(patch: Patch) -> (u16, Value, Value) {
    let world = World::with("a", |manner| manner.patch = patch).await;
    let id = world.id("a");
    let reply = world.set(&id, "name.givenName", json!("Ada")).await;
    let shown = if reply.text.is_empty() { Value::Null } else { reply.json()["name"]["givenName"].clone() };
    (reply.status, shown, world.stored(&id, "name.givenName"))
}

#[tokio::test]
async fn answers_to_a_patch() {
    let (ada, old, none) = (json!("Ada"), json!("Given a"), Value::Null);
    assert_eq!(patched(Patch::Whole200).await, (200, ada.clone(), ada.clone()));
    assert_eq!(patched(Patch::NoContent).await, (204, none.clone(), ada.clone()));
    assert_eq!(patched(Patch::NoContentIfUnchanged).await, (200, ada.clone(), ada.clone()));
    assert_eq!(patched(Patch::IgnoresAndSays200).await, (200, old.clone(), old.clone()));
    assert_eq!(patched(Patch::EchoesLie).await, (200, ada, old.clone()));
    assert_eq!(patched(Patch::Unsupported(501)).await, (501, none, old));
    let world = World::with("a", |manner| manner.patch = Patch::NoContentIfUnchanged).await;
    assert_eq!(world.set(&world.id("a"), "name.givenName", json!("Given a")).await.status, 204);
}

#[tokio::test]
async fn a_patch_may_lose_what_it_does_not_name() {
    let loses = |manner: &mut Manner| manner.patch = Patch::LosesUnsent("name.familyName".to_owned());
    let world = World::with("a", loses).await;
    let id = world.id("a");
    let both = json!([{"op": "replace", "value": {"name": {"givenName": "Ada", "familyName": "King"}}}]);
    world.patch(&id, both).await;
    assert_eq!(world.stored(&id, "name.familyName"), json!("King"));
    world.set(&id, "name.givenName", json!("Augusta")).await;
    assert_eq!(world.stored(&id, "name"), json!({"givenName": "Augusta"}));
}

#[tokio::test]
async fn dialects_of_patch() {
    let world = World::with("a", |manner| manner.filtered_paths = FilteredPaths::Refused).await;
    let path = r#"addresses[type eq "work"].country"#;
    let reply = world.set(&world.id("a"), path, json!("Finland")).await;
    assert_eq!((reply.status, &reply.json()["scimType"]), (400, &json!("invalidPath")));
    let name = json!([{"op": "replace", "value": {"name": {"givenName": "Ada"}}}]);
    for (pathless, expected) in [
        (Pathless::Merges, json!({"givenName": "Ada", "familyName": "Family a"})),
        (Pathless::Replaces, json!({"givenName": "Ada"})),
    ] {
        let world = World::with("a", |manner| manner.pathless = pathless).await;
        world.patch(&world.id("a"), name.clone()).await;
        assert_eq!(world.stored(&world.id("a"), "name"), expected, "{pathless:?}");
    }
    let home = r#"addresses[type eq "home"].region"#;
    for (unmatched, status, region) in [
        (Unmatched::NoTarget, 400, Value::Null),
        (Unmatched::Skipped, 200, Value::Null),
        (Unmatched::Created, 200, json!("South")),
    ] {
        let world = World::with("a", |manner| manner.unmatched = unmatched).await;
        assert_eq!(world.set(&world.id("a"), home, json!("South")).await.status, status, "{unmatched:?}");
        assert_eq!(world.stored(&world.id("a"), "addresses.region"), region, "{unmatched:?}");
    }
}

/// A PUT that leaves out the family name and the address, and what is stored afterwards.
async fn replaced(put: Put) -> (u16, Value, Value) {
    let world = World::with("a", |manner| {
        manner.put = put;
        manner.strict = Strictness::Generic;
    })
    .await;
    let id = world.id("a");
    let body = json!({"schemas": [USER], "id": id, "userName": "a@example.com", "name": {"givenName": "Ada"}});
    let status = world.put(&id, body).await.status;
    (status, world.stored(&id, "name"), world.stored(&id, "addresses"))
}

#[tokio::test]
async fn what_a_replacement_does_not_send() {
    let ada = || json!({"givenName": "Ada"});
    assert_eq!(replaced(Put::Replaces).await, (200, ada(), Value::Null));
    let address = json!({"type": "work", "country": "Germany"});
    let kept = json!({"givenName": "Ada", "familyName": "Family a"});
    assert_eq!(replaced(Put::KeepsUnsent).await, (200, kept, address.clone()));
    let reset = json!({"givenName": "Ada", "familyName": ""});
    assert_eq!(replaced(Put::ResetsUnsent).await, (200, reset, Value::Null));
    let old = json!({"givenName": "Given a", "familyName": "Family a"});
    assert_eq!(replaced(Put::Unsupported(405)).await, (405, old, address));
}

#[tokio::test]
async fn a_replacement_that_sends_everything_back_is_welcome() {
    let world = World::with("a", |manner| manner.extras = vec![("badge".to_owned(), json!({"colour": "red"}))]).await;
    let id = world.id("a");
    let mut body = world.get(&format!("/Users/{id}")).await.json();
    body["name"]["givenName"] = json!("Ada");
    assert_eq!(world.put(&id, body).await.status, 200);
    assert_eq!(world.last_write().did, changed("name.givenName", json!("Given a"), json!("Ada")));
    world.server.finish();
    let mut careless = new_user("a");
    careless["name"]["givenName"] = json!("Ada");
    assert_eq!(world.put(&id, careless).await.status, 200);
    assert_eq!(world.stored(&id, "badge"), Value::Null);
    assert_eq!(world.server.violations(), ["PUT without badge, which the account has"]);
}

#[tokio::test]
async fn what_only_the_server_writes_is_ignored() {
    let world = World::with("a", |manner| manner.strict = Strictness::Generic).await;
    let id = world.id("a");
    let body = json!({
        "schemas": [USER], "id": "other", "meta": {"created": "never"}, "groups": [{"value": "1"}],
        "userName": "a@example.com", "password": "secret",
    });
    let shown = world.put(&id, body).await;
    assert_eq!((shown.id(), &shown.json()["meta"]["created"]), (id.clone(), &json!("2026-01-01T00:00:00.000Z")));
    let stored = world.server.state().account(&id).expect("a").attributes;
    assert_eq!(Value::Object(stored), json!({"userName": "a@example.com"}));
    assert_eq!(world.set(&id, "meta.created", json!("never")).await.json()["scimType"], json!("mutability"));
}

#[tokio::test]
async fn deletions() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    let reply = world.delete(&id).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_eq!(world.last_write().did, Did::Deleted);
    assert_eq!(world.get(&format!("/Users/{id}")).await.status, 404);
    assert_eq!(world.delete(&id).await.status, 404);
    let body_manner = |manner: &mut Manner| {
        manner.delete = Delete::OkWithBody;
        manner.second_delete = SecondDelete::NoContent;
    };
    let world = World::with("a", body_manner).await;
    let id = world.id("a");
    let reply = world.delete(&id).await;
    assert_eq!((reply.status, reply.id()), (200, id.clone()));
    assert_eq!(world.delete(&id).await.status, 204);
    assert_eq!(world.last_write().did, Did::Nothing);
    assert_eq!(world.delete("no-such-id").await.status, 404);
}

#[tokio::test]
async fn a_soft_deletion_leaves_the_account_and_its_name() {
    let world = World::with("a", |manner| manner.delete = Delete::Soft).await;
    let id = world.id("a");
    assert_eq!(world.delete(&id).await.status, 204);
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["active"], json!(false));
    let change = Change { path: "active".to_owned(), from: Some(json!(true)), to: Some(json!(false)) };
    assert_eq!(world.last_write().did, Did::Deactivated(vec![change]));
    assert_eq!(world.server.state().deleted_for_ever(), []);
    assert_eq!(world.post(new_user("a")).await.status, 409);
    assert_eq!(world.delete(&id).await.status, 404);
    assert_eq!(world.set(&id, "active", json!(true)).await.status, 200);
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["active"], json!(true));
    world.set(&id, "active", json!(false)).await;
    assert_eq!(world.stored(&id, "active"), json!(false));
}

#[tokio::test]
async fn versions() {
    let token = format!("Bearer {}", okta_haiilo_sim::haiilo::TOKEN);
    let with_tag = async |world: &World, tag: &str| {
        let path = format!("/Users/{}", world.id("a"));
        let headers = [("authorization", token.as_str()), ("content-type", "application/scim+json"), ("if-match", tag)];
        let body = json!({
            "schemas": [crate::world::PATCH], "Operations": [{"op": "replace", "path": "name.givenName", "value": tag}]
        });
        world.send(Method::PATCH, &path, &headers, &body.to_string()).await.status
    };
    let world = World::with("a", |manner| manner.etag = Etag::Enforced).await;
    let read = world.get(&format!("/Users/{}", world.id("a"))).await;
    assert_eq!((read.header("etag"), &read.json()["meta"]["version"]), ("W/\"1\"", &json!("W/\"1\"")));
    assert_eq!(with_tag(&world, "W/\"1\"").await, 200);
    assert_eq!(with_tag(&world, "W/\"1\"").await, 412);
    assert_eq!(with_tag(&world, "*").await, 200);
    assert_eq!(with_tag(&world, "W/\"7\", W/\"3\"").await, 200);
    let world = World::with("a", |manner| manner.etag = Etag::SentButIgnored).await;
    assert_eq!(world.get(&format!("/Users/{}", world.id("a"))).await.header("etag"), "W/\"1\"");
    assert_eq!(with_tag(&world, "W/\"9\"").await, 200);
    let world = World::with("a", |_| {}).await;
    assert_eq!(world.get(&format!("/Users/{}", world.id("a"))).await.header("etag"), "");
    assert_eq!(with_tag(&world, "W/\"9\"").await, 200);
}

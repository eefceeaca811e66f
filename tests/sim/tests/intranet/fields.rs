//! Profile fields: which exist, where they stand, and what becomes of those that do not exist.

use crate::world::{ENTERPRISE, USER, World, changed, new_user, refused};
use okta_haiilo_sim::haiilo::{Container, Did, Directory, PROFILE_FIELDS, Unknown};
use serde_json::{Value, json};

const URN: &str = "urn:example:scim:schemas:extension:profile:2.0:User";

fn in_extension(directory: &mut Directory) {
    directory.container = Container::Extension(URN.to_owned());
}

/// A new user with one more attribute.
fn with(name: &str, value: Value) -> Value {
    let mut body = new_user("ada");
    body[name] = value;
    body
}

#[tokio::test]
async fn every_field_of_the_product_is_known() {
    let world = World::with("", |_| {}).await;
    let mut body = new_user("ada");
    for field in PROFILE_FIELDS {
        body[format!("profileField_{field}")] = json!(field);
    }
    let shown = world.post(body).await.json();
    for field in ["phone", "jobTitle", "department", "homeTown", "haiilo_pronouns", "education"] {
        assert_eq!(shown[format!("profileField_{field}")], json!(field));
    }
    assert_eq!(shown["schemas"], json!([USER]));
    world.server.finish();
}

#[tokio::test]
async fn fields_of_the_company_can_be_added() {
    let body = with("profileField_costUnit", json!("7"));
    let world = World::with("", |_| {}).await;
    assert_eq!(world.post(body.clone()).await.refusal(), refused(400, "invalidValue"));
    let add = |directory: &mut Directory| {
        directory.fields.insert("costUnit".to_owned());
    };
    let world = World::with("", add).await;
    assert_eq!(world.post(body).await.json()["profileField_costUnit"], json!("7"));
}

#[tokio::test]
async fn what_nobody_knows_is_refused_or_taken_for_not_sent() {
    for (name, value) in [
        ("profileField_shoeSize", json!("43")),
        ("profileField_jobtitle", json!("Engineer")),
        ("ProfileField_jobTitle", json!("Engineer")),
        ("profileField_", json!("x")),
        ("shoeSize", json!(43)),
        (URN, json!({"profileField_jobTitle": "Engineer"})),
        (ENTERPRISE, json!({"shoeSize": "43"})),
    ] {
        let world = World::with("a", |_| {}).await;
        let id = world.id("a");
        assert_eq!(world.post(with(name, value.clone())).await.refusal(), refused(400, "invalidValue"), "{name}");
        assert_eq!(world.put(&id, with(name, value.clone())).await.refusal(), refused(400, "invalidValue"), "{name}");
        let pathless = json!([{"op": "add", "value": {name: value}}]);
        let reply = world.patch(&format!("/Users/{id}"), pathless.clone()).await;
        assert_eq!(reply.refusal(), refused(400, "invalidValue"), "{name}");
        let world = World::with("a", |directory| directory.unknown = Unknown::Ignored).await;
        let made = world.post(with(name, value)).await;
        assert_eq!((made.status, made.json().get(name)), (201, None), "{name}");
        let reply = world.patch(&format!("/Users/{}", made.id()), pathless).await;
        assert_eq!((reply.status, world.last_write().did), (200, Did::Nothing), "{name}");
    }
}

#[tokio::test]
async fn a_path_to_an_unknown_field_is_an_invalid_path() {
    let paths = [
        "profileField_shoeSize".to_owned(),
        "profileField_jobtitle".to_owned(),
        "shoeSize".to_owned(),
        format!("{URN}:profileField_jobTitle"),
        format!("{ENTERPRISE}:shoeSize"),
    ];
    for path in paths {
        let world = World::with("a", |_| {}).await;
        let id = world.id("a");
        // A field with other letters is not this one, also where this one has a value.
        world.set(&id, "profileField_jobTitle", json!("Countess")).await;
        let reply = world.set(&id, &path, json!("Engineer")).await;
        assert_eq!(reply.refusal(), refused(400, "invalidPath"), "{path}");
        world.server.state().tune(|manner| manner.directory.unknown = Unknown::Ignored);
        let reply = world.set(&id, &path, json!("Engineer")).await;
        assert_eq!((reply.status, world.last_write().did), (200, Did::Nothing), "{path}");
        assert_eq!(world.stored(&id, "profileField_jobTitle"), json!("Countess"), "{path}");
    }
}

#[tokio::test]
async fn fields_are_set_changed_and_cleared() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    let path = "profileField_jobTitle";
    assert_eq!(world.set(&id, path, json!("Engineer")).await.status, 200);
    assert_eq!(world.last_write().did, changed(path, Value::Null, json!("Engineer")));
    let pathless = json!([{"op": "replace", "value": {path: "Chief", "title": "C"}}]);
    assert_eq!(world.patch(&format!("/Users/{id}"), pathless).await.json()[path], json!("Chief"));
    assert_eq!(world.set(&id, path, json!(7)).await.refusal(), refused(400, "invalidValue"));
    assert_eq!(world.set(&id, path, json!(["a"])).await.refusal(), refused(400, "invalidValue"));
    let remove = json!([{"op": "remove", "path": path}]);
    assert_eq!(world.patch(&format!("/Users/{id}"), remove).await.json().get(path), None);
    assert_eq!(world.last_write().did, changed(path, json!("Chief"), Value::Null));
    let found = world.set(&id, path, json!("Cook")).await;
    assert_eq!(found.status, 200);
    assert_eq!(world.look_up("Users", "profileField_jobTitle eq \"cook\"").await.column("userName"), ["a"]);
    let replaced = world.put(&id, new_user("a")).await.json();
    assert_eq!(replaced.get(path), None);
    world.server.finish();
}

#[tokio::test]
async fn fields_may_stand_in_an_extension() {
    let world = World::with("", in_extension).await;
    let reply = world.post(with(URN, json!({"profileField_jobTitle": "Engineer"}))).await;
    let shown = reply.json();
    assert_eq!((reply.status, &shown["schemas"]), (201, &json!([USER, URN])));
    assert_eq!(shown[URN], json!({"profileField_jobTitle": "Engineer"}));
    let id = reply.id();
    let path = format!("{URN}:profileField_jobTitle");
    assert_eq!(world.set(&id, &path, json!("Chief")).await.status, 200);
    assert_eq!(world.last_write().did, changed(&path, json!("Engineer"), json!("Chief")));
    let office = format!("{URN}:profileField_office");
    // As one value at the URN, as a value below it, and as a value with the whole name.
    for (operation, value) in [
        (json!({"op": "add", "path": URN, "value": {"schemas": [URN], "profileField_office": "1"}}), "1"),
        (json!({"op": "replace", "value": {URN: {"profileField_office": "2"}}}), "2"),
        (json!({"op": "replace", "value": {office.clone(): "3"}}), "3"),
        (
            json!({"op": "replace", "path": office.to_uppercase().replace("PROFILEFIELD_OFFICE", "profileField_office"), "value": "4"}),
            "4",
        ),
    ] {
        let shown = world.patch(&format!("/Users/{id}"), json!([operation])).await.json();
        assert_eq!(shown[URN], json!({"profileField_jobTitle": "Chief", "profileField_office": value}), "{operation}");
    }
    assert_eq!(world.look_up("Users", &format!("{office} eq \"4\"")).await.column("userName"), ["ada"]);
    let remove = |path: &str| json!([{"op": "remove", "path": path}]);
    let user = format!("/Users/{id}");
    assert_eq!(world.patch(&user, remove(&office)).await.json()[URN], json!({"profileField_jobTitle": "Chief"}));
    let shown = world.patch(&user, remove(URN)).await.json();
    assert_eq!((shown.get(URN), &shown["schemas"]), (None, &json!([USER])));
    assert_eq!(world.set(&id, &path, json!(1)).await.refusal(), refused(400, "invalidValue"));
    world.server.finish();
}

#[tokio::test]
async fn a_field_beside_its_extension_is_unknown() {
    let wrong = [
        with("profileField_jobTitle", json!("Engineer")),
        with(URN, json!({"jobTitle": "Engineer"})),
        with(URN, json!({"profileField_jobtitle": "Engineer"})),
        with("urn:example:other", json!({"profileField_jobTitle": "Engineer"})),
    ];
    for body in wrong {
        let world = World::with("", in_extension).await;
        assert_eq!(world.post(body.clone()).await.refusal(), refused(400, "invalidValue"), "{body}");
        world.server.state().tune(|manner| manner.directory.unknown = Unknown::Ignored);
        let made = world.post(body.clone()).await;
        assert_eq!((made.status, &made.json()["schemas"]), (201, &json!([USER])), "{body}");
        assert_eq!(made.json().get("profileField_jobTitle"), None, "{body}");
    }
    let world = World::with("a", in_extension).await;
    let id = world.id("a");
    let reply = world.set(&id, "profileField_jobTitle", json!("Engineer")).await;
    assert_eq!(reply.refusal(), refused(400, "invalidPath"));
    let reply = world.set(&id, &format!("{URN}:jobTitle"), json!("Engineer")).await;
    assert_eq!(reply.refusal(), refused(400, "invalidPath"));
    for urn in [URN, ENTERPRISE] {
        let reply = world.set(&id, urn, json!({"jobTitle": "Engineer"})).await;
        assert_eq!(reply.refusal(), refused(400, "invalidValue"), "{urn}");
    }
}

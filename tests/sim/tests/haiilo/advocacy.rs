//! What Advocacy makes of users: groups, teams, seats, and accounts that are gone for ever.

use okta_haiilo_sim::haiilo::{
    AddressChoice, AddressType, By, Deleted, Did, GroupError, Haiilo, OWNER, Origin, Role, Seen, Strictness, WhenFull,
};
use serde_json::{Value, json};

use crate::world::{USER, World, new_user, seed};

const COUNTRY: &str = r#"addresses[type eq "work"].country"#;
const LOCALITY: &str = r#"addresses[type eq "work"].locality"#;

#[tokio::test]
async fn a_group_must_exist_letter_for_letter() {
    let world = World::with("a", |_| {}).await;
    for wrong in ["germany", "Germany ", "DE", ""] {
        let mut body = new_user("ada");
        body["addresses"][0]["country"] = json!(wrong);
        let reply = world.post(body).await;
        assert_eq!((reply.status, &reply.json()["status"]), (400, &json!("400")), "{wrong:?}");
        assert_eq!(reply.json()["detail"], json!("400.76 Group does not exist"), "{wrong:?}");
    }
    assert_eq!(world.server.state().account_named("ada@example.com"), None);
    let id = world.id("a");
    assert_eq!(world.set(&id, COUNTRY, json!("Norway")).await.status, 400);
    assert_eq!(world.stored(&id, "addresses.country"), json!("Germany"));
    world.server.state().add_group("Norway");
    assert_eq!(world.set(&id, COUNTRY, json!("Norway")).await.status, 200);
    assert_eq!(world.server.state().account(&id).expect("a").group(), "Norway");
    world.server.finish();
}

#[tokio::test]
async fn the_refusal_of_a_group_may_be_no_scim_at_all() {
    let world = World::with("", |manner| manner.group_error = GroupError::PlainJson).await;
    let mut body = new_user("ada");
    body["addresses"][0]["country"] = json!("Norway");
    let reply = world.post(body).await;
    assert_eq!((reply.status, reply.header("content-type")), (400, "application/json"));
    assert_eq!(reply.json(), json!({"code": "400.76", "message": "Group does not exist"}));
}

#[tokio::test]
async fn a_group_that_did_not_change_is_not_asked_for() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    world.server.state().remove_group("Germany");
    assert_eq!(world.set(&id, "name.givenName", json!("Ada")).await.status, 200);
    assert_eq!(world.post(new_user("b")).await.status, 400);
}

#[tokio::test]
async fn without_a_group_the_account_lands_in_the_first() {
    let world = World::new(|haiilo| haiilo.set_groups(&["Finland", "Germany"])).await;
    let mut body = new_user("ada");
    body["addresses"] = json!([{"type": "work", "locality": "Espoo"}]);
    assert_eq!(world.post(body).await.json()["addresses"][0]["country"], json!("Finland"));
    let mut body = new_user("bob");
    body.as_object_mut().expect("an object").remove("addresses");
    assert_eq!(world.post(body).await.json()["addresses"], json!([{"type": "work", "country": "Finland"}]));
    let id = world.id("ada");
    world.set(&id, COUNTRY, json!("Germany")).await;
    assert_eq!(world.patch(&id, json!([{"op": "remove", "path": COUNTRY}])).await.status, 200);
    assert_eq!(world.stored(&id, "addresses.country"), json!("Finland"));
}

#[tokio::test]
async fn teams_are_made_and_have_no_case() {
    let world = World::with("a", |_| {}).await;
    world.post(new_user("ada")).await;
    assert_eq!(world.server.state().teams(), ["Berlin"]);
    let id = world.id("a");
    let reply = world.set(&id, LOCALITY, json!("BERLIN")).await;
    assert_eq!(reply.json()["addresses"][0]["locality"], json!("Berlin"));
    world.set(&id, r#"addresses[type eq "work"].region"#, json!("Berlin South")).await;
    assert_eq!(world.server.state().teams(), ["Berlin", "Berlin South"]);
    world.set(&id, LOCALITY, json!("")).await;
    assert_eq!(world.server.state().teams().len(), 2);
    let by_hand = okta_haiilo_sim::haiilo::AccountSeed { team: "berlin".to_owned(), ..seed("z") };
    let id = world.server.state().add_account(by_hand);
    assert_eq!(world.server.state().account(&id).expect("z").team(), "Berlin");
}

#[tokio::test]
async fn which_address_decides() {
    let body = || {
        let mut body = new_user("ada");
        body["addresses"] = json!([{"type": "home", "country": "Finland"}, {"type": "work", "country": "Mars"}]);
        body
    };
    let world = World::with("", |_| {}).await;
    assert_eq!(world.post(body()).await.status, 400);
    let world = World::with("", |manner| manner.address = AddressChoice::First).await;
    assert_eq!(world.post(body()).await.status, 201);
    let world = World::with("", |manner| manner.address = AddressChoice::Primary).await;
    let reply = world.post(body()).await;
    assert_eq!(reply.json()["addresses"][2], json!({"primary": true, "country": "Germany"}));
}

#[tokio::test]
async fn an_inactive_account_is_gone_for_ever() {
    let world = World::with("abc", |_| {}).await;
    let (a, b, c) = (world.id("a"), world.id("b"), world.id("c"));
    let reply = world.set(&a, "active", json!(false)).await;
    assert_eq!((reply.status, &reply.json()["active"]), (200, &json!(false)));
    assert_eq!(world.last_write().did, Did::Deleted);
    let mut body = world.get(&format!("/Users/{b}")).await.json();
    body["active"] = json!(false);
    assert_eq!(world.put(&b, body).await.status, 200);
    assert_eq!(world.delete(&c).await.status, 204);
    let gone =
        |id: &str, name: &str, by: By| Deleted { id: id.to_owned(), user_name: format!("{name}@example.com"), by };
    let expected = [gone(&a, "a", By::Patch), gone(&b, "b", By::Put), gone(&c, "c", By::Delete)];
    assert_eq!(world.server.state().deleted_for_ever(), expected);
    assert_eq!(world.get("/Users").await.names(), ["scim"]);
    assert_eq!(world.find("a@example.com").await.names(), [""; 0]);
    let again = world.post(new_user("a")).await;
    assert_eq!(again.status, 201);
    assert!(![&a, &b, &c].contains(&&again.id()), "an id came back");
    // What an admin removes is nobody's request.
    let id = again.id();
    world.server.state().remove_account(&id);
    assert_eq!(world.server.state().deleted_for_ever().len(), 3);
}

#[tokio::test]
async fn the_token_dies_with_its_owner() {
    let world = World::with("a", |_| {}).await;
    let owner = world.server.state().account_named(OWNER).expect("the owner");
    assert_eq!((owner.role, owner.origin), (Role::Admin, Origin::Hand));
    assert_eq!(world.delete(&owner.id).await.status, 204);
    let reply = world.get("/Users").await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(world.delete(&world.id("a")).await.status, 401);
    assert_eq!(world.last_write().did, Did::Nothing);
    assert_eq!(world.last_write().status, 401);
}

#[tokio::test]
async fn user_names_are_emails() {
    let world = World::with("a", |_| {}).await;
    let mut body = new_user("ada");
    body["userName"] = json!("ada");
    let reply = world.post(body).await;
    assert_eq!((reply.status, &reply.json()["scimType"]), (400, &json!("invalidValue")));
    assert_eq!(world.set(&world.id("a"), "userName", json!("a")).await.status, 400);
    assert_eq!(world.patch(&world.id("a"), json!([{"op": "remove", "path": "userName"}])).await.status, 400);
    let world = World::with("", |manner| manner.strict = Strictness::Generic).await;
    assert_eq!(world.post(json!({"schemas": [USER], "userName": "ada"})).await.status, 201);
    world.server.finish();
}

#[tokio::test]
async fn a_full_licence_refuses() {
    let world = World::with("a", |_| {}).await;
    world.server.state().set_seats(Some(2));
    let reply = world.post(new_user("b")).await;
    assert_eq!(reply.status, 400);
    let detail = reply.json()["detail"].as_str().expect("a text").to_lowercase();
    assert!(detail.contains("seat") && detail.contains("licence"), "{detail}");
    world.server.state().tune(|manner| manner.when_full = WhenFull::Refused(403));
    assert_eq!(world.post(new_user("b")).await.status, 403);
    world.delete(&world.id("a")).await;
    assert_eq!(world.post(new_user("b")).await.status, 201);
    world.server.state().set_seats(None);
    assert_eq!(world.post(new_user("c")).await.status, 201);
}

#[tokio::test]
async fn a_full_licence_may_let_people_wait() {
    let world = World::with("a", |manner| manner.when_full = WhenFull::Queued).await;
    world.server.state().set_seats(Some(2));
    let reply = world.post(new_user("b")).await;
    assert_eq!(reply.status, 201);
    let id = reply.id();
    assert_eq!(world.last_write().did, Did::Queued);
    assert_eq!(world.get(&format!("/Users/{id}")).await.status, 404);
    assert_eq!(world.find("b@example.com").await.names(), [""; 0]);
    assert_eq!(world.look_up("userName pr").await.names(), ["scim", "a"]);
    assert_eq!(world.look_up(&format!("id eq \"{id}\"")).await.names(), [""; 0]);
    assert_eq!(world.get("/Users").await.names(), ["scim", "a"]);
    assert_eq!(world.set(&id, "name.givenName", json!("B")).await.status, 404);
    assert_eq!(world.server.state().account(&id).expect("b").seen, Seen::Nowhere);
    assert_eq!(world.post(new_user("b")).await.status, 409);
    // The next free seat is theirs.
    world.delete(&world.id("a")).await;
    assert_eq!(world.get("/Users").await.names(), ["scim", "b"]);
    assert_eq!(world.get(&format!("/Users/{id}")).await.status, 200);
    // So is one that is bought.
    world.post(new_user("c")).await;
    world.server.state().set_seats(Some(3));
    assert_eq!(world.get("/Users").await.names(), ["scim", "b", "c"]);
}

#[tokio::test]
async fn a_server_without_types_still_knows_the_work_address() {
    let world = World::with("a", |manner| manner.address_type = AddressType::Withheld).await;
    let id = world.id("a");
    let body = world.get(&format!("/Users/{id}")).await.json();
    assert_eq!(body["addresses"], json!([{"country": "Germany"}]));
    assert_eq!(world.put(&id, body).await.status, 200);
    assert_eq!(world.set(&id, COUNTRY, json!("Finland")).await.json()["addresses"], json!([{"country": "Finland"}]));
    world.server.finish();
}

#[tokio::test]
async fn what_admins_do_by_hand_is_seen() {
    let mut ids = Vec::new();
    let world = World::new(|haiilo: &mut Haiilo| {
        assert_eq!(haiilo.populate(["a", "b", "c"].map(seed)), 3);
        ids = haiilo.accounts().into_iter().map(|account| account.id).collect();
    })
    .await;
    assert_eq!(ids.len(), 4);
    world.server.state().edit(&ids[1], COUNTRY, json!("Finland"));
    world.server.state().edit(&ids[2], r#"addresses[type eq "home"].country"#, json!("Mars"));
    world.server.state().edit(&ids[3], "name.givenName", Value::Null);
    assert_eq!(world.stored(&ids[1], "addresses.country"), json!("Finland"));
    let b = world.get(&format!("/Users/{}", ids[2])).await.json();
    assert_eq!(b["addresses"][1], json!({"type": "home", "country": "Mars"}));
    let c = world.get(&format!("/Users/{}", ids[3])).await.json();
    assert_eq!(c["name"], json!({"familyName": "Family c"}));
    assert_eq!(world.server.state().writes(), []);
}

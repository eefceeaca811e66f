//! Each bend, as it shows on the wire.

use okta_haiilo_sim::haiilo::{Bend, By, Delete, Did, OWNER, WhenFull, route};
use serde_json::json;

use crate::world::{Reply, World, new_user};

/// A page of two rows, from row 3 on: b and c of scim, a, b, c, d.
async fn bent_page(bend: Bend) -> Reply {
    let world = World::with("abcd", |_| {}).await;
    world.bend(route::LIST, bend);
    let reply = world.get("/Users?startIndex=3&count=2").await;
    let next = world.get("/Users?startIndex=3&count=2").await;
    assert_eq!((next.names(), &next.json()["totalResults"]), (vec!["b".to_owned(), "c".to_owned()], &json!(5)));
    world.server.finish();
    assert_eq!(reply.status, 200);
    reply
}

#[tokio::test]
async fn pages_that_lose_or_repeat_rows() {
    assert_eq!(bent_page(Bend::SkipRows(1)).await.names(), ["c", "d"]);
    assert_eq!(bent_page(Bend::SkipRows(9)).await.names(), [""; 0]);
    assert_eq!(bent_page(Bend::RepeatPage).await.names(), ["scim", "a"]);
    assert_eq!(bent_page(Bend::EmptyPage).await.names(), [""; 0]);
    assert_eq!(bent_page(Bend::ShortPage(1)).await.names(), ["b"]);
    assert_eq!(bent_page(Bend::DoubleRow).await.names(), ["b", "c", "c"]);
    for bend in [Bend::SkipRows(1), Bend::RepeatPage, Bend::EmptyPage, Bend::ShortPage(1), Bend::DoubleRow] {
        let body = bent_page(bend.clone()).await.json();
        assert_eq!((&body["totalResults"], &body["startIndex"]), (&json!(5), &json!(3)), "{bend:?}");
    }
}

#[tokio::test]
async fn rows_that_are_no_accounts() {
    let rows = async |bend: Bend| bent_page(bend).await.json()["Resources"].clone();
    let without_id = rows(Bend::RowWithoutId).await;
    assert_eq!((without_id[0].get("id"), &without_id[0]["userName"]), (None, &json!("b@example.com")));
    assert!(without_id[1]["id"].is_string());
    let without_name = rows(Bend::RowWithoutUserName).await;
    assert_eq!(without_name[0].get("userName"), None);
    assert!(without_name[0]["id"].is_string());
    assert_eq!(rows(Bend::RowNotAnObject).await[0], json!("not an account"));
    assert_eq!(bent_page(Bend::NotAList).await.json(), json!({"status": "ok"}));
}

#[tokio::test]
async fn totals_that_lie() {
    assert_eq!(bent_page(Bend::TotalOff(-2)).await.json()["totalResults"], json!(3));
    assert_eq!(bent_page(Bend::TotalOff(2)).await.json()["totalResults"], json!(7));
    assert_eq!(bent_page(Bend::TotalOff(-9)).await.json()["totalResults"], json!(0));
    assert_eq!(bent_page(Bend::TotalMissing).await.json().get("totalResults"), None);
}

#[tokio::test]
async fn look_ups_that_find_somebody_else() {
    let found = async |bend: Bend| {
        let world = World::with("ab", |_| {}).await;
        world.bend(route::LOOK_UP, bend);
        let reply = world.find("b@example.com").await;
        assert_eq!(world.find("b@example.com").await.names(), ["b"]);
        world.server.finish();
        (reply.names().join(" "), reply.json()["totalResults"].clone())
    };
    assert_eq!(found(Bend::FindsNobody).await, (String::new(), json!(0)));
    assert_eq!(found(Bend::FindsOther).await, ("scim".to_owned(), json!(1)));
    assert_eq!(found(Bend::FindsAll).await, ("scim a b".to_owned(), json!(3)));
    assert_eq!(found(Bend::EmptyPage).await, (String::new(), json!(1)));
}

#[tokio::test]
async fn reads_that_answer_somebody_else() {
    let world = World::with("a", |_| {}).await;
    let path = format!("/Users/{}", world.id("a"));
    let truth = world.get(&path).await.json();
    let owner = world.server.state().account_named(OWNER).expect("the owner");
    world.bend(route::READ, Bend::WrongAccount);
    let wrong = world.get(&path).await;
    assert_eq!((wrong.id(), wrong.json()["userName"].clone()), (owner.id.clone(), json!(OWNER)));
    world.server.heal();
    world.bend(route::READ, Bend::LyingId);
    let lying = world.get(&path).await;
    assert_eq!((lying.id(), lying.json()["userName"].clone()), (owner.id, json!("a@example.com")));
    world.server.heal();
    world.bend(route::READ, Bend::LyingUserName);
    let lying = world.get(&path).await;
    assert_eq!((lying.id(), lying.json()["userName"].clone()), (world.id("a"), json!(OWNER)));
    world.server.heal();
    world.bend(route::READ, Bend::NotFoundOnce);
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get(&path).await.json(), truth, "a bend left something behind");
    world.server.finish();
}

#[tokio::test]
async fn creates_that_lie_about_whom_they_made() {
    let world = World::with("", |_| {}).await;
    let owner = world.server.state().account_named(OWNER).expect("the owner").id;
    world.bend(route::CREATE, Bend::LyingId);
    let reply = world.post(new_user("a")).await;
    assert_eq!((reply.status, reply.id()), (201, owner.clone()));
    assert!(reply.header("location").ends_with(&owner));
    assert_ne!(world.id("a"), owner);
    assert_eq!(world.last_write().id, Some(world.id("a")), "the journal tells the truth");
    world.server.heal();
    world.bend(route::CREATE, Bend::LyingUserName);
    let reply = world.post(new_user("b")).await;
    assert_eq!((reply.id(), reply.json()["userName"].clone()), (world.id("b"), json!(OWNER)));
}

#[tokio::test]
async fn refusals() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    let name = async || world.set(&id, "name.givenName", json!("Ada")).await;
    for (bend, status) in [(Bend::GroupMissing, 400), (Bend::EtagChanged, 412), (Bend::NotFoundOnce, 404)] {
        world.bend(route::PATCH, bend.clone());
        assert_eq!(name().await.status, status, "{bend:?}");
        assert_eq!(world.last_write().did, Did::Nothing, "{bend:?}");
        world.server.heal();
    }
    world.bend(route::CREATE, Bend::GroupMissing);
    assert_eq!(world.post(new_user("b")).await.json()["detail"], json!("400.76 Group does not exist"));
    world.server.heal();
    world.bend(route::CREATE, Bend::Seats);
    assert_eq!(world.post(new_user("b")).await.status, 400);
    world.server.heal();
    world.server.state().tune(|manner| manner.when_full = WhenFull::Queued);
    world.bend(route::CREATE, Bend::Seats);
    assert_eq!(world.post(new_user("b")).await.status, 201);
    assert_eq!(world.find("b@example.com").await.names(), [""; 0]);
    world.server.heal();
    world.bend(route::DELETE, Bend::EtagChanged);
    assert_eq!(world.delete(&id).await.status, 412);
    assert_eq!(world.get(&format!("/Users/{id}")).await.status, 200);
    world.server.heal();
    world.bend(route::DELETE, Bend::NotFoundOnce);
    assert_eq!(world.delete(&id).await.status, 404);
    assert_eq!(world.delete(&id).await.status, 204);
}

#[tokio::test]
async fn writes_that_change_more_than_was_sent() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    world.bend(route::PATCH, Bend::ChangesOther);
    let reply = world.set(&id, "name.givenName", json!("Ada")).await;
    let name = json!({"givenName": "Ada", "familyName": "Nobody sent this"});
    assert_eq!((reply.status, &reply.json()["name"]), (200, &name));
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["name"], name);
    world.server.heal();
    world.bend(route::PATCH, Bend::ChangesOther);
    world.patch(&id, json!([{"op": "replace", "value": {"name": {"familyName": "King"}}}])).await;
    assert_eq!(world.stored(&id, "name"), json!({"givenName": "Nobody sent this", "familyName": "King"}));
    world.server.heal();
    world.bend(route::CREATE, Bend::ChangesOther);
    let made = world.post(new_user("b")).await.json();
    assert_eq!(made["name"], new_user("b")["name"]);
    assert_eq!(made["addresses"][0]["region"], json!("Nobody sent this"));
}

#[tokio::test]
async fn writes_that_do_not_keep_what_they_say() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    world.bend(route::PATCH, Bend::DropsValue("name.givenName".to_owned()));
    let reply = world.set(&id, "name.givenName", json!("Ada")).await;
    assert_eq!((reply.status, &reply.json()["name"]["givenName"]), (200, &json!("Ada")));
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["name"]["givenName"], json!("Given a"));
    world.server.heal();
    world.bend(route::CREATE, Bend::DropsValue("addresses.locality".to_owned()));
    let made = world.post(new_user("b")).await;
    assert_eq!(made.json()["addresses"][0]["locality"], json!("Berlin"));
    let read = world.get(&format!("/Users/{}", made.id())).await.json();
    assert_eq!(read["addresses"], json!([{"type": "work", "country": "Germany"}]));
}

#[tokio::test]
async fn writes_that_deactivate() {
    let world = World::with("ab", |_| {}).await;
    let id = world.id("a");
    world.bend(route::PATCH, Bend::Deactivates);
    let reply = world.set(&id, "name.givenName", json!("Ada")).await;
    assert_eq!((reply.status, &reply.json()["active"]), (200, &json!(false)));
    assert_eq!(world.get(&format!("/Users/{id}")).await.status, 404);
    assert_eq!(world.last_write().did, Did::Deleted);
    world.server.heal();
    world.bend(route::CREATE, Bend::Deactivates);
    let made = world.post(new_user("c")).await;
    assert_eq!((made.status, &made.json()["active"]), (201, &json!(false)));
    assert_eq!(world.get(&format!("/Users/{}", made.id())).await.status, 404);
    let by: Vec<By> = world.server.state().deleted_for_ever().iter().map(|gone| gone.by).collect();
    assert_eq!(by, [By::Mishap, By::Mishap]);
    world.server.heal();
    world.server.state().tune(|manner| manner.delete = Delete::Soft);
    world.bend(route::PATCH, Bend::Deactivates);
    let id = world.id("b");
    world.set(&id, "name.givenName", json!("Bob")).await;
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["active"], json!(false));
}

#[tokio::test]
async fn a_bend_that_means_nothing_is_a_violation() {
    let world = World::with("", |_| {}).await;
    world.bend(route::LIST, Bend::EtagChanged);
    assert_eq!(world.get("/Users").await.status, 200);
    let expected = "the test planted EtagChanged on GET /Users, where it means nothing";
    assert_eq!(world.server.violations(), [expected]);
}

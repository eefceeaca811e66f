//! What becomes of accounts that are not wanted any more, and how they come back.

use crate::world::{World, changed, new_user, refused};
use okta_haiilo_sim::haiilo::{
    Activation, Again, Bend, By, Change, Delete, Deleted, Deprovision, Did, Directory, Remains, Seen, route,
};
use serde_json::{Value, json};

fn deactivated() -> Did {
    Did::Deactivated(vec![Change { path: "active".to_owned(), from: Some(json!(true)), to: Some(json!(false)) }])
}

/// Whether an account is listed, looked up, and what reading it by its id gives.
async fn shown(world: &World, id: &str) -> (bool, bool, u16) {
    let listed = world.get("/Users").await.column("id").contains(&id.to_owned());
    let found = !world.look_up("Users", &format!("id eq \"{id}\"")).await.column("id").is_empty();
    (listed, found, world.get(&format!("/Users/{id}")).await.status)
}

const EVERYWHERE: (bool, bool, u16) = (true, true, 200);
const NOWHERE: (bool, bool, u16) = (false, false, 404);

#[tokio::test]
async fn a_deactivated_account_stays_and_comes_back() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    let group = world.post_group("Editors", &[&id]).await.id();
    let reply = world.set(&id, "active", json!(false)).await;
    assert_eq!((reply.status, &reply.json()["active"]), (200, &json!(false)));
    assert_eq!(world.last_write().did, deactivated());
    assert_eq!(shown(&world, &id).await, EVERYWHERE);
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["active"], json!(false));
    assert_eq!(world.members(&group), [id.as_str()]);
    assert_eq!(world.post(new_user("a")).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(world.set(&id, "active", json!(true)).await.json()["active"], json!(true));
    assert_eq!(world.last_write().did, changed("active", json!(false), json!(true)));
    let mut body = new_user("a");
    body["active"] = json!(false);
    assert_eq!(world.put(&id, body).await.json()["active"], json!(false));
    // Nothing is no way to say that somebody comes back.
    let mut body = new_user("a");
    body.as_object_mut().expect("an object").remove("active");
    assert_eq!(world.put(&id, body).await.json()["active"], json!(false));
    assert_eq!(world.server.state().deleted(), []);
    assert_eq!(world.server.state().restorable(), []);
    world.server.finish();
}

#[tokio::test]
async fn delete_deletes_by_default_and_an_admin_restores() {
    let world = World::with("ab", |_| {}).await;
    let id = world.id("a");
    world.set(&id, "title", json!("Countess")).await;
    assert_eq!(world.delete(&format!("/Users/{id}")).await.status, 204);
    assert_eq!((world.last_write().did, shown(&world, &id).await), (Did::Deleted, NOWHERE));
    assert_eq!(world.delete(&format!("/Users/{id}")).await.status, 404);
    assert_eq!(world.set(&id, "active", json!(true)).await.status, 404);
    assert_eq!(world.server.state().accounts().len(), 1);
    let gone = Deleted { id: id.clone(), user_name: "a@example.com".to_owned(), by: By::Delete };
    assert_eq!(world.server.state().deleted(), [gone]);
    assert_eq!(world.server.state().deleted_for_ever(), []);
    let restorable = world.server.state().restorable().pop().expect("it can be restored");
    assert_eq!((restorable.id.as_str(), restorable.seen, restorable.is_active()), (id.as_str(), Seen::Nowhere, false));
    world.server.state().restore_account(&id);
    assert_eq!(shown(&world, &id).await, EVERYWHERE);
    assert_eq!(world.get("/Users").await.column("userName"), ["a", "b"]);
    assert_eq!((world.stored(&id, "active"), world.stored(&id, "title")), (json!(false), json!("Countess")));
    assert_eq!(world.server.state().restorable(), []);
    world.server.finish();
}

#[tokio::test]
async fn the_policies_are_two() {
    let outcome = async |deactivation: Deprovision, deletion: Deprovision| {
        let world = World::with("ab", |directory| {
            directory.deactivation = deactivation;
            directory.deletion = deletion;
        })
        .await;
        let (a, b) = (world.id("a"), world.id("b"));
        let reply = world.set(&a, "active", json!(false)).await;
        assert_eq!((reply.status, &reply.json()["active"]), (200, &json!(false)));
        let first = (world.last_write().did, shown(&world, &a).await);
        assert_eq!(world.delete(&format!("/Users/{b}")).await.status, 204);
        let second = (world.last_write().did, shown(&world, &b).await);
        let by = world.server.state().deleted().into_iter().map(|gone| gone.by).collect::<Vec<_>>();
        world.server.finish();
        (first, second, by)
    };
    let stays = (deactivated(), EVERYWHERE);
    let goes = (Did::Deleted, NOWHERE);
    let (mild, harsh) = (Deprovision::Deactivate, Deprovision::Delete);
    assert_eq!(outcome(mild, mild).await, (stays.clone(), stays.clone(), vec![]));
    assert_eq!(outcome(mild, harsh).await, (stays.clone(), goes.clone(), vec![By::Delete]));
    assert_eq!(outcome(harsh, mild).await, (goes.clone(), stays, vec![By::Patch]));
    assert_eq!(outcome(harsh, harsh).await, (goes.clone(), goes, vec![By::Patch, By::Delete]));
}

#[tokio::test]
async fn a_put_can_delete_by_policy_and_an_account_can_begin_inactive() {
    let world = World::with("a", |directory| directory.deactivation = Deprovision::Delete).await;
    let id = world.id("a");
    let mut body = new_user("a");
    body["active"] = json!(false);
    assert_eq!(world.put(&id, body).await.status, 200);
    assert_eq!(shown(&world, &id).await, NOWHERE);
    assert_eq!(world.server.state().deleted()[0].by, By::Put);
    let mut body = new_user("b");
    body["active"] = json!(false);
    let made = world.post(body).await;
    assert_eq!((made.status, &made.json()["active"]), (201, &json!(false)));
    assert_eq!(shown(&world, &made.id()).await, EVERYWHERE);
}

#[tokio::test]
async fn a_second_delete_of_an_account_that_stays_does_nothing() {
    let world = World::with("a", |directory| directory.deletion = Deprovision::Deactivate).await;
    let path = format!("/Users/{}", world.id("a"));
    assert_eq!((world.delete(&path).await.status, world.last_write().did), (204, deactivated()));
    assert_eq!((world.delete(&path).await.status, world.last_write().did), (204, Did::Nothing));
    world.server.state().tune(|manner| manner.delete = Delete::Nothing);
    assert_eq!(world.delete(&path).await.status, 204);
}

/// An intranet from which a, with a title, was deleted; and the id.
async fn without_a(change: impl FnOnce(&mut Directory)) -> (World, String) {
    let world = World::with("a", change).await;
    let id = world.id("a");
    world.set(&id, "title", json!("Countess")).await;
    world.delete(&format!("/Users/{id}")).await;
    (world, id)
}

#[tokio::test]
async fn a_name_of_a_deleted_account_makes_a_new_one() {
    let (world, id) = without_a(|_| {}).await;
    let made = world.post(new_user("A")).await;
    assert_eq!((made.status, world.last_write().did), (201, Did::Created));
    assert_ne!(made.id(), id);
    assert_eq!(made.json().get("title"), None);
    assert_eq!(shown(&world, &id).await, NOWHERE);
}

#[tokio::test]
async fn or_it_brings_the_old_one_back() {
    let (world, id) = without_a(|directory| directory.again = Again::Restores).await;
    let made = world.post(new_user("A")).await;
    assert_eq!((made.status, made.id(), world.last_write().did), (201, id.clone(), Did::Restored));
    let body = made.json();
    assert_eq!(
        (&body["userName"], &body["title"], &body["active"]),
        (&json!("A@example.com"), &json!("Countess"), &json!(true))
    );
    assert_eq!(body, world.get(&format!("/Users/{id}")).await.json());
    assert_eq!(shown(&world, &id).await, EVERYWHERE);
    assert_eq!(world.look_up("Users", "userName eq \"a@example.com\"").await.column("id"), [id.as_str()]);
    assert_eq!(world.server.state().restorable(), []);
    world.delete(&format!("/Users/{id}")).await;
    world.bend(route::CREATE, Bend::DropsValue("name.givenName".to_owned()));
    let mut lied = new_user("a");
    lied["name"]["givenName"] = json!("Augusta");
    let shown = world.post(lied).await.json();
    assert_eq!((&shown["id"], &shown["name"]["givenName"]), (&json!(id), &json!("Augusta")));
    assert_eq!((&shown["title"], world.stored(&id, "name.givenName")), (&json!("Countess"), json!("Given A")));
    // Another name is somebody else.
    assert_eq!((world.post(new_user("b")).await.status, world.last_write().did), (201, Did::Created));
    world.server.finish();
}

#[tokio::test]
async fn or_it_is_refused() {
    let (world, id) = without_a(|directory| directory.again = Again::Conflict).await;
    assert_eq!(world.post(new_user("A")).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(world.look_up("Users", "userName eq \"a@example.com\"").await.column("id"), [""; 0]);
    let other = world.post(new_user("b")).await.id();
    assert_eq!(world.set(&other, "userName", json!("a@example.com")).await.refusal(), refused(409, "uniqueness"));
    world.server.state().restore_account(&id);
    assert_eq!(world.set(&id, "active", json!(true)).await.status, 200);
    world.server.finish();
}

#[tokio::test]
async fn a_deleted_account_may_still_be_read_and_activated() {
    let (world, id) = without_a(|directory| directory.remains = Remains::Readable).await;
    assert_eq!(shown(&world, &id).await, (false, false, 200));
    let read = world.get(&format!("/Users/{id}?attributes=active,title")).await.json();
    assert_eq!((&read["active"], &read["title"], read.get("userName")), (&json!(false), &json!("Countess"), None));
    // A write that does not activate it leaves it deleted.
    assert_eq!(world.set(&id, "title", json!("Lady")).await.status, 200);
    assert_eq!(shown(&world, &id).await, (false, false, 200));
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["title"], json!("Lady"));
    assert_eq!(world.set(&id, "active", json!(true)).await.status, 200);
    assert_eq!((world.last_write().did, shown(&world, &id).await), (Did::Restored, EVERYWHERE));
    assert_eq!(world.server.state().deleted().len(), 1);
    // Whose name is taken meanwhile cannot come back.
    world.delete(&format!("/Users/{id}")).await;
    assert_eq!(world.post(new_user("a")).await.status, 201);
    assert_eq!(world.set(&id, "active", json!(true)).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(shown(&world, &id).await, (false, false, 200));
    world.server.finish();
}

#[tokio::test]
async fn a_new_account_may_be_hidden_at_first() {
    let world = World::with("a", |directory| directory.activation = Activation::Hidden).await;
    let made = world.post(new_user("ada")).await;
    assert_eq!((made.status, &made.json()["active"]), (201, &json!(false)));
    let id = made.id();
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["active"], json!(false));
    assert_eq!(world.set(&id, "active", json!(true)).await.json()["active"], json!(false));
    assert_eq!(world.last_write().did, Did::Nothing);
    // The person accepts the terms.
    world.server.state().edit(&id, "active", json!(true));
    assert_eq!(world.set(&id, "title", json!("Countess")).await.json()["active"], json!(true));
    // Who is active already stays so, and is hidden again after a break.
    let old = world.id("a");
    assert_eq!(world.set(&old, "active", json!(true)).await.json()["active"], json!(true));
    world.set(&old, "active", json!(false)).await;
    assert_eq!(world.set(&old, "active", json!(true)).await.json()["active"], json!(false));
    world.server.finish();
}

#[tokio::test]
async fn a_mishap_follows_the_policy_too() {
    let did = async |deactivation: Deprovision| {
        let world = World::with("a", |directory| directory.deactivation = deactivation).await;
        world.bend(route::PATCH, Bend::Deactivates);
        let id = world.id("a");
        world.set(&id, "title", json!("Countess")).await;
        let gone = world.server.state().deleted().into_iter().map(|gone| gone.by).collect::<Vec<_>>();
        (shown(&world, &id).await, gone)
    };
    assert_eq!(did(Deprovision::Deactivate).await, (EVERYWHERE, vec![]));
    assert_eq!(did(Deprovision::Delete).await, (NOWHERE, vec![By::Mishap]));
}

#[tokio::test]
async fn texts_are_no_truth_values() {
    let world = World::with("a", |_| {}).await;
    let id = world.id("a");
    assert_eq!(world.set(&id, "active", json!("perhaps")).await.refusal(), refused(400, "invalidValue"));
    assert_eq!(world.set(&id, "active", Value::Null).await.json().get("active"), None);
    assert_eq!(world.server.violations(), ["active as the text `perhaps`"]);
}

#[tokio::test]
async fn a_hidden_account_is_deleted_when_the_policy_is_to_delete() {
    for policy in [Deprovision::Delete, Deprovision::Deactivate] {
        let world = World::with("", |directory| {
            directory.activation = Activation::Hidden;
            directory.deactivation = policy;
        })
        .await;
        let id = world.post(new_user("ada")).await.id();
        // What does not speak of it, and what wants the account, deletes nobody.
        world.set(&id, "title", json!("Countess")).await;
        world.set(&id, "active", json!(true)).await;
        assert_eq!(shown(&world, &id).await, EVERYWHERE);
        assert_eq!(world.set(&id, "active", json!(false)).await.status, 200);
        let expected = if policy == Deprovision::Delete { (Did::Deleted, NOWHERE) } else { (Did::Nothing, EVERYWHERE) };
        assert_eq!((world.last_write().did, shown(&world, &id).await), expected, "{policy:?}");
    }
}

#[tokio::test]
async fn a_deleted_account_comes_back_by_a_word_alone() {
    let world = World::with("a", |directory| directory.remains = Remains::Readable).await;
    let id = world.id("a");
    world.delete(&format!("/Users/{id}")).await;
    let removal = json!([{"op": "remove", "path": "active"}]);
    assert_eq!(world.patch(&format!("/Users/{id}"), removal).await.status, 200);
    assert_eq!(world.get(&format!("/Users/{id}")).await.json()["active"], json!(false));
    assert_eq!(world.server.state().accounts(), []);
    world.set(&id, "active", json!(true)).await;
    assert_eq!((world.last_write().did, shown(&world, &id).await), (Did::Restored, EVERYWHERE));
}

//! Groups of an intranet: what is kept of them, who is in them, and how they are found.

use crate::world::{GROUP, PATCH, World, changed, new_group, new_user, refused};
use okta_haiilo_sim::haiilo::{
    Bend, Change, Did, GroupPatch, Kept, MemberShape, Members, Origin, Resource, WhenFull, route,
};
use reqwest::Method;
use serde_json::{Value, json};

fn member_path(id: &str) -> String {
    format!("members[value eq \"{id}\"]")
}

/// A write that let these in and those out.
fn moved(come: &[&str], go: &[&str]) -> Did {
    let entries = come.iter().map(|id| Change { path: member_path(id), from: None, to: Some(json!(id)) });
    let exits = go.iter().map(|id| Change { path: member_path(id), from: Some(json!(id)), to: None });
    let mut changes: Vec<Change> = entries.chain(exits).collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Did::Changed(changes)
}

#[tokio::test]
async fn a_group_is_made_with_its_members() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    world.set(&b, "displayName", json!("Bob")).await;
    let mut body = new_group("Editors", &[&a, &b]);
    body["externalId"] = json!("00g1");
    body["description"] = json!("They edit");
    let reply = world.ask(Method::POST, "/Groups", Some(body.clone())).await;
    assert_eq!(reply.status, 201);
    let id = reply.id();
    let origin = world.server.origin();
    assert_eq!(reply.header("location"), format!("{origin}/api/scim/v2/Groups/{id}"));
    let reference = |id: &str| format!("{origin}/api/scim/v2/Users/{id}");
    let shown = reply.json();
    assert_eq!(
        shown["members"],
        json!([
            {"value": a, "display": "a@example.com", "type": "User", "$ref": reference(&a)},
            {"value": b, "display": "Bob", "type": "User", "$ref": reference(&b)},
        ])
    );
    let values = ["schemas", "externalId", "displayName", "description"].map(|name| shown[name].clone());
    assert_eq!(values, [json!([GROUP]), json!("00g1"), json!("Editors"), json!("They edit")]);
    assert_eq!(shown["meta"]["resourceType"], json!("Group"));
    assert_eq!(shown, world.get(&format!("/Groups/{id}")).await.json());
    let write = world.last_write();
    assert_eq!((write.resource, write.method.as_str(), write.status), (Resource::Group, "POST", 201));
    assert_eq!((write.id, write.body, write.did), (Some(id.clone()), body, Did::Created));
    let group = world.server.state().group_named("EDITORS").expect("it was made");
    assert_eq!((group.id, group.origin, group.members), (id.clone(), Origin::Scim, vec![a.clone(), b]));
    let of_user = world.get(&format!("/Users/{a}")).await.json()["groups"].clone();
    assert_eq!(of_user, json!([{"value": id, "display": "Editors", "type": "direct"}]));
    world.server.finish();
}

#[tokio::test]
async fn a_group_has_a_name_that_no_other_has() {
    let world = World::with("", |_| {}).await;
    let id = world.post_group("Editors", &[]).await.id();
    let other = world.post_group("Readers", &[]).await.id();
    assert_eq!(world.post_group("EDITORS", &[]).await.refusal(), refused(409, "uniqueness"));
    let rename = async |id: &str, name: Value| {
        world.patch_group(id, json!([{"op": "replace", "path": "displayName", "value": name}])).await
    };
    assert_eq!(rename(&other, json!("editors")).await.refusal(), refused(409, "uniqueness"));
    assert_eq!(rename(&other, json!("")).await.refusal(), refused(400, "invalidValue"));
    assert_eq!(rename(&other, json!(1)).await.refusal(), refused(400, "invalidValue"));
    assert_eq!(world.last_write().did, Did::Nothing);
    assert_eq!(rename(&id, json!("EDITORS")).await.status, 204);
    assert_eq!(world.last_write().did, changed("displayName", json!("Editors"), json!("EDITORS")));
    assert_eq!(rename(&id, json!("Writers")).await.status, 204);
    assert_eq!(rename(&other, json!("Editors")).await.status, 204);
    let nameless = world.ask(Method::POST, "/Groups", Some(json!({"schemas": [GROUP]}))).await;
    assert_eq!(nameless.refusal(), refused(400, "invalidValue"));
    assert_eq!(world.server.state().intranet_groups().len(), 2);
    world.server.finish();
}

#[tokio::test]
async fn a_new_name_shows_at_every_member() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let id = world.post_group("Editors", &[&a]).await.id();
    let names = async |account: &str| {
        let shown = world.get(&format!("/Users/{account}")).await.json();
        shown["groups"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .iter()
            .map(|it| it["display"].clone())
            .collect::<Value>()
    };
    assert_eq!((names(&a).await, names(&b).await), (json!(["Editors"]), json!([])));
    world.patch_group(&id, json!([{"op": "replace", "value": {"displayName": "Writers"}}])).await;
    assert_eq!(names(&a).await, json!(["Writers"]));
    world.patch_group(&id, json!([{"op": "add", "path": "members", "value": [{"value": b}]}])).await;
    assert_eq!(names(&b).await, json!(["Writers"]));
    let of_user = world.set(&a, "groups", json!([])).await;
    assert_eq!(of_user.refusal(), refused(400, "mutability"));
    world.patch_group(&id, json!([{"op": "remove", "path": member_path(&a)}])).await;
    assert_eq!((names(&a).await, names(&b).await), (json!([]), json!(["Writers"])));
    world.delete(&format!("/Groups/{id}")).await;
    assert_eq!((names(&a).await, names(&b).await), (json!([]), json!([])));
}

#[tokio::test]
async fn members_come_and_go_one_by_one() {
    let world = World::with("abcd", |_| {}).await;
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| world.id(name));
    let id = world.post_group("Editors", &[&a, &b]).await.id();
    let version = world.server.state().group(&id).expect("it was made").version;
    let done = async |operations: Value| {
        let reply = world.patch_group(&id, operations).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""));
        (world.last_write().did, world.members(&id))
    };
    let all = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<Vec<_>>();
    let add = json!([{"op": "add", "path": "members", "value": [{"value": c}, {"value": b}]}]);
    assert_eq!(done(add.clone()).await, (moved(&[&c], &[]), all(&[&a, &b, &c])));
    assert_eq!(world.server.state().group(&id).expect("it is there").version, version + 1);
    assert_eq!(done(add).await, (Did::Nothing, all(&[&a, &b, &c])));
    assert_eq!(world.server.state().group(&id).expect("it is there").version, version + 1);
    let by_path = json!([{"op": "add", "path": member_path(&d), "value": {"value": d}}]);
    assert_eq!(done(by_path).await, (moved(&[&d], &[]), all(&[&a, &b, &c, &d])));
    let one = json!([{"op": "remove", "path": member_path(&a)}]);
    assert_eq!(done(one.clone()).await, (moved(&[], &[&a]), all(&[&b, &c, &d])));
    assert_eq!(done(one).await, (Did::Nothing, all(&[&b, &c, &d])));
    let these = json!([{"op": "remove", "path": "members", "value": [{"value": b}, {"value": "nobody"}]}]);
    assert_eq!(done(these).await, (moved(&[], &[&b]), all(&[&c, &d])));
    let either = format!("members[value eq \"{c}\" or value eq \"x\"]");
    let either = json!([{"op": "remove", "path": either}, {"op": "add", "path": "members", "value": {"value": a}}]);
    assert_eq!(done(either).await, (moved(&[&a], &[&c]), all(&[&a, &d])));
    let back =
        json!([{"op": "remove", "path": member_path(&a)}, {"op": "add", "path": "members", "value": [{"value": a}]}]);
    assert_eq!(done(back).await, (Did::Nothing, all(&[&a, &d])));
    let replace = json!([{"op": "replace", "path": "members", "value": [{"value": b}, {"value": a}]}]);
    assert_eq!(done(replace).await, (moved(&[&b], &[&d]), all(&[&a, &b])));
    assert_eq!(done(json!([{"op": "remove", "path": "members"}])).await, (moved(&[], &[&a, &b]), all(&[])));
    world.server.finish();
}

#[tokio::test]
async fn a_patch_does_all_or_nothing() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let id = world.post_group("Editors", &[&a]).await.id();
    let add = |id: &str| json!({"op": "add", "path": "members", "value": [{"value": id}]});
    for (operation, kind) in [
        (add("nobody"), "invalidValue"),
        (json!({"op": "add", "path": "members", "value": [{"display": "b"}]}), "invalidValue"),
        (json!({"op": "add", "path": "members", "value": "b"}), "invalidValue"),
        (json!({"op": "replace", "path": "members[value eq \"x\"]", "value": {"value": b}}), "mutability"),
        (json!({"op": "replace", "path": "members[value eq \"x\"].display", "value": "B"}), "mutability"),
        (json!({"op": "remove", "path": "owners[value eq \"x\"]"}), "invalidPath"),
        (json!({"op": "remove", "path": "members[value"}), "invalidPath"),
        (json!({"op": "replace", "path": "members.value", "value": "x"}), "invalidPath"),
        (json!({"op": "remove"}), "noTarget"),
        (json!({"op": "replace", "path": "description", "value": 1}), "invalidValue"),
    ] {
        let reply = world.patch_group(&id, json!([add(&b), operation])).await;
        assert_eq!(reply.refusal(), refused(400, kind), "{operation}");
        assert_eq!((world.last_write().did, world.members(&id)), (Did::Nothing, vec![a.clone()]), "{operation}");
    }
    assert_eq!(world.post_group("Readers", &[&a, "nobody"]).await.refusal(), refused(400, "invalidValue"));
    assert_eq!(world.server.state().group_named("Readers"), None);
    world.server.finish();
}

#[tokio::test]
async fn a_replacement_leaves_what_it_names() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let mut body = new_group("Editors", &[&a]);
    body["description"] = json!("They edit");
    let id = world.ask(Method::POST, "/Groups", Some(body)).await.id();
    let path = format!("/Groups/{id}");
    let reply = world.ask(Method::PUT, &path, Some(new_group("Editors", &[&b]))).await;
    assert_eq!((reply.status, reply.members()), (200, vec![b.clone()]));
    let Did::Changed(changes) = world.last_write().did else { panic!("it changed nothing") };
    let paths: Vec<String> = changes.into_iter().map(|change| change.path).collect();
    let mut expected = vec!["description".to_owned(), member_path(&a), member_path(&b)];
    expected.sort();
    assert_eq!(paths, expected);
    let reply = world.ask(Method::PUT, &path, Some(json!({"schemas": [GROUP], "members": []}))).await;
    assert_eq!(reply.refusal(), refused(400, "invalidValue"));
    let nobody = json!({"schemas": [GROUP], "displayName": "Editors"});
    assert_eq!(world.ask(Method::PUT, &path, Some(nobody)).await.status, 200);
    assert_eq!(world.members(&id), [""; 0]);
}

#[tokio::test]
async fn lists_of_groups() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let mut ids = Vec::new();
    for (name, members) in [("One", vec![a.as_str()]), ("Two", vec![&a, &b]), ("Three", vec![])] {
        ids.push(world.post_group(name, &members).await.id());
    }
    let all = world.get("/Groups").await;
    assert_eq!(
        (all.column("displayName"), &all.json()["totalResults"]),
        (vec!["One".into(), "Two".into(), "Three".into()], &json!(3))
    );
    assert_eq!(all.json()["Resources"][1]["members"][1]["value"], json!(b));
    let page = world.get("/Groups?startIndex=2&count=1").await;
    let body = page.json();
    assert_eq!(
        (page.column("displayName"), &body["startIndex"], &body["totalResults"]),
        (vec!["Two".into()], &json!(2), &json!(3))
    );
    let lean = world.get("/Groups?excludedAttributes=members").await.json();
    assert_eq!((lean["Resources"][1].get("members"), &lean["Resources"][1]["displayName"]), (None, &json!("Two")));
    let named = world.get("/Groups?attributes=displayName").await.json();
    assert_eq!(named["Resources"][1], json!({"schemas": [GROUP], "id": ids[1], "displayName": "Two"}));
    let inner = world.get(&format!("/Groups/{}?attributes=members.value", ids[1])).await.json();
    assert_eq!(inner["members"], json!([{"value": a}, {"value": b}]));
    let found = async |filter: &str| world.look_up("Groups", filter).await.column("displayName");
    assert_eq!(found("displayName eq \"tWO\"").await, ["Two"]);
    assert_eq!(found(&format!("id eq \"{}\"", ids[2])).await, ["Three"]);
    assert_eq!(found(&format!("members.value eq \"{b}\"")).await, ["Two"]);
    assert_eq!(found("displayName sw \"t\"").await, ["Two", "Three"]);
    assert_eq!(found("displayName eq \"Four\"").await, [""; 0]);
    assert_eq!(world.look_up("Groups", "displayName").await.refusal(), refused(400, "invalidFilter"));
    assert_eq!(world.get("/Groups/nothing").await.status, 404);
    world.server.finish();
}

#[tokio::test]
async fn lists_may_hide_members() {
    let world = World::with("a", |directory| directory.members = Members::NotInLists).await;
    let id = world.post_group("Editors", &[&world.id("a")]).await.id();
    assert_eq!(world.get("/Groups").await.json()["Resources"][0].get("members"), None);
    let found = world.look_up("Groups", "displayName eq \"Editors\"").await;
    assert_eq!(found.json()["Resources"][0].get("members"), None);
    assert_eq!(world.get(&format!("/Groups/{id}")).await.members(), [world.id("a")]);
}

#[tokio::test]
async fn members_may_be_shown_as_they_were_sent() {
    let world = World::with("a", |directory| directory.member = MemberShape::Bare).await;
    let a = world.id("a");
    let shown = world.post_group("Editors", &[&a]).await.json();
    let reference = format!("{}/api/scim/v2/Users/{a}", world.server.origin());
    assert_eq!(shown["members"], json!([{"value": a, "$ref": reference}]));
}

#[tokio::test]
async fn a_directory_may_drop_values() {
    let world = World::with("", |directory| {
        directory.group_external_ids = Kept::Dropped;
        directory.descriptions = Kept::Dropped;
        directory.group_patch = GroupPatch::Whole;
    })
    .await;
    let mut body = new_group("Editors", &[]);
    body["externalId"] = json!("00g1");
    body["description"] = json!("They edit");
    let made = world.ask(Method::POST, "/Groups", Some(body)).await;
    assert_eq!((made.json().get("externalId"), made.json().get("description")), (None, None));
    let both = json!([{"op": "replace", "value": {"externalId": "1", "description": "2"}}]);
    let reply = world.patch_group(&made.id(), both).await;
    assert_eq!((reply.status, reply.json().get("description")), (200, None));
    assert_eq!(world.last_write().did, Did::Nothing);
    let world = World::with("", |_| {}).await;
    let id = world.post_group("Editors", &[]).await.id();
    world.patch_group(&id, json!([{"op": "replace", "path": "description", "value": "2"}])).await;
    assert_eq!(world.last_write().did, changed("description", Value::Null, json!("2")));
    world.patch_group(&id, json!([{"op": "remove", "path": "description"}])).await;
    assert_eq!(world.last_write().did, changed("description", json!("2"), Value::Null));
    world.patch_group(&id, json!([{"op": "add", "path": "externalId", "value": "00g1"}])).await;
    assert_eq!(world.look_up("Groups", "externalId eq \"00g1\"").await.column("displayName"), ["Editors"]);
}

#[tokio::test]
async fn a_deleted_account_is_in_no_group() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let id = world.post_group("Editors", &[&a, &b]).await.id();
    assert_eq!(world.delete(&format!("/Users/{a}")).await.status, 204);
    assert_eq!(world.members(&id), [b.as_str()]);
    world.server.state().remove_account(&b);
    assert_eq!(world.get(&format!("/Groups/{id}")).await.members(), [""; 0]);
    let add = |id: &str| json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
    assert_eq!(world.patch_group(&id, add(&a)).await.refusal(), refused(400, "invalidValue"));
    // Neither can somebody be in a group who waits for a seat.
    world.server.state().set_seats(Some(0));
    world.server.state().tune(|manner| manner.when_full = WhenFull::Queued);
    let waiting = world.post(new_user("c")).await.id();
    assert_eq!(world.patch_group(&id, add(&waiting)).await.refusal(), refused(400, "invalidValue"));
}

#[tokio::test]
async fn a_deleted_group_is_gone() {
    let world = World::with("a", |_| {}).await;
    let id = world.post_group("Editors", &[&world.id("a")]).await.id();
    let path = format!("/Groups/{id}");
    assert_eq!(world.delete(&path).await.status, 204);
    let write = world.last_write();
    assert_eq!((write.did, write.id), (Did::Deleted, Some(id.clone())));
    assert_eq!((world.get(&path).await.status, world.delete(&path).await.status), (404, 404));
    assert_eq!(world.patch_group(&id, json!([])).await.status, 404);
    assert_ne!(world.post_group("Editors", &[]).await.id(), id);
    assert_eq!(world.server.state().deleted(), []);
}

#[tokio::test]
async fn an_admin_works_on_groups_too() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let id = world.server.state().make_group("Editors");
    for account in [&a, &b] {
        world.server.state().put_into_group(&id, account);
    }
    world.server.state().take_out_of_group(&id, &a);
    world.server.state().rename_group(&id, "Writers");
    let shown = world.get(&format!("/Groups/{id}")).await;
    assert_eq!((shown.members(), &shown.json()["displayName"]), (vec![b.clone()], &json!("Writers")));
    assert_eq!(world.server.state().group(&id).expect("it was made").origin, Origin::Hand);
    let account = world.server.state().account(&b).expect("it was made");
    assert_eq!(account.groups, ["Writers"]);
    world.server.state().drop_group(&id);
    assert_eq!(world.get(&format!("/Groups/{id}")).await.status, 404);
    assert_eq!(world.server.state().account(&b).expect("it is there").groups, [""; 0]);
    assert_eq!(world.server.state().writes(), []);
}

#[tokio::test]
async fn groups_bend_like_accounts() {
    let world = World::with("ab", |_| {}).await;
    let (a, b) = (world.id("a"), world.id("b"));
    let id = world.post_group("One", &[]).await.id();
    world.post_group("Two", &[]).await;
    world.bend(route::LIST_GROUPS, Bend::EmptyPage);
    assert_eq!(world.get("/Groups").await.column("displayName"), [""; 0]);
    world.bend(route::LIST_GROUPS, Bend::NotAList);
    assert_eq!(world.get("/Groups").await.json(), json!({"status": "ok"}));
    world.bend(route::LOOK_UP_GROUPS, Bend::FindsOther);
    assert_eq!(world.look_up("Groups", "displayName eq \"One\"").await.column("displayName"), ["Two"]);
    world.bend(route::LOOK_UP_GROUPS, Bend::FindsAll);
    assert_eq!(world.look_up("Groups", "displayName eq \"One\"").await.column("displayName"), ["One", "Two"]);
    world.bend(route::READ_GROUP, Bend::NotFoundOnce);
    assert_eq!(world.get(&format!("/Groups/{id}")).await.status, 404);
    world.bend(route::PATCH_GROUP, Bend::EtagChanged);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": a}, {"value": b}]}]);
    assert_eq!(world.patch_group(&id, add.clone()).await.status, 412);
    world.bend(route::PATCH_GROUP, Bend::LosesMember);
    assert_eq!(world.patch_group(&id, add).await.status, 204);
    assert_eq!((world.last_write().did, world.members(&id)), (moved(&[&b], &[]), vec![b.clone()]));
    world.bend(route::PATCH_GROUP, Bend::EmptiesGroup);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": a}]}]);
    assert_eq!(world.patch_group(&id, add).await.status, 204);
    assert_eq!((world.last_write().did, world.members(&id)), (moved(&[&a], &[&b]), vec![a]));
    world.server.state().set_group_external_id(&id, "x");
    assert_eq!(world.get(&format!("/Groups/{id}")).await.json()["externalId"], "x");
    world.server.finish();
    world.server.state().must_not_touch_group(&id);
    world.delete(&format!("/Groups/{id}")).await;
    assert_eq!(world.server.violations(), [format!("DELETE on {id}, which must not be touched")]);
}

#[tokio::test]
async fn large_writes_may_be_refused() {
    let world = World::with("a", |directory| {
        directory.most_operations = Some(2);
        directory.largest_body = Some(600);
    })
    .await;
    let id = world.post_group("Editors", &[]).await.id();
    let rename = json!({"op": "replace", "path": "displayName", "value": "Writers"});
    assert_eq!(world.patch_group(&id, json!([rename, rename])).await.status, 204);
    assert_eq!(world.patch_group(&id, json!([rename, rename, rename])).await.status, 413);
    assert_eq!(world.patch(&format!("/Users/{}", world.id("a")), json!([rename, rename, rename])).await.status, 413);
    let long = |length: usize| new_group(&"x".repeat(length), &[]);
    let envelope = long(0).to_string().len();
    assert_eq!(world.ask(Method::POST, "/Groups", Some(long(600 - envelope))).await.status, 201);
    let reply = world.ask(Method::POST, "/Groups", Some(long(601 - envelope))).await;
    assert_eq!((reply.status, &reply.json()["status"]), (413, &json!("413")));
    let mut body = new_user("b");
    body["title"] = json!("x".repeat(600));
    assert_eq!(world.post(body).await.status, 413);
    let statuses: Vec<u16> = world.server.state().writes().iter().map(|write| write.status).collect();
    assert_eq!(statuses, [201, 204, 413, 413, 201, 413, 413]);
}

#[tokio::test]
async fn what_no_correct_client_sends() {
    let world = World::with("", |_| {}).await;
    let id = world.post_group("Editors", &[]).await.id();
    world.ask(Method::POST, "/Groups", Some(json!({"displayName": "Readers"}))).await;
    let body = json!({"schemas": [PATCH], "Operations": [{"op": "Add", "path": "description", "value": "x"}]});
    assert_eq!(world.ask(Method::PATCH, &format!("/Groups/{id}"), Some(body)).await.status, 204);
    assert_eq!(world.ask(Method::DELETE, "/Groups", None).await.status, 405);
    let violations = [
        format!("POST without the schema {GROUP}"),
        "PATCH with op `Add`: only lower case is an operation of the RFC".to_owned(),
        "unknown route: DELETE /api/scim/v2/Groups".to_owned(),
    ];
    assert_eq!(world.server.violations(), violations);
}

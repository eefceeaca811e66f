//! Reads by id that show the state before a change, while its event is in the System Log already.

use okta_haiilo_sim::okta::{APP_ID, Lag, Okta};
use okta_haiilo_sim::people::person;
use serde_json::{Value, json};

use crate::support::{World, app_users, org_of};

async fn assignment(world: &World, id: &str) -> Value {
    world.get(&format!("/api/v1/apps/{APP_ID}/users/{id}?expand=user")).await.json()
}

async fn user(world: &World, id: &str) -> Value {
    world.get(&format!("/api/v1/users/{id}")).await.json()
}

#[tokio::test]
async fn a_change_is_seen_after_a_while() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().lag = Lag::Ms(10_000);
    world.server.state().rename(&id, "new@example.com");
    assert_eq!(world.get("/api/v1/logs").await.events().len(), 3, "the events are there at once");
    for (wait, name) in [(0, person(0).email), (9_999, person(0).email), (1, "new@example.com".to_owned())] {
        world.clock.advance(wait);
        let row = assignment(&world, &id).await;
        assert_eq!(row["credentials"]["userName"], name);
        assert_eq!(row["_embedded"]["user"]["profile"]["login"], name);
        assert_eq!(user(&world, &id).await["profile"]["email"], name);
    }
    world.server.finish();
}

#[tokio::test]
async fn a_change_is_seen_after_some_reads() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    world.server.state().lag = Lag::Reads(2);
    world.server.state().suspend(&people[0]);
    user(&world, &people[1]).await;
    assert_eq!(user(&world, &people[0]).await["status"], "ACTIVE");
    assert_eq!(assignment(&world, &people[0]).await["_embedded"]["user"]["status"], "ACTIVE");
    assert_eq!(user(&world, &people[0]).await["status"], "SUSPENDED");
    world.server.state().unsuspend(&people[0]);
    assert_eq!(user(&world, &people[0]).await["status"], "SUSPENDED", "the next change lags as well");
    world.server.finish();
}

#[tokio::test]
async fn lists_show_at_once_what_reads_by_id_do_not() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    world.server.state().lag = Lag::Ms(1_000);
    world.server.state().unassign(&people[0]);
    assert_eq!(world.get(&app_users("limit=9")).await.ids(), people[1..]);
    assert_eq!(assignment(&world, &people[0]).await["status"], "ACTIVE");
    world.clock.advance(1_000);
    assert_eq!(assignment(&world, &people[0]).await["errorCode"], "E0000007");
    world.server.finish();
}

#[tokio::test]
async fn the_new_are_not_there_yet_and_the_deleted_still_are() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().lag = Lag::Ms(1_000);
    let new = world.server.state().hire(&person(7));
    world.server.state().delete_user(&id);
    assert_eq!(
        (assignment(&world, &new).await["errorCode"].clone(), user(&world, &new).await["errorCode"].clone()),
        (json!("E0000007"), json!("E0000007"))
    );
    assert_eq!(user(&world, &person(7).email).await["errorCode"], "E0000007", "nor by login");
    assert_eq!(
        (assignment(&world, &id).await["status"].clone(), user(&world, &id).await["status"].clone()),
        (json!("ACTIVE"), json!("ACTIVE"))
    );
    world.clock.advance(1_000);
    assert_eq!(assignment(&world, &new).await["status"], "ACTIVE");
    assert_eq!(user(&world, &id).await["errorCode"], "E0000007");
    world.server.finish();
}

#[tokio::test]
async fn changes_are_seen_one_after_the_other() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().lag = Lag::Ms(1_000);
    for city in ["Oulu", "Turku"] {
        world.server.state().set_profile(&id, "city", json!(city));
        world.clock.advance(500);
    }
    for city in ["Oulu", "Turku"] {
        assert_eq!(user(&world, &id).await["profile"]["city"], city);
        world.clock.advance(500);
    }
    world.server.finish();
}

#[tokio::test]
async fn what_changes_by_a_group_lags_too() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    let id = people[0].clone();
    world.server.state().unassign(&id);
    world.server.state().lag = Lag::Reads(1);
    world.server.state().assign_by_group(&id, "Staff");
    assert_eq!(assignment(&world, &id).await["errorCode"], "E0000007");
    assert_eq!(assignment(&world, &id).await["scope"], "GROUP");
    world.server.state().unassign_group("Staff");
    assert_eq!(assignment(&world, &id).await["scope"], "GROUP");
    assert_eq!(assignment(&world, &id).await["errorCode"], "E0000007");
    world.server.state().assign_by_group(&people[1], "Staff");
    assert_eq!(assignment(&world, &id).await["errorCode"], "E0000007", "a member gets it when the group does");
    assert_eq!(assignment(&world, &id).await["scope"], "GROUP");
    world.server.finish();
}

#[tokio::test]
async fn each_deed_lags() {
    let deeds: [fn(&mut Okta, &str); 9] = [
        |okta, id| okta.set_user_name(id, "another"),
        |okta, id| okta.set_app_profile(id, "role", json!("author")),
        |okta, id| okta.set_assignment_status(id, "PENDING"),
        |okta, id| okta.set_profile(id, "city", json!("Oulu")),
        |okta, id| okta.unset_profile(id, "city"),
        Okta::suspend,
        Okta::unassign,
        Okta::deactivate,
        Okta::delete_user,
    ];
    for (n, deed) in deeds.into_iter().enumerate() {
        let world = org_of(1).await;
        let id = world.server.state().assigned().remove(0);
        let before = assignment(&world, &id).await;
        world.server.state().lag = Lag::Reads(1);
        deed(&mut world.server.state(), &id);
        assert_eq!(assignment(&world, &id).await, before, "deed {n}");
        assert_ne!(assignment(&world, &id).await, before, "deed {n}");
    }
}

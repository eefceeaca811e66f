//! Joining, leaving, and everything between, as the lists show it.

use okta_haiilo_sim::okta::APP_ID;
use serde_json::{Value, json};

use crate::support::{World, app_users, error, org_of};

async fn row(world: &World, id: &str) -> Value {
    world.get(&format!("/api/v1/apps/{APP_ID}/users/{id}?expand=user")).await.json()
}

async fn user(world: &World, id: &str) -> Value {
    world.get(&format!("/api/v1/users/{id}")).await.json()
}

#[tokio::test]
async fn a_suspended_user_keeps_an_active_row() {
    let world = org_of(2).await;
    let id = world.server.state().assigned().remove(0);
    world.clock.advance(60_000);
    world.server.state().suspend(&id);
    let suspended = row(&world, &id).await;
    assert_eq!(suspended["status"], "ACTIVE");
    assert_eq!(suspended["_embedded"]["user"]["status"], "SUSPENDED");
    assert_eq!(suspended["_embedded"]["user"]["statusChanged"], "2026-11-24T08:01:00.000Z");
    assert_eq!(suspended["lastUpdated"], "2026-11-24T08:00:00.000Z", "the assignment has a clock of its own");
    world.server.state().unsuspend(&id);
    assert_eq!(row(&world, &id).await["_embedded"]["user"]["status"], "ACTIVE");
}

#[tokio::test]
async fn a_deactivated_user_loses_the_row_and_does_not_get_it_back() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    world.server.state().deactivate(&people[0]);
    assert_eq!(world.walk(&app_users("limit=1")).await, people[1..]);
    assert_eq!(row(&world, &people[0]).await["errorCode"], "E0000007");
    assert_eq!(user(&world, &people[0]).await["status"], "DEPROVISIONED");

    world.server.state().reactivate(&people[0]);
    assert_eq!(user(&world, &people[0]).await["status"], "ACTIVE");
    assert!(!world.server.state().is_assigned(&people[0]));

    world.server.state().assign(&people[0]);
    assert_eq!(world.walk(&app_users("limit=1")).await, [people[1].clone(), people[0].clone()]);
}

#[tokio::test]
async fn a_deleted_user_is_nowhere() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    let login = world.server.state().profile(&people[0])["login"].as_str().expect("a login").to_owned();
    for person in &people {
        world.server.state().assign_by_group(person, "Staff");
    }
    let staff = world.server.state().group_id("Staff").expect("just made");
    world.server.state().delete_user(&people[0]);
    assert_eq!(world.walk(&format!("/api/v1/groups/{staff}/users")).await, people[1..]);
    for path in [format!("/api/v1/users/{}", people[0]), format!("/api/v1/users/{login}")] {
        assert_eq!(world.get(&path).await.error(), error(404, "E0000007"), "{path}");
    }
    assert_eq!(world.walk("/api/v1/users").await, people[1..]);
    assert_eq!(world.server.state().find(&login), None);
    // The login is free again.
    let again = world.server.state().add_user(json!({"login": login}).as_object().expect("an object").clone());
    assert_ne!(again, people[0]);
}

#[tokio::test]
async fn an_unassigned_user_stays_a_user() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().unassign(&id);
    assert_eq!(world.get(&app_users("limit=1")).await.rows().len(), 0);
    assert_eq!(user(&world, &id).await["status"], "ACTIVE");
    assert_eq!(world.server.state().assigned_count(), 0);
}

#[tokio::test]
async fn an_assignment_by_group_says_so_and_goes_with_the_membership() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().unassign(&id);
    world.server.state().assign_by_group(&id, "Staff");
    let group = world.server.state().group_id("Staff").expect("just made");
    let assigned = row(&world, &id).await;
    assert_eq!(assigned["scope"], "GROUP");
    let link = assigned["_links"]["group"]["href"].as_str().expect("a link to the group");
    assert!(link.ends_with(&format!("/api/v1/groups/{group}")));

    let members = format!("/api/v1/groups/{group}/users");
    world.server.state().deactivate(&id);
    assert_eq!(world.get(&members).await.ids(), std::slice::from_ref(&id), "memberships survive a deactivation");
    world.server.state().reactivate(&id);
    world.server.state().assign_by_group(&id, "Staff");
    world.server.state().unassign(&id);
    assert_eq!(world.get(&members).await.rows().len(), 0);
}

#[tokio::test]
async fn statuses_are_whatever_a_test_says() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    for status in ["STAGED", "LOCKED_OUT", "DEPROVISIONED", "A_STATUS_OF_TOMORROW"] {
        world.server.state().set_status(&id, status);
        world.server.state().set_assignment_status(&id, status);
        let row = row(&world, &id).await;
        assert_eq!((&row["status"], &row["_embedded"]["user"]["status"]), (&json!(status), &json!(status)));
        assert_eq!(world.server.state().status(&id), Some(status));
    }
}

#[tokio::test]
async fn a_rename_moves_login_email_and_user_name() {
    let world = org_of(2).await;
    let id = world.server.state().assigned().remove(0);
    world.clock.advance(1_000);
    world.server.state().rename(&id, "New.Name@example.com");
    let renamed = row(&world, &id).await;
    assert_eq!(renamed["credentials"]["userName"], "New.Name@example.com");
    let profile = &renamed["_embedded"]["user"]["profile"];
    assert_eq!(
        (&profile["login"], &profile["email"]),
        (&json!("New.Name@example.com"), &json!("New.Name@example.com"))
    );
    assert_eq!(renamed["_embedded"]["user"]["lastUpdated"], "2026-11-24T08:00:01.000Z");
    assert_eq!(world.server.state().find("new.name@EXAMPLE.com"), Some(id.clone()));
    assert_eq!(world.server.state().find("edsger.dubois.0@example.com"), None);

    world.server.state().set_user_name(&id, "another");
    assert_eq!(row(&world, &id).await["credentials"]["userName"], "another");
    assert_eq!(world.server.state().user_name(&id), Some("another"));
    assert_eq!(user(&world, &id).await["profile"]["login"], "New.Name@example.com");
}

#[tokio::test]
async fn attributes_are_absent_until_set_and_empty_when_cleared() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    assert_eq!(user(&world, &id).await["profile"].get("nickName"), None);
    world.server.state().set_profile(&id, "nickName", json!("Ed"));
    assert_eq!(user(&world, &id).await["profile"]["nickName"], "Ed");
    world.server.state().set_profile(&id, "nickName", json!(""));
    assert_eq!(user(&world, &id).await["profile"]["nickName"], "");
    world.server.state().unset_profile(&id, "nickName");
    assert_eq!(user(&world, &id).await["profile"].get("nickName"), None);
    world.server.state().set_app_profile(&id, "role", json!("author"));
    assert_eq!(row(&world, &id).await["profile"], json!({"role": "author"}));
}

#[tokio::test]
#[should_panic(expected = "is taken")]
async fn two_users_cannot_have_one_login() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    let login = world.server.state().profile(&people[0])["login"].as_str().expect("a login").to_uppercase();
    world.server.state().rename(&people[1], &login);
}

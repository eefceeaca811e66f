//! Which deed writes which events, and who is named in them.

use crate::support::{NOW_MS, org_of};
use okta_haiilo_sim::SimClock;
use okta_haiilo_sim::okta::{APP_ID, Change, FanOut, LogOutcome, LogTarget, Okta};
use okta_haiilo_sim::people::person;
use serde_json::{Value, json};

/// The events of a deed in an org of three people, of whom the first was prepared without a word.
fn events_after(prepare: impl FnOnce(&mut Okta, &str), act: impl FnOnce(&mut Okta, &str)) -> Vec<String> {
    let mut okta = Okta::new(SimClock::standing(NOW_MS));
    okta.populate(3);
    let id = okta.assigned().remove(0);
    okta.without_events(|okta| prepare(okta, &id));
    act(&mut okta, &id);
    // What is found out about the application is found out when the log is written.
    okta.log_event("the.end", Vec::new());
    let mut events: Vec<String> = okta.log.event_types().iter().map(|event| (*event).to_owned()).collect();
    assert_eq!(events.pop().as_deref(), Some("the.end"));
    events
}

fn events_of(act: impl FnOnce(&mut Okta, &str)) -> Vec<String> {
    events_after(|_, _| {}, act)
}

#[test]
fn joining_and_leaving() {
    assert_eq!(
        events_of(|okta, _| drop(okta.hire(&person(9)))),
        ["user.lifecycle.create", "user.lifecycle.activate", "application.user_membership.add"]
    );
    assert_eq!(events_of(Okta::unassign), ["application.user_membership.remove"]);
    assert_eq!(events_after(Okta::unassign, Okta::assign), ["application.user_membership.add"]);
    assert_eq!(events_of(Okta::deactivate), ["user.lifecycle.deactivate", "application.user_membership.remove"]);
    assert_eq!(events_after(Okta::deactivate, Okta::reactivate), ["user.lifecycle.activate"]);
    assert_eq!(
        events_of(Okta::delete_user),
        [
            "user.lifecycle.deactivate",
            "application.user_membership.remove",
            "user.lifecycle.delete.initiated",
            "user.lifecycle.delete.completed",
        ]
    );
    assert_eq!(
        events_after(Okta::deactivate, Okta::delete_user),
        ["user.lifecycle.delete.initiated", "user.lifecycle.delete.completed"]
    );
}

#[test]
fn what_changes_nothing_writes_nothing() {
    assert_eq!(events_of(Okta::assign), Vec::<String>::new());
    assert_eq!(events_after(Okta::unassign, Okta::unassign), Vec::<String>::new());
    assert_eq!(events_of(Okta::unsuspend), Vec::<String>::new());
    assert_eq!(events_of(|okta, _| okta.populate(0)), Vec::<String>::new());
    assert_eq!(
        events_of(|okta, id| okta.without_events(|okta| {
            okta.suspend(id);
            okta.app.label = "Another label".to_owned();
        })),
        Vec::<String>::new()
    );
}

#[test]
fn groups() {
    assert_eq!(
        events_after(Okta::unassign, |okta, id| okta.assign_by_group(id, "Staff")),
        [
            "group.lifecycle.create",
            "group.application_assignment.add",
            "group.user_membership.add",
            "application.user_membership.add",
        ]
    );
    let join_staff = |okta: &mut Okta, id: &str| {
        okta.unassign(id);
        okta.assign_by_group(id, "Staff");
    };
    assert_eq!(
        events_after(join_staff, Okta::unassign),
        ["application.user_membership.remove", "group.user_membership.remove"]
    );
    assert_eq!(
        events_after(join_staff, |okta, _| okta.unassign_group("Staff")),
        ["group.application_assignment.remove", "application.user_membership.remove"]
    );
    assert_eq!(
        events_after(join_staff, |okta, id| okta.assign_by_group(id, "Staff")),
        Vec::<String>::new(),
        "a member who has it"
    );
    let lost_again = |okta: &mut Okta, id: &str| {
        join_staff(okta, id);
        okta.unassign_group("Staff");
    };
    assert_eq!(
        events_after(lost_again, |okta, _| {
            let other = okta.assigned().remove(0);
            okta.assign_by_group(&other, "Staff");
        }),
        ["group.application_assignment.add", "application.user_membership.add", "group.user_membership.add"],
        "those who were members already get it first"
    );
}

#[test]
fn a_group_that_reaches_people_may_do_it_silently() {
    let silent = |okta: &mut Okta, id: &str| {
        okta.unassign(id);
        okta.log.fan_out = FanOut::Silent;
    };
    assert_eq!(
        events_after(silent, |okta, id| okta.assign_by_group(id, "Staff")),
        ["group.lifecycle.create", "group.application_assignment.add", "group.user_membership.add"]
    );
}

#[tokio::test]
async fn a_group_without_the_application_is_not_among_its_groups() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    world.server.state().unassign(&people[0]);
    world.server.state().assign_by_group(&people[0], "Staff");
    let (groups, group) = (format!("/api/v1/apps/{APP_ID}/groups"), world.server.state().group_id("Staff"));
    assert_eq!(world.get(&groups).await.ids(), [group.expect("just made")]);
    world.server.state().unassign_group("Staff");
    assert_eq!(world.get(&groups).await.ids(), Vec::<String>::new());
    assert_eq!(world.server.state().assigned(), [people[1].clone()], "who has it for himself keeps it");
    world.server.finish();
}

#[test]
fn statuses() {
    for (before, after, event) in [
        ("ACTIVE", "SUSPENDED", Some("user.lifecycle.suspend")),
        ("SUSPENDED", "ACTIVE", Some("user.lifecycle.unsuspend")),
        ("ACTIVE", "LOCKED_OUT", Some("user.account.lock")),
        ("LOCKED_OUT", "ACTIVE", Some("user.account.unlock")),
        ("ACTIVE", "DEPROVISIONED", Some("user.lifecycle.deactivate")),
        ("DEPROVISIONED", "PROVISIONED", Some("user.lifecycle.activate")),
        ("STAGED", "ACTIVE", Some("user.lifecycle.activate")),
        ("ACTIVE", "RECOVERY", Some("user.account.reset_password")),
        ("ACTIVE", "PASSWORD_EXPIRED", None),
        ("ACTIVE", "A_STATUS_OF_TOMORROW", None),
    ] {
        let events = events_after(|okta, id| okta.set_status(id, before), |okta, id| okta.set_status(id, after));
        assert_eq!(events, Vec::from_iter(event), "{before} {after}");
    }
    for (before, after, event) in [
        ("ACTIVE", "SUSPENDED", Some("application.user_membership.remove")),
        ("SUSPENDED", "ACTIVE", Some("application.user_membership.restore")),
        ("STAGED", "PROVISIONED", Some("application.user_membership.provision")),
        ("ACTIVE", "REVOKED", Some("application.user_membership.revoke")),
        ("REVOKED", "DEPROVISIONED", Some("application.user_membership.deprovision")),
        ("PENDING", "APPROVED", Some("application.user_membership.approve")),
        ("ACTIVE", "A_STATUS_OF_TOMORROW", None),
    ] {
        let events = events_after(
            |okta, id| okta.set_assignment_status(id, before),
            |okta, id| okta.set_assignment_status(id, after),
        );
        assert_eq!(events, Vec::from_iter(event), "assignment {before} {after}");
    }
}

#[test]
fn profiles_and_names() {
    let profile = "user.account.update_profile";
    assert_eq!(events_of(|okta, id| okta.set_profile(id, "city", json!("Oulu"))), [profile]);
    assert_eq!(events_of(|okta, id| okta.unset_profile(id, "city")), [profile]);
    assert_eq!(
        events_of(|okta, id| okta.set_profile(id, "email", json!("new@example.com"))),
        [profile, "user.account.update_primary_email"]
    );
    assert_eq!(
        events_of(|okta, id| okta.set_app_profile(id, "role", json!("author"))),
        ["application.user_membership.update"]
    );
    assert_eq!(
        events_of(|okta, id| okta.set_user_name(id, "another")),
        ["application.user_membership.change_username"]
    );
    assert_eq!(
        events_of(|okta, id| okta.rename(id, "new@example.com")),
        [profile, "user.account.update_primary_email", "application.user_membership.change_username"]
    );
}

#[test]
fn the_application_is_found_out_though_tests_change_it_without_asking() {
    let set = |status: &'static str| move |okta: &mut Okta, _: &str| status.clone_into(&mut okta.app.status);
    assert_eq!(events_of(set("INACTIVE")), ["application.lifecycle.deactivate"]);
    assert_eq!(events_after(set("INACTIVE"), set("ACTIVE")), ["application.lifecycle.activate"]);
    assert_eq!(events_of(set("DELETED")), ["application.lifecycle.delete"]);
    assert_eq!(events_of(|okta, _| okta.app.features.push("GROUP_PUSH".to_owned())), ["application.lifecycle.update"]);
}

#[tokio::test]
async fn the_application_is_found_out_by_reading_too() {
    use okta_haiilo_sim::okta::{Bend, route};
    use okta_haiilo_sim::{Fault, When};

    let world = org_of(1).await;
    world.server.plant(When::Nth(route::LOGS, 2), Fault::Bend(Bend::Meanwhile(Change::StopApp)));
    let first = world.get("/api/v1/logs").await;
    assert_eq!(first.events(), Vec::<String>::new());
    assert_eq!(world.get(&first.next()).await.events(), ["application.lifecycle.deactivate"]);
    world.server.finish();
}

/// The target of a kind.
fn target<'a>(event: &'a Value, kind: &str) -> &'a Value {
    let targets = event["target"].as_array().expect("targets");
    let mut found = targets.iter().filter(|target| target["type"] == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind} in {event}"));
    assert_eq!(found.next(), None, "one {kind} in {event}");
    first
}

#[tokio::test]
async fn an_assignment_names_an_app_user_that_is_not_the_user() {
    let world = org_of(2).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().set_user_name(&id, "another");
    world.server.state().unassign(&id);
    let events = world.get("/api/v1/logs").await.rows();
    for event in &events {
        let (user, app_user) = (target(event, "User"), target(event, "AppUser"));
        assert_eq!((&user["id"], target(event, "AppInstance")["id"].as_str()), (&json!(id), Some(APP_ID)));
        assert_eq!((&app_user["alternateId"], &app_user["displayName"]), (&json!("another"), &user["displayName"]));
        assert!(app_user["id"].as_str().is_some_and(|id| id.starts_with("0ua") && id.len() == 20), "{event}");
        assert_eq!(event["target"].as_array().map(Vec::len), Some(3));
    }
    assert_eq!(target(&events[0], "AppUser"), target(&events[1], "AppUser"), "one assignment has one id");
    world.server.state().assign(&id);
    let again = world.get("/api/v1/logs").await.rows().remove(2);
    assert_ne!(target(&again, "AppUser")["id"], target(&events[0], "AppUser")["id"], "another assignment has another");
}

#[tokio::test]
async fn a_deleted_user_is_still_named() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().delete_user(&id);
    let last = world.get("/api/v1/logs").await.rows().pop().expect("events");
    assert_eq!(target(&last, "User")["id"], json!(id));
    assert_eq!(target(&last, "User")["alternateId"], person(0).email.as_str());
}

#[tokio::test]
async fn a_membership_names_user_and_group() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().assign_by_group(&id, "Staff");
    let group = world.server.state().group_id("Staff");
    let events = world.get("/api/v1/logs").await.rows();
    let [_, assignment, membership] = &events[..] else { panic!("{events:?}") };
    assert_eq!(target(assignment, "AppInstance")["id"], APP_ID);
    assert_eq!(
        (target(membership, "User")["id"].as_str(), target(membership, "UserGroup")["id"].as_str()),
        (Some(&*id), group.as_deref())
    );
}

#[tokio::test]
async fn what_follows_is_done_by_the_system() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    world.server.state().deactivate(&id);
    let events = world.get("/api/v1/logs").await.rows();
    let actors: Vec<&str> = events.iter().map(|event| event["actor"]["type"].as_str().unwrap_or("")).collect();
    assert_eq!(actors, ["User", "SystemPrincipal"]);
    assert_eq!(events[1]["transaction"]["type"], "JOB");
}

#[test]
fn a_test_writes_what_it_likes() {
    let mut okta = Okta::new(SimClock::standing(NOW_MS));
    let id = okta.without_events(|okta| okta.hire(&person(0)));
    let targets = vec![okta.app_user_target(&id), okta.user_target(&id), okta.app_target(), LogTarget::other_app()];
    okta.log_event_as("application.user_membership.add", LogOutcome::Failure, targets);
    okta.log_event("directory.mapping.update", vec![okta.app_target()]);
    assert_eq!(okta.log.event_types(), ["application.user_membership.add", "directory.mapping.update"]);
}

#[tokio::test]
async fn noise_names_people_and_this_application_and_never_both_in_a_good_assignment() {
    let world = org_of(3).await;
    world.server.state().log_noise(20);
    let events = world.get("/api/v1/logs").await.rows();
    assert_eq!(events.len(), 20);
    let people = world.server.state().assigned();
    let text = |event: &Value| event["target"].to_string();
    let ours = events.iter().filter(|event| text(event).contains(&people[0])).count();
    let here = events.iter().filter(|event| text(event).contains(APP_ID)).count();
    assert!(ours > 5 && here > 3, "{ours} {here}");
    let misleading = events.iter().filter(|event| {
        let membership = event["eventType"].as_str().is_some_and(|event| event.starts_with("application."));
        membership && event["outcome"]["result"] == "SUCCESS" && text(event).contains(APP_ID)
    });
    assert_eq!(misleading.count(), 0);
}

#[test]
fn a_big_world_is_built_without_a_word() {
    let mut okta = Okta::new(SimClock::standing(NOW_MS));
    okta.populate(2_000);
    assert_eq!(okta.log.event_types(), Vec::<&str>::new());
    okta.hire(&person(2_000));
    assert_eq!(okta.log.event_types().len(), 3);
}

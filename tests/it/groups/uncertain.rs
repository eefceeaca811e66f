//! Stories of groups in doubt: what is not certain changes no membership, and trouble with groups stops nobody.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, Members, route};
use okta_haiilo_sim::okta::{self, Bend};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::word::Word as _;
use serde_json::json;

use crate::groups::world::{ended, held, in_step, intranet};
use crate::setup::world::{World, outcomes, seed, warnings};

/// Four people in a group of which one is taken out in Okta.
async fn about_to_leave() -> World {
    let world = in_step(4, &[("Sales", &[0, 1, 2]), ("Staff", &[0, 1, 2, 3])]).await;
    world.leave("Sales", 0);
    world
}

#[tokio::test]
async fn whoever_is_held_keeps_every_membership_and_gets_none() {
    let mut world = about_to_leave().await;
    world.join("Sales", 3);
    // Neither of both can be mapped for certain any more.
    for n in [0, 3] {
        world.set_profile(n, "countryCode", json!("ZZ"));
    }
    let report = world.sync_groups(&[]).await;
    assert_eq!((report.prepared.plan.people.findings.held.len(), report.prepared.plan.groups.counts.kept), (2, 2));
    assert_eq!(world.inside("Sales"), [0, 1, 2]);
}

#[tokio::test]
async fn a_leaver_in_the_grace_keeps_the_memberships() {
    let mut world = in_step(3, &[("Sales", &[0, 1, 2])]).await;
    let id = world.okta_id(0);
    world.okta.state().deactivate(&id);
    world.leave("Sales", 0);
    let report = world.sync_groups(&[]).await;
    assert_eq!((report.prepared.plan.people.findings.leavers.len(), world.inside("Sales")), (1, vec![0, 1, 2]));
    world.advance(TimeDelta::days(1));
    world.sync_groups(&[]).await;
    assert_eq!(world.inside("Sales"), [0, 1, 2]);
}

#[tokio::test]
async fn members_of_okta_who_are_not_assigned_become_members_of_nothing() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    let profile = json!({"login": "guest@example.com", "email": "guest@example.com"});
    let serde_json::Value::Object(profile) = profile else { unreachable!("an object") };
    let guest = world.okta.state().add_user(profile);
    let sales = world.okta_group_id("Sales");
    world.okta.state().join_group(&sales, &guest);
    world.sync_groups(&[]).await;
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_broken_page_of_members_holds_this_group_and_no_other() {
    for bend in [Bend::RowWithoutId, Bend::NotAnArray] {
        let mut world = about_to_leave().await;
        world.leave("Staff", 3);
        world.okta_settings.page_size = 2;
        world.okta.plant(When::Nth(okta::route::GROUP_USERS, 1), Fault::Bend(bend.clone()));
        let report = world.sync().await;
        let groups = &report.prepared.plan.groups;
        assert_eq!((ended(&report).len(), groups.held.len()), (1, 1), "{bend:?}");
        assert_eq!(groups.held[0].reason.as_str(), "members_unread");
        // The next cycle does what is left.
        world.sync().await;
        assert_eq!((world.inside("Sales"), world.inside("Staff")), (vec![1, 2], vec![0, 1, 2]), "{bend:?}");
        world.assert_groups_converged().await;
    }
}

#[tokio::test]
async fn members_that_are_listed_in_a_circle_are_no_members() {
    for bend in [Bend::RepeatCursor, Bend::LoopToFirst] {
        let mut world = about_to_leave().await;
        world.okta_settings.page_size = 2;
        world.okta.plant(When::Every(okta::route::GROUP_USERS), Fault::Bend(bend.clone()));
        let report = world.sync_groups(&[]).await;
        assert_eq!(held(&report.prepared), ["Sales members_unread", "Staff members_unread"], "{bend:?}");
        assert!(world.group_writes().is_empty());
    }
}

#[tokio::test]
async fn without_a_complete_list_of_okta_groups_nothing_is_done_about_any_and_people_go_on() {
    for fault in [Fault::Refuse(403), Fault::Bend(Bend::NotAnArray), Fault::Bend(Bend::RowWithoutId), Fault::Html(200)]
    {
        let mut world = about_to_leave().await;
        world.okta.state().hire(&person(9));
        world.okta.plant(When::Nth(okta::route::APP_GROUPS, 1), fault.clone());
        let report = world.sync().await;
        assert_eq!((outcomes(&report), ended(&report).len()), (vec!["create done".to_owned()], 0), "{fault:?}");
        let warnings = warnings(&report.prepared.plan);
        assert!(warnings.contains("nothing is done about groups in this cycle"), "{warnings}");
        assert!(world.group_writes().is_empty());
    }
}

#[tokio::test]
async fn a_doubtful_list_of_haiilos_groups_changes_nothing() {
    for bend in [haiilo::Bend::RowWithoutId, haiilo::Bend::EmptyPage, haiilo::Bend::NotAList] {
        let mut world = about_to_leave().await;
        world.haiilo.plant(When::Every(route::LIST_GROUPS), Fault::Bend(bend.clone()));
        world.okta.state().hire(&person(9));
        let report = world.sync().await;
        assert_eq!(outcomes(&report), ["create done"]);
        assert_eq!(ended(&report), [""; 0], "{bend:?}");
        assert!(world.group_writes().is_empty(), "{bend:?}");
        let warnings = warnings(&report.prepared.plan);
        assert!(warnings.contains("nothing is done about groups"), "{bend:?}: {warnings}");
    }
}

#[tokio::test]
async fn members_that_a_listing_leaves_out_are_read_group_by_group() {
    let mut world = about_to_leave().await;
    world.haiilo.state().tune(|manner| manner.directory.members = Members::NotInLists);
    world.sync_groups(&["group-members done Sales"]).await;
    assert_eq!((world.inside("Sales"), world.inside("Staff")), (vec![1, 2], vec![0, 1, 2, 3]));
    world.haiilo.plant(When::Every(route::READ_GROUP), Fault::Refuse(500));
    world.join("Sales", 3);
    let report = world.sync().await;
    assert_eq!(
        (ended(&report).len(), held(&report.prepared)),
        (0, vec!["Sales shown_unread".to_owned(), "Staff shown_unread".to_owned()])
    );
}

#[tokio::test]
async fn names_that_are_not_certain_hold_a_group() {
    let mut world = intranet(2).await;
    let (one, other) = (world.okta_group("Twice", &[0]), world.okta_group("Once", &[1]));
    world.okta_group("Of somebody else", &[0]);
    world.okta.state().rename_group(&other, "twice ");
    let foreign = world.haiilo.state().make_group("Of somebody else");
    world.haiilo.state().set_group_external_id(&foreign, "from another directory");
    let report = world.sync_well_approved().await;
    let wanted = ["Of somebody else not_adoptable", "Twice same_name", "twice  same_name"];
    assert_eq!(held(&report.prepared), wanted);
    assert_eq!(ended(&report), [""; 0]);
    // One of both is told from the other, and made; its name is then that of a linked group.
    world.okta.state().rename_group(&other, "Another");
    world
        .sync_groups(&[
            "group-create done Another",
            "group-create done Twice",
            "group-members done Another",
            "group-members done Twice",
        ])
        .await;
    world.okta.state().rename_group(&other, "Twice");
    world.okta.state().rename_group(&one, "Thrice");
    world.haiilo.state().make_group("Thrice");
    let prepared = world.plan().await;
    let wanted = ["Of somebody else not_adoptable", "Thrice name_taken", "Twice group_of_another"];
    assert_eq!(held(&prepared), wanted);
}

#[tokio::test]
async fn a_linked_group_that_haiilo_lost_is_held_until_somebody_makes_it_again() {
    let mut world = in_step(2, &[("Sales", &[0, 1])]).await;
    let id = world.group("Sales").id;
    world.haiilo.state().drop_group(&id);
    let report = world.sync_groups(&[]).await;
    assert_eq!(held(&report.prepared), ["Sales missing"]);
    let again = world.haiilo.state().make_group("Sales");
    world.sync_groups(&["group-adopt done Sales", "group-members done Sales"]).await;
    assert_eq!((world.group("Sales").id, world.inside("Sales")), (again, vec![0, 1]));
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn an_account_that_is_not_ours_is_never_taken_out() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    let (group, stranger) = {
        let mut haiilo = world.haiilo.state();
        let stranger = haiilo.add_account(seed(&person(70)));
        (haiilo.group_named("Sales").expect("a group").id, stranger)
    };
    world.haiilo.state().put_into_group(&group, &stranger);
    world.leave("Sales", 0);
    world.join("Sales", 1);
    world.sync_groups(&["group-members done Sales"]).await;
    assert_eq!(world.inside("Sales"), [1, 70]);
}

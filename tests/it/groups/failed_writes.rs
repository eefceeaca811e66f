//! Stories of writes to groups that go wrong: pieces that are too long, answers that are lost, values that are not kept.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{Bend, route};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::state::journal::JournalFilter;
use okta_haiilo_sync::domain::state::run_history::CycleResult;
use okta_haiilo_sync::engine::Stop;
use okta_haiilo_sync::ports::StoreReader as _;
use okta_haiilo_sync::store::ReadStore;

use crate::groups::world::{did_something, ended, in_step, intranet, named};

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_not_sent_twice() {
    let mut world = in_step(1, &[]).await;
    world.okta_group("Sales", &[0]);
    world.haiilo.plant(When::Nth(route::CREATE_GROUP, 1), Fault::DropAfter);
    world.sync_groups(&["group-create unknown Sales", "group-members not_attempted Sales"]).await;
    let report = world.sync_groups(&["group-adopt done Sales", "group-members done Sales"]).await;
    assert!(report.groups.stops.is_empty());
    let made: Vec<String> = world.haiilo.state().intranet_groups().into_iter().map(|group| group.name).collect();
    assert_eq!(made, ["Sales"]);
    // The group is one that we made: it may be deleted one day.
    let state = world.state().await;
    let origin = state.groups.links.values().next().expect("a link").origin;
    assert_eq!(origin, okta_haiilo_sync::domain::model::link::Origin::Created);
    assert!(state.groups.open.is_empty());
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_piece_whose_answer_is_lost_is_settled_by_the_next_plan() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    world.join("Sales", 1);
    world.haiilo.plant(When::Nth(route::PATCH_GROUP, 1), Fault::DropAfter);
    world.sync_groups(&["group-members unknown Sales"]).await;
    world.sync_groups(&[]).await;
    assert!(world.state().await.groups.open.is_empty());
    assert_eq!(world.inside("Sales"), [0, 1]);
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_failure_of_groups_is_no_failure_of_people() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    world.join("Sales", 1);
    world.okta.state().hire(&person(5));
    world.haiilo.plant(When::Every(route::PATCH_GROUP), Fault::Refuse(403));
    let report = world.sync().await;
    assert_eq!((report.result(), report.stops.len()), (CycleResult::Applied, 0));
    assert_eq!(ended(&report), ["group-members failed Sales"]);
    assert!(world.account(5).is_some());
}

/// PUT would be the other way for accounts; a group would have to be sent with all of its members.
#[tokio::test]
async fn a_server_without_patch_of_groups_is_told_apart_from_one_without_patch_of_accounts() {
    let mut world = in_step(2, &[("Sales", &[0, 1])]).await;
    world.leave("Sales", 1);
    world.haiilo.plant(When::Every(route::PATCH_GROUP), Fault::Refuse(501));
    let report = world.sync_groups(&["group-members failed Sales"]).await;
    let told = report.groups.concluded[0].outcome.detail().expect("a reason");
    assert!(told.contains("groups have no other: set groups.enabled = false"), "{told}");
    assert_eq!(world.inside("Sales"), [0, 1]);
}

#[tokio::test]
async fn a_piece_that_is_too_long_is_halved_until_it_fits() {
    let mut world = intranet(9).await;
    world.okta_group("Staff", &[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    world.haiilo.state().tune(|manner| manner.directory.largest_body = Some(400));
    let report = world.sync_well_approved().await;
    assert_eq!(ended(&report), ["group-create done Staff", "group-members done Staff"]);
    let pieces: Vec<usize> =
        world.group_writes().iter().filter(|write| did_something(write)).skip(1).map(named).collect();
    assert!(pieces.len() > 1 && pieces.iter().sum::<usize>() == 9, "{pieces:?}");
    world.sync_well().await;
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn one_account_that_haiilo_does_not_take_keeps_nobody_else_out() {
    let mut world = in_step(5, &[("Staff", &[0])]).await;
    for n in 1..5 {
        world.join("Staff", n);
    }
    // All four, then the second half, then the first of it by itself: as if this one account were not there any more.
    for n in [1, 3, 4] {
        world.haiilo.plant(When::Nth(route::PATCH_GROUP, n), Fault::Refuse(400));
    }
    let report = world.sync_groups(&["group-members failed Staff"]).await;
    let detail = report.groups.concluded[0].outcome.detail().expect("a reason");
    assert!(detail.starts_with("1 of them were refused: PATCH /Groups/{id}: haiilo answered 400"), "{detail}");
    assert_eq!(world.inside("Staff").len(), 4);
    world.sync_groups(&["group-members done Staff"]).await;
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_server_that_takes_a_change_and_keeps_nothing_is_found_out() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    world.join("Sales", 1);
    world.haiilo.plant(When::Nth(route::PATCH_GROUP, 1), Fault::Bend(Bend::LosesMember));
    let report = world.sync_groups(&["group-members failed Sales"]).await;
    let detail = report.groups.concluded[0].outcome.detail().expect("a reason");
    assert!(detail.contains("1 are not in the group"), "{detail}");
}

#[tokio::test]
async fn a_server_that_takes_out_others_stops_the_run_of_groups() {
    let mut world = in_step(4, &[("Sales", &[0, 1, 2]), ("Staff", &[0, 1, 2, 3])]).await;
    world.leave("Sales", 0);
    world.leave("Staff", 3);
    world.haiilo.plant(When::Nth(route::PATCH_GROUP, 1), Fault::Bend(Bend::EmptiesGroup));
    let report = world.sync().await;
    let [Stop::Canary { what, also_changed, .. }] = &report.groups.stops[..] else { panic!("{:?}", report.groups) };
    assert_eq!((what.as_str(), also_changed.as_slice()), ("group-members out", &["members".to_owned()][..]));
    let mut ends: Vec<&str> = report.groups.concluded.iter().map(|one| one.outcome.as_str()).collect();
    ends.sort_unstable();
    assert_eq!(ends, ["failed", "not_attempted"]);
}

#[tokio::test]
async fn every_request_is_in_the_journal_with_the_people_whom_it_moves() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    world.leave("Sales", 0);
    world.join("Sales", 1);
    world.sync_groups(&["group-members done Sales"]).await;
    let search = JournalFilter { person: Some("Sales".to_owned()), run: None, since: None };
    let entries = ReadStore::new(world.place()).journal(&search).await.expect("a journal");
    let told: Vec<String> = entries
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry.kind.as_str(),
                entry.outcome.map_or("open", |outcome| outcome.as_str()),
                entry.sent.as_ref().expect("sent")
            )
        })
        .collect();
    let (out, into) = (world.okta_id(0), world.okta_id(1));
    let wanted = [
        format!(r#"group-members done [{{"path":"members","op":"add","people":["{into}"]}}]"#),
        format!(r#"group-members done [{{"path":"members","op":"remove","people":["{out}"]}}]"#),
    ];
    assert_eq!(told[told.len() - 2..], wanted);
}

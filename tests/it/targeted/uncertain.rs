//! Stories of polls that are not certain: whoever cannot be settled without seeing everybody is left to the next full cycle.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, AccountSeed};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::engine::FullCycleReason;
use serde_json::json;

use crate::setup::world::{World, seed};
use crate::targeted::polls::done;

#[tokio::test]
async fn joiners_who_may_have_an_account_are_left_to_the_full_cycle() {
    let mut world = World::in_step(30).await;
    let stranger = person(80);
    world.haiilo.state().add_account(AccountSeed { user_name: "other@example.org".to_owned(), ..seed(&stranger) });
    world.set_profile(0, "city", json!("Oulu"));
    world.full_cycle().await;
    // The same given and family name as an unmanaged account.
    world.okta.state().hire(&stranger);
    let polled = world.poll().await;
    assert_eq!(done(&polled), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert!(world.account(80).is_none());
    let report = world.full_cycle().await;
    assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "perhaps_same_person");
}

/// Somebody has left, which a poll saw; who they were, a full cycle finds out. Until then a joiner may be the same human.
#[tokio::test]
async fn a_joiner_after_a_departure_waits_until_it_is_known_who_left() {
    let mut world = World::followed(30).await;
    let leaver = world.okta_id(4);
    world.okta.state().deactivate(&leaver);
    assert_eq!(done(&world.poll().await).0, [""; 0]);
    let joiner = world.okta.state().hire(&person(85));
    world.okta.state().set_profile(&joiner, "employeeNumber", json!(person(4).employee_number));
    assert_eq!(done(&world.poll().await), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert!(world.account(85).is_none());
    assert_eq!(world.full_cycle().await.prepared.plan.people.findings.held[0].reason.code(), "perhaps_rehired");
}

#[tokio::test]
async fn where_it_was_not_certain_who_has_an_account_a_poll_makes_none() {
    let mut world = World::in_step(30).await;
    world.settings.page_size = 10;
    // One page is empty in one of the two walks: the two give different ids.
    world.haiilo.plant(When::Nth(haiilo::route::LIST, 2), Fault::Bend(haiilo::Bend::EmptyPage));
    world.full_cycle().await;
    world.haiilo.heal();
    world.okta.state().hire(&person(86));
    assert_eq!(done(&world.poll().await), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert!(world.account(86).is_none());
}

#[tokio::test]
async fn nobody_is_renamed_to_what_an_account_of_others_is_called() {
    let mut world = World::followed(30).await;
    world.haiilo.state().add_account(seed(&person(87)));
    world.full_cycle().await;
    let renamed = world.okta_id(5);
    world.okta.state().rename(&renamed, &person(87).email);
    world.haiilo.forget_calls();
    assert_eq!(done(&world.poll().await), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert_eq!(world.haiilo.calls().len(), 0, "Haiilo is not even asked");
}

#[tokio::test]
async fn a_name_that_somebody_else_wants_or_has_is_given_to_nobody_by_a_poll() {
    let mut world = World::followed(30).await;
    // Somebody without a group is held, and claims a name all the same.
    let mut nobody = person(81);
    nobody.country_code = "??";
    world.okta.state().hire(&nobody);
    assert_eq!(done(&world.poll().await), (Vec::new(), Some(FullCycleReason::Unsettled)));
    world.full_cycle().await;
    let rival = world.okta.state().hire(&person(82));
    world.okta.state().set_user_name(&rival, &nobody.email);
    assert_eq!(done(&world.poll().await), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert!(world.haiilo.state().account_named(&nobody.email).is_none());
    // The name of an account of ours.
    let other = world.okta.state().hire(&person(83));
    world.okta.state().set_user_name(&other, &person(7).email);
    assert_eq!(done(&world.poll().await), (Vec::new(), Some(FullCycleReason::Unsettled)));
    assert_eq!(world.haiilo.state().writes().len(), 0);
}

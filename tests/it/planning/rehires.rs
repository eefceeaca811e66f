//! Stories of people who leave and come back as another Okta user: what they have in common holds the joiner and keeps the account.

use chrono::TimeDelta;
use okta_haiilo_sim::people::{Person, person};
use okta_haiilo_sync::domain::model::ids::{HaiiloId, OktaUserId};
use okta_haiilo_sync::domain::plan::leaver::{KeptBecause, LeaverStatus};
use okta_haiilo_sync::engine::Prepared;
use serde_json::{Value as Json, json};

use crate::setup::operator;
use crate::setup::world::{World, mapping, outcomes};

/// Somebody new who has nothing in common with others but what is given here.
fn joiner(number: &str) -> Person {
    Person { employee_number: number.to_owned(), ..person(40) }
}

/// Whoever is held, each as `code id`.
fn held(prepared: &Prepared) -> Vec<String> {
    let held = prepared.plan.people.findings.held.iter();
    held.map(|held| format!("{} {}", held.reason.code(), held.okta_id.as_str())).collect()
}

/// What a cycle does in which everything succeeds.
async fn done(world: &mut World) -> Vec<String> {
    let report = world.sync_well().await;
    outcomes(&report)
}

/// A day passes after which a cycle finds nothing to do.
async fn quiet_days(world: &mut World, days: i64) {
    for _ in 0..days {
        world.advance(TimeDelta::hours(23) + TimeDelta::minutes(59));
        assert_eq!(done(world).await, [""; 0]);
    }
}

/// Both come in the same cycle, as when the accounts of a whole company move to another directory.
async fn rehired() -> (World, String, String) {
    let mut world = World::in_step(4).await;
    let leaver = world.okta_id(1);
    world.okta.state().deactivate(&leaver);
    let id = world.okta.state().hire(&joiner(&person(1).employee_number));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), [format!("perhaps_rehired {id}")]);
    let [one] = &report.prepared.plan.people.findings.held[..] else { unreachable!("just compared") };
    assert_eq!(one.haiilo_id.as_ref().map(HaiiloId::as_str), Some(world.haiilo_id(1).as_str()));
    assert!(one.reason.reason().ends_with("who is gone and has the same employee number"), "{}", one.reason.reason());
    (world, leaver, id)
}

#[tokio::test]
async fn who_has_the_employee_number_of_somebody_who_is_gone_is_held_and_the_account_kept() {
    let (mut world, leaver, id) = rehired().await;
    quiet_days(&mut world, 40).await;
    let plan = world.plan().await.plan.people;
    let [gone] = &plan.findings.leavers[..] else { panic!("{:?}", plan.findings.leavers) };
    assert_eq!(gone.okta_id.as_str(), leaver);
    assert_eq!(gone.status, LeaverStatus::Kept(KeptBecause::PerhapsOf(OktaUserId::new(id.as_str()))));
    assert!(world.account(1).is_some());
    // Okta may forget the old user meanwhile; what it once said is remembered.
    world.okta.state().delete_user(&leaver);
    let prepared = world.plan().await;
    assert!(held(&prepared).contains(&format!("perhaps_rehired {id}")), "{:?}", held(&prepared));
}

#[tokio::test]
async fn another_human_gets_an_own_account_and_the_old_one_goes_when_it_is_due() {
    let (mut world, _, id) = rehired().await;
    quiet_days(&mut world, 40).await;
    operator::confirm_new(&world, &id).await;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done", "delete done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn the_same_human_keeps_the_account() {
    let (mut world, _, id) = rehired().await;
    let account = world.haiilo_id(1);
    operator::link(&world, &id, &account).await;
    assert_eq!(done(&mut world).await, ["update done"]);
    assert_eq!(world.haiilo.state().account(&account).expect("the account").user_name, person(40).email);
    assert!(world.haiilo.state().deleted().is_empty());
    world.assert_converged().await;
}

/// A leaver and a joiner with these numbers; whether the joiner is held.
async fn is_held(leaver: &Json, joins: &Json) -> bool {
    let mut world = World::in_step(4).await;
    world.set_profile(1, "employeeNumber", leaver.clone());
    world.set_profile(2, "employeeNumber", json!("external"));
    world.set_profile(3, "employeeNumber", json!("External"));
    let gone = world.okta_id(1);
    world.okta.state().deactivate(&gone);
    let id = world.okta.state().hire(&joiner("nobody's"));
    world.okta.state().set_profile(&id, "employeeNumber", joins.clone());
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report).len(), usize::from(report.prepared.plan.people.findings.held.is_empty()));
    !report.prepared.plan.people.findings.held.is_empty()
}

#[tokio::test]
async fn numbers_are_the_same_however_they_are_written_and_a_word_for_many_tells_nobody_from_others() {
    for (leaver, joins, expected) in [
        (json!("a0017"), json!(" A0017"), true),
        (json!("17"), json!(17), true),
        (json!("017"), json!("17"), false),
        (json!(""), json!(""), false),
        (json!(" "), json!(" "), false),
        (Json::Null, Json::Null, false),
        (json!(true), json!(true), false),
        (json!("external"), json!("external"), false),
    ] {
        assert_eq!(is_held(&leaver, &joins).await, expected, "{leaver} and {joins}");
    }
}

#[tokio::test]
async fn the_number_is_read_from_the_attribute_that_the_mapping_names() {
    for (attribute, expected) in [(Some("badge"), true), (Some("employeeNumber"), false), (None, false)] {
        let mut world = World::in_step(3).await;
        world.settings.mapping = mapping(|rules| rules.employee_number = attribute.map(Into::into));
        world.set_profile(1, "badge", json!("b1"));
        let gone = world.okta_id(1);
        world.okta.state().deactivate(&gone);
        let id = world.okta.state().hire(&joiner("nobody's"));
        world.okta.state().set_profile(&id, "badge", json!("b1"));
        let report = world.sync_well().await;
        assert_eq!(held(&report.prepared).len(), usize::from(expected), "{attribute:?}");
    }
}

/// The account had another name once; its owner leaves in the very cycle in which somebody wants that name.
#[tokio::test]
async fn a_former_name_is_recognized_in_the_cycle_in_which_its_owner_leaves() {
    let mut world = World::in_step(4).await;
    let leaver = world.okta_id(1);
    world.okta.state().rename(&leaver, "married@example.com");
    world.sync_well().await;
    // While its owner is there, a name that was given up is free for others.
    let heir = world.okta.state().hire(&Person { email: person(1).email, ..joiner("1") });
    assert_eq!(done(&mut world).await, ["create done"]);
    world.okta.state().rename(&heir, "heir@example.com");
    world.sync_well().await;
    world.okta.state().deactivate(&leaver);
    let id = world.okta.state().hire(&Person { email: person(1).email, ..person(41) });
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), [format!("perhaps_rehired {id}")]);
}

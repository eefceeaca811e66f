//! Stories of answers that got lost, and of accounts that were there already: nothing is done twice, nobody is taken over.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{Bend, route};
use okta_haiilo_sim::people::{Person, person};
use okta_haiilo_sync::domain::model::ids::OktaUserId;
use okta_haiilo_sync::domain::model::link::Origin;
use serde_json::json;

use crate::setup::operator;
use crate::setup::world::{World, outcomes, seed};

#[tokio::test]
async fn invariant_10_a_create_whose_answer_is_lost_is_looked_up_and_not_repeated() {
    for fault in [Fault::DropAfter, Fault::CutBody, Fault::RefuseAfter(500), Fault::RefuseAfter(504), Fault::Garbled] {
        let mut world = World::in_step(2).await;
        world.okta.state().hire(&person(5));
        world.haiilo.plant(When::Nth(route::CREATE, 1), fault.clone());
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["create done"], "{fault:?}");
        assert_eq!(world.haiilo.state().writes().len(), 1, "{fault:?}");
        let state = world.state().await;
        assert!(state.links.iter().filter(|link| link.origin == Origin::Created).count() == 3, "{fault:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn invariant_08_a_lost_create_that_no_look_finds_is_settled_by_the_next_cycle() {
    // The account is there, but neither the answer nor a look tells: the entry stays open.
    let mut world = World::in_step(2).await;
    world.okta.state().hire(&person(5));
    world.haiilo.plant(When::Nth(route::CREATE, 1), Fault::DropAfter);
    world.haiilo.plant(When::Nth(route::LOOK_UP, 2), Fault::Bend(Bend::FindsNobody));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["create unknown"]);
    assert_eq!(world.state().await.open.len(), 1);
    world.haiilo.heal();
    // The next listing shows it: it is ours, not somebody else's.
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["adopt done"]);
    let state = world.state().await;
    let link = state.links.of_person(&report.concluded[0].operation.okta_id).expect("a link");
    assert_eq!(link.origin, Origin::Created);
    assert!(state.open.is_empty());
    world.assert_converged().await;

    // Nothing was done: the next cycle makes the account, and closes the entry.
    world.okta.state().hire(&person(6));
    world.haiilo.plant(When::Nth(route::CREATE, 1), Fault::DropBefore);
    assert_eq!(world.sync().await.concluded[0].outcome.as_str(), "unknown");
    world.haiilo.heal();
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done"]);
    assert!(world.state().await.open.is_empty());
    world.assert_converged().await;
}

/// Whoever is assigned under the address that somebody else had before; of the same names, too.
fn heir() -> Person {
    Person { email: person(5).email, given: person(5).given, family: person(5).family, ..person(6) }
}

/// The create of somebody was sent, and neither the answer nor a look tells that there is an account; the person is renamed meanwhile, and
/// somebody else is hired under the address that becomes free.
async fn inherited() -> (World, String, String) {
    let mut world = World::in_step(2).await;
    let id = world.okta.state().hire(&person(5));
    world.haiilo.plant(When::Nth(route::CREATE, 1), Fault::DropAfter);
    world.haiilo.plant(When::Nth(route::LOOK_UP, 2), Fault::Bend(Bend::FindsNobody));
    assert_eq!(outcomes(&*world.sync().await), ["create unknown"]);
    world.haiilo.heal();
    world.okta.state().rename(&id, "renamed@example.com");
    let other = world.okta.state().hire(&heir());
    (world, id, other)
}

/// Everybody has one account, and it is theirs.
async fn two_people_have_two_accounts(world: &World, id: &str, other: &str) {
    world.assert_converged().await;
    assert_eq!(world.haiilo.state().accounts().len(), 5, "four people and the owner of the token");
    let state = world.state().await;
    for (okta_id, city) in [(id, person(5).city), (other, heir().city)] {
        let link = state.links.of_person(&OktaUserId::new(okta_id)).expect("a link");
        assert_eq!(link.origin, Origin::Created);
        let account = world.haiilo.state().account(link.haiilo_id.as_str()).expect("an account");
        assert_eq!(account.team(), city);
    }
}

#[tokio::test]
async fn invariant_10_who_is_renamed_after_a_lost_create_has_that_account_and_an_heir_of_the_name_gets_another_in_advocacy()
 {
    let (mut world, id, other) = inherited().await;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["adopt done", "update done"]);
    let [held] = &report.prepared.plan.people.findings.held[..] else {
        panic!("{:?}", report.prepared.plan.people.findings.held)
    };
    assert_eq!((held.reason.code(), held.okta_id.as_str()), ("perhaps_made_for_another", other.as_str()));
    assert_eq!(outcomes(&*world.sync_well().await), ["create done"]);
    two_people_have_two_accounts(&world, &id, &other).await;
}

#[tokio::test]
async fn invariant_10_the_account_of_a_lost_create_is_found_under_its_old_name_though_no_listing_shows_it() {
    let (mut world, id, other) = inherited().await;
    let account = world.haiilo.state().account_named(&person(5).email).expect("an account").id;
    world.haiilo.state().hide_from_list(&account);
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["create held", "create done"]);
    assert_eq!(world.haiilo.state().accounts().len(), 4, "none was made");
    world.haiilo.state().show_in_list(&account);
    assert_eq!(outcomes(&*world.sync_well().await), ["update done"]);
    world.advance(chrono::TimeDelta::hours(25));
    assert_eq!(outcomes(&*world.sync_well().await), ["create done"]);
    two_people_have_two_accounts(&world, &id, &other).await;
}

/// The creates of both were sent under one name, and both answers were lost: nobody can tell whose the account is.
#[tokio::test]
async fn an_account_that_may_have_been_made_for_either_of_two_is_nobodys_until_somebody_decides_in_advocacy() {
    let (mut world, id, _) = inherited().await;
    let account = world.haiilo.state().account_named(&person(5).email).expect("an account").id;
    world.haiilo.state().hide_from_list(&account);
    world.haiilo.plant(When::Every(route::LOOK_UP), Fault::Bend(Bend::FindsNobody));
    world.haiilo.plant(When::Every(route::CREATE), Fault::DropBefore);
    assert_eq!(outcomes(&*world.sync().await), ["create unknown", "create unknown"]);
    world.haiilo.heal();
    world.haiilo.state().show_in_list(&account);
    for _ in 0..2 {
        let report = world.sync_well().await;
        assert!(report.concluded.is_empty());
        let held: Vec<_> = report.prepared.plan.people.findings.held.iter().map(|held| held.reason.code()).collect();
        assert_eq!(held, ["perhaps_made_for_another", "perhaps_made_for_another"]);
    }
    operator::link(&world, &id, &account).await;
    assert_eq!(outcomes(&*world.sync_well().await), ["update done", "create done"]);
    world.assert_converged().await;
    assert_eq!(world.haiilo.state().account(&account).expect("the account").user_name, "renamed@example.com");
    assert!(world.haiilo.state().account_named(&person(5).email).is_some());
}

#[tokio::test]
async fn invariant_10_a_conflict_adopts_the_same_human_and_nobody_else() {
    for (family, taken) in [(person(5).family.to_uppercase(), true), ("Somebody".to_owned(), false)] {
        let mut world = World::in_step(2).await;
        let mut hidden = seed(&person(5));
        hidden.family = family;
        let account = world.haiilo.state().add_account(hidden);
        world.haiilo.state().hide_from_list(&account);
        // The look before finds nobody, so that the server itself must object.
        world.haiilo.plant(When::Nth(route::LOOK_UP, 1), Fault::Bend(Bend::FindsNobody));
        world.okta.state().hire(&person(5));
        let report = world.sync().await;
        let expected = if taken { "create done" } else { "create held" };
        assert_eq!(outcomes(&report), [expected]);
        assert_eq!(world.haiilo.state().accounts().len(), 4);
        let state = world.state().await;
        let link = state.links.of_person(&report.concluded[0].operation.okta_id);
        assert_eq!(
            link.map(|link| (link.origin, link.haiilo_id.as_str().to_owned())),
            taken.then_some((Origin::Adopted, account))
        );
        // Either way the next plan does not try again.
        world.haiilo.heal();
        assert!(world.plan().await.plan.people.operations.is_empty());
    }
}

#[tokio::test]
async fn a_conflict_that_no_look_explains_is_held_for_a_day() {
    let mut world = World::in_step(2).await;
    world.okta.state().hire(&person(5));
    world.haiilo.plant(When::Every(route::CREATE), Fault::Refuse(409));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["create held"]);
    let prepared = world.plan().await;
    assert!(prepared.plan.people.operations.is_empty());
    assert_eq!(prepared.plan.people.findings.held[0].reason.code(), "create_refused");
    world.haiilo.heal();
    world.advance(chrono::TimeDelta::hours(25));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_10_a_conflict_on_a_rename_never_changes_whose_account_it_is() {
    let mut world = World::in_step(3).await;
    let hidden = world.haiilo.state().add_account(seed(&person(9)));
    world.haiilo.state().hide_from_list(&hidden);
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.set_profile(1, "city", json!("Paris"));
    world.okta.state().rename(&id, &person(9).email);
    let report = world.sync().await;
    // Everything else of the person goes on.
    assert_eq!(outcomes(&report), ["update done_except"]);
    let state = world.state().await;
    let link = state.links.of_person(&report.concluded[0].operation.okta_id).expect("a link");
    assert_eq!(link.haiilo_id.as_str(), account);
    let kept = world.haiilo.state().account(&account).expect("the account");
    assert_eq!((kept.user_name.as_str(), kept.team()), (person(1).email.as_str(), "Paris"));
    // It is not tried again for a day; then the name may have become free.
    world.haiilo.forget_calls();
    assert_eq!(world.sync().await.prepared.plan.people.findings.rejected.len(), 1);
    let writes = |call: &okta_haiilo_sim::Logged| !call.route.starts_with("GET ") && call.route != route::GRANT;
    assert!(!world.haiilo.calls().iter().any(writes));
    world.haiilo.state().remove_account(&hidden);
    world.advance(chrono::TimeDelta::hours(25));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_looked_at() {
    for (fault, outcome) in [
        (Fault::DropAfter, "update done"),
        (Fault::RefuseAfter(504), "update done"),
        (Fault::CutBody, "update done"),
        (Fault::Garbled, "update done"),
        (Fault::EmptyBody, "update done"),
        (Fault::DropBefore, "update failed"),
        (Fault::Refuse(500), "update failed"),
        (Fault::Html(502), "update failed"),
    ] {
        let mut world = World::in_step(3).await;
        world.set_profile(0, "city", json!("Paris"));
        world.haiilo.plant(When::Nth(route::PATCH, 1), fault.clone());
        let report = world.sync().await;
        assert_eq!(outcomes(&report), [outcome], "{fault:?}");
        world.haiilo.heal();
        world.sync_well().await;
        world.assert_converged().await;
    }
}

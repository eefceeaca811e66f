//! Stories in which something looks settled and is not: who else wants a name, what an approval names, how old evidence is, and what a canary
//! has shown.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{Delete, Patch, UserNames, route};
use okta_haiilo_sim::okta;
use okta_haiilo_sim::people::{Person, person};
use okta_haiilo_sync::domain::model::limit::{Limit, LimitName};
use okta_haiilo_sync::domain::model::policy::Protected;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::plan::leaver::{KeptBecause, LeaverStatus};
use okta_haiilo_sync::domain::plan::outcome::Outcome;
use okta_haiilo_sync::domain::scim::value::Compare;
use okta_haiilo_sync::engine::{Scope, Stop};
use serde_json::json;

use crate::setup::world::{Ran, World, mapping, outcomes, seed};

/// A world in which nothing is left between a person who was deactivated and the delete but the evidence.
async fn armed(people: u32) -> World {
    let mut world = World::in_step(people).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.sync_well().await;
    world
}

fn deactivate(world: &World, people: impl IntoIterator<Item = u32>) {
    for n in people {
        let id = world.okta_id(n);
        world.okta.state().deactivate(&id);
    }
}

fn fates(report: &Ran) -> Vec<LeaverStatus> {
    report.prepared.plan.people.findings.leavers.iter().map(|leaver| leaver.status.clone()).collect()
}

fn deleted(world: &World) -> usize {
    world.haiilo.state().deleted().len()
}

#[tokio::test]
async fn invariant_04_an_account_whose_name_somebody_assigned_wants_is_never_deleted() {
    let mut world = armed(4).await;
    // The same human comes back with a new Okta user, and has used the account all along.
    let again = Person { email: "again@example.com".to_owned(), ..person(1) };
    deactivate(&world, [1]);
    let id = world.okta.state().hire(&again);
    world.okta.state().set_user_name(&id, &person(1).email);
    for _ in 0..3 {
        world.advance(TimeDelta::hours(20));
        let report = world.sync_well().await;
        let [LeaverStatus::Kept(KeptBecause::WantedBy(other))] = &fates(&report)[..] else {
            panic!("{:?}", fates(&report))
        };
        assert_eq!(other.as_str(), id);
        assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "account_of_another");
        assert!(report.concluded.is_empty());
    }
    // Somebody whose mapping fails, or whose status is not clear, wants the name as well.
    world.okta.state().set_profile(&id, "countryCode", json!("ZZ"));
    assert!(matches!(fates(&world.sync_well().await)[..], [LeaverStatus::Kept(KeptBecause::WantedBy(_))]));
    world.okta.state().unassign(&id);
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done"]);
}

#[tokio::test]
async fn invariant_04_a_name_that_somebody_held_claims_too_is_nobodys() {
    let world = World::with_people(3).await;
    world.haiilo.state().add_account(seed(&person(1)));
    // The colleague wants the same name and has no country, so that the mapping fails for another attribute.
    let id = world.okta_id(2);
    world.okta.state().set_user_name(&id, &person(1).email);
    world.okta.state().set_profile(&id, "countryCode", json!("ZZ"));
    let plan = world.plan().await.plan.people;
    let held: BTreeSet<&str> = plan.findings.held.iter().map(|held| held.reason.code()).collect();
    assert_eq!(
        (held, plan.findings.held.len()),
        (BTreeSet::from(["mapping", "same_user_name"]), 2),
        "{:?}",
        plan.findings.held
    );
    assert_eq!(plan.operations.len(), 1);
}

#[tokio::test]
async fn a_leaver_whose_account_carries_another_name_takes_no_place_in_the_budget() {
    let mut world = armed(12).await;
    for n in 1..=3 {
        let account = world.haiilo_id(n);
        world.haiilo.state().edit(&account, "userName", json!(format!("by.hand.{n}@example.com")));
    }
    deactivate(&world, 1..=5);
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done", "delete done"]);
    let kept =
        fates(&report).into_iter().filter(|status| *status == LeaverStatus::Kept(KeptBecause::CarriesAnotherName));
    assert_eq!((kept.count(), deleted(&world)), (3, 2));
}

#[tokio::test]
async fn invariant_09_an_approval_lifts_what_it_names_and_no_budget_of_deletes() {
    let mut world = armed(60).await;
    let update = |world: &World, people: std::ops::Range<u32>, country: &str| {
        for n in people {
            world.set_profile(n, "countryCode", json!(country));
        }
    };
    // Ten people leave; no more than three accounts may be deleted a day.
    world.settings.policy.limits.set(LimitName::Leavers, None);
    deactivate(&world, 40..50);
    update(&world, 0..12, "XX");
    world.haiilo.state().add_group("Atlantis");
    let report = world.sync().await;
    let id = report.prepared.limit_check.approval_id.clone().expect("too many moves");
    assert_eq!(world.approve(&id).await, Some(25));
    let report = world.sync().await;
    assert!(report.concluded.iter().all(|concluded| concluded.outcome == Outcome::Done), "{:?}", report.concluded);
    assert_eq!(deleted(&world), 3);
    // The approval is alive for a day, in which the budget stays used up.
    for _ in 0..3 {
        world.advance(TimeDelta::hours(5));
        world.sync().await;
        assert_eq!(deleted(&world), 3);
    }
    world.advance(TimeDelta::hours(12));
    world.sync().await;
    assert_eq!(deleted(&world), 6);
}

#[tokio::test]
async fn a_limit_that_was_passed_stops_nothing_that_does_not_add_to_it() {
    let mut world = World::in_step(60).await;
    for n in 0..3 {
        let id = world.okta_id(n);
        world.okta.state().rename(&id, &format!("renamed.{n}@example.com"));
    }
    world.sync_well().await;
    // The limit is smaller now than what was done.
    world.settings.policy.limits.set(LimitName::Renames, Some(Limit { percent: None, floor: None, cap: Some(1) }));
    world.set_profile(5, "city", json!("Paris"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    let id = world.okta_id(6);
    world.okta.state().rename(&id, "renamed.6@example.com");
    let broken = world.sync().await.prepared.limit_check.violations.clone();
    assert_eq!(broken.iter().map(|broken| (broken.limit.as_str(), broken.found)).collect::<Vec<_>>(), [("renames", 4)]);
}

#[tokio::test]
async fn whoever_is_tried_again_and_again_is_one_person_to_the_limits() {
    let mut world = World::in_step(30).await;
    world.okta.state().hire(&person(50));
    world.haiilo.plant(When::Every(route::CREATE), Fault::Refuse(500));
    for _ in 0..30 {
        let report = world.sync().await;
        assert!(report.prepared.limit_check.violations.is_empty(), "{:?}", report.prepared.limit_check.violations);
        assert_eq!(outcomes(&report), ["create unknown"]);
    }
    world.haiilo.heal();
    world.sync_well().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_05_whoever_came_back_while_everything_else_was_refused_has_come_back() {
    for alone in [false, true] {
        let mut world = World::in_step(40).await;
        deactivate(&world, [1]);
        let (id, account) = (world.okta_id(1), world.haiilo_id(1));
        for _ in 0..58 {
            world.sync_well().await;
            world.advance(TimeDelta::hours(12));
        }
        // A day before the end of the grace the person is back, and leaves again.
        world.okta.state().reactivate(&id);
        world.okta.state().assign(&id);
        let back = if alone {
            let name = Scope::One(person(1).email);
            world.try_sync_with(name, None).await.expect("a cycle")
        } else {
            world
                .settings
                .policy
                .limits
                .set(LimitName::Updates, Some(Limit { percent: None, floor: None, cap: Some(0) }));
            world.set_profile(5, "city", json!("Paris"));
            world.sync().await
        };
        assert_eq!(back.prepared.limit_check.violations.len(), usize::from(!alone));
        world.settings.policy.limits.set(LimitName::Updates, None);
        world.okta.state().deactivate(&id);
        for _ in 0..4 {
            let report = world.sync_well().await;
            assert!(matches!(fates(&report)[..], [LeaverStatus::Waiting(_)]), "{:?}", fates(&report));
            world.advance(TimeDelta::hours(12));
        }
        assert!(world.haiilo.state().account(&account).is_some());
    }
}

#[tokio::test]
async fn invariant_05_a_delete_waits_for_nothing() {
    let mut world = armed(4).await;
    deactivate(&world, [1]);
    // A server that lets the delete wait gets it in the next cycle, with new evidence.
    world.haiilo.plant(When::Nth(route::DELETE, 1), Fault::TooMany(Some(60)));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete failed"]);
    assert_eq!(world.haiilo.calls().iter().filter(|call| call.route == route::DELETE).count(), 1);
    // One that lets the reading before it wait has made the evidence old.
    world.haiilo.plant(When::Nth(route::READ, 1), Fault::TooMany(Some(90)));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete not_attempted"]);
    assert_eq!(
        (deleted(&world), world.haiilo.calls().iter().filter(|call| call.route == route::DELETE).count()),
        (0, 1)
    );
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_05_a_proxys_404_after_a_lost_delete_is_no_word_about_the_account() {
    let mut world = armed(4).await;
    deactivate(&world, [1]);
    world.haiilo.plant(When::Nth(route::DELETE, 1), Fault::DropBefore);
    world.haiilo.plant(When::Nth(route::READ, 2), Fault::Html(404));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete unknown"]);
    assert_eq!((world.state().await.links.len(), deleted(&world)), (4, 0));
    world.sync().await;
    let report = world.sync_well().await;
    assert_eq!((report.concluded.len(), deleted(&world)), (0, 1));
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_05_the_status_of_somebody_else_is_evidence_about_nobody() {
    let mut world = armed(4).await;
    let id = world.okta_id(1);
    world.okta.state().deactivate(&id);
    for _ in 0..3 {
        world.okta.plant(When::Every(okta::route::USER), Fault::Bend(okta::Bend::OtherUser));
        let report = world.sync().await;
        assert!(report.concluded.is_empty());
        assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "evidence_due");
        world.okta.heal();
    }
    // In the listing it is asked for by id once more.
    world.okta.plant(When::Nth(okta::route::APP_USERS, 1), Fault::Bend(okta::Bend::OtherUser));
    let report = world.sync().await;
    assert_eq!(report.prepared.plan.people.findings.held.len(), 0);
    assert_eq!((outcomes(&report), deleted(&world)), (vec!["delete done".to_owned()], 1));
}

#[tokio::test]
async fn a_delete_that_was_accepted_and_is_not_seen_yet_is_counted() {
    let mut world = armed(8).await;
    deactivate(&world, 1..=5);
    world.haiilo.state().tune(|manner| manner.delete = Delete::Nothing);
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["delete unknown"; 3]);
    assert_eq!((world.state().await.open.len(), world.state().await.recent(LimitName::Deletes)), (3, 3));
    // The next cycle looks, and sends nothing more on that day's budget.
    let report = world.sync().await;
    assert!(report.concluded.is_empty(), "{:?}", report.concluded);
    assert!(fates(&report).iter().all(|status| matches!(status, LeaverStatus::Postponed(_))), "{:?}", fates(&report));
    world.haiilo.state().tune(|manner| manner.delete = Delete::NoContent);
    for _ in 0..3 {
        world.advance(TimeDelta::hours(13));
        world.sync_well().await;
    }
    assert_eq!(deleted(&world), 5);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_03_a_protected_account_keeps_its_letters_too() {
    let mut world = World::in_step(3).await;
    world.settings.mapping = mapping(|spec| spec.rules[0].compare = Compare::Exact);
    let (id, shouted) = (world.okta_id(1), person(1).email.to_uppercase());
    world.okta.state().set_user_name(&id, &shouted);
    world.settings.policy.protected = Protected::new([person(1).email]).expect("a pattern");
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "protected");
    world.settings.policy.protected = Protected::new([]).expect("none");
    // It was protected once, by a pattern that is configured no more.
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    assert_eq!(world.haiilo.state().account_named(&person(1).email).expect("an account").user_name, shouted);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_10_an_account_that_was_made_under_another_name_is_not_made_again() {
    let mut world = World::in_step(3).await;
    world.haiilo.state().tune(|manner| manner.user_names = UserNames::WithoutTag);
    let tagged = Person { email: "ada+new@example.com".to_owned(), ..person(9) };
    world.okta.state().hire(&tagged);
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["create held"]);
    for _ in 0..3 {
        world.advance(TimeDelta::hours(25));
        let report = world.sync_well().await;
        assert!(report.concluded.is_empty(), "{:?}", report.concluded);
        assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "link_does_not_fit");
    }
    assert_eq!(world.haiilo.state().accounts().len(), 5);
}

#[tokio::test]
async fn invariant_11_refused_values_are_rejected_be_they_one_a_person_and_many() {
    let mut world = World::in_step(30).await;
    world.set_profile(0, "city", json!("Paris"));
    world.sync_well().await;
    // Haiilo takes teams, and none that is called so.
    for n in 1..=14 {
        world.set_profile(n, "city", json!("Nowhere"));
    }
    for n in 15..=20 {
        world.set_profile(n, "city", json!("Rome"));
    }
    world.haiilo.state().tune(|manner| manner.refused = BTreeSet::from(["Nowhere".to_owned()]));
    world.settings.concurrency = 1;
    for _ in 0..3 {
        world.sync().await;
    }
    let prepared = world.plan().await;
    assert_eq!((prepared.plan.people.operations.len(), prepared.plan.people.findings.rejected.len()), (0, 14));
    assert_eq!(world.account(20).expect("an account").team(), "Rome");
    // Another value is tried.
    world.set_profile(3, "city", json!("Rome"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
}

#[tokio::test]
async fn invariant_12_a_canary_that_nobody_read_back_has_shown_nothing() {
    let mut world = World::in_step(6).await;
    for n in 0..3 {
        world.set_profile(n, "city", json!("Paris"));
    }
    world.haiilo.state().tune(|manner| manner.patch = Patch::LosesUnsent("name.givenName".to_owned()));
    // The reading behind the first update does not come through, however often it is tried.
    for nth in 2..=6 {
        world.haiilo.plant(When::Nth(route::READ, nth), Fault::DropBefore);
    }
    let report = world.sync().await;
    assert!(matches!(&report.stops[..], [Stop::Canary { .. }]), "{:?}", report.stops);
    assert_eq!(outcomes(&report), ["update done", "update failed", "update not_attempted"]);
    assert!(world.state().await.canaries.iter().all(|(_, kind)| !kind.starts_with("update")));
}

#[tokio::test]
async fn invariant_12_another_manner_of_writing_is_watched_like_the_first() {
    let mut world = World::in_step(6).await;
    world.set_profile(0, "city", json!("Paris"));
    world.sync_well().await;
    // The server forgets PATCH: what was known of it says nothing about PUT.
    world.haiilo.state().tune(|manner| manner.patch = Patch::Unsupported(405));
    for n in 1..4 {
        world.set_profile(n, "city", json!("Rome"));
    }
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["update failed"; 3]);
    assert!(report.concluded[0].outcome.detail().is_some_and(|why| why.contains("haiilo.update_method")));
    assert!(world.haiilo.calls().iter().all(|call| call.route != route::PUT));
}

#[tokio::test]
async fn one_account_that_is_out_of_reach_stops_nobody_else() {
    let mut world = World::in_step(8).await;
    for n in 0..4 {
        world.set_profile(n, "city", json!("Paris"));
    }
    world.settings.concurrency = 1;
    world.haiilo.plant(When::Nth(route::PATCH, 2), Fault::Refuse(403));
    let report = world.sync().await;
    assert!(report.stops.is_empty(), "{:?}", report.stops);
    let failed = outcomes(&report).into_iter().filter(|outcome| outcome == "update failed");
    assert_eq!((failed.count(), report.concluded.len()), (1, 4));
    // Nothing is rejected: once the rights are there, the value is sent.
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_09_groups_that_are_tried_move_no_more_people_than_the_day_allows() {
    let mut world = World::in_step(40).await;
    let names: Vec<String> = (0..9).map(|n| format!("Island {n}")).collect();
    let table: Vec<(String, String)> =
        names.iter().enumerate().map(|(n, name)| (format!("I{n}"), name.clone())).collect();
    world.settings.mapping = mapping(|spec| spec.tables.get_mut("groups").expect("a table").extend(table));
    world.settings.policy.limits.set(LimitName::Moves, None);
    for n in 0..9 {
        world.set_profile(n, "countryCode", json!(format!("I{n}")));
    }
    world.sync().await;
    assert_eq!(world.plan().await.plan.people.findings.waiting.len(), 9);
    for name in &names {
        world.haiilo.state().add_group(name);
    }
    // Each of them would find its group now; no more move than the day allows.
    world.settings.policy.limits.set(LimitName::Moves, Some(Limit { percent: None, floor: None, cap: Some(4) }));
    assert_eq!(world.sync_well().await.concluded.len(), 4);
    assert_eq!(world.sync_well().await.concluded.len(), 0);
    world.advance(TimeDelta::hours(25));
    assert_eq!(world.sync_well().await.concluded.len(), 4);
    world.advance(TimeDelta::hours(25));
    assert_eq!(world.sync_well().await.concluded.len(), 1);
    world.assert_converged().await;
}

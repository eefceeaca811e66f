//! Stories of writes: what servers do differently, what gets lost on the way, and what is done about it.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{
    AddressType, Bend, Create, Delete, ErrorForm, Etag, FilteredPaths, Filters, GroupError, Ids, Names, Patch,
    Presence, Put, Unmatched, UserNames, WhenFull, route,
};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::UpdateMethod;
use okta_haiilo_sync::engine::Stop;
use serde_json::json;

use crate::setup::world::{World, mapping, outcomes};

/// A world in step in which the n first people have moved to Paris.
async fn movers(people: u32, n: u32) -> World {
    let world = World::in_step(people).await;
    for n in 0..n {
        world.set_profile(n, "city", json!("Paris"));
    }
    world
}

/// Whatever the manner of the server, hires, changes, renames and moves arrive, and the next plan is empty.
async fn check(what: &str, tune: impl FnOnce(&mut World)) {
    let mut world = World::in_step(8).await;
    tune(&mut world);
    world.set_profile(0, "city", json!("Paris"));
    world.set_profile(1, "lastName", json!("Byron"));
    world.set_profile(2, "countryCode", json!("FI"));
    let id = world.okta_id(3);
    world.okta.state().rename(&id, "renamed@example.com");
    world.okta.state().hire(&person(20));
    world.okta.state().hire(&person(21));
    let report = world.sync().await;
    assert_eq!(report.concluded.len(), 6, "{what}");
    for concluded in &report.concluded {
        assert_eq!(concluded.outcome.as_str(), "done", "{what}: {concluded:?}");
    }
    assert_eq!(world.account(0).expect("the account").team(), "Paris", "{what}");
    assert_eq!(world.account(2).expect("the account").group(), "Finland", "{what}");
    assert!(world.haiilo.state().account_named("renamed@example.com").is_some(), "{what}");
    world.assert_converged().await;
    assert!(world.sync().await.concluded.is_empty(), "{what}");
}

/// One manner of the server.
macro_rules! manners {
    ($($name:ident: $field:ident = $value:expr;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                check(stringify!($name), |world| world.haiilo.state().tune(|manner| manner.$field = $value)).await;
            }
        )*
    };
}

manners! {
    a_create_that_is_answered_without_a_body: create = Create::CreatedEmpty;
    a_create_that_is_answered_without_an_id: create = Create::CreatedWithoutId;
    a_create_that_is_answered_with_200: create = Create::Ok200;
    a_patch_that_is_answered_with_204: patch = Patch::NoContent;
    a_server_without_patch_501: patch = Patch::Unsupported(501);
    a_server_without_patch_405: patch = Patch::Unsupported(405);
    etags_that_are_enforced: etag = Etag::Enforced;
    names_of_attributes_in_pascal_case: names = Names::Pascal;
    names_of_attributes_in_lower_case: names = Names::Lower;
    user_names_that_come_back_in_lower_case: user_names = UserNames::LowerCased;
    addresses_whose_type_is_not_shown: address_type = AddressType::Withheld;
    answers_without_meta: meta = Presence::Missing;
    answers_without_schemas: schemas = Presence::Missing;
    a_filter_that_is_ignored: filters = Filters::Ignored;
    an_element_that_must_be_added: unmatched = Unmatched::NoTarget;
    accounts_with_attributes_that_we_do_not_know: extras = vec![("points".to_owned(), json!({"total": 7}))];
}

#[tokio::test]
async fn ids_of_every_form() {
    for ids in [Ids::Integer, Ids::Email] {
        let mut world = World::with_people(4).await;
        world.haiilo.state().tune(|manner| manner.ids = ids);
        world.sync_well_approved().await;
        world.set_profile(0, "city", json!("Paris"));
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["update done"], "{ids:?}");
        world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
        let id = world.okta_id(1);
        world.okta.state().deactivate(&id);
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["delete done"], "{ids:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_put_in_every_manner_in_advocacy() {
    let put = |world: &mut World| {
        world.haiilo_settings.update_method = UpdateMethod::Put;
        world.settings.update_method = UpdateMethod::Put;
    };
    for manner in [Put::Replaces, Put::KeepsUnsent, Put::ResetsUnsent] {
        check("put", |world| {
            put(world);
            world.haiilo.state().tune(|switches| {
                switches.put = manner;
                switches.etag = Etag::Enforced;
                switches.extras = vec![("points".to_owned(), json!({"total": 7}))];
            });
        })
        .await;
    }
}

#[tokio::test]
async fn a_put_that_somebody_was_faster_than_is_made_on_a_new_reading() {
    let mut world = movers(3, 1).await;
    world.haiilo_settings.update_method = UpdateMethod::Put;
    world.haiilo.state().tune(|manner| manner.etag = Etag::Enforced);
    world.haiilo.plant(When::Nth(route::PUT, 1), Fault::Bend(Bend::EtagChanged));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_11_a_value_that_is_not_kept_is_rejected_and_the_rest_of_the_person_goes_on() {
    for patch in [Patch::Whole200, Patch::NoContent, Patch::EchoesLie] {
        let mut world = World::in_step(3).await;
        world.haiilo.state().tune(|manner| {
            manner.dropped.insert("addresses.locality".to_owned());
            manner.patch = patch.clone();
        });
        world.set_profile(0, "city", json!("Paris"));
        world.set_profile(0, "lastName", json!("Byron"));
        let report = world.sync().await;
        assert_eq!(outcomes(&report), ["update done_except"], "{patch:?}");
        let prepared = world.plan().await;
        assert!(prepared.plan.people.operations.is_empty(), "{patch:?}");
        if patch != Patch::EchoesLie {
            assert_eq!(world.account(0).expect("the account").text("name.familyName"), "Byron");
            let rejected: Vec<String> =
                prepared.plan.people.findings.rejected.iter().map(|value| value.path.to_string()).collect();
            assert_eq!(rejected, ["addresses[type eq \"work\"].locality"], "{patch:?}");
        }
        // Another value is tried, and once the server keeps it nothing is rejected any more.
        world.haiilo.state().tune(|manner| {
            manner.dropped.clear();
            manner.patch = Patch::Whole200;
        });
        world.set_profile(0, "city", json!("Berlin"));
        world.set_profile(0, "lastName", json!("King"));
        world.sync_well().await;
        assert_eq!(world.account(0).expect("the account").team(), "Berlin");
        assert!(world.plan().await.plan.people.findings.rejected.is_empty());
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_new_account_that_does_not_keep_a_value_is_not_made_twice_nor_changed_for_ever() {
    let mut world = World::in_step(2).await;
    world.haiilo.state().tune(|manner| {
        manner.dropped.insert("addresses.locality".to_owned());
    });
    world.okta.state().hire(&person(5));
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["create done_except"]);
    let prepared = world.plan().await;
    assert!(prepared.plan.people.operations.is_empty());
    assert_eq!(prepared.plan.people.findings.rejected.len(), 1);
}

#[tokio::test]
async fn one_refused_value_does_not_keep_the_others_back() {
    let mut world = movers(4, 1).await;
    // The first update shows that the server takes these paths; after that a refusal is about the value.
    world.set_profile(0, "lastName", json!("Byron"));
    world.sync_well().await;
    world.set_profile(2, "city", json!("Rome"));
    world.set_profile(2, "lastName", json!("Levi"));
    world.set_profile(3, "city", json!("Oulu"));
    world.set_profile(3, "lastName", json!("King"));
    world.settings.concurrency = 1;
    // The second one is refused as a whole, and then one of its values.
    world.haiilo.plant(When::Nth(route::PATCH, 2), Fault::Refuse(400));
    world.haiilo.plant(When::Nth(route::PATCH, 3), Fault::Refuse(400));
    let report = world.sync().await;
    let mut outcomes = outcomes(&report);
    outcomes.sort();
    assert_eq!(outcomes, ["update done", "update done_except"]);
    let prepared = world.plan().await;
    assert!(prepared.plan.people.operations.is_empty());
    assert_eq!(prepared.plan.people.findings.rejected.len(), 1);
}

#[tokio::test]
async fn people_wait_for_a_group_that_does_not_exist_until_one_of_them_finds_it_in_advocacy() {
    for error in [GroupError::ScimDetail, GroupError::PlainJson] {
        let mut world = World::in_step(4).await;
        world.haiilo.state().tune(|manner| manner.group_error = error);
        world.set_profile(0, "countryCode", json!("XX"));
        world.set_profile(0, "lastName", json!("Byron"));
        world.set_profile(1, "countryCode", json!("XX"));
        let newcomer = world.okta.state().hire(&person(5));
        world.okta.state().set_profile(&newcomer, "countryCode", json!("XX"));
        let report = world.sync().await;
        assert!(report.concluded.iter().all(|concluded| !concluded.outcome.is_failure()), "{:?}", report.concluded);
        assert_eq!(world.account(0).expect("the account").text("name.familyName"), "Byron");
        let prepared = world.plan().await;
        assert!(prepared.plan.people.operations.is_empty(), "{:?}", prepared.plan.people.operations);
        assert_eq!((prepared.plan.people.findings.waiting.len(), prepared.plan.people.trials.len()), (3, 1));
        // One person a cycle tries the group, in turn.
        for _ in 0..3 {
            world.haiilo.state().forget_writes();
            let report = world.sync().await;
            assert!(report.concluded.is_empty(), "{:?}", report.concluded);
            assert_eq!(world.haiilo.state().writes().len(), 1);
        }
        world.haiilo.state().add_group("Atlantis");
        world.sync_well().await;
        world.sync_well().await;
        assert!(world.plan().await.plan.people.findings.waiting.is_empty());
        let groups: Vec<String> = [0, 1, 5].map(|n| world.account(n).expect("an account").group().to_owned()).into();
        assert_eq!(groups, ["Atlantis", "Atlantis", "Atlantis"]);
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_new_account_without_a_group_is_held_in_advocacy() {
    let mut world = World::in_step(2).await;
    let newcomer = world.okta.state().hire(&person(5));
    world.okta.state().set_profile(&newcomer, "countryCode", json!(""));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "no_group");
}

#[tokio::test]
async fn when_all_seats_are_taken_creates_stop_and_updates_go_on() {
    for when_full in [WhenFull::Refused(400), WhenFull::Refused(403)] {
        let mut world = movers(3, 1).await;
        world.settings.concurrency = 1;
        world.haiilo.state().tune(|manner| manner.when_full = when_full);
        world.haiilo.state().set_seats(Some(4));
        for n in 5..9 {
            world.okta.state().hire(&person(n));
        }
        let report = world.sync().await;
        let outcomes = outcomes(&report);
        assert_eq!(outcomes[0], "update done");
        assert_eq!(
            outcomes[1..],
            ["create failed", "create not_attempted", "create not_attempted", "create not_attempted"]
        );
        assert!(matches!(&report.stops[..], [Stop::NoSeats]), "{:?}", report.stops);
        world.haiilo.state().set_seats(None);
        world.sync_well().await;
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_queued_account_is_pending_and_not_made_again() {
    let mut world = World::in_step(2).await;
    world.haiilo.state().tune(|manner| manner.when_full = WhenFull::Queued);
    world.haiilo.state().set_seats(Some(3));
    world.okta.state().hire(&person(5));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done"]);
    for _ in 0..3 {
        let report = world.sync_well().await;
        assert!(report.concluded.is_empty());
        assert_eq!(report.prepared.plan.people.findings.missing.len(), 1);
    }
    assert_eq!(world.haiilo.state().writes().iter().filter(|write| write.method == "POST").count(), 1);
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let mut world = movers(6, 3).await;
    world.haiilo.state().throttle_after(4, 30);
    let before = world.clock.0.now_ms();
    world.sync_well().await;
    assert!(world.clock.0.now_ms() - before >= 30_000);
    world.haiilo.state().stop_throttling();
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_12_a_canary_that_changes_more_than_was_sent_stops_the_run() {
    let mut world = movers(8, 4).await;
    // Nothing of this kind was ever sent under this configuration.
    world.settings.mapping = mapping(|spec| spec.rules[4].value = "user.city".to_owned());
    world.haiilo.state().tune(|manner| manner.patch = Patch::LosesUnsent("name.givenName".to_owned()));
    let report = world.sync().await;
    assert_eq!(
        outcomes(&report),
        ["update failed", "update not_attempted", "update not_attempted", "update not_attempted"]
    );
    let [Stop::Canary { also_changed, approval_id, .. }] = &report.stops[..] else { panic!("{:?}", report.stops) };
    assert_eq!(also_changed, &["name.givenname"]);
    assert_eq!(world.haiilo.state().writes().len(), 1);
    // It stays that way until the server is mended, or an operator says that it is right so.
    let approval_id = approval_id.clone();
    assert!(!world.sync().await.stops.is_empty());
    assert_eq!(world.approve(&approval_id).await, Some(1));
    world.haiilo.state().tune(|manner| manner.patch = Patch::LosesUnsent("name.givenName".to_owned()));
    let report = world.sync().await;
    assert!(report.stops.iter().all(|stop| !matches!(stop, Stop::Canary { .. })), "{:?}", report.stops);
}

#[tokio::test]
async fn invariant_12_the_first_of_a_kind_goes_alone_and_the_others_follow() {
    let mut world = movers(10, 8).await;
    world.settings.concurrency = 8;
    let gets = |world: &World| world.haiilo.calls().iter().filter(|call| call.route == route::READ).count();
    world.haiilo.forget_calls();
    world.sync_well().await;
    // The canary is read before and after; everybody else's answer is believed.
    assert_eq!(gets(&world), 2);
    for n in 0..8 {
        world.set_profile(n, "city", json!("Berlin"));
    }
    world.haiilo.forget_calls();
    world.sync_well().await;
    assert_eq!(gets(&world), 0);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_server_whose_answers_lie_is_read_back_each_time() {
    let mut world = movers(6, 4).await;
    world.haiilo.state().tune(|manner| manner.patch = Patch::EchoesLie);
    let report = world.sync().await;
    assert_eq!(outcomes(&report), ["update done_except"; 4]);
    assert!(world.plan().await.plan.people.operations.is_empty());
    assert!(world.state().await.canaries.iter().all(|(_, kind)| !kind.starts_with("update")));
}

#[tokio::test]
async fn a_create_that_is_answered_with_somebody_elses_account_takes_nobody_over() {
    for bend in [Bend::LyingId, Bend::LyingUserName] {
        let mut world = World::in_step(3).await;
        // The kind is known, so that the answer alone would be believed.
        world.okta.state().hire(&person(5));
        world.sync_well().await;
        world.okta.state().hire(&person(6));
        world.haiilo.plant(When::Nth(route::CREATE, 1), Fault::Bend(bend.clone()));
        let report = world.sync().await;
        let owners = world.state().await.links.iter().map(|link| link.haiilo_id.clone()).collect::<Vec<_>>();
        let owner = world.haiilo.state().account_named("scim@example.com").expect("the owner").id;
        assert!(owners.iter().all(|id| id.as_str() != owner), "{bend:?}: {:?}", report.concluded);
        world.haiilo.heal();
        world.advance(chrono::TimeDelta::hours(25));
        let report = world.sync_well().await;
        assert!(report.concluded.len() <= 1, "{bend:?}");
        world.assert_converged().await;
        assert_eq!(world.haiilo.state().accounts().len(), 6, "{bend:?}");
    }
}

#[tokio::test]
async fn five_calls_in_a_row_that_do_not_get_through_end_the_run() {
    let mut world = movers(12, 10).await;
    world.haiilo.plant(When::Every(route::PATCH), Fault::DropBefore);
    let report = world.sync().await;
    assert!(matches!(&report.stops[..], [Stop::Unreachable(_)]), "{:?}", report.stops);
    let outcomes = outcomes(&report);
    let attempted = outcomes.iter().filter(|outcome| *outcome == "update failed").count();
    assert!((5..=6).contains(&attempted), "{outcomes:?}");
    world.haiilo.heal();
    world.sync_well().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn ten_equal_refusals_end_their_kind_and_other_kinds_go_on() {
    let mut world = movers(24, 20).await;
    world.haiilo.state().tune(|manner| manner.filtered_paths = FilteredPaths::Refused);
    world.okta.state().hire(&person(40));
    let report = world.sync().await;
    assert!(matches!(&report.stops[..], [Stop::Refused(..)]), "{:?}", report.stops);
    let outcomes = outcomes(&report);
    assert_eq!(outcomes.iter().filter(|outcome| *outcome == "update failed").count(), 10);
    assert_eq!(outcomes.last().map(String::as_str), Some("create done"));
    // Nothing was rejected: it is the path that the server does not take, and no value.
    assert!(world.state().await.rejected.is_empty());
}

#[tokio::test]
async fn refused_credentials_end_the_run_at_once() {
    let mut world = movers(6, 4).await;
    world.haiilo.plant(When::Every(route::PATCH), Fault::Refuse(401));
    let report = world.sync().await;
    assert!(matches!(&report.stops[..], [Stop::CredentialsRefused(_), ..]), "{:?}", report.stops);
    assert_eq!(outcomes(&report)[1..], ["update not_attempted"; 3]);
}

#[tokio::test]
async fn writes_end_half_an_hour_after_both_sides_were_read() {
    let mut world = movers(20, 14).await;
    // Each write has to wait nearly three minutes.
    for n in 1..=14 {
        for attempt in 1..=3 {
            world.haiilo.plant(When::Nth(route::PATCH, n * 4 - attempt), Fault::TooMany(Some(59)));
        }
    }
    world.settings.concurrency = 1;
    let report = world.sync().await;
    assert!(report.stops.contains(&Stop::TimeIsUp), "{:?}", report.stops);
    let done = outcomes(&report).iter().filter(|outcome| *outcome == "update done").count();
    assert_eq!((done, outcomes(&report).len()), (11, 13));
    world.haiilo.heal();
    world.sync_well().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn error_bodies_of_every_form_are_survived() {
    for form in [
        ErrorForm::ScimNumericStatus,
        ErrorForm::ScimWithoutStatus,
        ErrorForm::OtherJson,
        ErrorForm::Html,
        ErrorForm::Empty,
    ] {
        let mut world = movers(3, 1).await;
        world.haiilo.state().tune(|manner| manner.errors = form);
        world.haiilo.plant(When::Nth(route::PATCH, 1), Fault::Refuse(400));
        let report = world.sync().await;
        assert_eq!(outcomes(&report), ["update failed"], "{form:?}");
        assert!(report.concluded[0].outcome.detail().is_some_and(|detail| detail.contains("400")), "{form:?}");
        world.haiilo.heal();
        world.sync_well().await;
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_soft_delete_counts_as_a_delete() {
    for delete in [Delete::Soft, Delete::OkWithBody] {
        let mut world = World::in_step(3).await;
        world.haiilo.state().tune(|manner| manner.delete = delete);
        world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
        let id = world.okta_id(1);
        world.okta.state().deactivate(&id);
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["delete done"], "{delete:?}");
        assert_eq!(world.state().await.links.len(), 2);
        world.assert_converged().await;
    }
}

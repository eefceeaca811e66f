//! Stories of who is whose: links, names, and everything that is held because it is not certain.

use okta_haiilo_sim::haiilo::{Duplicate, Filters};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::policy::{MissingRule, Protected};
use okta_haiilo_sync::domain::state::sync_state::FirstRun;
use okta_haiilo_sync::engine::Prepared;
use serde_json::json;

use crate::setup::world::{World, mapping, outcomes, seed};

/// The held people of a plan, each as its code.
fn held(prepared: &Prepared) -> Vec<&'static str> {
    prepared.plan.people.findings.held.iter().map(|held| held.reason.code()).collect()
}

#[tokio::test]
async fn invariant_06_a_rename_is_an_update_that_keeps_the_account() {
    let mut world = World::in_step(3).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().rename(&id, "byron@example.com");
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    let renamed = world.haiilo.state().account(&account).expect("the same account");
    assert_eq!(renamed.user_name, "byron@example.com");
    assert_eq!(
        world.state().await.links.iter().filter(|link| link.user_name.as_str() == "byron@example.com").count(),
        1
    );
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_06_an_account_that_carries_another_name_is_held() {
    let mut world = World::in_step(3).await;
    let account = world.haiilo_id(1);
    world.haiilo.state().edit(&account, "userName", json!("somebody.else@example.com"));
    world.set_profile(1, "city", json!("Paris"));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["link_does_not_fit"]);
    // Once the name in Haiilo is put right, everything goes on.
    world.haiilo.state().edit(&account, "userName", json!(person(1).email));
    assert_eq!(world.sync_well().await.concluded.len(), 1);
    world.assert_converged().await;
}

#[tokio::test]
async fn an_address_that_was_changed_on_both_sides_fits() {
    let mut world = World::in_step(3).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().rename(&id, "byron@example.com");
    world.haiilo.state().edit(&account, "userName", json!("Byron@Example.com"));
    assert!(world.sync_well().await.concluded.is_empty());
    let state = world.state().await;
    assert!(state.links.iter().any(|link| link.user_name.as_str() == "Byron@Example.com"));
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_04_two_people_with_one_user_name_are_both_held() {
    let mut world = World::in_step(3).await;
    let (first, second) = (world.okta_id(0), world.okta_id(1));
    world.okta.state().set_user_name(&first, "shared@example.com");
    world.okta.state().set_user_name(&second, "Shared@example.com");
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty());
    assert_eq!(held(&report.prepared), ["same_user_name", "same_user_name"]);
}

#[tokio::test]
async fn invariant_04_who_matches_two_accounts_is_held() {
    let mut world = World::in_step(2).await;
    world.haiilo.state().tune(|manner| manner.duplicate = Duplicate::AcceptedInOtherLetters);
    let mut twin = seed(&person(5));
    twin.user_name = twin.user_name.to_uppercase();
    world.haiilo.state().populate([seed(&person(5)), twin]);
    world.okta.state().hire(&person(5));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["several_accounts"]);
}

#[tokio::test]
async fn invariant_04_a_joiner_who_wants_a_colleagues_address_is_held() {
    let mut world = World::in_step(3).await;
    let mut rival = person(7);
    rival.email = "rival@example.com".to_owned();
    let id = world.okta.state().hire(&rival);
    // The colleague's account still carries the address, although the colleague is on leave and out of scope.
    world.set_profile(1, "userType", json!("away"));
    world.settings.mapping = mapping(|spec| spec.include = Some("user.userType != 'away'".to_owned()));
    world.okta.state().set_user_name(&id, &person(1).email);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["account_of_another"]);
}

#[tokio::test]
async fn a_rehire_waits_as_long_as_the_old_account_is_a_leavers() {
    let mut world = World::in_step(3).await;
    let old = world.okta_id(1);
    world.okta.state().deactivate(&old);
    world.sync_well().await;
    let mut again = person(9);
    again.email = "again@example.com".to_owned();
    let id = world.okta.state().hire(&again);
    world.okta.state().set_user_name(&id, &person(1).email);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["account_of_another"]);
    assert_eq!(report.prepared.plan.people.findings.leavers.len(), 1);
}

#[tokio::test]
async fn names_are_handed_on_in_one_cycle() {
    let mut world = World::in_step(4).await;
    let ids: Vec<String> = (0..3).map(|n| world.okta_id(n)).collect();
    let accounts: Vec<String> = (0..3).map(|n| world.haiilo_id(n)).collect();
    // The first takes the second's address, the second the third's, the third a new one; and a newcomer takes the first's.
    world.okta.state().rename(&ids[2], "new@example.com");
    world.okta.state().rename(&ids[1], &person(2).email);
    world.okta.state().rename(&ids[0], &person(1).email);
    world.okta.state().hire(&person(0));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "update done", "update done", "create done"]);
    let name = |id: &str| world.haiilo.state().account(id).expect("an account").user_name;
    assert_eq!(
        accounts.iter().map(|id| name(id)).collect::<Vec<_>>(),
        [&person(1).email, &person(2).email, "new@example.com"]
    );
    assert!(!accounts.contains(&world.haiilo_id(0)));
    world.assert_converged().await;
}

#[tokio::test]
async fn invariant_04_swapped_names_are_held() {
    let mut world = World::in_step(4).await;
    let ids: Vec<String> = (0..2).map(|n| world.okta_id(n)).collect();
    world.okta.state().rename(&ids[0], "aside@example.com");
    world.okta.state().rename(&ids[1], &person(0).email);
    world.okta.state().rename(&ids[0], &person(1).email);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["swapped_names", "swapped_names"]);
    // A third address for one cycle unties the knot.
    world.okta.state().rename(&ids[0], "aside@example.com");
    world.sync_well().await;
    world.okta.state().rename(&ids[0], &person(1).email);
    world.sync_well().await;
    world.assert_converged().await;
}

#[tokio::test]
async fn a_rename_to_an_address_of_an_account_that_is_not_ours_is_held() {
    let mut world = World::in_step(2).await;
    world.haiilo.state().populate([seed(&person(9))]);
    let id = world.okta_id(1);
    world.okta.state().rename(&id, &person(9).email);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["name_taken"]);
}

#[tokio::test]
async fn invariant_03_a_protected_account_is_updated_and_never_renamed() {
    let mut world = World::in_step(3).await;
    world.settings.policy.protected = Protected::new([person(1).email]).expect("a pattern");
    world.set_profile(1, "city", json!("Paris"));
    assert_eq!(world.sync_well().await.concluded.len(), 1);
    let id = world.okta_id(1);
    world.okta.state().rename(&id, "new@example.com");
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["protected"]);
    // The account is known by its id: renaming it by hand does not take the protection away.
    let account = world.haiilo_id(1);
    world.haiilo.state().edit(&account, "userName", json!("new@example.com"));
    world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
    world.okta.state().deactivate(&id);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert!(world.haiilo.state().deleted().is_empty());
}

#[tokio::test]
async fn invariant_03_accounts_that_are_not_ours_are_left_alone() {
    let mut world = World::with_people(2).await;
    world.haiilo.state().populate((20..30).map(|n| seed(&person(n))));
    let unmanaged: Vec<String> = (20..30).map(|n| world.haiilo_id(n)).collect();
    for id in &unmanaged {
        world.haiilo.state().must_not_touch(id);
    }
    world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
    world.sync_well_approved().await;
    world.assert_converged().await;
    // Without its store the program owns nothing: everything is matched anew, approved anew, and nothing is deleted.
    std::fs::remove_file(world.folder.path().join("state.db")).expect("a store");
    let id = world.okta_id(0);
    world.okta.state().deactivate(&id);
    assert_eq!(world.state().await.first_run, FirstRun::Due);
    let report = world.sync().await;
    assert!(report.concluded.is_empty() && !report.prepared.limit_check.violations.is_empty());
    let report = world.sync_well_approved().await;
    assert_eq!(outcomes(&report), ["adopt done"]);
    assert!(world.haiilo.state().deleted().is_empty());
    assert!(world.account(0).is_some());
    world.assert_converged().await;
}

#[tokio::test]
async fn an_account_that_is_gone_is_missing_and_made_anew_only_when_that_is_wanted() {
    let mut world = World::in_step(3).await;
    let account = world.haiilo_id(1);
    world.haiilo.state().remove_account(&account);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(report.prepared.plan.people.findings.missing.len(), 1);
    world.settings.policy.missing = MissingRule::Recreate;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done"]);
    assert_ne!(world.haiilo_id(1), account);
    assert!(world.plan().await.plan.people.findings.missing.is_empty());
    world.assert_converged().await;
}

#[tokio::test]
async fn an_account_that_was_made_again_by_hand_is_not_taken_over_unseen() {
    let mut world = World::in_step(3).await;
    let account = world.haiilo_id(1);
    world.haiilo.state().remove_account(&account);
    world.haiilo.state().populate([seed(&person(1))]);
    world.settings.policy.missing = MissingRule::Recreate;
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["replaced_by_hand"]);
}

#[tokio::test]
async fn invariant_10_an_account_that_haiilo_never_lists_is_pending_and_not_made_again() {
    let mut world = World::in_step(2).await;
    world.okta.state().hire(&person(5));
    world.sync_well().await;
    let account = world.haiilo_id(5);
    world.haiilo.state().hide_from_list(&account);
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    let missing: Vec<bool> =
        report.prepared.plan.people.findings.missing.iter().map(|missing| missing.since.is_none()).collect();
    assert_eq!(missing, [true]);
    assert!(report.prepared.limit_check.violations.is_empty());
    world.settings.policy.missing = MissingRule::Recreate;
    assert!(world.sync_well().await.concluded.is_empty());
}

#[tokio::test]
async fn a_server_that_ignores_the_filter_fools_nobody() {
    for filters in [Filters::Ignored, Filters::Refused, Filters::EmptyAlways, Filters::CaseSensitive] {
        let mut world = World::in_step(3).await;
        world.haiilo.state().tune(|manner| manner.filters = filters);
        world.okta.state().hire(&person(5));
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["create done"], "{filters:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn invariant_04_unknown_statuses_hold_and_nobody_held_is_a_leaver() {
    let mut world = World::in_step(6).await;
    let ids: Vec<String> = (0..6).map(|n| world.okta_id(n)).collect();
    world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
    world.okta.state().set_status(&ids[0], "FROZEN");
    world.okta.state().set_assignment_status(&ids[1], "PENDING");
    world.okta.state().set_assignment_status(&ids[2], "BRAND_NEW");
    world.okta.state().set_profile(&ids[3], "countryCode", json!("ZZ"));
    world.okta.state().set_profile(&ids[4], "lastName", json!(7));
    for (n, id) in ids.iter().enumerate().take(5) {
        world.okta.state().set_profile(id, "city", json!(format!("City {n}")));
    }
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty());
    let mut codes = held(&report.prepared);
    codes.sort_unstable();
    assert_eq!(codes, ["assignment_status", "assignment_status", "mapping", "mapping", "user_status"]);
    assert_eq!(world.haiilo.state().accounts().len(), 7);
}

#[tokio::test]
async fn an_inactive_account_is_held_because_any_write_may_delete_it() {
    let mut world = World::in_step(3).await;
    let account = world.haiilo_id(1);
    world.haiilo.state().edit(&account, "active", json!(false));
    world.set_profile(1, "city", json!("Paris"));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(held(&report.prepared), ["inactive"]);
}

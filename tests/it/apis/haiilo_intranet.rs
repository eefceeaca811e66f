//! Stories of the Haiilo intranet: access, attributes of its own, whoever leaves and comes back, and accounts that are somebody's already.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, Activation, Container, Remains, Unknown};
use okta_haiilo_sim::okta::Okta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::{ClientAuth, HaiiloAuth, UpdateMethod};
use okta_haiilo_sync::domain::mapping::{AttributeKind, Mapping};
use okta_haiilo_sync::domain::model::policy::{Deprovision, LeaverAction, Product};
use okta_haiilo_sync::domain::plan::hold::HoldReason;
use okta_haiilo_sync::domain::plan::leaver::{DeletesBlocked, KeptBecause, LeaverStatus};
use okta_haiilo_sync::domain::scim::value::Compare;
use okta_haiilo_sync::engine::{PollResult, Stop};
use serde_json::json;

use crate::setup::defaults::{self, rule};
use crate::setup::output::explained;
use crate::setup::world::{Ran, World, outcomes, seed, warnings};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
const URN: &str = "urn:haiilo:params:scim:schemas:extension:profile:2.0:User";

async fn with_people(n: u32) -> World {
    let world = World::of(Product::Intranet).await;
    world.okta.state().populate(n);
    world
}

async fn in_step(n: u32) -> World {
    let mut world = with_people(n).await;
    world.get_in_step().await;
    world
}

/// The usual mapping with one more rule.
fn mapping_with(path: &str, value: &str, kind: AttributeKind) -> Mapping {
    let mut spec = defaults::rules_of(Product::Intranet);
    spec.rules.push(rule(path, value, Compare::Exact, kind));
    Mapping::new(spec).expect("a mapping")
}

fn in_okta(world: &World, n: u32, change: impl FnOnce(&mut Okta, &str)) {
    let id = world.okta_id(n);
    change(&mut world.okta.state(), &id);
}

/// A world in which whoever leaves loses the account at once, in this manner, and where the directory does what is told of it.
async fn armed(people: u32, action: LeaverAction, told: Deprovision, does: haiilo::Deprovision) -> World {
    let mut world = in_step(people).await;
    world.haiilo.state().tune(|manner| manner.directory.deactivation = does);
    world.settings.policy.leavers.deactivated = action;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.settings.policy.deprovision = told;
    // The settings are new: the cycle that sees them first starts all clocks.
    world.sync_well().await;
    world
}

/// A cycle in which nothing fails, by what became of its operations.
async fn done(world: &mut World) -> Vec<String> {
    let report = world.sync_well().await;
    outcomes(&report)
}

fn status(report: &Ran) -> LeaverStatus {
    let [leaver] = &report.prepared.plan.people.findings.leavers[..] else {
        panic!("{:?}", report.prepared.plan.people.findings.leavers)
    };
    leaver.status.clone()
}

#[tokio::test]
async fn a_first_cycle_makes_accounts_that_bear_the_ids_of_their_okta_users() {
    let world = in_step(3).await;
    for n in 0..3 {
        let account = world.account(n).expect("an account");
        assert_eq!(account.text("externalId"), world.okta_id(n));
        assert!(account.is_active());
    }
    world.assert_converged().await;
}

#[tokio::test]
async fn one_token_serves_a_cycle_and_is_renewed_before_it_ends() {
    let mut world = in_step(3).await;
    let before = world.haiilo.state().tokens_granted();
    world.haiilo_settings.page_size = 1;
    world.sync_well().await;
    assert_eq!(world.haiilo.state().tokens_granted() - before, 1);
    // While a limit is waited out, the token ends: the next call has another one, and none was refused.
    world.haiilo.state().tune(|manner| manner.directory.token_seconds = 4);
    world.haiilo.plant(When::Nth(haiilo::route::LIST, 2), Fault::TooMany(Some(5)));
    world.haiilo.forget_calls();
    world.sync_well().await;
    assert_eq!(world.haiilo.state().tokens_granted() - before, 3);
    assert!(world.haiilo.calls().iter().all(|call| call.status != 401), "{:?}", world.haiilo.calls());
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once_even_for_a_write() {
    let mut world = in_step(3).await;
    world.set_profile(1, "lastName", json!("Other"));
    let before = world.haiilo.state().tokens_granted();
    world.haiilo.plant(When::Nth(haiilo::route::PATCH, 1), Fault::Refuse(401));
    assert_eq!(done(&mut world).await, ["update done"]);
    assert_eq!(world.haiilo.state().tokens_granted() - before, 2);
    // Whoever refuses every token is not asked again and again.
    world.set_profile(1, "lastName", json!("Another"));
    world.haiilo.plant(When::Every(haiilo::route::PATCH), Fault::Refuse(401));
    let report = world.sync().await;
    assert!(matches!(&report.stops[..], [Stop::CredentialsRefused(_)]), "{:?}", report.stops);
    assert_eq!(world.haiilo.state().tokens_granted() - before, 4);
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_place_for_it_say_what_to_do() {
    let mut world = in_step(3).await;
    world.haiilo.state().tune(|manner| manner.directory.client_auth = haiilo::ClientAuth::Post);
    let told = |error: &okta_haiilo_sync::engine::CycleError| explained(error);
    insta::assert_snapshot!(told(&world.try_sync().await.expect_err("no access")), @"haiilo could not be read; nothing was changed: POST /api/oauth/token: haiilo gave no access token: it answered 401 (invalid_client Bad client credentials); check haiilo.auth.client_id and its secret (Administration > User directories > API clients), and try the other haiilo.auth.client_auth");
    let HaiiloAuth::ClientCredentials { client_auth, .. } = &mut world.haiilo_settings.auth else { panic!("a client") };
    *client_auth = ClientAuth::Post;
    world.sync_well().await;
    world.haiilo.state().set_client_secret("another");
    assert!(told(&world.try_sync().await.expect_err("no access")).contains("haiilo.auth.client_id and its secret"));
    assert!(world.haiilo.state().writes().is_empty());
}

#[tokio::test]
async fn profile_fields_stand_beside_the_others_or_in_an_extension() {
    for (container, path) in [
        (Container::TopLevel, "profileField_location".to_owned()),
        (Container::Extension(URN.to_owned()), format!("{URN}:profileField_location")),
    ] {
        let mut world = with_people(3).await;
        world.haiilo.state().tune(|manner| manner.directory.container = container);
        world.settings.mapping = mapping_with(&path, "user.city | trim", AttributeKind::ProfileField);
        world.get_in_step().await;
        world.set_profile(1, "city", json!("Bath"));
        assert_eq!(done(&mut world).await, ["update done"]);
        assert_eq!(world.account(1).expect("an account").text(&path), "Bath");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_profile_field_that_does_not_stick_is_rejected_and_everything_else_goes_on() {
    let mut world = with_people(3).await;
    world.haiilo.state().tune(|manner| manner.directory.unknown = Unknown::Ignored);
    world.settings.mapping = mapping_with("profileField_shoeSize", "user.city", AttributeKind::ProfileField);
    world.sync_approved().await;
    let report = world.sync_well().await;
    assert_eq!((outcomes(&report).len(), report.prepared.plan.people.findings.rejected.len()), (0, 3));
    world.set_profile(1, "lastName", json!("Other"));
    assert_eq!(done(&mut world).await, ["update done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_manager_is_named_by_login_id_or_number_and_one_without_an_account_in_the_next_cycle() {
    let mut world = with_people(4).await;
    world.settings.mapping = mapping_with(MANAGER, "user.managerId", AttributeKind::Person);
    let first = world.okta_id(0);
    // A loop of two, one by number, and one whom nobody knows.
    world.set_profile(0, "managerId", json!(person(1).email.to_uppercase()));
    world.set_profile(1, "managerId", json!(first));
    world.set_profile(2, "managerId", json!(person(0).employee_number));
    world.set_profile(3, "managerId", json!("nobody@example.com"));
    let report = world.sync_approved().await;
    assert!(warnings(&report.prepared.plan).contains("4 references"), "{report:?}");
    assert_eq!(done(&mut world).await, ["update done"; 3]);
    let manager = |n| world.account(n).expect("an account").text(MANAGER).to_owned();
    let (zero, one) = (world.haiilo_id(0), world.haiilo_id(1));
    assert_eq!([manager(0), manager(1), manager(2), manager(3)], [one, zero.clone(), zero, String::new()]);
    world.assert_converged().await;
}

/// What a server says of a manager besides the id is about the one of before, and is not sent back with the id of the next.
#[tokio::test]
async fn another_manager_is_named_as_a_whole() {
    for method in [UpdateMethod::Patch, UpdateMethod::Put] {
        let mut world = with_people(2).await;
        world.haiilo_settings.update_method = method;
        world.settings.update_method = method;
        world.settings.mapping = mapping_with(MANAGER, "user.managerId", AttributeKind::Person);
        world.get_in_step().await;
        let [first, second] = [0, 1].map(|n| (world.okta_id(n), world.haiilo_id(n)));
        world.okta.state().hire(&person(2));
        world.set_profile(2, "managerId", json!(first.0));
        assert_eq!(done(&mut world).await, ["create done"]);
        let (account, whole) = (world.haiilo_id(2), MANAGER.trim_end_matches(".value"));
        let shown = json!({"value": first.1, "$ref": "../Users/1", "displayName": "The first"});
        world.haiilo.state().edit(&account, whole, shown);
        world.haiilo.state().forget_writes();
        world.set_profile(2, "managerId", json!(second.0));
        // The first of its kind is watched: nothing changed of which nobody spoke.
        assert_eq!(done(&mut world).await, ["update done"], "{method:?}");
        let sent = world.haiilo.state().writes().remove(0).body;
        let named = match method {
            UpdateMethod::Patch => &sent["Operations"][0]["value"],
            UpdateMethod::Put => &sent[whole.trim_end_matches(":manager")]["manager"],
        };
        assert_eq!(*named, json!({"value": second.1}), "{method:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn an_account_that_bears_the_id_of_somebody_is_theirs_under_whatever_name() {
    let mut world = with_people(2).await;
    let (okta_id, account) = (world.okta_id(1), world.haiilo.state().add_account(seed(&person(30))));
    world.haiilo.state().edit(&account, "externalId", json!(okta_id));
    let report = world.sync_well_approved().await;
    assert_eq!(outcomes(&report), ["adopt done", "create done"]);
    // Renamed once the link stands.
    assert_eq!(done(&mut world).await, ["update done"]);
    assert_eq!(world.haiilo_id(1), account);
    world.assert_converged().await;
}

/// A poll sees no listing, and Haiilo may let two accounts share an externalId.
#[tokio::test]
async fn a_poll_leaves_whoever_has_an_account_by_id_to_the_full_cycle() {
    let mut world = in_step(3).await;
    let account = world.haiilo.state().add_account(seed(&person(30)));
    let newcomer = world.okta.state().hire(&person(7));
    world.okta.state().unassign(&newcomer);
    world.haiilo.state().edit(&account, "externalId", json!(newcomer));
    world.full_cycle().await;
    world.okta.state().assign(&newcomer);
    let PollResult::Handled(looked) = world.poll().await else { panic!("somebody was looked at") };
    assert_eq!((outcomes(&looked.report).len(), looked.full_cycle_reason.is_some()), (0, true));
    let full = world.full_cycle().await;
    assert_eq!(outcomes(&full), ["adopt done"]);
}

#[tokio::test]
async fn an_account_of_another_directory_is_held_until_somebody_links_it() {
    let mut world = with_people(2).await;
    let account = world.haiilo.state().add_account(seed(&person(1)));
    world.haiilo.state().edit(&account, "externalId", json!("S-1-5-21"));
    let report = world.sync_well_approved().await;
    assert_eq!(outcomes(&report), ["create done"]);
    let [held] = &report.prepared.plan.people.findings.held[..] else {
        panic!("{:?}", report.prepared.plan.people.findings.held)
    };
    assert_eq!(held.reason, HoldReason::OfAnotherDirectory("S-1-5-21".into()));
    let name = world.haiilo.state().account(&account).expect("it stays").text("externalId").to_owned();
    assert_eq!(name, "S-1-5-21");
}

#[tokio::test]
async fn whoever_leaves_is_deactivated_and_active_again_when_they_come_back() {
    for method in [UpdateMethod::Patch, UpdateMethod::Put] {
        let mut world =
            armed(40, LeaverAction::Deactivate, Deprovision::Deactivate, haiilo::Deprovision::Deactivate).await;
        world.haiilo_settings.update_method = method;
        world.settings.update_method = method;
        world.sync_well().await;
        let account = world.haiilo_id(1);
        in_okta(&world, 1, Okta::deactivate);
        assert_eq!(done(&mut world).await, ["deactivate done"]);
        assert!(!world.haiilo.state().account(&account).expect("it stays").is_active());
        // It is not sent again.
        let again = world.sync_well().await;
        assert_eq!((outcomes(&again).len(), status(&again)), (0, LeaverStatus::Kept(KeptBecause::AlreadyInactive)));
        in_okta(&world, 1, Okta::reactivate);
        in_okta(&world, 1, Okta::assign);
        world.set_profile(1, "lastName", json!("Other"));
        assert_eq!(done(&mut world).await, ["reactivate done", "update done"]);
        let back = world.haiilo.state().account(&account).expect("it stays");
        assert_eq!((back.is_active(), back.text("name.familyName")), (true, "Other"));
        world.assert_converged().await;
        assert!(world.state().await.removed_accounts.is_empty());
    }
}

#[tokio::test]
async fn what_somebody_deactivated_by_hand_stays_inactive_and_is_told() {
    let mut world = in_step(3).await;
    let account = world.haiilo_id(1);
    world.haiilo.state().edit(&account, "active", json!(false));
    world.set_profile(1, "lastName", json!("Other"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    let findings = &report.prepared.plan.people.findings;
    let [waiting] = &findings.waiting[..] else { panic!("{findings:?}") };
    assert_eq!(waiting.path.to_string(), "active");
    assert!(!world.haiilo.state().account(&account).expect("it stays").is_active());
    world.assert_converged().await;
}

#[tokio::test]
async fn a_policy_that_hides_new_accounts_is_one_note_and_no_loop() {
    let mut world = with_people(3).await;
    world.haiilo.state().tune(|manner| manner.directory.activation = Activation::Hidden);
    world.sync_approved().await;
    for _ in 0..2 {
        let report = world.sync_well().await;
        assert_eq!((outcomes(&report).len(), report.prepared.plan.people.findings.waiting.len()), (0, 3));
    }
    // So is an activation that does not stick.
    world.settings.policy.leavers.deactivated = LeaverAction::Deactivate;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.settings.policy.deprovision = Deprovision::Deactivate;
    world.haiilo.state().tune(|manner| manner.directory.activation = Activation::Active);
    let account = world.haiilo_id(1);
    world.haiilo.state().edit(&account, "active", json!(true));
    in_okta(&world, 1, Okta::deactivate);
    world.sync_well().await;
    world.haiilo.state().tune(|manner| manner.directory.activation = Activation::Hidden);
    in_okta(&world, 1, Okta::reactivate);
    in_okta(&world, 1, Okta::assign);
    let report = world.sync().await;
    assert_eq!((outcomes(&report), report.stops.len()), (vec!["reactivate done_except".to_owned()], 0));
    world.haiilo.state().forget_writes();
    world.sync_well().await;
    assert!(world.haiilo.state().writes().is_empty());
}

#[tokio::test]
async fn a_directory_that_deletes_whoever_is_deactivated_stops_the_run_at_the_first() {
    let mut world = armed(80, LeaverAction::Deactivate, Deprovision::Deactivate, haiilo::Deprovision::Delete).await;
    in_okta(&world, 1, Okta::deactivate);
    in_okta(&world, 2, Okta::deactivate);
    let report = world.sync().await;
    assert!(matches!(&report.stops[..], [Stop::DeactivationDeletes(_)]), "{:?}", report.stops);
    assert_eq!(world.haiilo.state().restorable().len(), 1);
    // The next cycle sends no other one, until the configuration says what the directory does.
    let report = world.sync_well().await;
    assert!(
        matches!(status(&report), LeaverStatus::Blocked(_, DeletesBlocked::DeactivationDeleted)),
        "{:?}",
        status(&report)
    );
    assert_eq!(world.haiilo.state().restorable().len(), 1);
    world.settings.policy.deprovision = Deprovision::Delete;
    world.sync_well().await;
    assert_eq!(done(&mut world).await.len(), 0);
    assert_eq!(world.haiilo.state().restorable().len(), 2);
    assert!(world.state().await.deactivation_deleted.is_none());
}

#[tokio::test]
async fn where_the_policy_deletes_a_deactivation_counts_as_a_delete() {
    let mut world = armed(80, LeaverAction::Deactivate, Deprovision::Delete, haiilo::Deprovision::Delete).await;
    for n in 0..5 {
        in_okta(&world, n, Okta::deactivate);
    }
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done"; 3], "the budget of deletes is three");
    let by = world.haiilo.state().deleted().iter().map(|deleted| deleted.by).collect::<Vec<_>>();
    assert_eq!(by, [haiilo::By::Patch; 3]);
    assert_eq!(world.state().await.links.len(), 77);
}

#[tokio::test]
async fn a_deleted_account_is_given_back_where_haiilo_still_answers_for_it_and_made_anew_elsewhere() {
    for remains in [Remains::Readable, Remains::Nothing] {
        let mut world = armed(40, LeaverAction::Delete, Deprovision::Delete, haiilo::Deprovision::Delete).await;
        world.haiilo.state().tune(|manner| manner.directory.remains = remains);
        let account = world.haiilo_id(1);
        in_okta(&world, 1, Okta::deactivate);
        assert_eq!(done(&mut world).await, ["delete done"]);
        in_okta(&world, 1, Okta::reactivate);
        in_okta(&world, 1, Okta::assign);
        assert_eq!(done(&mut world).await, ["create done"]);
        assert_eq!(world.haiilo_id(1) == account, remains == Remains::Readable);
        assert!(world.account(1).expect("an account").is_active());
        world.sync_well().await;
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn deactivations_are_limited_and_protected_like_deletes() {
    let mut world = armed(80, LeaverAction::Deactivate, Deprovision::Deactivate, haiilo::Deprovision::Deactivate).await;
    let protected = person(1).email;
    world.settings.policy.protected =
        okta_haiilo_sync::domain::model::policy::Protected::new([protected]).expect("a pattern");
    for n in 1..6 {
        in_okta(&world, n, Okta::deactivate);
    }
    assert_eq!(done(&mut world).await, ["deactivate done"; 3]);
    assert!(world.account(1).expect("it stays").is_active());
    // Nothing more on this day.
    assert_eq!(done(&mut world).await.len(), 0);
    world.advance(TimeDelta::hours(25));
    assert_eq!(done(&mut world).await.len(), 1);
}

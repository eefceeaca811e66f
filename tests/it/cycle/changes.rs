//! Stories of ordinary days: a world in step, one thing changes, a cycle runs, both sides agree again.

use okta_haiilo_sim::haiilo;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::UpdateMethod;
use okta_haiilo_sync::domain::mapping::{On, WhenEmpty};
use okta_haiilo_sync::domain::model::assignment::{StagedRule, SuspendedRule};
use okta_haiilo_sync::domain::model::policy::Product;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::plan::operation::OperationKind;
use okta_haiilo_sync::engine::{CycleError, Scope};
use serde_json::json;

use crate::setup::environment::product;
use crate::setup::world::{World, mapping, outcomes, seed};

#[tokio::test]
async fn three_people_are_planned_made_and_in_step() {
    let mut world = World::with_people(3).await;
    let prepared = world.plan().await;
    assert_eq!(prepared.plan.people.of_kind(OperationKind::Create).count(), 3);
    let report = world.sync_approved().await;
    assert_eq!(outcomes(&report), ["create done", "create done", "create done"]);
    let ada = world.account(0).expect("Ada");
    let wanted = seed(&person(0));
    let expected = (wanted.given.as_str(), wanted.family.as_str(), wanted.group.as_str(), wanted.team.as_str());
    assert_eq!((ada.text("name.givenName"), ada.text("name.familyName"), ada.group(), ada.team()), expected);
    assert!(ada.is_active());
    world.assert_converged().await;
}

#[tokio::test]
async fn a_new_colleague_gets_an_account() {
    let mut world = World::in_step(3).await;
    world.okta.state().hire(&person(7));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["create done"]);
    assert!(world.account(7).is_some());
    world.assert_converged().await;
}

#[tokio::test]
async fn a_new_name_and_a_new_city_reach_the_account_and_nothing_else_is_touched() {
    let mut world = World::in_step(3).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    world.haiilo.state().edit(&account, "title", json!("set by an admin"));
    world.okta.state().set_profile(&id, "lastName", json!("Byron"));
    world.okta.state().set_profile(&id, "city", json!("Paris"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    let changed = world.account(1).expect("the account");
    assert_eq!(
        (changed.text("name.familyName"), changed.team(), changed.text("title")),
        ("Byron", "Paris", "set by an admin")
    );
    assert_eq!(world.haiilo.state().writes().len(), 1);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_move_to_another_group() {
    let mut world = World::in_step(3).await;
    world.set_profile(0, "countryCode", json!("FI"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    assert_eq!(world.account(0).expect("the account").group(), "Finland");
    world.assert_converged().await;
}

#[tokio::test]
async fn nothing_to_do_is_nothing_done() {
    let mut world = World::in_step(20).await;
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty());
    assert_eq!(report.prepared.plan.people.findings.counts.unchanged, 20);
    assert!(world.haiilo.state().writes().is_empty());
}

#[tokio::test]
async fn pages_of_both_sides_are_put_together() {
    let mut world = World::with_people(23).await;
    world.okta_settings.page_size = 5;
    world.settings.page_size = 4;
    let report = world.sync_approved().await;
    assert_eq!(report.concluded.len(), 23);
    world.assert_converged().await;
    let prepared = world.plan().await;
    assert_eq!(prepared.plan.people.findings.counts.unchanged, 23);
}

#[tokio::test]
async fn a_cleared_attribute_is_left_cleared_or_held_as_the_rule_says() {
    for (when_empty, team, held) in
        [(WhenEmpty::Leave, person(0).city, 0), (WhenEmpty::Clear, "", 0), (WhenEmpty::Hold, person(0).city, 1)]
    {
        let mut world = World::in_step(2).await;
        world.settings.mapping = mapping(|spec| spec.rules[4].when_empty = when_empty);
        world.set_profile(0, "city", json!(""));
        let report = world.sync_well().await;
        assert_eq!(world.account(0).expect("the account").team(), team, "{when_empty:?}");
        assert_eq!(report.prepared.plan.people.findings.held.len(), held, "{when_empty:?}");
        world.assert_converged().await;
    }
}

#[tokio::test]
async fn a_rule_for_new_accounts_alone_is_not_applied_later() {
    let mut world = World::in_step(2).await;
    world.settings.mapping = mapping(|spec| spec.rules[1].on = On::Create);
    world.set_profile(0, "firstName", json!("Augusta"));
    assert!(world.sync_well().await.concluded.is_empty());
    let mut newcomer = person(5);
    newcomer.given = "Grace";
    world.okta.state().hire(&newcomer);
    world.sync_well().await;
    assert_eq!(world.account(5).expect("the account").text("name.givenName"), "Grace");
    world.assert_converged().await;
}

#[tokio::test]
async fn drift_in_haiilo_is_corrected_and_case_of_teams_is_no_drift() {
    let mut world = World::in_step(3).await;
    let (first, second) = (world.haiilo_id(0), world.haiilo_id(1));
    world.haiilo.state().edit(&first, "name.givenName", json!("Nickname"));
    let shouted = person(1).city.to_uppercase();
    world.haiilo.state().edit(&second, "addresses[type eq \"work\"].locality", json!(shouted));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    assert_eq!(world.account(0).expect("the account").text("name.givenName"), person(0).given);
    world.assert_converged().await;
}

#[tokio::test]
async fn a_suspended_user_keeps_the_account_and_its_updates() {
    let mut world = World::in_step(3).await;
    let id = world.okta_id(1);
    world.okta.state().suspend(&id);
    world.okta.state().set_profile(&id, "city", json!("Paris"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    assert!(report.prepared.plan.people.findings.leavers.is_empty());
    world.settings.policy.statuses.suspended = SuspendedRule::Leaver;
    let report = world.sync_well().await;
    assert_eq!(report.prepared.plan.people.findings.leavers.len(), 1);
    assert_eq!(report.prepared.plan.people.findings.leavers[0].evidence.as_str(), "deactivated");
    world.okta.state().unsuspend(&id);
    assert!(world.sync_well().await.prepared.plan.people.findings.leavers.is_empty());
    world.assert_converged().await;
}

#[tokio::test]
async fn who_has_not_started_gets_no_account_yet_and_an_existing_one_is_left_alone() {
    let mut world = World::in_step(2).await;
    let known = world.okta_id(0);
    world.okta.state().set_status(&known, "STAGED");
    world.okta.state().set_profile(&known, "city", json!("Paris"));
    let newcomer = world.okta.state().hire(&person(5));
    world.okta.state().set_status(&newcomer, "STAGED");
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty());
    assert_eq!(report.prepared.plan.people.findings.counts.staged, 2);
    world.settings.policy.statuses.staged = StagedRule::Provision;
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "create done"]);
    world.assert_converged().await;
}

#[tokio::test]
async fn out_of_scope_is_not_leaving() {
    let mut world = World::in_step(3).await;
    let id = world.okta_id(1);
    world.okta.state().set_profile(&id, "userType", json!("service"));
    world.okta.state().set_profile(&id, "city", json!("Paris"));
    world.settings.mapping = mapping(|spec| spec.include = Some("user.userType != 'service'".to_owned()));
    let newcomer = world.okta.state().hire(&person(5));
    world.okta.state().set_profile(&newcomer, "userType", json!("service"));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty());
    assert_eq!(report.prepared.plan.people.findings.counts.out_of_scope, 2);
    assert!(world.state().await.links.len() == 3);
    world.assert_converged().await;
}

#[tokio::test]
async fn accounts_that_exist_are_adopted_in_a_step_of_their_own() {
    let mut world = World::with_people(4).await;
    let (first, mut second) = (seed(&person(0)), seed(&person(1)));
    second.team = "Elsewhere".to_owned();
    second.user_name = second.user_name.to_uppercase();
    world.haiilo.state().populate([first, second, seed(&person(9))]);
    let report = world.sync_approved().await;
    // In the intranet both get the ids of their Okta users; in Advocacy there is one wrong team.
    let updates = if product() == Product::Intranet { 2 } else { 1 };
    let done = [vec!["adopt done"; 2], vec!["update done"; updates], vec!["create done"; 2]].concat();
    assert_eq!(outcomes(&report), done);
    let mut unmanaged: Vec<String> = report
        .prepared
        .plan
        .people
        .findings
        .unmanaged
        .iter()
        .filter_map(|account| account.user_name.as_ref().map(ToString::to_string))
        .collect();
    unmanaged.sort();
    assert_eq!(unmanaged, [person(9).email, "scim@example.com".to_owned()]);
    // The spelling of an address that differs in case alone is left as it is.
    assert_eq!(world.account(1).expect("the account").user_name, person(1).email.to_uppercase());
    assert_eq!(world.account(9).expect("somebody else's").text("name.familyName"), person(9).family);
    world.assert_converged().await;
}

#[tokio::test]
async fn an_update_by_put_sends_back_what_it_read_in_advocacy() {
    let mut world = World::in_step(3).await;
    world.haiilo_settings.update_method = UpdateMethod::Put;
    world.settings.update_method = UpdateMethod::Put;
    let id = world.haiilo_id(0);
    world.haiilo.state().edit(&id, "title", json!("set by an admin"));
    world.haiilo.state().tune(|manner| manner.extras = vec![("points".to_owned(), json!({"total": 7}))]);
    world.set_profile(0, "city", json!("Paris"));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    let account = world.account(0).expect("the account");
    assert_eq!((account.team(), account.text("title")), ("Paris", "set by an admin"));
    world.assert_converged().await;
}

#[tokio::test]
async fn one_person_is_synced_by_any_name_and_nobody_else() {
    for name in [
        |_: &World| person(1).email.to_uppercase(),
        |world: &World| world.okta_id(1),
        |world: &World| world.haiilo_id(1),
    ] {
        let mut world = World::in_step(4).await;
        let ids: Vec<String> = (0..4).map(|n| world.okta_id(n)).collect();
        world.okta.state().set_profile(&ids[0], "city", json!("Paris"));
        world.okta.state().set_profile(&ids[1], "city", json!("Paris"));
        world.okta.state().deactivate(&ids[2]);
        world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
        let scope = Scope::One(name(&world));
        let report = world.try_sync_with(scope, None).await.expect("a cycle");
        assert_eq!(outcomes(&report), ["update done"]);
        assert_eq!(report.concluded[0].operation.okta_id.as_str(), ids[1]);
        // Nothing is concluded from anybody's absence, and nothing remembered.
        assert!(world.state().await.leavers.is_empty());
        assert!(world.haiilo.state().deleted().is_empty());
    }
}

#[tokio::test]
async fn one_person_who_left_is_not_deleted_by_name() {
    let mut world = World::in_step(3).await;
    world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
    let (id, name) = (world.okta_id(1), person(1).email);
    world.okta.state().deactivate(&id);
    let report = world.try_sync_with(Scope::One(name), None).await.expect("a cycle");
    assert!(report.concluded.is_empty());
    assert_eq!(report.prepared.plan.people.findings.leavers.len(), 1);
}

#[tokio::test]
async fn a_name_of_nobody_is_an_error_and_no_empty_plan() {
    let world = World::in_step(2).await;
    let plan = async |name: &str| world.try_plan_of(&Scope::One(name.to_owned())).await;
    let error = plan("nobody@example.com").await.expect_err("nobody");
    assert!(matches!(error, CycleError::NobodyOfThisName), "{error:?}");
    // An unmanaged account is somebody: the report says that it is left alone.
    let owner = plan(haiilo::OWNER).await.expect("a plan").plan.people;
    assert_eq!((owner.operations.len(), owner.findings.unmanaged.len()), (0, 1));
}

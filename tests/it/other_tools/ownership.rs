//! The boundary between what is ours and what is not.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{OWNER, route};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::ids::UserName;
use okta_haiilo_sync::domain::model::policy::{AdoptedRule, LeaverAction, Protected};
use okta_haiilo_sync::domain::plan::leaver::{KeptBecause, LeaverStatus};
use serde_json::json;

use crate::setup::world::{World, mapping, outcomes, seed};

/// In awslabs/ssosync#305 wildcards were wanted, and the ignore list was only looked at after the queue of deletions had been built; in
/// awslabs/ssosync#244 it did not stop an attempt on the root administrator. Here whoever is protected is never due, and takes no place in
/// the day's budget from those who are.
#[tokio::test]
async fn protected_accounts_are_never_due_and_use_up_no_budget() {
    let mut world = World::in_step(40).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.settings.policy.leavers.adopted = AdoptedRule::Same;
    let pattern = format!("{}*", person(2).email.split('@').next().unwrap_or_default());
    let patterns = [person(0).email, person(1).email.to_uppercase(), pattern];
    world.settings.policy.protected = Protected::new(patterns).expect("patterns");
    world.sync_well().await;
    let ids: Vec<String> = (0..5).map(|n| world.okta_id(n)).collect();
    for id in &ids {
        world.okta.state().deactivate(id);
    }
    for n in 0..3 {
        let id = world.haiilo_id(n);
        world.haiilo.state().must_not_touch(&id);
    }
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["delete done", "delete done"]);
    let kept = |status: &LeaverStatus| matches!(status, LeaverStatus::Kept(KeptBecause::Protected(_)));
    assert_eq!(report.prepared.plan.people.findings.leavers.iter().filter(|leaver| kept(&leaver.status)).count(), 3);
    world.assert_converged().await;
}

/// In awslabs/ssosync#286 a mode that was about groups made and deleted users too, and in goauthentik/authentik#15652 a failing target broke
/// the source's own deletion. Here nothing is ever written to Okta, whatever happens in Haiilo, and of Haiilo's groups none comes or goes.
#[tokio::test]
async fn okta_is_read_and_never_written_and_groups_stay_as_they_are() {
    let mut world = World::in_step(8).await;
    let (groups, before) = (world.haiilo.state().groups(), world.okta.state().assigned());
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.settings.policy.leavers.unassigned = LeaverAction::Delete;
    world.sync_well().await;
    let ids: Vec<String> = (0..3).map(|n| world.okta_id(n)).collect();
    world.okta.state().deactivate(&ids[0]);
    world.okta.state().rename(&ids[1], "renamed@example.com");
    world.set_profile(2, "countryCode", json!("XX"));
    world.okta.state().hire(&person(20));
    for route in [route::CREATE, route::DELETE] {
        world.haiilo.plant(When::Nth(route, 1), Fault::Refuse(500));
    }
    let failing = world.sync().await;
    assert_eq!(failing.concluded.iter().filter(|one| one.outcome.is_failure()).count(), 2);
    world.haiilo.heal();
    world.sync().await;
    assert!(world.okta.calls().iter().all(|call| call.route.starts_with("GET ")), "{:?}", world.okta.calls());
    assert_eq!(world.haiilo.state().groups(), groups);
    assert_eq!(world.okta.state().assigned().len(), before.len());
}

/// In DefGuard/defguard#3184 a first sync took the last administrator's rights, fleetdm/fleet#38087 could lose the last one and its own API
/// user, and adobe-apiplatform/user-sync.py#148 would have removed whoever matched nobody, administrators included.
#[tokio::test]
async fn a_first_run_among_strangers_touches_none_of_them_and_keeps_its_own_way_in() {
    let mut world = World::with_people(5).await;
    world.haiilo.state().populate((20..40).map(|n| seed(&person(n))));
    let unmanaged: Vec<String> = world.haiilo.state().accounts().into_iter().map(|account| account.id).collect();
    for id in &unmanaged {
        world.haiilo.state().must_not_touch(id);
    }
    world.settings.policy.leavers.unassigned = LeaverAction::Delete;
    world.settings.policy.leavers.adopted = AdoptedRule::Same;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    let report = world.sync_well_approved().await;
    assert_eq!(outcomes(&report), ["create done"; 5]);
    assert_eq!(report.prepared.plan.people.findings.unmanaged.len(), 21, "twenty strangers and the owner of our token");
    // Even the person whom our own token belongs to may leave.
    let mut owner = person(9);
    owner.email = OWNER.to_owned();
    let id = world.okta.state().hire(&owner);
    world.settings.policy.token_owner = Some(UserName::new(OWNER.to_uppercase()));
    world.settings.mapping = mapping(|spec| spec.rules.truncate(1));
    world.sync_well().await;
    world.okta.state().unassign(&id);
    let report = world.sync_well().await;
    assert_eq!(report.prepared.plan.people.findings.leavers[0].status, LeaverStatus::Kept(KeptBecause::TokenOwner));
    for id in &unmanaged {
        assert!(world.haiilo.state().account(id).is_some());
    }
    world.assert_converged().await;
}

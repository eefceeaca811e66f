//! A source that fails, or answers with too little, is no news that everybody left.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta::{Bend, route};
use okta_haiilo_sync::domain::model::policy::{AdoptedRule, LeaverAction};
use okta_haiilo_sync::domain::plan::leaver::{DeletesBlocked, LeaverStatus};
use serde_json::json;

use crate::setup::world::{World, mapping};

/// Twenty people on two pages, and nothing but evidence between a person who is gone and a delete.
async fn armed() -> World {
    let mut world = World::in_step(20).await;
    world.okta_settings.page_size = 15;
    world.settings.policy.leavers.unassigned = LeaverAction::Delete;
    world.settings.policy.leavers.adopted = AdoptedRule::Same;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.sync_well().await;
    world
}

/// A week in which the source is ill in the same way, twice a day: not one write, whatever the cycles come to.
async fn a_week_of(world: &mut World, what: &str, plant: impl Fn(&World)) {
    for _ in 0..14 {
        world.advance(TimeDelta::hours(12));
        plant(world);
        // Some of these cycles fail, some are refused, some hold people: that is their own affair.
        drop(world.try_sync().await);
        world.okta.heal();
        assert_eq!(world.haiilo.state().writes(), [], "{what}");
    }
    world.advance(TimeDelta::hours(25));
    let report = world.sync_well().await;
    assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty(), "{what}");
    assert_eq!(report.prepared.plan.people.findings.counts.unchanged, 20, "{what}");
    assert!(world.state().await.leavers.is_empty(), "{what}");
    world.assert_converged().await;
}

/// In awslabs/ssosync#194 a run that saw nobody removed everybody; in awslabs/ssosync#278 and awslabs/ssosync#234 a 503 made people and
/// groups look deleted, and in awslabs/ssosync#236 memberships went and came back; go-gitea/gitea#4402 and go-gitea/gitea#7949 took a time
/// limit and an empty list for departures, glpi-project/glpi#984 disabled hundreds on errors, opnsense/core#10128 deleted whoever an
/// unreachable server did not name, h44z/wg-portal#744 and keycloak/keycloak#24669 believed a success without entries, firezone/firezone#9194
/// one with parts missing, and akkornel/syncrepl#24 ended a partial refresh by taking the rest for deleted.
#[tokio::test]
async fn a_source_that_is_ill_for_a_week_takes_nobody_away() {
    let mut world = armed().await;
    let everywhere = [
        Fault::Refuse(401),
        Fault::Refuse(403),
        Fault::Refuse(404),
        Fault::Refuse(500),
        Fault::Refuse(503),
        Fault::Html(200),
        Fault::Html(503),
        Fault::EmptyBody,
        Fault::Garbled,
        Fault::CutBody,
        Fault::DropBefore,
        Fault::TooMany(None),
        Fault::Bend(Bend::EmptyList),
        Fault::Bend(Bend::NotAnArray),
        Fault::Bend(Bend::LoseExpand),
        Fault::Bend(Bend::ReadOnly),
    ];
    for fault in everywhere {
        let what = format!("{fault:?} on every page");
        a_week_of(&mut world, &what, |world| world.okta.plant(When::Every(route::APP_USERS), fault.clone())).await;
    }
    let on_one_page = [
        (1, Fault::Bend(Bend::LoseNext)),
        (1, Fault::Bend(Bend::LosePage)),
        (1, Fault::Bend(Bend::RowWithoutUser)),
        (1, Fault::Bend(Bend::NullProfile)),
        (2, Fault::Bend(Bend::EmptyList)),
        (2, Fault::Bend(Bend::RowWithoutId)),
    ];
    for (n, fault) in on_one_page {
        let what = format!("{fault:?} on page {n}");
        a_week_of(&mut world, &what, |world| world.okta.plant(When::Nth(route::APP_USERS, n), fault.clone())).await;
    }
}

/// In gravitational/teleport#69409 a passing error behind the source made assignments look deleted; here the calls that give evidence fail
/// together with the listing, and even agree with it.
#[tokio::test]
async fn a_source_that_is_wrong_everywhere_in_the_same_way_takes_nobody_away() {
    let mut world = armed().await;
    // Few enough to pass every limit: five people of the second page.
    for by_id in [Fault::Refuse(404), Fault::Refuse(503), Fault::Html(404), Fault::Bend(Bend::RowWithoutStatus)] {
        let what = format!("{by_id:?} by id");
        a_week_of(&mut world, &what, |world| {
            world.okta.plant(When::Nth(route::APP_USERS, 1), Fault::Bend(Bend::LoseNext));
            world.okta.plant(When::Every(route::APP_USER), by_id.clone());
        })
        .await;
    }
    // More than any limit lets pass.
    a_week_of(&mut world, "nobody anywhere", |world| {
        world.okta.plant(When::Every(route::APP_USERS), Fault::Bend(Bend::EmptyList));
        world.okta.plant(When::Every(route::APP_USER), Fault::Refuse(404));
    })
    .await;
}

/// In awslabs/ssosync#159 a filter that differed between two ways of installing deleted users, in goauthentik/authentik#19295 a slip in a
/// filter deleted everybody with their second factors, and in FusionAuth/fusionauth-issues#3244 a wrong scope made all users anew under other
/// ids.
#[tokio::test]
async fn a_filter_that_leaves_everybody_out_takes_nobody_away() {
    let mut world = armed().await;
    let ids = |world: &World| (0..20).map(|n| world.haiilo_id(n)).collect::<Vec<_>>();
    let before = ids(&world);
    for include in ["user.userType == 'employe'", "user.city == 'Nowhere'", "false"] {
        world.settings.mapping = mapping(|spec| spec.include = Some(include.to_owned()));
        for _ in 0..6 {
            world.advance(TimeDelta::hours(12));
            let report = world.sync_well().await;
            assert_eq!(report.prepared.plan.people.findings.counts.out_of_scope, 20, "{include}");
            assert!(
                report.concluded.is_empty() && report.prepared.plan.people.findings.leavers.is_empty(),
                "{include}"
            );
        }
        assert_eq!(world.haiilo.state().writes(), [], "{include}");
    }
    world.settings.mapping = mapping(|_| {});
    world.sync_well().await;
    assert_eq!(ids(&world), before);
    world.assert_converged().await;
}

/// The other half of the first test: where the source is well again and says the same as before, people who did leave lose their accounts.
/// Without it, a program that never deletes would pass. It also answers ParabolInc/parabol#12568, where nobody was ever cleaned up.
#[tokio::test]
async fn a_source_that_is_well_again_is_believed() {
    let mut world = armed().await;
    let gone = world.okta_id(7);
    world.okta.state().deactivate(&gone);
    world.okta.plant(When::Every(route::USER), Fault::Refuse(503));
    let report = world.sync_well().await;
    assert_eq!(report.prepared.plan.people.findings.held[0].reason.code(), "evidence_due");
    world.okta.heal();
    world.set_profile(3, "city", json!("Paris"));
    world.okta.plant(When::Nth(route::APP, 1), Fault::Bend(Bend::NoDate));
    let report = world.sync_well().await;
    assert!(matches!(
        report.prepared.plan.people.findings.leavers[0].status,
        LeaverStatus::Blocked(_, DeletesBlocked::ClockOff)
    ));
    world.okta.heal();
    world.sync_well().await;
    assert_eq!(world.haiilo.state().deleted().len(), 1);
    world.assert_converged().await;
}

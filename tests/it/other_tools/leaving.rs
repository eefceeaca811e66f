//! What cannot be undone is announced, waits, and is done only where it was asked for.

use chrono::TimeDelta;
use okta_haiilo_sim::haiilo::Did;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::UpdateMethod;
use okta_haiilo_sync::domain::model::policy::{AdoptedRule, LeaverAction};
use okta_haiilo_sync::report::{TextOptions, text};
use serde_json::{Value, json};

use crate::setup::output::{planned, told_of_plan};
use crate::setup::world::World;

/// Whether a body asks for an account to become inactive, anywhere in it.
fn asks_for_an_end(body: &Value) -> bool {
    match body {
        Value::Object(object) => object.iter().any(|(key, value)| {
            let names_active = key.eq_ignore_ascii_case("active") && !matches!(value, Value::Bool(true));
            let patches_active =
                key == "path" && value.as_str().is_some_and(|path| path.eq_ignore_ascii_case("active"));
            names_active || patches_active || asks_for_an_end(value)
        }),
        Value::Array(list) => list.iter().any(asks_for_an_end),
        _ => false,
    }
}

/// pocket-id/pocket-id#1296 and slashdevops/idp-scim-sync#70 ask for a mode that never deletes, awslabs/ssosync#105 for a delete that is a
/// switch of its own; in open-webui/open-webui#24501 leaving destroyed what people had written; and bitwarden/directory-connector#548 deleted
/// although its switch was off. Here `keep` is the default and means it, over a year and for every way of leaving.
#[tokio::test]
async fn where_leavers_are_kept_nobody_is_ever_deleted() {
    for method in [UpdateMethod::Patch, UpdateMethod::Put] {
        let mut world = World::in_step(20).await;
        world.haiilo_settings.update_method = method;
        world.settings.policy.leavers.deactivated = LeaverAction::Keep;
        world.settings.policy.leavers.unassigned = LeaverAction::Keep;
        world.settings.policy.leavers.adopted = AdoptedRule::Same;
        world.settings.policy.leavers.grace = TimeDelta::zero();
        world.sync_well().await;
        let ids: Vec<String> = (0..4).map(|n| world.okta_id(n)).collect();
        world.okta.state().deactivate(&ids[0]);
        world.okta.state().unassign(&ids[1]);
        world.okta.state().set_assignment_status(&ids[2], "DEPROVISIONED");
        world.okta.state().suspend(&ids[3]);
        for week in 0..52 {
            world.advance(TimeDelta::days(7));
            // Something else always goes on.
            world.set_profile(5 + week % 10, "city", json!(format!("City {week}")));
            world.sync_well().await;
        }
        assert_eq!(world.haiilo.state().accounts().len(), 21);
        let writes = world.haiilo.state().writes();
        assert!(writes.len() >= 52, "{}", writes.len());
        for write in writes {
            assert_ne!(write.method, "DELETE");
            assert!(matches!(write.did, Did::Changed(_)), "{write:?}");
            assert!(!asks_for_an_end(&write.body), "{}", write.body);
        }
        world.assert_converged().await;
    }
}

/// fleetdm/fleet#52602 and sourcegraph/sourcegraph-public-snapshot#49018 hid that leaving is a hard delete, and MicrosoftDocs/azure-docs#30269
/// left open when it would come. Here every report says so, with the day, from the first cycle on.
#[tokio::test]
async fn a_delete_is_announced_with_its_day_and_with_its_name() {
    let mut world = World::in_step(4).await;
    world.settings.policy.leavers.grace = TimeDelta::days(3);
    world.sync_well().await;
    let (okta_id, haiilo_id) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().deactivate(&okta_id);
    let first = world.clock.0.now();
    let due = (first + TimeDelta::days(3)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    for _ in 0..3 {
        world.sync_well().await;
        let told = told_of_plan(&world.plan().await);
        let leaver = &told["leavers"][0];
        let found = [&leaver["okta_id"], &leaver["haiilo_id"], &leaver["evidence"], &leaver["action"], &leaver["due"]];
        assert_eq!(found, [&json!(okta_id), &json!(haiilo_id), &json!("deactivated"), &json!("delete"), &json!(due)]);
        assert_eq!(told["operations"], json!([]));
        world.advance(TimeDelta::hours(24));
    }
    let prepared = world.plan().await;
    assert_eq!(told_of_plan(&prepared)["operations"][0]["kind"], json!("delete"));
    let shown = text(&planned(&prepared), TextOptions::default());
    assert!(shown.contains("DELETE FOR EVER") && shown.contains(&person(1).email), "{shown}");
    world.sync_well().await;
    assert_eq!(world.haiilo.state().deleted().len(), 1);
    world.assert_converged().await;
}

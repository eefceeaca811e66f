//! One bad record stops nobody else; what is not ours to write stays as it is.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, Account, Patch, Put, route};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::UpdateMethod;
use okta_haiilo_sync::domain::mapping::WhenEmpty;
use okta_haiilo_sync::domain::model::policy::MissingRule;
use okta_haiilo_sync::domain::plan::leaver::{KeptBecause, LeaverStatus};
use serde_json::{Value, json};

use crate::setup::output::told;
use crate::setup::world::{World, mapping, outcomes, seed};

/// In adobe-apiplatform/user-sync.py#411 one bad address among fifty thousand stopped all, in SpiderOak/netkes#195, awslabs/ssosync#104 and
/// awslabs/ssosync#10 one conflict or one user who was gone did, in slashdevops/idp-scim-sync#75 the leftover of a rename, in
/// kanidm/kanidm#3299 one rejected entry, which was named by a number nobody knows; goauthentik/authentik#11165 showed a stack trace and not
/// who it was.
#[tokio::test]
async fn one_bad_record_stops_nobody_else_and_every_bad_one_is_named() {
    let mut world = World::in_step(10).await;
    let mut bad: Vec<(String, &str)> = Vec::new();
    let hire = |n: u32, email: &str| {
        let mut newcomer = person(n);
        if !email.is_empty() {
            email.clone_into(&mut newcomer.email);
        }
        world.okta.state().hire(&newcomer)
    };
    for n in 20..28 {
        hire(n, "");
    }
    let id = hire(30, "");
    world.okta.state().set_profile(&id, "countryCode", json!("ZZ"));
    bad.push((id, "mapping"));
    let id = hire(31, "");
    world.okta.state().set_profile(&id, "lastName", json!(["a", "list"]));
    bad.push((id, "mapping"));
    bad.push((hire(32, "no address at all"), "failed"));
    let id = hire(33, "");
    world.okta.state().set_profile(&id, "countryCode", json!("XX"));
    bad.push((id, "no_such_group"));
    // An account of another human has the address, and the listing does not show it.
    let mut hidden = seed(&person(34));
    hidden.family = "Somebody".to_owned();
    let hidden = world.haiilo.state().add_account(hidden);
    world.haiilo.state().hide_from_list(&hidden);
    bad.push((hire(34, ""), "held"));
    let twins = [hire(35, ""), hire(36, "")];
    for twin in twins {
        world.okta.state().set_user_name(&twin, "twins@example.com");
        bad.push((twin, "same_user_name"));
    }
    // The leftover of a rename that somebody made by hand.
    world.haiilo.state().populate([seed(&person(50))]);
    let id = world.okta_id(1);
    world.okta.state().rename(&id, &person(50).email);
    bad.push((id, "name_taken"));
    let (id, gone) = (world.okta_id(2), world.haiilo_id(2));
    world.haiilo.state().remove_account(&gone);
    world.okta.state().set_profile(&id, "city", json!("Paris"));
    let missing = id;
    // And those with whom all is well.
    for n in 3..10 {
        world.set_profile(n, "city", json!("Paris"));
    }

    let report = world.sync().await;
    assert!(report.stops.is_empty(), "{:?}", report.stops);
    for n in (20..28).chain(3..10) {
        assert!(world.account(n).is_some_and(|account| n >= 20 || account.team() == "Paris"), "person {n}");
    }
    let told = told(&report);
    let places = ["held", "outcomes"].map(|place| told[place].as_array().expect("a list"));
    for (id, word) in &bad {
        let entry = places
            .iter()
            .copied()
            .flatten()
            .find(|entry| entry["okta_id"] == *id && (entry["code"] == *word || entry["outcome"] == *word));
        let entry = entry.unwrap_or_else(|| panic!("{id} is not told as {word} in {told:#}"));
        let why = entry["reason"].as_str().or(entry["detail"].as_str()).unwrap_or_default();
        assert!(why.len() > 20 && entry["user_name"].is_string(), "{entry}");
        assert!(
            entry["outcome"].is_string() || entry["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()),
            "{entry}"
        );
    }
    assert_eq!(told["missing"][0]["okta_id"], json!(missing));
    let undone = told["outcomes"].as_array().expect("a list").iter().filter(|one| one["outcome"] != "done").count();
    assert_eq!((report.concluded.len(), undone), (8 + 3 + 7, 3));
    assert_eq!(told["held"].as_array().expect("a list").len(), 5);
}

/// In slashdevops/idp-scim-sync#104 a user who was gone already blocked every later run; here whoever removed the account did our work.
#[tokio::test]
async fn an_account_that_somebody_else_removed_blocks_no_run() {
    let mut world = World::in_step(6).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.sync_well().await;
    let ids: Vec<String> = (0..3).map(|n| world.okta_id(n)).collect();
    let accounts: Vec<String> = (0..3).map(|n| world.haiilo_id(n)).collect();
    // Before the cycle; between the listing and the delete; and not at all.
    for id in &ids {
        world.okta.state().deactivate(id);
    }
    world.haiilo.state().remove_account(&accounts[0]);
    world.haiilo.plant(When::Nth(route::READ, 1), Fault::Bend(haiilo::Bend::NotFoundOnce));
    let report = world.sync().await;
    assert!(report.stops.is_empty() && report.concluded.iter().all(|one| !one.outcome.is_failure()), "{report:?}");
    assert_eq!(outcomes(&report), ["delete held", "delete done"]);
    let status = |id: &str| {
        report
            .prepared
            .plan
            .people
            .findings
            .leavers
            .iter()
            .find(|leaver| leaver.okta_id.as_str() == id)
            .map(|leaver| leaver.status.clone())
    };
    assert_eq!(status(&ids[0]), Some(LeaverStatus::Kept(KeptBecause::AlreadyGone)));
    world.haiilo.heal();
    world.sync_well().await;
    assert_eq!(world.haiilo.state().accounts().len(), 1 + 3);
    for _ in 0..3 {
        world.advance(TimeDelta::hours(20));
        assert!(world.sync_well().await.concluded.is_empty());
    }
    world.assert_converged().await;
}

/// In goauthentik/authentik#16678 a server that knows one way of updating answered the other with 404, which was read as "the object is gone".
#[tokio::test]
async fn a_404_to_an_update_is_no_proof_that_the_account_is_gone() {
    for method in [UpdateMethod::Patch, UpdateMethod::Put] {
        let mut world = World::in_step(4).await;
        world.haiilo_settings.update_method = method;
        world.settings.policy.missing = MissingRule::Recreate;
        world.haiilo.state().tune(|manner| {
            manner.patch = Patch::Unsupported(404);
            manner.put = Put::Unsupported(404);
        });
        let accounts: Vec<String> = (0..4).map(|n| world.haiilo_id(n)).collect();
        world.set_profile(0, "city", json!("Paris"));
        for _ in 0..3 {
            let report = world.sync().await;
            assert_ne!(report.concluded[0].outcome.as_str(), "done", "{method:?}");
            world.advance(TimeDelta::hours(13));
        }
        assert_eq!((0..4).map(|n| world.haiilo_id(n)).collect::<Vec<_>>(), accounts, "{method:?}");
        assert_eq!(world.state().await.links.len(), 4, "{method:?}");
        world.haiilo.state().tune(|manner| {
            manner.patch = Patch::Whole200;
            manner.put = Put::Replaces;
        });
        world.advance(TimeDelta::hours(25));
        world.sync().await;
        world.sync_well().await;
        assert_eq!(world.account(0).expect("the account").team(), "Paris", "{method:?}");
        world.assert_converged().await;
    }
}

/// Everything that an account holds but what the mapping is for.
fn not_ours(account: &Account) -> Value {
    let mut attributes = account.attributes.clone();
    for name in ["userName", "name", "meta"] {
        attributes.shift_remove(name);
    }
    if let Some(addresses) = attributes.get_mut("addresses").and_then(Value::as_array_mut) {
        for address in addresses.iter_mut().filter(|address| address["type"] == "work").filter_map(Value::as_object_mut)
        {
            address.retain(|part, _| part != "country" && part != "locality");
        }
    }
    json!({"attributes": attributes, "active": account.is_active()})
}

/// In apache/syncope#895 a PUT reset fields that nobody meant to touch, in wso2/product-is#1745 a PATCH was passed on as a PUT and wiped
/// attributes, in FusionAuth/fusionauth-issues#3064 a PATCH lost unrelated data. Here what the mapping does not name is the same, value by
/// value, after updates, renames, clears and moves of every kind.
#[tokio::test]
async fn what_the_mapping_does_not_name_survives_every_kind_of_write() {
    let manners = [
        (UpdateMethod::Patch, Put::Replaces),
        (UpdateMethod::Put, Put::Replaces),
        (UpdateMethod::Put, Put::KeepsUnsent),
        (UpdateMethod::Put, Put::ResetsUnsent),
    ];
    for (method, put) in manners {
        let mut world = World::in_step(5).await;
        world.haiilo_settings.update_method = method;
        world.settings.update_method = method;
        world.settings.mapping = mapping(|spec| spec.rules[4].when_empty = WhenEmpty::Clear);
        world.haiilo.state().tune(|manner| manner.put = put);
        let accounts: Vec<String> = (0..5).map(|n| world.haiilo_id(n)).collect();
        for id in &accounts {
            let mut haiilo = world.haiilo.state();
            haiilo.edit(id, "title", json!("Countess"));
            haiilo.edit(id, "displayName", json!("Ada, as she wants to be called"));
            haiilo.edit(id, "preferredLanguage", json!("fi"));
            haiilo.edit(id, "addresses[type eq \"home\"].locality", json!("Ockham"));
            haiilo.edit(id, "phoneNumbers[type eq \"mobile\"].value", json!("+358 40 1234567"));
        }
        let look = |world: &World| -> Vec<Value> {
            accounts.iter().map(|id| not_ours(&world.haiilo.state().account(id).expect("the account"))).collect()
        };
        let before = look(&world);
        assert!(
            before[0].to_string().contains("Ockham") && before[0].to_string().contains("Countess"),
            "{}",
            before[0]
        );
        world.set_profile(0, "city", json!("Paris"));
        world.set_profile(1, "lastName", json!("Byron"));
        world.set_profile(2, "countryCode", json!("FI"));
        world.set_profile(3, "city", json!(""));
        let id = world.okta_id(4);
        world.okta.state().rename(&id, "renamed@example.com");
        let report = world.sync_well().await;
        assert!(report.concluded.len() >= 4, "{method:?} {put:?}: {:?}", outcomes(&report));
        assert_eq!(look(&world), before, "{method:?} {put:?}");
        let addresses = world.account(3).expect("the account").attributes["addresses"].clone();
        let work =
            addresses.as_array().expect("a list").iter().find(|address| address["type"] == "work").expect("work");
        assert!(work.get("locality").is_none_or(|team| team == ""), "{method:?} {put:?}: {work}");
        world.assert_converged().await;
    }
}

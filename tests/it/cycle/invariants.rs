//! Invariants that concern everything at once: the same world gives the same plan, and no text but a report names anybody.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, ErrorForm, Order};
use okta_haiilo_sim::okta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::limit::{Limit, LimitName};
use okta_haiilo_sync::domain::model::policy::Product;
use okta_haiilo_sync::report::{TextOptions, csv, json, text};
use serde_json::json;

use crate::setup::environment::product;
use crate::setup::output::{explained, planned, told, told_of_plan};
use crate::setup::world::{World, seed};

/// A world with something in every part of a report.
async fn full() -> World {
    let mut world = World::in_step(20).await;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.haiilo.state().populate([seed(&person(40)), seed(&person(41)), seed(&person(30))]);
    let ids: Vec<String> = (0..15).map(|n| world.okta_id(n)).collect();
    let gone = [world.haiilo_id(10), world.haiilo_id(11)];
    for id in &ids[..2] {
        world.okta.state().set_profile(id, "countryCode", json!("XX"));
    }
    world.sync().await;
    change(&world, &ids);
    for id in &gone {
        world.haiilo.state().remove_account(id);
    }
    world
}

fn change(world: &World, ids: &[String]) {
    let mut okta = world.okta.state();
    for id in &ids[2..4] {
        okta.set_profile(id, "city", json!("Paris"));
        okta.set_profile(id, "lastName", json!("Byron"));
    }
    okta.set_profile(&ids[4], "countryCode", json!("ZZ"));
    okta.set_user_name(&ids[5], "twins@example.com");
    okta.set_user_name(&ids[6], "Twins@example.com");
    okta.deactivate(&ids[7]);
    okta.unassign(&ids[8]);
    okta.rename(&ids[9], "renamed@example.com");
    for id in &ids[12..15] {
        okta.deactivate(id);
        okta.delete_user(id);
    }
    for n in [31, 30, 33, 32] {
        okta.hire(&person(n));
    }
}

#[tokio::test]
async fn invariant_13_the_same_world_gives_the_same_plan_in_whatever_order_it_comes() {
    let mut world = full().await;
    // More than these limits allow, so that there is an approval too.
    let limit = Some(Limit { percent: None, floor: Some(2), cap: None });
    world.settings.policy.limits.set(LimitName::Updates, limit);
    world.settings.policy.limits.set(LimitName::Creates, limit);
    let prepared = world.plan().await;
    let (first, id) = (json(&planned(&prepared)), prepared.limit_check.approval_id.clone());
    let (first_text, first_csv) = (text(&planned(&prepared), TextOptions::default()), csv(&planned(&prepared)));
    let told = told_of_plan(&prepared);
    let kinds =
        |kind: &str| told["operations"].as_array().expect("a list").iter().filter(|one| one["kind"] == kind).count();
    // In the intranet the adopted account gets the id of its Okta user.
    let updates = if product() == Product::Intranet { 4 } else { 3 };
    assert_eq!(["adopt", "update", "create", "delete"].map(kinds), [1, updates, 3, 1]);
    let waiting = if product() == Product::Advocacy { &["waiting"][..] } else { &[] };
    for part in ["leavers", "held", "missing", "unmanaged", "violations"].iter().chain(waiting) {
        assert!(
            told[part].as_array().is_some_and(|list| list.len() > 1),
            "{part} has too little for an order: {told:#}"
        );
    }
    assert!(id.is_some());
    for part in ["leavers", "held", "waiting", "rejected"] {
        assert!(told[part].as_array().expect("a list").is_sorted_by_key(|one| one["okta_id"].as_str()), "{part}");
    }
    let assigned = world.okta.state().assigned();
    for turn in 0..8 {
        // Okta lists in the order of assignment: whoever is assigned anew stands last.
        for at in 0..assigned.len() {
            let who = &assigned[(at * 7 + turn * 5) % assigned.len()];
            let name = world.okta.state().user_name(who).expect("a name").to_owned();
            let again = |world: &World| {
                let mut okta = world.okta.state();
                okta.unassign(who);
                okta.assign(who);
                okta.set_user_name(who, &name);
            };
            again(&world);
        }
        let order = [Order::Creation, Order::NewestFirst, Order::IdAsText][turn % 3];
        world.haiilo.state().tune(|manner| manner.order = order);
        world.settings.page_size = [100, 7, 3][turn % 3];
        world.okta_settings.page_size = [500, 9, 4, 1][turn % 4];
        world.settings.concurrency = 1 + turn;
        let prepared = world.plan().await;
        assert_eq!(json(&planned(&prepared)), first, "turn {turn}, {order:?}");
        assert_eq!(text(&planned(&prepared), TextOptions::default()), first_text, "turn {turn}, {order:?}");
        assert_eq!(csv(&planned(&prepared)), first_csv, "turn {turn}, {order:?}");
        assert_eq!(prepared.limit_check.approval_id, id, "turn {turn}, {order:?}");
    }
    // The refused run means the same operations, and the id does not depend on the time.
    world.advance(TimeDelta::minutes(7));
    assert_eq!(world.sync().await.prepared.limit_check.approval_id, id);
}

#[tokio::test]
async fn invariant_13_a_cycle_reports_in_the_same_order_however_its_answers_come_in() {
    let mut world = World::in_step(12).await;
    world.settings.concurrency = 8;
    world.haiilo_settings.concurrency = 8;
    // The first of its kind goes alone; all others go side by side.
    world.set_profile(0, "city", json!("Paris"));
    world.sync_well().await;
    for n in 1..12 {
        world.set_profile(n, "city", json!("Rome"));
    }
    // One in the middle is the first of another kind, and goes before all others.
    world.set_profile(7, "lastName", json!("Byron"));
    for n in 20..32 {
        world.okta.state().hire(&person(n));
    }
    // Some answers are lost, so that these accounts are looked at once more and come in late.
    for n in [1, 2, 5] {
        world.haiilo.plant(When::Nth(haiilo::route::PATCH, n), Fault::DropAfter);
        world.haiilo.plant(When::Nth(haiilo::route::CREATE, n), Fault::DropAfter);
    }
    world.haiilo.forget_calls();
    let report = world.sync_well().await;
    let told = told(&report);
    let list = |name: &str| told[name].as_array().expect("a list").iter();
    let outcomes: Vec<String> = list("outcomes").map(|one| format!("{} {}", one["kind"], one["okta_id"])).collect();
    let operations: Vec<String> = list("operations").map(|one| format!("{} {}", one["kind"], one["okta_id"])).collect();
    assert_eq!((&outcomes, outcomes.len()), (&operations, 23));
    let told: Vec<&str> = list("outcomes").filter_map(|one| one["haiilo_id"].as_str()).take(11).collect();
    let calls = world.haiilo.calls();
    let first = told.iter().min_by_key(|id| calls.iter().rposition(|call| call.target.ends_with(**id)));
    assert_ne!(first, told.first(), "the first answer is the first of the report, so that this shows nothing");
}

/// The secrets of the simulated world.
const SECRETS: [&str; 2] = [okta::API_TOKEN, haiilo::TOKEN];

fn assert_names_nobody(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows a secret: {text}");
    }
    assert!(!text.contains("example.com"), "{what} shows an address: {text}");
    for n in 0..12 {
        let person = person(n);
        let names = [person.given, person.family].into_iter().filter(|name| name.len() > 4);
        names.for_each(|name| assert!(!text.contains(name), "{what} shows {name}: {text}"));
    }
}

#[tokio::test]
async fn invariant_14_why_a_cycle_ended_names_no_secret_and_no_person() {
    let faults = [
        Fault::Refuse(400),
        Fault::Refuse(401),
        Fault::Refuse(403),
        Fault::Refuse(404),
        Fault::Refuse(500),
        Fault::Html(502),
        Fault::Garbled,
        Fault::CutBody,
        Fault::EmptyBody,
        Fault::DropAfter,
    ];
    let mut told = 0;
    for fault in &faults {
        for form in [ErrorForm::Scim, ErrorForm::OtherJson, ErrorForm::Html] {
            let world = World::in_step(6).await;
            world.haiilo.state().tune(|manner| manner.errors = form);
            for (side, route) in
                [("okta", okta::route::APP), ("okta", okta::route::APP_USERS), ("haiilo", haiilo::route::LIST)]
            {
                match side {
                    "okta" => world.okta.plant(When::Every(route), recast(fault)),
                    _ => world.haiilo.plant(When::Every(route), recast(fault)),
                }
                let error = world.try_plan().await.expect_err("no plan");
                world.okta.heal();
                world.haiilo.heal();
                let what = format!("{fault:?} at {route}");
                assert_names_nobody(&what, &explained(&error));
                assert_names_nobody(&what, &format!("{error:?}"));
                assert!(
                    explained(&error).contains(route.split('?').next().unwrap_or(route)),
                    "{what}: {}",
                    explained(&error)
                );
                told += 1;
            }
        }
    }
    assert_eq!(told, faults.len() * 9);
}

/// The same fault for the other side; faults without a bend fit both.
fn recast<B>(fault: &Fault<()>) -> Fault<B> {
    match fault {
        Fault::Refuse(status) => Fault::Refuse(*status),
        Fault::Html(status) => Fault::Html(*status),
        Fault::Garbled => Fault::Garbled,
        Fault::CutBody => Fault::CutBody,
        Fault::EmptyBody => Fault::EmptyBody,
        Fault::DropAfter => Fault::DropAfter,
        other => panic!("{other:?} is not in the list"),
    }
}

#[tokio::test]
async fn invariant_14_debug_forms_name_nobody_and_the_store_knows_no_secret() {
    let mut world = full().await;
    let prepared = world.plan().await;
    assert_names_nobody("the debug form of a plan", &format!("{:?}", prepared.plan.people.operations));
    assert_names_nobody("the debug form of people who are held", &format!("{:?}", prepared.plan.people.findings.held));
    assert_names_nobody("the debug form of leavers", &format!("{:?}", prepared.plan.people.findings.leavers));
    let settings = format!("{:?} {:?}", world.okta_settings, world.haiilo_settings);
    for secret in SECRETS {
        assert!(!settings.contains(secret), "the debug form of the settings shows a secret");
    }
    world.sync().await;
    for entry in std::fs::read_dir(world.folder.path()).expect("a folder").map(|entry| entry.expect("an entry")) {
        let bytes = std::fs::read(entry.path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{:?} holds a secret", entry.file_name());
        }
    }
}

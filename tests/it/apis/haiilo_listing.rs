//! Stories of Haiilo's listing: totals that lie, pages of all sizes, orders of all kinds. A short listing never makes a second account.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{Bend, Count, Envelope, NoRows, Order, OverCap, PastEnd, Totals, route};
use okta_haiilo_sim::people::person;
use serde_json::json;

use crate::setup::world::{World, outcomes, warnings};

/// In any manner of listing, one change is one update, one hire one account, and nothing is missing.
async fn check(what: &str, tune: impl FnOnce(&mut okta_haiilo_sim::haiilo::Manner)) {
    let mut world = World::in_step(13).await;
    world.settings.page_size = 5;
    world.haiilo.state().tune(tune);
    world.set_profile(0, "city", json!("Paris"));
    world.okta.state().hire(&person(20));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "create done"], "{what}");
    assert!(
        report.prepared.plan.people.findings.missing.is_empty() && report.prepared.plan.people.findings.held.is_empty(),
        "{what}"
    );
    world.assert_converged().await;
}

#[tokio::test]
async fn totals() {
    for totals in
        [Totals::Missing, Totals::Off(3), Totals::Off(-3), Totals::AsText, Totals::CappedToPage, Totals::Growing]
    {
        check(&format!("{totals:?}"), |manner| manner.totals = totals).await;
    }
}

#[tokio::test]
async fn orders() {
    for order in [Order::NewestFirst, Order::IdAsText] {
        check(&format!("{order:?}"), |manner| manner.order = order).await;
    }
}

#[tokio::test]
async fn pages() {
    check("a cap below the page size", |manner| manner.page_cap = Some(3)).await;
    check("a cap of one", |manner| manner.page_cap = Some(1)).await;
    check("the first rows again behind the end", |manner| manner.past_end = PastEnd::FirstRowsAgain).await;
    check("a bare envelope", |manner| manner.envelope = Envelope::Bare).await;
    check("no Resources where there are none", |manner| manner.no_rows = NoRows::NoResources).await;
    check("a cap with a lying total", |manner| {
        manner.page_cap = Some(3);
        manner.totals = Totals::CappedToPage;
        manner.past_end = PastEnd::Empty;
    })
    .await;
}

#[tokio::test]
async fn a_page_size_that_is_refused_says_what_to_do() {
    let mut world = World::in_step(3).await;
    world.haiilo.state().tune(|manner| {
        manner.page_cap = Some(50);
        manner.over_cap = OverCap::Refused;
    });
    let error = world.try_plan().await.expect_err("no plan");
    let text = format!("{:#}", anyhow::Error::from(error));
    assert!(text.contains("GET /Users") && text.contains("400"), "{text}");
    world.settings.page_size = 50;
    world.sync_well().await;
    world.haiilo.state().tune(|manner| {
        manner.over_cap = OverCap::Cut;
        manner.count = Count::ServerError;
    });
    world.try_plan().await.expect_err("no plan");
}

#[tokio::test]
async fn invariant_01_a_listing_that_two_sources_doubt_serves_for_updates_alone() {
    let mut world = World::in_step(13).await;
    world.settings.page_size = 5;
    world.settings.policy.leavers.grace = chrono::TimeDelta::zero();
    world.sync_well().await;
    let gone = world.okta_id(5);
    world.okta.state().deactivate(&gone);
    world.set_profile(0, "city", json!("Paris"));
    world.okta.state().hire(&person(20));
    // One page is empty in one of the two walks: the two give different ids.
    world.haiilo.plant(When::Nth(route::LIST, 2), Fault::Bend(Bend::EmptyPage));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    let codes: Vec<&str> = report.prepared.plan.people.findings.held.iter().map(|held| held.reason.code()).collect();
    assert_eq!(codes, ["listing_doubtful"]);
    assert!(warnings(&report.prepared.plan).contains("nobody is created"));
    assert!(world.haiilo.state().deleted().is_empty());
    world.haiilo.heal();
    world.sync_well().await;
    world.assert_converged().await;
    assert_eq!(world.haiilo.state().deleted().len(), 1);
}

#[tokio::test]
async fn a_walk_that_is_honest_costs_one_request_more_than_its_pages() {
    let mut world = World::in_step(13).await;
    world.settings.page_size = 5;
    world.okta_settings.page_size = 5;
    world.okta.forget_calls();
    world.haiilo.forget_calls();
    world.sync_well().await;
    // Fourteen accounts with the owner's, and thirteen people.
    assert_eq!((world.okta.count(), world.haiilo.count()), (1 + 3, 3 + 1));
}

//! `check` at Haiilo's side: each finding is provoked once; what is learnt is kept, and changes what cycles ask.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{AccountSeed, Bend, Discovery, Filters, Manner, OverCap, Patch, Totals, route};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::store::{CycleLock, StorePath};

use crate::cli::check::findings::{finds, section};
use crate::setup::program::Stage;

/// So many accounts besides that of the token's owner, and whatever the server does otherwise.
async fn stage(accounts: u32, tune: impl FnOnce(&mut Manner)) -> Stage {
    let stage = Stage::with_people(1).await;
    stage.haiilo.state().populate((0..accounts).map(|n| AccountSeed::of(&person(n))));
    stage.haiilo.state().tune(tune);
    stage
}

/// The sizes of the pages that were asked for, in order, apart from look-ups.
fn sizes(stage: &Stage) -> Vec<String> {
    let lists = stage.haiilo.calls().into_iter().filter(|call| call.route == route::LIST);
    lists.map(|call| call.target.rsplit_once("count=").expect("a count").1.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_cut_are_told_with_the_setting_that_fits() {
    let stage = stage(24, |manner| manner.page_cap = Some(10)).await;
    finds(
        &stage,
        "Haiilo",
        "warning a page holds 10 users at most, where 100 are asked for: set haiilo.page_size = 10",
    );
    stage.configure("[haiilo]", "[haiilo]\npage_size = 10");
    finds(&stage, "Haiilo", "ok pages hold 10 users, as asked for");
    stage.configure("page_size = 10", "page_size = 15");
    finds(&stage, "Haiilo", "warning a page holds 10 users at most, where 15 are asked for");
    // A page that is short by accident is no cap.
    stage.haiilo.state().tune(|manner| manner.page_cap = None);
    let first_of_the_section = 2;
    stage.haiilo.plant(When::Nth(route::LIST, first_of_the_section), Fault::Bend(Bend::ShortPage(7)));
    let found = section(&stage, "Haiilo", 0);
    assert!(!found.contains("at most"), "{found}");
    stage.haiilo.finish();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_refused_are_told_and_a_cycle_asks_for_what_is_given() {
    let stage = stage(0, |_| {}).await;
    let plan = stage.run(&["plan", "--format", "json"]).exits(0).json();
    stage.run(&["sync", "--approve", plan["approval_id"].as_str().expect("an id")]).exits(0);
    stage.haiilo.state().populate((1..60).map(|n| AccountSeed::of(&person(n))));
    stage.haiilo.state().tune(|manner| (manner.page_cap, manner.over_cap) = (Some(30), OverCap::Refused));
    stage.run(&["plan"]).exits(1).says(&["count is at most 30"]);
    finds(
        &stage,
        "Haiilo",
        "warning Haiilo refuses pages of 100 users and gives pages of 25: set haiilo.page_size = 25",
    );
    stage.haiilo.forget_calls();
    stage.run(&["plan", "--exit-code"]).exits(0);
    let asked = sizes(&stage);
    assert!(asked.len() == 4 && asked.iter().all(|size| size == "25"), "{asked:?}");
    // What is learnt of one endpoint says nothing of another, be it the same server by another name.
    let origin = stage.haiilo.origin();
    stage.configure(&origin, &origin.replace("127.0.0.1", "localhost"));
    stage.run_typing(&["rebind"], "rebind").exits(0);
    stage.run(&["plan"]).exits(1).says(&["count is at most 30"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_that_are_not_true_are_told() {
    for (accounts, totals, line) in [
        (4, Totals::Off(3), "warning totalResults says 8, and the listing has another number of users"),
        (4, Totals::Off(-2), "warning totalResults says 3, and the listing has another number"),
        (4, Totals::Missing, "warning Haiilo's listing gives no totalResults"),
        (4, Totals::AsText, "ok 5 users, 5 of them on the first page; totalResults is true"),
        (149, Totals::Off(3), "warning totalResults says 153, and the listing has another number of users"),
        (149, Totals::Off(-20), "warning totalResults says 130, and the listing has another number of users"),
        (149, Totals::CappedToPage, "warning totalResults says 100, and the listing has another number of users"),
        (149, Totals::Honest, "ok 150 users, 100 of them on the first page; totalResults is true"),
    ] {
        let stage = stage(accounts, |manner| manner.totals = totals).await;
        finds(&stage, "Haiilo", line);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_judged_by_whom_they_find() {
    for (filters, line) in [
        (Filters::Honoured, "ok a filter by userName finds whom it asks for, and nobody else"),
        (Filters::Ignored, "warning filters are ignored: one by a userName that nobody has gives users."),
        (Filters::Refused, "warning filters by userName are refused."),
        (Filters::EmptyAlways, "warning a filter by userName does not find a user who is listed."),
    ] {
        let stage = stage(2, |manner| manner.filters = filters).await;
        finds(&stage, "Haiilo", line);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_says_of_itself_is_compared_with_the_configuration() {
    let stage = stage(0, |manner| (manner.discovery, manner.page_cap) = (Discovery::Served, Some(500))).await;
    let text = "ok Haiilo says of itself: PATCH yes, filters yes (at most 500 users), bulk no; 2 Schemas";
    finds(&stage, "Haiilo", text);
    stage.haiilo.state().tune(|manner| manner.patch = Patch::Unsupported(501));
    finds(
        &stage,
        "Haiilo",
        "warning Haiilo says that it takes no PATCH, and haiilo.update_method is \"patch\": set it to \"put\"",
    );
    stage.configure("[haiilo]", "[haiilo]\nupdate_method = \"put\"");
    let found = section(&stage, "Haiilo", 0);
    assert!(found.contains("PATCH no") && !found.contains("warning"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_cannot_be_read_and_an_owner_who_is_not_there_are_told() {
    let stage = stage(1, |_| {}).await;
    stage.configure("scim@example.com", "scmi@example.com");
    finds(
        &stage,
        "Haiilo",
        "warning the owner of the token, scmi@example.com, was not found: nobody would be deleted; correct",
    );
    stage.write("credentials/haiilo-token", "another");
    finds(&stage, "Haiilo", "error GET /Users: haiilo answered 401 (Authorization failure); the token is wrong");
    stage.write("credentials/haiilo-token", okta_haiilo_sim::haiilo::TOKEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learnt_is_kept_in_a_store_that_is_there_and_nothing_else_is() {
    let stage = Stage::in_step(2).await;
    stage.haiilo.state().forget_writes();
    let journal = |stage: &Stage| stage.run(&["journal", "--format", "json"]).exits(0).out;
    let before = (journal(&stage), stage.run(&["status", "--json"]).exits(0).out);
    finds(&stage, "Store", "ok what was learnt of Haiilo is kept for cycles to use");
    assert_eq!((journal(&stage), stage.run(&["status", "--json"]).exits(0).out), before);
    assert_eq!((stage.haiilo.state().writes(), stage.okta.violations(), stage.haiilo.violations()), Default::default());
    // Nobody is waited for.
    let lock =
        CycleLock::try_take(StorePath::new(stage.path("state.db")), "sync (process 4711)").await.expect("a lock");
    finds(
        &stage,
        "Store",
        "ok sync (process 4711) is running, so that what was learnt of Haiilo is not kept this time",
    );
    drop(lock);
    // A plan leaves all bytes as they are, the profile with them.
    let files = stage.files(&[]);
    stage.run(&["plan"]).exits(0);
    assert_eq!(stage.files(&[]), files);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_store_is_made_for_what_is_learnt() {
    let stage = stage(1, |_| {}).await;
    let files = stage.files(&[]);
    finds(&stage, "Store", "ok what was learnt of Haiilo is kept once there is a store");
    assert_eq!(stage.files(&[]), files);
}

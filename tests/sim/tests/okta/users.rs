//! The users of the org, assigned or not.

use crate::support::{error, org_of};

#[tokio::test]
async fn the_plain_list_and_q_leave_the_deactivated_out() {
    let world = org_of(4).await;
    let people = world.server.state().assigned();
    world.server.state().deactivate(&people[1]);
    world.server.state().unassign(&people[2]);
    assert_eq!(world.walk("/api/v1/users?limit=1").await, [&people[0], &people[2], &people[3]].map(String::clone));
    let first = world.server.state().profile(&people[1])["firstName"].as_str().expect("a name").to_lowercase();
    assert_eq!(world.get(&format!("/api/v1/users?q={first}")).await.ids(), Vec::<String>::new());
    world.server.state().reactivate(&people[1]);
    assert_eq!(world.get(&format!("/api/v1/users?q={first}")).await.ids(), [people[1].clone()]);
    world.server.finish();
}

#[tokio::test]
async fn a_search_by_q_has_one_page_of_ten() {
    let world = org_of(30).await;
    let page = world.get("/api/v1/users?q=").await;
    assert_eq!((page.rows().len(), page.link("next")), (10, None));
    world.server.finish();
}

#[tokio::test]
async fn a_filter_finds_the_deactivated_too() {
    let world = org_of(5).await;
    let people = world.server.state().assigned();
    world.clock.advance(3_600_000);
    world.server.state().deactivate(&people[3]);
    let login = world.server.state().profile(&people[3])["login"].as_str().expect("a login").to_owned();
    let id = &people[3];
    for filter in [
        "status eq \"DEPROVISIONED\"".to_owned(),
        format!("id eq \"{id}\""),
        format!("profile.login eq \"{login}\""),
        format!("profile.email eq \"{login}\""),
        "lastUpdated gt \"2026-11-24T08:00:00.000Z\"".to_owned(),
        "lastUpdated ge \"2026-11-24T10:00:00+01:00\"".to_owned(),
    ] {
        let found = world.walk(&format!("/api/v1/users?limit=1&filter={}", filter.replace('+', "%2B"))).await;
        assert_eq!(found, std::slice::from_ref(id), "{filter}");
    }
    let others = world.walk("/api/v1/users?filter=lastUpdated lt \"2026-11-24T08:30:00.000Z\"").await;
    assert_eq!(others.len(), 4);
    let upper = world.get(&format!("/api/v1/users?filter=profile.login eq \"{}\"", login.to_uppercase())).await;
    assert_eq!(upper.rows().len(), 0, "filters compare with case");
    world.server.finish();
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_is_refused() {
    let world = org_of(1).await;
    for filter in [
        "status",
        "status eq ACTIVE",
        "status gt \"ACTIVE\"",
        "profile.city eq \"Wien\"",
        "lastUpdated gt \"yesterday\"",
        "status eq \"ACTIVE\" or status eq \"STAGED\"",
    ] {
        let reply = world.get(&format!("/api/v1/users?filter={filter}")).await;
        assert_eq!(reply.error(), error(400, "E0000031"), "{filter}");
    }
    world.server.finish();
}

#[tokio::test]
async fn a_search_is_beyond_this_org_and_noted() {
    let world = org_of(1).await;
    assert_eq!(world.get("/api/v1/users?search=status eq \"ACTIVE\"").await.error(), error(400, "E0000031"));
    assert_eq!(world.server.violations(), ["the simulated org cannot do search on users"]);
}

#[tokio::test]
async fn one_user_by_id_login_and_short_login() {
    let world = org_of(3).await;
    let people = world.server.state().assigned();
    world.server.state().rename(&people[0], "ada@example.com");
    world.server.state().rename(&people[1], "ada+1@example.com");
    let by_id = world.get(&format!("/api/v1/users/{}", people[0])).await;
    assert_eq!(by_id.json()["id"], people[0].as_str());
    assert!(by_id.header("etag").starts_with("W/\""));
    for (key, wanted) in [("ADA@example.com", 0), ("ada%40example.com", 0), ("ada", 0), ("ada+1@example.com", 1)] {
        assert_eq!(world.get(&format!("/api/v1/users/{key}")).await.json()["id"], people[wanted].as_str(), "{key}");
    }
    // A short login that two users have names nobody.
    world.server.state().rename(&people[2], "ada@example.org");
    assert_eq!(world.get("/api/v1/users/ada").await.error(), error(404, "E0000007"));
    assert_eq!(world.get("/api/v1/users/nobody@example.com").await.error(), error(404, "E0000007"));
    world.server.finish();
}

#[tokio::test]
async fn users_in_a_list_link_to_themselves_only() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    let listed = world.get("/api/v1/users").await.rows().remove(0);
    assert_eq!(listed["_links"].as_object().expect("links").keys().collect::<Vec<_>>(), ["self"]);
    let single = world.get(&format!("/api/v1/users/{id}")).await.json();
    assert_eq!(single["_links"].as_object().expect("links").len(), 9);
}

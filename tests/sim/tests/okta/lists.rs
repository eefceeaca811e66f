//! Rows, pages and single objects.

use okta_haiilo_sim::okta::{APP_ID, ORG_ID};
use reqwest::Method;
use serde_json::json;

use crate::support::{Reply, app_users, error, org_of, send};

#[tokio::test]
async fn a_row_looks_like_one_that_okta_sends() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    let origin = world.server.origin();
    let row = world.get(&app_users("limit=1&expand=user")).await.rows().remove(0);
    let here = |rest: &str| format!("{origin}/api/v1/users/{id}{rest}");
    let post = |rest: &str| json!({"href": here(rest), "method": "POST"});
    let wanted = json!({
        "id": id,
        "externalId": null,
        "created": "2026-11-24T08:00:00.000Z",
        "lastUpdated": "2026-11-24T08:00:00.000Z",
        "scope": "USER",
        "status": "ACTIVE",
        "statusChanged": "2026-11-24T08:00:00.000Z",
        "passwordChanged": null,
        "syncState": "DISABLED",
        "credentials": {"userName": "edsger.dubois.0@example.com"},
        "profile": {},
        "_links": {
            "app": {"href": format!("{origin}/api/v1/apps/{APP_ID}")},
            "user": {"href": here("")},
        },
        "_embedded": {"user": {
            "id": id,
            "status": "ACTIVE",
            "created": "2026-11-24T08:00:00.000Z",
            "activated": "2026-11-24T08:00:00.000Z",
            "statusChanged": "2026-11-24T08:00:00.000Z",
            "lastLogin": null,
            "lastUpdated": "2026-11-24T08:00:00.000Z",
            "passwordChanged": "2026-11-24T08:00:00.000Z",
            "type": {"id": "oty1kd3pfBwRkWq45d7"},
            "profile": {
                "firstName": "Edsger",
                "lastName": "Dubois",
                "login": "edsger.dubois.0@example.com",
                "email": "edsger.dubois.0@example.com",
                "city": "Genève",
                "countryCode": "CH",
                "department": "Legal",
                "title": "Accountant",
                "employeeNumber": "0000000",
                "mobilePhone": null,
                "secondEmail": null,
            },
            "credentials": {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}},
            "_links": {
                "suspend": post("/lifecycle/suspend"),
                "schema": {"href": format!("{origin}/api/v1/meta/schemas/user/osc1kd3pfBwRkWq45d7")},
                "resetPassword": post("/lifecycle/reset_password"),
                "expirePassword": post("/lifecycle/expire_password"),
                "changeRecoveryQuestion": post("/credentials/change_recovery_question"),
                "self": {"href": here("")},
                "type": {"href": format!("{origin}/api/v1/meta/types/user/oty1kd3pfBwRkWq45d7")},
                "changePassword": post("/credentials/change_password"),
                "deactivate": post("/lifecycle/deactivate"),
            },
        }},
    });
    assert_eq!(row, wanted);
    world.server.finish();
}

#[tokio::test]
async fn names_that_need_escapes_arrive_whole() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    let name = "Zoë \"Zed\" \\ O'Brien\n\u{7}";
    world.server.state().set_profile(&id, "firstName", json!(name));
    world.server.state().set_user_name(&id, name);
    let row = world.get(&app_users("expand=user")).await.rows().remove(0);
    assert_eq!(row["credentials"]["userName"], name);
    assert_eq!(row["_embedded"]["user"]["profile"]["firstName"], name);
}

#[tokio::test]
async fn only_expand_embeds_the_user() {
    let world = org_of(2).await;
    let without = world.get(&app_users("limit=2")).await;
    assert!(without.rows().iter().all(|row| row.get("_embedded").is_none()));
    let with = world.get(&app_users("limit=2&expand=user")).await;
    assert!(with.rows().iter().all(|row| row["_embedded"]["user"]["id"] == row["id"]));
    world.server.finish();
}

#[tokio::test]
async fn each_link_has_a_line_of_its_own_and_next_keeps_what_was_asked() {
    let world = org_of(7).await;
    let first = world.get(&app_users("limit=3&expand=user")).await;
    assert_eq!(first.lines("link").len(), 2);
    let origin = world.server.origin();
    assert_eq!(first.link("self"), Some(format!("{origin}{}", app_users("limit=3&expand=user"))));
    let next = first.link("next").expect("four more rows");
    assert!(next.starts_with(&format!("{origin}{}", app_users("after="))), "{next}");
    assert!(next.ends_with("&limit=3&expand=user"), "{next}");

    let second = world.get(&next).await;
    assert_eq!(second.link("self"), Some(next));
    let third = world.get(&second.link("next").expect("one more row")).await;
    assert_eq!(third.lines("link").len(), 1, "the end is a page without next");
    assert_eq!(third.rows().len(), 1);
    let ids: Vec<String> = [first, second, third].iter().flat_map(Reply::ids).collect();
    assert_eq!(ids, world.server.state().assigned());
    world.server.finish();
}

#[tokio::test]
async fn a_page_that_is_exactly_full_has_no_next() {
    let world = org_of(6).await;
    let first = world.get(&app_users("limit=3")).await;
    let second = world.get(&first.link("next").expect("three more rows")).await;
    assert_eq!((second.rows().len(), second.link("next")), (3, None));
}

#[tokio::test]
async fn fifty_rows_are_a_page_and_the_links_say_so() {
    let world = org_of(51).await;
    let page = world.get(&format!("/api/v1/apps/{APP_ID}/users")).await;
    assert_eq!(page.rows().len(), 50);
    assert!(page.link("self").expect("a page names itself").ends_with("/users?limit=50"));
    assert!(page.link("next").expect("one more row").ends_with("&limit=50"));
    world.server.finish();
}

#[tokio::test]
async fn nobody_assigned_is_an_empty_list() {
    let world = org_of(0).await;
    let page = world.get(&app_users("limit=500")).await;
    assert_eq!((page.status, page.body.as_slice(), page.link("next")), (200, b"[]".as_slice(), None));
}

#[tokio::test]
async fn rows_that_come_and_go_between_pages_shift_the_list() {
    let world = org_of(6).await;
    let people = world.server.state().assigned();
    let first = world.get(&app_users("limit=2")).await;
    {
        let mut okta = world.server.state();
        okta.unassign(&people[1]);
        okta.unassign(&people[3]);
        okta.unassign(&people[0]);
        okta.assign(&people[0]);
    }
    let rest = world.walk(&first.link("next").expect("four more rows")).await;
    // The last row of the first page is gone, yet its cursor holds; who was assigned anew is seen a second time, at the end.
    assert_eq!(rest, [&people[2], &people[4], &people[5], &people[0]].map(String::clone));
}

#[tokio::test]
async fn a_cursor_that_this_list_never_gave_is_refused() {
    let world = org_of(3).await;
    let of_users = world.get("/api/v1/users?limit=1").await.link("next").expect("two more users");
    let of_users = of_users.split_once("after=").expect("a cursor").1.split_once('&').expect("more").0.to_owned();
    for after in ["", "1", "AAAAAAAAAAEAAAAAAAAAAAA", "00u1", &of_users] {
        let page = world.get(&app_users(&format!("after={after}"))).await;
        assert_eq!(page.error(), error(400, "E0000029"), "{after}");
    }
    assert_eq!(world.get(&format!("/api/v1/users?after={of_users}")).await.status, 200);
}

#[tokio::test]
async fn a_cursor_goes_with_any_limit_and_expand() {
    let world = org_of(4).await;
    let next = world.get(&app_users("limit=1")).await.link("next").expect("three more rows");
    let cursor = next.split_once("after=").expect("a cursor").1.split_once('&').expect("more").0;
    let page = world.get(&app_users(&format!("expand=user&limit=2&after={cursor}"))).await;
    assert_eq!(page.ids(), world.server.state().assigned()[1..3]);
    assert!(page.rows()[0].get("_embedded").is_some());
}

#[tokio::test]
async fn a_limit_out_of_range_is_refused_and_noted() {
    let world = org_of(1).await;
    for limit in ["0", "501", "-1", "many", ""] {
        assert_eq!(world.get(&app_users(&format!("limit={limit}"))).await.error(), error(400, "E0000001"));
    }
    assert_eq!(world.server.violations().len(), 5);
    assert_eq!(world.get(&app_users("limit=500")).await.status, 200);
    assert_eq!(world.get("/api/v1/users?limit=201").await.error(), error(400, "E0000001"));
    let groups = format!("/api/v1/apps/{APP_ID}/groups?limit=19");
    assert_eq!(world.get(&groups).await.error(), error(400, "E0000001"));
}

#[tokio::test]
async fn a_parameter_that_the_list_does_not_have_is_ignored_and_noted() {
    let world = org_of(1).await;
    assert_eq!(world.get(&app_users("filter=status%20eq%20%22ACTIVE%22")).await.rows().len(), 1);
    assert_eq!(world.server.violations(), ["the list of application users has no parameter filter"]);
}

#[tokio::test]
async fn q_finds_the_beginnings_of_names_in_the_application() {
    let world = org_of(30).await;
    let people = world.server.state().assigned();
    world.server.state().set_user_name(&people[3], "Xerxes@example.com");
    world.server.state().set_app_profile(&people[7], "lastName", json!("Xerxes"));
    let found = world.walk(&app_users("limit=1&q=xerx")).await;
    assert_eq!(found, [people[3].clone(), people[7].clone()]);
    world.server.finish();
}

#[tokio::test]
async fn one_assignment_by_its_user() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    let path = |id: &str| format!("/api/v1/apps/{APP_ID}/users/{id}");
    let one = world.get(&format!("{}?expand=user", path(&people[1]))).await;
    let all = world.get(&app_users("expand=user")).await;
    assert_eq!(one.json(), all.rows()[1]);
    assert!(world.get(&path(&people[1])).await.json().get("_embedded").is_none());

    world.server.state().unassign(&people[1]);
    for id in [people[1].as_str(), "00u1", "edsger.dubois.0@example.com"] {
        assert_eq!(world.get(&path(id)).await.error(), error(404, "E0000007"), "{id}");
    }
    world.server.finish();
}

#[tokio::test]
async fn the_application_as_it_was_set_up() {
    let world = org_of(0).await;
    let path = format!("/api/v1/apps/{APP_ID}");
    let app = world.get(&path).await.json();
    assert_eq!(app["id"], APP_ID);
    assert_eq!((&app["status"], &app["signOnMode"]), (&json!("ACTIVE"), &json!("SAML_2_0")));
    assert_eq!(app["features"], json!([]));
    assert_eq!(app["credentials"]["userNameTemplate"]["template"], "${source.login}");
    {
        let mut okta = world.server.state();
        okta.app.status = "INACTIVE".to_owned();
        okta.app.features = vec!["PUSH_NEW_USERS".to_owned()];
        okta.app.label = "Haiilo (old)".to_owned();
    }
    let app = world.get(&path).await.json();
    assert_eq!((&app["status"], &app["label"]), (&json!("INACTIVE"), &json!("Haiilo (old)")));
    assert_eq!(app["features"], json!(["PUSH_NEW_USERS"]));
    assert_eq!(world.get("/api/v1/apps").await.rows(), [app]);
    assert_eq!(world.get("/api/v1/apps?filter=status%20eq%20%22ACTIVE%22").await.rows().len(), 0);
    assert_eq!(world.get("/api/v1/apps?q=haii").await.rows().len(), 1);
    assert_eq!(world.get("/api/v1/apps?q=other").await.rows().len(), 0);
    for path in ["/api/v1/apps/0oa1", "/api/v1/apps/0oa1/users", "/api/v1/apps/0oa1/groups"] {
        assert_eq!(world.get(path).await.error(), error(404, "E0000007"), "{path}");
    }
    world.server.finish();
}

#[tokio::test]
async fn groups_their_members_and_their_assignments() {
    let world = org_of(3).await;
    let people = world.server.state().assigned();
    {
        let mut okta = world.server.state();
        for (person, group) in [(0, "Staff"), (2, "Staff"), (1, "Guests")] {
            okta.unassign(&people[person]);
            okta.assign_by_group(&people[person], group);
        }
    }
    let staff = world.server.state().group_id("Staff").expect("just made");
    let groups = world.get("/api/v1/groups").await;
    assert_eq!(groups.rows().len(), 2);
    assert_eq!(groups.rows()[0]["profile"]["name"], "Staff");
    assert_eq!(world.get("/api/v1/groups?q=gue").await.rows().len(), 1);
    let assigned = world.get(&format!("/api/v1/apps/{APP_ID}/groups")).await;
    assert_eq!(assigned.ids(), groups.ids());
    assert_eq!(assigned.rows()[1]["priority"], 1);
    let members = world.walk(&format!("/api/v1/groups/{staff}/users?limit=1")).await;
    assert_eq!(members, [people[0].clone(), people[2].clone()]);
    assert_eq!(world.get("/api/v1/groups/00g1/users").await.error(), error(404, "E0000007"));
    world.server.finish();
}

#[tokio::test]
async fn a_group_by_id_its_description_and_its_end() {
    let world = org_of(2).await;
    let people = world.server.state().assigned();
    let id = world.server.state().make_group("Staff");
    {
        let mut okta = world.server.state();
        okta.join_group(&id, &people[0]);
        okta.join_group(&id, &people[1]);
        okta.leave_group(&id, &people[1]);
        okta.describe_group(&id, Some("All of them"));
        okta.make_group_apart("Guests");
    }
    let group = world.get(&format!("/api/v1/groups/{id}")).await;
    assert_eq!(
        (group.json()["id"].as_str(), &group.json()["profile"]),
        (Some(&*id), &json!({"name": "Staff", "description": "All of them"}))
    );
    assert_eq!(world.walk(&format!("/api/v1/groups/{id}/users")).await, [people[0].clone()]);
    // A row is an assignment; the group itself comes with it when that is asked for.
    let assigned = world.get(&format!("/api/v1/apps/{APP_ID}/groups")).await;
    assert_eq!((assigned.rows().len(), assigned.rows()[0].get("_embedded")), (1, None));
    let assigned = world.get(&format!("/api/v1/apps/{APP_ID}/groups?expand=group")).await;
    assert_eq!(assigned.rows()[0]["_embedded"]["group"]["profile"]["name"], "Staff");
    world.server.state().rename_group(&id, "Crew");
    assert_eq!(world.server.state().group_id("Crew"), Some(id.clone()));
    world.server.state().set_group_apart(&id);
    assert_eq!(world.get(&format!("/api/v1/apps/{APP_ID}/groups")).await.rows().len(), 0);
    world.server.state().drop_group(&id);
    for path in [format!("/api/v1/groups/{id}"), format!("/api/v1/groups/{id}/users")] {
        assert_eq!(world.get(&path).await.error(), error(404, "E0000007"), "{path}");
    }
    assert_eq!(world.get("/api/v1/groups").await.rows().len(), 1);
    assert_eq!(world.server.state().assigned(), people);
    world.server.finish();
}

#[tokio::test]
async fn schemas_name_base_and_custom_attributes() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    {
        let mut okta = world.server.state();
        okta.set_profile(&id, "badges", json!([1, 2]));
        okta.set_profile(&id, "remote", json!(true));
        okta.set_app_profile(&id, "role", json!("author"));
    }
    let schema = world.get("/api/v1/meta/schemas/user/default").await.json();
    let base = schema["definitions"]["base"]["properties"].as_object().expect("base attributes").clone();
    assert_eq!(base.len(), 31);
    assert_eq!(base["login"]["required"], true);
    let custom = schema["definitions"]["custom"]["properties"].as_object().expect("custom attributes").clone();
    assert_eq!(custom.keys().collect::<Vec<_>>(), ["badges", "remote"]);
    assert_eq!(custom["badges"]["type"], "array");
    let schema = world.get(&format!("/api/v1/meta/schemas/apps/{APP_ID}/default")).await.json();
    assert!(schema["definitions"]["custom"]["properties"]["role"].is_object());
    assert_eq!(schema["definitions"]["base"]["required"], json!(["userName"]));
    world.server.finish();
}

#[tokio::test]
async fn anybody_may_ask_which_org_this_is() {
    let world = org_of(0).await;
    let reply = send(world.bare(Method::GET, "/.well-known/okta-organization")).await;
    assert_eq!(reply.json()["id"], ORG_ID);
    assert_eq!(reply.json()["pipeline"], "idx");
    assert_eq!(reply.json()["_links"]["organization"]["href"], world.server.origin());
    world.server.finish();
}

#[tokio::test]
async fn a_custom_domain_stands_in_all_links() {
    let world = org_of(2).await;
    world.server.state().custom_domain = Some("https://id.example.com".to_owned());
    let page = world.get(&app_users("limit=1")).await;
    for rel in ["self", "next"] {
        assert!(page.link(rel).expect("both links").starts_with("https://id.example.com/api/v1/apps/"));
    }
}

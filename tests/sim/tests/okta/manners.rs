//! What no correct client does is noted, whatever it is answered.

use okta_haiilo_sim::okta::{API_TOKEN, APP_ID, route};
use okta_haiilo_sim::{Fault, When};
use reqwest::{Client, Method};

use crate::support::{app_users, error, org_of, send};

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let world = org_of(1).await;
    let mut ids = std::collections::HashSet::new();
    for path in ["/api/v1/users", "/api/v1/users/nobody", "/.well-known/okta-organization", "/nowhere"] {
        let reply = world.get(path).await;
        let id = reply.header("x-okta-request-id").to_owned();
        assert!(id.len() == 32 && ids.insert(id), "{path}: {reply:?}");
    }
}

#[tokio::test]
async fn a_call_without_a_user_agent() {
    let world = org_of(1).await;
    let silent = Client::new();
    let request = silent.get(format!("{}{}", world.server.origin(), app_users("limit=1")));
    let reply = send(request.header("authorization", format!("SSWS {API_TOKEN}"))).await;
    assert_eq!(reply.status, 200);
    assert_eq!(world.server.violations(), [format!("no User-Agent: GET /api/v1/apps/{APP_ID}/users")]);
}

#[tokio::test]
async fn a_call_without_a_credential() {
    let world = org_of(1).await;
    let reply = send(world.bare(Method::GET, "/api/v1/users")).await;
    assert_eq!(reply.error(), error(401, "E0000004"));
    assert_eq!(world.server.violations(), ["no credential: GET /api/v1/users"]);
}

#[tokio::test]
async fn any_method_that_writes() {
    let world = org_of(1).await;
    let id = world.server.state().assigned().remove(0);
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let path = format!("/api/v1/apps/{APP_ID}/users/{id}");
        let request = world.bare(method.clone(), &path).header("authorization", format!("SSWS {API_TOKEN}"));
        assert_eq!(send(request).await.error(), error(405, "E0000022"), "{method}");
    }
    assert_eq!(send(world.bare(Method::GET, "/oauth2/v1/token")).await.error(), error(405, "E0000022"));
    assert_eq!(world.server.violations().len(), 5);
    assert!(world.server.state().is_assigned(&id));
}

#[tokio::test]
async fn a_path_that_does_not_exist() {
    let world = org_of(1).await;
    for path in ["/api/v1/apps//users", "/api/v2/users", "/", "/api/v1/meta/schemas/user/other"] {
        assert_eq!(world.get(path).await.error(), error(404, "E0000008"), "{path}");
    }
    assert_eq!(world.server.violations().len(), 4);
}

#[tokio::test]
async fn a_credential_in_a_query() {
    let world = org_of(1).await;
    world.get(&format!("/api/v1/users?q={API_TOKEN}")).await;
    world.get("/api/v1/users?access_token=abc").await;
    assert_eq!(world.server.violations(), ["a credential in the query of GET /api/v1/users"; 2]);
}

#[tokio::test]
async fn planted_refusals_speak_as_okta_does() {
    let world = org_of(1).await;
    for (status, code) in [
        (400, "E0000001"),
        (401, "E0000011"),
        (403, "E0000006"),
        (404, "E0000007"),
        (429, "E0000047"),
        (500, "E0000009"),
        (502, "E0000009"),
        (503, "E0000010"),
    ] {
        world.server.plant(When::Every(route::USERS), Fault::Refuse(status));
        let reply = world.get("/api/v1/users").await;
        assert_eq!(reply.error(), error(status, code));
        assert_eq!(reply.header("x-okta-request-id").len(), 32);
        assert_eq!(reply.header("retry-after"), "", "Okta never sends it");
        assert!(world.server.heal());
    }
    world.server.plant(When::Every(route::TOKEN), Fault::Refuse(401));
    let reply = send(world.bare(Method::POST, "/oauth2/v1/token")).await;
    assert_eq!(reply.oauth_error().1, "invalid_client");
    world.server.finish();
}

//! The token endpoint, and what a token is good for.

use okta_haiilo_sim::Fault;
use okta_haiilo_sim::When;
use okta_haiilo_sim::haiilo::{BASE, CLIENT_ID, CLIENT_SECRET, ClientAuth, Presence, TOKEN, TOKEN_PATH, route};
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Reply, World};

const GRANT: &str = "grant_type=client_credentials";

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}

fn in_form(id: &str, secret: &str) -> String {
    format!("{GRANT}&client_id={id}&client_secret={secret}")
}

/// A request for a token; an empty header is none.
async fn asked(world: &World, header: &str, body: &str) -> Reply {
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    if !header.is_empty() {
        headers.push(("authorization", header));
    }
    world.send(Method::POST, TOKEN_PATH, &headers, body).await
}

/// What a SCIM call with this header is answered.
async fn admitted(world: &World, header: &str) -> u16 {
    world.send(Method::GET, &format!("{BASE}/Users"), &[("authorization", header)], "").await.status
}

fn bearer(reply: &Reply) -> String {
    format!("Bearer {}", reply.json()["access_token"].as_str().expect("a token"))
}

#[tokio::test]
async fn a_client_is_given_a_token_that_opens_the_endpoint() {
    let world = World::with("", |_| {}).await;
    let reply = asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await;
    let body = reply.json();
    assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
    let told = (&body["token_type"], &body["expires_in"], &body["scope"]);
    assert_eq!(told, (&json!("Bearer"), &json!(3600), &json!("read write")));
    assert_eq!(admitted(&world, &bearer(&reply)).await, 200);
    let second = asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await;
    assert_ne!(bearer(&second), bearer(&reply));
    assert_eq!(admitted(&world, &bearer(&reply)).await, 200);
    assert_eq!(world.server.state().tokens_granted(), 2);
    assert_eq!(world.server.state().writes(), []);
    world.server.finish();
}

#[tokio::test]
async fn the_client_is_named_where_the_directory_wants_it() {
    let answers = async |way: ClientAuth| {
        let world = World::with("", |directory| directory.client_auth = way).await;
        let in_header = asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await;
        let in_form = asked(&world, "", &in_form(CLIENT_ID, CLIENT_SECRET)).await;
        world.server.finish();
        let granted = u64::from(in_header.status == 200) + u64::from(in_form.status == 200);
        assert_eq!(world.server.state().tokens_granted(), granted);
        [in_header, in_form].map(|reply| (reply.status, reply.json()["error"].clone()))
    };
    let good = (200, Value::Null);
    let bad = (401, json!("invalid_client"));
    assert_eq!(answers(ClientAuth::Basic).await, [good.clone(), bad.clone()]);
    assert_eq!(answers(ClientAuth::Post).await, [bad, good.clone()]);
    assert_eq!(answers(ClientAuth::Both).await, [good.clone(), good]);
}

#[tokio::test]
async fn strangers_are_refused() {
    let world = World::with("", |directory| directory.client_auth = ClientAuth::Both).await;
    for header in [basic(CLIENT_ID, "wrong"), basic("wrong", CLIENT_SECRET), "Basic !".to_owned(), TOKEN.to_owned()] {
        let reply = asked(&world, &header, GRANT).await;
        let expected = (401, json!("invalid_client"), "Basic realm=\"oauth\"");
        assert_eq!((reply.status, reply.json()["error"].clone(), reply.header("www-authenticate")), expected);
    }
    for body in [in_form(CLIENT_ID, "wrong"), in_form("wrong", CLIENT_SECRET), GRANT.to_owned()] {
        let reply = asked(&world, "", &body).await;
        let expected = (401, json!("invalid_client"), "");
        assert_eq!((reply.status, reply.json()["error"].clone(), reply.header("www-authenticate")), expected, "{body}");
    }
    assert_eq!(world.server.state().tokens_granted(), 0);
    world.server.finish();
}

#[tokio::test]
async fn a_secret_can_be_changed_and_may_need_escapes() {
    let world = World::with("", |_| {}).await;
    let old = bearer(&asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await);
    world.server.state().set_client_secret("a+b:c%d e");
    assert_eq!(asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await.status, 401);
    assert_eq!(asked(&world, &basic(CLIENT_ID, "a+b:c%d e"), GRANT).await.status, 401);
    assert_eq!(asked(&world, &basic(CLIENT_ID, "a%2Bb%3Ac%25d+e"), GRANT).await.status, 200);
    assert_eq!(admitted(&world, &old).await, 200);
}

#[tokio::test]
async fn requests_that_are_none() {
    let world = World::with("", |directory| directory.client_auth = ClientAuth::Both).await;
    let header = basic(CLIENT_ID, CLIENT_SECRET);
    let error = async |header: &str, body: &str| {
        let reply = asked(&world, header, body).await;
        (reply.status, reply.json()["error"].as_str().unwrap_or("").to_owned())
    };
    let refused = |error: &str| (400, error.to_owned());
    assert_eq!(error(&header, "grant_type=password").await, refused("unsupported_grant_type"));
    assert_eq!(error(&header, "").await, refused("invalid_request"));
    assert_eq!(error(&header, &format!("{GRANT}&scope=read")).await, (200, String::new()));
    assert_eq!(error(&header, &format!("{GRANT}&scope=read+admin")).await, refused("invalid_scope"));
    assert_eq!(world.server.violations(), [""; 0]);
    assert_eq!(error(&header, &in_form(CLIENT_ID, CLIENT_SECRET)).await, refused("invalid_request"));
    let headers = [("authorization", header.as_str()), ("content-type", "application/json")];
    assert_eq!(world.send(Method::POST, TOKEN_PATH, &headers, "{}").await.status, 400);
    assert_eq!(world.send(Method::GET, TOKEN_PATH, &[], "").await.status, 405);
    let violations = [
        "a token asked for with the client in the header and in the form",
        "a token asked for with content type `application/json`",
        "unknown route: GET /api/oauth/token",
    ];
    assert_eq!(world.server.violations()[..3], violations);
}

#[tokio::test]
async fn a_token_ends_by_the_clock() {
    let world = World::with("", |directory| directory.token_seconds = 90).await;
    let reply = asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await;
    assert_eq!(reply.json()["expires_in"], json!(90));
    let token = bearer(&reply);
    world.clock.advance(89_999);
    assert_eq!(admitted(&world, &token).await, 200);
    world.clock.advance(1);
    assert_eq!(admitted(&world, &token).await, 401);
    assert_eq!(admitted(&world, &bearer(&asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await)).await, 200);
    world.server.finish();
}

#[tokio::test]
async fn a_directory_may_not_say_when_a_token_ends() {
    let world = World::with("", |directory| directory.expires_in = Presence::Missing).await;
    let reply = asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await;
    assert_eq!((reply.status, reply.json().get("expires_in")), (200, None));
}

#[tokio::test]
async fn tokens_can_be_revoked_at_once() {
    let world = World::with("", |_| {}).await;
    let token = bearer(&asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await);
    world.server.state().revoke_tokens();
    assert_eq!(admitted(&world, &token).await, 401);
    assert_eq!(world.get("/Users").await.status, 401);
    let token = bearer(&asked(&world, &basic(CLIENT_ID, CLIENT_SECRET), GRANT).await);
    assert_eq!(admitted(&world, &token).await, 200);
    world.server.finish();
}

#[tokio::test]
async fn a_scim_call_needs_a_token_of_this_intranet() {
    let world = World::with("", |_| {}).await;
    assert_eq!(admitted(&world, &format!("Bearer {TOKEN}")).await, 401);
    assert_eq!(admitted(&world, &basic(CLIENT_ID, CLIENT_SECRET)).await, 401);
    let reply = world.send(Method::GET, &format!("{BASE}/Groups"), &[("authorization", "Bearer x")], "").await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"));
    world.server.finish();
    world.send(Method::GET, &format!("{BASE}/Groups"), &[], "").await;
    assert_eq!(world.server.violations(), ["GET /api/scim/v2/Groups without a credential"]);
}

#[tokio::test]
async fn faults_and_throttling_meet_the_token_endpoint_too() {
    let world = World::with("", |_| {}).await;
    world.server.plant(When::Nth(route::GRANT, 2), Fault::Refuse(503));
    let header = basic(CLIENT_ID, CLIENT_SECRET);
    assert_eq!(asked(&world, &header, GRANT).await.status, 200);
    let reply = asked(&world, &header, GRANT).await;
    assert_eq!((reply.status, &reply.json()["error"]), (503, &json!("server_error")));
    world.server.finish();
    world.server.state().throttle_after(0, 30);
    let reply = asked(&world, &header, GRANT).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, "30"));
}

//! API tokens, client assertions, access tokens, scopes and roles.

use okta_haiilo_sim::okta::{API_TOKEN, Role, Ungranted};
use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::{Key, NOW_S};
use crate::support::{Reply, World, app_users, error, org_of, send};

const SCOPES: &str = "okta.apps.read okta.users.read";

/// Asks for a token with this assertion.
async fn ask(world: &World, assertion: &str, scope: &str) -> Reply {
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", scope),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    send(world.bare(Method::POST, "/oauth2/v1/token").form(&form)).await
}

async fn get_as(world: &World, credential: &str, target: &str) -> Reply {
    send(world.bare(Method::GET, target).header("authorization", credential)).await
}

/// An org that knows this key, and the key's id.
async fn org_with(key: &Key) -> (World, String) {
    let world = org_of(3).await;
    let id = world.server.state().auth.register_key(&key.public_pem, key.name());
    (world, id)
}

#[tokio::test]
async fn a_revoked_or_unknown_api_token_is_refused() {
    let world = org_of(1).await;
    assert_eq!(world.get(&app_users("limit=1")).await.status, 200);
    for wrong in ["SSWS wrong", "SSWS", "Basic YTpi", "Bearer wrong", API_TOKEN, &format!("SSWS{API_TOKEN}")] {
        assert_eq!(get_as(&world, wrong, &app_users("limit=1")).await.error(), error(401, "E0000011"), "{wrong}");
    }
    world.server.state().auth.token_revoked = true;
    assert_eq!(world.get(&app_users("limit=1")).await.error(), error(401, "E0000011"));
    world.server.state().auth.token_revoked = false;
    assert_eq!(world.get(&app_users("limit=1")).await.status, 200);
    world.server.finish();
}

#[tokio::test]
async fn each_kind_of_key_gets_a_token_that_opens_the_api() {
    for key in [Key::rsa(), Key::p256(), Key::p384()] {
        let (world, id) = org_with(&key).await;
        for key_id in [Some(id.as_str()), None] {
            let reply = ask(&world, &key.assertion(key_id, &world.server.origin(), &json!({})), SCOPES).await;
            assert_eq!(reply.status, 200, "{} {:?}", key.name(), reply.json());
            let body = reply.json();
            assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
            assert_eq!(body["scope"], SCOPES);
            let token = body["access_token"].as_str().expect("a token");
            assert!(world.server.state().auth.live_tokens().contains(&token.to_owned()));
            let page = get_as(&world, &format!("Bearer {token}"), &app_users("limit=3")).await;
            assert_eq!(page.rows().len(), 3);
        }
        world.server.finish();
    }
}

#[tokio::test]
async fn an_assertion_that_is_not_right_is_refused() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    let origin = world.server.origin();
    for (changes, why) in [
        (json!({"iss": "0oaother"}), "issuer"),
        (json!({"sub": "0oaother"}), "subject"),
        (json!({"aud": origin}), "audience"),
        (json!({"aud": format!("{origin}/oauth2/default/v1/token")}), "audience"),
        (json!({"aud": null}), "audience"),
        (json!({"exp": NOW_S}), "expired"),
        (json!({"exp": NOW_S + 3_601}), "too far"),
        (json!({"exp": null}), "no expiration"),
    ] {
        let reply = ask(&world, &key.assertion(Some(&id), &origin, &changes), SCOPES).await;
        let (status, code, description) = reply.oauth_error();
        assert_eq!((status, code.as_str()), (401, "invalid_client"), "{changes}");
        assert!(description.contains(why), "{changes}: {description}");
    }
    let good = ask(&world, &key.assertion(Some(&id), &origin, &json!({"exp": NOW_S + 3_600})), SCOPES).await;
    assert_eq!(good.status, 200);
    world.server.finish();
}

#[tokio::test]
async fn only_a_registered_key_counts() {
    let (key, stranger) = (Key::p256(), Key::p256());
    let (world, id) = org_with(&key).await;
    let origin = world.server.origin();
    for assertion in [
        stranger.assertion(Some(&id), &origin, &json!({})),
        stranger.assertion(None, &origin, &json!({})),
        key.assertion(Some("another"), &origin, &json!({})),
        "no.jwt.at.all".to_owned(),
        String::new(),
    ] {
        let (status, code, _) = ask(&world, &assertion, SCOPES).await.oauth_error();
        assert_eq!((status, code.as_str()), (401, "invalid_client"), "{assertion}");
    }
    world.server.state().auth.forget_keys();
    assert_eq!(ask(&world, &key.assertion(Some(&id), &origin, &json!({})), SCOPES).await.status, 401);
    let new_id = world.server.state().auth.register_key(&stranger.public_pem, "ES256");
    assert_eq!(ask(&world, &stranger.assertion(Some(&new_id), &origin, &json!({})), SCOPES).await.status, 200);
}

#[tokio::test]
async fn an_assertion_is_good_for_one_request() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    let assertion = key.assertion(Some(&id), &world.server.origin(), &json!({}));
    // Spent even by a request that fails for another reason.
    assert_eq!(ask(&world, &assertion, "okta.not.a.scope").await.oauth_error().1, "invalid_scope");
    let (status, code, description) = ask(&world, &assertion, SCOPES).await.oauth_error();
    assert_eq!((status, code.as_str()), (401, "invalid_client"));
    assert!(description.contains("already been used"), "{description}");
}

#[tokio::test]
async fn the_request_itself_must_be_right() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    let assertion = key.assertion(Some(&id), &world.server.origin(), &json!({}));
    let post = || world.bare(Method::POST, "/oauth2/v1/token");
    let (status, code, _) = send(post().body(assertion)).await.oauth_error();
    assert_eq!((status, code.as_str()), (400, "invalid_request"));
    let (status, code, _) = send(post().form(&[("grant_type", "password")])).await.oauth_error();
    assert_eq!((status, code.as_str()), (400, "unsupported_grant_type"));
    let secret = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")];
    let (status, code, description) = send(post().form(&secret)).await.oauth_error();
    assert_eq!((status, code.as_str()), (401, "invalid_client"));
    assert!(description.contains("private_key_jwt"), "{description}");
}

#[tokio::test]
async fn a_scope_that_was_not_granted() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    let origin = world.server.origin();
    world.server.state().auth.scopes = vec!["okta.apps.read".to_owned()];
    let fresh = || key.assertion(Some(&id), &origin, &json!({}));
    assert_eq!(ask(&world, &fresh(), SCOPES).await.oauth_error().1, "invalid_scope");
    assert_eq!(ask(&world, &fresh(), "").await.oauth_error().1, "invalid_scope");
    world.server.state().auth.ungranted = Ungranted::LeftOut;
    let reply = ask(&world, &fresh(), SCOPES).await;
    assert_eq!(reply.json()["scope"], "okta.apps.read");
    assert_eq!(ask(&world, &fresh(), "okta.users.read").await.oauth_error().1, "consent_required");

    let token = reply.json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(get_as(&world, &format!("Bearer {token}"), &app_users("limit=1")).await.status, 200);
    for (path, scope) in [("/api/v1/users", "okta.users.read"), ("/api/v1/logs", "okta.logs.read")] {
        let refused = get_as(&world, &format!("Bearer {token}"), path).await;
        assert_eq!(refused.error(), error(403, "E0000006"));
        let challenge = refused.header("www-authenticate");
        assert!(challenge.contains(&format!(r#"scope="{scope}", error="insufficient_scope""#)), "{challenge}");
    }
    world.server.finish();
}

#[tokio::test]
async fn without_a_role_tokens_are_granted_and_calls_refused() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    world.server.state().auth.admin_role = Role::Missing;
    let reply = ask(&world, &key.assertion(Some(&id), &world.server.origin(), &json!({})), SCOPES).await;
    let token = reply.json()["access_token"].as_str().expect("a token").to_owned();
    let refused = get_as(&world, &format!("Bearer {token}"), &app_users("limit=1")).await;
    assert_eq!((refused.error(), refused.header("www-authenticate")), (error(403, "E0000006"), ""));
    assert_eq!(world.get(&app_users("limit=1")).await.error(), error(403, "E0000006"));
    world.server.state().auth.admin_role = Role::Given;
    assert_eq!(get_as(&world, &format!("Bearer {token}"), &app_users("limit=1")).await.status, 200);
    world.server.finish();
}

#[tokio::test]
async fn a_token_lives_an_hour() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    let reply: Value = ask(&world, &key.assertion(Some(&id), &world.server.origin(), &json!({})), SCOPES).await.json();
    let credential = format!("Bearer {}", reply["access_token"].as_str().expect("a token"));
    world.clock.advance(3_599_999);
    assert_eq!(get_as(&world, &credential, &app_users("limit=1")).await.status, 200);
    world.clock.advance(1);
    let refused = get_as(&world, &credential, &app_users("limit=1")).await;
    assert_eq!(refused.error(), error(401, "E0000011"));
    assert!(refused.header("www-authenticate").contains(r#"error="invalid_token""#));
    assert_eq!(ask(&world, &key.assertion(Some(&id), &world.server.origin(), &json!({})), SCOPES).await.status, 401);
}

#[tokio::test]
async fn revoked_tokens_end_at_once() {
    let key = Key::p256();
    let (world, id) = org_with(&key).await;
    let reply: Value = ask(&world, &key.assertion(Some(&id), &world.server.origin(), &json!({})), SCOPES).await.json();
    let token = reply["access_token"].as_str().expect("a token").to_owned();
    world.get(&format!("/api/v1/users?q={token}")).await;
    assert_eq!(world.server.violations(), ["a credential in the query of GET /api/v1/users"]);
    world.server.state().auth.revoke_tokens();
    assert_eq!(get_as(&world, &format!("Bearer {token}"), &app_users("limit=1")).await.status, 401);
}

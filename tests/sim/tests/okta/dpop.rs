//! Tokens that are bound to a key.

use okta_haiilo_sim::okta::{ApiNonce, Dpop};
use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::{Key, NOW_S, ath};
use crate::support::{Reply, World, app_users, error, org_of, send};

/// An org that requires proofs, its client key, and the key that proofs are signed with.
struct Bound {
    world: World,
    client: Key,
    key_id: String,
    proofs: Key,
    url: String,
}

impl Bound {
    async fn new() -> Self {
        let (world, client) = (org_of(3).await, Key::rsa());
        let key_id = world.server.state().auth.register_key(&client.public_pem, client.name());
        world.server.state().auth.dpop = Dpop::Required;
        let url = format!("{}/oauth2/v1/token", world.server.origin());
        Self { world, client, key_id, proofs: Key::p256(), url }
    }

    /// Asks for a token with a new assertion and these proofs.
    async fn ask(&self, proofs: &[String]) -> Reply {
        let assertion = self.client.assertion(Some(&self.key_id), &self.world.server.origin(), &json!({}));
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "okta.apps.read"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion.as_str()),
        ];
        let request = self.world.bare(Method::POST, "/oauth2/v1/token").form(&form);
        send(proofs.iter().fold(request, |request, proof| request.header("dpop", proof))).await
    }

    fn proof(&self, claims: &Value) -> String {
        self.proofs.proof("POST", &self.url, claims, &json!({}))
    }

    async fn nonce(&self) -> String {
        self.ask(&[self.proof(&json!({}))]).await.header("dpop-nonce").to_owned()
    }

    /// A token, by the whole handshake.
    async fn token(&self) -> String {
        let nonce = self.nonce().await;
        let reply = self.ask(&[self.proof(&json!({"nonce": nonce}))]).await;
        assert_eq!((reply.status, &reply.json()["token_type"]), (200, &json!("DPoP")));
        reply.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// GET of the application users with a token and a proof.
    async fn get(&self, token: &str, proof: &str) -> Reply {
        let request = self.world.bare(Method::GET, &app_users("limit=3&expand=user"));
        send(request.header("authorization", format!("DPoP {token}")).header("dpop", proof)).await
    }

    /// The address that a proof for [`Self::get`] names.
    fn list_url(&self) -> String {
        format!("{}{}", self.world.server.origin(), app_users("").trim_end_matches('?'))
    }

    fn api_proof(&self, token: &str, changes: &Value) -> String {
        let mut claims = json!({"ath": ath(token)});
        for (key, value) in changes.as_object().expect("changes are an object") {
            claims[key] = value.clone();
        }
        self.proofs.proof("GET", &self.list_url(), &claims, &json!({}))
    }
}

#[tokio::test]
async fn the_handshake_ends_with_a_bound_token_that_opens_the_api() {
    let bound = Bound::new().await;
    let (status, code, description) = bound.ask(&[]).await.oauth_error();
    assert_eq!((status, code.as_str()), (400, "invalid_dpop_proof"));
    assert_eq!(description, "The DPoP proof JWT header is missing.");

    let first = bound.ask(&[bound.proof(&json!({}))]).await;
    assert_eq!(first.oauth_error().1, "use_dpop_nonce");
    assert_eq!(first.status, 400);
    let nonce = first.header("dpop-nonce");
    assert!(nonce.len() >= 16, "{nonce}");

    let second = bound.ask(&[bound.proof(&json!({"nonce": nonce}))]).await;
    assert_eq!(second.status, 200);
    assert_eq!(second.header("dpop-nonce"), nonce);
    let body = second.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("DPoP"), &json!(3600)));

    let token = body["access_token"].as_str().expect("a token");
    let page = bound.get(token, &bound.api_proof(token, &json!({}))).await;
    assert_eq!(page.rows().len(), 3);
    bound.world.server.finish();
}

#[tokio::test]
async fn an_assertion_is_spent_by_the_request_that_only_fetched_a_nonce() {
    let bound = Bound::new().await;
    let assertion = bound.client.assertion(Some(&bound.key_id), &bound.world.server.origin(), &json!({}));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "okta.apps.read"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    let post = || bound.world.bare(Method::POST, "/oauth2/v1/token").form(&form);
    let first = send(post().header("dpop", bound.proof(&json!({})))).await;
    assert_eq!(first.oauth_error().1, "use_dpop_nonce");
    let nonce = first.header("dpop-nonce").to_owned();
    let (status, code, description) =
        send(post().header("dpop", bound.proof(&json!({"nonce": nonce})))).await.oauth_error();
    assert_eq!((status, code.as_str()), (401, "invalid_client"));
    assert!(description.contains("already been used"));
}

#[tokio::test]
async fn a_proof_that_is_not_right_gets_no_token() {
    let bound = Bound::new().await;
    let nonce = bound.nonce().await;
    for changes in [
        json!({"htm": "GET"}),
        json!({"htu": format!("{}?x=1", bound.url)}),
        json!({"htu": "https://example.com/oauth2/v1/token"}),
        json!({"iat": NOW_S - 301}),
        json!({"iat": NOW_S + 301}),
        json!({"iat": null}),
        json!({"jti": null}),
    ] {
        let mut claims = changes.clone();
        claims["nonce"] = json!(nonce);
        let (status, code, description) = bound.ask(&[bound.proof(&claims)]).await.oauth_error();
        assert_eq!((status, code.as_str()), (400, "invalid_dpop_proof"), "{changes}");
        let claim = changes.as_object().expect("an object").keys().next().expect("one change").clone();
        assert!(description.contains(&format!("'{claim}'")), "{changes}: {description}");
    }
    let good = bound.proof(&json!({"nonce": nonce}));
    for header in [json!({"typ": "JWT"}), json!({"typ": null}), json!({"jwk": null}), json!({"alg": "HS256"})] {
        let proof = bound.proofs.proof("POST", &bound.url, &json!({"nonce": nonce}), &header);
        assert_eq!(bound.ask(&[proof]).await.oauth_error().1, "invalid_dpop_proof", "{header}");
    }
    let (head, signature) = good.rsplit_once('.').expect("a JWT");
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for proofs in [vec![forged], vec!["nonsense".to_owned()], vec![bound.proof(&json!({})), bound.proof(&json!({}))]] {
        assert_eq!(bound.ask(&proofs).await.oauth_error().1, "invalid_dpop_proof", "{proofs:?}");
    }
    assert_eq!(bound.ask(&[good]).await.status, 200);
    bound.world.server.finish();
}

#[tokio::test]
async fn a_proof_is_good_for_one_request() {
    let bound = Bound::new().await;
    let nonce = bound.nonce().await;
    let proof = bound.proof(&json!({"nonce": nonce}));
    assert_eq!(bound.ask(std::slice::from_ref(&proof)).await.status, 200);
    let (_, code, description) = bound.ask(&[proof]).await.oauth_error();
    assert_eq!(code, "invalid_dpop_proof");
    assert!(description.contains("already been used"), "{description}");
}

#[tokio::test]
async fn a_rotated_nonce_must_be_fetched_again() {
    let bound = Bound::new().await;
    let nonce = bound.nonce().await;
    bound.world.server.state().auth.rotate_nonce();
    let reply = bound.ask(&[bound.proof(&json!({"nonce": nonce}))]).await;
    assert_eq!(reply.oauth_error().1, "use_dpop_nonce");
    let newer = reply.header("dpop-nonce").to_owned();
    assert_ne!(newer, nonce);
    assert_eq!(bound.ask(&[bound.proof(&json!({"nonce": newer}))]).await.status, 200);
}

#[tokio::test]
async fn a_call_needs_a_proof_that_fits_it() {
    let bound = Bound::new().await;
    let token = bound.token().await;
    for changes in [
        json!({"htm": "POST"}),
        json!({"htu": bound.url}),
        json!({"htu": format!("{}?limit=3&expand=user", bound.list_url())}),
        json!({"iat": NOW_S - 301}),
        json!({"ath": ath("another token")}),
        json!({"ath": null}),
    ] {
        let refused = bound.get(&token, &bound.api_proof(&token, &changes)).await;
        assert_eq!((refused.status, refused.body.as_slice()), (400, b"".as_slice()), "{changes}");
        let challenge = refused.header("www-authenticate");
        assert!(challenge.starts_with("DPoP algs=\"RS256 "), "{challenge}");
        assert!(challenge.contains(r#"scope="okta.apps.read", error="invalid_dpop_proof""#), "{challenge}");
    }
    let request = bound.world.bare(Method::GET, &app_users("limit=1"));
    let without = send(request.header("authorization", format!("DPoP {token}"))).await;
    assert!(without.header("www-authenticate").contains("The DPoP proof JWT header is missing."));

    let proof = bound.api_proof(&token, &json!({}));
    assert_eq!(bound.get(&token, &proof).await.status, 200);
    let again = bound.get(&token, &proof).await;
    assert!(again.header("www-authenticate").contains("already been used"));
    bound.world.server.finish();
}

#[tokio::test]
async fn a_proof_with_another_key_does_not_fit_the_token() {
    let bound = Bound::new().await;
    let token = bound.token().await;
    let stranger = Key::p256().proof("GET", &bound.list_url(), &json!({"ath": ath(&token)}), &json!({}));
    let refused = bound.get(&token, &stranger).await;
    assert_eq!(refused.status, 400);
    assert!(refused.header("www-authenticate").contains("another key"), "{refused:?}");
}

#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    let bound = Bound::new().await;
    let token = bound.token().await;
    let request = bound.world.bare(Method::GET, &app_users("limit=1"));
    let refused = send(request.header("authorization", format!("Bearer {token}"))).await;
    assert_eq!(refused.error(), error(401, "E0000011"));
    assert_eq!(bound.world.server.violations(), ["a DPoP token was sent as Bearer"]);
}

#[tokio::test]
async fn the_api_can_ask_for_a_nonce_too() {
    let bound = Bound::new().await;
    let token = bound.token().await;
    bound.world.server.state().auth.api_nonce = ApiNonce::Demanded;
    let refused = bound.get(&token, &bound.api_proof(&token, &json!({}))).await;
    assert_eq!(refused.oauth_error().1, "use_dpop_nonce");
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains(r#"error="use_dpop_nonce""#));
    let nonce = refused.header("dpop-nonce").to_owned();
    let page = bound.get(&token, &bound.api_proof(&token, &json!({"nonce": nonce}))).await;
    assert_eq!(page.status, 200);
    bound.world.server.finish();
}

#[tokio::test]
async fn the_key_of_a_proof_is_neither_the_clients_own_nor_shown() {
    let bound = Bound::new().await;
    let own = bound.client.proof("POST", &bound.url, &json!({}), &json!({}));
    assert_eq!(bound.ask(&[own]).await.oauth_error().1, "use_dpop_nonce");
    assert_eq!(bound.world.server.violations(), ["the DPoP key is the key of the client itself"]);

    let private = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"});
    let shown = bound.proofs.proof("POST", &bound.url, &json!({}), &json!({"jwk": private}));
    assert_eq!(bound.ask(&[shown]).await.oauth_error().1, "invalid_dpop_proof");
    assert_eq!(bound.world.server.violations()[1], "a DPoP proof shows its private key");
}

#[tokio::test]
async fn proofs_are_ignored_where_dpop_is_off() {
    let bound = Bound::new().await;
    bound.world.server.state().auth.dpop = Dpop::Off;
    let reply = bound.ask(&[bound.proof(&json!({}))]).await;
    assert_eq!((reply.status, &reply.json()["token_type"]), (200, &json!("Bearer")));
    assert_eq!(reply.header("dpop-nonce"), "");
}

#[tokio::test]
async fn a_proof_names_the_decoded_path() {
    let bound = Bound::new().await;
    bound.world.server.state().auth.scopes = vec!["okta.apps.read".to_owned()];
    let token = bound.token().await;
    let app = "/api/v1/apps/a%40b";
    let origin = bound.world.server.origin();
    for (htu, wanted) in [(format!("{origin}{app}"), 400), (format!("{origin}/api/v1/apps/a@b"), 404)] {
        let proof = bound.proofs.proof("GET", &htu, &json!({"ath": ath(&token)}), &json!({}));
        let request = bound.world.bare(Method::GET, app).header("authorization", format!("DPoP {token}"));
        assert_eq!(send(request.header("dpop", proof)).await.status, wanted, "{htu}");
    }
}

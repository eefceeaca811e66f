//! Stories of Okta's side: credentials of every kind, proofs of possession, paging, rate limits. The simulated Okta checks every request.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use base64::Engine as _;
use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta::{self, ApiNonce, Bend, Bucket, Dpop, Role, Ungranted};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::config::settings::OktaAuth;
use okta_haiilo_sync::ports::FailureKind;
use okta_haiilo_sync::store::ReadStore;
use serde_json::json;

use crate::setup::output::explained;
use crate::setup::world::{World, warnings};

/// A private key in PEM, with the public one and the algorithm.
pub(crate) struct Keys {
    pub(crate) private: String,
    pub(crate) public: String,
    pub(crate) algorithm: &'static str,
}

fn pem(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

pub(crate) fn ec(curve: &'static EcdsaSigningAlgorithm, algorithm: &'static str) -> Keys {
    let pair = EcdsaKeyPair::generate(curve).expect("a key");
    let private = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&pair.private_key()).expect("DER");
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
    Keys { private: pem("EC PRIVATE KEY", private.as_ref()), public: pem("PUBLIC KEY", public.as_ref()), algorithm }
}

fn rsa() -> Keys {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("DER");
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("DER");
    Keys {
        private: pem("PRIVATE KEY", private.as_ref()),
        public: pem("PUBLIC KEY", public.as_ref()),
        algorithm: "RS256",
    }
}

/// A world whose program is a service app with this key.
async fn service_app(people: u32, keys: &Keys) -> World {
    let mut world = World::with_people(people).await;
    let key_id = world.okta.state().auth.register_key(&keys.public, keys.algorithm);
    world.okta_settings.auth = OktaAuth::PrivateKeyJwt {
        client_id: okta::CLIENT_ID.to_owned(),
        key_id: Some(key_id),
        private_key: keys.private.as_str().into(),
    };
    world
}

async fn fails(world: &mut World, words: &[&str]) {
    let text = explained(&world.try_plan().await.expect_err("no plan"));
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
    assert!(!text.contains("eyJ"), "a token is in {text}");
}

#[tokio::test]
async fn a_service_app_with_every_kind_of_key() {
    let kinds = [ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256"), ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "ES384"), rsa()];
    for keys in &kinds {
        for dpop in [Dpop::Off, Dpop::Required] {
            let mut world = service_app(3, keys).await;
            world.okta.state().auth.dpop = dpop;
            world.sync_well_approved().await;
            world.assert_converged().await;
        }
    }
}

#[tokio::test]
async fn one_token_serves_a_cycle_and_is_renewed_before_it_ends() {
    let mut world = service_app(3, &ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256")).await;
    world.sync_well_approved().await;
    let tokens = |world: &World| world.okta.calls().iter().filter(|call| call.route == okta::route::TOKEN).count();
    // Each command is a process of its own and asks once.
    world.okta.forget_calls();
    world.sync_well().await;
    assert_eq!(tokens(&world), 1);
    // A cycle that lasts longer than a token: the second page comes after the token has ended.
    world.okta_settings.page_size = 1;
    world.okta.plant(When::Nth(okta::route::APP_USERS, 1), Fault::TooMany(Some(299)));
    world.okta.forget_calls();
    world.sync_well().await;
    assert_eq!(tokens(&world), 1);
    world.okta.heal();
    for n in 0..15 {
        world.okta.plant(When::Nth(okta::route::APP_USERS, 1 + n), Fault::TooMany(Some(240)));
    }
    world.okta.forget_calls();
    world.sync_well().await;
    assert_eq!(tokens(&world), 2);
    world.okta.finish();
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced_once() {
    let mut world = service_app(3, &ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256")).await;
    world.okta.plant(When::Nth(okta::route::APP_USERS, 1), Fault::Refuse(401));
    world.sync_well_approved().await;
    world.okta.finish();
    world.okta.plant(When::Every(okta::route::APP_USERS), Fault::Refuse(401));
    world.okta.forget_calls();
    fails(&mut world, &["GET /api/v1/apps/{id}/users", "401"]).await;
    let asked = world.okta.calls().iter().filter(|call| call.route == okta::route::APP_USERS).count();
    assert!(asked <= 3, "{asked} requests");
}

#[tokio::test]
async fn nonces_are_taken_wherever_okta_asks_for_them() {
    let mut world = service_app(3, &rsa()).await;
    world.okta.state().auth.dpop = Dpop::Required;
    world.okta.state().auth.api_nonce = ApiNonce::Demanded;
    world.sync_well_approved().await;
    world.assert_converged().await;
    world.okta.state().auth.rotate_nonce();
    world.sync_well().await;
    world.okta.finish();
}

#[tokio::test]
async fn what_is_wrong_with_credentials_is_told_apart() {
    let keys = ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "ES256");
    let mut world = World::with_people(2).await;
    world.okta.state().auth.token_revoked = true;
    fails(&mut world, &["E0000011", "make a new one"]).await;

    let mut world = service_app(2, &keys).await;
    world.okta.state().auth.forget_keys();
    fails(&mut world, &["POST /oauth2/v1/token", "invalid_client", "client_id and key_id"]).await;

    let mut world = service_app(2, &keys).await;
    world.okta.state().auth.scopes = vec!["okta.apps.read".to_owned()];
    fails(&mut world, &["invalid_scope", "okta.users.read"]).await;

    let mut world = service_app(2, &keys).await;
    world.okta.state().auth.scopes = vec!["okta.users.read".to_owned()];
    world.okta.state().auth.ungranted = Ungranted::LeftOut;
    fails(&mut world, &["GET /api/v1/apps/{id}", "403", "lacks the scope okta.apps.read: grant"]).await;

    let mut world = service_app(2, &keys).await;
    world.okta.state().auth.admin_role = Role::Missing;
    fails(&mut world, &["403", "E0000006", "admin role"]).await;

    let mut world = World::with_people(2).await;
    world.okta_settings.app_id = "0oawrong".to_owned();
    fails(&mut world, &["404", "E0000007", "check okta.app_id"]).await;

    let mut world = service_app(2, &keys).await;
    world.okta.plant(When::Nth(okta::route::TOKEN, 1), Fault::Bend(Bend::TokenTypeMac));
    fails(&mut world, &["POST /oauth2/v1/token"]).await;

    let world = service_app(2, &keys).await;
    world.okta.plant(When::Nth(okta::route::TOKEN, 1), Fault::Bend(Bend::TokenWithoutExpiry));
    world.plan().await;
}

#[tokio::test]
async fn credentials_that_end_in_the_middle_end_the_cycle_before_a_plan() {
    let mut world = World::in_step(6).await;
    world.okta_settings.page_size = 2;
    let revoke = Bend::Meanwhile(okta::Change::RevokeCredentials);
    world.okta.plant(When::Nth(okta::route::APP_USERS, 2), Fault::Bend(revoke));
    let error = world.try_sync().await.expect_err("no cycle");
    assert!(explained(&error).contains("E0000011"), "{}", explained(&error));
    assert!(world.state().await.leavers.is_empty());
}

#[tokio::test]
async fn windows_are_waited_out_rather_than_a_cycle_failed() {
    let mut world = World::with_people(12).await;
    world.okta_settings.page_size = 1;
    world.okta.state().set_limit(Bucket::Apps, 4);
    let before = world.clock.0.now_ms();
    world.okta_settings.rate_limit_share = 0.5;
    let prepared = world.plan().await;
    assert_eq!(prepared.plan.people.findings.counts.assigned, 12);
    // Twelve pages, two a minute.
    let minutes = (world.clock.0.now_ms() - before) / 60_000;
    assert!((4..=7).contains(&minutes), "{minutes} minutes");
    let limited = world.okta.calls().iter().filter(|call| call.status == 429).count();
    assert_eq!(limited, 0, "a share that is kept is never refused");
    // Somebody else uses up the rest: refused, waited out, and done all the same.
    world.okta_settings.rate_limit_share = 1.0;
    world.okta.plant(When::Nth(okta::route::APP_USERS, 3), Fault::Bend(Bend::Concurrency));
    world.okta.plant(When::Nth(okta::route::APP_USERS, 5), Fault::TooMany(None));
    assert_eq!(world.plan().await.plan.people.findings.counts.assigned, 12);
    world.okta.finish();
}

#[tokio::test]
async fn rate_headers_that_are_odd_are_survived() {
    for bend in [Bend::NoRateHeaders, Bend::DuplicateRateHeaders, Bend::NoDate] {
        let world = World::with_people(3).await;
        world.okta.plant(When::Every(okta::route::APP_USERS), Fault::Bend(bend));
        assert_eq!(world.plan().await.plan.people.findings.counts.assigned, 3);
    }
}

#[tokio::test]
async fn a_custom_domain_in_links_is_followed_only_when_it_is_configured() {
    let mut world = World::with_people(4).await;
    world.okta_settings.page_size = 2;
    let foreign = Bend::ForeignNext("https://login.example.com".to_owned());
    world.okta.plant(When::Nth(okta::route::APP_USERS, 1), Fault::Bend(foreign.clone()));
    fails(&mut world, &["okta.link_hosts = [\"login.example.com\"]"]).await;
    // Configured, it is followed: here nobody answers at that address.
    world.okta.heal();
    world.okta.plant(When::Nth(okta::route::APP_USERS, 1), Fault::Bend(foreign));
    world.okta_settings.link_hosts = vec!["login.example.com".to_owned()];
    fails(&mut world, &["could not be reached"]).await;
}

#[tokio::test]
async fn assignments_by_group_and_odd_names_are_people_too() {
    let mut world = World::with_people(3).await;
    let mut odd = person(9);
    odd.email = "o'brien+\"x\"@example.com".to_owned();
    let id = world.okta.state().hire(&odd);
    world.okta.state().unassign(&id);
    world.okta.state().assign_by_group(&id, "Everybody");
    world.sync_well_approved().await;
    assert!(world.haiilo.state().account_named("o'brien+\"x\"@example.com").is_some());
    world.assert_converged().await;
}

#[tokio::test]
async fn attributes_of_the_application_profile_are_read_too() {
    let mut world = World::in_step(3).await;
    let id = world.okta_id(0);
    world.okta.state().set_app_profile(&id, "team", json!("Engines"));
    world.settings.mapping =
        crate::setup::world::mapping(|spec| spec.rules[4].value = "appuser.team or user.city".to_owned());
    world.sync_well().await;
    assert_eq!(world.account(0).expect("the account").team(), "Engines");
    world.assert_converged().await;
}

#[tokio::test]
async fn an_attribute_that_nobody_has_is_told() {
    let mut world = World::with_people(25).await;
    world.settings.mapping =
        crate::setup::world::mapping(|spec| spec.rules[4].value = "user.citty or 'Berlin'".to_owned());
    let warnings = warnings(&world.plan().await.plan);
    assert!(warnings.contains("user.citty"), "{warnings}");
    world.advance(TimeDelta::zero());
}

#[tokio::test]
async fn the_schemas_name_what_profiles_may_hold() {
    let world = World::with_people(3).await;
    let id = world.okta_id(0);
    world.okta.state().set_app_profile(&id, "team", json!("Engines"));
    let source = world.ends(ReadStore::new(world.place())).source;
    let schemas = source.schemas().await.expect("schemas");
    assert_eq!(schemas.user["firstName"], "First name");
    assert_eq!(schemas.app_user.keys().collect::<Vec<_>>(), ["team", "userName"]);
    world.okta.plant(When::Every(okta::route::APP_SCHEMA), Fault::Refuse(403));
    let refused = source.schemas().await.expect_err("a right is missing");
    assert_eq!(refused.kind, FailureKind::CredentialsRefused);
    assert!(refused.call.contains("schemas/apps"), "{refused}");
}

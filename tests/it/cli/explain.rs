//! Stories of the command `explain`: whom it finds, in which form it answers, and that it only reads.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta::route as okta_route;
use okta_haiilo_sim::people::person;
use serde_json::json;

use crate::setup::program::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_every_name_that_they_have() {
    let stage = Stage::in_step(3).await;
    let (id, account) = (stage.okta_id(1), stage.account(1).expect("an account").id);
    let files = stage.files(&[]);
    for login in [&person(1).email.to_uppercase(), &id, &account] {
        let told = stage.run(&["explain", login]).exits(0).says_nothing().out;
        assert!(told.starts_with(&format!("{}  {id}\n", person(1).email)), "{told}");
        assert!(told.contains("user            ACTIVE: works here") && told.contains("Journal (1)"), "{told}");
    }
    assert!(stage.files(&[]) == files, "it changed something");
    stage.run(&["explain", "nobody@example.com"]).exits(1).says(&["nobody is assigned"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_assigned_is_found_by_login_and_by_address() {
    let stage = Stage::in_step(2).await;
    let mut other = person(7);
    other.email = "private.address@example.org".to_owned();
    let id = stage.okta.state().hire(&other);
    stage.okta.state().set_profile(&id, "login", json!("seven@example.com"));
    stage.okta.state().unassign(&id);
    for login in ["seven@example.com", "private.address@example.org"] {
        let told = stage.run(&["explain", login, "--format", "json"]).exits(0).json();
        let one = &told["people"][0];
        assert_eq!((&one["okta_id"], &one["listed"], &one["assignment"]), (&json!(id), &json!(false), &json!(null)));
        let why = json!(["nothing: the person is not assigned to the application, and no account of ours is linked"]);
        assert_eq!(one["what_happens"], why);
    }
    let stranger = stage.run(&["explain", "scim@example.com", "--format", "json"]).exits(0).json();
    assert_eq!((&stranger["people"], &stranger["unmanaged"][0]["user_name"]), (&json!([]), &json!("scim@example.com")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_okta_does_not_tell_is_no_explanation() {
    let stage = Stage::in_step(2).await;
    stage.okta.plant(When::Every(okta_route::USER), Fault::Refuse(403));
    stage.run(&["explain", &person(1).email]).exits(1).says(&["GET /api/v1/users/{id}", "403"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_what_a_create_would_send() {
    let stage = Stage::with_people(3).await;
    let shown = stage.run(&["check", "--sample", &person(0).email]).exits(0).says_nothing().out;
    insta::assert_snapshot!(shown, @r#"
    00ufekPvY8weckWq45d7  ACTIVE
    POST /Users
    {
      "schemas": [
        "urn:ietf:params:scim:schemas:core:2.0:User"
      ],
      "active": true,
      "userName": "edsger.dubois.0@example.com",
      "addresses": [
        {
          "type": "work",
          "country": "Switzerland",
          "locality": "Genève"
        }
      ],
      "name": {
        "familyName": "Dubois",
        "givenName": "Edsger"
      }
    }
    "#);
    let calls = stage.haiilo.calls();
    assert!(calls.is_empty(), "{calls:?}");
    stage.set_profile(1, "countryCode", "QQ");
    let held = stage.run(&["check", "--sample", &stage.okta_id(1)]).exits(0).out;
    assert!(held.contains("would be held: addresses") && !held.contains("POST"), "{held}");
    let id = stage.okta_id(2);
    stage.okta.state().unassign(&id);
    let apart = stage.run(&["check", "--sample", &id]).exits(0).out;
    assert!(apart.contains("is not assigned to the application") && !apart.contains("POST"), "{apart}");
    stage.run(&["check", "--sample", "nobody@example.com"]).exits(1).says(&["nobody is assigned"]);
    stage.run(&["check", "--sample", &id, "--offline"]).exits(2);
}

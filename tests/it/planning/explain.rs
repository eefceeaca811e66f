//! Stories of `explain`: whoever is asked about, it says what happens and why, and changes nothing.

use chrono::TimeDelta;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::state::journal::JournalFilter;
use okta_haiilo_sync::engine::{self, NoObserver, Scope};
use okta_haiilo_sync::ports::StoreReader as _;
use okta_haiilo_sync::report::{self, LoginExplanation, PersonExplanation};
use okta_haiilo_sync::store::ReadStore;
use serde_json::{Value as Json, json};

use crate::report::text::eventful;
use crate::setup::world::World;

/// What is known of everybody whom a login means in the store and in both listings.
async fn answer(world: &World, login: &str) -> LoginExplanation {
    let ends = world.ends(ReadStore::new(world.place()));
    let prepared = engine::prepare(&ends, &world.settings, &Scope::Everybody, None, &NoObserver).await.expect("a plan");
    let input = prepared.input(&world.settings);
    let mut people = Vec::new();
    for id in input.people_named(login) {
        let found = ends.source.look_up(id.as_str()).await.expect("a look-up");
        let status = found.into_iter().map(|found| found.status).next();
        let explanation = prepared.explain(&ends, &world.settings, id.clone(), status).await;
        let search = JournalFilter { person: Some(id.to_string()), run: None, since: None };
        let journal = ends.store.journal(&search).await.expect("a journal");
        people.push(PersonExplanation { explanation: explanation.expect("answers"), journal });
    }
    let unmanaged = if people.is_empty() { input.accounts_named(login) } else { Vec::new() };
    LoginExplanation {
        product: world.settings.policy.product,
        unmanaged: unmanaged.into_iter().cloned().collect(),
        people,
    }
}

async fn told(world: &World, login: &str) -> String {
    report::explain(&answer(world, login).await, None)
}

/// What happens to somebody, and nothing else.
async fn happens(world: &World, login: &str) -> Json {
    let json = report::explain_json(&answer(world, login).await);
    let json: Json = serde_json::from_str(&json).expect("JSON");
    json["people"][0]["what_happens"].clone()
}

#[tokio::test]
async fn somebody_who_moved_to_another_city() {
    let world = eventful().await;
    insta::assert_snapshot!(told(&world, &person(2).email).await, @r#"
    soren.heikkinen.2@example.com  00uzxFFmgPoyrkWq45d7

    What happens
      UPDATE
        Team (locality)  Wien -> Paris

    Okta
       user            ACTIVE: works here
       assignment      ACTIVE: has the application; assigned directly
       userName there  soren.heikkinen.2@example.com
       in the listing  yes
       both together   shall have an account

    Mapping
      userName = assignment.user_name or user.email
          assignment.user_name: soren.heikkinen.2@example.com
          user.email: soren.heikkinen.2@example.com
          gives: soren.heikkinen.2@example.com
          Haiilo has: soren.heikkinen.2@example.com
      Group (country) = user.countryCode | lookup('groups')
          user.countryCode: AT
          gives: Austria
          Haiilo has: Austria
      Team (locality) = user.city | trim
          user.city: Paris
          gives: Paris
          Haiilo has: Wien
      name.familyName = user.lastName
          user.lastName: Heikkinen
          gives: Heikkinen
          Haiilo has: Heikkinen
      name.givenName = user.firstName
          user.firstName: Søren
          gives: Søren
          Haiilo has: Søren

    Haiilo
       match               by the link to account 7d29825c-7552-4255-ac3c-17102b7f7f86, made by us
       userName last seen  soren.heikkinen.2@example.com
       account             7d29825c-7552-4255-ac3c-17102b7f7f86, soren.heikkinen.2@example.com, active

    Journal (1)
      8  2027-01-15T08:00:00Z  create  done  soren.heikkinen.2@example.com  00uzxFFmgPoyrkWq45d7  account 7d29825c-7552-4255-ac3c-17102b7f7f86
          userName  (empty) -> soren.heikkinen.2@example.com
          addresses[type eq "work"].country  (empty) -> Austria
          addresses[type eq "work"].locality  (empty) -> Wien
          name.familyName  (empty) -> Heikkinen
          name.givenName  (empty) -> Søren
          run run-1, by a story, approved by 07e347632a50
    "#);
}

#[tokio::test]
async fn somebody_who_was_deactivated_a_month_ago() {
    let world = eventful().await;
    let text = told(&world, &person(4).email).await;
    let (before, _) = text.split_once("\nJournal").expect("a journal");
    insta::assert_snapshot!(before, @r#"
    wolfgang.nygard.4@example.com  00uJHl4doggI7kWq45d7

    What happens
      DELETE FOR EVER
      leaver: deleted for ever now (due 2027-02-14 08:00 UTC)

    Okta
       user            DEPROVISIONED: deactivated
       assignment      none
       in the listing  no

    Haiilo
       match               by the link to account 1b39896a-51a8-449b-a53c-9f0c747ea2ea, made by us
       userName last seen  wolfgang.nygard.4@example.com
       account             1b39896a-51a8-449b-a53c-9f0c747ea2ea, wolfgang.nygard.4@example.com, active

    Leaver
       gone since          2027-01-15 08:00 UTC
       evidence            deactivated
       action              delete
       grace period since  2027-01-15 08:00 UTC
       account             deleted for ever now (due 2027-02-14 08:00 UTC)
    "#);
}

#[tokio::test]
async fn whoever_is_asked_about_it_says_why_nothing_happens() {
    let mut world = World::in_step(6).await;
    assert_eq!(happens(&world, &person(0).email).await, json!(["nothing: the account is as it shall be"]));
    world.settings.mapping =
        crate::setup::world::mapping(|spec| spec.include = Some("user.city != 'Nowhere'".to_owned()));
    world.set_profile(1, "city", json!("Nowhere"));
    let out =
        json!(["nothing: people.include of the mapping leaves this person out; account and link stay as they are"]);
    assert_eq!(happens(&world, world.okta_id(1).as_str()).await, out);
    assert_eq!(happens(&world, &person(1).email).await, out, "by the name of the linked account");
    let id = world.okta_id(2);
    world.okta.state().unassign(&id);
    let kept = json!(["leaver: kept: leavers.unassigned = \"keep\""]);
    assert_eq!(happens(&world, world.haiilo_id(2).as_str()).await, kept);
    world.set_profile(3, "countryCode", json!("QQ"));
    let held = happens(&world, &person(3).email).await;
    assert!(held[0].as_str().expect("a text").starts_with("held: mapping: addresses"), "{held}");
    assert!(held[1].as_str().expect("a text").starts_with("  what to do: correct the person's profile"), "{held}");
}

#[tokio::test]
async fn a_person_is_found_by_a_name_of_earlier() {
    let mut world = World::in_step(3).await;
    let id = world.okta_id(1);
    world.okta.state().rename(&id, "renamed@example.com");
    world.sync_well().await;
    world.advance(TimeDelta::hours(1));
    for login in [person(1).email.as_str(), "renamed@example.com"] {
        let text = told(&world, login).await;
        assert!(text.starts_with(&format!("renamed@example.com  {id}\n")), "{text}");
    }
    let text = told(&world, "scim@example.com").await;
    assert!(text.starts_with("Account ") && text.contains("Unmanaged, left alone"), "{text}");
    assert_eq!(told(&world, "nobody@example.com").await, "");
}

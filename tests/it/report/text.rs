//! What administrators read: the report of a plan, of a cycle that was refused, and of one that was applied, in all three forms.

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::route;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::policy::{LeaverAction, Product};
use okta_haiilo_sync::domain::model::usage::Requests;
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use okta_haiilo_sync::engine::{CycleReport, Prepared, Scope, Stop};
use okta_haiilo_sync::report::{self, GroupResults, PeopleShown, Report, ReportStage, SharedChanges, TextOptions};
use serde_json::{Value as Json, json};

use crate::setup::world::{World, seed};

pub(crate) fn about<'a>(prepared: &'a Prepared, stage: ReportStage<'a>) -> Report<'a> {
    Report {
        plan: &prepared.plan,
        limit_check: &prepared.limit_check,
        now: prepared.collected.now,
        application: &prepared.collected.application,
        product: Product::Advocacy,
        stage,
        warnings: &[],
        settings: &[],
        requests: Requests::default(),
        groups: GroupResults::default(),
    }
}

fn applied(came: &CycleReport) -> String {
    let stops: Vec<String> = came.stops.iter().map(Stop::reason).collect();
    report::text(
        &about(&came.prepared, ReportStage::Applied { concluded: &came.concluded, stops: &stops }),
        TextOptions::default(),
    )
}

fn planned(prepared: &Prepared) -> String {
    report::text(&about(prepared, ReportStage::DryRun), TextOptions::default())
}

/// Eight people in step. Then one is hired, one renamed, one moved to a city, one to a group that Haiilo does not have; one was deactivated a
/// month ago, one today, one was unassigned; an account is gone, another is unmanaged, and two people want one name.
pub(crate) async fn eventful() -> World {
    let mut world = World::with_people(8).await;
    // One account is made after the other, so that each person always has the same id in Haiilo.
    world.settings.concurrency = 1;
    world.get_in_step().await;
    world.settings.policy.leavers.unassigned = LeaverAction::Keep;
    world.haiilo.state().add_account(seed(&person(50)));
    let id = |n| world.okta_id(n);
    let (renamed, moved, lost, earlier, today, unassigned, twin) = (id(1), id(2), id(3), id(4), id(5), id(6), id(7));
    world.okta.state().deactivate(&earlier);
    world.sync_well().await;
    for _ in 0..29 {
        world.advance(TimeDelta::days(1));
        world.sync_well().await;
    }
    world.advance(TimeDelta::days(1));
    let gone = world.haiilo_id(0);
    world.haiilo.state().remove_account(&gone);
    let mut okta = world.okta.state();
    okta.hire(&person(20));
    okta.hire(&person(21));
    okta.rename(&renamed, "a.new.name@example.com");
    okta.set_profile(&moved, "city", json!("Paris"));
    okta.set_profile(&lost, "countryCode", json!("XX"));
    okta.deactivate(&today);
    okta.unassign(&unassigned);
    okta.set_user_name(&twin, &person(21).email);
    drop(okta);
    world
}

#[tokio::test]
async fn a_plan_as_one_would_paste_it_into_a_ticket() {
    let world = eventful().await;
    let prepared = world.plan().await;
    insta::assert_snapshot!(planned(&prepared), @r#"
    Plan (dry run, nothing was changed): Okta application "Haiilo" -> Haiilo Advocacy, 2027-02-14 08:00 UTC
    Accounts in Haiilo after this: 9 (+1 -1).  Assigned in Okta: 7.  Unchanged: 0.
    1 to create, 3 to update, 1 to DELETE FOR EVER, 3 leavers, 2 held, 1 missing, 2 unmanaged.

    CREATE (1)
      lukasz.maekinen.20@example.com  00uxtljK4FRwbkWq45d7
          userName                    lukasz.maekinen.20@example.com
          Group (country)             Ireland
          Team (locality)             Dún Laoghaire
          name.familyName             Mäkinen
          name.givenName              Łukasz

    UPDATE (3)
      asa.gross.1@example.com        00uKJVpq7HsJFkWq45d7     account 2c829abe-1f45-42e1-ac58-133ac916ab3c
          userName                   asa.gross.1@example.com  -> a.new.name@example.com
      renee.dubois.3@example.com     00uec0fhFYkdUkWq45d7     account 657eecdd-3cb1-4d09-ac2d-26e0055bdef6
          Group (country)            Ireland                  -> Atlantis
      soren.heikkinen.2@example.com  00uzxFFmgPoyrkWq45d7     account 7d29825c-7552-4255-ac3c-17102b7f7f86
          Team (locality)            Wien                     -> Paris

    DELETE FOR EVER (1)
      wolfgang.nygard.4@example.com  00uJHl4doggI7kWq45d7  account 1b39896a-51a8-449b-a53c-9f0c747ea2ea

    Leavers (3)
      elodie.kucera.5@example.com    00uyvVUYNpcxjkWq45d7  deactivated since 2027-02-14 08:00 UTC  deleted for ever on 2027-03-16 08:00 UTC
      heikki.noether.6@example.com   00udaGuTwxYcMkWq45d7  unassigned since 2027-02-14 08:00 UTC   kept: leavers.unassigned = "keep"
      wolfgang.nygard.4@example.com  00uJHl4doggI7kWq45d7  deactivated since 2027-01-15 08:00 UTC  deleted for ever now (due 2027-02-14 08:00 UTC)

    Held, nothing is done about them (2)
      paeivi.vanderberg.21@example.com  00uIF1KPV6VHzkWq45d7
          why:  the mapping gives the same userName to 00ucYW9GdNNbEkWq45d7
          what to do:  give each person an own address in Okta, or unassign one of them
      paeivi.vanderberg.21@example.com  00ucYW9GdNNbEkWq45d7
          why:  the mapping gives the same userName to 00uIF1KPV6VHzkWq45d7
          what to do:  give each person an own address in Okta, or unassign one of them

    Missing: linked accounts that Haiilo does not show (1)
      edsger.dubois.0@example.com  00ufekPvY8weckWq45d7  account 8621a03f-e0bb-4b7b-a8e1-7555983aa92f  not shown since 2027-02-14 08:00 UTC
          what to do:  find out in Haiilo who removed them; haiilo.missing = "recreate" makes new, empty accounts

    Unmanaged, left alone (2)
      scim@example.com                account e220a839-7b1d-4daf-a6e7-9e6aa1b965f4
      vojtech.mueller.50@example.com  account 3466e9a0-8391-4f64-ad81-8d2b5a4485ac

    Limits, within 24 hours and with this plan
      leavers  2 of 5
      missing  1 of 3
      creates  1 of 25
      updates  3 of 25
      renames  1 of 3
      clears   0 of 5
      moves    1 of 5
      deletes  1 of 3
    "#);
}

#[tokio::test]
async fn what_was_done_and_what_was_not() {
    let mut world = eventful().await;
    let came = world.sync().await;
    let report = applied(&came);
    // Behind the outcome stands what the plan had said.
    let (outcome, _) = report.split_once("\nCREATE").expect("operations");
    insta::assert_snapshot!(outcome, @r#"
    Applied: Okta application "Haiilo" -> Haiilo Advocacy, 2027-02-14 08:00 UTC
    Accounts in Haiilo now: 9 (+1 -1).  Assigned in Okta: 7.  Unchanged: 0.
    1 to create, 3 to update, 1 to DELETE FOR EVER, 3 leavers, 2 held, 1 missing, 2 unmanaged.

    Outcome
      4 of 5 operations done.
      UPDATE  renee.dubois.3@example.com  no such group  Haiilo has no group "Atlantis"
    "#);
}

#[tokio::test]
async fn seats_are_counted_by_what_was_done() {
    let mut world = World::in_step(3).await;
    world.okta.state().hire(&person(20));
    world.haiilo.state().set_seats(Some(4));
    let came = world.sync().await;
    insta::assert_snapshot!(applied(&came), @r#"
    Applied: Okta application "Haiilo" -> Haiilo Advocacy, 2027-01-15 08:00 UTC
    Accounts in Haiilo now: 4 (+0 -0).  Assigned in Okta: 4.  Unchanged: 3.
    1 to create, 1 unmanaged.

    Outcome
      0 of 1 operations done.
      STOPPED: all seats of haiilo are taken, so that no more accounts are created: free some, or extend the licence
      CREATE  lukasz.maekinen.20@example.com  failed  POST /Users: haiilo answered 400 (No seats left: all seats of your licence are taken); free seats in haiilo, or extend its licence

    CREATE (1)
      lukasz.maekinen.20@example.com  00uec0fhFYkdUkWq45d7
          userName                    lukasz.maekinen.20@example.com
          Group (country)             Ireland
          Team (locality)             Dún Laoghaire
          name.familyName             Mäkinen
          name.givenName              Łukasz

    Unmanaged, left alone (1)
      scim@example.com  account e220a839-7b1d-4daf-a6e7-9e6aa1b965f4

    Limits, within 24 hours and with this plan
      leavers  0 of 5
      missing  0 of 3
      creates  1 of 25
      updates  0 of 25
      renames  0 of 3
      clears   0 of 5
      moves    0 of 5
      deletes  0 of 3
    "#);
}

#[tokio::test]
async fn nothing_to_do_is_said_first() {
    let mut world = World::in_step(3).await;
    insta::assert_snapshot!(planned(&world.plan().await), @r#"
    Plan (dry run, nothing was changed): Okta application "Haiilo" -> Haiilo Advocacy, 2027-01-15 08:00 UTC
    Accounts in Haiilo after this: 4 (+0 -0).  Assigned in Okta: 3.  Unchanged: 3.
    Nothing to do; 1 unmanaged.

    Unmanaged, left alone (1)
      scim@example.com  account e220a839-7b1d-4daf-a6e7-9e6aa1b965f4

    Limits, within 24 hours and with this plan
      leavers  0 of 5
      missing  0 of 3
      creates  0 of 25
      updates  0 of 25
      renames  0 of 3
      clears   0 of 5
      moves    0 of 5
      deletes  0 of 3
    "#);
    let came = world.sync().await;
    let report = applied(&came);
    let (outcome, _) = report.split_once("\n\nUnmanaged").expect("an unmanaged account");
    insta::assert_snapshot!(outcome, @r#"
    Applied: Okta application "Haiilo" -> Haiilo Advocacy, 2027-01-15 08:00 UTC
    Accounts in Haiilo now: 4 (+0 -0).  Assigned in Okta: 3.  Unchanged: 3.
    Nothing to do; 1 unmanaged.

    Outcome
      There was nothing to do.
    "#);
}

#[tokio::test]
async fn a_refusal_says_what_would_be_and_how_to_let_it_pass() {
    let mut world = World::with_people(1).await;
    let came = world.sync().await;
    assert_eq!(came.prepared.limit_check.decision, LimitDecision::Blocked);
    insta::assert_snapshot!(report::text(&about(&came.prepared, ReportStage::Blocked), TextOptions::default()), @r#"
    Blocked, nothing was changed: Okta application "Haiilo" -> Haiilo Advocacy, 2027-01-15 08:00 UTC
    Accounts in Haiilo: 1; with this plan it would be 2 (+1 -0).  Assigned in Okta: 1.  Unchanged: 0.
    1 to create, 1 unmanaged.

    APPROVAL NEEDED: nothing was changed
      first_run  1 found, 0 allowed  nothing was ever done from this store, so that the whole plan wants a look
      If this is what shall happen, let exactly these operations pass:
        okta-haiilo-sync sync --approve 7b1f02b85b26

    CREATE (1)
      edsger.dubois.0@example.com  00ufekPvY8weckWq45d7
          userName                 edsger.dubois.0@example.com
          Group (country)          Switzerland
          Team (locality)          Genève
          name.familyName          Dubois
          name.givenName           Edsger

    Unmanaged, left alone (1)
      scim@example.com  account e220a839-7b1d-4daf-a6e7-9e6aa1b965f4

    Limits, within 24 hours and with this plan
      leavers  0 of 5
      missing  0 of 3
      creates  1 of 25
      updates  0 of 25
      renames  0 of 3
      clears   0 of 5
      moves    0 of 5
      deletes  0 of 3
    "#);
    let id = came.prepared.limit_check.approval_id.clone().expect("an id");
    let came = world.try_sync_with(Scope::Everybody, Some(id)).await.expect("a cycle");
    let report = applied(&came);
    let (outcome, _) = report.split_once("\n\nCREATE").expect("operations");
    insta::assert_snapshot!(outcome, @r#"
    Applied: Okta application "Haiilo" -> Haiilo Advocacy, 2027-01-15 08:00 UTC
    Accounts in Haiilo now: 2 (+1 -0).  Assigned in Okta: 1.  Unchanged: 0.
    1 to create, 1 unmanaged.

    APPROVED by 7b1f02b85b26
      first_run  1 found, 0 allowed  nothing was ever done from this store, so that the whole plan wants a look

    Outcome
      1 of 1 operations done.
    "#);
}

#[tokio::test]
async fn hostile_names_are_harmless_in_every_form() {
    let world = World::in_step(1).await;
    world.set_profile(0, "lastName", json!("=cmd|' /C calc'!A0\u{1b}[2J\u{202e}"));
    world.set_profile(0, "firstName", json!("<script>\"x\",\ny"));
    let prepared = world.plan().await;
    let about = about(&prepared, ReportStage::DryRun);
    let text = report::text(&about, TextOptions::default());
    let update = text.split_once("UPDATE").expect("an update").1.split_once("\n\n").expect("a section").0;
    insta::assert_snapshot!(update, @r#"
    (1)
     edsger.dubois.0@example.com  00ufekPvY8weckWq45d7  account 06c45d18-8009-454f-af88-b8a8724c81ec
         name.familyName          Dubois                -> =cmd|' /C calc'!A0\u{1b}[2J\u{202e}
         name.givenName           Edsger                -> <script>"x",\u{a}y
    "#);
    let csv = report::csv(&about).replace('\u{1b}', "<escape>").replace('\u{202e}', "<right to left>");
    insta::assert_snapshot!(csv, @r#"
    section,kind,okta_id,haiilo_id,user_name,path,from,to,reason,remedy
    operation,update,00ufekPvY8weckWq45d7,06c45d18-8009-454f-af88-b8a8724c81ec,edsger.dubois.0@example.com,name.familyName,Dubois,'=cmd|' /C calc'!A0<escape>[2J<right to left>,,
    operation,update,00ufekPvY8weckWq45d7,06c45d18-8009-454f-af88-b8a8724c81ec,edsger.dubois.0@example.com,name.givenName,Edsger,"<script>""x"",
    y",,
    unmanaged,,,e220a839-7b1d-4daf-a6e7-9e6aa1b965f4,scim@example.com,,,,,
    "#);
    let json: Json = serde_json::from_str(&report::json(&about)).expect("JSON");
    let to: Vec<&Json> =
        json["operations"][0]["changes"].as_array().expect("changes").iter().map(|one| &one["to"]).collect();
    assert_eq!(to, [&json!("=cmd|' /C calc'!A0\u{1b}[2J\u{202e}"), &json!("<script>\"x\",\ny")]);
}

/// Twelve people move to one city, two to another, one is renamed with the move.
async fn a_move() -> World {
    let world = World::in_step(20).await;
    for n in 0..12 {
        world.set_profile(n, "city", json!("Paris"));
    }
    for n in 12..14 {
        world.set_profile(n, "city", json!("Rome"));
    }
    let id = world.okta_id(14);
    world.set_profile(14, "city", json!("Paris"));
    world.okta.state().rename(&id, "renamed@example.com");
    world
}

#[tokio::test]
async fn people_who_share_the_same_changes_are_folded() {
    let world = a_move().await;
    // All of them sit in one city before.
    for n in 0..14 {
        let account = world.haiilo_id(n);
        world.haiilo.state().edit(
            &account,
            "addresses",
            json!([{"type": "work", "country": "Finland", "locality": "Turku"}]),
        );
        world.set_profile(n, "countryCode", json!("FI"));
    }
    let prepared = world.plan().await;
    let folded = planned(&prepared);
    let updates = &folded[folded.find("UPDATE (15)").expect("updates")..];
    let updates = updates.split("\n\n").next().expect("a section");
    insta::assert_snapshot!(updates, @r#"
    UPDATE (15)
      12 people share this; --full names them
          Team (locality)                      Turku                           -> Paris
      paeivi.erdos.13@example.com              00uGBXoxsv7FjkWq45d7            account 2c829abe-1f45-42e1-ac58-133ac916ab3c
          Team (locality)                      Turku                           -> Rome
      tomas.jaervinen.14@example.com           00uvpHEtR44uLkWq45d7            account 0c7de806-4963-4ab0-a055-2d37111ac529
          userName                             tomas.jaervinen.14@example.com  -> renamed@example.com
          Team (locality)                      Besançon                        -> Paris
      vojtech.vanderberg.12@example.com        00ubWmO2KnBa6kWq45d7            account db01602b-100b-4ed7-aa90-8a921825f10d
          Team (locality)                      Turku                           -> Rome
    "#);
    let full = report::text(
        &about(&prepared, ReportStage::DryRun),
        TextOptions { sharing: SharedChanges::Full, ..TextOptions::default() },
    );
    for n in 0..14 {
        assert!(full.contains(&person(n).email), "{full}");
    }
    assert_eq!(full.matches("-> Paris").count(), 13);
    assert!(!full.contains("share this"));
}

#[tokio::test]
async fn a_ticket_holds_ids_alone() {
    let mut world = eventful().await;
    world.haiilo.plant(When::Every(route::CREATE), Fault::Refuse(409));
    let ids = TextOptions { people: PeopleShown::Ids, sharing: SharedChanges::Full, width: None };
    let prepared = world.plan().await;
    let plan = report::text(&about(&prepared, ReportStage::DryRun), ids);
    let came = world.sync().await;
    let stops: Vec<String> = came.stops.iter().map(Stop::reason).collect();
    let outcome =
        report::text(&about(&came.prepared, ReportStage::Applied { concluded: &came.concluded, stops: &stops }), ids);
    for n in [0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 50] {
        let person = person(n);
        for text in [&plan, &outcome] {
            assert!(!text.contains(&person.email) && !text.contains(person.family), "{n}: {text}");
        }
    }
    assert!(!plan.contains("Paris") && !plan.contains("a.new.name") && !plan.contains('@'), "{plan}");
    for n in [2, 3, 5, 6, 20] {
        let id = world.okta.state().find(&person(n).email).expect("somebody");
        assert!(plan.contains(&id), "{n} {id}: {plan}");
    }
    assert!(plan.contains("Team (locality)") && plan.contains("same_user_name"), "{plan}");
}

#[tokio::test]
async fn after_an_edit_of_the_mapping_each_changed_part_says_whom_it_concerns() {
    let mut world = World::in_step(12).await;
    assert!(world.plan().await.plan.people.findings.mapping_edits.is_empty());
    world.settings.mapping = crate::setup::world::mapping(|spec| {
        spec.rules[4].value = "user.city ~ ' office'".to_owned();
        spec.tables.get_mut("groups").expect("the table").remove("FI");
    });
    let prepared = world.plan().await;
    let report = planned(&prepared);
    let edited =
        report.split_once("The mapping changed").expect("the section").1.split_once("\nUPDATE").expect("people").0;
    insta::assert_snapshot!(edited, @r#"
    since a plan was last let through
     Team (locality): 9 to update, 0 held
         was  user.city | trim (when empty: leave, ignore_case)
         is   user.city ~ ' office' (when empty: leave, ignore_case)
     tables.groups: 0 to update, 3 held
         was  FI = "Finland"
         is   (not there)
    "#);
    let held = prepared.plan.people.findings.held.len();
    assert!(held > 0 && report.contains(&format!("{held} held\n")), "{report}");
    // What was let through is what the next edit is compared with.
    let id = prepared.limit_check.approval_id.clone();
    world.try_sync_with(Scope::Everybody, id).await.expect("a cycle");
    assert!(world.plan().await.plan.people.findings.mapping_edits.is_empty());
}

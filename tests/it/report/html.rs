//! The report that a browser shows: one file that needs nothing else, in which whatever people are called is harmless.

use okta_haiilo_sync::engine::{CycleReport, Stop};
use okta_haiilo_sync::report::{self, ReportStage};
use serde_json::json;

use crate::report::text::{about, eventful};
use crate::setup::world::World;

fn planned(prepared: &okta_haiilo_sync::engine::Prepared) -> String {
    report::html(&about(prepared, ReportStage::DryRun))
}

fn applied(came: &CycleReport) -> String {
    let stops: Vec<String> = came.stops.iter().map(Stop::reason).collect();
    report::html(&about(&came.prepared, ReportStage::Applied { concluded: &came.concluded, stops: &stops }))
}

/// What a reader sees, a line an element, without the style, the script and the numbers of the picture.
fn read(html: &str) -> String {
    let body = html.split_once("<body>").expect("a body").1.split_once("<script>").expect("the script").0;
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        let (tag, words) = part.split_once('>').expect("a tag");
        if ["/p", "/li", "/tr", "/h1", "/h2", "/title", "/option", "/summary"].contains(&tag) {
            text.push('\n');
        }
        if ["/th", "/td", "del", "ins"].contains(&tag) {
            text.push('|');
        }
        text.push_str(words.trim_matches('\n'));
    }
    let lines = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_will_happen_is_said_in_words_then_person_by_person() {
    let world = eventful().await;
    insta::assert_snapshot!(read(&planned(&world.plan().await)), @r#"
    Plan (dry run, nothing was changed): Okta application &quot;Haiilo&quot; -&gt; Haiilo Advocacy, 2027-02-14 08:00 UTC
    1 account would be made, 3 accounts would be changed, and 1 account would be DELETED FOR EVER. 2 people are held, and nothing is done about them.
    Accounts in Haiilo after this: 9 (+1 -1). Assigned in Okta: 7. Unchanged: 0.
    1 to create
    3 to update
    1 to delete for ever
    2 leaving
    2 held
    1 missing in Haiilo
    2 unmanaged, left alone
    1 to create
    3 to update
    1 to delete for ever
    2 leaving
    2 held
    1 missing in Haiilo
    2 unmanaged, left alone
    Search What happens everything
    DELETE FOR EVER
    CREATE
    UPDATE
    Leavers
    Held, nothing is done about them
    Missing: linked accounts that Haiilo does not show
    Unmanaged, left alone
    Attribute any
    Group (country)
    Team (locality)
    name.familyName
    name.givenName
    userName
    Reason any
    deactivated
    same_user_name
    unassigned
    DELETE FOR EVER (1)
    wolfgang.nygard.4@example.com 00uJHl4doggI7kWq45d7 account 1b39896a-51a8-449b-a53c-9f0c747ea2ea
    CREATE (1)
    lukasz.maekinen.20@example.com 00uxtljK4FRwbkWq45d7
    userName|lukasz.maekinen.20@example.com|
    Group (country)|Ireland|
    Team (locality)|Dún Laoghaire|
    name.familyName|Mäkinen|
    name.givenName|Łukasz|
    UPDATE (3)
    asa.gross.1@example.com 00uKJVpq7HsJFkWq45d7 account 2c829abe-1f45-42e1-ac58-133ac916ab3c
    userName||asa.gross.1@example.com||a.new.name@example.com|
    renee.dubois.3@example.com 00uec0fhFYkdUkWq45d7 account 657eecdd-3cb1-4d09-ac2d-26e0055bdef6
    Group (country)||Ireland||Atlantis|
    soren.heikkinen.2@example.com 00uzxFFmgPoyrkWq45d7 account 7d29825c-7552-4255-ac3c-17102b7f7f86
    Team (locality)||Wien||Paris|
    Leavers (3)
    wolfgang.nygard.4@example.com 00uJHl4doggI7kWq45d7 account 1b39896a-51a8-449b-a53c-9f0c747ea2ea
    what happens deleted for ever now (due 2027-02-14 08:00 UTC)
    evidence deactivated since 2027-01-15 08:00 UTC
    elodie.kucera.5@example.com 00uyvVUYNpcxjkWq45d7 account b54e0f16-00cc-4d19-a84b-3f97971d80ab
    what happens deleted for ever on 2027-03-16 08:00 UTC
    evidence deactivated since 2027-02-14 08:00 UTC
    heikki.noether.6@example.com 00udaGuTwxYcMkWq45d7 account 3ee57890-41c9-4ac3-af3b-488c368cb0a6
    what happens kept: leavers.unassigned = &quot;keep&quot;
    evidence unassigned since 2027-02-14 08:00 UTC
    Held, nothing is done about them (2)
    paeivi.vanderberg.21@example.com 00uIF1KPV6VHzkWq45d7 account 06c45d18-8009-454f-af88-b8a8724c81ec
    why the mapping gives the same userName to 00ucYW9GdNNbEkWq45d7
    what to do give each person an own address in Okta, or unassign one of them
    paeivi.vanderberg.21@example.com 00ucYW9GdNNbEkWq45d7
    why the mapping gives the same userName to 00uIF1KPV6VHzkWq45d7
    what to do give each person an own address in Okta, or unassign one of them
    Missing: linked accounts that Haiilo does not show (1)
    Find out in Haiilo who removed them; haiilo.missing = &quot;recreate&quot; makes new, empty accounts.
    edsger.dubois.0@example.com 00ufekPvY8weckWq45d7 account 8621a03f-e0bb-4b7b-a8e1-7555983aa92f
    not shown since 2027-02-14 08:00 UTC
    Unmanaged, left alone (2)
    scim@example.com  account e220a839-7b1d-4daf-a6e7-9e6aa1b965f4
    vojtech.mueller.50@example.com  account 3466e9a0-8391-4f64-ad81-8d2b5a4485ac
    Limits, within 24 hours and with this plan
    leavers||2 of 5|
    missing||1 of 3|
    creates||1 of 25|
    updates||3 of 25|
    renames||1 of 3|
    clears||0 of 5|
    moves||1 of 5|
    deletes||1 of 3|
    Requests
    Okta: 0 requests
    Haiilo: 0 requests, at most 0 at once
    okta-haiilo-sync 0.1.0. This file names people: keep it as you keep them.
    "#);
}

#[tokio::test]
async fn what_was_done_stands_beside_each_person() {
    let mut world = eventful().await;
    let shown = read(&applied(&*world.sync().await));
    let (outcome, _) = shown.split_once("\nLeavers (3)").expect("leavers");
    let (head, people) = outcome.split_once("\nSearch").expect("filters");
    let (_, people) = people.split_once("\nDELETE FOR EVER (1)").expect("people");
    insta::assert_snapshot!(format!("{head}\n{people}"), @r#"
    Applied: Okta application &quot;Haiilo&quot; -&gt; Haiilo Advocacy, 2027-02-14 08:00 UTC
    1 account was made, 2 accounts were changed, and 1 account was DELETED FOR EVER. One operation was not done. 2 people are held, and nothing is done about them.
    Accounts in Haiilo now: 9 (+1 -1). Assigned in Okta: 7. Unchanged: 0.
    1 to create
    3 to update
    1 to delete for ever
    2 leaving
    2 held
    1 missing in Haiilo
    2 unmanaged, left alone
    1 to create
    3 to update
    1 to delete for ever
    2 leaving
    2 held
    1 missing in Haiilo
    2 unmanaged, left alone
    Outcome
    4 of 5 operations done.

    wolfgang.nygard.4@example.com 00uJHl4doggI7kWq45d7 account 1b39896a-51a8-449b-a53c-9f0c747ea2ea done
    CREATE (1)
    lukasz.maekinen.20@example.com 00uxtljK4FRwbkWq45d7 done
    userName|lukasz.maekinen.20@example.com|
    Group (country)|Ireland|
    Team (locality)|Dún Laoghaire|
    name.familyName|Mäkinen|
    name.givenName|Łukasz|
    UPDATE (3)
    asa.gross.1@example.com 00uKJVpq7HsJFkWq45d7 account 2c829abe-1f45-42e1-ac58-133ac916ab3c done
    userName||asa.gross.1@example.com||a.new.name@example.com|
    renee.dubois.3@example.com 00uec0fhFYkdUkWq45d7 account 657eecdd-3cb1-4d09-ac2d-26e0055bdef6 no such group: Haiilo has no group &quot;Atlantis&quot;
    Group (country)||Ireland||Atlantis|
    soren.heikkinen.2@example.com 00uzxFFmgPoyrkWq45d7 account 7d29825c-7552-4255-ac3c-17102b7f7f86 done
    Team (locality)||Wien||Paris|
    "#);
}

/// Everything in the file that could act: tags with scripts, styles and events, and addresses of others.
fn acts(html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in html.split('<').skip(1) {
        let tag = part.split('>').next().expect("a tag").to_lowercase();
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default().to_owned();
        let acts = ["script", "style", "link", "img", "iframe", "object", "base"].contains(&name.as_str());
        let asks =
            [" on", " src=", " style=", "javascript:", "href=\"http", "url("].iter().any(|word| tag.contains(word));
        if !tag.starts_with('/') && (acts || asks) {
            found.push(tag);
        }
    }
    found
}

#[tokio::test]
async fn nothing_is_asked_of_anybody_and_only_its_own_script_may_run() {
    let world = World::in_step(2).await;
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'\u{202e}\u{1b}[2J";
    world.set_profile(0, "lastName", json!(hostile));
    world.set_profile(1, "lastName", json!("x".repeat(10_000)));
    let html = planned(&world.plan().await);
    assert_eq!(acts(&html), ["style", "script"]);
    assert_eq!(html.matches("<script>").count(), 1);
    assert!(html.contains(
        "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&#x27;\\u{202e}\\u{1b}[2J"
    ));
    assert!(!html.contains(['\u{202e}', '\u{1b}']));
    assert!(html.contains("and 8000 more characters") && !html.contains(&"x".repeat(2_001)));
    // The hashes in the policy are those of the two texts.
    for (name, policy) in [("style", "style-src"), ("script", "script-src")] {
        let text = html.split_once(&format!("<{name}>")).expect("an element").1;
        let text = text.split_once(&format!("</{name}>")).expect("its end").0;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);
        let escaped = hash.replace('/', "&#x2f;");
        assert!(html.contains(&format!("{policy} &#x27;sha256-{escaped}&#x27;")), "{name}: {escaped}");
    }
    // What stands in the two is the program's own, and holds nothing that a person is called.
    assert!(!html.split_once("<script>").expect("the script").1.contains("alert"));
}

#[tokio::test]
async fn people_who_share_a_change_are_told_together_and_each_of_them_is_named() {
    let world = World::in_step(20).await;
    for n in 0..12 {
        let account = world.haiilo_id(n);
        let address = json!([{"type": "work", "country": "Finland", "locality": "Turku"}]);
        world.haiilo.state().edit(&account, "addresses", address);
        world.set_profile(n, "countryCode", json!("FI"));
        world.set_profile(n, "city", json!("Tampere"));
    }
    let shown = read(&planned(&world.plan().await));
    assert!(shown.contains("UPDATE (12)\n12 people share this\n"), "{shown}");
    assert_eq!(shown.matches("Team (locality)||Turku||Tampere|").count(), 1, "{shown}");
    assert_eq!(shown.matches("@example.com 00u").count(), 12, "{shown}");
}

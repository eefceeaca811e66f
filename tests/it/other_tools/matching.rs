//! Who is whose: letters, addresses, renames, and names that somebody else had before.

use chrono::TimeDelta;
use okta_haiilo_sim::haiilo::{Duplicate, Filters, Manner, UserNames};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::plan::operation::OperationKind;
use serde_json::json;

use crate::setup::world::{World, mapping, outcomes, seed};

/// The userNames in Haiilo, without the owner's.
fn names(world: &World) -> Vec<String> {
    let accounts = world.haiilo.state().accounts();
    let mut names: Vec<String> = accounts.into_iter().map(|account| account.user_name).collect();
    names.retain(|name| name != okta_haiilo_sim::haiilo::OWNER);
    names.sort();
    names
}

/// A way in which Haiilo deals with letters.
type Way = (&'static str, fn(&mut Manner));

/// In adobe-apiplatform/user-sync.py#471 and langfuse/langfuse#13528 one place compared letters and another did not, microsoft/o365-moodle#1356
/// made a second account for an address in capitals, ory/polis#4065 saw a conflict that was none, and in cloudflare/cloudflare-docs#18257 case
/// mattered and nobody said so.
#[tokio::test]
async fn letters_of_any_case_are_one_person_and_are_sent_as_okta_has_them() {
    let manners: [Way; 5] = [
        ("as usual", |_| {}),
        ("names lower-cased", |manner| manner.user_names = UserNames::LowerCased),
        ("filters with case", |manner| manner.filters = Filters::CaseSensitive),
        ("twins in other letters", |manner| manner.duplicate = Duplicate::AcceptedInOtherLetters),
        ("twins", |manner| manner.duplicate = Duplicate::Accepted),
    ];
    for (what, tune) in manners {
        let mut world = World::in_step(3).await;
        world.haiilo.state().tune(tune);
        // One who is there in capitals, one who is new, and one whose address changes its letters alone.
        let mut there = seed(&person(10));
        there.user_name = there.user_name.to_uppercase();
        world.haiilo.state().populate([there]);
        world.okta.state().hire(&person(10));
        let mut newcomer = person(11);
        newcomer.email = "New.Comer@Example.COM".to_owned();
        world.okta.state().hire(&newcomer);
        let id = world.okta_id(1);
        world.okta.state().rename(&id, &person(1).email.to_uppercase());
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["adopt done", "create done"], "{what}");
        let sent = world.haiilo.state().writes();
        assert_eq!(
            sent.iter().map(|write| &write.body["userName"]).collect::<Vec<_>>(),
            ["New.Comer@Example.COM"],
            "{what}"
        );
        for _ in 0..3 {
            assert!(world.sync_well().await.concluded.is_empty(), "{what}");
        }
        assert_eq!(names(&world).len(), 5, "{what}: {:?}", names(&world));
        world.assert_converged().await;
    }
}

/// In ssoready/ssoready#164 a new userName marked the person as deleted, adobe-apiplatform/user-sync.py#531 took another domain for another
/// human, adobe-apiplatform/user-sync.py#835 never followed a new name, and putyourlightson/craft-campaign#37 made a second contact and left
/// the first one alone.
#[tokio::test]
async fn however_an_address_changes_it_is_the_same_account() {
    let mut world = World::in_step(3).await;
    let (id, account) = (world.okta_id(1), world.haiilo_id(1));
    let others = [world.haiilo_id(0), world.haiilo_id(2)];
    for other in &others {
        world.haiilo.state().must_not_touch(other);
    }
    let addresses =
        ["ada.king@example.com", "ada.king@sister.example.net", "AK@sister.example.net", "ada.o'king+x@example.com"];
    for address in addresses {
        world.okta.state().rename(&id, address);
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["update done"], "{address}");
        assert_eq!(world.haiilo.state().account(&account).expect("the same account").user_name, address);
        assert_eq!(world.haiilo.state().accounts().len(), 4, "{address}");
        assert!(report.prepared.plan.people.findings.leavers.is_empty(), "{address}");
        world.advance(TimeDelta::hours(25));
        world.assert_converged().await;
    }
}

/// In adobe-apiplatform/user-sync.py#385 a login that is not the address took two steps and got stuck between them.
#[tokio::test]
async fn a_login_that_is_not_the_address_is_one_request_and_one_account() {
    let mut world = World::in_step(2).await;
    let mut newcomer = person(5);
    newcomer.email = "login.5@corp.example.com".to_owned();
    let id = world.okta.state().hire(&newcomer);
    world.okta.state().set_profile(&id, "email", json!("Public.Name@example.com"));
    for (value, name) in
        [("assignment.user_name", "login.5@corp.example.com"), ("user.email", "Public.Name@example.com")]
    {
        world.settings.mapping = mapping(|spec| spec.rules[0].value = value.to_owned());
        let created = names(&world).len();
        world.haiilo.state().forget_writes();
        world.sync_well().await;
        assert_eq!(world.haiilo.state().writes().len(), 1, "{value}");
        assert!(names(&world).contains(&name.to_owned()), "{value}: {:?}", names(&world));
        assert!(names(&world).len() <= created + 1);
        world.assert_converged().await;
    }
    assert_eq!(names(&world).len(), 3);
}

/// In cyrusimap/cyrus-imapd#5961 a name was renamed, given to somebody else, and the cleaning up after the old owner wiped the new one. Here a
/// delete concerns the account that the leaver had, by id, and never whoever carries the name today.
#[tokio::test]
async fn a_name_that_was_handed_on_is_the_new_owners() {
    let mut world = World::in_step(30).await;
    world.settings.policy.leavers.grace = TimeDelta::days(2);
    world.sync_well().await;
    let (leaver, old) = (world.okta_id(1), world.haiilo_id(1));
    world.okta.state().rename(&leaver, "old.1@example.com");
    let mut heir = person(40);
    heir.email = person(1).email;
    world.okta.state().hire(&heir);
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "create done"]);
    let new = world.haiilo_id(1);
    assert_ne!(new, old);
    world.okta.state().deactivate(&leaver);
    world.sync_well().await;
    // By hand, and wrongly, the leaver gets the old name back while the heir is renamed aside: the name of the link fits no more.
    world.haiilo.state().edit(&new, "userName", json!("aside@example.com"));
    world.haiilo.state().edit(&old, "userName", json!(person(1).email));
    for _ in 0..4 {
        world.advance(TimeDelta::hours(20));
        drop(world.sync().await);
    }
    assert_eq!(world.haiilo.state().deleted(), []);
    world.haiilo.state().edit(&old, "userName", json!("old.1@example.com"));
    world.haiilo.state().edit(&new, "userName", json!(person(1).email));
    for _ in 0..4 {
        world.advance(TimeDelta::hours(20));
        drop(world.sync().await);
    }
    let deleted: Vec<String> = world.haiilo.state().deleted().into_iter().map(|deleted| deleted.id).collect();
    assert_eq!(deleted, [old]);
    assert_eq!(world.haiilo_id(1), new);
    world.assert_converged().await;
}

/// In goauthentik/authentik#12827 the first sync went well and every later one ran into conflicts, because nobody had kept the remote id; in
/// onyx-dot-app/onyx#8959 whoever existed already was a conflict for ever.
#[tokio::test]
async fn what_was_made_or_adopted_is_known_by_its_id_ever_after() {
    let mut world = World::with_people(6).await;
    world.haiilo.state().populate([seed(&person(0)), seed(&person(1))]);
    let report = world.sync_well_approved().await;
    assert_eq!(report.prepared.plan.people.of_kind(OperationKind::Adopt).count(), 2);
    world.haiilo.state().forget_writes();
    for day in 0..3 {
        world.advance(TimeDelta::hours(24));
        for n in 0..6 {
            world.set_profile(n, "city", json!(format!("City {day}")));
        }
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["update done"; 6]);
    }
    let writes = world.haiilo.state().writes();
    assert!(writes.iter().all(|write| write.method == "PATCH" && write.status < 300), "{writes:?}");
    world.assert_converged().await;
}

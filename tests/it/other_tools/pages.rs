//! Pages and limits of rate: everybody is seen, and who asks to wait is waited for and named.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, Manner, StartZero, Totals};
use okta_haiilo_sim::okta;

use crate::setup::output::explained;
use crate::setup::world::{World, outcomes};

/// A way in which Haiilo lists.
type Way = (&'static str, fn(&mut Manner));

/// In awslabs/ssosync#1 and slashdevops/idp-scim-sync#76 only the first page was ever read, so that people were made anew or never updated;
/// dbeaver/cloudbeaver#3016 loaded a default page, Adambean/gitlab-ce-ldap-sync#26 a third of everybody; better-auth/better-auth#10398 cuts a
/// listing and calls the cut the total; wso2/product-is#7320 counts wrongly, and simpleidserver/SimpleIdServer#185 begins anywhere.
#[tokio::test]
async fn nobody_is_lost_behind_the_first_page() {
    let manners: [Way; 5] = [
        ("honest", |_| {}),
        ("pages of ten at most", |manner| manner.page_cap = Some(10)),
        ("cut, and the cut is the total", |manner| {
            manner.page_cap = Some(10);
            manner.totals = Totals::CappedToPage;
        }),
        ("a total of nothing", |manner| manner.totals = Totals::Off(-1_000)),
        ("another idea of the beginning", |manner| manner.start_zero = StartZero::WrongSlice),
    ];
    for (what, tune) in manners {
        let mut world = World::with_people(64).await;
        world.haiilo.state().tune(tune);
        world.okta_settings.page_size = 7;
        world.settings.page_size = 20;
        let report = world.sync_well_approved().await;
        assert_eq!(outcomes(&report), vec!["create done"; 64], "{what}");
        for n in [0, 9, 10, 19, 20, 63] {
            world.set_profile(n, "city", serde_json::json!("Paris"));
        }
        let report = world.sync_well().await;
        assert_eq!(outcomes(&report), ["update done"; 6], "{what}");
        let writes = world.haiilo.state().writes();
        assert!(writes.iter().all(|write| write.status < 300), "{what}: a conflict");
        let report = world.sync_well().await;
        assert_eq!((report.concluded.len(), report.prepared.plan.people.findings.counts.unchanged), (0, 64), "{what}");
        world.assert_converged().await;
    }
}

/// adobe-apiplatform/user-sync.py#271 is hours of warnings about too many calls, and nobody knows whose: here the end that asks to wait, the
/// call and the status are named. The limits themselves are waited out (ConductorOne/baton-okta#197 failed the whole task instead).
#[tokio::test]
async fn who_asks_to_wait_is_waited_for_and_in_the_end_named() {
    let mut world = World::in_step(12).await;
    world.okta_settings.page_size = 5;
    world.settings.page_size = 5;
    world.set_profile(0, "city", serde_json::json!("Paris"));
    // Each call of a cycle is refused once.
    for n in [1, 3, 5, 7] {
        world.okta.plant(When::Nth(okta::route::APP_USERS, n), Fault::TooMany(Some(30)));
        world.haiilo.plant(When::Nth(haiilo::route::LIST, n), Fault::TooMany(Some(30)));
    }
    world.haiilo.plant(When::Nth(haiilo::route::PATCH, 1), Fault::TooMany(Some(30)));
    let before = world.clock.0.now_ms();
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done"]);
    assert!(world.clock.0.now_ms() - before >= 30_000);
    world.okta.heal();
    world.haiilo.heal();
    world.okta.plant(When::Every(okta::route::APP_USERS), Fault::TooMany(Some(30)));
    let text = explained(&world.try_sync().await.expect_err("no cycle"));
    for word in ["okta", "GET /api/v1/apps/{id}/users", "429"] {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
    world.okta.heal();
    world.haiilo.plant(When::Every(haiilo::route::LIST), Fault::TooMany(Some(30)));
    let text = explained(&world.try_sync().await.expect_err("no cycle"));
    for word in ["haiilo", "GET /Users", "429"] {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
    world.haiilo.heal();
    world.assert_converged().await;
}

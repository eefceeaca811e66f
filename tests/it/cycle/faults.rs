//! Every fault of the simulators, at every call of a cycle, one at a time: no wrong write, a clear error that names the call and the
//! cause, and the next clean cycles bring both sides together.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo;
use okta_haiilo_sim::okta::{self, Change};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::policy::LeaverAction;
use okta_haiilo_sync::engine::CycleError;
use serde_json::json;

use crate::setup::output::explained;
use crate::setup::world::{Ran, World, seed};

/// Twelve people in step; then one is hired, one renamed, one moved, one deactivated and due, one unassigned and kept. Beside them an account
/// that nobody may touch.
async fn busy_day() -> World {
    let mut world = World::with_people(12).await;
    let stranger = world.haiilo.state().add_account(seed(&person(50)));
    world.haiilo.state().must_not_touch(&stranger);
    world.okta_settings.page_size = 5;
    world.settings.page_size = 5;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    world.settings.policy.leavers.unassigned = LeaverAction::Keep;
    world.sync_well_approved().await;
    world.sync_well().await;
    let id = |n| world.okta_id(n);
    let (renamed, deactivated, unassigned) = (id(3), id(4), id(5));
    let mut okta = world.okta.state();
    okta.hire(&person(20));
    okta.rename(&renamed, "renamed@example.com");
    okta.deactivate(&deactivated);
    okta.unassign(&unassigned);
    drop(okta);
    world.set_profile(2, "city", json!("Paris"));
    world.okta.forget_calls();
    world.haiilo.forget_calls();
    world.haiilo.state().forget_writes();
    world
}

/// Whom Haiilo must hold in the end: everybody but the one who was deactivated.
fn expected() -> BTreeSet<String> {
    let kept = (0..12).filter(|n| ![3, 4].contains(n)).chain([20, 50]).map(|n| person(n).email);
    kept.chain(["renamed@example.com".to_owned(), haiilo::OWNER.to_owned()]).collect()
}

fn names(world: &World) -> Vec<String> {
    let mut names: Vec<String> = world.haiilo.state().accounts().into_iter().map(|account| account.user_name).collect();
    names.sort();
    names
}

/// What must hold after the cycle with the fault, and after the clean ones behind it.
async fn judge(world: &mut World, what: &str, came: Result<Ran, CycleError>) {
    let deleted: Vec<String> = world.haiilo.state().deleted().iter().map(|deleted| deleted.user_name.clone()).collect();
    assert!(deleted.iter().all(|name| *name == person(4).email), "{what}: {deleted:?} are gone for ever");
    let found = names(world);
    let different: BTreeSet<&String> = found.iter().collect();
    assert_eq!(different.len(), found.len(), "{what}: somebody has two accounts");
    if let Err(error) = &came {
        assert!(world.haiilo.state().writes().is_empty(), "{what}: {:?}", world.haiilo.state().writes());
        let text = explained(error);
        let names_call = ["GET /", "POST /", "listing", "application"].iter().any(|call| text.contains(call));
        assert!(names_call, "{what}: {text}");
        assert!(!text.contains("@example.com"), "{what}: {text}");
    }
    settled(world, what, expected()).await;
}

/// Well again, both sides agree after a few days, whatever was rejected, held or refused before.
async fn settled(world: &mut World, what: &str, expected: BTreeSet<String>) {
    world.okta.heal();
    world.haiilo.heal();
    // What is rejected or held for a day is tried again, and what was refused once is not for ever.
    for _ in 0..4 {
        world.advance(TimeDelta::hours(25));
        drop(world.sync().await);
    }
    let names: BTreeSet<String> = names(world).into_iter().collect();
    assert_eq!(names, expected, "{what}");
    assert_eq!(world.account(2).expect("the account").team(), "Paris", "{what}");
    let prepared = world.plan().await;
    assert!(prepared.plan.people.operations.is_empty(), "{what}: {:?}", prepared.plan.people.operations);
    assert!(prepared.plan.people.findings.rejected.is_empty(), "{what}: {:?}", prepared.plan.people.findings.rejected);
    assert!(world.state().await.open.is_empty(), "{what}");
    world.okta.finish();
    world.haiilo.finish();
}

/// How many calls a clean cycle makes on each side.
async fn calls() -> (u64, u64) {
    let mut world = busy_day().await;
    let came = world.try_sync().await;
    let calls = (world.okta.count(), world.haiilo.count());
    assert!(came.as_ref().is_ok_and(|report| report.concluded.iter().all(|one| !one.outcome.is_failure())));
    judge(&mut world, "nothing", came).await;
    assert!(calls.0 > 8 && calls.1 > 10, "{calls:?}");
    calls
}

/// A fault at every call to Okta.
async fn everywhere_in_okta(fault: Fault<okta::Bend>) {
    for n in 1..=calls().await.0 {
        let mut world = busy_day().await;
        world.okta.plant(When::Call(n), fault.clone());
        let came = world.try_sync().await;
        judge(&mut world, &format!("{fault:?} at call {n} to okta"), came).await;
    }
}

/// A fault at every call to Haiilo.
async fn everywhere_in_haiilo(fault: Fault<haiilo::Bend>) {
    for n in 1..=calls().await.1 {
        let mut world = busy_day().await;
        world.haiilo.plant(When::Call(n), fault.clone());
        let came = world.try_sync().await;
        judge(&mut world, &format!("{fault:?} at call {n} to haiilo"), came).await;
    }
}

/// A fault that one route alone can have, at each call of that route.
async fn at_each(route: &'static str, bends: &[haiilo::Bend]) {
    let mut world = busy_day().await;
    drop(world.sync().await);
    let count = world.haiilo.calls().iter().filter(|call| call.route == route).count() as u64;
    assert!(count > 0, "no call of {route}");
    for bend in bends {
        for n in 1..=count {
            let mut world = busy_day().await;
            world.haiilo.plant(When::Nth(route, n), Fault::Bend(bend.clone()));
            let came = world.try_sync().await;
            judge(&mut world, &format!("{bend:?} at {route} {n}"), came).await;
        }
    }
}

/// One fault at every call of one side, each a test of its own, so that they run side by side.
macro_rules! everywhere {
    ($($okta:ident, $haiilo:ident: $fault:expr;)*) => {
        $(
            #[tokio::test]
            async fn $okta() {
                everywhere_in_okta($fault).await;
            }

            #[tokio::test]
            async fn $haiilo() {
                everywhere_in_haiilo($fault).await;
            }
        )*
    };
}

everywhere! {
    okta_drops_before, haiilo_drops_before: Fault::DropBefore;
    okta_drops_after, haiilo_drops_after: Fault::DropAfter;
    okta_cuts_the_body, haiilo_cuts_the_body: Fault::CutBody;
    okta_garbles, haiilo_garbles: Fault::Garbled;
    okta_sends_no_body, haiilo_sends_no_body: Fault::EmptyBody;
    okta_answers_400, haiilo_answers_400: Fault::Refuse(400);
    okta_answers_401, haiilo_answers_401: Fault::Refuse(401);
    okta_answers_403, haiilo_answers_403: Fault::Refuse(403);
    okta_answers_404, haiilo_answers_404: Fault::Refuse(404);
    okta_answers_409, haiilo_answers_409: Fault::Refuse(409);
    okta_answers_500, haiilo_answers_500: Fault::Refuse(500);
    okta_answers_503_after, haiilo_answers_503_after: Fault::RefuseAfter(503);
    okta_html_404, haiilo_html_404: Fault::Html(404);
    okta_html_200, haiilo_html_200: Fault::Html(200);
    okta_html_502, haiilo_html_502: Fault::Html(502);
    okta_throttles, haiilo_throttles: Fault::TooMany(None);
    okta_throttles_with_a_time, haiilo_throttles_with_a_time: Fault::TooMany(Some(20));
    okta_redirects, haiilo_redirects: Fault::Redirect("http://127.0.0.1:9/".to_owned());
}

/// A server that says nothing at all costs real time, so that one call of each route must do.
#[tokio::test]
async fn silence_is_waited_for_and_then_counts_as_a_lost_answer() {
    for n in [1, 2] {
        let mut world = busy_day().await;
        world.okta.plant(When::Call(n), Fault::Stall);
        let came = world.try_sync().await;
        judge(&mut world, &format!("silence at call {n} to okta"), came).await;
    }
    for route in [haiilo::route::LIST, haiilo::route::CREATE, haiilo::route::PATCH, haiilo::route::DELETE] {
        let mut world = busy_day().await;
        world.haiilo.plant(When::Nth(route, 1), Fault::Stall);
        let came = world.try_sync().await;
        judge(&mut world, &format!("silence at {route}"), came).await;
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_page_of_assignments() {
    use okta::Bend;
    let bends = [
        Bend::LoseExpand,
        Bend::DropExpandFromNext,
        Bend::LosePage,
        Bend::LoseNext,
        Bend::RepeatCursor,
        Bend::LoopToFirst,
        Bend::ForeignNext("https://evil.example.com".to_owned()),
        Bend::CommaJoinedLinks,
        Bend::RelativeNext,
        Bend::EmptyList,
        Bend::ShortPage(2),
        Bend::DoubleRow,
        Bend::RepeatPreviousRow,
        Bend::RowWithoutId,
        Bend::RowNotAnObject,
        Bend::RowWithoutStatus,
        Bend::RowWithoutUser,
        Bend::NullProfile,
        Bend::OddTypes,
        Bend::NotAnArray,
        Bend::Concurrency,
        Bend::ReadOnly,
        Bend::WrongContentType,
    ];
    for bend in bends {
        // Where a bend means nothing on the last page, the simulator would call it a mistake of the test.
        let has_next = !matches!(
            bend,
            Bend::RowWithoutUser
                | Bend::LoseExpand
                | Bend::RowWithoutId
                | Bend::RowNotAnObject
                | Bend::RowWithoutStatus
                | Bend::NullProfile
                | Bend::OddTypes
                | Bend::NotAnArray
                | Bend::Concurrency
                | Bend::ReadOnly
                | Bend::WrongContentType
                | Bend::EmptyList
                | Bend::DoubleRow
        );
        let first = if bend == Bend::RepeatPreviousRow { 2 } else { 1 };
        for n in first..=if has_next { 2 } else { 3 } {
            let mut world = busy_day().await;
            world.okta.plant(When::Nth(okta::route::APP_USERS, n), Fault::Bend(bend.clone()));
            let came = world.try_sync().await;
            judge(&mut world, &format!("{bend:?} at page {n}"), came).await;
        }
    }
}

#[tokio::test]
async fn whatever_happens_in_okta_between_two_pages() {
    for n in 1..=3 {
        for change in [Change::Unassign, Change::Assign, Change::Deactivate] {
            // Somebody who was read on the first page, or will be on the last.
            for who in [0, 11] {
                let mut world = busy_day().await;
                let id = world.okta_id(who);
                let change = change(id.clone());
                let what = format!("{change:?} of person {who} before page {n}");
                world.okta.plant(When::Nth(okta::route::APP_USERS, n), Fault::Bend(okta::Bend::Meanwhile(change)));
                drop(world.try_sync().await);
                let deleted = world.haiilo.state().deleted();
                let may_go = [person(4).email, person(who).email];
                assert!(deleted.iter().all(|deleted| may_go.contains(&deleted.user_name)), "{what}: {deleted:?}");
                if world.okta.state().status(&id) == Some("ACTIVE") && !world.okta.state().is_assigned(&id) {
                    world.okta.state().assign(&id);
                }
                let expected = without_whom_okta_ended(&world, &id, who);
                settled(&mut world, &what, expected).await;
            }
        }
    }
}

/// Whom Haiilo must hold in the end when one more person may have been deactivated.
fn without_whom_okta_ended(world: &World, id: &str, who: u32) -> BTreeSet<String> {
    let mut expected = expected();
    if world.okta.state().status(id) == Some("DEPROVISIONED") {
        expected.remove(&person(who).email);
    }
    expected
}

#[tokio::test]
async fn an_application_that_stops_ends_the_cycle() {
    for status in ["INACTIVE", "DELETED", ""] {
        let mut world = busy_day().await;
        status.clone_into(&mut world.okta.state().app.status);
        let error = world.try_sync().await.expect_err("no cycle");
        assert!(matches!(error, CycleError::ApplicationNotActive { .. }), "{error}");
        "ACTIVE".clone_into(&mut world.okta.state().app.status);
        judge(&mut world, "an application that is not active", Err(error)).await;
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_page_of_accounts() {
    use haiilo::Bend;
    let bends = [
        Bend::SkipRows(1),
        Bend::RepeatPage,
        Bend::EmptyPage,
        Bend::ShortPage(2),
        Bend::RowWithoutId,
        Bend::RowWithoutUserName,
        Bend::RowNotAnObject,
        Bend::TotalOff(3),
        Bend::TotalOff(-3),
        Bend::TotalMissing,
        Bend::NotAList,
    ];
    for bend in bends {
        // The last page is the empty one behind the last row.
        for n in 1..=3 {
            let mut world = busy_day().await;
            world.haiilo.plant(When::Nth(haiilo::route::LIST, n), Fault::Bend(bend.clone()));
            let came = world.try_sync().await;
            judge(&mut world, &format!("{bend:?} at page {n}"), came).await;
        }
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_look_up() {
    use haiilo::Bend;
    at_each(haiilo::route::LOOK_UP, &[Bend::FindsNobody, Bend::FindsOther, Bend::FindsAll]).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_a_reading() {
    use haiilo::Bend;
    let bends = [Bend::LyingId, Bend::LyingUserName, Bend::NotFoundOnce, Bend::WrongAccount];
    at_each(haiilo::route::READ, &bends).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_an_update() {
    use haiilo::Bend;
    let bends = [Bend::LyingId, Bend::LyingUserName, Bend::NotFoundOnce, Bend::EtagChanged];
    at_each(haiilo::route::PATCH, &bends).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_a_create_or_a_delete() {
    use haiilo::Bend;
    at_each(haiilo::route::CREATE, &[Bend::LyingId, Bend::LyingUserName, Bend::GroupMissing, Bend::Seats]).await;
    at_each(haiilo::route::DELETE, &[Bend::NotFoundOnce, Bend::EtagChanged]).await;
}

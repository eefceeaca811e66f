//! What is remembered: lost, old, damaged, never begun, or written by two at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use chrono::TimeDelta;
use okta_haiilo_sim::haiilo::Did;
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::link::Origin;
use okta_haiilo_sync::domain::model::policy::LeaverAction;
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::plan::leaver::LeaverStatus;
use okta_haiilo_sync::domain::planning::limits::LimitDecision;
use okta_haiilo_sync::engine::{CycleError, Scope};
use okta_haiilo_sync::store::{CycleLock, LockError};
use serde_json::json;

use crate::setup::world::{World, free_lock, outcomes, seed};

/// Every file in the store's folder with its bytes.
fn files(world: &World) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(world.folder.path()).expect("a folder").map(|entry| entry.expect("an entry"));
    // A file that goes while we look is none.
    entries.filter_map(|entry| Some((entry.file_name(), fs::read(entry.path()).ok()?))).collect()
}

/// Waits until a store that was dropped in the middle has let go of its files, which a thread of its own does, and Haiilo has ended what was
/// on its way.
async fn quiet(world: &World) {
    let is_passing =
        |name: &OsString| ["-wal", "-shm", "-journal"].iter().any(|end| name.to_string_lossy().ends_with(end));
    let (mut calls, mut still) = (world.haiilo.count(), 0);
    for _ in 0..1_000_000 {
        tokio::task::yield_now().await;
        still = if world.haiilo.count() == calls { still + 1 } else { 0 };
        calls = world.haiilo.count();
        if still > 500 && !files(world).keys().any(is_passing) {
            return;
        }
    }
    panic!("the store is still open: {:?}", files(world).keys());
}

/// One cycle that ends, as by a crash of the whole program, the moment Haiilo has seen so many calls: what was in the files at that moment is
/// what is left. False when the cycle came to its end before.
async fn is_cut_after(world: &World, calls: u64) -> bool {
    let given = world.plan().await.limit_check.approval_id;
    world.haiilo.forget_calls();
    let seen = async {
        while world.haiilo.count() < calls {
            tokio::task::yield_now().await;
        }
        files(world)
    };
    let left = tokio::select! {
        biased;
        left = seen => Some(left),
        _ = world.cycle("state.db", "cut", Scope::Everybody, given) => None,
    };
    quiet(world).await;
    let Some(left) = left else { return false };
    for (name, bytes) in left {
        fs::write(world.folder.path().join(name), bytes).expect("written");
    }
    true
}

/// In slashdevops/idp-scim-sync#48 a crash before the first state was written left no way forward, and the documentation of Lithnet's agent
/// for Okta warns that exports are no transactions. Here a first run is cut at every single call, the next ones go on, and everybody has exactly one account.
#[tokio::test]
async fn a_first_run_that_is_cut_anywhere_is_taken_up_by_the_next() {
    let mut calls = 1;
    loop {
        let mut world = World::with_people(5).await;
        world.haiilo.state().populate([seed(&person(1))]);
        let is_cut = is_cut_after(&world, calls).await;
        world.plan().await;
        for _ in 0..3 {
            let report = world.sync().await;
            if report.prepared.limit_check.decision == LimitDecision::Blocked {
                world.sync_well_approved().await;
            }
        }
        let created = world.haiilo.state().writes().iter().filter(|write| write.did == Did::Created).count();
        assert_eq!(created, 4, "cut after {calls} calls");
        let state = world.state().await;
        let adopted = state.links.iter().filter(|link| link.origin == Origin::Adopted).count();
        assert_eq!((state.links.len(), adopted), (5, 1), "cut after {calls} calls: what we made is known to be ours");
        assert!(state.open.is_empty(), "cut after {calls} calls: {:?}", state.open);
        assert_eq!(world.haiilo.state().deleted(), []);
        world.assert_converged().await;
        if !is_cut {
            break;
        }
        calls += 1;
    }
    assert!(calls > 9, "only {calls} calls");
}

/// owncloud/client#5666 asks to throw bad local data away without losing the settings; and where the store cannot be read at all, nothing is
/// done rather than everything anew.
#[tokio::test]
async fn a_damaged_store_stops_everything_and_a_lost_one_is_rebuilt_by_matching() {
    let mut world = World::in_step(6).await;
    world.settings.policy.leavers.unassigned = LeaverAction::Delete;
    world.settings.policy.leavers.grace = TimeDelta::zero();
    let gone = world.okta_id(1);
    world.okta.state().unassign(&gone);
    let whole = fs::read(world.path().as_path()).expect("a store");
    for damage in [whole[..100].to_vec(), b"no database, whatever it is".repeat(200)] {
        fs::write(world.path().as_path(), damage).expect("damaged");
        let plan = world.try_plan().await.expect_err("no plan");
        let cycle = world.try_sync().await.expect_err("no cycle");
        quiet(&world).await;
        for error in [plan, cycle] {
            assert!(matches!(&error, CycleError::Store(_)), "{error}");
            assert!(error.to_string().contains("restore a backup, or move it away"), "{error}");
        }
        assert_eq!(world.haiilo.state().writes(), []);
    }
    fs::remove_file(world.path().as_path()).expect("moved away");
    let report = world.sync_well_approved().await;
    assert_eq!(outcomes(&report), ["adopt done"; 5]);
    assert_eq!(world.haiilo.state().writes(), []);
    world.assert_converged().await;
}

/// ConductorOne/baton-sdk#275 resumed a sync from a state that was long out of date. Here a store that was restored from a backup knows less
/// than it did: people get no second account, and nobody is deleted before a whole new grace.
#[tokio::test]
async fn a_store_from_a_backup_makes_nobody_twice_and_deletes_nobody() {
    let mut world = World::in_step(8).await;
    world.settings.policy.leavers.grace = TimeDelta::days(5);
    world.sync_well().await;
    let ids: Vec<String> = (0..8).map(|n| world.okta_id(n)).collect();
    world.okta.state().deactivate(&ids[0]);
    world.sync_well().await;
    let old = fs::read(world.path().as_path()).expect("a store");
    for _ in 0..4 {
        world.advance(TimeDelta::hours(23));
        world.sync_well().await;
    }
    world.okta.state().hire(&person(20));
    world.okta.state().rename(&ids[1], "renamed@example.com");
    world.okta.state().rename(&ids[2], "once@example.com");
    world.sync_well().await;
    world.okta.state().rename(&ids[2], "twice@example.com");
    world.sync_well().await;
    world.haiilo.state().forget_writes();
    world.advance(TimeDelta::hours(30));
    fs::write(world.path().as_path(), old).expect("restored");
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["adopt done"]);
    let due = report.prepared.collected.now + TimeDelta::days(5);
    assert_eq!(report.prepared.plan.people.findings.leavers[0].status, LeaverStatus::Waiting(due));
    assert_eq!(world.haiilo.state().accounts().len(), 10);
    assert_eq!(world.haiilo.state().writes(), []);
    world.assert_converged().await;
}

fn much_happens(world: &World, ids: &[String]) {
    let mut okta = world.okta.state();
    okta.rename(&ids[1], "renamed@example.com");
    okta.deactivate(&ids[2]);
    okta.unassign(&ids[3]);
    okta.deactivate(&ids[4]);
    okta.delete_user(&ids[4]);
    okta.hire(&person(40));
    // Hired and gone again.
    let short = okta.hire(&person(41));
    okta.deactivate(&short);
}

/// MicrosoftDocs/azure-docs#111831 asks what becomes of users who were deleted while the agent was off, and in apache/devlake#4529 a delta never
/// saw a deletion. Here every cycle reads everything: whatever happened is seen by the first one, and nobody is deleted for the time in which
/// nobody watched.
#[tokio::test]
async fn whatever_happened_in_three_months_without_a_cycle_is_seen_by_the_next_one() {
    let mut world = World::in_step(30).await;
    let ids: Vec<String> = (0..8).map(|n| world.okta_id(n)).collect();
    let (removed, edited) = (world.haiilo_id(5), world.haiilo_id(6));
    world.advance(TimeDelta::days(45));
    much_happens(&world, &ids);
    world.haiilo.state().remove_account(&removed);
    world.haiilo.state().edit(&edited, "name.givenName", json!("Nickname"));
    world.advance(TimeDelta::days(45));
    let report = world.sync_well().await;
    assert_eq!(outcomes(&report), ["update done", "update done", "create done"]);
    let evidence: Vec<_> =
        report.prepared.plan.people.findings.leavers.iter().map(|leaver| leaver.evidence.as_str()).collect();
    assert_eq!((evidence.len(), evidence.contains(&"deactivated"), evidence.contains(&"unassigned")), (2, true, true));
    assert_eq!(
        report.prepared.plan.people.findings.held.iter().map(|held| held.reason.code()).collect::<Vec<_>>(),
        ["no_evidence"]
    );
    assert_eq!(report.prepared.plan.people.findings.missing.len(), 1);
    for _ in 0..59 {
        world.advance(TimeDelta::hours(12));
        world.sync_well().await;
    }
    assert_eq!(world.haiilo.state().deleted(), [], "29 and a half days of the grace of 30");
    world.advance(TimeDelta::hours(12));
    world.sync_well().await;
    assert_eq!(world.haiilo.state().deleted().len(), 1);
}

/// In goauthentik/authentik#25997 two tasks that overlapped made the same object twice. Here two installations that know nothing of each other
/// run at the same time: everybody has one account, and both know it.
#[tokio::test]
async fn two_programs_at_once_make_nobody_twice() {
    let world = World::with_people(12).await;
    let id = world.plan().await.limit_check.approval_id;
    let (here, there) = tokio::join!(
        world.cycle("here.db", "here-1", Scope::Everybody, id.clone()),
        world.cycle("there.db", "there-1", Scope::Everybody, id),
    );
    let reports = [here.expect("a cycle"), there.expect("a cycle")];
    let did: usize = reports.iter().map(|report| report.concluded.len()).sum();
    assert!(did >= 12, "{did} operations");
    // Whoever listed late saw some of the new accounts, and adopts them, or wants another approval first: never a failure, never a twin.
    for report in &reports {
        assert!(report.stops.is_empty(), "{:?}", report.stops);
        assert!(report.concluded.iter().all(|one| !one.outcome.is_failure()), "{:?}", outcomes(report));
    }
    let created = world.haiilo.state().writes().iter().filter(|write| write.did == Did::Created).count();
    assert_eq!((created, world.haiilo.state().accounts().len()), (12, 13));
    let mut names: Vec<String> = world.haiilo.state().accounts().into_iter().map(|account| account.user_name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 13);
    for (store, first) in ["here.db", "there.db"].into_iter().zip(reports) {
        let mut given = first.prepared.limit_check.approval_id.clone();
        for run in ["second", "third"] {
            let report = world.cycle(store, &format!("{store} {run}"), Scope::Everybody, given).await.expect("a cycle");
            given = report.prepared.limit_check.approval_id.clone();
        }
        let report = world.cycle(store, &format!("{store} last"), Scope::Everybody, given).await.expect("a cycle");
        assert!(report.concluded.is_empty() && report.prepared.plan.people.findings.held.is_empty(), "{store}");
        assert_eq!(report.prepared.plan.people.findings.counts.unchanged, 12, "{store}");
    }
    assert_eq!(world.haiilo.state().accounts().len(), 13);
    world.okta.finish();
    world.haiilo.finish();
}

/// In pimutils/vdirsyncer#561 a timer and a terminal ran at once, in deajan/osync#121 a lock was no longer recognized after a while, and
/// lithnet/miis-autosync#181 let runs pile up behind a lock. Here the lock lasts as long as its holder, names it, and is nothing that a dead
/// holder could leave behind.
#[tokio::test]
async fn a_lock_lasts_as_long_as_its_holder_and_no_longer() {
    let mut world = World::in_step(3).await;
    let lock = free_lock(&world.path(), "run (process 4711)").await;
    for _ in 0..3 {
        world.advance(TimeDelta::days(40));
        let error = CycleLock::try_take(&world.path(), "sync").await.expect_err("held");
        assert!(matches!(&error, LockError::Held { holder } if holder == "run (process 4711)"), "{error}");
        // Looking is allowed meanwhile.
        world.plan().await;
    }
    drop(lock);
    // A holder that died leaves its words in the file, and they hold nobody up.
    let mut file = world.path().as_path().as_os_str().to_owned();
    file.push(".lock");
    fs::write(&file, "run (process 4711)").expect("written");
    world.sync_well().await;
    world.assert_converged().await;
}

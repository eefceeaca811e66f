//! The store as history and as memory of what administrators decided. Each of these holds for SQLite and for PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use okta_haiilo_sync::domain::listing::snapshot::{Person, PersonState};
use okta_haiilo_sync::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId, RunId, UserName};
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::model::link::{Absence, Counted, Link};
use okta_haiilo_sync::domain::model::policy::LeaverAction;
use okta_haiilo_sync::domain::model::target::{FilterSupport, TargetProfile};
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::plan::evidence::Evidence;
use okta_haiilo_sync::domain::plan::leaver::{GracePeriod, LeaverRecord};
use okta_haiilo_sync::domain::plan::operation::OperationKind;
use okta_haiilo_sync::domain::plan::outcome::{Effect, Outcome, OutcomeKind};
use okta_haiilo_sync::domain::plan::sync_state_update::LeaverUpdate;
use okta_haiilo_sync::domain::planning::limits::Violation;
use okta_haiilo_sync::domain::planning::operator::LinkChange;
use okta_haiilo_sync::domain::state::journal::{Intent, IntentStep, JournalFilter, ProbeStep, RunContext};
use okta_haiilo_sync::domain::state::run_history::{CycleRecord, CycleResult, RunHistory};
use okta_haiilo_sync::domain::state::sync_state::Pause;
use okta_haiilo_sync::ports::{ActWriter as _, BlockedPlan, CycleEnd, StoreReader as _, StoreWriter as _};
use okta_haiilo_sync::store::{ReadStore, Store, StorePath, StorePlace};
use serde_json::json;
use tempfile::TempDir;

use crate::store::contents::{Bed, adopt, at, link, on_both, operation, run_context};

on_both!(
    the_journal_is_found_by_person_run_and_time,
    what_the_journal_held_of_a_person_is_forgotten_but_not_that_something_was_done,
    entries_go_when_their_time_is_over_and_open_ones_stay,
    a_pause_lasts_until_it_is_ended,
    a_link_by_hand_takes_the_place_of_both_others,
    a_link_that_is_ended_takes_everything_along,
    who_is_released_or_pinned_is_remembered,
    the_former_names_of_accounts_are_remembered,
    a_refused_cycle_remembers_who_came_back,
    how_things_stand_is_told_newest_first,
    a_copy_is_made_by_the_program_that_can,
    what_was_learnt_of_the_endpoint_is_kept_and_nothing_is_found_where_there_is_no_store,
    what_a_write_probe_left_behind_is_found_until_it_is_deleted,
);

/// An operation with its outcome, in a run of its own.
async fn write(store: &Store, (kind, n): (OperationKind, u32), (run, time): (&str, i64), outcome: Option<Outcome>) {
    let (run_context, operation) = (mandate_of(run), operation(kind, n));
    let before = Some(json!({"userName": operation.user_name.as_str()}));
    let intent = Intent { run_context: &run_context, at: at(time), step: IntentStep::Account(&operation), before };
    let entry = store.intend(&intent).await.expect("written");
    if let Some(outcome) = outcome {
        store.conclude(entry, &outcome, &[], at(time)).await.expect("written");
    }
}

async fn what_was_learnt_of_the_endpoint_is_kept_and_nothing_is_found_where_there_is_no_store(bed: Bed) {
    assert_eq!((bed.reader().exists().await.ok(), bed.reader().target().await.ok()), (Some(false), Some(None)));
    let profile = TargetProfile {
        base_url: "https://example.com/scim".to_owned(),
        learnt: at(5),
        page_cap: Some(50),
        filter: Some(FilterSupport::Ignored),
        total: None,
        writes: None,
    };
    let store = bed.open().await;
    store.keep_target(&profile).await.expect("written");
    assert_eq!(store.target().await.expect("read"), Some(profile.clone()));
    assert_eq!((bed.reader().exists().await.ok(), bed.reader().target().await.ok()), (Some(true), Some(Some(profile))));
}

async fn what_a_write_probe_left_behind_is_found_until_it_is_deleted(bed: Bed) {
    let store = bed.open().await;
    let (run_context, name, id) = (mandate_of("run-1"), UserName::new("probe@example.com"), HaiiloId::new("h1"));
    let intend = async |step, haiilo_id| {
        let step = IntentStep::Probe { step, haiilo_id, user_name: &name, changes: &[] };
        let intent = Intent { run_context: &run_context, at: at(1), step, before: None };
        store.intend(&intent).await.expect("written")
    };
    let left = async || {
        let left = bed.reader().probe_leftovers().await.expect("read");
        left.into_iter().map(|left| left.haiilo_id.map(|id| id.to_string())).collect::<Vec<_>>()
    };
    let made = intend(ProbeStep::Create, None).await;
    assert_eq!(left().await, [None]);
    store.conclude(made, &Outcome::Done, &[Effect::ProbeMade(id.clone())], at(2)).await.expect("written");
    assert_eq!(left().await, [Some("h1".to_owned())]);
    let gone = intend(ProbeStep::Delete, Some(&id)).await;
    store.conclude(gone, &Outcome::Failed("no".to_owned()), &[], at(3)).await.expect("written");
    assert_eq!(left().await, [Some("h1".to_owned())]);
    let gone = intend(ProbeStep::Delete, Some(&id)).await;
    let state = bed.reader().sync_state(at(4)).await.expect("memory");
    assert_eq!((state.open, state.recent), (Vec::new(), BTreeMap::new()));
    store.conclude(gone, &Outcome::Done, &[], at(4)).await.expect("written");
    assert_eq!(left().await, []);
}

pub(crate) fn mandate_of(run: &str) -> RunContext {
    RunContext { run: RunId::new(run), ..run_context(None) }
}

/// What a search finds, each as `kind person outcome`.
async fn found(bed: &Bed, search: JournalFilter) -> Vec<String> {
    let entries = bed.reader().journal(&search).await.expect("a journal");
    let told = entries.iter().map(|entry| {
        let outcome = entry.outcome.map_or("open", |outcome| outcome.as_str());
        format!("{} {} {outcome}", entry.kind.as_str(), entry.okta_id.as_str().trim_start_matches("00u0000"))
    });
    told.collect()
}

fn person(name: &str) -> JournalFilter {
    JournalFilter { person: Some(name.to_owned()), ..JournalFilter::default() }
}

async fn the_journal_is_found_by_person_run_and_time(bed: Bed) {
    assert_eq!(found(&bed, JournalFilter::default()).await, [""; 0]);
    let store = bed.open().await;
    write(&store, (OperationKind::Create, 1), ("a", 0), Some(Outcome::Done)).await;
    write(&store, (OperationKind::Update, 1), ("b", 10), Some(Outcome::Failed("it is down".to_owned()))).await;
    write(&store, (OperationKind::Update, 2), ("b", 20), None).await;
    let all = ["create 1 done", "update 1 failed", "update 2 open"];
    assert_eq!(found(&bed, JournalFilter::default()).await, all);
    let Link { okta_id, haiilo_id, user_name, .. } = link(1);
    for name in [okta_id.as_str(), haiilo_id.as_str(), user_name.as_str(), "P1@Example.COM"] {
        assert_eq!(found(&bed, person(name)).await, all[..2], "{name}");
    }
    assert_eq!(found(&bed, person("p3@example.com")).await, [""; 0]);
    let run = JournalFilter { run: Some(RunId::new("b")), ..JournalFilter::default() };
    assert_eq!(found(&bed, run).await, all[1..]);
    let since = JournalFilter { since: Some(at(20)), ..JournalFilter::default() };
    assert_eq!(found(&bed, since).await, all[2..]);

    let entries = bed.reader().journal(&JournalFilter::default()).await.expect("a journal");
    let failed = &entries[1];
    assert_eq!((failed.at, failed.detail.as_deref()), (at(10), Some("it is down")));
    assert_eq!((failed.by.as_str(), failed.reason.as_deref()), ("root (0)", Some("a reason")));
    assert_eq!(failed.before, Some(json!({"userName": "p1@example.com"})));
    assert_eq!((failed.sent.clone(), failed.approval.clone()), (Some(json!([])), None));
}

async fn what_the_journal_held_of_a_person_is_forgotten_but_not_that_something_was_done(bed: Bed) {
    let store = bed.open().await;
    write(&store, (OperationKind::Create, 1), ("a", 0), Some(Outcome::Failed("p1 is no address".to_owned()))).await;
    write(&store, (OperationKind::Update, 1), ("a", 0), None).await;
    write(&store, (OperationKind::Create, 2), ("a", 0), Some(Outcome::Done)).await;
    assert_eq!(store.forget("nobody@example.com").await.expect("asked"), 0);
    assert_eq!(store.forget("P1@example.com").await.expect("asked"), 1);
    let entries = bed.reader().journal(&JournalFilter::default()).await.expect("a journal");
    let [forgotten, open, other] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(
        (&forgotten.user_name, &forgotten.before, &forgotten.sent, &forgotten.detail),
        (&None, &None, &None, &None)
    );
    assert_eq!((forgotten.kind.as_str(), forgotten.outcome), ("create", Some(OutcomeKind::Failed)));
    // What is under way is needed whole by the next cycle.
    assert_eq!(open.user_name, Some(UserName::new("p1@example.com")));
    assert_eq!(other.user_name, Some(UserName::new("p2@example.com")));
}

async fn entries_go_when_their_time_is_over_and_open_ones_stay(bed: Bed) {
    let store = bed.open().await;
    write(&store, (OperationKind::Create, 1), ("a", 0), Some(Outcome::Done)).await;
    write(&store, (OperationKind::Update, 1), ("a", 0), None).await;
    write(&store, (OperationKind::Update, 2), ("a", 10), Some(Outcome::Done)).await;
    let finish = async |n: i64, from: i64| {
        let (run, watch) = (RunId::new(format!("end {n}")), None);
        let end =
            CycleEnd { run, started: at(n), ended: at(n), result: CycleResult::Applied, watch, journal_from: at(from) };
        store.finish(&end).await.expect("written");
    };
    finish(1, 0).await;
    assert_eq!(found(&bed, JournalFilter::default()).await.len(), 3);
    finish(2, 10).await;
    assert_eq!(found(&bed, JournalFilter::default()).await, ["update 1 open", "update 2 done"]);
}

async fn a_pause_lasts_until_it_is_ended(bed: Bed) {
    let store = bed.open().await;
    let paused = async || store.sync_state(at(0)).await.expect("memory").pause;
    assert_eq!(paused().await, None);
    let short = Pause { until: Some(at(60)), by: "root (0)".to_owned(), reason: Some("an audit".to_owned()) };
    store.pause(&short).await.expect("written");
    assert_eq!(paused().await, Some(short));
    // The second one takes the place of the first, with nothing left of it.
    let endless = Pause { until: None, by: "anna (1000)".to_owned(), reason: None };
    store.pause(&endless).await.expect("written");
    assert_eq!(paused().await, Some(endless));
    store.resume().await.expect("written");
    assert_eq!(paused().await, None);
}

async fn a_link_by_hand_takes_the_place_of_both_others(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, 1..4).await;
    // Person 1 gets the account of person 2.
    let made = Link { okta_id: link(1).okta_id, ..link(2) };
    let change = LinkChange { link: made.clone(), from: Some(link(2)), instead_of: Some(link(1)) };
    store.link(&change, &mandate_of("by hand"), at(5)).await.expect("written");
    let links = store.sync_state(at(6)).await.expect("memory").links;
    assert_eq!(links.iter().collect::<Vec<_>>(), [&made, &link(3)]);
    let by_hand = JournalFilter { run: Some(RunId::new("by hand")), ..JournalFilter::default() };
    assert_eq!(found(&bed, by_hand.clone()).await, ["unlink 2 done", "unlink 1 done", "link 1 done"]);
    let entries = bed.reader().journal(&by_hand).await.expect("a journal");
    assert_eq!((entries[2].at, entries[2].reason.as_deref()), (at(5), Some("a reason")));
    assert_eq!(entries[2].haiilo_id, Some(link(2).haiilo_id));
    // No decision counts towards the limits.
    assert_eq!(store.sync_state(at(6)).await.expect("memory").recent, BTreeMap::new());
}

async fn a_link_that_is_ended_takes_everything_along(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, [1, 2]).await;
    let notes = LeaverUpdate { records: BTreeMap::from([(link(1).okta_id, absent())]), ..LeaverUpdate::default() };
    store.save_leaver_update(&notes).await.expect("written");
    store.unlink(&link(1), &mandate_of("by hand"), at(1)).await.expect("written");
    let state = store.sync_state(at(2)).await.expect("memory");
    assert_eq!((state.links.len(), state.leavers.len()), (1, 0));
    assert!(state.links.of_account(&link(1).haiilo_id).is_none());
    assert_eq!(found(&bed, person(link(1).okta_id.as_str())).await.last().map(String::as_str), Some("unlink 1 done"));
}

fn absent() -> LeaverRecord {
    let grace_period = GracePeriod { evidence: Evidence::Deactivated, action: LeaverAction::Delete, from: at(5) };
    LeaverRecord {
        absence: Absence { since: at(4), counted: Counted::Yes },
        grace_period: Some(grace_period),
        employee: None,
    }
}

async fn who_is_released_or_pinned_is_remembered(bed: Bed) {
    let store = bed.open().await;
    let (one, two) = (OktaUserId::new("00u1"), OktaUserId::new("00u2"));
    let person = Person { id: one.clone(), state: PersonState::OutOfScope };
    for _ in 0..2 {
        store.confirm_new(&person, &mandate_of("by hand"), at(1)).await.expect("written");
        store.mark_recreated(&[&one, &two], at(1)).await.expect("written");
    }
    let state = store.sync_state(at(2)).await.expect("memory");
    assert_eq!(
        (state.confirmed_new, state.recreated),
        (BTreeSet::from([one.clone()]), BTreeSet::from([one, two.clone()]))
    );
    let notes = LeaverUpdate { no_longer_recreated: BTreeSet::from([two]), ..LeaverUpdate::default() };
    store.save_leaver_update(&notes).await.expect("written");
    assert_eq!(store.sync_state(at(2)).await.expect("memory").recreated.len(), 1);
}

async fn the_former_names_of_accounts_are_remembered(bed: Bed) {
    let store = bed.open().await;
    adopt(&store, [1, 2]).await;
    let rename = async |n: u32, name: &str| {
        let (run_context, operation) = (mandate_of("b"), operation(OperationKind::Update, n));
        let intent =
            Intent { run_context: &run_context, at: at(1), step: IntentStep::Account(&operation), before: None };
        let entry = store.intend(&intent).await.expect("written");
        let renamed = Effect::Renamed(link(n).okta_id, UserName::new(name));
        store.conclude(entry, &Outcome::Done, &[renamed], at(1)).await.expect("written");
        let names = store.sync_state(at(2)).await.expect("memory").former_names;
        names.into_iter().map(|(name, owner)| format!("{name} {}", owner.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(rename(1, "p1@example.com").await, [""; 0], "no other name");
    assert_eq!(rename(1, "Married@Example.com").await, ["p1@example.com 00u00001"]);
    assert_eq!(rename(1, "again@example.com").await, ["married@example.com 00u00001", "p1@example.com 00u00001"]);
    // The name of one person may have been another's before.
    let two = rename(2, "p1@example.com").await;
    assert_eq!(two, ["married@example.com 00u00001", "p1@example.com 00u00001", "p2@example.com 00u00002"]);
    assert_eq!(rename(2, "two@example.com").await.iter().filter(|name| name.starts_with("p1@")).count(), 2);
    store.unlink(&link(2), &mandate_of("by hand"), at(3)).await.expect("written");
    assert_eq!(store.sync_state(at(4)).await.expect("memory").former_names.len(), 2);
}

async fn a_refused_cycle_remembers_who_came_back(bed: Bed) {
    let store = bed.open().await;
    let (one, two) = (OktaUserId::new("00u1"), OktaUserId::new("00u2"));
    let records = BTreeMap::from([(one.clone(), absent()), (two.clone(), absent())]);
    store.save_leaver_update(&LeaverUpdate { records, ..LeaverUpdate::default() }).await.expect("written");
    store
        .save_leaver_update(&LeaverUpdate { returned: BTreeSet::from([one]), ..LeaverUpdate::default() })
        .await
        .expect("written");
    assert_eq!(store.sync_state(at(9)).await.expect("memory").leavers, BTreeMap::from([(two, absent())]));
}

async fn how_things_stand_is_told_newest_first(bed: Bed) {
    assert_eq!(bed.reader().run_history(at(0), 5).await.expect("nothing"), RunHistory::default());
    let store = bed.open().await;
    for (id, time) in [("old", -90_000), ("first", 0), ("second", 10)] {
        let violations = vec![Violation { limit: LimitName::Creates, found: 9, allowed: 5 }];
        let (run, items) = (RunId::new("run"), BTreeSet::from(["x".to_owned()]));
        let refusal = BlockedPlan { id: ApprovalId::new(id), run, at: at(time), items, violations };
        store.block(&refusal).await.expect("written");
    }
    let until = at(20) + TimeDelta::hours(24);
    store.approve(&ApprovalId::new("first"), until, &mandate_of("by hand"), at(20)).await.expect("asked");
    for n in 0..7 {
        let (run, watch) = (RunId::new(format!("run-{n}")), None);
        let end = CycleEnd {
            run,
            started: at(n),
            ended: at(n + 1),
            result: CycleResult::Blocked,
            watch,
            journal_from: at(0),
        };
        store.finish(&end).await.expect("written");
    }
    let history = bed.reader().run_history(at(30), 5).await.expect("something");
    let waiting: Vec<_> = history.blocked_plans.iter().map(|one| (one.id.as_str(), one.approved_until)).collect();
    assert_eq!(waiting, [("second", None), ("first", Some(at(20) + TimeDelta::hours(24)))]);
    assert_eq!(history.blocked_plans[0].violations, json!([{"limit": "creates", "found": 9, "allowed": 5}]));
    let record = |n: i64| CycleRecord {
        run: RunId::new(format!("run-{n}")),
        started: at(n),
        ended: at(n + 1),
        result: CycleResult::Blocked,
    };
    assert_eq!(history.cycles, [6, 5, 4, 3, 2].map(record));
}

async fn a_copy_is_made_by_the_program_that_can(bed: Bed) {
    let folder = TempDir::new().expect("a folder");
    let copy = folder.path().join("copy.db");
    let store = bed.open().await;
    adopt(&store, [1, 2, 3]).await;
    let copied = bed.reader().backup(&copy).await;
    match &bed.place {
        StorePlace::File(_) => {
            copied.expect("a copy");
            let place = StorePath::new(&copy);
            let state = ReadStore::new(place).sync_state(at(0)).await.expect("memory");
            assert_eq!(state.links.len(), 3);
        }
        StorePlace::Server(_) => {
            let told = copied.expect_err("no copy").to_string();
            assert!(told.ends_with("is in PostgreSQL; copy it with `pg_dump`"), "{told}");
            assert!(!copy.exists());
        }
    }
}

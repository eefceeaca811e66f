//! Stories that a campaign once found, as small as it could make them.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::{self, route};
use okta_haiilo_sim::okta;

use crate::campaign::run::on_a_runtime;
use crate::campaign::story::{Day, Deed, OktaTrouble, Story};

/// A day on which nothing goes wrong.
fn day(deeds: Vec<Deed>) -> Day {
    Day { hours: 12, deeds, okta: Vec::new(), haiilo: Vec::new(), approves: true }
}

#[track_caller]
fn comes_right(hired: u8, by_hand: Vec<u8>, days: Vec<Day>) {
    let ended = on_a_runtime(&Story { hired, allows_twins: false, by_hand, days });
    assert!(ended.is_ok(), "{ended:?}");
}

/// The last two people leave. With nobody assigned, no call can show that Okta finds assigned people, so that nobody may be deleted: the plan
/// said for ever that it would, and each cycle ended as a failure.
#[test]
fn where_nobody_is_assigned_no_plan_promises_a_delete() {
    comes_right(2, Vec::new(), vec![day(vec![]), day(vec![Deed::Unassign(1)]), day(vec![Deed::Deactivate(0)])]);
    let leave = vec![Deed::Unassign(1), Deed::Deactivate(0)];
    comes_right(2, vec![2, 3], vec![day(vec![Deed::Leavers(3)]), day(vec![]), day(leave)]);
}

/// Okta's date is twenty hours behind in the very cycle that first misses somebody: the grace counts from no earlier time than ours.
#[test]
fn a_grace_never_counts_from_a_date_that_lies_behind() {
    let late = Fault::Bend(okta::Bend::DateSkew(-72_000));
    let mut first = day(vec![Deed::Deactivate(0)]);
    first.okta.push(OktaTrouble::Fault(When::Nth(okta::route::APP, 1), late));
    let hours = |hours| Day { hours, ..day(vec![]) };
    let quick = vec![hours(3), hours(3), hours(12), hours(3)];
    comes_right(4, Vec::new(), [vec![day(vec![]), day(vec![]), first], quick].concat());
}

/// The answer to a create is lost, nothing shows the account, and the person gets another address before the next cycle: the account that was
/// made is theirs all the same, and they get no second one.
#[test]
fn whose_create_was_lost_and_who_is_renamed_then_has_one_account() {
    let mut lost = day(vec![Deed::Hire(5)]);
    lost.haiilo.push((When::Nth(route::CREATE, 1), Fault::DropAfter));
    lost.haiilo.push((When::Nth(route::LOOK_UP, 2), Fault::Bend(haiilo::Bend::FindsNobody)));
    comes_right(4, Vec::new(), vec![day(vec![]), day(vec![]), lost, day(vec![Deed::Rename(5, 1)])]);
}

//! Stories that a campaign once found, as small as it could make them.

use crate::campaign::life::on_a_runtime;
use crate::campaign::story::{Day, Deed, Story};

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

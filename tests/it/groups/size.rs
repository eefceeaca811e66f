//! Stories of many groups and of large ones: what they cost in requests and in bytes.

use okta_haiilo_sim::haiilo::route;
use okta_haiilo_sim::people::person;
use okta_haiilo_sim::{Logged, okta};

use crate::groups::world::{ended, intranet, named};
use crate::setup::defaults;
use crate::setup::world::{World, seed};

/// So many people with accounts, who stand in these many groups by turns, and Haiilo in step; the accounts and groups are adopted.
async fn company(people: u32, groups: u32) -> World {
    let mut world = intranet(people).await;
    // Accounts that were made by hand have names, and nothing else that would have to change.
    world.settings.mapping = defaults::mapping(|spec| spec.rules.truncate(3));
    let logins: Vec<String> = world.okta.state().assigned();
    let accounts: Vec<String> = {
        let mut haiilo = world.haiilo.state();
        (0..people).map(|n| haiilo.add_account(seed(&person(n)))).collect()
    };
    for group in 0..groups {
        let name = format!("Group {group}");
        let (there, here) = (world.okta.state().make_group(&name), world.haiilo.state().make_group(&name));
        for n in (group..people).step_by(groups as usize) {
            world.okta.state().join_group(&there, &logins[n as usize]);
            world.haiilo.state().put_into_group(&here, &accounts[n as usize]);
        }
    }
    let report = world.sync_well_approved().await;
    assert_eq!(ended(&report).len(), groups as usize);
    world.haiilo.state().forget_writes();
    world
}

#[tokio::test]
async fn ten_thousand_people_in_two_hundred_groups_with_nothing_to_change() {
    let mut world = company(10_000, 200).await;
    world.haiilo_settings.page_size = 1_000;
    world.settings.page_size = 1_000;
    let calls = (world.okta.calls().len(), world.haiilo.calls().len());
    let report = world.sync().await;
    assert!(report.prepared.plan.groups.operations.is_empty() && report.prepared.plan.groups.counts.unchanged == 200);
    assert!(world.haiilo.state().writes().is_empty());
    let of = |calls: &[Logged], name: &str| calls.iter().filter(|call| call.route == name).count();
    let (okta, haiilo) = (world.okta.calls().split_off(calls.0), world.haiilo.calls().split_off(calls.1));
    // Two hundred groups are one page, and fifty members another each.
    assert_eq!((of(&okta, okta::route::APP_GROUPS), of(&okta, okta::route::GROUP_USERS)), (1, 200));
    assert_eq!(of(&okta, okta::route::GROUP), 0);
    // Groups come with all their members, twenty on a page whatever the pages of people are, and the end behind them.
    assert_eq!((of(&haiilo, route::LIST_GROUPS), of(&haiilo, route::READ_GROUP)), (11, 0));
}

#[tokio::test]
async fn a_group_of_many_is_filled_in_pieces_of_five_hundred() {
    let mut world = company(2_600, 1).await;
    let (there, people) = {
        let mut okta = world.okta.state();
        (okta.make_group("Everybody"), okta.assigned())
    };
    for person in &people {
        world.okta.state().join_group(&there, person);
    }
    world.sync_groups(&["group-create done Everybody", "group-members done Everybody"]).await;
    let writes = world.group_writes();
    assert_eq!(writes[1..].iter().map(named).collect::<Vec<_>>(), [500, 500, 500, 500, 500, 100]);
    assert!(writes.iter().all(|write| write.body.to_string().len() < 1_000_000));
    world.assert_groups_converged().await;
}

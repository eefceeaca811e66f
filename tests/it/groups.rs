//! Stories of groups: they are made, filled, renamed and emptied, and nobody is taken out by doubt.

use okta_haiilo_sim::haiilo::Kept;

use crate::groups_stage::{did_something, ended, in_step, intranet, named};

#[tokio::test]
async fn chosen_groups_are_made_and_filled() {
    let mut world = intranet(3).await;
    let sales = world.okta_group("Sales", &[0, 1]);
    world.okta_group("Staff", &[0, 1, 2]);
    world.okta.state().describe_group(&sales, Some("All of Sales"));
    let report = world.sync_well_approved().await;
    let ends =
        ["group-create done Sales", "group-create done Staff", "group-members done Sales", "group-members done Staff"];
    // Accounts and groups were made in the same run, and the accounts are members already.
    assert_eq!(ended(&report), ends);
    let group = world.group("Sales");
    assert_eq!((group.external_id.as_deref(), group.description.as_deref()), (Some(&*sales), Some("All of Sales")));
    assert_eq!((world.inside("Sales"), world.inside("Staff")), (vec![0, 1], vec![0, 1, 2]));
    world.sync_well().await;
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn one_person_moves_from_one_group_to_another_by_two_requests() {
    let mut world = in_step(3, &[("Sales", &[0, 1]), ("Staff", &[2])]).await;
    world.leave("Sales", 1);
    world.join("Staff", 1);
    world.sync_groups(&["group-members done Sales", "group-members done Staff"]).await;
    let writes = world.group_writes();
    assert_eq!(writes.iter().map(|write| write.method.as_str()).collect::<Vec<_>>(), ["PATCH", "PATCH"]);
    assert!(writes.iter().all(|write| named(write) == 1 && did_something(write)), "{writes:#?}");
    assert_eq!((world.inside("Sales"), world.inside("Staff")), (vec![0], vec![1, 2]));
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_group_is_renamed_by_its_link_and_a_description_follows() {
    let mut world = in_step(1, &[("Sales", &[0])]).await;
    let (id, before) = (world.okta_group_id("Sales"), world.group("Sales").id);
    world.okta.state().rename_group(&id, "Sellers");
    world.okta.state().describe_group(&id, Some("They sell"));
    world.sync_groups(&["group-update done Sellers"]).await;
    let group = world.group("Sellers");
    assert_eq!((group.id, group.description.as_deref()), (before, Some("They sell")));
    world.okta.state().describe_group(&id, None);
    world.sync_groups(&["group-update done Sellers"]).await;
    assert_eq!(world.group("Sellers").description, None);
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_description_that_haiilo_drops_is_not_sent_again() {
    let mut world = in_step(1, &[("Sales", &[0])]).await;
    world.haiilo.state().tune(|manner| manner.directory.descriptions = Kept::Dropped);
    let id = world.okta_group_id("Sales");
    world.okta.state().describe_group(&id, Some("They sell"));
    world.sync_groups(&["group-update done_except Sales"]).await;
    world.assert_groups_converged().await;
    world.okta.state().describe_group(&id, Some("They sell more"));
    world.sync_groups(&["group-update done_except Sales"]).await;
    world.assert_groups_converged().await;
}

//! Stories of groups: they are made, filled, renamed and emptied, and nobody is taken out by doubt.

use okta_haiilo_sim::haiilo::Kept;
use okta_haiilo_sync::domain::model::policy::GroupDeletes;
use okta_haiilo_sync::engine::{Reviewed, Scope};

use crate::groups::world::{did_something, ended, in_step, intranet, named};
use crate::setup::postgres;
use crate::setup::world::warnings;

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

/// RFC 7643 knows no description of a group: a strict server refuses whatever else comes with it.
#[tokio::test]
async fn a_description_that_haiilo_refuses_is_left_out() {
    let mut world = intranet(1).await;
    world.haiilo.state().tune(|manner| manner.directory.descriptions = Kept::Refused);
    let names: Vec<String> = (0..12).map(|n| format!("Group {n:02}")).collect();
    for name in &names {
        let id = world.okta_group(name, &[0]);
        world.okta.state().describe_group(&id, Some("All of us"));
    }
    // So many refusals of one kind would stop the run.
    let report = world.sync_well_approved().await;
    let ends = |kind: &str, end: &str| names.iter().map(|name| format!("{kind} {end} {name}")).collect::<Vec<_>>();
    assert_eq!(ended(&report), [ends("group-create", "done_except"), ends("group-members", "done")].concat());
    world.sync_groups(&[]).await;
    let id = world.okta_group_id("Group 00");
    world.okta.state().rename_group(&id, "Sellers");
    world.okta.state().describe_group(&id, Some("They sell"));
    world.sync_groups(&["group-update done_except Sellers"]).await;
    assert_eq!((world.inside("Sellers"), world.group("Sellers").description), (vec![0], None));
    world.okta.state().describe_group(&id, Some("They sell more"));
    world.sync_groups(&["group-update done_except Sellers"]).await;
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn groups_are_chosen_by_id_and_by_name_letter_by_letter() {
    let mut world = intranet(2).await;
    let sales = world.okta_group("Sales", &[0]);
    for name in ["Staff", "Staff of the past", "staff"] {
        world.okta.state().make_group_apart(name);
    }
    world.join("Staff", 1);
    world.settings.groups.as_mut().expect("rules").include = vec![sales, "Staff".to_owned(), "Nobody".to_owned()];
    let report = world.sync_well_approved().await;
    let made: Vec<String> = world.haiilo.state().intranet_groups().into_iter().map(|group| group.name).collect();
    assert_eq!((made.len(), world.inside("Sales"), world.inside("Staff")), (2, vec![0], vec![1]));
    let told = warnings(&report.prepared.plan);
    assert!(told.contains("groups.include names \"Nobody\", and Okta has no such group"), "{told}");
    // A second group of the same name, as a directory may bring along: neither is taken for the other.
    let other = world.okta.state().group_id("staff").expect("a group");
    world.okta.state().rename_group(&other, "Staff");
    let told = warnings(&world.sync_groups(&[]).await.prepared.plan);
    assert!(told.contains("Okta has 2 groups of this name"), "{told}");
    assert_eq!(world.inside("Staff"), [1]);
}

#[tokio::test]
async fn an_existing_group_is_adopted_and_strangers_in_it_are_left_alone() {
    let mut world = in_step(3, &[]).await;
    let group = world.haiilo.state().make_group("  sales ");
    let accounts: Vec<String> = (0..3).map(|n| world.haiilo_id(n)).collect();
    let stranger = world.haiilo.state().add_account(crate::setup::world::seed(&okta_haiilo_sim::people::person(50)));
    for account in accounts.iter().take(2).chain([&stranger]) {
        world.haiilo.state().put_into_group(&group, account);
    }
    world.okta_group("Sales", &[1, 2]);
    let report =
        world.sync_groups(&["group-adopt done Sales", "group-update done Sales", "group-members done Sales"]).await;
    assert_eq!(report.prepared.plan.groups.counts.unmanaged_members, 1);
    let inside = world.group("Sales");
    // Number fifty has an account, and is nobody of ours.
    assert_eq!((inside.id, world.inside("Sales")), (group, vec![1, 2, 50]));
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn groups_are_found_again_by_their_external_id_when_the_store_is_lost() {
    let mut world = in_step(2, &[("Sales", &[0, 1])]).await;
    let id = world.group("Sales").id;
    world.haiilo.state().rename_group(&id, "Renamed by hand");
    std::fs::remove_file(world.folder.path().join("state.db")).expect("a store");
    let report = world.sync_well_approved().await;
    assert_eq!(ended(&report), ["group-adopt done Sales", "group-update done Sales"]);
    assert_eq!(world.group("Sales").id, id);
    world.sync_well().await;
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_group_goes_when_its_group_of_okta_is_gone_and_that_is_wanted() {
    let mut world = in_step(2, &[("Old", &[]), ("Made by hand", &[]), ("Apart", &[]), ("Staff", &[0, 1])]).await;
    let (old, apart, staff) = (world.okta_group_id("Old"), world.okta_group_id("Apart"), world.group("Staff").id);
    world.okta.state().set_group_apart(&apart);
    world.okta.state().drop_group(&old);
    // By default nothing is deleted.
    assert_eq!(world.sync_groups(&[]).await.prepared.plan.groups.counts.left, 2);
    world.settings.groups.as_mut().expect("rules").delete = GroupDeletes::WhenGone;
    let report = world.sync_groups(&["group-delete done Old"]).await;
    assert_eq!(report.prepared.plan.groups.counts.left, 1);
    let names: Vec<String> = world.haiilo.state().intranet_groups().into_iter().map(|group| group.name).collect();
    assert!(!names.contains(&"Old".to_owned()) && names.contains(&"Apart".to_owned()), "{names:?}");
    assert_eq!(world.group("Staff").id, staff);
    world.assert_groups_converged().await;
}

#[tokio::test]
async fn a_group_that_was_there_before_us_is_never_deleted() {
    let mut world = intranet(1).await;
    world.haiilo.state().make_group("Admins");
    let admins = world.okta_group("Admins", &[0]);
    world.okta_group("Staff", &[0]);
    world.sync_well_approved().await;
    world.settings.groups.as_mut().expect("rules").delete = GroupDeletes::WhenGone;
    world.okta.state().drop_group(&admins);
    assert_eq!(world.sync_groups(&[]).await.prepared.plan.groups.counts.left, 1);
    assert_eq!(world.inside("Admins"), [0]);
}

#[tokio::test]
async fn one_person_alone_is_synced_without_groups() {
    let mut world = in_step(2, &[("Sales", &[0])]).await;
    world.join("Sales", 1);
    let scope = Scope::One(okta_haiilo_sim::people::person(1).email);
    let report = world.try_sync_with(scope, None).await.expect("a cycle");
    assert_eq!(ended(&report), [""; 0]);
    assert!(world.group_writes().is_empty());
}

#[tokio::test]
async fn only_what_was_reviewed_of_a_group_is_done() {
    let mut world = in_step(3, &[("Sales", &[0])]).await;
    world.join("Sales", 1);
    let prepared = world.plan().await;
    let reviewed = Reviewed { at: prepared.collected.now, items: prepared.limit_check.items.clone() };
    world.join("Sales", 2);
    let report = world.try_sync_with(Scope::Reviewed(reviewed), None).await.expect("a cycle");
    assert_eq!(ended(&report), ["group-members done Sales"]);
    assert_eq!(world.inside("Sales"), [0, 1]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: tests/postgres/run.sh"]
async fn links_and_removals_of_groups_are_remembered_on_postgres() {
    let mut world = intranet(3).await;
    world.server = Some(postgres::database().await);
    let sales = world.okta_group("Sales", &[0, 1]);
    world.okta.state().describe_group(&sales, Some("They sell"));
    world.sync_well_approved().await;
    world.leave("Sales", 1);
    world.sync_groups(&["group-members done Sales"]).await;
    let state = world.state().await.groups;
    let [link] = &state.links.values().collect::<Vec<_>>()[..] else { panic!("{state:?}") };
    assert_eq!((link.okta_id.as_str(), link.described.as_deref()), (&*sales, Some("They sell")));
    assert_eq!((state.removed.into_values().collect::<Vec<_>>(), state.open), (vec![1], Vec::new()));
    world.settings.groups.as_mut().expect("rules").delete = GroupDeletes::WhenGone;
    world.okta_group("Staff", &[2]);
    world.sync().await;
    world.okta.state().drop_group(&sales);
    world.sync_groups(&["group-delete done Sales"]).await;
    assert_eq!(world.state().await.groups.links.len(), 1);
    world.assert_groups_converged().await;
}

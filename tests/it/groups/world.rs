//! The vocabulary of stories about groups: a world whose Haiilo is an intranet, and short words for who is where.

use okta_haiilo_sim::haiilo::{Did, Group, Resource, Write};
use okta_haiilo_sync::domain::model::policy::{GroupDeletes, GroupRules, Product};
use okta_haiilo_sync::domain::model::word::Word as _;
use okta_haiilo_sync::domain::plan::outcome::GroupConclusion;
use okta_haiilo_sync::engine::{CycleReport, Prepared};

use crate::setup::world::{Ran, World};

/// A world whose Haiilo is an intranet with nobody in it; groups that are assigned to the application are synced.
pub(crate) async fn intranet(n: u32) -> World {
    let mut world = World::of(Product::Intranet).await;
    world.okta.state().populate(n);
    world.settings.groups = Some(GroupRules { include: Vec::new(), delete: GroupDeletes::Never });
    world
}

/// The same with these groups in Okta, each with people by number, and Haiilo in step with all of it.
pub(crate) async fn in_step(n: u32, groups: &[(&str, &[u32])]) -> World {
    let mut world = intranet(n).await;
    for (name, people) in groups {
        world.okta_group(name, people);
    }
    let report = world.sync_well_approved().await;
    assert!(report.groups.stops.is_empty(), "{:?}", report.groups.stops);
    world.sync_well().await;
    world.assert_groups_converged().await;
    world.haiilo.state().forget_writes();
    world
}

impl World {
    /// Makes a group in Okta that is assigned to the application; its id.
    pub(crate) fn okta_group(&self, name: &str, people: &[u32]) -> String {
        let members: Vec<String> = people.iter().map(|n| self.okta_id(*n)).collect();
        let mut okta = self.okta.state();
        let id = okta.make_group(name);
        for member in &members {
            okta.join_group(&id, member);
        }
        id
    }

    /// The id of a group in Okta.
    pub(crate) fn okta_group_id(&self, name: &str) -> String {
        self.okta.state().group_id(name).expect("a group")
    }

    /// Puts a person into a group of Okta.
    pub(crate) fn join(&self, group: &str, n: u32) {
        let (group, person) = (self.okta_group_id(group), self.okta_id(n));
        self.okta.state().join_group(&group, &person);
    }

    /// Takes a person out of a group of Okta.
    pub(crate) fn leave(&self, group: &str, n: u32) {
        let (group, person) = (self.okta_group_id(group), self.okta_id(n));
        self.okta.state().leave_group(&group, &person);
    }

    /// A group of Haiilo.
    pub(crate) fn group(&self, name: &str) -> Group {
        self.haiilo.state().group_named(name).expect("a group")
    }

    /// The people of a group of Haiilo, by number, among the first hundred; whoever is nobody of Okta's is left out.
    pub(crate) fn inside(&self, name: &str) -> Vec<u32> {
        let members = self.group(name).members;
        let is_inside = |n: &u32| self.account(*n).is_some_and(|account| members.contains(&account.id));
        (0..100).filter(is_inside).collect()
    }

    /// The writes to groups since they were last forgotten.
    pub(crate) fn group_writes(&self) -> Vec<Write> {
        let writes = self.haiilo.state().writes();
        writes.into_iter().filter(|write| write.resource == Resource::Group).collect()
    }

    /// One cycle, whose operations on groups ended so.
    pub(crate) async fn sync_groups(&mut self, ends: &[&str]) -> Ran {
        let report = self.sync().await;
        assert_eq!(ended(&report), ends, "{:#?} {:?}", report.groups, report.prepared.plan.people.findings);
        report
    }

    /// Nothing is left to do, with groups neither, and nothing was asked that no client should ask.
    pub(crate) async fn assert_groups_converged(&self) {
        let prepared = self.plan().await;
        let groups = &prepared.plan.groups;
        assert!(groups.operations.is_empty(), "left to do: {:#?}", groups.operations);
        assert!(groups.held.is_empty() && groups.blocked.is_empty(), "{groups:?}");
        self.assert_converged().await;
    }
}

/// The ends of operations on groups, each as `kind outcome name`, in the order of kinds and names.
pub(crate) fn ended(report: &CycleReport) -> Vec<String> {
    let mut concluded: Vec<_> = report.groups.concluded.iter().collect();
    concluded.sort_by_key(|one| (one.operation.kind(), one.operation.name.clone()));
    let told = |one: &&GroupConclusion| {
        format!("{} {} {}", one.operation.kind().as_str(), one.outcome.as_str(), one.operation.name)
    };
    concluded.iter().map(told).collect()
}

/// The number of members that a write to a group names.
pub(crate) fn named(write: &Write) -> usize {
    let operations = write.body["Operations"].as_array().expect("operations");
    let count = |operation: &serde_json::Value| operation["value"].as_array().map_or(1, Vec::len);
    operations.iter().map(count).sum()
}

/// The groups that are held, each as `code name`, in the order of the names.
pub(crate) fn held(prepared: &Prepared) -> Vec<String> {
    let groups = prepared.plan.groups.held.iter();
    let mut held: Vec<String> = groups.map(|held| format!("{} {}", held.name, held.reason.as_str())).collect();
    held.sort();
    held
}

/// Whether a write changed anything.
pub(crate) fn did_something(write: &Write) -> bool {
    write.did != Did::Nothing
}

//! Groups of the intranet beside people: many groups in which nothing changes or one person moves, and one group of many, which is filled.

use okta_haiilo_sim::haiilo::{Resource, Write};
use okta_haiilo_sim::people::person;
use tokio::runtime::Runtime;

use crate::measure::{Beside, Measured, fastest, measure as measured};
use crate::world::{Groups, HAIILO_PAGE, OKTA_PAGE, World};
use crate::{Bounds, MOST_MEMORY, by_turns, show};

/// People and groups of the company with many groups.
const PEOPLE: u32 = 10_000;
const GROUPS: u32 = 200;
/// Members of the one group, in a smaller company and in the one that is judged.
const MEMBERS: [u32; 2] = [5_000, 50_000];
/// Groups that everybody is in, where there are many memberships.
const MEMBERSHIPS: u32 = 10;
/// Groups of the application on a page of Okta.
const GROUPS_PAGE: u64 = 200;
/// Groups on a page of Haiilo, which come with all their members.
const SHOWN_PAGE: u64 = 20;
/// Members that one request takes in, at most.
const PIECE: u64 = 500;
/// The largest body of a request, in bytes: under a megabyte.
const LARGEST: u64 = 999_999;
/// Cycles of the company with one group that are run for each number.
const ROUNDS: u32 = 3;

pub(crate) fn measure(runtime: &Runtime, rounds: u32, bounds: &mut Bounds) {
    many_groups(runtime, rounds, bounds);
    many_memberships(runtime, bounds);
    let [few, many] = MEMBERS.map(|members| Large::measure(runtime, members));
    for large in [&few, &many] {
        large.show();
    }
    many.judge(bounds);
    let growth = |of: fn(&Large) -> &[Measured]| {
        let cost = |large: &Large| fastest(of(large), |run| run.cpu) / f64::from(large.members);
        cost(&many) / cost(&few)
    };
    let [least, most] = MEMBERS;
    for (name, found) in
        [("filling a group", growth(|large| &large.filling)), ("a cycle with it", growth(|large| &large.after))]
    {
        let what = format!("processor time of {name}, for a member among {most}, as a multiple of that among {least}");
        bounds.ratio(&what, found, bounds.goals.growth);
    }
}

/// Requests to Okta and to Haiilo for people alone, and the one for a token.
fn of_people(people: u32) -> (u64, u64) {
    let people = u64::from(people);
    // Okta is asked for the application, too. Haiilo is asked once more, for what may come behind the last account.
    (people.div_ceil(OKTA_PAGE) + 1, people.div_ceil(HAIILO_PAGE) + 2)
}

/// The most requests to either side.
fn requests(runs: &[Measured]) -> (u64, u64) {
    let most = |of: fn(&Measured) -> u64| runs.iter().map(of).max().unwrap_or_default();
    (most(|run| run.okta), most(|run| run.haiilo))
}

fn many_groups(runtime: &Runtime, rounds: u32, bounds: &mut Bounds) {
    let mut world = runtime.block_on(World::intranet(PEOPLE));
    world.groups = Groups::Synced;
    let groups: Vec<String> = (0..GROUPS)
        .map(|group| world.okta_group(&format!("Group {group}"), (group..PEOPLE).step_by(GROUPS as usize)))
        .collect();
    world.sync(&[]);
    world.haiilo.state().forget_writes();
    let beside: Beside = by_turns(&world, "groups", rounds);
    show(&format!("{PEOPLE} people in {GROUPS} groups, nothing to change, {rounds} rounds by turns"), &beside);
    bounds.ratio("wall time with groups, as a multiple of the bare loop's", beside.wall(), bounds.goals.groups_wall);
    bounds.at_most("writes where no group changes", world.haiilo.state().writes().len() as u64, 0);
    let ((okta, haiilo), (of_okta, of_haiilo)) = (requests(&beside.program), of_people(PEOPLE));
    let groups_of = u64::from(GROUPS);
    // A group's members fit on a page.
    let most = of_okta + groups_of.div_ceil(GROUPS_PAGE) + groups_of;
    bounds.at_most("requests to Okta with groups", okta, most);
    bounds.at_most("requests to Haiilo with groups", haiilo, of_haiilo + groups_of.div_ceil(SHOWN_PAGE) + 1);
    let person = world.okta.state().find(&person(0).email).expect("somebody who was hired");
    world.okta.state().leave_group(&groups[0], &person);
    world.okta.state().join_group(&groups[1], &person);
    world.sync(&[]);
    let writes = world.haiilo.state().writes();
    let moves: Vec<(&str, usize)> = writes.iter().map(|write| (write.method.as_str(), named(write))).collect();
    println!("    one person moved from one group to another: {} requests", moves.len());
    bounds.at_most("requests that move a person from one group to another", moves.len() as u64, 2);
    bounds.all.push(("each of them is a PATCH of one member".to_owned(), moves == [("PATCH", 1); 2]));
}

/// Everybody is in several groups, and both sides agree.
fn many_memberships(runtime: &Runtime, bounds: &mut Bounds) {
    let [_, people] = MEMBERS;
    let mut world = runtime.block_on(World::intranet(people));
    let without = [measured(&world, world.program(&["sync"]))];
    world.groups = Groups::Synced;
    let accounts: Vec<String> = (0..people).map(|n| world.account(n)).collect();
    for group in 0..GROUPS {
        let name = format!("Group {group}");
        let members = || (0..MEMBERSHIPS).flat_map(|turn| ((group + turn) % GROUPS..people).step_by(GROUPS as usize));
        world.okta_group(&name, members());
        let mut haiilo = world.haiilo.state();
        let group = haiilo.make_group(&name);
        for n in members() {
            haiilo.put_into_group(&group, &accounts[n as usize]);
        }
    }
    world.sync(&[]);
    world.haiilo.state().forget_writes();
    let with = [measured(&world, world.program(&["sync"]))];
    println!("{people} people in {GROUPS} groups, everybody in {MEMBERSHIPS} of them, nothing to change");
    line("without groups", &without, &without);
    line("with groups", &with, &without);
    bounds.at_most("writes where everybody is in several groups", world.haiilo.state().writes().len() as u64, 0);
    bounds.at_most("peak memory where everybody is in several groups, MiB", memory(&with), MOST_MEMORY);
}

/// How many members a change of a group names.
fn named(write: &Write) -> usize {
    let operations = write.body["Operations"].as_array().map_or(&[][..], Vec::as_slice);
    operations.iter().map(|operation| operation["value"].as_array().map_or(1, Vec::len)).sum()
}

/// What one group of everybody costs.
struct Large {
    members: u32,
    /// Cycles without groups.
    without: Vec<Measured>,
    /// The cycle that makes the group and fills it.
    filling: Vec<Measured>,
    /// Cycles after it, with nothing to change.
    after: Vec<Measured>,
    /// The largest body of a request about the group, in bytes.
    largest: u64,
}

impl Large {
    fn measure(runtime: &Runtime, members: u32) -> Self {
        let mut world = runtime.block_on(World::intranet(members));
        let cycles = |world: &World| (0..ROUNDS).map(|_| measured(world, world.program(&["sync"]))).collect();
        let without = cycles(&world);
        world.groups = Groups::Synced;
        world.okta_group("Everybody", 0..members);
        world.haiilo.state().forget_writes();
        let filling = vec![measured(&world, world.program(&["sync"]))];
        let writes = world.haiilo.state().writes();
        let bodies =
            writes.iter().filter(|write| write.resource == Resource::Group).map(|write| write.body.to_string());
        let largest = bodies.map(|body| body.len() as u64).max().unwrap_or_default();
        let after = cycles(&world);
        let inside = world.haiilo.state().group_named("Everybody").map_or(0, |group| group.members.len());
        assert_eq!(inside, members as usize, "everybody is in the group");
        assert_eq!(world.haiilo.state().writes().len(), writes.len(), "nothing is left to do");
        Self { members, without, filling, after, largest }
    }

    fn show(&self) {
        let Self { members, without, filling, after, largest } = self;
        println!("one group of {members}, with everybody in it");
        for (name, runs) in [("without groups", without), ("filling it", filling), ("after that", after)] {
            line(name, runs, without);
        }
        println!("    the largest body of a request about it: {largest} bytes");
    }

    fn judge(&self, bounds: &mut Bounds) {
        let Self { members, without: _, filling, after, largest } = self;
        let what = |name: &str| format!("peak memory of {name} a group of {members}, MiB");
        bounds.at_most(&what("filling"), memory(filling), MOST_MEMORY);
        bounds.at_most(&what("a cycle with nothing to change and"), memory(after), MOST_MEMORY);
        bounds.at_most("the largest body of a request, bytes", *largest, LARGEST);
        let members = u64::from(*members);
        let ((of_okta, of_haiilo), (okta, haiilo)) = (of_people(self.members), requests(filling));
        bounds.at_most("requests to Okta while it is filled", okta, of_okta + 1 + members.div_ceil(OKTA_PAGE));
        // It is made and filled; the list of groups is asked for; it is read twice around the first piece, and after the last one.
        bounds.at_most(
            "requests to Haiilo while it is filled",
            haiilo,
            of_haiilo + 1 + members.div_ceil(PIECE) + 1 + 3,
        );
    }
}

/// Shows runs, and how much more memory they took than those without groups.
fn line(name: &str, runs: &[Measured], without: &[Measured]) {
    let (wall, cpu) = (fastest(runs, |run| run.time), fastest(runs, |run| run.cpu));
    let ((okta, haiilo), memory, more) = (requests(runs), memory(runs), memory(runs).saturating_sub(memory(without)));
    println!(
        "    {name:<14} {wall:>7.2} s wall {cpu:>7.2} s cpu {memory:>5} MiB (+{more}) {okta:>5} to Okta {haiilo:>5} to Haiilo"
    );
}

/// The high-water mark, in MiB.
fn memory(runs: &[Measured]) -> u64 {
    runs.iter().map(|run| run.memory).max().unwrap_or_default()
}

//! The built program beside a bare loop that does the least HTTP work possible for the same end, by turns; then a service that waits, a service
//! that follows Okta's log, groups of the intranet, reports of a plan with many changes, and the pure part of a cycle over companies and groups of
//! growing size.
//!
//! The simulators run in this process, which does nothing else meanwhile; the program and the loop each in a process of their own. Wall time and
//! time on processors are judged by the fastest run of each, memory by the high-water mark of the process, requests by the count of the servers.
//!
//!     cargo bench --bench cycle                    # what must hold, as far as it fits into some minutes
//!     cargo bench --bench cycle -- --whole         # all of it: 10,000 accounts to make, 100,000 people behind slow answers
//!     cargo bench --bench cycle -- groups          # groups alone
//!     cargo bench --bench cycle -- --table         # how cost grows from 1,000 to 1,000,000 people

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and its bare loop goes by no client of ours"
)]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::{Parser, Subcommand};
use okta_haiilo_sim::people::person;
use tokio::runtime::Runtime;

use crate::measure::{Beside, measure};
use crate::world::{Accounts, CONCURRENCY, HAIILO_PAGE, OKTA_PAGE, World};

mod bare;
#[path = "../planning/company.rs"]
mod company;
mod group_planning;
mod groups;
mod idle;
mod measure;
mod planning;
mod polls;
mod reports;
mod world;

/// How long answers take over the internet, of Okta and of Haiilo.
const SLOW: (Duration, Duration) = (Duration::from_millis(150), Duration::from_millis(40));
/// Requests to Haiilo at once where many accounts are made.
const MANY_AT_ONCE: usize = 16;
/// The most memory of a cycle, in MiB: 125 MB.
const MOST_MEMORY: u64 = 125_000_000 / 1_048_576;
/// One person in so many changes where one in a hundred does.
const ONE_IN: usize = 100;

#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long, default_value_t = 100_000)]
    people: u32,
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Everything at full size.
    #[arg(long)]
    whole: bool,
    /// How cost grows.
    #[arg(long)]
    table: bool,
    /// What cargo gives to every benchmark.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The loop, in a process of its own.
    Bare(bare::Told),
    /// Groups alone.
    Groups,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = Runtime::new().expect("a runtime");
    match &arguments.role {
        None => {}
        Some(Role::Bare(told)) => {
            runtime.block_on(bare::run(told));
            return ExitCode::SUCCESS;
        }
        Some(Role::Groups) => {
            let mut bounds = Bounds { goals: PART, ..Bounds::default() };
            groups::measure(&runtime, arguments.rounds, &mut bounds);
            group_planning::measure(&mut bounds);
            return bounds.end();
        }
    }
    if arguments.table {
        table(&runtime);
        return ExitCode::SUCCESS;
    }
    let mut bounds = Bounds { goals: if arguments.whole { WHOLE } else { PART }, ..Bounds::default() };
    let world = runtime.block_on(World::of(arguments.people, Accounts::Everybody, CONCURRENCY));
    nothing_to_do(&world, arguments.rounds, &mut bounds);
    slow_answers(&world, &mut bounds);
    let idle = idle::measure(world.program(&["run"]));
    bounds.at_most("a fresh service, kB", idle.fresh, bounds.goals.fresh);
    bounds.at_most("half a minute after a cycle, kB", idle.after, 30 * 1024);
    bounds.at_most("wakes in ten idle seconds", idle.wakes, 10);
    for form in reports::measure(&world) {
        bounds.all.extend(form.bounds());
    }
    drop(world);
    creates(&runtime, if arguments.whole { 10_000 } else { 1_000 }, &mut bounds);
    polls::measure(&runtime, &mut bounds);
    groups::measure(&runtime, arguments.rounds, &mut bounds);
    planning::measure(&mut bounds);
    group_planning::measure(&mut bounds);
    bounds.end()
}

/// The most that may be, as multiples of the bare loop's, and in milliseconds for the pure part.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Goals {
    idle_wall: f64,
    create_wall: f64,
    create_cpu: f64,
    pub(crate) planning: f64,
    /// What a person may cost in a company of a million, as a multiple of what one costs in a company of ten thousand. Sorting alone makes that
    /// about one and a half, and caches that are too small the rest.
    pub(crate) growth: f64,
    /// Of a service before its first cycle, in kB.
    fresh: u64,
    /// Of a cycle with many groups.
    pub(crate) groups_wall: f64,
}

/// On a machine of one's own, at full size.
const WHOLE: Goals = Goals {
    idle_wall: 1.3,
    create_wall: 1.05,
    create_cpu: 3.0,
    planning: 300.0,
    growth: 3.0,
    fresh: 20 * 1024,
    groups_wall: 1.5,
};
/// On a machine that others use, too, where no absolute time decides, caches are shared, and with a tenth of the accounts starting counts for more.
const PART: Goals = Goals {
    idle_wall: 1.7,
    create_wall: 1.15,
    create_cpu: 5.0,
    planning: f64::INFINITY,
    growth: 6.0,
    fresh: 22 * 1024,
    groups_wall: 2.5,
};

/// What must hold.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) goals: Goals,
    pub(crate) all: Vec<(String, bool)>,
}

impl Bounds {
    /// A number that may not be larger.
    pub(crate) fn at_most(&mut self, what: &str, found: u64, most: u64) {
        self.all.push((format!("{what}: {found}, at most {most}"), found <= most));
    }

    /// A multiple of the bare loop's, or of something else.
    pub(crate) fn ratio(&mut self, what: &str, found: f64, most: f64) {
        self.all.push((format!("{what}: {found:.2}, at most {most}"), found <= most));
    }

    fn end(&self) -> ExitCode {
        println!();
        for (text, holds) in &self.all {
            println!("{} {text}", if *holds { "ok    " } else { "FAILED" });
        }
        if self.all.iter().all(|(_, holds)| *holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The loop for a world.
fn bare(world: &World, then: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    let concurrency = world.concurrency.to_string();
    let ends = [world.okta.origin(), world.haiilo.origin(), world.token(), concurrency];
    command.arg("bare").args(ends).args(then).env_clear();
    command
}

/// Both by turns, with nothing to do.
fn idle_cycles(world: &World, rounds: u32) -> Beside {
    by_turns(world, "nothing", rounds)
}

/// A cycle by turns with the loop, which does this after both listings were read.
fn by_turns(world: &World, then: &str, rounds: u32) -> Beside {
    let mut beside = Beside::default();
    for _ in 0..rounds {
        beside.bare.push(measure(world, bare(world, &[then])));
        beside.program.push(measure(world, world.program(&["sync"])));
    }
    beside
}

fn show(title: &str, beside: &Beside) {
    println!("{title}");
    for line in beside.lines() {
        println!("{line}");
    }
}

fn nothing_to_do(world: &World, rounds: u32, bounds: &mut Bounds) {
    let beside = idle_cycles(world, rounds);
    show(&format!("{} people, nothing to change, {rounds} rounds by turns", world.people), &beside);
    bounds.ratio("wall time, as a multiple of the bare loop's", beside.wall(), bounds.goals.idle_wall);
    bounds.at_most("peak memory, MiB", beside.memory(), MOST_MEMORY);
    let (okta, haiilo) = beside.program.iter().map(|run| (run.okta, run.haiilo)).max().unwrap_or_default();
    // The owner of the token has an account, and nobody in Okta.
    let (people, accounts) = (u64::from(world.people), u64::from(world.people) + 1);
    bounds.at_most("requests to Okta", okta, people.div_ceil(OKTA_PAGE) + 1);
    bounds.at_most("requests to Haiilo", haiilo, accounts.div_ceil(HAIILO_PAGE) + 1);
}

fn slow_answers(world: &World, bounds: &mut Bounds) {
    world.answer_after(SLOW.0, SLOW.1);
    let beside = idle_cycles(world, 1);
    world.answer_after(Duration::ZERO, Duration::ZERO);
    show(
        &format!("{} people, nothing to change, 150 ms an answer of Okta and 40 ms one of Haiilo", world.people),
        &beside,
    );
    bounds.ratio("wall time behind slow answers, as a multiple of the bare loop's", beside.wall(), 1.05);
}

/// Everybody gets an account.
fn creates(runtime: &Runtime, people: u32, bounds: &mut Bounds) {
    let mut beside = Beside::default();
    let new_world = || runtime.block_on(World::of(people, Accounts::Nobody, MANY_AT_ONCE));
    let world = new_world();
    world.answer_after(SLOW.0, SLOW.1);
    beside.bare.push(measure(&world, bare(&world, &["create"])));
    let world = new_world();
    let id = world.approval().expect("a first run wants approval");
    world.answer_after(SLOW.0, SLOW.1);
    beside.program.push(measure(&world, world.program(&["sync", "--approve", &id])));
    show(&format!("{people} accounts to make, {MANY_AT_ONCE} requests at once, the same slow answers"), &beside);
    let Goals { idle_wall: _, create_wall, create_cpu, planning: _, growth: _, fresh: _, groups_wall: _ } =
        bounds.goals;
    bounds.ratio("wall time of making accounts, as a multiple of the bare loop's", beside.wall(), create_wall);
    bounds.ratio("processor time of making accounts, as a multiple of the bare loop's", beside.cpu(), create_cpu);
}

/// One person in a hundred moves, back and forth.
fn one_percent(world: &World, rounds: u32) -> Beside {
    let mut beside = Beside::default();
    let move_all = |city: &str| {
        for n in (0..world.people).step_by(ONE_IN) {
            let mut okta = world.okta.state();
            let id = okta.find(&person(n).email).expect("somebody who was hired");
            okta.set_profile(&id, "city", city.into());
        }
    };
    for round in 0..=rounds {
        let city = format!("Town {round}");
        move_all(&city);
        let program = measure(world, world.program(&["sync"]));
        let bare = measure(world, bare(world, &["move", &ONE_IN.to_string(), "Elsewhere"]));
        // The loop has moved other people; they are put back, and the first round shows the program its first update.
        measure(world, world.program(&["sync"]));
        if round > 0 {
            beside.program.push(program);
            beside.bare.push(bare);
        }
    }
    beside
}

/// How cost grows with the number of people.
fn table(runtime: &Runtime) {
    for (people, rounds) in [(1_000, 5), (10_000, 5), (100_000, 5), (1_000_000, 1)] {
        let world = runtime.block_on(World::of(people, Accounts::Everybody, CONCURRENCY));
        show(&format!("{people} people, nothing to change"), &idle_cycles(&world, rounds));
        if people <= 100_000 {
            show(&format!("{people} people, one in {ONE_IN} changed"), &one_percent(&world, rounds.min(3)));
        }
    }
    for people in [1_000, 10_000] {
        creates(runtime, people, &mut Bounds::default());
    }
    polls::measure(runtime, &mut Bounds::default());
    planning::measure(&mut Bounds::default());
}

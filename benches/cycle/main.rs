//! A cycle of the built program with nothing to do, beside a bare loop that reads the same pages and nothing else; then a service that waits.
//!
//! The simulators run in this process; the program and the loop each in a process of their own, by turns. Wall time is judged by the fastest run
//! of each, memory by the high-water mark of the process, requests by the count of the servers.
//!
//!     cargo bench --bench cycle -- [--people N] [--rounds N]

#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and its bare loop goes by no client of ours"
)]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use okta_haiilo_sim::haiilo::{self, AccountSeed, Haiilo};
use okta_haiilo_sim::okta::{self, Okta};
use okta_haiilo_sim::people::person;
use okta_haiilo_sim::{Server, SimClock};
use tempfile::TempDir;

use crate::idle::Idle;

mod bare;
mod idle;

/// The most memory that a cycle may take, in MiB, however many people there are up to 100,000.
const MOST_MEMORY: u64 = 250_000_000 / 1_048_576;
/// The most memory of a service that waits, in kB: before its first cycle, and half a minute after it.
const FRESH: u64 = 20 * 1024;
const AFTER: u64 = 30 * 1024;
/// The most wall time that a cycle may take, as a multiple of the bare loop's.
const MOST_TIME: f64 = 2.0;
const OKTA_PAGE: u64 = 500;
const HAIILO_PAGE: u64 = 100;
const HAIILO_CONCURRENCY: usize = 2;

#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long, default_value_t = 100_000)]
    people: u32,
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// What cargo gives to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The loop, in a process of its own.
    Bare { okta: String, haiilo: String },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if let Some(Role::Bare { okta, haiilo }) = &arguments.role {
        runtime.block_on(bare::read_everything(okta, haiilo));
        return ExitCode::SUCCESS;
    }
    let world = runtime.block_on(World::in_step(arguments.people));
    let bare = world.bare_loop();
    let cycle = world.cycle();
    let (mut loops, mut cycles) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        loops.push(world.measure(&bare));
        cycles.push(world.measure(&cycle));
    }
    let idle = idle::measure(world.program(&["run"]));
    judge(&arguments, (&loops, &cycles), &idle)
}

/// Prints what was found, and whether it holds.
fn judge(arguments: &Arguments, (loops, cycles): (&[Measured], &[Measured]), idle: &Idle) -> ExitCode {
    let people = u64::from(arguments.people);
    // The owner of the token has an account, and nobody in Okta.
    let accounts = people + 1;
    let most_okta = people.div_ceil(OKTA_PAGE) + 1;
    let most_haiilo = accounts.div_ceil(HAIILO_PAGE) + 1;
    let seconds = |runs: &[Measured]| median(runs.iter().map(|run| run.time.as_secs_f64()));
    let memory = |runs: &[Measured]| runs.iter().map(|run| run.memory).max().unwrap_or_default();
    // Whatever else a shared machine does only adds to a run, so that the fastest ones tell most.
    let fastest = |runs: &[Measured]| runs.iter().map(|run| run.time.as_secs_f64()).fold(f64::INFINITY, f64::min);
    let ratio = fastest(cycles) / fastest(loops);
    let (to_okta, to_haiilo) = cycles.iter().map(|run| (run.okta, run.haiilo)).max().unwrap_or_default();
    println!("{people} people, nothing to change, {} rounds by turns", arguments.rounds);
    println!("            wall (median)   peak memory   requests to Okta   to Haiilo");
    for (name, runs) in [("bare loop", loops), ("cycle", cycles)] {
        let requests = runs.iter().map(|run| (run.okta, run.haiilo)).max().unwrap_or_default();
        println!("{name:<10} {:>11.2} s {:>9} MiB {:>18} {:>11}", seconds(runs), memory(runs), requests.0, requests.1);
    }
    let bounds = [
        (
            format!("wall time: {ratio:.2} times the bare loop's, fastest by fastest, at most {MOST_TIME}"),
            ratio <= MOST_TIME,
        ),
        (format!("peak memory: {} MiB, at most {MOST_MEMORY}", memory(cycles)), memory(cycles) <= MOST_MEMORY),
        (format!("a fresh service: {} kB, at most {FRESH}", idle.fresh), idle.fresh <= FRESH),
        (format!("half a minute after a cycle: {} kB, at most {AFTER}", idle.after), idle.after <= AFTER),
        (format!("wakes in ten idle seconds: {}, at most 10", idle.wakes), idle.wakes <= 10),
        (format!("requests to Okta: {to_okta}, at most {most_okta}"), to_okta <= most_okta),
        (format!("requests to Haiilo: {to_haiilo}, at most {most_haiilo}"), to_haiilo <= most_haiilo),
    ];
    for (text, holds) in &bounds {
        println!("{} {text}", if *holds { "ok    " } else { "FAILED" });
    }
    if bounds.iter().all(|(_, holds)| *holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One run of a process.
#[derive(Debug)]
struct Measured {
    time: Duration,
    /// High-water mark, MiB.
    memory: u64,
    okta: u64,
    haiilo: u64,
}

/// Both servers, a store that knows everybody, and a configuration.
struct World {
    okta: Server<Okta>,
    haiilo: Server<Haiilo>,
    folder: TempDir,
}

impl World {
    /// Everybody is assigned, has an account, and is linked by a first run.
    async fn in_step(people: u32) -> Self {
        let clock = SimClock::system();
        let okta = Server::start(Okta::new(clock.clone()), clock.clone()).await.expect("a free port");
        let haiilo = Server::start(Haiilo::advocacy(clock.clone()), clock).await.expect("a free port");
        okta.state().populate(people);
        haiilo.state().set_groups(&haiilo::GROUPS.map(|(_, name)| name));
        haiilo.state().populate((0..people).map(|n| AccountSeed::of(&person(n))));
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { okta, haiilo, folder };
        world.write("sync.toml", &world.configuration());
        world.write("mapping.toml", &mapping());
        world.write("okta-token", okta::API_TOKEN);
        world.write("haiilo-token", haiilo::TOKEN);
        world.first_run();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path(name);
        fs::write(&file, text).expect("the folder takes files");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    }

    fn configuration(&self) -> String {
        let folder = self.folder.path().display();
        format!(
            r#"
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}"
okta = {{ org_url = "{}", app_id = "{}", page_size = {OKTA_PAGE}, auth.method = "api_token" }}
mapping = {{ file = "mapping.toml" }}

[haiilo]
product = "advocacy"
base_url = "{}{}"
page_size = {HAIILO_PAGE}
concurrency = {HAIILO_CONCURRENCY}
auth = {{ method = "access_token", token_owner = "{}" }}
"#,
            self.okta.origin(),
            okta::APP_ID,
            self.haiilo.origin(),
            haiilo::BASE,
            haiilo::OWNER
        )
    }

    /// Links everybody, which a first run does only with approval.
    fn first_run(&self) {
        let plan = self.program(&["plan", "--format", "json"]).output().expect("the program starts");
        let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("the plan is JSON");
        let id = plan["approval_id"].as_str().expect("a first run wants approval");
        let done = self.program(&["sync", "--approve", id]).output().expect("the program starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let plan = self.program(&["plan", "--format", "json"]).output().expect("the program starts");
        let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("the plan is JSON");
        assert_eq!(plan["operations"], serde_json::json!([]), "nothing is left to do");
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_okta-haiilo-sync"));
        command.arg("--config").arg(self.path("sync.toml")).args(arguments).env_clear();
        command
    }

    fn cycle(&self) -> impl Fn() -> Command {
        || self.program(&["sync"])
    }

    fn bare_loop(&self) -> impl Fn() -> Command {
        || {
            let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
            command.args(["bare", &self.okta.origin(), &self.haiilo.origin()]).env_clear();
            command
        }
    }

    /// Runs one process to its end.
    fn measure(&self, command: &impl Fn() -> Command) -> Measured {
        self.okta.forget_calls();
        self.haiilo.forget_calls();
        let began = Instant::now();
        let mut child = command().stdout(Stdio::null()).spawn().expect("the program starts");
        let status = PathBuf::from(format!("/proc/{}/status", child.id()));
        let mut memory = 0;
        let ended = loop {
            memory = memory.max(high_water(&status));
            if let Some(ended) = child.try_wait().expect("the child is ours") {
                break ended;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let time = began.elapsed();
        assert!(ended.success(), "{ended}");
        Measured { time, memory, okta: self.okta.count(), haiilo: self.haiilo.count() }
    }
}

/// The most memory that a process had so far, in MiB; 0 when it is gone.
fn high_water(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

fn mapping() -> String {
    let groups = haiilo::GROUPS.map(|(code, name)| format!("{code} = \"{name}\"")).join("\n");
    format!(
        r#"
[attributes]
userName = {{ value = "assignment.user_name or user.email" }}
"name.givenName" = {{ value = "user.firstName" }}
"name.familyName" = {{ value = "user.lastName" }}
'addresses[type eq "work"].country' = {{ value = "user.countryCode | lookup('groups')", when_empty = "hold" }}
'addresses[type eq "work"].locality' = {{ value = "user.city | trim" }}

[tables.groups]
{groups}
"#
    )
}

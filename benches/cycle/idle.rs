//! A service that has nothing to do: its memory when fresh and after a cycle, and how often it wakes.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{TimeDelta, Timelike as _, Utc};

/// What was found.
#[derive(Debug)]
pub(crate) struct Idle {
    /// Resident memory before the first cycle, in kB.
    pub(crate) fresh: u64,
    /// The same half a minute after it.
    pub(crate) after: u64,
    /// How often its threads woke in ten seconds after that.
    pub(crate) wakes: u64,
}

/// Runs a service through one cycle, which it begins in a few seconds, and then not before tomorrow.
pub(crate) fn measure(mut service: Command) -> Idle {
    let due = Utc::now() + TimeDelta::seconds(8);
    let schedule = format!("{} {} {} * * *", due.second(), due.minute(), due.hour());
    service.env("OKTA_HAIILO_SYNC__SCHEDULE__FULL", schedule);
    let mut child = service.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    std::thread::sleep(Duration::from_secs(4));
    let process = format!("/proc/{}", child.id());
    let fresh = resident(&process);
    let said = BufReader::new(child.stderr.take().expect("a pipe"));
    let ended = said.lines().map_while(Result::ok).find(|line| line.contains("cycle ended"));
    assert!(ended.is_some_and(|line| line.contains("applied")), "the service ran no cycle");
    std::thread::sleep(Duration::from_secs(30));
    let (after, before) = (resident(&process), switches(&process));
    std::thread::sleep(Duration::from_secs(10));
    let wakes = switches(&process) - before;
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    Idle { fresh, after, wakes }
}

fn resident(process: &str) -> u64 {
    number(&fs::read_to_string(format!("{process}/status")).expect("a process"), "VmRSS:")
}

/// Voluntary context switches of all threads.
fn switches(process: &str) -> u64 {
    let tasks = fs::read_dir(format!("{process}/task")).expect("a process").map_while(Result::ok);
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    texts.map(|text| number(&text, "voluntary_ctxt_switches:")).sum()
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line of the status");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

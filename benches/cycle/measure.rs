//! One run of a process: its time, its memory, its CPU, and the requests that it sent.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::World;

/// One run of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Wall time, in seconds.
    pub(crate) time: f64,
    /// Time on a processor, in seconds.
    pub(crate) cpu: f64,
    /// High-water mark, MiB.
    pub(crate) memory: u64,
    pub(crate) okta: u64,
    pub(crate) haiilo: u64,
}

/// Runs one process to its end.
pub(crate) fn measure(world: &World, mut command: Command) -> Measured {
    world.okta.forget_calls();
    world.haiilo.forget_calls();
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let (mut memory, mut cpu) = (0, 0.0_f64);
    let ended = loop {
        memory = memory.max(high_water(child.id()));
        cpu = cpu.max(processor_time(child.id()));
        if let Some(ended) = child.try_wait().expect("the child is ours") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let time = began.elapsed().as_secs_f64();
    assert!(ended.success(), "{ended}");
    Measured { time, cpu, memory, okta: world.okta.count(), haiilo: world.haiilo.count() }
}

/// The most memory that a process had so far, in MiB; 0 when it is gone.
fn high_water(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() / 1024
}

/// The time that a process has spent on processors, in seconds, to a hundredth; 0 when it is gone.
pub(crate) fn processor_time(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of the program may hold anything, and ends with the last bracket.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Runs of the program beside runs of the bare loop.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    pub(crate) bare: Vec<Measured>,
    pub(crate) program: Vec<Measured>,
}

impl Beside {
    /// Wall time, as a multiple of the bare loop's. Whatever else a shared machine does only adds to a run, so that the fastest ones tell most.
    pub(crate) fn wall(&self) -> f64 {
        fastest(&self.program, |run| run.time) / fastest(&self.bare, |run| run.time)
    }

    /// The same of the time on processors.
    pub(crate) fn cpu(&self) -> f64 {
        fastest(&self.program, |run| run.cpu) / fastest(&self.bare, |run| run.cpu)
    }

    /// The most memory that the program took, in MiB.
    pub(crate) fn memory(&self) -> u64 {
        self.program.iter().map(|run| run.memory).max().unwrap_or_default()
    }

    /// A line for each of the two.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |name: &str, runs: &[Measured]| {
            let median = |of: fn(&Measured) -> f64| {
                let mut values: Vec<f64> = runs.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                values[values.len() / 2]
            };
            let memory = runs.iter().map(|run| run.memory).max().unwrap_or_default();
            let (okta, haiilo) = runs.iter().map(|run| (run.okta, run.haiilo)).max().unwrap_or_default();
            let (wall, cpu) = (median(|run| run.time), median(|run| run.cpu));
            format!(
                "    {name:<10} {wall:>9.2} s wall {cpu:>8.2} s cpu {memory:>6} MiB {okta:>7} to Okta {haiilo:>7} to Haiilo"
            )
        };
        vec![line("bare loop", &self.bare), line("program", &self.program)]
    }
}

/// The least of a number over runs.
pub(crate) fn fastest(runs: &[Measured], of: impl Fn(&Measured) -> f64) -> f64 {
    runs.iter().map(of).fold(f64::INFINITY, f64::min)
}

//! How long reports take of a plan with many changes, beyond the time of the cycle that makes the plan.

use std::fs;
use std::process::Stdio;
use std::time::Instant;

use okta_haiilo_sim::people::person;

use crate::world::World;

/// One person in so many has a change.
const ONE_IN: u32 = 10;
/// The most wall time of a report beyond the cycle's, in seconds, and the largest file, in bytes.
const FORMS: [(&str, f64, u64); 4] =
    [("text", 1.0, u64::MAX), ("json", 1.0, u64::MAX), ("csv", 1.0, u64::MAX), ("html", 2.0, 20_000_000)];
const ROUNDS: usize = 3;

/// What was found about one form of the report.
#[derive(Debug)]
pub(crate) struct Form {
    name: &'static str,
    /// Wall time beyond the baseline, fastest by fastest, in seconds.
    beyond: f64,
    most_beyond: f64,
    /// Of the file, in bytes.
    size: u64,
    most_size: u64,
}

impl Form {
    /// What holds or does not, each in words.
    pub(crate) fn bounds(&self) -> Vec<(String, bool)> {
        let Self { name, beyond, most_beyond, size, most_size } = *self;
        let megabytes = size.div_ceil(1_000_000);
        let time = format!("report as {name}, {megabytes} MB: {beyond:.2} s beyond the cycle, at most {most_beyond}");
        let mut bounds = vec![(time, beyond < most_beyond)];
        if most_size < u64::MAX {
            let text = format!("report as {name}: {size} bytes, at most {most_size}");
            bounds.push((text, size < most_size));
        }
        bounds
    }
}

/// Gives every tenth person a change of their own, and shows the plan in each form, by turns.
///
/// What is subtracted is a plan with `--user`: it reads, maps and compares everybody as the others do, and leaves out of the finished plan all
/// but one person, so that its report costs next to nothing.
pub(crate) fn measure(world: &World) -> Vec<Form> {
    let people = world.people;
    for n in (0..people).step_by(ONE_IN as usize) {
        let mut okta = world.okta.state();
        let id = okta.find(&person(n).email).expect("somebody who was hired");
        // Changes that many people share would be told as a number.
        okta.set_profile(&id, "city", format!("Town {n}").into());
    }
    let somebody = person(0).email;
    let mut baseline = f64::INFINITY;
    let mut fastest = [f64::INFINITY; FORMS.len()];
    for _ in 0..ROUNDS {
        baseline = baseline.min(plan(world, "json", &["--user", &somebody]));
        for (time, (name, ..)) in fastest.iter_mut().zip(FORMS) {
            *time = time.min(plan(world, name, &[]));
        }
    }
    println!("a plan with {} changes, without its report: {baseline:.2} s", people.div_ceil(ONE_IN));
    let form = |(time, (name, most_beyond, most_size)): (f64, (&'static str, f64, u64))| {
        let file = world.path(&report(name));
        let size = fs::metadata(&file).expect("a report").len();
        assert!(mentions(&fs::read(&file).expect("a report"), people), "the report as {name} lacks changes");
        Form { name, beyond: time - baseline, most_beyond, size, most_size }
    };
    fastest.into_iter().zip(FORMS).map(form).collect()
}

fn report(form: &str) -> String {
    format!("report.{form}")
}

/// The last change is told.
fn mentions(report: &[u8], people: u32) -> bool {
    let last = (0..people).step_by(ONE_IN as usize).next_back().expect("somebody");
    let town = format!("Town {last}");
    report.windows(town.len()).any(|window| window == town.as_bytes())
}

/// The wall time of one plan that is written to a file, in seconds.
fn plan(world: &World, form: &str, more: &[&str]) -> f64 {
    let mut command = world.program(&["plan", "--format", form, "--output"]);
    command.arg(world.path(&report(form))).args(more).stdout(Stdio::null());
    let began = Instant::now();
    let ended = command.status().expect("the program starts");
    let time = began.elapsed().as_secs_f64();
    assert!(ended.success(), "{ended}");
    time
}

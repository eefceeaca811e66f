//! A service that follows Okta's log: what a poll costs without news, and with a hundred new people.

use std::process::Stdio;
use std::time::{Duration, Instant};

use okta_haiilo_sim::okta::route;
use okta_haiilo_sim::people::person;
use tokio::runtime::Runtime;

use crate::Bounds;
use crate::measure::processor_time;
use crate::world::{Accounts, CONCURRENCY, World};

const PEOPLE: u32 = 10_000;
const NEW: u32 = 100;
/// Quiet polls that are counted.
const QUIET: u64 = 10;

pub(crate) fn measure(runtime: &Runtime, bounds: &mut Bounds) {
    let world = runtime.block_on(World::of(PEOPLE, Accounts::Everybody, CONCURRENCY));
    // A first create is watched more closely than those after it.
    world.okta.state().hire(&person(PEOPLE));
    let done = world.program(&["sync"]).output().expect("the program starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut service = world.program(&["run"]);
    service.env("OKTA_HAIILO_SYNC__SCHEDULE__FULL", "0 0 0 1 1 *");
    service.env("OKTA_HAIILO_SYNC__SCHEDULE__CHANGES", "* * * * * *");
    let mut child = service.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let polls = || world.okta.calls().iter().filter(|call| call.route == route::LOGS).count() as u64;
    // The first poll finds that no full cycle has ended yet, so that there is one at once.
    until(|| polls() > 2);
    world.okta.forget_calls();
    world.haiilo.forget_calls();
    let before = processor_time(child.id());
    until(|| polls() >= QUIET);
    let (quiet, requests, to_haiilo) = (polls(), world.okta.count(), world.haiilo.count());
    let cost = (processor_time(child.id()) - before) * 1000.0 / f64::from(u32::try_from(quiet).expect("a few"));
    println!("{PEOPLE} people, a poll a second");
    println!(
        "    without news: {quiet} polls, {requests} requests to Okta, {to_haiilo} to Haiilo, {cost:.1} ms cpu each"
    );
    bounds.at_most("requests to Okta beyond one for each quiet poll", requests - quiet, 0);
    bounds.at_most("requests to Haiilo of quiet polls", to_haiilo, 0);
    world.okta.forget_calls();
    for n in PEOPLE + 1..=PEOPLE + NEW {
        world.okta.state().hire(&person(n));
    }
    let (began, before) = (Instant::now(), processor_time(child.id()));
    let wanted = person(PEOPLE + NEW).email;
    let everybody = (PEOPLE + NEW + 2) as usize;
    until(|| {
        world.haiilo.state().account_named(&wanted).is_some() && world.haiilo.state().accounts().len() == everybody
    });
    let time = began.elapsed().as_secs_f64();
    let of_log = polls();
    let (okta, haiilo) = (world.okta.count() - of_log, world.haiilo.count());
    let cost = processor_time(child.id()) - before;
    println!(
        "    {NEW} new people: in Haiilo after {time:.1} s, {of_log} requests for the log, {okta} to Okta, {haiilo} to Haiilo, {cost:.2} s cpu"
    );
    bounds.at_most("requests to Okta for 100 new people", okta, NEW.into());
    bounds.at_most("requests to Haiilo for 100 new people", haiilo, u64::from(NEW) * 2);
    child.kill().expect("it runs");
    child.wait().expect("it ended");
}

/// Waits until something is so.
fn until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_mins(2), "not within two minutes");
        std::thread::sleep(Duration::from_millis(20));
    }
}

//! `run` with `schedule.changes` at the program: between full cycles, of which there is none for a year, changes in Okta reach Haiilo.

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::okta::route;
use okta_haiilo_sim::people::person;

use crate::setup::daemon::{Running, free_address, until};
use crate::setup::program::Stage;

/// Full cycles come on New Year's Day, polls every second.
fn follows(stage: &Stage) -> Running {
    let address = free_address();
    stage.configure_also(&format!(
        "[schedule]\nfull = \"0 0 0 1 1 *\"\nchanges = \"* * * * * *\"\n[listen]\naddress = \"{address}\"\n"
    ));
    Running::start(stage, address)
}

fn polls(stage: &Stage) -> usize {
    stage.okta.calls().iter().filter(|call| call.route == route::LOGS).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_okta_is_in_haiilo_within_two_polls() {
    let stage = Stage::in_step(30).await;
    let running = follows(&stage);
    // The first poll finds that no full cycle has ended yet, so that there is one at once.
    until("the log is followed", || running.metric("polls_total{result=\"quiet\"}").filter(|count| *count >= 1.0));
    assert_eq!(running.metric("cycles_total{result=\"applied\"}"), Some(1.0));
    for change in [0, 1] {
        let before = polls(&stage);
        if change == 0 {
            stage.okta.state().hire(&person(77));
        } else {
            stage.set_profile(3, "city", "Turku");
        }
        until("it is in haiilo", || match change {
            0 => stage.account(77).map(drop),
            _ => stage.account(3).filter(|account| account.team() == "Turku").map(drop),
        });
        // The one that was perhaps under way when it happened, and two more.
        assert!(polls(&stage) - before <= 3, "{} polls", polls(&stage) - before);
    }
    assert_eq!(running.metric("cycles_total{result=\"applied\"}"), Some(1.0), "{}", running.log());
    until("it is counted", || running.metric("polls_total{result=\"handled\"}").filter(|count| *count >= 2.0));
    assert!(running.log().contains("changes followed"), "{}", running.log());
    assert!(!running.log().contains(&person(77).email), "{}", running.log());
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_to_read_the_log_the_daemon_says_so_and_goes_on() {
    let stage = Stage::in_step(3).await;
    stage.okta.plant(When::Every(route::LOGS), Fault::Refuse(403));
    let running = follows(&stage);
    until("it says so", || running.log().contains("okta's log cannot be followed").then_some(()));
    assert!(running.log().contains("okta.logs.read"), "{}", running.log());
    // It does not ask again every second.
    assert_eq!(polls(&stage), 1);
    assert_eq!(running.metric("polls_total{result=\"forbidden\"}"), Some(1.0));
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_only_a_full_cycle_can_settle_brings_it_forward() {
    let stage = Stage::in_step(30).await;
    let running = follows(&stage);
    until("the log is followed", || running.metric("polls_total{result=\"quiet\"}").filter(|count| *count >= 1.0));
    stage.set_profile(4, "countryCode", "??");
    let forwarded = || running.log().matches("the next full cycle is brought forward").count();
    until("a full cycle is planned", || (forwarded() == 2).then_some(()));
    assert!(running.log().contains("left to the next full cycle"), "{}", running.log());
    // Five minutes lie between the two.
    assert_eq!(running.metric("cycles_total{result=\"applied\"}"), Some(1.0));
    running.end();
}

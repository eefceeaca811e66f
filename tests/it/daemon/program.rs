//! `run` at the program: the daemon as systemd starts it, from outside. It lives in the time of the system, so that its schedule is every
//! second, and each test waits for what shall happen, never for a time.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;
use std::time::Duration;

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::route;
use okta_haiilo_sim::okta::route as okta_route;
use okta_haiilo_sim::people::person;
use serde_json::Value as Json;

use crate::setup::daemon::{PATIENCE, Running, get, heard, listener, schedule, signal, until};
use crate::setup::program::{Ended, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_runs_cycles_is_looked_at_and_ends_when_it_is_told() {
    let stage = Stage::in_step(3).await;
    let address = schedule(&stage, "");
    let running = Running::start(&stage, address);
    stage.okta.state().hire(&person(9));
    until("the account is made", || stage.account(9));
    until("cycles are counted", || running.metric("cycles_total{result=\"applied\"}").filter(|count| *count >= 2.0));
    assert_eq!(running.get("/healthz"), (200, "ok\n".to_owned()));
    until("it is ready", || (running.get("/readyz").0 == 200).then_some(()));
    assert_eq!(running.metric("operations_total{kind=\"create\",outcome=\"done\"}"), Some(1.0));
    assert_eq!(running.metric("people{state=\"assigned\"}"), Some(4.0));
    until("it is shown as ready", || running.metric("ready").filter(|ready| *ready > 0.0));
    let requests = running.metric("requests_total{side=\"haiilo\",call=\"POST /Users\",status=\"201\"}");
    assert_eq!(requests, Some(1.0), "{}", running.get("/metrics").1);
    let (status, page) = running.get("/");
    assert_eq!(status, 200);
    for words in ["Cycles come as they should", "<svg", "Nothing waits for an approval", "<pre>"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(running.end() < Duration::from_secs(10));
    let log = std::fs::read_to_string(stage.path("run.log")).expect("a log");
    assert!(log.contains("started") && log.contains("ended") && log.contains("cycle ended"), "{log}");
    assert!(!log.contains(&person(9).email), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_answers_this_machine_alone_and_shows_people_only_where_that_is_wanted() {
    let stage = Stage::in_step(2).await;
    let address = schedule(&stage, "");
    stage.configure("show_people = true", "show_people = false");
    stage.haiilo.plant(When::Every(route::CREATE), Fault::Refuse(500));
    let id = stage.okta.state().hire(&person(9));
    let running = Running::start(&stage, address);
    until("a cycle", || running.metric("cycles_total{result=\"applied\"}").filter(|count| *count > 0.0));
    let (_, page) = running.get("/");
    assert!(page.contains("create, unknown"), "{page}");
    assert!(!page.contains("<pre>") && !page.contains(&person(9).email) && !page.contains(&id), "{page}");
    for host in ["evil.example.com", "10.0.0.1", "localhost.example.com", ""] {
        assert_eq!(get(address, "/", host).0, 403, "{host}");
    }
    assert_eq!(get(address, "/healthz", "localhost").0, 200);
    assert_eq!(running.get("/other").0, 404);
    // The account that is on its way is no reason to linger.
    stage.haiilo.heal();
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_reads_the_configuration_anew_and_a_bad_one_changes_nothing() {
    let stage = Stage::in_step(3).await;
    let address = schedule(&stage, "");
    let running = Running::start(&stage, address);
    let mapping = stage.read("mapping.toml");
    stage.write("mapping.toml", mapping.replace("user.city", "user.nosuch | nosuch"));
    running.signal("HUP");
    until("the problem is told", || running.log().contains("the old one stays in force").then_some(()));
    assert!(running.log().contains("filter nosuch is unknown"), "{}", running.log());
    let cycles = || running.metric("cycles_total{result=\"applied\"}");
    let before = cycles();
    until("cycles go on", || (cycles() > before).then_some(()));
    // The new mapping says that everybody sits in Paris, which takes an approval.
    stage.write("mapping.toml", mapping.replace("\"user.city | trim\"", "\"'Paris'\""));
    assert_ne!(stage.read("mapping.toml"), mapping);
    running.signal("HUP");
    until("it is read", || running.log().contains("configuration read anew").then_some(()));
    until("it counts", || stage.account(0).filter(|account| account.team() == "Paris"));
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_within_ten_seconds_whatever_is_under_way_and_heals() {
    for (what, is_haiilo, when) in [
        ("Okta is silent", false, When::Nth(okta_route::APP_USERS, 2)),
        ("an account is being made", true, When::Nth(route::CREATE, 2)),
    ] {
        let stage = Stage::in_step(3).await;
        let address = schedule(&stage, "");
        for n in 5..9 {
            stage.okta.state().hire(&person(n));
        }
        let stalled = || stage.okta.stalled() + stage.haiilo.stalled();
        if is_haiilo {
            stage.haiilo.plant(when, Fault::StallAfter);
        } else {
            stage.okta.plant(when, Fault::Stall);
        }
        let running = Running::start(&stage, address);
        until(what, || (stalled() > 0).then_some(()));
        let took = running.end();
        assert!(took < Duration::from_secs(10), "{what}: {took:?}");
        stage.okta.heal();
        stage.haiilo.heal();
        stage.run(&["sync"]).exits(0);
        stage.run(&["sync"]).exits(0);
        stage.run(&["plan", "--exit-code"]).exits(0);
        assert_eq!(stage.haiilo.state().accounts().len(), 8, "{what}: seven people and the owner of the token");
    }
}

/// Killed between what Haiilo did and what we heard of it, it heals by its next start alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_heals_at_its_next_start() {
    let stage = Stage::in_step(3).await;
    let address = schedule(&stage, "");
    for n in 5..9 {
        stage.okta.state().hire(&person(n));
    }
    stage.haiilo.plant(When::Nth(route::CREATE, 2), Fault::StallAfter);
    let mut running = Running::start(&stage, address);
    until("an account is being made", || (stage.haiilo.stalled() > 0).then_some(()));
    running.child.kill().expect("killed");
    running.child.wait().expect("gone");
    stage.haiilo.heal();
    let running = Running::start(&stage, address);
    until("everybody has an account", || (stage.haiilo.state().accounts().len() == 8).then_some(()));
    until("nothing is left", || (stage.run(&["plan", "--exit-code"]).code == Some(0)).then_some(()));
    running.end();
    assert_eq!(stage.run(&["status", "--json"]).json()["open"], 0);
    assert_eq!(stage.haiilo.state().writes().len(), 4, "each account was made once");
}

/// The operation in hand is finished, and the others are left for later.
#[tokio::test(flavor = "multi_thread")]
async fn operations_in_hand_are_finished_before_the_end() {
    let stage = Stage::in_step(3).await;
    let address = schedule(&stage, "");
    for n in 5..25 {
        stage.okta.state().hire(&person(n));
    }
    stage.haiilo.set_latency(Duration::from_millis(300));
    let running = Running::start(&stage, address);
    until("accounts are made", || (stage.haiilo.state().writes().len() >= 2).then_some(()));
    running.end();
    let made = stage.haiilo.state().writes().len();
    assert!(made < 20, "{made}");
    stage.haiilo.set_latency(Duration::ZERO);
    let status = stage.run(&["status", "--json"]).json();
    assert_eq!(status["open"], 0, "nothing is left open: {status}");
    assert_eq!(status["cycles"][0]["result"], "partly", "{status}");
    stage.run(&["sync"]).exits(0);
    stage.run(&["plan", "--exit-code"]).exits(0);
    assert_eq!(stage.haiilo.state().writes().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn systemd_is_told_how_it_is() {
    let mut stage = Stage::in_step(2).await;
    let address = schedule(&stage, "");
    let path = stage.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stage.set("NOTIFY_SOCKET", path.to_str().expect("text"));
    stage.set("WATCHDOG_USEC", "300000");
    let running = Running::start(&stage, address);
    let mut seen = Vec::new();
    let mut wait_for = |words: &str| {
        let mut buffer = [0; 4096];
        until(words, || {
            let read = socket.recv(&mut buffer).expect("a message");
            seen.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            seen.last().is_some_and(|message| message.contains(words)).then_some(())
        });
    };
    wait_for("READY=1");
    wait_for("WATCHDOG=1");
    wait_for("STATUS=a cycle is running");
    wait_for("STATUS=last cycle applied at ");
    running.signal("HUP");
    wait_for("RELOADING=1");
    wait_for("READY=1");
    running.end();
    wait_for("STOPPING=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_called_out_once_and_so_is_its_end() {
    let stage = Stage::in_step(3).await;
    let ((webhook, told), (heartbeat, beats)) = (listener(200), listener(204));
    stage.write("credentials/webhook-url", format!("http://{webhook}/hook/marker-hook"));
    stage.write("credentials/heartbeat-url", format!("http://{heartbeat}/ping/marker-ping"));
    let address = schedule(&stage, "[notify]\nwebhook_form = \"plain\"\nfailures = 1\n");
    let running = Running::start(&stage, address);
    until("a heartbeat", || heard(&beats).first().cloned());
    assert_eq!(heard(&told), [""; 0]);
    stage.haiilo.plant(When::Every(route::LIST), Fault::Refuse(401));
    let event = |at: usize| {
        let text = until("a call", || heard(&told).get(at).cloned());
        serde_json::from_str::<Json>(&text).expect("JSON")
    };
    assert_eq!(event(0)["event"], "credentials_refused");
    assert_eq!(running.get("/healthz").0, 200);
    stage.haiilo.heal();
    // Pauses grow while only somebody can mend it; whoever did says so.
    running.signal("HUP");
    assert_eq!(event(1)["event"], "recovered");
    stage.okta.state().app.status = "INACTIVE".to_owned();
    let failing = event(2);
    assert_eq!(failing["event"], "cycles_failing");
    assert_eq!(running.get("/healthz").0, 200);
    until("it is late", || (running.get("/readyz").0 == 503).then_some(()));
    let silent = heard(&beats).len();
    stage.okta.state().app.status = "ACTIVE".to_owned();
    running.signal("HUP");
    assert_eq!(event(3)["event"], "recovered");
    until("the heart beats again", || (heard(&beats).len() > silent).then_some(()));
    until("it is ready again", || (running.get("/readyz").0 == 200).then_some(()));
    let id = stage.okta_id(0);
    stage.okta.state().set_user_name(&id, &person(1).email);
    let held = event(4);
    assert_eq!((&held["event"], &held["details"]["held"]), (&"people_held".into(), &2.into()));
    let log = running.log();
    running.end();
    assert_eq!(heard(&told).len(), 5, "{:?}", heard(&told));
    for secret in ["marker-hook", "marker-ping", &person(1).email] {
        assert!(!log.contains(secret) && !heard(&told).concat().contains(secret), "{log}");
    }
}

/// Whoever is called may never answer; the end does not wait for that.
#[tokio::test(flavor = "multi_thread")]
async fn it_ends_while_somebody_is_called_who_does_not_answer() {
    let stage = Stage::with_people(3).await;
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    stage.write("credentials/webhook-url", format!("http://{}/", silent.local_addr().expect("an address")));
    let address = schedule(&stage, "");
    let running = Running::start(&stage, address);
    let _called = silent.accept().expect("a call about the approval that is needed");
    let took = running.end();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_gone_from_the_page_once_they_shall_not_be_shown() {
    let stage = Stage::in_step(2).await;
    stage.okta.state().hire(&person(9));
    stage.haiilo.plant(When::Every(route::CREATE), Fault::Refuse(400));
    let address = schedule(&stage, "");
    let running = Running::start(&stage, address);
    until("people are shown", || running.get("/").1.contains(&person(9).email).then_some(()));
    // Nothing is read any more, so that no later cycle takes the place of what is shown.
    stage.okta.plant(When::Every(okta_route::APP), Fault::Refuse(403));
    until("cycles fail", || running.metric("consecutive_failures").filter(|failures| *failures > 0.0));
    stage.configure("show_people = true", "show_people = false");
    running.signal("HUP");
    until("people are gone", || (!running.get("/").1.contains(&person(9).email)).then_some(()));
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_with_problems_is_no_service() {
    let stage = Stage::in_step(1).await;
    stage.configure("product", "produkt");
    stage.run(&["run"]).exits(2).reports_nothing().says(&["unknown key; did you mean haiilo.product?"]);
    let stage = Stage::in_step(1).await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = taken.local_addr().expect("an address");
    stage.configure_also(&format!("[listen]\naddress = \"{address}\"\n"));
    let ended: Ended = stage.run(&["run"]);
    ended.exits(1).says(&["listen.address"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_for_the_journal_have_a_priority() {
    let mut stage = Stage::in_step(1).await;
    let address = schedule(&stage, "");
    let file = std::fs::File::create(stage.path("run.log")).expect("a log");
    let stream = std::os::unix::fs::MetadataExt::ino(&file.metadata().expect("metadata"));
    let device = std::os::unix::fs::MetadataExt::dev(&file.metadata().expect("metadata"));
    stage.set("JOURNAL_STREAM", &format!("{device}:{stream}"));
    let running = Running::start(&stage, address);
    until("a cycle", || running.log().contains("cycle ended").then_some(()));
    let log = running.log();
    assert!(log.lines().all(|line| line.starts_with("<6>") || line.starts_with("<4>")), "{log}");
    assert!(log.lines().any(|line| line.starts_with("<6>cycle ended run=")), "{log}");
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_whether_cycles_come_as_they_should() {
    let stage = Stage::in_step(2).await;
    stage.configure_also("[schedule]\nfull = \"0 0 * * * *\"\n");
    let fine = stage.run(&["status", "--json"]).exits(0).json();
    assert_eq!(fine["service"], "ready");
    assert!(stage.run(&["status"]).exits(0).out.contains("Cycles come as they should"));
    // Without a daemon to ask, the store and the schedule tell.
    stage.configure("0 0 * * * *", "* * * * * *");
    until("it is late", || (stage.run(&["status"]).code == Some(1)).then_some(()));
    let late = stage.run(&["status"]).exits(1).out;
    assert!(late.contains("LATE: two scheduled times have passed"), "{late}");
    assert_eq!(stage.run(&["status", "--json"]).exits(1).json()["service"], "late");

    let stage = Stage::in_step(2).await;
    let address = schedule(&stage, "");
    assert_eq!(stage.run(&["status", "--json"]).exits(1).json()["service"], "silent");
    let running = Running::start(&stage, address);
    until("a cycle", || running.metric("cycles_total{result=\"applied\"}").filter(|count| *count > 0.0));
    until("it is ready", || (stage.run(&["status", "--json"]).json()["service"] == "ready").then_some(()));
    // The daemon waits for its next cycle with the lock free, so that other commands work beside it.
    stage.run(&["plan", "--exit-code"]).exits(0);
    stage.run(&["sync"]).exits(0);
    running.end();
    assert!(stage.run(&["status"]).exits(1).out.contains("SILENT"));
}

/// A token's age is counted from the first cycle that used it, over starts and across other settings.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_an_age() {
    let stage = Stage::in_step(2).await;
    let address = schedule(&stage, "");
    let age = |running: &Running| {
        until("an age", || running.metric("token_age_seconds{side=\"haiilo\"}").filter(|age| *age > 0.0))
    };
    let running = Running::start(&stage, address);
    let before = age(&running);
    running.end();
    let running = Running::start(&stage, address);
    assert!(age(&running) > before);
    running.end();
}

/// A cycle that somebody started by hand, or a timer: it is asked to end while accounts are being made, and while nothing was written yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_cycle_ends_in_order_too() {
    for (name, is_writing) in [("TERM", true), ("INT", true), ("TERM", false)] {
        let stage = Stage::in_step(3).await;
        for n in 5..25 {
            stage.okta.state().hire(&person(n));
        }
        if is_writing {
            stage.haiilo.set_latency(Duration::from_millis(200));
        } else {
            stage.okta.plant(When::Nth(okta_route::APP_USERS, 1), Fault::Stall);
        }
        let mut command = stage.command(&["sync", "--format", "json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let begun = || stage.haiilo.state().writes().len() >= 2 || stage.okta.stalled() > 0;
        until("it is under way", || begun().then_some(()));
        signal(&child, name);
        let ended = Ended::of(child.wait_with_output().expect("an end"));
        stage.okta.heal();
        stage.haiilo.set_latency(Duration::ZERO);
        let written = stage.haiilo.state().writes().len();
        if is_writing {
            let report = ended.exits(4).json();
            assert!(report["stopped"].to_string().contains("asked to end"), "{report}");
            assert!((2..20).contains(&written), "{written}");
        } else {
            ended.exits(1).reports_nothing().says(&["asked to end: nothing was written"]);
            assert_eq!(written, 0);
        }
        assert_eq!(stage.run(&["status", "--json"]).json()["open"], 0, "{name}");
        stage.run(&["sync"]).exits(0);
        stage.run(&["plan", "--exit-code"]).exits(0);
        assert_eq!(stage.haiilo.state().writes().len(), 20, "{name}");
    }
}

//! Stories of the program's manners: help, how much it says and to whom, the lock, and the allocator that it runs on.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use okta_haiilo_sim::fault::{Fault, When};
use okta_haiilo_sim::haiilo::route;
use okta_haiilo_sync::store::{CycleLock, StorePath};
use serde_json::Value as Json;

use crate::setup::program::{Ended, Stage};

const COMMANDS: [&str; 22] = [
    "init",
    "plan",
    "apply",
    "sync",
    "run",
    "approve",
    "check",
    "explain",
    "link",
    "unlink",
    "confirm-new",
    "remove",
    "recreate",
    "rebind",
    "status",
    "pause",
    "resume",
    "journal",
    "store",
    "demo",
    "completions",
    "man",
];

#[tokio::test(flavor = "multi_thread")]
async fn help_names_every_command() {
    let stage = Stage::empty().await;
    let help = stage.run_without_configuration(&["--help"]).exits(0).says_nothing();
    let listed: Vec<&str> = help
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()))
        .collect();
    assert_eq!(listed, [&COMMANDS[..], &["help"]].concat());
    for command in COMMANDS {
        let of = stage.run_without_configuration(&[command, "--help"]).exits(0).says_nothing();
        assert!(of.out.contains(&format!("okta-haiilo-sync {command}")), "{}", of.out);
    }
    let version = stage.run_without_configuration(&["--version"]).exits(0).says_nothing();
    assert_eq!(version.out, format!("okta-haiilo-sync {}\n", env!("CARGO_PKG_VERSION")));
    // Exit codes are for scripts, and stand where a writer of scripts looks.
    for (command, words) in [("plan", "10"), ("sync", "3 blocked")] {
        let of = stage.run_without_configuration(&["help", command]).exits(0);
        assert!(of.out.contains("Exit code") && of.out.contains(words), "{}", of.out);
    }
    stage.nothing_was_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn how_much_is_logged() {
    let stage = Stage::in_step(3).await;
    let failing_sync = |arguments: &[&str]| {
        stage.set_profile(0, "city", "Paris");
        stage.haiilo.plant(When::Every(route::PATCH), Fault::Refuse(409));
        let ended = stage.run(&[&["sync"], arguments].concat()).exits(4);
        stage.haiilo.heal();
        ended.err
    };
    let id = stage.okta_id(0);
    let usual = failing_sync(&[]);
    assert!(usual.lines().count() == 1 && usual.contains("WARN") && usual.contains(&id), "{usual}");
    let quiet = failing_sync(&["-q"]);
    assert_eq!(quiet, "");
    let more = failing_sync(&["-v"]);
    assert!(more.contains("cycle ended") && more.contains(&id) && !more.contains("PATCH"), "{more}");
    let most = failing_sync(&["-vv"]);
    for words in ["cycle ended", &id, "PATCH /Users/{id}", "GET /api/v1/apps/{id}/users", "status=409"] {
        assert!(most.contains(words), "{words} is not in {most}");
    }
    // An error is no log line: without it nobody knows why nothing happened.
    stage.okta.state().app.status = "INACTIVE".to_owned();
    let silent = stage.run(&["plan", "-q"]).exits(1).reports_nothing();
    assert!(silent.err.starts_with("error: ") && silent.err.lines().count() == 1, "{}", silent.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_json_where_that_is_asked_for() {
    let stage = Stage::in_step(3).await;
    stage.set_profile(0, "city", "Paris");
    stage.haiilo.plant(When::Nth(route::PATCH, 1), Fault::Refuse(409));
    let ended = stage.run(&["--log-format", "json", "-vv", "sync"]).exits(4);
    let lines: Vec<Json> =
        ended.err.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let has = |member: &str, value: &str| lines.iter().any(|line| line[member] == value);
    assert!(has("call", "PATCH /Users/{id}") && has("message", "cycle ended"), "{lines:#?}");
    assert!(lines.iter().any(|line| line["okta_id"] == stage.okta_id(0) && line["level"] == "WARN"), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_escape_codes_where_nobody_looks_at_a_terminal() {
    let mut stage = Stage::with_people(2).await;
    for no_color in [None, Some("1")] {
        if let Some(value) = no_color {
            stage.set("NO_COLOR", value);
        }
        stage.set("TERM", "xterm-256color");
        for arguments in
            [&["--help"][..], &["snyc"], &["plan", "-vv"], &["sync", "-vv"], &["check", "-vv"], &["approve", "x"]]
        {
            let ended = stage.run(arguments);
            assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "{arguments:?}: {ended:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_a_command_is_told_in_json_too() {
    let stage = Stage::with_people(1).await;
    stage.configure("product", "produkt");
    for arguments in [&["--log-format", "json", "plan"][..], &["--log-format", "json", "-q", "sync"]] {
        let ended = stage.run(arguments).exits(2).reports_nothing();
        let lines: Vec<Json> = ended
            .err
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect();
        assert!(lines.len() > 1, "{lines:?}");
        assert!(lines.iter().all(|line| line["level"] == "ERROR"), "{lines:?}");
        assert!(lines[1]["message"].as_str().is_some_and(|message| message.contains("haiilo.produkt")), "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_cycle_waits_and_names_whom_it_waits_for() {
    let stage = Stage::with_people(2).await;
    let place = StorePath::new(stage.path("state.db"));
    let lock = CycleLock::try_take(&place, "run (process 4711)").await.expect("the lock");
    let mut child =
        stage.command(&["sync"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert!(line.contains("run (process 4711) is running"), "{line}");
    // It has read nothing so far, since what it read would be old by now; and whoever only looks need not wait.
    stage.nothing_was_sent();
    stage.run(&["plan"]).exits(0).says_nothing();
    assert_eq!(child.try_wait().expect("its state"), None);
    drop(lock);
    Ended::of(child.wait_with_output().expect("its end")).exits(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_and_its_lock_are_for_their_owner_alone() {
    let stage = Stage::in_step(1).await;
    let files = stage.files(&["sync.toml", "mapping.toml"]);
    assert!(files.contains_key(&stage.path("state.db")), "{:?}", files.keys());
    for path in files.keys() {
        assert_eq!(crate::setup::program::mode(path), 0o600, "{}", path.display());
    }
    assert_eq!(
        fs::read(stage.path("state.db.lock")).expect("the lock file"),
        b"",
        "a lock that nobody holds names nobody"
    );
}

/// The program itself tells what its allocator goes by: jemalloc prints its options at the end when its own variable asks for that.
#[tokio::test(flavor = "multi_thread")]
async fn memory_is_given_back_after_a_second() {
    let mut stage = Stage::empty().await;
    stage.set("MALLOC_CONF", "stats_print:true,stats_print_opts:mdablxeh");
    let ended = stage.run(&["check", "--offline"]).exits(0);
    let option = |name: &str| {
        let line = ended.err.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {}", ended.err)).to_owned()
    };
    assert_eq!(option("opt.narenas"), "2");
    assert_eq!(option("opt.background_thread"), "true (background_thread: true)");
    assert_eq!(option("opt.dirty_decay_ms"), "1000 (arenas.dirty_decay_ms: 1000)");
    assert_eq!(option("opt.muzzy_decay_ms"), "0 (arenas.muzzy_decay_ms: 0)");
}

/// What a command shows on a terminal of so many columns: the program of util-linux that records terminals makes one.
fn on_a_terminal(stage: &Stage, columns: u16, variables: &[(&str, &str)]) -> String {
    let program = stage.command(&["plan"]);
    let words: Vec<String> = [program.get_program()]
        .into_iter()
        .chain(program.get_args())
        .map(|word| format!("'{}'", word.to_str().expect("a text")))
        .collect();
    let line = format!("stty rows 24 cols {columns}; exec {}", words.join(" "));
    let mut recorder = std::process::Command::new("script");
    recorder.args(["-q", "-e", "-c", &line, "/dev/null"]).current_dir(stage.folder());
    recorder.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    recorder.env("PATH", "/usr/bin:/bin").env("TERM", "xterm").envs(variables.iter().copied());
    let ended = recorder.output().expect("script, of util-linux");
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8(ended.stdout).expect("a text").replace("\r\n", "\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_has_colours_and_a_width_and_a_pipe_has_neither() {
    let stage = Stage::in_step(2).await;
    let piped = stage.run(&["plan"]).exits(0).out;
    assert!(!piped.contains('\u{1b}') && piped.lines().any(|line| line.len() > 60), "{piped}");
    let coloured = on_a_terminal(&stage, 60, &[]);
    assert!(coloured.contains("\u{1b}[1mLimits"), "{coloured}");
    for plain in [on_a_terminal(&stage, 60, &[("NO_COLOR", "1")]), on_a_terminal(&stage, 60, &[("TERM", "dumb")])] {
        let report = plain.split_once("Plan (dry run").expect("a report").1;
        assert!(!report.contains("\u{1b}[1m"), "{report}");
        assert!(report.lines().all(|line| line.chars().count() <= 60), "{report}");
    }
}

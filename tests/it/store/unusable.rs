//! A store that cannot be used, at the program: damaged, of a newer version, read-only, or on a disk that becomes full at any moment. Either
//! nothing is written to Haiilo and the exit code is 1, or the report tells what was done; and nothing is done twice afterwards.
//!
//! `strace` makes system calls fail, since a disk cannot be filled in a test. Where it is not installed, those tests are not run; with
//! `CRASH_POINTS=all` that is an error.

use std::fs;
use std::process::Command;

use okta_haiilo_sim::people::person;
use serde_json::{Value as Json, json};
use sqlx::{AnyConnection, Connection as _};

use crate::setup::environment::length;
use crate::setup::program::{Ended, Stage};

/// Three people in step; two are hired, one moves.
async fn busy() -> Stage {
    let stage = Stage::in_step(3).await;
    for n in [8, 9] {
        stage.okta.state().hire(&person(n));
    }
    stage.set_profile(0, "city", "Paris");
    stage.haiilo.state().forget_writes();
    stage
}

fn writes(stage: &Stage) -> usize {
    stage.haiilo.state().writes().len()
}

/// The commands that write to Haiilo or to the store.
const WRITING: [&[&str]; 3] = [&["sync"], &["pause"], &["link", "x", "y"]];

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_and_one_of_a_newer_version_end_every_command_before_it_asks_anybody() {
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)";
    for (is_damaged, told) in [(true, "is damaged or no store; restore a backup"), (false, "use that version")] {
        let stage = busy().await;
        if is_damaged {
            fs::write(stage.path("state.db"), "this is no database, whatever it is").expect("written");
        } else {
            sqlx::any::install_default_drivers();
            let url = format!("sqlite:{}", stage.path("state.db").display());
            let mut connection = AnyConnection::connect(&url).await.expect("connected");
            sqlx::raw_sql(newer).execute(&mut connection).await.expect("written");
            connection.close().await.expect("closed");
        }
        stage.okta.forget_calls();
        stage.haiilo.forget_calls();
        for command in WRITING {
            stage.run(command).exits(1).reports_nothing().says(&[told]);
            stage.nothing_was_sent();
        }
        stage.run(&["plan"]).exits(1).reports_nothing().says(&[told]);
        assert_eq!(writes(&stage), 0);
    }
}

/// Runs the program with system calls that fail; nothing where there is no `strace`.
fn run_failing(stage: &Stage, arguments: &[&str], inject: &[&str]) -> Option<Ended> {
    let command = stage.command(arguments);
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qqq", "-o", "/dev/null"]).args(inject);
    traced.arg(command.get_program()).args(command.get_args()).current_dir(stage.folder());
    traced.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    match traced.output() {
        Ok(output) => Some(Ended::of(output)),
        Err(error) => {
            assert!(!length().is_full, "strace does not work, and CRASH_POINTS=all wants it: {error}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_read_only_ends_a_command_before_it_asks_anybody() {
    let stage = busy().await;
    stage.okta.forget_calls();
    stage.haiilo.forget_calls();
    for file in ["state.db", "state.db.lock"] {
        let inject = ["-P", file, "-e", "inject=openat:error=EROFS"];
        for command in WRITING {
            let Some(ended) = run_failing(&stage, command, &inject) else { return };
            ended.exits(1).reports_nothing().says(&[file, "cannot be opened", "mode"]);
            stage.nothing_was_sent();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_becomes_full_at_any_moment_ends_the_cycle_and_hides_nothing() {
    let (mut before, mut after) = (0, 0);
    for n in (1..).step_by(if length().is_full { 1 } else { 9 }) {
        let stage = busy().await;
        let inject = format!("inject=pwrite64:error=ENOSPC:when={n}+");
        let Some(ended) = run_failing(&stage, &["sync", "--format", "json"], &["-e", &inject]) else { return };
        let written = writes(&stage);
        match ended.code {
            Some(1) => {
                assert_eq!(written, 0, "at {n}: {ended:?}");
                before += 1;
                ended.reports_nothing().says(&["the store state.db", "the disk"]);
            }
            Some(4) => {
                after += 1;
                let report = ended.json();
                let told = report["stopped"].to_string();
                assert!(told.contains("nothing can be written down"), "at {n}: {told}");
                let sent = |operation: &&Json| operation["outcome"]["result"] != json!("not_attempted");
                let operations = report["operations"].as_array().expect("a list");
                assert!(operations.iter().filter(sent).count() >= written, "at {n}: {operations:#?}");
            }
            Some(0) => break,
            _ => panic!("at {n}: {ended:?}"),
        }
        // There is room again: everything is done, and nothing twice.
        for _ in 0..2 {
            stage.run(&["sync"]).exits(0);
        }
        stage.run(&["plan", "--exit-code"]).exits(0);
        assert_eq!(stage.haiilo.state().accounts().len(), 6, "at {n}");
        assert_eq!(writes(&stage), 3, "at {n}");
    }
    assert!(before > 0 && after > 0, "{before} times before the first write, {after} times after it");
}

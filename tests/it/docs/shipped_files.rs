//! What comes with the program: completions, manual pages, and units of systemd that name commands which exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::CommandFactory as _;
use okta_haiilo_sync::cli::Arguments;

fn program(arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_okta-haiilo-sync")).args(arguments).env_clear().output();
    program.expect("the program starts")
}

#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = program(arguments);
    assert!(status.success() && stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("a text")
}

/// The commands of the program, by their own words.
fn commands() -> Vec<String> {
    let commands: Vec<String> =
        Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert!(commands.len() > 15, "{commands:?}");
    commands
}

/// The words of a text: what stands between signs that no command has.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect()
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        let words = words(&script);
        for command in commands() {
            assert!(words.contains(command.as_str()), "{shell} does not complete {command}");
        }
    }
    assert_eq!(program(&["completions", "no-shell"]).status.code(), Some(2));
}

#[test]
fn the_manual_page_names_every_command_and_where_things_are() {
    let page = printed(&["man"]).replace("\\-", "-");
    for command in commands() {
        assert!(page.contains(&format!("okta-haiilo-sync-{command}(1)")), "the page does not name {command}");
    }
    for words in ["EXIT STATUS", "Blocked: a limit is broken", "/etc/okta-haiilo-sync/credentials/", "--log-format"] {
        assert!(page.contains(words), "{words:?} is not in the page");
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(printed(&["man", "--dir", folder.path().to_str().expect("a path")]).is_empty());
    for name in
        commands().iter().map(|command| format!("-{command}")).chain([String::new(), "-store-backup".to_owned()])
    {
        let file = folder.path().join(format!("okta-haiilo-sync{name}.1"));
        let page = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    let Output { status, stderr, .. } = program(&["man", "--dir", "/nowhere"]);
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stderr).contains("cannot be written to /nowhere/okta-haiilo-sync.1"));
}

/// The arguments of the program in each `ExecStart=` of a unit.
fn started_by(unit: &str) -> Vec<Vec<&str>> {
    let starts = unit.lines().filter_map(|line| line.strip_prefix("ExecStart="));
    let arguments = starts.map(|start| start.strip_prefix("/usr/bin/okta-haiilo-sync ").expect("our program"));
    arguments.map(|arguments| arguments.split_whitespace().collect()).collect()
}

#[test]
fn each_unit_starts_a_command_that_exists() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let mut found = 0;
    for entry in fs::read_dir(folder).expect("the units") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "service") {
            for arguments in started_by(&fs::read_to_string(&path).expect("a unit")) {
                found += 1;
                let Output { status, stderr, .. } = program(&[&arguments[..], &["--help"]].concat());
                let stderr = String::from_utf8_lossy(&stderr);
                assert!(status.success(), "{}: {arguments:?}: {stderr}", path.display());
            }
        }
    }
    assert_eq!(found, 2, "two units start the program");
    let strange = started_by("ExecStart=/usr/bin/okta-haiilo-sync no-command").concat();
    assert_eq!(program(&strange).status.code(), Some(2), "a command that does not exist is told from one that does");
}

/// Every metric has its row in the README, and every event that is logged.
#[test]
fn the_readme_lists_metrics_and_events() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a text");
    let readme = read("README.md");
    let metrics = read("config/monitoring/metrics.txt");
    let metrics: Vec<&str> = metrics.lines().filter_map(|line| line.strip_prefix("okta_haiilo_sync_")).collect();
    assert!(metrics.len() > 15, "{metrics:?}");
    for metric in metrics {
        assert!(readme.contains(&format!("`{metric}`")) || readme.contains(&format!("`{metric}{{")), "{metric}");
    }
    let mut events = BTreeSet::new();
    for file in sources(&root.join("src")) {
        let text = fs::read_to_string(&file).expect("a text");
        for level in ["error", "warn", "info"] {
            for call in text.split(&format!("tracing::{level}!(")).skip(1) {
                // The event is the last text of the call.
                let call = call.split(");").next().unwrap_or_default();
                let event =
                    call.trim().trim_end_matches(',').trim().strip_suffix('"').and_then(|call| call.rsplit('"').next());
                events.extend(event.filter(|event| !event.is_empty() && !event.contains('{')).map(str::to_owned));
            }
        }
    }
    assert!(events.len() > 20 && events.contains("cycle ended"), "{events:?}");
    for event in events {
        assert!(readme.contains(&format!("`{event}`")), "the README does not list the event {event:?}");
    }
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

//! Stories of the demonstration: it tells its own story to the end for either product, and serves a company with which everything works.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use crate::setup::daemon::{signal, until};
use crate::setup::program::{Ended, Stage};

/// A demonstration that serves, until it is ended.
struct Serving {
    child: Child,
    config: PathBuf,
    /// Open as long as the program may print.
    _out: BufReader<ChildStdout>,
}

impl Serving {
    /// Starts it, and waits for the configuration that it names.
    fn start(stage: &Stage, arguments: &[&str]) -> Self {
        let mut command = stage.command(&[&["demo", "--serve"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let config = loop {
            let mut line = String::new();
            assert_ne!(out.read_line(&mut line).expect("a line"), 0, "it ended without a configuration");
            if let Some(path) = line.strip_prefix("config ") {
                break PathBuf::from(path.trim());
            }
        };
        Self { child, config, _out: out }
    }

    fn run(&self, stage: &Stage, arguments: &[&str]) -> Ended {
        let config = self.config.to_str().expect("a text");
        stage.run_without_configuration(&[&["--config", config], arguments].concat())
    }

    /// Ends it by Ctrl-C; what it had to say.
    fn end(mut self) -> String {
        signal(&self.child, "INT");
        let status = until("it ends", || self.child.try_wait().expect("a child"));
        assert_eq!(status.code(), Some(0));
        let folder = self.config.parent().map(Path::to_owned).expect("a folder");
        assert!(!folder.exists(), "{} is still there", folder.display());
        let mut said = self.child.stderr.take().expect("a pipe");
        std::io::read_to_string(&mut said).expect("a text")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // A test that failed leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_ends_well() {
    let stage = Stage::empty().await;
    let demo = stage.run_without_configuration(&["demo"]).exits(0);
    for command in ["check", "plan", "sync --approve"] {
        assert!(demo.out.contains(&format!("$ okta-haiilo-sync {command}")), "{}", demo.out);
    }
    assert!(demo.out.contains("-> Haiilo Advocacy"), "{}", demo.out);
    stage.nothing_was_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_of_the_intranet_ends_well() {
    let stage = Stage::empty().await;
    let demo = stage.run_without_configuration(&["demo", "--product", "intranet"]).exits(0);
    for command in ["check", "plan", "sync --approve"] {
        assert!(demo.out.contains(&format!("$ okta-haiilo-sync {command}")), "{}", demo.out);
    }
    let told = [
        "-> the Haiilo intranet",
        "ADOPT    Sales",
        "User:manager.value",
        "Support                         -> Customer Support",
        "DEACTIVATE (1)",
        "REACTIVATE (1)",
        "APPROVAL NEEDED: nobody is taken out of these groups",
        "5 found, 2 allowed",
    ];
    for words in told {
        assert!(demo.out.contains(words), "{words:?} is not in {}", demo.out);
    }
    stage.nothing_was_sent();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intranet_is_served_in_step_with_its_groups() {
    let stage = Stage::empty().await;
    let arguments = ["--product", "intranet", "--people", "50", "--groups", "7", "--in-step"];
    let serving = Serving::start(&stage, &arguments);
    let plan = serving.run(&stage, &["plan", "--exit-code", "--format", "json"]).exits(0).json();
    let groups = &plan["groups"];
    assert_eq!((&groups["unchanged"], &groups["counts"]["chosen"]), (&7.into(), &7.into()), "{groups}");
    let found = |name: &str| plan[name].as_array().expect("a list").len();
    assert_eq!((found("operations"), found("held"), found("waiting"), found("rejected")), (0, 0, 0, 0), "{plan}");
    let said = serving.end();
    assert!(said.contains("50 people in 7 groups"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_intranet_is_served_with_four_groups_and_nobody_in_haiilo() {
    let stage = Stage::empty().await;
    let serving = Serving::start(&stage, &["--product", "intranet", "--people", "10"]);
    let plan = serving.run(&stage, &["plan", "--format", "json"]).exits(0).json();
    let operations = plan["groups"]["operations"].as_array().expect("a list");
    let members = operations.iter().filter(|operation| operation["kind"] == "group-members");
    let mut sizes: Vec<usize> = members.map(|one| one["add"].as_array().expect("a list").len()).collect();
    sizes.sort_unstable();
    // Spread evenly.
    assert_eq!(sizes, [2, 2, 3, 3], "{operations:#?}");
    serving.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_for_the_intranet_alone() {
    let stage = Stage::empty().await;
    for product in [&[][..], &["--product", "advocacy"]] {
        let arguments = [&["demo", "--serve", "--groups", "3"], product].concat();
        let ended = stage.run_without_configuration(&arguments).exits(2).reports_nothing();
        ended.says(&["--groups is for the intranet", "add --product intranet"]);
    }
    stage.run_without_configuration(&["demo", "--product", "intranet", "--groups", "3"]).exits(2).says(&["--serve"]);
    stage.nothing_was_sent();
}

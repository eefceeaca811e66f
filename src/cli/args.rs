//! The command line, and nothing but its words.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Keeps the users of Haiilo equal to the people who are assigned to the Haiilo application in Okta.
///
/// Start with `check`, then `plan`, which changes nothing and shows what `sync` would do.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    /// The configuration.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/okta-haiilo-sync/okta-haiilo-sync.toml")]
    pub config: PathBuf,
    /// The form of log lines on standard error.
    #[arg(long, global = true, value_name = "FORM", default_value = "text")]
    pub log_format: LogFormat,
    /// Log more: once for every cycle and operation, twice for every request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Log errors alone, and show no progress.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what `sync` would do; change nothing.
    ///
    /// Exit code 0, or 10 with --exit-code when there are operations.
    #[command(alias = "diff")]
    Plan(PlanArguments),
    /// Run one cycle now.
    ///
    /// Exit code 0 done, 3 refused because an approval is needed, 4 some operations failed.
    Sync(SyncArguments),
    /// Let the operations of a refused run pass for 24 hours, exactly these and no others.
    Approve(ApproveArguments),
    /// Check the configuration and the mapping, then ask both ends; change nothing.
    Check(CheckArguments),
    /// See the whole job on simulated servers: no account, no configuration, nothing to set up.
    Demo(DemoArguments),
}

/// How a report is given.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The form of the report.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
    /// Write the report to this file, readable by you alone, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// One person alone, by address, Okta id or Haiilo id.
    #[arg(long, value_name = "LOGIN")]
    pub user: Option<String>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For scripts; the schema is in the README.
    Json,
    /// For a spreadsheet.
    Csv,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    pub report: ReportArguments,
    /// End with exit code 10 if there are operations.
    #[arg(long)]
    pub exit_code: bool,
}

/// `sync`.
#[derive(Debug, Args)]
pub struct SyncArguments {
    #[command(flatten)]
    pub report: ReportArguments,
    /// The same as `plan`.
    #[arg(long, conflicts_with_all = ["approve", "reason"])]
    pub dry_run: bool,
    /// Let exactly the operations with this id pass, as a refused run or `plan` named it.
    #[arg(long, value_name = "ID")]
    pub approve: Option<String>,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `approve`.
#[derive(Debug, Args)]
pub struct ApproveArguments {
    /// The id that the refused run named.
    pub id: String,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Ask neither Okta nor Haiilo.
    #[arg(long)]
    pub offline: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Leave the two simulated servers up, with a configuration that is ready to use, until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
    /// How many people the simulated company has.
    #[arg(long, value_name = "N", requires = "serve", default_value_t = 40)]
    pub people: u32,
    /// How long each answer takes: one time for both servers, or two, as in 150ms,40ms for Okta and Haiilo.
    #[arg(long, value_name = "TIME", requires = "serve", value_parser = latency, default_value = "0ms")]
    pub latency: Latency,
    /// Begin with accounts that are linked and in step, as after a first run.
    #[arg(long, requires = "serve")]
    pub in_step: bool,
}

/// How long the simulated servers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Okta.
    pub okta: Duration,
    /// Haiilo.
    pub haiilo: Duration,
}

fn latency(text: &str) -> Result<Latency, String> {
    let one = |text: &str| {
        let millis = text.trim().strip_suffix("ms").and_then(|number| number.parse().ok());
        millis.map(Duration::from_millis).ok_or_else(|| format!("{text:?} is no time in milliseconds, such as 150ms"))
    };
    match text.split_once(',') {
        None => one(text).map(|both| Latency { okta: both, haiilo: both }),
        Some((okta, haiilo)) => Ok(Latency { okta: one(okta)?, haiilo: one(haiilo)? }),
    }
}

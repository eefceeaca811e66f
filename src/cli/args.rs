//! The command line, and nothing but its words.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::parse_duration;

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
    /// Write a configuration and a mapping to begin with, from flags or by asking. Never overwrites.
    Init(InitArguments),
    /// Show what `sync` would do; change nothing.
    ///
    /// Exit code 0, or 10 with --exit-code when there are operations.
    #[command(alias = "diff")]
    Plan(PlanArguments),
    /// Apply a plan that was saved and reviewed: of a plan that is made now, only what also stands in the file, word for word.
    ///
    /// Exit codes as of `sync`.
    Apply(ApplyArguments),
    /// Run one cycle now.
    ///
    /// Exit code 0 done, 3 blocked: an approval is needed, 4 some operations failed.
    Sync(SyncArguments),
    /// Run cycles on schedule, as a service. SIGTERM ends it, SIGHUP reads the configuration anew.
    Run,
    /// Let the operations of a blocked plan pass for 24 hours, exactly these and no others.
    Approve {
        /// The id that the blocked `sync` named.
        id: String,
        /// Why, for the journal.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Check the configuration and the mapping, then ask both ends; change nothing, unless --write-probe is given.
    Check(CheckArguments),
    /// Tell everything about one person: what both sides say, rule by rule, what happens and why; change nothing.
    Explain {
        /// The person, by userName, address, Okta id or Haiilo id.
        login: String,
        /// The form of the answer.
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ExplainFormat,
    },
    /// Make an account in Haiilo the account of a person: the same human.
    Link(LinkArguments),
    /// Forget which account is a person's. The account is unmanaged after that: it is not deleted. If it carries the wanted userName, the next plan adopts it.
    Unlink(DecisionArguments),
    /// Confirm that a held joiner is a new person, not a former one or the owner of an unmanaged account.
    ConfirmNew(DecisionArguments),
    /// Delete the account of somebody who was dismissed, without the grace. It cannot be restored.
    Remove(RemoveArguments),
    /// Make accounts anew that this program deleted: new and empty, with the same attributes. What was in them cannot come back.
    Recreate(RecreateArguments),
    /// Let the store belong to other ends, after they have moved: shows them, and asks.
    Rebind,
    /// Show what waits for an approval, how the last cycles went, and whether they come as they should.
    ///
    /// Exit code 1 when two scheduled times have passed without a complete cycle, or the daemon does not answer.
    Status(StatusArguments),
    /// Stop all writes to Haiilo; reading, clocks and reports go on.
    ///
    /// `pause` until `resume`, or `pause for 4h`.
    Pause(PauseArguments),
    /// Let writes to Haiilo go on.
    Resume,
    /// Show what was done, to whom, on whose word, and what came of it.
    Journal(JournalArguments),
    /// Look after the store.
    #[command(subcommand)]
    Store(StoreCommand),
    /// See the whole job on simulated servers: no account, no configuration, nothing to set up.
    Demo(DemoArguments),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one page a command.
    Man {
        /// Write the pages of the program and of each command into this folder instead, which must be there.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
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
    #[command(flatten)]
    pub shown: ShownArguments,
}

/// How much a text report says.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct ShownArguments {
    /// Name everybody, also where many share the same changes (text).
    #[arg(long)]
    pub full: bool,
    /// Ids alone: no names, addresses or values, as for a ticket (text).
    #[arg(long)]
    pub ids_only: bool,
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
    /// For a browser: one file, with a picture, search and filters.
    Html,
}

/// `plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    pub report: ReportArguments,
    /// End with exit code 10 if there are operations.
    #[arg(long)]
    pub exit_code: bool,
    /// Save the plan for `apply`, readable by you alone.
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub save: Option<PathBuf>,
}

/// `apply`.
#[derive(Debug, Args)]
pub struct ApplyArguments {
    /// The plan, as `plan --save` wrote it.
    pub file: PathBuf,
    /// The form of the report.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
    /// Write the report to this file, readable by you alone, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub shown: ShownArguments,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `sync`.
#[derive(Debug, Args)]
pub struct SyncArguments {
    #[command(flatten)]
    pub report: ReportArguments,
    /// The same as `plan`.
    #[arg(long, conflicts_with_all = ["approve", "reason"])]
    pub dry_run: bool,
    /// Let exactly the operations with this id pass, as a blocked `sync` or `plan` named it.
    #[arg(long, value_name = "ID")]
    pub approve: Option<String>,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `link`.
#[derive(Debug, Args)]
pub struct LinkArguments {
    #[command(flatten)]
    pub decision: DecisionArguments,
    /// The account, by its id in Haiilo.
    pub haiilo_id: String,
}

/// A decision about one person.
#[derive(Debug, Args)]
pub struct DecisionArguments {
    /// The person, by userName or Okta id.
    pub login: String,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `remove`.
#[derive(Debug, Args)]
pub struct RemoveArguments {
    #[command(flatten)]
    pub decision: DecisionArguments,
    /// At once: the grace is skipped, and nothing else.
    #[arg(long, required = true)]
    pub now: bool,
}

/// `recreate`.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct DeletedArguments {
    /// One person, by a userName of any time, Okta id or Haiilo id.
    pub login: Option<String>,
    /// Everybody whose account this cycle or command deleted.
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
}

/// `recreate`.
#[derive(Debug, Args)]
pub struct RecreateArguments {
    #[command(flatten)]
    pub deleted: DeletedArguments,
    /// Do it; without this, it is only shown.
    #[arg(long)]
    pub apply: bool,
    /// Why, for the journal.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// One JSON object, for scripts.
    #[arg(long)]
    pub json: bool,
}

/// `pause`.
#[derive(Debug, Args)]
pub struct PauseArguments {
    /// How long, such as 30m, 4h or 7d; without it, until `resume`.
    #[arg(value_names = ["for", "TIME"], num_args = 0..=2)]
    pub time: Vec<String>,
    /// Why, for whoever meets the pause.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

impl PauseArguments {
    /// The length of the pause; `None` where it has no end.
    pub fn length(&self) -> Result<Option<Duration>, String> {
        match self.time.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [time] | ["for", time] => span(time).map(Some),
            _ => Err("write `pause`, or `pause for 4h`".to_owned()),
        }
    }
}

/// `journal`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct JournalArguments {
    #[command(flatten)]
    pub report: ReportArguments,
    /// One cycle or command alone.
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Entries of this last time alone, such as 12h or 7d.
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub since: Option<Duration>,
    #[command(subcommand)]
    pub action: Option<JournalAction>,
}

/// What else can be done with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalAction {
    /// Drop what the journal holds of a person, and keep that something was done.
    Forget {
        /// The person, by a userName of any time, Okta id or Haiilo id.
        login: String,
    },
}

/// `store`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Copy the store as it is at one moment, also while a cycle runs.
    Backup {
        /// The file to make, readable by you alone. It must not exist.
        file: PathBuf,
    },
}

/// `check`.
#[derive(Debug, Default, Args)]
pub struct CheckArguments {
    /// Ask neither Okta nor Haiilo.
    #[arg(long, conflicts_with = "write_probe")]
    pub offline: bool,
    /// Show what would be sent to Haiilo to make the account of one person, by login, address or Okta id, and check nothing else.
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["offline", "write_probe"])]
    pub sample: Option<String>,
    /// Find out what only a write can show: make an account with this address, which nobody has, in your own domain; change it, rename
    /// it, and delete it. Asks first. It may cost a seat for a moment, and a mail.
    #[arg(long, value_name = "ADDRESS")]
    pub write_probe: Option<String>,
    /// Do not ask.
    #[arg(long, requires = "write_probe")]
    pub yes: bool,
}

/// The form of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// `init`.
#[derive(Debug, Default, Args)]
pub struct InitArguments {
    /// The folder for both files, instead of that of --config.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The product of Haiilo.
    #[arg(long, value_name = "PRODUCT", default_value = "advocacy")]
    pub product: ProductWord,
    /// The address of the Okta organisation, as people sign in at, such as https://example.okta.com.
    #[arg(long, value_name = "URL")]
    pub org_url: Option<String>,
    /// The id of the Haiilo application in Okta (0oa…).
    #[arg(long, value_name = "ID")]
    pub app_id: Option<String>,
    /// How to sign in to Okta: as a service app with a key of its own, or with an administrator's token.
    #[arg(long, value_name = "METHOD")]
    pub auth: Option<AuthWord>,
    /// The client id of the service app.
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// The id of the service app's key; may be left out if it has one key.
    #[arg(long, value_name = "ID")]
    pub key_id: Option<String>,
    /// The address of Haiilo's SCIM endpoint, such as https://example.smarpshare.com/api/scim/v2.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The userName of the Haiilo account that made the access token (advocacy).
    #[arg(long, value_name = "LOGIN")]
    pub token_owner: Option<String>,
    /// The id of the API client of the user directory in Haiilo (intranet).
    #[arg(long, value_name = "ID")]
    pub haiilo_client_id: Option<String>,
    /// Do not ask Okta which attributes there are.
    #[arg(long)]
    pub offline: bool,
}

/// A product of Haiilo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProductWord {
    /// Haiilo Advocacy.
    #[default]
    Advocacy,
    /// The Haiilo intranet.
    Intranet,
}

/// How to sign in to Okta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuthWord {
    /// A service app with a key of its own.
    #[value(name = "private_key_jwt")]
    PrivateKeyJwt,
    /// A token with all the rights of the administrator who made it.
    #[value(name = "api_token")]
    ApiToken,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The product of Haiilo.
    #[arg(long, value_name = "PRODUCT", default_value = "advocacy")]
    pub product: ProductWord,
    /// Leave the two simulated servers up, with a configuration that is ready to use, until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
    /// How many people the simulated company has.
    #[arg(long, value_name = "N", requires = "serve", default_value_t = 40)]
    pub people: u32,
    /// How many groups they are spread over (intranet); 4 if it is left out.
    #[arg(long, value_name = "N", requires = "serve")]
    pub groups: Option<u32>,
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

/// Ten years are more than anybody means.
const LONGEST_SPAN: Duration = Duration::from_hours(3_650 * 24);

/// A whole number of seconds, minutes, hours or days.
fn span(text: &str) -> Result<Duration, String> {
    let span = parse_duration(text).filter(|span| *span <= LONGEST_SPAN);
    span.ok_or_else(|| format!("{text:?} is no time such as 30m, 4h or 7d"))
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

//! The command: gathers, proposes, has the result read as a configuration, writes it, and says what comes next.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use secrecy::ExposeSecret as _;

use crate::cli::args::{InitArguments, ProductWord};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::init::answers::{self, Terminal};
use crate::cli::init::files::Files;
use crate::cli::init::proposal::{Proposal, propose};
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::config::sample::{self, Setting};
use crate::config::settings::{OktaAuth, Settings};
use crate::config::{self, ConfigDraft, EnvVars, Problem};
use crate::daemon::schedule;

/// Writes a configuration and a mapping.
pub(in crate::cli) async fn run(context: &Context, arguments: &InitArguments) -> CommandResult {
    let sample = match arguments.product {
        ProductWord::Advocacy => sample::MAPPING,
        ProductWord::Intranet => sample::MAPPING_OF_THE_INTRANET,
    };
    let files = Files::of(&context.config, arguments.dir.as_deref(), arguments.product);
    files.refuse_existing()?;
    let preset = preset(&files, arguments.product);
    let judge = |settings: &[(&'static str, Setting)]| {
        let settings = [&preset[..], settings].concat();
        let judged = load(context, &files, &sample::configuration(&settings), sample);
        judged.err().unwrap_or_default().into_iter().map(|problem| problem.message).collect()
    };
    let settings = [&preset[..], &answers::gather(arguments, &mut Asker, &judge)?].concat();
    let configuration = sample::configuration(&settings);
    let loaded = load(context, &files, &configuration, sample).map_err(told)?;
    let proposal = with_schemas(arguments, loaded).await;
    let Proposal { mapping, changes } =
        proposal.unwrap_or_else(|| Proposal { mapping: sample.to_owned(), changes: Vec::new() });
    load(context, &files, &configuration, &mapping).map_err(told)?;
    files.write(&ConfigDraft { configuration: &configuration, mapping: &mapping })?;
    output::print(&next(&files, &settings, &changes))?;
    Ok(ExitStatus::Done)
}

/// What is set before the administrator is asked: state and secrets are in the places of the package, or beside the configuration.
fn preset(files: &Files, product: ProductWord) -> Vec<(&'static str, Setting)> {
    let text = |text: &str| Setting::Text(text.to_owned());
    let mut settings = Vec::new();
    if !files.are_of_the_package() {
        settings.extend([("state", text("sqlite:state.db")), ("credentials_dir", text("credentials"))]);
    }
    if product == ProductWord::Intranet {
        settings.extend([
            ("haiilo.product", text("intranet")),
            ("haiilo.auth.method", text("client_credentials")),
            ("haiilo.auth.token_form", Setting::Off),
            ("haiilo.auth.token_owner", Setting::Off),
            ("mapping.file", text(&files.mapping.file_name().unwrap_or_default().to_string_lossy())),
        ]);
    }
    settings
}

/// Checks the texts by the rules of the configuration. Secrets may be missing; where they are there, they are checked too.
fn load(context: &Context, files: &Files, configuration: &str, mapping: &str) -> Result<Settings, Vec<Problem>> {
    let env = context.env.secrets_or_placeholders();
    config::load_draft(&files.configuration, &ConfigDraft { configuration, mapping }, &env, schedule::check)
}

/// Every problem, by the flag that it is about.
fn told(problems: Vec<Problem>) -> CommandError {
    let line = |problem: Problem| {
        let key = problem.message.split([' ', ':']).next().unwrap_or_default();
        match answers::flag_of(key) {
            Some(flag) => format!("{flag}: {}", problem.message),
            None => problem.to_string(),
        }
    };
    CommandError::misconfigured(problems.into_iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// A mapping for the attributes that Okta has, if the secret for Okta is there and Okta answers.
async fn with_schemas(arguments: &InitArguments, settings: Settings) -> Option<Proposal> {
    let secret = match &settings.okta.auth {
        OktaAuth::ApiToken(token) => token,
        OktaAuth::PrivateKeyJwt { private_key, .. } => private_key,
    };
    if arguments.offline || EnvVars::is_placeholder(secret.expose_secret()) {
        return None;
    }
    output::say("Asking Okta which attributes there are (--offline leaves that out).");
    let read = async { Ok::<_, CommandError>(Wiring::new(settings)?.source.schemas().await?) };
    let schemas = read.await.inspect_err(|why| {
        output::say(&format!(
            "The mapping is the sample as it is, since the attributes could not be read (a service app needs the scope okta.schemas.read for that, and a sync does not): {why}"
        ));
    });
    schemas.ok().map(|schemas| propose(&schemas, arguments.product))
}

/// What was done, and what comes next.
fn next(files: &Files, settings: &[(&'static str, Setting)], found: &[String]) -> String {
    let Files { folder: _, configuration, mapping } = files;
    let credentials = files.credentials();
    let is = |key: &str, word: &str| {
        settings.iter().any(|(known, setting)| *known == key && *setting == Setting::Text(word.to_owned()))
    };
    let okta = if is("okta.auth.method", "api_token") {
        "okta-token         the API token of Okta"
    } else {
        "okta-private-key   the private key of the service app in Okta (PEM)"
    };
    let haiilo = if is("haiilo.product", "intranet") {
        "haiilo-client-secret  the secret of the API client in Haiilo"
    } else {
        "haiilo-token       the access token of Haiilo"
    };
    let program = command(configuration);
    let above_all = if is("haiilo.product", "intranet") { "" } else { ", above all where the group comes from" };
    let changes = match found {
        [] => String::new(),
        found => format!("\nThe mapping differs from the sample; comments in it say why:\n  {}\n", found.join("\n  ")),
    };
    format!(
        "Written: {}\n         {}\n{changes}\nNext:\n  1. Secrets are files in {} that only the user who runs the program can read:\n       {okta}\n       \
         {haiilo}\n  2. Read the mapping and correct it{above_all}. Look at [protect] and [leavers] of the configuration.\n  \
         3. {program} check   names what is wrong, and changes nothing.\n  4. {program} plan    shows what would happen, and changes nothing.\n",
        configuration.display(),
        mapping.display(),
        credentials.display(),
    )
}

/// How the program is called with this configuration.
fn command(configuration: &Path) -> String {
    if configuration == Path::new("/etc/okta-haiilo-sync/okta-haiilo-sync.toml") {
        return "okta-haiilo-sync".to_owned();
    }
    format!("okta-haiilo-sync --config {}", configuration.display())
}

/// The user at the terminal, if it is one.
struct Asker;

impl Terminal for Asker {
    fn ask(&mut self, text: &str) -> Option<String> {
        if !io::stdin().is_terminal() {
            return None;
        }
        // A question that nobody sees is noticed by its answer.
        let _ = write!(io::stderr().lock(), "{text}: ").and_then(|()| io::stderr().flush());
        Some(output::typed().trim().to_owned())
    }

    fn show(&mut self, text: &str) {
        output::say(text);
    }
}

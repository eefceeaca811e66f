//! From arguments to an exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tracing_subscriber::filter::LevelFilter;

use crate::cli::args::{Arguments, Command, JournalAction, JournalArguments, LogFormat, StoreCommand};
use crate::cli::commands::{cycle, decisions, explain, man, recreate, run as daemon, status, store};
use crate::cli::context::{Context, Invoker};
use crate::cli::exit::{CommandError, CommandResult};
use crate::cli::screen::Screen;
use crate::cli::{check, demo, init, telemetry};
use crate::config::EnvVars;

/// Runs a command.
pub fn run(arguments: Arguments, env: EnvVars, invoker: Invoker) -> ExitCode {
    let Arguments { config, log_format, verbose, quiet, command } = arguments;
    // Nobody watches the daemon, so it logs each cycle and each operation.
    let verbose = if matches!(command, Command::Run) { verbose + 1 } else { verbose };
    let level = if quiet { LevelFilter::ERROR } else { telemetry::level(verbose) };
    telemetry::start(log_format, level, env.journal_stream());
    let screen = Screen::of_this_process(&env);
    let context = Context { config, env, invoker, shows_progress: !quiet, screen };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(dispatch(&context, command));
            // A look-up of a name cannot be stopped, and nobody waits for it any more.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(CommandError::from(error)),
    };
    match ended {
        Ok(status) => status.into(),
        Err(unfinished) => {
            complain(&unfinished, log_format);
            unfinished.status.into()
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> CommandResult {
    match command {
        Command::Init(arguments) => init::run(context, &arguments).await,
        Command::Plan(arguments) => cycle::plan(context, &arguments).await,
        Command::Sync(arguments) => cycle::sync(context, &arguments).await,
        Command::Run => Box::pin(daemon::run(context)).await,
        Command::Apply(arguments) => cycle::apply(context, &arguments).await,
        Command::Approve { id, reason } => decisions::approve(context, &id, reason.as_deref()).await,
        Command::Check(arguments) => Box::pin(check::run(context, &arguments)).await,
        Command::Explain { login, format } => explain::run(context, &login, format).await,
        Command::Link(arguments) => decisions::link(context, &arguments).await,
        Command::Unlink(arguments) => decisions::unlink(context, &arguments).await,
        Command::ConfirmNew(arguments) => decisions::confirm_new(context, &arguments).await,
        Command::Remove(arguments) => decisions::remove(context, &arguments.decision).await,
        Command::Recreate(arguments) => recreate::run(context, &arguments).await,
        Command::Rebind => decisions::rebind(context).await,
        Command::Status(arguments) => status::run(context, &arguments).await,
        Command::Pause(arguments) => decisions::pause(context, &arguments).await,
        Command::Resume => decisions::resume(context).await,
        Command::Journal(JournalArguments { action: Some(JournalAction::Forget { login }), .. }) => {
            store::forget(context, &login).await
        }
        Command::Journal(arguments) => store::journal(context, &arguments).await,
        Command::Store(StoreCommand::Backup { file }) => store::backup(context, &file).await,
        Command::Demo(arguments) => Box::pin(demo::run(&arguments)).await,
        Command::Completions { shell } => man::completions(shell),
        Command::Man { dir } => man::run(dir.as_deref()),
    }
}

/// Prints a line for each problem on standard error. That nobody may read it is no reason to fail in another way.
fn complain(unfinished: &CommandError, format: LogFormat) {
    for line in unfinished.to_string().lines() {
        match format {
            LogFormat::Text => {
                let _ = writeln!(io::stderr().lock(), "error: {line}");
            }
            LogFormat::Json => tracing::error!("{line}"),
        }
    }
}

//! From arguments to an exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tracing_subscriber::filter::LevelFilter;

use crate::cli::args::{Arguments, Command, LogFormat};
use crate::cli::commands::{
    approve, explain, journal, link, man, pause, plan, rebind, recreate, remove, run as daemon, status, store, sync,
};
use crate::cli::context::{Context, Invoker, ProgressShown};
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::screen::Screen;
use crate::cli::{check, demo, init, telemetry};
use crate::config::EnvVars;

/// Runs a command.
pub fn run(arguments: Arguments, env: EnvVars, invoker: Invoker) -> ExitCode {
    let Arguments { config, log_format, verbose, quiet, command } = arguments;
    // Whoever is not looked at tells each cycle and each operation.
    let verbose = if matches!(command, Command::Run) { verbose + 1 } else { verbose };
    let level = if quiet { LevelFilter::ERROR } else { telemetry::level(verbose) };
    telemetry::start(log_format, level, env.journal_stream());
    let progress = if quiet { ProgressShown::Hidden } else { ProgressShown::Shown };
    let screen = Screen::of_this_process(&env);
    let context = Context { config, env, invoker, progress, screen };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(dispatch(&context, command));
            // A look-up of a name cannot be ended, and nobody waits for it any more.
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

async fn dispatch(context: &Context, command: Command) -> Result<ExitStatus, CommandError> {
    match command {
        Command::Init(arguments) => init::run(context, &arguments).await,
        Command::Plan(arguments) => plan::run(context, &arguments).await,
        Command::Sync(arguments) => sync::run(context, &arguments).await,
        Command::Run => Box::pin(daemon::run(context)).await,
        Command::Apply(arguments) => sync::apply(context, &arguments).await,
        Command::Approve(arguments) => approve::run(context, &arguments).await,
        Command::Check(arguments) => Box::pin(check::run(context, &arguments)).await,
        Command::Explain(arguments) => explain::run(context, &arguments).await,
        Command::Link(arguments) => link::link(context, &arguments).await,
        Command::Unlink(arguments) => link::unlink(context, &arguments).await,
        Command::ConfirmNew(arguments) => link::confirm_new(context, &arguments).await,
        Command::Remove(arguments) => remove::run(context, &arguments).await,
        Command::Recreate(arguments) => recreate::run(context, &arguments).await,
        Command::Rebind => rebind::run(context).await,
        Command::Status(arguments) => status::run(context, &arguments).await,
        Command::Pause(arguments) => pause::pause(context, &arguments).await,
        Command::Resume => pause::resume(context).await,
        Command::Journal(arguments) => journal::run(context, &arguments).await,
        Command::Store(command) => store::run(context, &command).await,
        Command::Demo(arguments) => Box::pin(demo::run(&arguments)).await,
        Command::Completions(arguments) => man::completions(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

/// A line a problem on standard error. That nobody may read it is no reason to fail otherwise.
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

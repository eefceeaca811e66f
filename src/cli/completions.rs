//! `completions`: what a shell completes.

use clap::CommandFactory as _;

use crate::cli::args::{Arguments, CompletionsArguments};
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::output;

/// Prints the completions for a shell.
pub(super) fn run(arguments: &CompletionsArguments) -> Result<ExitStatus, CommandError> {
    let mut program = Arguments::command();
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    // Into memory first: the generator takes a reader that went away for a bug.
    clap_complete::generate(arguments.shell, &mut program, name, &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(ExitStatus::Done)
}

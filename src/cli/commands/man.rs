//! `man`, the manual pages, and `completions`, what a shell completes: both from the definition of the command line.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::Arguments;
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::cli::output;

/// The exit codes, as the README has them.
const EXIT_CODES: [(&str, &str); 6] = [
    (
        "0",
        "Done. People on hold, waiting people, rejected values and leavers in their grace period do not change that.",
    ),
    ("1", "Failed: a side could not be read completely, or not at all. Nothing was written."),
    ("2", "The command line or the configuration is wrong, or the store belongs to other ends."),
    (
        "3",
        "Blocked: a limit is broken. The report says how to approve it. Nothing was written, unless only limits.members is broken: then all was written but the removals from those groups.",
    ),
    ("4", "Some operations failed, or were not attempted. The next cycle tries again."),
    ("10", "plan --exit-code: there are operations."),
];

/// Where things are on a machine where the package is installed.
const FILES: [(&str, &str); 4] = [
    ("/etc/okta-haiilo-sync/okta-haiilo-sync.toml", "The configuration. It says itself what each key is for."),
    ("/etc/okta-haiilo-sync/mapping.advocacy.toml", "The mapping: which attribute of an account comes from where."),
    (
        "/etc/okta-haiilo-sync/credentials/",
        "The secrets, one file each, which the user okta-haiilo-sync alone can read.",
    ),
    ("/var/lib/okta-haiilo-sync/state.db", "The store. Back it up with okta-haiilo-sync store backup."),
];

/// Prints the page of the program, or writes all pages.
pub(in crate::cli) fn run(folder: Option<&Path>) -> CommandResult {
    let mut program = Arguments::command().disable_help_subcommand(true);
    program.build();
    match folder {
        None => output::print(&String::from_utf8(page_of_program(&program)?)?)?,
        Some(folder) => {
            write(folder, &program, &page_of_program(&program)?)?;
            program.get_subcommands().try_for_each(|command| write_all(folder, command))?;
        }
    }
    Ok(ExitStatus::Done)
}

fn page_of_program(program: &Command) -> CommandResult<Vec<u8>> {
    let mut page = page(program)?;
    let mut more = Roff::new();
    for (heading, entries) in [("EXIT STATUS", &EXIT_CODES[..]), ("FILES", &FILES[..])] {
        more.control("SH", [heading]);
        for (word, meaning) in entries {
            more.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
        }
    }
    more.to_writer(&mut page)?;
    Ok(page)
}

fn page(command: &Command) -> CommandResult<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

fn write_all(folder: &Path, command: &Command) -> CommandResult<()> {
    write(folder, command, &page(command)?)?;
    command.get_subcommands().try_for_each(|command| write_all(folder, command))
}

fn write(folder: &Path, command: &Command, page: &[u8]) -> CommandResult<()> {
    let file = folder.join(Man::new(command.clone()).get_filename());
    fs::write(&file, page).with_context(|| {
        format!("the page cannot be written to {}; name a folder that is there and yours", file.display())
    })?;
    Ok(())
}

/// Prints the completions for a shell.
pub(in crate::cli) fn completions(shell: Shell) -> CommandResult {
    let mut program = Arguments::command();
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    // Into memory first: the generator treats a closed reader as a bug.
    clap_complete::generate(shell, &mut program, name, &mut script);
    output::print(&String::from_utf8(script)?)?;
    Ok(ExitStatus::Done)
}

//! `store`: looking after what outlasts a cycle.

use crate::cli::args::StoreCommand;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::output;
use crate::cli::wiring::Wiring;

/// Looks after the store.
pub(in crate::cli) async fn run(context: &Context, command: &StoreCommand) -> Result<ExitStatus, CommandError> {
    let StoreCommand::Backup { file } = command;
    let wiring = Wiring::new(context.settings()?)?;
    wiring.read_store().backup(file).await?;
    output::print(&format!("{} is a copy of the store.\n", file.display()))?;
    Ok(ExitStatus::Done)
}

//! What the store holds: `journal` shows what was done, `journal forget` drops what it holds of a person, `store backup` copies it.

use std::path::Path;

use chrono::TimeDelta;

use crate::cli::args::JournalArguments;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::operator::OperatorCommand;
use crate::cli::output::{self, ReportDestination};
use crate::clock::Clock as _;
use crate::domain::model::ids::RunId;
use crate::domain::state::journal::JournalFilter;
use crate::ports::StoreReader as _;

/// Shows the journal.
pub(in crate::cli) async fn journal(context: &Context, arguments: &JournalArguments) -> CommandResult {
    let JournalArguments { report, run, since, action: _ } = arguments;
    let wiring = context.wiring()?;
    if report.shown.full || report.shown.ids_only {
        return Err(CommandError::misconfigured(
            "the journal has no --full and no --ids-only; `--format json` can be cut to size",
        ));
    }
    let destination = ReportDestination::open(report, context.screen)?;
    let since = since.map(|since| TimeDelta::from_std(since).expect("ten years at most"));
    let search = JournalFilter {
        person: report.user.clone(),
        run: run.as_deref().map(RunId::new),
        since: since.map(|since| wiring.clock.now() - since),
    };
    let entries = wiring.read_store().journal(&search).await?;
    destination.give_journal(&entries)?;
    Ok(ExitStatus::Done)
}

/// Drops what the journal holds of a person.
pub(in crate::cli) async fn forget(context: &Context, login: &str) -> CommandResult {
    OperatorCommand { name: "journal forget", reason: None, context }
        .run(async |operator| match operator.adapters.store.forget(login).await? {
            0 => Err(CommandError::misconfigured(
                "the journal knows nobody by the name that was given; give a userName, an Okta id or a Haiilo id",
            )),
            entries => Ok(format!("{entries} entries keep that something was done, and nothing about the person.\n")),
        })
        .await
}

/// Copies the store.
pub(in crate::cli) async fn backup(context: &Context, file: &Path) -> CommandResult {
    context.wiring()?.read_store().backup(file).await?;
    output::print(&format!("{} is a copy of the store.\n", file.display()))?;
    Ok(ExitStatus::Done)
}

//! `journal`: what was done, and `journal forget`, which drops a person's payload.

use chrono::TimeDelta;

use crate::cli::args::{JournalAction, JournalArguments};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::cli::output::ReportDestination;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::domain::model::ids::RunId;
use crate::domain::state::journal::JournalFilter;
use crate::ports::StoreReader as _;

/// Shows the journal, or forgets a person.
pub(in crate::cli) async fn run(context: &Context, arguments: &JournalArguments) -> Result<ExitStatus, CommandError> {
    let JournalArguments { report, run, since, action } = arguments;
    if let Some(JournalAction::Forget { login }) = action {
        return forget(context, login).await;
    }
    let wiring = Wiring::new(context.settings()?)?;
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

async fn forget(context: &Context, login: &str) -> Result<ExitStatus, CommandError> {
    OperatorCommand { name: "journal forget", context }
        .run(async |adapters| match adapters.store.forget(login).await? {
            0 => Err(CommandError::misconfigured(
                "the journal knows nobody by the name that was given; give a userName, an Okta id or a Haiilo id",
            )),
            entries => Ok(CommandOutput::done(format!(
                "{entries} entries keep that something was done, and nothing about the person.\n"
            ))),
        })
        .await
}

//! `recreate`: makes accounts again that this program deleted, from the journal. Shows them; makes them with `--apply`.

use crate::cli::args::{DeletedArguments, RecreateArguments};
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::domain::model::ids::RunId;
use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::Conclusion;
use crate::domain::state::journal::JournalFilter;

/// Shows what would be made, or makes it.
pub(in crate::cli) async fn run(context: &Context, arguments: &RecreateArguments) -> CommandResult {
    let RecreateArguments { deleted: DeletedArguments { login, run }, apply, reason } = arguments;
    let filter = JournalFilter { person: login.clone(), run: run.as_deref().map(RunId::new), since: None };
    OperatorCommand { name: "recreate", reason: reason.as_deref(), context }
        .run_prepared(async |operator, prepared| {
            let operations = operator.recreation(prepared, &filter).await?;
            if !*apply {
                return Ok(CommandOutput::from(planned(&operations)));
            }
            Ok(made(&operator.recreate(&operator.adapters.wiring.reader.writer(), prepared, &operations).await?))
        })
        .await
}

fn planned(operations: &[Operation]) -> String {
    if operations.is_empty() {
        return "The journal has nobody like that whose account was deleted and who has none now.\n".to_owned();
    }
    let lines = operations.iter().map(|operation| {
        let changes = operation.changes().iter().skip(1);
        let changes = changes.map(|change| {
            format!(
                "    {}  {}\n",
                change.path,
                change.to.as_ref().map_or_else(String::new, |to| to.shown().into_owned())
            )
        });
        format!("{}  {}\n{}", operation.user_name, operation.okta_id, changes.collect::<String>())
    });
    format!(
        "New, empty accounts with the attributes of the deleted ones:\n\n{}\nPosts, points, followers and everything else that was in them cannot come back.\nTo make them: the same command with --apply\n",
        lines.collect::<String>()
    )
}

fn made(concluded: &[Conclusion]) -> CommandOutput {
    let done = concluded.iter().filter(|one| one.outcome.is_done()).count();
    let failed = concluded.iter().filter_map(|one| {
        let why = one.outcome.detail().filter(|_| !one.outcome.is_done())?;
        Some(format!("{}  {why}\n", one.operation.user_name))
    });
    let text =
        format!("{done} of {} accounts are made anew, and empty.\n{}", concluded.len(), failed.collect::<String>());
    CommandOutput { text, status: if done == concluded.len() { ExitStatus::Done } else { ExitStatus::Partly } }
}

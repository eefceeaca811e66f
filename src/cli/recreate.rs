//! `recreate`: accounts that this program deleted are made anew, from the journal. Shown first; done with `--apply`.

use crate::cli::args::{DeletedArguments, RecreateArguments};
use crate::cli::context::Context;
use crate::cli::decide;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::wiring::StoreAdapters;
use crate::domain::model::ids::RunId;
use crate::domain::plan::operation::Operation;
use crate::domain::state::journal::JournalFilter;
use crate::engine::{self, Prepared};
use crate::store::{ReadStore, Store};

/// Shows what would be made, or makes it.
pub(super) async fn run(context: &Context, arguments: &RecreateArguments) -> Result<ExitStatus, CommandError> {
    let RecreateArguments { deleted: DeletedArguments { login, run }, apply, reason } = arguments;
    let search = JournalFilter { person: login.clone(), run: run.as_deref().map(RunId::new), since: None };
    decide::decide(context, "recreate", async |ends, prepared| {
        let entries = ReadStore::new(ends.wiring.store.clone()).journal(&search).await?;
        let operations = engine::anew(&entries, prepared, &ends.wiring.cycle.mapping);
        if *apply {
            make(context, ends, prepared, (&operations, reason.as_deref())).await
        } else {
            Ok((shown(&operations), ExitStatus::Done))
        }
    })
    .await
}

fn shown(operations: &[Operation]) -> String {
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

async fn make(
    context: &Context,
    ends: &StoreAdapters<'_, Store>,
    prepared: &Prepared,
    (operations, reason): (&[Operation], Option<&str>),
) -> Result<(String, ExitStatus), CommandError> {
    let state = prepared.state();
    if let Some(pause) = state.pause_at(prepared.now) {
        return Err(CommandError::misconfigured(format!("all writes are paused, by {}; run `resume` first", pause.by)));
    }
    let people: Vec<_> = operations.iter().map(|operation| &operation.okta_id).collect();
    ends.store.mark_recreated(&people, prepared.now).await?;
    let run_context = context.run_context(reason);
    let writer = ends.wiring.reader.writer();
    let concluded = engine::make_anew(ends, &writer, &ends.wiring.cycle, prepared, (operations, &run_context)).await;
    let done = concluded.iter().filter(|one| one.outcome.is_done()).count();
    let failed = concluded.iter().filter_map(|one| {
        let why = one.outcome.detail().filter(|_| !one.outcome.is_done())?;
        Some(format!("{}  {why}\n", one.operation.user_name))
    });
    let told =
        format!("{done} of {} accounts are made anew, and empty.\n{}", concluded.len(), failed.collect::<String>());
    Ok((told, if done == concluded.len() { ExitStatus::Done } else { ExitStatus::Partly }))
}

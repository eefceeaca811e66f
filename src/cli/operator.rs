//! What all commands of an operator share: the store under the lock, both sides where the act needs them, and the text at the end.

use crate::cli::adapters::StoreAdapters;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::cli::output;
use crate::engine::{Operator, Prepared, Scope};
use crate::store::Store;

/// A command of an operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperatorCommand<'a> {
    /// The command, for a run that waits for it.
    pub(super) name: &'static str,
    /// Why, for the journal.
    pub(super) reason: Option<&'a str>,
    /// What every command is given.
    pub(super) context: &'a Context,
}

/// The operator of a command, with the store that is open for writing.
pub(super) type CommandOperator<'a> = Operator<'a, StoreAdapters<'a, Store>>;

/// What a command prints at its end.
#[derive(Debug)]
pub(super) struct CommandOutput {
    pub(super) text: String,
    pub(super) status: ExitStatus,
}

/// The text of a command that did what was asked.
impl<T: Into<String>> From<T> for CommandOutput {
    fn from(text: T) -> Self {
        Self { text: text.into(), status: ExitStatus::Done }
    }
}

impl OperatorCommand<'_> {
    /// Acts with the store, under the lock of the cycle.
    pub(super) async fn run<T: Into<CommandOutput>>(
        self,
        act: impl AsyncFnOnce(&CommandOperator<'_>) -> CommandResult<T>,
    ) -> CommandResult {
        let wiring = self.context.wiring()?;
        let adapters = StoreAdapters::open(&wiring, self.name).await?;
        let run_context = self.context.run_context(self.reason);
        let done = act(&Operator { adapters: &adapters, settings: &wiring.cycle, run_context }).await;
        adapters.close().await;
        let CommandOutput { text, status } = done?.into();
        output::print(&text)?;
        Ok(status)
    }

    /// Acts with the store and what both sides hold, read under the lock of the cycle.
    pub(super) async fn run_prepared<T: Into<CommandOutput>>(
        self,
        act: impl AsyncFnOnce(&CommandOperator<'_>, &Prepared) -> CommandResult<T>,
    ) -> CommandResult {
        self.run(async |operator| {
            let prepared = operator.adapters.prepare(self.context, &Scope::Everybody).await?;
            act(operator, &prepared).await
        })
        .await
    }
}

//! What all commands of an operator share: the store under the lock, both sides where the act needs them, and the text at the end.

use crate::cli::adapters::StoreAdapters;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::output;
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::Wiring;
use crate::engine::{self, Prepared, Scope};
use crate::store::Store;

/// A command of an operator, with the word for the reason that was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct OperatorCommand<'a> {
    /// The command, for a run that waits for it.
    pub(super) name: &'static str,
    /// What every command is given.
    pub(super) context: &'a Context,
}

/// What a command prints at its end.
#[derive(Debug)]
pub(super) struct CommandOutput {
    pub(super) text: String,
    pub(super) status: ExitStatus,
}

impl CommandOutput {
    /// The text of a command that did what was asked.
    pub(super) fn done(text: String) -> Self {
        Self { text, status: ExitStatus::Done }
    }
}

impl OperatorCommand<'_> {
    /// Acts with the store, under the lock of the cycle.
    pub(super) async fn run(
        self,
        act: impl AsyncFnOnce(&StoreAdapters<'_, Store>) -> Result<CommandOutput, CommandError>,
    ) -> Result<ExitStatus, CommandError> {
        let wiring = Wiring::new(self.context.settings()?)?;
        let adapters = StoreAdapters::open(&wiring, self.name).await?;
        let done = act(&adapters).await;
        adapters.close().await;
        let CommandOutput { text, status } = done?;
        output::print(&text)?;
        Ok(status)
    }

    /// Acts with the store and what both sides hold, read under the lock of the cycle.
    pub(super) async fn run_prepared(
        self,
        act: impl AsyncFnOnce(&StoreAdapters<'_, Store>, &Prepared) -> Result<CommandOutput, CommandError>,
    ) -> Result<ExitStatus, CommandError> {
        self.run(async |adapters| {
            let bars = ProgressBars::new(self.context.progress);
            let prepared = engine::prepare(adapters, &adapters.wiring.cycle, &Scope::Everybody, None, &bars).await;
            bars.clear();
            act(adapters, &prepared?).await
        })
        .await
    }
}

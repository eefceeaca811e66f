//! Writing the journal for many operations at once. Operations that are under way side by side write their lines side by side, too: whoever
//! comes first to the connection writes for all who wait, in one transaction, so that the disk is waited for once. Nobody is told that a line is
//! written before it is durable.

use parking_lot::Mutex;
use sqlx::{AnyConnection, Error};
use tokio::sync::oneshot::{self, Receiver, Sender};

use crate::domain::plan::operation::Operation;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::state::journal::{EntryId, RunContext};
use crate::ports::StoreFailure;
use crate::store::journal;

/// What waits to be written.
#[derive(Debug)]
pub(super) enum QueueEntry {
    /// An operation, before it is sent.
    Intent {
        /// Who asks for it.
        run_context: Box<RunContext>,
        /// When.
        at: chrono::DateTime<chrono::Utc>,
        /// The operation.
        operation: Box<Operation>,
        /// The account as it was.
        before: Option<serde_json::Value>,
    },
    /// How one ended.
    Outcome {
        /// Which.
        entry: EntryId,
        /// How.
        outcome: Outcome,
        /// What follows from it.
        effects: Vec<Effect>,
        /// When, in seconds.
        now: i64,
    },
}

/// The entry of the journal that was written, or why it was not.
pub(super) type WriteResult = Result<EntryId, StoreFailure>;

/// Entries that wait for the connection, each with whoever waits for it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<(QueueEntry, Sender<WriteResult>)>>,
}

impl Queue {
    /// Takes an entry in; what is received says what became of it.
    pub(super) fn join(&self, entry: QueueEntry) -> Receiver<WriteResult> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().push((entry, sender));
        receiver
    }

    /// All who wait, for whoever writes for them.
    pub(super) fn take(&self) -> Vec<(QueueEntry, Sender<WriteResult>)> {
        std::mem::take(&mut *self.waiting.lock())
    }
}

/// Writes one of them.
pub(super) async fn write(connection: &mut AnyConnection, entry: &QueueEntry) -> Result<EntryId, Error> {
    match entry {
        QueueEntry::Intent { run_context, at, operation, before } => {
            journal::write_operation(connection, (run_context, *at), operation, before.as_ref()).await
        }
        QueueEntry::Outcome { entry, outcome, effects, now } => {
            journal::write_outcome(connection, *entry, outcome, effects, *now).await?;
            Ok(*entry)
        }
    }
}

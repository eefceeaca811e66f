//! A command that writes is asked to stop (SIGTERM, Ctrl-C). Before its first write it stops at once. After that it finishes the operation
//! in hand, leaves the rest, and reports. A second signal, or a long wait, stops it without further delay: the journal knows what was under
//! way.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::exit::CommandResult;
use crate::clock::Clock;

/// How long the command waits for the operation in hand.
const PATIENCE: Duration = Duration::from_secs(8);

/// The signals that ask it to stop.
pub(super) struct Interrupts {
    terminate: Signal,
    interrupt: Signal,
}

impl Interrupts {
    /// Listens from now on: the signals no longer end the program by themselves.
    pub(super) fn new() -> CommandResult<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Does work until it is done, or a signal asks to stop.
    pub(super) async fn heed<T>(
        &mut self,
        work: impl Future<Output = T>,
        cancel: &CancellationToken,
        is_applying: impl Fn() -> bool,
        clock: &impl Clock,
    ) -> CommandResult<T> {
        tokio::pin!(work);
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            () = self.next() => cancel.cancel(),
        }
        let left = |what: &'static str| Err(anyhow::anyhow!("asked to end: {what}").into());
        if !is_applying() {
            return left("nothing was written");
        }
        tracing::warn!("ending once the operation in hand is finished");
        let patience = async {
            tokio::select! {
                () = self.next() => {}
                () = clock.sleep(PATIENCE) => {}
            }
        };
        tokio::select! {
            biased;
            done = &mut work => Ok(done),
            () = patience => left("an operation was left under way; the next run looks what became of it"),
        }
    }
}

//! `approve`: lets a refused set of operations pass for a day.

use chrono::TimeDelta;

use crate::cli::args::ApproveArguments;
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::wiring::Wiring;
use crate::cli::{output, sync};
use crate::clock::Clock as _;
use crate::domain::model::ids::ApprovalId;
use crate::ports::StoreWriter as _;

/// Approves what a refused run named.
pub(super) async fn run(context: &Context, arguments: &ApproveArguments) -> Result<ExitStatus, CommandError> {
    let wiring = Wiring::new(context.settings()?)?;
    let store = sync::open(&wiring, "approve").await?;
    let now = wiring.clock.now();
    let until = now + TimeDelta::hours(24);
    let (id, by) = (ApprovalId::new(arguments.id.as_str()), context.invoker.describe());
    let approved = store.approve(&id, (now, until), &by, arguments.reason.as_deref()).await;
    sync::close(store).await;
    match approved? {
        Some(items) => {
            let until = until.format("%Y-%m-%d %H:%M UTC");
            output::print(&format!(
                "Approved until {until}: {items} entries of the refused plan, and nothing else.\n"
            ))?;
            Ok(ExitStatus::Done)
        }
        None => Err(CommandError::misconfigured(format!(
            "no refused run is known by the id {id}; `sync` names it when it refuses, and `plan` shows what would be refused now"
        ))),
    }
}

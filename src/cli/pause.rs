//! `pause` and `resume`: all writes to Haiilo stop, and go on.

use chrono::TimeDelta;

use crate::cli::args::PauseArguments;
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::wiring::Wiring;
use crate::cli::{output, sync};
use crate::clock::Clock as _;
use crate::domain::state::sync_state::Pause;

/// Stops all writes.
pub(super) async fn pause(context: &Context, arguments: &PauseArguments) -> Result<ExitStatus, CommandError> {
    let length = arguments.length().map_err(CommandError::misconfigured)?;
    let wiring = Wiring::new(context.settings()?)?;
    let store = sync::open(&wiring, "pause").await?;
    let length = length.map(|length| TimeDelta::from_std(length).expect("ten years at most"));
    let until = length.map(|length| wiring.clock.now() + length);
    let pause = Pause { until, by: context.invoker.describe(), reason: arguments.reason.clone() };
    let done = store.pause(&pause).await;
    sync::close(store).await;
    done?;
    output::print(&format!(
        "Paused {}: cycles read, remember and report, and write nothing to Haiilo.\n",
        pause.end()
    ))?;
    Ok(ExitStatus::Done)
}

/// Lets writes go on.
pub(super) async fn resume(context: &Context) -> Result<ExitStatus, CommandError> {
    let wiring = Wiring::new(context.settings()?)?;
    let store = sync::open(&wiring, "resume").await?;
    let done = store.resume().await;
    sync::close(store).await;
    done?;
    output::print("Not paused: the next cycle writes what is due.\n")?;
    Ok(ExitStatus::Done)
}

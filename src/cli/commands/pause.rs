//! `pause` and `resume`: all writes to Haiilo stop, and go on.

use chrono::TimeDelta;

use crate::cli::args::PauseArguments;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};

/// Stops all writes.
pub(in crate::cli) async fn pause(context: &Context, arguments: &PauseArguments) -> Result<ExitStatus, CommandError> {
    let length = arguments.length().map_err(CommandError::misconfigured)?;
    let length = length.map(|length| TimeDelta::from_std(length).expect("ten years at most"));
    OperatorCommand { name: "pause", context }
        .run(async |adapters| {
            let pause = adapters.operator(context, arguments.reason.as_deref()).pause(length).await?;
            Ok(CommandOutput::done(format!(
                "Paused {}: cycles read, remember and report, and write nothing to Haiilo.\n",
                pause.end()
            )))
        })
        .await
}

/// Lets writes go on.
pub(in crate::cli) async fn resume(context: &Context) -> Result<ExitStatus, CommandError> {
    OperatorCommand { name: "resume", context }
        .run(async |adapters| {
            adapters.operator(context, None).resume().await?;
            Ok(CommandOutput::done("Not paused: the next cycle writes what is due.\n".to_owned()))
        })
        .await
}

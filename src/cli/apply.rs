//! `apply`: exactly what was reviewed.

use crate::cli::args::{ApplyArguments, ReportArguments};
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::plan_file;
use crate::cli::sync::{self, Cycle};
use crate::cli::wiring::Wiring;
use crate::engine::Scope;

/// Applies what was reviewed.
pub(super) async fn run(context: &Context, arguments: &ApplyArguments) -> Result<ExitStatus, CommandError> {
    let ApplyArguments { file, format, output, shown, reason } = arguments;
    let wiring = Wiring::new(context.settings()?)?;
    let reviewed = plan_file::read(file, &wiring.cycle.tenant)?;
    let report = ReportArguments { format: *format, output: output.clone(), user: None, shown: *shown };
    let cycle = Cycle { what: "apply", scope: Scope::Reviewed(reviewed), given: None, reason: reason.clone() };
    sync::cycle(context, &wiring, &report, cycle).await
}

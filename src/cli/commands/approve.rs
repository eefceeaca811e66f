//! `approve`: lets a blocked plan pass for a day.

use crate::cli::args::ApproveArguments;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::domain::model::ids::ApprovalId;
use crate::engine::ApprovedPlan;

/// Approves the plan with this id.
pub(in crate::cli) async fn run(context: &Context, arguments: &ApproveArguments) -> Result<ExitStatus, CommandError> {
    let ApproveArguments { id, reason } = arguments;
    OperatorCommand { name: "approve", context }
        .run(async |adapters| {
            let id = ApprovalId::new(id.as_str());
            let ApprovedPlan { items, until } = adapters.operator(context, reason.as_deref()).approve(&id).await?;
            let until = until.format("%Y-%m-%d %H:%M UTC");
            Ok(CommandOutput::done(format!(
                "Approved until {until}: {items} entries of the blocked plan, and nothing else.\n"
            )))
        })
        .await
}

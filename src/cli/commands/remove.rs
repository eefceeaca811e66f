//! `remove LOGIN --now`: deletes the account of one deactivated person at once, after the address is typed once more.

use crate::cli::args::{DecisionArguments, RemoveArguments};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::cli::output;
use crate::domain::model::ids::UserName;

/// Deletes one account at once.
pub(in crate::cli) async fn run(context: &Context, arguments: &RemoveArguments) -> Result<ExitStatus, CommandError> {
    let RemoveArguments { decision: DecisionArguments { login, reason }, now: _ } = arguments;
    OperatorCommand { name: "remove", context }
        .run_prepared(async |adapters, prepared| {
            let operator = adapters.operator(context, reason.as_deref());
            let link = operator.removable(prepared, login).await?;
            let (haiilo_id, name) = (&link.haiilo_id, &link.user_name);
            if !is_confirmed(name) {
                return Err(CommandError::misconfigured(
                    "that is not the address, and nothing was done; run `remove` again and type it whole",
                ));
            }
            let outcome = operator.remove(&adapters.wiring.reader.writer(), prepared, &link).await.outcome;
            Ok(if outcome.is_done() {
                CommandOutput::done(format!("Account {haiilo_id} ({name}) is deleted for ever.\n"))
            } else {
                let why = outcome.detail().unwrap_or_default();
                CommandOutput {
                    text: format!("Account {haiilo_id} ({name}) was not deleted: {why}\n"),
                    status: ExitStatus::Partly,
                }
            })
        })
        .await
}

/// Whether the address of the account is typed once more.
fn is_confirmed(name: &UserName) -> bool {
    output::say(&format!(
        "This deletes the account of {name} for ever, with everything in it. Type the address once more:"
    ));
    UserName::new(output::typed().trim()).same_as(name)
}

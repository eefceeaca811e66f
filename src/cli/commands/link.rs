//! `link`, `unlink` and `confirm-new`: what an operator decides about links. Nothing is written to Haiilo.

use crate::cli::args::{DecisionArguments, LinkArguments};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::domain::model::ids::HaiiloId;
use crate::domain::planning::operator::LinkChange;

/// Links a person and an account.
pub(in crate::cli) async fn link(context: &Context, arguments: &LinkArguments) -> Result<ExitStatus, CommandError> {
    let LinkArguments { decision: DecisionArguments { login, reason }, haiilo_id } = arguments;
    OperatorCommand { name: "link", context }
        .run_prepared(async |adapters, prepared| {
            let operator = adapters.operator(context, reason.as_deref());
            let change = operator.link(prepared, login, &HaiiloId::new(haiilo_id.as_str())).await?;
            Ok(CommandOutput::done(linked(&change)))
        })
        .await
}

fn linked(LinkChange { link, from, instead_of }: &LinkChange) -> String {
    let now = format!("Account {} ({}) is the account of {} now.\n", link.haiilo_id, link.user_name, link.okta_id);
    let from = from
        .as_ref()
        .map_or(String::new(), |from| format!("It was that of {}, who is not assigned any more.\n", from.okta_id));
    let former = instead_of.as_ref().map_or(String::new(), |former| {
        format!("Account {}, which was this person's, is not ours any more.\n", former.haiilo_id)
    });
    now + &from + &former
}

/// Ends a link.
pub(in crate::cli) async fn unlink(
    context: &Context,
    arguments: &DecisionArguments,
) -> Result<ExitStatus, CommandError> {
    let DecisionArguments { login, reason } = arguments;
    OperatorCommand { name: "unlink", context }
        .run_prepared(async |adapters, prepared| {
            let link = adapters.operator(context, reason.as_deref()).unlink(prepared, login).await?;
            Ok(CommandOutput::done(format!(
                "Account {} ({}) is not ours any more, and {} has none. If both carry one userName, the next run wants to adopt it.\n",
                link.haiilo_id, link.user_name, link.okta_id
            )))
        })
        .await
}

/// Confirms that a person is new.
pub(in crate::cli) async fn confirm_new(
    context: &Context,
    arguments: &DecisionArguments,
) -> Result<ExitStatus, CommandError> {
    let DecisionArguments { login, reason } = arguments;
    OperatorCommand { name: "confirm-new", context }
        .run_prepared(async |adapters, prepared| {
            let id = adapters.operator(context, reason.as_deref()).confirm_new(prepared, login).await?;
            Ok(CommandOutput::done(format!("{id} is nobody else from now on; `plan` shows what follows.\n")))
        })
        .await
}

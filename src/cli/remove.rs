//! `remove LOGIN --now`: a dismissal. Only somebody whom Okta calls deactivated, only with the address typed once more, never unseen.

use crate::cli::args::{DecisionArguments, RemoveArguments};
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::{decide, output};
use crate::domain::model::assignment::UserStatus;
use crate::domain::model::ids::UserName;
use crate::engine;
use crate::ports::AssignmentSource as _;

/// Deletes one account at once.
pub(super) async fn run(context: &Context, arguments: &RemoveArguments) -> Result<ExitStatus, CommandError> {
    let RemoveArguments { decision: DecisionArguments { login, reason }, now: _ } = arguments;
    decide::decide(context, "remove", async |ends, prepared| {
        let (source, settings) = (&ends.wiring.source, &ends.wiring.cycle);
        let link = engine::dismissed(prepared, settings, login).map_err(CommandError::misconfigured)?;
        let (okta_id, haiilo_id, name) = (&link.okta_id, &link.haiilo_id, &link.user_name);
        let refused = match source.user(okta_id).await.map(|user| user.map(|user| user.status)) {
            Ok(Some(UserStatus::Deactivated)) if is_confirmed(name) => None,
            Ok(Some(UserStatus::Deactivated)) => {
                Some("that is not the address, and nothing was done; run `remove` again and type it whole".to_owned())
            }
            Ok(Some(_)) => Some(format!("{okta_id} is not deactivated in okta; deactivate the user there first")),
            Ok(None) => Some(format!("okta has no user {okta_id} any more, which is no evidence of anything")),
            Err(failure) => Some(format!("okta could not be asked about {okta_id}: {failure}")),
        };
        if let Some(why) = refused {
            return Err(CommandError::misconfigured(why));
        }
        let run_context = context.run_context(reason.as_deref());
        let writer = ends.wiring.reader.writer();
        let outcome = engine::dismiss(ends, &writer, settings, prepared, (&link, &run_context)).await.outcome;
        Ok(if outcome.is_done() {
            (format!("Account {haiilo_id} ({name}) is deleted for ever.\n"), ExitStatus::Done)
        } else {
            let why = outcome.detail().unwrap_or_default();
            (format!("Account {haiilo_id} ({name}) was not deleted: {why}\n"), ExitStatus::Partly)
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

//! `remove LOGIN --now`: a dismissal. Only somebody whom Okta calls deactivated, only with the address typed once more, never unseen.

use crate::cli::args::{DecisionArguments, RemoveArguments};
use crate::cli::context::Context;
use crate::cli::ending::{Ending, Unfinished};
use crate::cli::wiring::Wiring;
use crate::cli::{decide, output};
use crate::domain::assignment::UserStatus;
use crate::domain::ids::UserName;
use crate::engine;
use crate::ports::AssignmentSource as _;

/// Deletes one account at once.
pub(super) async fn run(context: &Context, arguments: &RemoveArguments) -> Result<Ending, Unfinished> {
    let RemoveArguments { decision: DecisionArguments { login, reason }, now: _ } = arguments;
    let wiring = Wiring::new(context.settings()?)?;
    let (ends, prepared) = decide::read(context, &wiring, "remove").await?;
    let link = match engine::dismissed(&prepared, &wiring.cycle, login) {
        Ok(link) => link,
        Err(why) => {
            ends.store.close().await?;
            return Err(Unfinished::misconfigured(why));
        }
    };
    let (okta_id, haiilo_id) = (&link.okta_id, &link.haiilo_id);
    let status = wiring.source.user_status(okta_id).await;
    let refused = match status {
        Ok(Some(UserStatus::Deactivated)) => None,
        Ok(Some(_)) => Some(format!("{okta_id} is not deactivated in okta; deactivate the user there first")),
        Ok(None) => Some(format!("okta has no user {okta_id} any more, which is no evidence of anything")),
        Err(failure) => Some(format!("okta could not be asked about {okta_id}: {failure}")),
    };
    let refused = refused
        .or_else(|| (!is_confirmed(&link.user_name)).then(|| "that is not the address; nothing was done".to_owned()));
    if let Some(why) = refused {
        ends.store.close().await?;
        return Err(Unfinished::misconfigured(why));
    }
    let mandate = decide::mandate(context, reason.as_deref());
    let writer = wiring.reader.writer();
    let concluded = engine::dismiss(&ends, &writer, &wiring.cycle, &prepared, (&link, &mandate)).await;
    ends.store.close().await?;
    let Some(concluded) = concluded.first() else { return Ok(Ending::Partly) };
    let name = &link.user_name;
    if concluded.outcome.is_done() {
        output::print(&format!("Account {haiilo_id} ({name}) is deleted for ever.\n"))?;
        return Ok(Ending::Done);
    }
    let why = concluded.outcome.detail().unwrap_or_default();
    output::print(&format!("Account {haiilo_id} ({name}) was not deleted: {why}\n"))?;
    Ok(Ending::Partly)
}

/// Whether the address of the account is typed once more.
fn is_confirmed(name: &UserName) -> bool {
    output::say(&format!(
        "This deletes the account of {name} for ever, with everything in it. Type the address once more:"
    ));
    UserName::new(output::typed().trim()).same_as(name)
}

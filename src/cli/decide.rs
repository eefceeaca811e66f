//! `link`, `unlink` and `release`: what an administrator decides about links. Nothing is written to Haiilo.

use crate::cli::args::{DecisionArguments, LinkArguments};
use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::progress::ProgressBars;
use crate::cli::wiring::{StoreAdapters, Wiring};
use crate::cli::{output, sync};
use crate::domain::model::ids::HaiiloId;
use crate::domain::planning::operator;
use crate::engine::{self, Prepared, Scope};
use crate::store::Store;

/// Makes an account a person's.
pub(super) async fn link(context: &Context, arguments: &LinkArguments) -> Result<ExitStatus, CommandError> {
    let LinkArguments { decision: DecisionArguments { login, reason }, haiilo_id } = arguments;
    decide(context, "link", async |ends, prepared| {
        let relink = operator::relink(&prepared.input(&ends.wiring.cycle), login, &HaiiloId::new(haiilo_id.as_str()));
        let relink = relink.map_err(CommandError::misconfigured)?;
        ends.store.relink(&relink, &context.run_context(reason.as_deref()), prepared.now).await?;
        let link = &relink.link;
        let now = format!("Account {} ({}) is the account of {} now.\n", link.haiilo_id, link.user_name, link.okta_id);
        let from = relink
            .from
            .map_or(String::new(), |from| format!("It was that of {}, who is not assigned any more.\n", from.okta_id));
        let former = relink.instead_of.map_or(String::new(), |former| {
            format!("Account {}, which was this person's, is not ours any more.\n", former.haiilo_id)
        });
        Ok((now + &from + &former, ExitStatus::Done))
    })
    .await
}

/// Ends a link.
pub(super) async fn unlink(context: &Context, arguments: &DecisionArguments) -> Result<ExitStatus, CommandError> {
    let DecisionArguments { login, reason } = arguments;
    decide(context, "unlink", async |ends, prepared| {
        let link = operator::linked(prepared.state(), login).map_err(CommandError::misconfigured)?;
        ends.store.unlink(link, &context.run_context(reason.as_deref()), prepared.now).await?;
        let told = format!(
            "Account {} ({}) is not ours any more, and {} has none. If both carry one userName, the next run wants to adopt it.\n",
            link.haiilo_id, link.user_name, link.okta_id
        );
        Ok((told, ExitStatus::Done))
    })
    .await
}

/// Says that a person is nobody else.
pub(super) async fn release(context: &Context, arguments: &DecisionArguments) -> Result<ExitStatus, CommandError> {
    let DecisionArguments { login, reason } = arguments;
    decide(context, "release", async |ends, prepared| {
        let person = operator::assigned(prepared.people(), login).map_err(CommandError::misconfigured)?;
        ends.store.confirm_new(person, &context.run_context(reason.as_deref()), prepared.now).await?;
        Ok((format!("{} is nobody else from now on; `plan` shows what follows.\n", person.id), ExitStatus::Done))
    })
    .await
}

/// Reads both sides under the lock, as a cycle does, lets something follow from it, and prints what that came to.
pub(super) async fn decide(
    context: &Context,
    what: &str,
    follow: impl AsyncFnOnce(&StoreAdapters<'_, Store>, &Prepared) -> Result<(String, ExitStatus), CommandError>,
) -> Result<ExitStatus, CommandError> {
    let wiring = Wiring::new(context.settings()?)?;
    let ends = StoreAdapters { wiring: &wiring, store: sync::open(&wiring, what).await? };
    let bars = ProgressBars::new(context.progress);
    let prepared = engine::prepare(&ends, &wiring.cycle, &Scope::Everybody, None, &bars).await;
    bars.clear();
    let done = match prepared {
        Ok(prepared) => follow(&ends, &prepared).await,
        Err(error) => Err(error.into()),
    };
    sync::close(ends.store).await;
    let (told, ending) = done?;
    output::print(&told)?;
    Ok(ending)
}

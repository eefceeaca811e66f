//! `link`, `unlink` and `release`: what an administrator decides about links. Nothing is written to Haiilo.

use uuid::Uuid;

use crate::cli::args::{DecisionArguments, LinkArguments};
use crate::cli::context::Context;
use crate::cli::ending::{Ending, Unfinished};
use crate::cli::progress::Bars;
use crate::cli::wiring::{Ends, Wiring};
use crate::cli::{output, sync};
use crate::domain::decision;
use crate::domain::ids::{HaiiloId, RunId};
use crate::domain::journal::Mandate;
use crate::engine::{self, Prepared, Scope};
use crate::store::Store;

/// Makes an account a person's.
pub(super) async fn link(context: &Context, arguments: &LinkArguments) -> Result<Ending, Unfinished> {
    let LinkArguments { decision: DecisionArguments { login, reason }, haiilo_id } = arguments;
    let wiring = Wiring::new(context.settings()?)?;
    let (ends, prepared) = read(context, &wiring, "link").await?;
    let relink = decision::relink(prepared.basis(), login, &HaiiloId::new(haiilo_id.as_str()));
    let done = match &relink {
        Ok(relink) => ends.store.relink(relink, &mandate(context, reason.as_deref()), prepared.now).await,
        Err(_) => Ok(()),
    };
    ends.store.close().await?;
    let relink = relink.map_err(Unfinished::misconfigured)?;
    done?;
    let link = &relink.link;
    let from = relink.from.iter().map(|from| format!("It was that of {}, who is not assigned any more.", from.okta_id));
    let former = relink.instead_of.iter();
    let former =
        former.map(|former| format!("Account {}, which was this person's, is not ours any more.", former.haiilo_id));
    let now = format!("Account {} ({}) is the account of {} now.", link.haiilo_id, link.user_name, link.okta_id);
    let told: Vec<String> = std::iter::once(now).chain(from).chain(former).collect();
    output::print(&format!("{}\n", told.join("\n")))?;
    Ok(Ending::Done)
}

/// Ends a link.
pub(super) async fn unlink(context: &Context, arguments: &DecisionArguments) -> Result<Ending, Unfinished> {
    let DecisionArguments { login, reason } = arguments;
    let wiring = Wiring::new(context.settings()?)?;
    let (ends, prepared) = read(context, &wiring, "unlink").await?;
    let (_, _, memory) = prepared.basis();
    let link = decision::linked(memory, login);
    let done = match &link {
        Ok(link) => ends.store.unlink(link, &mandate(context, reason.as_deref()), prepared.now).await,
        Err(_) => Ok(()),
    };
    ends.store.close().await?;
    let link = link.map_err(Unfinished::misconfigured)?;
    done?;
    output::print(&format!(
        "Account {} ({}) is not ours any more, and {} has none. If both carry one userName, the next run wants to adopt it.\n",
        link.haiilo_id, link.user_name, link.okta_id
    ))?;
    Ok(Ending::Done)
}

/// Says that a person is nobody else.
pub(super) async fn release(context: &Context, arguments: &DecisionArguments) -> Result<Ending, Unfinished> {
    let DecisionArguments { login, reason } = arguments;
    let wiring = Wiring::new(context.settings()?)?;
    let (ends, prepared) = read(context, &wiring, "release").await?;
    let (people, _, _) = prepared.basis();
    let person = decision::assigned(people, login);
    let done = match &person {
        Ok(person) => ends.store.release(person, &mandate(context, reason.as_deref()), prepared.now).await,
        Err(_) => Ok(()),
    };
    ends.store.close().await?;
    let person = person.map_err(Unfinished::misconfigured)?;
    done?;
    output::print(&format!("{} is nobody else from now on; `plan` shows what follows.\n", person.id))?;
    Ok(Ending::Done)
}

/// Reads both sides under the lock, as a cycle does.
pub(super) async fn read<'w>(
    context: &Context,
    wiring: &'w Wiring,
    what: &str,
) -> Result<(Ends<'w, Store>, Prepared), Unfinished> {
    let lock = sync::lock(wiring, what).await?;
    let ends = Ends { wiring, store: Store::open(wiring.store.clone(), lock).await? };
    let bars = Bars::new(context.progress);
    let prepared = engine::prepare(&ends, &wiring.cycle, &Scope::Everybody, None, &bars).await;
    bars.clear();
    Ok((ends, prepared?))
}

pub(super) fn mandate(context: &Context, reason: Option<&str>) -> Mandate {
    Mandate {
        run: RunId::new(Uuid::new_v4().to_string()),
        approval: None,
        by: context.invoker.describe(),
        reason: reason.map(str::to_owned),
    }
}

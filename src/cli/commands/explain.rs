//! `explain LOGIN`: everything about one person. It is built without a writer, so it cannot write.

use std::collections::BTreeSet;

use crate::cli::adapters::StoreAdapters;
use crate::cli::args::ExplainFormat;
use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::cli::output;
use crate::domain::model::account::Account;
use crate::domain::model::ids::OktaUserId;
use crate::domain::state::journal::JournalFilter;
use crate::engine::{CycleError, Prepared, Scope};
use crate::ports::StoreReader as _;
use crate::report::{self, LoginExplanation, PersonExplanation};
use crate::store::ReadStore;

/// Explains.
pub(in crate::cli) async fn run(context: &Context, login: &str, format: ExplainFormat) -> CommandResult {
    let wiring = context.wiring()?;
    let adapters = StoreAdapters::read_only(&wiring);
    let prepared = adapters.prepare(context, &Scope::Everybody).await?;
    let answer = answer(&adapters, &prepared, login).await?;
    if answer.people.is_empty() && answer.unmanaged.is_empty() {
        return Err(CycleError::NobodyOfThisName.into());
    }
    output::print(&match format {
        ExplainFormat::Text => report::explain(&answer, context.screen.width),
        ExplainFormat::Json => report::explain_json(&answer),
    })?;
    Ok(ExitStatus::Done)
}

/// Everything about the people that a login names.
async fn answer(
    adapters: &StoreAdapters<'_, ReadStore>,
    prepared: &Prepared,
    login: &str,
) -> CommandResult<LoginExplanation> {
    let wiring = adapters.wiring;
    let input = prepared.input(&wiring.cycle);
    let meant = meant(adapters, prepared, login).await?;
    let mut people = Vec::new();
    for id in &meant {
        let status = wiring.source.look_up(id.as_str()).await?.into_iter().find(|found| found.id == *id);
        let status = status.map(|found| found.status);
        let explanation = prepared.explain(adapters, &wiring.cycle, id.clone(), status).await?;
        let search = JournalFilter { person: Some(id.to_string()), run: None, since: None };
        people.push(PersonExplanation { explanation, journal: adapters.store.journal(&search).await? });
    }
    let is_told = |account: &&Account| {
        people.iter().any(|one| one.explanation.account.as_ref().is_some_and(|told| told.id == account.id))
    };
    let unmanaged = input.accounts_named(login).into_iter().filter(|account| !is_told(account)).cloned().collect();
    Ok(LoginExplanation { product: wiring.cycle.policy.product, people, unmanaged })
}

/// The people that a login names, by both listings and the store. People that only Okta or the journal knows are looked up there.
async fn meant(
    adapters: &StoreAdapters<'_, ReadStore>,
    prepared: &Prepared,
    login: &str,
) -> CommandResult<BTreeSet<OktaUserId>> {
    let mut meant = prepared.input(&adapters.wiring.cycle).people_named(login);
    if meant.is_empty() {
        meant.extend(adapters.wiring.source.look_up(login).await?.into_iter().map(|found| found.id));
    }
    if meant.is_empty() {
        let search = JournalFilter { person: Some(login.to_owned()), run: None, since: None };
        meant.extend(adapters.store.journal(&search).await?.into_iter().map(|entry| entry.okta_id));
    }
    Ok(meant)
}

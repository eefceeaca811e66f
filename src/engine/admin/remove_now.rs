//! A dismissal: the account of one person who is deactivated goes at once, without a grace, on the word of an operator.
//!
//! Everything else is as for any delete: evidence and the control person by Okta's own answers, the account read before, the journal.

use crate::domain::model::link::Link;
use crate::domain::plan::leaver::Evidence;
use crate::domain::plan::operation::{Action, Operation, RemovalMethod};
use crate::domain::plan::outcome::Conclusion;
use crate::domain::planning::operator::{self, ActRefused};
use crate::domain::state::journal::RunContext;
use crate::engine::executor::context::Executor;
use crate::engine::prepared::Prepared;
use crate::engine::settings::{CycleSettings, NoObserver};
use crate::ports::{AccountWriter, Adapters, StoreWriter};

/// Whose account it is, if it may go.
pub fn dismissed(prepared: &Prepared, settings: &CycleSettings, login: &str) -> Result<Link, ActRefused> {
    operator::dismissed(&prepared.input(settings), login).cloned()
}

/// Deletes the account, if Okta calls the user deactivated.
pub async fn dismiss<W: Adapters<Store: StoreWriter>>(
    world: &W,
    writer: &impl AccountWriter,
    settings: &CycleSettings,
    prepared: &Prepared,
    (link, run_context): (&Link, &RunContext),
) -> Conclusion {
    let executor = Executor::of(world, writer, settings, (prepared, run_context));
    let operation = Operation {
        okta_id: link.okta_id.clone(),
        user_name: link.user_name.clone(),
        action: Action::Delete {
            haiilo_id: link.haiilo_id.clone(),
            evidence: Evidence::Deactivated,
            means: RemovalMethod::Delete,
        },
    };
    let mut concluded = Vec::new();
    executor.departures(&[&operation], &mut concluded, &NoObserver).await;
    concluded.pop().expect("each operation is concluded")
}

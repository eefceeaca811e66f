//! What an operator does between two cycles of a story: `link`, `confirm-new`, `pause`, `resume` and `approve`.

use chrono::TimeDelta;
use okta_haiilo_sync::domain::model::ids::{ApprovalId, HaiiloId, RunId};
use okta_haiilo_sync::domain::state::journal::RunContext;
use okta_haiilo_sync::engine::{AdminError, ApprovedPlan, Operator, Prepared};
use okta_haiilo_sync::store::Store;

use crate::setup::world::{Ends, World, free_lock};

/// Links a person and an account: the same human.
pub(crate) async fn link(world: &World, okta_id: &str, account: &str) {
    let prepared = world.plan().await;
    let account = HaiiloId::new(account);
    act(world, async |operator| operator.link(&prepared, okta_id, &account).await).await.expect("linked");
}

/// Confirms that a person is new.
pub(crate) async fn confirm_new(world: &World, okta_id: &str) {
    let prepared: Prepared = world.plan().await;
    act(world, async |operator| operator.confirm_new(&prepared, okta_id).await).await.expect("confirmed");
}

/// Stops all writes for a time, or until `resume`.
pub(crate) async fn pause(world: &World, length: Option<TimeDelta>) {
    act(world, async |operator| operator.pause(length).await).await.expect("paused");
}

/// Lets writes go on.
pub(crate) async fn resume(world: &World) {
    act(world, async |operator| operator.resume().await).await.expect("resumed");
}

/// Approves a blocked plan.
pub(crate) async fn approve(world: &World, id: &ApprovalId) -> Result<ApprovedPlan, AdminError> {
    act(world, async |operator| operator.approve(id).await).await
}

async fn act<T>(
    world: &World,
    work: impl AsyncFnOnce(&Operator<'_, Ends<Store>>) -> Result<T, AdminError>,
) -> Result<T, AdminError> {
    let lock = free_lock(world.place(), "a story").await;
    let adapters = world.ends(Store::open(world.place(), lock).await.expect("a store"));
    let run_context = RunContext { run: RunId::new("by hand"), approval: None, by: "a story".to_owned(), reason: None };
    let done = work(&Operator { adapters: &adapters, settings: &world.settings, run_context }).await;
    adapters.store.close().await.expect("closed");
    done
}

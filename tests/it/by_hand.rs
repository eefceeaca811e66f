//! What an administrator decides between two cycles of a story, by `link` and `release`.

use okta_haiilo_sync::clock::Clock as _;
use okta_haiilo_sync::domain::model::ids::{HaiiloId, RunId};
use okta_haiilo_sync::domain::planning::operator;
use okta_haiilo_sync::domain::state::journal::RunContext;

use crate::world::World;

fn run_context() -> RunContext {
    RunContext { run: RunId::new("by hand"), approval: None, by: "a story".to_owned(), reason: None }
}

/// Makes an account a person's: the same human.
pub(crate) async fn link(world: &World, okta_id: &str, account: &str) {
    let prepared = world.plan().await;
    let relink = operator::relink(&prepared.input(&world.settings), okta_id, &HaiiloId::new(account)).expect("decided");
    world.with_store(async |store| store.relink(&relink, &run_context(), world.clock.now()).await).await;
}

/// Says that a person is nobody else.
pub(crate) async fn release(world: &World, okta_id: &str) {
    let prepared = world.plan().await;
    let person = operator::assigned(prepared.people(), okta_id).expect("somebody");
    world.with_store(async |store| store.confirm_new(person, &run_context(), world.clock.now()).await).await;
}

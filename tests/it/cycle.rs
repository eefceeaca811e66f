//! Stories of one cycle: a world in step, one thing changes, a cycle runs, both sides agree again.

use okta_haiilo_sync::domain::operation::Kind;

use crate::world::World;

#[tokio::test]
async fn three_people_are_planned_made_and_in_step() {
    let mut world = World::with_people(3).await;
    let prepared = world.plan().await;
    assert_eq!(prepared.plan.of_kind(Kind::Create).count(), 3);
    let report = world.sync_approved().await;
    assert_eq!(report.concluded.len(), 3);
    assert_eq!(world.haiilo.state().accounts().len(), 4);
    world.assert_converged().await;
}

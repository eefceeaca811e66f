//! Accounts that are made anew from the journal: new and empty, with the attributes that the deleted one had. What was in it cannot come back.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::domain::mapping::Mapping;
use crate::domain::model::ids::OktaUserId;
use crate::domain::plan::operation::{Action, Operation, OperationKind};
use crate::domain::plan::outcome::{Conclusion, OutcomeKind};
use crate::domain::planning::diff;
use crate::domain::scim::path;
use crate::domain::state::journal::{JournalEntry, JournalKind, RunContext};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::prepared::Prepared;
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountWriter, Adapters, StoreWriter};

/// What it takes to make the accounts anew that these entries deleted, in the order of the people. Who has an account by now is left out, as
/// is an entry that keeps nothing of the account.
pub fn anew(entries: &[JournalEntry], prepared: &Prepared, mapping: &Mapping) -> Vec<Operation> {
    let deleted = entries.iter().filter(|entry| {
        entry.kind == JournalKind::Account(OperationKind::Delete) && entry.outcome == Some(OutcomeKind::Done)
    });
    // Of several accounts of one person, the last one counts.
    let last: BTreeMap<&OktaUserId, &JournalEntry> = deleted.map(|entry| (&entry.okta_id, entry)).collect();
    let is_gone = |entry: &&&JournalEntry| prepared.state.links.of_person(&entry.okta_id).is_none();
    last.values().filter(is_gone).filter_map(|entry| operation(entry, mapping)).collect()
}

fn operation(entry: &JournalEntry, mapping: &Mapping) -> Option<Operation> {
    let (name, Some(Json::Object(before))) = (entry.user_name.as_ref()?, &entry.before) else { return None };
    let changes = diff::changes_of_new(mapping, name, |slot| {
        let path = &mapping.rules()[slot].path;
        path.read(path::entry(before, path.top())?)
    });
    let action = Action::Create { changes, replaces: None, waits_for: None };
    Some(Operation { okta_id: entry.okta_id.clone(), user_name: name.clone(), action })
}

/// Makes them. The caller has pinned the people, so that nobody of them is a leaver before they were assigned once.
pub async fn make_anew<W: Adapters<Store: StoreWriter>>(
    world: &W,
    writer: &impl AccountWriter,
    settings: &CycleSettings,
    prepared: &Prepared,
    (operations, run_context): (&[Operation], &RunContext),
) -> Vec<Conclusion> {
    let executor = Executor::of(world, writer, settings, (prepared, run_context));
    let mut concluded = Vec::new();
    for operation in operations {
        let outcome = executor.create(operation, None, Caution::Canary).await;
        concluded.push(executor.concluded(operation, outcome));
    }
    concluded
}

//! Making accounts again that this program deleted, from the journal: new and empty, with the attributes that the deleted ones had. What was
//! in them cannot come back.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::domain::mapping::Mapping;
use crate::domain::model::ids::OktaUserId;
use crate::domain::plan::operation::{Action, Operation, OperationKind};
use crate::domain::plan::outcome::{Conclusion, OutcomeKind};
use crate::domain::planning::diff;
use crate::domain::planning::operator::ActRefused;
use crate::domain::scim::path;
use crate::domain::state::journal::{JournalEntry, JournalFilter, JournalKind};
use crate::engine::admin::operator::{AdminError, Operator};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::prepared::Prepared;
use crate::ports::{AccountWriter, ActWriter, Adapters, StoreReader as _};

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// The operations that make the accounts again which these entries of the journal deleted, in the order of the people. A person who has
    /// an account by now is left out, as is an entry that keeps nothing of the account.
    pub async fn recreation(&self, prepared: &Prepared, filter: &JournalFilter) -> Result<Vec<Operation>, AdminError> {
        let entries = self.adapters.store().journal(filter).await?;
        let deleted = entries.iter().filter(|entry| {
            entry.kind == JournalKind::Account(OperationKind::Delete) && entry.outcome == Some(OutcomeKind::Done)
        });
        // Of several accounts of one person, the last one counts.
        let last: BTreeMap<&OktaUserId, &JournalEntry> = deleted.map(|entry| (&entry.okta_id, entry)).collect();
        let has_none = |entry: &&&JournalEntry| prepared.state.links.of_person(&entry.okta_id).is_none();
        let mapping = &self.settings.mapping;
        Ok(last.values().filter(has_none).filter_map(|entry| operation(entry, mapping)).collect())
    }

    /// Makes the accounts. The people are not leavers before they were assigned once.
    pub async fn recreate(
        &self,
        writer: &impl AccountWriter,
        prepared: &Prepared,
        operations: &[Operation],
    ) -> Result<Vec<Conclusion>, AdminError> {
        if let Some(pause) = prepared.state.pause_at(prepared.now) {
            return Err(ActRefused::Paused(pause.by.clone()).into());
        }
        let people: Vec<_> = operations.iter().map(|operation| &operation.okta_id).collect();
        self.adapters.store().mark_recreated(&people, prepared.now).await?;
        let executor = Executor::of(self.adapters, writer, self.settings, (prepared, &self.run_context));
        let mut concluded = Vec::new();
        for operation in operations {
            let outcome = executor.create(operation, None, Caution::Canary).await;
            concluded.push(executor.concluded(operation, outcome));
        }
        Ok(concluded)
    }
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

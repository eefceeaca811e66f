//! The acts that write to Haiilo: deleting the account of one deactivated person at once, without the grace period, and making accounts again
//! that this program deleted.
//!
//! A delete is as any other: evidence and the control person by Okta's own answers, the account read before, the journal. An account that is
//! made again is new and empty, with the attributes that the journal keeps of the deleted one.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::domain::mapping::Mapping;
use crate::domain::model::assignment::UserStatus;
use crate::domain::model::ids::OktaUserId;
use crate::domain::model::link::Link;
use crate::domain::plan::evidence::Evidence;
use crate::domain::plan::operation::{Action, Operation, OperationKind, RemovalMethod};
use crate::domain::plan::outcome::{Conclusion, OutcomeKind};
use crate::domain::planning::diff;
use crate::domain::planning::operator::{self, ActRefused};
use crate::domain::scim::path;
use crate::domain::state::journal::{JournalEntry, JournalFilter, JournalKind};
use crate::engine::admin::operator::{AdminError, Operator};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::prepared::Prepared;
use crate::engine::settings::NoObserver;
use crate::ports::{AccountWriter, ActWriter, Adapters, AssignmentSource as _, StoreReader as _};

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// The link whose account may be deleted at once: nothing protects it, and Okta says that the user is deactivated.
    pub async fn removable(&self, prepared: &Prepared, login: &str) -> Result<Link, AdminError> {
        let link = operator::removable(&prepared.input(self.settings), login)?.clone();
        let id = &link.okta_id;
        let user =
            self.adapters.source().user(id).await.map_err(|failure| AdminError::OktaUser(id.clone(), failure))?;
        match user.map(|user| user.status) {
            Some(UserStatus::Deactivated) => Ok(link),
            Some(_) => Err(ActRefused::NotDeactivated(id.clone()).into()),
            None => Err(ActRefused::NotInOkta(id.clone()).into()),
        }
    }

    /// Deletes the account of a link that is [`removable`](Self::removable).
    pub async fn remove(&self, writer: &impl AccountWriter, prepared: &Prepared, link: &Link) -> Conclusion {
        let executor = Executor::new(self.adapters, writer, self.settings, prepared, &self.run_context);
        let operation = Operation {
            okta_id: link.okta_id.clone(),
            user_name: link.user_name.clone(),
            action: Action::Delete {
                haiilo_id: link.haiilo_id.clone(),
                evidence: Evidence::Deactivated,
                method: RemovalMethod::Delete,
            },
        };
        let mut concluded = Vec::new();
        executor.remove_accounts(&[&operation], &mut concluded, &NoObserver).await;
        concluded.pop().expect("each operation is concluded")
    }

    /// The operations that make the accounts again which these entries of the journal deleted, in the order of the people. A person who has
    /// an account by now is left out, as is an entry that keeps nothing of the account.
    pub async fn recreation(&self, prepared: &Prepared, filter: &JournalFilter) -> Result<Vec<Operation>, AdminError> {
        let entries = self.adapters.store().journal(filter).await?;
        let deleted = entries.iter().filter(|entry| {
            entry.kind == JournalKind::Account(OperationKind::Delete) && entry.outcome == Some(OutcomeKind::Done)
        });
        // Of several accounts of one person, the last one counts.
        let last: BTreeMap<&OktaUserId, &JournalEntry> = deleted.map(|entry| (&entry.okta_id, entry)).collect();
        let has_none = |entry: &&&JournalEntry| prepared.state().links.of_person(&entry.okta_id).is_none();
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
        if let Some(pause) = prepared.collected.pause() {
            return Err(ActRefused::Paused(pause.by.clone()).into());
        }
        let people: Vec<_> = operations.iter().map(|operation| &operation.okta_id).collect();
        self.adapters.store().mark_recreated(&people, prepared.collected.now).await?;
        let executor = Executor::new(self.adapters, writer, self.settings, prepared, &self.run_context);
        let mut concluded = Vec::new();
        for operation in operations {
            let (Ok(outcome) | Err(outcome)) = executor.create(operation, None, Caution::Canary).await;
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

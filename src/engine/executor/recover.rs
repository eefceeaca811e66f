//! Operations whose end an earlier cycle did not learn: the program stopped in between, or an answer was lost. The present state of the
//! account shows how the operation ended, and nothing is repeated blindly.

use crate::domain::model::account::Activity;
use crate::domain::plan::operation::OperationKind;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::state::journal::EntryId;
use crate::domain::state::sync_state::OpenOperation;
use crate::engine::executor::activate::removed_accounts;
use crate::engine::executor::context::Executor;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, StoreFailure, StoreWriter};

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Before the plan is applied: all kinds but creates, which are settled when the person has an account.
    pub(crate) async fn settle_open(&self) -> Result<(), StoreFailure> {
        for open in self.state.open.iter().filter(|open| open.kind != OperationKind::Create) {
            if let Some((outcome, effects)) = self.end_of(open).await {
                self.adapters.store().conclude(EntryId(open.entry), &outcome, &effects, self.now()).await?;
            }
        }
        Ok(())
    }

    /// How an operation ended; nothing where the account could not be read.
    async fn end_of(&self, open: &OpenOperation) -> Option<(Outcome, Vec<Effect>)> {
        let held = |why: &str| (Outcome::Held(why.to_owned()), Vec::new());
        let (OperationKind::Reactivate | OperationKind::Deactivate | OperationKind::Delete, Some(id)) =
            (open.kind, &open.haiilo_id)
        else {
            return Some(held("settled by the next plan, which compared the account anew"));
        };
        let found = self.adapters.reader().get(id).await.ok()?;
        let is_active = found.as_ref().is_some_and(|whole| whole.account.activity == Activity::Active);
        let okta_id = &open.okta_id;
        Some(match (open.kind, is_active) {
            (OperationKind::Reactivate, true) => (Outcome::Done, vec![Effect::Returned(okta_id.clone())]),
            (OperationKind::Reactivate, false) => held("the account is not active"),
            (OperationKind::Deactivate, true) => held("the account is active"),
            (OperationKind::Deactivate, false) => (Outcome::Done, removed_accounts(okta_id, id, found.as_ref())),
            _ if found.is_some() => held("the account is there"),
            _ => (Outcome::Done, vec![Effect::Unlinked(okta_id.clone(), id.clone())]),
        })
    }

    /// After the plan is applied: creates whose person has an account now.
    pub(crate) async fn settle_creates(&self) -> Result<(), StoreFailure> {
        for open in self.state.open.iter().filter(|open| open.kind == OperationKind::Create) {
            let linked = self.state.links.of_person(&open.okta_id).map(|link| link.haiilo_id.clone());
            if let Some(id) = linked.or_else(|| self.run.account_of(&open.okta_id)) {
                let outcome = Outcome::Held(format!("the person has account {id}"));
                self.adapters.store().conclude(EntryId(open.entry), &outcome, &[], self.now()).await?;
            }
        }
        Ok(())
    }
}

//! Activity: accounts of people who left that are deactivated instead of deleted, and made active when their people come back.
//!
//! What a deactivation does is the deprovision policy of the intranet's user directory, which no call shows: each account is read back.

use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::{HaiiloId, OktaUserId};
use crate::domain::model::policy::{Deprovision, Product, RemovalEffect};
use crate::domain::plan::leaver::RemovedAccount;
use crate::domain::plan::operation::{Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::engine::executor::context::{Executor, as_planned};
use crate::engine::executor::run_state::Stop;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, FailureKind, StoreWriter};

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Sends a deactivation and reads the account afterwards.
    pub(crate) async fn send_deactivation(&self, operation: &Operation, id: &HaiiloId) -> (Outcome, Vec<Effect>) {
        let answer = self.writer.set_activity(id, Activity::Inactive).await;
        self.run.ended(operation.kind(), &answer);
        match &answer {
            Ok(()) => {}
            // The account was read a moment ago; reading it again shows what was done.
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Unknown) => {}
            Err(failure) => return (Outcome::Failed(failure.to_string()), Vec::new()),
        }
        match self.adapters.reader().get(id).await {
            Ok(Some(whole)) if whole.account.activity == Activity::Active => {
                let why = "Haiilo did not deactivate the account; look at it, and at the policy of the user directory";
                (Outcome::Failed(why.to_owned()), Vec::new())
            }
            Ok(whole) => {
                // What the configuration calls a deactivation was a delete: no further one is sent.
                let mut effects = removed_accounts(&operation.okta_id, id, whole.as_ref());
                if whole.is_none() && self.policy().deprovision == Deprovision::Deactivate {
                    self.run.stop(Stop::DeactivationDeletes(id.clone()));
                    effects.push(Effect::DeactivationDeleted(id.clone()));
                }
                (Outcome::Done, effects)
            }
            Err(failure) => (Outcome::Unknown(failure.to_string()), Vec::new()),
        }
    }

    /// Makes an account active that we deactivated.
    pub(crate) async fn reactivate(&self, operation: &Operation, id: &HaiiloId) -> Result<Outcome, Outcome> {
        let whole = as_planned(operation, self.read(OperationKind::Reactivate, id).await?)?;
        let entry = self.intend(operation, Some(serde_json::Value::Object(whole.resource))).await?;
        let (outcome, effects) = self.send_activation(&operation.okta_id, id).await;
        self.conclude(entry, outcome, &effects).await
    }

    /// Sends an activation and reads the account afterwards. It is sent once: an account that stays inactive does so by the directory's
    /// policy.
    pub(crate) async fn send_activation(&self, okta_id: &OktaUserId, id: &HaiiloId) -> (Outcome, Vec<Effect>) {
        let answer = self.writer.set_activity(id, Activity::Active).await;
        self.run.ended(OperationKind::Reactivate, &answer);
        match &answer {
            Ok(()) => {}
            Err(failure) if failure.kind == FailureKind::Unknown => {}
            Err(failure) => return (Outcome::Failed(failure.to_string()), Vec::new()),
        }
        let returned = vec![Effect::Returned(okta_id.clone())];
        match (self.adapters.reader().get(id).await, answer) {
            (Ok(Some(whole)), _) if whole.account.activity == Activity::Active => (Outcome::Done, returned),
            (Ok(Some(_)), Ok(())) => (Outcome::DoneExcept(vec!["active".into()]), returned),
            (Ok(Some(_)), Err(failure)) => (Outcome::Failed(failure.to_string()), Vec::new()),
            (Ok(None), _) => (
                Outcome::Failed("the account was gone after its activation; look for it in Haiilo".to_owned()),
                Vec::new(),
            ),
            (Err(failure), _) => (Outcome::Unknown(failure.to_string()), Vec::new()),
        }
    }
}

/// What the store must know of an account that was to be deactivated: it is inactive, or it is gone.
pub(crate) fn removed_accounts(okta_id: &OktaUserId, id: &HaiiloId, whole: Option<&WholeAccount>) -> Vec<Effect> {
    match whole {
        Some(_) => {
            let removed_accounts = RemovedAccount { haiilo_id: id.clone(), effect: RemovalEffect::Deactivated };
            vec![Effect::RemovedAccount(okta_id.clone(), removed_accounts)]
        }
        None => gone(Product::Intranet, okta_id, id),
    }
}

/// What the store must know of an account that is deleted. The intranet can restore it; Advocacy cannot.
pub(crate) fn gone(product: Product, okta_id: &OktaUserId, id: &HaiiloId) -> Vec<Effect> {
    let unlinked = Effect::Unlinked(okta_id.clone(), id.clone());
    match product {
        Product::Advocacy => vec![unlinked],
        Product::Intranet => {
            let removed_accounts = RemovedAccount { haiilo_id: id.clone(), effect: RemovalEffect::Deleted };
            vec![unlinked, Effect::RemovedAccount(okta_id.clone(), removed_accounts)]
        }
    }
}

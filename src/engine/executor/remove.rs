//! Deactivations and deletes: one after the other, each after the evidence and the account were read again. What is deleted in Advocacy
//! cannot come back.

use std::time::Duration;

use crate::clock::Clock as _;
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::word::Word as _;
use crate::domain::plan::evidence::{Evidence, Sighting};
use crate::domain::plan::operation::{Operation, OperationKind, RemovalMethod};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::leaver_decision;
use crate::engine::evidence;
use crate::engine::executor::activate::gone;
use crate::engine::executor::context::Executor;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, FailureKind, StoreWriter};

/// How long evidence is fresh enough for a delete.
const EVIDENCE_LASTS: Duration = Duration::from_mins(1);

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Whether the calls that make evidence find a person who is assigned; without that, nobody is deleted in this run.
    pub(crate) async fn control(&self) -> Result<(), Outcome> {
        self.may_begin(OperationKind::Delete)?;
        let why = match self.control_person() {
            None => "nobody is left who could show that Okta finds assigned people by id".to_owned(),
            Some(id) => match evidence::control(self.adapters.source(), id).await {
                Ok(true) => return Ok(()),
                Ok(false) => format!("{id} is listed as assigned, and was not found so by id"),
                Err(failure) => failure.to_string(),
            },
        };
        Err(Outcome::NotAttempted(why))
    }

    /// Deactivates or deletes an account.
    pub(crate) async fn remove_account(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        expected: Evidence,
        method: RemovalMethod,
    ) -> Result<Outcome, Outcome> {
        let asked = self.adapters.clock().monotonic();
        self.check_evidence(operation, expected).await?;
        let whole = self.read_before_delete(operation, id).await?;
        // If a server made us wait, the evidence is old.
        if self.adapters.clock().monotonic().saturating_sub(asked) > EVIDENCE_LASTS {
            let why =
                "more than a minute passed over taking evidence and reading the account; the next cycle does both anew";
            return Err(Outcome::NotAttempted(why.to_owned()));
        }
        let entry = self.intend(operation, Some(serde_json::Value::Object(whole.resource))).await?;
        let (outcome, effects) = match method {
            RemovalMethod::Deactivation => self.send_deactivation(operation, id).await,
            RemovalMethod::Delete => self.send_delete(operation, id).await,
        };
        self.conclude(entry, outcome, &effects).await
    }

    /// Reads the evidence again: it must be the one that the plan was made with.
    async fn check_evidence(&self, operation: &Operation, expected: Evidence) -> Result<(), Outcome> {
        let found = evidence::of(self.adapters.source(), self.policy().statuses, &operation.okta_id).await;
        Err(Outcome::Held(match found.map(|(sighting, _)| sighting) {
            Ok(Sighting::Left(evidence)) if evidence == expected => return Ok(()),
            Ok(Sighting::Left(evidence)) => format!("the evidence has become another one: {}", evidence.as_str()),
            Ok(Sighting::StillAssigned) => "the person is assigned again".to_owned(),
            Ok(Sighting::Unclear(what)) => format!("no evidence any more: {what}"),
            Err(failure) => format!("evidence could not be taken again: {failure}"),
        }))
    }

    /// Reads the account once more: it must be the linked one, not protected, and not the owner of our token.
    async fn read_before_delete(&self, operation: &Operation, id: &HaiiloId) -> Result<WholeAccount, Outcome> {
        let held = |why: &str| Err(Outcome::Held(why.to_owned()));
        let Some(whole) = self.read(OperationKind::Delete, id).await? else {
            return held("the account is not there any more; it was deleted by somebody else");
        };
        let Some(name) = &whole.account.user_name else { return held("the account shows no userName") };
        if whole.account.id != *id {
            return held("Haiilo answered with another account");
        }
        if !name.same_as(&operation.user_name) {
            return held("the link does not fit: the account carries another userName than when it was last seen");
        }
        if self.policy().owns_token(name) {
            return held("our own token would die with this account");
        }
        if leaver_decision::protection(self.policy(), self.state, id, [name]).is_some() {
            return held("the account is protected");
        }
        Ok(whole)
    }

    async fn send_delete(&self, operation: &Operation, id: &HaiiloId) -> (Outcome, Vec<Effect>) {
        let outcome = self.delete_and_check(id).await;
        let effects = match outcome {
            Outcome::Done => gone(self.policy().product, &operation.okta_id, id),
            _ => Vec::new(),
        };
        (outcome, effects)
    }

    async fn delete_and_check(&self, id: &HaiiloId) -> Outcome {
        let answer = self.writer.delete(id).await;
        self.run.ended(OperationKind::Delete, &answer);
        match &answer {
            Ok(()) => {}
            // The account was read a moment ago; that it is gone now is what was asked for.
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Unknown) => {}
            Err(failure) => return Outcome::Failed(failure.to_string()),
        }
        // Gone, or kept by the server as inactive: both are a deleted account.
        match self.adapters.reader().get(id).await {
            Ok(None) => Outcome::Done,
            Ok(Some(whole)) if whole.account.activity == Activity::Inactive => Outcome::Done,
            // It was accepted, and may be done later: it counts, and the next cycle checks.
            Ok(Some(_)) if answer.is_ok() => {
                Outcome::Unknown("Haiilo accepted the delete, and still shows the account".to_owned())
            }
            Ok(Some(_)) => {
                Outcome::Failed("the account is still there after the delete; look at it in Haiilo".to_owned())
            }
            Err(failure) => Outcome::Unknown(failure.to_string()),
        }
    }
}

//! Updates: the changed paths alone, checked afterwards; what Haiilo does not keep is rejected, and everything else of the person goes on.

use compact_str::CompactString;

use crate::clock::Clock as _;
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Product;
use crate::domain::plan::cycle_plan::remembered_value;
use crate::domain::plan::operation::{Action, Change, ChangeKind, Element, Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::scim::value::Value;
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::executor::verify::{self, AccountAfter, Trust};
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Failure, FailureKind, Fallback, StoreWriter};

/// How one attempt to send changes ended.
enum SendResult {
    /// The account was seen afterwards.
    AccountAfter(Box<WholeAccount>),
    /// It ended otherwise, and everything about it is written down.
    SendEnd(Outcome),
    /// Haiilo refused the values, and nothing was done.
    Refused(Failure),
    /// These changes cannot be made now, which is written down; the others may be.
    Without(ChangeKind, Outcome),
}

/// How one attempt ended, for the journal, what follows from it for the store, and for the caller.
type SendEnd = (Outcome, Vec<Effect>, SendResult);

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Changes an account.
    pub(crate) async fn update(&self, operation: &Operation, id: &HaiiloId, caution: Caution) -> Outcome {
        let before = match self.before_update(operation, id, caution).await {
            Ok(before) => before,
            Err(outcome) => return outcome,
        };
        match self.send(operation, id, before.as_ref(), caution).await {
            SendResult::SendEnd(outcome) => outcome,
            SendResult::AccountAfter(after) => self.check(operation, before.as_ref(), &after, caution).await,
            SendResult::Without(kind, outcome) => self.without(operation, id, kind, outcome).await,
            // One bad value must not keep all others of the person back.
            SendResult::Refused(_) if operation.changes().len() > 1 => self.one_by_one(operation, id).await,
            // Where the server took the path before, it is the value that it does not like; else nothing is rejected.
            SendResult::Refused(failure) if caution == Caution::Routine || self.canaries.knows_paths(operation) => {
                self.park(operation, &failure).await
            }
            SendResult::Refused(failure) => Outcome::Failed(failure.to_string()),
        }
    }

    /// Reads the account again before a rename and before a canary: it must still be the one that the plan was made for.
    async fn before_update(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        caution: Caution,
    ) -> Result<Option<WholeAccount>, Outcome> {
        if caution == Caution::Routine && !operation.renames() {
            return Ok(None);
        }
        let found = match self.reads.take_account(id, self.adapters.clock().monotonic()) {
            Some(whole) => Ok(Some(whole)),
            None => self.adapters.reader().get(id).await,
        };
        match found {
            Err(failure) => {
                self.run.failed(OperationKind::Update, &failure);
                Err(Outcome::Failed(failure.to_string()))
            }
            Ok(None) => Err(Outcome::Held(
                "the account is not there any more; the next cycle will show it as missing".to_owned(),
            )),
            Ok(Some(whole)) => {
                let name = whole.account.user_name.as_ref();
                if name.is_none_or(|name| !name.same_as(&operation.user_name)) {
                    return Err(Outcome::Held(
                        "the account carries another userName than when it was listed".to_owned(),
                    ));
                }
                if whole.account.activity == Activity::Inactive && self.policy().product == Product::Advocacy {
                    return Err(Outcome::Held(
                        "the account has become inactive; a write to it may delete it".to_owned(),
                    ));
                }
                Ok(Some(whole))
            }
        }
    }

    /// Sends an update and writes it down. An attempt that was refused is left for the caller to judge.
    async fn send(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        before: Option<&WholeAccount>,
        caution: Caution,
    ) -> SendResult {
        let changes = operation.changes();
        let image = before.map(|whole| serde_json::Value::Object(whole.resource.clone()));
        let entry = match self.intend(operation, image).await {
            Ok(entry) => entry,
            Err(outcome) => return SendResult::SendEnd(outcome),
        };
        let (trust, fallback) = match caution {
            Caution::Canary => (Trust::ReadBack, Fallback::Allowed),
            Caution::Routine => (Trust::Answer, Fallback::Forbidden),
        };
        let (outcome, effects, attempt) = match self.writer.update(id, changes, fallback).await {
            Ok(answer) => {
                self.run.succeeded(OperationKind::Update);
                let reader = self.adapters.reader();
                match verify::look(reader, &self.run, self.mapping(), (id, changes), answer, trust).await {
                    AccountAfter::Account(after) => self.seen(operation, after),
                    AccountAfter::Unlisted => {
                        ended(Outcome::Failed("the account was gone after the update; look at it in Haiilo".to_owned()))
                    }
                    AccountAfter::Unread => ended(Outcome::Done),
                }
            }
            Err(failure) => {
                self.run.failed(OperationKind::Update, &failure);
                self.after_failure(operation, id, failure).await
            }
        };
        if let Err(failure) = self.adapters.store().conclude(entry, &outcome, &effects, self.now()).await {
            return SendResult::SendEnd(self.run.cannot_conclude(&failure));
        }
        if effects.iter().any(|effect| matches!(effect, Effect::Renamed(..)))
            && !matches!(&outcome, Outcome::DoneExcept(paths) if paths.iter().any(|path| path == USER_NAME))
        {
            self.run.renamed(id);
        }
        attempt
    }

    /// The account was seen after an update.
    fn seen(&self, operation: &Operation, after: Box<WholeAccount>) -> SendEnd {
        (self.kept(operation, &after), self.effects(operation, &after), SendResult::AccountAfter(after))
    }

    /// What a failure means. Where the answer was lost, a look tells what was done.
    async fn after_failure(&self, operation: &Operation, id: &HaiiloId, failure: Failure) -> SendEnd {
        let why = failure.to_string();
        match failure.kind {
            FailureKind::Unknown => match self.adapters.reader().get(id).await {
                Ok(Some(after)) if verify::not_kept(self.mapping(), &after.account, operation.changes()).is_empty() => {
                    self.seen(operation, Box::new(after))
                }
                Ok(_) => ended(Outcome::Failed(format!("{why}; the account does not show all that was sent"))),
                Err(_) => ended(Outcome::Unknown(why)),
            },
            FailureKind::NoSuchGroup => match group_of(operation) {
                Some(group) => {
                    without(ChangeKind::Group, Outcome::NoSuchGroup(group.clone()), Effect::GroupMissing(group))
                }
                None => ended(Outcome::Failed(why)),
            },
            FailureKind::NotFound => ended(Outcome::Held(
                "the account is not there any more; the next cycle will show it as missing".to_owned(),
            )),
            FailureKind::Conflict => {
                let why = format!("the userName is taken in Haiilo: {why}");
                match operation.changes().iter().find(|change| change.kind == ChangeKind::Rename) {
                    Some(rename) => {
                        let rejected = rejected(operation, rename, why.clone());
                        without(ChangeKind::Rename, Outcome::Held(why), rejected)
                    }
                    None => ended(Outcome::Failed(why)),
                }
            }
            kind if kind.is_about_values() => (Outcome::Failed(why), Vec::new(), SendResult::Refused(failure)),
            FailureKind::Refused(_)
            | FailureKind::BadRequest
            | FailureKind::CredentialsRefused
            | FailureKind::Forbidden
            | FailureKind::NoSeats
            | FailureKind::Changed
            | FailureKind::NotSent
            | FailureKind::Unreadable => ended(Outcome::Failed(why)),
        }
    }

    /// The group does not exist, or the userName is taken: that waits, and the rest of the person goes on.
    async fn without(&self, operation: &Operation, id: &HaiiloId, kind: ChangeKind, outcome: Outcome) -> Outcome {
        let (waiting, rest): (Vec<Change>, Vec<Change>) =
            operation.changes().iter().cloned().partition(|change| change.kind == kind);
        if rest.is_empty() {
            return outcome;
        }
        let rest = with_changes(operation, id, rest);
        let mut left_out = match Box::pin(self.update(&rest, id, self.canaries.caution(&rest))).await {
            Outcome::Done => Vec::new(),
            Outcome::DoneExcept(paths) => paths,
            other => return other,
        };
        left_out.extend(waiting.iter().map(path_of));
        left_out.sort();
        Outcome::DoneExcept(left_out)
    }

    /// Sends each change by itself, so that the refused ones are told from the others, which go on.
    async fn one_by_one(&self, operation: &Operation, id: &HaiiloId) -> Outcome {
        let (mut left_out, mut failed) = (Vec::new(), None);
        let mut changes = operation.changes().to_vec();
        for at in 0..changes.len() {
            let single = with_changes(operation, id, vec![changes[at].clone()]);
            match Box::pin(self.update(&single, id, self.canaries.caution(&single))).await {
                Outcome::Done => element_is_there(&mut changes, at),
                Outcome::DoneExcept(paths) => left_out.extend(paths),
                Outcome::NoSuchGroup(_) => left_out.push(path_of(&changes[at])),
                outcome @ Outcome::Failed(_) => failed = Some(outcome),
                outcome @ (Outcome::Held(_) | Outcome::Unknown(_) | Outcome::NotAttempted(_)) => return outcome,
            }
        }
        left_out.sort();
        failed.unwrap_or(if left_out.is_empty() { Outcome::Done } else { Outcome::DoneExcept(left_out) })
    }

    /// Parks the one value of an operation, as an entry of its own.
    async fn park(&self, single: &Operation, failure: &Failure) -> Outcome {
        let reason = format!("Haiilo refused the value: {failure}");
        let effects: Vec<Effect> =
            single.changes().iter().map(|change| rejected(single, change, reason.clone())).collect();
        let outcome = Outcome::DoneExcept(single.changes().iter().map(path_of).collect());
        match self.record(single, &outcome, &effects).await {
            Ok(()) => outcome,
            Err(outcome) => outcome,
        }
    }

    /// Looks whether a canary changed more than was sent.
    async fn check(
        &self,
        operation: &Operation,
        before: Option<&WholeAccount>,
        after: &WholeAccount,
        caution: Caution,
    ) -> Outcome {
        if let (Caution::Canary, Some(before)) = (caution, before) {
            if let Err(outcome) = self.judge_canary(operation, before, after).await {
                return outcome;
            }
            self.saw_canary(operation).await;
        }
        self.kept(operation, after)
    }

    /// The outcome that an account shows.
    fn kept(&self, operation: &Operation, after: &WholeAccount) -> Outcome {
        let paths = not_kept_paths(verify::not_kept(self.mapping(), &after.account, operation.changes()));
        if paths.is_empty() { Outcome::Done } else { Outcome::DoneExcept(paths) }
    }

    /// What the store shall know after an update: the name that the account carries, and the values that it did not keep.
    fn effects(&self, operation: &Operation, after: &WholeAccount) -> Vec<Effect> {
        let not_kept = verify::not_kept(self.mapping(), &after.account, operation.changes());
        let mut effects: Vec<Effect> = not_kept
            .iter()
            .map(|change| rejected(operation, change, "Haiilo answered, and did not keep the value".to_owned()))
            .collect();
        if operation.renames()
            && let Some(name) = &after.account.user_name
        {
            effects.push(Effect::Renamed(operation.okta_id.clone(), name.clone()));
        }
        effects
    }
}

const USER_NAME: &str = "userName";

fn ended(outcome: Outcome) -> SendEnd {
    (outcome.clone(), Vec::new(), SendResult::SendEnd(outcome))
}

fn without(kind: ChangeKind, outcome: Outcome, effect: Effect) -> SendEnd {
    (outcome.clone(), vec![effect], SendResult::Without(kind, outcome))
}

fn rejected(operation: &Operation, change: &Change, reason: String) -> Effect {
    Effect::ValueRejected {
        okta_id: operation.okta_id.clone(),
        path: path_of(change),
        value: remembered_value(change.to.as_ref()),
        reason,
    }
}

/// The element that a change has added is there for the changes behind it.
fn element_is_there(changes: &mut [Change], at: usize) {
    let element = |change: &Change| change.path.to_string().rsplit_once("].").map(|(element, _)| element.to_owned());
    let (Element::ToBeAdded, Some(added)) = (changes[at].element, element(&changes[at])) else { return };
    for change in changes.iter_mut().skip(at + 1).filter(|change| element(change).as_ref() == Some(&added)) {
        change.element = Element::There;
    }
}

/// The group that an operation asks for.
pub(crate) fn group_of(operation: &Operation) -> Option<CompactString> {
    operation.changes().iter().find_map(|change| match (change.kind, &change.to) {
        (ChangeKind::Group, Some(Value::Text(group))) => Some(group.clone()),
        _ => None,
    })
}

fn with_changes(operation: &Operation, id: &HaiiloId, changes: Vec<Change>) -> Operation {
    Operation { action: Action::Update { haiilo_id: id.clone(), changes, waits_for: None }, ..operation.clone() }
}

pub(crate) fn path_of(change: &Change) -> CompactString {
    change.path.to_string().into()
}

fn not_kept_paths(changes: Vec<&Change>) -> Vec<CompactString> {
    changes.into_iter().map(path_of).collect()
}

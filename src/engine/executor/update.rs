//! Updates: only the changed paths, checked afterwards; what Haiilo does not keep is rejected, and everything else of the person goes on.

use compact_str::CompactString;

use crate::clock::Clock as _;
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Product;
use crate::domain::plan::operation::{Action, Change, ChangeKind, Element, Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::scim::value::Value;
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::{ACCOUNT_GONE, Executor, as_planned};
use crate::engine::executor::verify::{self, path_of, rejected};
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Failure, FailureKind, Fallback, StoreWriter};

/// How one attempt to send changes ended, and what follows from it.
struct Sent {
    outcome: Outcome,
    effects: Vec<Effect>,
    next: AfterSend,
}

/// What follows from an attempt for the rest of the operation.
enum AfterSend {
    /// Nothing: it ended, and everything about it is written down.
    Nothing,
    /// The account was seen afterwards, and is checked where it is a canary.
    Check(Box<WholeAccount>),
    /// These changes cannot be made now; the others may be.
    Without(ChangeKind),
    /// Haiilo refused the values, and nothing was done.
    Refused(Failure),
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Changes an account.
    pub(crate) async fn update(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        caution: Caution,
    ) -> Result<Outcome, Outcome> {
        let before = self.before_update(operation, id, caution).await?;
        let Sent { outcome, effects: _, next } = self.send(operation, id, before.as_ref(), caution).await?;
        match next {
            AfterSend::Check(after) => {
                if let (Caution::Canary, Some(before)) = (caution, before) {
                    let sent: Vec<String> = operation.changes().iter().flat_map(Change::touches).collect();
                    self.judge_canary(&self.run, operation.canary(), after.changed_besides(&before, &sent)).await?;
                    self.saw_canary(operation).await;
                }
                Ok(outcome)
            }
            AfterSend::Without(kind) => self.without(operation, id, kind, outcome).await,
            // One bad value must not keep all others of the person back.
            AfterSend::Refused(_) if operation.changes().len() > 1 => self.one_by_one(operation, id).await,
            // Where the server accepted the path before, it rejects the value; else nothing is rejected.
            AfterSend::Refused(failure) if caution == Caution::Routine || self.canaries.knows_paths(operation) => {
                self.reject(operation, &failure).await
            }
            AfterSend::Nothing | AfterSend::Refused(_) => Ok(outcome),
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
            Some(whole) => Some(whole),
            None => self.read(OperationKind::Update, id).await?,
        };
        let whole = as_planned(operation, found)?;
        if whole.account.activity == Activity::Inactive && self.policy().product == Product::Advocacy {
            return Err(Outcome::Held("the account has become inactive; a write to it may delete it".to_owned()));
        }
        Ok(Some(whole))
    }

    /// Sends an update and writes it down. An attempt that was refused is left for the caller to judge.
    async fn send(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        before: Option<&WholeAccount>,
        caution: Caution,
    ) -> Result<Sent, Outcome> {
        let image = before.map(|whole| serde_json::Value::Object(whole.resource.clone()));
        let entry = self.intend(operation, image).await?;
        let fallback = match caution {
            Caution::Canary => Fallback::Allowed,
            Caution::Routine => Fallback::Forbidden,
        };
        let sent = match self.writer.update(id, operation.changes(), fallback).await {
            Ok(answer) => {
                self.run.succeeded(OperationKind::Update);
                match self.read_after(operation, id, answer, caution).await {
                    Ok(Some(after)) => self.seen(operation, after),
                    Ok(None) => {
                        ended(Outcome::Failed("the account was gone after the update; look at it in Haiilo".to_owned()))
                    }
                    Err(_) => ended(Outcome::Done),
                }
            }
            Err(failure) => {
                self.run.failed(OperationKind::Update, &failure);
                self.after_failure(operation, id, failure).await
            }
        };
        self.conclude(entry, sent.outcome.clone(), &sent.effects).await?;
        if sent.effects.iter().any(|effect| matches!(effect, Effect::Renamed(..)))
            && !matches!(&sent.outcome, Outcome::DoneExcept(paths) if paths.iter().any(|path| path == USER_NAME))
        {
            self.run.renamed(id);
        }
        Ok(sent)
    }

    /// The account was seen after an update. The store learns the name that it carries, and the values that it did not keep.
    fn seen(&self, operation: &Operation, after: WholeAccount) -> Sent {
        let not_kept = verify::not_kept(self.mapping(), &after.account, operation.changes());
        let why = "Haiilo answered, and did not keep the value";
        let mut effects: Vec<Effect> =
            not_kept.iter().map(|change| rejected(operation, change, why.to_owned())).collect();
        if operation.renames()
            && let Some(name) = &after.account.user_name
        {
            effects.push(Effect::Renamed(operation.okta_id.clone(), name.clone()));
        }
        let outcome = Outcome::done_except(not_kept.into_iter().map(path_of).collect());
        Sent { outcome, effects, next: AfterSend::Check(Box::new(after)) }
    }

    /// What a failure means. Where the answer was lost, reading the account shows what was done.
    async fn after_failure(&self, operation: &Operation, id: &HaiiloId, failure: Failure) -> Sent {
        let why = failure.to_string();
        match failure.kind {
            FailureKind::Unknown => match self.adapters.reader().get(id).await {
                Ok(Some(after)) if verify::not_kept(self.mapping(), &after.account, operation.changes()).is_empty() => {
                    self.seen(operation, after)
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
            FailureKind::NotFound => ended(Outcome::Held(ACCOUNT_GONE.to_owned())),
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
            kind if kind.is_about_values() => {
                Sent { outcome: Outcome::Failed(why), effects: Vec::new(), next: AfterSend::Refused(failure) }
            }
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

    /// The group does not exist, or the userName is in use: that waits, and the rest of the person goes on.
    async fn without(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        kind: ChangeKind,
        outcome: Outcome,
    ) -> Result<Outcome, Outcome> {
        let (waiting, rest): (Vec<Change>, Vec<Change>) =
            operation.changes().iter().cloned().partition(|change| change.kind == kind);
        if rest.is_empty() {
            return Ok(outcome);
        }
        let rest = with_changes(operation, id, rest);
        let mut left_out = match Box::pin(self.update(&rest, id, self.canaries.caution(&rest))).await? {
            Outcome::Done => Vec::new(),
            Outcome::DoneExcept(paths) => paths,
            other => return Ok(other),
        };
        left_out.extend(waiting.iter().map(path_of));
        left_out.sort();
        Ok(Outcome::DoneExcept(left_out))
    }

    /// Sends each change by itself, to find the refused ones; the others go on.
    async fn one_by_one(&self, operation: &Operation, id: &HaiiloId) -> Result<Outcome, Outcome> {
        let (mut left_out, mut failed) = (Vec::new(), None);
        let mut changes = operation.changes().to_vec();
        for at in 0..changes.len() {
            let single = with_changes(operation, id, vec![changes[at].clone()]);
            let (Ok(outcome) | Err(outcome)) = Box::pin(self.update(&single, id, self.canaries.caution(&single))).await;
            match outcome {
                Outcome::Done => element_is_there(&mut changes, at),
                Outcome::DoneExcept(paths) => left_out.extend(paths),
                Outcome::NoSuchGroup(_) => left_out.push(path_of(&changes[at])),
                Outcome::Failed(_) => failed = Some(outcome),
                Outcome::Held(_) | Outcome::Unknown(_) | Outcome::NotAttempted(_) => return Ok(outcome),
            }
        }
        left_out.sort();
        Ok(failed.unwrap_or(Outcome::done_except(left_out)))
    }

    /// Rejects the one value of an operation, as an entry of its own.
    async fn reject(&self, single: &Operation, failure: &Failure) -> Result<Outcome, Outcome> {
        let reason = format!("Haiilo refused the value: {failure}");
        let effects: Vec<Effect> =
            single.changes().iter().map(|change| rejected(single, change, reason.clone())).collect();
        let outcome = Outcome::DoneExcept(single.changes().iter().map(path_of).collect());
        self.record(single, outcome, &effects).await
    }
}

const USER_NAME: &str = "userName";

fn ended(outcome: Outcome) -> Sent {
    Sent { outcome, effects: Vec::new(), next: AfterSend::Nothing }
}

fn without(kind: ChangeKind, outcome: Outcome, effect: Effect) -> Sent {
    Sent { outcome, effects: vec![effect], next: AfterSend::Without(kind) }
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

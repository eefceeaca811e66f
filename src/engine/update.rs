//! Updates: the changed paths alone, checked afterwards; what Haiilo does not keep is parked, and everything else of the person goes on.

use compact_str::CompactString;

use crate::domain::account::{Activity, WholeAccount};
use crate::domain::ids::HaiiloId;
use crate::domain::journal::{Effect, Intent, Outcome};
use crate::domain::operation::{Action, Change, Kind, Nature, Operation};
use crate::domain::plan::parked_form;
use crate::domain::value::Value;
use crate::engine::bench::Bench;
use crate::engine::canary::Caution;
use crate::engine::verify::{self, Seen, Trust};
use crate::ports::{AccountReader as _, AccountWriter, Failure, FailureKind, StoreWriter, World};

/// How one attempt to send changes ended.
enum Attempt {
    /// The account was seen afterwards.
    Seen(Box<WholeAccount>),
    /// It ended otherwise, and everything about it is written down.
    Ended(Outcome),
    /// Haiilo refused the values, and nothing was done.
    Refused(Failure),
}

impl<W: World<Store: StoreWriter>, A: AccountWriter> Bench<'_, W, A> {
    /// Changes an account.
    pub(super) async fn update(&self, operation: &Operation, id: &HaiiloId, caution: Caution) -> Outcome {
        let before = match self.before_update(operation, id, caution).await {
            Ok(before) => before,
            Err(outcome) => return outcome,
        };
        match self.send(operation, id, before.as_ref(), caution).await {
            Attempt::Ended(outcome) => outcome,
            Attempt::Seen(after) => self.check(operation, before.as_ref(), &after, caution).await,
            // One bad value must not keep all others of the person back. Only where the server is known to take such paths: otherwise
            // it is the path that it does not like, and nothing is to be parked.
            Attempt::Refused(_) if caution == Caution::Routine && operation.changes().len() > 1 => {
                self.one_by_one(operation, id).await
            }
            Attempt::Refused(failure) => Outcome::Failed(failure.to_string()),
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
        match self.world.reader().get(id).await {
            Err(failure) => {
                self.run.failed(Kind::Update, &failure);
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
                if whole.account.activity == Activity::Inactive {
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
    ) -> Attempt {
        let changes = operation.changes();
        let image = before.map(|whole| serde_json::Value::Object(whole.resource.clone()));
        let intent = Intent { mandate: self.mandate, at: self.now(), operation, before: image };
        let entry = match self.world.store().intend(&intent).await {
            Ok(entry) => entry,
            Err(failure) => return Attempt::Ended(self.run.cannot_intend(&failure)),
        };
        let trust = if caution == Caution::Canary { Trust::ReadBack } else { Trust::Answer };
        let (outcome, seen) = match self.writer.update(id, changes).await {
            Ok(answer) => {
                self.run.succeeded(Kind::Update);
                let reader = self.world.reader();
                match verify::look(reader, self.run, self.mapping(), (id, changes), answer, trust).await {
                    Seen::Account(after) => (self.kept(operation, &after), Ok(after)),
                    Seen::Gone => {
                        let why = "the account was gone after the update; look at it in Haiilo".to_owned();
                        (Outcome::Failed(why.clone()), Err(Attempt::Ended(Outcome::Failed(why))))
                    }
                    Seen::Unread => (Outcome::Done, Err(Attempt::Ended(Outcome::Done))),
                }
            }
            Err(failure) => {
                self.run.failed(Kind::Update, &failure);
                self.after_failure(operation, id, failure).await
            }
        };
        let effects = seen.as_ref().map_or_else(|_| group_effects(&outcome), |after| self.effects(operation, after));
        if let Err(failure) = self.world.store().conclude(entry, &outcome, &effects, self.now()).await {
            return Attempt::Ended(self.run.cannot_conclude(&failure));
        }
        match seen {
            Ok(after) => {
                if operation.renames()
                    && !matches!(&outcome, Outcome::DoneExcept(paths) if paths.iter().any(|path| path == "userName"))
                {
                    self.run.renamed(id);
                }
                Attempt::Seen(after)
            }
            Err(Attempt::Ended(Outcome::NoSuchGroup(group))) => self.without_group(operation, id, before, group).await,
            Err(attempt) => attempt,
        }
    }

    /// What a failure means. Where the answer was lost, a look tells what was done.
    async fn after_failure(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        failure: Failure,
    ) -> (Outcome, Result<Box<WholeAccount>, Attempt>) {
        let why = failure.to_string();
        let ended = |outcome: Outcome| (outcome.clone(), Err(Attempt::Ended(outcome)));
        match failure.kind {
            FailureKind::Unknown => match self.world.reader().get(id).await {
                Ok(Some(after)) if verify::not_kept(self.mapping(), &after.account, operation.changes()).is_empty() => {
                    (Outcome::Done, Ok(Box::new(after)))
                }
                Ok(_) => ended(Outcome::Failed(format!("{why}; the account was not changed"))),
                Err(_) => ended(Outcome::Unknown(why)),
            },
            FailureKind::NoSuchGroup => match group_of(operation) {
                Some(group) => ended(Outcome::NoSuchGroup(group)),
                None => ended(Outcome::Failed(why)),
            },
            FailureKind::NotFound => ended(Outcome::Held(
                "the account is not there any more; the next cycle will show it as missing".to_owned(),
            )),
            FailureKind::Conflict => ended(Outcome::Failed(format!("the userName is taken in Haiilo: {why}"))),
            FailureKind::Refused(_) | FailureKind::BadRequest => (Outcome::Failed(why), Err(Attempt::Refused(failure))),
            FailureKind::CredentialsRefused
            | FailureKind::NoSeats
            | FailureKind::Changed
            | FailureKind::NotSent
            | FailureKind::Unreadable => ended(Outcome::Failed(why)),
        }
    }

    /// The group does not exist: it is parked for everybody, and the rest of the person goes on.
    async fn without_group(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        before: Option<&WholeAccount>,
        group: CompactString,
    ) -> Attempt {
        let rest: Vec<Change> =
            operation.changes().iter().filter(|change| change.nature != Nature::Group).cloned().collect();
        if rest.is_empty() {
            return Attempt::Ended(Outcome::NoSuchGroup(group));
        }
        let rest = with_changes(operation, id, rest);
        match Box::pin(self.send(&rest, id, before, Caution::Routine)).await {
            Attempt::Seen(after) => {
                let mut paths: Vec<CompactString> =
                    not_kept_paths(verify::not_kept(self.mapping(), &after.account, rest.changes()));
                paths.extend(operation.changes().iter().filter(|change| change.nature == Nature::Group).map(path_of));
                paths.sort();
                Attempt::Ended(Outcome::DoneExcept(paths))
            }
            other => other,
        }
    }

    /// Sends each change by itself, so that the refused ones are told from the others, which go on.
    async fn one_by_one(&self, operation: &Operation, id: &HaiiloId) -> Outcome {
        let mut left_out = Vec::new();
        for change in operation.changes() {
            let single = with_changes(operation, id, vec![change.clone()]);
            match self.send(&single, id, None, Caution::Routine).await {
                Attempt::Seen(after) => {
                    left_out.extend(not_kept_paths(verify::not_kept(self.mapping(), &after.account, single.changes())));
                }
                Attempt::Refused(failure) => {
                    let reason = format!("Haiilo refused the value: {failure}");
                    if let Err(outcome) = self.park(&single, change, reason).await {
                        return outcome;
                    }
                    left_out.push(path_of(change));
                }
                Attempt::Ended(Outcome::Done) => {}
                Attempt::Ended(Outcome::NoSuchGroup(_)) => left_out.push(path_of(change)),
                Attempt::Ended(outcome) => return outcome,
            }
        }
        left_out.sort();
        if left_out.is_empty() { Outcome::Done } else { Outcome::DoneExcept(left_out) }
    }

    /// Parks one value, as an entry of its own.
    async fn park(&self, single: &Operation, change: &Change, reason: String) -> Result<(), Outcome> {
        let effect = Effect::Parked {
            okta_id: single.okta_id.clone(),
            path: path_of(change),
            value: parked_form(change.to.as_ref()),
            reason,
        };
        self.record(single, &Outcome::DoneExcept(vec![path_of(change)]), &[effect]).await
    }

    /// Looks whether a canary changed more than was sent.
    async fn check(
        &self,
        operation: &Operation,
        before: Option<&WholeAccount>,
        after: &WholeAccount,
        caution: Caution,
    ) -> Outcome {
        if let (Caution::Canary, Some(before)) = (caution, before)
            && let Err(outcome) = self.judge_canary(operation, before, after).await
        {
            return outcome;
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
            .map(|change| Effect::Parked {
                okta_id: operation.okta_id.clone(),
                path: path_of(change),
                value: parked_form(change.to.as_ref()),
                reason: "Haiilo answered, and did not keep the value".to_owned(),
            })
            .collect();
        if operation.renames()
            && let Some(name) = &after.account.user_name
        {
            effects.push(Effect::Renamed(operation.okta_id.clone(), name.clone()));
        }
        effects
    }
}

fn group_effects(outcome: &Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::NoSuchGroup(group) => vec![Effect::GroupParked(group.clone())],
        _ => Vec::new(),
    }
}

/// The group that an operation asks for.
pub(super) fn group_of(operation: &Operation) -> Option<CompactString> {
    operation.changes().iter().find_map(|change| match (change.nature, &change.to) {
        (Nature::Group, Some(Value::Text(group))) => Some(group.clone()),
        _ => None,
    })
}

fn with_changes(operation: &Operation, id: &HaiiloId, changes: Vec<Change>) -> Operation {
    Operation { action: Action::Update { haiilo_id: id.clone(), changes, waits_for: None }, ..operation.clone() }
}

pub(super) fn path_of(change: &Change) -> CompactString {
    change.path.to_string().into()
}

fn not_kept_paths(changes: Vec<&Change>) -> Vec<CompactString> {
    changes.into_iter().map(path_of).collect()
}

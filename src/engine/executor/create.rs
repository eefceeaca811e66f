//! Creates: never twice. Before an account is made, Haiilo is asked whether it is there; after an answer that was lost or a conflict, a look
//! tells, and an account is taken over only where nothing speaks against it.

use crate::clock::Clock as _;
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::{HaiiloId, UserName};
use crate::domain::model::link::{Link, Listed, Origin};
use crate::domain::model::policy::Product;
use crate::domain::plan::cycle_plan::remembered_value;
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::candidates::foreign_external_id;
use crate::domain::planning::leaver_decision;
use crate::domain::scim::path::entry;
use crate::domain::scim::value::{Compare, Value, same};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::executor::update::{group_of, path_of};
use crate::engine::executor::verify::{self, AccountAfter, Trust};
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Created, Failure, FailureKind, StoreWriter};

/// What a look for the wanted userName found.
enum LookupResult {
    /// Nothing.
    Nothing,
    /// An account that may be taken over.
    Takeable(Box<WholeAccount>, Origin),
    /// An account that may not, and why.
    Barred(String),
}

/// On what grounds an account may be taken over.
#[derive(Clone, Copy)]
enum TakeOverReason {
    /// Somebody has the userName: then it must be the same human, by name.
    Occupied,
    /// We may have made it ourselves: then it must not have been there before.
    LostAnswer,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Makes an account.
    pub(crate) async fn create(&self, operation: &Operation, replaces: Option<&HaiiloId>, caution: Caution) -> Outcome {
        if let Some(id) = replaces {
            match self.adapters.reader().get(id).await {
                Ok(None) => {}
                Ok(Some(_)) => return Outcome::Held("Haiilo has the linked account after all".to_owned()),
                Err(failure) => return self.create_failed(&failure),
            }
        }
        if let Some(outcome) = self.restore(operation).await {
            return outcome;
        }
        if let Some(outcome) = self.look_before(operation).await {
            return outcome;
        }
        let entry = match self.intend(operation, None).await {
            Ok(entry) => entry,
            Err(outcome) => return outcome,
        };
        let (outcome, effects) = match self.writer.create(operation.changes()).await {
            Ok(created) => {
                self.run.succeeded(OperationKind::Create);
                self.settle_created(operation, created, caution).await
            }
            Err(failure) => {
                self.run.failed(OperationKind::Create, &failure);
                self.settle_failed(operation, failure, caution).await
            }
        };
        self.remember_links(&effects);
        self.conclude(entry, outcome, &effects).await
    }

    /// Looks for an account that is there already; how the create ends where there is one.
    async fn look_before(&self, operation: &Operation) -> Option<Outcome> {
        // An answer that was lost in an earlier cycle may have made the account, under the name that the person had then.
        let sent = self.state().lost_creates(&operation.okta_id);
        let (same, other): (Vec<_>, Vec<_>) = sent.partition(|open| open.user_name.same_as(&operation.user_name));
        for open in other {
            match self.look_under(&open.user_name, operation, TakeOverReason::LostAnswer).await {
                Err(failure) => return Some(self.create_failed(&failure)),
                Ok(LookupResult::Takeable(whole, origin)) => {
                    return Some(self.take_over(operation, &whole, origin).await);
                }
                // Whoever has that name by now, this is another person.
                Ok(LookupResult::Nothing | LookupResult::Barred(_)) => {}
            }
        }
        let grounds = if same.is_empty() { TakeOverReason::Occupied } else { TakeOverReason::LostAnswer };
        match self.look_for(operation, grounds).await {
            Err(failure) => Some(self.create_failed(&failure)),
            Ok(LookupResult::Nothing) => None,
            Ok(LookupResult::Takeable(whole, origin)) => Some(self.take_over(operation, &whole, origin).await),
            Ok(LookupResult::Barred(why)) => Some(self.refuse_create(operation, why).await),
        }
    }

    /// What the answer to a create that succeeded means.
    async fn settle_created(
        &self,
        operation: &Operation,
        created: Created,
        caution: Caution,
    ) -> (Outcome, Vec<Effect>) {
        let (id, answer) = match created {
            Created::Shown(whole) => (whole.account.id.clone(), Some(*whole)),
            Created::Named(id) => (id, None),
            Created::Silent => return self.settle_silent(operation).await,
        };
        let known = self.accounts().position(&id).is_some() || self.owner(&id).is_some();
        if known {
            let why =
                format!("Haiilo answered with account {id}, which was there before; look at this person in Haiilo");
            return (Outcome::Held(why.clone()), vec![refusal(operation, why)]);
        }
        let trust = if caution == Caution::Canary { Trust::ReadBack } else { Trust::Answer };
        let (reader, changes) = (self.adapters.reader(), operation.changes());
        match verify::look(reader, &self.run, self.mapping(), (&id, changes), answer, trust).await {
            AccountAfter::Account(after) => {
                let settled = self.settle_seen(operation, &id, &after);
                if caution == Caution::Canary && settled.0.is_done() {
                    self.saw_canary(operation).await;
                }
                settled
            }
            // It may wait for a seat, or not be shown yet: it is ours, and it is not made again.
            AccountAfter::Unlisted | AccountAfter::Unread => (
                Outcome::Done,
                vec![Effect::Linked(link(operation, &id, &operation.user_name, Origin::Created, Listed::Never))],
            ),
        }
    }

    /// What the new account shows.
    fn settle_seen(&self, operation: &Operation, id: &HaiiloId, after: &WholeAccount) -> (Outcome, Vec<Effect>) {
        let name = after.account.user_name.as_ref();
        let Some(name) = name.filter(|name| name.same_as(&operation.user_name)) else {
            // It is this person's and not made again; nothing is done to it as long as its name is none that we know.
            let why = format!("Haiilo made account {id}, which carries another userName; look at it in Haiilo");
            let link = link(operation, id, &operation.user_name, Origin::Created, Listed::Never);
            return (Outcome::Held(why), vec![Effect::Linked(link)]);
        };
        let not_kept = verify::not_kept(self.mapping(), &after.account, operation.changes());
        let mut effects = vec![Effect::Linked(link(operation, id, name, Origin::Created, Listed::Never))];
        effects.extend(not_kept.iter().map(|change| Effect::ValueRejected {
            okta_id: operation.okta_id.clone(),
            path: path_of(change),
            value: remembered_value(change.to.as_ref()),
            reason: "Haiilo made the account, and did not keep the value".to_owned(),
        }));
        let paths: Vec<_> = not_kept.into_iter().map(path_of).collect();
        (if paths.is_empty() { Outcome::Done } else { Outcome::DoneExcept(paths) }, effects)
    }

    /// An answer that names no account: a look must find it.
    async fn settle_silent(&self, operation: &Operation) -> (Outcome, Vec<Effect>) {
        match self.look_for(operation, TakeOverReason::LostAnswer).await {
            Ok(LookupResult::Takeable(whole, _)) => self.settle_seen(operation, &whole.account.id, &whole),
            Ok(LookupResult::Barred(why)) => (Outcome::Held(why.clone()), vec![refusal(operation, why)]),
            Ok(LookupResult::Nothing) => {
                (Outcome::Unknown("Haiilo says that it made the account, and shows none".to_owned()), Vec::new())
            }
            Err(failure) => (Outcome::Unknown(failure.to_string()), Vec::new()),
        }
    }

    /// What a failed create means.
    async fn settle_failed(&self, operation: &Operation, failure: Failure, caution: Caution) -> (Outcome, Vec<Effect>) {
        let why = failure.to_string();
        match failure.kind {
            FailureKind::Unknown => match self.look_for(operation, TakeOverReason::LostAnswer).await {
                Ok(LookupResult::Takeable(whole, _)) => self.settle_seen(operation, &whole.account.id, &whole),
                Ok(LookupResult::Barred(barred)) => (Outcome::Held(barred.clone()), vec![refusal(operation, barred)]),
                Ok(LookupResult::Nothing) | Err(_) => (Outcome::Unknown(why), Vec::new()),
            },
            FailureKind::Conflict => match self.look_for(operation, TakeOverReason::Occupied).await {
                Ok(LookupResult::Takeable(whole, origin)) => {
                    let name = whole.account.user_name.as_ref().unwrap_or(&operation.user_name);
                    let link = link(operation, &whole.account.id, name, origin, Listed::Never);
                    (Outcome::Done, vec![Effect::Linked(link)])
                }
                Ok(LookupResult::Barred(barred)) => (Outcome::Held(barred.clone()), vec![refusal(operation, barred)]),
                Ok(LookupResult::Nothing) => {
                    let why = format!("Haiilo says that the userName is taken, and shows no such account: {why}");
                    (Outcome::Held(why.clone()), vec![refusal(operation, why)])
                }
                Err(_) => (Outcome::Failed(why), Vec::new()),
            },
            FailureKind::NoSuchGroup => match group_of(operation) {
                Some(group) => (Outcome::NoSuchGroup(group.clone()), vec![Effect::GroupMissing(group)]),
                None => (Outcome::Failed(why), Vec::new()),
            },
            // Where the server is known to take such accounts, it is this person's values that it does not like.
            kind if kind.is_about_values() && (caution == Caution::Routine || self.canaries.knows_paths(operation)) => {
                (Outcome::Failed(why.clone()), vec![refusal(operation, why)])
            }
            FailureKind::Refused(_)
            | FailureKind::BadRequest
            | FailureKind::CredentialsRefused
            | FailureKind::Forbidden
            | FailureKind::NotFound
            | FailureKind::NoSeats
            | FailureKind::Changed
            | FailureKind::NotSent
            | FailureKind::Unreadable => (Outcome::Failed(why), Vec::new()),
        }
    }

    /// Asks Haiilo who carries the wanted userName.
    async fn look_for(&self, operation: &Operation, grounds: TakeOverReason) -> Result<LookupResult, Failure> {
        self.look_under(&operation.user_name, operation, grounds).await
    }

    /// Asks Haiilo who carries a userName.
    async fn look_under(
        &self,
        name: &UserName,
        operation: &Operation,
        grounds: TakeOverReason,
    ) -> Result<LookupResult, Failure> {
        let found = match self.reads.take_name(name, self.adapters.clock().monotonic()) {
            Some(found) => found,
            None => self.adapters.reader().find(name).await?,
        };
        let [whole] = &found[..] else {
            return Ok(if found.is_empty() {
                LookupResult::Nothing
            } else {
                LookupResult::Barred(format!("{} accounts carry this userName", found.len()))
            });
        };
        if let Some(other) = self.state().perhaps_made_for(name, &operation.okta_id) {
            let why =
                format!("account {} was perhaps made for {other}, in a call whose answer was lost", whole.account.id);
            return Ok(LookupResult::Barred(why));
        }
        if let Some(why) = self.barred(operation, whole, grounds) {
            return Ok(LookupResult::Barred(why));
        }
        let origin = match grounds {
            TakeOverReason::LostAnswer => Origin::Created,
            TakeOverReason::Occupied => Origin::Adopted,
        };
        Ok(LookupResult::Takeable(Box::new(whole.clone()), origin))
    }

    /// What speaks against taking an account over.
    fn barred(&self, operation: &Operation, whole: &WholeAccount, grounds: TakeOverReason) -> Option<String> {
        let id = &whole.account.id;
        if let Some(owner) = self.owner(id) {
            return Some(format!("account {id}, which carries this userName, is that of another person, {owner}"));
        }
        let names = [Some(&operation.user_name), whole.account.user_name.as_ref()].into_iter().flatten();
        if let Some(pattern) = leaver_decision::protection(self.policy(), self.state(), id, names) {
            return Some(format!("account {id}, which carries this userName, is protected ({pattern})"));
        }
        // In the intranet a new account may be inactive by the directory's policy.
        let may_be_inactive =
            self.policy().product == Product::Intranet && matches!(grounds, TakeOverReason::LostAnswer);
        if whole.account.activity == Activity::Inactive && !may_be_inactive {
            return Some(format!("account {id}, which carries this userName, is inactive"));
        }
        if let Some(foreign) = foreign_external_id(self.mapping(), &whole.account, &operation.okta_id) {
            return Some(format!(
                "account {id}, which carries this userName, has the externalId {foreign:?} of somebody else or of another directory"
            ));
        }
        let was_there = self.accounts().position(id).is_some();
        match grounds {
            TakeOverReason::LostAnswer if was_there => {
                Some(format!("account {id}, which carries this userName, was there before us"))
            }
            TakeOverReason::Occupied if !same_name(whole, operation.changes()) => {
                Some(format!("account {id} carries this userName, and its given or family name is another"))
            }
            TakeOverReason::LostAnswer | TakeOverReason::Occupied => None,
        }
    }

    /// Takes an account over instead of making one.
    async fn take_over(&self, operation: &Operation, whole: &WholeAccount, origin: Origin) -> Outcome {
        let name = whole.account.user_name.as_ref().unwrap_or(&operation.user_name);
        let effects = [Effect::Linked(link(operation, &whole.account.id, name, origin, Listed::Never))];
        self.remember_links(&effects);
        match self.record(operation, &Outcome::Done, &effects).await {
            Ok(()) => Outcome::Done,
            Err(outcome) => outcome,
        }
    }

    /// Makes no account, and says so for a day.
    async fn refuse_create(&self, operation: &Operation, why: String) -> Outcome {
        let outcome = Outcome::Held(why.clone());
        match self.record(operation, &outcome, &[refusal(operation, why)]).await {
            Ok(()) => outcome,
            Err(outcome) => outcome,
        }
    }

    pub(crate) fn create_failed(&self, failure: &Failure) -> Outcome {
        self.run.failed(OperationKind::Create, failure);
        Outcome::Failed(failure.to_string())
    }

    pub(crate) fn remember_links(&self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Linked(link) = effect {
                self.run.linked(&link.haiilo_id, &link.okta_id);
            }
        }
    }
}

pub(crate) fn link(operation: &Operation, id: &HaiiloId, name: &UserName, origin: Origin, listed: Listed) -> Link {
    Link {
        okta_id: operation.okta_id.clone(),
        haiilo_id: id.clone(),
        user_name: name.clone(),
        origin,
        listed,
        missing: None,
    }
}

/// The userName of this person is not tried again for a day.
fn refusal(operation: &Operation, why: String) -> Effect {
    Effect::ValueRejected {
        okta_id: operation.okta_id.clone(),
        path: "userName".into(),
        value: remembered_value(Value::text(operation.user_name.as_str()).as_ref()),
        reason: why,
    }
}

/// Whether an account has the given and family name that a new one would get. Names that the mapping does not set are no proof.
fn same_name(whole: &WholeAccount, changes: &[Change]) -> bool {
    ["name.givenName", "name.familyName"].iter().all(|path| {
        let wanted = changes.iter().find(|change| change.path.to_string().eq_ignore_ascii_case(path));
        let found = entry(&whole.resource, "name").and_then(|name| wanted.and_then(|change| change.path.read(name)));
        wanted.is_some_and(|change| same(change.to.as_ref(), found.as_ref(), Compare::IgnoreCase))
    })
}

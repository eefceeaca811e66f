//! Creates: never twice. Before an account is made, Haiilo is asked whether it is there. After a lost answer or a conflict a search
//! decides, and an account is taken over only where nothing speaks against it.

use crate::clock::Clock as _;
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::{HaiiloId, UserName};
use crate::domain::model::link::{Link, Listed, Origin};
use crate::domain::model::policy::Product;
use crate::domain::plan::cycle_plan::remembered_value;
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::candidates::{external_id, foreign_external_id};
use crate::domain::planning::leaver_decision;
use crate::domain::scim::path::entry;
use crate::domain::scim::value::{Compare, Value, same};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::engine::executor::update::group_of;
use crate::engine::executor::verify::{self, path_of, rejected};
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Created, Failure, FailureKind, StoreWriter};

/// What a search for a userName found.
enum SearchResult {
    /// Nothing.
    Nothing,
    /// An account that may be taken over.
    Takeable(Box<WholeAccount>, Origin),
    /// An account that may not, and why.
    Barred(String),
}

/// Why an account may be taken over.
#[derive(Clone, Copy)]
enum TakeOverReason {
    /// The userName is in use: then it must be the same human, by name.
    Occupied,
    /// We may have made it ourselves: then it must not have been there before.
    LostAnswer,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// Makes an account.
    pub(crate) async fn create(
        &self,
        operation: &Operation,
        replaces: Option<&HaiiloId>,
        caution: Caution,
    ) -> Result<Outcome, Outcome> {
        if let Some(id) = replaces
            && self.read(OperationKind::Create, id).await?.is_some()
        {
            return Err(Outcome::Held("Haiilo has the linked account after all".to_owned()));
        }
        if let Some(outcome) = self.restore(operation).await? {
            return Ok(outcome);
        }
        if let Some(outcome) = self.take_existing(operation).await? {
            return Ok(outcome);
        }
        let entry = self.intend(operation, None).await?;
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

    /// Gives a person who came back the account that we deleted, where Haiilo still answers for its id; nothing where it does not.
    async fn restore(&self, operation: &Operation) -> Result<Option<Outcome>, Outcome> {
        let Some(id) = self.state.deleted(&operation.okta_id) else { return Ok(None) };
        let Some(whole) = self.read(OperationKind::Create, id).await? else { return Ok(None) };
        let Some(name) = whole.account.user_name.clone() else { return Ok(None) };
        let bears = external_id(self.mapping(), &whole.account);
        let is_theirs =
            name.same_as(&operation.user_name) || bears.is_some_and(|found| found.trim() == operation.okta_id.as_str());
        let is_free = self.owner(id).is_none()
            && leaver_decision::protection(self.policy(), self.state, id, [&name, &operation.user_name]).is_none();
        if !is_theirs || !is_free {
            return Ok(None);
        }
        let activity = whole.account.activity;
        let entry = self.intend(operation, Some(serde_json::Value::Object(whole.resource))).await?;
        let outcome = match activity {
            Activity::Active => Outcome::Done,
            Activity::Inactive => self.send_activation(&operation.okta_id, id).await.0,
        };
        // The next plan compares the attributes, as of every account that was there before.
        let effects = if outcome.is_done() {
            let linked = Effect::Linked(link(operation, id, &name, Origin::Created));
            vec![linked, Effect::Returned(operation.okta_id.clone())]
        } else {
            Vec::new()
        };
        self.remember_links(&effects);
        self.conclude(entry, outcome, &effects).await.map(Some)
    }

    /// Searches for an account that is there already; how the create ends where there is one.
    async fn take_existing(&self, operation: &Operation) -> Result<Option<Outcome>, Outcome> {
        let failed = |failure: Failure| self.run.failed(OperationKind::Create, &failure);
        // An answer that was lost in an earlier cycle may have made the account, under the name that the person had then.
        let sent = self.state.lost_creates(&operation.okta_id);
        let (same, other): (Vec<_>, Vec<_>) = sent.partition(|open| open.user_name.same_as(&operation.user_name));
        for open in other {
            let found = self.find(&open.user_name, operation, TakeOverReason::LostAnswer).await.map_err(failed)?;
            // Otherwise another person has that name by now.
            if let SearchResult::Takeable(whole, origin) = found {
                return self.take_over(operation, &whole, origin).await.map(Some);
            }
        }
        let reason = if same.is_empty() { TakeOverReason::Occupied } else { TakeOverReason::LostAnswer };
        match self.find(&operation.user_name, operation, reason).await.map_err(failed)? {
            SearchResult::Nothing => Ok(None),
            SearchResult::Takeable(whole, origin) => self.take_over(operation, &whole, origin).await.map(Some),
            SearchResult::Barred(why) => {
                let (outcome, effects) = held(operation, why);
                self.record(operation, outcome, &effects).await.map(Some)
            }
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
            Created::Silent => {
                let why = "Haiilo says that it made the account, and shows none";
                let settled = self.settle_unnamed(operation, why).await;
                return settled.unwrap_or_else(|failure| (Outcome::Unknown(failure.to_string()), Vec::new()));
            }
        };
        let known = self.accounts.position(&id).is_some() || self.owner(&id).is_some();
        if known {
            let why =
                format!("Haiilo answered with account {id}, which was there before; look at this person in Haiilo");
            return held(operation, why);
        }
        match self.read_after(operation, &id, answer, caution).await {
            Ok(Some(after)) => {
                let settled = self.settle_seen(operation, &id, &after);
                if caution == Caution::Canary && settled.0.is_done() {
                    self.saw_canary(operation).await;
                }
                settled
            }
            // It may wait for a seat, or not be shown yet: we made it, and it is not made again.
            Ok(None) | Err(_) => {
                (Outcome::Done, vec![Effect::Linked(link(operation, &id, &operation.user_name, Origin::Created))])
            }
        }
    }

    /// What the new account shows.
    fn settle_seen(&self, operation: &Operation, id: &HaiiloId, after: &WholeAccount) -> (Outcome, Vec<Effect>) {
        let name = after.account.user_name.as_ref();
        let Some(name) = name.filter(|name| name.same_as(&operation.user_name)) else {
            // The account is this person's and is not made again. Nothing is done to it while it carries a name that we do not know.
            let why = format!("Haiilo made account {id}, which carries another userName; look at it in Haiilo");
            let link = link(operation, id, &operation.user_name, Origin::Created);
            return (Outcome::Held(why), vec![Effect::Linked(link)]);
        };
        let not_kept = verify::not_kept(self.mapping(), &after.account, operation.changes());
        let why = "Haiilo made the account, and did not keep the value";
        let mut effects = vec![Effect::Linked(link(operation, id, name, Origin::Created))];
        effects.extend(not_kept.iter().map(|change| rejected(operation, change, why.to_owned())));
        (Outcome::done_except(not_kept.into_iter().map(path_of).collect()), effects)
    }

    /// A create whose answer names no account: a search must find it.
    async fn settle_unnamed(&self, operation: &Operation, why: &str) -> Result<(Outcome, Vec<Effect>), Failure> {
        Ok(match self.find(&operation.user_name, operation, TakeOverReason::LostAnswer).await? {
            SearchResult::Takeable(whole, _) => self.settle_seen(operation, &whole.account.id, &whole),
            SearchResult::Barred(barred) => held(operation, barred),
            SearchResult::Nothing => (Outcome::Unknown(why.to_owned()), Vec::new()),
        })
    }

    /// What a failed create means.
    async fn settle_failed(&self, operation: &Operation, failure: Failure, caution: Caution) -> (Outcome, Vec<Effect>) {
        let why = failure.to_string();
        match failure.kind {
            FailureKind::Unknown => {
                let settled = self.settle_unnamed(operation, &why).await;
                settled.unwrap_or((Outcome::Unknown(why), Vec::new()))
            }
            FailureKind::Conflict => match self.find(&operation.user_name, operation, TakeOverReason::Occupied).await {
                Ok(SearchResult::Takeable(whole, origin)) => {
                    let name = whole.account.user_name.as_ref().unwrap_or(&operation.user_name);
                    (Outcome::Done, vec![Effect::Linked(link(operation, &whole.account.id, name, origin))])
                }
                Ok(SearchResult::Barred(barred)) => held(operation, barred),
                Ok(SearchResult::Nothing) => {
                    let why = format!("Haiilo says that the userName is taken, and shows no such account: {why}");
                    held(operation, why)
                }
                Err(_) => (Outcome::Failed(why), Vec::new()),
            },
            FailureKind::NoSuchGroup => match group_of(operation) {
                Some(group) => (Outcome::NoSuchGroup(group.clone()), vec![Effect::GroupMissing(group)]),
                None => (Outcome::Failed(why), Vec::new()),
            },
            // Where the server is known to accept such accounts, it rejects this person's values.
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

    /// Asks Haiilo who carries a userName.
    async fn find(
        &self,
        name: &UserName,
        operation: &Operation,
        reason: TakeOverReason,
    ) -> Result<SearchResult, Failure> {
        let found = match self.reads.take_name(name, self.adapters.clock().monotonic()) {
            Some(found) => found,
            None => self.adapters.reader().find(name).await?,
        };
        let [whole] = &found[..] else {
            return Ok(if found.is_empty() {
                SearchResult::Nothing
            } else {
                SearchResult::Barred(format!("{} accounts carry this userName", found.len()))
            });
        };
        if let Some(other) = self.state.perhaps_made_for(name, &operation.okta_id) {
            let why =
                format!("account {} was perhaps made for {other}, in a call whose answer was lost", whole.account.id);
            return Ok(SearchResult::Barred(why));
        }
        if let Some(why) = self.barred(operation, whole, reason) {
            return Ok(SearchResult::Barred(why));
        }
        let origin = match reason {
            TakeOverReason::LostAnswer => Origin::Created,
            TakeOverReason::Occupied => Origin::Adopted,
        };
        Ok(SearchResult::Takeable(Box::new(whole.clone()), origin))
    }

    /// What speaks against taking an account over.
    fn barred(&self, operation: &Operation, whole: &WholeAccount, reason: TakeOverReason) -> Option<String> {
        let id = &whole.account.id;
        if let Some(owner) = self.owner(id) {
            return Some(format!("account {id}, which carries this userName, is that of another person, {owner}"));
        }
        let names = [Some(&operation.user_name), whole.account.user_name.as_ref()].into_iter().flatten();
        if let Some(pattern) = leaver_decision::protection(self.policy(), self.state, id, names) {
            return Some(format!("account {id}, which carries this userName, is protected ({pattern})"));
        }
        // In the intranet a new account may be inactive by the directory's policy.
        let may_be_inactive =
            self.policy().product == Product::Intranet && matches!(reason, TakeOverReason::LostAnswer);
        if whole.account.activity == Activity::Inactive && !may_be_inactive {
            return Some(format!("account {id}, which carries this userName, is inactive"));
        }
        if let Some(foreign) = foreign_external_id(self.mapping(), &whole.account, &operation.okta_id) {
            return Some(format!(
                "account {id}, which carries this userName, has the externalId {foreign:?} of somebody else or of another directory"
            ));
        }
        let was_there = self.accounts.position(id).is_some();
        match reason {
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
    async fn take_over(&self, operation: &Operation, whole: &WholeAccount, origin: Origin) -> Result<Outcome, Outcome> {
        let name = whole.account.user_name.as_ref().unwrap_or(&operation.user_name);
        let effects = [Effect::Linked(link(operation, &whole.account.id, name, origin))];
        self.remember_links(&effects);
        self.record(operation, Outcome::Done, &effects).await
    }

    fn remember_links(&self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Linked(link) = effect {
                self.run.linked(&link.haiilo_id, &link.okta_id);
            }
        }
    }
}

fn link(operation: &Operation, id: &HaiiloId, name: &UserName, origin: Origin) -> Link {
    Link {
        okta_id: operation.okta_id.clone(),
        haiilo_id: id.clone(),
        user_name: name.clone(),
        origin,
        listed: Listed::Never,
        missing: None,
    }
}

/// A create that is held: the userName of this person is not tried again for a day.
fn held(operation: &Operation, why: String) -> (Outcome, Vec<Effect>) {
    (Outcome::Held(why.clone()), vec![refusal(operation, why)])
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

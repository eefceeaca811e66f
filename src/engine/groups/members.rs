//! Members: people come into a group and go out of it, in pieces that any server accepts, each written down before it is sent. After the
//! last one the group is read once, because a server may answer well and keep nothing; the next listing would show that a cycle too late.

use std::collections::VecDeque;

use serde_json::{Value as Json, json};

use crate::domain::groups::batches::{chunks, halves};
use crate::domain::model::group::{Members, PersonIndex};
use crate::domain::model::ids::{HaiiloGroupId, HaiiloId};
use crate::domain::plan::group_operation::{GroupKind, GroupOperation, Removals};
use crate::domain::plan::outcome::Outcome;
use crate::domain::state::journal::EntryId;
use crate::engine::groups::executor::{GroupExecutor, GroupStep, kind_of};
use crate::ports::{AccountWriter, Adapters, Direction, FailureKind, GroupWriter, StoreWriter};

/// A person with an account.
type AccountMember = (PersonIndex, HaiiloId);

/// How far an operation has come.
#[derive(Default)]
struct MemberProgress {
    /// The entry of the last piece that was accepted, which waits until the group is read.
    last: Option<EntryId>,
    /// How many the server rejected, and what it said about the first of them.
    refused: Option<(usize, String)>,
}

/// How a piece ended.
enum BatchResult<'m> {
    /// It was accepted; the entry waits until the group is read.
    Taken(EntryId),
    /// The server rejects this one member.
    Refused(String),
    /// The server does not accept so much, or not all of these.
    Divided([Vec<&'m AccountMember>; 2]),
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter + GroupWriter> GroupExecutor<'_, '_, W, A> {
    /// Whether some canary of members is still needed.
    pub(in crate::engine) fn is_any_canary_due(&self) -> bool {
        [Direction::In, Direction::Out].iter().any(|direction| self.executor.canaries.is_due(canary(*direction)))
    }

    /// Adds and removes people.
    pub(in crate::engine) async fn members(
        &self,
        operation: &GroupOperation,
        id: &HaiiloGroupId,
        add: &[PersonIndex],
        remove: &[PersonIndex],
        removals: &Removals,
    ) -> Result<Outcome, Outcome> {
        let is_refused = *removals == Removals::Blocked && !remove.is_empty();
        let out = if is_refused { Vec::new() } else { self.with_accounts(remove) };
        let coming = self.with_accounts(add);
        if coming.is_empty() && out.is_empty() {
            let why = if is_refused { "removals wait for an approval" } else { "their accounts do not exist yet" };
            return Err(Outcome::Held(why.to_owned()));
        }
        let mut progress = MemberProgress::default();
        for (direction, members) in [(Direction::In, &coming), (Direction::Out, &out)] {
            if let Err(outcome) = self.all(operation, id, direction, members, &mut progress).await {
                return self.conclude_last(progress.last, outcome).await;
            }
        }
        let MemberProgress { last, refused } = progress;
        if let Some((count, why)) = refused {
            let _written = self.conclude_last(last, Outcome::Done).await;
            return Err(Outcome::Failed(format!("{count} of them were refused: {why}")));
        }
        let outcome = self.verified(id, &coming, &out).await;
        self.conclude_last(last, outcome).await
    }

    /// Writes down how the last piece ended.
    async fn conclude_last(&self, last: Option<EntryId>, outcome: Outcome) -> Result<Outcome, Outcome> {
        match last {
            Some(entry) => self.conclude(entry, outcome, &[]).await,
            None => Ok(outcome),
        }
    }

    /// All who go one way, piece by piece.
    async fn all(
        &self,
        operation: &GroupOperation,
        id: &HaiiloGroupId,
        direction: Direction,
        members: &[AccountMember],
        progress: &mut MemberProgress,
    ) -> Result<(), Outcome> {
        let kind = canary(direction);
        let length = |member: &&AccountMember| Json::from(member.1.as_str()).to_string().len();
        let mut queue: VecDeque<Vec<&AccountMember>> = chunks(members.iter().collect(), length).into();
        while let Some(piece) = queue.pop_front() {
            let before =
                if self.executor.canaries.is_due(kind) { Some(self.read(GroupKind::Members, id).await?) } else { None };
            // An earlier piece has ended well once the next one goes.
            if let Some(entry) = progress.last.take() {
                self.conclude(entry, Outcome::Done, &[]).await?;
            }
            match self.piece(operation, id, direction, piece.clone()).await? {
                BatchResult::Taken(entry) => progress.last = Some(entry),
                BatchResult::Refused(why) => {
                    progress.refused.get_or_insert((0, why)).0 += 1;
                    continue;
                }
                BatchResult::Divided([first, second]) => {
                    queue.push_front(second);
                    queue.push_front(first);
                    continue;
                }
            }
            if let Some(before) = before {
                let after = self.read(GroupKind::Members, id).await?;
                let named: Vec<(Option<PersonIndex>, &str)> =
                    piece.iter().map(|(index, id)| (Some(*index), id.as_str())).collect();
                let (was, is) = (before.members.unwrap_or_default(), after.members.unwrap_or_default());
                let also = (is.changed_besides(&was, &named) > 0).then(|| "members".to_owned());
                self.judge_canary(kind, also.into_iter().collect()).await?;
            }
        }
        Ok(())
    }

    /// One request.
    async fn piece<'m>(
        &self,
        operation: &GroupOperation,
        id: &HaiiloGroupId,
        direction: Direction,
        members: Vec<&'m AccountMember>,
    ) -> Result<BatchResult<'m>, Outcome> {
        let accounts: Vec<HaiiloId> = members.iter().map(|(_, id)| id.clone()).collect();
        let word = if direction == Direction::In { "add" } else { "remove" };
        let people: Vec<&str> = members
            .iter()
            .filter_map(|(index, _)| self.plan.people.get(index))
            .map(|who| who.okta_id.as_str())
            .collect();
        let removed = if direction == Direction::Out { members.len() as u64 } else { 0 };
        let sent = json!([{"path": "members", "op": word, "people": people}]);
        let entry = self.intend(operation, Some(id), GroupStep { sent, before: None, removed }).await?;
        let answer = self.executor.writer.move_members(id, direction, &accounts).await;
        let failure = match answer {
            Ok(()) => {
                self.run.succeeded(kind_of(GroupKind::Members));
                return Ok(BatchResult::Taken(entry));
            }
            Err(failure) => failure,
        };
        // A piece that is too long, or in which the server rejects one member, is tried in halves: the others go on.
        let may_be_divided = failure.kind.is_about_values() || failure.kind == FailureKind::Refused(413);
        if !may_be_divided {
            let outcome = self.answered(GroupKind::Members, Err(failure));
            return Err(self.conclude(entry, outcome, &[]).await?);
        }
        let why = failure.to_string();
        self.conclude(entry, Outcome::Failed(why.clone()), &[]).await?;
        Ok(halves(members).map_or(BatchResult::Refused(why), BatchResult::Divided))
    }

    /// Whether the group has all people who came in, and nobody who went out.
    async fn verified(&self, id: &HaiiloGroupId, coming: &[AccountMember], out: &[AccountMember]) -> Outcome {
        let now: Members = match self.read(GroupKind::Members, id).await {
            Ok(group) => group.members.unwrap_or_default(),
            Err(Outcome::Failed(why)) => return Outcome::Unknown(why),
            Err(outcome) => return outcome,
        };
        let has = |(index, id): &&AccountMember| now.has_id(Some(*index), id.as_str());
        let absent = coming.iter().filter(|member| !has(member)).count();
        let still = out.iter().filter(has).count();
        match absent + still {
            0 => Outcome::Done,
            _ => Outcome::Failed(format!(
                "Haiilo took the change and did not keep it: {absent} are not in the group, and {still} still are; look at the group there"
            )),
        }
    }

    /// Those who have an account by now.
    fn with_accounts(&self, indexes: &[PersonIndex]) -> Vec<AccountMember> {
        indexes.iter().filter_map(|index| Some((*index, self.account(*index)?))).collect()
    }
}

/// The canary of members that go this way.
fn canary(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "group-members in",
        Direction::Out => "group-members out",
    }
}

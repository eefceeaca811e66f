//! Deletes of groups: one after the other, each after the evidence and the group were read again. A deleted group cannot come back.

use serde_json::json;

use crate::domain::model::group::{HaiiloGroup, Members, key};
use crate::domain::model::ids::HaiiloGroupId;
use crate::domain::plan::group_operation::{GroupAction, GroupKind, GroupOperation, Removals};
use crate::domain::plan::outcome::{Effect, GroupConclusion, Outcome};
use crate::engine::groups::executor::{GroupExecutor, GroupStep};
use crate::ports::{
    AccountWriter, Adapters, FailureKind, GroupReader as _, GroupSource as _, GroupWriter, StoreWriter,
};

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter + GroupWriter> GroupExecutor<'_, '_, W, A> {
    /// Deletes groups, if one that is there is found by the call that makes evidence.
    pub(in crate::engine) async fn deletes(&self, operations: &[&GroupOperation]) -> Vec<GroupConclusion> {
        let mut concluded = Vec::new();
        if operations.is_empty() {
            return concluded;
        }
        let control = self.control().await;
        for operation in operations {
            let (Ok(outcome) | Err(outcome)) = match (&control, &operation.action) {
                (Err(outcome), _) => Err(outcome.clone()),
                (Ok(()), GroupAction::Delete { removals: Removals::Blocked, .. }) => {
                    Err(Outcome::Held("it waits for an approval, since its members would lose it".to_owned()))
                }
                (Ok(()), GroupAction::Delete { haiilo_id, members, removals: _ }) => {
                    self.delete(operation, haiilo_id, *members).await
                }
                (Ok(()), _) => Err(Outcome::NotAttempted("this is no delete".to_owned())),
            };
            concluded.push(self.concluded(operation, outcome));
        }
        concluded
    }

    /// Whether Okta finds a group by id that it lists; without that, no group is deleted in this run.
    async fn control(&self) -> Result<(), Outcome> {
        self.may_begin(GroupKind::Delete)?;
        let why = match self.plan.memberships.first() {
            None => "no chosen group is left that could show that Okta finds groups by id".to_owned(),
            Some(listed) => match self.executor.adapters.source().group(&listed.okta_id).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => format!("group {} is listed, and was not found by id", listed.okta_id),
                Err(failure) => failure.to_string(),
            },
        };
        Err(Outcome::NotAttempted(why))
    }

    async fn delete(&self, operation: &GroupOperation, id: &HaiiloGroupId, members: u64) -> Result<Outcome, Outcome> {
        match self.executor.adapters.source().group(&operation.okta_id).await {
            Ok(None) => {}
            Ok(Some(_)) => return Err(Outcome::Held("Okta has the group again".to_owned())),
            Err(failure) => return Err(Outcome::Held(format!("evidence could not be taken again: {failure}"))),
        }
        let group = self.read(GroupKind::Delete, id).await?;
        self.fits(operation, &group, members).map_err(|why| Outcome::Held(why.to_owned()))?;
        let HaiiloGroup { id: _, name, external_id, description, members: inside } = &group;
        let people = inside.as_ref().map_or(&[][..], |inside| inside.indexes());
        let people: Vec<_> = people.iter().map(|index| self.member_index.who(*index).okta_id).collect();
        let before = json!({
            "displayName": name, "externalId": external_id, "description": description, "people": people,
            "others": inside.as_ref().map_or(0, Members::others),
        });
        let step = GroupStep { sent: json!([]), before: Some(before), removed: members };
        let entry = self.intend(operation, Some(id), step).await?;
        let outcome = self.send_delete(id).await;
        let effects =
            if outcome.is_done() { vec![Effect::GroupUnlinked(operation.okta_id.clone())] } else { Vec::new() };
        self.conclude(entry, outcome, &effects).await
    }

    /// Whether the group is the one that was linked, and has no more members than the plan has counted.
    fn fits(&self, operation: &GroupOperation, group: &HaiiloGroup, members: u64) -> Result<(), &'static str> {
        let Some(link) = self.link(&operation.okta_id) else { return Err("the group is unmanaged") };
        if key(&link.name) != key(&group.name) {
            return Err("the link does not fit: the group has another name than when it was last seen");
        }
        let inside = group.members.as_ref().map_or(0, |inside| inside.indexes().len() + inside.others());
        if inside as u64 > members { Err("the group has more members than the plan has counted") } else { Ok(()) }
    }

    async fn send_delete(&self, id: &HaiiloGroupId) -> Outcome {
        match self.executor.writer.delete_group(id).await {
            Ok(()) => {}
            // The group was read a moment ago; that it is gone now is what was asked for.
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Unknown) => {}
            Err(failure) => return self.answered(GroupKind::Delete, Err(failure)),
        }
        match self.executor.adapters.reader().read_group(id, &self.member_index).await {
            Ok(None) => Outcome::Done,
            Ok(Some(_)) => {
                Outcome::Failed("the group is still there after the delete; look at it in Haiilo".to_owned())
            }
            Err(failure) => Outcome::Unknown(failure.to_string()),
        }
    }
}

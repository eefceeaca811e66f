//! Groups of Haiilo through SCIM: reading them with their members, and writing them.
//!
//! Follows RFC 7643, 4.2 (groups) and RFC 7644, 3.5.2 (PATCH of members). A member is removed by a path that names it: a `remove` with a
//! list of values is not in the standard, and a server that does not know it may remove all members. Members are never sent as a whole list,
//! because a list that is too short would do the same.

use compact_str::CompactString;
use serde_json::{Map, Value as Json, json};

use crate::clock::Clock;
use crate::domain::groups::member_index::MemberIndex;
use crate::domain::listing::snapshot::PageRequest;
use crate::domain::model::group::{HaiiloGroup, MembersBuilder};
use crate::domain::model::ids::{HaiiloGroupId, HaiiloId};
use crate::domain::plan::group_operation::GroupChange;
use crate::domain::scim::path::entry;
use crate::haiilo::accounts::{HaiiloReader, HaiiloWriter};
use crate::haiilo::client::{HaiiloClient, located, unreadable};
use crate::haiilo::error::HaiiloError;
use crate::haiilo::{dialect, group_wire, wire};
use crate::http::Method;
use crate::ports::{Direction, Failure, FailureKind, GroupReader, GroupRows, GroupWriter, NewGroup};

const LIST: &str = "GET /Groups";
const GET: &str = "GET /Groups/{id}";
const CREATE: &str = "POST /Groups";
const PATCH: &str = "PATCH /Groups/{id}";
const DELETE: &str = "DELETE /Groups/{id}";

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

impl<C: Clock> GroupReader for HaiiloReader<C> {
    async fn list_groups(&self, request: PageRequest, member_index: &MemberIndex<'_>) -> Result<GroupRows, Failure> {
        let PageRequest { start, count } = request;
        let mut url = self.client.url(&["Groups"]);
        url.set_query(Some(&format!("startIndex={start}&count={count}")));
        let response = self.client.get(LIST, url).await?;
        group_wire::read_page(&response.body, member_index).map_err(|error| unreadable(LIST, Some(error)))
    }

    async fn read_group(
        &self,
        id: &HaiiloGroupId,
        member_index: &MemberIndex<'_>,
    ) -> Result<Option<HaiiloGroup>, Failure> {
        let url = self.client.url(&["Groups", id.as_str()]);
        let response = match self.client.get(GET, url).await {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            response => response?,
        };
        let read =
            group_wire::read_group(&response.body, member_index).map_err(|error| unreadable(GET, Some(error)))?;
        let group = read.ok_or_else(|| unreadable(GET, None))?;
        if group.id != *id {
            return Err(HaiiloError::AnotherGroup.of(FailureKind::Unreadable, GET));
        }
        // By id a group is shown whole: members that are not there are none.
        let members = group.members.or_else(|| Some(MembersBuilder::default().finish()));
        Ok(Some(HaiiloGroup { members, ..group }))
    }
}

impl<C: Clock> GroupWriter for HaiiloWriter<C> {
    async fn create_group(&self, group: &NewGroup<'_>) -> Result<Option<HaiiloGroupId>, Failure> {
        let url = self.client.url(&["Groups"]);
        let response = self.client.write(CREATE, Method::POST, url, create_body(group)).await?;
        let body = serde_json::from_slice::<Map<String, Json>>(&response.body).ok();
        let shown = body.and_then(|body| entry(&body, "id").and_then(wire::text_of));
        Ok(shown.or_else(|| located(&response).map(CompactString::from)).map(HaiiloGroupId::new))
    }

    async fn update_group(&self, id: &HaiiloGroupId, changes: &[GroupChange]) -> Result<(), Failure> {
        self.client.patch_group(id, &update_operations(changes)).await
    }

    async fn move_members(
        &self,
        id: &HaiiloGroupId,
        direction: Direction,
        accounts: &[HaiiloId],
    ) -> Result<(), Failure> {
        self.client.patch_group(id, &member_operations(direction, accounts)).await
    }

    async fn delete_group(&self, id: &HaiiloGroupId) -> Result<(), Failure> {
        self.client.delete(DELETE, self.client.url(&["Groups", id.as_str()])).await
    }
}

impl<C: Clock> HaiiloClient<C> {
    async fn patch_group(&self, id: &HaiiloGroupId, operations: &[Json]) -> Result<(), Failure> {
        let url = self.url(&["Groups", id.as_str()]);
        self.write(PATCH, Method::PATCH, url, dialect::patch(operations)).await.map(|_| ())
    }
}

/// The body of a create: without members, which follow in pieces.
fn create_body(group: &NewGroup<'_>) -> Json {
    let NewGroup { name, description, okta_id } = group;
    let mut body = json!({"schemas": [GROUP], "displayName": name.trim(), "externalId": okta_id});
    if let Some(description) = description {
        body["description"] = json!(description);
    }
    body
}

fn update_operations(changes: &[GroupChange]) -> Vec<Json> {
    let operation = |change: &GroupChange| match &change.to {
        Some(value) => json!({"op": "replace", "path": change.attribute.as_str(), "value": value}),
        None => json!({"op": "remove", "path": change.attribute.as_str()}),
    };
    changes.iter().map(operation).collect()
}

fn member_operations(direction: Direction, accounts: &[HaiiloId]) -> Vec<Json> {
    match direction {
        Direction::In => {
            let values: Vec<Json> = accounts.iter().map(|id| json!({"value": id})).collect();
            vec![json!({"op": "add", "path": "members", "value": values})]
        }
        // A JSON text is what RFC 7644, 3.4.2.2 asks for within a filter.
        Direction::Out => accounts
            .iter()
            .map(|id| json!({"op": "remove", "path": format!("members[value eq {}]", Json::from(id.as_str()))}))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{create_body, member_operations, update_operations};
    use crate::domain::model::ids::{HaiiloId, OktaGroupId};
    use crate::domain::plan::group_operation::{GroupAttribute, GroupChange};
    use crate::ports::{Direction, NewGroup};

    #[test]
    fn what_is_sent() {
        let okta_id = OktaGroupId::new("00g1");
        let new = NewGroup { name: " Sales ", description: None, okta_id: &okta_id };
        assert_eq!(
            create_body(&new),
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Sales", "externalId": "00g1"})
        );
        let described = NewGroup { description: Some(&"All of Sales".into()), ..new };
        assert_eq!(create_body(&described)["description"], "All of Sales");
        let ids = ["a", "b\"c"].map(HaiiloId::new);
        assert_eq!(
            member_operations(Direction::In, &ids),
            [json!({"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "b\"c"}]})]
        );
        assert_eq!(
            member_operations(Direction::Out, &ids),
            [
                json!({"op": "remove", "path": "members[value eq \"a\"]"}),
                json!({"op": "remove", "path": "members[value eq \"b\\\"c\"]"}),
            ]
        );
        let change = |attribute, to: Option<&str>| GroupChange { attribute, from: None, to: to.map(Into::into) };
        assert_eq!(
            update_operations(&[change(GroupAttribute::Name, Some("New")), change(GroupAttribute::Description, None)]),
            [
                json!({"op": "replace", "path": "displayName", "value": "New"}),
                json!({"op": "remove", "path": "description"}),
            ]
        );
    }
}

//! Reads what a SCIM server answers about groups (RFC 7643, 4.2), as leniently as `wire` reads users. The id of a member becomes the index of
//! a person while it is read, so the ids of a large group are never all in memory.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess};

use crate::domain::groups::member_index::MemberIndex;
use crate::domain::model::group::{HaiiloGroup, MembersBuilder};
use crate::domain::model::ids::HaiiloGroupId;
use crate::haiilo::wire::{ListResponse, text};
use crate::http::json::{self, CowStr, Items, Object, ReadObject};
use crate::ports::GroupRows;

/// Reads the response to a listing.
pub(super) fn read_page(body: &[u8], member_index: &MemberIndex<'_>) -> Result<GroupRows, serde_json::Error> {
    let page = ListResponse { expected: "an array of groups", row: Object(ScimGroup(member_index)) };
    json::read(body, Object(page)).map(|(rows, total)| GroupRows { rows, total })
}

/// Reads one group; `None` where there is no id in it.
pub(super) fn read_group(
    body: &[u8],
    member_index: &MemberIndex<'_>,
) -> Result<Option<HaiiloGroup>, serde_json::Error> {
    json::read(body, Object(ScimGroup(member_index)))
}

/// One group. A row that is no object makes the whole response unreadable.
#[derive(Clone, Copy)]
struct ScimGroup<'r>(&'r MemberIndex<'r>);

impl<'de> ReadObject<'de> for ScimGroup<'_> {
    type Value = Option<HaiiloGroup>;

    const EXPECTED: &'static str = "a SCIM Group";

    fn read<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut name, mut external_id, mut description, mut members) = (None, None, None, None, None);
        while let Some(field) = fields.next_key::<CowStr<'de>>()? {
            let is = |name: &str| field.eq_ignore_ascii_case(name);
            if is("id") {
                id = text(fields.next_value()?);
            } else if is("displayName") {
                name = text(fields.next_value()?);
            } else if is("externalId") {
                external_id = text(fields.next_value()?);
            } else if is("description") {
                description = text(fields.next_value()?);
            } else if is("members") {
                let mut read = MembersBuilder::default();
                let take = |MemberId(id): MemberId<'_>| read.take(self.0.of_account(&id), &id);
                let items = Items { expected: "an array of members", item: PhantomData::<MemberId<'de>>, take };
                // Null says nothing about the members.
                members = fields.next_value_seed(items)?.then_some(read);
            } else {
                json::skip(&mut fields)?;
            }
        }
        Ok(id.map(|id| HaiiloGroup {
            id: HaiiloGroupId::new(id),
            name: name.unwrap_or_default(),
            external_id,
            description,
            members: members.map(MembersBuilder::finish),
        }))
    }
}

/// A member. One without an id makes the whole response unreadable: half a list of members would be completed by adding the other half.
struct MemberId<'a>(CowStr<'a>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct MemberValue<'a> {
    #[serde(borrow, alias = "Value")]
    value: Option<CowStr<'a>>,
}

impl<'de> Deserialize<'de> for MemberId<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let MemberValue { value } = MemberValue::deserialize(deserializer)?;
        value.map(Self).ok_or_else(|| D::Error::custom("a member without a value"))
    }
}

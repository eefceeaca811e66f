//! Reading what a SCIM server answers about groups (RFC 7643, 4.2), tolerantly, as `wire` reads users: attribute names in any case, members
//! missing. Members become seats while they are read, so that the ids of a large group are never all in memory.

use std::borrow::Cow;
use std::fmt;

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::domain::groups::member_index::MemberIndex;
use crate::domain::model::group::{HaiiloGroup, MembersBuilder};
use crate::domain::model::ids::HaiiloGroupId;
use crate::haiilo::wire;
use crate::http;
use crate::ports::GroupRows;

/// Reads the answer to a listing.
pub(super) fn read_page(body: &[u8], member_index: &MemberIndex<'_>) -> Result<GroupRows, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(http::json_text(body)?);
    let page = deserializer.deserialize_map(PageVisitor(member_index))?;
    deserializer.end()?;
    Ok(page)
}

/// Reads one group; `None` where there is no id in it.
pub(super) fn read_group(
    body: &[u8],
    member_index: &MemberIndex<'_>,
) -> Result<Option<HaiiloGroup>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(http::json_text(body)?);
    let group = GroupSeed(member_index).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(group)
}

/// The name of a member, which nearly always stands in the body as it is.
#[derive(Deserialize)]
#[serde(transparent)]
struct MemberKey<'a>(#[serde(borrow)] Cow<'a, str>);

impl MemberKey<'_> {
    fn is(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

/// An answer to a listing.
struct PageVisitor<'r>(&'r MemberIndex<'r>);

impl<'de> Visitor<'de> for PageVisitor<'_> {
    type Value = GroupRows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SCIM ListResponse")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<GroupRows, A::Error> {
        let (mut rows, mut total) = (None, None);
        while let Some(name) = members.next_key::<MemberKey<'de>>()? {
            if name.is("Resources") {
                rows = members.next_value_seed(GroupRowsSeed(self.0))?;
            } else if name.is("totalResults") {
                total = wire::number(&members.next_value::<Json>()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        match (rows, total) {
            // Without rows and without a total, this is some other object.
            (None, None) => Err(A::Error::custom("neither Resources nor totalResults: no SCIM ListResponse")),
            (rows, total) => Ok(GroupRows { rows: rows.unwrap_or_default(), total }),
        }
    }
}

/// The rows of a listing; `None` where they are null.
struct GroupRowsSeed<'r>(&'r MemberIndex<'r>);

impl<'de> DeserializeSeed<'de> for GroupRowsSeed<'_> {
    type Value = Option<Vec<Option<HaiiloGroup>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for GroupRowsSeed<'_> {
    type Value = Option<Vec<Option<HaiiloGroup>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of groups")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = items.next_element_seed(GroupSeed(self.0))? {
            rows.push(row);
        }
        Ok(Some(rows))
    }
}

/// One group; anything that is no object is a mistake of the server's that makes the whole answer unreadable.
struct GroupSeed<'r>(&'r MemberIndex<'r>);

impl<'de> DeserializeSeed<'de> for GroupSeed<'_> {
    type Value = Option<HaiiloGroup>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for GroupSeed<'_> {
    type Value = Option<HaiiloGroup>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SCIM Group")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut name, mut external_id, mut description, mut members) = (None, None, None, None, None);
        while let Some(field) = fields.next_key::<MemberKey<'de>>()? {
            let mut text = |into: &mut Option<CompactString>| {
                *into = wire::text(&fields.next_value::<Json>()?);
                Ok::<(), A::Error>(())
            };
            if field.is("id") {
                text(&mut id)?;
            } else if field.is("displayName") {
                text(&mut name)?;
            } else if field.is("externalId") {
                text(&mut external_id)?;
            } else if field.is("description") {
                text(&mut description)?;
            } else if field.is("members") {
                members = fields.next_value_seed(MembersSeed(self.0))?;
            } else {
                fields.next_value::<IgnoredAny>()?;
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

/// The members of a group; `None` where they are null, which says nothing.
struct MembersSeed<'r>(&'r MemberIndex<'r>);

impl<'de> DeserializeSeed<'de> for MembersSeed<'_> {
    type Value = Option<MembersBuilder>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MemberValue<'a> {
    #[serde(borrow, alias = "Value")]
    value: Option<Cow<'a, str>>,
}

impl<'de> Visitor<'de> for MembersSeed<'_> {
    type Value = Option<MembersBuilder>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of members")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut gathering = MembersBuilder::default();
        while let Some(MemberValue { value }) = items.next_element::<MemberValue<'de>>()? {
            // Half a list of members would be mended by adding the other half, and is none.
            let id = value.ok_or_else(|| A::Error::custom("a member without a value"))?;
            gathering.take(self.0.of_account(&id), &id);
        }
        Ok(Some(gathering))
    }
}

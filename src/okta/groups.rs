//! Groups of Okta and their members.
//!
//! Follows "Application groups" (`listApplicationGroupAssignments` with `expand=group`, because the profile of the row itself is not the
//! group's) and "Groups" (`listGroups`, `getGroup`, `listGroupUsers`) of Okta's management API. A listing by `q` finds beginnings of names,
//! so the caller compares the name. Of members only the ids are read.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::clock::Clock;
use crate::domain::model::group::OktaGroup;
use crate::domain::model::ids::{OktaGroupId, OktaUserId};
use crate::okta::client::{OktaClient, Route, parse, parse_url, unreadable};
use crate::okta::service_app::TokenScope;
use crate::okta::wire::{IdOnly, OktaText};
use crate::ports::{Cursor, Failure, GroupPage, GroupSource, MemberPage};

const APP_GROUPS: Route = Route { name: "GET /api/v1/apps/{id}/groups", scope: TokenScope::Groups };
const GROUPS: Route = Route { name: "GET /api/v1/groups", scope: TokenScope::Groups };
const GROUP: Route = Route { name: "GET /api/v1/groups/{id}", scope: TokenScope::Groups };
const MEMBERS: Route = Route { name: "GET /api/v1/groups/{id}/users", scope: TokenScope::Groups };

/// An `ApplicationGroupAssignment`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AssignedGroupRow {
    id: OktaText,
    #[serde(rename = "_embedded")]
    embedded: Option<EmbeddedGroup>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EmbeddedGroup {
    group: Option<GroupRow>,
}

/// A `Group`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroupRow {
    id: OktaText,
    profile: Option<GroupProfileRow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroupProfileRow {
    name: OktaText,
    description: OktaText,
}

impl<C: Clock> OktaClient<C> {
    /// The rows of the first page, or of the one behind the cursor.
    async fn rows_of<T: DeserializeOwned>(
        &self,
        route: Route,
        first: Url,
        cursor: Option<&Cursor>,
    ) -> Result<(Vec<T>, Option<Cursor>), Failure> {
        let url = cursor.map_or(Ok(first), |Cursor(url)| parse_url(route, url))?;
        let (response, next) = self.fetch_page(route, url).await?;
        Ok((parse(route, &response)?, next.map(|url| Cursor(url.into()))))
    }
}

impl<C: Clock> GroupSource for OktaClient<C> {
    async fn assigned_groups(&self, cursor: Option<&Cursor>) -> Result<GroupPage, Failure> {
        let first = self.app_url(&["groups"], Some("limit=200&expand=group"));
        let (rows, next) = self.rows_of::<AssignedGroupRow>(APP_GROUPS, first, cursor).await?;
        let mut groups = Vec::with_capacity(rows.len());
        for AssignedGroupRow { id, embedded } in rows {
            let Some(id) = id.0.map(OktaGroupId::new) else {
                groups.push(None);
                continue;
            };
            let own = embedded.and_then(|embedded| embedded.group).and_then(GroupRow::read);
            match own.filter(|group| group.id == id && !group.name.is_empty()) {
                Some(group) => groups.push(Some(group)),
                // A row that came without its group, or with another one. A group that no longer exists is not assigned.
                None => groups.extend(self.group(&id).await?.map(Some)),
            }
        }
        Ok(GroupPage { rows: groups, next })
    }

    async fn groups_named(&self, name: &str, cursor: Option<&Cursor>) -> Result<GroupPage, Failure> {
        let query = Serializer::new(format!("limit={}", self.page_size)).append_pair("q", name).finish();
        let first = self.url(&["api", "v1", "groups"], Some(&query));
        let (rows, next) = self.rows_of::<GroupRow>(GROUPS, first, cursor).await?;
        Ok(GroupPage { rows: rows.into_iter().map(GroupRow::read).collect(), next })
    }

    async fn group(&self, id: &OktaGroupId) -> Result<Option<OktaGroup>, Failure> {
        let url = self.url(&["api", "v1", "groups", id.as_str()], None);
        let Some(response) = self.find(GROUP, url).await? else { return Ok(None) };
        let group = parse::<GroupRow>(GROUP, &response)?.read();
        // Another group is evidence about nothing.
        group.filter(|group| group.id == *id).map(Some).ok_or_else(|| unreadable(GROUP, None))
    }

    async fn members(&self, id: &OktaGroupId, cursor: Option<&Cursor>) -> Result<MemberPage, Failure> {
        let limit = format!("limit={}", self.page_size);
        let first = self.url(&["api", "v1", "groups", id.as_str(), "users"], Some(&limit));
        let (rows, next) = self.rows_of::<IdOnly>(MEMBERS, first, cursor).await?;
        Ok(MemberPage { rows: rows.into_iter().map(|IdOnly { id }| id.0.map(OktaUserId::new)).collect(), next })
    }
}

impl GroupRow {
    /// The group, if it has an id.
    fn read(self) -> Option<OktaGroup> {
        let Self { id, profile } = self;
        let GroupProfileRow { name, description } = profile.unwrap_or_default();
        let description = description.0.filter(|text| !text.trim().is_empty());
        Some(OktaGroup { id: OktaGroupId::new(id.0?), name: name.0.unwrap_or_default(), description })
    }
}

//! Groups of Okta and their members.
//!
//! Follows "Application groups" (`listApplicationGroupAssignments` with `expand=group`, since the row's own profile is not the group's) and
//! "Groups" (`listGroups`, `getGroup`, `listGroupUsers`) of Okta's management API. A listing by `q` finds beginnings of names, so that
//! whoever asks for a name compares it. Of members only the ids are read.

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Url, form_urlencoded};

use crate::clock::Clock;
use crate::domain::model::group::OktaGroup;
use crate::domain::model::ids::{OktaGroupId, OktaUserId};
use crate::okta::client::{OktaClient, succeeded, unreadable};
use crate::okta::error::{OktaError, is_not_found};
use crate::okta::link;
use crate::okta::token::TokenScope;
use crate::okta::wire::{IdOnly, OktaText};
use crate::ports::{Cursor, Failure, GroupPage, GroupSource, MemberPage};

const APP_GROUPS: &str = "GET /api/v1/apps/{id}/groups";
const GROUPS: &str = "GET /api/v1/groups";
const GROUP: &str = "GET /api/v1/groups/{id}";
const MEMBERS: &str = "GET /api/v1/groups/{id}/users";

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

/// A `GroupRow`.
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

/// Where a link to the next page may lead.
type Resolve = fn(&Url, &[String], &Url, &str) -> Result<Url, OktaError>;

impl<C: Clock> OktaClient<C> {
    async fn rows_of<T: DeserializeOwned>(
        &self,
        (route, first): (&'static str, Url),
        cursor: Option<&Cursor>,
        resolve: Resolve,
    ) -> Result<(Vec<T>, Option<Cursor>), Failure> {
        let url = match cursor {
            Some(Cursor(url)) => Url::parse(url).map_err(|error| OktaError::BrokenLink(error).of(route))?,
            None => first,
        };
        let answer = succeeded(route, self.call_within(TokenScope::Groups, route, url.clone()).await?)?;
        let next = self.following(route, (&url, &answer), resolve)?;
        let rows = serde_json::from_slice(&answer.body).map_err(|error| unreadable(route, Some(error)))?;
        Ok((rows, next.map(|url| Cursor(url.into()))))
    }
}

impl<C: Clock> GroupSource for OktaClient<C> {
    async fn assigned_groups(&self, cursor: Option<&Cursor>) -> Result<GroupPage, Failure> {
        let first = self.url(&["api", "v1", "apps", self.app_id(), "groups"], Some("limit=200&expand=group"));
        let (rows, next) = self.rows_of::<AssignedGroupRow>((APP_GROUPS, first), cursor, link::resolve_groups).await?;
        let mut groups = Vec::with_capacity(rows.len());
        for AssignedGroupRow { id, embedded } in rows {
            let Some(id) = id.0.map(OktaGroupId::new) else {
                groups.push(None);
                continue;
            };
            let own = embedded.and_then(|embedded| embedded.group).and_then(GroupRow::read);
            match own.filter(|group| group.id == id && !group.name.is_empty()) {
                Some(group) => groups.push(Some(group)),
                // A row that came without its group, or with another one. One that is gone by now is not assigned any more.
                None => groups.extend(self.group(&id).await?.map(Some)),
            }
        }
        Ok(GroupPage { rows: groups, next })
    }

    async fn groups_named(&self, name: &str, cursor: Option<&Cursor>) -> Result<GroupPage, Failure> {
        let query =
            form_urlencoded::Serializer::new(format!("limit={}", self.page_size())).append_pair("q", name).finish();
        let first = self.url(&["api", "v1", "groups"], Some(&query));
        let (rows, next) = self.rows_of::<GroupRow>((GROUPS, first), cursor, link::permitted).await?;
        Ok(GroupPage { rows: rows.into_iter().map(GroupRow::read).collect(), next })
    }

    async fn group(&self, id: &OktaGroupId) -> Result<Option<OktaGroup>, Failure> {
        let url = self.url(&["api", "v1", "groups", id.as_str()], None);
        let answer = self.call_within(TokenScope::Groups, GROUP, url).await?;
        if is_not_found(&answer) {
            return Ok(None);
        }
        let answer = succeeded(GROUP, answer)?;
        let group: GroupRow = serde_json::from_slice(&answer.body).map_err(|error| unreadable(GROUP, Some(error)))?;
        // Another group is evidence about nothing.
        group.read().filter(|group| group.id == *id).map(Some).ok_or_else(|| unreadable(GROUP, None))
    }

    async fn members(&self, id: &OktaGroupId, cursor: Option<&Cursor>) -> Result<MemberPage, Failure> {
        let limit = format!("limit={}", self.page_size());
        let first = self.url(&["api", "v1", "groups", id.as_str(), "users"], Some(&limit));
        let (rows, next) = self.rows_of::<IdOnly>((MEMBERS, first), cursor, link::permitted).await?;
        Ok(MemberPage { rows: rows.into_iter().map(|IdOnly { id }| id.0.map(OktaUserId::new)).collect(), next })
    }
}

impl GroupRow {
    /// The group, if it has an id.
    fn read(self) -> Option<OktaGroup> {
        let Self { id, profile } = self;
        let GroupProfileRow { name, description } = profile.unwrap_or_default();
        let description = description.0.filter(|text| !text.trim().is_empty());
        Some(OktaGroup {
            id: OktaGroupId::new(id.0?),
            name: name.0.unwrap_or_else(CompactString::default),
            description,
        })
    }
}

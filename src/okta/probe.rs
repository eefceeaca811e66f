//! What `check` and `init` ask of Okta besides what a cycle reads: the host in its links, our share of its rate limit, the attributes that
//! profiles may have, and the user behind a login.
//!
//! Follows "Schemas" (`definitions.base`, `definitions.custom`), "Retrieve a user" (by id, login or the part of it before the @) and "List
//! all users" (`filter`) of Okta's management API. Reading schemas may need a right that a sync does not need, so only advice depends on
//! it. A look-up is for people, and never evidence about anyone.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::Deserialize;
use serde_json::Value as Json;
use url::form_urlencoded::Serializer;

use crate::clock::Clock;
use crate::domain::model::ids::OktaUserId;
use crate::http::RateBudget;
use crate::okta::assignments::{APP_USERS, USER};
use crate::okta::client::{OktaClient, Route, parse};
use crate::okta::service_app::TokenScope;
use crate::okta::wire::OktaText;
use crate::ports::Failure;

const USERS: Route = Route { name: "GET /api/v1/users", scope: TokenScope::Cycle };
const USER_SCHEMA: Route = Route { name: "GET /api/v1/meta/schemas/user/default", scope: TokenScope::Schemas };
const APP_SCHEMA: Route = Route { name: "GET /api/v1/meta/schemas/apps/{id}/default", scope: TokenScope::Schemas };

/// What the first row of the listing and its headers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OktaProbe {
    /// The host in Okta's links, where it is another than the configured ones: a custom domain.
    pub foreign_host: Option<String>,
    /// Requests a minute to the listing of assignments that are ours, by Okta's headers and our share.
    pub ours: Option<u64>,
}

/// The attributes of one kind of profile: their names, with the titles that administrators see.
pub type ProfileAttributes = BTreeMap<CompactString, String>;

/// What profiles may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileSchemas {
    /// Attributes of `user`, by the default type of users; other types may have more.
    pub user: ProfileAttributes,
    /// Attributes of `appuser`.
    pub app_user: ProfileAttributes,
}

/// A user of Okta, assigned or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMatch {
    /// The id.
    pub id: OktaUserId,
    /// Okta's word for the status.
    pub status: String,
}

impl<C: Clock> OktaClient<C> {
    /// Reads one row of the listing, for its headers.
    pub async fn probe(&self) -> Result<OktaProbe, Failure> {
        let url = self.app_url(&["users"], Some("limit=1&expand=user"));
        let headers = self.get(APP_USERS, url.clone()).await?.headers;
        let budget = RateBudget::read(&headers).filter(|budget| !budget.is_concurrency());
        Ok(OktaProbe {
            foreign_host: self.hosts.foreign_host(&url, &headers),
            ours: budget.map(|budget| budget.ours(self.limiter.share)),
        })
    }

    /// Reads both schemas.
    pub async fn schemas(&self) -> Result<ProfileSchemas, Failure> {
        let read = async |route: Route, path: &[&str]| {
            let url = self.url(&[&["api", "v1", "meta", "schemas"], path, &["default"]].concat(), None);
            parse(route, &self.get(route, url).await?).map(attributes)
        };
        Ok(ProfileSchemas {
            user: read(USER_SCHEMA, &["user"]).await?,
            app_user: read(APP_SCHEMA, &["apps", &self.app_id]).await?,
        })
    }

    /// The users behind an id, a login or an address.
    pub async fn look_up(&self, login: &str) -> Result<Vec<UserMatch>, Failure> {
        // A login with a slash can be found by its id only.
        if !login.contains('/')
            && let Some(response) = self.find(USER, self.url(&["api", "v1", "users", login], None)).await?
        {
            return Ok(parse::<FoundUser>(USER, &response)?.named().into_iter().collect());
        }
        let comparison = format!("profile.email eq {}", Json::from(login));
        let query = Serializer::new("limit=10".to_owned()).append_pair("filter", &comparison).finish();
        let response = self.find(USERS, self.url(&["api", "v1", "users"], Some(&query))).await?;
        let users = response.map(|response| parse::<Vec<FoundUser>>(USERS, &response)).transpose()?;
        Ok(users.into_iter().flatten().filter_map(FoundUser::named).collect())
    }
}

/// A `User`, as far as a look-up needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FoundUser {
    id: OktaText,
    status: OktaText,
}

impl FoundUser {
    fn named(self) -> Option<UserMatch> {
        Some(UserMatch { id: OktaUserId::new(self.id.0?), status: self.status.0.unwrap_or_default().into() })
    }
}

/// The part of a schema that is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Schema {
    definitions: BTreeMap<String, Definition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Definition {
    properties: BTreeMap<CompactString, Json>,
}

fn attributes(schema: Schema) -> ProfileAttributes {
    let properties = schema.definitions.into_values().flat_map(|definition| definition.properties);
    properties.map(|(name, about)| (name, about["title"].as_str().unwrap_or_default().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Schema, attributes};

    #[test]
    fn both_kinds_of_attributes_are_found_and_nothing_else_is_needed() {
        let read = |json| serde_json::from_value::<Schema>(json).map(attributes).expect("a schema");
        let found = read(json!({
            "id": "x", "definitions": {
                "custom": {"id": "#custom", "properties": {"haiiloGroup": {"title": "Haiilo group", "type": "string"}}},
                "base": {"properties": {"city": {"type": "string"}}},
            },
        }));
        assert_eq!(
            Vec::from_iter(found),
            [("city".into(), String::new()), ("haiiloGroup".into(), "Haiilo group".to_owned())]
        );
        assert!(read(json!({"definitions": {"base": {}}})).is_empty() && read(json!({})).is_empty());
    }
}

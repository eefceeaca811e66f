//! The attributes that Okta's profiles may have: the schema of users, and that of the application.
//!
//! Follows "Schemas" of Okta's management API (`definitions.base`, `definitions.custom`). Reading them may take a right that a sync does
//! not need, so that nothing but advice depends on it.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::clock::Clock;
use crate::okta::client::OktaClient;
use crate::ports::Failure;

pub(super) const USER_SCHEMA: &str = "GET /api/v1/meta/schemas/user/default";
pub(super) const APP_SCHEMA: &str = "GET /api/v1/meta/schemas/apps/{id}/default";

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

impl<C: Clock> OktaClient<C> {
    /// Reads both schemas.
    pub async fn schemas(&self) -> Result<ProfileSchemas, Failure> {
        let user = self.schema(USER_SCHEMA, &["api", "v1", "meta", "schemas", "user", "default"]).await?;
        let app = ["api", "v1", "meta", "schemas", "apps", self.app_id(), "default"];
        let app_user = self.schema(APP_SCHEMA, &app).await?;
        Ok(ProfileSchemas { user: attributes(user), app_user: attributes(app_user) })
    }
}

/// The part of a schema that is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Schema {
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

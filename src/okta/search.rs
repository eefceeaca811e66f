//! Who is meant by a login or an address: a look-up for people, never evidence about anybody.
//!
//! Follows "Retrieve a user" (which takes an id, a login or the part of it before the @) and "List all users" (`filter`) of Okta's
//! Users API.

use serde::Deserialize;
use url::form_urlencoded;

use crate::clock::Clock;
use crate::domain::model::ids::OktaUserId;
use crate::okta::client::OktaClient;
use crate::okta::wire::OktaText;
use crate::ports::Failure;

const USER: &str = "GET /api/v1/users/{id}";
const USERS: &str = "GET /api/v1/users";

/// A user of Okta, assigned or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMatch {
    /// The id.
    pub id: OktaUserId,
    /// Okta's word for the status.
    pub status: String,
}

/// A `User`, as far as a look-up needs it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FoundUser {
    id: OktaText,
    status: OktaText,
}

impl<C: Clock> OktaClient<C> {
    /// The users whom an id, a login or an address means.
    pub async fn look_up(&self, login: &str) -> Result<Vec<UserMatch>, Failure> {
        // A login with a slash can be found by its id alone.
        if !login.contains('/')
            && let Some(user) = self.found::<FoundUser>(USER, &["api", "v1", "users", login], None).await?
        {
            return Ok(found(vec![user]));
        }
        let comparison = format!("profile.email eq {}", serde_json::Value::from(login));
        let query: String =
            form_urlencoded::Serializer::new("limit=10".to_owned()).append_pair("filter", &comparison).finish();
        let users = self.found::<Vec<FoundUser>>(USERS, &["api", "v1", "users"], Some(&query)).await?;
        Ok(found(users.unwrap_or_default()))
    }
}

fn found(users: Vec<FoundUser>) -> Vec<UserMatch> {
    let named = users.into_iter().filter_map(|FoundUser { id, status }| {
        Some(UserMatch { id: OktaUserId::new(id.0?), status: status.0.unwrap_or_default().into() })
    });
    named.collect()
}

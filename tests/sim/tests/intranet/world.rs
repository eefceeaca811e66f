//! A simulated intranet with a client of its own, over loopback.

use okta_haiilo_sim::haiilo::{AccountSeed, BASE, Bend, Change, Did, Directory, Haiilo, Write};
use okta_haiilo_sim::{Fault, Server, SimClock, When};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) use crate::client::Reply;
use crate::client::{Client, filtered};

/// The schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of patches.
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The enterprise extension.
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub(crate) struct World {
    pub(crate) server: Server<Haiilo>,
    pub(crate) clock: SimClock,
    token: String,
    client: Client,
}

impl Reply {
    /// The status, and SCIM's own word for a refusal; empty where there is none.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        (self.status, body["scimType"].as_str().unwrap_or("").to_owned())
    }

    /// The ids of the members of the group in the body.
    pub(crate) fn members(&self) -> Vec<String> {
        let body = self.json();
        let members = body["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap_or("?").to_owned()).collect()
    }
}

/// A refusal as [`Reply::refusal`] tells it.
pub(crate) fn refused(status: u16, kind: &str) -> (u16, String) {
    (status, kind.to_owned())
}

impl World {
    /// An intranet as `change` leaves it. Its clock stands; the client has a token.
    pub(crate) async fn new(change: impl FnOnce(&mut Haiilo)) -> Self {
        let clock = SimClock::standing(1_767_225_600_000);
        let mut haiilo = Haiilo::intranet(clock.clone());
        change(&mut haiilo);
        let token = haiilo.make_token();
        let server = Server::start(haiilo, clock.clone()).await.expect("loopback has a free port");
        Self { server, clock, token, client: Client::default() }
    }

    /// An intranet with this directory and the local accounts a, b, c and so on.
    pub(crate) async fn with(names: &str, change: impl FnOnce(&mut Directory)) -> Self {
        Self::new(|haiilo| {
            haiilo.tune(|manner| change(&mut manner.directory));
            for name in names.chars() {
                haiilo.add_account(seed(&name.to_string()));
            }
        })
        .await
    }

    /// Any request; the path from the root.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.client.send(method, &format!("{}{path}", self.server.origin()), headers, body).await
    }

    /// A request to the SCIM endpoint as a correct client sends it.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.client.ask(method, &format!("{}{BASE}{path}", self.server.origin()), &self.token, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }

    /// Asks a collection with a filter.
    pub(crate) async fn look_up(&self, collection: &str, filter: &str) -> Reply {
        self.get(&filtered(collection, filter)).await
    }

    /// Creates an account.
    pub(crate) async fn post(&self, body: Value) -> Reply {
        self.ask(Method::POST, "/Users", Some(body)).await
    }

    pub(crate) async fn put(&self, id: &str, body: Value) -> Reply {
        self.ask(Method::PUT, &format!("/Users/{id}"), Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.ask(Method::PATCH, path, Some(body)).await
    }

    /// Replaces one value of an account.
    pub(crate) async fn set(&self, id: &str, path: &str, value: Value) -> Reply {
        let operation = json!({"op": "replace", "path": path, "value": value});
        self.patch(&format!("/Users/{id}"), json!([operation])).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, None).await
    }

    /// Creates a group of these accounts.
    pub(crate) async fn post_group(&self, name: &str, members: &[&str]) -> Reply {
        self.ask(Method::POST, "/Groups", Some(new_group(name, members))).await
    }

    /// Patches a group.
    pub(crate) async fn patch_group(&self, id: &str, operations: Value) -> Reply {
        self.patch(&format!("/Groups/{id}"), operations).await
    }

    /// The next call of a route goes wrong.
    pub(crate) fn bend(&self, route: &'static str, bend: Bend) {
        self.server.plant(When::Nth(route, 1), Fault::Bend(bend));
    }

    /// The id of an account of this world.
    pub(crate) fn id(&self, name: &str) -> String {
        let user_name = format!("{name}@example.com");
        self.server.state().account_named(&user_name).unwrap_or_else(|| panic!("no {user_name}")).id
    }

    /// A value as it is stored.
    pub(crate) fn stored(&self, id: &str, path: &str) -> Value {
        let account = self.server.state().account(id).unwrap_or_else(|| panic!("no account {id}"));
        account.get(path).cloned().unwrap_or(Value::Null)
    }

    /// The members of a group as they are stored.
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        self.server.state().group(group).unwrap_or_else(|| panic!("no group {group}")).members
    }

    /// The last write.
    pub(crate) fn last_write(&self) -> Write {
        self.server.state().writes().pop().expect("there was a write")
    }
}

/// A local account.
pub(crate) fn seed(name: &str) -> AccountSeed {
    AccountSeed {
        user_name: format!("{name}@example.com"),
        given: format!("Given {name}"),
        family: format!("Family {name}"),
        ..AccountSeed::default()
    }
}

/// The body of a create as a correct client sends it.
pub(crate) fn new_user(name: &str) -> Value {
    json!({
        "schemas": [USER],
        "userName": format!("{name}@example.com"),
        "name": {"givenName": format!("Given {name}"), "familyName": format!("Family {name}")},
        "emails": [{"type": "work", "primary": true, "value": format!("{name}@example.com")}],
        "active": true,
    })
}

/// The same for a group.
pub(crate) fn new_group(name: &str, members: &[&str]) -> Value {
    let members: Value = members.iter().map(|id| json!({"value": id})).collect();
    json!({"schemas": [GROUP], "displayName": name, "members": members})
}

/// A write that changed one value.
pub(crate) fn changed(path: &str, from: Value, to: Value) -> Did {
    let held = |value: Value| if value.is_null() { None } else { Some(value) };
    Did::Changed(vec![Change { path: path.to_owned(), from: held(from), to: held(to) }])
}

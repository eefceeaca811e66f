//! A simulated Haiilo with a client of its own, over loopback.

use okta_haiilo_sim::haiilo::{AccountSeed, BASE, Bend, Haiilo, Manner, TOKEN, Write};
use okta_haiilo_sim::{Fault, Server, SimClock, When};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) use crate::client::Reply;
use crate::client::{Client, filtered};

/// The schema of users.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of patches.
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

pub(crate) struct World {
    pub(crate) server: Server<Haiilo>,
    pub(crate) clock: SimClock,
    client: Client,
}

impl Reply {
    /// The user names of the rows, without their domain.
    pub(crate) fn names(&self) -> Vec<String> {
        self.column("userName")
    }
}

impl World {
    /// A world as `change` leaves it. Its clock stands.
    pub(crate) async fn new(change: impl FnOnce(&mut Haiilo)) -> Self {
        let clock = SimClock::standing(1_767_225_600_000);
        let mut haiilo = Haiilo::advocacy(clock.clone());
        change(&mut haiilo);
        let server = Server::start(haiilo, clock.clone()).await.expect("loopback has a free port");
        Self { server, clock, client: Client::default() }
    }

    /// A world with this manner and the accounts a, b, c and so on, made after the token's owner.
    pub(crate) async fn with(names: &str, change: impl FnOnce(&mut Manner)) -> Self {
        Self::new(|haiilo| {
            haiilo.tune(change);
            for name in names.chars() {
                haiilo.add_account(seed(&name.to_string()));
            }
        })
        .await
    }

    /// Any request.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.client.send(method, &format!("{}{BASE}{path}", self.server.origin()), headers, body).await
    }

    /// A request as a correct client sends it.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.client.ask(method, &format!("{}{BASE}{path}", self.server.origin()), TOKEN, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }

    /// Looks a user name up.
    pub(crate) async fn find(&self, user_name: &str) -> Reply {
        self.look_up(&format!("userName eq \"{user_name}\"")).await
    }

    /// Asks with a filter.
    pub(crate) async fn look_up(&self, filter: &str) -> Reply {
        self.get(&filtered("Users", filter)).await
    }

    pub(crate) async fn post(&self, body: Value) -> Reply {
        self.ask(Method::POST, "/Users", Some(body)).await
    }

    pub(crate) async fn put(&self, id: &str, body: Value) -> Reply {
        self.ask(Method::PUT, &format!("/Users/{id}"), Some(body)).await
    }

    pub(crate) async fn patch(&self, id: &str, operations: Value) -> Reply {
        let body = json!({"schemas": [PATCH], "Operations": operations});
        self.ask(Method::PATCH, &format!("/Users/{id}"), Some(body)).await
    }

    pub(crate) async fn set(&self, id: &str, path: &str, value: Value) -> Reply {
        self.patch(id, json!([{"op": "replace", "path": path, "value": value}])).await
    }

    pub(crate) async fn delete(&self, id: &str) -> Reply {
        self.ask(Method::DELETE, &format!("/Users/{id}"), None).await
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

    /// The last write.
    pub(crate) fn last_write(&self) -> Write {
        self.server.state().writes().pop().expect("there was a write")
    }
}

/// An account in Germany, in no team.
pub(crate) fn seed(name: &str) -> AccountSeed {
    AccountSeed {
        user_name: format!("{name}@example.com"),
        given: format!("Given {name}"),
        family: format!("Family {name}"),
        group: "Germany".to_owned(),
        team: String::new(),
    }
}

/// The body of a create as a correct client sends it.
pub(crate) fn new_user(name: &str) -> Value {
    json!({
        "schemas": [USER],
        "userName": format!("{name}@example.com"),
        "name": {"givenName": format!("Given {name}"), "familyName": format!("Family {name}")},
        "active": true,
        "addresses": [{"type": "work", "country": "Germany", "locality": "Berlin"}],
    })
}

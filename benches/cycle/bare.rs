//! The bare loop: both listings as fast as reqwest and serde read them, and nothing done with them; then the writes that are known to be wanted.
//! A new account is looked for before it is made, as by whoever must never make one twice.

use std::collections::BTreeMap;

use bytes::Bytes;
use clap::{Args, Subcommand};
use futures_util::{StreamExt as _, stream};
use okta_haiilo_sim::{haiilo, okta};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LINK};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

use crate::world::{HAIILO_PAGE, OKTA_PAGE};

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct AppUser {
    id: String,
    status: String,
    scope: String,
    credentials: Credentials,
    #[serde(rename = "_embedded")]
    embedded: Embedded,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct Credentials {
    user_name: String,
}

#[derive(Debug, Deserialize)]
struct Embedded {
    user: User,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct User {
    id: String,
    status: String,
    profile: Profile,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    first_name: String,
    last_name: String,
    email: String,
    city: String,
    country_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    total_results: u64,
    #[serde(rename = "Resources")]
    resources: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct Account {
    id: String,
    user_name: String,
    active: bool,
    name: Name,
    #[serde(default)]
    addresses: Vec<Address>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct Name {
    given_name: String,
    family_name: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Address {
    #[serde(rename = "type")]
    kind: Option<String>,
    country: Option<String>,
    locality: Option<String>,
}

/// A group of Haiilo.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
#[serde(rename_all = "camelCase")]
struct Group {
    id: String,
    display_name: String,
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only parsed")]
struct Member {
    value: String,
}

/// A group of Okta, or a member of one.
#[derive(Debug, Deserialize)]
struct Identified {
    id: String,
}

/// What is done after both listings were read.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// Every so many people move to this city.
    Move { one_in: usize, city: String },
    /// Everybody gets an account.
    Create,
    /// The groups of both sides are read, too, with all their members.
    Groups,
}

/// What the loop is told.
#[derive(Clone, Debug, Args)]
pub(crate) struct Told {
    okta: String,
    haiilo: String,
    /// What Haiilo knows the loop by.
    token: String,
    /// How many requests to Haiilo are under way at once.
    concurrency: usize,
    #[command(subcommand)]
    then: Then,
}

/// Reads both listings at once and keeps them; then writes.
pub(crate) async fn run(told: &Told) {
    let Told { okta, haiilo, token, concurrency, then } = told;
    let client = Client::builder().gzip(true).build().expect("a client");
    let haiilo = Haiilo { client: &client, origin: haiilo, token, concurrency: *concurrency };
    let people = format!("{okta}/api/v1/apps/{}/users?limit={OKTA_PAGE}&expand=user", okta::APP_ID);
    let (people, accounts) = tokio::join!(rows::<AppUser>(&client, people), haiilo.list::<Account>("Users"));
    println!("{} people, {} accounts", people.len(), accounts.len());
    let users = haiilo.address("Users");
    match then {
        Then::Nothing => {}
        Then::Move { one_in, city } => {
            let moving = stream::iter(accounts.iter().step_by(*one_in)).map(|account| {
                let path = "addresses[type eq \"work\"].locality";
                let body =
                    json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": path, "value": city }] });
                haiilo.send(client.patch(format!("{users}/{}", account.id)).body(body.to_string()))
            });
            moving.buffer_unordered(*concurrency).for_each(async |_| {}).await;
        }
        Then::Create => {
            let groups: BTreeMap<&str, &str> = haiilo::GROUPS.into_iter().collect();
            let making = stream::iter(&people).map(async |person| {
                let Profile { first_name, last_name, email, city, country_code } = &person.embedded.user.profile;
                let query = [("filter", format!("userName eq \"{email}\""))];
                haiilo.send(client.get(Url::parse_with_params(&users, &query).expect("an address"))).await;
                let body = json!({
                    "schemas": [USER], "userName": email, "name": { "givenName": first_name, "familyName": last_name },
                    "addresses": [{ "type": "work", "country": groups.get(country_code.as_str()), "locality": city }],
                });
                haiilo.send(client.post(&users).body(body.to_string())).await;
            });
            making.buffer_unordered(*concurrency).for_each(async |()| {}).await;
        }
        Then::Groups => {
            let wanted = async {
                let assigned = format!("{okta}/api/v1/apps/{}/groups?limit=200&expand=group", okta::APP_ID);
                let assigned = rows::<Identified>(&client, assigned).await;
                let members = stream::iter(&assigned).map(|group| {
                    rows::<Identified>(&client, format!("{okta}/api/v1/groups/{}/users?limit={OKTA_PAGE}", group.id))
                });
                members.buffer_unordered(GROUPS_AT_ONCE).collect::<Vec<_>>().await
            };
            let (wanted, shown) = tokio::join!(wanted, haiilo.list::<Group>("Groups"));
            println!("{} groups, {} groups", wanted.len(), shown.len());
        }
    }
}

/// Groups of Okta whose members are read at once, as the program does.
const GROUPS_AT_ONCE: usize = 4;

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// All rows of a listing of Okta.
async fn rows<T: DeserializeOwned>(client: &Client, first: String) -> Vec<T> {
    let mut rows = Vec::new();
    let mut next = Some(first);
    while let Some(url) = next {
        let answer = client.get(url).header(AUTHORIZATION, format!("SSWS {}", okta::API_TOKEN)).send();
        let answer = answer.await.expect("an answer");
        next = answer.headers().get_all(LINK).iter().find_map(|link| {
            let link = link.to_str().ok()?.strip_suffix("; rel=\"next\"")?;
            Some(link.trim_matches(['<', '>']).to_owned())
        });
        let body = answer.bytes().await.expect("a body");
        rows.extend(serde_json::from_slice::<Vec<T>>(&body).expect("rows"));
    }
    rows
}

/// A Haiilo, and how it is spoken to.
struct Haiilo<'a> {
    client: &'a Client,
    origin: &'a str,
    token: &'a str,
    concurrency: usize,
}

impl Haiilo<'_> {
    fn address(&self, of: &str) -> String {
        format!("{}{}/{of}", self.origin, haiilo::BASE)
    }

    /// Sends a request, and reads what comes.
    async fn send(&self, request: RequestBuilder) -> Bytes {
        let request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        let answer = request.header(CONTENT_TYPE, "application/scim+json").send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await.expect("a body")
    }

    /// All rows of a listing.
    async fn list<T: DeserializeOwned>(&self, of: &str) -> Vec<T> {
        let first = self.page(of, 1).await;
        let starts =
            (HAIILO_PAGE + 1..=first.total_results).step_by(usize::try_from(HAIILO_PAGE).expect("a small number"));
        let rest = stream::iter(starts).map(|start| self.page(of, start)).buffered(self.concurrency);
        let mut listed = first.resources;
        let mut rest = std::pin::pin!(rest);
        while let Some(page) = rest.next().await {
            listed.extend(page.resources);
        }
        listed
    }

    async fn page<T: DeserializeOwned>(&self, of: &str, start: u64) -> List<T> {
        let url = format!("{}?startIndex={start}&count={HAIILO_PAGE}", self.address(of));
        serde_json::from_slice(&self.send(self.client.get(url)).await).expect("a list")
    }
}

//! The bare loop: both listings as fast as reqwest and serde read them, and nothing done with them; then the writes that are known to be wanted.
//! A new account is looked for before it is made, as by whoever must never make one twice.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use futures_util::{StreamExt as _, stream};
use okta_haiilo_sim::{haiilo, okta};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LINK};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
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
struct List {
    total_results: u64,
    #[serde(rename = "Resources")]
    resources: Vec<Account>,
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

/// What is done after both listings were read.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Then {
    /// Nothing.
    Nothing,
    /// Every so many people move to this city.
    Move { one_in: usize, city: String },
    /// Everybody gets an account.
    Create,
}

/// What the loop is told.
#[derive(Clone, Debug, Args)]
pub(crate) struct Told {
    okta: String,
    haiilo: String,
    /// How many requests to Haiilo are under way at once.
    concurrency: usize,
    #[command(subcommand)]
    then: Then,
}

/// Reads both listings at once and keeps them; then writes.
pub(crate) async fn run(told: &Told) {
    let Told { okta, haiilo, concurrency, then } = told;
    let client = Client::builder().gzip(true).build().expect("a client");
    let (people, accounts) = tokio::join!(assignments(&client, okta), accounts(&client, haiilo, *concurrency));
    println!("{} people, {} accounts", people.len(), accounts.len());
    let users = format!("{haiilo}{}/Users", haiilo::BASE);
    match then {
        Then::Nothing => {}
        Then::Move { one_in, city } => {
            let moving = stream::iter(accounts.iter().step_by(*one_in)).map(|account| {
                let path = "addresses[type eq \"work\"].locality";
                let body =
                    json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": path, "value": city }] });
                send(client.patch(format!("{users}/{}", account.id)).body(body.to_string()))
            });
            moving.buffer_unordered(*concurrency).collect::<Vec<()>>().await;
        }
        Then::Create => {
            let groups: BTreeMap<&str, &str> = haiilo::GROUPS.into_iter().collect();
            let making = stream::iter(&people).map(async |person| {
                let Profile { first_name, last_name, email, city, country_code } = &person.embedded.user.profile;
                let query = [("filter", format!("userName eq \"{email}\""))];
                send(client.get(Url::parse_with_params(&users, &query).expect("an address"))).await;
                let body = json!({
                    "schemas": [USER], "userName": email, "name": { "givenName": first_name, "familyName": last_name },
                    "addresses": [{ "type": "work", "country": groups.get(country_code.as_str()), "locality": city }],
                });
                send(client.post(&users).body(body.to_string())).await;
            });
            making.buffer_unordered(*concurrency).collect::<Vec<()>>().await;
        }
    }
}

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Sends a request to Haiilo, and reads what comes.
async fn send(request: RequestBuilder) {
    let request = request.header(AUTHORIZATION, format!("Bearer {}", haiilo::TOKEN));
    let answer = request.header(CONTENT_TYPE, "application/scim+json").send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.bytes().await.expect("a body");
}

async fn assignments(client: &Client, origin: &str) -> Vec<AppUser> {
    let mut people = Vec::new();
    let mut next = Some(format!("{origin}/api/v1/apps/{}/users?limit={OKTA_PAGE}&expand=user", okta::APP_ID));
    while let Some(url) = next {
        let answer = client.get(url).header(AUTHORIZATION, format!("SSWS {}", okta::API_TOKEN)).send();
        let answer = answer.await.expect("an answer");
        next = answer.headers().get_all(LINK).iter().find_map(|link| {
            let link = link.to_str().ok()?.strip_suffix("; rel=\"next\"")?;
            Some(link.trim_matches(['<', '>']).to_owned())
        });
        let body = answer.bytes().await.expect("a body");
        people.extend(serde_json::from_slice::<Vec<AppUser>>(&body).expect("assignments"));
    }
    people
}

async fn accounts(client: &Client, origin: &str, concurrency: usize) -> Vec<Account> {
    let first = page(client, origin, 1).await;
    let starts = (HAIILO_PAGE + 1..=first.total_results).step_by(usize::try_from(HAIILO_PAGE).expect("a small number"));
    let rest = futures_util::stream::iter(starts).map(|start| page(client, origin, start)).buffered(concurrency);
    let mut accounts = first.resources;
    let mut rest = std::pin::pin!(rest);
    while let Some(page) = rest.next().await {
        accounts.extend(page.resources);
    }
    accounts
}

async fn page(client: &Client, origin: &str, start: u64) -> List {
    let url = format!("{origin}{}/Users?startIndex={start}&count={HAIILO_PAGE}", haiilo::BASE);
    let answer = client.get(url).header(AUTHORIZATION, format!("Bearer {}", haiilo::TOKEN)).send();
    let body = answer.await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&body).expect("a list")
}

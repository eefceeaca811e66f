//! The bare loop: both listings as fast as reqwest and serde read them, and nothing done with them.

use futures_util::StreamExt as _;
use okta_haiilo_sim::{haiilo, okta};
use reqwest::Client;
use reqwest::header::{AUTHORIZATION, LINK};
use serde::Deserialize;

use crate::{HAIILO_CONCURRENCY, HAIILO_PAGE, OKTA_PAGE};

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
#[expect(dead_code, reason = "only parsed")]
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
#[expect(dead_code, reason = "only parsed")]
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

/// Reads both listings at once and keeps them.
pub(crate) async fn read_everything(okta: &str, haiilo: &str) {
    let client = Client::builder().gzip(true).build().expect("a client");
    let (people, accounts) = tokio::join!(assignments(&client, okta), accounts(&client, haiilo));
    println!("{} people, {} accounts", people.len(), accounts.len());
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

async fn accounts(client: &Client, origin: &str) -> Vec<Account> {
    let first = page(client, origin, 1).await;
    let starts = (HAIILO_PAGE + 1..=first.total_results).step_by(usize::try_from(HAIILO_PAGE).expect("a small number"));
    let rest = futures_util::stream::iter(starts).map(|start| page(client, origin, start)).buffered(HAIILO_CONCURRENCY);
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

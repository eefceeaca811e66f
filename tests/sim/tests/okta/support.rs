//! A running org, and a client that shows what came over the wire.

use okta_haiilo_sim::okta::{API_TOKEN, APP_ID, Okta};
use okta_haiilo_sim::{Server, SimClock};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// 2026-11-24T08:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_507_200_000;

/// An org that runs, with its clock.
pub(crate) struct World {
    pub(crate) server: Server<Okta>,
    pub(crate) clock: SimClock,
    client: Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Starts an org with this many people, all assigned.
pub(crate) async fn org_of(people: u32) -> World {
    let clock = SimClock::standing(NOW_MS);
    let mut okta = Okta::new(clock.clone());
    okta.populate(people);
    let server = Server::start(okta, clock.clone()).await.expect("loopback has a free port");
    let client = Client::builder().user_agent("a test").build().expect("a plain client");
    World { server, clock, client }
}

/// The list of application users.
pub(crate) fn app_users(query: &str) -> String {
    format!("/api/v1/apps/{APP_ID}/users?{query}")
}

impl World {
    /// A request with nothing but a user agent. Links are whole addresses, everything else is a path.
    pub(crate) fn bare(&self, method: Method, target: &str) -> RequestBuilder {
        let url = if target.starts_with('/') { format!("{}{target}", self.server.origin()) } else { target.to_owned() };
        self.client.request(method, url)
    }

    /// GET with the API token.
    pub(crate) async fn get(&self, target: &str) -> Reply {
        send(self.bare(Method::GET, target).header("authorization", format!("SSWS {API_TOKEN}"))).await
    }

    /// The ids of the rows of all pages, following the links from here.
    pub(crate) async fn walk(&self, target: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut next = Some(target.to_owned());
        while let Some(target) = next {
            let page = self.get(&target).await;
            assert_eq!(page.status, 200, "{page:?}");
            ids.extend(page.ids());
            next = page.link("next");
        }
        ids
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("the simulator answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, body: response.bytes().await.expect("a whole body").to_vec() }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// A header; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of text"))
    }

    /// All lines of a header.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().expect("a header of text")).collect()
    }

    /// The target of a link, where each link has a line of its own.
    pub(crate) fn link(&self, rel: &str) -> Option<String> {
        let ending = format!(">; rel=\"{rel}\"");
        self.lines("link").iter().find_map(|line| Some(line.strip_prefix('<')?.strip_suffix(&ending)?.to_owned()))
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        self.json().as_array().expect("a list").clone()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows().iter().map(|row| row["id"].as_str().unwrap_or("no id").to_owned()).collect()
    }

    /// The types of the events of a page of the System Log.
    pub(crate) fn events(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{self:?}");
        self.rows().iter().map(|row| row["eventType"].as_str().unwrap_or("no type").to_owned()).collect()
    }

    /// The next link, which a poll of the System Log always has.
    pub(crate) fn next(&self) -> String {
        self.link("next").unwrap_or_else(|| panic!("no next link: {self:?}"))
    }

    /// Status and Okta's error code.
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        for key in ["errorSummary", "errorLink", "errorId"] {
            assert!(body[key].is_string(), "{key} is missing in {body}");
        }
        assert!(body["errorCauses"].is_array(), "{body}");
        assert_eq!(body["errorCode"], body["errorLink"]);
        (self.status, body["errorCode"].as_str().expect("an error code").to_owned())
    }

    /// Status, error and description of the token endpoint.
    pub(crate) fn oauth_error(&self) -> (u16, String, String) {
        let body = self.json();
        let text = |key: &str| body[key].as_str().expect("an OAuth error").to_owned();
        (self.status, text("error"), text("error_description"))
    }
}

/// An error as [`Reply::error`] gives it.
pub(crate) fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

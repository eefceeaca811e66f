//! A client of a SCIM endpoint over loopback, for the tests of either product: any request, and one as a correct client sends it.

use reqwest::Method;
use serde_json::Value;

/// Sends requests.
#[derive(Default)]
pub(crate) struct Client(reqwest::Client);

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    /// A header as text; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("headers are texts"))
    }

    /// The id in the body.
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", self.text)).to_owned()
    }

    /// What one attribute of the rows says, up to the at sign.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let body = self.json();
        let rows = body["Resources"].as_array().unwrap_or_else(|| panic!("no list: {body}"));
        let text = |row: &Value| row[name].as_str().unwrap_or("?").split('@').next().map(str::to_owned);
        rows.iter().filter_map(text).collect()
    }
}

impl Client {
    /// Any request.
    pub(crate) async fn send(&self, method: Method, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = self.0.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_owned()).send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.expect("the body is a text") }
    }

    /// A request as a correct client sends it.
    pub(crate) async fn ask(&self, method: Method, url: &str, token: &str, body: Option<Value>) -> Reply {
        let token = format!("Bearer {token}");
        let mut headers = vec![("authorization", token.as_str())];
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        if !body.is_empty() {
            headers.push(("content-type", "application/scim+json"));
        }
        self.send(method, url, &headers, &body).await
    }
}

/// A collection asked with a filter, as a path.
pub(crate) fn filtered(collection: &str, filter: &str) -> String {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    format!("/{collection}?filter={filter}")
}

//! Calls out: the webhook that is told about trouble, and the heartbeat that is told that all is well.

use std::time::Duration;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};
use url::Url;

use crate::clock::Clock;
use crate::config::settings::{NotifySettings, WebhookForm};
use crate::daemon::alerts::alert_log::AlertMessage;
use crate::http::{HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Request};

/// Route names for logs: the addresses are secrets.
const WEBHOOK: &str = "POST notify.webhook_url";
const HEARTBEAT: &str = "GET notify.heartbeat_url";
/// The longest time that a call takes from the daemon.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends messages.
#[derive(Debug)]
pub(in crate::daemon) struct Webhook<C> {
    http: HttpClient,
    clock: C,
    notify: NotifySettings,
}

/// Whether a call got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon) enum Delivery {
    Yes,
    No,
    /// There is nobody to be told.
    Nobody,
}

impl<C: Clock> Webhook<C> {
    pub(in crate::daemon) fn new(http: HttpClient, clock: C, notify: NotifySettings) -> Self {
        Self { http, clock, notify }
    }

    /// How many failed cycles in a row are told.
    pub(in crate::daemon) fn enough_failures(&self) -> u32 {
        self.notify.failures
    }

    /// Tells the webhook.
    pub(in crate::daemon) async fn tell(&self, message: &AlertMessage) -> Delivery {
        let Some(address) = &self.notify.webhook else { return Delivery::Nobody };
        let body = body(self.notify.form, message).to_string();
        self.send(address, (Method::POST, WEBHOOK), Some(body)).await
    }

    /// Tells that a complete cycle was applied.
    pub(in crate::daemon) async fn beat(&self) {
        if let Some(address) = &self.notify.heartbeat {
            self.send(address, (Method::GET, HEARTBEAT), None).await;
        }
    }

    async fn send(
        &self,
        address: &SecretString,
        (method, route): (Method, &'static str),
        body: Option<String>,
    ) -> Delivery {
        let url = Url::parse(address.expose_secret()).expect("the configuration accepted it");
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(HeaderName::from_static("content-type"), HeaderValue::from_static("application/json"));
        }
        let request = Request { method, url, route, headers, body: body.map(Bytes::from) };
        let answer = tokio::select! {
            answer = self.http.exchange(request) => Some(answer),
            () = self.clock.sleep(PATIENCE) => None,
        };
        let why = match answer {
            Some(Ok(answer)) if answer.status < 300 => return Delivery::Yes,
            Some(Ok(answer)) => format!("answered {}", answer.status),
            Some(Err(error)) => error.to_string(),
            None => "did not answer within ten seconds".to_owned(),
        };
        tracing::warn!(call = route, why, "call not made");
        Delivery::No
    }
}

/// A message in a form.
fn body(form: WebhookForm, message: &AlertMessage) -> Json {
    let AlertMessage { event, text, details } = message;
    let line = format!("okta-haiilo-sync: {text}");
    match form {
        WebhookForm::Slack => json!({"text": line}),
        WebhookForm::Teams => json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [{"type": "TextBlock", "text": line, "wrap": true}],
                },
            }],
        }),
        WebhookForm::Plain => json!({"source": "okta-haiilo-sync", "event": event, "text": text, "details": details}),
    }
}

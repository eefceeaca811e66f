//! Sends alerts to the webhook and signs of life to the heartbeat. Both addresses are secrets.

use std::time::Duration;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};
use url::Url;

use crate::clock::Clock;
use crate::config::settings::{NotifySettings, WebhookForm};
use crate::daemon::alerts::alert_log::AlertMessage;
use crate::http::{HeaderMap, HeaderName, HeaderValue, HttpClient, Method, Request};

/// What logs call the two addresses.
const WEBHOOK: &str = "POST notify.webhook_url";
const HEARTBEAT: &str = "GET notify.heartbeat_url";
/// The longest time that the daemon waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The webhook and the heartbeat, as configured.
#[derive(Debug)]
pub(in crate::daemon) struct Webhook<C> {
    http: HttpClient,
    clock: C,
    pub(in crate::daemon) notify: NotifySettings,
}

impl<C: Clock> Webhook<C> {
    pub(in crate::daemon) fn new(http: HttpClient, clock: C, notify: NotifySettings) -> Self {
        Self { http, clock, notify }
    }

    /// Sends an alert; whether it was delivered.
    pub(in crate::daemon) async fn send(&self, message: &AlertMessage) -> bool {
        let Some(address) = &self.notify.webhook else { return false };
        let body = body(self.notify.form, message).to_string();
        let is_delivered = self.call(address, WEBHOOK, Some(body)).await;
        if is_delivered {
            tracing::info!(event = message.event, "notification sent");
        }
        is_delivered
    }

    /// Says that a cycle was fully applied.
    pub(in crate::daemon) async fn heartbeat(&self) {
        if let Some(address) = &self.notify.heartbeat {
            self.call(address, HEARTBEAT, None).await;
        }
    }

    /// Sends JSON by POST, or nothing by GET; whether the answer was a success.
    async fn call(&self, address: &SecretString, route: &'static str, json: Option<String>) -> bool {
        let url = Url::parse(address.expose_secret()).expect("the configuration accepted it");
        let mut headers = HeaderMap::new();
        if json.is_some() {
            headers.insert(HeaderName::from_static("content-type"), HeaderValue::from_static("application/json"));
        }
        let method = if json.is_some() { Method::POST } else { Method::GET };
        let request = Request { method, url, route, headers, body: json.map(Bytes::from) };
        let answer = tokio::select! {
            answer = self.http.exchange(request) => Some(answer),
            () = self.clock.sleep(TIMEOUT) => None,
        };
        let why = match answer {
            Some(Ok(answer)) if answer.status < 300 => return true,
            Some(Ok(answer)) => format!("answered {}", answer.status),
            Some(Err(error)) => error.to_string(),
            None => "did not answer within ten seconds".to_owned(),
        };
        tracing::warn!(call = route, why, "notification not sent");
        false
    }
}

/// An alert in the form that the receiver reads.
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

//! Facts: single values by name, such as what was learnt of Haiilo's endpoint, the log cursor and the pause.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{AnyConnection, Error};

use crate::store::sql::{execute, instant};

/// The account that was gone after a deactivation which should have left it there.
pub(super) const DEACTIVATION_DELETED: &str = "deactivation_deleted";
/// How far Okta's log was followed, as JSON.
pub(super) const LOG_CURSOR: &str = "log_cursor";
/// What the last full cycle left behind for targeted cycles, as JSON.
pub(super) const BASELINE: &str = "baseline";
/// What was learnt of Haiilo's endpoint, as JSON.
pub(super) const TARGET: &str = "target";
/// What was sent to the webhook, as JSON.
pub(super) const ALERTS: &str = "alerts";

/// A fact, where it is there.
pub(super) async fn read_fact(connection: &mut AnyConnection, name: &str) -> Result<Option<String>, Error> {
    sqlx::query_scalar("SELECT value FROM facts WHERE name = $1").bind(name).fetch_optional(connection).await
}

/// Sets a fact, or removes it.
pub(super) async fn set_fact(connection: &mut AnyConnection, name: &str, value: Option<&str>) -> Result<(), Error> {
    let Some(value) = value else {
        return execute(connection, "DELETE FROM facts WHERE name = $1", &[&name]).await;
    };
    let set = "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    execute(connection, set, &[&name, &value]).await
}

/// The time that a fact is, if it is one.
pub(super) fn to_time(fact: &str) -> Option<DateTime<Utc>> {
    fact.parse().ok().map(instant)
}

/// Sets a fact that is a time, or removes it.
pub(super) async fn set_time(
    connection: &mut AnyConnection,
    name: &str,
    time: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    set_fact(connection, name, time.map(|time| time.timestamp().to_string()).as_deref()).await
}

/// A fact that is kept as JSON. A text that this version cannot read says nothing.
pub(super) async fn read_json<T: DeserializeOwned>(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<T>, Error> {
    let text = read_fact(connection, name).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Keeps a fact as JSON, or removes it.
pub(super) async fn set_json<T: Serialize>(
    connection: &mut AnyConnection,
    name: &str,
    value: Option<&T>,
) -> Result<(), Error> {
    let text = value.map(|value| serde_json::json!(value).to_string());
    set_fact(connection, name, text.as_deref()).await
}

//! How far Okta's log was followed, and what full cycles leave behind for looks at few people: a fact each, as JSON.

use sqlx::{AnyConnection, Error};

use crate::domain::state::log_cursor::LogCursor;
use crate::domain::targeted::baseline::Baseline;
use crate::store::notes;

const POLLING: &str = "polling";
const BACKDROP: &str = "backdrop";

/// How far the log was followed. A text that this version cannot read says nothing: a full cycle comes first.
pub(super) async fn read(connection: &mut AnyConnection) -> Result<Option<LogCursor>, Error> {
    let text = notes::read_fact(connection, POLLING).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// What the last full cycle left behind.
pub(super) async fn read_baseline(connection: &mut AnyConnection) -> Result<Option<Baseline>, Error> {
    let text = notes::read_fact(connection, BACKDROP).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

pub(super) async fn write(connection: &mut AnyConnection, polling: Option<&LogCursor>) -> Result<(), Error> {
    let text = polling.map(|polling| serde_json::json!(polling).to_string());
    notes::set_fact(connection, POLLING, text.as_deref()).await
}

pub(super) async fn write_baseline(connection: &mut AnyConnection, baseline: &Baseline) -> Result<(), Error> {
    notes::set_fact(connection, BACKDROP, Some(&serde_json::json!(baseline).to_string())).await
}

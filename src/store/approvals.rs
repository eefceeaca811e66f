//! Refused sets of operations, and approvals of them.

use sqlx::{AnyConnection, Error, Row as _};

use crate::ports::BlockedPlan;

/// How long a refused set waits for an approval, in seconds.
const KEPT: i64 = 30 * 24 * 60 * 60;

/// Keeps a refused set. One that is refused again keeps its approval, if it has one.
pub(super) async fn write_refusal(connection: &mut AnyConnection, refusal: &BlockedPlan) -> Result<(), Error> {
    let BlockedPlan { id, run, at, items, violations } = refusal;
    let violations: Vec<serde_json::Value> = violations
        .iter()
        .map(|violation| {
            serde_json::json!({"limit": violation.limit.as_str(), "found": violation.found, "allowed": violation.allowed})
        })
        .collect();
    sqlx::query("DELETE FROM refusals WHERE at < $1").bind(at.timestamp() - KEPT).execute(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO refusals (id, run, at, items, violations) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET run = excluded.run, at = excluded.at, violations = excluded.violations",
    )
    .bind(id.as_str())
    .bind(run.as_str())
    .bind(at.timestamp())
    .bind(items.iter().map(String::as_str).collect::<serde_json::Value>().to_string())
    .bind(serde_json::Value::from(violations).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Approves a refused set; the number of things in it, or nothing when there is no such set.
pub(super) async fn approve(
    connection: &mut AnyConnection,
    id: &str,
    (now, until): (i64, i64),
    by: &str,
    reason: Option<&str>,
) -> Result<Option<usize>, Error> {
    let row = sqlx::query("SELECT items FROM refusals WHERE id = $1").bind(id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let items: Vec<String> =
        serde_json::from_str(row.try_get::<String, _>(0)?.as_str()).map_err(|error| Error::Decode(error.into()))?;
    sqlx::query(
        "UPDATE refusals SET approved_at = $1, approved_until = $2, approved_by = $3, approved_reason = $4 WHERE id = $5",
    )
    .bind(now)
    .bind(until)
    .bind(by)
    .bind(reason)
    .bind(id)
    .execute(connection)
    .await?;
    Ok(Some(items.len()))
}

//! A plan in a file: `plan --save` writes it, a person reviews it, and `apply` reads it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

use crate::cli::exit::{CommandError, CommandResult};
use crate::cli::output;
use crate::domain::state::sync_state::Tenant;
use crate::engine::{Prepared, Reviewed};

/// The version of the form; a file of another one is not read.
const VERSION: u32 = 1;

/// A plan in a file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    version: u32,
    /// When it was made, by Okta's clock.
    made_at: String,
    org_url: String,
    app_id: String,
    base_url: String,
    /// What an approval of the plan would name.
    items: Vec<serde_json::Value>,
}

/// Saves a plan for a review.
pub(super) fn save(path: &Path, prepared: &Prepared, tenant: &Tenant) -> CommandResult<()> {
    let items = prepared.limit_check.items.iter().map(|item| serde_json::from_str(item));
    let file = PlanFile {
        version: VERSION,
        made_at: prepared.collected.now.to_rfc3339_opts(SecondsFormat::Secs, true),
        org_url: tenant.org_url.clone(),
        app_id: tenant.app_id.clone(),
        base_url: tenant.base_url.clone(),
        items: items.collect::<Result<_, _>>().context("the plan cannot be written as JSON; try again")?,
    };
    let text = serde_json::to_string_pretty(&file).context("the plan cannot be written as JSON; try again")?;
    output::save(path, &format!("{text}\n"))
}

/// Reads a plan that was saved for these tenants.
pub(super) fn read(path: &Path, tenant: &Tenant) -> CommandResult<Reviewed> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::misconfigured(format!(
            "the plan {shown} cannot be read: {error}; give the file that `plan --save` wrote"
        ))
    })?;
    let file: PlanFile = serde_json::from_str(&text).map_err(|error| {
        CommandError::misconfigured(format!("{shown} is no plan that `plan --save` wrote: {error}; make a new one"))
    })?;
    let PlanFile { version, made_at, org_url, app_id, base_url, items } = file;
    if version != VERSION {
        return Err(CommandError::misconfigured(format!(
            "{shown} was saved by another version of this program; make a new one with `plan --save`"
        )));
    }
    if (&org_url, &app_id, &base_url) != (&tenant.org_url, &tenant.app_id, &tenant.base_url) {
        return Err(CommandError::misconfigured(format!(
            "{shown} is a plan for application {app_id} at {org_url} and {base_url}, which are not those of the configuration; give a plan that was made with this one"
        )));
    }
    let at = DateTime::parse_from_rfc3339(&made_at).map_err(|error| {
        CommandError::misconfigured(format!(
            "{shown}: made_at {made_at:?} is no time: {error}; make a new one with `plan --save`"
        ))
    })?;
    let items: BTreeSet<String> = items.iter().map(serde_json::Value::to_string).collect();
    Ok(Reviewed { at: at.to_utc(), items })
}

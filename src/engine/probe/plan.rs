//! Whether a probe is allowed: nobody may have its addresses, neither by the listings nor by what either side itself says.

use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::planning::write_probe::WriteProbe;
use crate::engine::prepared::Prepared;
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountReader as _, Adapters, AssignmentSource as _, Failure, FailureKind};

/// The plan of a probe, or why it must not be. `schemas` are those that Haiilo names.
pub async fn plan_probe<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    prepared: &Prepared,
    address: &str,
    schemas: Vec<String>,
) -> Result<WriteProbe, String> {
    if let Some(pause) = prepared.collected.pause() {
        return Err(format!("all writes are paused, by {}; run `resume` first", pause.by));
    }
    let probe = WriteProbe::plan(&prepared.input(settings), address, schemas)?;
    let names = [&probe.name, &probe.renamed];
    // Nobody is left out here, in scope or not, with whatever result of the mapping.
    match assigned(adapters, prepared, &names).await {
        Ok(None) => {}
        Ok(Some(id)) => {
            return Err(format!("{address} is assigned in Okta ({id}); take an address that nobody has"));
        }
        Err(failure) => return Err(failure.to_string()),
    }
    for name in names {
        match adapters.reader().find(name).await.as_deref() {
            Ok([]) => {}
            Ok(_) => return Err(format!("{name} is an account in Haiilo; take an address that nobody has")),
            Err(failure) => return Err(failure.to_string()),
        }
    }
    Ok(probe)
}

/// A person who is assigned under one of these names in Okta's own rows.
async fn assigned<W: Adapters>(
    adapters: &W,
    prepared: &Prepared,
    names: &[&UserName],
) -> Result<Option<OktaUserId>, Failure> {
    let mut cursor = None;
    // The listing was read to its end just before; one that has grown out of proportion proves nothing.
    for _ in 0..prepared.people().pages() * 2 + 10 {
        let page = adapters.source().page(cursor.as_ref()).await?;
        let rows = adapters.source().rows(page.body).await?;
        let is_named = |name: &Option<UserName>| name.iter().any(|it| names.iter().any(|name| name.same_as(it)));
        if let Some(row) = rows.assignments.iter().find(|row| is_named(&row.user_name)) {
            return Ok(Some(row.id.clone()));
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(None),
        }
    }
    let error = "okta's listing did not end; try again".into();
    Err(Failure { kind: FailureKind::Unreadable, call: "GET /api/v1/apps/{id}/users", error })
}

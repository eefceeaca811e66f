//! `rebind`: a store belongs to other ends from now on, because they have moved.

use crate::cli::context::Context;
use crate::cli::ending::{CommandError, ExitStatus};
use crate::cli::wiring::Wiring;
use crate::cli::{output, sync};
use crate::clock::Clock as _;
use crate::domain::state::sync_state::Tenant;
use crate::ports::{AssignmentSource as _, StoreReader as _, StoreWriter as _};
use crate::store::Store;

/// Shows what the store knows and what is configured, asks, and binds it.
pub(super) async fn run(context: &Context) -> Result<ExitStatus, CommandError> {
    let wiring = Wiring::new(context.settings()?)?;
    let store = sync::open(&wiring, "rebind").await?;
    let done = rebind(&wiring, &store).await;
    sync::close(store).await;
    output::print(&format!("{}\n", done?))?;
    Ok(ExitStatus::Done)
}

async fn rebind(wiring: &Wiring, store: &Store) -> Result<&'static str, CommandError> {
    let now = wiring.clock.now();
    let Some(known) = store.sync_state(now).await?.tenant else {
        return Ok("The store belongs to nobody yet; the first run settles that.");
    };
    let configured = &wiring.cycle.tenant;
    if known == (Tenant { org_id: known.org_id.clone(), ..configured.clone() }) {
        return Ok("The store belongs to these ends already.");
    }
    output::say(&format!("The store belongs to {}\nand would belong to {}", described(&known), described(configured)));
    output::say(
        "Its links name people and accounts there. If these are other people, use another store. Type rebind to go on:",
    );
    if output::typed().trim() != "rebind" {
        return Err(CommandError::misconfigured(
            "that is not the word, and nothing was done; run `rebind` again and type it",
        ));
    }
    let org_id = wiring.source.organization().await?;
    store.settle_tenant(&Tenant { org_id, ..configured.clone() }, now).await?;
    Ok("The store belongs to these ends now. Run `plan` before anything else.")
}

fn described(tenant: &Tenant) -> String {
    let Tenant { org_id: _, org_url, app_id, product, base_url } = tenant;
    format!("application {app_id} at {org_url} and Haiilo {product} at {base_url}")
}

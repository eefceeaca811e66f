//! `rebind`: binds the store to what is configured now, after the organization, the application or Haiilo has moved.

use crate::cli::context::Context;
use crate::cli::exit::{CommandError, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::cli::output;
use crate::domain::state::sync_state::Tenant;
use crate::engine::Rebinding;

/// Shows what the store knows and what is configured, asks, and binds it.
pub(in crate::cli) async fn run(context: &Context) -> Result<ExitStatus, CommandError> {
    OperatorCommand { name: "rebind", context }
        .run(async |adapters| {
            let operator = adapters.operator(context, None);
            let text = match operator.rebinding().await? {
                Rebinding::Unbound => "The store belongs to nobody yet; the first run settles that.\n",
                Rebinding::Same => "The store belongs to these ends already.\n",
                Rebinding::From(known) => {
                    confirm(&known, &adapters.wiring.cycle.tenant)?;
                    operator.rebind().await?;
                    "The store belongs to these ends now. Run `plan` before anything else.\n"
                }
            };
            Ok(CommandOutput::done(text.to_owned()))
        })
        .await
}

fn confirm(known: &Tenant, configured: &Tenant) -> Result<(), CommandError> {
    output::say(&format!("The store belongs to {}\nand would belong to {}", described(known), described(configured)));
    output::say(
        "Its links name people and accounts there. If these are other people, use another store. Type rebind to go on:",
    );
    if output::typed().trim() == "rebind" {
        return Ok(());
    }
    Err(CommandError::misconfigured("that is not the word, and nothing was done; run `rebind` again and type it"))
}

fn described(tenant: &Tenant) -> String {
    let Tenant { org_id: _, org_url, app_id, product, base_url } = tenant;
    format!("application {app_id} at {org_url} and Haiilo {product} at {base_url}")
}

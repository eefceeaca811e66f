//! What an operator decides: `approve`, `pause`, `resume`, `link`, `unlink`, `confirm-new`, `remove` and `rebind`. Only `remove` writes to Haiilo.

use chrono::TimeDelta;

use crate::cli::args::{DecisionArguments, LinkArguments, PauseArguments};
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::operator::{CommandOutput, OperatorCommand};
use crate::cli::output;
use crate::domain::model::ids::{ApprovalId, HaiiloId};
use crate::domain::planning::operator::LinkChange;
use crate::domain::state::sync_state::Tenant;
use crate::engine::{ApprovedPlan, Rebinding};

/// Approves the blocked plan with this id for a day.
pub(in crate::cli) async fn approve(context: &Context, id: &str, reason: Option<&str>) -> CommandResult {
    OperatorCommand { name: "approve", reason, context }
        .run(async |operator| {
            let ApprovedPlan { items, until } = operator.approve(&ApprovalId::new(id)).await?;
            let until = until.format("%Y-%m-%d %H:%M UTC");
            Ok(format!("Approved until {until}: {items} entries of the blocked plan, and nothing else.\n"))
        })
        .await
}

/// Stops all writes.
pub(in crate::cli) async fn pause(context: &Context, arguments: &PauseArguments) -> CommandResult {
    let length = arguments.length().map_err(CommandError::misconfigured)?;
    let length = length.map(|length| TimeDelta::from_std(length).expect("ten years at most"));
    OperatorCommand { name: "pause", reason: arguments.reason.as_deref(), context }
        .run(async |operator| {
            let end = operator.pause(length).await?.end();
            Ok(format!("Paused {end}: cycles read, remember and report, and write nothing to Haiilo.\n"))
        })
        .await
}

/// Lets writes go on.
pub(in crate::cli) async fn resume(context: &Context) -> CommandResult {
    OperatorCommand { name: "resume", reason: None, context }
        .run(async |operator| {
            operator.resume().await?;
            Ok("Not paused: the next cycle writes what is due.\n")
        })
        .await
}

/// Links a person and an account.
pub(in crate::cli) async fn link(context: &Context, arguments: &LinkArguments) -> CommandResult {
    let LinkArguments { decision: DecisionArguments { login, reason }, haiilo_id } = arguments;
    OperatorCommand { name: "link", reason: reason.as_deref(), context }
        .run_prepared(async |operator, prepared| {
            Ok(linked(&operator.link(prepared, login, &HaiiloId::new(haiilo_id.as_str())).await?))
        })
        .await
}

fn linked(LinkChange { link, from, instead_of }: &LinkChange) -> String {
    let now = format!("Account {} ({}) is the account of {} now.\n", link.haiilo_id, link.user_name, link.okta_id);
    let from = from
        .as_ref()
        .map_or(String::new(), |from| format!("It was that of {}, who is not assigned any more.\n", from.okta_id));
    let former = instead_of.as_ref().map_or(String::new(), |former| {
        format!("Account {}, which was this person's, is no longer managed.\n", former.haiilo_id)
    });
    now + &from + &former
}

/// Ends a link.
pub(in crate::cli) async fn unlink(context: &Context, arguments: &DecisionArguments) -> CommandResult {
    let DecisionArguments { login, reason } = arguments;
    OperatorCommand { name: "unlink", reason: reason.as_deref(), context }
        .run_prepared(async |operator, prepared| {
            let link = operator.unlink(prepared, login).await?;
            Ok(format!(
                "Account {} ({}) is no longer managed, and {} has none. If both carry one userName, the next run wants to adopt it.\n",
                link.haiilo_id, link.user_name, link.okta_id
            ))
        })
        .await
}

/// Confirms that a person is new.
pub(in crate::cli) async fn confirm_new(context: &Context, arguments: &DecisionArguments) -> CommandResult {
    let DecisionArguments { login, reason } = arguments;
    OperatorCommand { name: "confirm-new", reason: reason.as_deref(), context }
        .run_prepared(async |operator, prepared| {
            let id = operator.confirm_new(prepared, login).await?;
            Ok(format!("{id} is nobody else from now on; `plan` shows what follows.\n"))
        })
        .await
}

/// Deletes the account of one deactivated person at once, after the address is typed once more.
pub(in crate::cli) async fn remove(context: &Context, arguments: &DecisionArguments) -> CommandResult {
    let DecisionArguments { login, reason } = arguments;
    OperatorCommand { name: "remove", reason: reason.as_deref(), context }
        .run_prepared(async |operator, prepared| {
            let link = operator.removable(prepared, login).await?;
            let (haiilo_id, name) = (&link.haiilo_id, &link.user_name);
            let question = format!(
                "This deletes the account of {name} for ever, with everything in it. Type the address once more:"
            );
            if !output::is_confirmed(&question, name) {
                return Err(CommandError::misconfigured(
                    "that is not the address, and nothing was done; run `remove` again and type it whole",
                ));
            }
            let writer = operator.adapters.wiring.reader.writer();
            let outcome = operator.remove(&writer, prepared, &link).await.outcome;
            Ok(if outcome.is_done() {
                CommandOutput::from(format!("Account {haiilo_id} ({name}) is deleted for ever.\n"))
            } else {
                let why = outcome.detail().unwrap_or_default();
                let text = format!("Account {haiilo_id} ({name}) was not deleted: {why}\n");
                CommandOutput { text, status: ExitStatus::Partly }
            })
        })
        .await
}

/// Binds the store to what is configured now, after the organization, the application or Haiilo has moved. Shows both, and asks.
pub(in crate::cli) async fn rebind(context: &Context) -> CommandResult {
    OperatorCommand { name: "rebind", reason: None, context }
        .run(async |operator| {
            Ok(match operator.rebinding().await? {
                Rebinding::Unbound => "The store belongs to nobody yet; the first run settles that.\n",
                Rebinding::Same => "The store belongs to these ends already.\n",
                Rebinding::From(known) => {
                    confirm(&known, &operator.settings.tenant)?;
                    operator.rebind().await?;
                    "The store belongs to these ends now. Run `plan` before anything else.\n"
                }
            })
        })
        .await
}

fn confirm(known: &Tenant, configured: &Tenant) -> CommandResult<()> {
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

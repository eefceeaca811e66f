//! `demo` runs the story of a product; with `--serve` the two servers stay up, with a configuration that is ready to use.

use okta_haiilo_sim::haiilo::AccountSeed;
use okta_haiilo_sim::people::person;
use serde_json::json;

use crate::cli::adapters::StoreAdapters;
use crate::cli::args::{DemoArguments, Format, ProductWord, SyncArguments};
use crate::cli::commands::cycle;
use crate::cli::demo::sandbox::Sandbox;
use crate::cli::demo::story::{report, tell};
use crate::cli::demo::{advocacy, intranet};
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::output;
use crate::engine::Scope;

/// How many groups the people of an intranet are spread over, by default.
const GROUPS: u32 = 4;
/// How many people a manager has.
const TEAM: u32 = 8;

/// Runs the story of a product, or serves it.
pub(in crate::cli) async fn run(arguments: &DemoArguments) -> CommandResult {
    if arguments.product == ProductWord::Advocacy && arguments.groups.is_some() {
        return Err(CommandError::misconfigured(
            "--groups is for the intranet, since SCIM reaches no groups of Haiilo Advocacy; add --product intranet, or leave it out",
        ));
    }
    if arguments.serve {
        return serve(arguments).await;
    }
    let sandbox = Sandbox::set(arguments.product).await?;
    let option = match arguments.product {
        ProductWord::Advocacy => advocacy::tell_all(&sandbox).await.map(|()| "")?,
        ProductWord::Intranet => intranet::tell_all(&sandbox).await.map(|()| " --product intranet")?,
    };
    tell(&format!(
        "That was all. What you saw were the real commands; only the two servers were simulated.\n\
         To play on your own: okta-haiilo-sync demo --serve{option}"
    ))?;
    Ok(ExitStatus::Done)
}

/// Serves until Ctrl-C.
async fn serve(arguments: &DemoArguments) -> CommandResult {
    let sandbox = Sandbox::set(arguments.product).await?;
    sandbox.okta.state().populate(arguments.people);
    let groups = match arguments.product {
        ProductWord::Advocacy => 0,
        ProductWord::Intranet => arguments.groups.unwrap_or(GROUPS),
    };
    if arguments.product == ProductWord::Intranet {
        organise(&sandbox, arguments.people, groups);
    }
    if arguments.in_step {
        match arguments.product {
            ProductWord::Advocacy => {
                sandbox.haiilo.state().populate((0..arguments.people).map(|n| AccountSeed::of(&person(n))));
            }
            ProductWord::Intranet => make_accounts(&sandbox, arguments.people, groups),
        }
        link_everybody(&sandbox).await?;
    }
    sandbox.okta.set_latency(arguments.latency.okta);
    sandbox.haiilo.set_latency(arguments.latency.haiilo);
    let config = sandbox.config();
    output::print(&format!(
        "okta    {}\nhaiilo  {}\nconfig  {}\n",
        sandbox.okta.origin(),
        sandbox.haiilo.origin(),
        config.display()
    ))?;
    let in_groups = if groups > 0 { format!(" in {groups} groups") } else { String::new() };
    output::say(&format!(
        "{} people{in_groups}; try: okta-haiilo-sync --config {} plan",
        arguments.people,
        config.display()
    ));
    output::say("Ctrl-C ends the servers and removes their folder.");
    tokio::signal::ctrl_c().await?;
    Ok(ExitStatus::Done)
}

/// The name of a group, on either side.
fn name_of(group: u32) -> String {
    format!("Group {}", group + 1)
}

/// The people of a group: by turns, so no group has two more than another.
fn members_of(group: u32, people: u32, groups: u32) -> impl Iterator<Item = u32> {
    (group..people).step_by(groups as usize)
}

/// The login of a person's manager; the first person has no manager.
fn manager_of(n: u32) -> Option<String> {
    n.checked_sub(1).map(|before| person(before / TEAM).email)
}

/// Gives people managers, and puts them into groups of Okta.
fn organise(sandbox: &Sandbox, people: u32, groups: u32) {
    let mut okta = sandbox.okta.state();
    let ids = okta.assigned();
    okta.without_events(|okta| {
        for (n, id) in (0..).zip(&ids) {
            if let Some(manager) = manager_of(n) {
                okta.set_profile(id, "managerId", manager.into());
            }
        }
    });
    for group in 0..groups {
        let id = okta.make_group(&name_of(group));
        for n in members_of(group, people, groups) {
            okta.join_group(&id, &ids[n as usize]);
        }
    }
}

/// Makes the accounts and groups that the mapping would make, by hand.
fn make_accounts(sandbox: &Sandbox, people: u32, groups: u32) {
    let okta_ids = sandbox.okta.state().assigned();
    let mut haiilo = sandbox.haiilo.state();
    let mut accounts: Vec<String> = Vec::new();
    for (n, okta_id) in (0..).zip(okta_ids) {
        let who = person(n);
        let id = haiilo.add_account(AccountSeed::of(&who));
        haiilo.edit(&id, "externalId", okta_id.into());
        haiilo.edit(&id, "displayName", format!("{} {}", who.given, who.family).into());
        haiilo.edit(&id, "profileField_jobTitle", who.title.into());
        haiilo.edit(&id, "profileField_department", who.department.into());
        haiilo.edit(&id, "profileField_location", who.city.into());
        if let Some(before) = n.checked_sub(1) {
            let manager = &accounts[(before / TEAM) as usize];
            haiilo.edit(&id, MANAGER, json!({ "value": manager }));
        }
        accounts.push(id);
    }
    for group in 0..groups {
        let id = haiilo.make_group(&name_of(group));
        for n in members_of(group, people, groups) {
            haiilo.put_into_group(&id, &accounts[n as usize]);
        }
    }
}

/// Where an account holds its manager.
const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// A first run that was approved, so the store knows each person. The report goes into the folder, where nobody needs to read it.
async fn link_everybody(sandbox: &Sandbox) -> CommandResult<()> {
    let context = sandbox.context();
    let wiring = context.wiring()?;
    let prepared = StoreAdapters::read_only(&wiring).prepare(&context, &Scope::Everybody).await?;
    let report = report(Format::Csv, Some(sandbox.folder().join("first-run.csv")));
    let approve = prepared.limit_check.approval_id.map(|id| id.to_string());
    cycle::sync(&context, &SyncArguments { report, dry_run: false, approve, reason: None }).await?;
    Ok(())
}

//! The steps of a story: words for a person who sees this for the first time, and the real commands between them.

use std::path::PathBuf;

use okta_haiilo_sim::people::person;
use serde_json::Value as Json;

use crate::cli::args::{CheckArguments, Format, PlanArguments, ReportArguments, ShownArguments, SyncArguments};
use crate::cli::commands::cycle;
use crate::cli::demo::sandbox::Sandbox;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::{check, output};

impl Sandbox {
    /// From nothing to an approved first run. The story has said before what both sides have.
    pub(super) async fn first_run(&self) -> CommandResult<()> {
        self.check().await?;
        tell("What would happen? `plan` shows it, and changes nothing either.")?;
        self.plan().await?;
        tell(
            "`sync` does it. But nothing was ever done from this store, so that it wants a human being to look first.\n\
             It is blocked: exit code 3, and nothing is written.",
        )?;
        self.sync_without_writes(ExitStatus::Blocked).await?;
        tell("We have looked, and let exactly these operations pass, and no others.")?;
        let id = self.approval_id().await?;
        self.sync(Some(id), ExitStatus::Done).await
    }

    /// `check`, which finds no error.
    async fn check(&self) -> CommandResult<()> {
        output::print("$ okta-haiilo-sync check\n")?;
        let ended = Box::pin(check::run(&self.context(), &CheckArguments::default())).await?;
        expect(&ended, &ExitStatus::Done, "check finds errors")
    }

    /// `plan`.
    pub(super) async fn plan(&self) -> CommandResult<()> {
        output::print("$ okta-haiilo-sync plan\n")?;
        let arguments = PlanArguments { report: report(Format::Text, None), exit_code: false, save: None };
        let ended = cycle::plan(&self.context(), &arguments).await?;
        expect(&ended, &ExitStatus::Done, "plan ends otherwise")
    }

    /// `plan`, which has nothing left to do, about people or groups.
    pub(super) async fn empty_plan(&self, when: &str) -> CommandResult<()> {
        self.plan().await?;
        let plan = self.plan_json().await?;
        let operations = [&plan["operations"], &plan["groups"]["operations"]];
        let left: usize = operations.iter().filter_map(|list| list.as_array()).map(Vec::len).sum();
        expect(&plan["operations"].is_array(), &true, "the plan names no operations")?;
        expect(&left, &0, &format!("the plan {when} is not empty"))
    }

    /// `sync`.
    pub(super) async fn sync(&self, approve: Option<String>, expected: ExitStatus) -> CommandResult<()> {
        let option = approve.as_ref().map(|id| format!(" --approve {id}")).unwrap_or_default();
        output::print(&format!("$ okta-haiilo-sync sync{option}\n"))?;
        let arguments = SyncArguments { report: report(Format::Text, None), dry_run: false, approve, reason: None };
        let ended = cycle::sync(&self.context(), &arguments).await?;
        expect(&ended, &expected, "sync ends otherwise")
    }

    /// `sync`, which asks Haiilo to change nothing.
    pub(super) async fn sync_without_writes(&self, expected: ExitStatus) -> CommandResult<()> {
        let before = self.haiilo.state().writes().len();
        self.sync(None, expected).await?;
        let after = self.haiilo.state().writes().len();
        expect(&after, &before, "something was written")
    }

    /// The id of the account with this userName.
    pub(super) fn account(&self, user_name: &str) -> Option<String> {
        self.haiilo.state().account_named(user_name).map(|account| account.id)
    }

    /// The id of the person of this number in Okta, by the address that they were hired with; empty when there is no such person.
    pub(super) fn okta_id(&self, n: u32) -> String {
        self.okta.state().find(&person(n).email).unwrap_or_default()
    }

    /// The plan as JSON, as a script would read it.
    async fn plan_json(&self) -> CommandResult<Json> {
        let file = self.folder().join("plan.json");
        cycle::show_plan(&self.context(), &report(Format::Json, Some(file.clone()))).await?;
        Ok(serde_json::from_slice(&std::fs::read(file)?)?)
    }

    async fn approval_id(&self) -> CommandResult<String> {
        let plan = self.plan_json().await?;
        let id = plan["approval_id"].as_str().unwrap_or_default();
        expect(&id.is_empty(), &false, "the plan names no approval id")?;
        Ok(id.to_owned())
    }
}

/// Words of the story, apart from what the commands print.
pub(super) fn tell(text: &str) -> CommandResult<()> {
    let lines: Vec<String> = text.lines().map(|line| format!("## {}", line.trim())).collect();
    output::print(&format!("\n{}\n\n", lines.join("\n")))
}

/// The story is a test of the program, too: it fails when something is not as it says.
pub(super) fn expect<T: PartialEq>(found: &T, expected: &T, what: &str) -> CommandResult<()> {
    if found == expected { Ok(()) } else { Err(went_otherwise(what)) }
}

/// Something is not as the story says.
pub(super) fn went_otherwise(what: &str) -> CommandError {
    anyhow::anyhow!("the demonstration did not go as it should: {what}").into()
}

/// A report in this form, on standard output or in a file.
pub(super) fn report(format: Format, output: Option<PathBuf>) -> ReportArguments {
    ReportArguments { format, output, user: None, shown: ShownArguments::default() }
}

//! The story: a first run and the day after, told in words for somebody who sees this for the first time. The commands are the real ones.

use okta_haiilo_sim::haiilo::AccountSeed;
use okta_haiilo_sim::people::person;
use serde_json::{Value as Json, json};

use crate::cli::args::{CheckArguments, Format, PlanArguments, ReportArguments, ShownArguments, SyncArguments};
use crate::cli::demo::stage::Stage;
use crate::cli::ending::{Ending, Unfinished};
use crate::cli::{check, output, plan, sync};

/// How many people the company has.
const PEOPLE: u32 = 12;

/// Tells the story. It ends well only if each command ended as the story says.
pub(super) async fn run() -> Result<Ending, Unfinished> {
    let teller = Teller { stage: Stage::set().await? };
    teller.first_run().await?;
    teller.next_day().await?;
    teller.bad_day().await?;
    tell(
        "That was all. What you saw were the real commands; only the two servers were simulated.\n\
         To play on your own: okta-haiilo-sync demo --serve",
    )?;
    Ok(Ending::Done)
}

struct Teller {
    stage: Stage,
}

impl Teller {
    async fn first_run(&self) -> Result<(), Unfinished> {
        self.stage.okta.state().populate(PEOPLE);
        self.stage.haiilo.state().populate([AccountSeed::of(&person(1)), AccountSeed::of(&person(90))]);
        tell(&format!(
            "A company has {PEOPLE} people, who are assigned to the Haiilo application in Okta.\n\
             In Haiilo Advocacy there are three accounts so far: the administrator's, whose token this program uses,\n\
             one that somebody made by hand for a colleague, and one of somebody who is not in Okta at all.\n\
             First of all: is everything set up? `check` asks both ends, and changes nothing."
        ))?;
        self.check().await?;
        tell("What would happen? `plan` shows it, and changes nothing either.")?;
        self.plan().await?;
        tell(
            "`sync` does it. But nothing was ever done from this store, so that it wants a human being to look first.\n\
             It refuses, with exit code 3, and writes nothing.",
        )?;
        self.sync(None, Ending::Refused).await?;
        tell("We have looked, and let exactly these operations pass, and no others.")?;
        let id = self.approval_id().await?;
        self.sync(Some(id), Ending::Done).await?;
        tell("Both sides agree now. A second plan is empty.")?;
        self.plan().await?;
        expect(&self.pending().await?, &0, "the second plan is not empty")
    }

    async fn next_day(&self) -> Result<(), Unfinished> {
        let id = |n| self.stage.okta.state().find(&person(n).email).unwrap_or_default();
        let (renamed, moved, suspended) = (id(2), id(3), id(4));
        let (deactivated, unassigned, atlantis) = (id(5), id(6), id(7));
        let account = self.account(&person(2).email);
        {
            let mut okta = self.stage.okta.state();
            okta.hire(&person(20));
            okta.hire(&person(21));
            okta.set_profile(&renamed, "lastName", json!("Byron"));
            okta.rename(&renamed, "zoe.byron@example.com");
            okta.set_profile(&moved, "city", json!("Oulu"));
            okta.suspend(&suspended);
            okta.deactivate(&deactivated);
            okta.unassign(&unassigned);
            okta.set_profile(&atlantis, "countryCode", json!("XX"));
        }
        tell(
            "The next day. In Okta:\n\
             - two people were hired,\n\
             - one has a new family name, and a new address with it,\n\
             - one moved to another city,\n\
             - one was suspended,\n\
             - one was deactivated, and one lost the assignment to Haiilo,\n\
             - one now belongs to a group, Atlantis, that does not exist in Haiilo.",
        )?;
        self.plan().await?;
        tell(
            "Note the leavers. In Haiilo Advocacy a deleted account cannot be restored, so nobody loses it today: Okta was asked\n\
             for each of them by id, and a grace of 30 days has begun, which is over only if somebody watches all the time.\n\
             Who merely lost the assignment is kept, since the configuration says so; and a suspension changes nothing.",
        )?;
        self.sync(None, Ending::Done).await?;
        tell(
            "The group does not exist, so that its value is parked: it is not sent again, but for one trial a cycle, until somebody\n\
             makes the group in Haiilo. Everybody else is done. The person with the new name kept the account, with all its history.",
        )?;
        expect(&self.account("zoe.byron@example.com"), &account, "the renamed person has another account")?;
        self.plan().await?;
        expect(&self.pending().await?, &0, "the plan after the next day is not empty")
    }

    async fn bad_day(&self) -> Result<(), Unfinished> {
        let ids: Vec<String> =
            (7..PEOPLE).chain([0]).filter_map(|n| self.stage.okta.state().find(&person(n).email)).collect();
        for id in &ids {
            self.stage.okta.state().unassign(id);
        }
        tell(
            "A bad day. Somebody removes a group from the application in Okta, and half of the company is no longer assigned.\n\
             That looks like a mistake, and so it stops the whole run before its first write.",
        )?;
        let before = self.stage.haiilo.state().accounts().len();
        self.sync(None, Ending::Refused).await?;
        let after = self.stage.haiilo.state().accounts().len();
        expect(&after, &before, "somebody lost the account")?;
        expect(&self.stage.haiilo.state().deleted_for_ever().len(), &0, "somebody was deleted")?;
        tell("Nothing was changed. In Okta the mistake is undone, and everything is as before.")?;
        for id in &ids {
            self.stage.okta.state().assign(id);
        }
        self.sync(None, Ending::Done).await
    }

    fn account(&self, user_name: &str) -> Option<String> {
        self.stage.haiilo.state().account_named(user_name).map(|account| account.id)
    }

    async fn check(&self) -> Result<(), Unfinished> {
        output::print("$ okta-haiilo-sync check\n")?;
        let ended = Box::pin(check::run(&self.stage.context(), &CheckArguments::default())).await?;
        expect(&ended, &Ending::Done, "check finds errors")
    }

    async fn plan(&self) -> Result<(), Unfinished> {
        output::print("$ okta-haiilo-sync plan\n")?;
        let arguments = PlanArguments { report: report(Format::Text, None), exit_code: false, save: None };
        let ended = plan::run(&self.stage.context(), &arguments).await?;
        expect(&ended, &Ending::Done, "plan ends otherwise")
    }

    async fn sync(&self, approve: Option<String>, expected: Ending) -> Result<(), Unfinished> {
        let option = approve.as_ref().map(|id| format!(" --approve {id}")).unwrap_or_default();
        output::print(&format!("$ okta-haiilo-sync sync{option}\n"))?;
        let arguments = SyncArguments { report: report(Format::Text, None), dry_run: false, approve, reason: None };
        let ended = sync::run(&self.stage.context(), &arguments).await?;
        expect(&ended, &expected, "sync ends otherwise")
    }

    /// The plan as JSON, as a script would read it.
    async fn plan_json(&self) -> Result<Json, Unfinished> {
        let file = self.stage.folder().join("plan.json");
        plan::show(&self.stage.context(), &report(Format::Json, Some(file.clone()))).await?;
        Ok(serde_json::from_slice(&std::fs::read(file)?)?)
    }

    async fn approval_id(&self) -> Result<String, Unfinished> {
        let plan = self.plan_json().await?;
        let id = plan["approval_id"].as_str().unwrap_or_default();
        expect(&id.is_empty(), &false, "the plan names no approval id")?;
        Ok(id.to_owned())
    }

    async fn pending(&self) -> Result<usize, Unfinished> {
        Ok(self.plan_json().await?["operations"].as_array().map_or(usize::MAX, Vec::len))
    }
}

/// Words of the teller, apart from what the commands print.
fn tell(text: &str) -> Result<(), Unfinished> {
    let lines: Vec<String> = text.lines().map(|line| format!("## {}", line.trim())).collect();
    output::print(&format!("\n{}\n\n", lines.join("\n")))
}

/// The story is a test of the program, too: it ends badly when something is not as it says.
fn expect<T: PartialEq>(found: &T, expected: &T, what: &str) -> Result<(), Unfinished> {
    if found == expected {
        Ok(())
    } else {
        Err(anyhow::anyhow!("the demonstration did not go as it should: {what}").into())
    }
}

fn report(format: Format, output: Option<std::path::PathBuf>) -> ReportArguments {
    ReportArguments { format, output, user: None, shown: ShownArguments::default() }
}

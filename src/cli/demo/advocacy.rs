//! The story for Haiilo Advocacy: a first run, the day after, and a bad day.

use okta_haiilo_sim::haiilo::AccountSeed;
use okta_haiilo_sim::people::person;
use serde_json::json;

use crate::cli::demo::sandbox::Sandbox;
use crate::cli::demo::story::{expect, tell};
use crate::cli::exit::{CommandResult, ExitStatus};

/// How many people the company has.
const PEOPLE: u32 = 12;

/// Runs the story. It succeeds only if each command ended as the story says.
pub(super) async fn tell_all(story: &Sandbox) -> CommandResult<()> {
    first_run(story).await?;
    next_day(story).await?;
    bad_day(story).await
}

async fn first_run(story: &Sandbox) -> CommandResult<()> {
    story.okta.state().populate(PEOPLE);
    story.haiilo.state().populate([AccountSeed::of(&person(1)), AccountSeed::of(&person(90))]);
    tell(&format!(
        "A company has {PEOPLE} people, who are assigned to the Haiilo application in Okta.\n\
         In Haiilo Advocacy there are three accounts so far: the administrator's, whose token this program uses,\n\
         one that somebody made by hand for a colleague, and one of somebody who is not in Okta at all.\n\
         First of all: is everything set up? `check` asks both ends, and changes nothing."
    ))?;
    story.first_run().await?;
    tell("Both sides agree now. A second plan is empty.")?;
    story.empty_plan("after the first run").await
}

async fn next_day(story: &Sandbox) -> CommandResult<()> {
    let id = |n| story.okta_id(n);
    let (renamed, moved, suspended) = (id(2), id(3), id(4));
    let (deactivated, unassigned, atlantis) = (id(5), id(6), id(7));
    let account = story.account(&person(2).email);
    {
        let mut okta = story.okta.state();
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
    story.plan().await?;
    tell(
        "Note the leavers. In Haiilo Advocacy a deleted account cannot be restored, so nobody loses it today: Okta was asked\n\
         for each of them by id, and a grace of 30 days has begun, which is over only if somebody watches all the time.\n\
         Who merely lost the assignment is kept, since the configuration says so; and a suspension changes nothing.",
    )?;
    story.sync(None, ExitStatus::Done).await?;
    tell(
        "The group does not exist, so the person waits: the value is not sent again, but for one trial a cycle, until somebody\n\
         makes the group in Haiilo. Everybody else is done. The person with the new name kept the account, with all its history.",
    )?;
    expect(&story.account("zoe.byron@example.com"), &account, "the renamed person has another account")?;
    story.empty_plan("after the next day").await
}

async fn bad_day(story: &Sandbox) -> CommandResult<()> {
    let ids: Vec<String> = (7..PEOPLE).chain([0]).map(|n| story.okta_id(n)).collect();
    for id in &ids {
        story.okta.state().unassign(id);
    }
    tell(
        "A bad day. Somebody removes a group from the application in Okta, and half of the company is no longer assigned.\n\
         That looks like a mistake, and so it stops the whole run before its first write.",
    )?;
    story.sync_without_writes(ExitStatus::Blocked).await?;
    expect(&story.haiilo.state().deleted_for_ever().len(), &0, "somebody was deleted")?;
    tell("Nothing was changed. In Okta the mistake is undone, and everything is as before.")?;
    for id in &ids {
        story.okta.state().assign(id);
    }
    story.sync(None, ExitStatus::Done).await
}

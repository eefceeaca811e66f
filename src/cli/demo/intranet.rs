//! The story for the Haiilo intranet: a first run, the next day, a leaver who comes back, and a bad day of a group.

use std::time::Duration;

use okta_haiilo_sim::haiilo::{Account, AccountSeed, Group};
use okta_haiilo_sim::people::person;
use serde_json::json;

use crate::cli::demo::sandbox::Sandbox;
use crate::cli::demo::story::{expect, tell, went_otherwise};
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::clock::{Clock as _, SystemClock};

/// How many people the company has. The first of them is the manager of all others.
const PEOPLE: u32 = 12;
/// Who is in Sales, and who in Support, by number.
const SALES: std::ops::Range<u32> = 0..6;
const SUPPORT: std::ops::Range<u32> = 6..12;
/// The one who moves from Sales to Support, and the one who leaves for a while.
const MOVER: u32 = 3;
const LEAVER: u32 = 4;
/// Longer than the grace period, also where times are in whole seconds.
const AFTER_THE_GRACE: Duration = Duration::from_secs(2);

/// Runs the story. It succeeds only if each command ended as the story says.
pub(super) async fn tell_all(story: &Sandbox) -> CommandResult<()> {
    first_run(story).await?;
    next_day(story).await?;
    leaver(story).await?;
    bad_day(story).await
}

async fn first_run(story: &Sandbox) -> CommandResult<()> {
    let group = cast(story);
    tell(&format!(
        "A company has {PEOPLE} people, who are assigned to the Haiilo application in Okta. They have a manager, titles and\n\
         departments, and two groups are assigned as well: Sales and Support.\n\
         In the intranet there are two accounts so far: one that somebody made by hand for a colleague, and one of somebody who is\n\
         not in Okta at all. Both are in a group Sales, which was made by hand, too.\n\
         The program is an API client of the user directory: it asks for an access token by its id and its secret.\n\
         First of all: is everything set up? `check` asks both ends, and changes nothing."
    ))?;
    story.first_run().await?;
    expect(&(story.haiilo.state().tokens_granted() > 0), &true, "nobody asked for a token")?;
    expect(&story.group("Sales")?.id, &group, "the group Sales was not adopted")?;
    // One of them is an unmanaged account.
    expect(&story.group("Sales")?.members.len(), &(SALES.len() + 1), "Sales has other members")?;
    expect(&story.group("Support")?.members.len(), &SUPPORT.len(), "Support has other members")?;
    tell(
        "Everybody has an account, and every account bears the id of its Okta user. The group that was there became ours, and the\n\
         stranger in it was left alone; the other group was made. What no account could say yet is who the manager is: in Haiilo\n\
         that is an account as well, which did not exist a moment ago. The second cycle says it.",
    )?;
    story.sync(None, ExitStatus::Done).await?;
    let (last, manager) = (story.account_of(PEOPLE - 1)?, story.account_of(0)?.id);
    expect(&last.text(MANAGER), &&*manager, "somebody has another manager")?;
    expect(&last.text("profileField_jobTitle"), &person(PEOPLE - 1).title, "a profile field is missing")?;
    tell("Both sides agree now. A further plan is empty.")?;
    story.empty_plan("after the first run").await
}

/// Both sides before the first run; the id of the group that is there.
fn cast(story: &Sandbox) -> String {
    let mut okta = story.okta.state();
    okta.populate(PEOPLE);
    let ids = okta.assigned();
    for id in &ids[1..] {
        okta.set_profile(id, "managerId", json!(person(0).email));
    }
    for (name, members) in [("Sales", SALES), ("Support", SUPPORT)] {
        let group = okta.make_group(name);
        for n in members {
            okta.join_group(&group, &ids[n as usize]);
        }
    }
    let mut haiilo = story.haiilo.state();
    let group = haiilo.make_group("Sales");
    for n in [1, 90] {
        let account = haiilo.add_account(AccountSeed::of(&person(n)));
        haiilo.put_into_group(&group, &account);
    }
    group
}

async fn next_day(story: &Sandbox) -> CommandResult<()> {
    let (renamed, account, support) = (story.okta_id(2), story.account_of(2)?.id, story.group("Support")?.id);
    let in_okta = story.okta_group("Support");
    {
        let mut okta = story.okta.state();
        let newcomer = okta.hire(&person(20));
        okta.set_profile(&newcomer, "managerId", json!(person(0).email));
        okta.set_profile(&renamed, "lastName", json!("Byron"));
        okta.rename(&renamed, "zoe.byron@example.com");
        okta.rename_group(&in_okta, "Customer Support");
    }
    story.leave("Sales", MOVER);
    story.join("Customer Support", MOVER);
    story.join("Sales", 20);
    tell(
        "The next day. In Okta:\n\
         - somebody was hired, and is in Sales,\n\
         - one has a new family name, and a new address with it,\n\
         - one moved from Sales to Support,\n\
         - and Support is called Customer Support from now on.",
    )?;
    story.plan().await?;
    story.sync(None, ExitStatus::Done).await?;
    tell(
        "Haiilo was told who comes and who goes, and never a whole list: one that is too short would take people out. Whoever or\n\
         whatever has a new name kept everything else: the account with all its history, the group with the roles that it gives.",
    )?;
    expect(&story.account("zoe.byron@example.com"), &Some(account), "the renamed person has another account")?;
    expect(&story.group("Customer Support")?.id, &support, "the renamed group is another one")?;
    expect(&story.is_in("Customer Support", MOVER)?, &true, "who moved did not come into the group")?;
    expect(&story.is_in("Sales", MOVER)?, &false, "who moved did not go out of the group")?;
    expect(&story.is_in("Sales", 20)?, &true, "the newcomer is in no group")?;
    story.empty_plan("after the next day").await
}

async fn leaver(story: &Sandbox) -> CommandResult<()> {
    let (id, account) = (story.okta_id(LEAVER), story.account_of(LEAVER)?.id);
    story.okta.state().deactivate(&id);
    tell(
        "Somebody leaves: in Okta the person is deactivated. The listing alone takes nobody's account, and so Okta is asked for the\n\
         person by id. It says so, too, and a grace begins.",
    )?;
    story.sync_without_writes(ExitStatus::Done).await?;
    expect(&story.account_of(LEAVER)?.is_active(), &true, "the leaver lost the account before the grace was over")?;
    tell(
        "The grace is thirty days, unless the configuration says otherwise. Here it is one second, which is over now.",
    )?;
    SystemClock::new().sleep(AFTER_THE_GRACE).await;
    story.plan().await?;
    story.sync(None, ExitStatus::Done).await?;
    expect(&story.account_of(LEAVER)?.is_active(), &false, "the leaver was not deactivated")?;
    expect(&story.haiilo.state().deleted().len(), &0, "somebody was deleted")?;
    tell(
        "The account is deactivated, and not deleted: that is the policy of this user directory, which the configuration names.\n\
         And so it can be active again when somebody comes back.",
    )?;
    {
        let mut okta = story.okta.state();
        okta.reactivate(&id);
        okta.assign(&id);
    }
    story.sync(None, ExitStatus::Done).await?;
    expect(&story.account_of(LEAVER)?.is_active(), &true, "who came back is not active")?;
    expect(&story.account_of(LEAVER)?.id, &account, "who came back has another account")?;
    expect(&story.is_in("Sales", LEAVER)?, &true, "who came back is not in the group")?;
    tell("It is the same account, in the same group as before.")?;
    story.empty_plan("after somebody came back").await
}

async fn bad_day(story: &Sandbox) -> CommandResult<()> {
    let lost = 7..PEOPLE;
    for n in lost.clone() {
        story.leave("Customer Support", n);
    }
    tell(
        "A bad day. In Okta somebody empties the group Customer Support by mistake, and most of its members are no longer in it.\n\
         Groups give roles, and so that would take rights from people. No group loses more than a fifth of its members in a day\n\
         unasked, or two of them, where that is more: nobody goes out of this one.",
    )?;
    let before = story.group("Customer Support")?;
    story.sync_without_writes(ExitStatus::Blocked).await?;
    expect(&(story.group("Customer Support")? == before), &true, "the group has changed")?;
    tell(
        "Nothing was changed. If this was meant, the command above would let exactly these people go out.\n\
         It was not: in Okta the mistake is undone, and everything is as before.",
    )?;
    for n in lost {
        story.join("Customer Support", n);
    }
    story.empty_plan("after the bad day").await
}

/// Where an account shows its manager.
const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";

/// Who is in which group, on either side, and what an account shows.
impl Sandbox {
    /// Puts a person, by number, into a group of Okta.
    fn join(&self, group: &str, n: u32) {
        let (group, person) = (self.okta_group(group), self.okta_id(n));
        self.okta.state().join_group(&group, &person);
    }

    /// Removes a person, by number, from a group of Okta.
    fn leave(&self, group: &str, n: u32) {
        let (group, person) = (self.okta_group(group), self.okta_id(n));
        self.okta.state().leave_group(&group, &person);
    }

    /// The id of a group of Okta; empty when it does not exist.
    fn okta_group(&self, name: &str) -> String {
        self.okta.state().group_id(name).unwrap_or_default()
    }

    /// A group of Haiilo, which must be there.
    fn group(&self, name: &str) -> CommandResult<Group> {
        let group = self.haiilo.state().group_named(name);
        group.ok_or_else(|| went_otherwise(&format!("Haiilo has no group {name}")))
    }

    /// Whether a person, by number, is in a group of Haiilo.
    fn is_in(&self, group: &str, n: u32) -> CommandResult<bool> {
        let account = self.account_of(n)?;
        Ok(self.group(group)?.members.contains(&account.id))
    }

    /// The account of a person, by number and the address that they were hired with, which must be there.
    fn account_of(&self, n: u32) -> CommandResult<Account> {
        let name = person(n).email;
        let account = self.haiilo.state().account_named(&name);
        account.ok_or_else(|| went_otherwise(&format!("Haiilo has no account {name}")))
    }
}

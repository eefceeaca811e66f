//! Short words of the story about the intranet: who is in which group, on either side, and what an account shows.

use okta_haiilo_sim::haiilo::{Account, Group};
use okta_haiilo_sim::people::person;

use crate::cli::demo::story::{Story, went_otherwise};
use crate::cli::exit::CommandResult;

impl Story {
    /// Puts a person, by number, into a group of Okta.
    pub(super) fn join(&self, group: &str, n: u32) {
        let (group, person) = (self.okta_group(group), self.okta_id(n));
        self.stage.okta.state().join_group(&group, &person);
    }

    /// Takes a person, by number, out of a group of Okta.
    pub(super) fn leave(&self, group: &str, n: u32) {
        let (group, person) = (self.okta_group(group), self.okta_id(n));
        self.stage.okta.state().leave_group(&group, &person);
    }

    /// The id of a group of Okta; empty when there is none.
    pub(super) fn okta_group(&self, name: &str) -> String {
        self.stage.okta.state().group_id(name).unwrap_or_default()
    }

    /// A group of Haiilo, which must be there.
    pub(super) fn group(&self, name: &str) -> CommandResult<Group> {
        let group = self.stage.haiilo.state().group_named(name);
        group.ok_or_else(|| went_otherwise(&format!("Haiilo has no group {name}")))
    }

    /// Whether a person, by number, is in a group of Haiilo.
    pub(super) fn is_in(&self, group: &str, n: u32) -> CommandResult<bool> {
        let account = self.account_of(n)?;
        Ok(self.group(group)?.members.contains(&account.id))
    }

    /// The account of a person, by number and the address that they were hired with, which must be there.
    pub(super) fn account_of(&self, n: u32) -> CommandResult<Account> {
        let name = person(n).email;
        let account = self.stage.haiilo.state().account_named(&name);
        account.ok_or_else(|| went_otherwise(&format!("Haiilo has no account {name}")))
    }
}

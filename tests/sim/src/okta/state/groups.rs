//! What an administrator does to groups whose members have the application by other ways, too. Groups that give the application are in `org`.
//!
//! The System Log hears nothing of this: no cycle and no poll follows groups there.

use crate::okta::state::directory::Link;
use crate::okta::state::org::Okta;

impl Okta {
    /// Makes a group that is assigned to the application and has no members, and gives its id.
    ///
    /// # Panics
    /// When there is such a group.
    pub fn make_group(&mut self, name: &str) -> String {
        let id = self.make_group_apart(name);
        let number = self.number_of_group(&id);
        self.directory.link(number, Link::Assigned);
        id
    }

    /// Makes a group that is not assigned to the application.
    ///
    /// # Panics
    /// When there is such a group.
    pub fn make_group_apart(&mut self, name: &str) -> String {
        assert!(self.group_id(name).is_none(), "a test made two groups named {name}");
        let now = self.clock.iso().into();
        let number = self.directory.group(name, &now);
        self.directory.groups()[number].id.to_string()
    }

    /// Makes a user a member, whose assignment stays as it is.
    ///
    /// # Panics
    /// When one of them does not exist.
    pub fn join_group(&mut self, group: &str, user: &str) {
        let (number, now) = (self.number_of_group(group), self.clock.iso().into());
        self.directory.join(user, number, &now);
    }

    /// Takes a user out of a group; the assignment stays as it is.
    ///
    /// # Panics
    /// When one of them does not exist.
    pub fn leave_group(&mut self, group: &str, user: &str) {
        let (number, now) = (self.number_of_group(group), self.clock.iso().into());
        self.directory.leave(user, number, &now);
    }

    /// Gives a group another name; Okta's own names of groups are unique, those of directories that it imports need not be.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn rename_group(&mut self, group: &str, name: &str) {
        let number = self.number_of_group(group);
        self.directory.group_mut(number).name = name.into();
    }

    /// Describes a group, or takes its description away.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn describe_group(&mut self, group: &str, description: Option<&str>) {
        let number = self.number_of_group(group);
        self.directory.group_mut(number).description = description.map(Into::into);
    }

    /// Takes the application away from a group; nobody's assignment changes.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn set_group_apart(&mut self, group: &str) {
        let number = self.number_of_group(group);
        self.directory.link(number, Link::Apart);
    }

    /// Deletes a group; nobody's assignment changes.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn drop_group(&mut self, group: &str) {
        let number = self.number_of_group(group);
        self.directory.link(number, Link::Gone);
    }

    fn number_of_group(&self, id: &str) -> usize {
        self.directory.group_number(id).unwrap_or_else(|| panic!("there is no group {id}"))
    }
}

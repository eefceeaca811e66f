//! Which deed writes which events into the System Log, and how a test writes others.
//!
//! Follows the event types catalog of Okta's reference and events that real orgs have logged: those of an application's users name an
//! `AppUser`, an `AppInstance` and a `User`. These write nothing: [`Okta::populate`], everything inside [`Okta::without_events`], a status
//! that no event type is known for, the switches, and new attributes of schemas. A changed [`Okta::app`] is found out when the log is
//! next read or written.

use crate::okta::log::events::{Actor, FanOut, LogOutcome, LogTarget, Recording};
use crate::okta::state::app::APP_ID;
use crate::okta::state::directory::User;
use crate::okta::state::ids::okta_id;
use crate::okta::state::org::Okta;

impl Okta {
    // Targets.

    /// A user as a target.
    ///
    /// # Panics
    /// When there is no such user.
    #[must_use]
    pub fn user_target(&self, id: &str) -> LogTarget {
        let user = self.user(id);
        LogTarget::new("User", id, &user.text("login"), &full_name(user))
    }

    /// The assignment of a user as a target: its own id, the user name in the application.
    ///
    /// # Panics
    /// When the user is not assigned.
    #[must_use]
    pub fn app_user_target(&self, id: &str) -> LogTarget {
        let user = self.user(id);
        let assignment = user.assignment.as_ref().unwrap_or_else(|| panic!("the user {id} is not assigned"));
        LogTarget::new("AppUser", &okta_id("0ua", assignment.place), &assignment.user_name, &full_name(user))
    }

    /// The application as a target.
    #[must_use]
    pub fn app_target(&self) -> LogTarget {
        LogTarget::new("AppInstance", APP_ID, &self.app.label, &self.app.label)
    }

    /// A group as a target.
    ///
    /// # Panics
    /// When there is no such group.
    #[must_use]
    pub fn group_target(&self, name: &str) -> LogTarget {
        let id = self.group_id(name).unwrap_or_else(|| panic!("there is no group {name}"));
        LogTarget::new("UserGroup", &id, "unknown", name)
    }

    // Events that a test writes.

    /// Writes an event that succeeded, of any type, with these targets in an order of the log's own.
    pub fn log_event(&mut self, event_type: &str, targets: Vec<LogTarget>) {
        self.log_event_as(event_type, LogOutcome::Success, targets);
    }

    /// Writes an event with this outcome.
    pub fn log_event_as(&mut self, event_type: &str, outcome: LogOutcome, targets: Vec<LogTarget>) {
        self.find_out_app();
        self.put(event_type, outcome, Actor::Administrator, targets);
    }

    /// Writes `n` events that mean nothing to an application's people: of types that are of no interest or unknown, of other
    /// applications and strangers' groups, and some that failed. Somebody who is assigned is among the targets, where there is one.
    pub fn log_noise(&mut self, n: u32) {
        let user = match self.directory.assigned_after(0).next() {
            Some((_, user)) => self.user_target(&user.id),
            None => LogTarget::new("User", "00u9strangerkWq45d7b", "stranger@example.com", "A Stranger"),
        };
        let other_user = LogTarget::new("AppUser", "0ua9strangerkWq45d7b", &user.alternate_id, &user.name);
        let (other, here) = (LogTarget::other_app(), self.app_target());
        let group = LogTarget::new("UserGroup", "00g9strangerkWq45d7b", "unknown", "Strangers");
        let policy = LogTarget::new("PolicyEntity", "00p9policy0kWq45d7bc", "unknown", "Default Policy");
        let of_other = vec![other_user.clone(), other, user.clone()];
        let kinds = [
            ("user.session.start", LogOutcome::Success, vec![user.clone()]),
            ("user.authentication.sso", LogOutcome::Success, vec![here.clone(), other_user.clone()]),
            ("application.user_membership.add", LogOutcome::Success, of_other.clone()),
            ("policy.evaluate_sign_on", LogOutcome::Success, vec![policy]),
            ("application.user_membership.remove", LogOutcome::Success, of_other),
            ("group.user_membership.add", LogOutcome::Success, vec![user.clone(), group]),
            ("application.user_membership.add", LogOutcome::Failure, vec![other_user, here, user]),
            ("a.type.of_tomorrow", LogOutcome::Skipped, Vec::new()),
            ("system.org.rate_limit.warning", LogOutcome::Success, Vec::new()),
        ];
        for (event_type, outcome, targets) in kinds.iter().cycle().take(n as usize) {
            self.log_event_as(event_type, *outcome, targets.clone());
        }
    }

    /// Changes the world without a word in the log, also in time to come.
    pub fn without_events<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        self.find_out_app();
        let before = std::mem::replace(&mut self.log.recording, Recording::Off);
        let changed = change(self);
        self.log.recording = before;
        self.app_in_log = self.app.clone();
        changed
    }

    // Events of deeds.

    pub(crate) fn log_of_user(&mut self, event_type: &str, id: &str) {
        if self.log.recording == Recording::On {
            let targets = vec![self.user_target(id)];
            self.log_event(event_type, targets);
        }
    }

    /// An event of an assignment, which must still stand.
    pub(crate) fn log_of_assignment(&mut self, event_type: &str, id: &str) {
        self.log_of_assignment_by(Actor::Administrator, event_type, id);
    }

    /// The same, as what follows from the assignment of a group or from a deactivation.
    pub(crate) fn log_consequence(&mut self, event_type: &str, id: &str) {
        self.log_of_assignment_by(Actor::System, event_type, id);
    }

    /// The same, of one whom a group reaches.
    pub(crate) fn log_fan_out(&mut self, event_type: &str, id: &str) {
        if self.log.fan_out == FanOut::Logged {
            self.log_consequence(event_type, id);
        }
    }

    fn log_of_assignment_by(&mut self, actor: Actor, event_type: &str, id: &str) {
        if self.log.recording == Recording::On {
            self.find_out_app();
            let targets = vec![self.app_user_target(id), self.app_target(), self.user_target(id)];
            self.put(event_type, LogOutcome::Success, actor, targets);
        }
    }

    pub(crate) fn log_of_membership(&mut self, event_type: &str, id: &str, group: usize) {
        if self.log.recording == Recording::On {
            let targets = vec![self.user_target(id), self.group_target_at(group)];
            self.log_event(event_type, targets);
        }
    }

    pub(crate) fn log_of_group(&mut self, event_type: &str, group: usize) {
        if self.log.recording == Recording::On {
            let mut targets = vec![self.group_target_at(group)];
            if event_type.starts_with("group.application_assignment.") {
                targets.push(self.app_target());
            }
            self.log_event(event_type, targets);
        }
    }

    fn group_target_at(&self, group: usize) -> LogTarget {
        let group = &self.directory.groups()[group];
        LogTarget::new("UserGroup", &group.id, "unknown", &group.name)
    }

    /// Writes what changed in the application, which tests change without asking.
    pub(crate) fn find_out_app(&mut self) {
        if self.log.recording == Recording::Off || self.app == self.app_in_log {
            return;
        }
        let status_changed = self.app.status != self.app_in_log.status;
        let event_type = match self.app.status.as_str() {
            "ACTIVE" if status_changed => "application.lifecycle.activate",
            "INACTIVE" if status_changed => "application.lifecycle.deactivate",
            "DELETED" if status_changed => "application.lifecycle.delete",
            _ => "application.lifecycle.update",
        };
        self.app_in_log = self.app.clone();
        let targets = vec![self.app_target()];
        self.put(event_type, LogOutcome::Success, Actor::Administrator, targets);
    }

    fn put(&mut self, event_type: &str, outcome: LogOutcome, actor: Actor, targets: Vec<LogTarget>) {
        if self.log.recording == Recording::On {
            self.log.write(self.clock.now_ms(), event_type, outcome, actor, targets);
        }
    }
}

/// The event of a user's new status; none where none is known or nothing changed. Okta moves people between the statuses of passwords
/// when they sign in, and logs no event of the lifecycle then.
pub(crate) fn of_status(before: &str, after: &str) -> Option<&'static str> {
    match (before, after) {
        _ if before == after => None,
        (_, "DEPROVISIONED") => Some("user.lifecycle.deactivate"),
        (_, "SUSPENDED") => Some("user.lifecycle.suspend"),
        (_, "LOCKED_OUT") => Some("user.account.lock"),
        (_, "RECOVERY") => Some("user.account.reset_password"),
        ("SUSPENDED", "ACTIVE") => Some("user.lifecycle.unsuspend"),
        ("LOCKED_OUT", "ACTIVE") => Some("user.account.unlock"),
        // The operation "Activate a user" is for these two; "Reactivate a user" is for people who never finished their activation.
        ("STAGED" | "DEPROVISIONED", "ACTIVE" | "PROVISIONED") => Some("user.lifecycle.activate"),
        _ => None,
    }
}

/// The event of an assignment's new status; none where none is known or nothing changed.
pub(crate) fn of_assignment_status(before: &str, after: &str) -> Option<&'static str> {
    match (before, after) {
        _ if before == after => None,
        (_, "APPROVED") => Some("application.user_membership.approve"),
        (_, "PROVISIONED") => Some("application.user_membership.provision"),
        (_, "DEPROVISIONED") => Some("application.user_membership.deprovision"),
        (_, "REVOKED") => Some("application.user_membership.revoke"),
        // Applications that store a credential keep the row of one who was unassigned.
        (_, "SUSPENDED") => Some("application.user_membership.remove"),
        ("SUSPENDED" | "REVOKED" | "DEPROVISIONED", "ACTIVE") => Some("application.user_membership.restore"),
        _ => None,
    }
}

fn full_name(user: &User) -> String {
    let name = format!("{} {}", user.text("firstName"), user.text("lastName"));
    name.trim().to_owned()
}

//! The org, and what administrators and personnel do to it: the vocabulary that tests are written in.
//!
//! One org, one application, one API token, one service app. Lifecycle follows "Understand Okta user status" and the user lifecycle
//! operations of the management API: a deactivated user loses every assignment and does not get them back, a suspended one keeps them.
//! Nothing here knows HTTP.

use crate::clock::SimClock;
use crate::okta::credentials::auth::Auth;
use crate::okta::log::deeds::{of_assignment_status, of_status};
use crate::okta::log::events::Log;
use crate::okta::rate::{Bucket, Rates};
use crate::okta::state::app::App;
use crate::okta::state::directory::{Assignment, Directory, Link, Stamp, User, json_text};
use crate::okta::state::past::{Lag, Past};
use crate::okta::state::schemas::Attributes;
use crate::people::{Person, person};
use serde_json::{Map, Value, json};

/// A simulated org.
#[derive(Clone, Debug)]
pub struct Okta {
    /// The application.
    pub app: App,
    /// Who may call, and how.
    pub auth: Auth,
    /// The origin that links name instead of the host that was asked, as in an org with a custom domain.
    pub custom_domain: Option<String>,
    /// The System Log and its faults.
    pub log: Log,
    /// How long reads by id show the state before a change.
    pub lag: Lag,
    /// The application as the log knows it.
    pub(crate) app_in_log: App,
    pub(crate) past: Past,
    pub(crate) clock: SimClock,
    pub(crate) directory: Directory,
    pub(crate) attributes: Attributes,
    pub(crate) rates: Rates,
    /// When the org was made.
    pub(crate) founded: Stamp,
    /// How many calls were answered.
    pub(crate) answered: u64,
}

impl Okta {
    /// An org with an active application and nobody in it.
    #[must_use]
    pub fn new(clock: SimClock) -> Self {
        Self {
            app: App::new(),
            auth: Auth::new(),
            custom_domain: None,
            log: Log::new(),
            lag: Lag::None,
            app_in_log: App::new(),
            past: Past::default(),
            directory: Directory::default(),
            attributes: Attributes::default(),
            rates: Rates::default(),
            founded: clock.iso().into(),
            answered: 0,
            clock,
        }
    }

    /// How many calls a minute this client may make; windows begin with the first call in them.
    pub fn set_limit(&mut self, bucket: Bucket, per_minute: u32) {
        self.rates.set_limit(bucket, per_minute);
    }

    // Coming and going.

    /// Adds an ACTIVE user, assigned to nothing. The profile has a `login` that nobody else has, and an `email`.
    pub fn add_user(&mut self, profile: Map<String, Value>) -> String {
        self.attributes.note_user(&profile);
        let id = self.directory.add(profile, &self.now()).into_string();
        self.past.keep(&id, None, self.lag, self.clock.now_ms());
        self.log_of_user("user.lifecycle.create", &id);
        self.log_of_user("user.lifecycle.activate", &id);
        id
    }

    /// Adds a person and assigns the application directly.
    pub fn hire(&mut self, person: &Person) -> String {
        let profile = json!({
            "firstName": person.given,
            "lastName": person.family,
            "login": person.email,
            "email": person.email,
            "city": person.city,
            "countryCode": person.country_code,
            "department": person.department,
            "title": person.title,
            "employeeNumber": person.employee_number,
        });
        let Value::Object(profile) = profile else { unreachable!("just made as an object") };
        let id = self.add_user(profile);
        self.assign(&id);
        id
    }

    /// Hires the first `n` people, of whom the System Log knows nothing.
    pub fn populate(&mut self, n: u32) {
        self.without_events(|okta| {
            for i in 0..n {
                okta.hire(&person(i));
            }
        });
    }

    /// Assigns the application directly; it stands at the end of the list.
    pub fn assign(&mut self, id: &str) {
        assert_ne!(self.user(id).status.as_ref(), "DEPROVISIONED", "Okta assigns nothing to a deactivated user");
        if self.is_assigned(id) {
            return;
        }
        let now = self.before(id);
        self.directory.assign(id, None, &now);
        self.log_of_assignment("application.user_membership.add", id);
    }

    /// Makes the user a member of a group that is assigned to the application, and so assigns it. The group is made where it is new, and
    /// assigned where it is not.
    pub fn assign_by_group(&mut self, id: &str, group: &str) {
        assert_ne!(self.user(id).status.as_ref(), "DEPROVISIONED", "Okta assigns nothing to a deactivated user");
        let now = self.before(id);
        let is_new = self.group_id(group).is_none();
        let group = self.directory.group(group, &now);
        if is_new {
            self.log_of_group("group.lifecycle.create", group);
        }
        if self.directory.link(group, Link::Assigned) == Link::Apart {
            self.log_of_group("group.application_assignment.add", group);
            let members: Vec<String> =
                self.directory.members_after(group, 0).map(|(_, user)| user.id.to_string()).collect();
            for member in members {
                self.reach(&member, group);
            }
        }
        if self.directory.join(id, group, &now) {
            self.log_of_membership("group.user_membership.add", id, group);
        }
        self.reach(id, group);
    }

    /// The group gives the application to one of its members, unless he has it or can have nothing.
    fn reach(&mut self, id: &str, group: usize) {
        if self.is_assigned(id) || self.user(id).status.as_ref() == "DEPROVISIONED" {
            return;
        }
        let now = self.before(id);
        self.directory.assign(id, Some(group), &now);
        self.log_fan_out("application.user_membership.add", id);
    }

    /// Takes the application away from a group, and so from all who have it from there. They stay members.
    ///
    /// # Panics
    /// When there is no such group.
    pub fn unassign_group(&mut self, group: &str) {
        let known = self.directory.groups().iter().position(|known| &*known.name == group);
        let group = known.unwrap_or_else(|| panic!("there is no group {group}"));
        if self.directory.link(group, Link::Apart) == Link::Apart {
            return;
        }
        self.log_of_group("group.application_assignment.remove", group);
        let has_it_from_there = |user: &User| user.assignment.as_ref().is_some_and(|own| own.group == Some(group));
        let reached: Vec<String> = self
            .directory
            .assigned_after(0)
            .filter(|(_, user)| has_it_from_there(user))
            .map(|(_, user)| user.id.to_string())
            .collect();
        for id in reached {
            self.before(&id);
            self.log_fan_out("application.user_membership.remove", &id);
            self.directory.unassign(&id);
        }
    }

    /// Takes the application away, and the membership that gave it.
    pub fn unassign(&mut self, id: &str) {
        if !self.is_assigned(id) {
            return;
        }
        let now = self.before(id);
        self.log_of_assignment("application.user_membership.remove", id);
        let assignment = self.directory.unassign(id);
        if let Some(group) = assignment.and_then(|assignment| assignment.group) {
            self.directory.leave(id, group, &now);
            self.log_of_membership("group.user_membership.remove", id, group);
        }
    }

    /// The user may not sign in anywhere; the assignment stays, and its status stays ACTIVE.
    pub fn suspend(&mut self, id: &str) {
        self.set_status(id, "SUSPENDED");
    }

    /// Undoes [`Self::suspend`].
    pub fn unsuspend(&mut self, id: &str) {
        self.set_status(id, "ACTIVE");
    }

    /// Deactivates: DEPROVISIONED, and the assignment vanishes. Memberships of groups stay.
    pub fn deactivate(&mut self, id: &str) {
        self.set_status(id, "DEPROVISIONED");
        if self.is_assigned(id) {
            self.log_consequence("application.user_membership.remove", id);
            self.directory.unassign(id);
        }
    }

    /// Activates a deactivated user; the assignment does not come back.
    pub fn reactivate(&mut self, id: &str) {
        self.set_status(id, "ACTIVE");
        let now = self.now();
        self.user_mut(id).activated = now;
    }

    /// Deletes for good: no call finds the user any more. Okta deactivates first whom it deletes.
    pub fn delete_user(&mut self, id: &str) {
        self.deactivate(id);
        self.log_of_user("user.lifecycle.delete.initiated", id);
        self.log_of_user("user.lifecycle.delete.completed", id);
        self.directory.remove(id);
    }

    // Statuses.

    /// Sets the status of the user and nothing else: the assignment stays, as it does for a while when Okta deactivates many. Unknown
    /// statuses are allowed.
    pub fn set_status(&mut self, id: &str, status: &str) {
        let now = self.before(id);
        let user = self.user_mut(id);
        let was = std::mem::replace(&mut user.status, word(status));
        user.status_changed = Stamp::clone(&now);
        user.last_updated = now;
        if let Some(event_type) = of_status(&was, status) {
            self.log_of_user(event_type, id);
        }
    }

    /// Sets the status of the assignment; unknown ones are allowed.
    pub fn set_assignment_status(&mut self, id: &str, status: &str) {
        let now = self.before(id);
        let assignment = self.assignment_mut(id);
        let was = std::mem::replace(&mut assignment.status, word(status));
        assignment.status_changed = Stamp::clone(&now);
        assignment.last_updated = now;
        if let Some(event_type) = of_assignment_status(&was, status) {
            self.log_of_assignment(event_type, id);
        }
    }

    // Profiles and names.

    /// Sets one attribute of the Okta profile. Okta shows `""` for what was cleared.
    pub fn set_profile(&mut self, id: &str, key: &str, value: Value) {
        let now = self.before(id);
        self.directory.change_profile(id, &now, |profile| {
            profile.insert(key.to_owned(), value);
        });
        let profile = self.user(id).profile();
        self.attributes.note_user(&profile);
        self.log_of_user("user.account.update_profile", id);
        if key == "email" {
            self.log_of_user("user.account.update_primary_email", id);
        }
    }

    /// Takes one attribute out of the Okta profile, as if it had never been set.
    pub fn unset_profile(&mut self, id: &str, key: &str) {
        let now = self.before(id);
        self.directory.change_profile(id, &now, |profile| {
            profile.shift_remove(key);
        });
        self.log_of_user("user.account.update_profile", id);
    }

    /// Sets one attribute of the application's profile of this user.
    pub fn set_app_profile(&mut self, id: &str, key: &str, value: Value) {
        let now = self.before(id);
        self.attributes.note_app(key, &value);
        let assignment = self.assignment_mut(id);
        let mut profile: Map<String, Value> =
            serde_json::from_str(&assignment.profile).expect("profiles are kept as the text of an object");
        profile.insert(key.to_owned(), value);
        assignment.profile = json_text(profile);
        assignment.last_updated = now;
        self.log_of_assignment("application.user_membership.update", id);
    }

    /// Sets the user name in the application; the login stays.
    pub fn set_user_name(&mut self, id: &str, user_name: &str) {
        let now = self.before(id);
        let assignment = self.assignment_mut(id);
        assignment.user_name = user_name.into();
        assignment.last_updated = now;
        self.log_of_assignment("application.user_membership.change_username", id);
    }

    /// Changes login, e-mail and, where assigned, the user name in the application.
    pub fn rename(&mut self, id: &str, new_email: &str) {
        let now = self.before(id);
        self.directory.change_profile(id, &now, |profile| {
            profile.insert("login".to_owned(), json!(new_email));
            profile.insert("email".to_owned(), json!(new_email));
        });
        self.log_of_user("user.account.update_profile", id);
        self.log_of_user("user.account.update_primary_email", id);
        if self.is_assigned(id) {
            self.set_user_name(id, new_email);
        }
    }

    // What a test may ask.

    /// The ids of everybody who is assigned, in the order of the list.
    #[must_use]
    pub fn assigned(&self) -> Vec<String> {
        self.directory.assigned_after(0).map(|(_, user)| user.id.to_string()).collect()
    }

    /// How many are assigned.
    #[must_use]
    pub fn assigned_count(&self) -> usize {
        self.directory.assigned_count()
    }

    /// Whether the user is assigned.
    #[must_use]
    pub fn is_assigned(&self, id: &str) -> bool {
        self.directory.user(id).is_some_and(|user| user.assignment.is_some())
    }

    /// The status of the user; none when there is no such user.
    #[must_use]
    pub fn status(&self, id: &str) -> Option<&str> {
        Some(&self.directory.user(id)?.status)
    }

    /// The user name in the application; none when not assigned.
    #[must_use]
    pub fn user_name(&self, id: &str) -> Option<&str> {
        Some(&self.directory.user(id)?.assignment.as_ref()?.user_name)
    }

    /// The Okta profile.
    #[must_use]
    pub fn profile(&self, id: &str) -> Map<String, Value> {
        self.user(id).profile()
    }

    /// The id of the user with this login, in any case.
    #[must_use]
    pub fn find(&self, login: &str) -> Option<String> {
        let index = self.directory.by_login(login)?;
        self.directory.at(index).map(|user| user.id.to_string())
    }

    /// The id of the group with this name.
    #[must_use]
    pub fn group_id(&self, name: &str) -> Option<String> {
        let mut there = self.directory.groups().iter().filter(|group| group.link != Link::Gone);
        there.find(|group| &*group.name == name).map(|group| group.id.to_string())
    }

    fn now(&self) -> Stamp {
        self.clock.iso().into()
    }

    /// The moment of a change of this user, whose state before it is kept for reads that lag.
    fn before(&mut self, id: &str) -> Stamp {
        if self.lag != Lag::None {
            let was = self.directory.user(id).cloned();
            self.past.keep(id, was, self.lag, self.clock.now_ms());
        }
        self.now()
    }

    pub(crate) fn user(&self, id: &str) -> &User {
        self.directory.user(id).unwrap_or_else(|| panic!("there is no user {id}"))
    }

    fn user_mut(&mut self, id: &str) -> &mut User {
        self.directory.user_mut(id).unwrap_or_else(|| panic!("there is no user {id}"))
    }

    fn assignment_mut(&mut self, id: &str) -> &mut Assignment {
        self.user_mut(id).assignment.as_mut().unwrap_or_else(|| panic!("the user {id} is not assigned"))
    }
}

/// A status goes into rows as it is, so it must need no escape.
fn word(status: &str) -> Box<str> {
    assert!(status.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "a status is a word: {status}");
    status.into()
}

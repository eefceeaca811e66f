//! Log events: the people that an entry of Okta's System Log may be about. A hint decides nothing: the named people are read again, and a
//! change that one person does not show needs a full cycle.
//!
//! Follows "System Log" and the event types of Okta's documentation. Targets are identified by their type, never by their position. Unknown
//! event types are ignored, because the documented lists grow and the full cycle remains the authority.

use std::collections::BTreeSet;

use compact_str::CompactString;

use crate::model::ids::{OktaGroupId, OktaUserId};
use crate::state::log_cursor::LogEvent;

/// How a hint names a person. A person named by an assignment is related to the application. A person named by a profile may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PersonRelation {
    Assignment,
    Group,
    Profile,
}

/// What an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Something about one person.
    Person(PersonRelation),
    /// Something about a group.
    Group,
    /// The application itself.
    Application,
    /// Mappings or schemas, which concern all people.
    Everybody,
    /// Nothing.
    Nothing,
}

/// The filter of the log: the beginnings of all types that `meaning` knows. It is short, because it is part of a URL.
pub const FILTER: &str = "eventType sw \"application.user_membership\" or eventType sw \"application.lifecycle\" or \
     eventType sw \"user.lifecycle\" or eventType sw \"user.account.update\" or eventType sw \"group.\" or \
     eventType sw \"system.import.user\" or eventType sw \"directory.\" or eventType sw \"application.provision.field_mapping\"";

fn meaning(kind: &str) -> Meaning {
    if let Some(what) = kind.strip_prefix("application.user_membership.") {
        return match what {
            "add" | "restore" | "approve" | "provision" | "remove" | "revoke" | "deprovision" | "update"
            | "change_username" => Meaning::Person(PersonRelation::Assignment),
            _ => Meaning::Nothing,
        };
    }
    match kind {
        "user.account.update_profile"
        | "user.account.update_primary_email"
        | "user.account.update_user_type"
        | "system.import.user.update"
        | "system.import.user.suspend"
        | "system.import.user.unsuspend"
        | "system.import.user.delete" => Meaning::Person(PersonRelation::Profile),
        "group.application_assignment.add"
        | "group.application_assignment.remove"
        | "group.application_assignment.update" => Meaning::Application,
        "group.lifecycle.delete" | "group.profile.update" => Meaning::Group,
        "directory.mapping.update"
        | "directory.app_user_profile.update"
        | "directory.user_profile.update"
        | "application.provision.field_mapping_rule.change" => Meaning::Everybody,
        _ if kind.starts_with("application.lifecycle.") => Meaning::Application,
        _ if kind.starts_with("user.lifecycle.") => Meaning::Person(PersonRelation::Profile),
        _ if kind.starts_with("group.user_membership.") => Meaning::Person(PersonRelation::Group),
        _ => Meaning::Nothing,
    }
}

/// What events are compared with: the application, the groups assigned to it, and the people that it concerns.
pub trait LogScope {
    /// Whether this is our application.
    fn is_ours(&self, app_id: &str) -> bool;

    /// Whether this group is assigned to it.
    fn is_assigned(&self, group: &OktaGroupId) -> bool;

    /// Whether this person is assigned, as far as is known.
    fn is_known(&self, person: &OktaUserId) -> bool;
}

/// The combined result of log entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedPeople {
    /// The people to read again.
    pub people: BTreeSet<OktaUserId>,
    /// The first event type that needs a full cycle.
    pub full_cycle_reason: Option<CompactString>,
}

impl ChangedPeople {
    /// Adds an entry.
    pub fn take(&mut self, event: &LogEvent, concern: &impl LogScope) {
        let LogEvent { uuid: _, kind, targets } = event;
        let of =
            |wanted: &'static str| targets.iter().filter(move |target| target.kind == wanted).map(|target| &target.id);
        // An entry that names only other applications is not about ours. An entry that names no application may be.
        let is_anothers = of("AppInstance").next().is_some() && !of("AppInstance").any(|id| concern.is_ours(id));
        let concerns_group = of("UserGroup").any(|id| concern.is_assigned(&OktaGroupId::new(id.clone())));
        let people = || of("User").map(|id| OktaUserId::new(id.clone()));
        let counts = match meaning(kind) {
            Meaning::Nothing => false,
            Meaning::Everybody => true,
            Meaning::Application => !is_anothers,
            Meaning::Group => concerns_group,
            Meaning::Person(bond) => {
                let found: Vec<OktaUserId> = match bond {
                    PersonRelation::Assignment if is_anothers => return,
                    PersonRelation::Group if !concerns_group => return,
                    PersonRelation::Assignment | PersonRelation::Group => people().collect(),
                    PersonRelation::Profile => {
                        self.people.extend(people().filter(|person| concern.is_known(person)));
                        return;
                    }
                };
                let is_nameless = found.is_empty();
                self.people.extend(found);
                is_nameless
            }
        };
        if counts && self.full_cycle_reason.is_none() {
            self.full_cycle_reason = Some(kind.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangedPeople, FILTER, LogEvent, LogScope, Meaning, meaning};
    use crate::model::ids::{OktaGroupId, OktaUserId};
    use crate::state::log_cursor::LogTarget;

    struct Ours;

    impl LogScope for Ours {
        fn is_ours(&self, app_id: &str) -> bool {
            app_id == "0oa1"
        }

        fn is_assigned(&self, group: &OktaGroupId) -> bool {
            group.as_str() == "00g1"
        }

        fn is_known(&self, person: &OktaUserId) -> bool {
            person.as_str() == "00u1"
        }
    }

    /// The result of an entry with these targets, each given by its id: people, and whether a full cycle is needed.
    #[track_caller]
    fn check(kind: &str, targets: &[&str], people: &[&str], full: Option<&str>) {
        let kind_of = |id: &str| match &id[..3] {
            "00u" => "User",
            "00g" => "UserGroup",
            "0oa" => "AppInstance",
            _ => "AppUser",
        };
        let target = |id: &&str| LogTarget { kind: kind_of(id).into(), id: (*id).into() };
        for targets in [targets.to_vec(), targets.iter().rev().copied().collect()] {
            let targets = targets.iter().map(target).collect();
            let mut changed = ChangedPeople::default();
            changed.take(&LogEvent { uuid: "1".into(), kind: kind.into(), targets }, &Ours);
            let found: Vec<&str> = changed.people.iter().map(OktaUserId::as_str).collect();
            assert_eq!((found, changed.full_cycle_reason.as_deref()), (people.to_vec(), full), "{kind}");
        }
    }

    #[test]
    fn an_assignment_names_its_person_and_one_of_another_application_nobody() {
        for what in ["add", "remove", "update", "change_username", "restore", "revoke"] {
            let kind = format!("application.user_membership.{what}");
            check(&kind, &["0ua1", "0oa1", "00u9"], &["00u9"], None);
            check(&kind, &["0ua1", "0oa2", "00u9"], &[], None);
            check(&kind, &["00u9"], &["00u9"], None);
            // The id of an assignment is not the id of a person.
            check(&kind, &["0ua1", "0oa1"], &[], Some(kind.as_str()));
        }
        check("application.user_membership.show_password", &["0oa1", "00u9"], &[], None);
    }

    #[test]
    fn a_profile_names_its_person_where_the_person_is_known() {
        for kind in ["user.account.update_profile", "user.lifecycle.suspend", "system.import.user.update"] {
            check(kind, &["00u1"], &["00u1"], None);
            check(kind, &["00u9"], &[], None);
        }
        check("user.session.start", &["00u1"], &[], None);
    }

    #[test]
    fn groups_count_where_they_are_assigned() {
        check("group.user_membership.add", &["00g1", "00u9"], &["00u9"], None);
        check("group.user_membership.remove", &["00g2", "00u9"], &[], None);
        check("group.user_membership.rule.trigger", &["00g1"], &[], Some("group.user_membership.rule.trigger"));
        check("group.lifecycle.delete", &["00g1"], &[], Some("group.lifecycle.delete"));
        check("group.lifecycle.delete", &["00g2"], &[], None);
        check("group.application_assignment.add", &["00g2", "0oa1"], &[], Some("group.application_assignment.add"));
        check("group.application_assignment.add", &["00g2", "0oa2"], &[], None);
    }

    #[test]
    fn what_concerns_everybody_wants_a_full_cycle_and_what_is_not_known_nothing() {
        check("directory.mapping.update", &[], &[], Some("directory.mapping.update"));
        check("application.lifecycle.deactivate", &["0oa1"], &[], Some("application.lifecycle.deactivate"));
        check("application.lifecycle.deactivate", &["0oa2"], &[], None);
        check("user.lifecycle_of_a_later_release", &["00u1"], &[], None);
    }

    #[test]
    fn the_filter_lets_every_known_type_through() {
        let beginnings: Vec<&str> = FILTER.split('"').skip(1).step_by(2).collect();
        assert!(FILTER.len() < 500);
        for kind in [
            "application.user_membership.add",
            "application.lifecycle.update",
            "application.provision.field_mapping_rule.change",
            "user.lifecycle.create",
            "user.account.update_user_type",
            "system.import.user.delete",
            "group.user_membership.rule.trigger",
            "group.application_assignment.update",
            "group.profile.update",
            "directory.user_profile.update",
        ] {
            assert_ne!(meaning(kind), Meaning::Nothing, "{kind}");
            assert!(beginnings.iter().any(|beginning| kind.starts_with(beginning)), "{kind}");
        }
        // Logins are not requested.
        assert!(!beginnings.iter().any(|beginning| "user.session.start".starts_with(beginning)));
    }
}

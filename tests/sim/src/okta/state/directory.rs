//! What the org knows: its users, who of them is assigned to its one application, and its groups.
//!
//! Plain data with its indexes. It knows neither HTTP nor clocks, and nothing of rows: profiles are kept as JSON text, because a parsed
//! profile takes four times the memory and is needed only when it changes. Lifecycle rules follow the user and application-user
//! sections of Okta's management API; who calls what in which order is the business of `org`.

use crate::okta::state::ids::okta_id;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

/// A point in time as Okta writes it; many records of one moment share it.
pub(crate) type Stamp = Arc<str>;

/// A place in the list of users; never used again after a delete.
pub(crate) type Index = u32;

/// One Okta user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: Box<str>,
    pub(crate) status: Box<str>,
    /// A JSON object.
    pub(crate) profile: Box<str>,
    pub(crate) created: Stamp,
    pub(crate) activated: Stamp,
    pub(crate) status_changed: Stamp,
    pub(crate) last_updated: Stamp,
    pub(crate) assignment: Option<Box<Assignment>>,
}

impl User {
    pub(crate) fn profile(&self) -> Map<String, Value> {
        serde_json::from_str(&self.profile).expect("profiles are kept as the text of an object")
    }

    /// The login, without the cost of the whole profile.
    fn login(&self) -> String {
        #[derive(Deserialize)]
        struct OnlyLogin<'a> {
            #[serde(borrow)]
            login: Cow<'a, str>,
        }
        let only: OnlyLogin<'_> = serde_json::from_str(&self.profile).expect("every profile has a login");
        only.login.into_owned()
    }

    /// A text of the profile; empty when it is absent or no text.
    pub(crate) fn text(&self, key: &str) -> String {
        text_of(&self.profile(), key)
    }
}

/// One application user: the assignment of a user to the application.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// Its place in the order of assignments.
    pub(crate) place: u64,
    pub(crate) status: Box<str>,
    pub(crate) user_name: Box<str>,
    /// A JSON object: the application's own profile of this person.
    pub(crate) profile: Box<str>,
    /// The group that the assignment comes from; none when it is direct.
    pub(crate) group: Option<usize>,
    pub(crate) created: Stamp,
    pub(crate) status_changed: Stamp,
    pub(crate) last_updated: Stamp,
}

/// Whether a group gives its members the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Assigned,
    Apart,
    /// There is no such group any more.
    Gone,
}

/// A group that is or was assigned to the application.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) description: Option<Box<str>>,
    pub(crate) link: Link,
    pub(crate) members: BTreeSet<Index>,
    pub(crate) created: Stamp,
    pub(crate) membership_updated: Stamp,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    users: Vec<Option<User>>,
    by_id: HashMap<Box<str>, Index>,
    /// By lower-case login: Okta's logins are unique without regard to case.
    by_login: BTreeMap<Box<str>, Index>,
    assigned: BTreeMap<u64, Index>,
    last_place: u64,
    groups: Vec<Group>,
}

impl Directory {
    /// Adds an ACTIVE user.
    pub(crate) fn add(&mut self, mut profile: Map<String, Value>, now: &Stamp) -> Box<str> {
        // Okta lists these two even when nobody ever set them.
        for key in ["mobilePhone", "secondEmail"] {
            profile.entry(key).or_insert(Value::Null);
        }
        let index = Index::try_from(self.users.len()).expect("no test has four billion users");
        let id: Box<str> = okta_id("00u", u64::from(index) + 1).into();
        self.take_login(&text_of(&profile, "login"), index);
        self.by_id.insert(id.clone(), index);
        self.users.push(Some(User {
            id: id.clone(),
            status: "ACTIVE".into(),
            profile: json_text(profile),
            created: Stamp::clone(now),
            activated: Stamp::clone(now),
            status_changed: Stamp::clone(now),
            last_updated: Stamp::clone(now),
            assignment: None,
        }));
        id
    }

    pub(crate) fn index(&self, id: &str) -> Option<Index> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn at(&self, index: Index) -> Option<&User> {
        self.users.get(index as usize)?.as_ref()
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.at(self.index(id)?)
    }

    pub(crate) fn user_mut(&mut self, id: &str) -> Option<&mut User> {
        let index = self.index(id)?;
        self.users.get_mut(index as usize)?.as_mut()
    }

    pub(crate) fn by_login(&self, login: &str) -> Option<Index> {
        self.by_login.get(login.to_lowercase().as_str()).copied()
    }

    /// The one user whose login begins with `short@`; nobody when there are several.
    fn by_short_login(&self, short: &str) -> Option<Index> {
        let start = format!("{}@", short.to_lowercase());
        let from: &str = &start;
        let mut found =
            self.by_login.range::<str, _>((Included(from), Unbounded)).take_while(|(login, _)| login.starts_with(from));
        let (_, index) = found.next()?;
        found.next().is_none().then_some(*index)
    }

    /// By id, by login, or by the part of the login before the `@`, where only one user has it.
    pub(crate) fn find(&self, key: &str) -> Option<&User> {
        let by_name = || self.at(self.by_login(key).or_else(|| self.by_short_login(key))?);
        self.user(key).or_else(by_name)
    }

    /// Changes a profile; a changed login is indexed anew.
    pub(crate) fn change_profile(&mut self, id: &str, now: &Stamp, change: impl FnOnce(&mut Map<String, Value>)) {
        let index = self.index(id).unwrap_or_else(|| panic!("there is no user {id}"));
        let mut profile = self.at(index).expect("an indexed user exists").profile();
        let before = text_of(&profile, "login");
        change(&mut profile);
        let after = text_of(&profile, "login");
        if before != after {
            self.by_login.remove(before.to_lowercase().as_str());
            self.take_login(&after, index);
        }
        let user = self.user_mut(id).expect("an indexed user exists");
        user.profile = json_text(profile);
        user.last_updated = Stamp::clone(now);
    }

    fn take_login(&mut self, login: &str, index: Index) {
        assert!(!login.is_empty(), "an Okta user has a login");
        let taken = self.by_login.insert(login.to_lowercase().into(), index);
        assert!(taken.is_none(), "the login {login} is taken");
    }

    /// Assigns a user at the end of the list; one who is assigned stays as he is.
    pub(crate) fn assign(&mut self, id: &str, group: Option<usize>, now: &Stamp) {
        let index = self.index(id).unwrap_or_else(|| panic!("there is no user {id}"));
        let user = self.users[index as usize].as_mut().expect("an indexed user exists");
        if user.assignment.is_some() {
            return;
        }
        self.last_place += 1;
        self.assigned.insert(self.last_place, index);
        user.assignment = Some(Box::new(Assignment {
            place: self.last_place,
            status: "ACTIVE".into(),
            user_name: user.login().into(),
            profile: "{}".into(),
            group,
            created: Stamp::clone(now),
            status_changed: Stamp::clone(now),
            last_updated: Stamp::clone(now),
        }));
    }

    pub(crate) fn unassign(&mut self, id: &str) -> Option<Box<Assignment>> {
        let assignment = self.user_mut(id)?.assignment.take()?;
        self.assigned.remove(&assignment.place);
        Some(assignment)
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.unassign(id);
        let index = self.by_id.remove(id).unwrap_or_else(|| panic!("there is no user {id}"));
        let user = self.users[index as usize].take().expect("an indexed user exists");
        self.by_login.remove(user.login().to_lowercase().as_str());
        for group in &mut self.groups {
            group.members.remove(&index);
        }
    }

    /// The number of the group with this name, which is made where it does not exist.
    pub(crate) fn group(&mut self, name: &str, now: &Stamp) -> usize {
        let known = self.groups.iter().position(|group| &*group.name == name && group.link != Link::Gone);
        known.unwrap_or_else(|| {
            self.groups.push(Group {
                id: okta_id("00g", self.groups.len() as u64 + 1).into(),
                name: name.into(),
                description: None,
                link: Link::Apart,
                members: BTreeSet::new(),
                created: Stamp::clone(now),
                membership_updated: Stamp::clone(now),
            });
            self.groups.len() - 1
        })
    }

    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub(crate) fn group_mut(&mut self, group: usize) -> &mut Group {
        &mut self.groups[group]
    }

    /// The number of the group with this id, as long as there is one.
    pub(crate) fn group_number(&self, id: &str) -> Option<usize> {
        self.groups.iter().position(|group| &*group.id == id && group.link != Link::Gone)
    }

    /// Assigns a group to the application, or takes that away; tells what it was before. Nobody's own assignment changes.
    pub(crate) fn link(&mut self, group: usize, link: Link) -> Link {
        std::mem::replace(&mut self.groups[group].link, link)
    }

    /// Makes the user a member; whether he was none before.
    pub(crate) fn join(&mut self, id: &str, group: usize, now: &Stamp) -> bool {
        let index = self.index(id).unwrap_or_else(|| panic!("there is no user {id}"));
        self.groups[group].membership_updated = Stamp::clone(now);
        self.groups[group].members.insert(index)
    }

    pub(crate) fn leave(&mut self, id: &str, group: usize, now: &Stamp) {
        let index = self.index(id).unwrap_or_else(|| panic!("there is no user {id}"));
        self.groups[group].members.remove(&index);
        self.groups[group].membership_updated = Stamp::clone(now);
    }

    /// Who is assigned, after this place in the order of assignments.
    pub(crate) fn assigned_after(&self, place: u64) -> impl Iterator<Item = (u64, &User)> {
        self.assigned
            .range((Excluded(place), Unbounded))
            .map(|(place, index)| (*place, self.at(*index).expect("an assigned user exists")))
    }

    /// The users after this place, in the order in which they were added; a user's place is his index and one.
    pub(crate) fn users_after(&self, place: u64) -> impl Iterator<Item = (u64, &User)> {
        let from = usize::try_from(place).unwrap_or(usize::MAX).min(self.users.len());
        (place + 1..).zip(&self.users[from..]).filter_map(|(place, user)| Some((place, user.as_ref()?)))
    }

    /// The members of a group after this place; places are as in [`Self::users_after`].
    pub(crate) fn members_after(&self, group: usize, place: u64) -> impl Iterator<Item = (u64, &User)> {
        let from = Index::try_from(place).unwrap_or(Index::MAX);
        self.groups[group]
            .members
            .range(from..)
            .map(|index| (u64::from(*index) + 1, self.at(*index).expect("a member exists")))
    }

    pub(crate) fn assigned_count(&self) -> usize {
        self.assigned.len()
    }
}

pub(crate) fn text_of(profile: &Map<String, Value>, key: &str) -> String {
    profile.get(key).and_then(Value::as_str).unwrap_or("").to_owned()
}

pub(crate) fn json_text(profile: Map<String, Value>) -> Box<str> {
    Value::Object(profile).to_string().into()
}

//! What people do in a story, done to the simulated world.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use okta_haiilo_sim::haiilo::{self, Duplicate};
use okta_haiilo_sim::okta::{self, Change};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::limit::{Limit, LimitName, Limits};
use okta_haiilo_sync::domain::model::policy::{AdoptedRule, LeaverAction, MissingRule, Protected};
use serde_json::json;

use crate::campaign::story::{Deed, PEOPLE, Story, Turn};
use crate::setup::world::{World, mapping, seed};

/// Whose account is protected.
pub(super) const PROTECTED: u32 = 3;
/// Accounts of nobody in Okta.
const STRANGERS: [u32; 2] = [50, 51];
/// Countries to move to: one whose group may be missing, one that Haiilo never had, and one that the mapping does not know.
const COUNTRIES: [&str; 8] = ["AT", "CH", "DE", "FI", "FR", "IE", "XX", "ZZ"];
const CITIES: [&str; 4] = ["Paris", "Berlin", "Oulu", "Jyväskylä"];
const FAMILIES: [&str; 4] = ["Curie", "Hopper", "de la Cruz", "Ångström"];

/// A world with the memory of what was done to it by hand.
pub(super) struct Life {
    pub(super) world: World,
    /// The Okta ids of people who were ever hired.
    pub(super) ids: BTreeMap<u8, String>,
    /// Every userName that somebody ever had, in small letters, by Okta id.
    pub(super) names: BTreeMap<String, BTreeSet<String>>,
    /// Accounts that nobody may touch.
    pub(super) unmanaged: BTreeSet<String>,
    /// Accounts that somebody removed by hand, or that Haiilo lost.
    pub(super) lost: BTreeSet<String>,
    /// Accounts whose userName somebody changed by hand.
    pub(super) renamed_by_hand: BTreeSet<String>,
    /// Whether teams come from departments.
    pub(super) teams_of_departments: bool,
}

impl Life {
    /// The world as the story begins, before the first cycle.
    pub(super) async fn begin(story: &Story) -> Self {
        let mut world = World::empty().await;
        world.okta_settings.page_size = 4;
        world.settings.page_size = 4;
        // One call after the other, so that the same story is the same again.
        world.settings.concurrency = 1;
        world.haiilo_settings.concurrency = 1;
        let patterns = ["*@haiilo.com".to_owned(), person(PROTECTED).email];
        world.settings.policy.protected = Protected::new(patterns).expect("patterns");
        world.settings.policy.leavers.grace = TimeDelta::hours(36);
        if story.allows_twins {
            world.haiilo.state().tune(|manner| manner.duplicate = Duplicate::Accepted);
        }
        let unmanaged = STRANGERS.map(|n| {
            let mut haiilo = world.haiilo.state();
            let id = haiilo.add_account(seed(&person(n)));
            haiilo.must_not_touch(&id);
            id
        });
        let mut life = Self {
            world,
            ids: BTreeMap::new(),
            names: BTreeMap::new(),
            unmanaged: unmanaged.into(),
            lost: BTreeSet::new(),
            renamed_by_hand: BTreeSet::new(),
            teams_of_departments: false,
        };
        for who in 0..story.hired {
            life.act(&Deed::Hire(who));
        }
        for who in &story.by_hand {
            life.act(&Deed::HandAdd(*who));
        }
        life
    }

    /// The Okta id of somebody who was hired and not deleted.
    fn user(&self, who: u8) -> Option<String> {
        self.ids.get(&who).filter(|id| self.world.okta.state().status(id).is_some()).cloned()
    }

    fn working(&self, who: u8) -> Option<String> {
        self.user(who).filter(|id| self.world.okta.state().status(id) != Some("DEPROVISIONED"))
    }

    /// One of the accounts that somebody may lay hands on.
    fn account(&self, which: u8) -> Option<haiilo::Account> {
        let accounts = self.world.haiilo.state().accounts();
        let ours: Vec<_> = accounts
            .into_iter()
            .filter(|account| account.user_name != haiilo::OWNER && !self.unmanaged.contains(&account.id))
            .collect();
        let at = usize::from(which) % ours.len().max(1);
        ours.into_iter().nth(at)
    }

    fn note_name(&mut self, id: &str) {
        let name = self.world.okta.state().user_name(id).map(str::to_lowercase);
        self.names.entry(id.to_owned()).or_default().extend(name);
    }

    /// Does it, where it makes sense.
    pub(super) fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Hire(who) => self.hire(who),
            Deed::Rename(who, to) => self.rename(who, &format!("other{to}.{}", person(who.into()).email)),
            Deed::TakeName(who, whose) => self.rename(who, &person(whose.into()).email),
            Deed::Move(who, to) => self.set(who, "countryCode", COUNTRIES[usize::from(to) % COUNTRIES.len()]),
            Deed::City(who, to) => self.set(who, "city", CITIES[usize::from(to) % CITIES.len()]),
            Deed::Marry(who, to) => self.set(who, "lastName", FAMILIES[usize::from(to) % FAMILIES.len()]),
            Deed::Deactivate(who) => self.in_okta(who, okta::Okta::deactivate),
            Deed::Unassign(who) => self.in_okta(who, okta::Okta::unassign),
            Deed::Exodus(third) => {
                for who in (0..PEOPLE).filter(|who| who % 3 == third % 3) {
                    self.in_okta(who, okta::Okta::deactivate);
                }
            }
            Deed::Suspend(who) => self.in_okta(who, okta::Okta::suspend),
            Deed::Unsuspend(who) => self.in_okta(who, okta::Okta::unsuspend),
            Deed::Freeze(who) => self.in_okta(who, |okta, id| okta.set_status(id, "FROZEN")),
            Deed::Delete(who) => {
                if let Some(id) = self.user(who) {
                    self.world.okta.state().delete_user(&id);
                }
            }
            Deed::Leavers(_) | Deed::Missing(_) | Deed::Limits(_) | Deed::Mapping(_) => self.configure(deed),
            Deed::HandDelete(_)
            | Deed::HandAdd(_)
            | Deed::HandHide(_)
            | Deed::HandEdit(_)
            | Deed::HandRename(_)
            | Deed::Group(_) => {
                self.by_hand(deed);
            }
        }
    }

    fn hire(&mut self, who: u8) {
        if !self.ids.contains_key(&who) {
            if self.world.okta.state().find(&person(who.into()).email).is_none() {
                let id = self.world.okta.state().hire(&person(who.into()));
                self.note_name(&id);
                self.ids.insert(who, id);
            }
            return;
        }
        let Some(id) = self.user(who) else { return };
        let mut okta = self.world.okta.state();
        if okta.status(&id) != Some("ACTIVE") {
            okta.reactivate(&id);
        }
        if !okta.is_assigned(&id) {
            okta.assign(&id);
        }
        drop(okta);
        self.note_name(&id);
    }

    fn rename(&mut self, who: u8, to: &str) {
        let Some(id) = self.working(who) else { return };
        if self.world.okta.state().find(to).is_none() {
            self.world.okta.state().rename(&id, to);
            self.note_name(&id);
        }
    }

    fn set(&mut self, who: u8, key: &str, value: &str) {
        if let Some(id) = self.user(who) {
            self.world.okta.state().set_profile(&id, key, json!(value));
        }
    }

    fn in_okta(&mut self, who: u8, change: impl FnOnce(&mut okta::Okta, &str)) {
        if let Some(id) = self.working(who) {
            change(&mut self.world.okta.state(), &id);
        }
    }

    fn by_hand(&mut self, deed: &Deed) {
        let world = &self.world;
        match *deed {
            Deed::HandDelete(which) => {
                if let Some(account) = self.account(which) {
                    world.haiilo.state().remove_account(&account.id);
                    self.lost.insert(account.id);
                }
            }
            Deed::HandAdd(who) | Deed::HandHide(who) => {
                let seed = seed(&person(who.into()));
                let mut haiilo = world.haiilo.state();
                if haiilo.account_named(&seed.user_name).is_none() && haiilo.groups().contains(&seed.group) {
                    let id = haiilo.add_account(seed);
                    if matches!(deed, Deed::HandHide(_)) {
                        haiilo.hide_from_list(&id);
                    }
                }
            }
            Deed::HandEdit(which) => {
                if let Some(account) = self.account(which) {
                    world.haiilo.state().edit(&account.id, "name.givenName", json!("Nickname"));
                }
            }
            Deed::HandRename(which) => {
                let name = format!("byhand{which}@example.com");
                if let Some(account) = self.account(which)
                    && world.haiilo.state().account_named(&name).is_none()
                {
                    world.haiilo.state().edit(&account.id, "userName", json!(name));
                    self.renamed_by_hand.insert(account.id);
                }
            }
            Deed::Group(which) => {
                let group = ["Atlantis", "Ireland"][usize::from(which) % 2];
                let mut haiilo = world.haiilo.state();
                if haiilo.groups().iter().any(|name| name == group) {
                    haiilo.remove_group(group);
                } else {
                    haiilo.add_group(group);
                }
            }
            _ => {}
        }
    }

    fn configure(&mut self, deed: &Deed) {
        let settings = &mut self.world.settings;
        let leavers = &mut settings.policy.leavers;
        match *deed {
            Deed::Leavers(which) => match which {
                0 => leavers.deactivated = LeaverAction::Keep,
                1 | 2 => leavers.deactivated = LeaverAction::Delete,
                3 | 4 => leavers.unassigned = LeaverAction::Delete,
                5 => leavers.unassigned = LeaverAction::Keep,
                6 => leavers.adopted = AdoptedRule::Same,
                7 => leavers.adopted = AdoptedRule::Keep,
                8 => leavers.grace = TimeDelta::zero(),
                _ => leavers.grace = TimeDelta::hours(60),
            },
            Deed::Missing(which) => {
                settings.policy.missing = if which == 0 { MissingRule::Hold } else { MissingRule::Recreate };
            }
            Deed::Limits(which) => {
                let limits = &mut settings.policy.limits;
                let deletes = |floor| Some(Limit { percent: None, floor: Some(floor), cap: None });
                match which {
                    0 => *limits = Limits::usual(),
                    1 => {
                        *limits = Limits::usual();
                        limits.set(LimitName::Deletes, deletes(1));
                        limits.set(LimitName::Creates, deletes(1));
                    }
                    _ => {
                        for name in [LimitName::Leavers, LimitName::Renames, LimitName::Missing] {
                            limits.set(name, None);
                        }
                    }
                }
            }
            Deed::Mapping(which) => {
                self.teams_of_departments = which == 1;
                let value = if which == 1 { "user.department | trim" } else { "user.city | trim" };
                settings.mapping = mapping(|spec| value.clone_into(&mut spec.rules[4].value));
            }
            _ => {}
        }
    }

    /// What happens in Okta while a cycle runs, where it makes sense.
    pub(super) fn turn(&self, who: u8, turn: Turn) -> Option<Change> {
        let id = self.user(who)?;
        let okta = self.world.okta.state();
        let (is_assigned, is_active) = (okta.is_assigned(&id), okta.status(&id) == Some("ACTIVE"));
        match turn {
            Turn::AppStops => Some(Change::StopApp),
            Turn::CredentialsEnd => Some(Change::RevokeCredentials),
            Turn::Assigned if is_active && !is_assigned => Some(Change::Assign(id)),
            Turn::Unassigned if is_assigned => Some(Change::Unassign(id)),
            Turn::Deactivated if is_active => Some(Change::Deactivate(id)),
            Turn::Assigned | Turn::Unassigned | Turn::Deactivated => None,
        }
    }
}

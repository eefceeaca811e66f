//! The state of a simulated Haiilo, and what a test can do to it and read from it. It does not know HTTP.

use crate::clock::SimClock;
use crate::haiilo::account::{Account, AccountSeed, Role};
use crate::haiilo::advocacy::Advocacy;
use crate::haiilo::intranet::Intranet;
use crate::haiilo::manner::{Duplicate, Manner, Strictness, Unmatched};
use crate::haiilo::record::{Deleted, Write};
use crate::haiilo::scim::patch::{self, Operation, Target, Verb};
use crate::haiilo::scim::schema;
use crate::haiilo::scim::store::{Origin, Seen, Store};
use crate::haiilo::scim::text::{Attributes, get, set};
use crate::haiilo::throttle::Throttle;
use serde_json::{Value, json};
use std::collections::{HashSet, VecDeque};

/// The access token that an Advocacy takes as long as the account of [`OWNER`] exists.
pub const TOKEN: &str = "advocacy-access-token";

/// The user name of the account that the token belongs to.
pub const OWNER: &str = "scim@example.com";

/// A simulated Haiilo.
#[derive(Clone, Debug)]
pub struct Haiilo {
    pub(crate) clock: SimClock,
    pub(crate) manner: Manner,
    pub(crate) store: Store,
    pub(crate) advocacy: Advocacy,
    pub(crate) intranet: Intranet,
    /// The number of the account that an Advocacy's token belongs to.
    pub(crate) owner: Option<usize>,
    /// Accounts that wait for a seat, first come, first served.
    pub(crate) waiting: VecDeque<usize>,
    pub(crate) writes: Vec<Write>,
    pub(crate) gone: Vec<Deleted>,
    /// The ids of accounts that are no more.
    pub(crate) gone_ids: HashSet<String>,
    pub(crate) untouchable: HashSet<String>,
    pub(crate) throttle: Throttle,
    /// How many lists were asked for.
    pub(crate) list_calls: u64,
    /// The absolute address under which the last call came.
    pub(crate) base: String,
}

impl Haiilo {
    /// An Advocacy with the groups `Germany` and `Finland`, the account of the token's owner (in the first), and nothing else.
    #[must_use]
    pub fn advocacy(clock: SimClock) -> Self {
        let mut haiilo = Self::empty(clock, Manner::default());
        for group in ["Germany", "Finland"] {
            haiilo.add_group(group);
        }
        haiilo.owner = Some(haiilo.insert_by_hand(AccountSeed {
            user_name: OWNER.to_owned(),
            given: "Sync".to_owned(),
            family: "Service".to_owned(),
            ..AccountSeed::default()
        }));
        haiilo
    }

    /// An intranet with a user directory and its API client, without accounts and groups.
    #[must_use]
    pub fn intranet(clock: SimClock) -> Self {
        Self::empty(clock, Manner::intranet())
    }

    fn empty(clock: SimClock, manner: Manner) -> Self {
        Self {
            clock,
            manner,
            store: Store::default(),
            advocacy: Advocacy::default(),
            intranet: Intranet::default(),
            owner: None,
            waiting: VecDeque::new(),
            writes: Vec::new(),
            gone: Vec::new(),
            gone_ids: HashSet::new(),
            untouchable: HashSet::new(),
            throttle: Throttle::default(),
            list_calls: 0,
            base: String::new(),
        }
    }

    /// Whether this is an intranet.
    pub(crate) fn is_intranet(&self) -> bool {
        self.manner.strict == Strictness::Intranet
    }

    /// How the server answers.
    #[must_use]
    pub fn manner(&self) -> &Manner {
        &self.manner
    }

    /// Changes how the server answers from now on. Another kind of ids gives every account a new id; extras are given to every account
    /// that lacks them.
    pub fn tune(&mut self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner);
        self.store.rename_ids(self.manner.ids);
        self.store.forget_answers();
        let extras = self.manner.extras.clone();
        for number in self.numbers() {
            let Some(row) = self.store.row(number) else { continue };
            if extras.iter().all(|(name, _)| get(&row.attributes, name).is_some()) {
                continue;
            }
            let mut attributes = row.attributes.clone();
            self.give_extras(&mut attributes);
            self.store.change(number, attributes, &self.clock.iso());
        }
    }

    /// The same with a whole manner.
    pub fn set_manner(&mut self, manner: Manner) {
        self.tune(|old| *old = manner);
    }

    /// Adds what every account has.
    pub(crate) fn give_extras(&self, attributes: &mut Attributes) {
        for (name, value) in &self.manner.extras {
            if get(attributes, name).is_none() {
                attributes.insert(name.clone(), value.clone());
            }
        }
    }

    fn numbers(&self) -> Vec<usize> {
        self.store.all().map(|(number, _)| number).collect()
    }

    /// Creates a group of an Advocacy.
    pub fn add_group(&mut self, name: &str) {
        self.advocacy.add_group(name);
    }

    /// Removes a group. Accounts in it keep its name, but nobody can be put into it any more.
    pub fn remove_group(&mut self, name: &str) {
        self.advocacy.remove_group(name);
    }

    /// Makes these the groups; the first is the one that was created first.
    pub fn set_groups(&mut self, names: &[&str]) {
        for group in self.groups() {
            self.advocacy.remove_group(&group);
        }
        for name in names {
            self.advocacy.add_group(name);
        }
    }

    /// The groups of an Advocacy, in the order in which they were created.
    #[must_use]
    pub fn groups(&self) -> Vec<String> {
        self.advocacy.groups().to_vec()
    }

    /// The teams, in the order in which they were made. A team that nobody is in any more stays.
    #[must_use]
    pub fn teams(&self) -> Vec<String> {
        self.advocacy.teams().to_vec()
    }

    /// Sets how many accounts the licence allows; `None` sets no limit.
    pub fn set_seats(&mut self, seats: Option<usize>) {
        self.advocacy.seats = seats;
        self.admit();
    }

    /// Whether a further account finds a seat.
    pub(crate) fn has_seat(&self) -> bool {
        self.advocacy.seats.is_none_or(|seats| {
            let inactive = |attributes: &Attributes| attributes.get("active") == Some(&Value::Bool(false));
            let taken = self.store.all().filter(|(_, row)| row.seen != Seen::Nowhere && !inactive(&row.attributes));
            taken.count() < seats
        })
    }

    /// Lets those who wait take free seats.
    pub(crate) fn admit(&mut self) {
        while !self.waiting.is_empty() && self.has_seat() {
            if let Some(number) = self.waiting.pop_front() {
                self.store.show(number, Seen::Everywhere);
            }
        }
    }

    /// Makes an account by hand, and gives its id.
    ///
    /// # Panics
    /// When the group does not exist or the user name is taken: the user interface allows neither.
    pub fn add_account(&mut self, seed: AccountSeed) -> String {
        let number = self.insert_by_hand(seed);
        self.id(number)
    }

    /// Makes many accounts by hand, and says how many.
    ///
    /// # Panics
    /// As [`Self::add_account`].
    pub fn populate(&mut self, people: impl IntoIterator<Item = AccountSeed>) -> usize {
        people.into_iter().map(|seed| self.insert_by_hand(seed)).count()
    }

    /// Whether another account than `own` has this user name, as far as this server minds.
    pub(crate) fn is_taken(&self, user_name: &str, own: Option<usize>) -> bool {
        let mut others = self.store.by_name(user_name).iter().filter(|other| Some(**other) != own);
        match self.manner.duplicate {
            Duplicate::Accepted => false,
            Duplicate::AcceptedInOtherLetters => {
                others.any(|other| self.store.row(*other).is_some_and(|row| row.user_name() == user_name))
            }
            _ => others.next().is_some() || self.is_kept_for_the_deleted(user_name),
        }
    }

    fn insert_by_hand(&mut self, seed: AccountSeed) -> usize {
        if self.is_intranet() {
            return self.insert_local(seed);
        }
        let AccountSeed { user_name, given, family, group, team } = seed;
        let first = self.advocacy.groups().first().cloned().unwrap_or_default();
        let group = if group.is_empty() { first } else { group };
        let generic = self.manner.strict == Strictness::Generic;
        assert!(generic || self.advocacy.has_group(&group), "a test made an account in no group: `{group}`");
        assert!(!self.is_taken(&user_name, None), "a test made two accounts named {user_name}");
        let mut address = Attributes::new();
        set(&mut address, "type", Value::from("work"));
        set(&mut address, "country", Value::from(group));
        if !team.is_empty() {
            set(&mut address, "locality", Value::from(self.advocacy.team(&team)));
        }
        let mut attributes = Attributes::new();
        set(&mut attributes, "userName", Value::from(user_name));
        set(&mut attributes, "name", json!({ "givenName": given, "familyName": family }));
        set(&mut attributes, "active", Value::Bool(true));
        set(&mut attributes, "addresses", Value::Array(vec![Value::Object(address)]));
        self.give_extras(&mut attributes);
        self.store.add(attributes, Origin::Hand, Seen::Everywhere, self.manner.ids, &self.clock.iso())
    }

    /// The id of an account by its number; empty when it is gone.
    pub(crate) fn id(&self, number: usize) -> String {
        self.store.row(number).map_or_else(String::new, |row| row.id.clone())
    }

    /// An admin changes a value: `path` as in PATCH, such as `name.givenName` or `addresses[type eq "work"].country`; null removes.
    ///
    /// # Panics
    /// When there is no such account or the path is none.
    pub fn edit(&mut self, id: &str, path: &str, value: Value) {
        let number = self.number(id);
        let mut attributes = self.store.row(number).expect("its number was just found").attributes.clone();
        let target = Some(Target::parse(path).unwrap_or_else(|| panic!("a test edits at `{path}`, which is no path")));
        let manner = Manner { unmatched: Unmatched::Created, ..Manner::default() };
        let operation = Operation { verb: Verb::Replace, target, value };
        if let Err(refusal) = patch::apply(&mut attributes, &operation, &manner) {
            panic!("a test edits `{path}`: {}", refusal.detail);
        }
        let attributes = schema::spelled(&attributes, Some(&attributes));
        self.store.change(number, attributes, &self.clock.iso());
    }

    /// An admin removes an account.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn remove_account(&mut self, id: &str) {
        let number = self.number(id);
        self.drop_row(number);
    }

    /// Takes an account out of everything.
    pub(crate) fn drop_row(&mut self, number: usize) {
        if let Some(row) = self.store.remove(number) {
            self.gone_ids.insert(row.id.clone());
            if self.is_intranet() {
                self.bury(number, row);
            }
        }
        self.waiting.retain(|waiting| *waiting != number);
        self.admit();
    }

    /// The list does not show this account from now on; reading by id and look-up do.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn hide_from_list(&mut self, id: &str) {
        let number = self.number(id);
        self.store.show(number, Seen::NotListed);
    }

    /// The list shows this account again.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn show_in_list(&mut self, id: &str) {
        let number = self.number(id);
        self.store.show(number, Seen::Everywhere);
    }

    /// Any write on this account is a violation from now on; it is done nevertheless.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn must_not_touch(&mut self, id: &str) {
        let number = self.number(id);
        self.untouchable.insert(self.id(number));
    }

    pub(crate) fn number(&self, id: &str) -> usize {
        self.store.by_id(id).unwrap_or_else(|| panic!("a test names the account `{id}`, which does not exist"))
    }

    fn role(&self, number: usize) -> Role {
        if Some(number) == self.owner { Role::Admin } else { Role::User }
    }

    /// All accounts, oldest first, wherever they show; the token's owner is one of them.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        self.store.all().map(|(number, row)| Account::of(row, self.role(number))).collect()
    }

    /// One account.
    #[must_use]
    pub fn account(&self, id: &str) -> Option<Account> {
        let number = self.store.by_id(id)?;
        Some(Account::of(self.store.row(number)?, self.role(number)))
    }

    /// The account of this user name, without case; the oldest if there are more.
    #[must_use]
    pub fn account_named(&self, user_name: &str) -> Option<Account> {
        let number = *self.store.by_name(user_name).iter().min()?;
        Some(Account::of(self.store.row(number)?, self.role(number)))
    }

    /// The accounts that requests destroyed, in order. An intranet destroys none: see [`Self::deleted`].
    #[must_use]
    pub fn deleted_for_ever(&self) -> Vec<Deleted> {
        if self.is_intranet() { Vec::new() } else { self.gone.clone() }
    }

    /// The accounts that requests deleted, in order, whether they can be restored or not.
    #[must_use]
    pub fn deleted(&self) -> Vec<Deleted> {
        self.gone.clone()
    }

    /// Every write that reached the server since the last [`Self::forget_writes`].
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.writes.clone()
    }

    /// Empties the journal of writes, and counts from 1 again.
    pub fn forget_writes(&mut self) {
        self.writes.clear();
    }

    /// After so many calls from now, further ones are 429 with `Retry-After` of so many seconds. When that much time has passed on the
    /// simulator's clock, as many calls are free again.
    pub fn throttle_after(&mut self, calls: u64, retry_after_seconds: u32) {
        self.throttle = Throttle::after(calls, retry_after_seconds);
    }

    /// Ends the throttling.
    pub fn stop_throttling(&mut self) {
        self.throttle = Throttle::default();
    }
}

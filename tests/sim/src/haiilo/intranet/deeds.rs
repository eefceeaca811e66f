//! What a test does to an intranet by hand and reads from it: tokens, the API client, local accounts, groups, deleted accounts.

use serde_json::{Value, json};

use crate::haiilo::account::{Account, AccountSeed, Role};
use crate::haiilo::intranet::groups::{Entry, Group, Values};
use crate::haiilo::scim::store::{Origin, Seen};
use crate::haiilo::scim::text::{Attributes, set};
use crate::haiilo::state::Haiilo;

impl Haiilo {
    /// Makes a token that is good as long as one that is asked for.
    pub fn make_token(&mut self) -> String {
        self.intranet.tokens.make(self.manner.directory.token_seconds, self.clock.now_ms())
    }

    /// Ends all tokens of an intranet: the next call with one of them is 401.
    pub fn revoke_tokens(&mut self) {
        self.intranet.tokens.revoke();
    }

    /// How many requests were given a token.
    #[must_use]
    pub fn tokens_granted(&self) -> u64 {
        self.intranet.tokens.granted
    }

    /// Gives the API client of the directory another secret; its tokens live on.
    pub fn set_client_secret(&mut self, secret: &str) {
        self.intranet.tokens.set_secret(secret);
    }

    /// Makes an account of an intranet by hand; group and team of the seed are none of its.
    pub(crate) fn insert_local(&mut self, seed: AccountSeed) -> usize {
        let AccountSeed { user_name, given, family, group: _, team: _ } = seed;
        assert!(!self.is_taken(&user_name, None), "a test made two accounts named {user_name}");
        let mut attributes = Attributes::new();
        let email = json!([{ "value": user_name, "type": "work", "primary": true }]);
        set(&mut attributes, "userName", Value::from(user_name));
        set(&mut attributes, "name", json!({ "givenName": given, "familyName": family }));
        set(&mut attributes, "active", Value::Bool(true));
        set(&mut attributes, "emails", email);
        self.give_extras(&mut attributes);
        self.store.add(attributes, Origin::Hand, Seen::Everywhere, self.manner.ids, &self.clock.iso())
    }

    /// The deleted accounts that an admin can restore, oldest first.
    #[must_use]
    pub fn restorable(&self) -> Vec<Account> {
        self.intranet.bin.all().map(|row| Account::of(row, Role::User)).collect()
    }

    /// An admin restores a deleted account; it is inactive at first.
    ///
    /// # Panics
    /// When there is no such deleted account, or somebody else has its name.
    pub fn restore_account(&mut self, id: &str) {
        let number = self.intranet.bin.by_id(id);
        let name = number.and_then(|number| self.intranet.bin.row(number)).map_or("", |row| row.user_name());
        assert!(self.store.by_name(name).is_empty(), "a test restores {name}, whose name somebody else has");
        let restored = number.and_then(|number| self.dig_up(number));
        assert!(restored.is_some(), "a test restores `{id}`, which was not deleted");
    }

    /// Makes a group of an intranet by hand, and gives its id.
    ///
    /// # Panics
    /// When there is such a group.
    pub fn make_group(&mut self, name: &str) -> String {
        assert!(self.intranet.groups.by_name(name).is_none(), "a test made two groups named {name}");
        let values = Values { name: name.to_owned(), ..Values::default() };
        let number = self.intranet.groups.add(values, Origin::Hand, &self.clock.iso());
        self.intranet.groups.entry(number).map_or_else(String::new, |entry| entry.id.clone())
    }

    /// Puts an account into a group of an intranet by hand.
    ///
    /// # Panics
    /// When one of them does not exist.
    pub fn put_into_group(&mut self, group: &str, account: &str) {
        let (group, account) = (self.group_number(group), self.number(account));
        self.join(group, account);
    }

    /// Takes an account out of a group of an intranet by hand.
    ///
    /// # Panics
    /// When one of them does not exist.
    pub fn take_out_of_group(&mut self, group: &str, account: &str) {
        let (group, account) = (self.group_number(group), self.number(account));
        self.leave(group, account);
    }

    /// Gives a group of an intranet another name by hand.
    ///
    /// # Panics
    /// When it does not exist, or another group has the name.
    pub fn rename_group(&mut self, id: &str, name: &str) {
        let number = self.group_number(id);
        let other = self.intranet.groups.by_name(name).filter(|other| *other != number);
        assert!(other.is_none(), "a test made two groups named {name}");
        let values = self.intranet.groups.entry(number).map(|entry| entry.values.clone()).unwrap_or_default();
        self.set_values(number, Values { name: name.to_owned(), ..values });
    }

    /// Gives a group of an intranet an `externalId` by hand, as another directory would.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn set_group_external_id(&mut self, id: &str, external_id: &str) {
        let number = self.group_number(id);
        let values = self.intranet.groups.entry(number).map(|entry| entry.values.clone()).unwrap_or_default();
        self.set_values(number, Values { external_id: Some(external_id.to_owned()), ..values });
    }

    /// Removes a group of an intranet by hand.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn drop_group(&mut self, id: &str) {
        let number = self.group_number(id);
        self.remove_entry(number);
    }

    /// Any write on this group is a violation from now on; it is done nevertheless.
    ///
    /// # Panics
    /// When it does not exist.
    pub fn must_not_touch_group(&mut self, id: &str) {
        self.group_number(id);
        self.untouchable.insert(id.to_owned());
    }

    fn group_number(&self, id: &str) -> usize {
        self.intranet.groups.by_id(id).unwrap_or_else(|| panic!("a test names the group `{id}`, which does not exist"))
    }

    fn group_of(&self, entry: &Entry) -> Group {
        let Values { name, external_id, description } = entry.values.clone();
        Group {
            id: entry.id.clone(),
            name,
            external_id,
            description,
            members: entry.members.iter().map(|member| self.id(*member)).collect(),
            origin: entry.origin,
            version: entry.version,
        }
    }

    /// All groups of an intranet, oldest first.
    #[must_use]
    pub fn intranet_groups(&self) -> Vec<Group> {
        self.intranet.groups.all().map(|(_, entry)| self.group_of(entry)).collect()
    }

    /// A group of an intranet.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<Group> {
        let number = self.intranet.groups.by_id(id)?;
        self.intranet.groups.entry(number).map(|entry| self.group_of(entry))
    }

    /// The group of an intranet with this name, without case.
    #[must_use]
    pub fn group_named(&self, name: &str) -> Option<Group> {
        let number = self.intranet.groups.by_name(name)?;
        self.intranet.groups.entry(number).map(|entry| self.group_of(entry))
    }
}

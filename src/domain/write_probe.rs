//! A write probe: one throw-away account, made to find out what only a write can show. This is its plan, and what forbids it.

use std::sync::Arc;

use crate::domain::draft;
use crate::domain::ids::{HaiiloId, UserName};
use crate::domain::known::Known;
use crate::domain::mapping::{Kind, Mapping, Rule};
use crate::domain::operation::{Change, Element, Nature};
use crate::domain::snapshot::{PersonState, Proof};
use crate::domain::value::Value;

/// What a probe shall do.
#[derive(Clone, Debug)]
pub struct WriteProbe {
    /// The address of the account.
    pub name: UserName,
    /// The address that it gets by a rename.
    pub renamed: UserName,
    /// What the account is made of.
    pub changes: Vec<Change>,
    /// The group that it is put into, where the product has groups.
    pub group: Option<Value>,
    /// Attributes that it is made without, since every text in them may leave something behind.
    pub left_out: Vec<String>,
}

/// The texts of the account.
const TEXT: &str = "Probe";

impl WriteProbe {
    /// The plan of a probe with this address, or why it must not be.
    pub fn plan(here: Known<'_>, address: &str) -> Result<Self, String> {
        let is_address = |(local, domain): &(&str, &str)| {
            let plain = !address.contains(|c: char| c.is_whitespace() || c.is_control());
            plain && !local.is_empty() && domain.contains('.') && !domain.contains('@')
        };
        let Some((local, domain)) = address.split_once('@').filter(is_address) else {
            return Err(format!("{address:?} is no address; take one in your own domain that nobody has"));
        };
        let (name, renamed) = (UserName::new(address), UserName::new(format!("{local}.renamed@{domain}")));
        if let Proof::Doubtful(why) = here.accounts.proof() {
            return Err(format!("it is not certain who has an account ({why}); try again later"));
        }
        for name in [&name, &renamed] {
            here.refuse(name)?;
        }
        here.know(domain)?;
        let (group, changes) = here.changes(&name)?;
        let is_left_out = |path: &String| !changes.iter().any(|change| change.path.to_string() == *path);
        let left_out = here.mapping.rules().iter().map(|rule| rule.path.to_string()).filter(is_left_out).collect();
        Ok(Self { name, renamed, changes, group, left_out })
    }

    /// The change of one text to another, in an attribute that the new account kept; `None` where there is none.
    pub fn change(mapping: &Mapping, not_kept: &[String], (from, to): (&str, &str)) -> Option<Change> {
        let is_plain = |rule: &&Rule| rule.kind == Kind::Text && rule.path.element().is_none();
        let mut rules = mapping.rules().iter().filter(is_plain);
        let rule = rules.find(|rule| !not_kept.contains(&rule.path.to_string()))?;
        Some(Change {
            path: Arc::clone(&rule.path),
            nature: Nature::Plain,
            from: Value::text(from),
            to: Value::text(to),
            element: Element::There,
        })
    }

    /// The change of the userName.
    pub fn rename(&self, mapping: &Mapping) -> Change {
        Change {
            path: Arc::clone(&mapping.user_name().path),
            nature: Nature::Rename,
            from: Value::text(self.name.as_str()),
            to: Value::text(self.renamed.as_str()),
            element: Element::There,
        }
    }

    /// Whether an account may be the one that the probe made, by its name.
    pub fn is_named(&self, name: Option<&UserName>) -> bool {
        name.is_some_and(|name| name.same_as(&self.name) || name.same_as(&self.renamed))
    }

    /// The text that the account is made with.
    pub fn first_text() -> &'static str {
        TEXT
    }
}

impl Known<'_> {
    /// Whether an id was there before.
    pub fn knows(&self, id: &HaiiloId) -> bool {
        self.accounts.position(id).is_some() || self.memory.links.of_account(id).is_some()
    }

    /// Refuses an address that is somebody's, or was.
    fn refuse(&self, name: &UserName) -> Result<(), String> {
        let Self { people, accounts, memory, policy, mapping: _, plan: _ } = *self;
        let address = name.as_str();
        let is_persons = |state: &PersonState| state.user_name().is_some_and(|it| it.same_as(name));
        if let Some(person) = people.people().iter().find(|person| is_persons(&person.state)) {
            return Err(format!("{address} is assigned in Okta ({}); take an address that nobody has", person.id));
        }
        if let Some(at) = accounts.named(name).first() {
            let id = &accounts.accounts()[*at].id;
            return Err(format!("{address} is an account in Haiilo ({id}); take an address that nobody has"));
        }
        if let Some(pattern) = policy.protected.by_name(name) {
            return Err(format!("{address} is protected by {pattern}; take an address that is not"));
        }
        if policy.owns_token(name) {
            return Err(format!("{address} is the owner of the token; take an address that nobody has"));
        }
        let is_known = memory.links.iter().any(|link| link.user_name.same_as(name))
            || memory.former_names.iter().any(|(key, _)| *key == name.key())
            || memory.open.iter().any(|open| open.user_name.same_as(name));
        if is_known {
            return Err(format!(
                "{address} is or was the address of somebody who is linked; take one that nobody ever had"
            ));
        }
        Ok(())
    }

    /// Refuses a domain in which nobody has an address: a mail may be sent.
    fn know(&self, domain: &str) -> Result<(), String> {
        let is_in = |name: &UserName| {
            name.as_str().rsplit_once('@').is_some_and(|(_, found)| found.eq_ignore_ascii_case(domain))
        };
        let of_people = self.people.people().iter().filter_map(|person| person.state.user_name());
        let of_accounts = self.accounts.accounts().iter().filter_map(|account| account.user_name.as_ref());
        if of_people.chain(of_accounts).any(is_in) {
            return Ok(());
        }
        Err(format!(
            "nobody in Okta or Haiilo has an address in {domain}, and a mail may be sent there; take your own domain"
        ))
    }

    /// What the account is made of. Its group and its teams are those of one account that is there, so that nothing new is made besides.
    fn changes(&self, name: &UserName) -> Result<(Option<Value>, Vec<Change>), String> {
        let accounts = self.accounts.accounts();
        let Some(slot) = self.mapping.group_slot() else {
            return Ok((None, draft::changes_of_new(self.mapping, name, |slot| self.text(slot))));
        };
        let named = self.policy.token_owner.iter().flat_map(|owner| self.accounts.named(owner));
        let owners = named.map(|at| &accounts[at]);
        let model = owners.chain(accounts).find(|account| account.values[slot].is_some());
        let mapped = || {
            self.people.people().iter().find_map(|person| match &person.state {
                PersonState::Wanted(identity) => identity.value(slot).cloned(),
                _ => None,
            })
        };
        let Some(group) = model.and_then(|account| account.values[slot].clone()).or_else(mapped) else {
            return Err("no account shows a group, and the mapping gives none; assign somebody first".to_owned());
        };
        let changes = draft::changes_of_new(self.mapping, name, |at| match self.mapping.rules()[at].kind {
            Kind::Group => Some(group.clone()),
            Kind::Team => model.and_then(|account| account.values[at].clone()),
            Kind::Text | Kind::Any => self.text(at),
            Kind::Person => None,
        });
        Ok((Some(group), changes))
    }

    fn text(&self, slot: usize) -> Option<Value> {
        if self.mapping.rules()[slot].kind == Kind::Text { Value::text(TEXT) } else { None }
    }
}

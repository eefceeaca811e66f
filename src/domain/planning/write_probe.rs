//! A write probe: one temporary account, made to find out what only a write can show. This module has its plan, and the reasons that forbid
//! it.

use std::sync::Arc;

use compact_str::CompactString;

use crate::listing::snapshot::{PersonState, Proof};
use crate::mapping::{AttributeKind, Mapping, Rule};
use crate::model::ids::UserName;
use crate::plan::operation::{Change, ChangeKind, Element};
use crate::planning::diff;
use crate::planning::input::PlanInput;
use crate::scim::path::AttributePath;
use crate::scim::value::Value;

/// The plan of a probe.
#[derive(Clone, Debug)]
pub struct WriteProbe {
    /// The address of the account.
    pub name: UserName,
    /// The address after the rename.
    pub renamed: UserName,
    /// The attributes of the account.
    pub changes: Vec<Change>,
    /// The group of the account, where the product has groups.
    pub group: Option<Value>,
    /// Attributes that the account does not get, because each text in them may leave data behind.
    pub left_out: Vec<String>,
    /// Profile fields that are filled after the account is made.
    pub fields: Vec<Arc<AttributePath>>,
    /// The schemas that Haiilo lists.
    schemas: Vec<String>,
}

/// The maximum number of profile fields to try, where the mapping has them.
const MOST_FIELDS: usize = 3;
/// The maximum number of other places to try for a profile field.
const MOST_PLACES: usize = 5;

/// Attributes whose texts have a fixed format, so the probe cannot invent a text. By the name of the attribute.
const FORMED: [&str; 6] = ["phoneNumbers", "preferredLanguage", "locale", "timezone", "addresses", "userType"];
/// Attributes whose texts must be unique to the account.
const UNIQUE: [&str; 2] = ["emails", "externalId"];

/// The texts of the account.
const TEXT: &str = "Probe";

impl WriteProbe {
    /// The plan of a probe with this address, or why the probe is not allowed.
    ///
    /// `schemas` are the schemas that Haiilo lists. One of them may hold profile fields.
    pub fn plan(input: &PlanInput<'_>, address: &str, schemas: Vec<String>) -> Result<Self, String> {
        let is_address = |(local, domain): &(&str, &str)| {
            let plain = !address.contains(|c: char| c.is_whitespace() || c.is_control());
            plain && !local.is_empty() && domain.contains('.') && !domain.contains('@')
        };
        let Some((local, domain)) = address.split_once('@').filter(is_address) else {
            return Err(format!("{address:?} is no address; take one in your own domain that nobody has"));
        };
        let (name, renamed) = (UserName::new(address), UserName::new(format!("{local}.renamed@{domain}")));
        if let Proof::Doubtful(why) = input.accounts.proof() {
            return Err(format!("it is not certain who has an account ({why}); try again later"));
        }
        for name in [&name, &renamed] {
            check_name(input, name)?;
        }
        check_domain(input, domain)?;
        let (group, changes) = changes(input, &name)?;
        let rules = input.mapping.rules();
        let is_field = |rule: &&Rule| rule.kind == AttributeKind::ProfileField;
        let fields = rules.iter().filter(is_field).map(|rule| Arc::clone(&rule.path)).take(MOST_FIELDS).collect();
        let is_left_out = |rule: &&Rule| !is_field(rule) && !changes.iter().any(|change| change.path == rule.path);
        let left_out = rules.iter().filter(is_left_out).map(|rule| rule.path.to_string()).collect();
        Ok(Self { name, renamed, changes, group, left_out, fields, schemas })
    }

    /// The change of one text to another, in an attribute that the new account kept; `None` where there is no such attribute.
    pub fn change(&self, not_kept: &[String], from: &str, to: &str) -> Option<Change> {
        let text = Value::text(TEXT);
        let mut plain = self.changes.iter().filter(|change| change.to == text && change.path.element().is_none());
        let made = plain.find(|change| !not_kept.contains(&change.path.to_string()))?;
        Some(Change {
            path: Arc::clone(&made.path),
            kind: ChangeKind::Plain,
            from: Value::text(from),
            to: Value::text(to),
            element: Element::There,
        })
    }

    /// The change that fills a profile field.
    pub fn fill(field: &Arc<AttributePath>) -> Change {
        Change {
            path: Arc::clone(field),
            kind: ChangeKind::Plain,
            from: None,
            to: Value::text(TEXT),
            element: Element::There,
        }
    }

    /// The first profile field in the other places that may hold it: at the top level, and in each extension that Haiilo lists.
    pub fn elsewhere(&self) -> Vec<Arc<AttributePath>> {
        let Some(field) = self.fields.first() else { return Vec::new() };
        let name = field.last();
        let extensions = self.schemas.iter().filter(|urn| !is_of_the_ietf(urn)).map(|urn| format!("{urn}:{name}"));
        let places = std::iter::once(name.to_owned()).chain(extensions);
        places
            .filter_map(|path| AttributePath::parse(&path).ok())
            .filter(|path| path != &**field)
            .map(Arc::new)
            .take(MOST_PLACES)
            .collect()
    }

    /// The change of the userName.
    pub fn rename(&self, mapping: &Mapping) -> Change {
        Change {
            path: Arc::clone(&mapping.user_name().path),
            kind: ChangeKind::Rename,
            from: Value::text(self.name.as_str()),
            to: Value::text(self.renamed.as_str()),
            element: Element::There,
        }
    }

    /// Whether an account may be the account of the probe, by its name.
    pub fn is_named(&self, name: Option<&UserName>) -> bool {
        name.is_some_and(|name| name.same_as(&self.name) || name.same_as(&self.renamed))
    }

    /// The text in the new account.
    pub fn first_text() -> &'static str {
        TEXT
    }
}

/// Where a profile field is, as the value for `haiilo.profile_fields`.
pub fn place(field: &AttributePath) -> CompactString {
    field.urn().unwrap_or("top").into()
}

/// Whether a schema is from RFC 7643. Those schemas have no profile fields.
fn is_of_the_ietf(urn: &str) -> bool {
    let prefix = "urn:ietf:";
    urn.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Refuses an address that belongs or belonged to a person.
fn check_name(input: &PlanInput<'_>, name: &UserName) -> Result<(), String> {
    let PlanInput { people, accounts, state, policy, .. } = input;
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
    let is_known = state.links.iter().any(|link| link.user_name.same_as(name))
        || state.former_names.iter().any(|(key, _)| *key == name.key())
        || state.open.iter().any(|open| open.user_name.same_as(name));
    if is_known {
        return Err(format!(
            "{address} is or was the address of somebody who is linked; take one that nobody ever had"
        ));
    }
    Ok(())
}

/// Refuses a domain in which no person has an address, because Haiilo may send a mail.
fn check_domain(input: &PlanInput<'_>, domain: &str) -> Result<(), String> {
    let is_in =
        |name: &UserName| name.as_str().rsplit_once('@').is_some_and(|(_, found)| found.eq_ignore_ascii_case(domain));
    let of_people = input.people.people().iter().filter_map(|person| person.state.user_name());
    let of_accounts = input.accounts.accounts().iter().filter_map(|account| account.user_name.as_ref());
    if of_people.chain(of_accounts).any(is_in) {
        return Ok(());
    }
    Err(format!(
        "nobody in Okta or Haiilo has an address in {domain}, and a mail may be sent there; take your own domain"
    ))
}

/// The attributes of the account. Its group and its teams come from one existing account, so the probe makes no new group or team.
fn changes(input: &PlanInput<'_>, name: &UserName) -> Result<(Option<Value>, Vec<Change>), String> {
    let accounts = input.accounts.accounts();
    let Some(slot) = input.mapping.group_slot() else {
        return Ok((None, diff::changes_of_new(input.mapping, name, |slot| text(input, slot, name))));
    };
    let named = input.policy.token_owner.iter().flat_map(|owner| input.accounts.named(owner));
    let owners = named.map(|at| &accounts[at]);
    let model = owners.chain(accounts).find(|account| account.values[slot].is_some());
    let mapped = || {
        input.people.people().iter().find_map(|person| match &person.state {
            PersonState::Wanted(desired) => desired.value(slot).cloned(),
            _ => None,
        })
    };
    let Some(group) = model.and_then(|account| account.values[slot].clone()).or_else(mapped) else {
        return Err("no account shows a group, and the mapping gives none; assign somebody first".to_owned());
    };
    let changes = diff::changes_of_new(input.mapping, name, |at| match input.mapping.rules()[at].kind {
        AttributeKind::Group => Some(group.clone()),
        AttributeKind::Team => model.and_then(|account| account.values[at].clone()),
        AttributeKind::Text | AttributeKind::Person | AttributeKind::ProfileField | AttributeKind::Any => {
            text(input, at, name)
        }
    });
    Ok((Some(group), changes))
}

fn text(input: &PlanInput<'_>, slot: usize, name: &UserName) -> Option<Value> {
    let rule = &input.mapping.rules()[slot];
    let is_one_of = |names: &[&str]| {
        rule.path.urn().is_none() && names.iter().any(|name| rule.path.top().eq_ignore_ascii_case(name))
    };
    match rule.kind {
        AttributeKind::Text if is_one_of(&UNIQUE) => Value::text(name.as_str()),
        AttributeKind::Text if !is_one_of(&FORMED) => Value::text(TEXT),
        AttributeKind::Text
        | AttributeKind::Group
        | AttributeKind::Team
        | AttributeKind::Person
        | AttributeKind::ProfileField
        | AttributeKind::Any => None,
    }
}

//! What a write makes of a group, until it is stored: values, and who comes in and goes out (RFC 7644 3.5.2, RFC 7643 4.2).
//!
//! A draft never walks through the members that a write does not name, so that one more member of a large group costs as much as of a
//! small one. It looks accounts up and changes nothing that is stored.

use crate::haiilo::intranet::groups::{Entry, Values};
use crate::haiilo::manner::{Directory, FilteredPaths, Kept, Manner};
use crate::haiilo::record::Change;
use crate::haiilo::scim::filter::{Cases, Filter};
use crate::haiilo::scim::patch::{Operation, Target, Verb};
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::store::{Seen, Store};
use crate::haiilo::scim::text::{Attributes, get, set};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A group while it is written.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) values: Values,
    store: &'a Store,
    before: Option<&'a Entry>,
    /// Whether all members from before go, unless they come in again.
    cleared: bool,
    /// Who is in and who is out, where that was said.
    said: BTreeMap<usize, bool>,
}

/// Who comes and who goes.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    pub(crate) come: BTreeSet<usize>,
    pub(crate) go: BTreeSet<usize>,
}

impl<'a> Draft<'a> {
    /// A group as it is, or a new one.
    pub(crate) fn of(store: &'a Store, before: Option<&'a Entry>) -> Self {
        let values = before.map(|entry| entry.values.clone()).unwrap_or_default();
        Self { values, store, before, cleared: false, said: BTreeMap::new() }
    }

    /// The account with this id, if it can be in a group.
    fn find(&self, id: &str) -> Option<usize> {
        let number = self.store.by_id(id)?;
        self.store.row(number).filter(|row| row.seen != Seen::Nowhere).map(|_| number)
    }

    /// Takes everything that can be sent from a body: what is not there goes.
    pub(crate) fn replace(&mut self, sent: &Attributes) -> Result<(), Refusal> {
        self.values = Values::default();
        self.clear();
        self.set_all(Verb::Replace, sent)
    }

    /// Takes what is in a body: what is not there stays.
    pub(crate) fn merge(&mut self, sent: &Attributes) -> Result<(), Refusal> {
        self.set_all(Verb::Replace, sent)
    }

    /// Applies one operation of a PATCH.
    pub(crate) fn apply(&mut self, operation: &Operation, manner: &Manner) -> Result<(), Refusal> {
        let Operation { verb, target, value } = operation;
        let Some(target) = target else {
            let Value::Object(sent) = value else { return Ok(()) };
            return self.set_all(*verb, sent);
        };
        let [name] = target.path.names.as_slice() else {
            return Err(Refusal::bad("invalidPath", format!("{} is no attribute of a group", target.plain().shown())));
        };
        match &target.filter {
            None => self.set_one(*verb, name, value),
            Some(_) if manner.filtered_paths == FilteredPaths::Refused => {
                Err(Refusal::bad("invalidPath", "paths with a filter are not supported"))
            }
            Some(filter) => self.apply_filtered(*verb, name, target, filter),
        }
    }

    fn apply_filtered(&mut self, verb: Verb, name: &str, target: &Target, filter: &Filter) -> Result<(), Refusal> {
        if !name.eq_ignore_ascii_case("members") {
            return Err(Refusal::bad("invalidPath", format!("{name} is no list")));
        }
        let named = filter.plain_equality().filter(|(name, _)| name.eq_ignore_ascii_case("value"));
        match (verb, named) {
            _ if target.part.is_some() => Err(Refusal::bad("mutability", "a member cannot change")),
            (Verb::Add, Some((_, id))) => {
                let member = self.find(id);
                let member = member.ok_or_else(|| Refusal::bad("invalidValue", format!("there is no user {id}")))?;
                self.said.insert(member, true);
                Ok(())
            }
            (Verb::Remove, Some((_, id))) => {
                // Who does not exist is in no group.
                if let Some(member) = self.find(id) {
                    self.said.insert(member, false);
                }
                Ok(())
            }
            (Verb::Remove, None) => {
                for member in self.members() {
                    if filter.matches(&self.shown(member), Cases::RFC) {
                        self.said.insert(member, false);
                    }
                }
                Ok(())
            }
            (Verb::Add | Verb::Replace, _) => Err(Refusal::bad("mutability", "a member cannot change")),
        }
    }

    /// What a filter sees of a member.
    fn shown(&self, member: usize) -> Attributes {
        let mut shown = Attributes::new();
        if let Some(row) = self.store.row(member) {
            set(&mut shown, "value", Value::from(row.id.clone()));
            set(&mut shown, "type", Value::from("User"));
        }
        shown
    }

    /// Who may be in it so far: who was, and whoever was named.
    fn members(&self) -> Vec<usize> {
        let before = self.before.filter(|_| !self.cleared).into_iter().flat_map(|entry| &entry.members);
        before.chain(self.said.keys()).copied().collect()
    }

    fn set_all(&mut self, verb: Verb, sent: &Attributes) -> Result<(), Refusal> {
        for (name, value) in sent {
            self.set_one(verb, name, value)?;
        }
        Ok(())
    }

    fn set_one(&mut self, verb: Verb, name: &str, value: &Value) -> Result<(), Refusal> {
        let value = if verb == Verb::Remove && !name.eq_ignore_ascii_case("members") { &Value::Null } else { value };
        let text = || match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            _ => Err(Refusal::bad("invalidValue", format!("{name} is a text"))),
        };
        match name.to_ascii_lowercase().as_str() {
            "displayname" => self.values.name = text()?.unwrap_or_default(),
            "externalid" => self.values.external_id = text()?,
            "description" => self.values.description = text()?,
            "members" => self.set_members(verb, value)?,
            // What only the server writes, and what it does not know, is taken for not sent.
            _ => {}
        }
        Ok(())
    }

    fn set_members(&mut self, verb: Verb, value: &Value) -> Result<(), Refusal> {
        let sent = match value {
            Value::Null => &[][..],
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        if verb == Verb::Replace || (verb == Verb::Remove && sent.is_empty()) {
            self.clear();
        }
        for member in sent {
            let id = member.as_object().and_then(|member| get(member, "value")).and_then(Value::as_str);
            let id = id.ok_or_else(|| Refusal::bad("invalidValue", "a member has a value"))?;
            match (verb, self.find(id)) {
                (Verb::Remove, Some(member)) => {
                    self.said.insert(member, false);
                }
                // Who does not exist is in no group.
                (Verb::Remove, None) => {}
                (_, Some(member)) => {
                    self.said.insert(member, true);
                }
                (_, None) => return Err(Refusal::bad("invalidValue", format!("there is no user {id}"))),
            }
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.cleared = true;
        self.said.clear();
    }

    /// Drops what the directory does not keep.
    pub(crate) fn prune(&mut self, directory: &Directory) {
        let before = self.before.map(|entry| entry.values.clone()).unwrap_or_default();
        if directory.group_external_ids == Kept::Dropped {
            self.values.external_id = before.external_id;
        }
        if directory.descriptions == Kept::Dropped {
            self.values.description = before.description;
        }
    }

    /// Who comes in and who goes out.
    pub(crate) fn moves(&self) -> Moves {
        let none = BTreeSet::new();
        let members = self.before.map_or(&none, |entry| &entry.members);
        let mut moves = Moves::default();
        if self.cleared {
            moves.go = members.iter().filter(|member| !self.said.contains_key(member)).copied().collect();
        }
        for (member, is_in) in &self.said {
            match (members.contains(member), is_in) {
                (false, true) => moves.come.insert(*member),
                (true, false) => moves.go.insert(*member),
                _ => false,
            };
        }
        moves
    }

    /// The values that changed.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let before = self.before.map(|entry| entry.values.clone()).unwrap_or_default();
        let name = |values: &Values| (!values.name.is_empty()).then(|| values.name.clone());
        [
            ("description", before.description.clone(), self.values.description.clone()),
            ("displayName", name(&before), name(&self.values)),
            ("externalId", before.external_id, self.values.external_id.clone()),
        ]
        .into_iter()
        .filter(|(_, from, to)| from != to)
        .map(|(path, from, to)| Change { path: path.to_owned(), from: from.map(Value::from), to: to.map(Value::from) })
        .collect()
    }
}

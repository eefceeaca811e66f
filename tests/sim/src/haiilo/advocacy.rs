//! What Haiilo Advocacy makes of a SCIM user, by its articles on SCIM provisioning, groups, teams and seats.
//!
//! `country` is the group, which must exist already, letter for letter; `locality` and `region` are teams, which are made when they are
//! unknown; everything outside a short list of attributes is unwelcome. It does not know HTTP.

use crate::haiilo::manner::{AddressChoice, AddressType, Manner};
use crate::haiilo::scim::patch::Operation;
use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::text::{Attributes, NameCase, get, key_of, set, text};
use serde_json::{Value, json};

/// The attributes that Advocacy names, with their parts.
const SUPPORTED: &[(&str, &[&str])] = &[
    ("schemas", &[]),
    ("userName", &[]),
    ("name", &["givenName", "familyName"]),
    ("active", &[]),
    ("addresses", &["country", "locality", "region", "type", "primary"]),
];

/// The parts of an address that are teams.
const TEAMS: [&str; 2] = ["locality", "region"];

/// Groups, teams and seats of one Advocacy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Advocacy {
    groups: Vec<String>,
    teams: Vec<String>,
    /// How many accounts the licence allows.
    pub(crate) seats: Option<usize>,
}

/// The refusal of a group that does not exist.
pub(crate) fn no_group() -> Refusal {
    Refusal { code: Some("400.76"), ..Refusal::new(400, "Group does not exist") }
}

/// The refusal of an account for which there is no seat.
pub(crate) fn no_seats(status: u16) -> Refusal {
    Refusal::new(status, "No seats left: all seats of your licence are taken")
}

/// Whether a text has the form of an e-mail address, as far as a user name needs it.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    plain && !local.is_empty() && dotted && !domain.contains('@')
}

fn supports(names: &[String]) -> bool {
    let Some((first, rest)) = names.split_first() else { return false };
    let Some((_, parts)) = SUPPORTED.iter().find(|(name, _)| name.eq_ignore_ascii_case(first)) else { return false };
    match rest {
        [] => true,
        [part] => parts.iter().any(|known| known.eq_ignore_ascii_case(part)),
        _ => false,
    }
}

/// What in `sent` Advocacy does not support. What `shown` holds with the same value is excused: a PUT sends back what it was given.
pub(crate) fn unsupported(sent: &Attributes, shown: Option<&Attributes>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in sent {
        if shown.and_then(|shown| get(shown, name)) == Some(value) {
            continue;
        }
        collect(std::slice::from_ref(name), value, &mut found);
    }
    found
}

/// The same for one operation of a PATCH.
pub(crate) fn unsupported_in(operation: &Operation) -> Vec<String> {
    let mut found = Vec::new();
    match (&operation.target, &operation.value) {
        (Some(target), value) => collect(&target.plain().names, value, &mut found),
        (None, Value::Object(values)) => return unsupported(values, None),
        (None, _) => {}
    }
    found
}

fn collect(names: &[String], value: &Value, found: &mut Vec<String>) {
    if !supports(names) {
        found.push(AttrPath { names: names.to_vec() }.shown());
        return;
    }
    let elements = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    for (part, value) in elements.iter().filter_map(Value::as_object).flatten() {
        let mut names = names.to_vec();
        names.push(part.clone());
        collect(&names, value, found);
    }
}

/// Takes out what Advocacy does not keep; what the account had already stays.
pub(crate) fn prune(after: &mut Attributes, before: Option<&Attributes>) {
    let had = |name: &str| before.is_some_and(|before| key_of(before, name, NameCase::Ignored).is_some());
    let strange: Vec<String> =
        after.keys().filter(|name| !supports(std::slice::from_ref(name)) && !had(name)).cloned().collect();
    for name in strange {
        after.shift_remove(&name);
    }
    for (name, parts) in SUPPORTED.iter().filter(|(_, parts)| !parts.is_empty()) {
        let elements = match after.get_mut(*name) {
            Some(Value::Array(list)) => list.as_mut_slice(),
            Some(one) => std::slice::from_mut(one),
            None => &mut [],
        };
        for element in elements.iter_mut().filter_map(Value::as_object_mut) {
            element.retain(|part, _| parts.contains(&part.as_str()));
        }
    }
}

/// The place of the address that decides group and teams.
fn deciding(attributes: &Attributes, choice: AddressChoice) -> Option<usize> {
    let list = get(attributes, "addresses")?.as_array()?;
    let work =
        || list.iter().position(|it| it.as_object().is_some_and(|it| text(it, "type").eq_ignore_ascii_case("work")));
    let primary =
        || list.iter().position(|it| it.as_object().and_then(|it| get(it, "primary")) == Some(&Value::Bool(true)));
    let first = || (!list.is_empty()).then_some(0);
    match choice {
        AddressChoice::WorkOrPrimaryOrFirst => work().or_else(primary).or_else(first),
        AddressChoice::Work => work(),
        AddressChoice::Primary => primary(),
        AddressChoice::First => first(),
    }
}

/// A part of the deciding address.
fn part<'a>(attributes: &'a Attributes, choice: AddressChoice, name: &str) -> Option<&'a str> {
    let at = deciding(attributes, choice)?;
    get(get(attributes, "addresses")?.as_array()?.get(at)?.as_object()?, name)?.as_str()
}

impl Advocacy {
    /// The groups, in the order in which they were created.
    pub(crate) fn groups(&self) -> &[String] {
        &self.groups
    }

    /// The teams, in the order in which they were made.
    pub(crate) fn teams(&self) -> &[String] {
        &self.teams
    }

    /// Creates a group, once.
    pub(crate) fn add_group(&mut self, name: &str) {
        if !self.has_group(name) {
            self.groups.push(name.to_owned());
        }
    }

    /// Removes a group.
    pub(crate) fn remove_group(&mut self, name: &str) {
        self.groups.retain(|group| group != name);
    }

    /// Whether a group exists, letter for letter.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group == name)
    }

    /// The team of this name as it is spelled; it is made when it is unknown.
    pub(crate) fn team(&mut self, name: &str) -> String {
        let wanted = name.to_lowercase();
        if let Some(team) = self.teams.iter().find(|team| team.to_lowercase() == wanted) {
            return team.clone();
        }
        self.teams.push(name.to_owned());
        name.to_owned()
    }

    /// Gives an account its group and teams. A group that did not change is not asked for again; without a group, the account lands in
    /// the one that was created first.
    pub(crate) fn settle(
        &mut self,
        before: Option<&Attributes>,
        after: &mut Attributes,
        manner: &Manner,
    ) -> Result<(), Refusal> {
        if manner.address_type == AddressType::Withheld {
            self::assume_work(after);
        }
        let choice = manner.address;
        let had = before.and_then(|before| part(before, choice, "country"));
        let group = match part(after, choice, "country") {
            Some(wanted) if Some(wanted) == had || self.has_group(wanted) => wanted.to_owned(),
            Some(_) => return Err(no_group()),
            None => self.groups.first().cloned().ok_or_else(no_group)?,
        };
        let at = deciding(after, choice).unwrap_or_else(|| add_address(after, choice));
        let Some(Value::Array(list)) = after.get_mut("addresses") else { return Ok(()) };
        let Some(address) = list.get_mut(at).and_then(Value::as_object_mut) else { return Ok(()) };
        set(address, "country", Value::from(group));
        for name in TEAMS {
            let team = text(address, name).to_owned();
            if !team.is_empty() {
                let team = self.team(&team);
                set(address, name, Value::from(team));
            }
        }
        Ok(())
    }
}

/// A server that never shows types has but one kind of address.
fn assume_work(attributes: &mut Attributes) {
    if let Some(Value::Array(list)) = attributes.get_mut("addresses") {
        for address in list.iter_mut().filter_map(Value::as_object_mut) {
            if get(address, "type").is_none() {
                set(address, "type", Value::from("work"));
            }
        }
    }
}

/// Adds an address that decides, and gives its place.
fn add_address(attributes: &mut Attributes, choice: AddressChoice) -> usize {
    let address = match choice {
        AddressChoice::Primary => json!({ "primary": true }),
        _ => json!({ "type": "work" }),
    };
    let list = attributes.entry("addresses").or_insert_with(|| Value::Array(Vec::new()));
    let list = list.as_array_mut().expect("types were checked: addresses is a list");
    list.push(address);
    list.len() - 1
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Advocacy, is_email};
    use crate::haiilo::manner::{AddressChoice, Manner};

    #[test]
    fn forms_of_addresses() {
        for (text, expected) in [
            ("ada@example.com", true),
            ("ada.king+x@mail.example.com", true),
            ("ada", false),
            ("@example.com", false),
            ("ada@example", false),
            ("ada@example..com", false),
            ("ada @example.com", false),
            ("a@b@example.com", false),
        ] {
            assert_eq!(is_email(text), expected, "{text}");
        }
    }

    #[test]
    fn the_address_that_decides() {
        let addresses = json!({"addresses": [
            {"type": "home", "country": "A"}, {"type": "other", "country": "B", "primary": true},
            {"type": "work", "country": "C"},
        ]});
        for (choice, group) in [
            (AddressChoice::WorkOrPrimaryOrFirst, "C"),
            (AddressChoice::Work, "C"),
            (AddressChoice::Primary, "B"),
            (AddressChoice::First, "A"),
        ] {
            let mut advocacy = Advocacy::default();
            advocacy.add_group(group);
            let mut after = addresses.as_object().expect("an object").clone();
            let manner = Manner { address: choice, ..Manner::default() };
            assert_eq!(advocacy.settle(None, &mut after, &manner), Ok(()), "{choice:?}");
            assert_eq!(Value::Object(after), addresses);
        }
    }
}

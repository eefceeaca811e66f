//! An account as it is answered: `id`, `meta` and `schemas` around the attributes, in this server's spelling (RFC 7643 3.1).
//! It changes nothing that is stored.

use crate::face::Call;
use crate::haiilo::manner::{AddressType, Etag, Ids, Location, Manner, Names, Presence};
use crate::haiilo::scim::membership::Membership;
use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::schema::USER;
use crate::haiilo::scim::store::Row;
use crate::haiilo::scim::text::{Attributes, NameCase, get, is_unassigned, key_of};
use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// What an id may hold in a path without being escaped (RFC 3986 3.3: `unreserved`).
const ESCAPED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a user is, written as this server writes locations; `base` is the absolute address of the endpoint, `path` its path.
pub(crate) fn location(manner: &Manner, base: &str, path: &str, id: &str) -> Option<String> {
    location_in(manner, base, path, "Users", id)
}

/// Where one of a collection is.
pub(crate) fn location_in(manner: &Manner, base: &str, path: &str, collection: &str, id: &str) -> Option<String> {
    let id = percent_encoding::utf8_percent_encode(id, ESCAPED);
    match manner.location {
        Location::Absolute => Some(format!("{base}/{collection}/{id}")),
        Location::Relative => Some(format!("{path}/{collection}/{id}")),
        Location::Wrong => Some(format!("http://internal.invalid{path}/{collection}/{id}")),
        Location::Missing => None,
    }
}

/// The version as an entity tag.
pub(crate) fn etag(version: u64) -> String {
    format!("W/\"{version}\"")
}

/// An account with everything that the server adds, in the names of the RFC, without a copy of its values.
#[derive(Debug)]
struct Whole<'a> {
    manner: &'a Manner,
    row: &'a Row,
    attributes: &'a Attributes,
    location: Option<&'a str>,
}

/// The groups of an account.
#[derive(Debug)]
struct Listed<'a>(&'a [Arc<Membership>]);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Arc::as_ref))
    }
}

/// The `meta` of a resource (RFC 7643 3.1).
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meta<'a> {
    pub(crate) resource_type: &'static str,
    pub(crate) created: &'a str,
    pub(crate) last_modified: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
}

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { manner, row, attributes, location } = self;
        let mut map = serializer.serialize_map(None)?;
        if manner.schemas == Presence::Sent {
            let extensions = attributes.keys().map(String::as_str).filter(|name| name.starts_with("urn:"));
            let schemas: Vec<&str> = std::iter::once(USER).chain(extensions).collect();
            map.serialize_entry("schemas", &schemas)?;
        }
        match (manner.ids, row.id.parse::<u64>()) {
            (Ids::Integer, Ok(number)) => map.serialize_entry("id", &number)?,
            _ => map.serialize_entry("id", &row.id)?,
        }
        for (name, value) in *attributes {
            map.serialize_entry(name, value)?;
        }
        if !row.groups.is_empty() {
            map.serialize_entry("groups", &Listed(&row.groups))?;
        }
        if manner.meta == Presence::Sent {
            let version = (manner.etag != Etag::None).then(|| etag(row.version));
            let (created, last_modified) = (&row.created, &row.modified);
            map.serialize_entry(
                "meta",
                &Meta { resource_type: "User", created, last_modified, location: *location, version },
            )?;
        }
        map.end()
    }
}

/// The account as it is answered; `attributes` may be others than the row's.
pub(crate) fn account(manner: &Manner, row: &Row, attributes: &Attributes, location: Option<&str>) -> Attributes {
    let whole = Whole { manner, row, attributes, location };
    let Ok(Value::Object(mut shown)) = serde_json::to_value(&whole) else {
        unreachable!("texts, numbers and objects with text keys make an object");
    };
    if manner.address_type == AddressType::Withheld
        && let Some(Value::Array(addresses)) = shown.get_mut("addresses")
    {
        for address in addresses.iter_mut().filter_map(Value::as_object_mut) {
            address.shift_remove("type");
        }
    }
    spelled(shown, manner.names)
}

/// The same as bytes. Most servers write what they store, so that most answers need no copy on the way.
pub(crate) fn bytes(manner: &Manner, row: &Row, attributes: &Attributes, location: Option<&str>) -> Bytes {
    if manner.address_type == AddressType::Shown && manner.names == Names::Canonical {
        let whole = Whole { manner, row, attributes, location };
        return serde_json::to_vec(&whole).expect("an object with text keys can be written").into();
    }
    Value::Object(account(manner, row, attributes, location)).to_string().into()
}

/// Writes every attribute name in this server's letters; URNs stay.
pub(crate) fn spelled(attributes: Attributes, names: Names) -> Attributes {
    let value = |value: Value| spelled_value(value, names);
    match names {
        Names::Canonical => attributes,
        Names::Pascal | Names::Lower => {
            attributes.into_iter().map(|(name, inner)| (spelling(&name, names), value(inner))).collect()
        }
    }
}

fn spelled_value(value: Value, names: Names) -> Value {
    match value {
        Value::Object(map) => Value::Object(spelled(map, names)),
        Value::Array(list) => Value::Array(list.into_iter().map(|value| spelled_value(value, names)).collect()),
        other => other,
    }
}

fn spelling(name: &str, names: Names) -> String {
    if name.starts_with("urn:") {
        return name.to_owned();
    }
    match names {
        Names::Canonical => name.to_owned(),
        Names::Lower => name.to_lowercase(),
        Names::Pascal => {
            let mut letters = name.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

/// Which attributes a client wants to see (RFC 7644 3.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Projection {
    /// All.
    Whole,
    /// These, besides `id` and `schemas`.
    Only(Vec<AttrPath>),
    /// All but these.
    Without(Vec<AttrPath>),
}

impl Projection {
    /// Reads the parameters of a GET.
    pub(crate) fn of(call: &Call) -> Self {
        Self::new(call.parameter("attributes").as_deref(), call.parameter("excludedAttributes").as_deref())
    }

    /// Reads two lists of paths with commas.
    pub(crate) fn new(only: Option<&str>, without: Option<&str>) -> Self {
        let paths = |text: &str| text.split(',').filter_map(|path| AttrPath::parse(path.trim())).collect();
        match (only, without) {
            (Some(only), _) => Self::Only(paths(only)),
            (None, Some(without)) => Self::Without(paths(without)),
            (None, None) => Self::Whole,
        }
    }

    /// Whether this attribute is shown, or a part of it.
    pub(crate) fn shows(&self, name: &str) -> bool {
        let named = |path: &AttrPath| path.names[0].eq_ignore_ascii_case(name);
        match self {
            Self::Whole => true,
            Self::Only(paths) => paths.iter().any(named),
            Self::Without(paths) => !paths.iter().any(|path| path.names.len() == 1 && named(path)),
        }
    }

    /// What is left of an account.
    pub(crate) fn applied(&self, account: &Attributes) -> Attributes {
        match self {
            Self::Whole => account.clone(),
            Self::Only(paths) => {
                let mut left = Attributes::new();
                for name in ["schemas", "id"] {
                    if let Some((key, value)) =
                        key_of(account, name, NameCase::Ignored).and_then(|key| account.get_key_value(key))
                    {
                        left.insert(key.clone(), value.clone());
                    }
                }
                for path in paths {
                    keep(account, &way(account, path), &mut left);
                }
                left
            }
            Self::Without(paths) => {
                let mut left = account.clone();
                for path in paths {
                    let always = ["schemas", "id"].iter().any(|name| path.names[0].eq_ignore_ascii_case(name));
                    if !always {
                        let names = way(account, path);
                        cut(&mut left, &names);
                    }
                }
                left
            }
        }
    }
}

/// The names on the way to what a path names. As a path, the URN of an extension is read as two names, since only an account that has
/// the extension tells it from a URN with an attribute.
fn way(account: &Attributes, path: &AttrPath) -> Vec<String> {
    let whole = path.shown();
    match key_of(account, &whole, NameCase::Ignored) {
        Some(urn) if urn.starts_with("urn:") => vec![urn.to_owned()],
        _ => path.names.clone(),
    }
}

/// Copies what a path names.
fn keep(from: &Attributes, names: &[String], to: &mut Attributes) {
    let Some((first, rest)) = names.split_first() else { return };
    let Some(key) = key_of(from, first, NameCase::Ignored).map(str::to_owned) else { return };
    let Some(value) = get(from, &key) else { return };
    if rest.is_empty() {
        to.insert(key, value.clone());
        return;
    }
    match value {
        Value::Object(inner) => {
            let kept = to.entry(key).or_insert_with(|| Value::Object(Attributes::new()));
            if let Value::Object(kept) = kept {
                keep(inner, rest, kept);
            }
        }
        Value::Array(list) => {
            let empty = || Value::Array(vec![Value::Object(Attributes::new()); list.len()]);
            let kept = to.entry(key).or_insert_with(empty);
            for (element, kept) in list.iter().zip(kept.as_array_mut().into_iter().flatten()) {
                if let (Value::Object(element), Value::Object(kept)) = (element, kept) {
                    keep(element, rest, kept);
                }
            }
        }
        _ => {}
    }
}

/// Removes what a path names, and whatever is empty without it.
pub(crate) fn cut(attributes: &mut Attributes, names: &[String]) {
    let Some((first, rest)) = names.split_first() else { return };
    let Some(key) = key_of(attributes, first, NameCase::Ignored).map(str::to_owned) else { return };
    if !rest.is_empty() {
        match attributes.get_mut(&key) {
            Some(Value::Object(inner)) => cut(inner, rest),
            Some(Value::Array(list)) => {
                for element in list.iter_mut().filter_map(Value::as_object_mut) {
                    cut(element, rest);
                }
            }
            _ => {}
        }
    }
    if rest.is_empty() || attributes.get(&key).is_some_and(is_unassigned) {
        attributes.shift_remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Names, Projection, spelled_value};

    #[test]
    fn projections_keep_what_is_asked_for() {
        let account = json!({
            "schemas": ["x"], "id": "1", "userName": "a", "name": {"givenName": "A", "familyName": "B"},
            "addresses": [{"type": "work", "country": "Germany"}]
        });
        let account = account.as_object().expect("an object");
        let only = Projection::new(Some("NAME.familyName, addresses.country,title"), None);
        let expected = json!({
            "schemas": ["x"], "id": "1", "name": {"familyName": "B"}, "addresses": [{"country": "Germany"}]
        });
        assert_eq!(Value::Object(only.applied(account)), expected);
        let without = Projection::new(None, Some("id,name,addresses.type"));
        let expected = json!({"schemas": ["x"], "id": "1", "userName": "a", "addresses": [{"country": "Germany"}]});
        assert_eq!(Value::Object(without.applied(account)), expected);
    }

    #[test]
    fn names_can_be_written_otherwise() {
        let account =
            json!({"userName": "a", "addresses": [{"postalCode": "1"}], "urn:x:2.0:User": {"costCenter": "2"}});
        let pascal =
            json!({"UserName": "a", "Addresses": [{"PostalCode": "1"}], "urn:x:2.0:User": {"CostCenter": "2"}});
        assert_eq!(spelled_value(account, Names::Pascal), pascal);
    }
}

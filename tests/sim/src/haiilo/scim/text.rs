//! Attributes as JSON objects whose names have no case (RFC 7643 2.1), and small helpers on them.

use serde_json::{Map, Value};

/// The attributes of one resource, in the order in which they are answered.
pub(crate) type Attributes = Map<String, Value>;

/// Whether the letters of an attribute name matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameCase {
    /// They do not.
    Ignored,
    /// They do.
    Exact,
}

/// The name under which `map` holds `name`.
pub(crate) fn key_of<'a>(map: &'a Attributes, name: &str, case: NameCase) -> Option<&'a str> {
    if let Some((key, _)) = map.get_key_value(name) {
        return Some(key);
    }
    match case {
        NameCase::Exact => None,
        NameCase::Ignored => map.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str),
    }
}

/// The value of an attribute, whatever its letters.
pub(crate) fn get<'a>(map: &'a Attributes, name: &str) -> Option<&'a Value> {
    key_of(map, name, NameCase::Ignored).and_then(|key| map.get(key))
}

/// The text of an attribute; empty when there is none.
pub(crate) fn text<'a>(map: &'a Attributes, name: &str) -> &'a str {
    get(map, name).and_then(Value::as_str).unwrap_or("")
}

/// Sets an attribute under the name that it already has, or under `name`; nothing and an empty list remove it (RFC 7643 2.5).
pub(crate) fn set(map: &mut Attributes, name: &str, value: Value) {
    let key = key_of(map, name, NameCase::Ignored).unwrap_or(name).to_owned();
    if is_unassigned(&value) {
        // `shift_remove` keeps the order of the others.
        map.shift_remove(&key);
    } else {
        map.insert(key, value);
    }
}

/// Removes an attribute.
pub(crate) fn remove(map: &mut Attributes, name: &str) {
    set(map, name, Value::Null);
}

/// Null, an empty list and an empty object all say that there is no value (RFC 7643 2.5).
pub(crate) fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// How user names are compared for uniqueness and look-up.
pub(crate) fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Trims, and makes one space of each run of white space.
pub(crate) fn tidied(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

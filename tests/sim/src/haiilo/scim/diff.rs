//! What differs between two states of an account, path by path (paths as in RFC 7644 3.10). It knows no store.

use serde_json::Value;

use crate::haiilo::record::Change;
use crate::haiilo::scim::text::{Attributes, text};

/// The values that differ, in the order of their paths.
pub(crate) fn changes(before: &Attributes, after: &Attributes) -> Vec<Change> {
    let (before, after) = (flat(before), flat(after));
    let mut changes: Vec<Change> = before
        .iter()
        .filter(|(path, from)| value_at(&after, path) != Some(from))
        .map(|(path, from)| Change {
            path: path.clone(),
            from: Some(from.clone()),
            to: value_at(&after, path).cloned(),
        })
        .collect();
    let new = after.iter().filter(|(path, _)| value_at(&before, path).is_none());
    changes.extend(new.map(|(path, to)| Change { path: path.clone(), from: None, to: Some(to.clone()) }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

fn value_at<'a>(flat: &'a [(String, Value)], path: &str) -> Option<&'a Value> {
    flat.iter().find(|(other, _)| other == path).map(|(_, value)| value)
}

/// Every simple value with its path. An element of a list is named by its type, or by its place where it has none.
fn flat(attributes: &Attributes) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (name, value) in attributes {
        if name != "schemas" {
            // Only the URN of an extension is followed by a colon.
            flatten(name, if name.starts_with("urn:") { ':' } else { '.' }, value, &mut flat);
        }
    }
    flat
}

fn flatten(path: &str, mark: char, value: &Value, flat: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                flatten(&format!("{path}{mark}{name}"), '.', value, flat);
            }
        }
        Value::Array(list) if list.iter().all(Value::is_object) => {
            for (at, element) in list.iter().enumerate() {
                let kind = element.as_object().map_or("", |element| text(element, "type"));
                let path =
                    if kind.is_empty() { format!("{path}[{at}]") } else { format!("{path}[type eq \"{kind}\"]") };
                flatten(&path, '.', element, flat);
            }
        }
        simple => flat.push((path.to_owned(), simple.clone())),
    }
}

//! An account: the SCIM User (RFC 7643, 4.1) that Haiilo holds, in the parts that planning needs.

use std::collections::BTreeMap;

use crate::model::ids::{HaiiloId, UserName};
use crate::scim::value::Value;

/// An account as a listing shows it. The values are in the slots of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: HaiiloId,
    /// The userName; `None` where the server shows none.
    pub user_name: Option<UserName>,
    /// `active`.
    pub activity: Activity,
    /// The mapped attributes.
    pub values: Box<[Option<Value>]>,
    /// The slots whose path names an element that the account does not have, as bits. For these slots a PATCH must add the element.
    pub without_element: u64,
}

/// What `active` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// true, or not given.
    Active,
    /// false.
    Inactive,
}

/// One row of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountRow {
    /// An account.
    Account(Account),
    /// A row that is not an object or has no id.
    Unreadable,
}

/// A complete account, read by id: what the journal keeps and what a PUT sends back.
#[derive(Clone, PartialEq)]
pub struct WholeAccount {
    /// The parts that planning needs.
    pub account: Account,
    /// The resource as the server shows it.
    pub resource: serde_json::Map<String, serde_json::Value>,
    /// The entity tag of the answer.
    pub etag: Option<String>,
}

/// Personal data stays out of Debug.
impl std::fmt::Debug for WholeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WholeAccount").field("id", &self.account.id).finish_non_exhaustive()
    }
}

impl WholeAccount {
    /// The differences between two readings, as names of attributes and sub-attributes. `meta` and the names in `sent` are ignored.
    ///
    /// Elements of multi-valued attributes are compared without order.
    pub fn changed_besides(&self, before: &Self, sent: &[String]) -> Vec<String> {
        let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
        flatten("", &serde_json::Value::Object(before.resource.clone()), &mut old);
        flatten("", &serde_json::Value::Object(self.resource.clone()), &mut new);
        let is_ours = |path: &str| {
            let top = path.split(['.', '[']).next().unwrap_or(path);
            top == "meta" || top == "schemas" || sent.iter().any(|sent| covers(sent, path))
        };
        let mut changed: Vec<String> = old
            .iter()
            .filter(|(path, value)| new.get(*path) != Some(*value))
            .map(|(path, _)| path)
            .chain(new.keys().filter(|path| !old.contains_key(*path)))
            .filter(|path| !is_ours(path))
            .cloned()
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

/// Whether a sent path, in lower case and without its filter, names this flattened path or a parent of it.
fn covers(sent: &str, path: &str) -> bool {
    path == sent || path.strip_prefix(sent).is_some_and(|rest| rest.starts_with('.'))
}

/// Lists all leaves of a resource by name, in lower case. Elements of arrays share a name and are sorted.
fn flatten(path: &str, json: &serde_json::Value, leaves: &mut BTreeMap<String, Vec<String>>) {
    match json {
        serde_json::Value::Object(object) => {
            for (name, value) in object {
                let name = name.to_ascii_lowercase();
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                flatten(&path, value, leaves);
            }
        }
        serde_json::Value::Array(items) => {
            for item in items {
                flatten(path, item, leaves);
            }
        }
        serde_json::Value::Null => {}
        serde_json::Value::String(text) if text.is_empty() => {}
        leaf => {
            let values = leaves.entry(path.to_owned()).or_default();
            values.push(leaf.to_string());
            values.sort();
        }
    }
}

#[cfg(test)]
impl WholeAccount {
    /// An account without a mapping, for tests of what a resource shows.
    pub(crate) fn showing(resource: serde_json::Value) -> Self {
        let serde_json::Value::Object(resource) = resource else { panic!("an object") };
        let account = Account {
            id: HaiiloId::new("1"),
            user_name: None,
            activity: Activity::Active,
            values: Box::default(),
            without_element: 0,
        };
        Self { account, resource, etag: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::WholeAccount;

    #[track_caller]
    fn check(before: Json, after: Json, sent: &[&str], changed: &[&str]) {
        let sent: Vec<String> = sent.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(WholeAccount::showing(after).changed_besides(&WholeAccount::showing(before), &sent), changed);
    }

    #[test]
    fn what_changed_though_nobody_sent_it() {
        let before = json!({
            "id": "1", "userName": "a", "name": {"givenName": "A", "familyName": "B"}, "x": null, "meta": {"version": "1"},
            "addresses": [{"type": "work", "country": "DE", "locality": "Bonn"}, {"type": "home", "country": "FI"}],
        });
        let mut after = before.clone();
        after["meta"]["version"] = json!("2");
        after["addresses"] = json!([
            {"type": "home", "country": "FI"}, {"TYPE": "work", "country": "DE", "locality": "Bonn", "region": ""}]);
        check(before.clone(), after.clone(), &[], &[]);
        after["name"]["givenName"] = json!("C");
        check(before.clone(), after.clone(), &["name.givenname"], &[]);
        check(before.clone(), after.clone(), &["name"], &[]);
        check(before.clone(), after.clone(), &["name.familyname"], &["name.givenname"]);
        check(before.clone(), after.clone(), &["nam"], &["name.givenname"]);
        after["addresses"][1]["locality"] = Json::Null;
        after["points"] = json!(7);
        check(before, after, &["name", "addresses.country"], &["addresses.locality", "points"]);
    }
}

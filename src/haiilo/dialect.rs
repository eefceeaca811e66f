//! What is sent to Haiilo: the bodies of a create, a PATCH and a PUT.
//!
//! Follows RFC 7644, 3.3 (create), 3.5.1 (replace) and 3.5.2 (PATCH): lower-case `op`, booleans as booleans, and only what was mapped. Sends
//! nothing itself.

use serde_json::{Map, Value as Json, json};

use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::plan::operation::{Change, Element};
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Value;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Attributes that only the server writes.
const READ_ONLY: [&str; 3] = ["id", "meta", "groups"];

/// The body of a create. A new account is always active.
pub fn create_body(changes: &[Change]) -> Json {
    let mut schemas = vec![Json::from(USER)];
    for urn in changes.iter().filter_map(|change| change.path.urn()) {
        if !schemas.iter().any(|known| known == urn) {
            schemas.push(urn.into());
        }
    }
    let mut resource =
        Map::from_iter([("schemas".to_owned(), Json::from(schemas)), ("active".to_owned(), true.into())]);
    for change in changes {
        change.path.write(&mut resource, change.to.as_ref());
    }
    Json::Object(resource)
}

/// The body of a PATCH: one operation for each changed path, and one for each element that must be added. A reference to another user, such
/// as a manager, is replaced as a whole: a server must not keep the old name beside the new id, and some cannot place a part.
pub(super) fn patch_body(changes: &[Change]) -> Json {
    let mut operations = Vec::new();
    let mut added: Vec<(String, Map<String, Json>)> = Vec::new();
    for change in changes {
        if let Some(reference) = change.path.reference() {
            operations.push(refer(&reference, change.to.as_ref()));
            continue;
        }
        match (&change.to, change.element, change.path.element()) {
            (Some(value), Element::ToBeAdded, Some((attribute, template))) => {
                let known = added.iter().position(|(known, element)| {
                    *known == attribute && template.iter().all(|(name, value)| element.get(name) == Some(value))
                });
                let at = known.unwrap_or_else(|| {
                    added.push((attribute, template));
                    added.len() - 1
                });
                added[at].1.insert(change.path.last_of_element().to_owned(), value.to_json());
            }
            (Some(value), ..) => {
                operations.push(json!({"op": "replace", "path": change.path.to_string(), "value": value.to_json()}));
            }
            (None, Element::ToBeAdded, Some(_)) => {}
            (None, ..) => operations.push(json!({"op": "remove", "path": change.path.to_string()})),
        }
    }
    let added = added.into_iter().map(|(path, element)| json!({"op": "add", "path": path, "value": [element]}));
    operations.extend(added);
    patch(&operations)
}

fn refer(reference: &AttributePath, to: Option<&Value>) -> Json {
    let path = reference.to_string();
    match to {
        Some(value) => json!({"op": "replace", "path": path, "value": {"value": value.to_json()}}),
        None => json!({"op": "remove", "path": path}),
    }
}

/// The body of a PATCH with these operations.
pub(super) fn patch(operations: &[Json]) -> Json {
    json!({"schemas": [PATCH], "Operations": operations})
}

/// The body of a PUT: the account as it was read just before, without what only the server writes and without what is empty, and with
/// the changes. What we do not know goes back as it came.
pub(super) fn put_body(whole: &WholeAccount, changes: &[Change]) -> Json {
    let mut resource = whole.resource.clone();
    for name in READ_ONLY {
        resource.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
    for change in changes {
        if let Some(reference) = change.path.reference() {
            reference.write(&mut resource, None);
        }
        change.path.write(&mut resource, change.to.as_ref());
    }
    without_empty(Json::Object(resource)).unwrap_or_else(|| json!({}))
}

/// The body of a PATCH that makes an account active or inactive.
pub(super) fn activity_patch(activity: Activity) -> Json {
    patch(&[json!({"op": "replace", "path": "active", "value": activity == Activity::Active})])
}

/// The body of a PUT that makes an account active or inactive.
pub(super) fn activity_put(whole: &WholeAccount, activity: Activity) -> Json {
    let mut body = put_body(whole, &[]);
    if let Json::Object(resource) = &mut body {
        resource.retain(|name, _| !name.eq_ignore_ascii_case("active"));
        resource.insert("active".to_owned(), (activity == Activity::Active).into());
    }
    body
}

/// The value without null, "", and what is empty because of that.
fn without_empty(json: Json) -> Option<Json> {
    match json {
        Json::Null => None,
        Json::String(text) if text.is_empty() => None,
        Json::Array(items) => {
            let items: Vec<Json> = items.into_iter().filter_map(without_empty).collect();
            (!items.is_empty()).then_some(Json::Array(items))
        }
        Json::Object(object) => {
            let object: Map<String, Json> =
                object.into_iter().filter_map(|(name, value)| Some((name, without_empty(value)?))).collect();
            (!object.is_empty()).then_some(Json::Object(object))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::{create_body, patch_body, put_body};
    use crate::domain::model::account::{Account, Activity, WholeAccount};
    use crate::domain::model::ids::HaiiloId;
    use crate::domain::plan::operation::{Change, ChangeKind, Element};
    use crate::domain::scim::path::AttributePath;
    use crate::domain::scim::value::Value;

    fn change(path: &str, to: Option<&str>, element: Element) -> Change {
        Change {
            path: Arc::new(AttributePath::parse(path).expect("a path")),
            kind: ChangeKind::Plain,
            from: None,
            to: to.and_then(Value::text),
            element,
        }
    }

    fn showing(resource: serde_json::Value) -> WholeAccount {
        let serde_json::Value::Object(resource) = resource else { panic!("an object") };
        let account = Account {
            id: HaiiloId::new("1"),
            user_name: None,
            activity: Activity::Active,
            values: Box::default(),
            without_element: 0,
        };
        WholeAccount { account, resource, etag: None }
    }

    const COUNTRY: &str = "addresses[type eq \"work\"].country";
    const CITY: &str = "addresses[type eq \"work\"].locality";

    #[test]
    fn a_create_holds_what_was_mapped_and_is_active() {
        let changes = [
            change("userName", Some("ada@x"), Element::There),
            change("name.givenName", Some("Ada"), Element::There),
            change(COUNTRY, Some("Germany"), Element::ToBeAdded),
            change(CITY, Some("Bonn"), Element::ToBeAdded),
            change("urn:x:User:department", Some("R&D"), Element::There),
        ];
        let expected = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:x:User"], "active": true, "userName": "ada@x",
            "name": {"givenName": "Ada"}, "addresses": [{"type": "work", "country": "Germany", "locality": "Bonn"}],
            "urn:x:User": {"department": "R&D"},
        });
        assert_eq!(create_body(&changes), expected);
    }

    #[test]
    fn a_patch_holds_the_changed_paths_alone() {
        let changes = [
            change("name.givenName", Some("Ada"), Element::There),
            change("name.familyName", None, Element::There),
            change(COUNTRY, Some("Germany"), Element::There),
        ];
        let expected = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [
                {"op": "replace", "path": "name.givenName", "value": "Ada"},
                {"op": "remove", "path": "name.familyName"},
                {"op": "replace", "path": COUNTRY, "value": "Germany"},
            ],
        });
        assert_eq!(patch_body(&changes), expected);
    }

    #[test]
    fn a_manager_is_named_as_a_whole() {
        let patched = |to| patch_body(&[change("urn:x:User:manager.value", to, Element::There)])["Operations"].take();
        let replaced = json!([{"op": "replace", "path": "urn:x:User:manager", "value": {"value": "m2"}}]);
        assert_eq!(patched(Some("m2")), replaced);
        assert_eq!(patched(None), json!([{"op": "remove", "path": "urn:x:User:manager"}]));
        let whole = showing(json!({
            "userName": "ada@x", "urn:x:User": {"manager": {"value": "m1", "$ref": "../Users/m1", "displayName": "One"}},
        }));
        let put = |to| put_body(&whole, &[change("urn:x:User:manager.value", to, Element::There)]);
        assert_eq!(put(Some("m2")), json!({"userName": "ada@x", "urn:x:User": {"manager": {"value": "m2"}}}));
        assert_eq!(put(None), json!({"userName": "ada@x"}));
    }

    #[test]
    fn a_patch_adds_an_element_that_is_not_there_once_with_all_its_values() {
        let changes = [
            change(COUNTRY, Some("Germany"), Element::ToBeAdded),
            change(CITY, Some("Bonn"), Element::ToBeAdded),
            change("addresses[type eq \"home\"].locality", Some("Kiel"), Element::ToBeAdded),
            change("emails[primary eq true]", Some("a@x"), Element::ToBeAdded),
            change("emails[type eq \"other\"].value", None, Element::ToBeAdded),
        ];
        let expected = json!([
            {"op": "add", "path": "addresses", "value": [{"type": "work", "country": "Germany", "locality": "Bonn"}]},
            {"op": "add", "path": "addresses", "value": [{"type": "home", "locality": "Kiel"}]},
            {"op": "add", "path": "emails", "value": [{"primary": true, "value": "a@x"}]},
        ]);
        assert_eq!(patch_body(&changes)["Operations"], expected);
    }

    #[test]
    fn a_put_sends_back_what_was_read_with_the_changes() {
        let whole = showing(json!({
            "schemas": ["u"], "id": "1", "META": {"version": "3"}, "groups": [], "userName": "ada@x", "active": true, "nickName": null,
            "title": "", "name": {"givenName": "A", "familyName": "L", "middleName": ""}, "emails": [], "points": {"total": 7},
            "addresses": [{"type": "work", "country": "Finland", "region": null}],
        }));
        let changes =
            [change("name.givenName", Some("Ada"), Element::There), change(COUNTRY, Some("Germany"), Element::There)];
        let expected = json!({
            "schemas": ["u"], "userName": "ada@x", "active": true, "name": {"givenName": "Ada", "familyName": "L"},
            "points": {"total": 7}, "addresses": [{"type": "work", "country": "Germany"}],
        });
        assert_eq!(put_body(&whole, &changes), expected);
    }
}

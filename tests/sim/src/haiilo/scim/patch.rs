//! PATCH: operations read and applied, as in RFC 7644 3.5.2. It knows attributes, and not whose they are.

use crate::haiilo::manner::{FilteredPaths, Manner, Pathless, Unmatched};
use crate::haiilo::scim::filter::{Cases, Filter, quoted};
use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::schema::{self, ENTERPRISE, Many};
use crate::haiilo::scim::text::{Attributes, NameCase, get, is_unassigned, key_of, remove, set};
use serde_json::Value;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Replace,
    Remove,
}

/// Where an operation does it: an attribute, perhaps those of its values that fit a filter, perhaps one part of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) path: AttrPath,
    pub(crate) filter: Option<Filter>,
    pub(crate) part: Option<String>,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    pub(crate) verb: Verb,
    pub(crate) target: Option<Target>,
    pub(crate) value: Value,
}

impl Target {
    /// Reads a path of PATCH; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Some(open) = text.find('[') else {
            return Some(Self { path: AttrPath::parse(text)?, filter: None, part: None });
        };
        let path = AttrPath::parse(&text[..open])?;
        let close = open + closing(&text[open..])?;
        let filter = Some(Filter::parse(&text[open + 1..close])?);
        let part = match &text[close + 1..] {
            "" => None,
            rest => {
                let part = AttrPath::parse(rest.strip_prefix('.')?)?;
                (part.names.len() == 1).then_some(())?;
                part.names.into_iter().next()
            }
        };
        Some(Self { path, filter, part })
    }

    /// The names to the attribute, without the filter.
    pub(crate) fn plain(&self) -> AttrPath {
        AttrPath { names: self.path.names.iter().chain(&self.part).cloned().collect() }
    }
}

/// Where the bracket that `text` begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'"' => at += quoted(&text[at..])?,
            b']' => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Reads the operations of a body. `violations` takes what is honoured although a correct client would not send it.
pub(crate) fn read(body: &Attributes, violations: &mut Vec<String>) -> Result<Vec<Operation>, Refusal> {
    let Some(Value::Array(operations)) = get(body, "Operations") else {
        return Err(Refusal::bad("invalidSyntax", "Operations is a list"));
    };
    operations.iter().map(|operation| read_one(operation, violations)).collect()
}

fn read_one(operation: &Value, violations: &mut Vec<String>) -> Result<Operation, Refusal> {
    let Value::Object(operation) = operation else {
        return Err(Refusal::bad("invalidSyntax", "an operation is an object"));
    };
    let word = get(operation, "op").and_then(Value::as_str).unwrap_or("");
    let verb = match word.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        _ => return Err(Refusal::bad("invalidSyntax", format!("there is no operation `{word}`"))),
    };
    if word.bytes().any(|letter| letter.is_ascii_uppercase()) {
        violations.push(format!("PATCH with op `{word}`: only lower case is an operation of the RFC"));
    }
    let target = match get(operation, "path") {
        None | Some(Value::Null) => None,
        Some(path) => {
            let target = path.as_str().and_then(Target::parse);
            Some(target.ok_or_else(|| Refusal::bad("invalidPath", format!("{path} is no path")))?)
        }
    };
    let value = get(operation, "value").cloned().unwrap_or(Value::Null);
    match (verb, &target) {
        (Verb::Remove, None) => Err(Refusal::bad("noTarget", "remove needs a path")),
        (Verb::Add | Verb::Replace, None) if !value.is_object() => {
            Err(Refusal::bad("invalidValue", "without a path, the value is an object"))
        }
        _ => Ok(Operation { verb, target, value }),
    }
}

/// Applies one operation, as this server does it.
pub(crate) fn apply(attributes: &mut Attributes, operation: &Operation, manner: &Manner) -> Result<(), Refusal> {
    let verb = operation.verb;
    match &operation.target {
        None => {
            let Value::Object(values) = &operation.value else { return Ok(()) };
            for (name, value) in values {
                let Some(path) = AttrPath::parse(name) else {
                    return Err(Refusal::bad("invalidPath", format!("`{name}` is no attribute")));
                };
                if !schema::is_servers_own(&path.names[0]) {
                    put_at(attributes, &path.names, verb, value, manner.pathless)?;
                }
            }
            Ok(())
        }
        Some(Target { path, .. }) if schema::is_servers_own(&path.names[0]) => {
            Err(Refusal::bad("mutability", format!("{} is read-only", path.shown())))
        }
        Some(Target { path, filter: None, .. }) => {
            put_at(attributes, &path.names, verb, &operation.value, Pathless::Merges)
        }
        Some(target) => {
            if manner.filtered_paths == FilteredPaths::Refused {
                return Err(Refusal::bad("invalidPath", "paths with a filter are not supported"));
            }
            put_where(attributes, target, verb, &operation.value, manner.unmatched)
        }
    }
}

/// Puts a value at a path without a filter.
fn put_at(
    attributes: &mut Attributes,
    names: &[String],
    verb: Verb,
    value: &Value,
    complex: Pathless,
) -> Result<(), Refusal> {
    let (first, rest) = names.split_first().expect("a path has a name");
    let key = key_of(attributes, first, NameCase::Ignored).map_or_else(|| spelling(first), str::to_owned);
    if !rest.is_empty() {
        let is_list = schema::attribute(first).is_some_and(|attribute| attribute.many == Many::List);
        match attributes.get_mut(&key) {
            Some(Value::Array(list)) => {
                for element in list.iter_mut().filter_map(Value::as_object_mut) {
                    put_at(element, rest, verb, value, complex)?;
                }
            }
            Some(Value::Object(inner)) => put_at(inner, rest, verb, value, complex)?,
            Some(_) => return Err(Refusal::bad("invalidPath", format!("{key} has no parts"))),
            None if verb == Verb::Remove => {}
            None => {
                let mut inner = Attributes::new();
                put_at(&mut inner, rest, verb, value, complex)?;
                let made = if is_list { Value::Array(vec![Value::Object(inner)]) } else { Value::Object(inner) };
                attributes.insert(key.clone(), made);
            }
        }
        if get(attributes, &key).is_some_and(is_unassigned) {
            remove(attributes, &key);
        }
        return Ok(());
    }
    if verb == Verb::Remove || is_unassigned(value) {
        remove(attributes, &key);
        return Ok(());
    }
    let merges = verb == Verb::Add || complex == Pathless::Merges;
    match (attributes.get_mut(&key), value) {
        (Some(Value::Array(list)), value) if verb == Verb::Add => append(list, value),
        (Some(Value::Object(inner)), Value::Object(sent)) if merges => {
            for (name, value) in sent {
                put_at(inner, std::slice::from_ref(name), verb, value, complex)?;
            }
        }
        (_, value) => {
            let is_list = schema::attribute(first).is_some_and(|attribute| attribute.many == Many::List);
            let value = if is_list && !value.is_array() { Value::Array(vec![value.clone()]) } else { value.clone() };
            set(attributes, &key, value);
        }
    }
    Ok(())
}

fn spelling(name: &str) -> String {
    if name.eq_ignore_ascii_case(ENTERPRISE) {
        return ENTERPRISE.to_owned();
    }
    schema::attribute(name).map_or(name, |attribute| attribute.name).to_owned()
}

/// Adds values to a list: one that is already there is not added again, and a new primary one takes over.
fn append(list: &mut Vec<Value>, value: &Value) {
    let new = match value {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    for value in new {
        if is_primary(value) {
            unprimary(list);
        }
        if !list.contains(value) {
            list.push(value.clone());
        }
    }
}

fn is_primary(value: &Value) -> bool {
    value.as_object().and_then(|element| get(element, "primary")) == Some(&Value::Bool(true))
}

fn unprimary(list: &mut [Value]) {
    for element in list.iter_mut().filter(|element| is_primary(element)).filter_map(Value::as_object_mut) {
        set(element, "primary", Value::Bool(false));
    }
}

/// Puts a value at those values of a list that fit a filter.
fn put_where(
    attributes: &mut Attributes,
    target: &Target,
    verb: Verb,
    value: &Value,
    unmatched: Unmatched,
) -> Result<(), Refusal> {
    let filter = target.filter.as_ref().expect("the caller saw a filter");
    let [name] = target.path.names.as_slice() else {
        return Err(Refusal::bad("invalidPath", "a filter belongs to an attribute of the user itself"));
    };
    let key = key_of(attributes, name, NameCase::Ignored).map_or_else(|| spelling(name), str::to_owned);
    let list = attributes.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(list) = list else {
        return Err(Refusal::bad("invalidPath", format!("{key} is no list")));
    };
    let fits = |element: &Value| element.as_object().is_some_and(|element| filter.matches(element, Cases::RFC));
    let outcome = match (verb, &target.part) {
        (Verb::Remove, None) => {
            list.retain(|element| !fits(element));
            Ok(())
        }
        (Verb::Remove, Some(part)) => {
            for element in list.iter_mut().filter(|element| fits(element)).filter_map(Value::as_object_mut) {
                remove(element, part);
            }
            Ok(())
        }
        (verb, part) => {
            if !list.iter().any(fits) {
                match (verb, unmatched) {
                    (Verb::Replace, Unmatched::NoTarget) => {
                        return close(attributes, &key, Err(Refusal::bad("noTarget", "no value fits the filter")));
                    }
                    (Verb::Replace, Unmatched::Skipped) => return close(attributes, &key, Ok(())),
                    _ => list.push(Value::Object(filter.described())),
                }
            }
            fill(list, fits, part.as_deref(), verb, value)
        }
    };
    close(attributes, &key, outcome)
}

/// Writes into every value that fits.
fn fill(
    list: &mut [Value],
    fits: impl Fn(&Value) -> bool,
    part: Option<&str>,
    verb: Verb,
    value: &Value,
) -> Result<(), Refusal> {
    let makes_primary = match part {
        Some(part) => part.eq_ignore_ascii_case("primary") && value == &Value::Bool(true),
        None => is_primary(value),
    };
    // Which values fit is settled before one of them changes.
    let chosen: Vec<usize> = (0..list.len()).filter(|at| fits(&list[*at])).collect();
    if makes_primary {
        unprimary(list);
    }
    for at in chosen {
        let Value::Object(element) = &mut list[at] else { continue };
        match (part, value) {
            (Some(part), value) => set(element, part, value.clone()),
            (None, Value::Object(sent)) => {
                if verb == Verb::Replace {
                    element.clear();
                }
                for (name, value) in sent {
                    set(element, name, value.clone());
                }
            }
            (None, _) => return Err(Refusal::bad("invalidValue", "the value is an object")),
        }
    }
    Ok(())
}

/// A list that was left empty is no value.
fn close(attributes: &mut Attributes, key: &str, outcome: Result<(), Refusal>) -> Result<(), Refusal> {
    if attributes.get(key).is_some_and(is_unassigned) {
        remove(attributes, key);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{apply, read};
    use crate::haiilo::manner::{Manner, Pathless, Unmatched};
    use crate::haiilo::scim::text::Attributes;

    fn object(value: Value) -> Attributes {
        match value {
            Value::Object(map) => map,
            other => panic!("no object: {other}"),
        }
    }

    fn patched(before: Value, operations: &Value, manner: &Manner) -> Result<Value, &'static str> {
        let mut attributes = object(before);
        let operations = read(&object(json!({ "Operations": operations })), &mut Vec::new());
        for operation in operations.map_err(|refusal| refusal.kind.unwrap_or(""))? {
            apply(&mut attributes, &operation, manner).map_err(|refusal| refusal.kind.unwrap_or(""))?;
        }
        Ok(Value::Object(attributes))
    }

    /// A user before, an operation, and the user after or the word of the refusal.
    type Case = (Value, Value, Result<Value, &'static str>);

    fn check(cases: impl IntoIterator<Item = Case>) {
        for (before, operation, after) in cases {
            let text = operation.to_string();
            assert_eq!(patched(before, &json!([operation]), &Manner::default()), after, "{text}");
        }
    }

    #[test]
    fn simple_and_complex_attributes() {
        let ada = || json!({"name": {"givenName": "Ada", "familyName": "King"}});
        check([
            (
                ada(),
                json!({"op": "replace", "path": "NAME.GIVENNAME", "value": "Augusta"}),
                Ok(json!({"name": {"givenName": "Augusta", "familyName": "King"}})),
            ),
            (
                ada(),
                json!({"op": "replace", "value": {"name": {"givenName": "A"}, "title": "Countess"}}),
                Ok(json!({"name": {"givenName": "A", "familyName": "King"}, "title": "Countess"})),
            ),
            (ada(), json!({"op": "remove", "path": "name.givenName"}), Ok(json!({"name": {"familyName": "King"}}))),
            (ada(), json!({"op": "replace", "path": "name", "value": null}), Ok(json!({}))),
            (
                json!({}),
                json!({"op": "add", "path": "name.givenName", "value": "Ada"}),
                Ok(json!({"name": {"givenName": "Ada"}})),
            ),
            (ada(), json!({"op": "replace", "path": "id", "value": "x"}), Err("mutability")),
            (ada(), json!({"op": "remove"}), Err("noTarget")),
            (ada(), json!({"op": "replace", "path": "name[", "value": 1}), Err("invalidPath")),
            (ada(), json!({"op": "move", "path": "name"}), Err("invalidSyntax")),
        ]);
    }

    #[test]
    fn values_of_a_list() {
        let two = || json!({"addresses": [{"type": "work", "country": "Germany", "primary": true}, {"type": "home"}]});
        let work = r#"addresses[type eq "work"].country"#;
        check([
            (
                two(),
                json!({"op": "replace", "path": work, "value": "Finland"}),
                Ok(json!({"addresses": [{"type": "work", "country": "Finland", "primary": true}, {"type": "home"}]})),
            ),
            (
                two(),
                json!({"op": "remove", "path": work}),
                Ok(json!({"addresses": [{"type": "work", "primary": true}, {"type": "home"}]})),
            ),
            (
                two(),
                json!({"op": "remove", "path": r#"addresses[type eq "work"]"#}),
                Ok(json!({"addresses": [{"type": "home"}]})),
            ),
            (two(), json!({"op": "remove", "path": "addresses[type pr]"}), Ok(json!({}))),
            (
                two(),
                json!({"op": "replace", "path": r#"addresses[type eq "home"].primary"#, "value": true}),
                Ok(json!({"addresses": [
                    {"type": "work", "country": "Germany", "primary": false}, {"type": "home", "primary": true},
                ]})),
            ),
            (
                two(),
                json!({"op": "replace", "path": "addresses", "value": [{"type": "other"}]}),
                Ok(json!({"addresses": [{"type": "other"}]})),
            ),
            (two(), json!({"op": "add", "path": "addresses", "value": {"type": "home"}}), Ok(two())),
            (
                json!({}),
                json!({"op": "add", "path": work, "value": "Finland"}),
                Ok(json!({"addresses": [{"type": "work", "country": "Finland"}]})),
            ),
            (json!({}), json!({"op": "replace", "path": work, "value": "Finland"}), Err("noTarget")),
            (json!({}), json!({"op": "remove", "path": work}), Ok(json!({}))),
        ]);
    }

    #[test]
    fn servers_differ() {
        let manner = Manner { pathless: Pathless::Replaces, unmatched: Unmatched::Created, ..Manner::default() };
        let pathless = json!([{"op": "replace", "value": {"name": {"givenName": "A"}}}]);
        let ada = json!({"name": {"givenName": "Ada", "familyName": "King"}});
        assert_eq!(patched(ada, &pathless, &manner), Ok(json!({"name": {"givenName": "A"}})));
        let filtered = json!([{"op": "replace", "path": r#"addresses[type eq "work"].country"#, "value": "Finland"}]);
        let made = json!({"addresses": [{"type": "work", "country": "Finland"}]});
        assert_eq!(patched(json!({}), &filtered, &manner), Ok(made));
        let manner = Manner { unmatched: Unmatched::Skipped, ..Manner::default() };
        assert_eq!(patched(json!({}), &filtered, &manner), Ok(json!({})));
    }
}

//! Which attributes of a user an intranet knows: some of SCIM's own, the enterprise extension, and `profileField_` with the name of a field
//! of the profile, whose letters matter. It knows attributes, not accounts.
//!
//! What it does not know is refused or taken for not sent, as the directory is set up.

use crate::haiilo::manner::{Container, Directory, Unknown};
use crate::haiilo::scim::patch::{Operation, Target, Verb};
use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::schema::{self, ENTERPRISE, ENTERPRISE_ATTRIBUTES};
use crate::haiilo::scim::text::{Attributes, is_unassigned};
use serde_json::Value;

/// What SCIM writes before the name of a field.
pub(crate) const PREFIX: &str = "profileField_";

/// SCIM's own attributes that an intranet keeps or writes itself.
pub(crate) const CORE: [&str; 18] = [
    "schemas",
    "id",
    "meta",
    "groups",
    "externalId",
    "userName",
    "name",
    "displayName",
    "nickName",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "active",
    "emails",
    "phoneNumbers",
    "addresses",
];

/// What an intranet makes of an attribute.
enum Standing {
    /// It keeps it, at this path.
    Known(AttrPath),
    /// It is one of SCIM's own and is not kept.
    Dropped,
    /// Nobody knows it.
    Unknown,
}

/// The names of all fields as SCIM writes them.
pub(crate) fn names(directory: &Directory) -> impl Iterator<Item = String> {
    directory.fields.iter().map(|field| format!("{PREFIX}{field}"))
}

fn is_field(directory: &Directory, name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|field| directory.fields.contains(field))
}

/// The URN of the extension that holds the fields.
fn extension(directory: &Directory) -> Option<&str> {
    match &directory.container {
        Container::TopLevel => None,
        Container::Extension(urn) => Some(urn),
    }
}

fn standing(directory: &Directory, names: &[String]) -> Standing {
    let Some((first, rest)) = names.split_first() else { return Standing::Unknown };
    let known = |first: &str| {
        let names = std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect();
        Standing::Known(AttrPath { names })
    };
    if let Some(urn) = extension(directory).filter(|urn| urn.eq_ignore_ascii_case(first)) {
        let all_known = rest.first().is_none_or(|name| rest.len() == 1 && is_field(directory, name));
        return if all_known { known(urn) } else { Standing::Unknown };
    }
    if first.eq_ignore_ascii_case(ENTERPRISE) {
        let is_part = |name: &String| ENTERPRISE_ATTRIBUTES.iter().any(|it| it.name.eq_ignore_ascii_case(name));
        return if rest.first().is_none_or(is_part) { known(ENTERPRISE) } else { Standing::Unknown };
    }
    if extension(directory).is_none() && rest.is_empty() && is_field(directory, first) {
        return known(first);
    }
    if CORE.iter().any(|core| core.eq_ignore_ascii_case(first)) {
        return known(first);
    }
    if schema::attribute(first).is_some() { Standing::Dropped } else { Standing::Unknown }
}

fn refused(directory: &Directory, kind: &'static str, path: &str) -> Result<(), Refusal> {
    match directory.unknown {
        Unknown::Refused => Err(Refusal::bad(kind, format!("there is no attribute `{path}`"))),
        Unknown::Ignored => Ok(()),
    }
}

/// What an intranet takes of the body of a create or a replacement.
pub(crate) fn welcome(directory: &Directory, sent: &Attributes) -> Result<Attributes, Refusal> {
    let mut taken = Attributes::new();
    for (name, value) in sent {
        match standing(directory, std::slice::from_ref(name)) {
            Standing::Known(path) => {
                let value = match value {
                    Value::Object(inner) if name.starts_with("urn:") => {
                        Value::Object(welcome_parts(directory, &path, inner)?)
                    }
                    value => value.clone(),
                };
                taken.insert(path.names[0].clone(), value);
            }
            Standing::Dropped => {}
            Standing::Unknown => refused(directory, "invalidValue", name)?,
        }
    }
    Ok(taken)
}

/// The same within an extension.
fn welcome_parts(directory: &Directory, outer: &AttrPath, sent: &Attributes) -> Result<Attributes, Refusal> {
    let mut taken = Attributes::new();
    // Some clients write the URN of an extension into its value once more.
    for (name, value) in sent.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
        let path = AttrPath { names: vec![outer.names[0].clone(), name.clone()] };
        match standing(directory, &path.names) {
            Standing::Known(_) => {
                taken.insert(name.clone(), value.clone());
            }
            Standing::Dropped => {}
            Standing::Unknown => refused(directory, "invalidValue", &path.shown())?,
        }
    }
    Ok(taken)
}

/// What an intranet takes of the operations of a PATCH, each field of an extension as an operation of its own.
pub(crate) fn welcome_operations(directory: &Directory, operations: Vec<Operation>) -> Result<Vec<Operation>, Refusal> {
    let mut taken = Vec::new();
    for operation in operations {
        match &operation.target {
            Some(target) => welcome_target(directory, &operation, target, "invalidPath", &mut taken)?,
            None => welcome_pathless(directory, &operation, &mut taken)?,
        }
    }
    Ok(taken)
}

fn welcome_target(
    directory: &Directory,
    operation: &Operation,
    target: &Target,
    kind: &'static str,
    taken: &mut Vec<Operation>,
) -> Result<(), Refusal> {
    // The last part of a URN is not the name of an attribute, which only the directory can know.
    let is_extension =
        extension(directory).into_iter().chain([ENTERPRISE]).any(|urn| urn.eq_ignore_ascii_case(&target.path.shown()));
    let names = if is_extension { vec![target.path.shown()] } else { target.path.names.clone() };
    match (standing(directory, &names), &operation.value) {
        (Standing::Known(path), Value::Object(parts)) if is_extension && operation.verb != Verb::Remove => {
            for (name, value) in welcome_parts(directory, &path, parts)? {
                let path = AttrPath { names: vec![path.names[0].clone(), name] };
                taken.push(Operation { target: Some(Target { path, filter: None, part: None }), value, ..*operation });
            }
            Ok(())
        }
        (Standing::Known(path), _) => {
            let target = Some(Target { path, ..target.clone() });
            taken.push(Operation { target, ..operation.clone() });
            Ok(())
        }
        (Standing::Dropped, _) => Ok(()),
        (Standing::Unknown, _) => refused(directory, kind, &target.plain().shown()),
    }
}

fn welcome_pathless(directory: &Directory, operation: &Operation, taken: &mut Vec<Operation>) -> Result<(), Refusal> {
    let Value::Object(values) = &operation.value else {
        taken.push(operation.clone());
        return Ok(());
    };
    let mut plain = Attributes::new();
    for (name, value) in values {
        // The shape of the enterprise extension within a value is the same as in a replacement.
        if let (true, Value::Object(parts)) = (name.eq_ignore_ascii_case(ENTERPRISE), value) {
            let path = AttrPath { names: vec![ENTERPRISE.to_owned()] };
            plain.insert(ENTERPRISE.to_owned(), Value::Object(welcome_parts(directory, &path, parts)?));
            continue;
        }
        match AttrPath::parse(name) {
            Some(path) if path.names[0].starts_with("urn:") && !path.names[0].eq_ignore_ascii_case(ENTERPRISE) => {
                let target = Target { path, filter: None, part: None };
                let one = Operation { verb: operation.verb, target: Some(target.clone()), value: value.clone() };
                welcome_target(directory, &one, &target, "invalidValue", taken)?;
            }
            Some(path) => match standing(directory, &path.names) {
                Standing::Known(_) => {
                    plain.insert(name.clone(), value.clone());
                }
                Standing::Dropped => {}
                Standing::Unknown => refused(directory, "invalidValue", name)?,
            },
            None => {
                return Err(Refusal::bad("invalidPath", format!("`{name}` is no attribute")));
            }
        }
    }
    if !plain.is_empty() {
        taken.push(Operation { value: Value::Object(plain), ..operation.clone() });
    }
    Ok(())
}

/// What is wrong with the values of fields, if anything: each is a text.
pub(crate) fn misfit(directory: &Directory, attributes: &Attributes) -> Option<String> {
    let fields = match extension(directory) {
        None => Some(attributes),
        Some(urn) => match attributes.get(urn) {
            Some(Value::Object(fields)) => Some(fields),
            Some(_) => return Some(format!("{urn} is an object")),
            None => None,
        },
    };
    let wrong = |(name, value): (&String, &Value)| {
        let is_wrong = name.starts_with(PREFIX) && !value.is_string() && !is_unassigned(value);
        is_wrong.then(|| format!("{name} is a text"))
    };
    fields.and_then(|fields| fields.iter().find_map(wrong))
}

//! Reads `[[tests]]` of the mapping file: people as Okta would give them, and what must come out.

use config::ValueKind;
use serde_json::{Map, Value as Json};

use crate::config::mapping::test::{Expected, MappingTest};
use crate::config::reader::Reader;
use crate::config::values::{self, Conversion, Entry};
use crate::domain::model::assignment::{
    Assignment, AssignmentStatus, EmbeddedUser, Profile, ProfileValue, UserStatus, Via,
};
use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Value;

/// Reads all tests; `paths` are those that the mapping has rules for.
pub(super) fn read(root: &mut Reader<'_>, paths: &[AttributePath]) -> Vec<MappingTest> {
    let Some(entry) = root.take("tests") else { return Vec::new() };
    let ValueKind::Array(cases) = entry.value else {
        root.refuse(&entry, "write each test below a line [[tests]]");
        return Vec::new();
    };
    let mut tests = Vec::new();
    for case in cases {
        let case = root.table_of(Entry::new(entry.key.clone(), case));
        tests.extend(case.and_then(|case| one(case, paths)));
    }
    tests
}

fn one(mut case: Reader<'_>, paths: &[AttributePath]) -> Option<MappingTest> {
    let name = case.required("name", "what the test is about", values::quoted_text);
    let user = profile(case.table("user"));
    let app_profile = profile(case.table("appuser"));
    let person = person(case.table("assignment"), user, app_profile);
    let expected = expected(&mut case, paths);
    let place = case.findings.document.position(case.start);
    case.finish();
    Some(MappingTest { name: name?, place, person, expected: expected? })
}

fn profile(mut table: Reader<'_>) -> Profile {
    let attributes = table.take_rest().into_iter();
    attributes.filter_map(|(name, entry)| Some((name.into(), ProfileValue::from_json(json(entry.value))?))).collect()
}

/// A value as Okta would send it. What a table holds makes no difference.
fn json(value: ValueKind) -> Json {
    match value {
        ValueKind::String(text) => Json::from(text),
        ValueKind::I64(number) => Json::from(number),
        ValueKind::Float(number) => Json::from(number),
        ValueKind::Boolean(flag) => Json::from(flag),
        ValueKind::Array(items) => items.into_iter().map(|item| json(item.kind)).collect(),
        _ => Json::Object(Map::new()),
    }
}

/// The person of a test: an active user with an active assignment, apart from what the test says.
fn person(mut assignment: Reader<'_>, user: Profile, app_profile: Profile) -> Assignment {
    let mut text = |key| assignment.optional(key, values::quoted_text);
    let user_name = text("user_name").map(UserName::new);
    let id = text("id").unwrap_or_else(|| "00u1example".to_owned());
    let status = text("status").unwrap_or_else(|| "ACTIVE".to_owned());
    let via = assignment.choice("via", &[("user", Via::User), ("group", Via::Group)]);
    assignment.finish();
    Assignment {
        id: OktaUserId::new(id),
        user_name,
        status: AssignmentStatus::new(status),
        via,
        app_profile,
        user: Some(EmbeddedUser { status: UserStatus::Working, becoming: None, profile: user }),
    }
}

fn expected(case: &mut Reader<'_>, paths: &[AttributePath]) -> Option<Expected> {
    let held = case.take("held");
    if let Some(held) = &held
        && !matches!(held.value, ValueKind::Boolean(true))
    {
        case.refuse(held, "write true, or leave it out");
        return None;
    }
    let entries = case.table("expect").take_rest();
    if held.is_some() != entries.is_empty() {
        case.refuse_here("write what to expect, or held = true, and not both");
        return None;
    }
    if held.is_some() {
        return Some(Expected::Held);
    }
    let count = entries.len();
    let mut values = Vec::new();
    for (key, entry) in entries {
        let Some(path) = AttributePath::parse(&key).ok().filter(|path| paths.contains(path)) else {
            let message = "the mapping has no rule for this attribute; write one, or take this out";
            case.findings.refuse_at(entry.origin.key, format!("{}: {message}", entry.key));
            continue;
        };
        values.extend(case.converted(&entry, to_value).map(|value| (path, value)));
    }
    (values.len() == count).then_some(Expected::Values(values))
}

/// What a test expects of an attribute; nothing where it must be empty.
fn to_value(entry: &Entry) -> Conversion<Option<Value>> {
    const RIGHT: &str = "write a text, true or false, or a list of texts; \"\" stands for nothing";
    let text = |entry: &Entry| values::quoted_text(entry).map_err(|_| RIGHT.to_owned());
    match &entry.value {
        ValueKind::Boolean(flag) => Ok(Some(Value::Flag(*flag))),
        ValueKind::Array(items) => {
            let items = items.iter().map(|item| Entry::new(String::new(), item.clone()));
            let texts = items.map(|item| text(&item).map(Into::into));
            texts.collect::<Result<Vec<_>, _>>().map(Value::list)
        }
        _ => text(entry).map(Value::text),
    }
}

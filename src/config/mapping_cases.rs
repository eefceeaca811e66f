//! Reads `[[tests]]` of the mapping file: people as Okta would give them, and what must come out.

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::DeValue;

use crate::config::mapping_test::{Expected, MappingTest};
use crate::config::section::{FileProblems, Section, Text, below};
use crate::domain::model::assignment::{
    Assignment, AssignmentStatus, EmbeddedUser, Profile, ProfileValue, UserStatus, Via,
};
use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Value;

/// Reads all tests; `paths` are those that the mapping has rules for.
pub(super) fn read<'d>(
    notes: &mut FileProblems<'d>,
    root: &mut Section<'d>,
    paths: &[AttributePath],
) -> Vec<MappingTest> {
    let Some(cases) = root.take("tests") else { return Vec::new() };
    let at = cases.span().start;
    let DeValue::Array(cases) = cases.into_inner() else {
        notes.refuse(at, "tests: write each test below a line [[tests]]");
        return Vec::new();
    };
    cases
        .into_iter()
        .filter_map(|case| notes.table_from("tests", case).and_then(|case| one(notes, case, paths)))
        .collect()
}

fn one<'d>(notes: &mut FileProblems<'d>, mut case: Section<'d>, paths: &[AttributePath]) -> Option<MappingTest> {
    let at = case.at;
    let name = notes.needed_text(&mut case, "name", at, "what the test is about");
    let user = profile(notes.table(&mut case, "user"));
    let app_profile = profile(notes.table(&mut case, "appuser"));
    let person = person(notes, &mut case, user, app_profile);
    let expected = expected(notes, &mut case, paths);
    notes.end(case);
    Some(MappingTest { name: name?.text, place: notes.document.place(at), person, expected: expected? })
}

fn profile(table: Section<'_>) -> Profile {
    let attribute = |(name, value): (Spanned<toml::de::DeString<'_>>, Spanned<DeValue<'_>>)| {
        Some((name.get_ref().as_ref().into(), ProfileValue::from_json(json(value.into_inner()))?))
    };
    table.into_entries().into_iter().filter_map(attribute).collect()
}

/// A value as Okta would send it.
fn json(value: DeValue<'_>) -> Json {
    match value {
        DeValue::String(text) => Json::from(text.as_ref()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).map_or(Json::Null, Json::from),
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Json::Null, Json::from),
        DeValue::Boolean(flag) => Json::from(flag),
        DeValue::Datetime(time) => Json::from(time.to_string()),
        DeValue::Array(items) => items.into_iter().map(|item| json(item.into_inner())).collect(),
        DeValue::Table(table) => {
            table.into_iter().map(|(name, item)| (name.into_inner().into_owned(), json(item.into_inner()))).collect()
        }
    }
}

/// The person of a test: an active user with an active assignment, apart from what the test says.
fn person<'d>(notes: &mut FileProblems<'d>, case: &mut Section<'d>, user: Profile, app_profile: Profile) -> Assignment {
    let mut assignment = notes.table(case, "assignment");
    let mut word = |key| notes.text(&mut assignment, key).map(|Text { text, span: _ }| text);
    let user_name = word("user_name").map(UserName::new);
    let id = word("id").unwrap_or_else(|| "00u1example".to_owned());
    let status = word("status").unwrap_or_else(|| "ACTIVE".to_owned());
    let via = notes.choice(&mut assignment, "via", Via::User, &[("user", Via::User), ("group", Via::Group)]);
    notes.end(assignment);
    Assignment {
        id: OktaUserId::new(id),
        user_name,
        status: AssignmentStatus::new(status),
        via,
        app_profile,
        user: Some(EmbeddedUser { status: UserStatus::Working, becoming: None, profile: user }),
    }
}

fn expected<'d>(notes: &mut FileProblems<'d>, case: &mut Section<'d>, paths: &[AttributePath]) -> Option<Expected> {
    let at = case.at;
    let held = case.take("held");
    if let Some(held) = &held
        && !matches!(held.get_ref(), DeValue::Boolean(true))
    {
        notes.refuse(held.span().start, "tests.held: write true, or leave it out");
        return None;
    }
    let section = notes.table(case, "expect");
    let name = section.name.clone();
    let entries = section.into_entries();
    if held.is_some() != entries.is_empty() {
        notes.refuse(at, "tests: write what to expect, or held = true, and not both");
        return None;
    }
    if held.is_some() {
        return Some(Expected::Held);
    }
    let count = entries.len();
    let mut values = Vec::new();
    for (key, value) in entries {
        let value_name = below(&name, key.get_ref());
        let path = AttributePath::parse(key.get_ref()).ok().filter(|path| paths.contains(path));
        match (path, to_value(&value)) {
            (Some(path), Ok(value)) => values.push((path, value)),
            (None, _) => {
                notes.refuse(
                    key.span().start,
                    format!("{value_name}: the mapping has no rule for this attribute; write one, or take this out"),
                );
            }
            (Some(_), Err(right)) => notes.refuse(value.span().start, format!("{value_name}: {right}")),
        }
    }
    (values.len() == count).then_some(Expected::Values(values))
}

/// What a test expects of an attribute; nothing where it shall be empty.
fn to_value(value: &Spanned<DeValue<'_>>) -> Result<Option<Value>, &'static str> {
    let wanted = "write a text, true or false, or a list of texts; \"\" stands for nothing";
    match value.get_ref() {
        DeValue::String(text) => Ok(Value::text(text.as_ref())),
        DeValue::Boolean(flag) => Ok(Some(Value::Flag(*flag))),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.as_ref().into()),
                _ => Err(wanted),
            });
            texts.collect::<Result<Vec<_>, _>>().map(Value::list)
        }
        _ => Err(wanted),
    }
}

//! What a write leaves of what was sent: spelling, types, tidying, values that are dropped, and what a planted bend spoils. It knows attributes, not accounts.

use crate::face::Call;
use crate::haiilo::advocacy;
use crate::haiilo::bend::Bend;
use crate::haiilo::intranet::fields;
use crate::haiilo::manner::{Activation, Manner, Put, Strictness, Texts, UserNames};
use crate::haiilo::record::By;
use crate::haiilo::scim::patch::{self, Operation, Target, Verb};
use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::render;
use crate::haiilo::scim::schema;
use crate::haiilo::scim::text::{Attributes, folded, get, remove, set, text, tidied};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a PUT or a PATCH wants of an account.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) before: Attributes,
    pub(crate) wanted: Attributes,
    /// The attributes that the request names.
    pub(crate) mentions: Vec<AttrPath>,
    pub(crate) by: By,
}

/// Reads the body of a write.
pub(crate) fn body(call: &Call, violations: &mut Vec<String>) -> Result<Attributes, Refusal> {
    let content_type = call.header("content-type");
    let media = content_type.split(';').next().unwrap_or("").trim();
    if !["application/scim+json", "application/json"].iter().any(|known| media.eq_ignore_ascii_case(known)) {
        violations.push(format!("{} {} with content type `{content_type}`", call.method, call.path));
        return Err(Refusal::new(415, format!("content type `{content_type}` is not supported")));
    }
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Refusal::bad("invalidSyntax", "the body is an object")),
        Err(error) => Err(Refusal::bad("invalidSyntax", format!("the body is JSON: {error}"))),
    }
}

/// What a PUT makes of an account.
pub(crate) fn replaced(put: Put, before: &Attributes, sent: &Attributes) -> Attributes {
    let sent = schema::spelled(sent, Some(before));
    match put {
        Put::Replaces | Put::Unsupported(_) => sent,
        Put::KeepsUnsent => {
            let mut after = before.clone();
            for (name, value) in sent {
                // The name is one attribute, even if it is the URN of an extension, which as a path would be two.
                let target = Target { path: AttrPath { names: vec![name] }, filter: None, part: None };
                let operation = Operation { verb: Verb::Replace, target: Some(target), value };
                // What only the server writes stays as it is.
                let _ = patch::apply(&mut after, &operation, &Manner::default());
            }
            after
        }
        Put::ResetsUnsent => {
            let mut after = sent;
            let name = after.entry("name").or_insert_with(|| json!({}));
            for part in ["givenName", "familyName"] {
                if let Value::Object(name) = name
                    && get(name, part).is_none()
                {
                    set(name, part, Value::from(""));
                }
            }
            after
        }
    }
}

/// Whether one of these texts stands somewhere in a value.
fn holds(value: &Value, texts: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => texts.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, texts)),
        Value::Object(members) => members.values().any(|member| holds(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What is kept of `wanted`, or why it is refused.
pub(crate) fn kept(
    manner: &Manner,
    before: Option<&Attributes>,
    wanted: &Attributes,
    violations: &mut Vec<String>,
) -> Result<Attributes, Refusal> {
    let mut after = schema::spelled(wanted, before);
    remove(&mut after, "schemas");
    settle_active(&mut after, violations)?;
    if manner.texts == Texts::Tidied {
        for value in after.values_mut() {
            tidy(value);
        }
    }
    if manner.user_names == UserNames::LowerCased {
        let lower = folded(text(&after, "userName"));
        if !lower.is_empty() {
            set(&mut after, "userName", Value::from(lower));
        }
    }
    if manner.user_names == UserNames::WithoutTag
        && let Some((head, tail)) = text(&after, "userName").split_once('+')
        && let Some((_, host)) = tail.split_once('@')
    {
        let plain = format!("{head}@{host}");
        set(&mut after, "userName", Value::from(plain));
    }
    if after.values().any(|value| holds(value, &manner.refused)) {
        return Err(Refusal::bad("invalidValue", "this value is not allowed"));
    }
    if let Some(misfit) = schema::misfit(&after) {
        return Err(Refusal::bad("invalidValue", misfit));
    }
    let user_name = text(&after, "userName");
    if user_name.is_empty() {
        return Err(Refusal::bad("invalidValue", "userName is required"));
    }
    if manner.strict == Strictness::Advocacy {
        let renamed = before.is_none_or(|before| text(before, "userName") != user_name);
        if renamed && !advocacy::is_email(user_name) {
            return Err(Refusal::bad("invalidValue", "userName should be in the form of an email"));
        }
        advocacy::prune(&mut after, before);
        if let (None, Some(before)) = (get(&after, "active"), before) {
            // Nothing is no way to say that somebody goes.
            set(&mut after, "active", get(before, "active").cloned().unwrap_or(Value::Bool(true)));
        }
    }
    if manner.strict == Strictness::Intranet {
        if let Some(misfit) = fields::misfit(&manner.directory, &after) {
            return Err(Refusal::bad("invalidValue", misfit));
        }
        settle_activation(manner, before, &mut after);
    }
    for path in &manner.dropped {
        restore(&mut after, before, path);
    }
    Ok(after)
}

/// An account of an intranet begins active unless it shall not. One that becomes active may be hidden at first.
fn settle_activation(manner: &Manner, before: Option<&Attributes>, after: &mut Attributes) {
    let is_active = |attributes: &Attributes| get(attributes, "active") != Some(&Value::Bool(false));
    if before.is_none() && get(after, "active").is_none() {
        set(after, "active", Value::Bool(true));
    }
    let was = before.is_some_and(is_active);
    if manner.directory.activation == Activation::Hidden && !was {
        set(after, "active", Value::Bool(false));
    }
}

/// Honours `"true"` and `"False"`, which no correct client sends.
fn settle_active(after: &mut Attributes, violations: &mut Vec<String>) -> Result<(), Refusal> {
    let Some(Value::String(text)) = get(after, "active") else { return Ok(()) };
    violations.push(format!("active as the text `{text}`"));
    let active = match text.to_ascii_lowercase().as_str() {
        "true" => true,
        "false" => false,
        _ => return Err(Refusal::bad("invalidValue", "active is true or false")),
    };
    set(after, "active", Value::Bool(active));
    Ok(())
}

fn tidy(value: &mut Value) {
    match value {
        Value::String(text) => *text = tidied(text),
        Value::Array(list) => list.iter_mut().for_each(tidy),
        Value::Object(map) => map.values_mut().for_each(tidy),
        _ => {}
    }
}

/// Makes a value what it was before.
fn restore(after: &mut Attributes, before: Option<&Attributes>, path: &str) {
    let Some(path) = AttrPath::parse(path) else { return };
    if let [first] = path.names.as_slice() {
        set(after, first, before.and_then(|before| get(before, first)).cloned().unwrap_or(Value::Null));
        return;
    }
    let (first, last) = (&path.names[0], path.names.last().expect("a path has a name"));
    let old = before.and_then(|before| get(before, first));
    if get(after, first).is_none() {
        // The whole attribute was removed, but for what cannot change.
        if let Some(Value::Object(old)) = old
            && let Some(value) = get(old, last)
        {
            after.insert(first.clone(), json!({ last.as_str(): value }));
        }
        return;
    }
    match (after.get_mut(first), old) {
        (Some(Value::Object(new)), old) => {
            let old = old.and_then(Value::as_object).and_then(|old| get(old, last));
            set(new, last, old.cloned().unwrap_or(Value::Null));
        }
        (Some(Value::Array(new)), old) => {
            let old = old.and_then(Value::as_array);
            for (at, element) in new.iter_mut().enumerate() {
                let old = old.and_then(|old| old.get(at)?.as_object()).and_then(|old| get(old, last));
                if let Value::Object(element) = element {
                    set(element, last, old.cloned().unwrap_or(Value::Null));
                }
            }
        }
        _ => {}
    }
}

/// Loses the value at a path, unless the request names it.
pub(crate) fn lose(after: &mut Attributes, path: &str, mentions: &[AttrPath]) {
    if let Some(path) = AttrPath::parse(path)
        && !mentions.iter().any(|named| named.touches(&path))
    {
        render::cut(after, &path.names);
    }
}

/// Spoils what is stored.
pub(crate) fn bend(
    stored: &mut Attributes,
    before: Option<&Attributes>,
    bend: Option<&Bend>,
    mentions: impl FnOnce() -> Vec<AttrPath>,
) {
    match bend {
        Some(Bend::DropsValue(path)) => restore(stored, before, path),
        Some(Bend::Deactivates) => set(stored, "active", Value::Bool(false)),
        Some(Bend::ChangesOther) => {
            let mentions = mentions();
            let unnamed = ["name.familyName", "name.givenName", "addresses.region", "title"]
                .into_iter()
                .filter_map(Target::parse)
                .find(|target| !mentions.iter().any(|named| named.touches(&target.path)));
            let value = Value::from("Nobody sent this");
            let operation = Operation { verb: Verb::Replace, target: unnamed, value };
            // An account on which none of them can be set stays as it is.
            let _ = patch::apply(stored, &operation, &Manner::default());
        }
        _ => {}
    }
}

/// The attributes that an object names, down to their parts.
pub(crate) fn mentions(sent: &Attributes) -> Vec<AttrPath> {
    let paths = sent.iter().filter_map(|(name, value)| Some((AttrPath::parse(name)?, value)));
    paths.flat_map(|(path, value)| mentions_at(&path, value)).collect()
}

/// The same for the value of one attribute.
pub(crate) fn mentions_at(path: &AttrPath, value: &Value) -> Vec<AttrPath> {
    let elements = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    let inner = |part: &String, value: &Value| {
        let names = path.names.iter().chain([part]).cloned().collect();
        mentions_at(&AttrPath { names }, value)
    };
    let parts: Vec<AttrPath> =
        elements.iter().filter_map(Value::as_object).flatten().flat_map(|(part, value)| inner(part, value)).collect();
    if parts.is_empty() { vec![path.clone()] } else { parts }
}

//! The filters that we add to those of MiniJinja.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::mapping::rule::Tables;

/// The maximum number of steps of one evaluation: far more than a useful rule needs, and far too few for a noticeable delay.
const FUEL: u64 = 20_000;

/// The interpreter of a mapping with these tables.
pub(super) fn environment(tables: &Arc<Tables>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_fuel(Some(FUEL));
    // With debug information an error would contain values of the person.
    environment.set_debug(false);
    let tables = Arc::clone(tables);
    environment.add_filter("lookup", move |key: &Value, table: &str| lookup(&tables, key, table));
    environment.add_filter("before", |text: &Value, mark: &str| {
        split(text, |text| text.split_once(mark).map(|(head, _)| head))
    });
    environment.add_filter("after", |text: &Value, mark: &str| {
        split(text, |text| text.split_once(mark).map(|(_, tail)| tail))
    });
    // Template functions are not needed here, and `range` makes lists of any length.
    for name in ["range", "dict", "debug", "namespace"] {
        environment.remove_global(name);
    }
    environment
}

/// The entry of a table. An empty key gives an empty result. An unknown key gives the entry of `*`, or an error.
fn lookup(tables: &BTreeMap<String, BTreeMap<String, String>>, key: &Value, table: &str) -> Result<Value, Error> {
    let entries = tables.get(table).ok_or_else(|| {
        Error::new(
            ErrorKind::UnknownFunction,
            format!("there is no table [tables.{table}]; add it, or correct the name"),
        )
    })?;
    if key.is_undefined() || key.as_str().is_some_and(|key| key.trim().is_empty()) {
        return Ok(Value::UNDEFINED);
    }
    let name = key.to_string();
    if let Some(entry) = entries.get(name.as_str()).or_else(|| entries.get("*")) {
        return Ok(Value::from(entry.as_str()));
    }
    let message = format!("[tables.{table}] has no entry for {name:?}; add one, or one for \"*\"");
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

/// A part of a text. The result is the whole text where the mark is not in it, and empty for an empty text.
fn split(text: &Value, part: impl Fn(&str) -> Option<&str>) -> Result<Value, Error> {
    match text.as_str() {
        Some(text) => Ok(Value::from(part(text).unwrap_or(text))),
        None if text.is_undefined() => Ok(Value::UNDEFINED),
        None => {
            Err(Error::new(ErrorKind::InvalidOperation, "`before` and `after` take a text; make one with `| string`"))
        }
    }
}

//! The tests of a mapping: a person and what must come out. Pure; `check` and `init` run them.

use std::fmt;

use serde_json::Value as Json;

use crate::domain::mapping::{Mapper, Mapping};
use crate::domain::model::assignment::Assignment;
use crate::domain::model::person::{DesiredAccount, MappingDoubt};
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::{self, Value};

/// One of `[[tests]]`.
#[derive(Clone, Debug)]
pub struct MappingTest {
    /// `name`.
    pub name: String,
    /// File, line and column.
    pub place: String,
    pub(super) person: Assignment,
    pub(super) expected: Expected,
}

/// What must come out.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// The person is held.
    Held,
    /// These attributes have these values, or none. Others do not matter.
    Values(Vec<(AttributePath, Option<Value>)>),
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    /// The name of the test.
    pub name: String,
    /// File, line and column of the test.
    pub place: String,
    /// What differs, each as `diff` writes it below the name of the attribute: `-` is what the test says, `+` what the mapping gives. Empty
    /// where the test passed.
    pub failures: Vec<String>,
}

impl TestOutcome {
    /// Whether everything came out as the test says.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl fmt::Display for TestOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, place, failures } = self;
        let result = if failures.is_empty() { "passes" } else { "fails" };
        write!(f, "{place}: test {} {result}", Json::from(name.as_str()))?;
        failures.iter().try_for_each(|failure| write!(f, "\n{failure}"))
    }
}

/// Maps the person of each test and compares.
#[must_use]
pub fn run_tests(mapping: &Mapping, tests: &[MappingTest]) -> Vec<TestOutcome> {
    let mut mapper = Mapper::new(mapping);
    let run = |MappingTest { name, place, person, expected }: &MappingTest| {
        let failures = failures(mapping, expected, mapper.map(person.clone()));
        TestOutcome { name: name.clone(), place: place.clone(), failures }
    };
    tests.iter().map(run).collect()
}

fn failures(
    mapping: &Mapping,
    expected: &Expected,
    mapped: Result<Option<DesiredAccount>, MappingDoubt>,
) -> Vec<String> {
    let person = |expected: &str, found: &str| vec![format!("the person\n- {expected}\n+ {found}")];
    match (expected, mapped) {
        (Expected::Held, Err(_)) => Vec::new(),
        (Expected::Held, Ok(Some(_))) => person("held", "an account"),
        (Expected::Held, Ok(None)) => person("held", "left out by people.include"),
        (Expected::Values(_), Ok(None)) => person("an account", "left out by people.include"),
        (Expected::Values(_), Err(doubt)) => person("an account", &format!("held, because of {doubt}")),
        (Expected::Values(values), Ok(Some(desired))) => {
            values.iter().filter_map(|(path, value)| failure(mapping, &desired, path, value.as_ref())).collect()
        }
    }
}

fn failure(
    mapping: &Mapping,
    desired: &DesiredAccount,
    path: &AttributePath,
    expected: Option<&Value>,
) -> Option<String> {
    let slot = mapping.rules().iter().position(|rule| *rule.path == *path);
    let (rule, found) = match slot {
        Some(slot) => (&mapping.rules()[slot], desired.value(slot).cloned()),
        None => (mapping.user_name(), Value::text(desired.user_name.as_str())),
    };
    let differs = !value::same(expected, found.as_ref(), rule.compare);
    differs.then(|| format!("{path}\n- {}\n+ {}", shown(expected), shown(found.as_ref())))
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| value.to_json().to_string())
}

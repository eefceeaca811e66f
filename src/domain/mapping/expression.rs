//! One expression: checked when the configuration is read, evaluated for each person.
//!
//! An expression that is a plain path, or several paths with `or` between them, needs no interpreter. MiniJinja compiles all other
//! expressions. Each of them is evaluated once on a person without attributes and once on a person with all attributes. So unknown filters
//! and tables are found before the first real person. The result depends only on what the expression reads. So an expression that reads a
//! single attribute is evaluated once for each value of it: there are many people and few cities.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;
use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind};

use crate::mapping::context::{Names, Read, Root};
use crate::model::assignment::{Assignment, AssignmentStatus, EmbeddedUser, Profile, ProfileValue, UserStatus, Via};
use crate::model::ids::{OktaUserId, UserName};
use crate::scim::value::is_blank;

/// The maximum number of texts in a list.
const LONGEST_LIST: usize = 1_000;
/// The maximum length of a text value, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// The maximum length of an expression, in bytes. The parser is recursive and uses the stack.
const LONGEST_EXPRESSION: usize = 4 * 1024;

/// An expression that compiles, and what it reads.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) source: Arc<str>,
    pub(super) reads: Vec<Read>,
    form: SourceForm,
}

/// The form of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum SourceForm {
    /// `root.name`.
    Path,
    /// The first of several paths that has a value.
    FirstOf(Vec<Read>),
    /// Anything else.
    Other,
}

/// An expression, ready for one cycle.
pub(super) enum Compiled<'m> {
    Plain(&'m Read),
    FirstOf(&'m [Read], minijinja::Expression<'m, 'm>),
    Expression(minijinja::Expression<'m, 'm>),
    /// With its results for the values of the one attribute that it reads.
    Remembered(&'m Read, minijinja::Expression<'m, 'm>, RefCell<HashMap<CompactString, ExpressionResult>>),
}

/// The maximum number of cached values. An attribute with more values differs for each person, and a cache does not help.
const REMEMBERED: usize = 1_000;

/// The result of an expression.
#[derive(Clone)]
pub(super) enum ExpressionResult {
    Empty,
    Text(CompactString),
    Flag(bool),
    List(Vec<CompactString>),
}

/// Checks an expression. The error is a message, and the bytes with the problem.
pub(super) fn check(environment: &Environment<'_>, source: String) -> Result<Checked, (String, Option<Range<usize>>)> {
    if source.len() > LONGEST_EXPRESSION {
        return Err((format!("is {} bytes long; shorten it, {LONGEST_EXPRESSION} are the most", source.len()), None));
    }
    let trimmed = source.trim();
    if is_plain(trimmed) {
        let read = Read::parse(trimmed).map_err(|message| (message, None))?;
        return Ok(Checked { source: trimmed.into(), reads: vec![read], form: SourceForm::Path });
    }
    // No personal data is used here, so this interpreter may report the position of an error.
    let mut talkative = environment.clone();
    talkative.set_debug(true);
    let explain = |error: &minijinja::Error| (explanation(error), error.range());
    let expression = talkative.compile_expression(&source).map_err(|error| explain(&error))?;
    let mut variables: Vec<String> = expression.undeclared_variables(true).into_iter().collect();
    variables.sort();
    let reads = variables
        .iter()
        .map(|variable| Read::parse(variable).map_err(|message| (message, find(&source, variable))))
        .collect::<Result<Vec<_>, _>>()?;
    for person in [nobody(), everybody(&reads)] {
        if let Err(error) = expression.eval(minijinja::Value::from_object(Names(Arc::new(person)))) {
            let of_the_expression = matches!(
                error.kind(),
                ErrorKind::UnknownFilter
                    | ErrorKind::UnknownFunction
                    | ErrorKind::UnknownMethod
                    | ErrorKind::UnknownTest
                    | ErrorKind::OutOfFuel
                    | ErrorKind::TooManyArguments
                    | ErrorKind::MissingArgument
            );
            if of_the_expression {
                return Err(explain(&error));
            }
        }
    }
    let paths: Option<Vec<Read>> = trimmed
        .split(" or ")
        .map(|part| Some(part.trim()).filter(|part| is_plain(part)).and_then(|part| Read::parse(part).ok()))
        .collect();
    let form = paths.map_or(SourceForm::Other, SourceForm::FirstOf);
    Ok(Checked { source: source.into(), reads, form })
}

impl Checked {
    /// Compiles the expression for one cycle.
    pub(super) fn compile<'m>(&'m self, environment: &'m Environment<'_>) -> Compiled<'m> {
        let expression = || {
            let expression = environment.compile_expression(&self.source);
            expression.expect("it compiled when the configuration was read")
        };
        match (&self.form, &self.reads[..]) {
            (SourceForm::Path, reads) => Compiled::Plain(&reads[0]),
            (SourceForm::FirstOf(paths), _) => Compiled::FirstOf(paths, expression()),
            (SourceForm::Other, [read]) => Compiled::Remembered(read, expression(), RefCell::default()),
            (SourceForm::Other, _) => Compiled::Expression(expression()),
        }
    }
}

impl Compiled<'_> {
    /// Evaluates the expression for a person. The error says what is wrong, in words for the administrator.
    pub(super) fn evaluate(&self, person: &Arc<Assignment>) -> Result<ExpressionResult, String> {
        match self {
            Self::Plain(read) => match read.of(person) {
                None => Ok(ExpressionResult::Empty),
                Some(ProfileValue::Text(text)) => text_outcome(text),
                Some(ProfileValue::Flag(flag)) => Ok(ExpressionResult::Flag(flag)),
                Some(ProfileValue::List(items)) => list_outcome(items.iter().map(|item| match item {
                    ProfileValue::Text(text) => Ok(text.clone()),
                    _ => Err(NOT_ALL_TEXTS.to_owned()),
                })),
                Some(ProfileValue::Number(_)) => Err(a_number()),
                Some(ProfileValue::Odd) => Err("yields an object, which is no text; read another attribute".to_owned()),
            },
            Self::FirstOf(paths, expression) => {
                let first = paths.iter().find_map(|path| path.of(person));
                match first {
                    None => Ok(ExpressionResult::Empty),
                    Some(ProfileValue::Text(text)) => text_outcome(text),
                    // The interpreter decides whether these values count as a value.
                    Some(_) => interpret(expression, person),
                }
            }
            Self::Expression(expression) => interpret(expression, person),
            Self::Remembered(read, expression, known) => match read.of(person) {
                Some(ProfileValue::Text(text)) => {
                    if let Some(outcome) = known.borrow().get(&text) {
                        return Ok(outcome.clone());
                    }
                    let outcome = interpret(expression, person)?;
                    let mut known = known.borrow_mut();
                    if known.len() < REMEMBERED {
                        known.insert(text, outcome.clone());
                    }
                    Ok(outcome)
                }
                _ => interpret(expression, person),
            },
        }
    }
}

fn interpret(expression: &minijinja::Expression<'_, '_>, person: &Arc<Assignment>) -> Result<ExpressionResult, String> {
    let value = expression
        .eval(minijinja::Value::from_object(Names(Arc::clone(person))))
        .map_err(|error| explanation(&error))?;
    outcome(&value)
}

/// A NUL character is always a mistake. Haiilo and some databases do not accept it.
const NUL: &str = "yields a text with a NUL character in it; remove that in Okta";

const NOT_ALL_TEXTS: &str =
    "yields a list whose items are not all texts; make them texts with `| map('string') | list`";

fn a_number() -> String {
    "yields a number; make it a text with `| string`".to_owned()
}

fn outcome(value: &minijinja::Value) -> Result<ExpressionResult, String> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(ExpressionResult::Empty),
        ValueKind::Bool => Ok(ExpressionResult::Flag(value.is_true())),
        ValueKind::String => text_outcome(value.as_str().expect("its kind is string").into()),
        ValueKind::Number => Err(a_number()),
        ValueKind::Seq | ValueKind::Iterable => {
            let items = value.try_iter().map_err(|error| explanation(&error))?;
            list_outcome(items.filter(|item| !item.is_undefined() && !item.is_none()).map(|item| match item.as_str() {
                Some(text) => Ok(text.into()),
                None => Err(NOT_ALL_TEXTS.to_owned()),
            }))
        }
        _ => Err("yields something that is neither a text nor a list of texts; read another attribute".to_owned()),
    }
}

fn text_outcome(text: CompactString) -> Result<ExpressionResult, String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!("yields a text of {} bytes; shorten it, {LONGEST_TEXT} are the most", text.len()));
    }
    if text.contains('\0') {
        return Err(NUL.to_owned());
    }
    Ok(if is_blank(&text) { ExpressionResult::Empty } else { ExpressionResult::Text(text) })
}

/// Counts while it collects, because a lazy list can be long without being in memory.
fn list_outcome(items: impl Iterator<Item = Result<CompactString, String>>) -> Result<ExpressionResult, String> {
    let mut texts = Vec::new();
    for item in items {
        if texts.len() == LONGEST_LIST {
            return Err(format!("yields a list of more than {LONGEST_LIST} texts; shorten it"));
        }
        let item = item?;
        if item.contains('\0') {
            return Err(NUL.to_owned());
        }
        texts.push(item);
    }
    texts.retain(|text: &CompactString| !text.trim().is_empty());
    Ok(if texts.is_empty() { ExpressionResult::Empty } else { ExpressionResult::List(texts) })
}

/// The error's message without its Debug form, which contains values of the person.
fn explanation(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "takes too many steps; make the expression shorter".to_owned(),
        (ErrorKind::UnknownFilter, Some(detail)) => {
            format!("{detail}; use one of trim, lower, upper, title, before, after, lookup and those of MiniJinja")
        }
        // For an error from a filter, ours included, the kind adds nothing to the message.
        (ErrorKind::InvalidOperation | ErrorKind::UnknownFunction, Some(detail)) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

/// Whether an expression is only `root.name`.
fn is_plain(source: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    source.split_once('.').is_some_and(|(root, name)| is_name(root) && is_name(name))
}

fn find(source: &str, variable: &str) -> Option<Range<usize>> {
    let start = source.find(variable)?;
    Some(start..start + variable.len())
}

/// A person without any attribute.
fn nobody() -> Assignment {
    Assignment {
        id: OktaUserId::new("00u"),
        user_name: None,
        status: AssignmentStatus::new("ACTIVE"),
        via: Via::User,
        app_profile: Profile::default(),
        user: Some(EmbeddedUser { status: UserStatus::Working, becoming: None, profile: Profile::default() }),
    }
}

/// A person who has each attribute that the expression reads, as a text.
fn everybody(reads: &[Read]) -> Assignment {
    let profile = |root: Root| {
        let names = reads.iter().filter(|read| read.root == root).map(|read| read.name.clone());
        names.map(|name| (name, ProfileValue::Text("a".into()))).collect()
    };
    Assignment {
        user_name: Some(UserName::new("a")),
        app_profile: profile(Root::AppUser),
        user: Some(EmbeddedUser { status: UserStatus::Working, becoming: None, profile: profile(Root::User) }),
        ..nobody()
    }
}

//! A TOML file as values with their position in it. Follows TOML 1.1 (toml.io) as the crate `toml` reads it.
//!
//! The crate's own error text quotes the line in question, which may hold a secret. So only its message and position are used.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use config::{Map, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What marks the origin of a date.
const DATE: &str = " date";

/// Keys with their values.
pub(super) type Table = Map<String, Value>;

/// One thing that is wrong with the configuration, and what would be right. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: a file, with line and column where these are known, or a variable of the environment.
    pub place: String,
    /// What is wrong and what would be right, without the place.
    pub message: String,
}

/// A file that was read.
pub(super) struct Document {
    path: PathBuf,
    text: String,
}

/// Where a value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ValueOrigin {
    /// The variable of the environment; nothing for a value of the file.
    pub(super) variable: Option<String>,
    /// The first byte of the key in the file.
    pub(super) key: usize,
    /// The first byte of the value in the file; for a text that is its quote.
    pub(super) value: usize,
    /// Whether it is a date without quotes: no text in a mapping, and text elsewhere.
    pub(super) is_date: bool,
}

impl Problem {
    pub(super) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

/// One line, whatever a value held.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!("{}: {}", self.place, self.message);
        f.write_str(&line.replace(|c: char| c.is_control(), " "))
    }
}

impl std::error::Error for Problem {}

impl ValueOrigin {
    /// Reads the text in which the crate `config` keeps an origin: two numbers for the file, and a mark for a date; or the name of a
    /// variable.
    pub(super) fn of(value: &Value) -> Self {
        let text = value.origin().unwrap_or_default();
        let numbers: Vec<usize> = text.split(' ').map_while(|part| part.parse().ok()).collect();
        match numbers[..] {
            [key, value] => Self { variable: None, key, value, is_date: text.ends_with(DATE) },
            _ => Self { variable: Some(text.to_owned()), ..Self::default() },
        }
    }
}

impl Document {
    /// A text that is in a file, or will be.
    pub(super) fn new(path: &Path, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    /// Reads a file; a draft is its text before it is written.
    pub(super) fn read(path: &Path, draft: Option<&str>) -> Result<Self, Vec<Problem>> {
        let text = draft.map_or_else(|| fs::read_to_string(path), |text| Ok(text.to_owned()));
        text.map(|text| Self::new(path, text)).map_err(|error| {
            let message = format!("cannot be read: {error}; check the path, its owner and its mode");
            vec![Problem::new(path.display().to_string(), message)]
        })
    }

    /// Parses the text; the error lists everything that is not TOML, including keys that are there twice.
    pub(super) fn parse(&self) -> Result<Table, Vec<Problem>> {
        let (table, mut errors) = DeTable::parse_recoverable(&self.text);
        if errors.is_empty() {
            return Ok(to_table(table.into_inner()));
        }
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let problem = |error: &toml::de::Error| {
            let span = error.span().unwrap_or_default();
            let message = match error.message() {
                "duplicate key" => format!("the key {} stands twice; keep one of the two", &self.text[span.clone()]),
                message => format!("is no TOML: {message}"),
            };
            Problem::new(self.position(span.start), message)
        };
        Err(errors.iter().map(problem).collect())
    }

    /// The name of the file, for messages.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// File and line of a byte of the text.
    pub(super) fn line(&self, at: usize) -> String {
        let line = self.text[..at].matches('\n').count() + 1;
        format!("{}:{line}", self.path.display())
    }

    /// File, line and column of a byte of the text; columns are counted in characters, from 1.
    pub(super) fn position(&self, at: usize) -> String {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let column = self.text[start..at].chars().count() + 1;
        format!("{}:{column}", self.line(at))
    }

    /// The byte of the file from which a byte of a text value came: quotes, escapes and trimmed line ends are in the file only.
    ///
    /// `start` is where the value begins in the file, with its quotes, and `at` counts in the value itself.
    pub(super) fn byte_of_text(&self, start: usize, at: usize) -> usize {
        let raw = &self.text[start..];
        let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or("");
        let mut raw = &raw[quotes.len()..];
        if quotes.len() == 3 {
            // A line end right after three quotes belongs to them.
            raw = raw.strip_prefix("\r\n").or_else(|| raw.strip_prefix('\n')).unwrap_or(raw);
        }
        let mut read = 0;
        while read < at && !raw.is_empty() {
            let (taken, given) = if quotes.starts_with('"') { piece(raw) } else { plain(raw) };
            raw = &raw[taken..];
            read += given;
        }
        self.text.len() - raw.len()
    }
}

fn to_table(table: DeTable<'_>) -> Table {
    table.into_iter().map(|(key, value)| (key.get_ref().to_string(), to_value(key.span().start, value))).collect()
}

/// A value with its origin. A table without entries becomes [`ValueKind::Nil`], which TOML has no other use for: the crate `config` forgets
/// the position of a table when it merges it.
fn to_value(key: usize, value: Spanned<DeValue<'_>>) -> Value {
    let mut origin = format!("{key} {}", value.span().start);
    let kind = match value.into_inner() {
        DeValue::String(text) => ValueKind::String(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(whole) => ValueKind::I64(whole),
            // Larger than any of our keys accepts; as a fraction it is refused with the others.
            Err(_) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(number) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => ValueKind::Boolean(flag),
        DeValue::Datetime(time) => {
            origin.push_str(DATE);
            ValueKind::String(time.to_string())
        }
        DeValue::Array(items) => {
            ValueKind::Array(items.into_iter().map(|item| to_value(item.span().start, item)).collect())
        }
        DeValue::Table(table) if table.is_empty() => ValueKind::Nil,
        DeValue::Table(table) => ValueKind::Table(to_table(table)),
    };
    Value::new(Some(&origin), kind)
}

/// One character: its bytes in the file and in the text.
fn plain(raw: &str) -> (usize, usize) {
    let length = raw.chars().next().map_or(0, char::len_utf8);
    (length, length)
}

/// One character or escape of a text in double quotes: its bytes in the file and in the text.
fn piece(raw: &str) -> (usize, usize) {
    let Some(escape) = raw.strip_prefix('\\') else { return plain(raw) };
    let digits = match escape.chars().next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(' ' | '\t' | '\r' | '\n') => {
            return (raw.len() - escape.trim_start_matches([' ', '\t', '\r', '\n']).len(), 0);
        }
        _ => return (2, 1),
    };
    let code = escape.get(1..=digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use config::ValueKind;

    use super::{Document, Problem, ValueOrigin};

    fn document(text: &str) -> Document {
        Document { path: "a.toml".into(), text: text.to_owned() }
    }

    #[track_caller]
    fn refused(text: &str, problems: &[&str]) {
        let document = document(text);
        let found = document.parse().expect_err("no TOML");
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), problems);
    }

    #[test]
    fn what_is_no_toml() {
        refused("a = 1\n[b]\nc = 2\nc = 3\n", &["a.toml:4:1: the key c stands twice; keep one of the two"]);
        refused("[b]\nc = 1\n[b]\n", &["a.toml:3:2: the key b stands twice; keep one of the two"]);
        refused(
            "a = plain-secret\nb = \"secret\n",
            &[
                "a.toml:1:5: is no TOML: string values must be quoted, expected literal string",
                "a.toml:2:12: is no TOML: invalid basic string, expected `\"`",
            ],
        );
        refused("é = 1", &["a.toml:1:1: is no TOML: invalid unquoted key, expected letters, numbers, `-`, `_`"]);
    }

    /// The `|` of the value is found again in the file, whatever the quotes.
    #[track_caller]
    fn found(text: &str) {
        let document = document(text);
        let table = document.parse().expect("TOML");
        let value = table.values().next().expect("a key");
        let ValueKind::String(decoded) = &value.kind else { panic!("a text") };
        let at = decoded.find('|').expect("a mark in the value");
        let byte = document.byte_of_text(ValueOrigin::of(value).value, at);
        assert_eq!(document.text[byte..].chars().next(), Some('|'), "{text}: byte {byte}");
    }

    #[test]
    fn a_place_in_a_text_is_found_in_the_file() {
        found("a = \"x | y\"");
        found("a = 'x | y'");
        found("a = \"|\"");
        found("a = \"\\\"\\t\\\\ | y\"");
        found("a = \"\\u00e9\\U0001F600\\x41é | y\"");
        found("a = '\\u00e9 | y'");
        found("a = \"\"\"\nx\n\"quoted\" | y\"\"\"");
        found("a = \"\"\"\r\nx\r\n | y\"\"\"");
        found("a = \"\"\"x \\\n\n     y | z\"\"\"");
        found("a = '''\nx \\\n| y'''");
        found("é = 1\na = \"é | y\"".trim_start_matches("é = 1\n"));
    }

    #[test]
    fn a_problem_is_one_line() {
        let problem = Problem::new("a.toml:1", "okta.app_id: over\r\ntwo lines");
        assert_eq!(problem.to_string(), "a.toml:1: okta.app_id: over  two lines");
    }

    #[test]
    fn places_count_lines_and_characters() {
        let document = document("a = 1\nb = \"é|\"\n");
        assert_eq!(document.position(0), "a.toml:1:1");
        assert_eq!(document.position(document.text.find('|').expect("a mark")), "a.toml:2:7");
        assert_eq!(document.line(document.text.len()), "a.toml:3");
    }
}

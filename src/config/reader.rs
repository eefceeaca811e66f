//! Reads keys from the table of a file, each once: a value is converted, or a problem is noted and the reading goes on. A key that nothing
//! reads is unknown. The value of each key, its default included, is noted for reports.

use std::time::Duration;

use config::ValueKind;

use crate::config::document::{Document, Problem, Table, ValueOrigin};
use crate::config::values::{self, Conversion, Entry};

/// Keys that begin so are secrets and addresses that work like secrets; a value there may be one of them in the wrong place.
const NEVER_SHOWN: [&str; 4] = ["okta.auth.", "haiilo.auth.", "notify.", "state_password"];

/// The longest part of a value that a message quotes, in characters.
const LONGEST_QUOTE: usize = 60;

/// Which file is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Its keys have their sections before them. Messages name the line of a key, and show a value that is no secret.
    Configuration,
    /// Its tables are read one by one. Messages name line and column of a value, and do not show it.
    Mapping,
}

/// A file, and what was found in it so far.
pub(super) struct FileFindings {
    pub(super) document: Document,
    kind: FileKind,
    /// With the byte of the file.
    problems: Vec<(usize, Problem)>,
    /// What is no error, a line each.
    pub(super) warnings: Vec<String>,
    /// The values of keys: key and value, in the order in which they were read.
    pub(super) effective: Vec<(String, String)>,
}

/// A table of a file.
pub(super) struct Reader<'f> {
    /// As the file would write it; empty for the file itself.
    pub(super) name: String,
    /// The byte that messages about the table point to.
    pub(super) start: usize,
    /// What was not read yet.
    pub(super) entries: Table,
    /// What was asked for.
    pub(super) known: Vec<String>,
    pub(super) findings: &'f mut FileFindings,
}

impl FileFindings {
    /// Nothing yet.
    pub(super) fn new(document: Document, kind: FileKind) -> Self {
        Self { document, kind, problems: Vec::new(), warnings: Vec::new(), effective: Vec::new() }
    }

    /// Notes a problem at a byte of the file.
    pub(super) fn refuse_at(&mut self, at: usize, message: impl Into<String>) {
        self.problems.push((at, Problem::new(self.document.position(at), message)));
    }

    /// All problems: those of a mapping in the order of the file, those of the configuration as they were found.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.problems);
        if self.kind == FileKind::Mapping {
            problems.sort_by(|(at, a), (other, b)| at.cmp(other).then_with(|| a.message.cmp(&b.message)));
        }
        problems.into_iter().map(|(_, problem)| problem).collect()
    }

    /// The position of a value, for messages about it.
    pub(super) fn place(&self, entry: &Entry) -> String {
        let ValueOrigin { variable, key, value, is_date: _ } = &entry.origin;
        match (variable, self.kind) {
            (Some(variable), _) => variable.clone(),
            (None, FileKind::Configuration) => self.document.line(*key),
            (None, FileKind::Mapping) => self.document.position(*value),
        }
    }

    /// The key with its value, or only the key where the value must not be seen.
    fn shown(&self, entry: &Entry) -> String {
        let Entry { key, value, origin: _ } = entry;
        let text = quoted(value);
        // The whole value, since a password may begin before and end behind the part that is quoted.
        let whole = value.to_string();
        let may_hold_password =
            whole.contains("password=") || whole.contains('@') && (whole.contains("://") || key == "state");
        let is_hidden = may_hold_password || NEVER_SHOWN.iter().any(|section| key.starts_with(section));
        if is_hidden || self.kind == FileKind::Mapping { key.clone() } else { format!("{key} = {text}") }
    }
}

impl<'f> Reader<'f> {
    /// A reader of the whole file.
    pub(super) fn new(findings: &'f mut FileFindings, entries: Table) -> Self {
        Self { name: String::new(), start: 0, entries, known: Vec::new(), findings }
    }

    /// A key, if it is set. From now on it is known.
    pub(super) fn take(&mut self, key: &str) -> Option<Entry> {
        self.known.push(key.to_owned());
        self.entries.remove(key).map(|value| Entry::new(self.path(key), value))
    }

    /// A key that may be left out.
    pub(super) fn optional<T>(&mut self, key: &str, convert: impl FnOnce(&Entry) -> Conversion<T>) -> Option<T> {
        let entry = self.take(key)?;
        self.converted(&entry, convert)
    }

    /// The converted value of an entry; nothing where it has another form, which is noted.
    pub(super) fn converted<T>(&mut self, entry: &Entry, convert: impl FnOnce(&Entry) -> Conversion<T>) -> Option<T> {
        convert(entry).map_err(|right| self.refuse(entry, &right)).ok()
    }

    /// A key with a default.
    pub(super) fn with_default<T: ToString>(
        &mut self,
        key: &str,
        default: T,
        convert: impl FnOnce(&Entry) -> Conversion<T>,
    ) -> T {
        self.shown_as(key, default, T::to_string, convert)
    }

    /// A key with a default; `shown` is how reports show its value.
    pub(super) fn shown_as<T, S: ToString>(
        &mut self,
        key: &str,
        default: T,
        shown: impl FnOnce(&T) -> S,
        convert: impl FnOnce(&Entry) -> Conversion<T>,
    ) -> T {
        let value = self.optional(key, convert).unwrap_or(default);
        self.note_effective(key, &shown(&value));
        value
    }

    /// A key without a safe default; `what` says what it is.
    pub(super) fn required<T: ToString>(
        &mut self,
        key: &str,
        what: &str,
        convert: impl FnOnce(&Entry) -> Conversion<T>,
    ) -> Option<T> {
        if !self.is_set(key) {
            self.note_missing(key, what);
        }
        let value = self.optional(key, convert)?;
        self.note_effective(key, &value);
        Some(value)
    }

    /// A key that is one of several words, of which the first is the default.
    pub(super) fn choice<T: Copy + PartialEq>(&mut self, key: &str, words: &[(&'static str, T)]) -> T {
        let word = |value: &T| words.iter().find(|(_, known)| known == value).map_or("", |(word, _)| *word);
        self.shown_as(key, words[0].1, word, values::choice(words))
    }

    /// A list of texts, empty by default.
    pub(super) fn list(&mut self, key: &str, convert: impl FnOnce(&Entry) -> Conversion<Vec<String>>) -> Vec<String> {
        self.shown_as(key, Vec::new(), |texts| texts.join(", "), convert)
    }

    /// A time; the default and the range are written as in the file.
    pub(super) fn duration(&mut self, key: &str, default: &str, range: [&'static str; 2]) -> Duration {
        let default = values::parse_duration(default).expect("a default is a time");
        self.shown_as(key, default, |time| values::duration_text(*time), values::duration(range))
    }

    /// The table below a key; an empty one where the key is not set.
    pub(super) fn table(&mut self, key: &str) -> Reader<'_> {
        let content = self.take(key).and_then(|entry| self.content(entry));
        let (start, entries) = content.unwrap_or_else(|| (self.start, Table::new()));
        Reader { name: self.path(key), start, entries, known: Vec::new(), findings: self.findings }
    }

    /// The table that an entry holds; nothing where it holds none, which is noted.
    pub(super) fn table_of(&mut self, entry: Entry) -> Option<Reader<'_>> {
        let name = entry.key.clone();
        let (start, entries) = self.content(entry)?;
        Some(Reader { name, start, entries, known: Vec::new(), findings: self.findings })
    }

    fn content(&mut self, entry: Entry) -> Option<(usize, Table)> {
        match entry.value {
            ValueKind::Table(entries) => Some((entry.origin.value, entries)),
            ValueKind::Nil => Some((entry.origin.value, Table::new())),
            _ => {
                self.refuse(&entry, &format!("write a table, as in [{}]", entry.key));
                None
            }
        }
    }

    /// Every key that is left with its entry, in the order of the file.
    pub(super) fn take_rest(&mut self) -> Vec<(String, Entry)> {
        let rest = std::mem::take(&mut self.entries).into_iter();
        let entry = |(key, value)| (String::clone(&key), Entry::new(self.path(&key), value));
        let mut rest: Vec<_> = rest.map(entry).collect();
        rest.sort_by_key(|(_, entry)| entry.origin.key);
        rest
    }

    /// Ends a table of a mapping: what is left of it is unknown.
    pub(super) fn finish(mut self) {
        for (key, entry) in self.take_rest() {
            let message = match nearest(&key, self.known.iter().map(String::as_str)) {
                Some(nearest) => format!("did you mean {nearest}?"),
                None => format!("possible are {}", self.known.join(", ")),
            };
            self.findings.refuse_at(entry.origin.key, format!("{}: unknown key; {message}", entry.key));
        }
    }

    /// Notes the value of a key, for reports.
    pub(super) fn note_effective(&mut self, key: &str, value: &impl ToString) {
        let key = self.path(key);
        self.findings.effective.push((key, value.to_string()));
    }

    /// Notes that a key is missing.
    pub(super) fn note_missing(&mut self, key: &str, what: &str) {
        let message = format!("{key} is missing: {what}");
        if self.name.is_empty() {
            self.note_problems([Problem::new(self.findings.document.name(), message)]);
        } else {
            self.refuse_here(&message);
        }
    }

    /// Notes what would be right instead of a value.
    pub(super) fn refuse(&mut self, entry: &Entry, right: &str) {
        let problem = self.problem(entry, right);
        self.findings.problems.push((entry.origin.value, problem));
    }

    /// Notes what is wrong with the table as a whole.
    pub(super) fn refuse_here(&mut self, message: &str) {
        self.findings.refuse_at(self.start, format!("{}: {message}", self.name));
    }

    /// What is wrong with a value, not noted yet.
    pub(super) fn problem(&self, entry: &Entry, right: &str) -> Problem {
        Problem::new(self.findings.place(entry), format!("{}: {right}", self.findings.shown(entry)))
    }

    /// Notes problems that were found elsewhere.
    pub(super) fn note_problems(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.findings.problems.extend(problems.into_iter().map(|problem| (0, problem)));
    }

    /// Notes what is no error.
    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.findings.warnings.push(warning.into());
    }

    /// Whether a key is set and was not read yet.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Where the value of a key came from that was not read yet.
    pub(super) fn origin(&self, key: &str) -> ValueOrigin {
        self.entries.get(key).map(ValueOrigin::of).unwrap_or_default()
    }

    /// Reads a key that means nothing beside another one.
    pub(super) fn without_effect(&mut self, key: &str, beside: &str) {
        if self.take(key).is_some() {
            self.warn(format!("{key} has no effect {beside}"));
        }
    }

    /// A key as messages name it.
    fn path(&self, key: &str) -> String {
        match self.findings.kind {
            FileKind::Configuration => key.to_owned(),
            FileKind::Mapping => {
                let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
                if self.name.is_empty() { key } else { format!("{}.{key}", self.name) }
            }
        }
    }
}

/// The known name that differs in the fewest letters: at most in a third of them.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let distances = known.into_iter().map(|known| (strsim::damerau_levenshtein(name, known), known));
    distances.filter(|(distance, _)| distance * 3 <= name.len()).min().map(|(_, known)| known)
}

/// A value as the file would write it, shortened.
fn quoted(value: &ValueKind) -> String {
    let text = match value {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(items) => {
            format!("[{}]", items.iter().map(|item| quoted(&item.kind)).collect::<Vec<_>>().join(", "))
        }
        ValueKind::Nil => "{}".to_owned(),
        ValueKind::Table(_) => "{ … }".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(nearest(name, ["value", "compare", "on", "when_empty"]), expected, "{name}");
    }

    #[test]
    fn a_slip_of_the_keyboard() {
        check("valeu", Some("value"));
        check("values", Some("value"));
        check("whenempty", Some("when_empty"));
        check("compere", Some("compare"));
        check("no", None);
        check("", None);
        check("unsupported", None);
    }
}

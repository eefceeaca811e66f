//! Takes keys from a table of a TOML file, and notes every problem with line and column. What nobody took is unknown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::document::Document;
use crate::config::nearest::nearest;
use crate::config::problem::Problem;

/// A table of the file.
pub(super) struct Section<'d> {
    /// Its name as the file would write it, for messages.
    pub(super) name: String,
    /// Where it begins.
    pub(super) at: usize,
    entries: DeTable<'d>,
    known: Vec<&'static str>,
}

/// A text with its quotes' place in the file.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

/// The file, and what was found about it so far.
pub(super) struct FileProblems<'d> {
    pub(super) document: &'d Document,
    problems: Vec<(usize, String)>,
}

impl<'d> Section<'d> {
    /// The whole file.
    pub(super) fn root(table: Spanned<DeTable<'d>>) -> Self {
        Self { name: String::new(), at: 0, entries: table.into_inner(), known: Vec::new() }
    }

    fn empty(name: String, at: usize) -> Self {
        Self { name, at, entries: DeTable::new(), known: Vec::new() }
    }

    /// A key, if it is there. From now on it is known.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'d>>> {
        self.known.push(key);
        self.entries.remove(key)
    }

    /// The keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(|key| key.get_ref().as_ref())
    }

    /// Every entry, in the order of the file.
    pub(super) fn into_entries(self) -> Vec<(Spanned<DeString<'d>>, Spanned<DeValue<'d>>)> {
        let mut entries: Vec<_> = self.entries.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    /// The first key of a table that holds tables alone: a path with dots that lacks its quotes looks like that.
    pub(super) fn first_of_tables(&self) -> Option<&str> {
        let all = self.entries.values().all(|value| matches!(value.get_ref(), DeValue::Table(_)));
        self.keys().next().filter(|_| all)
    }
}

/// A key below a section, as the file would write it.
pub(super) fn below(section: &str, key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let key = if is_bare { key.to_owned() } else { format!("{key:?}") };
    if section.is_empty() { key } else { format!("{section}.{key}") }
}

impl<'d> FileProblems<'d> {
    /// No notes yet.
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, problems: Vec::new() }
    }

    /// Notes a problem at a byte of the file.
    pub(super) fn refuse(&mut self, at: usize, message: impl Into<String>) {
        self.problems.push((at, message.into()));
    }

    /// A table below a key; an empty one where the key is missing.
    pub(super) fn table(&mut self, section: &mut Section<'d>, key: &'static str) -> Section<'d> {
        let name = below(&section.name, key);
        let at = section.at;
        let found = section.take(key).and_then(|value| self.table_from(&name, value));
        found.unwrap_or_else(|| Section::empty(name, at))
    }

    /// A value as a table.
    pub(super) fn table_from(&mut self, name: &str, value: Spanned<DeValue<'d>>) -> Option<Section<'d>> {
        let at = value.span().start;
        if let DeValue::Table(entries) = value.into_inner() {
            return Some(Section { name: name.to_owned(), at, entries, known: Vec::new() });
        }
        self.refuse(at, format!("{name}: write a table, as in [{name}]"));
        None
    }

    /// A text.
    pub(super) fn text(&mut self, section: &mut Section<'d>, key: &'static str) -> Option<Text> {
        let value = section.take(key)?;
        self.text_from(&below(&section.name, key), &value)
    }

    /// A text that must be there; `at` is the place to complain about, and `what` says what is missing.
    pub(super) fn needed_text(
        &mut self,
        section: &mut Section<'d>,
        key: &'static str,
        at: usize,
        what: &str,
    ) -> Option<Text> {
        if !section.entries.contains_key(key) {
            self.refuse(at, format!("{}: {key} is missing: {what}", section.name));
        }
        self.text(section, key)
    }

    /// A value as a text.
    pub(super) fn text_from(&mut self, name: &str, value: &Spanned<DeValue<'d>>) -> Option<Text> {
        let span = value.span();
        if let DeValue::String(text) = value.get_ref() {
            return Some(Text { text: text.to_string(), span });
        }
        self.refuse(span.start, format!("{name}: write a text in quotes"));
        None
    }

    /// One of several words, or the default.
    pub(super) fn choice<T: Copy>(
        &mut self,
        section: &mut Section<'d>,
        key: &'static str,
        default: T,
        words: &[(&str, T)],
    ) -> T {
        let Some(value) = section.take(key) else { return default };
        let given = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            _ => "",
        };
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == given) {
            return *meant;
        }
        let words: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        self.refuse(value.span().start, format!("{}: write {}", below(&section.name, key), words.join(" or ")));
        default
    }

    /// Notes what is left of a table as unknown.
    pub(super) fn end(&mut self, section: Section<'d>) {
        let Section { name, at: _, entries, known } = section;
        for (key, _) in entries {
            let path = below(&name, key.get_ref());
            let message = match nearest(key.get_ref(), known.iter().copied()) {
                Some(nearest) => format!("{path}: unknown key; did you mean {nearest}?"),
                None => format!("{path}: unknown key; possible are {}", known.join(", ")),
            };
            self.refuse(key.span().start, message);
        }
    }

    /// All problems, in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort();
        self.problems.into_iter().map(|(at, message)| Problem::new(self.document.place(at), message)).collect()
    }
}

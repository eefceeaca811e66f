//! Findings: what `check` says, line by line. Each warning and each error says what to do.

use std::fmt::{self, Write as _};

/// Where the words of a finding begin; its further lines begin there, too.
const INDENT: usize = 11;

/// How a finding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Fine,
    Warning,
    Error,
}

/// What is found, section by section.
#[derive(Debug)]
pub(super) struct CheckFindings {
    text: String,
    worst: Severity,
}

impl CheckFindings {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { text: String::new(), worst: Severity::Fine }
    }

    /// All that was found.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is an error among them.
    pub(super) fn has_error(&self) -> bool {
        self.worst == Severity::Error
    }

    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        writeln!(self.text, "{gap}{title}").expect("a text takes every line");
    }

    fn add(&mut self, grade: Severity, text: impl fmt::Display) {
        let word = match grade {
            Severity::Fine => "ok     ",
            Severity::Warning => "warning",
            Severity::Error => "error  ",
        };
        if grade == Severity::Error {
            self.worst = Severity::Error;
        }
        let text = text.to_string();
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        writeln!(self.text, "  {word}  {first}").expect("a text takes every line");
        for line in lines {
            writeln!(self.text, "{:INDENT$}{line}", "").expect("a text takes every line");
        }
    }

    /// Something is as it should be, or good to know.
    pub(super) fn fine(&mut self, text: impl fmt::Display) {
        self.add(Severity::Fine, text);
    }

    /// Something should be looked at; cycles go on.
    pub(super) fn warn(&mut self, text: impl fmt::Display) {
        self.add(Severity::Warning, text);
    }

    /// Something must be mended.
    pub(super) fn error(&mut self, text: impl fmt::Display) {
        self.add(Severity::Error, text);
    }
}

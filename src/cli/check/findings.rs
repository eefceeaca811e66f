//! Findings: what `check` says, line by line. Each warning and each error says what to do.

use std::fmt::{self, Write as _};

/// Where the words of a finding begin; its further lines begin there, too.
const INDENT: usize = 11;

/// What is found, section by section.
#[derive(Debug, Default)]
pub(super) struct CheckFindings {
    text: String,
    has_error: bool,
}

impl CheckFindings {
    /// All that was found.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is an error among them.
    pub(super) fn has_error(&self) -> bool {
        self.has_error
    }

    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        writeln!(self.text, "{gap}{title}").expect("a text takes every line");
    }

    fn add(&mut self, severity: &str, text: impl fmt::Display) {
        let text = text.to_string();
        let text = text.trim_end_matches('\n').replace('\n', &format!("\n{:INDENT$}", ""));
        writeln!(self.text, "  {severity:7}  {text}").expect("a text takes every line");
    }

    /// Something is as it should be, or good to know.
    pub(super) fn fine(&mut self, text: impl fmt::Display) {
        self.add("ok", text);
    }

    /// Something needs attention; cycles go on.
    pub(super) fn warn(&mut self, text: impl fmt::Display) {
        self.add("warning", text);
    }

    /// The value of a result; its failure is an error among the findings.
    pub(super) fn value<T>(&mut self, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.inspect_err(|failure| self.error(failure)).ok()
    }

    /// Something must be fixed.
    pub(super) fn error(&mut self, text: impl fmt::Display) {
        self.has_error = true;
        self.add("error", text);
    }
}

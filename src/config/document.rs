//! A TOML file as text, with the places of what stands in it. Follows TOML 1.1 (toml.io) as the crate `toml` reads it.
//!
//! The crate's own error text quotes the line that it stumbled over, which may hold a secret. So only its message and position are used.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use crate::config::problem::Problem;

/// A file that was read.
pub(super) struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// A text that stands in a file, or will.
    pub(super) fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text }
    }

    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => Err(Problem::new(
                path.display().to_string(),
                format!("cannot be read: {error}; check the path, its owner and its mode"),
            )),
        }
    }

    /// Parses the text; the error lists everything that is no TOML, keys that stand twice included.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'_>>, Vec<Problem>> {
        let (table, mut errors) = DeTable::parse_recoverable(&self.text);
        if errors.is_empty() {
            return Ok(table);
        }
        errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
        let problem = |error: &toml::de::Error| {
            let span = error.span().unwrap_or_default();
            let message = match error.message() {
                "duplicate key" => format!("the key {} stands twice; keep one of the two", &self.text[span.clone()]),
                message => format!("is no TOML: {message}"),
            };
            Problem::new(self.place(span.start), message)
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
    pub(super) fn place(&self, at: usize) -> String {
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let column = self.text[start..at].chars().count() + 1;
        format!("{}:{column}", self.line(at))
    }

    /// The byte of the file from which a byte of a text came: quotes, escapes and trimmed line ends stand in the file alone.
    ///
    /// `span` is where the text stands in the file, with its quotes, and `at` counts in the text itself.
    pub(super) fn byte_of_text(&self, span: Range<usize>, at: usize) -> usize {
        let raw = &self.text[span.clone()];
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
        span.end.saturating_sub(raw.len())
    }
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
    use toml::de::DeValue;

    use super::Document;

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
        let (_, value) = table.get_ref().iter().next().expect("a key");
        let DeValue::String(decoded) = value.get_ref() else { panic!("a text") };
        let at = decoded.find('|').expect("a mark in the value");
        let byte = document.byte_of_text(value.span(), at);
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
    fn places_count_lines_and_characters() {
        let document = document("a = 1\nb = \"é|\"\n");
        assert_eq!(document.place(0), "a.toml:1:1");
        assert_eq!(document.place(document.text.find('|').expect("a mark")), "a.toml:2:7");
        assert_eq!(document.line(document.text.len()), "a.toml:3");
    }
}

//! The sheet that a text report is written on: lines, titles and tables, as wide as their texts, or no wider than a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::report::subject::amount;

/// A text that grows.
#[derive(Debug)]
pub(super) struct TextWriter {
    text: String,
    /// Columns of the terminal; without one the report is the same everywhere, so that two can be compared.
    width: Option<u16>,
}

impl TextWriter {
    /// An empty one.
    pub(super) fn new(width: Option<u16>) -> Self {
        Self { text: String::new(), width }
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A line; where it is too long for the terminal it goes on below, further in.
    pub(super) fn line(&mut self, text: &str) {
        let wrapped = self.width.map(|width| {
            let margin = " ".repeat(text.len() - text.trim_start().len() + 4);
            textwrap::fill(text, textwrap::Options::new(usize::from(width)).subsequent_indent(&margin))
        });
        self.text.push_str(wrapped.as_deref().unwrap_or(text));
        self.text.push('\n');
    }

    /// A title, with an empty line before it.
    pub(super) fn section(&mut self, title: &str) {
        self.line("");
        self.line(title);
    }

    /// A section of people, in the order of their names, which stand first.
    pub(super) fn listing(&mut self, title: &str, mut rows: Vec<Vec<String>>) {
        rows.sort();
        if !rows.is_empty() {
            self.section(&format!("{title} ({})", amount(rows.len())));
            self.table(rows);
        }
    }

    /// Rows with aligned columns.
    pub(super) fn table(&mut self, rows: Vec<Vec<String>>) {
        if rows.is_empty() {
            return;
        }
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.saturating_sub(1));
        }
        table.add_rows(rows);
        for row in table.lines() {
            self.text.push_str(format!(" {row}").trim_end());
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TextWriter;

    fn sheet(width: Option<u16>) -> String {
        let mut sheet = TextWriter::new(width);
        sheet.section("Held (1)");
        sheet.line("      what to do:  give each person an own address in Okta, or unassign one of them");
        sheet.table(vec![
            vec!["ada@example.com".to_owned(), "deactivated since 2027-02-14 08:00 UTC".to_owned()],
            vec!["b@example.com".to_owned(), "unassigned".to_owned()],
        ]);
        sheet.into_text()
    }

    #[test]
    fn without_a_terminal_lines_are_as_long_as_they_are() {
        insta::assert_snapshot!(sheet(None), @r#"

        Held (1)
              what to do:  give each person an own address in Okta, or unassign one of them
          ada@example.com  deactivated since 2027-02-14 08:00 UTC
          b@example.com    unassigned
        "#);
    }

    #[test]
    fn on_a_terminal_nothing_is_wider_than_it() {
        let narrow = sheet(Some(40));
        assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
        insta::assert_snapshot!(narrow, @r#"

        Held (1)
              what to do:  give each person an
                  own address in Okta, or
                  unassign one of them
          ada@example.com  deactivated since
                           2027-02-14 08:00 UTC
          b@example.com    unassigned
        "#);
        assert_eq!(sheet(Some(200)), sheet(None));
    }
}

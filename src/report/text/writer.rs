//! The lines, titles and tables of a text report, as wide as their texts, or no wider than a terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::report::words::{amount, visible};

/// A text that grows.
#[derive(Debug)]
pub(in crate::report) struct TextWriter {
    text: String,
    /// Columns of the terminal; without one the report is the same everywhere, so two reports can be compared.
    width: Option<u16>,
}

impl TextWriter {
    /// An empty one.
    pub(in crate::report) fn new(width: Option<u16>) -> Self {
        Self { text: String::new(), width }
    }

    /// What was written.
    pub(in crate::report) fn into_text(self) -> String {
        self.text
    }

    /// A line; where it is too long for the terminal it goes on below, further in.
    pub(in crate::report) fn line(&mut self, text: &str) {
        let wrapped = self.width.map(|width| {
            let margin = " ".repeat(text.len() - text.trim_start().len() + 4);
            textwrap::fill(text, textwrap::Options::new(usize::from(width)).subsequent_indent(&margin))
        });
        self.text.push_str(wrapped.as_deref().unwrap_or(text));
        self.text.push('\n');
    }

    /// A title, with an empty line before it.
    pub(in crate::report) fn section(&mut self, title: &str) {
        self.line("");
        self.line(title);
    }

    /// A section of rows with their number, where there are any.
    pub(in crate::report) fn part(&mut self, title: &str, count: usize, rows: Vec<Vec<String>>) {
        if count > 0 {
            self.section(&format!("{title} ({})", amount(count)));
            self.table(rows);
        }
    }

    /// A section of people, in the order of their names, which come first.
    pub(in crate::report) fn listing(&mut self, title: &str, mut rows: Vec<Vec<String>>) {
        rows.sort();
        self.part(title, rows.len(), rows);
    }

    /// A section of how many operations were done, and why no more were.
    pub(in crate::report) fn outcome(
        &mut self,
        title: &str,
        done: usize,
        all: usize,
        idle: Option<&str>,
        stops: &[String],
    ) {
        self.section(title);
        let counted = format!("{} of {} operations done.", amount(done), amount(all));
        self.line(&format!("  {}", idle.unwrap_or(&counted)));
        for stop in stops {
            self.line(&format!("  STOPPED: {stop}"));
        }
    }

    /// A person or a group on hold.
    pub(in crate::report) fn held(&mut self, who: &str, why: &str, remedy: &str) {
        self.line(&format!("  {who}"));
        self.line(&format!("      why:  {}", visible(why)));
        self.line(&format!("      what to do:  {remedy}"));
    }

    /// A command to paste, with what it does.
    pub(in crate::report) fn command(&mut self, what: &str, command: &str) {
        self.line(&format!("  {what}"));
        self.line(&format!("    {command}"));
    }

    /// Rows with aligned columns.
    pub(in crate::report) fn table(&mut self, rows: Vec<Vec<String>>) {
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

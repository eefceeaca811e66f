//! The terminal behind standard output: how wide it is, and whether it shows colours.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use anstyle::{AnsiColor, Style};
use terminal_size::{Width, terminal_size_of};

use crate::config::EnvVars;

/// A terminal with fewer columns is too narrow for a report.
const NARROWEST: u16 = 40;

/// The colours of titles, by how they begin; others are bold only.
const TITLES: [(AnsiColor, &[&str]); 4] = [
    (AnsiColor::Red, &["DELETE FOR EVER", "APPROVAL NEEDED", "Blocked", "PAUSED", "Paused"]),
    (AnsiColor::Yellow, &["Held", "Leavers", "Missing", "Waiting", "Rejected"]),
    (AnsiColor::Green, &["CREATE", "ADOPT", "APPROVED", "Applied"]),
    (AnsiColor::Blue, &["UPDATE"]),
];

/// What standard output is connected with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Screen {
    /// Its columns, where it is a terminal.
    pub(super) width: Option<u16>,
    /// Whether texts are coloured, by what their lines say.
    pub(super) is_coloured: bool,
}

impl Screen {
    /// That of this process; `NO_COLOR` (no-color.org) and a dumb terminal turn colours off.
    pub(super) fn of_this_process(env: &EnvVars) -> Self {
        if !io::stdout().is_terminal() {
            return Self::default();
        }
        let width = terminal_size_of(io::stdout()).map(|(Width(columns), _)| columns.max(NARROWEST));
        Self { width, is_coloured: env.wants_colours() }
    }
}

/// A report with its titles in colours. Nothing but colour is added, so a reader without colours misses nothing.
pub(super) fn painted(text: &str) -> String {
    let mut before = "";
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let is_title = before.is_empty() && !line.is_empty() && !line.starts_with(' ');
        let style = match line.trim_start().starts_with("STOPPED:") {
            true => bold(AnsiColor::Red),
            false if is_title => of_title(line),
            false => Style::new(),
        };
        writeln!(out, "{style}{line}{style:#}").expect("a text takes every line");
        before = line;
    }
    out
}

fn of_title(title: &str) -> Style {
    let is_of = |(_, words): &&(AnsiColor, &[&str])| words.iter().any(|word| title.starts_with(word));
    TITLES.iter().find(is_of).map_or(Style::new().bold(), |(color, _)| bold(*color))
}

fn bold(color: AnsiColor) -> Style {
    Style::new().bold().fg_color(Some(color.into()))
}

#[cfg(test)]
mod tests {
    use super::painted;

    #[test]
    fn titles_are_coloured_and_the_words_stay_the_same() {
        let text = "Plan\nAccounts\n\nDELETE FOR EVER (1)\n  a@example.com\n\nUPDATE (1)\n  STOPPED: why\n";
        let shown = painted(text);
        let mut plain = String::new();
        for part in shown.split('\u{1b}') {
            plain.push_str(part.split_once('m').filter(|_| part.starts_with('[')).map_or(part, |(_, rest)| rest));
        }
        assert_eq!(plain, text);
        let lines: Vec<String> = shown.lines().map(|line| line.replace('\u{1b}', "^")).collect();
        assert_eq!(lines[0], "^[1mPlan^[0m");
        assert_eq!(lines[1], "Accounts");
        assert_eq!(lines[3], "^[1m^[31mDELETE FOR EVER (1)^[0m");
        assert_eq!(lines[4], "  a@example.com");
        assert_eq!(lines[6], "^[1m^[34mUPDATE (1)^[0m");
        assert_eq!(lines[7], "^[1m^[31m  STOPPED: why^[0m");
    }
}

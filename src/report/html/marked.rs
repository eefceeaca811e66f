//! Two values side by side, with the part that differs marked.

use serde::Serialize;

use crate::report::words::visible;

/// Of a longer text a report shows the beginning, in characters.
const LONGEST: usize = 2_000;

/// A text in three parts, of which the middle one differs from the other side.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Marked {
    before: String,
    differs: String,
    after: String,
    /// How many characters are not shown.
    rest: usize,
}

impl Marked {
    /// A text that is compared with nothing.
    pub(super) fn whole(text: &str) -> Self {
        let (shown, rest) = cut(text);
        Self { before: visible(shown), rest, ..Self::default() }
    }

    /// Both sides of a change.
    pub(super) fn both(from: &str, to: &str) -> (Self, Self) {
        let ((from, from_rest), (to, to_rest)) = (cut(from), cut(to));
        let start = same(from.chars().zip(to.chars()));
        let end = same(from[start..].chars().rev().zip(to[start..].chars().rev()));
        (Self::parts(from, (start, end), from_rest), Self::parts(to, (start, end), to_rest))
    }

    fn parts(text: &str, (start, end): (usize, usize), rest: usize) -> Self {
        let (before, text) = text.split_at(start);
        let (differs, after) = text.split_at(text.len() - end);
        Self { before: visible(before), differs: visible(differs), after: visible(after), rest }
    }
}

/// How many bytes both sides have in common from here on. One letter says nothing.
fn same(sides: impl Iterator<Item = (char, char)>) -> usize {
    let letters: Vec<char> = sides.take_while(|(left, right)| left == right).map(|(left, _)| left).collect();
    if letters.len() < 2 { 0 } else { letters.into_iter().map(char::len_utf8).sum() }
}

fn cut(text: &str) -> (&str, usize) {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => (&text[..at], text[at..].chars().count()),
        None => (text, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Marked};

    #[track_caller]
    fn check(from: &str, to: &str, expected: [&str; 2]) {
        let (from, to) = Marked::both(from, to);
        let shown = |marked: &Marked| format!("{}[{}]{}", marked.before, marked.differs, marked.after);
        assert_eq!([shown(&from), shown(&to)], expected);
    }

    #[test]
    fn what_differs_is_marked_and_nothing_else() {
        check("Sales", "Revenue", ["[Sales]", "[Revenue]"]);
        check("Berlin Mitte", "Berlin West", ["Berlin [Mitte]", "Berlin [West]"]);
        check("ada@old.example", "ada@new.example", ["ada@[old].example", "ada@[new].example"]);
        check("aa", "aaa", ["aa[]", "aa[a]"]);
        check("Zoë", "Zoé", ["Zo[ë]", "Zo[é]"]);
        check("same", "same", ["same[]", "same[]"]);
        check("asa@example.com", "a.new@example.com", ["[asa]@example.com", "[a.new]@example.com"]);
        check("ada\u{202e}may", "adamay", ["ada[\\u{202e}]may", "ada[]may"]);
    }

    #[test]
    fn of_a_long_text_the_beginning_is_shown_and_how_much_is_left_out() {
        let long = "é".repeat(LONGEST + 7);
        let marked = Marked::whole(&long);
        assert_eq!((marked.before.chars().count(), marked.rest), (LONGEST, 7));
        assert_eq!(Marked::whole("short").rest, 0);
        let (from, to) = Marked::both(&long, "é");
        assert_eq!((from.rest, to.rest), (7, 0));
    }
}

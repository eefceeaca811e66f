//! English: words that sound like a careful translation become fewer.
//!
//! Each word has a bound that may only fall. A text that uses one more fails, and so does a bound that is far above what is there.

#![expect(clippy::print_stdout, reason = "the figures are shown to people who ask for them")]

use std::fs;
use std::path::PathBuf;

use crate::tidy::source::{expect_none, files, project_path, root};

/// Words and phrases, and how often they may be used in sources, documents and configuration samples.
const BOUNDS: [(&str, usize); 9] = [
    ("whoever", 14),
    ("whom", 22),
    ("somebody", 58),
    ("everybody", 42),
    ("anew", 14),
    ("shall", 8),
    ("be it", 1),
    ("is none", 1),
    ("for ever", 17),
];

/// How far a bound may be above what is there.
const SLACK: usize = 5;

/// A text of the project.
struct Text {
    path: String,
    /// Its words, as `plain` makes them.
    words: String,
}

impl Text {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), words: plain(text) }
    }
}

/// The sources of the program with its pages, the documents, and the samples of the configuration.
fn texts() -> Vec<Text> {
    let folders = ["src", "docs", "config"].iter().flat_map(|folder| files(&root().join(folder)));
    let read = |file: PathBuf| Text::new(&project_path(&file), &fs::read_to_string(&file).expect("a text"));
    folders.chain([root().join("README.md")]).map(read).collect()
}

/// The words of a text with one space between them, in small letters, without marks of comments at the beginning of lines.
fn plain(text: &str) -> String {
    let lines = text.lines().map(|line| line.trim_start().trim_start_matches(['/', '!', '#', '*', '-']));
    let lines: Vec<String> = lines.map(str::to_lowercase).collect();
    lines.iter().flat_map(|line| line.split_whitespace()).collect::<Vec<_>>().join(" ")
}

/// How often a word or a phrase is in a text.
fn count(plain: &str, word: &str) -> usize {
    let is_inside = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let found = plain.match_indices(word).filter(|(at, _)| {
        !is_inside(plain[..*at].chars().next_back()) && !is_inside(plain[at + word.len()..].chars().next())
    });
    found.count()
}

/// Where a word is used, and how often, the most first.
fn places<'a>(texts: &'a [Text], word: &str) -> Vec<(usize, &'a str)> {
    let places = texts.iter().map(|text| (count(&text.words, word), text.path.as_str()));
    let mut places: Vec<(usize, &str)> = places.filter(|(times, _)| *times > 0).collect();
    places.sort_by(|left, right| right.cmp(left));
    places
}

fn problems(texts: &[Text], bounds: &[(&str, usize)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (word, bound) in bounds {
        let places = places(texts, word);
        let times: usize = places.iter().map(|(times, _)| times).sum();
        if times > *bound {
            let list: Vec<String> = places.iter().map(|(times, path)| format!("{path} ({times})")).collect();
            problems.push(format!("\"{word}\" is used {times} times; {bound} are the most: {}", list.join(", ")));
        } else if *bound > times + SLACK {
            problems.push(format!("\"{word}\" is used {times} times only: lower its bound from {bound}"));
        }
    }
    problems
}

#[test]
fn stilted_words_become_fewer() {
    let texts = texts();
    for (word, bound) in BOUNDS {
        let times: usize = places(&texts, word).iter().map(|(times, _)| times).sum();
        println!("{times:6} of {bound}: \"{word}\"");
    }
    expect_none(&problems(&texts, &BOUNDS));
}

#[test]
fn a_stilted_word_is_found() {
    let found =
        |text: &str, bound: usize| problems(&[Text::new("docs/a.md", text)], &[("whom", bound), ("for ever", bound)]);
    assert_eq!(found("To Whom?", 0), ["\"whom\" is used 1 times; 0 are the most: docs/a.md (1)"]);
    assert_eq!(
        found("/// It is kept for\n/// ever.", 0),
        ["\"for ever\" is used 1 times; 0 are the most: docs/a.md (1)"]
    );
    expect_none(&found("fn f(whom_it: u8) {} // for everything", 0));
    assert!(found("", 6)[0].starts_with("\"whom\" is used 0 times only: lower its bound from 6"));
    expect_none(&found("", 5));
}

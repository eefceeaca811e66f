//! Names: one type has one name, and no name has a word of another world in it.

use std::collections::BTreeMap;

use crate::tidy::source::{PROJECT, Source, expect_none};

/// Words that no identifier and no file has in its name: metaphors, old words of the project, and words that say nothing.
const BANNED: [&str; 22] = [
    "hall",
    "bench",
    "lane",
    "gate",
    "board",
    "pulse",
    "mandate",
    "anew",
    "errand",
    "backdrop",
    "halt",
    "roster",
    "wish",
    "walk",
    "trail",
    "teller",
    "rival",
    "suspicion",
    "dismissal",
    "supervisor",
    "util",
    "helper",
];

/// Other crates and their modules, which have names of their own.
const FOREIGN: [&str; 3] = ["futures_util", "tokio_util", "util"];

/// Each name of a type names one type.
fn one_type(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is_production()) {
        for name in &source.types {
            places.entry(name).or_default().push(&source.path);
        }
    }
    let several = places.iter().filter(|(_, places)| places.len() > 1);
    several.map(|(name, places)| format!("{name} names {} types: {}", places.len(), places.join(", "))).collect()
}

fn plain_words(source: &Source) -> Vec<String> {
    if !source.is_production() {
        return Vec::new();
    }
    let parts = source.path.trim_end_matches(".rs").split('/').map(str::to_owned);
    let names = source.identifiers.iter().filter(|name| !FOREIGN.contains(&name.as_str())).cloned().chain(parts);
    names
        .filter_map(|name| {
            let word = words(&name)
                .into_iter()
                .find(|word| BANNED.iter().any(|banned| word == banned || word.strip_suffix('s') == Some(banned)))?;
            Some(format!("{}: `{name}` has the word `{word}` in it", source.path))
        })
        .collect()
}

/// The words of a name in `snake_case`, `CamelCase` or `CAPITALS`, in small letters.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let is_lower = |letter: Option<char>| letter.is_some_and(char::is_lowercase);
        let starts = letter.is_uppercase()
            && (is_lower(before) || before.is_some_and(char::is_uppercase) && is_lower(letters.get(at + 1).copied()));
        if starts || !letter.is_alphabetic() {
            words.push(String::new());
        }
        if letter.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn problems(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(plain_words).chain(one_type(sources)).collect()
}

#[test]
fn names_are_plain_and_unique() {
    expect_none(&problems(&PROJECT));
}

#[test]
fn two_types_of_one_name_are_found() {
    let file = |at: usize, text: &str| Source::new(&format!("src/http/f{at}.rs"), text);
    let found = one_type(&[file(1, "struct Rate;"), file(2, "pub(super) type Rate = u8;")]);
    assert_eq!(found, ["Rate names 2 types: src/http/f1.rs, src/http/f2.rs"]);
    assert!(!one_type(&[file(1, "enum Rate {} fn f() { trait Rate {} }")]).is_empty());
    // Tests, associated types, imports and types of tests.
    expect_none(&one_type(&[
        file(1, "struct Rate; #[cfg(test)] mod tests { struct Rate; }"),
        file(2, "use crate::http::f1::Rate; impl Source for X { type Rate = u8; }"),
        Source::new("tests/it/x.rs", "struct Rate;"),
    ]));
}

#[test]
fn a_banned_word_is_found() {
    let found = |path: &str, text: &str| problems(&[Source::new(path, text)]);
    assert_eq!(found("src/a.rs", "fn halt_now() {}"), ["src/a.rs: `halt_now` has the word `halt` in it"]);
    assert_eq!(found("src/a.rs", "struct ScimBench;"), ["src/a.rs: `ScimBench` has the word `bench` in it"]);
    assert_eq!(found("src/a.rs", "const HALLS: u8 = 1;"), ["src/a.rs: `HALLS` has the word `halls` in it"]);
    assert_eq!(found("src/a.rs", "fn f() { trace!(HTTPGate); }"), ["src/a.rs: `HTTPGate` has the word `gate` in it"]);
    assert_eq!(found("src/wish_list.rs", ""), ["src/wish_list.rs: `wish_list` has the word `wish` in it"]);
    assert!(found("src/util/mod.rs", "")[0].contains("`util` has the word `util` in it"));
    expect_none(&found(
        "src/a.rs",
        "use tokio_util::sync; use x::util; fn challenge() { dashboard(\"bench\") } // bench",
    ));
    expect_none(&found("src/plane.rs", "struct Gateway; struct Planes; fn halting() {}"));
}

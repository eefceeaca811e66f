//! Holds `register.md` to its word: every issue is answered by tests that exist and say so, or by a reason why it cannot happen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// One line of the table.
#[derive(Debug)]
struct Line {
    theme: String,
    /// The issues, as `owner/repository#number`; some are documents rather than issues.
    issues: Vec<String>,
    answer: Answer,
}

/// Why an issue does not hurt our users: exactly one of these.
#[derive(Debug)]
enum Answer {
    /// These tests show it.
    Tests(Vec<String>),
    /// It cannot happen, for this reason.
    Impossible(String),
}

/// How many lines each theme has. A line that goes missing must be noticed.
const THEMES: [(&str, usize); 13] = [
    ("Source", 16),
    ("Limits", 10),
    ("Irreversible", 13),
    ("Ownership", 12),
    ("Dry run", 11),
    ("Matching", 12),
    ("Renames", 7),
    ("Pages", 9),
    ("Rates", 7),
    ("Partial", 11),
    ("Overwriting", 5),
    ("State", 6),
    ("Concurrency", 5),
];

/// Reads the table.
fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut theme = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut theme);
        }
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells: Vec<&str> = cells.split(" | ").collect();
        let [issues, trouble, answer] = cells[..] else { return Err(format!("three cells, not {line:?}")) };
        if issues == "Issue" {
            continue;
        }
        if trouble.len() < 10 {
            return Err(format!("{issues}: what went wrong there is not told"));
        }
        let answer = if let Some(reason) = answer.strip_prefix("cannot happen: ") {
            Answer::Impossible(reason.to_owned())
        } else {
            let names = answer.split(", ").map(|name| name.strip_prefix('`')?.strip_suffix('`').map(str::to_owned));
            let names: Option<Vec<String>> = names.collect();
            Answer::Tests(names.ok_or_else(|| format!("{issues}: names of tests, not {answer:?}"))?)
        };
        let issues = issues.split(", ").map(str::to_owned).collect();
        lines.push(Line { theme: theme.clone(), issues, answer });
    }
    Ok(lines)
}

/// Every test of the project with its comment, by name.
fn tests() -> BTreeMap<String, (String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("tests/it"), &mut files);
    collect(&root.join("src"), &mut files);
    let mut tests = BTreeMap::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a source");
        let file = path.strip_prefix(root).expect("inside the project").display().to_string();
        for (name, comment) in tests_of(&text) {
            tests.insert(name, (file.clone(), comment));
        }
    }
    tests
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The tests of one source, each with the comment above it.
fn tests_of(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut comment, mut is_test) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push_str(words);
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        } else {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            // One that is given the place of its store is a test on each database.
            if let (true, Some(name)) = (is_test || line.ends_with("(bed: Bed) {"), name) {
                found.push((name.to_owned(), comment.trim().to_owned()));
            }
            (comment, is_test) = (String::new(), false);
        }
    }
    found
}

/// The issues that a comment names.
fn named(comment: &str) -> BTreeSet<String> {
    let words = comment.split(|c: char| !(c.is_alphanumeric() || "/#-_.".contains(c)));
    let issues = words.map(|word| word.trim_end_matches(['.', '-']).trim_end_matches("'s"));
    issues.filter(|word| word.contains('/') && word.contains('#')).map(str::to_owned).collect()
}

/// What is wrong with a table, given the tests that there are.
fn problems(lines: &[Line], tests: &BTreeMap<String, (String, String)>) -> Vec<String> {
    let mut problems = Vec::new();
    for (theme, count) in THEMES {
        let found = lines.iter().filter(|line| line.theme == theme).count();
        if found != count {
            problems.push(format!("{theme}: {found} lines, not {count}"));
        }
    }
    let mut seen = BTreeSet::new();
    for issue in lines.iter().flat_map(|line| &line.issues) {
        if !seen.insert(issue) {
            problems.push(format!("{issue} stands there twice"));
        }
    }
    let is_here = |name: &str| tests.get(name).is_some_and(|(file, _)| file.starts_with("tests/it/other_tools/"));
    for Line { theme: _, issues, answer } in lines {
        let names = match answer {
            Answer::Tests(names) => names,
            Answer::Impossible(reason) => {
                if reason.len() < 20 || reason.contains('`') {
                    problems.push(format!("{issues:?}: no reason but {reason:?}"));
                }
                continue;
            }
        };
        for name in names {
            if !tests.contains_key(name) {
                problems.push(format!("{issues:?}: there is no test {name}"));
            }
        }
        let comments: BTreeSet<String> =
            names.iter().filter_map(|name| tests.get(name)).flat_map(|(_, comment)| named(comment)).collect();
        if names.iter().any(|name| is_here(name))
            && !issues.iter().any(|issue| !issue.contains('#') || comments.contains(issue))
        {
            problems.push(format!("{issues:?}: none of {names:?} names it"));
        }
    }
    // And the other way round: what a test here claims to answer stands in the table, with that test.
    for (name, (file, comment)) in tests.iter().filter(|(name, _)| is_here(name)) {
        for issue in named(comment) {
            let line = lines.iter().find(|line| line.issues.contains(&issue));
            if !line.is_some_and(|line| matches!(&line.answer, Answer::Tests(names) if names.contains(name))) {
                problems.push(format!("{file}: {name} answers {issue}, and the table does not say so"));
            }
        }
    }
    problems
}

#[test]
fn every_issue_is_answered_by_tests_that_exist_or_by_a_reason() {
    let lines = parse(include_str!("register.md")).expect("a table");
    assert_eq!(lines.len(), THEMES.iter().map(|(_, count)| count).sum::<usize>());
    let problems = problems(&lines, &tests());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_register_notices_what_is_wrong_with_it() {
    let tests = BTreeMap::from([
        ("elsewhere".to_owned(), ("src/x.rs".to_owned(), String::new())),
        (
            "here".to_owned(),
            ("tests/it/other_tools/x.rs".to_owned(), "In a/b#1 it went wrong; so did c/d#2.".to_owned()),
        ),
    ]);
    let check = |text: &str, problem: &str| {
        let found = parse(text).map_or_else(|error| vec![error], |lines| problems(&lines, &tests));
        assert!(found.iter().any(|found| found.contains(problem)), "{found:?}");
    };
    check("", "Source: 0 lines, not 16");
    check("| a/b#1 | it went wrong there | `gone` |", "there is no test gone");
    check("| a/b#1 | it went wrong there | `elsewhere` |", "here answers a/b#1, and the table does not say so");
    check("| e/f#3 | it went wrong there | `here` |", "none of [\"here\"] names it");
    check("| a/b#1 | it went wrong there | `here` |\n| a/b#1 | it went wrong | `here` |", "stands there twice");
    check("| a/b#1 | it went wrong there | never mind |", "names of tests, not");
    check("| a/b#1 | it went wrong there | cannot happen: no |", "no reason but");
    check("| a/b#1 | it went wrong there | cannot happen: see the test `here`, which says so |", "no reason but");
    check("| a/b#1 | bad | `here` |", "what went wrong there is not told");
    check("| a/b#1 | `here` |", "three cells");
}

#[test]
fn tests_are_found_in_sources() {
    let text = "/// One.\n#[test]\nfn first() {}\nfn second() {}\n/// In a/b#1 and c/d.e#22.\n#[tokio::test]\nasync fn third() {}\nasync fn fourth(bed: Bed) {\n";
    let found = tests_of(text);
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["first", "third", "fourth"]);
    assert_eq!(named(&found[1].1), BTreeSet::from(["a/b#1".to_owned(), "c/d.e#22".to_owned()]));
}

#[test]
fn every_promise_of_the_readme_names_tests_that_exist() {
    let readme = include_str!("../../../README.md");
    let (_, promises) = readme.split_once("## What it will never do").expect("the promises");
    let promises = promises.split_once("\n## ").map_or(promises, |(promises, _)| promises);
    let rows: Vec<&str> = promises.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() >= 10, "{rows:?}");
    let tests = tests();
    for row in rows {
        let names: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        assert!(names.iter().all(|name| tests.contains_key(*name)), "{row}");
    }
}

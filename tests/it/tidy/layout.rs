//! Files and folders: how many, how long, how they begin, what they are called, and that each is compiled.

use std::collections::BTreeMap;

use crate::tidy::source::{PROJECT, Source, expect_none};

/// The most lines of a file, tests not counted.
const LONGEST_FILE: usize = 500;

/// The most source files of a folder.
const MOST_FILES: usize = 15;

fn length(source: &Source) -> Vec<String> {
    if source.length > LONGEST_FILE {
        vec![format!("{}: {} lines before its tests; {LONGEST_FILE} are the most", source.path, source.length)]
    } else {
        Vec::new()
    }
}

fn documented(source: &Source) -> Vec<String> {
    if source.text.starts_with("//!") { Vec::new() } else { vec![format!("{}: begins without `//!`", source.path)] }
}

fn named(source: &Source) -> Vec<String> {
    let vague = ["util", "helper", "common", "misc", "shared"];
    let (_, file) = source.folder_and_name();
    let found = vague.iter().filter(|word| file.contains(*word) || source.path.contains(&format!("/{word}s/")));
    found.map(|word| format!("{}: `{word}` is no name for a module", source.path)).collect()
}

fn declarations_only(source: &Source) -> Vec<String> {
    if !source.is_module_file() {
        return Vec::new();
    }
    let problem = |item: &String| format!("{}: a mod.rs declares and re-exports only, not `{item}`", source.path);
    source.definitions.iter().map(problem).collect()
}

fn no_super(source: &Source) -> Vec<String> {
    let is_used = source.names.iter().any(|name| name.starts_with("super::")) && source.is_production();
    if is_used {
        vec![format!("{}: `super::` hides what is imported; write `crate::`", source.path)]
    } else {
        Vec::new()
    }
}

/// Every file is declared by its parent; one that is not is never compiled.
fn no_orphans(sources: &[Source]) -> Vec<String> {
    let declares = |parent: &str, name: &str| {
        let parent = sources.iter().find(|source| source.path == parent);
        parent.is_some_and(|parent| parent.modules.iter().any(|module| module == name))
    };
    let is_declared = |source: &Source| {
        let (folder, file) = source.folder_and_name();
        let name = file.strip_suffix(".rs").unwrap_or(file);
        match (folder, name) {
            ("src", "lib" | "main") | ("src/domain", "lib") => true,
            ("src", name) => declares("src/lib.rs", name) || declares("src/main.rs", name),
            (folder, "mod") => folder.rsplit_once('/').is_some_and(|(parent, name)| {
                declares(&format!("{parent}/mod.rs"), name) || declares(&format!("{parent}/lib.rs"), name)
            }),
            (folder, name) => declares(&format!("{folder}/mod.rs"), name),
        }
    };
    sources
        .iter()
        .filter(|source| source.is_production() && !is_declared(source))
        .map(|source| format!("{}: no file declares it, so that it is never compiled", source.path))
        .collect()
}

fn not_crowded(sources: &[Source]) -> Vec<String> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources {
        *folders.entry(source.folder_and_name().0).or_default() += 1;
    }
    let over = folders.iter().filter(|(_, files)| **files > MOST_FILES);
    over.map(|(folder, files)| format!("{folder}: {files} files; {MOST_FILES} are the most")).collect()
}

fn problems(sources: &[Source]) -> Vec<String> {
    let rules = [length, documented, named, declarations_only, no_super];
    let each = sources.iter().flat_map(|source| rules.iter().flat_map(|rule| rule(source)));
    each.chain(no_orphans(sources)).collect()
}

#[test]
fn files_are_in_order() {
    assert!(PROJECT.len() > 50, "only {} files were found", PROJECT.len());
    expect_none(&problems(&PROJECT));
}

#[test]
fn no_folder_has_too_many_files() {
    expect_none(&not_crowded(&PROJECT));
}

#[track_caller]
fn check(path: &str, text: &str, problem: &str) {
    let found = problems(&[Source::new(path, text)]);
    assert!(found.iter().any(|found| found.contains(problem)), "{found:?}");
}

#[test]
fn each_rule_of_files_bites() {
    check("src/http/long.rs", &"//!\n".repeat(501), "501 lines before its tests");
    check("src/http/client.rs", "fn f() {}", "begins without `//!`");
    check("src/http/helpers.rs", "//!", "`helper` is no name for a module");
    check("src/http/mod.rs", "//!\nmod a;\nfn f() {}", "a mod.rs declares and re-exports only, not `fn f() {}`");
    check("src/http/mod.rs", "//!\nmod a { fn f() {} }", "a mod.rs declares and re-exports only");
    check("src/http/client.rs", "//!\nuse super::rate;", "`super::` hides");
    check("src/http/orphan.rs", "//!", "no file declares it");
}

#[test]
fn files_in_order_are_allowed() {
    let long = format!("//!\nfn f() {{}}\n#[cfg(test)]\nmod tests {{ use super::f;{}}}", "\n".repeat(600));
    let sources = [
        Source::new("src/lib.rs", "//!\npub mod http;\npub mod clock;"),
        Source::new("src/clock.rs", &long),
        Source::new("src/http/mod.rs", "//!\nmod client;\npub(super) mod rate;\npub use client::Client;"),
        Source::new("src/http/client.rs", "//!\npub(super) struct Client;"),
        Source::new("src/http/rate.rs", "//!\n"),
    ];
    expect_none(&problems(&sources));
}

#[test]
fn a_crowded_folder_is_found() {
    let files: Vec<Source> = (0..16).map(|at| Source::new(&format!("src/http/f{at}.rs"), "//!")).collect();
    assert_eq!(not_crowded(&files), ["src/http: 16 files; 15 are the most"]);
    expect_none(&not_crowded(&files[..15]));
}

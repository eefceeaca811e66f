//! Sizes: lines of code, functions that fit a screen, and few files that hold next to nothing.
//!
//! `cargo test --test it tidy -- --nocapture` prints the figures.

#![expect(clippy::print_stdout, reason = "the figures are shown to people who ask for them")]

use std::collections::BTreeMap;

use crate::tidy::source::{PROJECT, Source, expect_none};

/// The most lines of code of 95 % of all functions.
const USUAL_FUNCTION: usize = 35;

/// The most lines of code of a function.
const LONGEST_FUNCTION: usize = 60;

/// A file with fewer lines of code is thin.
const THIN: usize = 40;

/// The most thin files.
const MOST_THIN_FILES: usize = 19;

/// The functions of the program, the longest first: lines, file, name.
fn functions(sources: &[Source]) -> Vec<(usize, &str, &str)> {
    let production = sources.iter().filter(|source| source.is_production());
    let functions = production
        .flat_map(|source| source.functions.iter().map(|(name, lines)| (*lines, source.path.as_str(), name.as_str())));
    let mut functions: Vec<_> = functions.collect();
    functions.sort_by(|left, right| right.cmp(left));
    functions
}

/// The lines that 95 % of the functions do not exceed.
fn usual(functions: &[(usize, &str, &str)]) -> usize {
    functions.get(functions.len() / 20).map_or(0, |(lines, _, _)| *lines)
}

fn long_functions(sources: &[Source]) -> Vec<String> {
    let functions = functions(sources);
    let over = functions.iter().filter(|(lines, _, _)| *lines > LONGEST_FUNCTION);
    let mut problems: Vec<String> = over
        .map(|(lines, path, name)| format!("{path}: {name} has {lines} lines; {LONGEST_FUNCTION} are the most"))
        .collect();
    let usual = usual(&functions);
    if usual > USUAL_FUNCTION {
        problems.push(format!("95 % of the functions have up to {usual} lines; {USUAL_FUNCTION} are the most"));
    }
    problems
}

fn thin_files(sources: &[Source]) -> Vec<(usize, &str)> {
    let is_thin = |source: &&Source| {
        let may_be_thin = ["mod.rs", "lib.rs", "main.rs"].contains(&source.folder_and_name().1);
        source.is_production() && !may_be_thin && source.code.len() < THIN
    };
    sources.iter().filter(is_thin).map(|source| (source.code.len(), source.path.as_str())).collect()
}

/// Lines of code by top module.
fn lines(sources: &[Source]) -> BTreeMap<&str, usize> {
    let mut lines = BTreeMap::new();
    for source in sources {
        if let Some(module) = source.module() {
            *lines.entry(module).or_default() += source.code.len();
        }
    }
    lines
}

#[test]
fn functions_fit_a_screen() {
    let functions = functions(&PROJECT);
    println!("{} functions; 95 % have up to {} lines; the longest:", functions.len(), usual(&functions));
    for (lines, path, name) in functions.iter().take(10) {
        println!("{lines:6} {path} {name}");
    }
    expect_none(&long_functions(&PROJECT));
}

#[test]
fn few_files_are_thin() {
    let lines = lines(&PROJECT);
    println!("{} lines of code:", lines.values().sum::<usize>());
    for (module, lines) in lines {
        println!("{lines:6} {module}");
    }
    let thin = thin_files(&PROJECT);
    let list: Vec<String> = thin.iter().map(|(lines, path)| format!("{lines:6} {path}")).collect();
    println!("{} files have less than {THIN} lines of code:\n{}", thin.len(), list.join("\n"));
    assert!(thin.len() <= MOST_THIN_FILES, "{MOST_THIN_FILES} thin files are the most:\n{}", list.join("\n"));
}

#[test]
fn a_line_of_code_is_counted_once() {
    let text = "//! A file.\n\nuse std::{\n    fs,\n    io,\n};\n\n/// A function.\nfn f() { // twice\n    g();\n    // nothing\n    \
                h(\n        1,\n    );\n}\n\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
    let source = Source::new("src/http/a.rs", text);
    assert_eq!(source.code.len(), 6);
    assert_eq!(source.functions, [("f".to_owned(), 6)]);
    assert_eq!(source.length, 16);
    assert_eq!(lines(&[source]), BTreeMap::from([("http", 6)]));
}

#[test]
fn a_long_function_is_found() {
    let function = |name: &str, lines: usize| format!("fn {name}() {{\n{}}}\n", "    g(|| 1);\n\n".repeat(lines - 2));
    let found = |text: &str| long_functions(&[Source::new("src/http/a.rs", text)]);
    let long = LONGEST_FUNCTION + 1;
    assert_eq!(
        found(&function("f", long))[0],
        format!("src/http/a.rs: f has {long} lines; {LONGEST_FUNCTION} are the most")
    );
    // One long function of twenty is one of the 5 %.
    let short: String = (0..20).map(|at| function(&format!("s{at}"), 30)).collect();
    expect_none(&found(&format!("{short}{}", function("f", LONGEST_FUNCTION))));
    assert_eq!(
        found(&format!("{short}{}{}", function("f", 36), function("g", 36))),
        ["95 % of the functions have up to 36 lines; 35 are the most"]
    );
}

#[test]
fn a_thin_file_is_found() {
    let text = |lines: usize| "const A: u8 = 1;\n".repeat(lines);
    let sources = [
        Source::new("src/http/thin.rs", &text(39)),
        Source::new("src/http/enough.rs", &text(40)),
        Source::new("src/http/mod.rs", "mod thin;"),
        Source::new("tests/it/x.rs", ""),
    ];
    assert_eq!(thin_files(&sources), [(39, "src/http/thin.rs")]);
}

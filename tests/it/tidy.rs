//! The architecture, held by a test: who may import whom, who may print, send, read the time or the environment, and how long a file may
//! be. Each rule is a function over one file or all of them, and each is shown a text that breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the crate, from the top. An import goes down, or stays inside its own module.
const FLOORS: [&[&str]; 6] = [
    &["main"],
    &["cli"],
    &["daemon"],
    &["engine", "okta", "haiilo", "store"],
    &["ports", "config", "report"],
    &["domain", "http", "clock"],
];

/// The one import between neighbours on a floor.
const NEIGHBOURS: [(&str, &str); 1] = [("http", "clock")];

/// What may be named in one part of the crate alone: a word, who may name it, and why.
const RESERVED: [(&str, &[&str], &str); 17] = [
    ("reqwest", &["src/http/"], "only `http` sends"),
    ("rustls", &["src/http/"], "only `http` sends"),
    ("sqlx", &["src/store/"], "only `store` knows the database"),
    ("anyhow", &["src/cli/", "src/main.rs"], "adapters have errors of their own"),
    ("okta_haiilo_sim", &["src/cli/demo/"], "the simulators are for `demo`, tests and benchmarks"),
    (
        "minijinja",
        &["src/domain/mapping/", "src/report/html/page.rs", "src/daemon/web/page.rs"],
        "only the mapping has expressions, and only the HTML report and the status page have templates",
    ),
    ("jsonwebtoken", &["src/okta/"], "only Okta wants assertions and proofs"),
    ("println!", &["src/cli/"], "only `cli` prints"),
    ("print!", &["src/cli/"], "only `cli` prints"),
    ("eprintln!", &["src/cli/", "src/main.rs"], "only `cli` prints"),
    ("std::io::stdout", &["src/cli/"], "only `cli` prints"),
    ("env::var", &["src/config/", "src/main.rs"], "only `config` and `main` see the environment"),
    ("Utc::now", &["src/clock.rs"], "the time comes from the Clock"),
    ("Instant::now", &["src/clock.rs"], "the time comes from the Clock"),
    ("SystemTime::now", &["src/clock.rs"], "the time comes from the Clock"),
    ("time::sleep", &["src/clock.rs"], "waiting is the Clock's"),
    ("unsafe", &[], "nothing here needs it"),
];

/// What the domain does not do.
const NOT_IN_DOMAIN: [&str; 8] =
    ["async", "tokio", "tracing", "std::fs", "std::net", "std::env", "std::time", "futures"];

/// One source file.
struct Source {
    /// From the root of the project.
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The code before its tests, without comments.
    fn code(&self) -> String {
        let code = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
    }

    /// The module of the crate that the file belongs to.
    fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let first = inside.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// What the file imports from the crate: each path behind `crate::` or the crate's name, also those that share a beginning.
    fn imports(&self) -> Vec<String> {
        let code = self.code();
        let names = |mark: &str| code.split(mark).skip(1).flat_map(paths).collect::<Vec<String>>();
        [names("crate::"), names("okta_haiilo_sync::")].concat()
    }
}

/// The paths at the beginning of a text: one, or as many as its outermost braces hold.
fn paths(text: &str) -> Vec<String> {
    let is_path = |c: &char| c.is_ascii_alphanumeric() || "_:".contains(*c);
    let beginning: String = text.chars().take_while(is_path).collect();
    let Some(braces) = text[beginning.len()..].strip_prefix('{') else { return vec![beginning] };
    let (mut depth, mut inside) = (0, String::new());
    for c in braces.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => inside.push(c),
            _ => {}
        }
    }
    let ends = inside.split(',').map(|end| end.trim().chars().take_while(is_path).collect::<String>());
    ends.filter(|end| !end.is_empty()).map(|end| format!("{beginning}{end}")).collect()
}

fn length(source: &Source) -> Vec<String> {
    let lines = source.text.split("#[cfg(test)]").next().unwrap_or_default().lines().count();
    if lines > 500 {
        vec![format!("{}: {lines} lines before its tests; 500 are the most", source.path)]
    } else {
        Vec::new()
    }
}

fn documented(source: &Source) -> Vec<String> {
    if source.text.starts_with("//!") { Vec::new() } else { vec![format!("{}: begins without `//!`", source.path)] }
}

fn named(source: &Source) -> Vec<String> {
    let vague = ["util", "helper", "common", "misc", "shared"];
    let file = source.path.rsplit('/').next().unwrap_or_default();
    let found = vague.iter().filter(|word| file.contains(*word) || source.path.contains(&format!("/{word}s/")));
    found.map(|word| format!("{}: `{word}` is no name for a module", source.path)).collect()
}

fn floors(source: &Source) -> Vec<String> {
    let Some(module) = source.module().filter(|module| *module != "lib") else { return Vec::new() };
    let floor = |name: &str| FLOORS.iter().position(|floor| floor.contains(&name));
    let Some(own) = floor(module) else { return vec![format!("{}: {module} has no floor", source.path)] };
    let mut problems = Vec::new();
    for import in source.imports() {
        let target = import.split(':').next().unwrap_or_default();
        let is_up = floor(target).is_some_and(|floor| floor < own);
        let is_beside = target != module && floor(target) == Some(own) && !NEIGHBOURS.contains(&(module, target));
        if is_up || is_beside {
            problems.push(format!("{}: {module} may not import {target}", source.path));
        }
    }
    problems
}

fn reserved(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/") {
        return Vec::new();
    }
    let code = source.code();
    let words = |word: &str| {
        code.match_indices(word).any(|(at, _)| {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            let after = code[at + word.len()..].chars().next().unwrap_or(' ');
            !(before.is_alphanumeric() || before == '_' || after.is_alphanumeric() || after == '_')
        })
    };
    RESERVED
        .iter()
        .filter(|(word, owners, _)| !owners.iter().any(|owner| source.path.starts_with(owner)) && words(word))
        .map(|(word, _, why)| format!("{}: names `{word}`; {why}", source.path))
        .collect()
}

fn pure(source: &Source) -> Vec<String> {
    if source.module() != Some("domain") {
        return Vec::new();
    }
    let code = source.code();
    let mut problems: Vec<String> = NOT_IN_DOMAIN
        .iter()
        .filter(|word| code.contains(&format!("{word} ")) || code.contains(&format!("{word}::")))
        .map(|word| format!("{}: the domain has no `{word}`", source.path))
        .collect();
    problems.extend(
        source
            .imports()
            .iter()
            .filter(|import| !import.starts_with("domain"))
            .map(|import| format!("{}: the domain does not name {import}", source.path)),
    );
    problems
}

fn declarations_only(source: &Source) -> Vec<String> {
    if !source.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    let code = source.code().replace('\n', " ");
    let statements = code.split(';').map(str::trim).filter(|statement| !statement.is_empty());
    let is_declaration = |statement: &str| {
        let plain = ["pub ", "pub(crate) ", "pub(super) "]
            .iter()
            .find_map(|visible| statement.strip_prefix(visible))
            .unwrap_or(statement);
        plain.starts_with("mod ") || plain.starts_with("use ")
    };
    statements
        .filter(|statement| !is_declaration(statement))
        .map(|statement| format!("{}: a mod.rs declares and re-exports only, not `{statement}`", source.path))
        .collect()
}

fn no_super(source: &Source) -> Vec<String> {
    let uses = source.code().contains("super::") && source.path.starts_with("src/");
    if uses { vec![format!("{}: `super::` hides what is imported; write `crate::`", source.path)] } else { Vec::new() }
}

/// No two files import each other in a circle.
fn no_circles(sources: &[Source]) -> Vec<String> {
    let files: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let file_of = |import: &str| -> Option<String> {
        let mut parts: Vec<&str> = import.split("::").filter(|part| !part.is_empty()).collect();
        while !parts.is_empty() {
            let file = format!("src/{}.rs", parts.join("/"));
            if files.contains(file.as_str()) {
                return Some(file);
            }
            parts.pop();
        }
        None
    };
    let graph: BTreeMap<&str, BTreeSet<String>> = sources
        .iter()
        .filter(|source| source.path.starts_with("src/") && !source.path.ends_with("/mod.rs"))
        .map(|source| {
            let imports = source.imports().iter().filter_map(|import| file_of(import)).collect::<BTreeSet<_>>();
            (source.path.as_str(), imports.into_iter().filter(|file| *file != source.path).collect())
        })
        .collect();
    let mut problems = Vec::new();
    for start in graph.keys() {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = vec![start];
        while let Some(file) = next.pop() {
            for import in graph.get(file).into_iter().flatten() {
                if import == start {
                    problems.push(format!("{start} and {file} import each other in a circle"));
                } else if reached.insert(import) {
                    next.push(import);
                }
            }
        }
    }
    problems
}

/// Every file is declared by its parent; one that is not is never compiled.
fn no_orphans(sources: &[Source]) -> Vec<String> {
    let text_of = |path: &str| sources.iter().find(|source| source.path == path).map(|source| source.text.as_str());
    sources
        .iter()
        .filter(|source| source.path.starts_with("src/"))
        .filter_map(|source| {
            let (folder, file) = source.path.rsplit_once('/')?;
            let name = file.strip_suffix(".rs")?;
            let (name, parents) = match (folder, name) {
                ("src", "lib" | "main") => return None,
                ("src", name) => (name, vec!["src/lib.rs".to_owned(), "src/main.rs".to_owned()]),
                (folder, "mod") => {
                    let (parent, name) = folder.rsplit_once('/')?;
                    let parents = if parent == "src" { "src/lib.rs".to_owned() } else { format!("{parent}/mod.rs") };
                    (name, vec![parents])
                }
                (folder, name) => (name, vec![format!("{folder}/mod.rs")]),
            };
            let is_declared = parents.iter().filter_map(|parent| text_of(parent)).any(|text| {
                text.lines().any(|line| {
                    let line = line
                        .trim_start_matches("pub ")
                        .trim_start_matches("pub(crate) ")
                        .trim_start_matches("pub(super) ");
                    line == format!("mod {name};")
                })
            });
            (!is_declared).then(|| format!("{}: no file declares it, so that it is never compiled", source.path))
        })
        .collect()
}

/// All rules over all files.
fn problems(sources: &[Source]) -> Vec<String> {
    let rules = [length, documented, named, floors, reserved, pure, declarations_only, no_super];
    let mut problems: Vec<String> =
        sources.iter().flat_map(|source| rules.iter().flat_map(|rule| rule(source))).collect();
    problems.extend(no_circles(sources));
    problems.extend(no_orphans(sources));
    problems
}

fn collect(folder: &Path, root: &Path, sources: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, root, sources);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let path = entry.strip_prefix(root).expect("inside the project").to_str().expect("a name").to_owned();
            sources.push(Source { path, text: fs::read_to_string(&entry).expect("a text") });
        }
    }
}

#[test]
fn the_project_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["src", "tests", "benches"] {
        collect(&root.join(folder), root, &mut sources);
    }
    assert!(sources.len() > 50, "only {} files were found", sources.len());
    let problems = problems(&sources);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[track_caller]
fn check(path: &str, text: &str, problem: &str) {
    let found = problems(&[Source::new(path, text)]);
    assert!(found.iter().any(|found| found.contains(problem)), "{found:?}");
}

#[test]
fn each_rule_bites() {
    check("src/http/long.rs", &"//!\n".repeat(501), "501 lines before its tests");
    check("src/http/client.rs", "fn f() {}", "begins without `//!`");
    check("src/http/helpers.rs", "//!", "`helper` is no name for a module");
    check("src/engine/cycle.rs", "//!\nuse crate::cli::plan;", "engine may not import cli");
    check("src/okta/client.rs", "//!\nuse crate::haiilo::client;", "okta may not import haiilo");
    check("src/http/client.rs", "//!\nuse crate::domain::model::ids;", "http may not import domain");
    check("src/strange/x.rs", "//!", "strange has no floor");
    check("src/okta/client.rs", "//!\nfn f() { reqwest::get(\"x\"); }", "names `reqwest`; only `http` sends");
    check("src/engine/cycle.rs", "//!\nfn f() { println!(\"x\"); }", "names `println!`; only `cli` prints");
    check("src/engine/cycle.rs", "//!\nuse okta_haiilo_sim::okta;", "names `okta_haiilo_sim`");
    check("src/domain/plan.rs", "//!\nuse chrono::Utc; fn f() { Utc::now(); }", "names `Utc::now`");
    check("src/domain/plan.rs", "//!\nasync fn f() {}", "the domain has no `async`");
    check("src/domain/plan.rs", "//!\nuse crate::clock::Clock;", "the domain does not name clock::Clock");
    check("src/http/mod.rs", "//!\nmod a;\nfn f() {}", "a mod.rs declares and re-exports only");
    check("src/http/client.rs", "//!\nuse super::rate;", "`super::` hides");
    check("src/http/orphan.rs", "//!", "no file declares it");
}

#[test]
fn circles_are_found() {
    let sources = [
        Source::new("src/lib.rs", "//!\npub mod http;"),
        Source::new("src/http/mod.rs", "//!\nmod a;\nmod b;\nmod c;"),
        Source::new("src/http/a.rs", "//!\nuse crate::http::b::B;"),
        Source::new("src/http/b.rs", "//!\nuse crate::http::{c, d::{self, D}};"),
        Source::new("src/http/c.rs", "//!\nuse crate::http::a::A;"),
    ];
    assert!(problems(&sources).iter().any(|problem| problem.contains("import each other in a circle")));
    assert!(problems(&sources[..4]).is_empty(), "{:?}", problems(&sources[..4]));
}

#[test]
fn what_is_allowed_is_not_refused() {
    let sources = [
        Source::new("src/lib.rs", "//!\npub mod http;\npub mod clock;"),
        Source::new("src/clock.rs", "//!\nfn f() { Utc::now(); }"),
        Source::new("src/http/mod.rs", "//!\nmod client;\npub use client::Client;"),
        Source::new(
            "src/http/client.rs",
            "//!\nuse crate::clock::Clock; // not crate::cli\nuse reqwest::Client;\n#[cfg(test)]\nmod tests { use super::Client; }",
        ),
    ];
    assert!(problems(&sources).is_empty(), "{:?}", problems(&sources));
}

/// Every rule of `clippy.toml` has its call in `forbidden.rs`, where clippy must complain.
#[test]
fn every_disallowed_method_is_proven_to_bite() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rules = fs::read_to_string(root.join("clippy.toml")).expect("clippy.toml");
    let calls = fs::read_to_string(root.join("tests/it/forbidden.rs")).expect("forbidden.rs");
    let paths: Vec<&str> = rules.lines().filter_map(|line| line.split("path = \"").nth(1)?.split('"').next()).collect();
    assert!(paths.len() > 15, "{paths:?}");
    for path in paths {
        assert!(
            calls.contains(&format!("/// {path}")),
            "clippy.toml forbids {path}, and forbidden.rs does not call it"
        );
    }
}

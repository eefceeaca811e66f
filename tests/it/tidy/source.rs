//! The reading of a source file. From its text come the facts that the rules judge: names, imports, types, methods, lines.
//!
//! Documentation, comments and what is compiled for tests only are left out. The line of each token is known, so a line of code is a line
//! with a token on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::LazyLock;

use proc_macro2::TokenStream;

use crate::tidy::items::{ImplBlock, Items};
use crate::tidy::tokens::{self, Call};

/// The folder of the crate `okta-haiilo-domain`, which the program has as its module `domain`.
const DOMAIN: &str = "src/domain/";

/// The sources of the project, read once.
pub(crate) static PROJECT: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut sources = Vec::new();
    for folder in ["src", "tests", "benches"] {
        collect(&root().join(folder), &mut sources);
    }
    sources
});

/// One source file.
#[derive(Debug)]
pub(crate) struct Source {
    /// From the root of the project, such as `src/http/client.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The number of lines outside tests, with comments and blanks.
    pub(crate) length: usize,
    /// The lines with code, counted from 1, without imports and tests.
    pub(crate) code: BTreeSet<usize>,
    /// Each identifier, those of tests too.
    pub(crate) identifiers: BTreeSet<String>,
    /// Each path that the code names, as a whole: `Utc::now` behind `use chrono::Utc` is `chrono::Utc::now`. A macro ends in `!`.
    pub(crate) names: BTreeSet<String>,
    /// The files that it declares: `mod name;`.
    pub(crate) modules: Vec<String>,
    /// What it exports again under a name: name to path, and `*` for each whole module.
    pub(crate) exports: Vec<(String, String)>,
    /// The structs, enums, unions, traits and aliases that it defines.
    pub(crate) types: Vec<String>,
    /// The functions with their lines of code.
    pub(crate) functions: Vec<(String, usize)>,
    pub(crate) impls: Vec<Impl>,
    /// The first words of items that are neither `mod name;` nor `use`.
    pub(crate) definitions: Vec<String>,
}

/// One `impl` block.
#[derive(Debug)]
pub(crate) struct Impl {
    pub(crate) of: String,
    /// The functions that belong to the type, none for the `impl` of a trait.
    pub(crate) methods: Vec<String>,
    /// The functions that it calls on `self` or `Self`.
    pub(crate) calls: BTreeSet<String>,
}

impl Impl {
    fn of(block: &ImplBlock, calls: &[Call]) -> Self {
        let calls = calls.iter().filter(|call| block.lines.contains(&call.line));
        Self {
            of: block.of.clone(),
            methods: block.methods.clone(),
            calls: calls.map(|call| call.name.clone()).collect(),
        }
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let all = TokenStream::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut tests = BTreeSet::new();
        let production = tokens::production(all.clone(), &mut tests);
        let items = Items::read(production.clone()).unwrap_or_else(|error| panic!("{path}: {error}"));
        let code: BTreeSet<usize> =
            tokens::lines(production.clone()).difference(&items.import_lines).copied().collect();
        let calls = tokens::calls(production.clone());
        let module = module_of(path);
        let root = if path.starts_with(DOMAIN) { "crate::domain" } else { "crate" };
        let mut known = BTreeMap::from([
            ("self", module.clone()),
            ("crate", root.to_owned()),
            ("okta_haiilo_sync", "crate".to_owned()),
            ("okta_haiilo_domain", "crate::domain".to_owned()),
        ]);
        known.extend(items.modules.iter().map(|name| (name.as_str(), format!("{module}::{name}"))));
        let declared = known.clone();
        known.extend(items.imports.iter().map(|import| (import.name.as_str(), whole(&import.path, &declared))));
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            length: text.lines().count() - tests.len(),
            identifiers: tokens::identifiers(all),
            names: tokens::names(production).iter().map(|name| whole(name, &known)).collect(),
            exports: items.exports.iter().map(|export| (export.name.clone(), whole(&export.path, &declared))).collect(),
            functions: items
                .functions
                .iter()
                .map(|(name, lines)| (name.clone(), code.range(lines.clone()).count()))
                .collect(),
            impls: items.impls.iter().map(|block| Impl::of(block, &calls)).collect(),
            modules: items.modules.clone(),
            types: items.types.clone(),
            definitions: items.definitions.clone(),
            code,
        }
    }

    /// The module of the crate that the file belongs to.
    pub(crate) fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// What the file names of the crate, without `crate::`.
    pub(crate) fn imports(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| name.strip_prefix("crate::"))
    }

    /// Whether the file defines a name itself.
    pub(crate) fn defines(&self, name: &str) -> bool {
        self.types.iter().any(|own| own == name) || self.functions.iter().any(|(own, _)| own == name)
    }

    pub(crate) fn is_production(&self) -> bool {
        self.path.starts_with("src/")
    }

    /// Whether the file only declares modules and exports.
    pub(crate) fn is_module_file(&self) -> bool {
        self.path.ends_with("/mod.rs") || self.path == "src/domain/lib.rs"
    }

    /// The folder and the name of the file.
    pub(crate) fn folder_and_name(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }
}

/// Fails with the problems, if there are any.
#[track_caller]
pub(crate) fn expect_none(problems: &[String]) {
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The module that a file holds, as `crate::http::client`.
pub(crate) fn module_of(path: &str) -> String {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let name = inside.strip_suffix(".rs").unwrap_or(inside);
    match name.strip_suffix("/mod").unwrap_or(name) {
        "lib" | "main" => "crate".to_owned(),
        "domain/lib" => "crate::domain".to_owned(),
        name => format!("crate::{}", name.replace('/', "::")),
    }
}

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|entry| if entry.is_dir() { files(&entry) } else { vec![entry] }).collect()
}

/// The path of a file from the root of the project.
pub(crate) fn project_path(file: &Path) -> String {
    file.strip_prefix(root()).expect("inside the project").to_str().expect("a name").to_owned()
}

fn collect(folder: &Path, sources: &mut Vec<Source>) {
    for file in files(folder) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            sources.push(Source::new(&project_path(&file), &fs::read_to_string(&file).expect("a text")));
        }
    }
}

/// A path with its beginning written out, where that is a name that was imported or declared.
fn whole(path: &str, known: &BTreeMap<&str, String>) -> String {
    let (first, rest) = path.find("::").map_or((path, ""), |at| path.split_at(at));
    known.get(first).map_or_else(|| path.to_owned(), |beginning| format!("{beginning}{rest}"))
}

//! Circles between files.
//!
//! A file depends on each file that it names something of. A name behind `pub use` counts as the file that defines it. A call of a method
//! that another file adds to the same type counts too. Files that depend on each other in a circle cannot be read one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::source::{PROJECT, Source, expect_none, module_of};

/// What each file depends on, each with a reason.
struct Graph<'a> {
    /// Files by the module that they hold.
    modules: BTreeMap<String, &'a Source>,
    /// Files by type and method.
    methods: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
    edges: BTreeMap<&'a str, BTreeMap<&'a str, String>>,
}

impl<'a> Graph<'a> {
    fn of(sources: &'a [Source]) -> Self {
        let production = || sources.iter().filter(|source| source.is_production());
        let mut methods: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for source in production() {
            for block in &source.impls {
                for method in &block.methods {
                    methods.entry((&block.of, method)).or_default().insert(&source.path);
                }
            }
        }
        let modules = production().filter(|source| source.path != "src/main.rs");
        let modules = modules.map(|source| (module_of(&source.path), source)).collect();
        let mut graph = Self { modules, methods, edges: BTreeMap::new() };
        for source in production().filter(|source| !source.is_module_file()) {
            let edges = graph.edges_of(source);
            graph.edges.insert(&source.path, edges);
        }
        graph
    }

    fn edges_of(&self, source: &'a Source) -> BTreeMap<&'a str, String> {
        let mut edges: BTreeMap<&str, String> = BTreeMap::new();
        for name in source.names.iter().filter(|name| name.starts_with("crate::")) {
            for file in self.files(name, 0) {
                edges.entry(file).or_insert_with(|| name.clone());
            }
            let ends: Vec<&str> = name.rsplitn(3, "::").collect();
            for file in self.methods.get(&(ends[1], ends[0])).into_iter().flatten() {
                edges.entry(file).or_insert_with(|| name.clone());
            }
        }
        for block in &source.impls {
            for call in &block.calls {
                for file in self.methods.get(&(block.of.as_str(), call.as_str())).into_iter().flatten() {
                    edges.entry(file).or_insert_with(|| format!("{}::{call}", block.of));
                }
            }
        }
        edges.remove(source.path.as_str());
        edges
    }

    /// The files that a path leads to: one, but for a name that may come from several modules.
    fn files(&self, path: &str, depth: usize) -> Vec<&'a str> {
        let mut module = path;
        let source = loop {
            if let Some(source) = self.modules.get(module) {
                break source;
            }
            let Some((parent, _)) = module.rsplit_once("::") else { return Vec::new() };
            module = parent;
        };
        if !source.is_module_file() && source.path != "src/lib.rs" {
            return vec![&source.path];
        }
        let Some(inside) = path[module.len()..].strip_prefix("::") else { return Vec::new() };
        if depth > 8 {
            return Vec::new();
        }
        let (name, rest) = inside.find("::").map_or((inside, ""), |at| inside.split_at(at));
        let by_name = source.exports.iter().find(|(exported, _)| exported == name);
        if let Some((_, target)) = by_name {
            return self.files(&format!("{target}{rest}"), depth + 1);
        }
        let modules = source.exports.iter().filter(|(exported, _)| exported == "*");
        modules
            .flat_map(|(_, target)| self.files(&format!("{target}::{inside}"), depth + 1))
            .filter(|file| self.defines(file, name))
            .collect()
    }

    fn defines(&self, file: &str, name: &str) -> bool {
        let source = self.modules.get(&module_of(file));
        source.is_some_and(|source| source.defines(name))
    }

    /// The files that a file reaches.
    fn reached(&self, start: &'a str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut next = vec![start];
        while let Some(file) = next.pop() {
            for target in self.edges.get(file).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(*target) {
                    next.push(target);
                }
            }
        }
        reached
    }

    /// The edges that lie on a circle.
    fn circles(&self) -> Vec<String> {
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            self.edges.keys().map(|file| (*file, self.reached(file))).collect();
        let edges =
            self.edges.iter().flat_map(|(file, targets)| targets.iter().map(move |(to, why)| (*file, *to, why)));
        edges
            .filter(|(file, to, _)| reached.get(to).is_some_and(|r| r.contains(file)))
            .map(|(file, to, why)| format!("{file} and {to} import each other in a circle: {file} names {why}"))
            .collect()
    }
}

fn circles(sources: &[Source]) -> Vec<String> {
    Graph::of(sources).circles()
}

#[test]
fn no_files_depend_on_each_other_in_a_circle() {
    expect_none(&circles(&PROJECT));
}

#[track_caller]
fn check(files: &[(&str, &str)], circle: &[&str]) {
    let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    let found = circles(&sources);
    assert_eq!(found.len(), circle.len(), "{found:?}");
    for (found, expected) in found.iter().zip(circle) {
        assert!(found.contains(expected), "{found:?}");
    }
}

#[test]
fn circles_are_found() {
    let files = [
        ("src/lib.rs", "pub mod http;"),
        ("src/http/mod.rs", "mod a; mod b; mod c;"),
        ("src/http/a.rs", "use crate::http::b::B;"),
        ("src/http/b.rs", "use crate::http::{c, d::{self, D}};"),
        ("src/http/c.rs", "use crate::http::a::A;"),
    ];
    let circle = ["a.rs names crate::http::b::B", "b.rs names crate::http::c", "c.rs names crate::http::a::A"];
    check(&files, &circle);
    check(&files[..4], &[]);
}

#[test]
fn circles_through_exports_are_found() {
    let with = |export: &str, names: &str| {
        let exports = format!("mod sqlite; mod place; {export}");
        let files = [
            ("src/lib.rs", "pub mod store;"),
            ("src/store/mod.rs", exports.as_str()),
            ("src/store/sqlite.rs", "use crate::store::place::Place; pub struct Store;"),
            ("src/store/place.rs", names),
        ];
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
        circles(&sources).len()
    };
    assert_eq!(with("pub use crate::store::sqlite::Store;", "use crate::store::Store;"), 2);
    assert_eq!(with("pub use sqlite::Store;", "use crate::store::Store;"), 2);
    assert_eq!(with("pub use self::sqlite::{Store as Open};", "use crate::store; fn f(_: store::Open) {}"), 2);
    assert_eq!(with("pub use sqlite::*;", "fn f(_: crate::store::Store) {}"), 2);
    // Another name, an export that is not used, and one of another file.
    assert_eq!(with("pub use sqlite::Store as Open;", "use crate::store::Store;"), 0);
    assert_eq!(with("pub use sqlite::*;", "use crate::store::Place;"), 0);
    assert_eq!(with("pub use sqlite::Store;", "use crate::store;"), 0);
    assert_eq!(with("pub use place::Store;", "use crate::store::Store;"), 0);
}

#[test]
fn circles_of_one_type_are_found() {
    let executor = "pub struct Executor; impl Executor { fn now(&self) {} }";
    let with = |update: &'static str| {
        [
            ("src/engine/context.rs", executor),
            (
                "src/engine/create.rs",
                "use crate::engine::context::Executor; impl Executor { fn create(&self) { self.update(); } }",
            ),
            ("src/engine/update.rs", update),
        ]
    };
    let circle = ["create.rs names Executor::update", "update.rs names Executor::create"];
    check(&with("impl<W> Executor<'_, W> { async fn update(&self) { self.create(1).await } }"), &circle);
    check(&with("impl Executor { fn update(&self) { info!(self.create::<u8>()) } }"), &circle);
    check(&with("impl Executor { fn update(&self) { map(Self::create) } }"), &circle);
    let by_type = ["create.rs names Executor::update", "update.rs names crate::engine::context::Executor::create"];
    check(
        &with("use crate::engine::context::Executor; impl Executor { fn update(&self) { Executor::create(self) } }"),
        &by_type,
    );
    // A call of the struct's own file, a field, a method of another type, and what a test calls.
    check(
        &with("use crate::engine::context::Executor; impl Executor { fn update(&self) { self.now(); self.create } }"),
        &[],
    );
    check(&with("impl Executor { fn update(&self) {} }\nimpl Other { fn f(&self) { self.create() } }"), &[]);
    check(&with("impl Executor { fn update(&self) {} #[cfg(test)] fn f(&self) { self.create() } }"), &[]);
}

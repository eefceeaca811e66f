//! Layers: which module may import which, and what may be named in one place only.

use std::fs;

use crate::tidy::source::{PROJECT, Source, expect_none, root};

/// The layers of the crate, from the top. An import goes down, or stays inside its own module.
const LAYERS: [&[&str]; 6] = [
    &["main"],
    &["cli"],
    &["daemon"],
    &["engine", "okta", "haiilo", "store"],
    &["ports", "config", "report"],
    &["domain", "http", "clock"],
];

/// The one import between neighbours of a layer.
const NEIGHBOURS: [(&str, &str); 1] = [("http", "clock")];

/// The layers of `domain`, from the top. An import goes down, or stays inside its own folder.
const DOMAIN_LAYERS: [&[&str]; 8] = [
    &["targeted", "explain"],
    &["groups"],
    &["planning"],
    &["state"],
    &["plan"],
    &["mapping", "listing"],
    &["model"],
    &["scim"],
];

/// What may be named in one part of the crate only: the end or a part of a path, who may name it, and why.
const RESERVED: [(&str, &[&str], &str); 18] = [
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
    ("StoreWriter", &["src/engine/", "src/ports/", "src/store/"], "only `engine` writes to the store"),
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

/// What the domain does not do. It is a crate of its own, so the compiler sees that it names no other module.
const NOT_IN_DOMAIN: [&str; 8] =
    ["async", "tokio", "tracing", "std::fs", "std::net", "std::env", "std::time", "futures_util"];

/// Whether an import goes up, or to a neighbour.
fn wrong_way(layers: &[&[&str]], neighbours: &[(&str, &str)], own: &str, target: &str) -> bool {
    let layer = |name: &str| layers.iter().position(|layer| layer.contains(&name));
    let is_up = layer(target) < layer(own) && layer(target).is_some();
    let is_beside = layer(target) == layer(own) && target != own && !neighbours.contains(&(own, target));
    is_up || is_beside
}

fn crate_layers(source: &Source) -> Vec<String> {
    let Some(own) = source.module().filter(|module| *module != "lib") else { return Vec::new() };
    if !LAYERS.concat().contains(&own) {
        return vec![format!("{}: {own} has no layer", source.path)];
    }
    let targets = source.imports().filter_map(|import| import.split("::").next());
    targets
        .filter(|target| wrong_way(&LAYERS, &NEIGHBOURS, own, target))
        .map(|target| format!("{}: {own} may not import {target}", source.path))
        .collect()
}

fn domain_layers(source: &Source) -> Vec<String> {
    let Some(inside) = source.path.strip_prefix("src/domain/").filter(|inside| *inside != "lib.rs") else {
        return Vec::new();
    };
    let own = inside.split('/').next().unwrap_or_default();
    if !DOMAIN_LAYERS.concat().contains(&own) {
        return vec![format!("{}: {own} has no layer in the domain", source.path)];
    }
    let targets = source.imports().filter_map(|import| import.strip_prefix("domain::")?.split("::").next());
    targets
        .filter(|target| wrong_way(&DOMAIN_LAYERS, &[], own, target))
        .map(|target| format!("{}: {own} may not import {target} in the domain", source.path))
        .collect()
}

fn reserved(source: &Source) -> Vec<String> {
    if !source.is_production() {
        return Vec::new();
    }
    RESERVED
        .iter()
        .filter(|(word, owners, _)| !owners.iter().any(|owner| source.path.starts_with(owner)) && names(source, word))
        .map(|(word, _, why)| format!("{}: names `{word}`; {why}", source.path))
        .collect()
}

fn pure(source: &Source) -> Vec<String> {
    if source.module() != Some("domain") {
        return Vec::new();
    }
    let words = NOT_IN_DOMAIN.iter().filter(|word| names(source, word));
    words.map(|word| format!("{}: the domain has no `{word}`", source.path)).collect()
}

/// Whether a file names a path that has these words in it, one after the other.
fn names(source: &Source, words: &str) -> bool {
    let whole = format!("::{words}::");
    source.names.iter().any(|name| name.contains(words) && format!("::{name}::").contains(&whole))
}

fn problems(sources: &[Source]) -> Vec<String> {
    let rules = [crate_layers, domain_layers, reserved, pure];
    sources.iter().flat_map(|source| rules.iter().flat_map(|rule| rule(source))).collect()
}

#[test]
fn imports_go_down() {
    expect_none(&problems(&PROJECT));
}

#[track_caller]
fn check(path: &str, text: &str, problem: &str) {
    let found = problems(&[Source::new(path, text)]);
    assert!(found.iter().any(|found| found.contains(problem)), "{found:?}");
}

#[track_caller]
fn check_allowed(path: &str, text: &str) {
    expect_none(&problems(&[Source::new(path, text)]));
}

#[test]
fn each_rule_of_layers_bites() {
    check("src/engine/cycle.rs", "use crate::cli::plan;", "engine may not import cli");
    check("src/engine/cycle.rs", "fn f() { crate::cli::plan(); }", "engine may not import cli");
    check("src/engine/cycle.rs", "use crate::{cli, clock};", "engine may not import cli");
    check("src/okta/client.rs", "use crate::haiilo::client;", "okta may not import haiilo");
    check("src/http/client.rs", "use crate::domain::model::ids;", "http may not import domain");
    check("src/strange/x.rs", "", "strange has no layer");
    check("src/okta/client.rs", "fn f() { reqwest::get(\"x\"); }", "names `reqwest`; only `http` sends");
    check("src/engine/cycle.rs", "fn f() { println!(\"x\"); }", "names `println!`; only `cli` prints");
    check("src/engine/cycle.rs", "use okta_haiilo_sim::okta;", "names `okta_haiilo_sim`");
    check("src/engine/cycle.rs", "use std::time::Instant as I; fn f() { I::now(); }", "names `Instant::now`");
    check("src/cli/commands/plan.rs", "use crate::ports::StoreWriter;", "only `engine` writes to the store");
    check("src/daemon/web/page.rs", "fn f(_: impl crate::ports::StoreWriter) {}", "only `engine` writes to the store");
}

#[test]
fn each_rule_of_the_domain_bites() {
    check("src/domain/plan/x.rs", "use chrono::Utc; fn f() { Utc::now(); }", "names `Utc::now`");
    check("src/domain/plan/x.rs", "async fn f() {}", "the domain has no `async`");
    check("src/domain/plan/x.rs", "use std::fs::read;", "the domain has no `std::fs`");
    check("src/domain/plan/x.rs", "use crate::planning::limits;", "plan may not import planning");
    check("src/domain/mapping/x.rs", "use crate::listing::pager;", "mapping may not import listing");
    check("src/domain/explain/x.rs", "use crate::targeted;", "explain may not import targeted");
    check("src/domain/strange/x.rs", "", "strange has no layer in the domain");
    check("src/domain/x.rs", "", "x.rs has no layer in the domain");
}

#[test]
fn what_goes_down_is_allowed() {
    check_allowed("src/clock.rs", "fn f() { chrono::Utc::now(); }");
    check_allowed("src/http/client.rs", "use crate::clock::Clock; // not crate::cli\nuse reqwest::Client;");
    check_allowed("src/http/client.rs", "/// Not [`crate::cli`].\nfn f() -> &'static str { \"crate::cli\" }");
    check_allowed(
        "src/http/client.rs",
        "#[cfg(test)]\nuse crate::cli::x;\n#[cfg(test)]\nmod tests { use crate::cli::y; }",
    );
    check_allowed("src/engine/cycle.rs", "use crate::ports::StoreWriter;");
    check_allowed("src/domain/planning/x.rs", "use crate::plan::operation; use crate::planning::limits;");
    check_allowed("src/domain/lib.rs", "pub mod planning;\npub mod scim;");
}

/// Every rule of `clippy.toml` has its call in `forbidden.rs`, where clippy must complain.
#[test]
fn every_disallowed_method_is_proven_to_bite() {
    let rules = fs::read_to_string(root().join("clippy.toml")).expect("clippy.toml");
    let calls = PROJECT.iter().find(|source| source.path.ends_with("/forbidden.rs")).expect("forbidden.rs");
    let paths: Vec<&str> = rules.lines().filter_map(|line| line.split("path = \"").nth(1)?.split('"').next()).collect();
    assert!(paths.len() > 15, "{paths:?}");
    for path in paths {
        assert!(
            calls.text.contains(&format!("/// {path}")),
            "clippy.toml forbids {path}, and forbidden.rs does not call it"
        );
    }
}

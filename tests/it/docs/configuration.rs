//! `docs/configuration.md` is made of the shipped sample and of what the reader of the configuration says itself, so that it cannot drift.
//! A key that the reader knows and the sample does not hold is a failure, and so is a page that is not what would be made now.
//!
//! `UPDATE_DOCS=1 cargo test --test it -- docs::configuration` writes the page anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use okta_haiilo_sync::config::{self, ConfigDraft, EnvVars, sample};
use okta_haiilo_sync::daemon::schedule;

use crate::docs::pages::compare;

const HEAD: &str = "# The configuration, key by key

This page is made from the shipped sample and from the program that reads it; do not edit it (`UPDATE_DOCS=1 cargo test --test it -- docs`
writes it anew). The sample itself, `config/okta-haiilo-sync.toml`, is the same text in the form of the file.

- Every key that is no list can be set in the environment, which wins over the file.
- An unknown key is an error, and all problems are told at once, a line each. `okta-haiilo-sync check --offline` tells them.
- A relative path begins at the folder of the configuration.
- A secret never stands in the file. It is taken from the first place that has it: a credential of systemd, the file that a key `…_file`
  names, the file in `credentials_dir`, the variable.
- After a change: `check`, then `plan`; `systemctl reload okta-haiilo-sync` lets the daemon read it anew.

| Secret | File in `credentials_dir`, credential of systemd | Variable |
|---|---|---|
| The private key of the service app in Okta (PEM, RSA or EC) | `okta-private-key` | `OKTA_HAIILO_SYNC__OKTA__AUTH__PRIVATE_KEY` |
| The API token of Okta | `okta-token` | `OKTA_HAIILO_SYNC__OKTA__AUTH__TOKEN` |
| The access token of Haiilo | `haiilo-token` | `OKTA_HAIILO_SYNC__HAIILO__AUTH__TOKEN` |
| The password of the state's database | `state-password` | `OKTA_HAIILO_SYNC__STATE_PASSWORD` |
| The address of the webhook | `webhook-url` | `OKTA_HAIILO_SYNC__NOTIFY__WEBHOOK_URL` |
| The address of the heartbeat | `heartbeat-url` | `OKTA_HAIILO_SYNC__NOTIFY__HEARTBEAT_URL` |
";

/// Keys of the sample that share a comment.
#[derive(Debug, Default)]
struct Unit {
    comment: Vec<String>,
    /// The key with its section, and its value; nothing where the sample has it switched off.
    keys: Vec<(String, Option<String>)>,
}

/// A section with the comment above its name.
#[derive(Debug, Default)]
struct Section {
    name: String,
    comment: Vec<String>,
    units: Vec<Unit>,
}

/// What the reader says.
struct Told {
    known: BTreeSet<String>,
    required: BTreeSet<String>,
}

fn variable(key: &str) -> String {
    format!("OKTA_HAIILO_SYNC__{}", key.to_uppercase().replace('.', "__"))
}

/// The messages of the reader about a configuration, by their keys.
fn problems(configuration: &str) -> BTreeMap<String, String> {
    let draft = ConfigDraft { configuration, mapping: sample::MAPPING };
    let env = EnvVars::default().secrets_or_placeholders();
    let loaded = config::load_draft(Path::new("/nowhere/okta-haiilo-sync.toml"), &draft, &env, schedule::check);
    let problems = loaded.err().unwrap_or_default().into_iter().map(|problem| problem.message);
    problems.map(|message| (message.split([' ', ':']).next().unwrap_or_default().to_owned(), message)).collect()
}

fn told() -> Told {
    let missing = problems("").into_iter().filter(|(key, message)| message.starts_with(&format!("{key} is missing")));
    Told { known: config::keys(schedule::check), required: missing.map(|(key, _)| key).collect() }
}

/// What a key takes, in the reader's own words about a value that is wrong.
fn takes(key: &str) -> String {
    if key.ends_with("file") {
        return "the path of a file".to_owned();
    }
    let refusal = |value: &str| problems(&format!("{key} = {value}")).remove(key);
    let message = refusal("\"?\"").or_else(|| refusal("[[1]]")).unwrap_or_else(|| panic!("{key} takes anything"));
    let right = message.split_once(": ").map_or("", |(_, right)| right);
    let right = right.rsplit_once("write ").map_or(right, |(_, right)| right).replace(", without quotes", "");
    if key.ends_with("_dir") { "the path of a folder".to_owned() } else { right.replace("a text in quotes", "a text") }
}

/// The key of a line, and its value where it is not switched off.
fn key_of(line: &str) -> Option<(&str, Option<&str>)> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let (name, value) = line.split_once(" = ")?;
    match name.strip_prefix("# ") {
        Some(name) => is_name(name).then_some((name, None)),
        None => is_name(name).then_some((name, Some(value))),
    }
}

/// The sample, section by section.
fn sections() -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut comment: Vec<String> = Vec::new();
    let mut unit = Unit::default();
    // The words at the top are about the file.
    let first = sample::CONFIGURATION.find("# Where the sync remembers").expect("the first key's comment");
    let body = &sample::CONFIGURATION[first..];
    for line in body.lines().chain([""]) {
        let last = sections.last_mut().expect("one at least");
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), comment: std::mem::take(&mut comment), units: Vec::new() });
        } else if let Some((name, value)) = key_of(line) {
            unit.comment.append(&mut comment);
            let key = if last.name.is_empty() { name.to_owned() } else { format!("{}.{name}", last.name) };
            unit.keys.push((key, value.map(str::to_owned)));
        } else if let Some(text) = line.strip_prefix('#') {
            let is_over = unit.keys.iter().any(|(_, value)| value.is_some());
            if is_over {
                last.units.push(std::mem::take(&mut unit));
            }
            let to = if unit.keys.is_empty() { &mut comment } else { &mut unit.comment };
            to.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
        } else if line.is_empty() && !unit.keys.is_empty() {
            last.units.push(std::mem::take(&mut unit));
        }
    }
    sections
}

fn page(sections: &[Section], told: &Told) -> String {
    let mut page = HEAD.to_owned();
    for section in sections {
        let title = if section.name.is_empty() { "At the top".to_owned() } else { format!("`[{}]`", section.name) };
        write!(page, "\n## {title}\n").expect("a text");
        paragraph(&mut page, &section.comment);
        for unit in &section.units {
            let keys: Vec<String> = unit.keys.iter().map(|(key, _)| format!("`{key}`")).collect();
            write!(page, "\n### {}\n", keys.join(", ")).expect("a text");
            paragraph(&mut page, &unit.comment);
            page.push('\n');
            for (key, value) in &unit.keys {
                writeln!(page, "{}", line(key, value.as_deref(), &unit.comment.concat(), told)).expect("a text");
            }
        }
    }
    page
}

/// What is to be known about a key, besides what it means.
fn line(key: &str, value: Option<&str>, comment: &str, told: &Told) -> String {
    let default = match value {
        _ if told.required.contains(key) => "required".to_owned(),
        Some(_) if comment.contains("Without this key") => "default as said above".to_owned(),
        Some(value) if !comment.starts_with("Yours") => format!("default `{value}`"),
        Some(_) | None => "nothing by default".to_owned(),
    };
    let takes = takes(key);
    let has_parts = told.known.contains(&format!("{key}.percent"));
    let variable = if takes.contains("list of texts") {
        "no variable, since it is a list".to_owned()
    } else if has_parts {
        format!("a variable a part, such as `{}`", variable(&format!("{key}.percent")))
    } else {
        format!("`{}`", variable(key))
    };
    format!("- `{key}`: {takes}; {default}; {variable}")
}

fn paragraph(page: &mut String, lines: &[String]) {
    if !lines.is_empty() {
        write!(page, "\n{}\n", lines.join("\n")).expect("a text");
    }
}

#[test]
fn the_reference_is_what_sample_and_reader_say_now() {
    compare("configuration.md", &page(&sections(), &told()));
}

#[test]
fn the_sample_holds_every_key_that_the_reader_knows_and_no_other() {
    let held: BTreeSet<String> = sections()
        .into_iter()
        .flat_map(|section| section.units)
        .flat_map(|unit| unit.keys)
        .map(|(key, _)| key)
        .collect();
    let known = told().known;
    let parent = |key: &str| key.rsplit_once('.').map_or(String::new(), |(parent, _)| parent.to_owned());
    let missing: Vec<&String> =
        known.iter().filter(|key| !held.contains(*key) && !held.contains(&parent(key))).collect();
    assert!(missing.is_empty(), "the sample, and so the reference, lacks {missing:?}");
    let unknown: Vec<&String> = held.difference(&known).collect();
    assert!(unknown.is_empty(), "the reader does not know {unknown:?}");
    assert!(held.len() > 45, "{held:?}");
}

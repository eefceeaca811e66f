//! The pages in `docs/`: those that are made from the code are what would be made now, and what they say of the code is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use okta_haiilo_sync::cli::Arguments;
use okta_haiilo_sync::config;
use okta_haiilo_sync::daemon::schedule;
use okta_haiilo_sync::domain::model::assignment::EligibilityDoubt;
use okta_haiilo_sync::domain::model::limit::LimitName;
use okta_haiilo_sync::domain::plan::hold::{GroupHoldReason, HoldReason};
use okta_haiilo_sync::domain::plan::outcome::OutcomeKind;
use okta_haiilo_sync::engine::Stop;
use strum::VariantNames as _;

/// A page of the documentation.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Its text.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// A page that is made is this text; with `UPDATE_DOCS=1` it becomes this text.
#[track_caller]
pub(crate) fn compare(name: &str, made: &str) {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says whether pages are written anew")]
    let is_to_be_written = std::env::var_os("UPDATE_DOCS").is_some();
    if is_to_be_written {
        fs::write(path(name), made).expect("the page");
    }
    let page = fs::read_to_string(path(name)).unwrap_or_default();
    let differing = page.lines().zip(made.lines()).find(|(page, made)| page != made);
    assert!(
        page == made,
        "docs/{name} is not what would be made now ({differing:?}); UPDATE_DOCS=1 cargo test --test it -- docs"
    );
}

/// The blocks between fences of this kind.
pub(crate) fn fenced(page: &str, kind: &str) -> Vec<String> {
    let fence = format!("\n```{kind}\n");
    let blocks = page.split(&fence).skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap_or_default().to_owned() + "\n").collect()
}

/// The pages, and the README.
fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(path("")).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = entries.chain([path("../README.md")]).collect();
    pages.sort();
    let text = |page: &PathBuf| fs::read_to_string(page).expect("a page");
    pages.iter().map(|page| (page.display().to_string(), text(page))).collect()
}

/// The words between backticks within lines; blocks of code are left out.
fn quoted_words(page: &str) -> Vec<&str> {
    let lines = page.lines().filter(|line| !line.starts_with("    "));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_reason_limit_and_end_is_explained() {
    let errors = read("errors.md");
    let holds = HoldReason::VARIANTS.iter().filter(|code| **code != "eligibility").chain(EligibilityDoubt::VARIANTS);
    let others = [GroupHoldReason::VARIANTS, LimitName::VARIANTS, Stop::VARIANTS, OutcomeKind::VARIANTS].concat();
    for code in holds.chain(&others) {
        assert!(errors.contains(&format!("`{code}`")), "errors.md does not explain {code}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let exit = fs::read_to_string(root.join("src/cli/exit.rs")).expect("a source");
    let codes: Vec<&str> = exit
        .lines()
        .filter_map(|line| line.trim().strip_prefix("/// ")?.split_once(": ").map(|(code, _)| code))
        .collect();
    let codes: Vec<&str> = codes.into_iter().filter(|code| code.parse::<u8>().is_ok()).collect();
    assert_eq!(codes.len(), 6, "{codes:?}");
    for code in codes {
        assert!(errors.contains(&format!("| {code} |")), "errors.md does not explain exit code {code}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut count = 0;
    for (name, page) in pages() {
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = Path::new(&name).with_file_name(file);
            let text = fs::read_to_string(&target).unwrap_or_else(|error| panic!("{name}: {link}: {error}"));
            let anchor = |line: &str| -> String {
                let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                title.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect()
            };
            let has_heading = text.lines().any(|line| line.starts_with('#') && anchor(line) == heading);
            assert!(heading.is_empty() || has_heading, "{name}: {link} has no such heading");
            count += 1;
        }
    }
    assert!(count > 15, "{count} links");
}

#[test]
fn every_command_that_a_page_shows_is_one() {
    let mut count = 0;
    for (name, page) in pages() {
        let shown = page.lines().filter_map(|line| line.strip_prefix("    ")?.strip_prefix("okta-haiilo-sync "));
        let quoted = quoted_words(&page).into_iter().filter_map(|words| words.strip_prefix("okta-haiilo-sync "));
        for command in shown.chain(quoted).filter(|command| !command.contains('…')) {
            let words = command
                .split('"')
                .enumerate()
                .flat_map(|(n, part)| if n % 2 == 1 { vec![part] } else { part.split_whitespace().collect() });
            let parsed = Arguments::command().try_get_matches_from(["okta-haiilo-sync"].into_iter().chain(words));
            assert!(parsed.is_ok(), "{name}: {command}: {}", parsed.expect_err("no command"));
            count += 1;
        }
    }
    assert!(count > 10, "{count} commands");
}

#[test]
fn every_key_that_a_page_names_is_one() {
    let known = config::keys(schedule::check);
    let secrets = ["haiilo.auth.token", "okta.auth.token", "okta.auth.private_key"];
    let sections: BTreeSet<&str> =
        known.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| section).collect();
    let mut count = 0;
    for (name, page) in pages() {
        for word in quoted_words(&page) {
            let key = word.split([' ', '=']).next().unwrap_or_default();
            let is_key = key.split_once('.').is_some_and(|(section, rest)| {
                sections.contains(section) && rest.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '.')
            });
            // Scopes of Okta and files of ours look like keys.
            let is_other = [".read", ".toml"].iter().any(|end| key.ends_with(end)) || secrets.contains(&key);
            if is_key && !is_other {
                let is_part =
                    known.iter().any(|known| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')));
                assert!(known.contains(key) || is_part, "{name}: `{word}`: there is no key {key}");
                count += 1;
            }
        }
    }
    assert!(count > 40, "{count} keys");
}

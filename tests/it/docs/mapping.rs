//! Every example of `docs/mapping.md` is a mapping that loads and whose tests pass, and every row of its tables is so.

use std::path::Path;

use okta_haiilo_sync::config::mapping::{self, TestOutcome};
use okta_haiilo_sync::config::{self, ConfigDraft, EnvVars, sample};
use okta_haiilo_sync::daemon::schedule;

use crate::docs::pages::{fenced, read};

/// The userName of examples that are about something else.
const USER_NAME: &str = "[attributes.userName]\nvalue = \"assignment.user_name or user.email\"\n\n";

/// The person of the table.
const ADA: &str = r#"
[tables.groups]
DE = "Germany"

[[tests]]
name = "Ada"
[tests.user]
firstName = "Ada"
lastName = "Lovelace"
email = "ada.lovelace@example.com"
city = " Berlin "
countryCode = "DE"
department = "R&D - Engines"
userType = "partner"
tags = ["blue", "green"]
floor = 7
[tests.appuser]
haiiloGroup = "Germany"
"#;

/// Runs the tests of a mapping.
#[track_caller]
fn outcomes(mapping: &str) -> Vec<TestOutcome> {
    let draft = ConfigDraft { configuration: sample::CONFIGURATION, mapping };
    let env = EnvVars::default().secrets_or_placeholders();
    let loaded = config::load_draft(Path::new("/nowhere/sync.toml"), &draft, &env, schedule::check);
    let settings = loaded.unwrap_or_else(|problems| panic!("{problems:#?} in\n{mapping}"));
    mapping::run_tests(&settings.mapping, &settings.mapping_tests)
}

#[test]
fn every_example_loads_and_its_tests_pass() {
    let page = read("mapping.md");
    let examples = fenced(&page, "toml");
    assert!(examples.len() >= 8, "{} examples", examples.len());
    for example in examples {
        let with_name =
            if example.contains("[attributes.userName]") { example } else { format!("{USER_NAME}{example}") };
        let outcomes = outcomes(&with_name);
        assert!(!outcomes.is_empty(), "without a test:\n{with_name}");
        for outcome in outcomes {
            assert!(outcome.passed(), "{outcome:#?}\n{with_name}");
        }
    }
}

/// The code in a cell: the first text between backticks, where a bar is escaped.
fn code(cell: &str) -> String {
    cell.split('`').nth(1).unwrap_or_default().replace("\\|", "|")
}

#[test]
fn every_row_about_oktas_language_gives_what_it_says() {
    let rows = |page: &str| -> Vec<String> {
        let page = read(page);
        let table = page.split("| Okta | Here | For Ada |").nth(1).expect("the table");
        table.lines().skip(2).take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
    };
    let mut count = 0;
    for row in [rows("mapping.md"), rows("../README.md")].concat() {
        let cells: Vec<String> =
            row.replace("\\|", "\u{1}").split('|').map(|cell| cell.replace('\u{1}', "|")).collect();
        let (here, result) = (code(&cells[2]), code(&cells[3]));
        let rule = format!("[attributes.title]\nunsupported = \"send\"\nvalue = {}\n", sample::quoted(&here));
        let expect = format!("[tests.expect]\ntitle = {}\n", sample::quoted(&result));
        let outcome = outcomes(&format!("{USER_NAME}{rule}{ADA}{expect}")).remove(0);
        assert!(outcome.passed(), "{row}\n{outcome:#?}");
        count += 1;
    }
    assert!(count > 25, "{count} rows");
}

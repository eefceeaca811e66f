//! The shipped mapping shows every form that a rule, an expression and a test can have. What the forms are is asked of the program, by its own
//! messages about what it does not know; what is switched off in the sample is switched on here, and must load.

use std::path::Path;

use okta_haiilo_sync::config::mapping::{self, TestOutcome};
use okta_haiilo_sync::config::{self, ConfigDraft, EnvVars, sample};
use okta_haiilo_sync::daemon::schedule;

/// What expressions are made of, beside filters: MiniJinja's own, as far as the cookbook leads to it.
const OPERATORS: [&str; 4] = [" or ", " ~ ", " if ", " else "];

/// The outcomes of a mapping's tests, or its problems.
fn load(mapping: &str) -> Result<Vec<TestOutcome>, Vec<String>> {
    let draft = ConfigDraft { configuration: sample::CONFIGURATION, mapping };
    let env = EnvVars::default().secrets_or_placeholders();
    config::load_draft(Path::new("/nowhere/sync.toml"), &draft, &env, schedule::check)
        .map(|settings| mapping::run_tests(&settings.mapping, &settings.mapping_tests))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// What the program says of a rule, or a piece of a mapping, that it does not take: the words between these two, or until the end.
#[track_caller]
fn told(mapping: &str, (after, until): (&str, &str)) -> Vec<String> {
    let problems = load(mapping).expect_err("a problem").join("\n");
    let (_, words) = problems.split_once(after).unwrap_or_else(|| panic!("{after:?} is not in {problems}"));
    let words = words.split(until).next().unwrap_or_default().lines().next().unwrap_or_default();
    words.replace(" or ", ", ").split(", ").map(|word| word.trim_matches('"').to_owned()).collect()
}

fn rule(line: &str) -> String {
    format!("[attributes.userName]\nvalue = \"user.email\"\n{line}\n")
}

/// Every key of a rule, and with it every value where these are words of its own.
fn forms_of_a_rule() -> Vec<String> {
    let keys = told(&rule("zzzzzz = 1"), ("possible are ", "\0"));
    let is_open = |key: &String| *key == "value";
    let words = keys.iter().filter(|key| !is_open(key)).flat_map(|key| {
        let words = told(&rule(&format!("{key} = \"zzzzzz\"")), (": write ", "\0"));
        words.into_iter().map(move |word| format!("{key} = \"{word}\""))
    });
    words.chain(["value = ".to_owned()]).collect()
}

/// Keys of tables that hold what they like: of the file, of `people`, and of a test.
fn other_keys() -> Vec<String> {
    let of_tests = told(&rule("[[tests]]\nzzzzzz = 1"), ("tests.zzzzzz: unknown key; possible are ", "\0"));
    let of_people = told(&rule("[people]\nzzzzzz = 1"), ("people.zzzzzz: unknown key; possible are ", "\0"));
    [of_tests, of_people].concat()
}

/// The lines of a text, with those of its comments that are keys or tables switched on.
fn switched_on(text: &str) -> String {
    let is_toml = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default().trim_matches('"');
        let is_key = line.contains(" = ") && !key.is_empty() && !key.contains(' ');
        line.starts_with('[') || is_key
    };
    let lines = text.lines().map(|line| line.strip_prefix("# ").filter(|line| is_toml(line)).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_sample_shows_every_form_of_a_rule() {
    let sample = switched_on(sample::MAPPING);
    let forms = forms_of_a_rule();
    assert!(forms.len() > 7, "{forms:?}");
    let missing: Vec<&String> =
        forms.iter().filter(|form| !sample.lines().any(|line| line.starts_with(*form))).collect();
    assert!(missing.is_empty(), "{missing:?} stand nowhere in\n{sample}");
    let keys = other_keys();
    assert!(keys.len() > 6, "{keys:?}");
    let short = |key: &String| sample.lines().any(|line| line.starts_with(&format!("{key} = ")));
    let long = |key: &String| sample.lines().any(|line| line == format!("[tests.{key}]"));
    let missing: Vec<&String> = keys.iter().filter(|key| !(short(key) || long(key))).collect();
    assert!(missing.is_empty(), "{missing:?} stand nowhere in\n{sample}");
    assert!(sample.contains("\n[tables.") && sample.contains("\n\"*\" = "));
    for key in ["user", "expect"].map(str::to_owned) {
        assert!(short(&key) && long(&key), "tests are shown in a long and in a short form: {key}");
    }
}

#[test]
fn the_sample_shows_every_form_of_an_expression() {
    let sample = switched_on(sample::MAPPING);
    let values: Vec<&str> = sample.lines().filter(|line| line.starts_with("value = ")).collect();
    let filters = told(&rule("[attributes.country]\nvalue = \"user.x | zzzzzz\""), ("; use one of ", " and those"));
    assert!(filters.len() >= 7, "{filters:?}");
    let filters = filters.iter().map(|filter| format!("| {filter}"));
    for form in filters.chain(OPERATORS.map(str::to_owned)) {
        assert!(values.iter().any(|value| value.contains(&form)), "{form:?} stands nowhere in {values:#?}");
    }
    for root in told(&rule("[attributes.country]\nvalue = \"zzzzzz.x\""), ("; write ", "\0")) {
        assert!(sample::MAPPING.contains(&format!("#   {root}.")), "{root} is not explained");
    }
}

#[test]
fn what_is_switched_off_in_the_sample_loads_when_it_is_switched_on() {
    let sample = switched_on(sample::MAPPING);
    let more = "
[[tests]]
name = \"what is switched off\"
user = { email = \"Ada@Example.com\", firstName = \"Ada\", lastName = \"Lovelace\", countryCode = \"DE\", title = \"head of engines\", \
                 department = \"R&D - Engines\" }
[tests.expect]
title = \"Head Of Engines\"
displayName = \"Ada LOVELACE, example.com\"
'addresses[type eq \"work\"].region' = \"R&D\"
";
    let outcomes = load(&format!("{sample}\n{more}")).unwrap_or_else(|problems| panic!("{problems:#?} in\n{sample}"));
    assert!(outcomes.len() >= 4);
    for outcome in outcomes {
        assert!(outcome.passed(), "{outcome}");
    }
}

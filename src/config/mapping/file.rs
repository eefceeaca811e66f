//! Reads the mapping file: rules, tables, who takes part, and tests, and checks them against the product.
//!
//! Knows how a mapping is written. What an expression means is the domain's.

use compact_str::CompactString;
use config::{Value, ValueKind};

use crate::config::document::{Document, Problem};
use crate::config::mapping::attributes::MappingTarget;
use crate::config::mapping::test::MappingTest;
use crate::config::mapping::test_cases;
use crate::config::reader::{FileFindings, FileKind, Reader};
use crate::config::values::{self, Entry};
use crate::domain::mapping::{
    AttributeKind, Mapping, MappingPlace, MappingProblem, MappingSpec, On, RuleSpec, Tables, WhenEmpty,
};
use crate::domain::model::policy::Product;
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Compare;

/// The most rules that a mapping has: what a product accepts is a fraction of that.
const MOST_RULES: usize = 64;

/// A mapping file that was read without a problem.
#[derive(Debug)]
pub(in crate::config) struct MappingFile {
    pub(in crate::config) mapping: Mapping,
    pub(in crate::config) tests: Vec<MappingTest>,
    pub(in crate::config) warnings: Vec<String>,
}

/// A rule of the file.
struct FileRule {
    spec: RuleSpec,
    /// As messages name it.
    name: String,
    /// The first byte of its key.
    key: usize,
    /// The first byte of its expression.
    value: usize,
}

/// Reads a mapping file; the error lists every problem with line and column.
pub(in crate::config) fn parse(document: Document, target: &MappingTarget) -> Result<MappingFile, Vec<Problem>> {
    let table = document.parse()?;
    let mut findings = FileFindings::new(document, FileKind::Mapping);
    let mut root = Reader::new(&mut findings, table);
    let attributes = root.table("attributes");
    let attributes_at = attributes.start;
    let names_user_name = attributes.entries.keys().any(|key| key.eq_ignore_ascii_case("userName"));
    let rules = rules(attributes, target);
    let tables = tables(root.table("tables"));
    let mut people = root.table("people");
    let include_at = people.origin("include").value;
    let include = people.optional("include", values::quoted_text);
    let employee_number = employee_number(&mut people);
    people.finish();
    let paths: Vec<AttributePath> = rules.iter().map(|rule| rule.spec.path.clone()).collect();
    let tests = test_cases::read(&mut root, &paths);
    root.finish();

    let specs = rules.iter().map(|rule| rule.spec.clone()).collect();
    let mapping = Mapping::new(MappingSpec { rules: specs, tables, include, employee_number });
    let mapping = mapping.map_err(|problems| {
        // A rule that could not be read is a problem already, so it is not missing besides.
        for problem in problems.into_iter().filter(|problem| problem.place != MappingPlace::Whole || !names_user_name) {
            note_problem(&mut findings, &rules, [attributes_at, include_at], problem);
        }
    });
    let problems = findings.take_problems();
    match mapping {
        Ok(mapping) if problems.is_empty() => {
            let warning = warning(&rules, attributes_at).filter(|_| target.product == Product::Advocacy);
            let warnings = warning.map(|(at, text)| format!("{}: {text}", findings.document.line(at)));
            Ok(MappingFile { mapping, tests, warnings: Vec::from_iter(warnings) })
        }
        _ => Err(problems),
    }
}

/// The attribute of the Okta user that shows when one human has two users; an empty text means that none does.
fn employee_number(people: &mut Reader<'_>) -> Option<CompactString> {
    let start = people.origin("employee_number").value;
    let Some(text) = people.optional("employee_number", values::quoted_text) else {
        return Some("employeeNumber".into());
    };
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let name = text.strip_prefix("user.").filter(is_name);
    if name.is_none() && !text.is_empty() {
        let right = "people.employee_number: write one attribute of user, such as \"user.employeeNumber\", or \"\"";
        people.findings.refuse_at(people.findings.document.byte_of_text(start, 0), right);
    }
    name.map(Into::into)
}

/// Notes what the domain found, at the place in the file.
fn note_problem(
    findings: &mut FileFindings,
    rules: &[FileRule],
    [attributes_at, include_at]: [usize; 2],
    problem: MappingProblem,
) {
    let MappingProblem { place, message, range } = problem;
    // Of two rules of one path, the later one is the one too many.
    let rule_of = |path: &String| rules.iter().rev().find(|rule| rule.spec.path.to_string() == *path);
    let (text_at, name) = match &place {
        MappingPlace::Attribute(path) => match rule_of(path) {
            Some(rule) => (Some(rule.value), format!("{}.value: ", rule.name)),
            None => (None, format!("{path}: ")),
        },
        MappingPlace::Include => (Some(include_at), "people.include: ".to_owned()),
        MappingPlace::Whole => (None, String::new()),
    };
    let start = range.map_or(0, |range| range.start);
    let at = text_at.map_or(attributes_at, |at| findings.document.byte_of_text(at, start));
    findings.refuse_at(at, format!("{name}{message}"));
}

fn rules(mut attributes: Reader<'_>, target: &MappingTarget) -> Vec<FileRule> {
    let entries = attributes.take_rest();
    if let Some((_, extra)) = entries.get(MOST_RULES) {
        let message = format!("attributes: {} rules; take some out, {MOST_RULES} are the most", entries.len());
        attributes.findings.refuse_at(extra.origin.key, message);
    }
    let mut rules: Vec<FileRule> = Vec::new();
    for (key, entry) in entries {
        let Some(rule) = rule(&mut attributes, &key, entry, target) else { continue };
        let same_meaning = |earlier: &&FileRule| {
            matches!(rule.spec.kind, AttributeKind::Group | AttributeKind::Team)
                && earlier.spec.kind == rule.spec.kind
                && earlier.spec.path != rule.spec.path
                && earlier.spec.path.last().eq_ignore_ascii_case(rule.spec.path.last())
        };
        if let Some(earlier) = rules.iter().find(same_meaning) {
            let message = format!("{}: means the same as {}; keep one of the two", rule.name, earlier.name);
            attributes.findings.refuse_at(rule.key, message);
        }
        rules.push(rule);
    }
    let own = target.own_rule(|path| rules.iter().any(|rule| rule.spec.path == *path));
    rules.extend(own.map(|spec| FileRule { name: format!("attributes.{}", spec.path), spec, key: 0, value: 0 }));
    rules
}

fn rule(attributes: &mut Reader<'_>, key: &str, entry: Entry, target: &MappingTarget) -> Option<FileRule> {
    let at = entry.origin.key;
    let mut table = attributes.table_of(entry)?;
    table.start = at;
    let is_table = |value: &Value| matches!(value.kind, ValueKind::Table(_) | ValueKind::Nil);
    // A path with dots that lacks its quotes looks like tables in tables.
    if let Some(inner) = table.entries.keys().min().filter(|_| table.entries.values().all(is_table)) {
        let message = format!("a path with dots needs quotes; write [attributes.{:?}]", format!("{key}.{inner}"));
        table.refuse_here(&message);
        return None;
    }
    let fallback = table.optional("unsupported", values::choice(&[("send", AttributeKind::Any)]));
    let path = path(&mut table, key).map(|path| target.placed(path));
    let kind =
        path.as_ref().and_then(|path| target.kind(path, fallback).map_err(|message| table.refuse_here(&message)).ok());
    let usually = match kind {
        Some(AttributeKind::Team) => Compare::IgnoreCase,
        _ if key.eq_ignore_ascii_case("userName") => Compare::IgnoreCase,
        _ => Compare::Exact,
    };
    let value_at = table.origin("value").value;
    let value = table.required("value", "where the attribute comes from", values::quoted_text);
    let compares = [("exact", Compare::Exact), ("ignore_case", Compare::IgnoreCase)];
    let compare = table.optional("compare", values::choice(&compares)).unwrap_or(usually);
    let ons = [("create", On::Create), ("create_and_update", On::CreateAndUpdate)];
    let on = table.optional("on", values::choice(&ons)).unwrap_or(On::CreateAndUpdate);
    let when = [("leave", WhenEmpty::Leave), ("clear", WhenEmpty::Clear), ("hold", WhenEmpty::Hold)];
    let when_empty = table.choice("when_empty", &when);
    let name = table.name.clone();
    table.finish();
    let spec =
        RuleSpec { path: path?, value: value?, compare, on, when_empty, kind: kind.unwrap_or(AttributeKind::Any) };
    Some(FileRule { spec, name, key: at, value: value_at })
}

fn path(table: &mut Reader<'_>, key: &str) -> Option<AttributePath> {
    let parsed = AttributePath::parse(key).map_err(|error| {
        let byte = key.char_indices().nth(error.at - 1).map_or(key.len(), |(byte, _)| byte);
        let at = table.findings.document.byte_of_text(table.start, byte);
        table.findings.refuse_at(at, format!("{}: {}", table.name, error.what));
    });
    parsed.ok()
}

/// What is odd about the group of Advocacy, with its place.
fn warning(rules: &[FileRule], attributes_at: usize) -> Option<(usize, String)> {
    let Some(rule) = rules.iter().find(|rule| rule.spec.kind == AttributeKind::Group) else {
        let text = "attributes: no rule gives the group (country), and Advocacy wants everybody in one; it may refuse new accounts";
        return Some((attributes_at, text.to_owned()));
    };
    let text = format!(
        "{}: when_empty = \"clear\" takes people out of their group, and Advocacy wants everybody in one; \"hold\" is safer",
        rule.name
    );
    (rule.spec.when_empty == WhenEmpty::Clear).then_some((rule.key, text))
}

fn tables(mut reader: Reader<'_>) -> Tables {
    let mut tables = Tables::new();
    for (name, entry) in reader.take_rest() {
        let Some(mut table) = reader.table_of(entry) else { continue };
        let texts = table.take_rest().into_iter();
        let texts = texts.filter_map(|(key, entry)| Some((key, table.converted(&entry, values::quoted_text)?)));
        tables.insert(name, texts.collect());
    }
    tables
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{MappingFile, parse};
    use crate::config::document::Document;
    use crate::config::mapping::{MappingTarget, ProfileFields, run_tests};
    use crate::domain::mapping::{AttributeKind, On, Rule, WhenEmpty};
    use crate::domain::model::policy::Product;
    use crate::domain::scim::value::Compare;

    fn load(text: &str) -> Result<MappingFile, Vec<String>> {
        let document = Document::new(Path::new("m.toml"), text);
        let target = MappingTarget { product: Product::Advocacy, profile_fields: ProfileFields::Top };
        parse(document, &target).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    /// A mapping of userName in two lines, and more.
    fn with(more: &str) -> Result<MappingFile, Vec<String>> {
        load(&format!("[attributes.userName]\nvalue = \"user.email\"\n{more}"))
    }

    #[track_caller]
    fn refused(more: &str, problems: &[&str]) {
        assert_eq!(with(more).expect_err("problems"), problems);
    }

    #[test]
    fn the_sample_loads_and_its_tests_pass() {
        let MappingFile { mapping, tests, warnings } =
            load(include_str!("../../../config/mapping.advocacy.toml")).expect("a mapping");
        assert_eq!((tests.len(), warnings.len()), (3, 0));
        for outcome in run_tests(&mapping, &tests) {
            assert!(outcome.passed(), "{outcome:?}");
        }
    }

    #[test]
    fn what_a_rule_is_without_a_word_about_it() {
        let text = r#"
            ["attributes"."addresses[type eq \"work\"].country"]
            value = "user.c"
            [attributes.'addresses[primary eq true].locality']
            value = "user.l"
            [attributes."name.givenName"]
            value = "user.g"
            [attributes."emails[type eq \"work\"].value"]
            value = "user.e"
            unsupported = "send"
            [attributes.region]
            value = "user.r"
            compare = "exact"
            on = "create"
            when_empty = "clear"
        "#;
        let mapping = with(text).expect("a mapping").mapping;
        let shown = |rule: &Rule| {
            let Rule { path, compare, on, when_empty, kind, .. } = rule;
            (path.to_string(), *compare, *on, *when_empty, *kind)
        };
        let usual = |path: &str, compare, kind| (path.to_owned(), compare, On::CreateAndUpdate, WhenEmpty::Leave, kind);
        assert_eq!(shown(mapping.user_name()), usual("userName", Compare::IgnoreCase, AttributeKind::Text));
        assert_eq!(
            mapping.rules().iter().map(shown).collect::<Vec<_>>(),
            [
                usual("addresses[primary eq true].locality", Compare::IgnoreCase, AttributeKind::Team),
                usual("addresses[type eq \"work\"].country", Compare::Exact, AttributeKind::Group),
                usual("emails[type eq \"work\"].value", Compare::Exact, AttributeKind::Any),
                usual("name.givenName", Compare::Exact, AttributeKind::Text),
                ("region".to_owned(), Compare::Exact, On::Create, WhenEmpty::Clear, AttributeKind::Team),
            ]
        );
    }

    #[test]
    fn paths_that_are_no_paths_or_not_for_a_mapping() {
        let rule = |path: &str| format!("[attributes.{path}]\nvalue = \"user.x\"\n");
        refused(
            &rule(r#""addresses[type eq \"work\" ].""#),
            &[r#"m.toml:3:43: attributes."addresses[type eq \"work\" ].": expected the name of a sub-attribute"#],
        );
        refused(&rule("'é.x'"), &["m.toml:3:14: attributes.\"é.x\": expected the name of an attribute"]);
        refused(
            &rule("name.givenName"),
            &["m.toml:3:13: attributes.name: a path with dots needs quotes; write [attributes.\"name.givenName\"]"],
        );
        let has = "which has userName, name.givenName, name.familyName, addresses[type eq \"work\"].country, addresses[type eq \
                   \"work\"].locality, addresses[type eq \"work\"].region; take the rule out, or write unsupported = \"send\" in it";
        refused(
            &rule("title"),
            &[&format!("m.toml:3:13: attributes.title: is no attribute of Haiilo Advocacy, {has}")],
        );
        for (path, why) in [
            ("active", "cannot be mapped: who has an account follows from the assignment in Okta"),
            ("ID", "cannot be mapped: Haiilo alone gives ids"),
            ("password", "cannot be mapped: passwords are never sent"),
            ("groups", "cannot be mapped: SCIM has no groups of a user that could be set"),
            ("meta", "cannot be mapped: Haiilo alone writes it"),
            ("schemas", "cannot be mapped: it is written as needed"),
        ] {
            let text = format!("{}unsupported = \"send\"\n", rule(path));
            refused(&text, &[&format!("m.toml:3:13: attributes.{path}: {why}")]);
        }
        refused(
            &format!("{}{}", rule("country"), rule("'addresses[type eq \"work\"].country'")),
            &[
                "m.toml:5:13: attributes.\"addresses[type eq \\\"work\\\"].country\": means the same as attributes.country; keep one of the two",
            ],
        );
        refused(
            &format!(
                "{}{}",
                rule("'addresses[type eq \"work\"].country'"),
                rule("'addresses[ type  eq \"work\" ].country'")
            ),
            &[
                "m.toml:6:10: attributes.\"addresses[ type  eq \\\"work\\\" ].country\".value: stands twice; keep one of the two",
            ],
        );
        refused(&rule("USERNAME"), &["m.toml:4:10: attributes.USERNAME.value: stands twice; keep one of the two"]);
    }

    #[test]
    fn keys_and_kinds() {
        let rule = |rest: &str| format!("[attributes.country]\n{rest}\n");
        refused(
            &rule("valeu = \"user.x\""),
            &[
                "m.toml:3:13: attributes.country: value is missing: where the attribute comes from",
                "m.toml:4:1: attributes.country.valeu: unknown key; did you mean value?",
            ],
        );
        refused(&rule("value = 7"), &["m.toml:4:9: attributes.country.value: write a text in quotes"]);
        refused(
            &rule("value = \"user.x\"\ncompare = \"Exact\"\non = true\nwhen_empty = \"keep\"\nunsupported = \"yes\""),
            &[
                "m.toml:5:11: attributes.country.compare: write \"exact\" or \"ignore_case\"",
                "m.toml:6:6: attributes.country.on: write \"create\" or \"create_and_update\"",
                "m.toml:7:14: attributes.country.when_empty: write \"leave\" or \"clear\" or \"hold\"",
                "m.toml:8:15: attributes.country.unsupported: write \"send\"",
            ],
        );
        refused(
            "[attributes]\ncountry = \"user.x\"\n",
            &["m.toml:4:11: attributes.country: write a table, as in [attributes.country]"],
        );
        refused(
            "country = \"user.x\"\n",
            &[
                "m.toml:3:1: attributes.userName.country: unknown key; possible are unsupported, value, compare, on, when_empty",
            ],
        );
        refused(
            "[tables]\nDE = \"x\"\n[tables.groups]\nFI = 7\n",
            &[
                "m.toml:4:6: tables.DE: write a table, as in [tables.DE]",
                "m.toml:6:6: tables.groups.FI: write a text in quotes",
            ],
        );
        refused(
            "[people]\ninclude = true\nexclude = \"x\"\n[other]\n[test]\n",
            &[
                "m.toml:4:11: people.include: write a text in quotes",
                "m.toml:5:1: people.exclude: unknown key; did you mean include?",
                "m.toml:6:2: other: unknown key; possible are attributes, tables, people, tests",
                "m.toml:7:2: test: unknown key; did you mean tests?",
            ],
        );
        assert_eq!(
            load("attributes = 7\n").expect_err("problems"),
            [
                "m.toml:1:1: a rule for userName is needed; write [attributes.userName]",
                "m.toml:1:14: attributes: write a table, as in [attributes]",
            ]
        );
        assert_eq!(
            load("").expect_err("problems"),
            ["m.toml:1:1: a rule for userName is needed; write [attributes.userName]"]
        );
        // A rule that could not be read is one problem, and is not missing besides.
        assert_eq!(
            load("[attributes.userName]\nvalue = 1\n").expect_err("problems"),
            ["m.toml:2:9: attributes.userName.value: write a text in quotes"]
        );
    }

    #[test]
    fn expressions_are_pointed_at_inside_their_quotes() {
        let rule = |value: &str| format!("[attributes.country]\nvalue = {value}\n");
        let unknown = "attributes.country.value: filter nosuch is unknown; use one of trim, lower, upper, title, before, after, lookup and those of MiniJinja";
        refused(&rule("\"user.x | nosuch\""), &[&format!("m.toml:4:19: {unknown}")]);
        refused(&rule(r#""'\"' ~ user.x | nosuch""#), &[&format!("m.toml:4:26: {unknown}")]);
        refused(
            &rule("'''\nuser.x\n  | trim |'''"),
            &["m.toml:6:10: attributes.country.value: syntax error: unexpected end of input, expected identifier"],
        );
        refused(
            &rule("\"usr.x | trim\""),
            &["m.toml:4:10: attributes.country.value: unknown name `usr`; write user, appuser or assignment"],
        );
        refused(
            &rule("\"user.x | lookup('nosuch')\""),
            &["m.toml:4:19: attributes.country.value: there is no table [tables.nosuch]; add it, or correct the name"],
        );
        refused(
            "[people]\nemployee_number = \"user.a ~ user.b\"\n",
            &[
                "m.toml:4:20: people.employee_number: write one attribute of user, such as \"user.employeeNumber\", or \"\"",
            ],
        );
        refused(
            "[people]\ninclude = \"user.x = 1\"\n",
            &["m.toml:4:19: people.include: syntax error: unexpected input after expression"],
        );
    }

    #[test]
    fn the_employee_number_is_read_unless_the_mapping_says_otherwise() {
        for (people, attribute) in [
            ("", Some("employeeNumber")),
            ("[people]\nemployee_number = \"user.badge_id\"\n", Some("badge_id")),
            ("[people]\nemployee_number = \"\"\n", None),
        ] {
            let wanted = with(people).expect("a mapping").mapping.wanted();
            let read: Vec<&str> = wanted.user.iter().map(AsRef::as_ref).collect();
            let expected: Vec<&str> = attribute.into_iter().chain(["email"]).collect();
            assert!(
                expected.iter().all(|name| read.contains(name)) && read.len() == expected.len(),
                "{people}: {read:?}"
            );
        }
    }

    #[test]
    fn no_more_rules_than_anybody_needs() {
        let rule = |at| format!("[attributes.x{at}]\nvalue = \"user.x\"\nunsupported = \"send\"\n");
        let rules = |count: usize| (1..count).map(rule).collect::<Vec<_>>().concat();
        assert!(with(&rules(64)).is_ok());
        refused(&rules(65), &["m.toml:192:13: attributes: 65 rules; take some out, 64 are the most"]);
    }

    #[test]
    fn a_group_that_is_cleared_is_a_warning() {
        let clear = "[attributes.country]\nvalue = \"user.x\"\nwhen_empty = \"clear\"\n";
        let warnings = with(clear).expect("a mapping").warnings;
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].ends_with(
            "m.toml:3: attributes.country: when_empty = \"clear\" takes people out of their group, and Advocacy wants everybody in one; \
             \"hold\" is safer"
        ));
        assert_eq!(with(&clear.replace("clear", "hold")).expect("a mapping").warnings, [""; 0]);
    }

    #[test]
    fn a_mapping_without_a_group_is_a_warning() {
        let warnings = with("[attributes.region]\nvalue = \"user.x\"\n").expect("a mapping").warnings;
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].ends_with(
            "m.toml:1: attributes: no rule gives the group (country), and Advocacy wants everybody in one; it may refuse new accounts"
        ), "{warnings:?}");
    }

    #[test]
    fn tests_that_are_none() {
        refused("[tests]\nname = \"x\"\n", &["m.toml:3:1: tests: write each test below a line [[tests]]"]);
        let test = |rest: &str| format!("[[tests]]\n{rest}\n");
        refused(&test("held = true"), &["m.toml:3:1: tests: name is missing: what the test is about"]);
        refused(&test("name = \"x\"\nheld = false"), &["m.toml:5:8: tests.held: write true, or leave it out"]);
        let both = "m.toml:3:1: tests: write what to expect, or held = true, and not both";
        refused(&test("name = \"x\""), &[both]);
        refused(&test("name = \"x\"\nexpect = {}"), &[both]);
        refused(&test("name = \"x\"\nheld = true\nexpect = { userName = \"a\" }"), &[both]);
        refused(
            &test("name = \"x\"\nexpect = { title = \"a\", userName = 7, \"a[\" = \"\" }"),
            &[
                "m.toml:5:12: tests.expect.title: the mapping has no rule for this attribute; write one, or take this out",
                "m.toml:5:36: tests.expect.userName: write a text, true or false, or a list of texts; \"\" stands for nothing",
                "m.toml:5:39: tests.expect.\"a[\": the mapping has no rule for this attribute; write one, or take this out",
            ],
        );
        refused(
            &test(
                "name = \"x\"\nheld = true\nusr = {}\nuser = 7\nassignment = { via = \"group\", login = \"x\", status = 1 }",
            ),
            &[
                "m.toml:6:1: tests.usr: unknown key; did you mean user?",
                "m.toml:7:8: tests.user: write a table, as in [tests.user]",
                "m.toml:8:31: tests.assignment.login: unknown key; possible are user_name, id, status, via",
                "m.toml:8:53: tests.assignment.status: write a text in quotes",
            ],
        );
    }

    /// What the test says of a mapping with all kinds of attributes, a line for each difference.
    #[track_caller]
    fn outcome(test: &str, failures: &[&str]) {
        let mapping = r#"
            [attributes.userName]
            value = "assignment.user_name or user.email"
            [attributes."name.givenName"]
            value = "user.firstName"
            [attributes.country]
            value = "user.country | lookup('groups')"
            [attributes.locality]
            value = "user.city"
            when_empty = "clear"
            [attributes.title]
            value = "assignment.via ~ ' ' ~ assignment.status ~ ' ' ~ assignment.id ~ ' ' ~ appuser.role"
            unsupported = "send"
            [attributes.tags]
            value = "user.tags"
            unsupported = "send"
            [attributes.vip]
            value = "user.number > 5 if user.number else user.vip"
            unsupported = "send"
            [tables.groups]
            DE = "Germany"
            [people]
            include = "user.userType != 'service'"
            [[tests]]
            name = "it"
        "#;
        let MappingFile { mapping, tests, warnings: _ } = load(&format!("{mapping}{test}")).expect("a mapping");
        let outcomes = run_tests(&mapping, &tests);
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0].failures.iter().map(ToString::to_string).collect::<Vec<_>>(), failures);
    }

    #[test]
    fn tests_compare_what_they_name_as_the_rule_does() {
        let user =
            "user = { email = \"ada@example.com\", firstName = \"Ada\", city = \"Bad  Ems\", country = \"DE\" }\n";
        let expect = |expect: &str| format!("{user}expect = {{ {expect} }}");
        outcome(&expect("userName = \"ADA@example.com \", locality = \"bad ems\", country = \"Germany\""), &[]);
        outcome(
            &expect("country = \"germany\", \"name.GIVENNAME\" = \"ada\""),
            &["country\n- \"germany\"\n+ \"Germany\"", "name.GIVENNAME\n- \"ada\"\n+ \"Ada\""],
        );
        outcome(
            &expect("userName = \"eve@example.com\", locality = \"\", tags = []"),
            &["userName\n- \"eve@example.com\"\n+ \"ada@example.com\"", "locality\n- nothing\n+ \"Bad Ems\""],
        );
        outcome(&format!("{user}held = true"), &["the person\n- held\n+ an account"]);
    }

    #[test]
    fn tests_take_values_of_all_kinds_from_everywhere() {
        let person = "user = { email = \"a\", country = \"\", tags = [\"b\", \"a\"], number = 7 }\nappuser = { role = \"lead\" }\n\
                      assignment = { user_name = \"x@example.com\", id = \"00u7\", status = \"STAGED\", via = \"group\" }\n";
        let expect = "expect = { userName = \"x@example.com\", title = \"group STAGED 00u7 lead\", tags = [\"a\", \"b\"], vip = true, \
                      country = \"\", locality = \"\", \"name.givenName\" = \"\" }";
        outcome(&format!("{person}{expect}"), &[]);
        outcome("user = { email = \"a\", vip = false }\nexpect = { vip = true }", &["vip\n- true\n+ false"]);
        outcome("user = { email = \"a\" }\nexpect = { title = \"user ACTIVE 00u1example \" }", &[]);
    }

    #[test]
    fn tests_know_who_is_held_and_who_takes_no_part() {
        outcome("held = true", &[]);
        outcome("user = { email = \"a\", country = \"XX\" }\nheld = true", &[]);
        outcome(
            "user = { email = \"a\", country = \"XX\" }\nexpect = { userName = \"a\" }",
            &[
                "the person\n- an account\n+ held, because of country: [tables.groups] has no entry for \"XX\"; add one, or one for \"*\"",
            ],
        );
        let service = "user = { email = \"a\", userType = \"service\" }\n";
        outcome(
            &format!("{service}expect = {{ userName = \"a\" }}"),
            &["the person\n- an account\n+ left out by people.include"],
        );
        outcome(&format!("{service}held = true"), &["the person\n- held\n+ left out by people.include"]);
    }
}

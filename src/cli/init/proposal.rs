//! A mapping for the attributes that Okta has: the sample, with each change said in a comment beside it. It is a proposal for a person to
//! read.

use crate::cli::args::ProductWord;
use crate::config::sample::{self, quoted};
use crate::okta::ProfileSchemas;

/// The path of the group, as the sample's test has it.
const GROUP: &str = "addresses[type eq \"work\"].country";
/// The most attributes of the application that are listed.
const LISTED: usize = 40;

/// Where the group comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum GroupSourceRule {
    /// From where the sample takes it.
    AsInSample,
    /// From an attribute that holds its name.
    Named(Attribute),
    /// From a country of the application's profile, by the table.
    Country(Attribute),
    /// From nowhere.
    Nowhere,
}

/// An attribute of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    root: &'static str,
    name: String,
    title: String,
}

impl Attribute {
    fn expression(&self) -> String {
        format!("{}.{}", self.root, self.name)
    }
}

/// A mapping, and what was changed, a line each.
#[derive(Debug)]
pub(super) struct Proposal {
    pub(super) mapping: String,
    pub(super) changes: Vec<String>,
}

/// Fits the sample to what profiles may hold: every rule stays whose attributes Okta has, and the tests go where a rule went: they would
/// fail. Only the mapping for Advocacy has a rule for the group.
pub(super) fn propose(schemas: &ProfileSchemas, product: ProductWord) -> Proposal {
    let (sample, group) = match product {
        ProductWord::Advocacy => (sample::MAPPING, Some(group(schemas))),
        ProductWord::Intranet => (sample::MAPPING_OF_THE_INTRANET, None),
    };
    let mut changes = Vec::new();
    let mut fitted = |block: &str| match (&group, block.lines().any(|line| line.starts_with("[attributes."))) {
        (Some(group), true) if block.contains(".country") => group_rule(block, group, &mut changes),
        (_, true) => rule(block, schemas, &mut changes),
        (Some(GroupSourceRule::Named(_) | GroupSourceRule::Nowhere), false) if block.contains("[tables.groups]") => {
            switched_off(block, "no rule reads this table.")
        }
        (_, false) => block.to_owned(),
    };
    let mut blocks: Vec<String> = sample.split("\n\n").map(&mut fitted).collect();
    if !changes.is_empty() {
        blocks = with_tests(blocks, &group.unwrap_or(GroupSourceRule::Nowhere));
    }
    let mapping = with_attributes(blocks, schemas).join("\n\n");
    Proposal { mapping: format!("{}\n", mapping.trim_end()), changes }
}

/// The group: an attribute that looks like one goes before the sample's country.
fn group(schemas: &ProfileSchemas) -> GroupSourceRule {
    let has = |name: &str, title: &str, word: &str| format!("{name} {title}").to_lowercase().contains(word);
    let pick = |root: &'static str, fits: &dyn Fn(&str, &str) -> bool| {
        let attributes = if root == "user" { &schemas.user } else { &schemas.app_user };
        let mut found: Vec<_> = attributes.iter().filter(|(name, title)| is_name(name) && fits(name, title)).collect();
        found.sort_by_key(|(name, title)| !has(name, title, "haiilo"));
        found.first().map(|(name, title)| Attribute { root, name: name.to_string(), title: plain(title) })
    };
    let named = pick("appuser", &|name, title| has(name, title, "group"))
        .or_else(|| pick("user", &|name, title| has(name, title, "haiilo") && has(name, title, "group")));
    if let Some(attribute) = named {
        return GroupSourceRule::Named(attribute);
    }
    if schemas.user.contains_key("countryCode") {
        return GroupSourceRule::AsInSample;
    }
    pick("appuser", &|name, title| has(name, title, "country"))
        .map_or(GroupSourceRule::Nowhere, GroupSourceRule::Country)
}

fn group_rule(block: &str, group: &GroupSourceRule, changes: &mut Vec<String>) -> String {
    let instead = |attribute: &Attribute, value: &str, why: &str| {
        let Attribute { root, name, title } = attribute;
        let profile = if *root == "user" { "user" } else { "application" };
        let sample = value_line(block).unwrap_or_default();
        let lines = block.lines().map(|line| {
            if line == sample {
                format!(
                    "# Proposed by init, since Okta's {profile} profile has {name} ({title}){why}\n# If that is wrong, the sample has: {sample}\nvalue = {}",
                    quoted(value)
                )
            } else {
                line.to_owned()
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    match group {
        GroupSourceRule::AsInSample => block.to_owned(),
        GroupSourceRule::Named(attribute) => {
            changes.push(format!("the group comes from {}", attribute.expression()));
            let why = ", which must hold the name of a group in Haiilo.";
            instead(attribute, &attribute.expression(), why)
        }
        GroupSourceRule::Country(attribute) => {
            let value = format!("{} | lookup('groups')", attribute.expression());
            changes.push(format!("the group comes from {}, by the table [tables.groups]", attribute.expression()));
            instead(attribute, &value, " and its user profile has no countryCode.")
        }
        GroupSourceRule::Nowhere => {
            changes.push("no rule gives the group: write one, since Haiilo wants everybody in a group".to_owned());
            let why = "Okta's user profile has no countryCode, and nothing looks like a group.\n# Haiilo wants everybody in a group: write another value here.";
            switched_off(block, why)
        }
    }
}

/// A rule, switched off if it reads what Okta does not have.
fn rule(block: &str, schemas: &ProfileSchemas, changes: &mut Vec<String>) -> String {
    let value = value_line(block).unwrap_or_default();
    let is_user_name = block.contains("[attributes.userName]");
    match read_by(value).find(|name| !schemas.user.contains_key(*name)) {
        Some(name) if !is_user_name => {
            changes.push(format!(
                "a rule that reads user.{name} is switched off: Okta's user profile has no such attribute"
            ));
            switched_off(block, &format!("Okta's user profile has no {name}."))
        }
        _ => block.to_owned(),
    }
}

/// The line of the value, unless the whole rule is a comment.
fn value_line(block: &str) -> Option<&str> {
    block.lines().find(|line| line.starts_with("value = "))
}

/// The attributes of `user` in an expression.
fn read_by(expression: &str) -> impl Iterator<Item = &str> {
    let ends = expression.split("user.").skip(1).filter(|end| end.starts_with(|c: char| c.is_ascii_alphabetic()));
    ends.map(|end| end.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default())
}

fn switched_off(block: &str, why: &str) -> String {
    let lines = block.lines().map(|line| if line.starts_with('#') { line.to_owned() } else { format!("# {line}") });
    format!("# Switched off by init: {why}\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Tests that fit the changed rules in place of the sample's.
fn with_tests(blocks: Vec<String>, group: &GroupSourceRule) -> Vec<String> {
    let is_test = |block: &String| block.lines().any(|line| line.starts_with("[[tests]]"));
    let first = blocks.iter().find(|block| is_test(block)).map_or("", String::as_str);
    let said = first[..first.find("[[tests]]").unwrap_or(0)].to_owned();
    let mut blocks: Vec<String> = blocks.into_iter().filter(|block| !is_test(block)).collect();
    let email = "email = \"ada@example.com\"";
    let (user, appuser) = match group {
        GroupSourceRule::Nowhere => {
            blocks.push(format!(
                "{said}[[tests]]\nname = \"somebody\"\nuser = {{ {email} }}\nexpect = {{ userName = \"ada@example.com\" }}"
            ));
            return blocks;
        }
        GroupSourceRule::AsInSample => (", countryCode = \"DE\"".to_owned(), String::new()),
        GroupSourceRule::Named(Attribute { root: "user", name, .. }) => {
            (format!(", {name} = \"Germany\""), String::new())
        }
        GroupSourceRule::Named(Attribute { name, .. }) => {
            (String::new(), format!("appuser = {{ {name} = \"Germany\" }}\n"))
        }
        GroupSourceRule::Country(Attribute { name, .. }) => {
            (String::new(), format!("appuser = {{ {name} = \"DE\" }}\n"))
        }
    };
    blocks.push(format!(
        "{said}[[tests]]\nname = \"somebody with a group\"\nuser = {{ {email}{user} }}\n{appuser}expect = {{ userName = \"ada@example.com\", '{GROUP}' = \"Germany\" }}"
    ));
    blocks.push(format!("[[tests]]\nname = \"somebody without a group\"\nuser = {{ {email} }}\nheld = true"));
    blocks
}

/// What the application's profile has, behind the first words of the file.
fn with_attributes(mut blocks: Vec<String>, schemas: &ProfileSchemas) -> Vec<String> {
    let mut lines: Vec<String> = schemas
        .app_user
        .iter()
        .filter(|(name, _)| is_name(name))
        .map(|(name, title)| format!("#   appuser.{name}   {}", plain(title)))
        .collect();
    if lines.is_empty() {
        return blocks;
    }
    let more = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    if more > 0 {
        lines.push(format!("#   and {more} more"));
    }
    let first = blocks.iter().position(|block| block.contains("\n[attributes.")).unwrap_or(blocks.len());
    blocks.insert(
        first,
        format!("# What init found in the profile of your Haiilo application in Okta:\n{}", lines.join("\n")),
    );
    blocks
}

/// Whether an expression can name it.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A title as part of a line.
fn plain(title: &str) -> String {
    title.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::propose;
    use crate::cli::args::ProductWord;
    use crate::config::{ConfigDraft, EnvVars, load_draft, mapping, sample};
    use crate::okta::{ProfileAttributes, ProfileSchemas};

    fn attributes(of: &[(&str, &str)]) -> ProfileAttributes {
        of.iter().map(|(name, title)| ((*name).into(), (*title).to_owned())).collect()
    }

    /// What is proposed for these profiles is said, has these lines, loads, and its own tests pass.
    #[track_caller]
    fn check(user: &[(&str, &str)], app_user: &[(&str, &str)], changes: &[&str], lines: &[&str]) {
        let base = [("email", ""), ("firstName", ""), ("lastName", "")];
        let user = attributes(&[&base[..], user].concat());
        let proposal = propose(&ProfileSchemas { user, app_user: attributes(app_user) }, ProductWord::Advocacy);
        assert_eq!(proposal.changes, changes);
        let found: Vec<&str> = proposal.mapping.lines().collect();
        for line in lines {
            assert!(found.contains(line), "{line:?} is not in\n{}", proposal.mapping);
        }
        let draft = ConfigDraft { configuration: sample::CONFIGURATION, mapping: &proposal.mapping };
        let env = EnvVars::default().secrets_or_placeholders();
        let settings = load_draft(Path::new("/nowhere/sync.toml"), &draft, &env, |_, _| Ok(()))
            .unwrap_or_else(|problems| panic!("{problems:?}\n{}", proposal.mapping));
        let outcomes = mapping::run_tests(&settings.mapping, &settings.mapping_tests);
        assert!(!outcomes.is_empty() && outcomes.iter().all(mapping::TestOutcome::passed), "{outcomes:?}");
    }

    const USUAL: [(&str, &str); 2] = [("countryCode", "Country code"), ("city", "City")];

    #[test]
    fn where_everything_is_there_it_is_the_sample() {
        check(&USUAL, &[], &[], &[]);
        let schemas = ProfileSchemas {
            user: attributes(&[&USUAL[..], &[("firstName", ""), ("lastName", "")]].concat()),
            app_user: attributes(&[]),
        };
        assert_eq!(propose(&schemas, ProductWord::Advocacy).mapping, sample::MAPPING);
    }

    #[test]
    fn a_group_of_the_application_goes_before_a_country() {
        check(
            &USUAL,
            &[("aGroup", "Some group"), ("team", "Haiilo group\nvalue = \"x\"")],
            &["the group comes from appuser.team"],
            &["value = \"appuser.team\"", "# [tables.groups]", "#   appuser.aGroup   Some group"],
        );
        check(
            &[&USUAL[..], &[("haiilo_group", "")]].concat(),
            &[("odd-name group", "Group")],
            &["the group comes from user.haiilo_group"],
            &["value = \"user.haiilo_group\""],
        );
    }

    #[test]
    fn a_country_of_the_application_is_looked_up() {
        check(
            &[("city", "")],
            &[("workCountry", "Country")],
            &["the group comes from appuser.workCountry, by the table [tables.groups]"],
            &["value = \"appuser.workCountry | lookup('groups')\"", "[tables.groups]"],
        );
    }

    #[test]
    fn rules_that_read_what_nobody_can_have_are_switched_off() {
        check(
            &[],
            &[],
            &[
                "no rule gives the group: write one, since Haiilo wants everybody in a group",
                "a rule that reads user.city is switched off: Okta's user profile has no such attribute",
            ],
            &[
                "# Switched off by init: Okta's user profile has no city.",
                "# value = \"user.city | trim\"",
                "# value = \"user.countryCode | lookup('groups')\"",
            ],
        );
    }
}

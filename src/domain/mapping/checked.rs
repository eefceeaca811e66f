//! A checked mapping: each rule compiles, reads attributes that exist, and is the only rule of its attribute. The check needs no person.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;
use minijinja::Environment;

use crate::mapping::context::{Read, Root, Wanted};
use crate::mapping::expression::{self, Checked};
use crate::mapping::filters;
use crate::mapping::rule::{AttributeKind, MappingSpec, On, RuleSpec, Tables, WhenEmpty};
use crate::model::assignment::{Profile, ProfileValue};
use crate::model::ids::EmployeeNumber;
use crate::scim::path::AttributePath;
use crate::scim::value::Compare;

/// The prefix of a table's name where parts of a mapping are named.
pub const TABLE: &str = "tables.";
/// The name of `people.include` among the parts and places of a mapping.
pub const INCLUDE: &str = "people.include";

/// A rule whose expression was checked.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The attribute of the account.
    pub path: Arc<AttributePath>,
    /// How the two sides are compared.
    pub compare: Compare,
    /// When the rule is applied.
    pub on: On,
    /// What an empty result means.
    pub when_empty: WhenEmpty,
    /// What the attribute may hold.
    pub kind: AttributeKind,
    pub(super) value: Checked,
}

impl Rule {
    /// The expression, as the mapping gives it.
    pub fn source(&self) -> &str {
        &self.value.source
    }
}

/// A checked mapping. It owns the interpreter and the texts of the rules. A mapper borrows both for one cycle.
pub struct Mapping {
    user_name: Rule,
    rules: Vec<Rule>,
    pub(super) include: Option<Checked>,
    pub(super) environment: Environment<'static>,
    employee_number: Option<CompactString>,
    external_id: Option<usize>,
    text: String,
    parts: BTreeMap<String, String>,
}

/// Where in the mapping a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingPlace {
    /// The rule of this attribute.
    Attribute(String),
    /// `people.include`.
    Include,
    /// The mapping as a whole.
    Whole,
}

/// A mapping that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingProblem {
    /// Where.
    pub place: MappingPlace,
    /// What is wrong, and how to correct it.
    pub message: String,
    /// The bytes of the expression with the problem, where they are known.
    pub range: Option<Range<usize>>,
}

impl Mapping {
    /// Checks all rules. The error lists all problems.
    pub fn new(spec: MappingSpec) -> Result<Self, Vec<MappingProblem>> {
        let MappingSpec { rules, tables, include, employee_number } = spec;
        let text = canonical_text(&rules, &tables, include.as_deref());
        let parts = parts(&rules, &tables, include.as_deref());
        let environment = filters::environment(&Arc::new(tables));
        let mut problems = Vec::new();
        let mut check = |place: MappingPlace, source: String| match expression::check(&environment, source) {
            Ok(checked) => Some(checked),
            Err((message, range)) => {
                problems.push(MappingProblem { place, message, range });
                None
            }
        };
        let include = include.and_then(|source| check(MappingPlace::Include, source));
        let mut checked: Vec<Rule> = rules
            .into_iter()
            .filter_map(|RuleSpec { path, value, compare, on, when_empty, kind }| {
                let value = check(MappingPlace::Attribute(path.to_string()), value)?;
                Some(Rule { path: Arc::new(path), compare, on, when_empty, kind, value })
            })
            .collect();
        let problem = |place, message: &str| MappingProblem { place, message: message.to_owned(), range: None };
        for (at, rule) in checked.iter().enumerate() {
            if checked[..at].iter().any(|earlier| earlier.path == rule.path) {
                problems
                    .push(problem(MappingPlace::Attribute(rule.path.to_string()), "stands twice; keep one of the two"));
            }
        }
        let user_name = checked.iter().position(|rule| is_user_name(&rule.path)).map(|at| checked.remove(at));
        match user_name {
            Some(user_name) if problems.is_empty() => {
                checked.sort_by_key(|rule| rule.path.to_string());
                let external_id =
                    checked.iter().position(|rule| rule.path.to_string().eq_ignore_ascii_case("externalId"));
                Ok(Self { user_name, rules: checked, include, employee_number, external_id, environment, text, parts })
            }
            Some(_) => Err(problems),
            None => {
                if !problems.iter().any(|found| found.place == MappingPlace::Attribute("userName".to_owned())) {
                    problems.push(problem(
                        MappingPlace::Whole,
                        "a rule for userName is needed; write [attributes.userName]",
                    ));
                }
                Err(problems)
            }
        }
    }

    /// The rule of userName.
    pub fn user_name(&self) -> &Rule {
        &self.user_name
    }

    /// The rules of all other attributes, in the order of their paths; a *slot* is a position in this list.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// `people.include`, as the mapping gives it.
    pub fn include_source(&self) -> Option<&str> {
        self.include.as_ref().map(|include| &*include.source)
    }

    /// The slot of the product's group, where the mapping has this attribute.
    pub fn group_slot(&self) -> Option<usize> {
        self.rules.iter().position(|rule| rule.kind == AttributeKind::Group)
    }

    /// The slot of the attribute that holds the Okta id of the account's person, where the mapping has this attribute.
    pub fn external_id(&self) -> Option<usize> {
        self.external_id
    }

    /// The slots of the given and the family name, where both are mapped.
    pub fn human_name(&self) -> Option<[usize; 2]> {
        let slot = |path: &str| self.rules.iter().position(|rule| rule.path.to_string().eq_ignore_ascii_case(path));
        Some([slot("name.givenName")?, slot("name.familyName")?])
    }

    /// The settings that decide about people and values, as a text. The text changes exactly when one of these settings changes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same settings in parts. The key is the name of what a part decides about, in words for a reader.
    pub fn parts(&self) -> &BTreeMap<String, String> {
        &self.parts
    }

    /// The attributes that the rules read from Okta's profiles.
    pub fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for Read { root, name } in self.reads() {
            match root {
                Root::User => wanted.user.insert(name),
                Root::AppUser => wanted.app_user.insert(name),
                Root::Assignment => continue,
            };
        }
        wanted.user.extend(self.employee_number.clone());
        wanted
    }

    /// The employee number in a user's profile.
    pub fn employee(&self, user: &Profile) -> Option<EmployeeNumber> {
        match user.get(self.employee_number.as_ref()?)? {
            ProfileValue::Text(text) => EmployeeNumber::of(text),
            ProfileValue::Number(number) => EmployeeNumber::of(&number.to_string()),
            ProfileValue::Flag(_) | ProfileValue::List(_) | ProfileValue::Odd => None,
        }
    }

    /// Every attribute that any rule reads, in order.
    pub(super) fn reads(&self) -> Vec<Read> {
        let rules = self.rules.iter().chain([&self.user_name]).map(|rule| &rule.value);
        let mut reads: Vec<Read> =
            rules.chain(&self.include).flat_map(|checked| checked.reads.iter().cloned()).collect();
        reads.sort();
        reads.dedup();
        reads
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Whether a path is that of userName.
fn is_user_name(path: &AttributePath) -> bool {
    path.to_string().eq_ignore_ascii_case("userName")
}

fn canonical_text(rules: &[RuleSpec], tables: &Tables, include: Option<&str>) -> String {
    let mut lines: Vec<String> = rules
        .iter()
        .map(|RuleSpec { path, value, compare, on, when_empty, kind }| {
            format!("{path} = {value:?} {compare:?} {on:?} {when_empty:?} {kind:?}")
        })
        .collect();
    lines.sort();
    format!("{}\n{tables:?}\n{include:?}\n", lines.join("\n"))
}

/// Each rule with its options, and each table with its entries, one per line, as they appear in the file.
fn parts(rules: &[RuleSpec], tables: &Tables, include: Option<&str>) -> BTreeMap<String, String> {
    let rule = |RuleSpec { path, value, compare, on, when_empty, kind: _ }: &RuleSpec| {
        let compare = match compare {
            Compare::Exact => "",
            Compare::IgnoreCase => ", ignore_case",
        };
        let on = match on {
            On::CreateAndUpdate => "",
            On::Create => ", on create",
        };
        let when_empty = match when_empty {
            WhenEmpty::Leave => "leave",
            WhenEmpty::Clear => "clear",
            WhenEmpty::Hold => "hold",
        };
        (path.to_string(), format!("{value} (when empty: {when_empty}{on}{compare})"))
    };
    let table = |(name, entries): (&String, &BTreeMap<String, String>)| {
        let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key} = {value:?}")).collect();
        (format!("{TABLE}{name}"), entries.join("\n"))
    };
    let include = include.map(|include| (INCLUDE.to_owned(), include.to_owned()));
    rules.iter().map(rule).chain(tables.iter().map(table)).chain(include).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use compact_str::CompactString;

    use super::Mapping;
    use crate::mapping::rule::{AttributeKind, MappingSpec, On, RuleSpec, WhenEmpty};
    use crate::scim::path::AttributePath;
    use crate::scim::value::Compare;

    fn rule(path: &str, value: &str) -> RuleSpec {
        RuleSpec {
            path: AttributePath::parse(path).expect("a path"),
            value: value.to_owned(),
            compare: Compare::Exact,
            on: On::CreateAndUpdate,
            when_empty: WhenEmpty::Leave,
            kind: AttributeKind::Text,
        }
    }

    fn mapping(rules: &[(&str, &str)], include: Option<&str>) -> Result<Mapping, Vec<String>> {
        let spec = MappingSpec {
            employee_number: None,
            rules: rules.iter().map(|(path, value)| rule(path, value)).collect(),
            tables: BTreeMap::from([("groups".to_owned(), BTreeMap::new())]),
            include: include.map(str::to_owned),
        };
        Mapping::new(spec).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| match problem.range {
                    Some(range) => format!("{:?} {}..{}: {}", problem.place, range.start, range.end, problem.message),
                    None => format!("{:?}: {}", problem.place, problem.message),
                })
                .collect()
        })
    }

    #[track_caller]
    fn refused(value: &str, problem: &str) {
        let problems = mapping(&[("userName", "user.email"), ("title", value)], None).expect_err("a problem");
        assert_eq!(problems, [format!("Attribute(\"title\"){problem}")]);
    }

    #[test]
    fn what_no_person_is_needed_to_refuse() {
        refused("user.a +", " 7..8: syntax error: unexpected end of input, expected expression");
        refused(
            "user.a | nosuch",
            " 9..15: filter nosuch is unknown; use one of trim, lower, upper, title, before, after, lookup and those of MiniJinja",
        );
        refused("user.a | lookup('nosuch')", " 9..25: there is no table [tables.nosuch]; add it, or correct the name");
        refused(
            "(user.b | nosuch) if user.a else ''",
            " 10..16: filter nosuch is unknown; use one of trim, lower, upper, title, before, after, lookup and those of MiniJinja",
        );
        refused(
            "user['firstName']",
            " 0..4: `user` needs the name of an attribute; write it with a dot, as in `user.id`, subscripts are not possible",
        );
        refused("usr.firstName", ": unknown name `usr`; write user, appuser or assignment");
        refused("usr.firstName | trim", " 0..13: unknown name `usr`; write user, appuser or assignment");
        refused("range(3)", " 0..5: unknown name `range`; write user, appuser or assignment");
        refused(
            "user.manager.split('@')",
            " 0..18: `user.manager.split`: an attribute of Okta holds no attributes and has no methods; use a filter, as in \
             `user.email | before('@')`",
        );
        refused("assignment.login", ": unknown attribute `assignment.login`; use one of id, user_name, status, via");
    }

    #[test]
    fn every_problem_is_told() {
        let problems = mapping(&[("userName", "usr.email"), ("title", "user.a |")], Some("nosuch == 1"));
        assert_eq!(problems.expect_err("problems").len(), 3);
        let problems = mapping(&[("title", "user.a"), ("TITLE", "user.b")], None).expect_err("problems");
        assert_eq!(
            problems,
            [
                "Attribute(\"TITLE\"): stands twice; keep one of the two",
                "Whole: a rule for userName is needed; write [attributes.userName]"
            ]
        );
    }

    #[test]
    fn the_text_changes_with_what_decides_and_with_nothing_else() {
        let text = |rules: &[(&str, &str)], include| mapping(rules, include).expect("a mapping").text().to_owned();
        let base = text(&[("userName", "user.email"), ("title", "user.title")], None);
        assert_eq!(base, text(&[("title", "user.title"), ("userName", "user.email")], None));
        assert_ne!(base, text(&[("userName", "user.email"), ("title", "user.role")], None));
        assert_ne!(base, text(&[("userName", "user.email"), ("title", "user.title")], Some("user.title == 'x'")));
    }

    #[test]
    fn only_what_the_rules_read_is_wanted() {
        let mapping = mapping(
            &[("userName", "assignment.user_name or appuser.mail"), ("title", "user.a ~ user.b")],
            Some("user.c == 'x'"),
        );
        let wanted = mapping.expect("a mapping").wanted();
        assert_eq!(wanted.user.iter().map(CompactString::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(wanted.app_user.iter().map(CompactString::as_str).collect::<Vec<_>>(), ["mail"]);
    }
}

//! Maps people: an assignment becomes a desired account, or a reason for a hold.

use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;

use crate::mapping::checked::{INCLUDE, Mapping, Rule};
use crate::mapping::context::Read;
use crate::mapping::expression::{Checked, Compiled, ExpressionResult};
use crate::mapping::rule::{AttributeKind, WhenEmpty};
use crate::model::assignment::Assignment;
use crate::model::ids::UserName;
use crate::model::person::{DesiredAccount, DesiredValue, MappingDoubt};
use crate::model::word::Word as _;
use crate::scim::value::Value;

/// The rules of a mapping, compiled for one cycle.
pub struct Mapper<'m> {
    mapping: &'m Mapping,
    user_name: (&'m Rule, Compiled<'m>),
    rules: Vec<(&'m Rule, Compiled<'m>)>,
    include: Option<Compiled<'m>>,
    presence: Presence,
}

/// Which of the attributes that the rules read have a value for at least one person.
#[derive(Clone, Debug)]
pub struct Presence {
    reads: Vec<(Read, bool)>,
    people: usize,
}

impl Presence {
    /// The attributes, such as `user.managr`, that a rule reads and that no person has. Reported only after 20 people.
    pub fn nobody_has(&self) -> Vec<String> {
        let Self { reads, people } = self;
        if *people < 20 {
            return Vec::new();
        }
        let missing = reads.iter().filter(|(_, seen)| !seen);
        missing.map(|(read, _)| format!("{}.{}", read.root.as_str(), read.name)).collect()
    }
}

impl<'m> Mapper<'m> {
    /// Compiles the rules for one cycle.
    pub fn new(mapping: &'m Mapping) -> Self {
        let compile = |rule: &'m Rule| (rule, rule.value.compile(&mapping.environment));
        Self {
            mapping,
            user_name: compile(mapping.user_name()),
            rules: mapping.rules().iter().map(compile).collect(),
            include: mapping.include.as_ref().map(|include| include.compile(&mapping.environment)),
            presence: Presence { reads: mapping.reads().into_iter().map(|read| (read, false)).collect(), people: 0 },
        }
    }

    /// The account that a person should have; `None` where `people.include` leaves the person out.
    pub fn map(&mut self, assignment: Assignment) -> Result<Option<DesiredAccount>, MappingDoubt> {
        self.presence.people += 1;
        for (read, seen) in self.presence.reads.iter_mut().filter(|(_, seen)| !seen) {
            *seen = read.is_present(&assignment);
        }
        let person = Arc::new(assignment);
        let doubt = |place: CompactString, why| MappingDoubt { place, why, user_name: None };
        if !self.takes_part(&person).map_err(|why| doubt(INCLUDE.into(), why))? {
            return Ok(None);
        }
        let (rule, expression) = &self.user_name;
        let name = expression.evaluate(&person).and_then(user_name);
        let user_name = name.map_err(|why| doubt(rule.path.to_string().into(), why))?;
        let value = |(rule, expression): &(&Rule, Compiled<'_>)| {
            let value = expression.evaluate(&person).and_then(|outcome| want(rule, outcome));
            let place = || rule.path.to_string().into();
            value.map_err(|why| MappingDoubt { place: place(), why, user_name: Some(user_name.clone()) })
        };
        let values = self.rules.iter().map(value).collect::<Result<_, _>>()?;
        let employee = person.user.as_ref().and_then(|user| self.mapping.employee(&user.profile));
        Ok(Some(DesiredAccount { user_name, employee, values }))
    }

    /// Which attributes had values so far.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// `people.include`, with its compiled form.
    pub(super) fn include(&self) -> Option<(&Checked, &Compiled<'m>)> {
        self.mapping.include.as_ref().zip(self.include.as_ref())
    }

    /// The rule of userName, with its compiled form.
    pub(super) fn user_name(&self) -> (&Rule, &Compiled<'m>) {
        (self.user_name.0, &self.user_name.1)
    }

    /// The rules of all other attributes, with their compiled forms.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&Rule, &Compiled<'m>)> {
        self.rules.iter().map(|(rule, compiled)| (*rule, compiled))
    }

    fn takes_part(&self, person: &Arc<Assignment>) -> Result<bool, String> {
        match self.include.as_ref().map(|include| include.evaluate(person)).transpose()? {
            None => Ok(true),
            Some(ExpressionResult::Flag(flag)) => Ok(flag),
            Some(ExpressionResult::Empty | ExpressionResult::Text(_) | ExpressionResult::List(_)) => {
                Err("yields neither true nor false; write a comparison, such as `user.userType != 'service'`"
                    .to_owned())
            }
        }
    }
}

impl fmt::Debug for Mapper<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapper").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

/// The result of the userName rule.
fn user_name(outcome: ExpressionResult) -> Result<UserName, String> {
    match outcome {
        ExpressionResult::Text(name) => Ok(UserName::new(name)),
        ExpressionResult::Empty => {
            Err("yields nothing; give the person an address in Okta, everybody needs a userName".to_owned())
        }
        ExpressionResult::Flag(_) | ExpressionResult::List(_) => {
            Err("yields something that is no text; read an attribute that is one".to_owned())
        }
    }
}

/// The desired value of a rule's attribute.
pub(super) fn want(rule: &Rule, outcome: ExpressionResult) -> Result<DesiredValue, String> {
    let takes_any = matches!(rule.kind, AttributeKind::ProfileField | AttributeKind::Any);
    let value = match outcome {
        ExpressionResult::Empty => None,
        ExpressionResult::Text(text) if rule.kind == AttributeKind::Team => {
            Value::text(text.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        ExpressionResult::Text(text) => Value::text(text),
        ExpressionResult::Flag(flag) if takes_any => Some(Value::Flag(flag)),
        ExpressionResult::List(texts) if takes_any => Value::list(texts),
        ExpressionResult::Flag(_) => {
            return Err("yields true or false where a text is needed; write `'a text' if … else 'another'`".to_owned());
        }
        ExpressionResult::List(_) => {
            return Err("yields a list where one text is needed; take one of them with `| first`".to_owned());
        }
    };
    match (value, rule.when_empty) {
        (Some(value), _) => Ok(DesiredValue::Set(value)),
        (None, WhenEmpty::Leave) => Ok(DesiredValue::Leave),
        (None, WhenEmpty::Clear) => Ok(DesiredValue::Clear),
        (None, WhenEmpty::Hold) => {
            Err("yields nothing, and `when_empty` is \"hold\"; fill the attribute in Okta".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use super::Mapper;
    use crate::mapping::checked::Mapping;
    use crate::mapping::rule::{AttributeKind, MappingSpec, On, RuleSpec, WhenEmpty};
    use crate::model::assignment::{
        Assignment, AssignmentStatus, EmbeddedUser, Profile, ProfileValue, UserStatus, Via,
    };
    use crate::model::ids::{OktaUserId, UserName};
    use crate::model::person::{DesiredAccount, DesiredValue, MappingDoubt};
    use crate::scim::path::AttributePath;
    use crate::scim::value::Compare;

    fn profile(json: &Json) -> Profile {
        let object = json.as_object().expect("an object");
        object.iter().filter_map(|(name, value)| Some((name.into(), ProfileValue::from_json(value.clone())?))).collect()
    }

    fn ada() -> Assignment {
        Assignment {
            id: OktaUserId::new("00u1"),
            user_name: Some(UserName::new("ada@example.com")),
            status: AssignmentStatus::new("ACTIVE"),
            via: Via::Group,
            app_profile: profile(&json!({"team": "Engines"})),
            user: Some(EmbeddedUser {
                status: UserStatus::Working,
                becoming: None,
                profile: profile(&json!({
                    "firstName": "Ada", "nothing": null, "cleared": "", "blank": " ", "employeeNumber": 7, "vip": true,
                    "tags": ["a", "", null, "b"], "numbers": [1, 2], "odd": {"x": 1}, "city": "  Bad   Ems ", "country": "DE"
                })),
            }),
        }
    }

    fn rule(path: &str, value: &str) -> RuleSpec {
        RuleSpec {
            path: AttributePath::parse(path).expect("a path"),
            value: value.to_owned(),
            compare: Compare::Exact,
            on: On::CreateAndUpdate,
            when_empty: WhenEmpty::Leave,
            kind: AttributeKind::Any,
        }
    }

    fn map(
        kind: AttributeKind,
        when_empty: WhenEmpty,
        value: &str,
        include: Option<&str>,
    ) -> Result<Option<DesiredAccount>, MappingDoubt> {
        let rule = |path: &str, value: &str| RuleSpec { when_empty, kind, ..rule(path, value) };
        let groups = BTreeMap::from([("DE".to_owned(), "Germany".to_owned())]);
        let others = BTreeMap::from([("*".to_owned(), "Elsewhere".to_owned())]);
        let spec = MappingSpec {
            employee_number: None,
            rules: vec![rule("userName", "assignment.user_name"), rule("title", value)],
            tables: BTreeMap::from([("groups".to_owned(), groups), ("others".to_owned(), others)]),
            include: include.map(str::to_owned),
        };
        Mapper::new(&Mapping::new(spec).expect("a mapping")).map(ada())
    }

    /// The single value of a mapping for Ada: JSON, null for no value, or a text that begins with "held: ".
    fn yields(value: &str) -> Json {
        match map(AttributeKind::Any, WhenEmpty::Leave, value, None) {
            Ok(Some(desired)) => match &desired.values[0] {
                DesiredValue::Set(value) => value.to_json(),
                DesiredValue::Leave => Json::Null,
                DesiredValue::Clear => json!("cleared"),
            },
            Err(doubt) => json!(format!("held: {doubt}")),
            Ok(None) => json!("out of scope"),
        }
    }

    #[track_caller]
    fn check(value: &str, expected: &Json) {
        assert_eq!(&yields(value), expected, "{value}");
    }

    #[test]
    fn the_first_of_several_paths_is_what_the_interpreter_would_take() {
        let attributes = ["firstName", "nothing", "blank", "employeeNumber", "vip", "tags", "odd", "absent"];
        for left in attributes {
            for right in attributes {
                let paths = format!("user.{left} or user.{right} or appuser.team");
                assert_eq!(yields(&paths), yields(&format!("({paths})")), "{paths}");
            }
        }
    }

    #[test]
    fn what_was_evaluated_before_is_told_from_what_was_not() {
        let city = RuleSpec { kind: AttributeKind::Text, ..rule("title", "user.city | upper") };
        let rules = vec![rule("userName", "assignment.user_name"), city];
        let mapping = MappingSpec { rules, tables: BTreeMap::new(), include: None, employee_number: None };
        let mapping = Mapping::new(mapping).expect("a mapping");
        let mut mapper = Mapper::new(&mapping);
        // More values than the cache holds, each of them twice, with no other value between.
        for round in 0..2 {
            for n in 0..1_500 {
                let mut person = ada();
                let city = if n % 3 == 0 { json!({}) } else { json!({ "city": format!("town {n}") }) };
                person.user.as_mut().expect("a user").profile = profile(&city);
                let Ok(Some(desired)) = mapper.map(person) else { panic!("held") };
                let found = desired.value(0).map(|value| value.shown().into_owned());
                assert_eq!(found, (n % 3 != 0).then(|| format!("TOWN {n}")), "round {round}");
            }
        }
    }

    #[test]
    fn values() {
        check("user.firstName", &json!("Ada"));
        check("user.vip", &json!(true));
        check("user.tags", &json!(["a", "b"]));
        check("appuser.team", &json!("Engines"));
        check("assignment.via", &json!("group"));
        check("assignment.status", &json!("ACTIVE"));
        check("user.firstName | upper", &json!("ADA"));
        check("user.missing or user.firstName", &json!("Ada"));
        check("user.firstName ~ '.' ~ appuser.team", &json!("Ada.Engines"));
        check("'x' if user.vip else 'y'", &json!("x"));
        check("user.employeeNumber | string", &json!("7"));
        check("user.country | lookup('groups')", &json!("Germany"));
        check("user.firstName | lookup('others')", &json!("Elsewhere"));
        check("assignment.user_name | before('@')", &json!("ada"));
        check("assignment.user_name | after('@')", &json!("example.com"));
        check("user.tags | first", &json!("a"));
    }

    #[test]
    fn missing_null_and_empty_are_all_nothing() {
        for name in ["missing", "nothing", "cleared"] {
            check(&format!("user.{name}"), &Json::Null);
            check(&format!("user.{name} | trim"), &Json::Null);
            check(&format!("user.{name} | default('x')"), &json!("x"));
            check(&format!("user.firstName ~ user.{name}"), &json!("Ada"));
            check(&format!("user.{name} | lookup('groups')"), &Json::Null);
            check(&format!("'in' if user.{name} != 'service' else 'out'"), &json!("in"));
        }
        check("user.blank", &Json::Null);
        check("user.blank | trim", &Json::Null);
    }

    #[test]
    fn anything_but_text_boolean_and_texts_holds() {
        let number = json!("held: title: yields a number; make it a text with `| string`");
        check("user.employeeNumber", &number);
        check("user.employeeNumber | int + 1", &number);
        check(
            "user.numbers",
            &json!(
                "held: title: yields a list whose items are not all texts; make them texts with `| map('string') | list`"
            ),
        );
        check(
            "user.numbers | list",
            &json!(
                "held: title: yields a list whose items are not all texts; make them texts with `| map('string') | list`"
            ),
        );
        check("user.odd", &json!("held: title: yields an object, which is no text; read another attribute"));
        check("[user.firstName] * 2000", &json!("held: title: yields a list of more than 1000 texts; shorten it"));
        check(
            "user.firstName ~ '\0'",
            &json!("held: title: yields a text with a NUL character in it; remove that in Okta"),
        );
        check("['a', 'b\0']", &json!("held: title: yields a text with a NUL character in it; remove that in Okta"));
        check("'x' * 70000", &json!("held: title: yields a text of 70000 bytes; shorten it, 65536 are the most"));
        check(
            "user.firstName | lookup('groups')",
            &json!("held: title: [tables.groups] has no entry for \"Ada\"; add one, or one for \"*\""),
        );
    }

    #[test]
    fn a_boundless_expression_is_refused_when_it_is_read() {
        let spec = |value: &str| MappingSpec {
            employee_number: None,
            rules: vec![RuleSpec {
                path: AttributePath::parse("userName").expect("a path"),
                value: value.to_owned(),
                compare: Compare::IgnoreCase,
                on: On::CreateAndUpdate,
                when_empty: WhenEmpty::Hold,
                kind: AttributeKind::Text,
            }],
            tables: BTreeMap::new(),
            include: None,
        };
        let problem = |value: &str| Mapping::new(spec(value)).expect_err("no bounds")[0].message.clone();
        assert_eq!(
            problem("(['a'] * 100000) | map('trim') | list | first"),
            "takes too many steps; make the expression shorter"
        );
        assert_eq!(
            problem(&format!("user.a{}", " | trim".repeat(1_000))),
            "is 7006 bytes long; shorten it, 4096 are the most"
        );
    }

    #[track_caller]
    fn expect_value(kind: AttributeKind, when_empty: WhenEmpty, value: &str, expected: Result<DesiredValue, &str>) {
        let found = match map(kind, when_empty, value, None) {
            Ok(Some(desired)) => Ok(desired.values[0].clone()),
            Err(doubt) => Err(doubt.why),
            Ok(None) => Err("out of scope".to_owned()),
        };
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn what_an_attribute_may_hold_and_what_nothing_means() {
        let set = |text: &str| Ok(DesiredValue::Set(crate::scim::value::Value::text(text).expect("no blank text")));
        expect_value(AttributeKind::Team, WhenEmpty::Leave, "user.city", set("Bad Ems"));
        expect_value(AttributeKind::Group, WhenEmpty::Leave, "user.city", set("  Bad   Ems "));
        expect_value(
            AttributeKind::Text,
            WhenEmpty::Leave,
            "user.vip",
            Err("yields true or false where a text is needed; write `'a text' if … else 'another'`"),
        );
        expect_value(
            AttributeKind::Group,
            WhenEmpty::Leave,
            "user.tags",
            Err("yields a list where one text is needed; take one of them with `| first`"),
        );
        expect_value(AttributeKind::Text, WhenEmpty::Leave, "user.cleared", Ok(DesiredValue::Leave));
        expect_value(AttributeKind::Text, WhenEmpty::Clear, "user.cleared", Ok(DesiredValue::Clear));
        expect_value(
            AttributeKind::Text,
            WhenEmpty::Hold,
            "user.cleared",
            Err("yields nothing, and `when_empty` is \"hold\"; fill the attribute in Okta"),
        );
    }

    #[test]
    fn who_takes_part() {
        let takes_part = |include| match map(AttributeKind::Text, WhenEmpty::Leave, "user.firstName", Some(include)) {
            Ok(Some(_)) => "in".to_owned(),
            Ok(None) => "out".to_owned(),
            Err(doubt) => doubt.to_string(),
        };
        assert_eq!(takes_part("user.userType != 'service'"), "in");
        assert_eq!(takes_part("user.country == 'FI'"), "out");
        assert_eq!(takes_part("user.vip"), "in");
        assert_eq!(
            takes_part("user.missing"),
            "people.include: yields neither true nor false; write a comparison, such as `user.userType != 'service'`"
        );
    }

    #[test]
    fn an_attribute_that_nobody_has_is_told_once_enough_people_were_seen() {
        let rules = vec![rule("userName", "assignment.user_name"), rule("title", "user.managr or user.firstName")];
        let mapping =
            Mapping::new(MappingSpec { rules, tables: BTreeMap::new(), include: None, employee_number: None })
                .expect("a mapping");
        let mut mapper = Mapper::new(&mapping);
        for _ in 0..19 {
            mapper.map(ada()).expect("mapped");
        }
        assert!(mapper.presence().nobody_has().is_empty());
        mapper.map(ada()).expect("mapped");
        assert_eq!(mapper.presence().nobody_has(), ["user.managr"]);
    }
}

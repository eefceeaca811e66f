//! The mapping of one person, rule by rule: what each rule read, and its result. Only explanations use it; a cycle maps without a trace.

use std::sync::Arc;

use crate::mapping::checked::{INCLUDE, Rule};
use crate::mapping::context::Read;
use crate::mapping::expression::{Checked, ExpressionResult};
use crate::mapping::mapper::{Mapper, want};
use crate::model::assignment::{Assignment, ProfileValue};
use crate::model::person::DesiredValue;
use crate::model::word::Word as _;
use crate::scim::value::Value;

/// The trace of one expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// The attribute of the account, or `people.include`.
    pub place: String,
    /// The expression.
    pub source: String,
    /// The attributes that it reads, such as `user.city`, each with Okta's value.
    pub reads: Vec<(String, Option<String>)>,
    /// The desired value of the attribute, or why there is no result.
    pub yields: Result<DesiredValue, String>,
}

impl Mapper<'_> {
    /// Traces one person through all rules: `people.include` first, then userName.
    pub fn trace(&self, person: Assignment) -> Vec<Traced> {
        let person = Arc::new(person);
        let mut traced = Vec::new();
        if let Some((include, expression)) = self.include() {
            let yields = expression.evaluate(&person).map(plainly);
            traced.push(of(INCLUDE.to_owned(), include, &person, yields));
        }
        let (user_name, expression) = self.user_name();
        let yields = expression.evaluate(&person).map(plainly);
        traced.push(of_rule(user_name, &person, yields));
        for (rule, expression) in self.rules() {
            let yields = expression.evaluate(&person).and_then(|outcome| want(rule, outcome));
            traced.push(of_rule(rule, &person, yields));
        }
        traced
    }
}

fn of_rule(rule: &Rule, person: &Assignment, yields: Result<DesiredValue, String>) -> Traced {
    of(rule.path.to_string(), &rule.value, person, yields)
}

fn of(place: String, checked: &Checked, person: &Assignment, yields: Result<DesiredValue, String>) -> Traced {
    let reads = checked.reads.iter().map(|read| {
        let Read { root, name } = read;
        (format!("{}.{name}", root.as_str()), read.of(person).as_ref().map(raw))
    });
    Traced { place, source: checked.source.to_string(), reads: reads.collect(), yields }
}

/// A result without the rules of an attribute.
fn plainly(outcome: ExpressionResult) -> DesiredValue {
    let value = match outcome {
        ExpressionResult::Empty => None,
        ExpressionResult::Text(text) => Value::text(text),
        ExpressionResult::Flag(flag) => Some(Value::Flag(flag)),
        ExpressionResult::List(texts) => Value::list(texts),
    };
    value.map_or(DesiredValue::Leave, DesiredValue::Set)
}

/// A profile value for a reader.
fn raw(value: &ProfileValue) -> String {
    match value {
        ProfileValue::Text(text) => text.to_string(),
        ProfileValue::Flag(flag) => flag.to_string(),
        ProfileValue::Number(number) => number.to_string(),
        ProfileValue::List(items) => items.iter().map(raw).collect::<Vec<_>>().join(", "),
        ProfileValue::Odd => "(an object)".to_owned(),
    }
}

//! The `filter` parameter: one comparison, such as `status eq "ACTIVE"`.
//!
//! Follows the notes of "List all users": which properties can be filtered, `eq` for all of them, inequalities for `lastUpdated` only,
//! values compared with their case. Combined expressions are beyond what this org knows.

use std::cmp::Ordering;

use chrono::DateTime;

/// A comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) property: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Filter {
    /// Reads a comparison of one of these properties; none when it is anything else.
    pub(crate) fn read(text: &str, properties: &[&str]) -> Option<Self> {
        let (property, rest) = text.trim().split_once(' ')?;
        let (operator, value) = rest.split_once(' ')?;
        let operator = match operator {
            "eq" => Operator::Equal,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => return None,
        };
        let value: String = serde_json::from_str(value).ok()?;
        let fits = properties.contains(&property) && (operator == Operator::Equal || is_time(property));
        let readable = !is_time(property) || DateTime::parse_from_rfc3339(&value).is_ok();
        (fits && readable).then(|| Self { property: property.to_owned(), operator, value })
    }

    /// Whether a value of the property passes.
    pub(crate) fn passes(&self, found: &str) -> bool {
        let order = if is_time(&self.property) {
            let (found, wanted) = (DateTime::parse_from_rfc3339(found), DateTime::parse_from_rfc3339(&self.value));
            match (found, wanted) {
                (Ok(found), Ok(wanted)) => found.cmp(&wanted),
                _ => return false,
            }
        } else {
            found.cmp(self.value.as_str())
        };
        match self.operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
        }
    }
}

fn is_time(property: &str) -> bool {
    property == "lastUpdated"
}

//! Filters: the whole grammar of RFC 7644 3.4.2.2, read and evaluated. It knows attributes, and no store of them.

use std::cmp::Ordering;

use serde_json::Value;

use crate::haiilo::scim::path::AttrPath;
use crate::haiilo::scim::text::{Attributes, NameCase, get};

/// A filter, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Present(AttrPath),
    Compare(AttrPath, Operator, Value),
    /// One value of a multi-valued attribute that fits as a whole.
    Element(AttrPath, Box<Self>),
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// Whose letters matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cases {
    /// Those of names.
    pub(crate) names: NameCase,
    /// Those of values.
    pub(crate) values: ValueCase,
}

/// Whether the letters of a value matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueCase {
    /// As the schema says: ids do, other texts do not.
    BySchema,
    /// They do.
    Exact,
}

impl Cases {
    /// What the RFC says.
    pub(crate) const RFC: Self = Self { names: NameCase::Ignored, values: ValueCase::BySchema };
}

impl Filter {
    /// Reads a filter; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0 };
        let filter = reader.either()?;
        (reader.at == reader.tokens.len()).then_some(filter)
    }

    /// The attribute and the text, if this is one plain `eq` on a text.
    pub(crate) fn plain_equality(&self) -> Option<(&str, &str)> {
        match self {
            Self::Compare(path, Operator::Eq, Value::String(text)) if path.names.len() == 1 => {
                Some((&path.names[0], text))
            }
            _ => None,
        }
    }

    /// What a new value must hold to fit: the `eq` comparisons of a filter that has nothing else.
    pub(crate) fn described(&self) -> Attributes {
        let mut values = Attributes::new();
        self.describe(&mut values);
        values
    }

    fn describe(&self, values: &mut Attributes) {
        match self {
            Self::And(a, b) => {
                a.describe(values);
                b.describe(values);
            }
            Self::Compare(path, Operator::Eq, value) if path.names.len() == 1 => {
                values.insert(path.names[0].clone(), value.clone());
            }
            _ => {}
        }
    }

    /// Whether the attributes fit.
    pub(crate) fn matches(&self, attributes: &Attributes, cases: Cases) -> bool {
        match self {
            Self::Or(a, b) => a.matches(attributes, cases) || b.matches(attributes, cases),
            Self::And(a, b) => a.matches(attributes, cases) && b.matches(attributes, cases),
            Self::Not(inner) => !inner.matches(attributes, cases),
            Self::Present(path) => path.find(attributes, cases.names).iter().any(|value| !is_empty(value)),
            Self::Compare(path, Operator::Ne, literal) => {
                !Self::Compare(path.clone(), Operator::Eq, literal.clone()).matches(attributes, cases)
            }
            Self::Compare(path, operator, literal) => {
                let found = path.find(attributes, cases.names);
                if found.is_empty() {
                    return literal.is_null() && *operator == Operator::Eq;
                }
                let case = if is_exact(path) { ValueCase::Exact } else { cases.values };
                found.iter().any(|value| compares(value, *operator, literal, case))
            }
            Self::Element(path, inner) => path
                .find(attributes, cases.names)
                .iter()
                .any(|value| value.as_object().is_some_and(|element| inner.matches(element, cases))),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// The attributes whose texts have case by schema (RFC 7643 3.1).
fn is_exact(path: &AttrPath) -> bool {
    ["id", "externalId", "meta"].iter().any(|exact| path.names[0].eq_ignore_ascii_case(exact))
}

fn compares(value: &Value, operator: Operator, literal: &Value, case: ValueCase) -> bool {
    let value = match value {
        // A complex value stands for its `value` (RFC 7644 3.4.2.2).
        Value::Object(map) => get(map, "value").unwrap_or(&Value::Null),
        other => other,
    };
    match (value, literal) {
        (Value::String(a), Value::String(b)) => {
            let (a, b) = match case {
                ValueCase::BySchema => (a.to_lowercase(), b.to_lowercase()),
                ValueCase::Exact => (a.clone(), b.clone()),
            };
            match operator {
                Operator::Co => a.contains(&b),
                Operator::Sw => a.starts_with(&b),
                Operator::Ew => a.ends_with(&b),
                ordered => holds(a.cmp(&b), ordered),
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).is_some_and(|order| holds(order, operator))
        }
        // Ids may be JSON numbers, and are looked up as texts.
        (Value::Number(a), Value::String(b)) => operator == Operator::Eq && a.to_string() == *b,
        (a, b) => operator == Operator::Eq && a == b,
    }
}

fn holds(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        // These never order anything.
        Operator::Ne | Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '[' | ']' => {
                tokens.push(Token::Mark(first));
                1
            }
            '"' => {
                let length = quoted(rest)?;
                tokens.push(Token::Text(serde_json::from_str(&rest[..length]).ok()?));
                length
            }
            _ => {
                let ends = |letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '[' | ']' | '"');
                let length = rest.find(ends).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// The length of the JSON text that `text` begins with.
pub(crate) fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn word(&self) -> Option<&str> {
        match self.tokens.get(self.at)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn take_word(&mut self, wanted: &str) -> Option<()> {
        self.word()?.eq_ignore_ascii_case(wanted).then(|| self.at += 1)
    }

    fn take_mark(&mut self, wanted: char) -> Option<()> {
        (self.tokens.get(self.at)? == &Token::Mark(wanted)).then(|| self.at += 1)
    }

    fn either(&mut self) -> Option<Filter> {
        let mut left = self.both()?;
        while self.take_word("or").is_some() {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Filter> {
        let mut left = self.one()?;
        while self.take_word("and").is_some() {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Some(left)
    }

    fn one(&mut self) -> Option<Filter> {
        if self.take_mark('(').is_some() {
            let inner = self.either()?;
            self.take_mark(')')?;
            return Some(inner);
        }
        if self.word()?.eq_ignore_ascii_case("not") && self.tokens.get(self.at + 1) == Some(&Token::Mark('(')) {
            self.at += 2;
            let inner = self.either()?;
            self.take_mark(')')?;
            return Some(Filter::Not(Box::new(inner)));
        }
        let path = AttrPath::parse(self.word()?)?;
        self.at += 1;
        if self.take_mark('[').is_some() {
            let inner = self.either()?;
            self.take_mark(']')?;
            return Some(Filter::Element(path, Box::new(inner)));
        }
        if self.take_word("pr").is_some() {
            return Some(Filter::Present(path));
        }
        let operator = match self.word()?.to_ascii_lowercase().as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "co" => Operator::Co,
            "sw" => Operator::Sw,
            "ew" => Operator::Ew,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => return None,
        };
        self.at += 1;
        let literal = match self.tokens.get(self.at)? {
            Token::Text(text) => Value::String(text.clone()),
            Token::Word(word) => serde_json::from_str(word).ok()?,
            Token::Mark(_) => return None,
        };
        self.at += 1;
        Some(Filter::Compare(path, operator, literal))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Cases, Filter, ValueCase};
    use crate::haiilo::scim::text::{Attributes, NameCase};

    fn ada() -> Attributes {
        let ada = json!({
            "id": "A1", "userName": "Ada@example.com", "active": true, "age": 36,
            "name": {"givenName": "Ada", "familyName": "O\"Hara (née B)"},
            "addresses": [{"type": "work", "country": "Germany"}, {"type": "home", "country": "Finland"}],
            "emails": [{"value": "ada@example.com"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines"},
        });
        ada.as_object().expect("an object").clone()
    }

    #[test]
    fn the_whole_grammar_is_read_and_evaluated() {
        for (text, expected) in [
            (r#"userName eq "ada@EXAMPLE.com""#, true),
            (r#"USERNAME Eq "ada@example.com""#, true),
            (r#"userName eq "bob@example.com""#, false),
            (r#"userName ne "bob@example.com""#, true),
            (r#"id eq "a1""#, false),
            (r#"id eq "A1""#, true),
            (r#"name.familyName eq "o\"hara (née b)""#, true),
            (r#"userName sw "ada" and active eq true"#, true),
            (r#"userName ew ".org" or (age gt 35 and age le 36)"#, true),
            (r#"userName ew ".org" or age lt 36 and active eq true"#, false),
            (r#"not (userName co "example")"#, false),
            ("title pr", false),
            ("name pr", true),
            (r#"emails eq "ada@example.com""#, true),
            (r#"emails.value sw "ada""#, true),
            (r#"addresses[type eq "work" and country eq "germany"]"#, true),
            (r#"addresses[type eq "work" and country eq "finland"]"#, false),
            (r#"addresses.country eq "finland""#, true),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ADA""#, true),
            (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "engines""#, true),
            ("nickName eq null", true),
            ("active eq \"true\"", false),
        ] {
            let filter = Filter::parse(text).unwrap_or_else(|| panic!("cannot read {text}"));
            assert_eq!(filter.matches(&ada(), Cases::RFC), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_not_read() {
        for text in
            ["", "userName", "userName eq", "userName eq ada", "userName is \"ada\"", "(userName pr", "userName pr )"]
        {
            assert_eq!(Filter::parse(text), None, "{text}");
        }
    }

    #[test]
    fn cases_can_be_made_to_matter() {
        let exact_names = Cases { names: NameCase::Exact, values: ValueCase::BySchema };
        let exact_values = Cases { names: NameCase::Ignored, values: ValueCase::Exact };
        let filter = Filter::parse(r#"username eq "Ada@example.com""#).expect("a filter");
        assert!(!filter.matches(&ada(), exact_names));
        assert!(filter.matches(&ada(), exact_values));
        let filter = Filter::parse(r#"userName eq "ada@example.com""#).expect("a filter");
        assert!(filter.matches(&ada(), exact_names));
        assert!(!filter.matches(&ada(), exact_values));
    }
}

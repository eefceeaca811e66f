//! The `filter` of the System Log: comparisons joined by `and`, `or`, `not` and round brackets.
//!
//! Follows "Expression filter" of "System Log query": SCIM expressions with every operator but the square brackets, never on `published`.
//! `and` binds closer than `or`. A comparison of several values holds when one of them passes, so `target.id eq "a" and target.id eq "b"`
//! wants two targets. It knows fields by their names alone.

use std::borrow::Cow;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare { field: String, operator: Operator, value: String },
    Present(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It cannot be read.
    Syntax(String),
    /// There is no such field, or none that filters may name.
    Field(String),
}

impl Expression {
    /// Reads a filter over these fields.
    pub(crate) fn read(text: &str, fields: &[&str]) -> Result<Self, Wrong> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0, fields };
        let expression = reader.any()?;
        match reader.tokens.get(reader.at) {
            None => Ok(expression),
            Some(token) => Err(Wrong::Syntax(format!("Unexpected '{}' at position {}.", token.text, token.position))),
        }
    }

    /// Whether something passes whose fields have these values.
    pub(crate) fn passes<'a>(&self, values: &impl Fn(&str) -> Vec<Cow<'a, str>>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.passes(values)),
            Self::Any(parts) => parts.iter().any(|part| part.passes(values)),
            Self::Not(part) => !part.passes(values),
            Self::Present(field) => values(field).iter().any(|value| !value.is_empty()),
            Self::Compare { field, operator: Operator::NotEqual, value } => {
                !values(field).iter().any(|found| found == value)
            }
            Self::Compare { field, operator, value } => {
                values(field).iter().any(|found| compare(found, *operator, value))
            }
        }
    }
}

fn compare(found: &str, operator: Operator, wanted: &str) -> bool {
    match operator {
        Operator::Equal => found == wanted,
        Operator::NotEqual => found != wanted,
        Operator::Contains => found.contains(wanted),
        Operator::StartsWith => found.starts_with(wanted),
        Operator::EndsWith => found.ends_with(wanted),
        Operator::Greater => found > wanted,
        Operator::GreaterOrEqual => found >= wanted,
        Operator::Less => found < wanted,
        Operator::LessOrEqual => found <= wanted,
    }
}

/// A word, a bracket, or a quoted text.
#[derive(Clone, Debug)]
struct Token {
    text: String,
    kind: Kind,
    /// In characters, from 0.
    position: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Word,
    Bracket,
    Quoted,
}

fn tokens(text: &str) -> Result<Vec<Token>, Wrong> {
    let mut tokens = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let position = text[..at].chars().count();
        match c {
            ' ' => {}
            '(' | ')' => tokens.push(Token { text: c.to_string(), kind: Kind::Bracket, position }),
            '"' => {
                let mut end = None;
                while let Some((at, c)) = rest.next() {
                    match c {
                        '\\' => drop(rest.next()),
                        '"' => {
                            end = Some(at);
                            break;
                        }
                        _ => {}
                    }
                }
                let unfinished = || Wrong::Syntax(format!("Unfinished text at position {position}."));
                let quoted = &text[at..=end.ok_or_else(unfinished)?];
                let text = serde_json::from_str(quoted).map_err(|_| unfinished())?;
                tokens.push(Token { text, kind: Kind::Quoted, position });
            }
            _ => {
                let mut word = String::from(c);
                while let Some((_, c)) = rest.next_if(|(_, c)| !" ()\"".contains(*c)) {
                    word.push(c);
                }
                tokens.push(Token { text: word, kind: Kind::Word, position });
            }
        }
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    fields: &'a [&'a str],
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Expression, Wrong> {
        let mut parts = vec![self.all()?];
        while self.take_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn all(&mut self) -> Result<Expression, Wrong> {
        let mut parts = vec![self.one()?];
        while self.take_word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn one(&mut self) -> Result<Expression, Wrong> {
        if self.take_word("not") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.take(Kind::Bracket, "(") {
            let inside = self.any()?;
            return if self.take(Kind::Bracket, ")") { Ok(inside) } else { Err(self.wrong("Expected: )")) };
        }
        let field = self.next(Kind::Word, "Expected: an attribute")?;
        if !self.fields.contains(&field.as_str()) {
            return Err(Wrong::Field(field));
        }
        let expected = "Unrecognized attribute operator. Expected: eq,ne,co,sw,ew,pr,gt,ge,lt,le";
        let at = self.at;
        let operator = match self.next(Kind::Word, expected)?.to_ascii_lowercase().as_str() {
            "pr" => return Ok(Expression::Present(field)),
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::StartsWith,
            "ew" => Operator::EndsWith,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => {
                self.at = at;
                return Err(self.wrong(expected));
            }
        };
        let value = self.next(Kind::Quoted, "Expected: a text in quotation marks")?;
        Ok(Expression::Compare { field, operator, value })
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.take(Kind::Word, word)
    }

    /// Takes the next token if it is this one, in any case.
    fn take(&mut self, kind: Kind, text: &str) -> bool {
        let next = self.tokens.get(self.at);
        let is_it = next.is_some_and(|token| token.kind == kind && token.text.eq_ignore_ascii_case(text));
        self.at += usize::from(is_it);
        is_it
    }

    fn next(&mut self, kind: Kind, expected: &str) -> Result<String, Wrong> {
        match self.tokens.get(self.at).filter(|token| token.kind == kind) {
            Some(token) => {
                self.at += 1;
                Ok(token.text.clone())
            }
            None => Err(self.wrong(expected)),
        }
    }

    fn wrong(&self, expected: &str) -> Wrong {
        Wrong::Syntax(match self.tokens.get(self.at) {
            Some(token) => format!("Unexpected '{}' at position {}. {expected}", token.text, token.position),
            None => format!("Unexpected end. {expected}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Expression, Wrong};

    fn read(text: &str) -> Result<Expression, Wrong> {
        Expression::read(text, &["a", "b", "many"])
    }

    /// Whether a thing passes with a = "one", b = "" and many = "x" and "y".
    fn passes(text: &str) -> bool {
        let values = |field: &str| -> Vec<Cow<'static, str>> {
            match field {
                "a" => vec!["one".into()],
                "b" => vec!["".into()],
                _ => vec!["x".into(), "y".into()],
            }
        };
        read(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}")).passes(&values)
    }

    #[test]
    fn each_operator() {
        for (good, bad) in [
            ("a eq \"one\"", "a eq \"One\""),
            ("a ne \"two\"", "a ne \"one\""),
            ("a co \"n\"", "a co \"x\""),
            ("a sw \"on\"", "a sw \"ne\""),
            ("a ew \"ne\"", "a ew \"on\""),
            ("a gt \"a\"", "a gt \"one\""),
            ("a ge \"one\"", "a ge \"two\""),
            ("a lt \"two\"", "a lt \"one\""),
            ("a le \"one\"", "a le \"a\""),
            ("a pr", "b pr"),
            ("not b pr", "NOT (a pr)"),
            ("many eq \"x\" and many eq \"y\"", "many eq \"x\" and many eq \"z\""),
            ("many ne \"z\"", "many ne \"y\""),
            ("b eq \"\"", "b eq \" \""),
        ] {
            assert!(passes(good), "{good}");
            assert!(!passes(bad), "{bad}");
        }
    }

    #[test]
    fn and_binds_closer_than_or_and_brackets_closest() {
        assert!(passes("a eq \"one\" or a pr and b pr"));
        assert!(!passes("(a eq \"one\" or a pr) and b pr"));
        assert!(passes("((a EQ \"one\"))AND(a pr)"));
    }

    #[test]
    fn quoted_texts_have_escapes() {
        assert!(!passes(r#"a eq "o\"n\\e""#));
        assert!(matches!(read(r#"a eq "one\"#), Err(Wrong::Syntax(_))));
    }

    #[test]
    fn what_is_no_filter_says_where() {
        for (text, why) in [
            ("", "Unexpected end. Expected: an attribute"),
            ("a", "Unexpected end. Unrecognized attribute operator. Expected: eq,ne,co,sw,ew,pr,gt,ge,lt,le"),
            (
                "a eqq \"x\"",
                "Unexpected 'eqq' at position 2. Unrecognized attribute operator. Expected: eq,ne,co,sw,ew,pr,gt,ge,lt,le",
            ),
            ("a eq one", "Unexpected 'one' at position 5. Expected: a text in quotation marks"),
            ("(a pr", "Unexpected end. Expected: )"),
            ("a pr b pr", "Unexpected 'b' at position 5."),
            ("a pr)", "Unexpected ')' at position 4."),
            ("ä pr or", "ä"),
        ] {
            match read(text) {
                Err(Wrong::Syntax(found) | Wrong::Field(found)) => assert_eq!(found, why, "{text}"),
                Ok(filter) => panic!("{text} was read as {filter:?}"),
            }
        }
    }
}

//! Attribute paths: `userName`, `name.givenName`, `urn:...:User:department` (RFC 7644 3.10).
//!
//! The core User schema is the default, so its URN is left out of a path. An extension is an attribute whose name is the URN.

use serde_json::Value;

use crate::haiilo::scim::schema;
use crate::haiilo::scim::text::{Attributes, NameCase, key_of};

/// An attribute, by the names on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AttrPath {
    /// One to three names, outermost first.
    pub(crate) names: Vec<String>,
}

impl AttrPath {
    /// Reads a path; `None` when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (extension, rest) = split_urn(text)?;
        let mut names: Vec<String> = extension.into_iter().map(str::to_owned).collect();
        let limit = names.len() + 2;
        if !rest.is_empty() {
            names.extend(rest.split('.').map(str::to_owned));
        } else if names.is_empty() {
            return None;
        }
        let plain = names.iter().skip(usize::from(extension.is_some())).all(|name| is_name(name));
        (plain && names.len() <= limit).then_some(Self { names })
    }

    /// Every value at this path; a list on the way is walked through.
    pub(crate) fn find<'a>(&self, attributes: &'a Attributes, case: NameCase) -> Vec<&'a Value> {
        let mut found = Vec::new();
        descend(attributes, &self.names, case, &mut found);
        found
    }

    /// The path as text.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        for (at, name) in self.names.iter().enumerate() {
            if at > 0 {
                text.push(if self.names[at - 1].starts_with("urn:") { ':' } else { '.' });
            }
            text.push_str(name);
        }
        text
    }

    /// Whether this path and `other` touch: they are equal, or one lies within the other.
    pub(crate) fn touches(&self, other: &Self) -> bool {
        self.names.iter().zip(&other.names).all(|(a, b)| a.eq_ignore_ascii_case(b))
    }
}

/// Takes the schema off: the URN of an extension as it is known, and the rest. The core URN is dropped.
fn split_urn(text: &str) -> Option<(Option<&str>, &str)> {
    if !has_prefix(text, "urn:") {
        return Some((None, text));
    }
    for urn in [schema::USER, schema::ENTERPRISE] {
        if !has_prefix(text, urn) {
            continue;
        }
        let kept = (urn != schema::USER).then_some(urn);
        match text[urn.len()..].strip_prefix(':') {
            Some(rest) => return Some((kept, rest)),
            None if text.len() == urn.len() => return Some((kept, "")),
            None => {}
        }
    }
    let (urn, rest) = text.rsplit_once(':')?;
    Some((Some(urn), rest))
}

fn has_prefix(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '$')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '$'))
}

fn descend<'a>(attributes: &'a Attributes, names: &[String], case: NameCase, found: &mut Vec<&'a Value>) {
    let Some((first, rest)) = names.split_first() else { return };
    let Some(value) = key_of(attributes, first, case).and_then(|key| attributes.get(key)) else { return };
    let values = match value {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    for value in values {
        match (rest.is_empty(), value) {
            (true, value) => found.push(value),
            (false, Value::Object(inner)) => descend(inner, rest, case, found),
            (false, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AttrPath;

    #[test]
    fn urns_hold_dots_and_colons() {
        let shown = |text: &str| AttrPath::parse(text).map(|path| path.names.join(" "));
        for (text, names) in [
            ("userName", Some("userName")),
            ("name.givenName", Some("name givenName")),
            ("urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", Some("name givenName")),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User manager value"),
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                Some("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
            ),
            ("urn:example:2.0:Thing:size", Some("urn:example:2.0:Thing size")),
            ("urn:ietf:params:scim:schemas:core:2.0:User", None),
            ("a.b.c", None),
            ("", None),
            ("name given", None),
            ("1name", None),
        ] {
            assert_eq!(shown(text).as_deref(), names, "{text}");
        }
    }
}

//! Paths of SCIM attributes, and reading and writing the attributes in a resource.
//!
//! Follows RFC 7644, 3.5.2 (paths of PATCH), in the forms that a mapping needs: `userName`, `name.givenName`, `addresses[type eq
//! "work"].country`, and each of them after the URN of an extension schema (RFC 7643, 3.3). Attribute names are compared without case (RFC
//! 7643, 2.1). This module knows nothing about either product.

use std::fmt;

use compact_str::CompactString;
use serde_json::{Map, Value as Json};

use crate::scim::value::Value;

/// A parsed path. Two paths are equal when they name the same attribute.
#[derive(Clone)]
pub struct AttributePath {
    urn: Option<CompactString>,
    name: CompactString,
    filter: Option<ElementFilter>,
    sub: Option<CompactString>,
}

/// Which element of a multi-valued attribute the path names: `[attribute eq value]`.
#[derive(Clone, Debug)]
pub struct ElementFilter {
    attribute: CompactString,
    value: FilterValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum FilterValue {
    Text(CompactString),
    Flag(bool),
}

/// A text that is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {at}")]
pub struct PathError {
    /// The position, in characters from 1.
    pub at: usize,
    /// What was expected at this position.
    pub what: &'static str,
}

impl AttributePath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut cursor = PathParser { text, at: 0 };
        let urn = cursor.urn();
        let name = cursor.name("expected the name of an attribute")?;
        let filter = if cursor.take("[") { Some(cursor.filter()?) } else { None };
        let sub = if cursor.take(".") { Some(cursor.name("expected the name of a sub-attribute")?) } else { None };
        if cursor.at < text.len() {
            return Err(cursor.error("expected the end of the path"));
        }
        Ok(Self { urn, name, filter, sub })
    }

    /// The key of the resource that holds the attribute: the URN of the extension, or the attribute's name.
    pub fn top(&self) -> &str {
        self.urn.as_ref().unwrap_or(&self.name)
    }

    /// The last name of the path, which is what a write sets: `country` of `addresses[type eq "work"].country`.
    pub fn last(&self) -> &str {
        self.sub.as_ref().unwrap_or(&self.name)
    }

    /// The URN of the extension schema, where the attribute belongs to one.
    pub fn urn(&self) -> Option<&str> {
        self.urn.as_deref()
    }

    /// The names of the path, in lower case and without the filter: `addresses.country`.
    pub fn flat(&self) -> String {
        let names = [self.urn.as_deref(), Some(self.name.as_str()), self.sub.as_deref()];
        names.into_iter().flatten().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(".")
    }

    /// The name of what a write sets inside an element: the sub-attribute, or `value`.
    pub fn last_of_element(&self) -> &str {
        self.sub.as_deref().unwrap_or("value")
    }

    /// The path of the multi-valued attribute, and the members that a new element needs so the path finds it.
    pub fn element(&self) -> Option<(String, Map<String, Json>)> {
        let filter = self.filter.as_ref()?;
        let path = match &self.urn {
            Some(urn) => format!("{urn}:{}", self.name),
            None => self.name.to_string(),
        };
        Some((path, filter.template()))
    }

    /// The attribute that refers to a person by this path: `…:manager` of `…:manager.value`. Its other parts, `$ref` and `displayName` (RFC
    /// 7643, 4.3), describe the same person, and are outdated when the value changes.
    pub fn reference(&self) -> Option<Self> {
        let is_manager = self.filter.is_none() && self.name.eq_ignore_ascii_case("manager");
        let is_value = self.sub.as_ref().is_some_and(|sub| sub.eq_ignore_ascii_case("value"));
        (is_manager && is_value).then(|| Self { sub: None, ..self.clone() })
    }

    /// Reads the attribute from the value under [`top`](Self::top). An empty value is `None`.
    ///
    /// If no element has the attribute that the filter compares, the first element is used: some servers drop `type`.
    pub fn read(&self, top: &Json) -> Option<Value> {
        let attribute = match self.urn {
            Some(_) => entry(top.as_object()?, &self.name)?,
            None => top,
        };
        match (&self.filter, &self.sub) {
            (None, None) => to_value(attribute),
            (None, Some(sub)) => match attribute {
                Json::Array(elements) => Value::list(
                    elements
                        .iter()
                        .filter_map(|element| to_text(entry(element.as_object()?, sub)?))
                        .collect::<Vec<_>>(),
                ),
                Json::Object(object) => to_value(entry(object, sub)?),
                _ => None,
            },
            (Some(filter), _) => {
                let element = filter.find(attribute)?;
                to_value(entry(element.as_object()?, self.last_of_element())?)
            }
        }
    }

    /// Whether the element that the filter names exists; true where the path has no filter.
    pub fn has_element(&self, top: &Json) -> bool {
        let attribute = match self.urn {
            Some(_) => top.as_object().and_then(|object| entry(object, &self.name)),
            None => Some(top),
        };
        match (&self.filter, attribute) {
            (None, _) => true,
            (Some(filter), Some(attribute)) => filter.find(attribute).is_some(),
            (Some(_), None) => false,
        }
    }

    /// Sets or removes the attribute in a resource. Makes missing parents.
    pub fn write(&self, resource: &mut Map<String, Json>, value: Option<&Value>) {
        let object = match &self.urn {
            None => resource,
            Some(urn) => {
                if value.is_none() && entry(resource, urn).is_none() {
                    return;
                }
                object_at(resource, urn)
            }
        };
        match (&self.filter, &self.sub) {
            (None, None) => put(object, &self.name, value),
            (None, Some(sub)) => {
                if value.is_some() || entry(object, &self.name).is_some() {
                    put(object_at(object, &self.name), sub, value);
                }
            }
            (Some(filter), _) => {
                if value.is_none() && entry(object, &self.name).is_none() {
                    return;
                }
                let key = spelt(object, &self.name);
                let elements = object.entry(key).or_insert_with(|| Json::Array(Vec::new()));
                if !elements.is_array() {
                    *elements = Json::Array(vec![elements.take()]);
                }
                let elements = elements.as_array_mut().expect("made an array just above");
                let at = filter.position(elements).or_else(|| {
                    value.is_some().then(|| {
                        elements.push(Json::Object(filter.template()));
                        elements.len() - 1
                    })
                });
                if let Some(element) = at.and_then(|at| elements[at].as_object_mut()) {
                    put(element, self.last_of_element(), value);
                }
            }
        }
    }

    fn desired(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl ElementFilter {
    fn template(&self) -> Map<String, Json> {
        let value = match &self.value {
            FilterValue::Text(text) => Json::from(text.as_str()),
            FilterValue::Flag(flag) => Json::from(*flag),
        };
        Map::from_iter([(self.attribute.to_string(), value)])
    }

    fn find<'a>(&self, attribute: &'a Json) -> Option<&'a Json> {
        match attribute {
            Json::Array(elements) => self.position(elements).map(|at| &elements[at]),
            Json::Object(_) => Some(attribute),
            _ => None,
        }
    }

    fn position(&self, elements: &[Json]) -> Option<usize> {
        let asked = |element: &Json| -> Option<bool> {
            let found = entry(element.as_object()?, &self.attribute)?;
            Some(match (&self.value, found) {
                (FilterValue::Text(wanted), Json::String(found)) => wanted.eq_ignore_ascii_case(found),
                (FilterValue::Flag(wanted), Json::Bool(found)) => wanted == found,
                (FilterValue::Flag(wanted), Json::String(found)) => {
                    found.eq_ignore_ascii_case(if *wanted { "true" } else { "false" })
                }
                _ => false,
            })
        };
        let met = elements.iter().position(|element| asked(element) == Some(true));
        met.or_else(|| (elements.iter().all(|element| asked(element).is_none()) && !elements.is_empty()).then_some(0))
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(ElementFilter { attribute, value }) = &self.filter {
            match value {
                FilterValue::Text(text) => write!(f, "[{attribute} eq {}]", Json::from(text.as_str()))?,
                FilterValue::Flag(flag) => write!(f, "[{attribute} eq {flag}]")?,
            }
        }
        match &self.sub {
            Some(sub) => write!(f, ".{sub}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        self.desired() == other.desired()
    }
}

impl Eq for AttributePath {}

/// A member of an object, its name compared without case.
pub fn entry<'a>(object: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The spelling of a member that an object already holds, or the given spelling.
fn spelt(object: &Map<String, Json>, name: &str) -> String {
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned().unwrap_or_else(|| name.to_owned())
}

fn object_at<'a>(object: &'a mut Map<String, Json>, name: &str) -> &'a mut Map<String, Json> {
    let key = spelt(object, name);
    let member = object.entry(key).or_insert_with(|| Json::Object(Map::new()));
    if !member.is_object() {
        *member = Json::Object(Map::new());
    }
    member.as_object_mut().expect("made an object just above")
}

fn put(object: &mut Map<String, Json>, name: &str, value: Option<&Value>) {
    let key = spelt(object, name);
    match value {
        Some(value) => {
            object.insert(key, value.to_json());
        }
        None => {
            object.remove(&key);
        }
    }
}

fn to_text(json: &Json) -> Option<CompactString> {
    match json {
        Json::String(text) => Some(text.as_str().into()),
        Json::Number(number) => Some(number.to_string().into()),
        Json::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn to_value(json: &Json) -> Option<Value> {
    match json {
        Json::Bool(flag) => Some(Value::Flag(*flag)),
        Json::Array(elements) => Value::list(elements.iter().filter_map(|element| match element {
            Json::Object(object) => to_text(entry(object, "value")?),
            plain => to_text(plain),
        })),
        Json::Object(object) => to_text(entry(object, "value")?).and_then(Value::text),
        plain => to_text(plain).and_then(Value::text),
    }
}

/// Parses the text of a path.
struct PathParser<'a> {
    text: &'a str,
    at: usize,
}

impl PathParser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, what: &'static str) -> PathError {
        PathError { at: self.text[..self.at].chars().count() + 1, what }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// The URN ends at the last colon before a filter: `urn:…:2.0:User:department`.
    fn urn(&mut self) -> Option<CompactString> {
        if !self.text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
            return None;
        }
        let end = self
            .text
            .split('[')
            .next()
            .and_then(|head| head.rfind(':'))
            .expect("a text that begins with urn: has a colon");
        self.at = end + 1;
        Some(self.text[..end].into())
    }

    fn name(&mut self, what: &'static str) -> Result<CompactString, PathError> {
        let length = self
            .rest()
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_alphabetic() || *at > 0 && (c.is_ascii_digit() || "_-$".contains(*c))))
            .map_or(self.rest().len(), |(at, _)| at);
        if length == 0 {
            return Err(self.error(what));
        }
        let name = self.rest()[..length].into();
        self.at += length;
        Ok(name)
    }

    fn spaces(&mut self) -> usize {
        let count = self.rest().len() - self.rest().trim_start_matches(' ').len();
        self.at += count;
        count
    }

    fn filter(&mut self) -> Result<ElementFilter, PathError> {
        self.spaces();
        let attribute = self.name("expected the name of a sub-attribute")?;
        if self.spaces() == 0 || !self.rest().get(..2).is_some_and(|word| word.eq_ignore_ascii_case("eq")) {
            return Err(self.error("expected `eq`"));
        }
        self.at += 2;
        if self.spaces() == 0 {
            return Err(self.error("expected a space"));
        }
        let value = if self.take("true") {
            FilterValue::Flag(true)
        } else if self.take("false") {
            FilterValue::Flag(false)
        } else if self.rest().starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<String>();
            let Some(Ok(text)) = values.next() else { return Err(self.error("expected a text in double quotes")) };
            self.at += values.byte_offset();
            FilterValue::Text(text.into())
        } else {
            return Err(self.error("expected a text in double quotes, true or false"));
        };
        self.spaces();
        if self.take("]") { Ok(ElementFilter { attribute, value }) } else { Err(self.error("expected `]`")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value as Json, json};

    use super::AttributePath;
    use crate::scim::value::Value;

    fn path(text: &str) -> AttributePath {
        AttributePath::parse(text).expect("a path")
    }

    #[track_caller]
    fn parses(text: &str, shown: &str, top: &str, last: &str) {
        let path = path(text);
        assert_eq!((path.to_string().as_str(), path.top(), path.last()), (shown, top, last));
    }

    #[track_caller]
    fn fails(text: &str, message: &str) {
        assert_eq!(AttributePath::parse(text).expect_err("no path").to_string(), message);
    }

    #[track_caller]
    fn reads(text: &str, resource: &Json, expected: Option<&Json>) {
        let path = path(text);
        let top = super::entry(resource.as_object().expect("an object"), path.top());
        assert_eq!(top.and_then(|top| path.read(top)).map(|value| value.to_json()).as_ref(), expected);
    }

    #[track_caller]
    fn writes(text: &str, before: Json, value: Option<&str>, after: &Json) {
        let Json::Object(mut resource) = before else { panic!("an object") };
        path(text).write(&mut resource, value.and_then(Value::text).as_ref());
        assert_eq!(&Json::Object(resource), after);
    }

    #[test]
    fn paths() {
        parses("userName", "userName", "userName", "userName");
        parses("name.givenName", "name.givenName", "name", "givenName");
        parses("addresses[ type  EQ \"work\" ].country", "addresses[type eq \"work\"].country", "addresses", "country");
        parses("emails[primary eq true]", "emails[primary eq true]", "emails", "emails");
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        parses(&format!("{enterprise}:manager.value"), &format!("{enterprise}:manager.value"), enterprise, "value");
        assert_eq!(path("Name.GivenName"), path("name.givenName"));
        assert_ne!(path("addresses[type eq \"home\"].country"), path("addresses[type eq \"work\"].country"));
    }

    #[test]
    fn texts_that_are_no_paths() {
        fails("", "expected the name of an attribute at character 1");
        fails("1name", "expected the name of an attribute at character 1");
        fails("name.", "expected the name of a sub-attribute at character 6");
        fails("name.a.b", "expected the end of the path at character 7");
        fails("user name", "expected the end of the path at character 5");
        fails("a[type ne \"x\"].b", "expected `eq` at character 8");
        fails("a[type eq work].b", "expected a text in double quotes, true or false at character 11");
        fails("a[type eq \"work].b", "expected a text in double quotes at character 11");
        fails("a[type eq \"work\".b", "expected `]` at character 17");
        fails("urn:x:", "expected the name of an attribute at character 7");
    }

    #[test]
    fn reading() {
        let resource = json!({
            "UserName": "ada", "name": {"givenName": "Ada", "familyName": ""}, "active": true, "age": 7,
            "addresses": [{"type": "home", "country": "FI"}, {"Type": "Work", "Country": "DE", "locality": null}],
            "emails": [{"value": "a@x"}, {"value": "b@x"}], "tags": ["x", "", "y"],
            "urn:x:User": {"department": "R&D", "manager": {"value": "m1"}},
        });
        reads("userName", &resource, Some(&json!("ada")));
        reads("name.givenName", &resource, Some(&json!("Ada")));
        reads("name.familyName", &resource, None);
        reads("name.middleName", &resource, None);
        reads("active", &resource, Some(&json!(true)));
        reads("age", &resource, Some(&json!("7")));
        reads("addresses[type eq \"work\"].country", &resource, Some(&json!("DE")));
        reads("addresses[type eq \"work\"].locality", &resource, None);
        reads("addresses[type eq \"other\"].country", &resource, None);
        reads("emails.value", &resource, Some(&json!(["a@x", "b@x"])));
        reads("emails", &resource, Some(&json!(["a@x", "b@x"])));
        reads("tags", &resource, Some(&json!(["x", "y"])));
        reads("urn:X:user:department", &resource, Some(&json!("R&D")));
        reads("urn:x:User:manager", &resource, Some(&json!("m1")));
        reads("urn:x:User:manager.value", &resource, Some(&json!("m1")));
        reads("nickName", &resource, None);
    }

    #[test]
    fn a_server_that_drops_the_type_is_understood() {
        let untyped = json!({"addresses": [{"country": "DE"}, {"country": "FI"}]});
        reads("addresses[type eq \"work\"].country", &untyped, Some(&json!("DE")));
        let single = json!({"addresses": {"country": "DE"}});
        reads("addresses[type eq \"work\"].country", &single, Some(&json!("DE")));
        let top = json!([{"type": "home"}]);
        assert!(!path("addresses[type eq \"work\"].country").has_element(&top));
        assert!(path("addresses[type eq \"home\"].country").has_element(&top));
        assert!(path("userName").has_element(&top));
    }

    #[test]
    fn writing() {
        writes("userName", json!({"USERNAME": "a"}), Some("b"), &json!({"USERNAME": "b"}));
        writes("name.givenName", json!({}), Some("Ada"), &json!({"name": {"givenName": "Ada"}}));
        writes("name.givenName", json!({"name": {"givenName": "Ada", "x": 1}}), None, &json!({"name": {"x": 1}}));
        writes("name.givenName", json!({}), None, &json!({}));
        writes(
            "addresses[type eq \"work\"].country",
            json!({"addresses": [{"type": "home", "country": "FI"}]}),
            Some("DE"),
            &json!({"addresses": [{"type": "home", "country": "FI"}, {"type": "work", "country": "DE"}]}),
        );
        writes(
            "addresses[type eq \"work\"].country",
            json!({"addresses": [{"type": "work", "country": "FI", "locality": "Oulu"}]}),
            Some("DE"),
            &json!({"addresses": [{"type": "work", "country": "DE", "locality": "Oulu"}]}),
        );
        writes(
            "addresses[type eq \"work\"].country",
            json!({"addresses": [{"type": "home", "country": "FI"}]}),
            None,
            &json!({"addresses": [{"type": "home", "country": "FI"}]}),
        );
        writes("urn:x:User:department", json!({}), Some("R&D"), &json!({"urn:x:User": {"department": "R&D"}}));
        writes("urn:x:User:department", json!({}), None, &json!({}));
        writes("a[type eq \"work\"].b", json!({}), None, &json!({}));
        writes(
            "emails[primary eq true]",
            json!({}),
            Some("a@x"),
            &json!({"emails": [{"primary": true, "value": "a@x"}]}),
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "title",
            "name.givenName",
            "a[type eq \"work\"].b",
            "a[primary eq false]",
            "urn:x:User:c",
            "urn:x:User:c.d",
        ] {
            let path = path(text);
            let mut resource = Map::new();
            path.write(&mut resource, Value::text("v").as_ref());
            let top = super::entry(&resource, path.top()).expect("just written");
            assert_eq!(path.read(top), Value::text("v"), "{text}");
            path.write(&mut resource, None);
            assert_eq!(super::entry(&resource, path.top()).and_then(|top| path.read(top)), None, "{text}");
        }
    }
}

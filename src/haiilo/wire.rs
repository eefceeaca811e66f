//! Reads what a SCIM server answers: a listing, a user, an error.
//!
//! Follows RFC 7643 (users) and RFC 7644, 3.4.2 (listings) and 3.12 (errors), leniently: attribute names in any case, numbers as texts and
//! texts as numbers, members missing. Shares no code with a simulator.

use std::sync::Arc;

use compact_str::{CompactString, ToCompactString as _};
use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Error as _, MapAccess};
use serde_json::{Map, Value as Json};

use crate::domain::listing::snapshot::AccountPage;
use crate::domain::mapping::Mapping;
use crate::domain::model::account::{Account, AccountRow, Activity, WholeAccount};
use crate::domain::model::ids::{HaiiloId, UserName};
use crate::domain::scim::path::{AttributePath, entry};
use crate::http::json::{self, CowStr, Items, Lenient, Object, OrNone, ReadObject};

/// Which attributes of an account are read, and into which slots.
#[derive(Clone, Debug)]
pub struct Shape {
    paths: Vec<Arc<AttributePath>>,
    /// The members of a user that hold mapped attributes, each with its slots.
    tops: Vec<(CompactString, Vec<usize>)>,
}

impl Shape {
    /// The shape that a mapping needs.
    pub fn of(mapping: &Mapping) -> Self {
        let paths: Vec<Arc<AttributePath>> = mapping.rules().iter().map(|rule| Arc::clone(&rule.path)).collect();
        let mut tops: Vec<(CompactString, Vec<usize>)> = Vec::new();
        for (slot, path) in paths.iter().enumerate() {
            match tops.iter_mut().find(|(top, _)| top.eq_ignore_ascii_case(path.top())) {
                Some((_, slots)) => slots.push(slot),
                None => tops.push((path.top().into(), vec![slot])),
            }
        }
        Self { paths, tops }
    }

    /// Reads the response to a listing. A row that is no object, or has no id, is unreadable.
    pub fn read_page(&self, body: &[u8]) -> Result<AccountPage, serde_json::Error> {
        let page = ListResponse { expected: "an array of users", row: OrNone(ScimUser(self)) };
        let (rows, total) = json::read(body, Object(page))?;
        let rows = rows.into_iter().map(|row| row.flatten().map_or(AccountRow::Unreadable, AccountRow::Account));
        Ok(AccountPage { rows: rows.collect(), total })
    }

    /// Reads one user; `None` where there is no id in it.
    pub(super) fn read_user(&self, resource: Map<String, Json>, etag: Option<String>) -> Option<WholeAccount> {
        let account = Object(ScimUser(self)).deserialize(&resource).ok()??;
        Some(WholeAccount { account, resource, etag })
    }

    /// All users in the response to a filter, whole.
    pub(super) fn read_users(&self, body: &[u8]) -> Result<Vec<WholeAccount>, serde_json::Error> {
        let response: Map<String, Json> = serde_json::from_slice(body)?;
        let rows = response.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("Resources"));
        let Some((_, Json::Array(rows))) = rows else { return Ok(Vec::new()) };
        let users = rows.into_iter().filter_map(|row| match row {
            Json::Object(object) => self.read_user(object, None),
            _ => None,
        });
        Ok(users.collect())
    }
}

/// A SCIM `ListResponse`: its rows, each read by a seed, and `totalResults`.
pub(super) struct ListResponse<S> {
    /// What an error says was expected in place of the rows.
    pub(super) expected: &'static str,
    pub(super) row: S,
}

impl<'de, S: DeserializeSeed<'de> + Clone> ReadObject<'de> for ListResponse<S> {
    type Value = (Vec<S::Value>, Option<u64>);

    const EXPECTED: &'static str = "a SCIM ListResponse";

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self { expected, row } = self;
        let (mut rows, mut total) = (None, None);
        while let Some(name) = members.next_key::<CowStr<'de>>()? {
            if name.eq_ignore_ascii_case("Resources") {
                let mut read = Vec::new();
                let items = Items { expected, item: row.clone(), take: |row| read.push(row) };
                rows = members.next_value_seed(items)?.then_some(read);
            } else if name.eq_ignore_ascii_case("totalResults") {
                total = members.next_value::<Lenient>()?.whole_number();
            } else {
                json::skip(&mut members)?;
            }
        }
        if rows.is_none() && total.is_none() {
            return Err(A::Error::custom("neither Resources nor totalResults: no SCIM ListResponse"));
        }
        Ok((rows.unwrap_or_default(), total))
    }
}

/// One user; `None` where there is no id.
#[derive(Clone, Copy)]
struct ScimUser<'a>(&'a Shape);

impl<'de> ReadObject<'de> for ScimUser<'_> {
    type Value = Option<Account>;

    const EXPECTED: &'static str = "a SCIM User";

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Shape { paths, tops } = self.0;
        let (mut id, mut user_name, mut activity) = (None, None, Activity::Active);
        let mut values = vec![None; paths.len()];
        // Each path that needs an element of a list is without one until the attribute shows it.
        let mut without_element = 0;
        for (slot, path) in paths.iter().enumerate() {
            without_element |= u64::from(path.element().is_some()) << slot;
        }
        while let Some(name) = members.next_key::<CowStr<'de>>()? {
            if name.eq_ignore_ascii_case("id") {
                id = text(members.next_value()?);
            } else if name.eq_ignore_ascii_case("userName") {
                user_name = text(members.next_value()?);
            } else if name.eq_ignore_ascii_case("active") {
                activity = read_activity(&members.next_value()?);
            } else if let Some((_, slots)) = tops.iter().find(|(top, _)| top.eq_ignore_ascii_case(&name)) {
                let top = members.next_value::<Json>()?;
                for slot in slots {
                    values[*slot] = paths[*slot].read(&top);
                    if paths[*slot].has_element(&top) {
                        without_element &= !(1 << slot);
                    }
                }
            } else {
                json::skip(&mut members)?;
            }
        }
        Ok(id.map(|id| Account {
            id: HaiiloId::new(id),
            user_name: user_name.map(UserName::new),
            activity,
            values: values.into(),
            without_element,
        }))
    }
}

/// A text that can be kept, or the digits of a number: not every database accepts a NUL character.
pub(super) fn text(value: Lenient) -> Option<CompactString> {
    match value {
        Lenient::Text(text) if !text.trim().is_empty() && !text.contains('\0') => Some(text),
        Lenient::Number(number) => Some(number.to_compact_string()),
        _ => None,
    }
}

/// The same of a value that was read before.
pub(super) fn text_of(json: &Json) -> Option<CompactString> {
    Lenient::deserialize(json).ok().and_then(text)
}

/// Only a clear false makes an account inactive.
fn read_activity(value: &Lenient) -> Activity {
    let is_false = match value {
        Lenient::Bool(value) => !value,
        value => value.text().is_some_and(|text| text.eq_ignore_ascii_case("false")),
    };
    if is_false { Activity::Inactive } else { Activity::Active }
}

/// What an error body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// RFC 7644's `scimType`.
    pub(super) scim_type: Option<String>,
    /// Any text, shortened; empty where there is no text.
    pub(super) text: String,
}

impl ErrorBody {
    /// Reads a body that may be a SCIM error, other JSON, HTML or nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(Json::Object(object)) = serde_json::from_slice::<Json>(body) else {
            return Self { scim_type: None, text: plain(&String::from_utf8_lossy(body)) };
        };
        let member = |name: &str| entry(&object, name).and_then(text_of);
        let said = ["detail", "message", "error_description", "errorMessage", "title"].into_iter().find_map(member);
        let code = ["code", "errorCode", "error"].into_iter().find_map(member);
        let text = match (code, said) {
            (Some(code), Some(said)) if !said.contains(code.as_str()) => format!("{code} {said}"),
            (_, Some(said)) => said.into(),
            (Some(code), None) => code.into(),
            (None, None) => String::new(),
        };
        Self { scim_type: member("scimType").map(Into::into), text: plain(&text) }
    }
}

/// A text of one line, without markup, of at most 200 characters.
fn plain(text: &str) -> String {
    let mut is_markup = false;
    let visible = |c: char| {
        is_markup = c == '<' || (is_markup && c != '>');
        if is_markup || c == '>' || c.is_control() { ' ' } else { c }
    };
    let words: String = text.chars().map(visible).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{ErrorBody, Shape};
    use crate::domain::mapping::{AttributeKind, Mapping, MappingSpec, On, RuleSpec, WhenEmpty};
    use crate::domain::model::account::{AccountRow, Activity};
    use crate::domain::scim::path::AttributePath;
    use crate::domain::scim::value::{Compare, Value};

    fn shape() -> Shape {
        let rule = |path: &str| RuleSpec {
            path: AttributePath::parse(path).expect("a path"),
            value: "user.x".to_owned(),
            compare: Compare::Exact,
            on: On::CreateAndUpdate,
            when_empty: WhenEmpty::Leave,
            kind: AttributeKind::Text,
        };
        let paths = [
            "addresses[type eq \"work\"].country",
            "addresses[type eq \"work\"].locality",
            "name.givenName",
            "userName",
        ];
        let spec = MappingSpec {
            rules: paths.map(rule).into(),
            tables: BTreeMap::new(),
            include: None,
            employee_number: None,
        };
        Shape::of(&Mapping::new(spec).expect("a mapping"))
    }

    /// The rows of a listing, each as `id userName activity [values] missing elements`.
    #[track_caller]
    fn check(body: &str, total: Option<u64>, rows: &[&str]) {
        let page = shape().read_page(body.as_bytes()).expect("a page");
        let shown: Vec<String> = page
            .rows
            .iter()
            .map(|row| match row {
                AccountRow::Unreadable => "unreadable".to_owned(),
                AccountRow::Account(account) => format!(
                    "{} {} {:?} {:?} {:b}",
                    account.id,
                    account.user_name.as_ref().map_or("-", |name| name.as_str()),
                    account.activity,
                    account.values.iter().map(|value| value.as_ref().map(Value::shown)).collect::<Vec<_>>(),
                    account.without_element
                ),
            })
            .collect();
        assert_eq!((page.total, shown), (total, rows.iter().map(|row| (*row).to_owned()).collect()));
    }

    #[test]
    fn listings() {
        check(
            r#"{"schemas": ["x"], "totalResults": 2, "Resources": [
                {"id": "a", "userName": "ada@x", "active": true, "name": {"givenName": "Ada", "familyName": "L"},
                 "addresses": [{"type": "home", "country": "X"}, {"type": "work", "country": "DE"}], "extra": [1, {"y": 2}]},
                {"id": "b", "userName": "bob@x", "name": null, "addresses": []}]}"#,
            Some(2),
            &["a ada@x Active [Some(\"DE\"), None, Some(\"Ada\")] 0", "b bob@x Active [None, None, None] 11"],
        );
    }

    #[test]
    fn tolerance() {
        check(
            r#"{"TOTALRESULTS": "3", "resources": [{"ID": 7, "UserName": "u", "Active": "False", "NAME": {"GIVENNAME": "U"}}, null, 5,
                "x", [1], {"userName": "no id"}, {"id": ""}, {"id": "c"}]}"#,
            Some(3),
            &[
                "7 u Inactive [None, None, Some(\"U\")] 11",
                "unreadable",
                "unreadable",
                "unreadable",
                "unreadable",
                "unreadable",
                "unreadable",
                "c - Active [None, None, None] 11",
            ],
        );
        check(
            r#"{"totalResults": 2, "Resources": [{"id": "a", "userName": "a\u0000@x"}, {"id": "b\u0000", "userName": "b@x"}]}"#,
            Some(2),
            &["a - Active [None, None, None] 11", "unreadable"],
        );
        check(r#"{"totalResults": 0}"#, Some(0), &[]);
        check(r#"{"totalResults": 0, "Resources": null}"#, Some(0), &[]);
        check(r#"{"Resources": []}"#, None, &[]);
        check(r#"{"totalResults": -1, "Resources": []}"#, None, &[]);
    }

    #[test]
    fn what_is_no_listing_is_an_error() {
        for body in [
            "",
            "[]",
            "{}",
            "{\"schemas\": []}",
            "{\"totalResults\": 1, \"Resources\": [",
            "<html>",
            "{\"Resources\": 7}",
        ] {
            assert!(shape().read_page(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_whole_user_keeps_everything() {
        let resource = json!({"id": "a", "userName": "ada@x", "active": false, "odd": {"x": [1]}});
        let user = shape().read_user(resource.as_object().expect("an object").clone(), Some("W/\"1\"".to_owned()));
        let user = user.expect("a user");
        assert_eq!(serde_json::Value::Object(user.resource), resource);
        assert_eq!((user.account.activity, user.etag.as_deref()), (Activity::Inactive, Some("W/\"1\"")));
        assert!(shape().read_user(serde_json::Map::new(), None).is_none());
        let users = shape().read_users(br#"{"resources": [{"id": "a"}, {"x": 1}, 5]}"#).expect("users");
        assert_eq!(users.len(), 1);
    }

    #[test]
    fn error_bodies() {
        let check = |body: &str, scim_type: Option<&str>, text: &str| {
            let expected = ErrorBody { scim_type: scim_type.map(str::to_owned), text: text.to_owned() };
            assert_eq!(ErrorBody::read(body.as_bytes()), expected);
        };
        check(r#"{"status": 409, "scimType": "uniqueness", "detail": "taken"}"#, Some("uniqueness"), "taken");
        check(r#"{"detail": "400.76 Group does not exist"}"#, None, "400.76 Group does not exist");
        check(r#"{"code": "400.76", "message": "Group does not exist"}"#, None, "400.76 Group does not exist");
        check("<html><body><h1>Bad\n gateway</h1></body></html>", None, "Bad gateway");
        check("", None, "");
        check("[]", None, "[]");
    }
}

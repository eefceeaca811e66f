//! Reads what Okta answers: rows of assignments, users, the application.
//!
//! Follows the schemas `AppUser`, `User` and `Application` of Okta's management API, leniently: unknown members, nulls, numbers where
//! texts are usual. Attributes that no rule reads are skipped, not kept. Shares no code with a simulator.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use compact_str::{CompactString, ToCompactString as _};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Unexpected};
use serde_json::Value as Json;

use crate::domain::mapping::Wanted;
use crate::domain::model::assignment::{
    Assignment, AssignmentStatus, EmbeddedUser, Profile, ProfileValue, UserStatus, Via,
};
use crate::domain::model::ids::{OktaUserId, UserName};
use crate::http::json::{self, CowStr, Items, Lenient, Member, OrNone, ReadObject};
use crate::ports::AssignmentRows;

/// Reads a page of assignments, keeping the wanted attributes only.
pub fn read_rows(body: &[u8], wanted: &Wanted) -> Result<AssignmentRows, serde_json::Error> {
    let mut rows = AssignmentRows::default();
    let take = |row: Option<Option<Assignment>>| match row.flatten() {
        Some(assignment) => rows.assignments.push(assignment),
        None => rows.unreadable += 1,
    };
    let expected = "an array of application users";
    let is_array = json::read(body, Items { expected, item: OrNone(AppUser(wanted)), take })?;
    is_array.then_some(rows).ok_or_else(|| serde_json::Error::invalid_type(Unexpected::Unit, &expected))
}

/// Reads one assignment; `None` where it names no user.
pub(super) fn read_assignment(body: &[u8], wanted: &Wanted) -> Result<Option<Assignment>, serde_json::Error> {
    json::read(body, OrNone(AppUser(wanted))).map(Option::flatten)
}

/// Reads one user.
pub(super) fn read_user(body: &[u8], wanted: &Wanted) -> Result<Option<NamedUser>, serde_json::Error> {
    json::read(body, OrNone(OktaUser(wanted)))
}

/// A user with the id that Okta gives it.
#[derive(Debug)]
pub(super) struct NamedUser {
    pub(super) id: Option<OktaUserId>,
    pub(super) user: EmbeddedUser,
}

/// The application, as far as it concerns us.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct App {
    pub(super) label: OktaText,
    pub(super) status: OktaText,
    features: Json,
}

impl App {
    /// The features by which Okta itself writes to the target.
    pub(super) fn push_features(&self) -> Vec<String> {
        let features = self.features.as_array().into_iter().flatten().filter_map(Json::as_str);
        let writes = |name: &&str| name.starts_with("PUSH_") || matches!(*name, "GROUP_PUSH" | "REACTIVATE_USERS");
        features.filter(writes).map(str::to_owned).collect()
    }
}

/// An object of which only the id matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct IdOnly {
    pub(super) id: OktaText,
}

/// A text, or the digits of a whole number; `None` where there is anything else.
#[derive(Clone, Debug, Default)]
pub(super) struct OktaText(pub(super) Option<CompactString>);

impl<'de> Deserialize<'de> for OktaText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Lenient::deserialize(deserializer)? {
            Lenient::Text(text) if !text.is_empty() => Some(text),
            Lenient::Number(number) if !number.is_f64() => Some(number.to_compact_string()),
            _ => None,
        }))
    }
}

/// `AppUser`, one row of the listing; `None` where it has no id.
#[derive(Clone, Copy)]
struct AppUser<'a>(&'a Wanted);

impl<'de> ReadObject<'de> for AppUser<'_> {
    type Value = Option<Assignment>;

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut status, mut via) = (OktaText::default(), OktaText::default(), Via::User);
        let (mut user_name, mut app_profile, mut user) = (None, None, None);
        while let Some(name) = members.next_key::<CowStr<'de>>()? {
            match &*name {
                "id" => id = members.next_value()?,
                "status" => status = members.next_value()?,
                "scope" => {
                    let OktaText(scope) = members.next_value()?;
                    via = if scope.is_some_and(|scope| scope == "GROUP") { Via::Group } else { Via::User };
                }
                "credentials" => {
                    let credentials = OrNone(Member("userName", PhantomData::<OktaText>));
                    user_name = members.next_value_seed(credentials)?.flatten().and_then(|name| name.0);
                }
                "profile" => app_profile = members.next_value_seed(OrNone(ProfileOf(&self.0.app_user)))?,
                "_embedded" => {
                    let embedded = OrNone(Member("user", OrNone(OktaUser(self.0))));
                    user = members.next_value_seed(embedded)?.flatten().flatten();
                }
                _ => json::skip(&mut members)?,
            }
        }
        Ok(id.0.map(OktaUserId::new).map(|id| {
            // The profile of another user would make another person of this one; without it, the right one is read by id.
            let own = user.filter(|named: &NamedUser| named.id.as_ref().is_none_or(|named| *named == id));
            Assignment {
                id,
                user_name: user_name.map(UserName::new),
                status: AssignmentStatus::new(status.0.unwrap_or_default()),
                via,
                app_profile: app_profile.unwrap_or_default(),
                user: own.map(|named| named.user),
            }
        }))
    }
}

/// A `User`.
#[derive(Clone, Copy)]
struct OktaUser<'a>(&'a Wanted);

impl<'de> ReadObject<'de> for OktaUser<'_> {
    type Value = NamedUser;

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<NamedUser, A::Error> {
        let [mut id, mut status, mut becoming] = [const { OktaText(None) }; 3];
        let mut profile = None;
        while let Some(name) = members.next_key::<CowStr<'de>>()? {
            match &*name {
                "id" => id = members.next_value()?,
                "status" => status = members.next_value()?,
                "transitioningToStatus" => becoming = members.next_value()?,
                "profile" => profile = members.next_value_seed(OrNone(ProfileOf(&self.0.user)))?,
                _ => json::skip(&mut members)?,
            }
        }
        let user = EmbeddedUser {
            status: UserStatus::from_okta(&status.0.unwrap_or_default()),
            becoming: becoming.0.map(|status| UserStatus::from_okta(&status)),
            profile: profile.unwrap_or_default(),
        };
        Ok(NamedUser { id: id.0.map(OktaUserId::new), user })
    }
}

/// The attributes of these names in a profile.
#[derive(Clone, Copy)]
struct ProfileOf<'a>(&'a BTreeSet<CompactString>);

impl<'de> ReadObject<'de> for ProfileOf<'_> {
    type Value = Profile;

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<Profile, A::Error> {
        let mut attributes = Vec::new();
        while let Some(name) = members.next_key::<CowStr<'de>>()? {
            if !self.0.contains(&*name) {
                json::skip(&mut members)?;
            } else if let Some(value) = ProfileValue::from_json(members.next_value()?) {
                attributes.push((CompactString::from(&*name), value));
            }
        }
        Ok(attributes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::mapping::Wanted;
    use crate::domain::model::assignment::{ProfileValue, UserStatus, Via};
    use crate::domain::model::ids::UserName;

    use super::{App, IdOnly, read_assignment, read_rows, read_user};

    fn wanted() -> Wanted {
        let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        Wanted { user: names(&["firstName", "tags", "vip"]), app_user: names(&["team"]) }
    }

    /// A row of the shape that Okta's documentation shows, with the parts that matter here.
    const ROW: &str = r#"{"id":"00u1","externalId":null,"created":"2026-01-01T00:00:00.000Z","scope":"GROUP","status":"ACTIVE",
        "passwordChanged":null,"syncState":"DISABLED","credentials":{"userName":"ada@example.com","password":{}},
        "profile":{"team":"Engines","other":[1,{"x":2}]},"_links":{"app":{"href":"x"}},
        "_embedded":{"user":{"id":"00u1","status":"ACTIVE","transitioningToStatus":null,"type":{"id":"oty"},
            "profile":{"firstName":"Ad\u0061","lastName":"L","tags":["a",null],"vip":true,"login":"x"}}}}"#;

    #[test]
    fn a_row() {
        let rows = read_rows(format!("[{ROW}]").as_bytes(), &wanted()).expect("rows");
        assert_eq!((rows.assignments.len(), rows.unreadable), (1, 0));
        let row = &rows.assignments[0];
        assert_eq!((row.id.as_str(), row.status.as_str(), row.via), ("00u1", "ACTIVE", Via::Group));
        assert_eq!(row.user_name.as_ref().map(UserName::as_str), Some("ada@example.com"));
        assert!(row.app_profile.get("team") == Some(&ProfileValue::Text("Engines".into())));
        assert!(row.app_profile.get("other").is_none());
        let user = row.user.as_ref().expect("a user");
        assert_eq!((&user.status, &user.becoming), (&UserStatus::Working, &None));
        assert!(user.profile.get("firstName") == Some(&ProfileValue::Text("Ada".into())));
        assert!(user.profile.get("lastName").is_none());
        assert!(user.profile.get("tags") == Some(&ProfileValue::List(Box::new([ProfileValue::Text("a".into())]))));
        let one = read_assignment(ROW.as_bytes(), &wanted()).expect("a row").expect("a person");
        assert_eq!(format!("{one:?}"), format!("{row:?}"));
    }

    #[test]
    fn what_names_nobody_is_counted_and_what_is_odd_is_survived() {
        let body = r#"[null, 5, "x", [1, 2], {"status": "ACTIVE"}, {"id": null}, {"id": ""},
            {"id": 7, "status": null, "credentials": null, "profile": null, "_embedded": null},
            {"id": "00u2", "status": 3, "scope": [], "credentials": "x", "profile": 5, "_embedded": {"user": null}},
            {"id": "00u3", "_embedded": {"user": {"transitioningToStatus": "DEPROVISIONED", "profile": "x"}}}]"#;
        let rows = read_rows(body.as_bytes(), &wanted()).expect("rows");
        let ids: Vec<&str> = rows.assignments.iter().map(|row| row.id.as_str()).collect();
        assert_eq!((ids, rows.unreadable), (vec!["7", "00u2", "00u3"], 7));
        assert!(rows.assignments[..2].iter().all(|row| row.user.is_none() && row.user_name.is_none()));
        let user = rows.assignments[2].user.as_ref().expect("a user");
        assert_eq!((&user.status, &user.becoming), (&UserStatus::Unclear("".into()), &Some(UserStatus::Deactivated)));
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for body in ["", "{}", "null", "[{\"id\": \"a\"}", "[{\"id\": \"a\"}] x", "<html>", "[{\"id\": \"a\",]"] {
            assert!(read_rows(body.as_bytes(), &wanted()).is_err(), "{body}");
        }
        assert!(read_user(b"[]", &wanted()).expect("JSON").is_none());
        assert!(read_user(b"{\"status\": \"ACTIVE\"", &wanted()).is_err());
    }

    #[test]
    fn the_application_and_the_organization() {
        let app: App = serde_json::from_str(
            r#"{"id":"0oa1","label":"Haiilo","status":"ACTIVE","features":["PUSH_NEW_USERS","IMPORT_NEW_USERS","GROUP_PUSH",7],"x":1}"#,
        )
        .expect("an app");
        assert_eq!(app.push_features(), ["PUSH_NEW_USERS", "GROUP_PUSH"]);
        assert_eq!(app.status.0.as_deref(), Some("ACTIVE"));
        let bare: App = serde_json::from_str("{}").expect("an app");
        assert!(bare.push_features().is_empty() && bare.status.0.is_none());
        let organization: IdOnly = serde_json::from_str(r#"{"id":"00o1","pipeline":"idx"}"#).expect("an organization");
        assert_eq!(organization.id.0.as_deref(), Some("00o1"));
    }
}

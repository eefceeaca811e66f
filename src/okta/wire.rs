//! Reading what Okta answers: rows of assignments, users, the application.
//!
//! Follows the schemas `AppUser`, `User` and `Application` of Okta's management API, leniently: unknown members, nulls, numbers where
//! texts are usual. Attributes that no rule reads are skipped without being kept. Written apart from any simulator.

use std::borrow::Cow;
use std::fmt;

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::domain::mapping::Wanted;
use crate::domain::model::assignment::{
    Assignment, AssignmentStatus, EmbeddedUser, Profile, ProfileValue, UserStatus, Via,
};
use crate::domain::model::ids::{OktaUserId, UserName};
use crate::http;
use crate::ports::AssignmentRows;

/// Reads a page of assignments, keeping the wanted attributes alone.
pub fn read_rows(body: &[u8], wanted: &Wanted) -> Result<AssignmentRows, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(http::json_text(body)?);
    let rows = deserializer.deserialize_seq(RowsVisitor(wanted))?;
    deserializer.end()?;
    Ok(rows)
}

/// Reads one assignment; `None` where it names nobody.
pub(super) fn read_assignment(body: &[u8], wanted: &Wanted) -> Result<Option<Assignment>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(http::json_text(body)?);
    let row = RowSeed(wanted).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(row)
}

/// A user with the id that Okta gives it.
#[derive(Debug)]
pub(super) struct NamedUser {
    pub(super) id: Option<OktaUserId>,
    pub(super) user: EmbeddedUser,
}

/// Reads one user.
pub(super) fn read_user(body: &[u8], wanted: &Wanted) -> Result<Option<NamedUser>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(http::json_text(body)?);
    let user = UserSeed(wanted).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(user)
}

/// The application, as far as it concerns us.
#[derive(Debug, Deserialize)]
pub(super) struct App {
    #[serde(default)]
    pub(super) label: Lenient,
    #[serde(default)]
    pub(super) status: Lenient,
    #[serde(default)]
    pub(super) features: Json,
}

impl App {
    /// The features by which Okta itself writes to the target.
    pub(super) fn push_features(&self) -> Vec<String> {
        let features = self.features.as_array().into_iter().flatten().filter_map(Json::as_str);
        let writes = |name: &&str| name.starts_with("PUSH_") || matches!(*name, "GROUP_PUSH" | "REACTIVATE_USERS");
        features.filter(writes).map(str::to_owned).collect()
    }
}

/// A user, as far as a look-up concerns us.
#[derive(Debug, Deserialize)]
pub(super) struct FoundUser {
    #[serde(default)]
    pub(super) id: Lenient,
    #[serde(default)]
    pub(super) status: Lenient,
}

/// The organization's public metadata.
#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    #[serde(default)]
    pub(super) id: Lenient,
}

/// The name of a member, which nearly always stands in the body as it is.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A text, or whatever stands in its place: a number is its digits, everything else is nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Lenient(pub(super) Option<CompactString>);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor)
    }
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Lenient, E> {
        Ok(Lenient((!text.is_empty()).then(|| text.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Lenient, E> {
        Ok(Lenient(Some(compact_str::format_compact!("{number}"))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Lenient, E> {
        Ok(Lenient(Some(compact_str::format_compact!("{number}"))))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Lenient, E> {
        Ok(Lenient(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lenient, E> {
        Ok(Lenient(None))
    }

    fn visit_unit<E>(self) -> Result<Lenient, E> {
        Ok(Lenient(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Lenient, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Lenient, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient(None))
    }
}

/// An object that may be missing or something else; members are given to a visitor that reads them.
macro_rules! object_seed {
    ($(#[$meta:meta])* $name:ident<$value:ty>, $visitor:ident) => {
        $(#[$meta])*
        struct $name<'a>(&'a Wanted);

        impl<'de> DeserializeSeed<'de> for $name<'_> {
            type Value = Option<$value>;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                deserializer.deserialize_any(self)
            }
        }

        impl<'de> Visitor<'de> for $name<'_> {
            type Value = Option<$value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(None)
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                $visitor(self.0, members)
            }
        }
    };
}

struct RowsVisitor<'a>(&'a Wanted);

impl<'de> Visitor<'de> for RowsVisitor<'_> {
    type Value = AssignmentRows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of application users")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<AssignmentRows, A::Error> {
        let mut rows = AssignmentRows::default();
        while let Some(row) = items.next_element_seed(RowSeed(self.0))? {
            match row {
                Some(assignment) => rows.assignments.push(assignment),
                None => rows.unreadable += 1,
            }
        }
        Ok(rows)
    }
}

object_seed! {
    /// One `AppUser`.
    RowSeed<Assignment>, row
}

fn row<'de, A: MapAccess<'de>>(wanted: &Wanted, mut members: A) -> Result<Option<Assignment>, A::Error> {
    let (mut id, mut status, mut via) = (Lenient::default(), Lenient::default(), Via::User);
    let (mut user_name, mut app_profile, mut user) = (None, None, None);
    while let Some(name) = members.next_key::<Name<'de>>()? {
        match &*name.0 {
            "id" => id = members.next_value()?,
            "status" => status = members.next_value()?,
            "scope" => {
                let scope = members.next_value::<Lenient>()?.0;
                via = if scope.is_some_and(|scope| scope == "GROUP") { Via::Group } else { Via::User };
            }
            "credentials" => user_name = members.next_value_seed(CredentialsSeed(wanted))?,
            "profile" => app_profile = members.next_value_seed(AppProfileSeed(wanted))?,
            "_embedded" => user = members.next_value_seed(EmbeddedSeed(wanted))?,
            _ => {
                members.next_value::<IgnoredAny>()?;
            }
        }
    }
    Ok(id.0.map(OktaUserId::new).map(|id| {
        // Another person's profile would make another person of this one; without it, the right one is asked for by id.
        let own = user.filter(|named: &NamedUser| named.id.as_ref().is_none_or(|named| *named == id));
        Assignment {
            id,
            user_name,
            status: AssignmentStatus::new(status.0.unwrap_or_default()),
            via,
            app_profile: app_profile.unwrap_or_default(),
            user: own.map(|named| named.user),
        }
    }))
}

object_seed! {
    /// `AppUser.credentials`.
    CredentialsSeed<UserName>, credentials
}

fn credentials<'de, A: MapAccess<'de>>(_: &Wanted, mut members: A) -> Result<Option<UserName>, A::Error> {
    let mut user_name = Lenient::default();
    while let Some(name) = members.next_key::<Name<'de>>()? {
        if name.0 == "userName" {
            user_name = members.next_value()?;
        } else {
            members.next_value::<IgnoredAny>()?;
        }
    }
    Ok(user_name.0.map(UserName::new))
}

object_seed! {
    /// `AppUser._embedded`.
    EmbeddedSeed<NamedUser>, embedded
}

fn embedded<'de, A: MapAccess<'de>>(wanted: &Wanted, mut members: A) -> Result<Option<NamedUser>, A::Error> {
    let mut user = None;
    while let Some(name) = members.next_key::<Name<'de>>()? {
        if name.0 == "user" {
            user = members.next_value_seed(UserSeed(wanted))?;
        } else {
            members.next_value::<IgnoredAny>()?;
        }
    }
    Ok(user)
}

object_seed! {
    /// A `User`.
    UserSeed<NamedUser>, user
}

fn user<'de, A: MapAccess<'de>>(wanted: &Wanted, mut members: A) -> Result<Option<NamedUser>, A::Error> {
    let mut id = Lenient::default();
    let (mut status, mut becoming, mut profile) = (Lenient::default(), Lenient::default(), None);
    while let Some(name) = members.next_key::<Name<'de>>()? {
        match &*name.0 {
            "id" => id = members.next_value()?,
            "status" => status = members.next_value()?,
            "transitioningToStatus" => becoming = members.next_value()?,
            "profile" => profile = members.next_value_seed(UserProfileSeed(wanted))?,
            _ => {
                members.next_value::<IgnoredAny>()?;
            }
        }
    }
    let user = EmbeddedUser {
        status: UserStatus::from_okta(&status.0.unwrap_or_default()),
        becoming: becoming.0.map(|status| UserStatus::from_okta(&status)),
        profile: profile.unwrap_or_default(),
    };
    Ok(Some(NamedUser { id: id.0.map(OktaUserId::new), user }))
}

object_seed! {
    /// `User.profile`.
    UserProfileSeed<Profile>, user_profile
}

fn user_profile<'de, A: MapAccess<'de>>(wanted: &Wanted, members: A) -> Result<Option<Profile>, A::Error> {
    profile(|name| wanted.user.contains(name), members)
}

object_seed! {
    /// `AppUser.profile`.
    AppProfileSeed<Profile>, app_profile
}

fn app_profile<'de, A: MapAccess<'de>>(wanted: &Wanted, members: A) -> Result<Option<Profile>, A::Error> {
    profile(|name| wanted.app_user.contains(name), members)
}

fn profile<'de, A: MapAccess<'de>>(
    is_wanted: impl Fn(&str) -> bool,
    mut members: A,
) -> Result<Option<Profile>, A::Error> {
    let mut attributes = Vec::new();
    while let Some(name) = members.next_key::<Name<'de>>()? {
        if is_wanted(&name.0) {
            if let Some(value) = ProfileValue::from_json(members.next_value()?) {
                attributes.push((CompactString::from(&*name.0), value));
            }
        } else {
            members.next_value::<IgnoredAny>()?;
        }
    }
    Ok(Some(attributes.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use crate::domain::mapping::Wanted;
    use crate::domain::model::assignment::{ProfileValue, UserStatus, Via};
    use crate::domain::model::ids::UserName;

    use super::{App, Organization, read_assignment, read_rows, read_user};

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
        let organization: Organization =
            serde_json::from_str(r#"{"id":"00o1","pipeline":"idx"}"#).expect("an organization");
        assert_eq!(organization.id.0.as_deref(), Some("00o1"));
    }
}

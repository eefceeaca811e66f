//! What only Okta can do wrong, one call at a time: lost pages, lying links, odd rows, wrong headers.
//!
//! Some of it has happened (a `next` link without `expand`), some of it proxies do, some of it only a careful client survives. The
//! vocabulary is here, and the bending of rows; links are bent in `reads::page`, whole answers in `side`.

use serde_json::{Value, json};

use crate::okta::route::Route;

/// What happens in the org just before a call is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The user with this id is assigned, at the end of the list.
    Assign(String),
    /// The user with this id is unassigned.
    Unassign(String),
    /// The user with this id is deactivated.
    Deactivate(String),
    /// The application becomes INACTIVE.
    StopApp,
    /// The API token and all access tokens are revoked.
    RevokeCredentials,
}

/// One wrong answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bend {
    /// The rows carry no `_embedded`, although `expand=user` was asked; the next link still asks for it.
    LoseExpand,
    /// The next link does not ask for `expand`.
    DropExpandFromNext,
    /// The next link skips a whole page; when the skipped page is the last one, there is no next link.
    LosePage,
    /// No next link, although there is more.
    LoseNext,
    /// The next link leads to this very page.
    RepeatCursor,
    /// The next link leads to the first page.
    LoopToFirst,
    /// The next link names this origin.
    ForeignNext(String),
    /// Both links stand in one header line, with a comma between them.
    CommaJoinedLinks,
    /// The next link has neither scheme nor host.
    RelativeNext,
    /// 200 with no rows and no next link.
    EmptyList,
    /// Only this many rows, and a next link that goes on after them.
    ShortPage(usize),
    /// The first row stands twice.
    DoubleRow,
    /// The last row of the page before stands first.
    RepeatPreviousRow,
    /// The first row has no `id`; an event of the System Log has no `uuid`.
    RowWithoutId,
    /// The first row is a text.
    RowNotAnObject,
    /// The first row has no `status`.
    RowWithoutStatus,
    /// The first row has no `_embedded`.
    RowWithoutUser,
    /// The user, or that of the first row, carries the id of another one.
    OtherUser,
    /// The first row has `profile: null`, and so has its embedded user.
    NullProfile,
    /// All rows have numbers and booleans where texts are usual, texts where objects are, and fields that nobody knows.
    OddTypes,
    /// 200 with an object instead of a list.
    NotAnArray,
    /// 429 because too many calls run at once: limit and remaining are both 0, and the reset is a mere suggestion.
    Concurrency,
    /// 503 with E0000010.
    ReadOnly,
    /// The `Date` header is this many seconds ahead.
    DateSkew(i64),
    /// No `Date` header.
    NoDate,
    /// No rate headers.
    NoRateHeaders,
    /// Each rate header stands twice; the second line is more generous.
    DuplicateRateHeaders,
    /// The body is as it should be, but is called `text/html`.
    WrongContentType,
    /// The token comes without `expires_in`.
    TokenWithoutExpiry,
    /// The token is of type `MAC`.
    TokenTypeMac,
    /// Nothing is wrong with the answer, but the org changes just before it: so rows come and go between two pages of one walk.
    Meanwhile(Change),
}

impl Bend {
    /// Whether this bend means anything on this route. One that does not is a mistake of the test that planted it.
    pub(crate) fn fits(&self, route: &Route) -> bool {
        match self {
            Self::Concurrency
            | Self::ReadOnly
            | Self::DateSkew(_)
            | Self::NoDate
            | Self::NoRateHeaders
            | Self::DuplicateRateHeaders
            | Self::WrongContentType
            | Self::Meanwhile(_) => true,
            Self::TokenWithoutExpiry | Self::TokenTypeMac => *route == Route::Token,
            Self::LoseExpand | Self::RowWithoutUser => {
                matches!(route, Route::AppUsers(_) | Route::AppUser(..))
            }
            Self::DropExpandFromNext => matches!(route, Route::AppUsers(_)),
            Self::RowWithoutStatus | Self::OtherUser | Self::NullProfile if *route == Route::Logs => false,
            Self::RowWithoutId
            | Self::RowNotAnObject
            | Self::RowWithoutStatus
            | Self::OtherUser
            | Self::NullProfile
            | Self::OddTypes => route.is_list() || matches!(route, Route::AppUser(..) | Route::User(_)),
            _ => route.is_list(),
        }
    }

    /// Whether [`Self::reshape`] does anything.
    pub(crate) fn bends_rows(&self) -> bool {
        matches!(
            self,
            Self::LoseExpand
                | Self::RowWithoutId
                | Self::RowNotAnObject
                | Self::RowWithoutStatus
                | Self::RowWithoutUser
                | Self::OtherUser
                | Self::NullProfile
                | Self::OddTypes
                | Self::NotAnArray
        )
    }

    /// Bends the rows of an answer, or its one object.
    pub(crate) fn reshape(&self, body: &mut Value) {
        match self {
            Self::LoseExpand => each_row(body, |row| remove(row, "_embedded")),
            Self::OddTypes => each_row(body, oddly_typed),
            Self::RowWithoutId => first_row(body, |row| {
                remove(row, "id");
                remove(row, "uuid");
            }),
            Self::RowWithoutStatus => first_row(body, |row| remove(row, "status")),
            Self::RowWithoutUser => first_row(body, |row| remove(row, "_embedded")),
            Self::RowNotAnObject => first_row(body, |row| *row = json!("this row is a text")),
            Self::OtherUser => first_row(body, |row| {
                let user = if row.get("_embedded").is_some() { &mut row["_embedded"]["user"] } else { row };
                user["id"] = json!("00uSOMEBODYELSE00000");
            }),
            Self::NullProfile => first_row(body, |row| {
                row["profile"] = Value::Null;
                if let Some(user) = row.pointer_mut("/_embedded/user") {
                    user["profile"] = Value::Null;
                }
            }),
            Self::NotAnArray => *body = json!({"value": body.take()}),
            _ => {}
        }
    }
}

fn each_row(body: &mut Value, change: impl Fn(&mut Value)) {
    match body {
        Value::Array(rows) => rows.iter_mut().for_each(change),
        row => change(row),
    }
}

fn first_row(body: &mut Value, change: impl Fn(&mut Value)) {
    match body {
        Value::Array(rows) => rows.first_mut().into_iter().for_each(change),
        row => change(row),
    }
}

fn remove(row: &mut Value, key: &str) {
    if let Some(row) = row.as_object_mut() {
        row.shift_remove(key);
    }
}

fn oddly_typed(row: &mut Value) {
    if row.get("eventType").is_some() {
        odd_event(row);
        return;
    }
    row["externalId"] = json!(4711);
    row["lastUpdated"] = json!(1_732_435_200);
    row["aFieldOfTomorrow"] = json!({"with": ["more", 1, null]});
    if let Some(user) = row.pointer_mut("/_embedded/user") {
        odd_user(user);
    } else if row.get("profile").is_some() {
        odd_user(row);
    }
}

fn odd_event(event: &mut Value) {
    event["version"] = json!(0);
    event["severity"] = json!(7);
    event["aFieldOfTomorrow"] = json!({"with": ["more", 1, null]});
    remove(event, "actor");
    event["client"] = json!({"geographicalContext": {"postalCode": 10_013}});
    if let Some(targets) = event["target"].as_array_mut() {
        targets.insert(0, json!({"type": "AThingOfTomorrow", "id": null, "alternateId": 5, "displayName": null}));
    }
}

fn odd_user(user: &mut Value) {
    user["type"] = json!("default");
    user["passwordChanged"] = json!(false);
    let number = user.pointer("/profile/employeeNumber").and_then(Value::as_str).and_then(|text| text.parse().ok());
    user["profile"]["employeeNumber"] = json!(number.unwrap_or(0_u64));
    user["profile"]["costCenter"] = json!(10.5);
    user["profile"]["remote"] = json!(true);
    user["profile"]["badges"] = json!(["fire warden", 7]);
}

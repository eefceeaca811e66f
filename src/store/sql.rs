//! Statements with their values, and rows with what their columns mean.
//!
//! The schema knows texts and whole numbers only. [`ToColumn`] and [`FromColumn`] say once what each type is there: an id is its text, a time
//! is its seconds since the epoch.

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::de::DeserializeOwned;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{AnyConnection, Decode, Error, Row as _, SqlSafeStr, Type};

use crate::domain::model::ids::{
    ApprovalId, Fingerprint, HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, RunId, UserName,
};
use crate::domain::model::link::Counted;
use crate::domain::state::journal::EntryId;

/// A value as the driver takes it. A missing one has a type too, since PostgreSQL asks for it.
pub(super) enum Column<'a> {
    Text(Option<&'a str>),
    Number(Option<i64>),
}

/// A value of a statement.
pub(super) trait ToColumn: Sync {
    /// What the column holds.
    fn to_column(&self) -> Column<'_>;

    /// What the column holds where there is no value.
    fn missing() -> Column<'static>
    where
        Self: Sized,
    {
        Column::Text(None)
    }
}

/// A value of a row.
pub(super) trait FromColumn: Sized {
    /// What the driver gives.
    type Raw: for<'r> Decode<'r, Any> + Type<Any>;

    /// What it means.
    fn from_column(raw: Self::Raw) -> Self;
}

macro_rules! columns {
    ($raw:ty as $column:ident: $($type:ty, $take:expr, $give:expr;)*) => {$(
        impl ToColumn for $type {
            fn to_column(&self) -> Column<'_> {
                Column::$column(Some($give(self)))
            }

            fn missing() -> Column<'static> {
                Column::$column(None)
            }
        }

        impl FromColumn for $type {
            type Raw = $raw;

            fn from_column(raw: $raw) -> Self {
                $take(raw)
            }
        }
    )*};
}

columns! { String as Text:
    ApprovalId, Self::new, Self::as_str;
    CompactString, Self::from, Self::as_str;
    Fingerprint, Self::from_hex, Self::as_str;
    HaiiloGroupId, Self::new, Self::as_str;
    HaiiloId, Self::new, Self::as_str;
    OktaGroupId, Self::new, Self::as_str;
    OktaUserId, Self::new, Self::as_str;
    RunId, Self::new, Self::as_str;
    String, Self::from, Self::as_str;
    UserName, Self::new, Self::as_str;
}

columns! { i64 as Number:
    i64, Self::from, Self::clone;
    EntryId, Self, |entry: &Self| entry.0;
    DateTime<Utc>, instant, Self::timestamp;
    u64, |number| Self::try_from(number).unwrap_or(0), |number: &Self| i64::try_from(*number).unwrap_or(i64::MAX);
    Counted, counted, |counted: &Self| i64::from(*counted == Self::Approved);
}

impl ToColumn for str {
    fn to_column(&self) -> Column<'_> {
        Column::Text(Some(self))
    }
}

impl<T: ToColumn + ?Sized> ToColumn for &T {
    fn to_column(&self) -> Column<'_> {
        (**self).to_column()
    }
}

impl<T: ToColumn> ToColumn for Option<T> {
    fn to_column(&self) -> Column<'_> {
        match self {
            Some(value) => value.to_column(),
            None => T::missing(),
        }
    }
}

impl<T: FromColumn> FromColumn for Option<T>
where
    Option<T::Raw>: for<'r> Decode<'r, Any> + Type<Any>,
{
    type Raw = Option<T::Raw>;

    fn from_column(raw: Self::Raw) -> Self {
        raw.map(T::from_column)
    }
}

/// A time that was kept; one that no calendar has is the epoch, which starts every period again.
pub(super) fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// Whether what was kept with this flag still counts towards the limits.
pub(super) fn counted(approved: i64) -> Counted {
    if approved == 0 { Counted::Yes } else { Counted::Approved }
}

/// The value of a column, by its number.
pub(super) fn column<T: FromColumn>(row: &AnyRow, number: usize) -> Result<T, Error> {
    row.try_get(number).map(T::from_column)
}

/// The first two columns.
pub(super) fn pair<A: FromColumn, B: FromColumn>(row: &AnyRow) -> Result<(A, B), Error> {
    Ok((column(row, 0)?, column(row, 1)?))
}

/// What a column holds as JSON.
pub(super) fn json<T: DeserializeOwned>(row: &AnyRow, number: usize) -> Result<T, Error> {
    serde_json::from_str(row.try_get(number)?).map_err(|error| Error::Decode(error.into()))
}

/// A statement with its values.
pub(super) fn statement<'q>(sql: impl SqlSafeStr, values: &[&dyn ToColumn]) -> Query<'q, Any, AnyArguments> {
    values.iter().fold(sqlx::query(sql), |query, value| match value.to_column() {
        Column::Text(text) => query.bind(text),
        Column::Number(number) => query.bind(number),
    })
}

/// Runs a statement that answers nothing.
pub(super) async fn execute(
    connection: &mut AnyConnection,
    sql: impl SqlSafeStr,
    values: &[&dyn ToColumn],
) -> Result<(), Error> {
    statement(sql, values).execute(connection).await.map(drop)
}

/// What each row says, as a map, a set or a list.
pub(super) async fn rows<T, C: FromIterator<T>>(
    connection: &mut AnyConnection,
    sql: impl SqlSafeStr,
    values: &[&dyn ToColumn],
    read: impl Fn(&AnyRow) -> Result<T, Error>,
) -> Result<C, Error> {
    statement(sql, values).fetch_all(connection).await?.iter().map(read).collect()
}

//! Reading: lists, look-ups, and one account by its id (RFC 7644 3.4). Who may read is settled before.

use crate::face::{Answer, Call};
use crate::haiilo::bend::Bend;
use crate::haiilo::manner::{Etag, Filters, Manner, Names, Order};
use crate::haiilo::route::BASE;
use crate::haiilo::scim::filter::{Cases, Filter, ValueCase};
use crate::haiilo::scim::page::{self, Asked, Slice};
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::render::{self, Projection};
use crate::haiilo::scim::store::{Row, Seen};
use crate::haiilo::scim::text::{Attributes, NameCase, get, key_of};
use crate::haiilo::state::Haiilo;
use bytes::Bytes;
use serde_json::{Value, json};

/// A list that a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) asked: Asked,
    pub(crate) filter: Option<String>,
    pub(crate) projection: Projection,
}

impl Query {
    /// As a GET asks.
    pub(crate) fn of(call: &Call) -> Self {
        Self { asked: Asked::of(call), filter: call.parameter("filter"), projection: Projection::of(call) }
    }

    /// As a search asks in its body (RFC 7644 3.4.3).
    pub(crate) fn searched(body: &Attributes) -> Self {
        let plain =
            |name: &str| get(body, name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let list = |name: &str| {
            let names = get(body, name)?.as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>();
            (!names.is_empty()).then(|| names.join(","))
        };
        Self {
            asked: Asked { start: plain("startIndex"), count: plain("count") },
            filter: plain("filter"),
            projection: Projection::new(list("attributes").as_deref(), list("excludedAttributes").as_deref()),
        }
    }
}

/// The rows that a page shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The first, from 0.
    pub(crate) from: usize,
    /// How many at most.
    pub(crate) take: usize,
    /// The `startIndex` that the answer names.
    start: usize,
    /// The most that a page of this size may hold.
    limit: usize,
    /// How many rows there are on all pages.
    count: usize,
}

/// Whom a list shows.
enum Found {
    Everybody,
    These(Vec<usize>),
}

impl Haiilo {
    /// Answers a list or a look-up.
    pub(crate) fn list(&mut self, query: &Query, bend: Option<&Bend>) -> Result<Answer, Refusal> {
        self.list_calls += 1;
        let mut found = match &query.filter {
            None => Found::Everybody,
            Some(filter) => self.look_up(filter)?,
        };
        match (bend, &found) {
            (Some(Bend::FindsAll), _) => found = Found::Everybody,
            (Some(Bend::FindsNobody), _) => found = Found::These(Vec::new()),
            (Some(Bend::FindsOther), Found::These(numbers)) => {
                found = Found::These(self.other_than(numbers).into_iter().collect());
            }
            _ => {}
        }
        let count = match &found {
            Found::Everybody => self.store.listed(),
            Found::These(numbers) => numbers.len(),
        };
        let page = self.page(&query.asked, count, bend)?;
        let numbers = match found {
            Found::Everybody => self.store.slice(self.manner.order, page.from, page.take),
            Found::These(mut numbers) => {
                self.store.sort(&mut numbers, self.manner.order);
                numbers.into_iter().skip(page.from).take(page.take).collect()
            }
        };
        let rows = numbers.iter().filter_map(|number| self.row(*number, &query.projection)).collect();
        Ok(self.paged(&page, rows, bend))
    }

    /// All listed accounts that a filter finds.
    pub(crate) fn matching(&mut self, filter: Option<&str>) -> Result<Vec<usize>, Refusal> {
        let found = filter.map_or(Ok(Found::Everybody), |filter| self.look_up(filter))?;
        Ok(match found {
            Found::Everybody => self.store.slice(self.manner.order, 0, usize::MAX),
            Found::These(mut numbers) => {
                self.store.sort(&mut numbers, self.manner.order);
                numbers
            }
        })
    }

    /// Which of `count` rows a page shows.
    pub(crate) fn page(&self, asked: &Asked, count: usize, bend: Option<&Bend>) -> Result<Page, Refusal> {
        let Slice { from, take, start, limit } = asked.slice(&self.manner, count)?;
        let (from, take) = match bend {
            Some(Bend::SkipRows(rows)) => (from + rows, take),
            Some(Bend::RepeatPage) => (0, take),
            Some(Bend::EmptyPage) => (from, 0),
            Some(Bend::ShortPage(rows)) => (from, take.min(*rows)),
            _ => (from, take),
        };
        Ok(Page { from, take, start, limit, count })
    }

    /// The answer with the rows of a page.
    pub(crate) fn paged(&self, page: &Page, mut rows: Vec<Bytes>, bend: Option<&Bend>) -> Answer {
        if bend == Some(&Bend::NotAList) {
            return Answer::new(200, &self.manner.content_type, r#"{"status":"ok"}"#);
        }
        let Page { start, limit, count, .. } = *page;
        bend_rows(&mut rows, bend);
        let mut total = page::total(&self.manner, count, limit, self.list_calls);
        match bend {
            Some(Bend::TotalMissing) => total = None,
            Some(Bend::TotalOff(by)) => {
                total = Some(Value::from((i64::try_from(count).unwrap_or(i64::MAX) + by).max(0)));
            }
            _ => {}
        }
        let body = page::body(&self.manner, total.as_ref(), start, &rows);
        Answer::new(200, &self.manner.content_type, body)
    }

    /// The accounts that a filter finds, as this server filters.
    fn look_up(&self, text: &str) -> Result<Found, Refusal> {
        let unread = || Refusal::bad("invalidFilter", format!("`{text}` is not a filter that is supported here"));
        let filters = self.manner.filters;
        match filters {
            Filters::Ignored => return Ok(Found::Everybody),
            Filters::Refused => return Err(Refusal::bad("invalidFilter", "filters are not supported")),
            Filters::EmptyAlways => return Ok(Found::These(Vec::new())),
            _ => {}
        }
        let filter = Filter::parse(text).ok_or_else(unread)?;
        let mut cases = Cases::RFC;
        match filters {
            Filters::CaseSensitive => cases.values = ValueCase::Exact,
            Filters::AttributeNameCaseSensitive => cases.names = NameCase::Exact,
            _ => {}
        }
        let visible = |number: &usize| self.store.row(*number).is_some_and(|row| row.seen != Seen::Nowhere);
        match filter.plain_equality() {
            Some((name, value)) if same(name, "userName", cases) => {
                let fits = |number: &&usize| {
                    cases.values == ValueCase::BySchema
                        || self.store.row(**number).is_some_and(|row| row.user_name() == value)
                };
                let numbers = self.store.by_name(value).iter().filter(fits).copied().filter(visible);
                Ok(Found::These(numbers.collect()))
            }
            _ if filters == Filters::UserNameOnly => Err(unread()),
            Some((name, value)) if same(name, "id", cases) => {
                Ok(Found::These(self.store.by_id(value).into_iter().filter(visible).collect()))
            }
            Some((name, value)) if same(name, "externalId", cases) => {
                let numbers = self.store.by_external_id(value).iter().copied().filter(visible);
                Ok(Found::These(numbers.collect()))
            }
            _ => {
                // What is compared is what is shown, in the names of the RFC.
                let manner = Manner { names: Names::Canonical, ..self.manner.clone() };
                let fits = |row: &Row| {
                    let location = render::location(&manner, &self.base, BASE, &row.id);
                    filter.matches(&render::account(&manner, row, &row.attributes, location.as_deref()), cases)
                };
                let numbers = self.store.all().filter(|(_, row)| row.seen != Seen::Nowhere && fits(row));
                Ok(Found::These(numbers.map(|(number, _)| number).collect()))
            }
        }
    }

    /// The oldest listed account that is none of these.
    pub(crate) fn other_than(&mut self, numbers: &[usize]) -> Option<usize> {
        let oldest = self.store.slice(Order::Creation, 0, numbers.len() + 1);
        oldest.into_iter().find(|number| !numbers.contains(number))
    }

    /// One row of a list.
    pub(crate) fn row(&mut self, number: usize, projection: &Projection) -> Option<Bytes> {
        let Self { store, manner, base, .. } = self;
        let write = |row: &Row| {
            let location = render::location(manner, base, BASE, &row.id);
            match projection {
                Projection::Whole => render::bytes(manner, row, &row.attributes, location.as_deref()),
                _ => bytes(projection.applied(&render::account(manner, row, &row.attributes, location.as_deref()))),
            }
        };
        match projection {
            Projection::Whole => store.answer(number, write),
            _ => store.row(number).map(write),
        }
    }

    /// Answers one account by its id.
    pub(crate) fn read(&mut self, id: &str, call: &Call, bend: Option<&Bend>) -> Result<Answer, Refusal> {
        if let Some(answer) = self.read_deleted(id, call, bend) {
            return Ok(answer);
        }
        let mut number = self.visible(id, bend)?;
        if bend == Some(&Bend::WrongAccount) {
            number = self.other_than(&[number]).unwrap_or(number);
        }
        let missing = || Refusal::not_found(id);
        if matches!(bend, Some(Bend::LyingId | Bend::LyingUserName)) {
            let attributes = self.store.row(number).ok_or_else(missing)?.attributes.clone();
            return self.shown(200, number, &attributes, bend).ok_or_else(missing);
        }
        let body = self.row(number, &Projection::of(call)).ok_or_else(missing)?;
        Ok(self.tagged(Answer::new(200, &self.manner.content_type, body), number))
    }

    /// The account of a path, unless it hides or the bend denies it.
    pub(crate) fn visible(&self, id: &str, bend: Option<&Bend>) -> Result<usize, Refusal> {
        let number = self.store.by_id(id).ok_or_else(|| Refusal::not_found(id))?;
        let hidden = self.store.row(number).is_none_or(|row| row.seen == Seen::Nowhere);
        if hidden || bend == Some(&Bend::NotFoundOnce) { Err(Refusal::not_found(id)) } else { Ok(number) }
    }

    /// The same answer with the version of an account.
    fn tagged(&self, answer: Answer, number: usize) -> Answer {
        match self.store.row(number) {
            Some(row) if self.manner.etag != Etag::None => answer.with("etag", render::etag(row.version)),
            _ => answer,
        }
    }

    /// An answer that shows an account with these attributes, unless the bend lies about who it is.
    pub(crate) fn shown(
        &mut self,
        status: u16,
        number: usize,
        attributes: &Attributes,
        bend: Option<&Bend>,
    ) -> Option<Answer> {
        let other = self.other_than(&[number]).and_then(|other| self.store.row(other));
        let lie = |row: &Row| match bend {
            Some(Bend::LyingId) => (Some(row.id.clone()), None),
            Some(Bend::LyingUserName) => (None, Some(row.user_name().to_owned())),
            _ => (None, None),
        };
        let (lying_id, lying_name) = other.map(lie).unwrap_or_default();
        let row = self.store.row(number)?;
        let location = render::location(&self.manner, &self.base, BASE, lying_id.as_deref().unwrap_or(&row.id));
        let mut shown = render::account(&self.manner, row, attributes, location.as_deref());
        for (name, lie) in [("id", lying_id), ("userName", lying_name)] {
            if let (Some(lie), Some(key)) = (lie, key_of(&shown, name, NameCase::Ignored).map(str::to_owned)) {
                shown.insert(key, json!(lie));
            }
        }
        Some(self.tagged(Answer::new(status, &self.manner.content_type, bytes(shown)), number))
    }
}

/// Whether an attribute name is the one that is wanted.
pub(crate) fn same(name: &str, wanted: &str, cases: Cases) -> bool {
    match cases.names {
        NameCase::Ignored => name.eq_ignore_ascii_case(wanted),
        NameCase::Exact => name == wanted,
    }
}

/// An object as bytes.
pub(crate) fn bytes(attributes: Attributes) -> Bytes {
    Value::Object(attributes).to_string().into()
}

/// Spoils the rows of a page.
fn bend_rows(rows: &mut Vec<Bytes>, bend: Option<&Bend>) {
    let Some(first) = rows.first_mut() else { return };
    let without = |row: &Bytes, name: &str| {
        let mut shown: Attributes = serde_json::from_slice(row).expect("rows are objects");
        if let Some(key) = key_of(&shown, name, NameCase::Ignored).map(str::to_owned) {
            shown.shift_remove(&key);
        }
        bytes(shown)
    };
    match bend {
        Some(Bend::RowWithoutId) => *first = without(first, "id"),
        Some(Bend::RowWithoutUserName) => *first = without(first, "userName"),
        Some(Bend::RowNotAnObject) => *first = Bytes::from_static(b"\"not an account\""),
        Some(Bend::DoubleRow) => {
            if let Some(last) = rows.last().cloned() {
                rows.push(last);
            }
        }
        _ => {}
    }
}

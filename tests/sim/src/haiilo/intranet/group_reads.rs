//! Reading groups: lists, look-ups, and one group by its id (RFC 7643 4.2, RFC 7644 3.4). Who may read is settled before.

use crate::face::{Answer, Call};
use crate::haiilo::bend::Bend;
use crate::haiilo::intranet::groups::Entry;
use crate::haiilo::manner::{Etag, Filters, Manner, MemberShape, Members, Names, Order, Presence};
use crate::haiilo::reads::{Query, bytes, same};
use crate::haiilo::route::BASE;
use crate::haiilo::scim::filter::{Cases, Filter, ValueCase};
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::render::{self, Meta, Projection};
use crate::haiilo::scim::schema::GROUP;
use crate::haiilo::scim::store::Store;
use crate::haiilo::scim::text::{Attributes, NameCase, text};
use crate::haiilo::state::Haiilo;
use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// Whether a group is written with its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Members,
    Nobody,
}

/// A group as it is answered, without a copy of its members.
struct Whole<'a> {
    manner: &'a Manner,
    base: &'a str,
    store: &'a Store,
    entry: &'a Entry,
    with: With,
}

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { manner, base, entry, with, .. } = self;
        let mut map = serializer.serialize_map(None)?;
        if manner.schemas == Presence::Sent {
            map.serialize_entry("schemas", &[GROUP])?;
        }
        map.serialize_entry("id", &entry.id)?;
        if let Some(external_id) = &entry.values.external_id {
            map.serialize_entry("externalId", external_id)?;
        }
        map.serialize_entry("displayName", &entry.values.name)?;
        if let Some(description) = &entry.values.description {
            map.serialize_entry("description", description)?;
        }
        if *with == With::Members && !entry.members.is_empty() {
            map.serialize_entry("members", &Shown(self))?;
        }
        if manner.meta == Presence::Sent {
            let location = render::location_in(manner, base, BASE, "Groups", &entry.id);
            let meta = Meta {
                resource_type: "Group",
                created: &entry.created,
                last_modified: &entry.modified,
                location: location.as_deref(),
                version: (manner.etag != Etag::None).then(|| render::etag(entry.version)),
            };
            map.serialize_entry("meta", &meta)?;
        }
        map.end()
    }
}

/// The members of a group.
struct Shown<'a>(&'a Whole<'a>);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Whole { manner, base, store, entry, .. } = self.0;
        serializer.collect_seq(entry.members.iter().filter_map(|member| {
            let row = store.row(*member)?;
            let location = render::location(manner, base, BASE, &row.id);
            let whole = manner.directory.member == MemberShape::Whole;
            let (display, kind) = (whole.then(|| name_of(&row.attributes)), whole.then_some("User"));
            Some(Member { value: &row.id, display, kind, location })
        }))
    }
}

/// One member (RFC 7643 4.2).
#[derive(serde::Serialize)]
struct Member<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(rename = "$ref", skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

/// The name under which people see an account.
fn name_of(attributes: &Attributes) -> &str {
    match text(attributes, "displayName") {
        "" => text(attributes, "userName"),
        name => name,
    }
}

/// Which groups a list shows.
enum Found {
    All,
    These(Vec<usize>),
}

impl Haiilo {
    fn whole<'a>(&'a self, entry: &'a Entry, with: With) -> Whole<'a> {
        Whole { manner: &self.manner, base: &self.base, store: &self.store, entry, with }
    }

    /// A group as it is shown in the names of the RFC.
    fn shown_group(&self, entry: &Entry, with: With) -> Attributes {
        let Ok(Value::Object(shown)) = serde_json::to_value(self.whole(entry, with)) else {
            unreachable!("texts, lists and objects with text keys make an object");
        };
        shown
    }

    /// A group as bytes.
    fn group_bytes(&self, entry: &Entry, with: With, projection: &Projection) -> Bytes {
        let with = if projection.shows("members") { with } else { With::Nobody };
        if *projection == Projection::Whole && self.manner.names == Names::Canonical {
            let written = serde_json::to_vec(&self.whole(entry, with));
            return written.expect("an object with text keys can be written").into();
        }
        bytes(projection.applied(&render::spelled(self.shown_group(entry, with), self.manner.names)))
    }

    /// Answers with a group.
    pub(crate) fn group_answer(&self, status: u16, number: usize, projection: &Projection) -> Option<Answer> {
        let entry = self.intranet.groups.entry(number)?;
        let body = self.group_bytes(entry, With::Members, projection);
        let answer = Answer::new(status, &self.manner.content_type, body);
        let tagged = self.manner.etag != Etag::None;
        Some(if tagged { answer.with("etag", render::etag(entry.version)) } else { answer })
    }

    /// Answers a group by its id.
    pub(crate) fn read_group(&self, id: &str, call: &Call, bend: Option<&Bend>) -> Result<Answer, Refusal> {
        let number = self.existing_group(id, bend)?;
        self.group_answer(200, number, &Projection::of(call)).ok_or_else(|| Refusal::not_found(id))
    }

    /// The group of a path, unless the bend denies it.
    pub(crate) fn existing_group(&self, id: &str, bend: Option<&Bend>) -> Result<usize, Refusal> {
        let found = self.intranet.groups.by_id(id).filter(|_| bend != Some(&Bend::NotFoundOnce));
        found.ok_or_else(|| Refusal::not_found(id))
    }

    /// Answers a list of groups or a look-up.
    pub(crate) fn list_groups(&mut self, query: &Query, bend: Option<&Bend>) -> Result<Answer, Refusal> {
        self.list_calls += 1;
        let groups = &self.intranet.groups;
        let mut found = query.filter.as_deref().map_or(Ok(Found::All), |filter| self.look_up_groups(filter))?;
        match (bend, &found) {
            (Some(Bend::FindsAll), _) => found = Found::All,
            (Some(Bend::FindsNobody), _) => found = Found::These(Vec::new()),
            (Some(Bend::FindsOther), Found::These(numbers)) => {
                let other = groups.all().map(|(number, _)| number).find(|number| !numbers.contains(number));
                found = Found::These(other.into_iter().collect());
            }
            _ => {}
        }
        let count = match &found {
            Found::All => groups.len(),
            Found::These(numbers) => numbers.len(),
        };
        let page = self.page(&query.asked, count, bend)?;
        let numbers = self.in_order(found).into_iter().skip(page.from).take(page.take);
        let rows = numbers.filter_map(|number| self.group_row(number, &query.projection)).collect();
        Ok(self.paged(&page, rows, bend))
    }

    /// Answers a search in everything (RFC 7644 3.4.2.1): accounts first, then groups.
    pub(crate) fn search(&mut self, query: &Query, bend: Option<&Bend>) -> Result<Answer, Refusal> {
        self.list_calls += 1;
        let filter = query.filter.as_deref();
        let accounts = self.matching(filter)?;
        let groups = self.in_order(filter.map_or(Ok(Found::All), |filter| self.look_up_groups(filter))?);
        let page = self.page(&query.asked, accounts.len() + groups.len(), bend)?;
        let after = page.from.saturating_sub(accounts.len());
        let mut rows: Vec<Bytes> = accounts
            .into_iter()
            .skip(page.from)
            .take(page.take)
            .filter_map(|number| self.row(number, &query.projection))
            .collect();
        let left = page.take - rows.len();
        let numbers = groups.into_iter().skip(after).take(left);
        rows.extend(numbers.filter_map(|number| self.group_row(number, &query.projection)));
        Ok(self.paged(&page, rows, bend))
    }

    /// The found groups in the order of this server.
    fn in_order(&self, found: Found) -> Vec<usize> {
        let groups = &self.intranet.groups;
        let mut numbers = match found {
            Found::All => groups.all().map(|(number, _)| number).collect(),
            Found::These(numbers) => numbers,
        };
        match self.manner.order {
            Order::Creation => {}
            Order::NewestFirst => numbers.reverse(),
            Order::IdAsText => numbers.sort_by_key(|number| groups.entry(*number).map(|entry| entry.id.as_str())),
        }
        numbers
    }

    /// One row of a list.
    fn group_row(&self, number: usize, projection: &Projection) -> Option<Bytes> {
        let with = match self.manner.directory.members {
            Members::Everywhere => With::Members,
            Members::NotInLists => With::Nobody,
        };
        self.intranet.groups.entry(number).map(|entry| self.group_bytes(entry, with, projection))
    }

    /// The groups that a filter finds, as this server filters.
    fn look_up_groups(&self, text: &str) -> Result<Found, Refusal> {
        let unread = || Refusal::bad("invalidFilter", format!("`{text}` is not a filter that is supported here"));
        match self.manner.filters {
            Filters::Ignored => return Ok(Found::All),
            Filters::Refused | Filters::UserNameOnly => {
                return Err(Refusal::bad("invalidFilter", "filters are not supported"));
            }
            Filters::EmptyAlways => return Ok(Found::These(Vec::new())),
            Filters::Honoured | Filters::CaseSensitive | Filters::AttributeNameCaseSensitive => {}
        }
        let filter = Filter::parse(text).ok_or_else(unread)?;
        let mut cases = Cases::RFC;
        match self.manner.filters {
            Filters::CaseSensitive => cases.values = ValueCase::Exact,
            Filters::AttributeNameCaseSensitive => cases.names = NameCase::Exact,
            _ => {}
        }
        let groups = &self.intranet.groups;
        let found: Vec<usize> = match filter.plain_equality() {
            Some((name, value)) if same(name, "displayName", cases) => {
                let is_exact = |number: &usize| {
                    cases.values == ValueCase::BySchema
                        || groups.entry(*number).is_some_and(|entry| entry.values.name == value)
                };
                groups.by_name(value).filter(is_exact).into_iter().collect()
            }
            Some((name, value)) if same(name, "id", cases) => groups.by_id(value).into_iter().collect(),
            _ => {
                let with = if names_members(&filter) { With::Members } else { With::Nobody };
                let fits = |entry: &Entry| filter.matches(&self.shown_group(entry, with), cases);
                groups.all().filter(|(_, entry)| fits(entry)).map(|(number, _)| number).collect()
            }
        };
        Ok(Found::These(found))
    }
}

/// Whether a filter asks for members.
fn names_members(filter: &Filter) -> bool {
    match filter {
        Filter::Or(a, b) | Filter::And(a, b) => names_members(a) || names_members(b),
        Filter::Not(inner) => names_members(inner),
        Filter::Present(path) | Filter::Compare(path, ..) | Filter::Element(path, _) => {
            path.names[0].eq_ignore_ascii_case("members")
        }
    }
}

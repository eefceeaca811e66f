//! Lists in pages: `limit`, `after`, and the `Link` headers.
//!
//! Follows "Pagination" and "Link header" of Okta's reference: a page names itself and, while there is more, the next one, each in a
//! header line of its own; the end is a page without `next`, and only the System Log may have none. It knows neither users nor groups,
//! only places in a list. Bends of links and of the choice of rows live here, because only here is it known what comes next.

use crate::face::Call;
use crate::okta::bend::Bend;
use crate::okta::errors::Refusal;
use crate::okta::reads::cursor;
use std::ops::RangeInclusive;
use url::form_urlencoded::Serializer;

/// What a client asks of a list.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    origin: &'a str,
    path: &'a str,
    signed_for: String,
    limit: usize,
    after: Option<u64>,
    /// Where the first page begins.
    start: u64,
    end: End,
    /// The other parameters, which the links keep.
    kept: Vec<(&'static str, String)>,
    /// Those that only links without a cursor keep.
    kept_first: Vec<(&'static str, String)>,
}

/// How a list is cut into pages.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) limits: Limits,
    /// The parameters that all links repeat.
    pub(crate) keep: &'static [&'static str],
    /// The parameters that links repeat until a cursor stands for them.
    pub(crate) keep_first: &'static [&'static str],
    /// What its cursors are good for, and nothing else.
    pub(crate) signed_for: String,
    /// The place before the first page.
    pub(crate) start: u64,
    pub(crate) end: End,
}

/// Where a list ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A page with the last row has no next link.
    LastRow,
    /// Every page has a next link: there may be more one day.
    Never,
}

/// How long the pages of a list may be.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) allowed: RangeInclusive<usize>,
    pub(crate) default: usize,
}

/// One page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// The values of the `Link` header lines.
    pub(crate) links: Vec<String>,
}

impl<'a> Ask<'a> {
    /// Reads the query of a list that has an end; `keep` names the parameters that links repeat.
    pub(crate) fn read(
        call: &'a Call,
        origin: &'a str,
        limits: &Limits,
        keep: &'static [&'static str],
        violations: &mut Vec<String>,
    ) -> Result<Self, Refusal> {
        let (limits, signed_for) = (limits.clone(), call.path.clone());
        let manner = Manner { limits, keep, keep_first: &[], signed_for, start: 0, end: End::LastRow };
        Self::read_list(call, origin, &manner, violations)
    }

    /// Reads the query of a list with a manner of its own.
    pub(crate) fn read_list(
        call: &'a Call,
        origin: &'a str,
        manner: &Manner,
        violations: &mut Vec<String>,
    ) -> Result<Self, Refusal> {
        let Manner { limits, keep, keep_first, signed_for, start, end } = manner;
        let limit = match call.parameter("limit") {
            None => limits.default,
            Some(text) => match text.parse() {
                Ok(limit) if limits.allowed.contains(&limit) => limit,
                _ => {
                    violations.push(format!("limit={text} on {}, allowed is {:?}", call.path, limits.allowed));
                    return Err(Refusal::invalid("limit", "The limit is out of range."));
                }
            },
        };
        let after = match call.parameter("after") {
            None => None,
            Some(text) => Some(cursor::open(signed_for, &text).ok_or_else(Refusal::invalid_paging)?),
        };
        let said =
            |names: &[&'static str]| names.iter().filter_map(|name| Some((*name, call.parameter(name)?))).collect();
        Ok(Self {
            origin,
            path: &call.path,
            signed_for: signed_for.clone(),
            limit,
            after,
            start: *start,
            end: *end,
            kept: said(keep),
            kept_first: said(keep_first),
        })
    }

    fn url(&self, after: Option<u64>) -> String {
        self.url_with(self.origin, after, &self.kept)
    }

    fn url_with(&self, origin: &str, after: Option<u64>, kept: &[(&'static str, String)]) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(place) = after {
            query.append_pair("after", &cursor::seal(&self.signed_for, place));
        }
        for (name, value) in self.kept_first.iter().filter(|_| after.is_none()) {
            query.append_pair(name, value);
        }
        query.append_pair("limit", &self.limit.to_string());
        for (name, value) in kept {
            query.append_pair(name, value);
        }
        format!("{origin}{}?{}", self.path, query.finish())
    }

    /// Cuts one page out of a list. `after` gives the rows behind a place, each with its own place; places begin with 1.
    pub(crate) fn page<T, I>(
        &self,
        bend: Option<&Bend>,
        violations: &mut Vec<String>,
        after: impl Fn(u64) -> I,
    ) -> Page<T>
    where
        I: Iterator<Item = (u64, T)>,
        T: Copy,
    {
        let start = self.after.unwrap_or(self.start);
        let mut rows: Vec<(u64, T)> = after(start).take(self.limit + 1).collect();
        let mut more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if let Some(Bend::ShortPage(count)) = bend {
            more |= rows.len() > *count;
            rows.truncate(*count);
        }
        let last = rows.last().map_or(start, |(place, _)| *place);
        let mut next = (more || self.end == End::Never).then_some(last);
        match bend {
            Some(Bend::EmptyList) => {
                rows.clear();
                next = None;
            }
            Some(Bend::LosePage) if !more && self.end == End::Never => {
                violations.push("planted on a page behind which there is no row: LosePage".to_owned());
            }
            Some(Bend::LosePage) if more => {
                let skipped: Vec<u64> = after(last).take(self.limit + 1).map(|(place, _)| place).collect();
                next = match (skipped.len() > self.limit, self.end) {
                    (true, _) => Some(skipped[self.limit - 1]),
                    (false, End::Never) => skipped.last().copied(),
                    (false, End::LastRow) => None,
                };
            }
            Some(Bend::DoubleRow) if !rows.is_empty() => rows.insert(1, rows[0]),
            Some(Bend::RepeatPreviousRow) => match after(start.saturating_sub(1)).next() {
                Some(previous) if previous.0 == start && self.after.is_some() => rows.insert(0, previous),
                _ => violations.push("planted on a page before which there is no row: RepeatPreviousRow".to_owned()),
            },
            _ => {}
        }
        let next = self.next_url(next, bend);
        let is_last = next.is_none() && !more && self.end == End::LastRow;
        if is_last && bend.is_some_and(bends_next) {
            violations.push(format!("planted on the last page, where there is no next link to bend: {bend:?}"));
        }
        let mut links = vec![format!("<{}>; rel=\"self\"", self.url(self.after))];
        links.extend(next.map(|url| format!("<{url}>; rel=\"next\"")));
        if bend == Some(&Bend::CommaJoinedLinks) {
            links = vec![links.join(", ")];
        }
        Page { rows: rows.into_iter().map(|(_, row)| row).collect(), links }
    }

    fn next_url(&self, next: Option<u64>, bend: Option<&Bend>) -> Option<String> {
        match bend {
            Some(Bend::RepeatCursor) => Some(self.url(self.after)),
            Some(Bend::LoopToFirst) => Some(self.url(None)),
            Some(Bend::LoseNext) => None,
            Some(Bend::ForeignNext(origin)) => Some(self.url_with(origin, Some(next?), &self.kept)),
            Some(Bend::RelativeNext) => Some(self.url_with("", Some(next?), &self.kept)),
            Some(Bend::DropExpandFromNext) => {
                let kept: Vec<_> = self.kept.iter().filter(|(name, _)| *name != "expand").cloned().collect();
                Some(self.url_with(self.origin, Some(next?), &kept))
            }
            _ => Some(self.url(Some(next?))),
        }
    }
}

/// Whether a bend changes a next link that must exist.
fn bends_next(bend: &Bend) -> bool {
    matches!(
        bend,
        Bend::DropExpandFromNext
            | Bend::LosePage
            | Bend::LoseNext
            | Bend::ForeignNext(_)
            | Bend::CommaJoinedLinks
            | Bend::RelativeNext
            | Bend::ShortPage(_)
    )
}

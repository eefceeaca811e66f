//! Pages: which rows, which total, and the list around them (RFC 7644 3.4.2.4), as this server does it. It counts rows and does not know
//! what is in them.

use crate::face::Call;
use crate::haiilo::manner::{
    Count, CountZero, Envelope, Manner, NoRows, OverCap, PastEnd, Presence, StartZero, Totals,
};
use crate::haiilo::scim::refusal::Refusal;
use crate::haiilo::scim::schema;
use bytes::Bytes;
use serde_json::Value;

/// What a client asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) start: Option<String>,
    pub(crate) count: Option<String>,
}

/// The rows of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The first row, from 0.
    pub(crate) from: usize,
    /// How many at most.
    pub(crate) take: usize,
    /// The `startIndex` that the answer names.
    pub(crate) start: usize,
    /// The most that a page of this size may hold.
    pub(crate) limit: usize,
}

impl Asked {
    /// Reads the parameters of a GET.
    pub(crate) fn of(call: &Call) -> Self {
        Self { start: call.parameter("startIndex"), count: call.parameter("count") }
    }

    /// The rows to give out of `found`.
    pub(crate) fn slice(&self, manner: &Manner, found: usize) -> Result<Slice, Refusal> {
        let start = number(self.start.as_deref(), "startIndex")?;
        let count = number(self.count.as_deref(), "count")?;
        if count.is_some() && manner.count == Count::ServerError {
            return Err(Refusal::new(500, "Internal Server Error"));
        }
        let all = manner.page_cap.unwrap_or(usize::MAX);
        let usual = manner.default_page.unwrap_or(usize::MAX).min(all);
        let mut limit = match count {
            None => usual,
            Some(0) if manner.count_zero == CountZero::AllRows => usual,
            // A negative count is none (RFC 7644 3.4.2.4).
            Some(count) => usize::try_from(count).unwrap_or(0),
        };
        if limit > all {
            if manner.over_cap == OverCap::Refused {
                return Err(Refusal::bad("tooMany", format!("count is at most {all}")));
            }
            limit = all;
        }
        let mut take = limit;
        if start == Some(0) {
            match manner.start_zero {
                StartZero::AsOne => {}
                StartZero::Refused => return Err(Refusal::bad("invalidValue", "startIndex begins at 1")),
                StartZero::WrongSlice => take = take.min(found).saturating_sub(1),
            }
        }
        let start = usize::try_from(start.unwrap_or(1)).unwrap_or(1).max(1);
        let from = if start > found && manner.past_end == PastEnd::FirstRowsAgain { 0 } else { start - 1 };
        Ok(Slice { from, take, start, limit })
    }
}

fn number(text: Option<&str>, name: &str) -> Result<Option<i64>, Refusal> {
    text.map(|text| text.parse().map_err(|_| Refusal::bad("invalidValue", format!("{name} is a number")))).transpose()
}

/// What `totalResults` says about `found` matches, on the list call number `calls`.
pub(crate) fn total(manner: &Manner, found: usize, limit: usize, calls: u64) -> Option<Value> {
    let whole = i64::try_from(found).unwrap_or(i64::MAX);
    match manner.totals {
        Totals::Honest => Some(Value::from(whole)),
        Totals::Missing => None,
        Totals::Off(by) => Some(Value::from((whole + by).max(0))),
        Totals::AsText => Some(Value::from(whole.to_string())),
        Totals::CappedToPage => Some(Value::from(found.min(limit))),
        Totals::Growing => Some(Value::from(whole + i64::try_from(calls).unwrap_or(0))),
    }
}

/// The body of a list.
pub(crate) fn body(manner: &Manner, total: Option<&Value>, start: usize, rows: &[Bytes]) -> Bytes {
    let mut fields = Vec::with_capacity(5);
    if manner.schemas == Presence::Sent {
        fields.push(format!("\"schemas\":[\"{}\"]", schema::LIST));
    }
    if let Some(total) = total {
        fields.push(format!("\"totalResults\":{total}"));
    }
    if manner.envelope == Envelope::Whole {
        fields.push(format!("\"startIndex\":{start},\"itemsPerPage\":{}", rows.len()));
    }
    let with_rows = !rows.is_empty() || manner.no_rows == NoRows::EmptyArray;
    if with_rows {
        fields.push("\"Resources\":[".to_owned());
    }
    let head = fields.join(",");
    let mut body = Vec::with_capacity(head.len() + 4 + rows.iter().map(|row| row.len() + 1).sum::<usize>());
    body.push(b'{');
    body.extend_from_slice(head.as_bytes());
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(row);
    }
    body.extend_from_slice(if with_rows { b"]}" } else { b"}" });
    body.into()
}

#[cfg(test)]
mod tests {
    use super::{Asked, Slice};
    use crate::haiilo::manner::{CountZero, Manner, OverCap, PastEnd, StartZero};

    fn rows(manner: &Manner, start: &str, count: &str) -> Result<(usize, usize), u16> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let asked = Asked { start: given(start), count: given(count) };
        let slice = asked.slice(manner, 10).map_err(|refusal| refusal.status)?;
        let Slice { from, take, .. } = slice;
        Ok((from, take.min(10_usize.saturating_sub(from))))
    }

    #[test]
    fn pages_are_cut_as_the_server_likes() {
        let polite = Manner::default();
        let capped = Manner { page_cap: Some(4), default_page: Some(3), ..Manner::default() };
        let refusing = Manner { over_cap: OverCap::Refused, ..capped.clone() };
        let odd = Manner {
            start_zero: StartZero::WrongSlice,
            past_end: PastEnd::FirstRowsAgain,
            count_zero: CountZero::AllRows,
            ..capped.clone()
        };
        for (manner, start, count, expected) in [
            (&polite, "", "", Ok((0, 10))),
            (&polite, "3", "4", Ok((2, 4))),
            (&polite, "0", "4", Ok((0, 4))),
            (&polite, "-5", "4", Ok((0, 4))),
            (&polite, "9", "4", Ok((8, 2))),
            (&polite, "11", "4", Ok((10, 0))),
            (&polite, "1", "0", Ok((0, 0))),
            (&polite, "1", "-1", Ok((0, 0))),
            (&polite, "one", "", Err(400)),
            (&capped, "", "", Ok((0, 3))),
            (&capped, "5", "9", Ok((4, 4))),
            (&refusing, "5", "9", Err(400)),
            (&refusing, "5", "4", Ok((4, 4))),
            (&odd, "0", "4", Ok((0, 3))),
            (&odd, "11", "4", Ok((0, 4))),
            (&odd, "1", "0", Ok((0, 3))),
        ] {
            assert_eq!(rows(manner, start, count), expected, "startIndex={start}&count={count}");
        }
    }
}

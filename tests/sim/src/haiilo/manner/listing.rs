//! How servers list and look up (RFC 7644 3.4).

/// What happens to a `count` above the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverCap {
    /// The page is cut to the cap.
    Cut,
    /// 400.
    Refused,
}

/// What `count` itself does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// It sets the page size.
    Taken,
    /// Any `count` is answered 500.
    ServerError,
}

/// What `count=0` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountZero {
    /// No rows, with the total.
    NoRows,
    /// As if no `count` had been sent.
    AllRows,
}

/// What `totalResults` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totals {
    /// The number of matches.
    Honest,
    /// It is not sent.
    Missing,
    /// The number of matches plus this, never below zero.
    Off(i64),
    /// The number of matches, as a text.
    AsText,
    /// Never more than the page may hold.
    CappedToPage,
    /// The number of matches plus the number of list calls so far.
    Growing,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    Creation,
    /// Newest first, so that a create during a walk moves every row.
    NewestFirst,
    /// By id as text, so that new accounts land in the middle.
    IdAsText,
}

/// What a page past the end shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastEnd {
    /// No rows.
    Empty,
    /// The first rows again.
    FirstRowsAgain,
}

/// What `startIndex=0` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartZero {
    /// The same as 1.
    AsOne,
    /// 400.
    Refused,
    /// A slice that is one row short.
    WrongSlice,
}

/// Whether `startIndex` and `itemsPerPage` are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// They are.
    Whole,
    /// They are not.
    Bare,
}

/// What a page without rows looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRows {
    /// `"Resources": []`.
    EmptyArray,
    /// `Resources` is missing.
    NoResources,
}

/// How `filter` is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filters {
    /// As in RFC 7644 3.4.2.2; names and values without case, ids with case.
    Honoured,
    /// As if it had not been sent: everybody is found.
    Ignored,
    /// 400 `invalidFilter`.
    Refused,
    /// Values are compared exactly.
    CaseSensitive,
    /// Nothing is ever found.
    EmptyAlways,
    /// An attribute name in other letters is an unknown one: nothing is found.
    AttributeNameCaseSensitive,
    /// `userName eq "..."` alone is taken; anything else is 400 `invalidFilter`.
    UserNameOnly,
}

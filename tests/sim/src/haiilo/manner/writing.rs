//! How servers take writes (RFC 7644 3.3, 3.5, 3.6, 3.14).

/// How a create is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// 201 with the account.
    Created,
    /// 201 with `Location` and no body.
    CreatedEmpty,
    /// 201 with `Location` and a body without `id`.
    CreatedWithoutId,
    /// 200 with the account.
    Ok200,
}

/// What a second account of the same `userName` gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicate {
    /// 409 `uniqueness`; letters do not matter.
    Conflict,
    /// 409 without `scimType`.
    ConflictWithoutType,
    /// 400 `uniqueness`.
    BadRequest,
    /// It is made.
    Accepted,
    /// It is made if its letters differ, while look-ups find both; else 409.
    AcceptedInOtherLetters,
}

/// How PATCH behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch {
    /// 200 with the account.
    Whole200,
    /// 204.
    NoContent,
    /// 200 with the account, but 204 when nothing changed.
    NoContentIfUnchanged,
    /// Nothing is changed; 200 with the unchanged account.
    IgnoresAndSays200,
    /// Nothing is stored; 200 with the account as it was asked for.
    EchoesLie,
    /// This status, such as 501 or 405.
    Unsupported(u16),
    /// 200 with the account, and the value of this path is lost unless the request names it.
    LosesUnsent(String),
}

/// Whether PATCH takes paths with a value filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilteredPaths {
    /// It does.
    Taken,
    /// 400 `invalidPath`.
    Refused,
}

/// What PATCH does with a complex value that has no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pathless {
    /// Sub-attributes that are not sent stay.
    Merges,
    /// They go.
    Replaces,
}

/// What PATCH does with a value filter that matches nothing; `add` makes the value in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// `replace` is 400 `noTarget`.
    NoTarget,
    /// `replace` makes the value.
    Created,
    /// `replace` is answered like a success and does nothing.
    Skipped,
}

/// How PUT behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// What is not sent is removed.
    Replaces,
    /// What is not sent stays.
    KeepsUnsent,
    /// What is not sent becomes the server's default: names are empty texts, the rest is removed.
    ResetsUnsent,
    /// This status, such as 501 or 405.
    Unsupported(u16),
}

/// How DELETE behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delete {
    /// 204, and the account is gone.
    NoContent,
    /// 200 with the account, and it is gone.
    OkWithBody,
    /// 204, and the account stays readable with `active: false`; so does one that is set inactive.
    Soft,
    /// 204, and nothing is done, as of a server that does it later.
    Nothing,
}

/// What a second DELETE gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondDelete {
    /// 404.
    NotFound,
    /// 204.
    NoContent,
}

/// What versions are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Etag {
    /// There are none.
    None,
    /// A write whose `If-Match` is not the current one is 412.
    Enforced,
    /// They are sent, and `If-Match` is ignored.
    SentButIgnored,
}

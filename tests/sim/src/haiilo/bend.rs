//! What Haiilo can do wrong with one call: data alone. What a server does in every call is a manner instead.

/// One wrong answer. A bend that is planted on a call where it means nothing is recorded as a violation, since that test tests nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bend {
    /// List: this page starts so many rows later than asked.
    SkipRows(usize),
    /// List: the rows of the first page.
    RepeatPage,
    /// List: no rows, though the total stands.
    EmptyPage,
    /// List: at most so many rows.
    ShortPage(usize),
    /// List: the last row comes twice.
    DoubleRow,
    /// List: the first row has no `id`.
    RowWithoutId,
    /// List: the first row has no `userName`.
    RowWithoutUserName,
    /// List: the first row is a text.
    RowNotAnObject,
    /// List: the total is off by this.
    TotalOff(i64),
    /// List: there is no total.
    TotalMissing,
    /// List: 200 with an object that is no list.
    NotAList,
    /// Look-up: nobody is found.
    FindsNobody,
    /// Look-up: another account is found.
    FindsOther,
    /// Look-up: everybody is found.
    FindsAll,
    /// Read by id, create, update: the answer carries the id of another account.
    LyingId,
    /// Read by id, create, update: the answer carries the `userName` of another account.
    LyingUserName,
    /// Read by id, update, delete: 404 for an account that exists.
    NotFoundOnce,
    /// Read by id: another account.
    WrongAccount,
    /// Create, update: 400.76.
    GroupMissing,
    /// Create: all seats are taken, and the create is refused or queued as the manner says.
    Seats,
    /// Update, delete: 412.
    EtagChanged,
    /// Create, update: the write also changes an attribute that nobody sent.
    ChangesOther,
    /// Create, update: the answer shows this path as sent, but the value is not kept.
    DropsValue(String),
    /// Create, update: the write leaves the account inactive, which in Advocacy means gone for ever.
    Deactivates,
    /// Create, update of a group: answered like a success, but the first member that comes in is lost.
    LosesMember,
    /// Update of a group: all members go but those who come in.
    EmptiesGroup,
}

//! A call that did not do what was asked, and what follows from it.

use std::error::Error;
use std::fmt;

/// A call that did not do what was asked.
#[derive(Debug)]
pub struct Failure {
    /// What follows from it.
    pub kind: FailureKind,
    /// Method and route, such as `GET /api/v1/apps/{id}/users`; never an address with names in it.
    pub call: &'static str,
    /// What happened, with its causes.
    pub error: Box<dyn Error + Send + Sync>,
}

/// What follows from a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The credentials are refused, or lack a right.
    CredentialsRefused,
    /// 403 about one account: the credentials may do other things.
    Forbidden,
    /// 404 where something must be.
    NotFound,
    /// 400 of a listing: the server rejects the request.
    BadRequest,
    /// 409: the userName is in use.
    Conflict,
    /// Advocacy's "400.76 Group does not exist".
    NoSuchGroup,
    /// All seats are in use.
    NoSeats,
    /// 412: the account changed since it was read.
    Changed,
    /// Any other refusal, with its status: nothing was done.
    Refused(u16),
    /// The connection could not be made, or a rate limit did not let us in: nothing was done.
    NotSent,
    /// The answer was lost, or says nothing about what was done: only reading can show it.
    Unknown,
    /// The answer cannot be understood.
    Unreadable,
}

impl FailureKind {
    /// Whether the server understood the request and rejected the values in it.
    pub fn is_about_values(self) -> bool {
        matches!(self, Self::BadRequest | Self::Refused(422))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.error)?;
        let mut cause = self.error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Failure {}

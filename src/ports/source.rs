//! Where people and groups come from: what a cycle asks of Okta.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::domain::model::assignment::{Assignment, EmbeddedUser};
use crate::domain::model::group::OktaGroup;
use crate::domain::model::ids::{OktaGroupId, OktaUserId};
use crate::domain::state::log_cursor::{LogEvent, LogPosition};
use crate::ports::failure::Failure;

/// Where assignments come from: Okta's Apps and Users API.
pub trait AssignmentSource: Send + Sync {
    /// The application itself.
    fn application(&self) -> impl Future<Output = Result<Application, Failure>> + Send;

    /// One page of the assignments as it arrived: the first one, or the one behind a cursor.
    fn page(&self, cursor: Option<&Cursor>) -> impl Future<Output = Result<AssignmentPage, Failure>> + Send;

    /// The rows of a page, which are read while the next page is on its way. Each row has its user, as far as Okta can be made to show it.
    fn rows(&self, body: Bytes) -> impl Future<Output = Result<AssignmentRows, Failure>> + Send;

    /// One assignment by id; `None` is Okta's own word that the user is not assigned.
    fn assignment(&self, id: &OktaUserId) -> impl Future<Output = Result<Option<Assignment>, Failure>> + Send;

    /// One user by id; `None` is Okta's own word that there is no such user.
    fn user(&self, id: &OktaUserId) -> impl Future<Output = Result<Option<EmbeddedUser>, Failure>> + Send;

    /// The id of the organization; `None` where it cannot be learnt.
    fn organization(&self) -> impl Future<Output = Result<Option<String>, Failure>> + Send;
}

/// Where hints come from: Okta's System Log, which says that something happened and never what is true now.
pub trait ChangeLog: Send + Sync {
    /// The page of the log behind this position. An empty page has a position behind it, too.
    fn log(&self, from: &LogPosition) -> impl Future<Output = Result<LogPage, Failure>> + Send;

    /// The groups that are assigned to the application.
    fn groups(&self) -> impl Future<Output = Result<BTreeSet<OktaGroupId>, Failure>> + Send;
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// Its entries, in the order in which Okta has them.
    pub events: Vec<LogEvent>,
    /// The position behind it.
    pub next: LogPosition,
    /// Whether there may be more entries behind it at this moment.
    pub fill: PageFill,
    /// Okta's `Date` header.
    pub server_time: Option<DateTime<Utc>>,
}

/// How full a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFill {
    /// As full as a page can be: more may follow.
    Full,
    /// Not full: the log was followed to its end.
    Room,
}

/// The application that people are assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The name that administrators see.
    pub label: String,
    /// Okta's word for its status; anything but ACTIVE ends the cycle.
    pub status: String,
    /// Okta's own features that write to Haiilo, such as PUSH_NEW_USERS.
    pub push_features: Vec<String>,
    /// Okta's `Date` header.
    pub server_time: Option<DateTime<Utc>>,
}

/// An opaque cursor: the address of the next page as the server gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// A cursor is long and means nothing to a reader.
impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(…)")
    }
}

/// One page of assignments, not yet read.
#[derive(Clone)]
pub struct AssignmentPage {
    /// What the server sent.
    pub body: Bytes,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

/// A body holds people: Debug shows only its length.
impl fmt::Debug for AssignmentPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, next } = self;
        f.debug_struct("AssignmentPage").field("bytes", &body.len()).field("next", next).finish()
    }
}

/// The rows of a page.
#[derive(Clone, Debug, Default)]
pub struct AssignmentRows {
    /// Those that name a user.
    pub assignments: Vec<Assignment>,
    /// How many named nobody.
    pub unreadable: usize,
}

/// Where groups come from: Okta's Groups API, and the groups of the application.
pub trait GroupSource: Send + Sync {
    /// One page of the groups that are assigned to the application: the first one, or the one behind a cursor.
    fn assigned_groups(&self, cursor: Option<&Cursor>) -> impl Future<Output = Result<GroupPage, Failure>> + Send;

    /// One page of the groups whose name begins so.
    fn groups_named(
        &self,
        name: &str,
        cursor: Option<&Cursor>,
    ) -> impl Future<Output = Result<GroupPage, Failure>> + Send;

    /// One group by id; `None` is Okta's own word that there is no such group.
    fn group(&self, id: &OktaGroupId) -> impl Future<Output = Result<Option<OktaGroup>, Failure>> + Send;

    /// One page of the members of a group.
    fn members(
        &self,
        id: &OktaGroupId,
        cursor: Option<&Cursor>,
    ) -> impl Future<Output = Result<MemberPage, Failure>> + Send;
}

/// One page of groups of Okta.
#[derive(Clone, Debug)]
pub struct GroupPage {
    /// The rows; `None` for each that has no id.
    pub rows: Vec<Option<OktaGroup>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

/// One page of the members of a group of Okta.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// The ids of the users; `None` for each row that has none.
    pub rows: Vec<Option<OktaUserId>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}
